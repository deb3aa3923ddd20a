// Package filter reads what a user says about which events matter: strace's -e
// expressions, and the rule language that they compile to.
//
// A scanner and a parser make trees of the text of rules; what may stand where is asked of
// a [Schema], so that whoever adds an event or an action changes nothing here. A checker
// finds what names mean, the types of expressions, and what cannot be done or never
// happens. A compiler makes closures of conditions, and predicates of what in them can be
// decided on registers, in the kernel.
//
// It knows names, sets and syntax. It refuses to know about processes, registers
// and tracing: system call tables come from the caller as a [Universe], and what
// an event holds is asked for when it is matched.
package filter

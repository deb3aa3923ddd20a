// Package filter reads what a user says about which events matter: strace's -e
// expressions, and the rules that they compile to.
//
// It knows names, sets and syntax. It refuses to know about processes, registers
// and tracing: system call tables come from the caller as a [Universe], and what
// an event holds is asked for when it is matched.
package filter

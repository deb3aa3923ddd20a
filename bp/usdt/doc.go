// Package usdt knows the static probes of programs: places that their authors marked with
// <sys/sdt.h>, each with the name of a provider, a name and arguments. A file says in notes
// where they are, and in the words of its assembler where the arguments of each are at that
// place. The instruction there does nothing.
//
// [List] reads the probes of a file, [Find] finds those of a process that a pattern names, a
// [Point] reads the arguments when a task is there, and [Count] counts who watches a probe
// whose program wants to know. The layout of the notes is that of SystemTap's page "User Space
// Probe Implementation"; operands are as gas prints them.
//
// It plants nothing: that is package bp's. It trusts no file: a note that is malformed is
// no probe, an argument that cannot be read has no value.
package usdt

// Package probe holds what rules may say of places in programs: the events of breakpoints,
// returns, watchpoints, steps, branches, library calls, static probes and counters, with
// their arguments and fields. It turns the arguments into the [event.Probe] values by which
// sources are asked for such events, and by which these are told apart.
//
// It refuses to look at a program: whether a function exists is for the sources to find
// out. Only how its place is written is checked here.
package probe

package ptrace

// runtimeIgnored is unknown here: the signals that the runtime handles start as their
// defaults in the tracee, but for SIGHUP and SIGINT.
func runtimeIgnored() uint64 { return 0 }

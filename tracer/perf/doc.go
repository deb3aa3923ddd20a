// Package perf is the source of events that the kernel counts: the clocks, faults and switches
// of its software, the counters of the processor, tracepoints, and places in programs (uprobes).
// Whenever a counter of a task has counted its period, the kernel writes a sample into a ring
// that it shares with this process, and goes on: no task is ever stopped. What does not fit is
// lost, counted and told.
//
// A Source opens the counters of each task that it is told of, and makes the samples events, in
// the order of their time. It does not find out about tasks, decides nothing by rules, and
// makes no text. Its user calls all methods on one thread, but Wait and Wake, for which any
// goroutine will do. Facts are from perf_event_open(2), uapi/linux/perf_event.h and the
// perf_regs.h of each architecture.
package perf

package ptrace

import "golang.org/x/sys/unix"

// StopKind is what a wait status means.
type StopKind uint8

const (
	StopNone      StopKind = iota // not a stop that ptrace makes: ignored
	StopExited                    // the task is gone; Code is its exit code
	StopKilled                    // the task is gone; Sig killed it
	StopSyscall                   // entry or exit of a system call
	StopSeccomp                   // a seccomp filter asked for the tracer
	StopFork                      // PTRACE_EVENT_FORK, VFORK or CLONE: EventMsg is the new task
	StopVforkDone                 // the vforked child has let its parent go
	StopExec                      // after a successful execve: EventMsg is the former tid
	StopExit                      // PTRACE_EVENT_EXIT: about to die, memory still there
	StopGroup                     // group-stop by Sig: PTRACE_LISTEN
	StopInterrupt                 // PTRACE_INTERRUPT took effect, or a new child's first stop
	StopSignal                    // Sig is about to be delivered
)

var stopNames = [...]string{"none", "exited", "killed", "syscall", "seccomp", "fork", "vfork-done", "exec", "exit", "group-stop", "interrupt", "signal"}

func (k StopKind) String() string { return stopNames[k] }

// Stop is a classified wait status.
type Stop struct {
	Kind  StopKind
	Sig   int  // StopKilled, StopGroup, StopSignal
	Code  int  // StopExited
	Event int  // PTRACE_EVENT_*, when there is one
	Core  bool // StopKilled: the kernel wrote a core
}

// Classify says what a wait status of a seized task means. It is a pure function.
//
// A status of a stopped task is event<<16 | signal<<8 | 0x7f. PTRACE_EVENT_STOP carries
// SIGTRAP for an interrupt or a new child and the stopping signal for a group-stop;
// with PTRACE_O_TRACESYSGOOD a system-call stop is SIGTRAP|0x80. See ptrace(2).
func Classify(status uint32) Stop {
	ws := unix.WaitStatus(status)
	switch {
	case ws.Exited():
		return Stop{Kind: StopExited, Code: ws.ExitStatus()}
	case ws.Signaled():
		return Stop{Kind: StopKilled, Sig: int(ws.Signal()), Core: ws.CoreDump()}
	case !ws.Stopped():
		return Stop{}
	}
	sig, event := int(status>>8&0xff), int(status>>16)
	if event == 0 {
		if sig == int(unix.SIGTRAP)|0x80 {
			return Stop{Kind: StopSyscall}
		}
		return Stop{Kind: StopSignal, Sig: sig}
	}
	if event == unix.PTRACE_EVENT_STOP {
		if isStopSignal(sig) {
			return Stop{Kind: StopGroup, Sig: sig, Event: event}
		}
		return Stop{Kind: StopInterrupt, Event: event}
	}
	for _, e := range eventKinds {
		if e.event == event {
			return Stop{Kind: e.kind, Event: event}
		}
	}
	return Stop{Kind: StopInterrupt, Event: event}
}

var eventKinds = [...]struct {
	event int
	kind  StopKind
}{
	{unix.PTRACE_EVENT_SECCOMP, StopSeccomp},
	{unix.PTRACE_EVENT_FORK, StopFork},
	{unix.PTRACE_EVENT_VFORK, StopFork},
	{unix.PTRACE_EVENT_CLONE, StopFork},
	{unix.PTRACE_EVENT_VFORK_DONE, StopVforkDone},
	{unix.PTRACE_EVENT_EXEC, StopExec},
	{unix.PTRACE_EVENT_EXIT, StopExit},
}

func isStopSignal(sig int) bool {
	switch unix.Signal(sig) {
	case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
		return true
	}
	return false
}

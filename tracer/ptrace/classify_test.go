package ptrace

import (
	"testing"

	"golang.org/x/sys/unix"
)

// stopped is the wait status of a stop by a signal with an event.
func stopped(sig, event int) uint32 { return uint32(event<<16 | sig<<8 | 0x7f) }

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		name   string
		status uint32
		want   Stop
	}{
		{"exited 0", 0, Stop{Kind: StopExited}},
		{"exited 3", 3 << 8, Stop{Kind: StopExited, Code: 3}},
		{"killed", 9, Stop{Kind: StopKilled, Sig: 9}},
		{"killed, core dumped", 11 | 0x80, Stop{Kind: StopKilled, Sig: 11, Core: true}},
		{"continued", 0xffff, Stop{}},
		{"system call", stopped(5|0x80, 0), Stop{Kind: StopSyscall}},
		{"a SIGTRAP of the program's own", stopped(5, 0), Stop{Kind: StopSignal, Sig: 5}},
		{"a signal", stopped(15, 0), Stop{Kind: StopSignal, Sig: 15}},
		{"SIGSTOP about to be delivered", stopped(19, 0), Stop{Kind: StopSignal, Sig: 19}},
		{"a real-time signal", stopped(64, 0), Stop{Kind: StopSignal, Sig: 64}},
		{"group-stop", stopped(19, unix.PTRACE_EVENT_STOP), Stop{Kind: StopGroup, Sig: 19, Event: unix.PTRACE_EVENT_STOP}},
		{"group-stop by ^Z", stopped(20, unix.PTRACE_EVENT_STOP), Stop{Kind: StopGroup, Sig: 20, Event: unix.PTRACE_EVENT_STOP}},
		{"interrupt", stopped(5, unix.PTRACE_EVENT_STOP), Stop{Kind: StopInterrupt, Event: unix.PTRACE_EVENT_STOP}},
		{"fork", stopped(5, unix.PTRACE_EVENT_FORK), Stop{Kind: StopFork, Event: unix.PTRACE_EVENT_FORK}},
		{"vfork", stopped(5, unix.PTRACE_EVENT_VFORK), Stop{Kind: StopFork, Event: unix.PTRACE_EVENT_VFORK}},
		{"clone", stopped(5, unix.PTRACE_EVENT_CLONE), Stop{Kind: StopFork, Event: unix.PTRACE_EVENT_CLONE}},
		{"vfork done", stopped(5, unix.PTRACE_EVENT_VFORK_DONE), Stop{Kind: StopVforkDone, Event: unix.PTRACE_EVENT_VFORK_DONE}},
		{"exec", stopped(5, unix.PTRACE_EVENT_EXEC), Stop{Kind: StopExec, Event: unix.PTRACE_EVENT_EXEC}},
		{"exit", stopped(5, unix.PTRACE_EVENT_EXIT), Stop{Kind: StopExit, Event: unix.PTRACE_EVENT_EXIT}},
		{"seccomp", stopped(5, unix.PTRACE_EVENT_SECCOMP), Stop{Kind: StopSeccomp, Event: unix.PTRACE_EVENT_SECCOMP}},
		{"an event of a newer kernel", stopped(5, 99), Stop{Kind: StopInterrupt, Event: 99}},
	} {
		if got := Classify(c.status); got != c.want {
			t.Errorf("%s (%#x): %+v, want %+v", c.name, c.status, got, c.want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, s := range []uint32{0, 9, 0x7f, 0xffff, stopped(5, 4), stopped(5|0x80, 0), ^uint32(0)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, status uint32) {
		s := Classify(status)
		if s.Kind.String() == "" {
			t.Errorf("%#x has no kind", status)
		}
		if (s.Kind == StopSignal || s.Kind == StopGroup || s.Kind == StopKilled) && s.Sig == 0 && status>>8&0xff != 0 {
			t.Errorf("%#x: %v without a signal", status, s.Kind)
		}
	})
}

package ptrace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// sigaction is the kernel's struct sigaction on 64-bit machines.
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

const (
	saRestart   = 0x10000000
	saNoCldStop = 0x1
	sigsetSize  = 8
	sigIgn      = 1
)

func rtSigaction(sig unix.Signal, set, old *sigaction) error {
	_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), sigsetSize, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// Interruptible makes a signal that the Go runtime handles break system calls off
// instead of restarting them.
func Interruptible(sig unix.Signal) error {
	var a sigaction
	if err := rtSigaction(sig, nil, &a); err != nil {
		return err
	}
	a.flags &^= saRestart
	return rtSigaction(sig, &a, nil)
}

// QuietSIGCHLD spares the process a signal at every stop of a tracee.
func QuietSIGCHLD() error {
	return rtSigaction(unix.SIGCHLD, &sigaction{flags: saNoCldStop}, nil)
}

// forRuntime is the signals that are left to the Go runtime: those that a package can ask it
// for, which it would not handle again; faults, of which it makes errors; the one by which it
// preempts; and those that ask for nothing or cannot be asked about. The C library has the
// first two of real time for itself. Bit N-1 stands for signal N.
var forRuntime = bits(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE, unix.SIGTERM,
	unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGURG, unix.SIGCHLD, unix.SIGKILL, unix.SIGSTOP, 32, 33)

func bits(sigs ...unix.Signal) (set uint64) {
	for _, sig := range sigs {
		set |= 1 << (sig - 1)
	}
	return set
}

// DefaultSignals undoes what the Go runtime does about signals that neither it nor a tracer
// has a use for: it survives some that end other programs, and writes the stacks of all
// goroutines at others. Those of the set ignored are ignored. Package os/signal cannot be
// notified of them any more.
func DefaultSignals(ignored uint64) error {
	for sig := 1; sig <= 64; sig++ {
		bit := uint64(1) << (sig - 1)
		if forRuntime&bit != 0 {
			continue
		}
		var a sigaction
		if ignored&bit != 0 {
			a.handler = sigIgn
		}
		if err := rtSigaction(unix.Signal(sig), &a, nil); err != nil {
			return err
		}
	}
	return nil
}

// IgnoredSignals is the signals that this process was started with as ignored, a bit each
// from signal 1. It must be called before any action is changed. The Go runtime keeps
// SIGHUP and SIGINT ignored, and leaves alone the signals that it has no use for; of the
// others it alone knows.
func IgnoredSignals() (set uint64) {
	for sig := 1; sig <= 64; sig++ {
		var a sigaction
		if rtSigaction(unix.Signal(sig), nil, &a) == nil && a.handler == sigIgn {
			set |= 1 << (sig - 1)
		}
	}
	return set | runtimeIgnored()
}

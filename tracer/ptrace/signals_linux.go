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

// IgnoredSignals is the signals that this process was started with as ignored, a bit each
// from signal 1. It must be called before any action is changed. The Go runtime keeps
// SIGHUP and SIGINT ignored, and leaves alone the signals that it has no use for; of the
// others it alone knows.
func IgnoredSignals() (set uint64) {
	for sig := 1; sig <= 64; sig++ {
		var a sigaction
		if rtSigaction(unix.Signal(sig), nil, &a) == nil && a.handler == 1 {
			set |= 1 << (sig - 1)
		}
	}
	return set | runtimeIgnored()
}

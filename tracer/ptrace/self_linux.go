package ptrace

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OriginalNoFile returns the RLIMIT_NOFILE that this process was started with and
// makes it the process's own again. The Go runtime raises the soft limit at its start
// and puts it back only before an execve; one that fails puts it back and changes
// nothing else.
func OriginalNoFile() (unix.Rlimit, error) {
	_ = syscall.Exec("", []string{""}, nil)
	var r unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r)
	return r, err
}

// RaiseDefault makes a signal kill this process as if it had never been handled,
// without a core dump. It returns only if the signal's default is not to kill.
func RaiseDefault(sig int) {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	rtSigaction(unix.Signal(sig), &sigaction{}, nil)
	unblock := uint64(1) << (sig - 1)
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, 1 /* SIG_UNBLOCK */, uintptr(unsafe.Pointer(&unblock)), 0, sigsetSize, 0, 0)
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.Signal(sig))
}

// SysAdmin reports whether this process may install a seccomp filter without giving up
// privileges.
func SysAdmin() bool { return capable(unix.CAP_SYS_ADMIN) }

// MayRaisePriority reports whether this process may take back a nice value that it gave
// itself, when nice was its own; see setpriority(2).
func MayRaisePriority(nice int) bool {
	var r unix.Rlimit
	return capable(unix.CAP_SYS_NICE) || unix.Getrlimit(unix.RLIMIT_NICE, &r) == nil && r.Cur >= uint64(20-nice)
}

// capable reports whether a capability is in this thread's effective set.
func capable(c uint) bool {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&hdr, &data[0]) != nil {
		return false
	}
	return data[c/32].Effective>>(c%32)&1 != 0
}

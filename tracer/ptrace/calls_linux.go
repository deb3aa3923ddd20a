// Package ptrace is the one place that calls ptrace(2). It launches and seizes tasks,
// reads their stops and states, and classifies wait statuses. It keeps no table of
// tasks and decides nothing: that is package tracer's. Every function that takes a tid
// must run on the thread that seized it.
package ptrace

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests and options that x/sys lacks or names otherwise; include/uapi/linux/ptrace.h, Linux 6.18.
const (
	reqGetSyscallInfo = 0x420e
	reqSetSyscallInfo = 0x4212
	reqGetSigmask     = 0x420a
	reqSetSigmask     = 0x420b

	// OptSysgood and the rest are PTRACE_O_*.
	OptSysgood   = unix.PTRACE_O_TRACESYSGOOD
	OptFork      = unix.PTRACE_O_TRACEFORK
	OptVfork     = unix.PTRACE_O_TRACEVFORK
	OptClone     = unix.PTRACE_O_TRACECLONE
	OptExec      = unix.PTRACE_O_TRACEEXEC
	OptVforkDone = unix.PTRACE_O_TRACEVFORKDONE
	OptExit      = unix.PTRACE_O_TRACEEXIT
	OptSeccomp   = unix.PTRACE_O_TRACESECCOMP
	OptExitKill  = unix.PTRACE_O_EXITKILL
)

// Error is a failed ptrace call. Err is a unix.Errno.
type Error struct {
	Op  string
	TID int
	Err error
}

func (e *Error) Error() string { return fmt.Sprintf("ptrace(%s) tid %d: %v", e.Op, e.TID, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Gone reports whether err says that the tracee is dead or dying, or is no longer stopped.
func Gone(err error) bool { return errors.Is(err, unix.ESRCH) }

func call(op string, req, tid int, addr, data uintptr) (uintptr, error) {
	r, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return 0, &Error{op, tid, e}
	}
	return r, nil
}

// Seize attaches to tid without stopping it, with PTRACE_O_ options.
func Seize(tid int, options uintptr) error {
	_, err := call("SEIZE", unix.PTRACE_SEIZE, tid, 0, options)
	return err
}

// SetOptions replaces a stopped tracee's options.
func SetOptions(tid int, options uintptr) error {
	_, err := call("SETOPTIONS", unix.PTRACE_SETOPTIONS, tid, 0, options)
	return err
}

// Interrupt asks a running tracee to stop: an EventStop follows.
func Interrupt(tid int) error {
	_, err := call("INTERRUPT", unix.PTRACE_INTERRUPT, tid, 0, 0)
	return err
}

// Listen leaves a tracee in group-stop, from which SIGCONT wakes it.
func Listen(tid int) error {
	_, err := call("LISTEN", unix.PTRACE_LISTEN, tid, 0, 0)
	return err
}

// Cont resumes a tracee until its next signal or event.
func Cont(tid, sig int) error { return resume("CONT", unix.PTRACE_CONT, tid, sig) }

// Syscall resumes a tracee until its next system-call stop, signal or event.
func Syscall(tid, sig int) error { return resume("SYSCALL", unix.PTRACE_SYSCALL, tid, sig) }

// Step resumes a tracee for one instruction, delivering sig: a SIGTRAP follows, unless a
// signal or event comes first. On x86 one iteration of a repeated string instruction is
// a step.
func Step(tid, sig int) error { return resume("SINGLESTEP", unix.PTRACE_SINGLESTEP, tid, sig) }

// resume allocates nothing unless it fails.
func resume(op string, req, tid, sig int) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), 0, uintptr(sig), 0, 0)
	if e != 0 {
		return &Error{op, tid, e}
	}
	return nil
}

// Detach lets a stopped tracee go, delivering sig.
func Detach(tid, sig int) error {
	_, err := call("DETACH", unix.PTRACE_DETACH, tid, 0, uintptr(sig))
	return err
}

// EventMsg is the datum of the current PTRACE_EVENT stop: new task, exit status, former tid.
func EventMsg(tid int) (uint64, error) {
	var v uint64
	_, err := call("GETEVENTMSG", unix.PTRACE_GETEVENTMSG, tid, 0, uintptr(unsafe.Pointer(&v)))
	return v, err
}

// Siginfo is the kernel's siginfo_t of the current signal-delivery stop.
type Siginfo [128]byte

// Signo, Errno and Code are the fields that all signals share.
func (s *Siginfo) Signo() int32 { return s.i32(0) }
func (s *Siginfo) Code() int32  { return s.i32(8) }

func (s *Siginfo) i32(o int) int32 {
	return int32(uint32(s[o]) | uint32(s[o+1])<<8 | uint32(s[o+2])<<16 | uint32(s[o+3])<<24)
}

// GetSiginfo fills s. EINVAL means that the stop is a group-stop.
func GetSiginfo(tid int, s *Siginfo) error {
	_, err := call("GETSIGINFO", unix.PTRACE_GETSIGINFO, tid, 0, uintptr(unsafe.Pointer(s)))
	return err
}

// SetSiginfo replaces what the pending signal carries.
func SetSiginfo(tid int, s *Siginfo) error {
	_, err := call("SETSIGINFO", unix.PTRACE_SETSIGINFO, tid, 0, uintptr(unsafe.Pointer(s)))
	return err
}

// Regset reads a set of registers, NT_* of <linux/elf.h>, of a stopped tracee into b, and
// returns how many bytes of b it has. EINVAL or ENODEV mean that there is no such set.
func Regset(tid int, typ uint32, b []byte) (int, error) { return getRegset(tid, uintptr(typ), b) }

func getRegset(tid int, typ uintptr, b []byte) (int, error) {
	iov := unix.Iovec{Base: &b[0]}
	iov.SetLen(len(b))
	_, err := call("GETREGSET", unix.PTRACE_GETREGSET, tid, typ, uintptr(unsafe.Pointer(&iov)))
	return int(iov.Len), err
}

// Sigmask is the tracee's blocked signals.
func Sigmask(tid int) (uint64, error) {
	var v uint64
	_, err := call("GETSIGMASK", reqGetSigmask, tid, 8, uintptr(unsafe.Pointer(&v)))
	return v, err
}

// SetSigmask replaces the tracee's blocked signals.
func SetSigmask(tid int, mask uint64) error {
	_, err := call("SETSIGMASK", reqSetSigmask, tid, 8, uintptr(unsafe.Pointer(&mask)))
	return err
}

// Ops of SyscallInfo.
const (
	InfoNone    = 0
	InfoEntry   = 1
	InfoExit    = 2
	InfoSeccomp = 3
)

// SyscallInfo is struct ptrace_syscall_info. At exit NR is the return value and
// Args[0]&1 says that it is an error: use Ret and IsError.
type SyscallInfo struct {
	Op    uint8
	_     [3]uint8
	Audit uint32
	IP    uint64
	SP    uint64
	NR    uint64
	Args  [6]uint64
	Data  uint64 // RET_DATA of a seccomp stop, low 32 bits
	_     uint64
}

// Ret is the return value of an exit stop.
func (s *SyscallInfo) Ret() int64 { return int64(s.NR) }

// IsError reports whether an exit stop's return value is an error.
func (s *SyscallInfo) IsError() bool { return s.Args[0]&0xff != 0 }

// GetSyscallInfo fills s at any stop (Linux 5.3). It allocates nothing unless it fails.
func GetSyscallInfo(tid int, s *SyscallInfo) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, reqGetSyscallInfo, uintptr(tid), unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s)), 0, 0)
	if e != 0 {
		return &Error{"GET_SYSCALL_INFO", tid, e}
	}
	return nil
}

// SetSyscallInfo changes the call of a task at a system-call or seccomp stop (Linux 6.16; EIO
// before): at entry its number and arguments, at exit its return value. s is what
// GetSyscallInfo gave at this stop, with changes.
func SetSyscallInfo(tid int, s *SyscallInfo) error {
	_, err := call("SET_SYSCALL_INFO", reqSetSyscallInfo, tid, unsafe.Sizeof(*s), uintptr(unsafe.Pointer(s)))
	return err
}

// Wait is wait4 with __WALL; it reports pid 0 when WNOHANG found nothing. With pid -1 it is
// told of the tracees and children of the calling thread alone: a process that another
// thread has started is left to whoever waits for it. It allocates nothing unless it fails.
func Wait(pid, options int, status *uint32, ru *unix.Rusage) (int, error) {
	if pid == -1 {
		options |= unix.WNOTHREAD
	}
	r, _, e := unix.Syscall6(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(status)), uintptr(options|unix.WALL), uintptr(unsafe.Pointer(ru)), 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(r), nil
}

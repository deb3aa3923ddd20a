package ptrace

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Command is a program to be launched as a tracee.
type Command struct {
	Path string
	Argv []string
	Env  []string
	// Sigmask is the mask of blocked signals that the program starts with.
	Sigmask uint64
	// Ignored is the signals that the program starts with ignored, a bit each from signal 1;
	// all others have their default action.
	Ignored uint64
	// Closed is the standard descriptors that the program starts without, bit N for
	// descriptor N.
	Closed uint8
	// NoFile is the RLIMIT_NOFILE that the program starts with, when not nil.
	NoFile *unix.Rlimit
	// Cred, when not nil, is who the program runs as.
	Cred *Cred
	// Filter is a seccomp program that the program starts under, when not empty.
	Filter []unix.SockFilter
	// NoNewPrivs sets PR_SET_NO_NEW_PRIVS before the filter is installed.
	NoNewPrivs bool
}

// Cred is a user with groups.
type Cred struct {
	UID, GID int
	Groups   []uint32
}

// Child is a launched process that waits, before it executes its program, to be let go.
type Child struct {
	PID  int
	gate *os.File
}

//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

//go:linkname enterSyscall runtime.entersyscall
func enterSyscall()

//go:linkname exitSyscall runtime.exitsyscall
func exitSyscall()

//go:linkname afterForkInChild syscall.runtime_AfterForkInChild
func afterForkInChild()

// Launch forks. The child stops itself from going on until Release, so that the caller
// can seize it first; then it becomes the command, in the same process.
func (c *Command) Launch() (*Child, error) {
	p, err := newPlan(c)
	if err != nil {
		return nil, err
	}
	ours, theirs, err := gate()
	if err != nil {
		return nil, err
	}
	p.gate = uintptr(theirs.Fd())
	p.other = uintptr(ours.Fd())
	syscall.ForkLock.Lock()
	pid, e := forkExec(p)
	syscall.ForkLock.Unlock()
	runtime.KeepAlive(p)
	theirs.Close()
	if e != 0 {
		ours.Close()
		return nil, os.NewSyscallError("fork", e)
	}
	var ready [1]byte
	ours.Read(ready[:]) // a child that has died is found out by who seizes it
	return &Child{PID: int(pid), gate: ours}, nil
}

// gate is a pair of sockets through which a child says that it is prepared, and is let
// go. Their descriptors are low ones: the table of the child is as large as its highest
// descriptor at the fork asks for, and stays so.
func gate() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "gate"), os.NewFile(uintptr(fds[1]), "gate"), nil
}

// Release lets the child execute its program.
func (c *Child) Release() error {
	_, err := c.gate.Write([]byte{1})
	c.gate.Close()
	return err
}

// Abort ends the child without executing anything.
func (c *Child) Abort() { c.gate.Close() }

// plan is a Command in the form that the child can use without allocating.
type plan struct {
	path         *byte
	argv0, envv0 uintptr
	argv, envv   []*byte
	gate, other  uintptr
	mask         uint64
	ignored      uint64
	closed       uint8
	action       sigaction
	nofile       *unix.Rlimit
	cred         *Cred
	filter       unix.SockFprog
	noNewPrivs   bool
	groups       uintptr
	groupsLen    uintptr
	byteBuf      [1]byte
}

func newPlan(c *Command) (*plan, error) {
	p := &plan{mask: c.Sigmask, ignored: c.Ignored, closed: c.Closed, nofile: c.NoFile, cred: c.Cred, noNewPrivs: c.NoNewPrivs}
	var err error
	if p.path, err = syscall.BytePtrFromString(c.Path); err != nil {
		return nil, err
	}
	if p.argv, err = syscall.SlicePtrFromStrings(c.Argv); err != nil {
		return nil, err
	}
	if p.envv, err = syscall.SlicePtrFromStrings(c.Env); err != nil {
		return nil, err
	}
	p.argv0, p.envv0 = uintptr(unsafe.Pointer(&p.argv[0])), uintptr(unsafe.Pointer(&p.envv[0]))
	if len(c.Filter) > 0 {
		p.filter = unix.SockFprog{Len: uint16(len(c.Filter)), Filter: &c.Filter[0]}
	}
	if c.Cred != nil && len(c.Cred.Groups) > 0 {
		p.groups = uintptr(unsafe.Pointer(&c.Cred.Groups[0]))
		p.groupsLen = uintptr(len(c.Cred.Groups))
	}
	return p, nil
}

// Exit statuses of a child that could not become its program, beside those of exec.
const (
	exitSetup = 125
	exitExec  = 1
)

// forkExec forks. Between afterForkInChild and execve the child makes raw system calls
// only: other threads of the parent may have held any lock at the fork.
//
//go:noinline
//go:norace
func forkExec(p *plan) (pid uintptr, err syscall.Errno) {
	var (
		e syscall.Errno
		n uintptr
	)
	beforeFork()
	pid, _, e = syscall.RawSyscall6(cloneNR, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 || pid != 0 {
		afterFork()
		return pid, e
	}
	afterForkInChild()

	p.prepare()
	syscall.RawSyscall(unix.SYS_CLOSE, p.other, 0, 0)
	syscall.RawSyscall(unix.SYS_WRITE, p.gate, uintptr(unsafe.Pointer(&p.byteBuf[0])), 1)
	for {
		n, _, e = syscall.RawSyscall(unix.SYS_READ, p.gate, uintptr(unsafe.Pointer(&p.byteBuf[0])), 1)
		if e != syscall.EINTR {
			break
		}
	}
	if e != 0 || n != 1 {
		goto fail
	}
	p.become()
	syscall.RawSyscall(unix.SYS_EXIT_GROUP, exitExec, 0, 0)
fail:
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, exitSetup, 0, 0)
	}
}

// Exec turns this process into the command. It must be called on the initial thread; it
// returns only if that fails.
func (c *Command) Exec() error {
	p, err := newPlan(c)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	if e := p.replace(); e != 0 {
		return e
	}
	return nil
}

// replace turns this process into the command as one system call in the eyes of the Go
// runtime, which else sends SIGURG to a thread that runs for long: the command, being
// traced, would show it. One that came before is discarded when prepare sets its action.
func (p *plan) replace() syscall.Errno {
	enterSyscall()
	p.prepare()
	e := p.become()
	exitSyscall()
	return e
}

// prepare sets up what a tracer need not see. A child does so before it waits to be
// seized: each call of a tracee costs two stops.
//
//go:nosplit
//go:norace
func (p *plan) prepare() {
	if p.nofile != nil {
		syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(p.nofile)), 0, 0, 0)
	}
	for fd := uintptr(0); fd < 8; fd++ {
		if p.closed>>fd&1 != 0 {
			syscall.RawSyscall(unix.SYS_CLOSE, fd, 0, 0)
		}
	}
	for sig := uintptr(1); sig <= 64; sig++ {
		p.action.handler = uintptr(p.ignored >> (sig - 1) & 1) // SIG_DFL is 0, SIG_IGN 1
		syscall.RawSyscall6(unix.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&p.action)), 0, sigsetSize, 0, 0)
	}
}

// become takes on the command's identity and executes it; it returns only if that fails.
// Raw calls act on this thread only, which is the one that survives the execve. It runs
// in the child of a fork, too, so it may not grow the stack.
//
//go:nosplit
//go:norace
func (p *plan) become() (e syscall.Errno) {
	if p.noNewPrivs {
		syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	}
	// The user that the command runs as may not be allowed to install a filter.
	if p.filter.Len != 0 {
		if _, _, e = syscall.RawSyscall(unix.SYS_SECCOMP, 1 /* SECCOMP_SET_MODE_FILTER */, 0, uintptr(unsafe.Pointer(&p.filter))); e != 0 {
			return e
		}
	}
	if p.cred != nil {
		if _, _, e = syscall.RawSyscall(unix.SYS_SETGROUPS, p.groupsLen, p.groups, 0); e != 0 {
			return e
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETREGID, uintptr(p.cred.GID), uintptr(p.cred.GID), 0); e != 0 {
			return e
		}
		if _, _, e = syscall.RawSyscall(unix.SYS_SETREUID, uintptr(p.cred.UID), uintptr(p.cred.UID), 0); e != 0 {
			return e
		}
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, 2 /* SIG_SETMASK */, uintptr(unsafe.Pointer(&p.mask)), 0, sigsetSize, 0, 0)
	_, _, e = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(p.path)), p.argv0, p.envv0)
	return e
}

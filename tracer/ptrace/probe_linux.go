package ptrace

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Probes is what came of trying, on processes made for that, what a tracer may need of
// the kernel. Nil: it works.
type Probes struct {
	Launch         error // fork, seize, stop, resume to a system call
	SyscallInfo    error // PTRACE_GET_SYSCALL_INFO
	SetSyscallInfo error // PTRACE_SET_SYSCALL_INFO
	Registers      error // reading them and writing them back
	Memory         error // process_vm_readv
	Step           error // PTRACE_SINGLESTEP
	Watch          error // a breakpoint in a debug register is hit
	Foreign        error // seizing a process of this user that is no descendant
	SeccompTrace   error // a filter's SECCOMP_RET_TRACE stops
	SeccompNotify  error // SECCOMP_RET_USER_NOTIF
	PerfUser       error // software events of own processes, user space
	PerfKernel     error // the same with what the kernel does for them
	PerfHardware   error // the processor's counters
	PerfBreakpoint error // PERF_TYPE_BREAKPOINT
	Uprobe         error // the uprobe PMU
	BPFMap         error // bpf(BPF_MAP_CREATE)
	BPFProgram     error // bpf(BPF_PROG_LOAD) of a tracing program
	IA32           error // execution of a 32-bit program
}

// ErrUntried is the outcome of what could not be tried because of what failed before.
var ErrUntried = errors.New("not tried")

// ErrNoHit is the outcome of a breakpoint that the kernel takes and the processor, which
// may be a virtual one, does not honour.
var ErrNoHit = errors.New("accepted but never hit")

// probeTime is when a trial that does not end is ended.
const probeTime = 5 * time.Second

// Probe tries everything. It leaves nothing behind; the processes that it makes are gone
// when it returns.
func Probe() *Probes {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := &Probes{Launch: ErrUntried, SyscallInfo: ErrUntried, SetSyscallInfo: ErrUntried, Registers: ErrUntried,
		Memory: ErrUntried, Step: ErrUntried, Watch: ErrUntried, SeccompTrace: ErrUntried}
	p.child()
	if p.Launch == nil {
		p.SeccompTrace = trySeccomp()
	}
	p.SeccompNotify = tryNotify()
	p.Foreign = tryForeign()
	p.PerfUser, p.PerfKernel, p.PerfHardware, p.PerfBreakpoint = tryPerf()
	p.Uprobe = tryUprobe()
	p.BPFMap, p.BPFProgram = tryBPF()
	p.IA32 = tryIA32()
	return p
}

// trial is a child that things are tried on.
type trial struct {
	pid   int
	child *Child
	dead  bool
	timer *time.Timer
}

// newTrial launches and seizes a child that waits to execute what cannot be executed.
func newTrial(filter []unix.SockFilter, options uintptr) (*trial, error) {
	c := &Command{Path: "/", Argv: []string{"/"}, Env: []string{}, Filter: filter, NoNewPrivs: !SysAdmin()}
	child, err := c.Launch()
	if err != nil {
		return nil, err
	}
	t := &trial{pid: child.PID, child: child}
	t.timer = time.AfterFunc(probeTime, func() { unix.Kill(child.PID, unix.SIGKILL) })
	if err := Seize(t.pid, options|OptSysgood|OptExitKill); err != nil {
		t.close()
		return nil, err
	}
	if err := Interrupt(t.pid); err != nil {
		t.close()
		return nil, err
	}
	if err := t.expect(StopInterrupt); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// wait returns the next stop.
func (t *trial) wait() (Stop, error) {
	var status uint32
	for {
		_, err := Wait(t.pid, 0, &status, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Stop{}, err
		}
		s := Classify(status)
		t.dead = s.Kind == StopExited || s.Kind == StopKilled
		return s, nil
	}
}

var errOtherStop = errors.New("the trial stopped otherwise than expected")

func (t *trial) expect(k StopKind) error {
	s, err := t.wait()
	if err == nil && s.Kind != k {
		err = errOtherStop
	}
	return err
}

// close ends the child and reaps it.
func (t *trial) close() {
	t.timer.Stop()
	if !t.dead {
		unix.Kill(t.pid, unix.SIGKILL)
		for !t.dead {
			if _, err := t.wait(); err != nil {
				break
			}
		}
	}
	t.child.Abort()
}

// toTrap resumes the child by a request and expects a SIGTRAP.
func (t *trial) toTrap(op string, req int) error {
	if err := resume(op, req, t.pid, 0); err != nil {
		return err
	}
	s, err := t.wait()
	if err == nil && (s.Kind != StopSignal || s.Sig != int(unix.SIGTRAP)) {
		err = errOtherStop
	}
	return err
}

// child tries what needs a stopped child. Each step needs those before it.
func (p *Probes) child() {
	t, err := newTrial(nil, 0)
	if err != nil {
		p.Launch = err
		return
	}
	defer t.close()
	p.Registers = tryRegisters(t.pid)
	p.Memory = tryMemory(t.pid)
	t.child.Release()
	if p.Launch = t.toSyscall(); p.Launch != nil {
		return
	}
	var info SyscallInfo
	if p.SyscallInfo = GetSyscallInfo(t.pid, &info); p.SyscallInfo == nil {
		p.SetSyscallInfo = SetSyscallInfo(t.pid, &info)
	}
	if t.toSyscall() != nil { // its exit
		return
	}
	if p.Step = t.toTrap("SINGLESTEP", unix.PTRACE_SINGLESTEP); p.Step != nil {
		return
	}
	if p.Watch = t.tryBreakpoint(); p.Watch == errOtherStop {
		p.Watch = ErrNoHit
	}
}

func (t *trial) toSyscall() error {
	if err := Syscall(t.pid, 0); err != nil {
		return err
	}
	return t.expect(StopSyscall)
}

// trySeccomp expects the first call of a filtered child to stop it.
func trySeccomp() error {
	const retTrace = 0x7ff00000                                                 // SECCOMP_RET_TRACE
	filter := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: retTrace}} // reports every call
	t, err := newTrial(filter, OptSeccomp)
	if err != nil {
		return err
	}
	defer t.close()
	t.child.Release()
	if err := Cont(t.pid, 0); err != nil {
		return err
	}
	s, err := t.wait()
	if err == nil && s.Kind != StopSeccomp {
		err = unix.EPERM // seccomp(2) failed, so the child gave up
	}
	return err
}

// tryForeign seizes a process that no longer descends from this one.
func tryForeign() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer w.Close() // ends the process
	c := exec.Command("/bin/sh", "-c", "(exec >/dev/null 2>&1; read x <&3) & echo $!")
	c.ExtraFiles, c.WaitDelay = []*os.File{r}, probeTime
	out, err := c.Output()
	r.Close()
	if err != nil {
		return ErrUntried
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		return ErrUntried
	}
	if err := Seize(pid, 0); err != nil {
		return err
	}
	if Interrupt(pid) != nil {
		return nil
	}
	var status uint32
	for {
		if _, err := Wait(pid, 0, &status, nil); err != unix.EINTR {
			break
		}
	}
	Detach(pid, 0)
	return nil
}

package tracer

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// A system call is changed by PTRACE_SET_SYSCALL_INFO, one ptrace call that needs no
// knowledge of registers, and by registers where the kernel lacks it (before Linux 6.16).

var (
	errNotEntering = errors.New("the task is not at the entry of a system call")
	errNoRegister  = errors.New("the argument is in no register")
)

// setInfo writes the session's info of the stopped task back to it and reports whether that
// is settled: false means that registers must be written instead.
func (s *Session) setInfo(t *task) (done bool, err error) {
	if s.oldKernel {
		return false, nil
	}
	err = ptrace.SetSyscallInfo(int(t.id.TID), &s.info)
	if errors.Is(err, unix.EIO) {
		s.oldKernel = true
	}
	return err == nil || ptrace.Gone(err), err
}

// setNR changes the call that a task is entering; -1: it makes none, which ends with ENOSYS.
func (s *Session) setNR(t *task, nr int64) error {
	s.info.NR = uint64(nr)
	done, err := s.setInfo(t)
	if !done {
		err = ptrace.SetSyscallNR(int(t.id.TID), nr)
	}
	if err != nil || nr != -1 || t.abi.KeepsArg(0) {
		return err
	}
	// The first argument is still where the result will be looked for.
	return s.setResult(t, -int64(unix.ENOSYS))
}

// setArg changes the register of an argument of the call that a task is entering. It gets
// its value back at the call's exit.
func (s *Session) setArg(t *task, reg int, v uint64) error {
	if t.abi.Bits == 32 {
		v = uint64(uint32(v))
	}
	s.info.Args[reg] = v
	t.altered |= 1 << reg
	if done, err := s.setInfo(t); done {
		return err
	}
	r, err := t.state.Regs()
	if err != nil {
		return err
	}
	r.SetArg(t.abi, reg, v)
	return t.state.SetRegs(r)
}

// restoreArgs gives a task that is leaving a call the arguments that it came with: compilers
// rely on the registers. A new program and a signal handler's caller have others.
func (s *Session) restoreArgs(t *task) {
	altered := t.altered
	t.altered = 0
	name := t.abi.SyscallName(t.lastNR)
	if altered == 0 || name == "rt_sigreturn" || name == "sigreturn" || isExec(t.abi, t.lastNR) && !s.info.IsError() {
		return
	}
	r, err := t.state.Regs()
	if err != nil {
		return
	}
	for i, v := range t.args {
		if altered>>i&1 != 0 && t.abi.KeepsArg(i) {
			r.SetArg(t.abi, i, v)
		}
	}
	t.state.SetRegs(r)
}

// setRet changes what the call that a task is leaving returns; -4095 to -1 are errors.
func (s *Session) setRet(t *task, ret int64) error {
	if t.abi.Bits == 32 {
		ret = int64(int32(ret))
	}
	s.info.NR, s.info.Args[0] = uint64(ret), 0
	if ret < 0 && ret >= -4095 {
		s.info.Args[0] = 1 // is_error
	}
	if done, err := s.setInfo(t); done {
		return err
	}
	return s.setResult(t, ret)
}

// setResult writes the register of a call's result.
func (s *Session) setResult(t *task, ret int64) error {
	r, err := t.state.Regs()
	if err != nil {
		return err
	}
	r.SetRet(t.abi, ret)
	return t.state.SetRegs(r)
}

// SetNR implements event.CallSetter.
func (s *state) SetNR(nr int64) error {
	if !s.t.entering {
		return errNotEntering
	}
	return s.session.setNR(s.t, nr)
}

// SetArg implements event.CallSetter.
func (s *state) SetArg(i int, v uint64) error {
	t := s.t
	if !t.entering || t.ctx == nil {
		return errNotEntering
	}
	reg := argRegister(t.ctx, i)
	if reg < 0 || reg > 5 {
		return errNoRegister
	}
	if err := s.session.setArg(t, reg, v); err != nil {
		return err
	}
	t.ctx.Args[i] = s.session.info.Args[reg]
	t.sys.ArgsInjected = true
	return nil
}

// argRegister is where argument i, from 0, of the call being decoded is: those that ipc
// carries come one later, those of socketcall are in memory.
func argRegister(c *decode.Ctx, i int) int {
	switch {
	case c.Sub == nil:
		return i
	case c.Sub.Via == "ipc":
		return i + 1
	}
	return -1
}

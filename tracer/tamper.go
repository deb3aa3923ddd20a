package tracer

import (
	"errors"
	"fmt"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Injection is what is done to one call.
type Injection = event.Injection

// tamperEntry lets the handler tamper with a call that is about to be made, and reports
// whether that changed arguments or what they point to.
func (s *Session) tamperEntry(t *task, args []event.Value) (changed bool) {
	in := s.cfg.Handler.Tamper(s.callEvent(t, event.SyscallEnter, args))
	if in == nil {
		return t.altered != 0
	}
	t.inject = in
	poked := s.poke(t, in.PokeEnter)
	if in.Signal != 0 {
		t.pending = in.Signal
	}
	if in.Fakes() {
		t.sys.Skipped = s.setNR(t, fakeNR(t.abi, in.Syscall)) == nil
	}
	if in.DelayEnter > 0 {
		t.sys.Delayed = true
		t.delay = in.DelayEnter
	}
	return poked || t.altered != 0
}

// fakeNR is the number of the call that is made in place of a faked one; -1: none.
func fakeNR(a *arch.ABI, name string) int64 {
	if nr, ok := a.SyscallNr(name); ok && name != "" {
		return int64(nr)
	}
	return -1
}

// tamperExit applies what is to be done to the result, and returns the new one.
func (s *Session) tamperExit(t *task, ret int64, errno int) (int64, int) {
	in := t.inject
	t.inject = nil
	if in == nil {
		return ret, errno
	}
	if t.sys.Skipped {
		ret, errno = in.Result()
		if s.setRet(t, ret) == nil {
			t.sys.Injected = true
		}
	}
	s.tamperLate(t, in, errno)
	return ret, errno
}

// tamperLate applies what is to be done once the call has been made.
func (s *Session) tamperLate(t *task, in *Injection, errno int) {
	if errno == 0 {
		s.poke(t, in.PokeExit)
	}
	if in.DelayExit > 0 {
		t.sys.Delayed = true
		t.delay = in.DelayExit
	}
}

// poke writes to where arguments point, and reports whether it did so for any.
func (s *Session) poke(t *task, ps []event.Poke) (any bool) {
	for _, p := range ps {
		if err := t.poke(p); err == nil {
			any = true
		} else if s.cfg.TamperFailed != nil {
			s.cfg.TamperFailed(t.id, err)
		}
	}
	t.sys.ArgsInjected = t.sys.ArgsInjected || any
	return any
}

func (t *task) poke(p event.Poke) error {
	if n := t.ctx.Registers(); p.Arg >= n {
		return fmt.Errorf("requested to tamper with argument #%d, but system call '%s' has only %d arguments", p.Arg+1, t.sys.Name, n)
	}
	if n, err := t.mem.WriteAt(p.Data, t.ctx.Arg(p.Arg)); err != nil || n < len(p.Data) {
		return errors.New("couldn't poke")
	}
	return nil
}

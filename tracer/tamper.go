package tracer

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Tamperer says what is done to a call that is about to be made; nil: nothing.
type Tamperer interface {
	Tamper(t event.Task, abi int, id uint64) *Injection
}

// Injection is what is done to one call.
type Injection = event.Injection

// tamperEntry applies what is to be done before the call.
func (s *Session) tamperEntry(t *task, abi int, id uint64) {
	if s.cfg.Tamper == nil {
		return
	}
	in := s.cfg.Tamper.Tamper(t.id, abi, id)
	if in == nil {
		return
	}
	t.inject = in
	t.poke(in.PokeEnter)
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
	if len(in.PokeEnter) > 0 {
		t.sys.ArgsInjected = true
	}
	if len(in.PokeExit) > 0 && errno == 0 {
		t.poke(in.PokeExit)
		t.sys.ArgsInjected = true
	}
	if in.DelayExit > 0 {
		t.sys.Delayed = true
		t.delay = in.DelayExit
	}
	return ret, errno
}

func (t *task) poke(ps []event.Poke) {
	for _, p := range ps {
		t.mem.WriteAt(p.Data, t.ctx.Arg(p.Arg))
	}
}

package bp

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/proto"
	"github.com/gotrace/gotrace/tracer/event"
)

// frame is a function that was entered and whose return is to be told.
//
// Its return address is left as it is: a breakpoint is planted where it points to, and what
// arrives there is this frame's return if its stack pointer is the one that the frame leaves
// behind. So longjmp and exceptions, which do not come by, only leave frames behind that are
// found to be dead when one below them returns.
type frame struct {
	spot   *spot  // the function
	back   *spot  // where it returns to
	sp     uint64 // and the stack pointer then
	probes []event.Probe
	began  time.Time
	depth  int
	call   *proto.Call   // nil: its arguments were not read
	args   []event.Value // those that do not change
}

// maxFrames is how many functions of a task may be entered and not have returned.
const maxFrames = 1 << 16

// entered notes that a function is entered, and tells of library calls.
func (e *Engine) entered(th *thread, c event.Tracee, s *spot, regs *arch.Regs, call *proto.Call, v *event.Verdict) {
	if call != nil {
		e.args = e.args[:call.Known()]
	}
	to, after, ok := returnAddress(th.space.arch, c, regs)
	e.tell(th, s, s.enters, event.Site{To: to, Target: th.space.sym.Place(to), Depth: len(th.frames)}, event.CallEnter, v)
	now, err := c.Regs()
	if err != nil || now.PC() != s.addr {
		return // a handler has sent it elsewhere
	}
	if !ok || len(th.frames) >= maxFrames {
		return
	}
	back, err := th.space.plant(to)
	if err != nil {
		return
	}
	back.rets++
	back.kept = true
	th.frames = append(th.frames, frame{spot: s, back: back, sp: after, probes: s.enters, began: time.Now(), depth: len(th.frames), call: call, args: e.args})
}

// returnAddress is where a function that has just been entered returns to, and what the stack
// pointer is then.
func returnAddress(a *arch.Arch, m event.Memory, regs *arch.Regs) (to, after uint64, ok bool) {
	if a == arch.ARM64 {
		return regs.R[30] & (1<<48 - 1), regs.SP(), true // without what signs it
	}
	var b [8]byte
	n := a.PtrSize
	if got, _ := m.ReadAt(b[:n], regs.SP()); got < n {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint64(b[:]), regs.SP() + uint64(n), true
}

// returned tells of the functions that return to a place.
func (e *Engine) returned(th *thread, c event.Tracee, s *spot, regs *arch.Regs, v *event.Verdict) {
	i := len(th.frames) - 1
	for ; i >= 0; i-- {
		if f := &th.frames[i]; f.back == s && f.leaves(th.space.arch, regs.SP()) {
			break
		}
	}
	if i < 0 {
		return
	}
	f := th.frames[i]
	for _, dead := range th.frames[i:] {
		e.left(th.space, dead.back)
	}
	th.frames = slices.Delete(th.frames, i, len(th.frames))
	args, ret := f.finish(c, regs)
	for _, k := range [...]struct{ asked, told *event.Kind }{{event.Return, event.Return}, {event.CallEnter, event.CallExit}} {
		list := e.only(f.probes, k.asked)
		if len(list) == 0 {
			continue
		}
		e.site = event.Site{
			Probes: list, PC: f.spot.addr, Place: th.space.placed(f.spot), To: s.addr, Target: th.space.placed(s), Depth: f.depth, HasRet: true,
		}
		e.site.Ret, e.args = ret, args
		merge(v, e.send(th, event.Event{Kind: k.told, Dur: time.Since(f.began)}))
	}
	e.args = nil
}

// leaves reports whether a stack pointer is the one behind the return of a frame. A function of
// i386 may take its arguments from the stack with it.
func (f *frame) leaves(a *arch.Arch, sp uint64) bool {
	if a == arch.I386 {
		return sp >= f.sp && sp-f.sp < 256
	}
	return sp == f.sp
}

// left counts a return less. The breakpoint stays: the next call comes.
func (e *Engine) left(sp *space, back *spot) {
	back.rets--
	if back.rets <= 0 && !back.used() && !slices.ContainsFunc(sp.wants, wantsReturns) {
		sp.remove(back)
	}
}

func wantsReturns(p event.Probe) bool { return p.Kind == event.Return || p.Kind == event.CallEnter }

// result is the register of a function's result.
func result(regs *arch.Regs) event.Value {
	name := "rax"
	if regs.Arch == arch.ARM64 {
		name = "x0"
	}
	n, _ := regs.Get(name)
	return event.Value{Form: event.FormInt, Num: n}
}

package bp

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/disasm/step"
	"github.com/gotrace/gotrace/tracer/event"
)

// how a task executes the instruction under a breakpoint:
//
//	      emulated
//	none ----------> none
//	      boosted copy            any stop
//	none ----------------> boost ----------> none
//	      copy                    trap, fault
//	none ----------------> copy -------------> none
//	      in place, others held   trap, fault
//	none ----------------> place ------------> none
type how uint8

const (
	overNone how = iota
	overBoost
	overCopy
	overPlace
)

// over is what a task is about to have executed.
type over struct {
	how  how
	spot *spot
	plan step.Plan
}

// Resuming implements tracer.StopReader.
func (e *Engine) Resuming(c event.Tracee, steps int) event.Motion {
	th := e.threads[c.ID().TID]
	if th == nil {
		return event.MoveFree
	}
	m := e.resuming(th, c, steps)
	th.running = m != event.MoveHold
	return m
}

func (e *Engine) resuming(th *thread, c event.Tracee, steps int) event.Motion {
	sp := th.space
	th.running = false
	if steps > 0 {
		th.steps = steps
	}
	if sp.step != nil && sp.step != th {
		th.parked = true
		e.allStopped(sp)
		if sp.step != nil {
			return event.MoveHold
		}
		th.parked = false
	}
	e.applyDebug(th, c)
	switch th.over.how {
	case overCopy:
		return th.over.motion()
	case overPlace:
		return e.place(th)
	case overBoost:
		if e.settle(th, c); th.over.how == overCopy {
			return th.over.motion()
		}
	}
	if s := th.at; s != nil {
		th.at = nil
		if regs, err := c.Regs(); err == nil && regs.PC() == s.addr && sp.spots[s.addr] == s {
			return e.stepOver(th, c, s, regs)
		}
	}
	return e.motion(th, c)
}

// stepOver executes the instruction under a breakpoint.
func (e *Engine) stepOver(th *thread, c event.Tracee, s *spot, regs *arch.Regs) event.Motion {
	sp := th.space
	in, err := sp.inst(s)
	if err != nil {
		return e.inPlace(th, s)
	}
	traced, _ := sp.ranges.has(s.addr)
	traced = traced || th.steps > 0
	th.from = 0
	if traced {
		e.before(th, regs)
		if e.returns(th, c, regs) {
			return e.emulated(th, c, regs)
		}
	}
	o := step.Options{Boost: !traced, Rseq: sp.inRseq(s.addr)}
	th.over.spot = s
	p := &th.over.plan
	k := &s.copies[0]
	if o.Boost {
		k = &s.copies[1]
	}
	if *p, err = step.New(sp.arch, in, s.code[:in.Len], s.addr, regs, k.slot, o); err != nil {
		return e.inPlace(th, s)
	}
	if p.Method == step.InPlace && p.Why == step.WhyNoSlot {
		if k.slot = e.slot(sp, c, s.addr); k.slot != 0 {
			*p, _ = step.New(sp.arch, in, s.code[:in.Len], s.addr, regs, k.slot, o)
		}
	}
	switch p.Method {
	case step.Emulate:
		if p.Emulate(regs, user{c}) == nil {
			c.SetRegs(regs) // if it fails the task is gone
			return e.emulated(th, c, regs)
		}
	case step.Displaced:
		if sp.fill(k, p) {
			p.Start(regs)
			c.SetRegs(regs)
			if p.Boosted {
				th.over.how = overBoost
				return e.motion(th, c)
			}
			th.over.how = overCopy
			return th.over.motion()
		}
	}
	return e.inPlace(th, s)
}

// motion is how the instruction is executed where it is not to run on. One that makes a system
// call only has to have entered it: the call may take its time, and others want to see it.
func (o *over) motion() event.Motion {
	if o.spot.known && o.spot.in.Class == disasm.Syscall {
		return event.MoveEnter
	}
	return event.MoveStep
}

// Entered implements tracer.StopReader.
func (e *Engine) Entered(c event.Tracee) {
	th := e.threads[c.ID().TID]
	if th == nil || th.over.how == overNone {
		return
	}
	if regs, err := c.Regs(); err == nil {
		e.overDone(th, c, regs)
		e.stepped(th, c, regs)
	}
}

// user is a task's memory as the program may use it.
type user struct{ c event.Tracee }

func (u user) ReadAt(p []byte, addr uint64) (int, error)  { return u.c.ReadAt(p, addr) }
func (u user) WriteAt(p []byte, addr uint64) (int, error) { return u.c.WriteUser(p, addr) }

// emulated goes on after an instruction that was not run. The next one may have a breakpoint.
func (e *Engine) emulated(th *thread, c event.Tracee, regs *arch.Regs) event.Motion {
	switch v := e.stepped(th, c, regs); {
	case v.Resume == event.ResumeDetach:
		return event.MoveLeave
	case v.Steps > 0:
		th.steps = v.Steps
	}
	return e.motion(th, c)
}

// overDone makes a task look, after a step, as if the instruction had run in its place.
func (e *Engine) overDone(th *thread, c event.Tracee, regs *arch.Regs) {
	th.clearTF = th.clearTF || th.over.plan.LeavesTF
	e.fixup(th, c, regs)
	e.overEnd(th)
}

// fixup takes back what shows that an instruction is executed elsewhere.
func (e *Engine) fixup(th *thread, c event.Tracee, regs *arch.Regs) {
	p := &th.over.plan
	if th.over.how != overCopy && th.over.how != overBoost {
		return
	}
	if regs == nil {
		r, err := c.Regs()
		if err != nil {
			return
		}
		regs = r
	}
	before := *regs
	if p.Fixup(regs); *regs != before {
		c.SetRegs(regs) // if it fails the task is gone
	}
}

// settle looks where a task is that was sent to a boosted copy. One that has not executed it yet
// does so by a step: it must not come to the breakpoint again.
func (e *Engine) settle(th *thread, c event.Tracee) {
	regs, err := c.Regs()
	switch {
	case err == nil && regs.PC() == th.over.plan.Slot:
		th.over.how = overCopy
		return
	case err == nil:
		e.fixup(th, c, regs)
	}
	th.over.how = overNone
}

// overEnd ends the execution of an instruction, and lets those go on that have waited for it.
func (e *Engine) overEnd(th *thread) {
	was := th.over.how
	th.over.how = overNone
	if was == overPlace {
		e.thaw(th.space, th)
	}
}

// abandon makes a task that is to be let go, wherever it is, go on by itself.
func (e *Engine) abandon(th *thread, c event.Tracee) {
	e.fixup(th, c, nil)
	e.overEnd(th)
	th.steps = 0
	e.dropTF(th, c)
	for _, l := range th.late {
		// The siginfo cannot be given back: only the kernel may say that it sent something.
		sendAgain(th.id, l.sig)
	}
	th.late = nil
}

// flagTF is the trap flag of EFLAGS.
const flagTF = 1 << 8

// Slots of arch.Regs.R.
var (
	slotFlags, _ = arch.AMD64.Slot("eflags")
	slotR11, _   = arch.AMD64.Slot("r11")
)

// dropTF clears a trap flag that a stepped popf has left.
func (e *Engine) dropTF(th *thread, c event.Tracee) {
	if !th.clearTF || th.space.arch == arch.ARM64 {
		return
	}
	if regs, err := c.Regs(); err == nil {
		th.hideTF(c, regs)
	}
	th.clearTF = false
}

// hideTF takes the trap flag from registers in which it may be the tracer's: the next pushf would
// store it for the program.
func (th *thread) hideTF(c event.Tracee, regs *arch.Regs) {
	if th.clearTF && th.space.arch != arch.ARM64 && regs.R[slotFlags]&flagTF != 0 {
		regs.R[slotFlags] &^= flagTF
		c.SetRegs(regs) // if it fails the task is gone
	}
}

// motion is how a task goes on that is at no breakpoint.
func (e *Engine) motion(th *thread, c event.Tracee) event.Motion {
	sp := th.space
	from := th.from
	if th.from = 0; from == 0 && th.steps == 0 && len(sp.ranges) == 0 || th.over.how == overBoost || sp.arch == nil {
		e.dropTF(th, c)
		return event.MoveFree
	}
	regs, err := c.Regs()
	if err != nil {
		return event.MoveFree
	}
	th.hideTF(c, regs)
	pc := regs.PC()
	if from != 0 && from != pc {
		if th.from = from; th.in.Class != disasm.Syscall {
			return event.MoveStep // the trap that tells so is on its way, and comes first
		}
		e.stepped(th, c, regs) // a system call has been entered
		th.from = 0
	}
	in, steps := sp.ranges.has(pc)
	switch {
	case th.steps > 0 || steps:
	case in && e.runBlock(th, pc):
		e.dropTF(th, c)
		return event.MoveFree
	case !in:
		e.dropTF(th, c)
		return event.MoveFree
	}
	e.before(th, regs)
	switch th.in.Class {
	case disasm.Syscall:
		return event.MoveCall
	case disasm.PopFlags, disasm.IRet:
		th.clearTF = true
	case disasm.PushFlags: // a step would show it the trap flag
		p := &th.over.plan
		if *p, err = step.New(sp.arch, th.in, th.code[:], pc, regs, 0, step.Options{}); err == nil && p.Method == step.Emulate && p.Emulate(regs, user{c}) == nil {
			c.SetRegs(regs) // if it fails the task is gone
			return e.emulated(th, c, regs)
		}
	}
	return event.MoveStep
}

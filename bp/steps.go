package bp

import (
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/event"
)

// A task that comes into a range whose instructions or branches are wanted goes through it by
// steps, or from the end of one block to the end of the next. It comes in by a gate, which is a
// breakpoint: where a function of the range begins, where one that was called from the range
// returns to, and where a signal has broken in.

// span is a piece of a range that a probe is about.
type span struct {
	probe event.Probe
	symbol.Span
}

// ranges is what of a memory is to be traced.
type ranges []span

// findRange notes the range of a probe and plants its gates.
func (e *Engine) findRange(sp *space, p event.Probe) error {
	spans, err := sp.sym.Range(p.Loc)
	if err != nil {
		return err
	}
	sp.ranges = slices.DeleteFunc(sp.ranges, func(s span) bool { return s.probe == p })
	for _, s := range spans {
		sp.ranges = append(sp.ranges, span{p, s})
	}
	if p.Loc == "" {
		return nil
	}
	for _, s := range spans {
		for addr := s.Lo; addr < s.Hi; {
			f, ok := sp.sym.Func(addr)
			if !ok {
				break
			}
			if f.Addr >= s.Lo {
				sp.gate(f.Addr)
			}
			addr = max(addr+1, f.Addr+max(f.Size, 1))
		}
	}
	return nil
}

// gate plants a breakpoint by which tasks come into a range.
func (sp *space) gate(addr uint64) {
	if s, err := sp.plant(addr); err == nil {
		s.gate = true
	}
}

// of lists the probes of a kind that an address is in the range of.
func (r ranges) of(list []event.Probe, k *event.Kind, pc uint64) []event.Probe {
	for i := range r {
		if s := &r[i]; s.probe.Kind == k && s.Lo <= pc && pc < s.Hi {
			list = append(list, s.probe)
		}
	}
	return list
}

// has reports whether an address is in some range, and whether in one that is stepped through.
func (r ranges) has(pc uint64) (in, steps bool) {
	for i := range r {
		if s := &r[i]; s.Lo <= pc && pc < s.Hi {
			in = true
			steps = steps || s.probe.Kind == event.Step
		}
	}
	return in, steps
}

// stepping reports whether the task executes the instruction at an address by itself.
func (th *thread) stepping(pc uint64) bool {
	_, steps := th.space.ranges.has(pc)
	return steps || th.steps > 0
}

// before notes the state in which an instruction is about to be executed.
func (e *Engine) before(th *thread, regs *arch.Regs) {
	th.from, th.regs = regs.PC(), *regs
	th.in = disasm.Inst{}
	if in, err := disasm.Decode(th.space.arch, th.space.readCode(th.code[:], th.from), th.from); err == nil {
		th.in = in
	}
	th.mem = operand{}
	if th.stepping(th.from) {
		th.mem = th.operandOf(regs)
	}
}

// stepped tells of an instruction that was executed.
func (e *Engine) stepped(th *thread, c event.Tracee, regs *arch.Regs) event.Verdict {
	var v event.Verdict
	if th.from == 0 {
		return v
	}
	sp, from, to := th.space, th.from, regs.PC()
	if th.signalled {
		th.signalled = false
		if regs.SP() < th.regs.SP()-signalFrame {
			th.from = 0
			return v // it is in the signal's handler, and has not executed anything
		}
	}
	if th.in.Class == disasm.RepString && to == from {
		return v // an iteration of it
	}
	th.from = 0
	if th.in.Class == disasm.Syscall && sp.arch == arch.AMD64 && th.regs.R[slotFlags]&flagTF == 0 && regs.R[slotR11]&flagTF != 0 {
		regs.R[slotR11] &^= flagTF // the flags that the call leaves there are those of the step
		c.SetRegs(regs)            // if it fails the task is gone
	}
	probes := sp.ranges.of(e.site.Probes[:0], event.Step, from)
	if th.steps > 0 || len(probes) > 0 {
		th.steps = max(th.steps-1, 0)
		e.site = event.Site{Probes: probes, PC: from, Place: sp.lined(sp.sym.Place(from), from), To: to, Insn: th.code[:th.in.Len]}
		e.site.Writes = e.changes(th, regs)
		merge(&v, e.send(th, event.Event{Kind: event.Step}))
	}
	e.branched(th, from, to, &v)
	e.leave(th, regs)
	return v
}

// signalFrame is less than what the kernel puts on a stack for a signal's handler.
const signalFrame = 256

// leave plants the gate by which a task comes back that has left a range.
func (e *Engine) leave(th *thread, regs *arch.Regs) {
	sp, from := th.space, th.regs.PC()
	was, _ := sp.ranges.has(from)
	is, _ := sp.ranges.has(regs.PC())
	if was && !is && isCallClass(th.in.Class) {
		sp.gate(from + uint64(th.in.Len))
	}
}

func isCallClass(c disasm.Class) bool { return c == disasm.Call || c == disasm.IndirectCall }

// brokenInto plants the gate by which a task comes back from the handler of a signal.
func (e *Engine) brokenInto(th *thread, c event.Tracee) {
	if len(th.space.ranges) == 0 {
		return
	}
	if regs, err := c.Regs(); err == nil {
		if in, _ := th.space.ranges.has(regs.PC()); in {
			th.space.gate(regs.PC())
		}
	}
}

// inRseq reports whether an address is within a critical section of rseq(2). Its sections are
// not known: those of libraries are hand-written assembly, where nobody puts breakpoints.
func (sp *space) inRseq(uint64) bool { return false }

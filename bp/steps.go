package bp

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// stepping reports whether a task executes its instructions one by one.
func (th *thread) stepping() bool { return th.steps > 0 }

// stepped tells of an instruction that was executed.
func (e *Engine) stepped(th *thread, c event.Tracee, regs *arch.Regs) event.Verdict {
	var v event.Verdict
	if th.steps == 0 || th.from == 0 {
		return v
	}
	th.steps--
	e.site = event.Site{PC: th.from, Place: th.space.lined(th.space.sym.Place(th.from), th.from), To: regs.PC()}
	th.from = 0
	merge(&v, e.send(th, event.Step))
	return v
}

// inRseq reports whether an address is within a critical section of rseq(2). Its sections are
// not known: those of libraries are hand-written assembly, where nobody puts breakpoints.
func (sp *space) inRseq(uint64) bool { return false }

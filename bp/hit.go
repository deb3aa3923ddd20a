package bp

import (
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// hit tells of a task that has arrived at a breakpoint.
func (e *Engine) hit(th *thread, c event.Tracee, s *spot, regs *arch.Regs) event.Verdict {
	var v event.Verdict
	if s.loader || s.entry {
		s.entry = false
		e.look(th.space) // if it fails the process is gone
	}
	if s.kept {
		e.returned(th, c, s, regs, &v)
	}
	call := e.call(th.space, c, s, regs)
	if call != nil {
		e.args = call.Args(c)
	}
	e.tell(th, s, s.probes, event.Site{}, event.Breakpoint, &v)
	if len(s.enters) > 0 {
		e.entered(th, c, s, regs, call, &v)
	}
	if len(s.usdts) > 0 {
		e.passed(th, c, s, regs, &v)
	}
	e.args = nil
	return v
}

// tell sends an event for those of a place's probes that are of a kind; site is what it has beside
// the place.
func (e *Engine) tell(th *thread, s *spot, probes []event.Probe, site event.Site, k *event.Kind, v *event.Verdict) {
	list := e.site.Probes[:0]
	for _, p := range probes {
		if p.Kind == k {
			list = append(list, p)
		}
	}
	e.site.Probes = list
	if len(list) == 0 {
		return
	}
	site.Probes, site.PC, site.Place = list, s.addr, th.space.placed(s)
	e.site = site
	merge(v, e.send(th, k))
}

// send hands an event with the engine's site to the session.
func (e *Engine) send(th *thread, k *event.Kind) event.Verdict {
	if e.quit {
		return event.Verdict{}
	}
	e.ev = event.Event{Kind: k, Task: th.id, Site: &e.site, IP: e.site.PC, HasIP: true, Args: e.args, Wall: time.Now().UnixNano(), Dur: e.ev.Dur}
	v := e.host.Send(&e.ev)
	e.ev.Dur = 0
	return v
}

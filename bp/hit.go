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
	if site.Probes = e.only(probes, k); len(site.Probes) == 0 {
		return
	}
	site.PC, site.Place = s.addr, th.space.placed(s)
	e.site = site
	merge(v, e.send(th, event.Event{Kind: k}))
}

// only lists the probes of a kind, in the engine's site.
func (e *Engine) only(probes []event.Probe, k *event.Kind) []event.Probe {
	e.site.Probes = e.site.Probes[:0]
	for _, p := range probes {
		if p.Kind == k {
			e.site.Probes = append(e.site.Probes, p)
		}
	}
	return e.site.Probes
}

// send hands an event with the engine's site and arguments to the session.
func (e *Engine) send(th *thread, ev event.Event) event.Verdict {
	if e.quit {
		return event.Verdict{}
	}
	ev.Task, ev.Site, ev.Args, ev.Wall = th.id, &e.site, e.args, time.Now().UnixNano()
	ev.IP, ev.HasIP = e.site.PC, true
	e.ev = ev
	return e.host.Send(&e.ev)
}

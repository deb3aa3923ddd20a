package bp

import (
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/usdt"
	"github.com/gotrace/gotrace/tracer/event"
)

// static is a static probe of a program, at whose place there is a breakpoint.
type static struct {
	probe event.Probe
	point usdt.Point
}

// is reports whether the probe is one of a name, for what a rule has asked for.
func (st *static) is(p event.Probe, name string) bool {
	return st.probe == p && st.point.Probe.String() == name
}

// findStatic plants what tells of static probes. Programs that ask whether somebody watches are
// told.
func (e *Engine) findStatic(sp *space, p event.Probe) error {
	points, err := usdt.Find(sp.sym, p.Loc)
	if err != nil {
		return err
	}
	for _, pt := range points {
		s, err := sp.plant(pt.Addr)
		if err != nil {
			return err
		}
		name := pt.Probe.String()
		if slices.ContainsFunc(s.usdts, func(st static) bool { return st.is(p, name) }) {
			continue
		}
		s.usdts = append(s.usdts, static{p, pt})
		sp.watching(&pt, 1)
	}
	return nil
}

// watching counts the watchers of a probe.
func (sp *space) watching(pt *usdt.Point, by int16) {
	if pt.Semaphore != 0 {
		usdt.Count(spaceMemory{sp}, pt.Semaphore, by) // if it fails the memory is gone
	}
}

// spaceMemory is a space as memory that can be written.
type spaceMemory struct{ sp *space }

func (m spaceMemory) ReadAt(p []byte, addr uint64) (int, error) { return m.sp.read(p, addr) }
func (m spaceMemory) WriteAt(p []byte, addr uint64) (int, error) {
	return len(p), m.sp.write(p, addr)
}

// forgetStatics takes back what nobody wants any more.
func (sp *space) forgetStatics(s *spot, unwanted func(event.Probe) bool) {
	s.usdts = slices.DeleteFunc(s.usdts, func(st static) bool {
		if !unwanted(st.probe) {
			return false
		}
		sp.watching(&st.point, -1)
		return true
	})
}

// passed tells of a task that passes static probes. Several may be at one place; each is an event.
func (e *Engine) passed(th *thread, c event.Tracee, s *spot, regs *arch.Regs, v *event.Verdict) {
	own := *regs
	own.Arch = th.space.arch
	var told []string
	for i := range s.usdts {
		pt := &s.usdts[i].point
		name := pt.Probe.String()
		if slices.Contains(told, name) {
			continue
		}
		told = append(told, name)
		e.site = event.Site{PC: s.addr, Place: th.space.placed(s)}
		for _, st := range s.usdts[i:] {
			if st.is(st.probe, name) {
				e.site.Probes = append(e.site.Probes, st.probe)
			}
		}
		e.args = pt.Args(&own, c)
		merge(v, e.send(th, event.Event{Kind: event.USDT, Name: name}))
	}
}

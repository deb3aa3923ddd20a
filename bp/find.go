package bp

import (
	"errors"
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/tracer/event"
)

// renew makes what is planted in a memory what the rules of its tasks want.
func (e *Engine) renew(sp *space) error {
	if sp.left {
		return nil
	}
	var all []event.Probe
	for _, th := range sp.threads {
		for _, p := range th.wants {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 && len(sp.wants) == 0 {
		return nil
	}
	gone := slices.ContainsFunc(sp.wants, func(p event.Probe) bool { return !slices.Contains(all, p) })
	sp.wants = all
	if gone {
		e.unwant(sp)
	}
	return e.look(sp)
}

// unwant takes back what nobody wants any more.
func (e *Engine) unwant(sp *space) {
	unwanted := func(p event.Probe) bool { return !slices.Contains(sp.wants, p) }
	for _, s := range sp.spots {
		s.probes = slices.DeleteFunc(s.probes, unwanted)
		s.enters = slices.DeleteFunc(s.enters, unwanted)
		sp.forgetStatics(s, unwanted)
		if !s.used() && (len(sp.wants) == 0 || !s.kept) {
			sp.remove(s)
		}
	}
	e.unwatch(sp, unwanted)
	sp.ranges = slices.DeleteFunc(sp.ranges, func(s span) bool { return unwanted(s.probe) })
}

// used reports whether somebody needs the breakpoint.
func (s *spot) used() bool {
	return len(s.probes) > 0 || len(s.enters) > 0 || len(s.usdts) > 0 || s.loader || s.entry || s.gate || s.end || s.rets > 0
}

// look finds in all modules what is wanted and plants it.
func (e *Engine) look(sp *space) error {
	if sp.left {
		return nil
	}
	if err := sp.sym.Refresh(); err != nil {
		return nil // the process is gone
	}
	if sp.arch == nil {
		sp.arch = sp.archOf()
	}
	if sp.arch == nil {
		return nil
	}
	if sp.stale {
		sp.replant()
	}
	sp.drop(func(addr uint64) bool { return sp.sym.Module(addr) == nil && !sp.mapped(addr) })
	e.watchLoader(sp)
	for _, p := range sp.wants {
		e.find(sp, p)
	}
	if e.mapped != nil {
		for _, th := range sp.threads {
			e.mapped(th.id)
		}
	}
	return nil
}

// archOf is the architecture of a process's program.
func (sp *space) archOf() *arch.Arch {
	for _, m := range sp.sym.Modules() {
		if a := symbol.ArchOf(m.File.ELF().Machine); a != nil {
			return a
		}
	}
	return nil
}

// mapped reports whether there is memory at an address.
func (sp *space) mapped(addr uint64) bool {
	var b [1]byte
	n, _ := sp.read(b[:], addr)
	return n == 1
}

// replant writes the breakpoints of a copied memory in which one was lifted.
func (sp *space) replant() {
	sp.stale = false
	for _, s := range sp.spots {
		sp.write(sp.arch.Breakpoint, s.addr) // if it fails the memory is gone
	}
}

// finders say by kind how a probe is looked for.
var finders = map[*event.Kind]func(e *Engine, sp *space, p event.Probe) error{
	event.Breakpoint: (*Engine).findPlace,
	event.Return:     (*Engine).findFunctions,
	event.CallEnter:  (*Engine).findFunctions,
	event.Watch:      (*Engine).findWatch,
	event.Step:       (*Engine).findRange,
	event.Branch:     (*Engine).findRange,
	event.USDT:       (*Engine).findStatic,
}

// find plants one probe, wherever there is something for it by now.
func (e *Engine) find(sp *space, p event.Probe) {
	f := finders[p.Kind]
	if f == nil {
		return
	}
	err := f(e, sp, p)
	if err == nil || errors.Is(err, symbol.ErrNone) {
		e.looked(p, err) // it may come with a library
		return
	}
	e.looked(p, nil)
	e.failed(event.Task{TID: sp.tid}, p, err)
}

func (e *Engine) findPlace(sp *space, p event.Probe) error {
	if p.HW {
		return e.findWatch(sp, p)
	}
	return e.eachPoint(sp, p, func(s *spot) {
		if !slices.Contains(s.probes, p) {
			s.probes = append(s.probes, p)
		}
	})
}

func (e *Engine) findFunctions(sp *space, p event.Probe) error {
	return e.eachPoint(sp, p, func(s *spot) {
		if !slices.Contains(s.enters, p) {
			s.enters = append(s.enters, p)
		}
	})
}

// eachPoint plants a breakpoint at each place that a probe means.
func (e *Engine) eachPoint(sp *space, p event.Probe, use func(*spot)) error {
	loc, err := symbol.ParseLoc(p.Loc)
	if err != nil {
		return err
	}
	points, err := sp.sym.Resolve(loc)
	if err != nil {
		return err
	}
	for _, pt := range points {
		s, err := sp.plant(pt.Addr)
		if err != nil {
			return err
		}
		s.point = pt.Name
		use(s)
	}
	return nil
}

// loaderHook is the function that dynamic loaders call when they have changed the list of what
// is loaded: struct r_debug's r_brk of <link.h>, by the name that glibc and musl give it.
const loaderHook = "_dl_debug_state"

// watchLoader plants what tells of libraries that come and go, and of the moment at which all
// that the program starts with has been relocated.
func (e *Engine) watchLoader(sp *space) {
	if sp.loader || len(sp.wants) == 0 {
		return
	}
	mods := sp.sym.Modules()
	if len(mods) == 0 {
		return
	}
	sp.loader = true
	if points, err := sp.sym.Resolve(symbol.Loc{Name: loaderHook}); err == nil {
		for _, pt := range points {
			if s, err := sp.plant(pt.Addr); err == nil {
				s.loader = true
			}
		}
		main := mods[0]
		if s, err := sp.plant(main.File.ELF().Entry + main.Bias); err == nil {
			s.entry = true
		}
	}
}

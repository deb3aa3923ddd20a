package cmd

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/cmd/probe"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/perf"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// sampler is the source of counters and uprobes, with what it has to know of processes.
type sampler struct {
	*perf.Source
	r      *run
	cache  *symbol.Cache
	spaces map[int32]*processSpace
	wants  map[int32][]event.Probe // what each task's rules want
	said   map[string]bool         // errors, so that each is told once
	lost   uint64
	found  map[string]bool // places that were somewhere
}

// processSpace is the modules of a process, and when they were last looked at.
type processSpace struct {
	*symbol.Space
	tasks  map[int32]bool
	looked time.Time
}

// sampledProbes are those of the rules that a sampler is for.
func (r *run) sampledProbes() []event.Probe {
	return slices.DeleteFunc(r.probes(), func(p event.Probe) bool { return p.Kind != event.Perf && p.Kind != event.Uprobe })
}

// checkSampled reports whether the machine has what rules want to be counted.
func (r *run) checkSampled() error {
	err := perf.Check(r.sampledProbes())
	if err == nil {
		return nil
	}
	return errors.New(perfMessage(err))
}

// perfMessage is why something cannot be counted, with what may help.
func perfMessage(err error) string {
	if e, ok := errors.AsType[*perf.Error](err); ok {
		return hint(err.Error(), e.Hint())
	}
	return err.Error()
}

// sample makes what samples the tasks of a session, where the rules want any.
func (r *run) sample(cfg *tracer.Config) (err error) {
	if len(r.sampledProbes()) == 0 {
		return nil
	}
	cache := symbol.NewCache()
	if r.points != nil {
		cache = r.points.Cache()
	}
	s := &sampler{
		r: r, cache: cache, spaces: make(map[int32]*processSpace), wants: make(map[int32][]event.Probe),
		said: make(map[string]bool), found: make(map[string]bool),
	}
	s.Source, err = perf.New(perf.Config{
		Arch: ptrace.Native, ABIs: tracer.ABIs(ptrace.Native),
		Lost: func(_ event.Task, n uint64) { s.lost += n }, Place: s.place, Locate: s.locate,
	})
	cfg.Sampler = s
	if r.points != nil {
		r.points.OnMapped(s.mapped)
	}
	return err
}

// mapped tells that a task has mapped more of its program: there may be more places.
func (s *sampler) mapped(t event.Task) {
	uprobe := func(p event.Probe) bool { return p.Kind == event.Uprobe }
	if probes := s.wants[t.TID]; slices.ContainsFunc(probes, uprobe) {
		s.Attach(t, probes)
	}
}

// Attach implements tracer.Sampler.
func (s *sampler) Attach(t event.Task, probes []event.Probe) {
	s.wants[t.TID] = probes
	err := s.Source.Attach(t, probes)
	if err == nil || errors.Is(err, unix.ESRCH) {
		return
	}
	if msg := perfMessage(err); !s.said[msg] {
		s.said[msg] = true
		s.r.say("%s", msg)
	}
}

// Exec implements tracer.Sampler.
func (s *sampler) Exec(t event.Task, former int32) {
	s.Source.Exec(t, former)
	delete(s.wants, former)
	delete(s.spaces, t.TGID)
}

// Drop implements tracer.Sampler.
func (s *sampler) Drop(tid int32) {
	s.Source.Drop(tid)
	delete(s.wants, tid)
	for tgid, sp := range s.spaces {
		if delete(sp.tasks, tid); len(sp.tasks) == 0 {
			delete(s.spaces, tgid)
		}
	}
}

// Close implements tracer.Sampler.
func (s *sampler) Close() {
	s.Source.Close()
	for _, p := range s.r.sampledProbes() {
		if loc := strings.TrimSuffix(p.Loc, perf.ReturnSuffix); p.Kind == event.Uprobe && !s.found[loc] {
			s.r.say("%s: there was no such place in any program", probe.Text(p))
		}
	}
	if s.lost > 0 {
		s.r.say("%d events of counters and uprobes were lost: they came faster than they could be shown", s.lost)
	}
}

func (s *sampler) space(t event.Task) *processSpace {
	sp := s.spaces[t.TGID]
	if sp == nil {
		sp = &processSpace{Space: s.cache.Space(int(t.TGID)), tasks: make(map[int32]bool)}
		s.spaces[t.TGID] = sp
	}
	sp.tasks[t.TID] = true
	return sp
}

// unknownPause is how long the modules of a process are not looked at again for an address that
// is in none.
const unknownPause = 10 * time.Millisecond

func (s *sampler) place(t event.Task, addr uint64) event.Place {
	sp := s.space(t)
	if now := time.Now(); sp.Module(addr) == nil && now.Sub(sp.looked) > unknownPause {
		sp.Refresh() // if it fails the process is gone, and what was known stays
		sp.looked = now
	}
	return sp.named(addr)
}

// named is an address by its names, with the source line.
func (sp *processSpace) named(addr uint64) event.Place {
	p := sp.Place(addr)
	if file, line, ok := sp.Line(addr); ok {
		p.File, p.Line = file, line
	}
	return p
}

// locate finds the places of a uprobe. None is there as long as its library is not.
func (s *sampler) locate(t event.Task, text string) ([]perf.Spot, error) {
	loc, err := symbol.ParseLoc(text)
	if err != nil {
		return nil, err
	}
	sp := s.space(t)
	if err := sp.Refresh(); err != nil {
		return nil, unix.ESRCH
	}
	points, err := sp.Resolve(loc)
	if errors.Is(err, symbol.ErrNone) {
		return nil, nil
	}
	var spots []perf.Spot
	for _, pt := range points {
		m := pt.Module
		if m == nil || m.Changed || s.r.points != nil && s.r.points.Planted(t, pt.Addr) {
			continue
		}
		off, ok := m.File.Offset(pt.Addr - m.Bias)
		if !ok {
			continue
		}
		s.found[text] = true
		spots = append(spots, perf.Spot{Addr: pt.Addr, Path: reach(t, m.Path), Off: off, Place: sp.named(pt.Addr)})
	}
	return spots, err
}

// reach is a path by which this process has a file that another has mapped as path.
func reach(t event.Task, path string) string {
	theirs := "/proc/" + strconv.Itoa(int(t.TGID)) + "/root" + path
	a, err := os.Stat(theirs)
	if b, e := os.Stat(path); err != nil || e == nil && os.SameFile(a, b) {
		return path
	}
	return theirs
}

package bp

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/tracer/event"
)

// watches are the debug registers of a memory's tasks, which all have the same.
type watches struct {
	version int // grows with each change; 0: nothing has ever been watched
	slots   [4]watch
}

// watch is one debug register.
type watch struct {
	used  bool
	probe event.Probe
	addr  uint64
	size  int
	old   [8]byte
}

// Errors of watchpoints.
var (
	errWatchArch = errors.New("watchpoints are for amd64 and i386 only")
	errWatchSize = errors.New("a watchpoint needs a length: the size of the object is not known")
)

// findWatch gives a probe the debug registers that it needs: pieces of 1, 2, 4 or 8 bytes, aligned.
func (e *Engine) findWatch(sp *space, p event.Probe) error {
	if sp.arch == arch.ARM64 {
		return errWatchArch
	}
	if slices.ContainsFunc(sp.watches.slots[:], func(w watch) bool { return w.used && w.probe == p }) {
		return nil
	}
	at, size, err := sp.object(p)
	if err != nil {
		return err
	}
	var pieces []watch
	for size > 0 {
		n := uint64(8)
		if sp.arch.PtrSize == 4 {
			n = 4
		}
		for n > size || at%n != 0 {
			n /= 2
		}
		pieces = append(pieces, watch{used: true, probe: p, addr: at, size: int(n)})
		at, size = at+n, size-n
		if len(pieces) > len(sp.watches.slots) {
			break
		}
	}
	return e.useSlots(sp, pieces)
}

// object is the memory, or for an execution breakpoint the instruction, that a probe means.
func (sp *space) object(p event.Probe) (addr, size uint64, err error) {
	loc, err := symbol.ParseLoc(p.Loc)
	if err != nil {
		return 0, 0, err
	}
	if p.HW {
		points, err := sp.sym.Resolve(loc)
		if err != nil {
			return 0, 0, err
		}
		return points[0].Addr, 1, nil
	}
	size = p.Len
	if loc.HasAddr && loc.Module == "" {
		addr = loc.Addr
	} else {
		objs, err := sp.sym.Object(loc)
		if err != nil {
			return 0, 0, err
		}
		addr = objs[0].Addr + loc.Off
		if size == 0 {
			size = objs[0].Size
		}
	}
	if size == 0 {
		return 0, 0, errWatchSize
	}
	return addr, size, nil
}

// useSlots puts pieces into free debug registers.
func (e *Engine) useSlots(sp *space, pieces []watch) error {
	slots := sp.watches.slots
	for _, w := range pieces {
		i := slices.IndexFunc(slots[:], func(s watch) bool { return !s.used })
		if i < 0 {
			return sp.full(len(pieces))
		}
		sp.read(w.old[:w.size], w.addr) // what cannot be read is not known
		slots[i] = w
	}
	sp.watches.slots = slots
	e.changed(sp)
	return nil
}

// full says who has the debug registers.
func (sp *space) full(n int) error {
	var who []string
	for _, w := range sp.watches.slots {
		if w.used {
			who = append(who, fmt.Sprintf("%s of %d bytes at %#x", w.probe.Loc, w.size, w.addr))
		}
	}
	if len(who) == 0 {
		return fmt.Errorf("the CPU has %d debug registers, of 8 bytes each at most, and this needs more", len(sp.watches.slots))
	}
	return fmt.Errorf("the CPU has %d debug registers, and this needs %d more: %s", len(sp.watches.slots), n, strings.Join(who, ", "))
}

// changed makes all tasks of a memory get their debug registers anew.
func (e *Engine) changed(sp *space) {
	sp.watches.version++
	for _, th := range sp.threads {
		if th.running {
			e.host.Interrupt(th.id)
		}
	}
}

// unwatch frees the debug registers of probes that are not wanted any more.
func (e *Engine) unwatch(sp *space, unwanted func(event.Probe) bool) {
	free := false
	for i := range sp.watches.slots {
		if w := &sp.watches.slots[i]; w.used && unwanted(w.probe) {
			*w, free = watch{}, true
		}
	}
	if free {
		e.changed(sp)
	}
}

// lenBits are LEN of DR7 by size; Intel SDM, volume 3, 18.2.4.
var lenBits = map[int]uint64{1: 0, 2: 1, 4: 3, 8: 2}

// DR7 is the control register for the watches.
func (w *watches) DR7() uint64 {
	var v uint64
	for i, s := range w.slots {
		if !s.used {
			continue
		}
		use := uint64(1) // writes
		switch {
		case s.probe.HW:
			use = 0
		case s.probe.Access&event.Read != 0:
			use = 3
		}
		v |= 1<<(2*i) | (use|lenBits[s.size]<<2)<<(16+4*i)
	}
	return v
}

// applyDebug gives a task the debug registers of its memory.
func (e *Engine) applyDebug(th *thread, c event.Tracee) {
	w := &th.space.watches
	if th.debug == w.version {
		return
	}
	th.debug = w.version
	err := c.SetDebug(7, 0)
	for i := range w.slots {
		if err == nil && w.slots[i].used {
			err = c.SetDebug(i, w.slots[i].addr)
		}
	}
	if v := w.DR7(); err == nil && v != 0 {
		err = c.SetDebug(7, v)
	}
	if err != nil {
		for _, s := range w.slots {
			if s.used {
				e.failed(th.id, s.probe, err)
			}
		}
	}
}

// clearDebug frees the debug registers of a task that is let go.
func (e *Engine) clearDebug(th *thread, c event.Tracee) {
	if th.debug > 0 {
		c.SetDebug(7, 0) // if it fails the task is gone
		th.debug = 0
	}
}

// fired tells of the debug registers that have stopped a task.
func (e *Engine) fired(th *thread, c event.Tracee) (v event.Verdict, any bool) {
	if th.debug == 0 {
		return v, false
	}
	dr6, err := c.Debug(6)
	if err != nil || dr6&15 == 0 {
		return v, false
	}
	c.SetDebug(6, 0) // if it fails the task is gone
	regs, err := c.Regs()
	if err != nil {
		return v, true
	}
	w := &th.space.watches
	var done event.Probe
	for i := range w.slots {
		s := &w.slots[i]
		if dr6>>i&1 == 0 || !s.used || s.probe == done {
			continue
		}
		done = s.probe // one access may fire several of its registers
		merge(&v, e.access(th, s, regs))
	}
	return v, true
}

// access tells of one debug register.
func (e *Engine) access(th *thread, s *watch, regs *arch.Regs) event.Verdict {
	pc := regs.PC()
	e.site.Probes = append(e.site.Probes[:0], s.probe)
	source := pc
	if !s.probe.HW {
		source-- // the line is that of the instruction which did it
	}
	e.site = event.Site{Probes: e.site.Probes, PC: pc, Place: th.space.lined(th.space.sym.Place(pc), source)}
	if s.probe.HW {
		return e.send(th, event.Event{Kind: event.Breakpoint})
	}
	n := s.size
	now := make([]byte, n)
	th.space.read(now, s.addr) // what cannot be read is shown as zeros
	e.site.Addr, e.site.Old, e.site.New = s.addr, slices.Clone(s.old[:n]), now
	copy(s.old[:], now)
	if s.probe.Access == event.Read && string(e.site.Old) != string(now) {
		return event.Verdict{} // the CPU cannot tell reads alone
	}
	return e.send(th, event.Event{Kind: event.Watch})
}

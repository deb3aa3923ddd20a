package bp

import (
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/proto"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/event"
)

// Options is what an Engine is given.
type Options struct {
	Cache *symbol.Cache
	// Values says how arguments and results are made.
	Values proto.Options
	// Plain leaves arguments out, and shows results as numbers: nobody looks at them.
	Plain bool
	// Failed is told of what cannot be planted, or not as it was asked for; it may be nil.
	Failed func(t event.Task, p event.Probe, err error)
}

// Engine is a source of stops, a tracer.StopReader. Its methods must be called on its session's
// thread.
type Engine struct {
	opts    Options
	host    event.Host
	threads map[int32]*thread
	quit    bool
	missing []Missing
	mapped  func(event.Task)

	ev    event.Event
	site  event.Site
	diffs []event.Change
	args  []event.Value // of the function that is being told of
}

// New makes an engine.
func New(o Options) *Engine {
	if o.Cache == nil {
		o.Cache = symbol.NewCache()
	}
	return &Engine{opts: o, threads: make(map[int32]*thread)}
}

// thread is one traced task.
type thread struct {
	id        event.Task
	space     *space
	wants     []event.Probe
	running   bool
	parked    bool  // waits until a step in place is over
	at        *spot // where it has hit a breakpoint whose instruction it has not executed yet
	over      over
	frames    []frame
	late      []lateSignal // put off until an instruction has been executed
	steps     int          // instructions to be told of, still
	from      uint64       // the instruction that is being stepped
	regs      arch.Regs    // before it
	in        disasm.Inst
	code      [disasm.MaxLen]byte
	mem       operand
	signalled bool // a signal is delivered to it where it is
	depth     int  // of calls, in a trace of branches
	clearTF   bool // a popf was stepped: the trap flag may be the tracer's
	debug     int  // the version of debug registers that it has
}

// Start implements tracer.StopReader.
func (e *Engine) Start(h event.Host) { e.host = h }

// Begin implements tracer.StopReader.
func (e *Engine) Begin(t, parent event.Task, shares bool) {
	th := &thread{id: t}
	e.threads[t.TID] = th
	p := e.threads[parent.TID]
	switch {
	case p == nil:
		th.space = e.spaceOf(t)
	case shares:
		th.space = p.space
	default:
		th.space = p.space.copy(e.opts.Cache, t.TID)
		th.frames = slices.Clone(p.frames)
		th.at = th.space.same(p.at)
	}
	th.space.threads[t.TID] = th
}

// spaceOf is the memory of a task whose parent is not known: that of another thread, or new.
func (e *Engine) spaceOf(t event.Task) *space {
	for _, o := range e.threads {
		if o.id.TGID == t.TGID && o.space != nil {
			return o.space
		}
	}
	return e.newSpace(t.TID)
}

// Exec implements tracer.StopReader.
func (e *Engine) Exec(t event.Task, former int32, c event.Tracee) {
	th := e.threads[former]
	if th == nil {
		th = &thread{}
	}
	delete(e.threads, former)
	if sp := th.space; sp != nil {
		delete(sp.threads, former)
		e.thaw(sp, th)
		sp.close()
	}
	*th = thread{id: t, space: e.newSpace(t.TID)}
	th.space.threads[t.TID] = th
	e.threads[t.TID] = th
}

// Gone implements tracer.StopReader.
func (e *Engine) Gone(t event.Task) {
	th := e.threads[t.TID]
	if th == nil || th.id != t {
		return
	}
	delete(e.threads, t.TID)
	sp := th.space
	delete(sp.threads, t.TID)
	e.thaw(sp, th)
	e.allStopped(sp)
	sp.close()
}

// Wants implements tracer.StopReader.
func (e *Engine) Wants(c event.Tracee, probes []event.Probe) error {
	th := e.threads[c.ID().TID]
	if th == nil || e.quit {
		return nil
	}
	fresh := th.space.fresh
	th.space.fresh = false
	if !fresh && slices.Equal(th.wants, probes) {
		return nil
	}
	th.wants = probes
	return e.renew(th.space)
}

// Leave implements tracer.StopReader. Where other tasks with the same memory stay, what is
// planted there would kill the one that leaves: it is taken back for all.
func (e *Engine) Leave(c event.Tracee) {
	th := e.threads[c.ID().TID]
	if th == nil {
		return
	}
	e.abandon(th, c)
	th.space.clear()
	e.clearDebug(th, c)
}

// Quit implements tracer.StopReader.
func (e *Engine) Quit() {
	e.quit = true
	for _, th := range e.threads {
		th.space.clear()
	}
}

// Unpatch implements tracer.StopReader.
func (e *Engine) Unpatch(t event.Task, p []byte, addr uint64) {
	if th := e.threads[t.TID]; th != nil {
		th.space.unpatch(p, addr)
	}
}

// Missing is a probe for which nothing was found, and why.
type Missing struct {
	Probe event.Probe
	Err   error

	found bool
}

// Missing are the probes for which nothing was found in any program.
func (e *Engine) Missing() []Missing {
	return slices.DeleteFunc(slices.Clone(e.missing), func(m Missing) bool { return m.found })
}

// Cache is the files that the engine has opened.
func (e *Engine) Cache() *symbol.Cache { return e.opts.Cache }

// OnMapped has f told of the tasks of a process in whose modules places have been looked for: when
// these have changed, and before more of the program runs.
func (e *Engine) OnMapped(f func(t event.Task)) { e.mapped = f }

// Planted reports whether there is a breakpoint at an address of a task.
func (e *Engine) Planted(t event.Task, addr uint64) bool {
	th := e.threads[t.TID]
	return th != nil && th.space.spots[addr] != nil
}

// looked notes what looking for a probe gave.
func (e *Engine) looked(p event.Probe, err error) {
	i := slices.IndexFunc(e.missing, func(m Missing) bool { return m.Probe == p })
	if i < 0 {
		i = len(e.missing)
		e.missing = append(e.missing, Missing{Probe: p})
	}
	m := &e.missing[i]
	m.Err, m.found = err, m.found || err == nil
}

func (e *Engine) failed(t event.Task, p event.Probe, err error) {
	if e.opts.Failed != nil && err != nil {
		e.opts.Failed(t, p, err)
	}
}

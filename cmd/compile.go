package cmd

import (
	"path/filepath"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// groups puts the rules that the options stand for into groups: one, of all tasks or of
// those that -e exec= admits.
func (r *run) groups(u *filter.Universe) []*follow.Group {
	q := r.o.Filter
	g := &follow.Group{Name: "all", Needs: r.needs(u)}
	if len(q.Exec) > 0 {
		g.Name = filter.ExecGroup
		g.Admit.Exec = func(names []string) (match, keep bool) { return matchExec(q.Exec, names) }
	}
	show := follow.ActionFunc(r.show)
	calls := &follow.Rule{
		Name: "trace", On: []*event.Kind{event.SyscallEnter, event.SyscallExit},
		Entry: r.pathCondition(), Do: []follow.Action{show},
	}
	if g.Needs.ExitOnly {
		status := q.Status
		if r.o.Summary != SummaryNone {
			status = filter.AllStatuses // summaries count calls however they end
		}
		calls.Where = func(ev *event.Event) bool { return statusHas(status, ev) }
	}
	signals := &follow.Rule{
		Name: "signal", On: []*event.Kind{event.Signal, event.GroupStop}, Do: []follow.Action{show},
		Where: func(ev *event.Event) bool { return q.Signals.Has(int(ev.Num)) },
	}
	life := &follow.Rule{
		Name: "life", Do: []follow.Action{show},
		On: []*event.Kind{event.Exit, event.Killed, event.Superseded, event.Personality},
		// The signal that kills is shown like one that is delivered.
		Where: func(ev *event.Event) bool { return ev.Kind != event.Killed || q.Signals.Has(int(ev.Num)) },
	}
	g.Rules = []*follow.Rule{calls, signals, life}
	if len(q.Injections) > 0 {
		r.tamper = tamper(u, q)
		r.tamper.Where = calls.Entry
		g.Needs.Tamper = r.tamper.Calls()
	}
	return []*follow.Group{g}
}

// needs is what the rules want the kernel to report.
func (r *run) needs(u *filter.Universe) event.Needs {
	q := r.o.Filter
	n := event.Needs{
		Syscalls: !q.Trace.Empty(),
		Calls:    callSet(u, q.Trace),
		Abbrev:   callSet(u, q.Abbrev),
		Verbose:  callSet(u, q.Verbose),
		Raw:      callSet(u, q.Raw),
		Signals:  true,
		ExitOnly: q.Status != filter.AllStatuses || r.o.Summary == SummaryOnly,
	}
	if r.o.Summary == SummaryOnly {
		n.Raw = callSet(u, filter.AllSyscalls(u)) // nobody sees the arguments
	}
	// A call without a name is in no set and always shown.
	for _, set := range []*event.CallSet{&n.Calls, &n.Abbrev, &n.Verbose} {
		addUnnamed(u, set)
	}
	if !q.Read.Empty() || !q.Write.Empty() {
		n.Dump = func(_ event.Task, fd int32) (read, write bool) {
			return q.Read.Has(int(fd)), q.Write.Has(int(fd))
		}
	}
	return n
}

// show is the print action.
func (r *run) show(c *follow.Context) (event.Verdict, error) {
	if r.o.Filter.DecodePIDs.Has(filter.PIDComm) {
		r.nameTask(c.Event)
	}
	return event.Verdict{}, r.out.Write(c.Event, r.engine.Len())
}

// nameTask gives an event its task's command name, the last known where the task is gone.
func (r *run) nameTask(ev *event.Event) {
	tid := ev.Task.TID
	name, ok := r.namer.Comm(r.comm[:0], tid)
	r.comm = name
	switch {
	case !ok:
		name = append(name, r.comms[tid]...)
	case r.comms[tid] != string(name):
		if r.comms == nil {
			r.comms = make(map[int32]string)
		}
		r.comms[tid] = string(name)
	}
	if ev.Kind == event.Exit || ev.Kind == event.Killed {
		delete(r.comms, tid)
	}
	ev.Comm = name
}

// matchExec matches the names that a program is known by with the patterns of -e exec=.
func matchExec(pats []filter.ExecPattern, names []string) (match, keep bool) {
	for _, p := range pats {
		for _, n := range names {
			if p.Match(n) {
				match = true
				keep = keep || p.Keep
			}
		}
	}
	return match, keep
}

// addUnnamed puts in a set the numbers that are no call's.
func addUnnamed(u *filter.Universe, c *event.CallSet) {
	c.Rest = true
	for i, a := range u.ABIs {
		for nr := range filter.SocketcallBase {
			if nr >= len(a.Names) || a.Names[nr] == "" {
				c.Add(i, uint64(nr))
			}
		}
	}
}

// pathCondition is the condition that -P and -e trace-fds= put on calls; nil: none.
func (r *run) pathCondition() func(*event.Event) bool {
	fds := r.o.Filter.TraceFDs
	if len(r.o.TracePaths) == 0 && fds == nil {
		return nil
	}
	p := &follow.PathSet{Paths: make(map[string]bool), PathOf: r.namer.Path}
	for _, name := range r.o.TracePaths {
		p.Paths[name] = true
		real, err := filepath.EvalSymlinks(name)
		if err != nil || name == "" {
			continue
		}
		if real, err = filepath.Abs(real); err == nil && real != name {
			if !r.quiet(filter.QuietPathResolution) {
				r.say("Requested path \"%s\" resolved into \"%s\"", name, real)
			}
			p.Paths[real] = true
		}
	}
	if fds != nil {
		p.FD = func(fd int32) bool { return fds.Has(int(fd)) }
	}
	return p.Match
}

// statusHas reports whether -e status= lets a call through at its exit.
func statusHas(s filter.Status, ev *event.Event) bool {
	switch {
	case ev.Kind == event.SyscallEnter:
		return false
	case ev.Sys.Detached:
		return s.Has(filter.Detached)
	case ev.Sys.NoReturn:
		return s.Has(filter.Unfinished)
	case ev.Sys.Errno >= 512:
		return s.Has(filter.Unavailable)
	case ev.Sys.Errno != 0:
		return s.Has(filter.Failed)
	}
	return s.Has(filter.Successful)
}

// callSet makes the engine's form of a set.
func callSet(u *filter.Universe, s *filter.SyscallSet) event.CallSet {
	var c event.CallSet
	for i := range u.ABIs {
		for _, nr := range s.Numbers(i) {
			c.Add(i, uint64(nr))
		}
	}
	return c
}

// tamper makes the engine's form of -e inject= and -e fault=. They act on traced calls only.
func tamper(u *filter.Universe, q *filter.Qualifiers) *follow.Tamper {
	t := follow.NewTamper()
	for i := range q.Injections {
		in := &q.Injections[i]
		t.Add(callSet(u, in.Set.Intersect(q.Trace)), in.When, event.Injection{
			Errno: in.Errno, Retval: in.Retval, Signal: in.Signal, Syscall: in.Syscall,
			DelayEnter: in.DelayEnter, DelayExit: in.DelayExit,
			PokeEnter: pokes(in.PokeEnter), PokeExit: pokes(in.PokeExit),
		})
	}
	return t
}

func pokes(ps []filter.Poke) []event.Poke {
	var out []event.Poke
	for _, p := range ps {
		out = append(out, event.Poke{Arg: p.Arg - 1, Data: p.Data})
	}
	return out
}

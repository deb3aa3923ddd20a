package cmd

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/cmd/probe"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// compile makes the engine of the rules that the options stand for, and of those in the rule
// language.
func (r *run) compile() error {
	for _, command := range r.o.Plugins {
		if err := r.plugins.start(command, r.say); err != nil {
			return err
		}
	}
	_, err := r.link()
	return err
}

// link makes the engine of all rules, and says what the paths of -P were taken for.
func (r *run) link() (*filter.Rules, error) {
	rules, reg, err := r.rules()
	if err != nil {
		return nil, err
	}
	r.tellPaths()
	r.engine, err = follow.New(rules, reg)
	return rules, err
}

// rules reads and checks all rules.
func (r *run) rules() (*filter.Rules, *follow.Registry, error) {
	q := r.o.Filter
	reg := r.registry()
	schema := reg.Schema(q.Universe())
	opts := filter.StraceOptions{Paths: r.tracePaths(), DetachOnExec: r.o.DetachOnExecve, Show: "print", Calls: "print"}
	switch r.o.Summary {
	case SummaryOnly:
		opts.Calls, opts.Count = "", "summary"
	case SummaryAlso:
		opts.Count = "summary"
	}
	rules, err := q.Rules(schema, opts)
	if err != nil {
		return nil, nil, err
	}
	sources := r.plugins.sources()
	own, err := filter.Parse(append(sources, q.Sources...), schema)
	if err != nil {
		return nil, nil, err
	}
	if err := showSteps(own, schema); err != nil {
		return nil, nil, err
	}
	if n := len(rules.Groups); n > 0 {
		// -e exec= is about all that is traced.
		for _, rule := range own.Rules {
			if rule.In == "" {
				rule.In = rules.Groups[n-1].Name
			}
		}
	}
	for _, g := range own.Groups {
		if slices.ContainsFunc(rules.Groups, func(o *filter.Group) bool { return o.Name == g.Name }) {
			return nil, nil, plainf("'%s' is a group of -e exec=: choose another name", g.Name)
		}
	}
	rules.Groups = append(rules.Groups, own.Groups...)
	// What plugins ask for goes before all others. Sources are read in order.
	n := 0
	for n < len(own.Rules) && slices.ContainsFunc(sources, func(s filter.Source) bool { return s.Name == own.Rules[n].At.Source }) {
		n++
	}
	rules.Rules = slices.Concat(own.Rules[:n], rules.Rules, own.Rules[n:])
	return rules, reg, nil
}

// showSteps adds that the instructions which the action step executes are shown, unless some rule
// says what is done at them.
func showSteps(rules *filter.Rules, schema *filter.Schema) error {
	steps := false
	for _, r := range rules.Rules {
		if slices.ContainsFunc(r.On, func(o filter.On) bool { return o.Event.Name == probe.Stepped }) {
			return nil
		}
		steps = steps || slices.ContainsFunc(r.Do, func(a filter.Action) bool { return a.Spec.Name == "step" })
	}
	if !steps {
		return nil
	}
	more, err := filter.Parse([]filter.Source{{Name: "step", Text: "on " + probe.Stepped}}, schema)
	if err != nil {
		return err
	}
	rules.Rules = append(rules.Rules, more.Rules...)
	return nil
}

// registry is what rules may name here.
func (r *run) registry() *follow.Registry {
	reg := follow.Builtin()
	reg.ABIs, reg.Arch = tracer.ABIs(ptrace.Native), ptrace.Native
	reg.Decl = func(abi int, name string) event.Decl {
		if nr, ok := reg.ABIs[abi].SyscallNr(name); ok {
			return r.decoders().Lookup(reg.ABIs[abi], uint64(nr))
		}
		return nil
	}
	consts := sync.OnceValue(func() decode.Consts { return decode.NewConsts(ptrace.Native) })
	reg.Const = func(name string) (int64, bool) {
		if n, ok := arch.SignalByName(name); ok && strings.HasPrefix(name, "SIG") {
			return int64(n), true
		}
		if n, ok := arch.ErrnoByName(name); ok {
			return int64(n), true
		}
		n, ok := consts()[name]
		return n, ok
	}
	reg.Consts = func() []string { return constNames(consts()) }
	if r.namer != nil {
		reg.Tasks = r.namer
	}
	reg.Kinds = append(reg.Kinds, probe.Kinds()...)
	reg.Actions = append(reg.Actions, r.actions()...)
	reg.Warn = func(msg string) { r.say("%s", msg) }
	if len(r.plugins.running) > 0 {
		reg.Actions = append(reg.Actions, r.plugins.actions(r.show)...)
	}
	reg.Base = r.needs()
	return reg
}

// constNames lists the constants that rules may name.
func constNames(consts decode.Consts) []string {
	names := consts.Names()
	for n := 1; n < arch.NSIG; n++ {
		names = append(names, arch.SignalName(n))
	}
	for n := range 4096 {
		if name := arch.ErrnoName(n); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// decoders is the table of calls' declarations.
func (r *run) decoders() *decode.Table {
	if r.table == nil {
		r.table = decode.New(tracer.ABIs(ptrace.Native)...)
	}
	return r.table
}

// needs is what is needed of every traced task beside what its rules call for.
func (r *run) needs() event.Needs {
	q, abis := r.o.Filter, tracer.ABIs(ptrace.Native)
	n := event.Needs{
		// A call without a name is in no set and always shown.
		Abbrev:  follow.CallSet(abis, q.Abbrev, true),
		Verbose: follow.CallSet(abis, q.Verbose, true),
		Raw:     follow.CallSet(abis, q.Raw, false),
	}
	if r.o.Summary == SummaryOnly && len(q.Sources)+len(r.plugins.running) == 0 && len(r.o.TracePaths) == 0 && q.TraceFDs == nil && len(q.Where) == 0 {
		n.Raw = follow.CallSet(abis, filter.AllSyscalls(q.Universe()), false) // nobody sees the arguments
	}
	if !q.Read.Empty() || !q.Write.Empty() {
		n.Dump = func(_ event.Task, fd int32) (read, write bool) {
			return q.Read.Has(int(fd)), q.Write.Has(int(fd))
		}
	}
	return n
}

// nameTask gives an event its task's command name, the last known where the task is gone.
func (r *run) nameTask(ev *event.Event) {
	tid := ev.Task.TID
	name, ok := r.namer.Comm(r.comm[:0], tid)
	if old, known := r.comms[tid]; known && ev.Kind == event.Superseded {
		// The id has the new program's name already; what is told is the end of the old one.
		r.comm = append(name[:0], old...)
		ev.Comm = r.comm
		return
	}
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

// tracePaths are the paths of -P, each also as it resolves.
func (r *run) tracePaths() []string {
	var paths []string
	for _, name := range r.o.TracePaths {
		paths = append(paths, name)
		if real := resolved(name); real != name {
			paths = append(paths, real)
		}
	}
	return paths
}

// tellPaths says what the paths of -P resolve to.
func (r *run) tellPaths() {
	if r.quiet(filter.QuietPathResolution) {
		return
	}
	for _, name := range r.o.TracePaths {
		if real := resolved(name); real != name {
			r.say("Requested path \"%s\" resolved into \"%s\"", name, real)
		}
	}
}

// resolved is a path without links, or itself where there is nothing.
func resolved(name string) string {
	real, err := filepath.EvalSymlinks(name)
	if err != nil || name == "" {
		return name
	}
	if real, err = filepath.Abs(real); err != nil {
		return name
	}
	return real
}

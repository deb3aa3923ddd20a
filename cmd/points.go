package cmd

import (
	"slices"

	"github.com/gotrace/gotrace/bp"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/event"
)

// probes are what the rules want to be told of in programs.
func (r *run) probes() []event.Probe {
	var all []event.Probe
	for _, rule := range r.engine.Rules() {
		for _, p := range r.engine.Want(rule).Probes {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// steps reports whether a rule makes tasks execute instructions one by one.
func (r *run) steps() bool {
	for _, rule := range r.engine.Rules() {
		if slices.ContainsFunc(rule.Spec.Do, func(a filter.Action) bool { return a.Spec.Name == "step" }) {
			return true
		}
	}
	return false
}

// plantable are the kinds that package bp makes.
var plantable = []*event.Kind{event.Breakpoint, event.Return, event.Watch, event.Step, event.Branch, event.CallEnter, event.USDT}

// reader makes what plants breakpoints, where the rules want any.
func (r *run) reader(cfg *tracer.Config) {
	all := r.probes()
	if !r.steps() && !slices.ContainsFunc(all, func(p event.Probe) bool { return slices.Contains(plantable, p.Kind) }) {
		return
	}
	r.points = bp.New(bp.Options{
		Cache:  symbol.NewCache(),
		Failed: func(_ event.Task, p event.Probe, err error) { r.say("%s(%s): %v", kindName(p.Kind), p.Loc, err) },
	})
	cfg.Reader = r.points
}

// kindName is what rules call a kind.
func kindName(k *event.Kind) string {
	if k == event.CallEnter {
		return "call"
	}
	return k.Name
}

// tellMissing says for which probes nothing was found.
func (r *run) tellMissing() {
	if r.points == nil {
		return
	}
	for _, m := range r.points.Missing() {
		r.say("%s(%s): %v", kindName(m.Probe.Kind), m.Probe.Loc, m.Err)
	}
}

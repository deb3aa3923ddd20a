package cmd

import (
	"slices"

	"github.com/gotrace/gotrace/bp"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/cmd/probe"
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
		Failed: r.notPlanted,
	})
	cfg.Reader = r.points
}

// notPlanted says once, of each probe, why it cannot be planted.
func (r *run) notPlanted(_ event.Task, p event.Probe, err error) {
	if !slices.Contains(r.refused, p) {
		r.refused = append(r.refused, p)
		r.say("%s: %v", probe.Text(p), err)
	}
}

// tellMissing says for which probes nothing was found.
func (r *run) tellMissing() {
	if r.points == nil {
		return
	}
	for _, m := range r.points.Missing() {
		r.say("%s: %v", probe.Text(m.Probe), m.Err)
	}
}

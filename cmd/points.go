package cmd

import (
	"slices"

	"github.com/gotrace/gotrace/bp"
	"github.com/gotrace/gotrace/bp/proto"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/cmd/probe"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
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

// values reports whether a rule looks at the arguments or the result of a function.
func (r *run) values() bool {
	for _, rule := range r.engine.Rules() {
		if len(r.engine.Want(rule).Probes) == 0 {
			continue
		}
		looks := func(a filter.Action) bool { return a.Spec.Name != "count" || len(a.Args) > 0 }
		if do := rule.Spec.Do; rule.Spec.Where != nil || len(do) == 0 || slices.ContainsFunc(do, looks) {
			return true
		}
	}
	return false
}

// plantable are the kinds that package bp makes, or is needed for: it tells when places of
// uprobes are mapped.
var plantable = []*event.Kind{event.Breakpoint, event.Return, event.Watch, event.Step, event.Branch, event.CallEnter, event.USDT, event.Uprobe}

// reader makes what plants breakpoints, where the rules want any.
func (r *run) reader(cfg *tracer.Config) {
	all := r.probes()
	if !r.steps() && !slices.ContainsFunc(all, func(p event.Probe) bool { return slices.Contains(plantable, p.Kind) }) {
		return
	}
	values := proto.Options{StrLen: r.o.StringLimit, Tables: decode.Constants}
	if values.StrLen == 0 {
		values.StrLen = -1
	}
	r.points = bp.New(bp.Options{
		Values: values,
		Plain:  !r.values(),
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

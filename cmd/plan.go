package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// plan chooses how the kernel reports what the rules want, and returns that, too.
func (r *run) plan() (*tracer.Plan, []event.Want) {
	o := r.o
	c := tracer.Circumstances{
		Follow:    o.Follow || r.engine.Follows(),
		Launched:  len(o.Command) > 0,
		Attached:  len(o.PIDs)+len(o.PIDNames) > 0,
		Daemon:    o.Daemonize > 0,
		Numbers:   o.PrintNumber,
		Selective: r.engine.Selective(),
		Outlives:  o.KillOnExit || o.SeccompBPF || r.interruptible() >= InterruptNever,
	}
	var wants []event.Want
	for _, rule := range r.engine.Rules() {
		w := r.engine.Want(rule)
		for i := range rule.Spec.Do {
			do := &rule.Spec.Do[i]
			w.LetsGo = w.LetsGo || do.Spec.Name == "detach" || do.Spec.Name == "quit"
			w.Signals = w.Signals || injectsSignal(do)
		}
		wants = append(wants, w)
	}
	return tracer.MakePlan(c, wants, tracer.ABIs(ptrace.Native)), wants
}

// injectsSignal reports whether an action passes a signal on at the entry of a call.
func injectsSignal(do *filter.Action) bool {
	return do.Spec.Name == "inject" && slices.ContainsFunc(do.Args, func(a filter.Arg) bool { return a.Name == "signal" })
}

// explain writes the rules that the options stand for and, as comments, how the kernel would
// report what each wants. Without a program, it is as if one were launched.
func explain(w io.Writer, o *Options) error {
	if len(o.Command)+len(o.PIDs)+len(o.PIDNames) == 0 {
		launched := *o
		launched.Command = []string{"PROG"}
		o = &launched
	}
	r := &run{o: o}
	rules, err := r.link()
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, g := range rules.Groups {
		fmt.Fprintln(&b, g)
	}
	plan, wants := r.plan()
	for i, rule := range r.engine.Rules() {
		fmt.Fprintln(&b, rule.Spec)
		m := plan.Mechanism(&wants[i])
		for _, line := range m.Lines() {
			fmt.Fprintln(&b, "    # "+line)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

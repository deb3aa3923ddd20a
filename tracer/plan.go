package tracer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Circumstances are what decides, beside the rules, how tasks may be watched.
type Circumstances struct {
	Follow    bool // new tasks are traced too
	Launched  bool // the session begins with a program of its own
	Attached  bool // and with tasks that run already
	Daemon    bool // the program is the tracer's parent
	Selective bool // a task may belong to no group: it runs without stops then
	Numbers   bool // every line has the number of the last call, wanted or not
	// Outlives: the tracer does not end before the tracees, or they are killed with it.
	Outlives bool
}

// Plan is the choice of mechanisms for rules.
type Plan struct {
	Seccomp *SeccompPlan // nil: no filter
	// Why says in words what forbids a filter, "" if nothing does.
	Why string

	abis    []*arch.ABI
	calls   bool            // some system call is wanted
	dropped map[string]bool // conditions that the filter has no room for, by their keys
}

// Mechanism is how the kernel reports what one rule wants.
type Mechanism struct {
	How    string // the stops that are made
	Pushed string // what the kernel decides by itself; "": nothing
	// Call is how often a task stops at a system call that the rule may be about, and
	// Other at one that no rule is about.
	Call, Other int
	Why         string // why nothing cheaper will do; "": there is nothing cheaper
}

// Lines are the mechanism in words, for people.
func (m *Mechanism) Lines() []string {
	lines := []string{m.How}
	if m.Pushed != "" {
		lines = append(lines, "decided in the kernel: "+m.Pushed)
	}
	if m.Why != "" {
		lines = append(lines, "nothing cheaper: "+m.Why)
	}
	return lines
}

// MakePlan chooses: a seccomp filter where nothing forbids it and it spares stops, else stops
// at the entry and the exit of every call. Nothing is asked of the kernel.
func MakePlan(c Circumstances, wants []event.Want, abis []*arch.ABI) *Plan {
	p := &Plan{abis: abis}
	union := &SeccompPlan{}
	for i := range wants {
		union.add(&wants[i])
	}
	if p.Why = forbids(&c, wants); p.Why == "" {
		p.Why = spares(union, abis)
	}
	if p.calls = !union.Calls.Empty(); !p.calls || p.Why != "" {
		return p
	}
	if p.dropped, p.Why = union.fits(abis); p.Why == "" {
		p.Seccomp = union
	}
	return p
}

// add joins what another rule wants.
func (p *SeccompPlan) add(w *event.Want) {
	for abi := range w.Calls.Bits {
		for id := range uint64(len(w.Calls.Bits[abi]) * 64) {
			if !w.Calls.Has(abi, id) {
				continue
			}
			pred := w.Preds.For(abi, id)
			if p.Calls.Has(abi, id) {
				pred = event.AnyArgs(p.Preds.For(abi, id), pred)
			}
			p.Preds.Set(abi, id, pred)
		}
	}
	p.Calls = p.Calls.Union(&w.Calls)
}

// forbids is the first thing that rules a filter out. A filter stays with a task and its
// descendants for their lives: without a tracer the calls that it reports fail.
func forbids(c *Circumstances, wants []event.Want) string {
	for _, r := range []struct {
		forbid bool
		words  string
	}{
		{!c.Launched, "only a program that gotrace starts can be given a seccomp filter"},
		{c.Attached, "processes that run already cannot be given a seccomp filter (-p)"},
		{!c.Follow, "children would inherit a seccomp filter and have no tracer (no -f)"},
		{c.Daemon, "a seccomp filter would be the tracer's own, too (-D)"},
		{c.Numbers, "the number of the last call is shown, whichever it was (-n)"},
		{c.Selective, "a seccomp filter would stop the tasks outside the groups, too"},
		{!c.Outlives, "gotrace may end before the processes, which a seccomp filter leaves without system calls (no -o, -I never, --kill-on-exit or --seccomp-bpf)"},
	} {
		if r.forbid {
			return r.words
		}
	}
	for i := range wants {
		switch w := &wants[i]; {
		case w.LetsGo:
			return "a task that is let go would keep a seccomp filter, without a tracer: " + w.Rule
		case w.Signals:
			return "at the stop of a seccomp filter no signal can be given: " + w.Rule
		}
	}
	return ""
}

// spares says why a filter would not spare stops; "": it does, or there are none.
func spares(p *SeccompPlan, abis []*arch.ABI) string {
	if p.Calls.Empty() || !p.Preds.Empty() {
		return ""
	}
	for i, a := range abis {
		for nr, name := range a.Syscalls {
			if name != "" && !p.Calls.Has(i, uint64(nr)) {
				return ""
			}
		}
	}
	return "every system call is wanted, whatever its arguments"
}

// fits tries to make the filter: which conditions have no room in it, by their keys.
func (p *SeccompPlan) fits(abis []*arch.ABI) (dropped map[string]bool, why string) {
	_, out, err := p.Program(abis)
	if err != nil {
		return nil, err.Error()
	}
	dropped = make(map[string]bool)
	for _, q := range out {
		dropped[q.Key()] = true
	}
	return dropped, ""
}

// eventStops are the kinds of events that have stops, or reports, of their own.
var eventStops = map[string]string{
	"signal": "signal-delivery stop",
	"stop":   "group-stop",
	"fork":   "PTRACE_EVENT stop",
	"vfork":  "PTRACE_EVENT stop",
	"clone":  "PTRACE_EVENT stop",
	"exec":   "PTRACE_EVENT stop",
	"exit":   "report of a task's end, no stop",
	"killed": "report of a task's end, no stop",
	"bp":     "breakpoint instruction at each place: one stop, what it replaces is emulated or executed from a copy",
	"ret":    "breakpoint instruction where the function begins, and where each call of it returns to: two stops",
	"watch":  "debug register in every thread: one stop",
	"step":   "single steps of the instructions, one stop each",
	"branch": "breakpoint instructions where blocks end, or single steps where threads or the code demand it",

	"call.enter": "breakpoint instruction where each function begins",
	"call.exit":  "and where it returns to",
	"usdt":       "breakpoint instruction at each place of the probe, and its semaphore raised",
	"perf":       "perf event: the task does not stop",
	"uprobe":     "uprobe of the kernel: the task does not stop",
}

// hwStop is that of a breakpoint by a debug register.
const hwStop = "debug register in every thread: one stop"

// Mechanism is how one of the rules that the plan was made for is served.
func (p *Plan) Mechanism(w *event.Want) Mechanism {
	m := Mechanism{}
	if p.calls && p.Seccomp == nil {
		m.Other = 2
	}
	if w.Calls.Empty() {
		m.How = howEvents(w)
		return m
	}
	switch {
	case p.Seccomp == nil:
		m.Call, m.Why = 2, p.Why
		m.How = "entry stop and exit stop of every system call of its tasks, wanted or not"
	case w.Exit:
		m.Call = 2
		m.How = "seccomp filter: entry stop and exit stop of these calls, none of others"
	default:
		m.Call = 1
		m.How = "seccomp filter: entry stop of these calls, none of others"
	}
	m.How += [...]string{"", " (1 stop a call)", " (2 stops a call)"}[m.Call]
	if p.Seccomp == nil {
		return m
	}
	m.Pushed, m.Why = p.pushed(w)
	return m
}

// pushed is what the filter decides of a rule's calls, and why it does not decide more.
func (p *Plan) pushed(w *event.Want) (text, why string) {
	var g groups
	for i, a := range p.abis {
		for nr, name := range a.Syscalls {
			id := uint64(nr)
			own, union := w.Preds.For(i, id), p.Seccomp.Preds.For(i, id)
			if own == nil || !w.Calls.Has(i, id) {
				continue
			}
			switch q, _ := p.Seccomp.reported(i, a, id); {
			case union == nil:
				why = "another rule wants every " + name
			case p.dropped[q.Key()]:
				why = "the condition on " + name + " does not fit into a seccomp filter"
			case union.Op == event.ArgFalse:
				g.add("never", name)
			default:
				g.add(union.String(), name)
			}
		}
	}
	return g.String(), why
}

// groups is conditions with the calls that they are on.
type groups struct {
	texts []string
	calls map[string][]string
}

func (g *groups) add(text, call string) {
	if g.calls == nil {
		g.calls = make(map[string][]string)
	}
	if g.calls[text] == nil {
		g.texts = append(g.texts, text)
	}
	if !slices.Contains(g.calls[text], call) {
		g.calls[text] = append(g.calls[text], call)
	}
}

// shown is how many conditions, and calls of each, are listed.
const shown = 4

func (g *groups) String() string {
	var out []string
	for _, t := range g.texts[:min(shown, len(g.texts))] {
		calls := g.calls[t]
		names := strings.Join(calls[:min(shown, len(calls))], ", ")
		if n := len(calls) - shown; n > 0 {
			names += fmt.Sprintf(" and %d more", n)
		}
		out = append(out, t+" ("+names+")")
	}
	if n := len(g.texts) - shown; n > 0 {
		out = append(out, fmt.Sprintf("%d more conditions", n))
	}
	return strings.Join(out, "; ")
}

// asks reports whether a rule asks for events of a kind by a probe.
func asks(w *event.Want, k *event.Kind) bool {
	return slices.ContainsFunc(w.Probes, func(p event.Probe) bool { return p.Kind == k })
}

func howEvents(w *event.Want) string {
	var how []string
	seen := make(map[string]bool)
	for _, k := range w.Kinds {
		s, ok := eventStops[k.Name]
		if !ok || k == event.Step && !asks(w, k) {
			s = "no stop of its own"
		}
		if k == event.Breakpoint && !slices.ContainsFunc(w.Probes, func(p event.Probe) bool { return p.Kind == k && !p.HW }) {
			s = hwStop
		}
		if !seen[s] {
			seen[s] = true
			how = append(how, s)
		}
	}
	return strings.Join(how, "; ")
}

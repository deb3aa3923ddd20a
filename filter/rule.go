package filter

import (
	"fmt"
	"strings"
)

// straceEvent is the kind of event that a rule is about.
type straceEvent uint8

// The events of rules.
const (
	onSyscall straceEvent = iota
	onSignal
)

// straceActionKind is what a rule does.
type straceActionKind uint8

// The actions of rules.
const (
	doPrint straceActionKind = iota
	doInject
)

// straceAction is one action of a rule.
type straceAction struct {
	Kind      straceActionKind
	Injection *Injection // for doInject
}

// ExecGroup is the name of the group of tasks that -e exec= makes; the group ""
// is that of all tasks.
const ExecGroup = "exec"

// straceRule is one "on EVENT in GROUP do ACTION". All rules that match an event fire in
// their order, but of the injections only the last.
type straceRule struct {
	On       straceEvent
	Syscalls *SyscallSet // for onSyscall
	Unnamed  bool        // for onSyscall: also calls whose number has no name
	Status   Status      // for onSyscall: the outcomes that are meant
	Signals  *SignalSet  // for onSignal
	Group    string
	Do       []straceAction
	Source   string // the option that it stands for, as written
}

// Rules returns the rules that the expressions stand for. Injections act only on
// calls in the trace set, as strace's do.
func (q *Qualifiers) Rules() []straceRule {
	group := ""
	if len(q.Exec) > 0 {
		group = ExecGroup
	}
	rules := []straceRule{{
		On: onSyscall, Syscalls: q.Trace, Unnamed: true, Status: q.Status, Group: group,
		Do: []straceAction{{Kind: doPrint}}, Source: "trace=" + q.Trace.String(),
	}}
	for i := range q.Injections {
		in := &q.Injections[i]
		rules = append(rules, straceRule{
			On: onSyscall, Syscalls: in.Set.Intersect(q.Trace), Status: AllStatuses, Group: group,
			Do: []straceAction{{Kind: doInject, Injection: in}}, Source: "inject=" + in.Set.String(),
		})
	}
	return append(rules, straceRule{
		On: onSignal, Signals: &q.Signals, Group: group,
		Do: []straceAction{{Kind: doPrint}}, Source: "signal",
	})
}

// String writes the rule in the rule language.
func (r *straceRule) String() string {
	var b strings.Builder
	switch r.On {
	case onSyscall:
		fmt.Fprintf(&b, "on syscall(%s)", r.Syscalls)
	case onSignal:
		fmt.Fprintf(&b, "on signal(%s)", r.Signals)
	}
	if r.Group != "" {
		fmt.Fprintf(&b, " in %s", r.Group)
	}
	if r.On == onSyscall && r.Status != AllStatuses {
		fmt.Fprintf(&b, " where status in (%s)", r.Status)
	}
	b.WriteString(" do ")
	for i, a := range r.Do {
		if i > 0 {
			b.WriteString(", ")
		}
		switch a.Kind {
		case doPrint:
			b.WriteString("print")
		case doInject:
			b.WriteString(a.Injection.String())
		}
	}
	return b.String()
}

// String lists the statuses.
func (s Status) String() string {
	var names []string
	for i, name := range []string{"successful", "failed", "unfinished", "unavailable", "detached"} {
		if s>>i&1 != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

// String lists the numbers of the signals.
func (s *SignalSet) String() string {
	var b strings.Builder
	for sig := range 256 {
		if s.Bits[sig/64]>>(sig%64)&1 != 0 {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			fmt.Fprint(&b, sig)
		}
	}
	switch {
	case b.Len() == 0 && s.Not:
		return "all"
	case b.Len() == 0:
		return "none"
	case s.Not:
		return "!" + b.String()
	}
	return b.String()
}

// String writes the injection as an action of the rule language.
func (in *Injection) String() string {
	var opts []string
	add := func(format string, args ...any) { opts = append(opts, fmt.Sprintf(format, args...)) }
	if in.Errno != 0 {
		add("error=%d", in.Errno)
	}
	if in.Retval != nil {
		add("retval=%d", *in.Retval)
	}
	if in.Signal != 0 {
		add("signal=%d", in.Signal)
	}
	if in.Syscall != "" {
		add("syscall=%s", in.Syscall)
	}
	if in.DelayEnter != 0 {
		add("delay_enter=%s", in.DelayEnter)
	}
	if in.DelayExit != 0 {
		add("delay_exit=%s", in.DelayExit)
	}
	for _, p := range in.PokeEnter {
		add("poke_enter=@arg%d=%x", p.Arg, p.Data)
	}
	for _, p := range in.PokeExit {
		add("poke_exit=@arg%d=%x", p.Arg, p.Data)
	}
	if w := in.When; w.First != 0 {
		switch {
		case w.Last != 0:
			add("when=%d..%d+%d", w.First, w.Last, w.Step)
		case w.Step != 0:
			add("when=%d+%d", w.First, w.Step)
		default:
			add("when=%d", w.First)
		}
	}
	return "inject(" + strings.Join(opts, ", ") + ")"
}

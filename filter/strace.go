package filter

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// StraceOptions are the options outside -e that say which events are meant.
type StraceOptions struct {
	Paths        []string // -P, as far as they are resolved
	DetachOnExec bool     // -b execve
	// The names of the actions that show what is no system call, that show calls, and that
	// count them, however they end, for -c; "": none.
	Show, Calls, Count string
}

// The groups of -e exec=, the last one for all if there are both kinds of patterns.
const (
	execGroup     = "exec"
	execTreeGroup = "exec-tree"
	execAnyGroup  = "exec-any"
)

// Rules returns the rules that the options stand for. They name events and actions of the
// schema: syscall, signal, stop, exec, exit, superseded, personality; inject, detach.
func (q *Qualifiers) Rules(s *Schema, o StraceOptions) (*Rules, error) {
	b := &straceBuilder{q: q, s: s, o: o, out: &Rules{}}
	b.group = b.groups()
	if q.ImplicitTrace() || len(o.Paths) > 0 {
		b.trace(b.o.Calls, b.statuses())
		b.trace(b.o.Count, "")
	}
	b.injections()
	b.signals()
	if o.DetachOnExec {
		b.add(b.on("exec", Arg{}), "not launched", Count{}, "detach")
	}
	return b.out, b.err
}

// ImplicitTrace reports whether every system call of the trace set is shown without any rule's
// asking for it.
func (q *Qualifiers) ImplicitTrace() bool {
	return !q.explicit || q.TraceGiven || q.StatusGiven || q.TraceFDs != nil || len(q.Where) > 0
}

// straceBuilder makes rules of options. Conditions are written as text.
type straceBuilder struct {
	q     *Qualifiers
	s     *Schema
	o     StraceOptions
	out   *Rules
	group string
	err   error
}

// groups makes the groups that -e exec= asks for, and returns the name of the one that the
// rules belong to: "" if it is that of all tasks.
func (b *straceBuilder) groups() string {
	var plain, keep []string
	for _, p := range b.q.Exec {
		cond := "exec glob " + strconv.Quote(p.Glob)
		if p.Keep {
			keep = append(keep, cond)
		} else {
			plain = append(plain, cond)
		}
	}
	group := ""
	add := func(name string, conds []string, f Follow) {
		if len(conds) > 0 {
			b.out.Groups = append(b.out.Groups, &Group{Name: name, Admit: b.expr(strings.Join(conds, " or "), nil), Follow: f})
			group = name
		}
	}
	add(execGroup, plain, FollowChildren)
	add(execTreeGroup, keep, FollowAll)
	if len(plain) > 0 && len(keep) > 0 {
		// A task may belong to both, and each rule is to take an event once.
		add(execAnyGroup, []string{"group in (" + quoteAll([]string{execGroup, execTreeGroup}) + ")"}, FollowChildren)
	}
	return group
}

func (b *straceBuilder) expr(text string, on *Event) *Program {
	if text == "" {
		return nil
	}
	p, err := ParseExpr(text, b.s, on)
	if err != nil && b.err == nil {
		b.err = err
	}
	return p
}

func (b *straceBuilder) on(event string, args ...Arg) On {
	for _, e := range b.s.Events {
		if e.Name != event {
			continue
		}
		if len(e.Params) == 0 {
			return On{Event: e}
		}
		for i := range args {
			args[i].Param = &e.Params[i]
		}
		return On{Event: e, Args: args}
	}
	if b.err == nil {
		b.err = fmt.Errorf("no event is called %s", event)
	}
	return On{Event: &Event{Name: event}}
}

func (b *straceBuilder) action(name string) *ActionSpec {
	for _, a := range b.s.Actions {
		if a.Name == name {
			return a
		}
	}
	if b.err == nil {
		b.err = fmt.Errorf("no action is called %s", name)
	}
	return &ActionSpec{Name: name}
}

func (b *straceBuilder) add(on On, where string, n Count, do string, args ...Arg) {
	b.out.Rules = append(b.out.Rules, &Rule{
		On: []On{on}, In: b.group, Where: b.expr(where, on.Event), Count: n,
		Do: []Action{{Spec: b.action(do), Args: args}},
	})
}

// statuses is the condition of -e status=.
func (b *straceBuilder) statuses() string {
	if b.q.Status == AllStatuses {
		return ""
	}
	return "status in (" + quoteAll(b.q.Status.names()) + ")"
}

// trace is what -e trace=, -P and -e trace-fds= say together; of the calls that end as wanted.
func (b *straceBuilder) trace(do, status string) {
	if do == "" {
		return
	}
	var conds []string
	if status != "" {
		conds = append(conds, status)
	}
	if which := b.which(); which != "" {
		conds = append(conds, which)
	}
	on := b.on("syscall", Arg{Calls: b.q.Trace, Unnamed: true})
	b.add(on, strings.Join(conds, " and "), Count{}, do)
	rule := b.out.Rules[len(b.out.Rules)-1]
	for _, w := range b.q.Where {
		p, err := parseExpr(w, b.s, on.Event)
		if err != nil && b.err == nil {
			b.err = err
		}
		if p != nil && p.Type() == String && b.err == nil {
			b.err = fmt.Errorf("where=%s: that is a string, not a condition", w.Text)
		}
		rule.Where = And(rule.Where, p)
	}
}

// which is the condition of -P and -e trace-fds=.
func (b *straceBuilder) which() string {
	var which []string
	if len(b.o.Paths) > 0 {
		which = append(which, "path in ("+quoteAll(b.o.Paths)+")")
	}
	if b.q.TraceFDs != nil {
		which = append(which, "fds in ("+b.q.TraceFDs.ranges()+")")
	}
	if len(which) < 2 {
		return strings.Join(which, "")
	}
	return "(" + strings.Join(which, " or ") + ")"
}

func quoteAll(words []string) string {
	var out []string
	for _, w := range words {
		out = append(out, strconv.Quote(w))
	}
	return strings.Join(out, ", ")
}

// String lists the statuses.
func (s Status) String() string { return strings.Join(s.names(), ",") }

func (s Status) names() []string {
	var names []string
	for i, name := range [...]string{"successful", "failed", "unfinished", "unavailable", "detached"} {
		if s>>i&1 != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}

// ranges writes the set as ranges of numbers.
func (s *FDSet) ranges() string {
	var fds []int
	for fd := range s.FDs {
		fds = append(fds, fd)
	}
	slices.Sort(fds)
	var out []string
	if !s.Not {
		for _, fd := range fds {
			out = append(out, strconv.Itoa(fd))
		}
	} else {
		next := 0
		for _, fd := range append(fds, math.MaxInt32) {
			switch {
			case fd == next+1:
				out = append(out, strconv.Itoa(next))
			case fd > next:
				out = append(out, fmt.Sprintf("%d..%d", next, fd-1))
			}
			next = fd + 1
		}
	}
	if len(out) == 0 {
		return "-1" // no descriptor
	}
	return strings.Join(out, ", ")
}

// injections are -e inject= and -e fault=. They act on calls of the trace set only, and of
// those that name a call the last: each loses the calls of those behind it.
func (b *straceBuilder) injections() {
	later := NoSyscalls(b.q.u)
	for i := len(b.q.Injections) - 1; i >= 0; i-- {
		in := &b.q.Injections[i]
		set := in.Set.Intersect(b.q.Trace).Minus(later)
		later = later.Union(in.Set)
		if !set.Empty() {
			b.add(b.on("syscall", Arg{Calls: set}), b.which(), in.When.count(), "inject", b.options(in)...)
		}
	}
}

// count is the same as a counting clause.
func (w When) count() Count {
	switch {
	case w == When{}:
		return Count{}
	case w.Step == 0:
		return Count{From: w.First, To: w.First, Each: true}
	}
	return Count{From: w.First, To: w.Last, Step: w.Step, Each: true}
}

// options are the arguments of the inject action.
func (b *straceBuilder) options(in *Injection) []Arg {
	spec := b.action("inject")
	var args []Arg
	add := func(name string, a Arg) {
		for i := range spec.Options {
			if spec.Options[i].Name == name {
				a.Name, a.Param = name, &spec.Options[i]
				args = append(args, a)
			}
		}
	}
	if in.Errno != 0 {
		add("error", Arg{Num: int64(in.Errno), Str: in.ErrnoName})
	}
	if in.Retval != nil {
		add("retval", Arg{Num: *in.Retval, Expr: b.expr(integer(*in.Retval), nil)})
	}
	if in.Signal != 0 {
		add("signal", Arg{Num: int64(in.Signal), Str: in.SignalName})
	}
	if in.Syscall != "" {
		add("syscall", Arg{Str: in.Syscall})
	}
	if in.DelayEnter != 0 {
		add("delay_enter", Arg{Num: int64(in.DelayEnter)})
	}
	if in.DelayExit != 0 {
		add("delay_exit", Arg{Num: int64(in.DelayExit)})
	}
	if in.PokeEnter != nil {
		add("poke_enter", Arg{Pokes: in.PokeEnter})
	}
	if in.PokeExit != nil {
		add("poke_exit", Arg{Pokes: in.PokeExit})
	}
	return args
}

// integer writes a number as an expression: there is no literal for the least one.
func integer(n int64) string {
	if n == math.MinInt64 {
		return strconv.FormatInt(n+1, 10) + " - 1"
	}
	return strconv.FormatInt(n, 10)
}

// signals are the lines that are no system calls. A signal that kills is shown like one that
// is delivered.
func (b *straceBuilder) signals() {
	set := b.q.Signals
	if !set.none() {
		b.add(b.on("signal", Arg{Signals: &set, Str: b.q.signals}), "", Count{}, b.o.Show)
		b.add(b.on("stop", Arg{Signals: &set, Str: b.q.signals}), "", Count{}, b.o.Show)
	}
	b.add(b.on("exit"), set.killers(), Count{}, b.o.Show)
	b.add(b.on("superseded"), "", Count{}, b.o.Show)
	b.add(b.on("personality"), "", Count{}, b.o.Show)
}

func (s *SignalSet) none() bool { return !s.Not && s.Bits == [4]uint64{} }

// killers is the condition that a task was not killed, or by a signal of the set.
func (s *SignalSet) killers() string {
	var list []string
	for sig := range 256 {
		if s.Bits[sig/64]>>(sig%64)&1 != 0 {
			list = append(list, strconv.Itoa(sig))
		}
	}
	in := "sig in (" + strings.Join(list, ", ") + ")"
	switch {
	case s.Not && len(list) == 0:
		return ""
	case s.Not:
		return "not " + in
	case len(list) == 0:
		return "code >= 0"
	}
	return "code >= 0 or " + in
}

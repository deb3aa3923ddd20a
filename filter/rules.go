package filter

import (
	"fmt"
	"strings"
)

// Rules is what the sources of one session say together, checked.
type Rules struct {
	Groups []*Group // in order of definition
	Rules  []*Rule  // in order
}

// Follow says who inherits membership of a group.
type Follow uint8

// The modes. In all but the last, membership ends when the task executes a program that
// the group's condition does not admit.
const (
	FollowThreads  Follow = iota // the threads of a member's process
	FollowNone                   // nobody
	FollowChildren               // also its child processes
	FollowAll                    // the same, whatever they execute
)

// AllGroup is the name of the group of all traced tasks.
const AllGroup = "all"

// Group is tasks that are treated alike.
type Group struct {
	Name     string
	Admit    *Program // on the fields of tasks; decided when a task is first seen, at its execs, and when a process is born if it names what a child has of its own
	Follow   Follow
	Depth    int  // generations of child processes that inherit; 0: any number
	Existing bool // also the descendants that a task has when it is attached to
	At       Pos
}

// Rule is one rule.
type Rule struct {
	Name  string // "": none was given
	On    []On
	In    string // the group; "": AllGroup
	Where *Program
	Count Count
	Do    []Action
	At    Pos
}

// On is one event that a rule is about.
type On struct {
	Event *Event
	Enter bool // .enter
	Args  []Arg
}

// Count is which of the events that match otherwise, counted from 1 for each rule and
// task, a rule takes. The zero value takes all.
type Count struct {
	From, To, Step int  // To 0: without end; Step 0: all of them
	Each           bool // system calls: those of each number are counted for themselves
}

// Hits reports whether the nth event is taken.
func (c Count) Hits(n int) bool {
	if n < c.From || c.To != 0 && n > c.To {
		return false
	}
	return c.Step <= 1 || (n-max(c.From, 1))%c.Step == 0
}

// Action is one action of a rule.
type Action struct {
	Spec *ActionSpec
	Args []Arg
	At   Pos
}

// Arg is one argument, checked.
type Arg struct {
	Param *Param
	Name  string   // of a ParamPair or an option
	Expr  *Program // ParamExpr, ParamPair, and numbers that may be expressions
	Num   int64    // ParamNum, ParamDuration, ParamErrno, ParamSignal
	Str   string   // ParamString, ParamWord, ParamText, ParamRule, ParamGroup
	Calls *SyscallSet
	// Unnamed: %unnamed was in the set of calls: numbers that have no name.
	Unnamed bool
	Signals *SignalSet
	Pokes   []Poke
}

// Pos is a place in a source.
type Pos struct {
	Source    string // a file's name, "-e" or the like
	Line, Col int    // from 1; Col counts bytes
}

// Source is text to be read as rules.
type Source struct {
	Name, Text string
}

// String writes the rules so that they can be read again.
func (r *Rules) String() string {
	var b strings.Builder
	for _, g := range r.Groups {
		b.WriteString(g.String() + "\n")
	}
	for _, rule := range r.Rules {
		b.WriteString(rule.String() + "\n")
	}
	return b.String()
}

// String writes the group as a statement.
func (g *Group) String() string {
	admit := g.Admit
	if admit == nil {
		admit = True
	}
	s := "group " + g.Name + " = " + admit.String()
	if g.Follow != FollowThreads {
		s += " follow " + followNames[g.Follow]
	}
	if g.Depth != 0 {
		s += fmt.Sprint(" depth ", g.Depth)
	}
	if g.Existing {
		s += " existing"
	}
	return s
}

// String writes the rule as a statement.
func (r *Rule) String() string {
	var b strings.Builder
	if r.Name != "" {
		b.WriteString("rule " + r.Name + ": ")
	}
	for i := range r.On {
		b.WriteString([]string{"on ", "|"}[min(i, 1)])
		b.WriteString(r.On[i].String())
	}
	if r.In != "" {
		b.WriteString(" in " + r.In)
	}
	if r.Where != nil {
		b.WriteString(" where " + r.Where.String())
	}
	b.WriteString(r.Count.String())
	for i := range r.Do {
		b.WriteString([]string{" do ", ", "}[min(i, 1)])
		b.WriteString(r.Do[i].String())
	}
	return b.String()
}

// String writes the event.
func (o *On) String() string {
	s := o.Event.Name
	if !o.whole() {
		s += argsText(o.Args)
	}
	if o.Enter {
		s += ".enter"
	}
	return s
}

// whole reports whether the arguments are those that are meant without any.
func (o *On) whole() bool {
	if len(o.Args) != 1 {
		return false
	}
	switch a := &o.Args[0]; a.Param.Kind {
	case ParamSyscalls:
		return a.Unnamed && callsText(a.Calls, true) == "all,"+unnamedCalls
	case ParamSignals:
		return a.signals() == "all"
	}
	return false
}

// String writes the action.
func (a *Action) String() string { return a.Spec.Name + argsText(a.Args) }

func argsText(args []Arg) string {
	if len(args) == 0 {
		return ""
	}
	var b strings.Builder
	for i := range args {
		b.WriteString([]string{"(", ", "}[min(i, 1)])
		args[i].print(&b)
	}
	b.WriteByte(')')
	return b.String()
}

// String writes the count, after a space; the zero value is nothing.
func (c Count) String() string {
	if c == (Count{}) {
		return ""
	}
	s := ""
	if c.From == 1 && c.To != 0 && c.Step == 0 {
		s = fmt.Sprint(" first ", c.To)
	} else {
		s = fmt.Sprint(" from ", max(c.From, 1))
		if c.To != 0 {
			s += fmt.Sprint(" to ", c.To)
		}
		if c.Step > 1 {
			s += fmt.Sprint(" step ", c.Step)
		}
	}
	if c.Each {
		s += " each"
	}
	return s
}

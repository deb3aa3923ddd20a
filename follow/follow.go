// Package follow keeps the tree of traced tasks, the groups that they belong to and the
// rules of those groups, and decides what happens on an event. It is a pure state
// machine: no I/O, no process is touched, time does not pass; scripted events drive it
// in tests. What an action does outside, its maker gives it; what is to be known of a task
// beyond the tree, a [Tasks] tells.
//
// A [Registry] holds the kinds of events, fields, functions and actions that rules may name.
// The engine knows none by name: [Builtin] has those of system calls, signals and the life of
// tasks, and a program that imports this package adds its own.
package follow

import (
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// Getter is the ith value, from 0, of what a condition names; one that is not OK: there is none.
// It is asked on events of its kind only.
type Getter func(x *Env, r *filter.Ref, i int) filter.Val

// Action is what a rule does on an event that it takes.
type Action interface {
	Do(*Context) (event.Verdict, error)
}

// ActionFunc makes a function an Action.
type ActionFunc func(*Context) (event.Verdict, error)

// Do calls f.
func (f ActionFunc) Do(c *Context) (event.Verdict, error) { return f(c) }

// Context is what an action sees. It is valid until the action returns.
type Context struct {
	Event  *event.Event
	Rule   *Rule
	Engine *Engine
	// Shown says that an action has shown this event already: one that shows events leaves
	// it alone then, and else sets it.
	Shown bool

	env Env
}

// Eval is the value of an expression for the event.
func (c *Context) Eval(p *filter.Program) filter.Val { return p.Value(&c.env) }

// Env is the environment that the event gives to expressions.
func (c *Context) Env() *Env { return &c.env }

// Time says at which of a system call's two events an action acts.
type Time uint8

// The times. A rule that cannot be decided at the entry of a call acts at its exit only.
const (
	AtExit   Time = iota // once the call is over
	AtEntry              // before it is made
	AtBoth               // at both: what shows calls
	AtTamper             // before it is made or shown: what changes calls; else at the exit
)

// ActionKind is an action as rules name it.
type ActionKind struct {
	Spec *filter.ActionSpec
	At   Time
	// New makes the action of one rule.
	New func(b *Binder, a *filter.Action) (Action, error)
}

// Kind is an event as rules name it, and what it is among the events that sources make.
type Kind struct {
	Spec *filter.Event
	Made []*event.Kind // of system calls: the entry, the exit
	// Takes decides by what stands in parentheses behind the event's name; nil: all are meant.
	Takes func(ev *event.Event, args []filter.Arg) bool
	// Get is the values of the fields of Spec, by name; of those that are not there, the event's
	// argument of the same name.
	Get map[string]Getter
	// nums are fields that are one number, which conditions reach at less cost.
	nums map[string]func(x *Env) (int64, bool)
	// Needs adds what the kernel must report for it; nil: nothing.
	Needs func(args []filter.Arg, n *event.Needs)
}

// KindOf is the Kind of events of a source of one's own, whose fields are all that is known.
func KindOf(k *event.Kind, doc string) *Kind {
	spec := &filter.Event{Name: k.Name, Tasks: true, Stops: k.Stops, Doc: doc}
	for _, f := range k.Fields {
		spec.Fields = append(spec.Fields, &filter.Field{Name: f.Name, Type: fieldTypes[f.Type], Doc: f.Type})
	}
	return &Kind{Spec: spec, Made: []*event.Kind{k}}
}

// fieldTypes are the types of an event.Field that are not Any.
var fieldTypes = map[string]filter.Type{"int": filter.Int, "string": filter.String, "duration": filter.Duration}

// Tasks tells what the tree does not know of tasks. Its answers may be built on buf.
type Tasks interface {
	// Text is one datum of a task: "comm", "exe", "cmdline" (with NULs), "cwd", "cgroup".
	Text(buf []byte, t event.Task, what string) ([]byte, bool)
	// Number is the same of "uid" (the effective one) and "ppid".
	Number(t event.Task, what string) (int64, bool)
	// Path is what a descriptor of a task stands for.
	Path(buf []byte, t event.Task, fd int32) ([]byte, bool)
}

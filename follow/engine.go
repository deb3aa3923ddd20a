// Package follow keeps the tree of traced tasks, the groups that they belong to and the
// rules of those groups, and decides what happens on an event. It is a pure state
// machine: no I/O, no process is touched, time does not pass; scripted events drive it
// in tests. What an action does outside, its maker gives it.
package follow

import (
	"github.com/gotrace/gotrace/tracer/event"
)

// Action is what a rule does on an event that it matches.
type Action interface {
	Do(*Context) (event.Verdict, error)
}

// ActionFunc makes a function an Action.
type ActionFunc func(*Context) (event.Verdict, error)

// Do calls f.
func (f ActionFunc) Do(c *Context) (event.Verdict, error) { return f(c) }

// Context is what an action sees.
type Context struct {
	Event *event.Event
	Group *Group
	Rule  *Rule
}

// Rule is one rule of a group: on which kinds, under which condition, what to do.
// A rule on system calls is on both their kinds.
type Rule struct {
	Name string
	On   []*event.Kind
	// Entry decides a system call at its entry, Where any event. Nil: always. A call
	// that Entry refused is not seen again at its exit.
	Entry func(*event.Event) bool
	Where func(*event.Event) bool
	Do    []Action
}

// Group is tasks that are treated alike: who belongs to it, and its rules.
type Group struct {
	Name  string
	Admit Membership
	Rules []*Rule
	Needs event.Needs

	byKind map[*event.Kind][]*Rule
}

// Membership says how tasks come to belong to a group.
type Membership struct {
	// Exec, when not nil, begins membership at the execution of a program whose names
	// match, and ends it at the execution of one that does not, unless keep is set.
	// Tasks that were launched or attached begin as members only if Exec is nil.
	Exec func(names []string) (match, keep bool)
}

// member is one task.
type member struct {
	group *Group // nil: outside every group
	keep  bool   // stays a member whatever it executes
	pass  uint64 // rules whose Entry accepted the call that the task is inside
}

// Engine decides. It implements tracer.Handler.
type Engine struct {
	groups  []*Group
	members map[int32]*member
	ctx     Context
	idle    event.Needs
}

// New returns an engine over groups. A task joins the first group that admits it.
func New(groups ...*Group) *Engine {
	e := &Engine{groups: groups, members: make(map[int32]*member)}
	for _, g := range groups {
		g.byKind = make(map[*event.Kind][]*Rule)
		for _, r := range g.Rules {
			for _, k := range r.On {
				g.byKind[k] = append(g.byKind[k], r)
			}
		}
	}
	return e
}

// Len is the number of live tasks.
func (e *Engine) Len() int { return len(e.members) }

func (e *Engine) needs(m *member) *event.Needs {
	if m.group == nil {
		return &e.idle
	}
	return &m.group.Needs
}

// NewTask adds a task: one with a parent inherits its membership.
func (e *Engine) NewTask(t, parent event.Task, _ bool) *event.Needs {
	m := &member{}
	if p := e.members[parent.TID]; p != nil && parent.TID != 0 {
		m.group, m.keep = p.group, p.keep
	} else {
		m.group = e.open()
	}
	e.members[t.TID] = m
	return e.needs(m)
}

// open is the first group that admits tasks whatever they run.
func (e *Engine) open() *Group {
	for _, g := range e.groups {
		if g.Admit.Exec == nil {
			return g
		}
	}
	return nil
}

// Exec moves a task that runs a new program. Without names it takes on another tid only.
func (e *Engine) Exec(t event.Task, former int32, names ...string) *event.Needs {
	m := e.members[t.TID]
	if f := e.members[former]; f != nil && former != t.TID {
		delete(e.members, former)
		m = f
	}
	if m == nil {
		m = &member{}
	}
	e.members[t.TID] = m
	if len(names) > 0 && (m.group == nil || m.group.Admit.Exec != nil && !m.keep) {
		m.group, m.keep = e.admit(names)
	}
	return e.needs(m)
}

func (e *Engine) admit(names []string) (g *Group, keep bool) {
	for _, g := range e.groups {
		if g.Admit.Exec == nil {
			return g, false
		}
		if ok, keep := g.Admit.Exec(names); ok {
			return g, keep
		}
	}
	return nil, false
}

// Drop forgets a task.
func (e *Engine) Drop(t event.Task) { delete(e.members, t.TID) }

// Handle runs the rules of the task's group that are on the event's kind, in order. For
// control the first verdict that is not the default wins.
func (e *Engine) Handle(ev *event.Event) (event.Verdict, error) {
	m := e.members[ev.Task.TID]
	if m == nil || m.group == nil {
		return event.Verdict{}, nil
	}
	rules := m.group.byKind[ev.Kind]
	switch ev.Kind {
	case event.SyscallEnter:
		return e.enter(m, rules, ev)
	case event.SyscallExit:
		return e.exit(m, rules, ev)
	}
	return e.run(m, rules, ev, ^uint64(0))
}

// enter runs the rules at a call's entry, and asks that its exit be spared when none
// wants it.
func (e *Engine) enter(m *member, rules []*Rule, ev *event.Event) (event.Verdict, error) {
	m.pass = accepted(rules, ev)
	v, err := e.run(m, rules, ev, m.pass)
	if m.pass == 0 && v.Resume == event.ResumeDefault {
		v.Resume = event.ResumeSkip
	}
	return v, err
}

// exit runs the rules at a call's exit. A call whose entry was no event of its own is
// decided as a whole here.
func (e *Engine) exit(m *member, rules []*Rule, ev *event.Event) (event.Verdict, error) {
	pass := m.pass
	if !ev.Sys.Reported {
		pass = accepted(rules, ev)
	}
	m.pass = 0
	return e.run(m, rules, ev, pass)
}

// accepted is the rules, as a bit mask, that take a call.
func accepted(rules []*Rule, ev *event.Event) (pass uint64) {
	for i, r := range rules {
		if r.Entry == nil || r.Entry(ev) {
			pass |= 1 << i
		}
	}
	return pass
}

func (e *Engine) run(m *member, rules []*Rule, ev *event.Event, pass uint64) (event.Verdict, error) {
	var out event.Verdict
	c := &e.ctx
	for i, r := range rules {
		if pass>>i&1 == 0 || r.Where != nil && !r.Where(ev) {
			continue
		}
		c.Event, c.Group, c.Rule = ev, m.group, r
		for _, a := range r.Do {
			v, err := a.Do(c)
			if err != nil {
				return out, err
			}
			if out.Resume == event.ResumeDefault {
				out.Resume = v.Resume
			}
		}
	}
	return out, nil
}

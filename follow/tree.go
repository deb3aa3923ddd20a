package follow

import (
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// member is one live task.
//
// Membership of a group begins where the group's condition admits the task: when it is
// first seen without a parent, at an exec, or when it is born, if the condition is about what
// a child has of its own (ownNames). It passes to threads and children as the group's
// follow mode says, and ends at an exec whose program the condition does not admit; under
// FollowAll it does not end. What join and leave do lasts as long.
type member struct {
	task    event.Task
	parent  *member
	depth   int
	exec    [][]byte          // what its program is called, where somebody wants to know
	in      uint64            // groups, by index
	keep    uint64            // of these, those that no exec ends
	left    []int             // by group: generations that may still inherit; nil: no group counts them
	view    *view             // what holds for its groups; nil: to be looked up
	pend    ruleSet           // rules that the exit of the call that the task is inside decides
	taken   ruleSet           // rules that its entry has decided for
	offered bool              // the call was there to be tampered with
	frames  []frame           // the functions that the task is inside and that rules have taken
	counts  []int32           // by rule: events taken so far
	seen    []int32           // by rule with a counting clause: events that matched
	calls   map[callKey]int32 // the same, where calls are counted for themselves
}

// settle leaves rules that tamper out of a call that was not offered to them: the execve that
// starts a program.
func (m *member) settle() {
	if !m.offered {
		clear(m.taken)
	}
	m.offered = false
}

// callKey is a rule and a system call.
type callKey struct {
	rule int
	abi  *arch.ABI
	nr   uint64
}

// next counts an event that a rule with a counting clause may take.
func (m *member) next(r *Rule, ev *event.Event) int {
	if !r.Spec.Count.Each || ev.Sys == nil {
		m.seen[r.index]++
		return int(m.seen[r.index])
	}
	if m.calls == nil {
		m.calls = make(map[callKey]int32)
	}
	k := callKey{r.index, ev.ABI, ev.Sys.Class}
	m.calls[k]++
	return int(m.calls[k])
}

// ruleSet is a set of rules.
type ruleSet []uint64

func (b ruleSet) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b ruleSet) set(i int)      { b[i/64] |= 1 << (i % 64) }

func (b ruleSet) unset(i int) { b[i/64] &^= 1 << (i % 64) }

// maxAncestors bounds what is remembered of tasks that have ended.
const maxAncestors = 64

// NewTask adds a task. One that has a parent inherits of it, another is judged by what it is.
// A thread's parent is the task that made it.
func (e *Engine) NewTask(t, parent event.Task, thread bool) *event.Needs {
	words := (len(e.rules) + 63) / 64
	m := &member{
		task: t, pend: make(ruleSet, words), taken: make(ruleSet, words),
		counts: make([]int32, len(e.rules)), seen: make([]int32, len(e.rules)),
	}
	e.members[t.TID] = m
	p := e.members[parent.TID]
	if parent.TID == 0 || p == nil {
		m.exec = e.runs(t)
		e.admit(m)
		return &e.viewOf(m).needs
	}
	e.inherit(m, p, thread)
	return &e.viewOf(m).needs
}

// runs is what the program of a task is called that was there before it was traced; nil where
// nobody asks.
func (e *Engine) runs(t event.Task) [][]byte {
	if !e.names || e.reg.Tasks == nil {
		return nil
	}
	exe, ok := e.reg.Tasks.Text(nil, t, "exe")
	if !ok {
		return nil
	}
	return [][]byte{exe}
}

func (e *Engine) inherit(m, p *member, thread bool) {
	m.parent, m.depth, m.exec = p, p.depth, p.exec
	if !thread {
		m.depth++
	}
	for up, n := p, 0; up != nil; up, n = up.parent, n+1 {
		if n == maxAncestors {
			up.parent = nil
		}
	}
	if p.left != nil {
		m.left = append([]int(nil), p.left...)
	}
	for g, group := range e.groups {
		if p.in>>g&1 == 0 || !group.inherits(m, g, thread) {
			continue
		}
		m.in |= 1 << g
		m.keep |= p.keep & (1 << g)
	}
	if !thread {
		e.judgeChild(m)
	}
}

// ownNames are the fields of tasks that a child process does not have of its parent.
var ownNames = []string{"pid", "tid", "ppid", "depth", "ancestor"}

// ownCondition reports whether a group's condition is about such a field.
func ownCondition(p *filter.Program) bool {
	return p != nil && slices.ContainsFunc(p.Refs(), func(r *filter.Ref) bool { return slices.Contains(ownNames, r.Field.Name) })
}

// judgeChild lets a new process into the groups whose conditions are about what it has of its
// own.
func (e *Engine) judgeChild(m *member) {
	x := &e.env
	x.Task, x.member, x.Event = m.task, m, nil
	for g, group := range e.groups {
		if group.own && m.in>>g&1 == 0 && group.Spec.Admit.Match(x) {
			e.enter(m, g)
		}
	}
}

// inherits reports whether a new task of a member becomes one.
func (g *Group) inherits(m *member, index int, thread bool) bool {
	switch {
	case thread:
		return g.Spec.Follow != filter.FollowNone
	case g.Spec.Follow < filter.FollowChildren:
		return false
	case g.Spec.Depth == 0:
		return true
	}
	m.left[index]--
	return m.left[index] >= 0
}

// admit judges a task by the conditions of all groups.
func (e *Engine) admit(m *member) {
	x := &e.env
	x.Task, x.member, x.Event = m.task, m, nil
	for g, group := range e.groups {
		bit := uint64(1) << g
		if m.keep&bit != 0 {
			continue
		}
		if group.Spec.Admit == nil || group.Spec.Admit.Match(x) {
			e.enter(m, g)
		} else {
			m.in &^= bit
		}
	}
	m.view = nil
}

// enter makes a task a member in its own right.
func (e *Engine) enter(m *member, g int) {
	spec := e.groups[g].Spec
	m.in |= 1 << g
	if spec.Follow == filter.FollowAll {
		m.keep |= 1 << g
	}
	if spec.Depth > 0 {
		if m.left == nil {
			m.left = make([]int, len(e.groups))
		}
		m.left[g] = spec.Depth
	}
	m.view = nil
}

// Exec judges a task that runs a new program. Where another thread than the leader made the
// call, it goes on under the leader's id: former is its own one. Without names that is all.
// With former 0 the task begins with this program: it was in no group before.
func (e *Engine) Exec(t event.Task, former int32, names ...string) *event.Needs {
	m := e.members[t.TID]
	if f := e.members[former]; f != nil && former != t.TID {
		delete(e.members, former)
		m = f
		m.task = t
	}
	if m == nil {
		return e.NewTask(t, event.Task{}, false)
	}
	e.members[t.TID] = m
	if len(names) > 0 {
		m.exec, m.frames = nil, nil
		for _, n := range names {
			m.exec = append(m.exec, []byte(n))
		}
		if former == 0 {
			m.in, m.keep, m.left = 0, 0, nil
		}
		e.admit(m)
	}
	return &e.viewOf(m).needs
}

// Drop forgets a task.
func (e *Engine) Drop(t event.Task) { delete(e.members, t.TID) }

// Needs is what the kernel must report of a task now.
func (e *Engine) Needs(t event.Task) *event.Needs {
	m := e.members[t.TID]
	if m == nil {
		return &e.idle
	}
	return &e.viewOf(m).needs
}

// Len is the number of live tasks.
func (e *Engine) Len() int { return len(e.members) }

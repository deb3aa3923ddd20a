package follow

import (
	"errors"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// Group is tasks that are treated alike.
type Group struct {
	Spec  *filter.Group
	label []byte
	own   bool // new processes are judged, too
}

// Rule is one rule, ready to run.
type Rule struct {
	Spec     *filter.Rule
	Disarmed bool // set by Engine.Arm

	index   int
	group   int
	ons     []on
	entry   *filter.Program // what of the condition is known at a call's entry; nil: it holds
	exit    *filter.Program // and what is not
	do      []bound
	exits   bool // some action acts at a call's exit
	early   bool // and some at its entry, if the rule is decided there
	tampers bool // some action changes the call before it is made
	warned  bool // what it cannot do was told of
}

// on is one event that a rule is about.
type on struct {
	kind  *Kind
	args  []filter.Arg
	enter bool
	calls event.CallSet
	preds event.CallPreds // what the rule's condition says of their arguments
}

// bound is an action of a rule.
type bound struct {
	Action
	at Time
}

// view is what holds for the members of the same groups.
type view struct {
	needs  event.Needs
	byKind map[*event.Kind][]ref
}

// ref is a rule and which of its events made it a candidate.
type ref struct {
	rule *Rule
	on   *on
}

// Engine decides. It implements tracer.Handler. Its methods must not be called from several
// goroutines at once.
type Engine struct {
	reg            *Registry
	groups         []*Group
	rules          []*Rule
	members        map[int32]*member
	views          map[uint64]*view
	all            *view // of events that no task has
	idle           event.Needs
	env            Env // for membership
	ctx            Context
	queue          []*event.Event
	places         map[*filter.Ref]*place
	changed        bool
	names          bool // programs' names are told
	tables         []*Table
	tally, seenAll []int32 // counters of rules for events that no task has
}

// Rules are the engine's rules, in order.
func (e *Engine) Rules() []*Rule { return e.rules }

// Groups are the engine's groups: the one of all tasks first.
func (e *Engine) Groups() []*Group { return e.groups }

// Tables are what rules have counted so far.
func (e *Engine) Tables() []*Table { return e.tables }

// Arm makes a rule take part or not. The needs of tasks change by it.
func (e *Engine) Arm(r *Rule, on bool) {
	if r.Disarmed == on {
		r.Disarmed = !on
		e.renew()
	}
}

// renew forgets everything that was derived from which rules are armed.
func (e *Engine) renew() {
	clear(e.views)
	e.all = nil
	for _, m := range e.members {
		m.view = nil
	}
	e.changed = true
}

// Join makes a task a member of a group, and Leave ends that.
func (e *Engine) Join(t event.Task, g *Group) {
	if m, i := e.members[t.TID], e.groupIndex(g.Spec.Name); m != nil && m.in>>i&1 == 0 {
		e.enter(m, i)
		e.changed = true
	}
}

// Leave ends a task's membership of a group, until the group's condition admits it anew.
func (e *Engine) Leave(t event.Task, g *Group) {
	if m, i := e.members[t.TID], e.groupIndex(g.Spec.Name); m != nil && m.in>>i&1 != 0 {
		m.in &^= 1 << i
		m.keep &^= 1 << i
		m.view = nil
		e.changed = true
	}
}

func (e *Engine) groupIndex(name string) int {
	if name == "" {
		return 0
	}
	for i, g := range e.groups {
		if g.Spec.Name == name {
			return i
		}
	}
	return -1
}

func (e *Engine) viewOf(m *member) *view {
	if m.view == nil {
		v := e.views[m.in]
		if v == nil {
			v = e.build(m.in)
			e.views[m.in] = v
		}
		m.view = v
	}
	return m.view
}

// maxEmitted bounds the user events that one event may lead to.
const maxEmitted = 1000

var errEndless = errors.New("rules emit user events without end")

// Handle runs the rules that are about an event, in order, and then those about the user
// events that they emit. For each sort of control the first rule that says something wins.
func (e *Engine) Handle(ev *event.Event) (event.Verdict, error) {
	v, err := e.one(ev)
	for n := 0; len(e.queue) > 0 && err == nil; n++ {
		next := e.queue[0]
		e.queue = e.queue[1:]
		var more event.Verdict
		more, err = e.one(next)
		v = merge(v, more)
		if n == maxEmitted {
			err = errEndless
		}
	}
	if e.changed {
		v.Renew, e.changed = true, false
	}
	return v, err
}

// merge adds what a later rule says.
func merge(v, more event.Verdict) event.Verdict {
	if v.Resume == event.ResumeDefault {
		v.Resume = more.Resume
	}
	if v.Signal == 0 {
		v.Signal = more.Signal
	}
	if v.Inject == nil {
		v.Inject = more.Inject
	}
	v.Steps = max(v.Steps, more.Steps)
	return v
}

// begin makes the context of an event.
func (e *Engine) begin(ev *event.Event) *member {
	m := e.members[ev.Task.TID]
	c := &e.ctx
	c.Event, c.Shown, c.Engine = ev, false, e
	c.env.Event, c.env.Task, c.env.member, c.env.engine = ev, ev.Task, m, e
	return m
}

func (e *Engine) one(ev *event.Event) (event.Verdict, error) {
	m := e.begin(ev)
	if m == nil {
		if ev.Task.TID != 0 {
			return event.Verdict{}, nil
		}
		if e.all == nil {
			e.all = e.build(^uint64(0))
		}
		return e.plain(&member{counts: e.tally, seen: e.seenAll}, e.all.byKind[ev.Kind], ev)
	}
	refs := e.viewOf(m).byKind[ev.Kind]
	switch ev.Kind {
	case event.SyscallEnter:
		return e.callEnter(m, refs, ev)
	case event.SyscallExit:
		if ev.Sys.Reported {
			return e.callExit(m)
		}
		return e.callWhole(m, refs, ev)
	case event.CallEnter:
		return e.functionEnter(m, refs, ev)
	case event.CallExit:
		return e.functionExit(m, ev)
	}
	return e.plain(m, refs, ev)
}

// plain runs the rules on an event that is no system call. A rule that names it twice is run
// once.
func (e *Engine) plain(m *member, refs []ref, ev *event.Event) (out event.Verdict, err error) {
	var last *Rule
	for _, c := range refs {
		if c.rule == last || c.on.kind.Takes != nil && !c.on.kind.Takes(ev, c.on.args) {
			continue
		}
		if last = c.rule; !e.takes(m, c.rule, true, true) {
			continue
		}
		if out, err = e.act(c.rule, out, everything); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Tamper runs what rules do to a call before it is made. The first injection is the one.
func (e *Engine) Tamper(ev *event.Event) *event.Injection {
	m := e.begin(ev)
	if m == nil {
		return nil
	}
	clear(m.taken)
	m.offered = true
	abi := e.abi(ev)
	var out event.Verdict
	for _, c := range e.viewOf(m).byKind[event.SyscallEnter] {
		r := c.rule
		if !r.tampers || !c.on.calls.Has(abi, ev.Sys.Class) || m.taken.has(r.index) || !e.takes(m, r, true, false) {
			continue
		}
		m.taken.set(r.index)
		out, _ = e.act(r, out, tampering) // these actions do not fail
	}
	return out.Inject
}

// callEnter runs the rules at a call's entry, and asks that its exit be spared when none
// wants it.
func (e *Engine) callEnter(m *member, refs []ref, ev *event.Event) (out event.Verdict, err error) {
	clear(m.pend)
	m.settle()
	abi := e.abi(ev)
	exits := false
	for _, c := range refs {
		r := c.rule
		if !c.on.calls.Has(abi, ev.Sys.Class) || m.pend.has(r.index) {
			continue
		}
		switch {
		case r.tampers:
			if !m.taken.has(r.index) {
				continue
			}
		case m.taken.has(r.index):
			continue
		case r.exit != nil:
			e.ctx.env.rule = r.index
			if r.entry == nil || r.entry.Match(&e.ctx.env) {
				m.pend.set(r.index)
				exits = true
			}
			continue
		case !e.takes(m, r, true, false):
			continue
		}
		which := atEntry
		if ev.Sys.Only = c.on.enter; c.on.enter {
			which = entryOnly
			m.taken.unset(r.index)
		} else {
			m.taken.set(r.index)
			exits = exits || r.exits
		}
		if out, err = e.act(r, out, which); err != nil {
			return out, err
		}
	}
	ev.Sys.Only = false
	if !exits && out.Resume == event.ResumeDefault {
		out.Resume = event.ResumeSkip
		clear(m.taken)
	}
	return out, nil
}

// callExit runs the rules that a call's entry has left to do.
func (e *Engine) callExit(m *member) (out event.Verdict, err error) {
	if out, err = e.finish(m, m.taken, m.pend); err != nil {
		return out, err
	}
	clear(m.pend)
	clear(m.taken)
	return out, nil
}

// finish runs the rules that have taken the entry of what is over now, and those of pend, if they
// take the whole.
func (e *Engine) finish(m *member, taken, pend ruleSet) (out event.Verdict, err error) {
	for w := range taken {
		for set := taken[w] | pend[w]; set != 0; set &= set - 1 {
			r := e.rules[w*64+trailing(set)]
			which := atExit
			if pend.has(r.index) {
				if r.Disarmed || !e.takes(m, r, false, true) {
					continue
				}
				which = atDecision
			}
			if out, err = e.act(r, out, which); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// callWhole runs the rules on a call whose entry made no event. Those that tamper have
// decided before it was made.
func (e *Engine) callWhole(m *member, refs []ref, ev *event.Event) (out event.Verdict, err error) {
	m.settle()
	abi := e.abi(ev)
	for _, c := range refs {
		r, which := c.rule, atDecision
		if c.on.enter || !c.on.calls.Has(abi, ev.Sys.Class) {
			continue
		}
		if r.tampers {
			which = atExit
			if !m.taken.has(r.index) {
				continue
			}
		} else if !e.takes(m, r, true, true) {
			continue
		}
		if out, err = e.act(r, out, which); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (e *Engine) abi(ev *event.Event) int {
	if len(e.reg.ABIs) > 1 && ev.ABI == e.reg.ABIs[1] {
		return event.CompatABI
	}
	return event.NativeABI
}

// takes decides by the condition of a rule, or the half of it that is asked for, and then by
// its counting clause.
func (e *Engine) takes(m *member, r *Rule, entry, exit bool) bool {
	x := &e.ctx.env
	x.rule = r.index
	if entry && r.entry != nil && !r.entry.Match(x) || exit && r.exit != nil && !r.exit.Match(x) {
		return false
	}
	if r.Spec.Count != (filter.Count{}) {
		if !r.Spec.Count.Hits(m.next(r, x.Event)) {
			return false
		}
	}
	m.counts[r.index]++
	return true
}

// Which actions of a rule are run.
var (
	everything = [...]bool{AtExit: true, AtEntry: true, AtBoth: true, AtTamper: true}
	tampering  = [...]bool{AtTamper: true}
	entryOnly  = [...]bool{AtExit: true, AtEntry: true, AtBoth: true, AtTamper: false} // they have tampered
	atEntry    = [...]bool{AtEntry: true, AtBoth: true, AtTamper: false}
	atExit     = [...]bool{AtExit: true, AtBoth: true, AtTamper: false}
	atDecision = [...]bool{AtExit: true, AtBoth: true, AtTamper: true}
	atBegin    = [...]bool{AtEntry: true, AtBoth: true, AtTamper: true} // of a function
)

// act runs the actions of a rule that has taken the event.
func (e *Engine) act(r *Rule, out event.Verdict, which [4]bool) (event.Verdict, error) {
	c := &e.ctx
	c.Rule, c.env.rule = r, r.index
	for i := range r.do {
		if !which[r.do[i].at] {
			continue
		}
		v, err := r.do[i].Do(c)
		if err != nil {
			return out, err
		}
		out = merge(out, v)
	}
	return out, nil
}

package follow

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// maxGroups is how many groups a set of rules may have, with that of all tasks.
const maxGroups = 64

// Binder gives the makers of actions what they may need.
type Binder struct {
	Registry *Registry
	engine   *Engine
	rule     *Rule
}

// Rule is the rule that has a name; the checker has seen to it that there is one.
func (b *Binder) Rule(name string) *Rule {
	for _, r := range b.engine.rules {
		if r.Spec.Name == name {
			return r
		}
	}
	return nil
}

// Group is the group that has a name.
func (b *Binder) Group(name string) *Group {
	if i := b.engine.groupIndex(name); i >= 0 {
		return b.engine.groups[i]
	}
	return nil
}

// Title is the text of the rule that the action belongs to.
func (b *Binder) Title() string { return b.rule.Spec.String() }

// New makes an engine of checked rules. The registry is the one that the schema which they were
// checked against was made of.
func New(rules *filter.Rules, reg *Registry) (*Engine, error) {
	e := &Engine{
		reg: reg, members: make(map[int32]*member), views: make(map[uint64]*view), places: make(map[*filter.Ref]*place),
		groups: []*Group{{Spec: &filter.Group{Name: filter.AllGroup, Follow: filter.FollowAll}}},
	}
	e.env.engine = e
	for _, g := range rules.Groups {
		if g.Name == filter.AllGroup {
			e.groups[0].Spec = g
			continue
		}
		e.groups = append(e.groups, &Group{Spec: g})
	}
	if len(e.groups) > maxGroups {
		return nil, fmt.Errorf("%d groups: at most %d can be told apart", len(e.groups), maxGroups)
	}
	for _, g := range e.groups {
		g.label = []byte(g.Spec.Name)
		g.own = ownCondition(g.Spec.Admit)
	}
	for i, spec := range rules.Rules {
		e.rules = append(e.rules, e.rule(spec, i))
	}
	for _, r := range e.rules {
		if err := e.bind(r); err != nil {
			return nil, err
		}
		for i := range r.ons {
			if r.ons[i].kind.Spec.Calls {
				e.bindPreds(r, &r.ons[i])
			}
		}
	}
	e.names = e.WantsExec()
	e.tally, e.seenAll = make([]int32, len(e.rules)), make([]int32, len(e.rules))
	return e, nil
}

// rule makes a rule without its actions.
func (e *Engine) rule(spec *filter.Rule, index int) *Rule {
	r := &Rule{Spec: spec, index: index, group: e.groupIndex(spec.In)}
	if spec.Where != nil {
		r.entry, r.exit = spec.Where.Split()
	}
	for _, o := range spec.On {
		n := on{kind: e.reg.kind[o.Event], args: o.Args, enter: o.Enter}
		if o.Event.Calls {
			n.calls = e.callSet(o.Args)
		}
		if same := r.sameCalls(&n); same != nil {
			same.calls = same.calls.Union(&n.calls)
			continue
		}
		r.ons = append(r.ons, n)
	}
	// A call that is meant as a whole and by its entry is taken as a whole, and once.
	slices.SortStableFunc(r.ons, func(a, b on) int {
		switch {
		case a.enter == b.enter:
			return 0
		case a.enter:
			return 1
		}
		return -1
	})
	return r
}

// sameCalls is the event of a rule that is about calls like o: syscall(a)|syscall(b) is one.
func (r *Rule) sameCalls(o *on) *on {
	for i := range r.ons {
		if s := &r.ons[i]; s.kind == o.kind && s.kind.Spec.Calls && s.enter == o.enter {
			return s
		}
	}
	return nil
}

func (e *Engine) bind(r *Rule) error {
	for i := range r.Spec.Do {
		a := &r.Spec.Do[i]
		kind := e.reg.acts[a.Spec]
		do, err := kind.New(&Binder{Registry: e.reg, engine: e, rule: r}, a)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Spec, err)
		}
		r.do = append(r.do, bound{do, kind.At})
		r.exits = r.exits || kind.At == AtExit || kind.At == AtBoth
		r.early = r.early || kind.At == AtEntry || kind.At == AtBoth
		r.tampers = r.tampers || kind.At == AtTamper && r.exit == nil
	}
	return nil
}

// callSet is the calls that stand behind an event of a rule; without any, all and those that
// have no name.
func (e *Engine) callSet(args []filter.Arg) event.CallSet {
	if len(args) > 0 && args[0].Calls != nil {
		return CallSet(e.reg.ABIs, args[0].Calls, args[0].Unnamed)
	}
	c := event.CallSet{Rest: true}
	for i := range e.reg.ABIs {
		for nr := range c.Bits[i] {
			c.Bits[i][nr] = ^uint64(0)
		}
	}
	return c
}

// CallSet is the engine's form of a set, whose ABIs are those given; with unnamed also the
// numbers that are no call's.
func CallSet(abis []*arch.ABI, s *filter.SyscallSet, unnamed bool) event.CallSet {
	c := event.CallSet{Rest: unnamed}
	for i, a := range abis {
		for _, nr := range s.Numbers(i) {
			c.Add(i, uint64(nr))
		}
		for nr := 0; unnamed && nr < filter.SocketcallBase; nr++ {
			if nr >= len(a.Syscalls) || a.Syscalls[nr] == "" {
				c.Add(i, uint64(nr))
			}
		}
	}
	return c
}

// build makes the view of members of some groups.
func (e *Engine) build(in uint64) *view {
	v := &view{needs: e.reg.Base, byKind: make(map[*event.Kind][]ref)}
	var entries event.CallSet
	for _, r := range e.rules {
		if r.Disarmed || in>>r.group&1 == 0 {
			continue
		}
		for i := range r.ons {
			o := &r.ons[i]
			for _, k := range o.kind.Made {
				v.byKind[k] = append(v.byKind[k], ref{r, o})
			}
			if o.kind.Needs != nil {
				o.kind.Needs(o.args, &v.needs)
			}
			if o.kind.Spec.Calls {
				addPreds(&v.needs, o, &v.needs.Calls)
				v.needs.Calls = v.needs.Calls.Union(&o.calls)
				if r.tampers {
					v.needs.Tamper = v.needs.Tamper.Union(&o.calls)
				}
				if r.wantsEntry(o) {
					entries = entries.Union(&o.calls)
				}
			}
		}
	}
	v.needs.Syscalls = !v.needs.Calls.Empty()
	v.needs.Late = v.needs.Calls.Minus(&entries)
	return v
}

// wantsEntry reports whether a rule has anything to do or to decide at the entry of calls.
func (r *Rule) wantsEntry(o *on) bool {
	return o.enter || r.exit == nil && r.early || r.entry != nil
}

// Selective reports whether a task may belong to no group, so that most may run unwatched.
func (e *Engine) Selective() bool {
	for _, g := range e.groups {
		if g.Spec.Admit != nil {
			return true
		}
	}
	return false
}

// Follows reports whether it is said which tasks belong to the group of all, and so that new
// ones are to be traced.
func (e *Engine) Follows() bool { return e.groups[0].Spec.At != (filter.Pos{}) }

// Existing reports whether some group is to have the descendants that tasks have already.
func (e *Engine) Existing() bool {
	return slices.ContainsFunc(e.groups, func(g *Group) bool { return g.Spec.Existing })
}

// WantsExec reports whether it matters which programs tasks execute.
func (e *Engine) WantsExec() bool {
	return e.Selective() || e.isOn(event.Exec) || slices.ContainsFunc(e.rules, (*Rule).asksExec)
}

// asksExec reports whether a rule asks what its task runs, or what those before it ran.
func (r *Rule) asksExec() bool {
	asks := func(p *filter.Program) bool {
		return p != nil && slices.ContainsFunc(p.Refs(), func(f *filter.Ref) bool { return f.Field.Name == "exec" || f.Field.Name == "ancestor" })
	}
	for i := range r.Spec.Do {
		if slices.ContainsFunc(r.Spec.Do[i].Args, func(a filter.Arg) bool { return asks(a.Expr) }) {
			return true
		}
	}
	return asks(r.Spec.Where)
}

// isOn reports whether some rule is on events of a kind.
func (e *Engine) isOn(k *event.Kind) bool {
	for _, r := range e.rules {
		for _, o := range r.ons {
			if slices.Contains(o.kind.Made, k) {
				return true
			}
		}
	}
	return false
}

// Timers are the times of the timer events that rules are on.
func (e *Engine) Timers() []time.Duration {
	var ds []time.Duration
	for _, r := range e.rules {
		for _, o := range r.ons {
			if o.kind.Made[0] != event.Timer {
				continue
			}
			if d := time.Duration(o.args[0].Num); !slices.Contains(ds, d) {
				ds = append(ds, d)
			}
		}
	}
	return ds
}

func trailing(w uint64) int { return bits.TrailingZeros64(w) }

package follow

import (
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// Field is a datum of every event, or of the task that it happened to.
type Field struct {
	Spec *filter.Field
	Get  Getter
}

// Registry is what rules may name, and what stands behind the names.
type Registry struct {
	Kinds   []*Kind
	Fields  []*Field
	Funcs   []*filter.Func
	Actions []*ActionKind
	Tasks   Tasks // nil: nothing is known of tasks but the tree
	// ABIs are those that tracees may use, in the order of event.CallSet; Arch is the native one's.
	ABIs []*arch.ABI
	Arch *arch.Arch
	// Decl is a call's declaration by ABI and name; nil: it is not known.
	Decl func(abi int, name string) event.Decl
	// Const is the value of a kernel constant, Consts all of them.
	Const  func(name string) (int64, bool)
	Consts func() []string
	// Warn tells the user of what a rule cannot do where it is to do it, once a rule; nil: nobody.
	Warn func(msg string)
	// Base is what is needed of every member of a group beside what its rules call for: how
	// calls are decoded, whose data is dumped.
	Base event.Needs

	gets []getter
	kind map[*filter.Event]*Kind
	acts map[*filter.ActionSpec]*ActionKind
}

// Schema is what the parser of rules must know. The registry must not be added to any more.
func (r *Registry) Schema(u *filter.Universe) *filter.Schema {
	s := &filter.Schema{
		Universe: u, Const: r.Const, Consts: r.Consts, Funcs: r.Funcs,
		Set: CanonicalSet, SetNames: CanonicalSets(), ArgNames: r.argNames,
	}
	r.gets = nil
	r.kind = make(map[*filter.Event]*Kind)
	r.acts = make(map[*filter.ActionSpec]*ActionKind)
	for _, f := range r.Fields {
		s.Fields = append(s.Fields, f.Spec)
		r.number(f.Spec, f.Get, nil, nil)
	}
	for _, k := range r.Kinds {
		s.Events = append(s.Events, k.Spec)
		r.kind[k.Spec] = k
		for _, f := range k.Spec.Fields {
			get, num := k.Get[f.Name], k.nums[f.Name]
			switch {
			case get != nil:
			case num != nil:
				get = one(func(x *Env) filter.Val {
					n, ok := num(x)
					return filter.Val{Num: n, OK: ok}
				})
			default:
				get = argByName
			}
			r.number(f, get, num, k.Made)
		}
	}
	for _, a := range r.Actions {
		s.Actions = append(s.Actions, a.Spec)
		r.acts[a.Spec] = a
	}
	if r.Arch != nil {
		for _, reg := range r.Arch.Regs {
			s.Registers = append(s.Registers, reg.Name)
		}
	}
	return s
}

// getter is a Getter and the kinds of events that it may be asked on; nil: any.
type getter struct {
	get   Getter
	num   func(x *Env) (int64, bool) // the same of a single number, at less cost; may be nil
	any   bool                       // of every event, or of tasks
	first *event.Kind
	more  []*event.Kind
}

// value asks for a field of the event.
func (r *Registry) value(x *Env, ref *filter.Ref, i int) filter.Val {
	if g := &r.gets[ref.Field.ID]; g.isOf(x.Event) {
		return g.get(x, ref, i)
	}
	for _, f := range ref.Others {
		if g := &r.gets[f.ID]; g.isOf(x.Event) {
			return g.get(x, ref, i)
		}
	}
	return filter.Val{}
}

// isOf reports whether an event has the field; without one the fields of tasks are there.
func (g *getter) isOf(ev *event.Event) bool {
	return g.any || ev.Kind == g.first || slices.Contains(g.more, ev.Kind)
}

// number gives a field its place among the getters.
func (r *Registry) number(f *filter.Field, get Getter, num func(*Env) (int64, bool), made []*event.Kind) {
	f.ID = len(r.gets)
	g := getter{get: get, num: num, any: made == nil}
	// The last kind is the one that most conditions are decided at: a call's exit.
	if n := len(made); n > 0 {
		g.first, g.more = made[n-1], made[:n-1]
	}
	r.gets = append(r.gets, g)
}

func (r *Registry) argNames(call string) []string {
	if r.Decl == nil {
		return nil
	}
	var names []string
	for abi := range r.ABIs {
		d := r.Decl(abi, call)
		for i := 0; d != nil && d.ArgName(i) != ""; i++ {
			names = append(names, d.ArgName(i))
		}
	}
	return names
}

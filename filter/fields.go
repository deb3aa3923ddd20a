package filter

import (
	"slices"
	"strings"
)

// field finds the field of a name among those of the scope. Where events have different
// ones of the name it is the one with more values, or the one that is known later; the
// others become the Others of a Ref.
func (sc *scope) field(n *node) *Field {
	switch fields := sc.c.fields[n.text]; {
	case sc.constant:
		return nil
	case sc.silent && len(fields) > 0:
		return fields[0]
	}
	var best *Field
	late := 0
	for _, f := range sc.c.fields[n.text] {
		where := sc.has(f)
		if where == nowhere {
			continue
		}
		if where == tooEarly {
			late++
			continue
		}
		if best != nil && best.Type != f.Type && !sc.any {
			sc.errorf(n, "'%s' is %s of one event and %s of another: write a rule for each", n.text, typeNames[best.Type], typeNames[f.Type])
			return nil
		}
		if best == nil || sc.any && f.Type == Any && best.Type != Any && f.Index == best.Index || f.Many && !best.Many || f.At > best.At && f.Many == best.Many {
			best = f
		}
	}
	if best == nil && late > 0 {
		sc.errorf(n, "%s is not known at the entry of a call: leave out .enter", n.text)
	}
	return best
}

// presence says whether a field can be there.
type presence uint8

const (
	nowhere presence = iota
	tooEarly
	there
)

// has reports whether something in the scope has the field.
func (sc *scope) has(f *Field) presence {
	global := slices.Contains(sc.c.schema.Fields, f)
	switch {
	case sc.any:
		return there
	case sc.tasks:
		if f.Task && global {
			return there
		}
		return nowhere
	}
	best := nowhere
	for i := range sc.on {
		e := sc.on[i].Event
		if e == nil || global && f.Task && !e.Tasks || !global && !slices.Contains(e.Fields, f) {
			continue
		}
		if f.At == Exit && e.paired() && sc.on[i].Enter {
			best = max(best, tooEarly)
			continue
		}
		return there
	}
	return best
}

// elsewhere reports a field that is only of other events.
func (sc *scope) elsewhere(n *node) bool {
	fields := sc.c.fields[n.text]
	if len(fields) == 0 {
		return false
	}
	switch {
	case sc.constant:
		sc.errorf(n, "'%s' is a field: here a constant is expected", n.text)
	case sc.tasks:
		var known []string
		for _, f := range sc.c.schema.Fields {
			if f.Task {
				known = append(known, f.Name)
			}
		}
		sc.errorf(n, "'%s' is not of tasks: a group's condition is on %s", n.text, strings.Join(known, ", "))
	case slices.Contains(sc.c.schema.Fields, fields[0]):
		sc.errorf(n, "%s events have no '%s': they happen to no task", sc.events(), n.text)
	default:
		var owners []string
		for _, e := range sc.c.schema.Events {
			if slices.ContainsFunc(fields, func(f *Field) bool { return slices.Contains(e.Fields, f) }) {
				owners = append(owners, e.Name)
			}
		}
		sc.errorf(n, "%s events have no '%s'; it is of %s", sc.events(), n.text, strings.Join(owners, ", "))
	}
	return true
}

// events names the events of the scope.
func (sc *scope) events() string {
	var list []string
	for _, o := range sc.on {
		if o.Event != nil && !slices.Contains(list, o.Event.Name) {
			list = append(list, o.Event.Name)
		}
	}
	return strings.Join(list, " and ")
}

// neverStops reports whether no event of the scope stops its task.
func (sc *scope) neverStops() bool {
	return sc.tasks || !sc.any && !slices.ContainsFunc(sc.on, func(o onStmt) bool { return o.Event == nil || o.Event.Stops })
}

// entryOnly reports whether the scope is the entries of calls.
func (sc *scope) entryOnly() bool {
	return len(sc.on) > 0 && !slices.ContainsFunc(sc.on, func(o onStmt) bool { return !o.Enter })
}

// candidates lists all names that could stand in an expression.
func (sc *scope) candidates() []string {
	list := names(sc.c.lets)
	for name, fields := range sc.c.fields {
		if !sc.constant && slices.ContainsFunc(fields, func(f *Field) bool { return sc.has(f) == there }) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return append(append(list, sc.c.schema.funcNames()...), sc.c.consts()...)
}

// constant finds a symbolic constant.
func (c *checker) constant(name string) (int64, bool) {
	if c.schema.Const == nil {
		return 0, false
	}
	return c.schema.Const(name)
}

// Event finds an event by its name; nil: there is none.
func (s *Schema) Event(name string) *Event { return byName(s.Events, name) }

// Action finds an action by its name; nil: there is none.
func (s *Schema) Action(name string) *ActionSpec { return byName(s.Actions, name) }

func (s *Schema) function(name string) *Func { return byName(s.Funcs, name) }

func (s *Schema) eventNames() []string  { return allNames(s.Events) }
func (s *Schema) actionNames() []string { return allNames(s.Actions) }
func (s *Schema) funcNames() []string   { return allNames(s.Funcs) }

// named is what has a name.
type named interface{ named() string }

func (e *Event) named() string      { return e.Name }
func (a *ActionSpec) named() string { return a.Name }
func (f *Func) named() string       { return f.Name }

func byName[T named](list []T, name string) (none T) {
	for _, x := range list {
		if x.named() == name {
			return x
		}
	}
	return none
}

func allNames[T named](list []T) []string {
	names := make([]string, len(list))
	for i, x := range list {
		names[i] = x.named()
	}
	return names
}

// Param finds an argument of the action by its name, or nil; options are looked at last.
func (a *ActionSpec) Param(name string) *Param {
	for _, list := range [][]Param{a.Params, a.Options} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

package filter

import "slices"

// Program is a compiled expression. It is immutable and may be used by several tasks.
type Program struct {
	root  *node
	text  string
	refs  []*Ref
	late  []string // what in it is known at the exit only
	at    Moment
	stops bool
	match condFn
	num   numFn
	str   strFn
}

// True always matches.
var True = newProgram(&node{op: opBool, num: 1, typ: Bool, con: &Val{Num: 1, OK: true}})

// newProgram compiles a checked expression.
func newProgram(root *node) *Program {
	p := &Program{root: root, text: root.String()}
	root.walk(func(n *node) {
		switch {
		case n.op == opRef:
			if !slices.Contains(p.refs, n.ref) {
				p.refs = append(p.refs, n.ref)
			}
			p.needs(n.ref.Field.At, n.ref.String())
		case n.op == opCall:
			p.stops = p.stops || n.fn.Stops
			p.needs(n.fn.At, n.text)
		}
	})
	p.match = compileCond(root)
	switch root.typ {
	case String:
		p.str = compileStr(root)
		p.match = func(Env) bool { return false }
	case Any:
		p.str = compileStr(root)
		fallthrough
	default:
		p.num = compileNum(root)
	}
	return p
}

// needs notes that something of a moment is used.
func (p *Program) needs(at Moment, name string) {
	if p.at = max(p.at, at); at == Exit && !slices.Contains(p.late, name) {
		p.late = append(p.late, name)
	}
}

// And returns a program that matches where both do. A nil one always matches.
func And(a, b *Program) *Program {
	switch {
	case a == nil || a == True:
		return b
	case b == nil || b == True:
		return a
	}
	return join([]*node{condition(a.root), condition(b.root)})
}

// condition returns the node as a condition.
func condition(n *node) *node {
	if n.typ == Bool {
		return n
	}
	return &node{op: opTruth, kids: []*node{n}, typ: Bool}
}

// join returns a program that matches where all conditions hold; nil if there are none.
func join(conds []*node) *Program {
	if len(conds) == 0 {
		return nil
	}
	root := conds[0]
	for _, n := range conds[1:] {
		root = &node{op: opAnd, kids: []*node{root, n}, typ: Bool}
		root.fold()
	}
	return newProgram(root)
}

// String is the expression in its canonical form.
func (p *Program) String() string { return p.text }

// Match reports whether the condition holds. A number holds if it is there and not 0; a
// string never does.
func (p *Program) Match(env Env) bool { return p.match(env) }

// Value is the expression's value, of a field with several the first. Of a value of type
// Any there are both the number and the string, as far as there is either; a condition is 0
// or 1. Bytes are valid until the next call.
func (p *Program) Value(env Env) Val {
	var v Val
	if p.num != nil {
		n, st := p.num(env, 0)
		v = Val{Num: n, OK: st == present}
	}
	if p.str != nil {
		b, st := p.str(env, 0)
		if st == present {
			v.Str, v.OK = b, true
		}
	}
	return v
}

// Type is the type of the value.
func (p *Program) Type() Type { return p.root.typ }

// At is the moment at which all is known that the expression uses.
func (p *Program) At() Moment { return p.at }

// Refs lists the fields that are used, each once.
func (p *Program) Refs() []*Ref { return p.refs }

// Stops reports whether a function is used that works on stopped tasks only.
func (p *Program) Stops() bool { return p.stops }

// Const returns the value if it is the same for all events.
func (p *Program) Const() (Val, bool) {
	if p.root.con == nil {
		return Val{}, false
	}
	return *p.root.con, true
}

// Split cuts a condition into what is known at the entry of a call and the rest; the
// condition holds where both do. Either may be nil, which always holds.
func (p *Program) Split() (entry, exit *Program) {
	if p.at == Entry {
		return p, nil
	}
	var early, late []*node
	for _, n := range p.root.conjuncts() {
		if newProgram(n).at == Entry {
			early = append(early, n)
		} else {
			late = append(late, n)
		}
	}
	return join(early), join(late)
}

package filter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// scope is what the names in an expression can be.
type scope struct {
	c        *checker
	on       []onStmt // the events that it is about
	any      bool     // events of every kind
	tasks    bool     // tasks, and no event
	constant bool     // nothing
	silent   bool     // part of the rule is wrong: do not complain about fields
	// besideText: what is compared is a string.
	besideText bool
}

func (sc *scope) errorf(n *node, format string, args ...any) {
	n.bad = true
	msg := fmt.Sprintf(format, args...)
	if n.via != nil {
		msg += fmt.Sprintf(" (in '%s', used at %s)", n.via.name, n.via.at)
	}
	sc.c.report(n.src, n.pos, "%s", msg)
}

// typeNames are for messages.
var typeNames = [...]string{Any: "a number or a string", Bool: "a condition", Int: "a number", Duration: "a duration", String: "a string"}

// condition checks an expression that must hold or not. A number holds if it is not 0.
func (sc *scope) condition(n *node) {
	sc.value(n)
	if n.bad {
		return
	}
	switch n.typ {
	case Int, Any:
		coerce(n, Int)
		kid := *n
		*n = node{op: opTruth, kids: []*node{&kid}, src: n.src, pos: n.pos, via: n.via, typ: Bool}
		n.fold()
	case String:
		sc.errorf(n, "'%s' is a string, not a condition: compare it, as in %s == \"x\"", n, n)
	case Duration:
		sc.errorf(n, "'%s' is a duration, not a condition: compare it, as in %s > 10ms", n, n)
	}
}

// value finds the types of an expression and of all in it.
func (sc *scope) value(n *node) {
	switch n.op {
	case opNum:
		n.typ, n.con = Int, &Val{Num: n.num, OK: true}
	case opDur:
		n.typ, n.con = Duration, &Val{Num: n.num, OK: true}
	case opStr:
		n.typ, n.con = String, &Val{Str: []byte(n.text), OK: true}
	case opBool:
		n.typ, n.con = Bool, &Val{Num: n.num, OK: true}
	case opName:
		sc.named(n)
		return
	case opCall:
		sc.call(n)
	case opOr, opAnd, opNot:
		n.typ = Bool
		for _, k := range n.kids {
			sc.condition(k)
		}
	default:
		for i, k := range n.kids {
			sc.besideText = i > 0 && !n.kids[0].bad && n.kids[0].typ == String
			sc.value(k)
			sc.besideText = false
		}
	}
	for _, k := range n.kids {
		n.bad = n.bad || k.bad
	}
	if n.bad {
		return
	}
	switch {
	case n.op >= opEQ && n.op <= opGE:
		sc.compare(n, n.kids[0], n.kids[1])
		n.typ = Bool
	case n.op == opIn:
		sc.list(n)
		n.typ = Bool
	case n.op >= opContains && n.op <= opGlob:
		n.typ = Bool
		for _, k := range n.kids {
			sc.want(k, String)
		}
	case n.op >= opAdd && n.op <= opNeg:
		sc.arithmetic(n)
	}
	sc.oneMany(n)
	if !n.bad {
		n.fold()
	}
}

// want checks that a value is of a type; Any: of whichever.
func (sc *scope) want(n *node, t Type) {
	if n.bad || t == Any {
		return
	}
	coerce(n, t)
	if n.typ == t || t == Duration && isZero(n) {
		return
	}
	hint := ""
	if n.typ == Int && t == Duration {
		hint = ": write a unit, as in 10ms"
	}
	sc.errorf(n, "'%s' is %s, expected %s%s", n, typeNames[n.typ], typeNames[t], hint)
}

// coerce decides what a value of type Any is taken for.
func coerce(n *node, t Type) {
	if n.typ == Any && t != Any && t != Bool {
		n.typ = t
	}
}

// isZero reports whether the node is the number 0, which is also a duration.
func isZero(n *node) bool { return n.op == opNum && n.num == 0 }

// compare checks the operands of a comparison, of which n is the operator.
func (sc *scope) compare(n, l, r *node) {
	coerce(l, r.typ)
	coerce(r, l.typ)
	if l.typ == Any {
		coerce(l, Int)
		coerce(r, Int)
	}
	ordered := n.op != opEQ && n.op != opNE && n.op != opIn
	switch {
	case l.typ == r.typ && l.typ == String && ordered:
		sc.errorf(n, "strings have no order: compare them with == != in contains startswith endswith ~ glob")
	case l.typ == r.typ && l.typ == Bool && ordered:
		sc.errorf(n, "conditions have no order")
	case l.typ == r.typ:
	case l.typ == Duration && isZero(r) || r.typ == Duration && isZero(l):
	case l.typ == Duration && r.typ == Int || l.typ == Int && r.typ == Duration:
		for _, k := range []*node{l, r} {
			if k.typ == Int && k.con != nil {
				sc.errorf(k, "'%s' is a number and no duration: write a unit, as in 10ms", k)
				return
			}
		}
		sc.errorf(n, "'%s' is %s and '%s' is %s: they cannot be compared", l, typeNames[l.typ], r, typeNames[r.typ])
	default:
		sc.errorf(n, "'%s' is %s and '%s' is %s: they cannot be compared", l, typeNames[l.typ], r, typeNames[r.typ])
	}
}

// list checks x in (...).
func (sc *scope) list(n *node) {
	x := n.kids[0]
	for _, k := range n.kids[1:] {
		if k.op != opRange {
			sc.compare(n, x, k)
			continue
		}
		lo, hi := k.kids[0], k.kids[1]
		k.typ = Int
		for _, end := range k.kids {
			coerce(end, Int)
			if coerce(x, end.typ); !end.bad && end.typ != Int && end.typ != Duration {
				sc.errorf(end, "'%s' is %s: ranges are of numbers", end, typeNames[end.typ])
				n.bad = true
			}
		}
		if n.bad {
			return
		}
		sc.compare(k, x, lo)
		sc.compare(k, x, hi)
		n.bad = n.bad || k.bad || lo.bad || hi.bad || x.bad
		if lo.con != nil && hi.con != nil && lo.con.Num > hi.con.Num {
			sc.errorf(k, "the range %s is empty: write %s..%s", k, hi, lo)
		}
	}
}

// arithmetic checks + - & and the sign.
func (sc *scope) arithmetic(n *node) {
	n.typ = Int
	for _, k := range n.kids {
		coerce(k, Int)
		switch {
		case k.typ == Int:
		case k.typ == Duration && n.op != opMask:
			n.typ = Duration
		default:
			sc.errorf(n, "'%s' is %s: expected a number", k, typeNames[k.typ])
			return
		}
	}
	for _, k := range n.kids {
		if n.typ != k.typ && !isZero(k) {
			sc.errorf(n, "a duration and a number: write a unit, as in 10ms")
			return
		}
	}
}

// call checks a call of a function.
func (sc *scope) call(n *node) {
	for _, k := range n.kids {
		sc.value(k)
		n.bad = n.bad || k.bad
	}
	n.fn = sc.c.schema.function(n.text)
	switch {
	case n.fn == nil:
		sc.errorf(n, "no function '%s'%s", n.text, Nearest(n.text, sc.c.schema.funcNames()))
	case sc.constant:
		sc.errorf(n, "'%s' must be a constant", n)
	case n.fn.Stops && sc.neverStops():
		sc.errorf(n, "%s works on a stopped task: at %s none is", n.text, sc.events())
	case n.fn.At == Exit && sc.entryOnly():
		sc.errorf(n, "%s is not known at the entry of a call: leave out .enter", n.text)
	}
	if n.bad {
		return
	}
	n.typ = n.fn.Type
	required := len(n.fn.Params)
	for required > 0 && (n.fn.Params[required-1].Optional || n.fn.Params[required-1].Repeat) {
		required--
	}
	repeat := len(n.fn.Params) > 0 && n.fn.Params[len(n.fn.Params)-1].Repeat
	if len(n.kids) < required || len(n.kids) > len(n.fn.Params) && !repeat {
		sc.errorf(n, "function %s takes %s, found %d", n.text, arity(paramNames(n.fn.Params)), len(n.kids))
		return
	}
	for i, k := range n.kids {
		p := &n.fn.Params[min(i, len(n.fn.Params)-1)]
		want := map[ParamKind]Type{ParamExpr: p.Type, ParamNum: Int, ParamDuration: Duration, ParamString: String}[p.Kind]
		sc.want(k, want)
		if p.Kind != ParamExpr && k.con == nil && !k.bad {
			sc.errorf(k, "'%s' must be a constant", p.Name)
		}
		n.bad = n.bad || k.bad
	}
}

// oneMany checks that one field with several values is compared at a time.
func (sc *scope) oneMany(n *node) {
	if n.bad || n.op < opEQ || n.op > opGlob {
		return
	}
	if refs := manyRefs(n); len(refs) > 1 && refs[0] == refs[1] {
		sc.errorf(n, "'%s' has several values: it can stand only once in a comparison", refs[0])
	} else if len(refs) > 1 {
		sc.errorf(n, "'%s' and '%s' both have several values: they cannot be compared", refs[0], refs[1])
	}
}

// manyRefs lists the uses of fields with several values that a comparison is about.
func manyRefs(n *node) []*Ref {
	var refs []*Ref
	var visit func(n *node)
	visit = func(n *node) {
		if n.op == opRef && n.ref.Field.Many {
			refs = append(refs, n.ref)
		}
		for _, k := range n.kids {
			if k.typ != Bool || k.op == opRef {
				visit(k)
			}
		}
	}
	visit(n)
	return refs
}

// named finds what a name is.
func (sc *scope) named(n *node) {
	if st := sc.c.lets[n.text]; st != nil && !n.hasIndex {
		sc.expand(n, st)
		return
	}
	if f := sc.field(n); f != nil {
		sc.refer(n, f)
		return
	}
	if n.bad {
		return
	}
	if v, ok := sc.c.constant(n.text); ok && !n.hasIndex {
		n.op, n.typ, n.num, n.con = opNum, Int, v, &Val{Num: v, OK: true}
		return
	}
	if sc.elsewhere(n) {
		return
	}
	hint := Nearest(n.text, sc.candidates())
	if hint == "" && sc.besideText {
		hint = "; a text is in quotes: " + quote(n.text)
	}
	sc.errorf(n, "no field, constant or name '%s'%s", n.text, hint)
}

// maxNodes bounds what lets are expanded to: each may use others more than once.
const maxNodes = 1 << 16

// expand puts a let in the place of its name.
func (sc *scope) expand(n *node, st *statement) {
	sc.c.let(st)
	switch {
	case st.let.state == letChecking:
		sc.errorf(n, "let '%s' is defined by itself", n.text)
		return
	case st.let.state == letBad:
		n.bad = true
		return
	case sc.c.nodes > maxNodes:
		sc.errorf(n, "the lets are too large, expanded")
		st.let.state = letBad
		return
	}
	body := st.let.expr.clone()
	via := &use{n.text, n.src.at(n.pos)}
	if n.via != nil {
		via = n.via
	}
	body.walk(func(k *node) {
		k.via = via
		sc.c.nodes++
	})
	*n = *body
	sc.value(n)
}

// refer makes the node a use of a field.
func (sc *scope) refer(n *node, f *Field) {
	r := Ref{Field: f}
	switch {
	case f.Index == NoIndex && n.hasIndex:
		sc.errorf(n, "'%s' has no parts: leave out '.%s'", f.Name, n.index)
	case f.Index == NoIndex:
	case !n.hasIndex && f.Index == ArgIndex:
		sc.errorf(n, "'%s' needs a position or a name: %s.1, or %s.NAME", f.Name, f.Name, f.Name)
	case !n.hasIndex:
		sc.errorf(n, "'%s' needs a name: %s.NAME", f.Name, f.Name)
	case f.Index == RegIndex:
		r.Name = n.index
		if regs := sc.c.schema.Registers; !slices.Contains(regs, r.Name) {
			sc.errorf(n, "no register '%s'%s", r.Name, Nearest(r.Name, regs))
		}
	case isDigit(n.index[0]):
		high := f.Max
		if high == 0 {
			high = 6
		}
		var err error
		if r.N, err = strconv.Atoi(n.index); err != nil || r.N < 1 || r.N > high {
			sc.errorf(n, "'%s.%s': positions are from 1 to %d", f.Name, n.index, high)
		}
		n.index = strconv.Itoa(r.N)
	default:
		r.Name = n.index
		if sc.free(f) {
			break
		}
		if args := sc.argNames(); !slices.Contains(args, r.Name) && !sc.silent {
			sc.errorf(n, "no call in the set has an argument '%s'%s", r.Name, Nearest(r.Name, args))
		}
	}
	if n.bad {
		return
	}
	n.op, n.ref, n.typ = opRef, sc.c.intern(r), f.Type
}

// intern returns the one Ref of a field, and of what follows its dot.
func (c *checker) intern(r Ref) *Ref {
	key := refKey{r.Field, r.Name, r.N}
	known := c.refs[key]
	if known == nil {
		known = &r
		c.refs[key] = known
		for _, f := range c.fields[r.Field.Name] {
			if f != r.Field && f.Type == r.Field.Type && f.Index == r.Field.Index {
				known.Others = append(known.Others, f)
			}
		}
	}
	return known
}

// refKey tells references apart.
type refKey struct {
	field *Field
	name  string
	n     int
}

// free reports whether any name may follow the field's, or one of its name of another event.
func (sc *scope) free(f *Field) bool {
	return slices.ContainsFunc(sc.c.fields[f.Name], func(o *Field) bool { return o.Free && sc.has(o) == there })
}

// String is the reference as it is written.
func (r *Ref) String() string {
	switch {
	case r.N > 0:
		return r.Field.Name + "." + strconv.Itoa(r.N)
	case r.Name != "":
		return r.Field.Name + "." + r.Name
	}
	return r.Field.Name
}

// argNames lists the arguments of the calls that the expression is about.
func (sc *scope) argNames() []string {
	if sc.any || len(sc.on) == 0 {
		return sc.c.argNames(AllSyscalls(sc.c.schema.Universe))
	}
	var all []string
	for i := range sc.on {
		o := &sc.on[i]
		if o.Event == nil || !o.Event.Calls {
			continue
		}
		set := AllSyscalls(sc.c.schema.Universe)
		for _, a := range o.args {
			if a.Calls != nil {
				set = a.Calls
			}
		}
		all = append(all, sc.c.argNames(set)...)
	}
	return all
}

// argNames lists the arguments of the calls in a set.
func (c *checker) argNames(set *SyscallSet) []string {
	if list, ok := c.args[set.String()]; ok || c.schema.ArgNames == nil {
		return list
	}
	var list []string
	for abi, a := range c.schema.Universe.ABIs {
		for _, nr := range set.Numbers(abi) {
			if abi > 0 && nr < len(c.schema.Universe.ABIs[0].Names) && c.schema.Universe.ABIs[0].Names[nr] == a.Names[nr] && set.Has(0, nr) {
				continue
			}
			for _, n := range c.schema.ArgNames(a.Names[nr]) {
				list = append(list, strings.ToLower(n))
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	c.args[set.String()] = list
	return list
}

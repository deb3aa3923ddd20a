package filter

import (
	"bytes"
	"slices"
	"sync"
)

// state says whether there is a value.
type state uint8

const (
	present state = iota
	absent
	over // a field with several values has no more of them
)

// Compiled expressions. i is which value is meant of a field with several. What has such
// fields looks at all of its operands in each round, so that it learns that it is over.
type (
	condFn func(env Env) bool
	numFn  func(env Env, i int) (int64, state)
	strFn  func(env Env, i int) ([]byte, state)
)

// fold finds out whether the node is a constant.
func (n *node) fold() {
	known := n.op != opCall && n.op != opRange && len(n.kids) > 0
	for _, k := range n.kids {
		if c := k.con; (n.op == opAnd || n.op == opOr) && c != nil && (c.Num != 0) == (n.op == opOr) {
			n.con = c
			return
		}
		consts := k.con != nil || k.op == opRange && k.kids[0].con != nil && k.kids[1].con != nil
		known = known && consts
	}
	if !known {
		return
	}
	v, _ := compileNum(n)(nil, 0)
	n.con = &Val{Num: v, OK: true}
}

// compileCond compiles a condition.
func compileCond(n *node) condFn {
	if n.con != nil {
		holds := n.con.Num != 0
		return func(Env) bool { return holds }
	}
	if t, ok := n.asTest(); ok {
		return t.compile()
	}
	switch n.op {
	case opAnd, opOr:
		return compileList(n.flat(n.op, nil), n.op == opOr)
	case opNot:
		cond := compileCond(n.kids[0])
		return func(env Env) bool { return !cond(env) }
	case opNE:
		equal := *n
		equal.op = opEQ
		cond := compileCond(&equal)
		return func(env Env) bool { return !cond(env) }
	case opIn:
		return compileIn(n)
	case opTruth:
		return compileTruth(n.kids[0])
	case opContains, opStartsWith, opEndsWith, opMatch, opGlob:
		return compileStrings(n)
	case opEQ, opLT, opLE, opGT, opGE:
		if n.kids[0].typ == String {
			return compileStrings(n)
		}
		return compileNumbers(n)
	}
	return compileTruth(n)
}

// compileList compiles conditions of which all must hold, or one.
func compileList(list []*node, or bool) condFn {
	conds := make([]condFn, len(list))
	for i, k := range list {
		conds[i] = compileCond(k)
	}
	if len(conds) == 2 {
		a, b := conds[0], conds[1]
		if or {
			return func(env Env) bool { return a(env) || b(env) }
		}
		return func(env Env) bool { return a(env) && b(env) }
	}
	return func(env Env) bool {
		for _, cond := range conds {
			if cond(env) == or {
				return or
			}
		}
		return !or
	}
}

// compile compiles a test: this is where nearly all conditions end.
func (t test) compile() condFn {
	r, mask, set := t.ref, t.mask, t.set
	if r.Field.Many {
		return func(env Env) bool {
			for i := 0; ; i++ {
				v, ok := env.Num(r, i)
				if !ok || set.has(v&mask) {
					return ok
				}
			}
		}
	}
	if len(set) == 1 {
		lo, hi := set[0].lo, set[0].hi
		return func(env Env) bool {
			v, ok := env.Num(r, 0)
			v &= mask
			return ok && v >= lo && v <= hi
		}
	}
	return func(env Env) bool {
		v, ok := env.Num(r, 0)
		return ok && set.has(v&mask)
	}
}

// compileTruth compiles a number, or a condition's value, that is looked at for being 0.
func compileTruth(n *node) condFn {
	return some(n, compileNum(n), func(v int64) bool { return v != 0 })
}

// some makes a condition that holds if the test does for one of the values.
func some(n *node, num numFn, test func(int64) bool) condFn {
	if len(manyRefs(n)) == 0 {
		return func(env Env) bool {
			v, st := num(env, 0)
			return st == present && test(v)
		}
	}
	return func(env Env) bool {
		for i := 0; ; i++ {
			v, st := num(env, i)
			if st == over || st == present && test(v) {
				return st == present
			}
		}
	}
}

// compileIn compiles a list that is not of constant numbers.
func compileIn(n *node) condFn {
	var conds []condFn
	var fixed []string
	for _, k := range n.kids[1:] {
		switch {
		case k.con != nil && k.typ == String:
			fixed = append(fixed, k.text)
		case k.op == opRange:
			conds = append(conds, compileRange(n.kids[0], k))
		default:
			conds = append(conds, compileCond(&node{op: opEQ, kids: []*node{n.kids[0], k}}))
		}
	}
	if len(fixed) > 0 {
		conds = append(conds, someString(n.kids[0], oneOfTexts(fixed)))
	}
	return func(env Env) bool {
		for _, cond := range conds {
			if cond(env) {
				return true
			}
		}
		return false
	}
}

// compileRange compiles x in (lo..hi).
func compileRange(x, r *node) condFn {
	num, lo, hi := compileNum(x), compileNum(r.kids[0]), compileNum(r.kids[1])
	both := &node{kids: []*node{x, r.kids[0], r.kids[1]}}
	return some(both, func(env Env, i int) (int64, state) {
		v, s := num(env, i)
		l, sl := lo(env, i)
		h, sh := hi(env, i)
		if v >= l && v <= h {
			return 1, max(s, sl, sh)
		}
		return 0, max(s, sl, sh)
	}, func(v int64) bool { return v != 0 })
}

// holds maps the comparisons of numbers.
var holds = map[op]func(a, b int64) bool{
	opEQ: func(a, b int64) bool { return a == b },
	opLT: func(a, b int64) bool { return a < b },
	opLE: func(a, b int64) bool { return a <= b },
	opGT: func(a, b int64) bool { return a > b },
	opGE: func(a, b int64) bool { return a >= b },
}

// compileNumbers compiles a comparison of numbers.
func compileNumbers(n *node) condFn {
	l, r, test := compileNum(n.kids[0]), compileNum(n.kids[1]), holds[n.op]
	return some(n, func(env Env, i int) (int64, state) {
		a, sa := l(env, i)
		b, sb := r(env, i)
		if test(a, b) {
			return 1, max(sa, sb)
		}
		return 0, max(sa, sb)
	}, func(v int64) bool { return v != 0 })
}

// arithmetics maps the operations on numbers; they wrap.
var arithmetics = map[op]func(a, b int64) int64{
	opAdd:  func(a, b int64) int64 { return a + b },
	opSub:  func(a, b int64) int64 { return a - b },
	opMask: func(a, b int64) int64 { return a & b },
}

// compileNum compiles what is a number, a duration, or, as 0 or 1, a condition.
func compileNum(n *node) numFn {
	if n.con != nil {
		v := n.con.Num
		return func(Env, int) (int64, state) { return v, present }
	}
	switch n.op {
	case opRef:
		return compileRef(n.ref)
	case opCall:
		call := compileCall(n)
		return func(env Env, i int) (int64, state) {
			v, st := call(env, i)
			return v.Num, st
		}
	case opNeg:
		x := compileNum(n.kids[0])
		return func(env Env, i int) (int64, state) {
			v, st := x(env, i)
			return -v, st
		}
	case opAdd, opSub, opMask:
		l, r, f := compileNum(n.kids[0]), compileNum(n.kids[1]), arithmetics[n.op]
		return func(env Env, i int) (int64, state) {
			a, sa := l(env, i)
			b, sb := r(env, i)
			return f(a, b), max(sa, sb)
		}
	}
	cond := compileCond(n)
	return func(env Env, _ int) (int64, state) {
		if cond(env) {
			return 1, present
		}
		return 0, present
	}
}

func compileRef(r *Ref) numFn {
	if r.Field.Many {
		return func(env Env, i int) (int64, state) {
			v, ok := env.Num(r, i)
			if !ok {
				return 0, over
			}
			return v, present
		}
	}
	return func(env Env, _ int) (int64, state) {
		v, ok := env.Num(r, 0)
		if !ok {
			return 0, absent
		}
		return v, present
	}
}

// compileStr compiles a string.
func compileStr(n *node) strFn {
	switch {
	case n.con != nil:
		b := n.con.Str
		return func(Env, int) ([]byte, state) { return b, present }
	case n.op == opCall:
		call := compileCall(n)
		return func(env Env, i int) ([]byte, state) {
			v, st := call(env, i)
			return v.Str, st
		}
	}
	r, none := n.ref, absent
	if r.Field.Many {
		none = over
	}
	return func(env Env, i int) ([]byte, state) {
		if none == absent {
			i = 0
		}
		b, ok := env.Str(r, i)
		if !ok {
			return nil, none
		}
		return b, present
	}
}

// compileStrings compiles a condition on a string, which mostly is compared with a constant.
func compileStrings(n *node) condFn {
	if n.op == opMatch || n.op == opGlob {
		return someString(n.kids[0], n.match)
	}
	l, r := n.kids[0], n.kids[1]
	test := stringTests[n.op]
	if r.con != nil {
		c := r.con.Str
		return someString(l, func(b []byte) bool { return test(b, c) })
	}
	left, right := compileStr(l), compileStr(r)
	pool := newPool()
	return some(n, func(env Env, i int) (int64, state) {
		s := pool.Get().(*scratch)
		defer pool.Put(s)
		a, sa := left(env, i)
		s.buf = append(s.buf[:0], a...)
		b, sb := right(env, i)
		if test(s.buf, b) {
			return 1, max(sa, sb)
		}
		return 0, max(sa, sb)
	}, func(v int64) bool { return v != 0 })
}

// someString makes a condition that holds if the test does for one of the values.
func someString(n *node, test func([]byte) bool) condFn {
	if r := n.ref; r != nil && !r.Field.Many {
		return func(env Env) bool {
			b, ok := env.Str(r, 0)
			return ok && test(b)
		}
	} else if r != nil {
		return func(env Env) bool {
			for i := 0; ; i++ {
				if b, ok := env.Str(r, i); !ok || test(b) {
					return ok
				}
			}
		}
	}
	str := compileStr(n)
	return some(n, func(env Env, i int) (int64, state) {
		b, st := str(env, i)
		if st == present && test(b) {
			return 1, st
		}
		return 0, st
	}, func(v int64) bool { return v != 0 })
}

// stringTests maps the comparisons of strings.
var stringTests = map[op]func(a, b []byte) bool{
	opEQ: bytes.Equal, opContains: bytes.Contains, opStartsWith: bytes.HasPrefix, opEndsWith: bytes.HasSuffix,
}

// oneOfTexts is a test for being one of several.
func oneOfTexts(texts []string) func([]byte) bool {
	if len(texts) <= 8 {
		return func(b []byte) bool {
			for _, t := range texts {
				if string(b) == t {
					return true
				}
			}
			return false
		}
	}
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	set := make(map[string]bool, len(texts))
	for _, t := range sorted {
		set[t] = true
	}
	return func(b []byte) bool { return set[string(b)] }
}

// scratch is memory for a match, so that it allocates nothing.
type scratch struct {
	buf  []byte
	args []Val
}

func newPool() *sync.Pool { return &sync.Pool{New: func() any { return &scratch{} }} }

// compileCall compiles a call of a function.
func compileCall(n *node) func(env Env, i int) (Val, state) {
	args := make([]func(env Env, i int, s *scratch) (Val, state), len(n.kids))
	for j, k := range n.kids {
		args[j] = compileArg(k)
	}
	call, pool := n.fn.Call, newPool()
	return func(env Env, i int) (Val, state) {
		s := pool.Get().(*scratch)
		defer pool.Put(s)
		s.buf, s.args = s.buf[:0], s.args[:0]
		st := present
		for _, arg := range args {
			v, sv := arg(env, i, s)
			st = max(st, sv)
			s.args = append(s.args, v)
		}
		if st != present {
			return Val{}, st
		}
		v := call(env, s.args)
		if !v.OK {
			return v, absent
		}
		return v, present
	}
}

// compileArg compiles an argument. Strings are copied: the next one may overwrite them.
func compileArg(n *node) func(env Env, i int, s *scratch) (Val, state) {
	if n.typ == String {
		str := compileStr(n)
		return func(env Env, i int, s *scratch) (Val, state) {
			b, st := str(env, i)
			at := len(s.buf)
			s.buf = append(s.buf, b...)
			return Val{Str: s.buf[at:len(s.buf):len(s.buf)], OK: st == present}, st
		}
	}
	num := compileNum(n)
	return func(env Env, i int, _ *scratch) (Val, state) {
		v, st := num(env, i)
		return Val{Num: v, OK: st == present}, st
	}
}

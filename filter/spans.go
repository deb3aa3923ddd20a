package filter

import (
	"cmp"
	"math"
	"slices"
)

// span is the numbers from lo to hi.
type span struct{ lo, hi int64 }

// spans is a set of numbers, in order and apart from each other.
type spans []span

// has reports whether a number is in the set.
func (s spans) has(v int64) bool {
	for _, r := range s {
		if v <= r.hi {
			return v >= r.lo
		}
	}
	return false
}

// normal sorts and joins.
func (s spans) normal() spans {
	slices.SortFunc(s, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	var out spans
	for _, r := range s {
		if r.lo > r.hi {
			continue
		}
		if last := len(out) - 1; last >= 0 && (out[last].hi == math.MaxInt64 || r.lo <= out[last].hi+1) {
			out[last].hi = max(out[last].hi, r.hi)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// intersect returns the numbers in both.
func (s spans) intersect(o spans) spans {
	var out spans
	for _, a := range s {
		for _, b := range o {
			if lo, hi := max(a.lo, b.lo), min(a.hi, b.hi); lo <= hi {
				out = append(out, span{lo, hi})
			}
		}
	}
	return out.normal()
}

// comparedWith is the numbers x for which "x op c" holds.
func comparedWith(o op, c int64) spans {
	s := span{math.MinInt64, math.MaxInt64}
	switch o {
	case opEQ:
		s = span{c, c}
	case opLE:
		s.hi = c
	case opGE:
		s.lo = c
	case opLT:
		if c == math.MinInt64 {
			return nil
		}
		s.hi = c - 1
	case opGT:
		if c == math.MaxInt64 {
			return nil
		}
		s.lo = c + 1
	}
	return spans{s}
}

// nonzero is the numbers that are a condition that holds.
var nonzero = spans{{math.MinInt64, -1}, {1, math.MaxInt64}}

// flipped is the operator with its operands exchanged.
var flipped = map[op]op{opEQ: opEQ, opLT: opGT, opLE: opGE, opGT: opLT, opGE: opLE}

// test is a condition on one number: ref & mask is in set.
type test struct {
	ref  *Ref
	mask int64
	set  spans
}

// asTest returns the condition as a test, if it is one: a field, or some bits of it,
// compared with constants. != is none: it holds of what is absent.
func (n *node) asTest() (t test, ok bool) {
	switch {
	case n.op == opTruth:
		t.set = nonzero
		ok = t.operand(n.kids[0])
	case n.op == opEQ || n.op >= opLT && n.op <= opGE:
		x, c, o := n.kids[0], n.kids[1], n.op
		if x.con != nil {
			x, c, o = c, x, flipped[o]
		}
		if c.con == nil || !t.operand(x) {
			return t, false
		}
		t.set, ok = comparedWith(o, c.con.Num), true
	case n.op == opIn:
		if ok = t.operand(n.kids[0]); !ok {
			return t, false
		}
		for _, k := range n.kids[1:] {
			s := span{}
			switch {
			case k.op == opRange && k.kids[0].con != nil && k.kids[1].con != nil:
				s = span{k.kids[0].con.Num, k.kids[1].con.Num}
			case k.con != nil:
				s = span{k.con.Num, k.con.Num}
			default:
				return t, false
			}
			t.set = append(t.set, s)
		}
		t.set = t.set.normal()
	}
	return t, ok
}

// operand sets what is compared.
func (t *test) operand(n *node) bool {
	t.mask = -1
	if n.op == opMask {
		x, m := n.kids[0], n.kids[1]
		if x.con != nil {
			x, m = m, x
		}
		if m.con == nil {
			return false
		}
		n, t.mask = x, m.con.Num
	}
	t.ref = n.ref
	return n.op == opRef && n.typ != String
}

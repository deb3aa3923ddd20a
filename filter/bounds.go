package filter

// possible reports a condition that never holds.
func (c *checker) possible(n *node) {
	if at, msg := never(n); at != nil {
		sc := scope{c: c}
		sc.errorf(at, "%s", msg)
	}
}

// never returns the node that makes a condition impossible, and why; nil if none is found.
func never(n *node) (*node, string) {
	if n.con != nil {
		if n.con.Num == 0 {
			return n, "'" + n.String() + "' never holds"
		}
		return nil, ""
	}
	switch n.op {
	case opAnd:
		return neverAll(n.conjuncts())
	case opOr:
		first, why := (*node)(nil), ""
		for _, k := range n.flat(opOr, nil) {
			at, msg := never(k)
			if at == nil {
				return nil, ""
			}
			if first == nil {
				first, why = at, msg
			}
		}
		return first, why
	}
	if t, ok := n.asTest(); ok && len(t.possible()) == 0 {
		return n, "'" + n.String() + "' never holds"
	}
	return nil, ""
}

// possible is the values of the test's bits for which it holds: those that the mask can give.
func (t *test) possible() spans {
	if t.mask < 0 {
		return t.set
	}
	var out spans
	for _, s := range t.set {
		if s.lo == s.hi && s.lo&^t.mask != 0 {
			continue
		}
		out = append(out, s)
	}
	return out.intersect(spans{{0, t.mask}})
}

// neverAll looks for conditions that exclude each other: on one field, or some of its bits.
func neverAll(conds []*node) (*node, string) {
	type bits struct {
		ref  *Ref
		mask int64
	}
	left := map[bits]spans{}
	first := map[bits]*node{}
	for _, n := range conds {
		if at, msg := never(n); at != nil {
			return at, msg
		}
		t, ok := n.asTest()
		negated := !ok && n.op == opNE
		if negated {
			equal := *n
			equal.op = opEQ
			if t, ok = equal.asTest(); ok {
				t.set = outside(t.set)
			}
		}
		if !ok || t.ref.Field.Many {
			continue
		}
		key := bits{t.ref, t.mask}
		before, seen := left[key]
		if !seen {
			left[key], first[key] = t.set, n
			continue
		}
		if left[key] = before.intersect(t.set); len(left[key]) == 0 {
			return n, "'" + n.String() + "' excludes '" + first[key].String() + "': they never both hold"
		}
	}
	return nil, ""
}

// outside is the numbers that are not in the set.
func outside(s spans) spans {
	if len(s) == 0 {
		return comparedWith(opGE, -1<<63)
	}
	out := comparedWith(opLT, s[0].lo)
	for i, r := range s {
		gap := comparedWith(opGT, r.hi)
		if i+1 < len(s) {
			gap = gap.intersect(comparedWith(opLT, s[i+1].lo))
		}
		out = append(out, gap...)
	}
	return out
}

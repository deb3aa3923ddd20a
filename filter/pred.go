package filter

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
)

// PredOp is what a Pred says.
type PredOp uint8

// The operations.
const (
	PredTrue PredOp = iota // not decidable from registers: the call must be looked at
	PredFalse
	PredAnd // of Sub
	PredOr
	PredEQ // Ref & Mask == Num
	PredNE // the comparisons are signed, of Ref with Num; Mask is all ones
	PredLT
	PredLE
	PredGT
	PredGE
	PredNot // of Sub[0], which is one of the last four
)

// Pred is what a condition says about the argument registers of a call: it holds whenever
// the condition can. It is what may be decided in the kernel, before a task is stopped.
// A comparison with an argument that a call does not have is false, PredNE true. Of a
// Ref with several values a comparison holds if it does for one of them, PredNE if PredEQ
// holds for none. Num is what Env.Num would give: of narrow arguments the sign is extended.
type Pred struct {
	Op   PredOp
	Sub  []*Pred
	Ref  *Ref // to arg, or to a field that is all of a call's descriptors
	Mask uint64
	Num  int64
}

var (
	predTrue  = &Pred{Op: PredTrue}
	predFalse = &Pred{Op: PredFalse}
)

// Pred returns what of the condition can be decided on registers.
func (p *Program) Pred() *Pred {
	if p.root.typ == String {
		return predTrue
	}
	pred, _ := predOf(condition(p.root), false)
	return pred
}

// predOf returns a predicate that holds whenever the condition does, or, if not is set,
// whenever it does not; exact reports whether it holds only then.
func predOf(n *node, not bool) (p *Pred, exact bool) {
	if n.con != nil {
		if (n.con.Num != 0) != not {
			return predTrue, true
		}
		return predFalse, true
	}
	switch n.op {
	case opNot:
		return predOf(n.kids[0], !not)
	case opNE:
		equal := *n
		equal.op = opEQ
		return predOf(&equal, !not)
	case opAnd, opOr:
		op, exact := PredAnd, true
		if (n.op == opOr) != not {
			op = PredOr
		}
		var subs []*Pred
		for _, k := range n.flat(n.op, nil) {
			s, ok := predOf(k, not)
			subs, exact = append(subs, s), exact && ok
		}
		return predList(op, subs), exact
	case opTruth:
		if k := n.kids[0]; k.typ == Bool {
			return predOf(k, not)
		}
	}
	if t, ok := n.asTest(); ok && t.ref.Field.Register {
		return t.pred(not)
	}
	return predTrue, false
}

// predList joins predicates by PredAnd or PredOr, without what changes nothing.
func predList(op PredOp, subs []*Pred) *Pred {
	strong, weak := predFalse, predTrue
	if op == PredOr {
		strong, weak = predTrue, predFalse
	}
	var list []*Pred
	for _, s := range subs {
		switch s.Op {
		case strong.Op:
			return strong
		case weak.Op:
		case op:
			list = append(list, s.Sub...)
		default:
			list = append(list, s)
		}
	}
	switch len(list) {
	case 0:
		return weak
	case 1:
		return list[0]
	}
	return &Pred{Op: op, Sub: list}
}

// maxBits and maxEach bound what is written out as one comparison for each.
const (
	maxBits = 8
	maxEach = 16
)

// pred returns the test as a predicate.
func (t *test) pred(not bool) (p *Pred, exact bool) {
	if t.mask != -1 {
		return t.maskPred(not)
	}
	exact = true
	var subs []*Pred
	for _, s := range t.set {
		sub, ok := t.spanPred(s, not)
		subs, exact = append(subs, sub), exact && ok
	}
	if not {
		return predList(PredAnd, subs), exact
	}
	return predList(PredOr, subs), exact
}

// spanPred says that the register is in a range, or that it is not. Of several values two
// comparisons may hold for different ones.
func (t *test) spanPred(s span, not bool) (p *Pred, exact bool) {
	many := t.ref.Field.Many
	n := uint64(s.hi) - uint64(s.lo)
	switch {
	case s.lo == math.MinInt64:
		return t.compare(PredLE, s.hi, not), true
	case s.hi == math.MaxInt64:
		return t.compare(PredGE, s.lo, not), true
	case n == 0 || many && n < maxEach:
		var subs []*Pred
		for v := s.lo; v <= s.hi; v++ {
			subs = append(subs, t.compare(PredEQ, v, not))
		}
		if not {
			return predList(PredAnd, subs), true
		}
		return predList(PredOr, subs), true
	case many && not:
		return predTrue, false
	case not:
		return predList(PredOr, []*Pred{t.compare(PredGE, s.lo, true), t.compare(PredLE, s.hi, true)}), true
	}
	return predList(PredAnd, []*Pred{t.compare(PredGE, s.lo, false), t.compare(PredLE, s.hi, false)}), !many
}

// compare returns one comparison or its negation.
func (t *test) compare(op PredOp, num int64, not bool) *Pred {
	p := &Pred{Op: op, Ref: t.ref, Mask: math.MaxUint64, Num: num}
	switch {
	case not && op == PredEQ:
		p.Op = PredNE
	case not:
		return &Pred{Op: PredNot, Sub: []*Pred{p}}
	}
	return p
}

// maskPred says that some bits of the register have one of few values, or that they are
// not all 0.
func (t *test) maskPred(not bool) (p *Pred, exact bool) {
	var subs []*Pred
	add := func(mask uint64, num int64) {
		s := &Pred{Op: PredEQ, Ref: t.ref, Mask: mask, Num: num}
		if not {
			s.Op = PredNE
		}
		subs = append(subs, s)
	}
	mask := uint64(t.mask)
	switch {
	case len(t.set) == 2 && t.set[0] == nonzero[0] && t.set[1] == nonzero[1] && bits.OnesCount64(mask) <= maxBits:
		for m := mask; m != 0; m &= m - 1 {
			add(m&-m, int64(m&-m))
		}
	default:
		for _, s := range t.set {
			if uint64(s.hi)-uint64(s.lo) >= maxEach || len(subs) > maxEach {
				return predTrue, false
			}
			for v := s.lo; ; v++ {
				add(mask, v)
				if v == s.hi {
					break
				}
			}
		}
	}
	if not {
		return predList(PredAnd, subs), true
	}
	return predList(PredOr, subs), true
}

// Match evaluates the predicate as whoever decides on the registers must.
func (p *Pred) Match(env Env) bool {
	switch p.Op {
	case PredTrue:
		return true
	case PredFalse:
		return false
	case PredNot:
		return !p.Sub[0].Match(env)
	case PredAnd, PredOr:
		for _, s := range p.Sub {
			if s.Match(env) == (p.Op == PredOr) {
				return p.Op == PredOr
			}
		}
		return p.Op == PredAnd
	}
	for i := 0; ; i++ {
		v, ok := env.Num(p.Ref, i)
		if !ok || i > 0 && !p.Ref.Field.Many {
			return p.Op == PredNE
		}
		if p.holds(v) {
			return p.Op != PredNE
		}
	}
}

// holds compares one value; PredNE is done as PredEQ.
func (p *Pred) holds(v int64) bool {
	switch p.Op {
	case PredLT:
		return v < p.Num
	case PredLE:
		return v <= p.Num
	case PredGT:
		return v > p.Num
	case PredGE:
		return v >= p.Num
	}
	return int64(uint64(v)&p.Mask) == p.Num
}

// predTexts are the operators as they are written.
var predTexts = map[PredOp]string{
	PredAnd: "and", PredOr: "or", PredEQ: "==", PredNE: "!=", PredLT: "<", PredLE: "<=", PredGT: ">", PredGE: ">=",
}

// String writes the predicate like an expression.
func (p *Pred) String() string {
	switch p.Op {
	case PredTrue:
		return "true"
	case PredFalse:
		return "false"
	case PredNot:
		return "not " + p.Sub[0].String()
	case PredAnd, PredOr:
		subs := make([]string, len(p.Sub))
		for i, s := range p.Sub {
			if subs[i] = s.String(); s.Op == PredAnd || s.Op == PredOr {
				subs[i] = "(" + subs[i] + ")"
			}
		}
		return strings.Join(subs, " "+predTexts[p.Op]+" ")
	}
	if p.Mask != math.MaxUint64 {
		return fmt.Sprintf("%s & %#x %s %d", p.Ref, p.Mask, predTexts[p.Op], p.Num)
	}
	return fmt.Sprintf("%s %s %d", p.Ref, predTexts[p.Op], p.Num)
}

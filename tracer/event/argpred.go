package event

import (
	"slices"
	"strconv"
)

// ArgOp is what an ArgPred says.
type ArgOp uint8

// The operations. Comparisons are of the register's Value with Num, and signed.
const (
	ArgTrue ArgOp = iota
	ArgFalse
	ArgAnd // of Sub
	ArgOr
	ArgEQ // Value & Mask == Num
	ArgNE // Value & Mask != Num
	ArgLT
	ArgLE
	ArgGT
	ArgGE
)

// ArgPred is a condition on the argument registers of one call of one ABI. It can be decided
// before the call is looked at, even by the kernel. Preds are shared: nobody modifies one.
// The methods take nil for a condition that always holds.
type ArgPred struct {
	Op  ArgOp
	Sub []*ArgPred
	ArgReg
	Mask uint64
	Num  int64
}

var (
	argTrue  = &ArgPred{Op: ArgTrue}
	argFalse = &ArgPred{Op: ArgFalse}
)

// Eval decides the condition. In a 32-bit ABI the registers are zero-extended.
func (p *ArgPred) Eval(args *[6]uint64) bool {
	if p == nil {
		return true
	}
	switch p.Op {
	case ArgTrue:
		return true
	case ArgFalse:
		return false
	case ArgAnd:
		for _, s := range p.Sub {
			if !s.Eval(args) {
				return false
			}
		}
		return true
	case ArgOr:
		for _, s := range p.Sub {
			if s.Eval(args) {
				return true
			}
		}
		return false
	}
	return p.holds(p.Value(args))
}

// holds decides a comparison for a value.
func (p *ArgPred) holds(v int64) bool {
	switch p.Op {
	case ArgEQ:
		return uint64(v)&p.Mask == uint64(p.Num)
	case ArgNE:
		return uint64(v)&p.Mask != uint64(p.Num)
	case ArgLT:
		return v < p.Num
	case ArgLE:
		return v <= p.Num
	case ArgGT:
		return v > p.Num
	}
	return v >= p.Num
}

// AnyArgs is the disjunction of conditions, simplified; nil: it always holds.
func AnyArgs(ps ...*ArgPred) *ArgPred { return (&ArgPred{Op: ArgOr, Sub: ps}).Simplify() }

// Simplify returns an equal condition without constants inside and in a form that equal
// comparisons share; nil: it always holds.
func (p *ArgPred) Simplify() *ArgPred {
	if p == nil {
		return nil
	}
	if p = p.simple(); p.Op == ArgTrue {
		return nil
	}
	return p
}

func (p *ArgPred) simple() *ArgPred {
	switch {
	case p == nil:
		return argTrue
	case p.Op == ArgAnd || p.Op == ArgOr:
		return p.flat()
	case p.Op == ArgEQ || p.Op == ArgNE:
		return p.narrow()
	case p.Op > ArgNE:
		return p.bounded()
	}
	return p
}

// flat simplifies And and Or: no constants, nothing twice, no conjunction in a conjunction.
func (p *ArgPred) flat() *ArgPred {
	unit, zero := argTrue, argFalse
	if p.Op == ArgOr {
		unit, zero = argFalse, argTrue
	}
	q := &ArgPred{Op: p.Op}
	seen := make(map[string]bool)
	for _, s := range p.Sub {
		s = s.simple()
		subs := []*ArgPred{s}
		switch s.Op {
		case zero.Op:
			return zero
		case unit.Op:
			continue
		case p.Op:
			subs = s.Sub
		}
		for _, s := range subs {
			if k := s.Key(); !seen[k] {
				seen[k] = true
				q.Sub = append(q.Sub, s)
			}
		}
	}
	switch len(q.Sub) {
	case 0:
		return unit
	case 1:
		return q.Sub[0]
	}
	return q
}

// bounded folds a comparison that every value of the register answers alike.
func (p *ArgPred) bounded() *ArgPred {
	lo, hi := p.limits()
	q := *p
	q.Mask = ^uint64(0)
	switch a, b := p.holds(lo), p.holds(hi); {
	case a && b:
		return argTrue
	case !a && !b:
		return argFalse
	}
	return &q
}

// narrow brings the mask of EQ and NE to the bits that the register has; a mask of all
// those bits becomes all ones.
func (p *ArgPred) narrow() *ArgPred {
	never, always := argFalse, argTrue
	if p.Op == ArgNE {
		never, always = argTrue, argFalse
	}
	q := *p
	num := uint64(p.Num)
	if num&^q.Mask != 0 {
		return never
	}
	if q.Bits < 64 && !q.Pair {
		low := uint64(1)<<q.Bits - 1
		sign := uint64(1) << (q.Bits - 1)
		above, numAbove := q.Mask&^low, num&^low
		switch {
		case numAbove != 0 && (!q.Signed || numAbove != above):
			return never
		case q.Signed && above != 0:
			// The bits above repeat the sign.
			want := uint64(0)
			if numAbove != 0 {
				want = sign
			}
			if q.Mask&sign != 0 && num&sign != want {
				return never
			}
			q.Mask, num = q.Mask|sign, num&^sign|want
		}
		q.Mask &= low
		num &= low
		if q.Mask == low {
			q.Mask = ^uint64(0)
			num = uint64(p.extend(num))
		}
	}
	if q.Mask == 0 {
		return always
	}
	q.Num = int64(num)
	return &q
}

// extend is the Value of a register with these low bits.
func (p *ArgPred) extend(low uint64) int64 {
	return ArgReg{Bits: p.Bits, Signed: p.Signed}.Value(&[6]uint64{low})
}

// Size is the number of comparisons.
func (p *ArgPred) Size() int {
	if p == nil || len(p.Sub) == 0 {
		return 1
	}
	n := 0
	for _, s := range p.Sub {
		n += s.Size()
	}
	return n
}

var argOps = [...]string{"true", "false", " and ", " or ", " == ", " != ", " < ", " <= ", " > ", " >= "}

// String is the condition in the rule language, with arguments by position from 1.
func (p *ArgPred) String() string { return string(p.text(nil, false, false)) }

// Key identifies a simplified condition: those with the same key are equal.
func (p *ArgPred) Key() string { return string(p.text(nil, true, false)) }

func (p *ArgPred) text(b []byte, types, inner bool) []byte {
	switch {
	case p == nil:
		return append(b, "true"...)
	case p.Op <= ArgFalse:
		return append(b, argOps[p.Op]...)
	case p.Op <= ArgOr:
		if inner {
			b = append(b, '(')
		}
		for i, s := range p.Sub {
			if i > 0 {
				b = append(b, argOps[p.Op]...)
			}
			b = s.text(b, types, true)
		}
		if inner {
			b = append(b, ')')
		}
		return b
	}
	b = append(b, "arg."...)
	b = strconv.AppendInt(b, int64(p.Arg)+1, 10)
	if types {
		b = append(b, ':')
		b = strconv.AppendUint(b, uint64(p.Bits), 10)
		b = strconv.AppendBool(strconv.AppendBool(b, p.Signed), p.Pair)
	}
	if (p.Op == ArgEQ || p.Op == ArgNE) && p.Mask != ^uint64(0) {
		b = append(b, " & 0x"...)
		b = strconv.AppendUint(b, p.Mask, 16)
		b = append(append(b, argOps[p.Op]...), "0x"...)
		return strconv.AppendUint(b, uint64(p.Num), 16)
	}
	return strconv.AppendInt(append(b, argOps[p.Op]...), p.Num, 10)
}

// CallPreds are conditions on calls, by ABI index and call number. A call without an entry,
// or with a nil one, has none.
type CallPreds [2][]*ArgPred

// For is the condition on a call; nil: none.
func (c *CallPreds) For(abi int, id uint64) *ArgPred {
	if id < uint64(len(c[abi])) {
		return c[abi][id]
	}
	return nil
}

// Set puts a condition on a call.
func (c *CallPreds) Set(abi int, id uint64, p *ArgPred) {
	if id >= setSize {
		return
	}
	if n := int(id) + 1; n > len(c[abi]) {
		if p == nil {
			return
		}
		c[abi] = append(c[abi], make([]*ArgPred, n-len(c[abi]))...)
	}
	c[abi][id] = p
}

// Empty reports whether no call has a condition.
func (c *CallPreds) Empty() bool {
	some := func(p *ArgPred) bool { return p != nil }
	return !slices.ContainsFunc(c[NativeABI], some) && !slices.ContainsFunc(c[CompatABI], some)
}

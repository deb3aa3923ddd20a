package seccomp

import "github.com/gotrace/gotrace/tracer/event"

// signBit turns a signed comparison of words into an unsigned one.
const signBit = 1 << 31

// pred makes the code of a condition, which goes on at one of two labels.
func (b *builder) pred(p *event.ArgPred, yes, no label) {
	switch p.Op {
	case event.ArgTrue:
		b.goTo(yes)
	case event.ArgFalse:
		b.goTo(no)
	case event.ArgAnd, event.ArgOr:
		b.all(p, yes, no)
	case event.ArgEQ:
		b.equal(p, yes, no)
	case event.ArgNE:
		b.equal(p, no, yes)
	case event.ArgGE:
		b.ordered(p, true, yes, no)
	case event.ArgLT:
		b.ordered(p, true, no, yes)
	case event.ArgGT:
		b.ordered(p, false, yes, no)
	case event.ArgLE:
		b.ordered(p, false, no, yes)
	}
}

// all tries the parts in order until one decides.
func (b *builder) all(p *event.ArgPred, yes, no label) {
	last := len(p.Sub) - 1
	for _, s := range p.Sub[:last] {
		next := b.newLabel()
		if p.Op == event.ArgAnd {
			b.pred(s, next, no)
		} else {
			b.pred(s, yes, next)
		}
		b.place(next)
	}
	b.pred(p.Sub[last], yes, no)
}

// words returns the offsets of the low and the high half of an argument; both words of
// seccomp_data are in the machine's order, and all machines here are little-endian.
func words(p *event.ArgPred) (lo, hi uint32) {
	lo = offArg0 + 8*uint32(p.Arg)
	if p.Pair {
		return lo, lo + 8
	}
	return lo, lo + 4
}

// long reports whether both words count.
func long(p *event.ArgPred) bool { return p.Pair || p.Bits == 64 }

func (b *builder) equal(p *event.ArgPred, yes, no label) {
	lo, hi := words(p)
	mask, num := uint32(p.Mask), uint32(p.Num)
	if !long(p) {
		mask &= uint32(uint64(1)<<p.Bits - 1)
		b.word(lo, mask, 0)
		b.jump(jumpEqual, num&mask, yes, no)
		return
	}
	maskHi, numHi := uint32(p.Mask>>32), uint32(uint64(p.Num)>>32)
	if maskHi != 0 {
		same := b.newLabel()
		b.word(hi, maskHi, 0)
		b.jump(jumpEqual, numHi, same, no)
		b.place(same)
	}
	b.word(lo, mask, 0)
	b.jump(jumpEqual, num, yes, no)
}

// ordered compares by >=, or by > if not orEqual.
func (b *builder) ordered(p *event.ArgPred, orEqual bool, yes, no label) {
	last := jumpGreater
	if orEqual {
		last = jumpGreaterOrEqual
	}
	lo, hi := words(p)
	num := uint32(p.Num)
	if !long(p) {
		mask, flip := uint32(uint64(1)<<p.Bits-1), uint32(0)
		if p.Signed {
			flip = 1 << (p.Bits - 1)
		}
		b.word(lo, mask, flip)
		b.jump(last, num&mask^flip, yes, no)
		return
	}
	numHi := uint32(uint64(p.Num)>>32) ^ signBit
	notAbove, same := b.newLabel(), b.newLabel()
	b.word(hi, ^uint32(0), signBit)
	b.jump(jumpGreater, numHi, yes, notAbove)
	b.place(notAbove)
	b.jump(jumpEqual, numHi, same, no)
	b.place(same)
	b.word(lo, ^uint32(0), 0)
	b.jump(last, num, yes, no)
}

// word brings (word & mask) ^ flip into the accumulator.
func (b *builder) word(off, mask, flip uint32) {
	want := content{known: true, off: off, mask: mask, flip: flip}
	if b.acc == want {
		return
	}
	b.load(off)
	if mask != ^uint32(0) {
		b.and(mask)
	}
	if flip != 0 {
		b.xor(flip)
	}
	b.acc = want
}

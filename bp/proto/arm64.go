package proto

import "github.com/gotrace/gotrace/arch"

// newARM64 is the convention of C and C++: Procedure Call Standard for the Arm 64-bit
// Architecture (AAPCS64), 6.8, as Linux has it: variadic arguments are passed like others.
func newARM64() *convention {
	return &convention{
		ints:    slots(arch.ARM64, "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"),
		vectors: 8, ptr: 8,
		rets: slots(arch.ARM64, "x0", "x1"),
		next: nextARM64, result: resultARM64,
		hiddenReg: slots(arch.ARM64, "x8")[0],
	}
}

// homogeneous tells how many members of what size an aggregate has that consists of up to
// four floats or short vectors of one type; 0: it does not (AAPCS64, 5.9.5).
func homogeneous(t *Type) (n int, size int64) {
	switch t.Kind {
	case Float, Vector:
		return 1, t.Size
	case Complex:
		return 2, t.Size / 2
	case Array:
		if e := t.Elem(); e != nil {
			n, size = homogeneous(e)
			return n * int(min(t.Count, 5)), size
		}
	case Struct, Union:
		for _, f := range t.Fields() {
			if f.Type == nil || f.Bits > 0 {
				return 0, 0
			}
			m, s := homogeneous(f.Type)
			if m == 0 || size != 0 && s != size {
				return 0, 0
			}
			size = s
			if t.Kind == Union {
				n = max(n, m)
			} else {
				n += m
			}
		}
	}
	return n, size
}

// floats tells how many vector registers of what size hold t; 0: it is not passed in such.
func floats(t *Type) (n int, size int64) {
	n, size = homogeneous(t)
	if n > 4 || size == 0 || int64(n)*size != t.Size {
		return 0, 0
	}
	return n, size
}

func vectorPieces(first, n int, size int64) []piece {
	var out []piece
	for i := range n {
		out = append(out, piece{vector, first + i, int64(i) * size, min(size, 16)})
	}
	return out
}

func nextARM64(a *assigner, t *Type) place {
	n, size := floats(t)
	align := t.align(8)
	switch {
	case t.byRef() || n == 0 && t.aggregate() && t.Size > 16:
		return a.byRef()
	case t.Size == 0:
		return place{none: true}
	case n > 0 && a.vecs+n <= a.c.vectors:
		p := place{pieces: vectorPieces(a.vecs, n, size)}
		a.vecs += n
		return p
	case n > 0:
		a.vecs = a.c.vectors
		return a.onStack(t.Size, align)
	}
	if align == 16 {
		a.ints += a.ints & 1
	}
	if words := int(roundUp(t.Size, 8) / 8); a.ints+words > len(a.c.ints) {
		a.ints = len(a.c.ints)
		return a.onStack(t.Size, align)
	}
	return a.inInts(t.Size)
}

func resultARM64(c *convention, t *Type) (place, bool) {
	if t == nil || t.Kind == Void || t.Size == 0 {
		return place{none: true}, false
	}
	n, size := floats(t)
	switch {
	case t.byRef() || n == 0 && t.Size > 16:
		// x8 need not be kept: the address is that of the entry.
		return place{ref: true, none: true}, true
	case n > 0:
		return place{pieces: vectorPieces(0, n, size)}, false
	}
	a := assigner{c: &convention{ints: c.rets, ptr: 8}}
	return a.inInts(t.Size), false
}

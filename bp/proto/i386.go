package proto

import "github.com/gotrace/gotrace/arch"

// newI386 is cdecl: System V ABI, Intel386 supplement, 2.2.3, as Linux has it: every structure
// is returned in memory that the caller has named.
func newI386() *convention {
	return &convention{
		ptr: 4, stackAt: 4, vectors: 3,
		rets: slots(arch.I386, "eax", "edx"),
		next: func(a *assigner, t *Type) place {
			switch {
			case t.byRef():
				return a.byRef()
			case t.Kind == Vector && t.Size == 16 && a.vecs < a.c.vectors:
				a.vecs++
				return place{pieces: []piece{{vector, a.vecs - 1, 0, 16}}}
			}
			return a.onStack(t.Size, 4)
		},
		result: resultI386, hiddenArg: true,
	}
}

func resultI386(c *convention, t *Type) (place, bool) {
	switch {
	case t == nil || t.Kind == Void:
		return place{none: true}, false
	case t.Kind == Float:
		return place{pieces: []piece{{x87, 0, 0, 10}}}, false
	case t.Kind == Vector:
		return place{pieces: []piece{{vector, 0, 0, min(t.Size, 16)}}}, false
	case t.aggregate() || t.Size > 8:
		if t.Kind == Complex && t.Size == 8 {
			break // two floats are returned as one integer
		}
		return place{pieces: []piece{{general, c.rets[0], 0, 4}}, ref: true}, true
	}
	p := place{pieces: []piece{{general, c.rets[0], 0, min(t.Size, 4)}}}
	if t.Size > 4 {
		p.pieces = append(p.pieces, piece{general, c.rets[1], 4, t.Size - 4})
	}
	return p, false
}

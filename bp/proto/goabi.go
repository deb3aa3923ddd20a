package proto

import "github.com/gotrace/gotrace/arch"

// newGo is ABIInternal of Go 1.17 and later: src/cmd/compile/abi-internal.md of Go's source.
// Functions written in assembly have no parameters in the debugging information.
func newGo(a *arch.Arch) *convention {
	c := &convention{ptr: 8, stackAt: 8, next: nextGo}
	if a == arch.ARM64 {
		for i := range 16 {
			c.ints = append(c.ints, a.Regs[i].Index)
		}
		c.vectors = 16
		return c
	}
	c.ints = slots(a, "rax", "rbx", "rcx", "rdi", "rsi", "r8", "r9", "r10", "r11")
	c.vectors = 15
	return c
}

// newGo0 is ABI0, where everything is on the stack: all that i386 has.
func newGo0(a *arch.Arch) *convention {
	ptr := int64(a.PtrSize)
	return &convention{ptr: ptr, stackAt: ptr, next: nextGo}
}

func nextGo(a *assigner, t *Type) place {
	if t.Size == 0 {
		return place{none: true}
	}
	ints, vecs := a.ints, a.vecs
	var p place
	if a.goParts(t, 0, &p) {
		return p
	}
	a.ints, a.vecs = ints, vecs
	align := t.align(a.c.ptr)
	a.stack = roundUp(a.stack, align)
	p = place{stack: a.c.stackAt + a.stack}
	a.stack += t.Size
	return p
}

// goParts adds the registers of t, which is off bytes into a value; false: they do not suffice,
// or t is an array of several elements.
func (a *assigner) goParts(t *Type, off int64, p *place) bool {
	switch t.Kind {
	case Struct, Union:
		for _, f := range t.Fields() {
			if f.Type == nil || !a.goParts(f.Type, off+f.Off, p) {
				return false
			}
		}
		return true
	case Array:
		if t.Count != 1 {
			return t.Count == 0
		}
		return t.Elem() != nil && a.goParts(t.Elem(), off, p)
	case Text, GoSlice:
		return a.goWords(off, t.Size, p)
	case Complex:
		return a.goFloat(off, t.Size/2, p) && a.goFloat(off+t.Size/2, t.Size/2, p)
	case Float:
		return a.goFloat(off, t.Size, p)
	}
	return a.goWords(off, t.Size, p)
}

func (a *assigner) goWords(off, size int64, p *place) bool {
	for at := int64(0); at < size; at += a.c.ptr {
		if a.ints == len(a.c.ints) {
			return false
		}
		p.pieces = append(p.pieces, piece{general, a.c.ints[a.ints], off + at, min(a.c.ptr, size-at)})
		a.ints++
	}
	return true
}

func (a *assigner) goFloat(off, size int64, p *place) bool {
	if a.vecs == a.c.vectors {
		return false
	}
	p.pieces = append(p.pieces, piece{vector, a.vecs, off, size})
	a.vecs++
	return true
}

// goResults places results: in registers as if they were arguments, or on the stack behind
// those.
func (c *convention) goResults(args int64, rets []Param) []place {
	a := assigner{c: c, stack: roundUp(args, c.ptr)}
	var out []place
	for i := range rets {
		out = append(out, nextGo(&a, rets[i].Type))
	}
	return out
}

package proto

import "github.com/gotrace/gotrace/arch"

// slots looks up registers by name.
func slots(a *arch.Arch, names ...string) []int {
	var out []int
	for _, n := range names {
		if i, ok := a.Slot(n); ok {
			out = append(out, i)
		}
	}
	return out
}

// newAMD64 is the convention of C and C++: System V ABI, AMD64 supplement, 3.2.3.
func newAMD64() *convention {
	return &convention{
		ints:    slots(arch.AMD64, "rdi", "rsi", "rdx", "rcx", "r8", "r9"),
		vectors: 8, ptr: 8, stackAt: 8,
		rets: slots(arch.AMD64, "rax", "rdx"),
		next: nextAMD64, result: resultAMD64, hiddenArg: true,
	}
}

// class is what the ABI calls the class of an eightbyte.
type class uint8

const (
	classNone class = iota
	classInteger
	classSSE
	classSSEUp
)

// eightbytes holds the classes of a value of up to 64 bytes, a whole vector register.
type eightbytes [8]class

// set merges a class into an eightbyte.
func (e *eightbytes) set(off int64, c class) {
	if p := &e[off/8]; *p != classInteger {
		*p = c
	}
}

// classify tells the class of each eightbyte; false: the value is passed in memory.
func classify(t *Type, off int64, e *eightbytes) bool {
	if off < 0 || off+t.Size > int64(8*len(e)) {
		return false
	}
	switch t.Kind {
	case Void:
	case Struct, Union:
		return classifyFields(t, off, e)
	case Array:
		elem := t.Elem()
		if elem == nil || elem.Size == 0 {
			return t.Size == 0
		}
		for i := range t.Size / elem.Size {
			if !classify(elem, off+i*elem.Size, e) {
				return false
			}
		}
	case Float:
		if t.Size > 8 && !t.Quad {
			return false
		}
		e.vector(off, t.Size)
	case Complex:
		if t.Size > 16 {
			return false
		}
		e.set(off, classSSE)
		e.set(off+t.Size/2, classSSE)
	case Vector:
		e.vector(off, t.Size)
	default:
		for at := int64(0); at < t.Size; at += 8 {
			e.set(off+at, classInteger)
		}
	}
	return true
}

// vector sets the classes of what is in one vector register.
func (e *eightbytes) vector(off, size int64) {
	e.set(off, classSSE)
	for at := int64(8); at < size; at += 8 {
		e.set(off+at, classSSEUp)
	}
}

func classifyFields(t *Type, off int64, e *eightbytes) bool {
	for _, f := range t.Fields() {
		at := off + f.Off
		switch {
		case f.Type == nil:
			return false
		case f.Bits > 0:
			lo, hi := at+int64(f.BitOff/8), at+int64(f.BitOff+f.Bits-1)/8
			if lo < 0 || hi >= int64(8*len(e)) {
				return false
			}
			e.set(lo, classInteger)
			e.set(hi, classInteger)
		case f.Off%f.Type.align(8) != 0 || !classify(f.Type, at, e):
			return false
		}
	}
	return true
}

// inRegisters tells the classes of a value that registers can hold.
func inRegisters(t *Type) (e eightbytes, ok bool) {
	if t.byRef() || t.Size > 16 && t.Kind != Vector {
		return e, false
	}
	ok = classify(t, 0, &e)
	for i := range e { // the post-merger clean-up
		if e[i] == classSSEUp && (i == 0 || e[i-1] < classSSE) {
			e[i] = classSSE
		}
	}
	return e, ok
}

func nextAMD64(a *assigner, t *Type) place {
	if t.byRef() {
		return a.byRef()
	}
	e, ok := inRegisters(t)
	if !ok {
		return a.onStack(t.Size, t.align(8))
	}
	var ints, vecs int
	for _, c := range e {
		switch c {
		case classInteger:
			ints++
		case classSSE:
			vecs++
		}
	}
	switch {
	case ints+vecs == 0: // an empty class
		return place{none: true}
	case a.ints+ints > len(a.c.ints) || a.vecs+vecs > a.c.vectors:
		return a.onStack(t.Size, t.align(8))
	}
	p := place{pieces: e.pieces(a.c.ints[a.ints:], a.vecs, t.Size)}
	a.ints += ints
	a.vecs += vecs
	return p
}

// pieces gives each eightbyte its register.
func (e *eightbytes) pieces(ints []int, vec int, size int64) []piece {
	var out []piece
	for i, c := range e {
		off := int64(8 * i)
		n := min(8, size-off)
		switch c {
		case classInteger:
			out = append(out, piece{general, ints[0], off, n})
			ints = ints[1:]
		case classSSE:
			out = append(out, piece{vector, vec, off, n})
			vec++
		case classSSEUp:
			if last := &out[len(out)-1]; last.size < 16 { // no more is known of a register
				last.size += n
			}
		}
	}
	return out
}

func resultAMD64(c *convention, t *Type) (place, bool) {
	if t == nil || t.Kind == Void {
		return place{none: true}, false
	}
	if onlyExtended(t) {
		return place{pieces: []piece{{x87, 0, 0, 10}}}, false
	}
	if t.Kind == Complex && t.Size > 16 {
		return place{pieces: []piece{{x87, 0, 0, 10}, {x87, 1, t.Size / 2, 10}}}, false
	}
	e, ok := inRegisters(t)
	if !ok {
		return place{pieces: []piece{{general, c.rets[0], 0, 8}}, ref: true}, true
	}
	p := place{pieces: e.pieces(c.rets, 0, t.Size)}
	p.none = len(p.pieces) == 0
	return p, false
}

// onlyExtended reports whether t is one long double and nothing else.
func onlyExtended(t *Type) bool {
	switch t.Kind {
	case Float:
		return t.Size > 8 && !t.Quad
	case Struct, Union:
		f := t.Fields()
		return len(f) == 1 && f[0].Type != nil && t.Size == 16 && onlyExtended(f[0].Type)
	case Array:
		return t.Count == 1 && t.Elem() != nil && onlyExtended(t.Elem())
	}
	return false
}

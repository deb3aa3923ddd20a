package proto

// regSet is a sort of register.
type regSet uint8

const (
	general regSet = iota // a slot of arch.Regs
	vector                // xmm, v
	x87                   // st
)

// piece is a part of a value that is in one register.
type piece struct {
	set  regSet
	reg  int   // slot of arch.Regs.R, or the register's number
	off  int64 // of the part in the value
	size int64
}

// place is where a value is when a function is entered or has returned.
type place struct {
	pieces []piece
	stack  int64 // without pieces: bytes from the stack pointer at the entry
	ref    bool  // what is there is the value's address
	none   bool  // the value takes no place
}

// convention is how the functions of one sort pass arguments and results.
type convention struct {
	ints    []int // slots of the registers for integers, in order
	vectors int   // how many vector registers take arguments
	ptr     int64 // bytes in an address
	stackAt int64 // from the stack pointer at the entry to the first argument there
	rets    []int // slots of the registers of a result
	// next places one more argument.
	next func(a *assigner, t *Type) place
	// result places a result. hidden: the caller passes the address of the memory for it, which
	// takes the place of the first argument where hiddenArg says so.
	// nil: like Go's, of which there may be several.
	result    func(c *convention, t *Type) (p place, hidden bool)
	hiddenArg bool
	hiddenReg int // slot of that address at entry, without hiddenArg
}

// assigner gives out places in the order of parameters.
type assigner struct {
	c          *convention
	ints, vecs int
	stack      int64 // bytes given out
}

// onStack places t in the next words of the stack.
func (a *assigner) onStack(size, align int64) place {
	align = max(align, a.c.ptr)
	a.stack = roundUp(a.stack, align)
	p := place{stack: a.c.stackAt + a.stack}
	a.stack += roundUp(size, a.c.ptr)
	return p
}

// inInts takes n bytes of integer registers, which must be there.
func (a *assigner) inInts(size int64) place {
	var p place
	for off := int64(0); off < size; off += a.c.ptr {
		p.pieces = append(p.pieces, piece{general, a.c.ints[a.ints], off, min(a.c.ptr, size-off)})
		a.ints++
	}
	return p
}

// byRef places the address of a value.
func (a *assigner) byRef() place {
	p := a.c.next(a, anAddress(a.c.ptr))
	p.ref = true
	return p
}

func anAddress(ptr int64) *Type { return &Type{Kind: Pointer, Size: ptr} }

func roundUp(n, align int64) int64 { return (n + align - 1) / align * align }

// layout is where a function's arguments and results are.
type layout struct {
	args   []place
	rets   []place
	hidden *place   // the address of a result's memory, at the entry
	rest   assigner // for arguments behind the named ones
}

// layout places all of a function's parameters and results.
func (c *convention) layout(params, rets []Param) layout {
	l := layout{rest: assigner{c: c}}
	if c.result != nil && len(rets) > 0 {
		p, h := c.result(c, rets[0].Type)
		l.rets = append(l.rets, p)
		if h {
			at := place{pieces: []piece{{general, c.hiddenReg, 0, c.ptr}}}
			if c.hiddenArg {
				at = c.next(&l.rest, anAddress(c.ptr))
			}
			l.hidden = &at
		}
	}
	for i := range params {
		l.args = append(l.args, c.next(&l.rest, params[i].Type))
	}
	if c.result == nil {
		l.rets = c.goResults(l.rest.stack, rets)
	}
	return l
}

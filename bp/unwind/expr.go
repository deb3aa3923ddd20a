package unwind

const (
	// maxOps bounds the steps of an expression, which may jump backwards.
	maxOps   = 1024
	maxDepth = 64
)

// exprStack evaluates a DWARF expression. What it takes from an empty stack is zero, and bad is set.
type exprStack struct {
	v   []uint64
	bad bool
}

func (s *exprStack) push(v uint64) {
	if len(s.v) == maxDepth {
		s.bad = true
		return
	}
	s.v = append(s.v, v)
}

func (s *exprStack) pop() uint64 {
	if len(s.v) == 0 {
		s.bad = true
		return 0
	}
	v := s.v[len(s.v)-1]
	s.v = s.v[:len(s.v)-1]
	return v
}

// pick is the entry n below the top.
func (s *exprStack) pick(n int) uint64 {
	if n >= len(s.v) {
		s.bad = true
		return 0
	}
	return s.v[len(s.v)-1-n]
}

// Operations of expressions (DWARF 5 section 7.7.1).
const (
	opAddr       = 0x03
	opDeref      = 0x06
	opConst1u    = 0x08
	opConsts     = 0x11
	opDup        = 0x12
	opDrop       = 0x13
	opOver       = 0x14
	opPick       = 0x15
	opSwap       = 0x16
	opRot        = 0x17
	opAbs        = 0x19
	opAnd        = 0x1a
	opNeg        = 0x1f
	opNot        = 0x20
	opPlusUconst = 0x23
	opXor        = 0x27
	opBra        = 0x28
	opEq         = 0x29
	opNe         = 0x2e
	opSkip       = 0x2f
	opLit0       = 0x30
	opLit31      = 0x4f
	opReg0       = 0x50
	opReg31      = 0x6f
	opBreg0      = 0x70
	opBreg31     = 0x8f
	opBregx      = 0x92
	opDerefSize  = 0x94
	opNop        = 0x96
	opCallCFA    = 0x9c
)

// eval evaluates an expression in a frame. Those of registers begin with the CFA on the stack.
func (u *Unwinder) eval(s *state, code []byte, cfa ...uint64) (uint64, bool) {
	var room [16]uint64
	st := exprStack{v: append(room[:0], cfa...)}
	c := &cursor{data: code}
	for n := 0; c.left() > 0; n++ {
		op := c.u8()
		ok := st.move(c, op) || constant(&st, c, op, s.machine.ptr) || calculate(&st, op) || u.fetch(&st, c, op, s)
		if op == opCallCFA && len(cfa) > 0 {
			st.push(cfa[0])
			ok = true
		}
		if !ok || st.bad || c.bad || n > maxOps {
			return 0, false
		}
	}
	v := st.pop()
	return s.cut(v), !st.bad
}

// move executes operations that arrange the stack or jump; false: op is none.
func (s *exprStack) move(c *cursor, op uint8) bool {
	switch op {
	case opDup:
		s.push(s.pick(0))
	case opDrop:
		s.pop()
	case opOver:
		s.push(s.pick(1))
	case opPick:
		s.push(s.pick(int(c.u8())))
	case opSwap:
		a, b := s.pop(), s.pop()
		s.v = append(s.v, a, b)
	case opRot:
		a, b, d := s.pop(), s.pop(), s.pop()
		s.v = append(s.v, a, d, b)
	case opBra, opSkip:
		to := int16(c.u16())
		if op == opBra && s.pop() == 0 {
			break
		}
		if c.off += int(to); c.off < 0 || c.off > len(c.data) {
			c.fail()
		}
	case opNop:
	default:
		return false
	}
	return true
}

// constant pushes a number that stands in the expression; false: op is no such operation.
func constant(s *exprStack, c *cursor, op uint8, ptr int) bool {
	switch {
	case op >= opLit0 && op <= opLit31:
		s.push(uint64(op - opLit0))
	case op == opAddr:
		s.push(c.word(ptr))
	case op >= opConst1u && op <= opConsts:
		s.push(constants[op-opConst1u](c))
	default:
		return false
	}
	return true
}

// constants reads the operands of DW_OP_const1u to DW_OP_consts.
var constants = [...]func(*cursor) uint64{
	func(c *cursor) uint64 { return uint64(c.u8()) },
	func(c *cursor) uint64 { return uint64(int64(int8(c.u8()))) },
	func(c *cursor) uint64 { return uint64(c.u16()) },
	func(c *cursor) uint64 { return uint64(int64(int16(c.u16()))) },
	func(c *cursor) uint64 { return uint64(c.u32()) },
	func(c *cursor) uint64 { return uint64(int64(int32(c.u32()))) },
	(*cursor).u64,
	(*cursor).u64,
	(*cursor).uleb,
	func(c *cursor) uint64 { return uint64(c.sleb()) },
}

// calculate executes operations on the top of the stack; false: op is none.
func calculate(s *exprStack, op uint8) bool {
	switch op {
	case opAbs:
		if v := int64(s.pop()); v < 0 {
			s.push(uint64(-v))
		} else {
			s.push(uint64(v))
		}
		return true
	case opNeg:
		s.push(-s.pop())
		return true
	case opNot:
		s.push(^s.pop())
		return true
	}
	if int(op) >= len(binaries) || binaries[op] == nil {
		return false
	}
	f := binaries[op]
	b := s.pop()
	a := s.pop()
	v, ok := f(a, b)
	s.bad = s.bad || !ok
	s.push(v)
	return true
}

func truth(b bool) (uint64, bool) {
	if b {
		return 1, true
	}
	return 0, true
}

// binaries are the operations of two operands: the second entry and the top.
var binaries = [opNe + 1]func(a, b uint64) (uint64, bool){
	opAnd: func(a, b uint64) (uint64, bool) { return a & b, true },
	opAnd + 1: func(a, b uint64) (uint64, bool) { // DW_OP_div
		if b == 0 {
			return 0, false
		}
		return uint64(int64(a) / int64(b)), true
	},
	opAnd + 2: func(a, b uint64) (uint64, bool) { return a - b, true },
	opAnd + 3: func(a, b uint64) (uint64, bool) { // DW_OP_mod
		if b == 0 {
			return 0, false
		}
		return a % b, true
	},
	opAnd + 4: func(a, b uint64) (uint64, bool) { return a * b, true },
	opNot + 1: func(a, b uint64) (uint64, bool) { return a | b, true },
	opNot + 2: func(a, b uint64) (uint64, bool) { return a + b, true },
	opXor - 3: func(a, b uint64) (uint64, bool) { return a << b, true },
	opXor - 2: func(a, b uint64) (uint64, bool) { return a >> b, true },
	opXor - 1: func(a, b uint64) (uint64, bool) { return uint64(int64(a) >> b), true },
	opXor:     func(a, b uint64) (uint64, bool) { return a ^ b, true },
	opEq:      func(a, b uint64) (uint64, bool) { return truth(a == b) },
	opEq + 1:  func(a, b uint64) (uint64, bool) { return truth(int64(a) >= int64(b)) },
	opEq + 2:  func(a, b uint64) (uint64, bool) { return truth(int64(a) > int64(b)) },
	opEq + 3:  func(a, b uint64) (uint64, bool) { return truth(int64(a) <= int64(b)) },
	opEq + 4:  func(a, b uint64) (uint64, bool) { return truth(int64(a) < int64(b)) },
	opNe:      func(a, b uint64) (uint64, bool) { return truth(a != b) },
}

// fetch executes operations that read registers or memory; false: op is none, or there is
// nothing to read.
func (u *Unwinder) fetch(st *exprStack, c *cursor, op uint8, s *state) bool {
	switch {
	case op >= opBreg0 && op <= opBreg31:
		v, ok := s.reg(uint64(op - opBreg0))
		st.push(v + uint64(c.sleb()))
		return ok
	case op == opBregx:
		v, ok := s.reg(c.uleb())
		st.push(v + uint64(c.sleb()))
		return ok
	case op >= opReg0 && op <= opReg31:
		v, ok := s.reg(uint64(op - opReg0))
		st.push(v)
		return ok
	case op == opDeref, op == opDerefSize:
		size := s.machine.ptr
		if op == opDerefSize {
			size = int(c.u8())
		}
		v, ok := u.mem.word(st.pop(), size)
		st.push(v)
		return ok
	case op == opPlusUconst:
		st.push(st.pop() + c.uleb())
		return true
	}
	return false
}

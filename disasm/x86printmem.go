package disasm

import "strconv"

// memory writes the memory operand, of size bytes, 0 where Intel's syntax says none.
func (x *x86Printer) memory(size int) {
	m, _ := x.in.Mem()
	if !x.in.Has(AbsMem | Long) {
		x.used |= AddrSize
	}
	x.rex |= 3 &^ x.unusedExtensions()
	bcast := x.in.Enc() == EVEX && x.in.Map() != 4 && x.have&b1 != 0
	if bcast {
		if e := x.f.mem.element(); e != 0 {
			size = e
		}
	}
	if x.Syntax == Intel {
		x.pointer(size, bcast && x.f.mem.element() != 0)
	}
	if s := m.segmentName(x.in.Has(Long)); s != "" {
		x.used |= m.Seg
		x.named(s)
		x.args = append(x.args, ':')
	} else if x.Syntax == Intel && m.Base == RegNone && m.Index == RegNone {
		x.args = append(x.args, "ds:"...)
	}
	switch x.Syntax {
	case Intel:
		x.intelAddress(m)
	case Go:
		x.goAddress(m)
	default:
		x.gnuAddress(m)
	}
	if bcast {
		x.repeated()
	}
}

// unusedExtensions are the bits X and B of REX that the operand has no use for.
func (x *x86Printer) unusedExtensions() byte {
	switch {
	case x.in.Has(AbsMem):
		return 3
	case x.in.ModRM()&7 != 4:
		return 2
	}
	return 0
}

// repeated writes how often one element in memory is repeated: to the length of the
// vector, or of that part of it which the instruction reads.
func (x *x86Printer) repeated() {
	e := x.f.mem.element()
	if e == 0 {
		return
	}
	n := x.f.mem.size(x.vec) / e
	x.args = strconv.AppendInt(append(x.args, "{1to"...), int64(n), 10)
	x.args = append(x.args, '}')
}

// segmentName is that of the prefix; in 64-bit mode only two of them mean something.
func (m *Mem) segmentName(long bool) string {
	if long && m.Seg != SegFS && m.Seg != SegGS {
		return ""
	}
	return segWords[m.Seg]
}

var pointerNames = map[int]string{
	1: "byte ptr ", 2: "word ptr ", 4: "dword ptr ", 6: "fword ptr ", 8: "qword ptr ", 10: "tbyte ptr ",
	16: "xmmword ptr ", 32: "ymmword ptr ", 64: "zmmword ptr ",
}

func (x *x86Printer) pointer(size int, bcast bool) {
	name := pointerNames[size]
	if bcast && name != "" {
		name = name[:len(name)-len("ptr ")] + "bcst "
	}
	x.args = append(x.args, name...)
}

// index is the name of the register that is scaled.
func (x *x86Printer) appendIndex(b []byte, m Mem) []byte {
	if !m.Vector {
		return x.appendReg(b, m.Index, int(m.Bits))
	}
	save := x.args
	x.args = b
	x.vector(x.indexType(), byte(m.Index))
	b, x.args = x.args, save
	return b
}

// indexType is the length of a gather's index register: half of the others' where the
// index is 32 bits and the element 64, and the other way round.
func (x *x86Printer) indexType() byte {
	quads := x.in.Op()&1 != 0 // the index is 64 bits
	if x.in.Op() >= 0xc6 {
		if quads {
			return 'z'
		}
		return [2]byte{'z', 'y'}[x.in.flags&W/W]
	}
	if !quads && x.in.Has(W) {
		return 'h'
	}
	return 'v'
}

// displacement appends a signed number, with a sign even where it is positive for Intel.
func appendDisp(b []byte, v int64, plus bool) []byte {
	if v < 0 {
		return strconv.AppendUint(append(b, "-0x"...), uint64(-v), 16)
	}
	if plus {
		b = append(b, '+')
	}
	return strconv.AppendUint(append(b, "0x"...), uint64(v), 16)
}

// absolute appends an address that has no registers.
func (x *x86Printer) absolute(b []byte, m Mem) []byte {
	v := uint64(m.Disp)
	switch m.Bits {
	case 16:
		v &= 0xffff
	case 32:
		v &= 0xffffffff
	}
	return strconv.AppendUint(append(b, "0x"...), v, 16)
}

// hasDisp tells whether a displacement is written: where it is encoded.
func (x *x86Printer) hasDisp(m Mem) bool {
	mod := x.in.ModRM() >> 6
	return mod != 0 || m.Base == RegNone || m.Base == RegPC
}

// zeroIndex tells whether a SIB byte has no index where an assembler would not write one.
func (x *x86Printer) zeroIndex(m Mem) bool {
	if x.in.ModRM()&7 != 4 || x.in.Has(AbsMem) || m.Bits == 16 || m.Index != RegNone {
		return false
	}
	switch {
	case m.Base == RegNone:
		return x.in.SIB()>>6 != 0 || !x.in.Has(Long)
	case m.Base&7 == 4:
		return x.in.SIB()>>6 != 0
	}
	return true
}

func (x *x86Printer) gnuAddress(m Mem) {
	b := x.args
	zero := x.zeroIndex(m)
	if m.Base == RegNone && m.Index == RegNone && !(zero && x.in.Has(Long)) {
		if x.zeroIndex(m) && !x.in.Has(Long) && x.in.SIB()>>6 != 0 {
			zero = true
		} else {
			x.args = x.absolute(b, m)
			return
		}
	}
	if x.hasDisp(m) {
		b = appendDisp(b, m.Disp, false)
	}
	b = append(b, '(')
	if m.Base != RegNone {
		b = x.appendReg(b, m.Base, int(m.Bits))
	}
	switch {
	case m.Index != RegNone:
		b = x.appendIndex(append(b, ','), m)
		if m.Bits != 16 {
			b = append(b, ',', '0'+m.Scale)
		}
	case zero:
		name := ",%eiz,"
		if m.Bits == 64 {
			name = ",%riz,"
		}
		b = append(append(b, name...), '0'+m.Scale)
	}
	x.args = append(b, ')')
}

func (x *x86Printer) intelAddress(m Mem) {
	b := x.args
	if m.Base == RegNone && m.Index == RegNone {
		x.args = x.absolute(b, m)
		return
	}
	b = append(b, '[')
	if m.Base != RegNone {
		b = x.appendReg(b, m.Base, int(m.Bits))
	}
	if m.Index != RegNone {
		if m.Base != RegNone {
			b = append(b, '+')
		}
		b = x.appendIndex(b, m)
		if m.Bits != 16 {
			b = append(b, '*', '0'+m.Scale)
		}
	} else if x.zeroIndex(m) {
		name := "+eiz*"
		if m.Bits == 64 {
			name = "+riz*"
		}
		b = append(append(b, name...), '0'+m.Scale)
	}
	if x.hasDisp(m) {
		b = appendDisp(b, m.Disp, true)
	}
	x.args = append(b, ']')
}

func (x *x86Printer) goAddress(m Mem) {
	b := x.args
	if m.Disp != 0 || m.Base == RegNone {
		b = appendDisp(b, m.Disp, false)
	}
	if m.Base != RegNone {
		b = append(x.appendReg(append(b, '('), m.Base, int(m.Bits)), ')')
	}
	if m.Index != RegNone {
		b = append(x.appendIndex(append(b, '('), m), '*', '0'+m.Scale, ')')
	}
	x.args = b
}

// stringOperand writes the memory that rsi or rdi points to.
func (x *x86Printer) stringOperand(seg string, r Reg, bits int) {
	x.used |= AddrSize
	if x.Syntax == Intel {
		x.pointer(bits/8, false)
	}
	x.named(seg)
	x.args = append(x.args, ':')
	m, _ := x.in.Mem()
	width := int(m.Bits)
	if width == 0 {
		width = x.addressBits()
	}
	open, closing := byte('('), byte(')')
	if x.Syntax == Intel {
		open, closing = '[', ']'
	}
	x.args = append(x.appendReg(append(x.args, open), r, width), closing)
}

func (x *x86Printer) addressBits() int {
	switch {
	case x.have&a64 != 0:
		return 64
	case x.have&a16 != 0:
		return 16
	}
	return 32
}

// segmentOf is the segment that a prefix names, else that which is given.
func (x *x86Printer) segmentOf(name string) string {
	x.used |= segFlags
	m := Mem{Seg: x.in.flags & segFlags}
	if s := m.segmentName(x.in.Has(Long)); s != "" {
		return s
	}
	return name
}

// farPointer writes the two numbers of a far jump or call: segment and offset.
func (x *x86Printer) farPointer() {
	off, size := x.in.Imm()
	target := immValue(x.code[off:], size-2)
	x.number(immValue(x.code[off+size-2:], 2))
	if x.Syntax == Intel {
		x.args = append(x.args, ':')
		x.args = strconv.AppendUint(append(x.args, "0x"...), target, 16)
		return
	}
	x.comma()
	x.number(target)
}

// appendReg names a general register of 16, 32 or 64 bits, or the instruction pointer.
func (x *x86Printer) appendReg(b []byte, r Reg, bits int) []byte {
	switch {
	case x.Syntax == Go:
		return append(b, x.goReg(r)...)
	case x.Syntax == GNU:
		b = append(b, '%')
	}
	wide := byte(0)
	switch bits {
	case 32:
		wide = 'e'
	case 64:
		wide = 'r'
	}
	if r < 8 || r == RegPC {
		if wide != 0 {
			b = append(b, wide)
		}
		if r == RegPC {
			return append(b, "ip"...)
		}
		return append(b, regNames[r]...)
	}
	b = strconv.AppendUint(append(b, 'r'), uint64(r), 10)
	switch bits {
	case 16:
		b = append(b, 'w')
	case 32:
		b = append(b, 'd')
	}
	return b
}

var regNames = [8]string{"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"}

var goRegNames = [8]string{"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI"}

func (x *x86Printer) goReg(r Reg) string {
	switch {
	case r == RegPC:
		return "IP"
	case r < 8:
		return goRegNames[r]
	}
	return "R" + strconv.Itoa(int(r))
}

package disasm

// form is a row of the tables of instructions: how the text of one opcode is made where
// what sel asks for is the case. Of several rows of an opcode the first that fits counts.
//
// In name, words between bars are alternatives: by the digit of the opcode where the row
// stands for several opcodes (see ranges), else by ModRM.reg. A colon parts GNU's name from
// Intel's. The marks within a name are
//
//	%  the suffix of the operand size where the operand is in memory (GNU)
//	@  the suffix x or y of the vector length where the operand is in memory (GNU)
//	$  the same, also z
//	&  the suffix always (GNU)
//	!  the suffix of the size of ModRM.reg (GNU)
//	?  the condition of APX's ccmp and ctest
//	*  #  ^  ~  the predicate of cmp, vpcmp, pclmulqdq and vpcom, in place of the immediate
//
// Operands are written in Intel's order with the letters of the Intel SDM, volume 2,
// appendix A.2: where the operand is, then its type.
//
//	E  general register or memory by ModRM        G  general register in ModRM.reg
//	R  general register in ModRM.rm               Z  general register in the opcode
//	B  general register in vvvv                   M  memory
//	W  vector register or memory by ModRM         V  vector register in ModRM.reg
//	H  vector register in vvvv                    L  vector register in the immediate
//	S  C  D  segment, control, debug register     I  immediate
//	J  branch's target                            O  memory at an absolute address
//	A  far pointer                                X  Y  memory at rsi and rdi
//	F  what follows is the name of a register     1  the number one
//	K  the accumulator                            N  the same, sized as addresses
//	T  register of the x87 stack by ModRM.rm      U  memory at rbx (xlat)
//	(  the port in dx                             *  before another: an indirect branch's
//
// Types of general registers and memory: b, w, d, q of 1, 2, 4 and 8 bytes, v by the operand
// size, y the same but not 2 bytes, p pointer of the mode, s 64 bits in 64-bit mode unless
// prefix 66. Types of vectors: x, y, z; v the instruction's vector length, h half of it, w
// half but at least y; m MMX, k mask, t tile. Immediates: b byte, s byte that is sign-extended,
// w, z, v.
type form struct {
	op   byte
	sel  sel
	name string
	args string
	mem  memForm
}

// sel are the conditions of a row, in groups; a group without a bit is always met.
type sel uint64

// Conditions: the mandatory prefix; W; vector length; memory or register by ModRM; its reg
// and rm; the operand size; the mode; the bits b and NF of EVEX.
const (
	pNP sel = 1 << iota
	p66
	pF3
	pF2
	w0
	w1
	l0
	l1
	l2
	l3
	inMem
	inReg
	r0
	r1
	r2
	r3
	r4
	r5
	r6
	r7
	m0
	m1
	m2
	m3
	m4
	m5
	m6
	m7
	o16
	o32
	o64
	mode32
	mode64
	b0
	b1
	a16
	a32
	a64
	legacy
	rex2
	nf0
	nf1
	byRM // not a condition: names are chosen by ModRM.rm
)

// selGroups are the groups of sel: of each, one bit holds for an instruction.
var selGroups = [...]sel{
	pNP | p66 | pF3 | pF2, w0 | w1, l0 | l1 | l2 | l3, inMem | inReg,
	r0 | r1 | r2 | r3 | r4 | r5 | r6 | r7, m0 | m1 | m2 | m3 | m4 | m5 | m6 | m7,
	o16 | o32 | o64, mode32 | mode64, b0 | b1, a16 | a32 | a64, legacy | rex2, nf0 | nf1,
}

// fits tells whether the instruction with the conditions have meets s.
func (s sel) fits(have sel) bool {
	miss := s &^ have &^ byRM
	if miss == 0 {
		return true
	}
	for _, g := range selGroups {
		if s&g != 0 && s&g&have == 0 {
			return false
		}
	}
	return true
}

// memForm is the size of a memory operand in bytes, which is also the unit of EVEX's
// one-byte displacement (Intel SDM, volume 2, 2.7.5), and what bit b of EVEX means.
type memForm uint16

// Sizes: fixed ones, and by vector length: the whole (16, 32, 64), half, a quarter, an
// eighth of it, and movddup's 8, 32, 64.
const (
	memNone memForm = iota
	mem1
	mem2
	mem4
	mem8
	mem16
	mem32
	mem64
	memFull
	memHalf
	memQuarter
	memEighth
	memDup
	mem6
	mem10

	memSizeMask memForm = 0xf

	// Bit b with a memory operand: it is one element, repeated.
	bcast2 memForm = 0x10
	bcast4 memForm = 0x20
	bcast8 memForm = 0x40
	// Bit b without: rounding by LL, or no exceptions.
	rounds  memForm = 0x80
	sae     memForm = 0x100
	noScale memForm = 0x200 // the displacement is in bytes
)

var memSizes = [16][3]uint8{
	mem1: {1, 1, 1}, mem2: {2, 2, 2}, mem4: {4, 4, 4}, mem8: {8, 8, 8}, mem16: {16, 16, 16},
	mem32: {32, 32, 32}, mem64: {64, 64, 64}, memFull: {16, 32, 64}, memHalf: {8, 16, 32},
	memQuarter: {4, 8, 16}, memEighth: {2, 4, 8}, memDup: {8, 32, 64}, mem6: {6, 6, 6}, mem10: {10, 10, 10},
}

// element is the size of what is repeated, 0 where nothing can be.
func (m memForm) element() int { return int(m/bcast2&1*2 + m/bcast4&1*4 + m/bcast8&1*8) }

// size is that of the operand for vector length l, 0 to 2.
func (m memForm) size(l uint8) int { return int(memSizes[m&memSizeMask][min(l, 2)]) }

// unit is what a one-byte displacement of EVEX counts, in bytes.
func (m memForm) unit(l uint8, b bool) int {
	switch {
	case m&noScale != 0:
		return 1
	case b && m.element() != 0:
		return m.element()
	}
	return max(m.size(l), 1)
}

// find gives the first row of t, which is sorted by opcode, that fits.
func find(t []form, op byte, have sel) *form {
	lo, hi := 0, len(t)
	for lo < hi {
		if mid := (lo + hi) / 2; t[mid].op < op {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < len(t) && t[lo].op == op; lo++ {
		if t[lo].sel.fits(have) {
			return &t[lo]
		}
	}
	return nil
}

// formMaps are the rows by encoding and map; legacy map 1 has further ones in sse1.
var formMaps = [Fixed][11][]form{
	Legacy: {legacy0, legacy1, sse2, sse3},
	REX2:   {legacy0, legacy1},
	VEX:    {1: vex1, 2: vex2, 3: vex3, 5: vex5, 7: map7},
	XOP:    {8: xop8, 9: xop9, 10: xop10},
	EVEX:   {1: evex1, 2: evex2, 3: evex3, 4: evex4, 5: evex5, 6: evex6, 7: map7},
}

// form finds the row of an instruction, nil where there is none.
func (in Inst) form(op byte, have sel) *form {
	m := in.Map()
	if m >= len(formMaps[0]) {
		return nil
	}
	f := find(formMaps[in.Enc()][m], op, have)
	if f == nil && m == 1 && in.Enc() <= REX2 {
		f = find(sse1, op, have)
	}
	return f
}

package disasm

import (
	"strconv"
	"strings"
)

// x86Printer writes one instruction by its row.
type x86Printer struct {
	*Printer
	in   Inst
	code []byte
	pc   uint64
	f    *form
	have sel
	args []byte
	used Flags // prefixes that the text needs no word for
	rex  byte  // bits of REX that mean something
	bits int   // operand size
	vec  uint8 // vector length: 0 is 128 bits
	pred string
	// short keeps the operands of most instructions off the heap.
	short [96]byte
}

// formText is the text by the tables of forms, or "" where they have nothing.
func (p *Printer) formText(in Inst, code []byte, pc uint64) string {
	have := in.conditions(code)
	op, index := in.canonical()
	f := in.form(op, have)
	if f == nil {
		return ""
	}
	x := x86Printer{Printer: p, in: in, code: code, pc: pc, f: f, have: have, vec: in.vectorLen(code)}
	x.args = x.short[:0]
	x.bits = operandBits[have&(o16|o32|o64)/o16]
	name := x.alternative(f.name, index)
	if name == "" || name == "-" {
		return ""
	}
	if in.Enc() == EVEX && have&b1 != 0 && have&inReg != 0 && f.mem&(rounds|sae) != 0 {
		x.vec = 2 // LL is the rounding
	}
	if !x.operands(name) {
		return ""
	}
	var buf [128]byte
	b := x.prefixes(buf[:0], name)
	b = x.mnemonic(b, name)
	if len(x.args) > 0 {
		b = append(append(b, ' '), x.args...)
	}
	return string(b)
}

var operandBits = [...]int{1: 16, 2: 32, 4: 64}

// conditions are what sel can ask for.
func (in Inst) conditions(code []byte) sel {
	pp := in.pp(code)
	if in.Map() == 0 {
		pp = mandatory(in.flags)
	}
	have := pNP << pp
	have |= l0 << in.vectorLen(code)
	have |= r0 << (in.ModRM() >> 3 & 7)
	have |= m0 << (in.ModRM() & 7)
	fl := in.flags
	have |= either(fl&HasMem != 0, inMem, inReg) | either(fl&Long != 0, mode64, mode32) |
		either(fl&W != 0, w1, w0) | either(in.Enc() == REX2, rex2, legacy)
	switch {
	case fl&W != 0:
		have |= o64
	case fl&OpSize != 0:
		have |= o16
	default:
		have |= o32
	}
	switch {
	case fl&(Long|AddrSize) == Long:
		have |= a64
	case fl&(Long|AddrSize) == AddrSize:
		have |= a16
	default:
		have |= a32
	}
	if in.Enc() != EVEX {
		return have | b0
	}
	last := code[in.OpOff()-1]
	return have | either(last&0x10 != 0, b1, b0) | either(last&4 != 0, nf1, nf0)
}

func either(is bool, a, b sel) sel {
	if is {
		return a
	}
	return b
}

// alternative picks a name between bars, and GNU's or Intel's.
func (x *x86Printer) alternative(name string, index int) string {
	if x.f.sel&byRM != 0 {
		index = int(x.in.ModRM() & 7)
	} else if index < 0 {
		index = int(x.in.ModRM() >> 3 & 7)
	}
	if strings.IndexByte(name, '|') >= 0 {
		for ; index > 0; index-- {
			_, name, _ = strings.Cut(name, "|")
		}
		name, _, _ = strings.Cut(name, "|")
	}
	if gnu, intel, ok := strings.Cut(name, ":"); ok {
		if x.Syntax == GNU {
			return gnu
		}
		return intel
	}
	return name
}

// mnemonic appends the name, with what its marks stand for.
func (x *x86Printer) mnemonic(b []byte, name string) []byte {
	start := len(b)
	for i := 0; i < len(name); i++ {
		switch c := name[i]; c {
		case '%':
			if x.Syntax != Intel && x.in.Has(HasMem) {
				b = append(b, x.suffix("EM"))
			}
		case '&':
			b = append(b, x.suffix("XYEM"))
		case '!':
			b = append(b, x.suffix("G"))
		case '?':
			b = append(b, x.pred...)
		case '@', '$':
			if x.Syntax != Intel && x.have&(inMem|b0) == inMem|b0 && (x.vec < 2 || c == '$') {
				b = append(b, "xyz"[min(x.vec, 2)])
			}
		case '*', '#', '^', '~':
			b = append(b, x.pred...)
		default:
			b = append(b, c)
		}
	}
	b = x.hint(b)
	if x.Syntax == Go {
		copy(b[start:], strings.ToUpper(string(b[start:])))
	}
	return b
}

// suffix is that of the size of the operand that is one of places.
func (x *x86Printer) suffix(places string) byte {
	bits := 0
	for _, a := range strings.Split(x.f.args, ",") {
		if len(a) > 1 && strings.IndexByte(places, a[0]) >= 0 {
			bits = x.typeBits(a[1])
		}
	}
	switch bits {
	case 8:
		return 'b'
	case 16:
		return 'w'
	case 64:
		return 'q'
	}
	return 'l'
}

// typeBits is the size of a general register or memory operand by its letter.
func (x *x86Printer) typeBits(t byte) int {
	switch t {
	case 'b':
		return 8
	case 'w':
		return 16
	case 'd':
		return 32
	case 'q':
		return 64
	case 'v', 'z':
		x.sized()
		return x.bits
	case 'y':
		x.rex |= 8
		return max(x.bits, 32)
	case 'f': // far pointer in memory
		x.sized()
		return x.bits + 16
	case 'p':
		if x.in.Has(Long) {
			return 64
		}
		return 32
	case 's':
		if !x.in.Has(W) {
			x.used |= OpSize
		}
		if x.in.Has(Long) && x.bits != 16 {
			return 64
		}
		return x.bits
	}
	return 0
}

// sized notes that the operand size is seen.
func (x *x86Printer) sized() {
	x.rex |= 8
	if !x.in.Has(W) {
		x.used |= OpSize
	}
}

// operands writes all operands, and tells the predicate that becomes part of the name.
func (x *x86Printer) operands(name string) bool {
	args := x.f.args
	if args == "" {
		return true
	}
	if strings.IndexByte(name, '?') >= 0 {
		x.pred = apxConditions[x.code[x.in.OpOff()-1]&15]
		x.apxDefault()
	} else if i := strings.IndexAny(name, "*#^~"); i >= 0 {
		if x.predicate(name[i]) {
			args = strings.TrimSuffix(args, ",Ib")
		}
	}
	if x.Syntax == GNU {
		args = strings.TrimSuffix(args, ",1")
	}
	var list [6]string
	n := 0
	for rest, more := args, true; more; n++ {
		list[n], rest, more = strings.Cut(rest, ",")
	}
	gnu := x.Syntax != Intel
	last := n - 1 // that is no immediate
	if last > 0 && list[last][0] == 'I' {
		last--
	}
	for i := range n {
		at := i
		if gnu && list[0] != "Iw" && x.f.name != "bound" { // enter is as Intel has it
			at = n - 1 - i
		}
		if i > 0 {
			x.comma()
		}
		round := ""
		if at == last {
			round = x.rounding()
		}
		x.rounded(list[at], round, gnu)
		if at == 0 {
			x.masking()
		}
	}
	return true
}

// rounded writes an operand and the rounding, which GNU has before it, but behind a
// general register; in Intel's syntax it belongs to the operand.
func (x *x86Printer) rounded(arg, round string, gnu bool) {
	if round != "" && gnu && arg[0] != 'E' {
		x.args = append(x.args, round...)
		x.comma()
		round = ""
	}
	x.operand(arg)
	if round != "" && gnu {
		x.comma()
	}
	x.args = append(x.args, round...)
}

func (x *x86Printer) comma() {
	x.args = append(x.args, ',')
	if x.Syntax != GNU {
		x.args = append(x.args, ' ')
	}
}

var roundings = [4]string{"{rn-sae}", "{rd-sae}", "{ru-sae}", "{rz-sae}"}

// rounding is EVEX's static rounding, "" without.
func (x *x86Printer) rounding() string {
	switch {
	case x.in.Enc() != EVEX || x.have&b1 == 0 || x.have&inMem != 0:
		return ""
	case x.f.mem&rounds != 0:
		return roundings[x.in.vectorLen(x.code)&3]
	case x.f.mem&sae != 0:
		return "{sae}"
	}
	return ""
}

// masking writes EVEX's mask register behind the destination.
func (x *x86Printer) masking() {
	if x.in.Enc() != EVEX || x.promoted() {
		return
	}
	b := x.code[x.in.OpOff()-1]
	if k := b & 7; k != 0 {
		x.args = append(x.args, '{')
		x.vector('k', k)
		x.args = append(x.args, '}')
	}
	if b&0x80 != 0 {
		x.args = append(x.args, "{z}"...)
	}
}

// operand writes one operand.
func (x *x86Printer) operand(a string) {
	if a[0] == '*' {
		if x.Syntax == GNU {
			x.args = append(x.args, '*')
		}
		a = a[1:]
	}
	t := byte(0)
	if len(a) > 1 {
		t = a[1]
	}
	in := x.in
	switch a[0] {
	case 'E', 'R':
		if a[0] == 'E' && in.flags&HasMem != 0 {
			size := x.typeBits(t) / 8
			if x.f.mem&memSizeMask != memNone {
				size = x.f.mem.size(x.vec)
			}
			x.memory(size)
			return
		}
		x.rex |= 1
		x.general(in.ModRM()&7|in.extBase(), x.typeBits(t))
	case 'G':
		x.rex |= 4
		x.general(in.ModRM()>>3&7|in.extReg(), x.typeBits(t))
	case 'Z':
		x.rex |= 1
		x.general(in.Op()&7|in.extBase(), x.typeBits(t))
	case 'B':
		x.general(in.vvvv(), x.typeBits(t))
	case 'M':
		size := x.typeBits(t) / 8
		if x.f.mem != memNone {
			size = x.f.mem.size(x.vec)
		}
		x.memory(size)
	case 'V', 'W', 'H', 'L':
		x.vectorOperand(a[0], t)
	case 'I':
		x.immediate(t)
	case 'J':
		x.branch()
	case 'F':
		x.named(a[1:])
	case '1':
		x.one()
	default:
		x.rareOperand(a[0], t)
	}
}

// rareOperand are those of few instructions.
func (x *x86Printer) rareOperand(where, t byte) {
	in := x.in
	switch where {
	case 'S':
		x.named([8]string{"es", "cs", "ss", "ds", "fs", "gs", "?", "?"}[in.ModRM()>>3&7])
	case 'C', 'D':
		x.rex |= 4
		name := map[byte]string{'C': "cr", 'D': "db"}[where]
		if x.Syntax == Intel && where == 'D' {
			name = "dr"
		}
		r := in.ModRM()>>3&7 | in.extReg()
		if in.Has(Lock) { // AMD: cr8 without REX
			x.used |= Lock
			r |= 8
		}
		x.named(name + strconv.Itoa(int(r)))
	case 'O':
		x.typeBits(t)
		x.memory(0)
	case 'A':
		x.farPointer()
	case 'K':
		x.general(0, x.typeBits(t))
	case 'N':
		x.general(0, x.addressBits())
	case 'T':
		x.stack()
	case 'U':
		x.stringOperand(x.segmentOf("ds"), 3, 8)
	case '(':
		x.port()
	case 'X':
		x.stringOperand(x.segmentOf("ds"), 6, x.typeBits(t))
	case 'Y':
		x.stringOperand("es", 7, x.typeBits(t))
	}
}

// branch writes where a direct branch goes; a narrow one to what is left of the address.
func (x *x86Printer) branch() {
	to := x.in.Target
	if off, size := x.in.PCRel(); size > 0 && !x.in.Has(HasTarget) {
		shift := 64 - 8*size
		rel := int64(immValue(x.code[off:], size)<<shift) >> shift
		to = (x.pc + uint64(x.in.Len) + uint64(rel)) & 0xffff
	}
	b := strconv.AppendUint(append(x.args, "0x"...), to, 16)
	if x.Syntax != Go {
		x.args = x.appendSymbol(b, to)
		return
	}
	x.args = append(x.args, x.target(to)...)
}

// stack writes a register of the x87 stack.
func (x *x86Printer) stack() {
	switch x.Syntax {
	case Go:
		x.args = append(x.args, 'F', '0'+x.in.ModRM()&7)
		return
	case GNU:
		x.args = append(x.args, '%')
	}
	x.args = append(x.args, 's', 't', '(', '0'+x.in.ModRM()&7, ')')
}

func (x *x86Printer) port() {
	switch x.Syntax {
	case GNU:
		x.args = append(x.args, "(%dx)"...)
	case Go:
		x.args = append(x.args, "DX"...)
	default:
		x.args = append(x.args, "dx"...)
	}
}

func (x *x86Printer) named(name string) {
	switch x.Syntax {
	case GNU:
		x.args = append(x.args, '%')
	case Go:
		name = strings.ToUpper(name)
	}
	x.args = append(x.args, name...)
}

// one is the count of a shift by one bit, which GNU does not write.
func (x *x86Printer) one() {
	if x.Syntax == Intel {
		x.args = append(x.args, '1')
		return
	}
	x.number(1)
}

func (x *x86Printer) number(v uint64) {
	if x.Syntax != Intel {
		x.args = append(x.args, '$')
	}
	x.args = strconv.AppendUint(append(x.args, "0x"...), v, 16)
}

// general writes a general register.
func (x *x86Printer) general(r byte, bits int) {
	if bits == 8 && x.Syntax != Go {
		x.byteRegister(r)
		return
	}
	x.args = x.appendReg(x.args, Reg(r), bits)
}

var byteNames = [...]string{"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh", "spl", "bpl", "sil", "dil"}

func (x *x86Printer) byteRegister(r byte) {
	switch {
	case r >= 8:
		x.args = append(x.appendReg(x.args, Reg(r), 64), 'b')
	case r >= 4 && x.uniform():
		x.rex |= 0x10
		x.named(byteNames[r+4])
	default:
		x.named(byteNames[r])
	}
}

// uniform tells whether registers 4 to 7 of one byte are spl to dil.
func (x *x86Printer) uniform() bool {
	return x.in.Enc() != Legacy || x.rexByte() != 0
}

// rexByte is REX, 0 without.
func (x *x86Printer) rexByte() byte {
	if x.in.Enc() != Legacy || !x.in.Has(Long) {
		return 0
	}
	at := x.in.OpOff() - x.escapes() - 1
	if at >= 0 && x.code[at]&0xf0 == 0x40 {
		return x.code[at]
	}
	return 0
}

// escapes counts the bytes 0F, 38 and 3A before the opcode.
func (x *x86Printer) escapes() int {
	if x.in.Enc() != Legacy {
		return 0
	}
	return [4]int{0, 1, 2, 2}[x.in.Map()&3]
}

func (x *x86Printer) vectorOperand(where, t byte) {
	in := x.in
	switch where {
	case 'V':
		if t != 'm' {
			x.rex |= 4
		}
		x.vector(t, in.ModRM()>>3&7|in.extReg())
	case 'H':
		x.vector(t, in.vvvv())
	case 'L':
		off, _ := in.Imm()
		r := x.code[off] >> 4
		if !in.Has(Long) {
			r &= 7
		}
		x.vector(t, r)
	case 'W':
		if in.flags&HasMem != 0 {
			x.memory(x.f.mem.size(x.vec))
			return
		}
		if t != 'm' {
			x.rex |= 1
		}
		r := in.ModRM()&7 | in.extBase()&8
		if in.Enc() == EVEX {
			r |= in.extIndex() & 8 << 1
		}
		x.vector(t, r)
	}
}

// vectorNames by type and vector length.
var vectorNames = map[byte][3]string{
	'x': {"xmm", "xmm", "xmm"}, 'y': {"ymm", "ymm", "ymm"}, 'z': {"zmm", "zmm", "zmm"},
	'v': {"xmm", "ymm", "zmm"}, 'h': {"xmm", "xmm", "ymm"}, 'w': {"ymm", "ymm", "zmm"},
	'm': {"mm", "mm", "mm"}, 'k': {"k", "k", "k"}, 't': {"tmm", "tmm", "tmm"}, 'B': {"bnd", "bnd", "bnd"},
}

func (x *x86Printer) vector(t, r byte) {
	name := vectorName(t, x.vec)
	if x.in.Enc() == REX2 { // reaches no further vector registers
		r &= 15
	}
	if len(name) < 3 || t == 't' || t == 'B' {
		r &= 7
	}
	switch x.Syntax {
	case GNU:
		x.args = append(append(x.args, '%'), name...)
	case Go:
		x.args = append(x.args, goVector(name)...)
	default:
		x.args = append(x.args, name...)
	}
	x.args = strconv.AppendUint(x.args, uint64(r), 10)
}

func vectorName(t byte, vec uint8) string {
	switch t {
	case 'x':
		return "xmm"
	case 'v':
		return [...]string{"xmm", "ymm", "zmm", "zmm"}[vec&3]
	}
	return vectorNames[t][min(vec, 2)]
}

func goVector(name string) string {
	if len(name) == 3 && name[1:] == "mm" && name != "tmm" {
		return strings.ToUpper(name[:1])
	}
	if name == "mm" {
		return "M"
	}
	return strings.ToUpper(name)
}

// immediate writes the immediate of type t, the bytes behind ModRM.
func (x *x86Printer) immediate(t byte) {
	off, size := x.in.Imm()
	v := immValue(x.code[off:], size)
	switch t {
	case 'b':
		v &= 0xff
	case 's':
		v = x.cut(uint64(int64(int8(v))))
	case 'z':
		if size == 4 {
			v = x.cut(uint64(int64(int32(v))))
		}
	case 'c': // the second of two
		v = uint64(x.code[off+size-1])
	case 'i': // half a byte, below a register
		v &= 0xf
	case 'w':
		v &= 0xffff
	case 'v':
		x.sized()
	}
	x.number(v)
}

// cut keeps what of a sign-extended number is within the operand.
func (x *x86Printer) cut(v uint64) uint64 {
	bits := x.bits
	if strings.HasPrefix(x.f.args, "I") {
		bits = x.typeBits('s') // push
	} else {
		x.sized()
	}
	if bits == 64 {
		return v
	}
	return v & (1<<bits - 1)
}

package disasm

import "encoding/binary"

// x86 is an instruction while it is decoded. The bytes are those of the input with
// zeros behind it, so that no step has to ask whether there are more; whether the
// instruction ends within the input is asked once, at the end. n counts the bytes
// used, and only bytes that are counted decide anything.
type x86 struct {
	p  *[16]byte
	n  int
	at attr
	pp uint8 // mandatory prefix: 0 none, 1 66, 2 F3, 3 F2
	// ok is cleared by prefixes and bits that no CPU accepts.
	ok bool
	in parts
}

// parts is an instruction in the making: Inst before it is packed.
type parts struct {
	Target uint64
	Flags  Flags
	Disp   int32
	Class  Class
	Enc    Enc

	Len, Map, Op, ModRM, SIB, OpOff      uint8
	PCRelOff, PCRelSize, ImmOff, ImmSize uint8
	// Extensions of register numbers, 0, 8, 16 or 24, out of REX, REX2, VEX, XOP and
	// EVEX, and the register that the latter three name themselves.
	extReg, extIndex, extBase, vvvv uint8
}

func (p *parts) inst() Inst {
	enc := uint64(p.Enc)<<encShift | uint64(p.Map)<<mapShift | uint64(p.Op)<<opShift |
		uint64(p.ModRM)<<modRMShift | uint64(p.SIB)<<sibShift | uint64(p.OpOff)<<opOffShift |
		uint64(p.extReg>>3)<<extRegShift | uint64(p.extIndex>>3)<<extIndexShift |
		uint64(p.extBase>>3)<<extBaseShift | uint64(p.vvvv)<<vvvvShift
	if p.PCRelSize|p.ImmSize != 0 { // the larger half of all instructions has neither
		enc |= uint64(p.PCRelOff)<<pcRelOffShift | uint64(p.PCRelSize)<<pcRelSizeShift |
			uint64(p.ImmOff)<<immOffShift | uint64(p.ImmSize)<<immSizeShift
	}
	return Inst{p.Target, p.Len, p.Class, rest{p.Flags, p.Disp, enc}}
}

func decodeX86(code []byte, pc uint64, mode Flags) (Inst, error) {
	var d x86
	if len(code) >= 16 {
		d.p = (*[16]byte)(code)
	} else {
		d.p = new([16]byte)
		copy(d.p[:], code)
	}
	d.ok = true
	d.in.Flags = mode
	d.prefixes()
	d.opcode()
	if d.at&atModRM != 0 {
		d.modrm()
	}
	d.immediate()
	if d.n > MaxLen {
		return Inst{}, tooLong(len(code))
	}
	if d.n > len(code) {
		return Inst{}, ErrTruncated
	}
	d.in.Len = uint8(d.n)
	d.classify(pc)
	in := d.in.inst()
	if d.in.Enc == EVEX && d.in.ModRM>>6 == 1 {
		in.disp *= in.dispUnit(d.p[:])
	}
	return in, nil
}

func tooLong(n int) error {
	if n < MaxLen {
		return ErrTruncated
	}
	return ErrTooLong
}

func (d *x86) byte(n int) byte { return d.p[n&15] }

func (d *x86) next() byte {
	b := d.p[d.n&15]
	d.n++
	return b
}

// prefixes reads legacy prefixes and REX, which counts only next to the opcode.
func (d *x86) prefixes() {
	fl, rex, n, code := d.in.Flags, byte(0), 0, d.p
	for ; n < MaxLen; n++ {
		b := code[n]
		p := &prefixOf[b]
		if p.set == 0 || p.set == rexMark && fl&Long == 0 {
			break
		}
		if p.set == rexMark {
			rex = b
			continue
		}
		rex = 0
		fl = fl&^p.clear | p.set
	}
	d.n = n
	if rex != 0 {
		if rex&8 != 0 {
			fl |= W
		}
		d.in.extReg = rex & 4 << 1
		d.in.extIndex = rex & 2 << 2
		d.in.extBase = rex & 1 << 3
		fl |= rexMark
	}
	d.in.Flags = fl
}

// opcode reads the opcode and the prefixes that select its map.
func (d *x86) opcode() {
	n := d.n
	op := d.p[n&15]
	d.n = n + 1
	d.in.OpOff = uint8(n)
	d.in.Op = op
	at := forms[0][op]
	d.at = at
	if at&(atEscape|atNo64) == 0 {
		return
	}
	if op == 0x0f {
		d.escape0F()
		return
	}
	long := d.in.Flags&Long != 0
	if d.at&atEscape == 0 {
		if long {
			d.at = 0
		}
		return
	}
	switch b := d.byte(d.n); {
	case op == 0x8f && b&0x1f >= 8:
		d.vex3(XOP)
	case op == 0xd5 && long:
		d.rex2()
	case op == 0xd5: // aad
		d.at |= atImm(imm8)
	case op == 0x8f, !long && b < 0xc0: // pop, les, lds, bound
		d.at |= atModRM
	case op == 0xc4:
		d.vex3(VEX)
	case op == 0xc5:
		d.vex2()
	case op == 0x62:
		d.evex()
	}
}

func (d *x86) escape0F() {
	d.pp = mandatory(d.in.Flags)
	d.in.Map = 1
	op := d.next()
	switch op {
	case 0x38:
		d.in.Map = 2
		op = d.next()
	case 0x3a:
		d.in.Map = 3
		op = d.next()
	}
	d.in.OpOff = uint8(d.n - 1)
	d.in.Op = op
	d.at = forms[d.in.Map&3][op]
}

// mandatory gives the prefix that selects among instructions of the 0F maps.
func mandatory(f Flags) uint8 {
	switch {
	case f&Rep != 0:
		return 2
	case f&Repne != 0:
		return 3
	case f&OpSize != 0:
		return 1
	}
	return 0
}

// rex2 reads APX's prefix D5 and its payload M0 R4 X4 B4 W R3 X3 B3.
func (d *x86) rex2() {
	d.noPrefixes(0)
	b := d.next()
	d.in.Enc = REX2
	d.in.extReg = b&4<<1 | b&0x40>>2
	d.in.extIndex = b&2<<2 | b&0x20>>1
	d.in.extBase = b&1<<3 | b&0x10
	if b&8 != 0 {
		d.in.Flags |= W
	}
	d.in.Map = b >> 7
	d.in.OpOff = uint8(d.n)
	d.in.Op = d.next()
	d.at = forms[d.in.Map][d.in.Op]
	if d.in.Map == 1 {
		d.pp = mandatory(d.in.Flags)
		d.at &^= atEscape // the rows 38 and 3A are not reached so
		return
	}
	if d.in.Op == 0xa1 { // jmpabs
		d.at = atImm(immAbs) | attr(Jump) | attr(spJmpAbs)<<atSpecShift | 0xf<<atValidShift
		return
	}
	// Rows 40, 70, A0, E0 and what escapes or is a prefix are not defined behind REX2.
	if row := d.in.Op >> 4; row == 4 || row == 7 || row == 0xa || row == 0xe || d.at&(atEscape|atPrefix|atNo64) != 0 && d.in.Op != 0x8f {
		d.at = 0
	}
}

// noPrefixes clears ok for prefixes that are not allowed before VEX and the like.
func (d *x86) noPrefixes(f Flags) {
	d.ok = d.in.Flags&(rexMark|f) == 0
}

const vexRefuses = OpSize | Rep | Repne | Lock

func (d *x86) vex2() {
	d.noPrefixes(vexRefuses)
	b := d.next()
	d.in.Enc = VEX
	d.in.Map = 1
	d.in.extReg = ^b >> 4 & 8
	d.vexTail(b)
}

// vex3 reads C4 or 8F, R X B map, W vvvv L pp; R, X, B and vvvv inverted.
func (d *x86) vex3(enc Enc) {
	d.noPrefixes(vexRefuses)
	b := d.next()
	d.in.Enc = enc
	d.in.Map = b & 0x1f
	d.in.extReg = ^b >> 4 & 8
	d.in.extIndex = ^b >> 3 & 8
	d.in.extBase = ^b >> 2 & 8
	b = d.next()
	if b&0x80 != 0 {
		d.in.Flags |= W
	}
	d.vexTail(b)
}

func (d *x86) vexTail(b byte) {
	d.in.vvvv = ^b >> 3 & 15
	d.pp = b & 3
	d.vectorOp()
}

// evex reads 62, R3 X3 B3 R4 B4' mmm, W vvvv X4 pp, z LL b V4 aaa. All but B4', W and
// the third byte's upper half are inverted. B4' and X4 are APX's.
func (d *x86) evex() {
	d.noPrefixes(vexRefuses)
	b := d.next()
	d.in.Enc = EVEX
	d.in.Map = b & 7
	d.in.extReg = ^b>>4&8 | ^b&0x10
	d.in.extIndex = ^b >> 3 & 8
	d.in.extBase = ^b>>2&8 | b&8<<1
	b = d.next()
	if b&0x80 != 0 {
		d.in.Flags |= W
	}
	d.in.vvvv = ^b >> 3 & 15
	d.pp = b & 3
	d.in.extIndex |= ^b & 4 << 2
	b = d.next()
	d.in.vvvv |= ^b & 8 << 1
	if d.in.Map == 4 && d.pp == 1 {
		d.in.Flags |= OpSize
	}
	d.vectorOp()
}

// vectorOp reads the opcode behind VEX, XOP and EVEX.
func (d *x86) vectorOp() {
	d.in.OpOff = uint8(d.n)
	d.in.Op = d.next()
	if d.in.Flags&Long == 0 {
		d.in.extReg, d.in.extIndex, d.in.extBase, d.in.vvvv = 0, 0, 0, d.in.vvvv&7
	}
	t := vectorForms[d.in.Enc][d.in.Map]
	if t == nil {
		d.at = atModRM
		return
	}
	d.at = t[d.in.Op]
}

// modrm reads ModRM, SIB and displacement.
func (d *x86) modrm() {
	n := d.n
	m := d.p[n&15]
	n++
	d.in.ModRM = m
	fl := d.in.Flags | HasModRM
	mod, rm := m>>6, m&7
	switch {
	case mod == 3 || d.at&atRegOnly != 0:
		d.n, d.in.Flags = n, fl
		return
	case fl&(AddrSize|Long) == AddrSize:
		d.n, d.in.Flags = n, fl|HasMem
		d.modrm16(mod, rm)
		return
	}
	fl |= HasMem
	if rm == 4 {
		d.in.SIB = d.p[n&15]
		n++
		rm = d.in.SIB & 7
	} else if rm == 5 && mod == 0 && fl&Long != 0 {
		fl |= PCRelMem
		d.in.PCRelOff, d.in.PCRelSize = uint8(n), 4
	}
	d.in.Flags = fl
	switch {
	case mod == 1:
		d.in.Disp = int32(int8(d.p[n&15]))
		n++
	case mod == 2, rm == 5: // mod is 0
		d.in.Disp = int32(d.le32(n))
		n += 4
	}
	d.n = n
}

// modrm16 reads the 16-bit form, that a 32-bit program has behind prefix 67.
func (d *x86) modrm16(mod, rm byte) {
	switch {
	case mod == 1:
		d.in.Disp = int32(int8(d.next()))
	case mod == 2, mod == 0 && rm == 6:
		d.in.Disp = int32(int16(d.le16(d.n)))
		d.n += 2
	}
}

func (d *x86) le16(n int) uint16 {
	if n > 14 {
		return 0
	}
	return binary.LittleEndian.Uint16(d.p[n : n+2])
}

func (d *x86) le32(n int) uint32 {
	if n > 12 {
		return 0
	}
	return binary.LittleEndian.Uint32(d.p[n : n+4])
}

func (d *x86) le64(n int) uint64 {
	if n > 8 {
		return 0
	}
	return binary.LittleEndian.Uint64(d.p[n : n+8])
}

// immediate counts the bytes behind the displacement.
func (d *x86) immediate() {
	k := d.at >> atImmShift & 15
	if k == 0 {
		return
	}
	if k >= immByReg && d.in.ModRM>>3&7 >= 2 { // test of group 3 only
		return
	}
	if k == immExtrq && (d.pp == 0 || d.pp == 2) {
		return
	}
	fl := d.in.Flags
	i := uint(0)
	if fl&AddrSize != 0 {
		i = 1
	}
	if fl&W != 0 {
		i |= 4
	} else if fl&OpSize != 0 {
		i |= 2
	}
	if fl&Long != 0 {
		i |= 8
	}
	size := immSize[k][i&15]
	d.in.ImmOff, d.in.ImmSize = uint8(d.n), size
	d.n += int(size)
}

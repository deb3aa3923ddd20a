package disasm

// special names what besides the opcode decides the class and validity of an
// instruction: prefixes and ModRM.
type special uint8

// Specials. The groups have the numbers of the manuals.
const (
	spNone    special = iota
	spPushPop         // 50 to 5F
	spString
	spNear // near branches: prefix 66
	spMemOnly
	spRegOnly
	spX87
	spMovSeg
	spNop
	spMoffs
	spInt
	spSyscall
	spJmpAbs  // APX: jump to an immediate address
	spHintNop // 0F 1E: endbr64 and its like, rdssp
	spGroup1A // pop
	spGroup4
	spGroup5
	spGroup6
	spGroup7
	spGroup8
	spGroup9
	spGroup11 // mov of an immediate, xabort, xbegin
	spGroup12
	spGroup14
	spGroup15
)

// group tells for which ModRM.reg an instruction is defined, as a bit mask for each
// mandatory prefix (none, 66, F3, F2), with a memory operand and with a register.
type group struct {
	mem, reg [4]uint8
}

func anyPrefix(mask uint8) [4]uint8 { return [4]uint8{mask, mask, mask, mask} }

var groups = [32]group{
	spMemOnly: {mem: anyPrefix(0xff)},
	spRegOnly: {reg: anyPrefix(0xff)},
	spMovSeg:  {mem: anyPrefix(0x3d), reg: anyPrefix(0x3d)}, // not cs
	spGroup1A: {mem: anyPrefix(0x01), reg: anyPrefix(0x01)},
	spGroup4:  {mem: anyPrefix(0x03), reg: anyPrefix(0x03)},
	spGroup5:  {mem: anyPrefix(0x7f), reg: anyPrefix(0x57)}, // far ones need memory
	spGroup6:  {mem: [4]uint8{0x3f, 0x3f, 0x3f, 0x7f}, reg: [4]uint8{0x3f, 0x3f, 0x3f, 0x7f}},
	spGroup7:  {mem: [4]uint8{0xdf, 0xdf, 0xff, 0xdf}},
	spGroup8:  {mem: anyPrefix(0xf0), reg: anyPrefix(0xf0)},
	spGroup9:  {mem: [4]uint8{0xfa, 0x42, 0x42, 0x02}, reg: [4]uint8{0xc0, 0xc0, 0xc0, 0x00}},
	spGroup11: {mem: anyPrefix(0x01), reg: anyPrefix(0x01)},
	spGroup12: {reg: [4]uint8{0x54, 0x54, 0, 0}},
	spGroup14: {reg: [4]uint8{0x44, 0xcc, 0, 0}},
	spGroup15: {mem: [4]uint8{0xff, 0xc0, 0x50, 0x00}, reg: [4]uint8{0xe0, 0x40, 0x7f, 0x40}},
}

func (g *group) has(d *x86) bool {
	mask := &g.reg
	if d.in.Flags&HasMem != 0 {
		mask = &g.mem
	}
	return mask[d.pp&3]>>(d.in.ModRM>>3&7)&1 != 0
}

// group7 are the instructions of 0F 01 with a register form, by the low six bits of
// ModRM; all of rows 20 (smsw) and 30 (lmsw) but for what lies between.
const group7 uint64 = 1<<0x00 | 1<<0x01 | 1<<0x02 | 1<<0x03 | 1<<0x04 | 1<<0x05 | 1<<0x06 |
	1<<0x08 | 1<<0x09 | 1<<0x0a | 1<<0x0b | 1<<0x0c | 1<<0x0d | 1<<0x0e | 1<<0x0f |
	1<<0x10 | 1<<0x11 | 1<<0x14 | 1<<0x15 | 1<<0x16 | 1<<0x17 |
	0xff<<0x18 | 0xff<<0x20 | 1<<0x28 | 1<<0x29 | 1<<0x2a | 1<<0x2c | 1<<0x2d | 1<<0x2e | 1<<0x2f |
	0xff<<0x30 | 0xff<<0x38

// group7InPlace go elsewhere, or are for kernels: enclv, vmlaunch, vmresume, enclu, vmrun.
const group7InPlace uint64 = 1<<0x00 | 1<<0x02 | 1<<0x03 | 1<<0x17 | 1<<0x18

// special refines the class c of an opcode that is marked with sp.
func (d *x86) special(sp special, c Class) Class {
	fl := d.in.Flags
	reg := d.in.ModRM >> 3 & 7
	switch sp {
	case spPushPop:
		if fl&(OpSize|W) == OpSize {
			return Plain
		}
	case spString:
		if fl&(Rep|Repne) != 0 {
			return RepString
		}
	case spNear:
		return d.near(c)
	case spNop:
		if d.in.extBase != 0 { // xchg
			return Plain
		}
	case spX87:
		if d.x87Undefined() {
			return Unknown
		}
	case spMoffs:
		d.in.Flags |= AbsMem
	case spInt:
		switch d.byte(int(d.in.ImmOff)) {
		case 3:
			return Trap
		case 0x80:
			return Syscall
		}
	case spJmpAbs:
		d.in.Flags |= HasTarget
	case spSyscall:
		if d.in.Op == 0x34 { // sysenter: the kernel returns to the vdso
			d.in.Flags |= WritesPC
			break
		}
		d.in.Flags |= WritesRCX | WritesR11 | ReadsTF
	case spHintNop:
		if d.pp == 2 && (d.in.ModRM == 0xfa || d.in.ModRM == 0xfb) {
			return LandingPad
		}
		if d.pp == 2 && reg == 1 && fl&HasMem == 0 { // rdssp
			return Plain
		}
	case spGroup7:
		if fl&HasMem == 0 {
			return d.group7()
		}
	}
	if groups[sp&31] != (group{}) {
		return d.group(sp, c, reg)
	}
	return c
}

// group decides by ModRM.reg.
func (d *x86) group(sp special, c Class, reg byte) Class {
	mem := d.in.Flags&HasMem != 0
	if sp == spGroup11 && d.in.ModRM == 0xf8 { // xabort, xbegin
		if c == XBegin {
			return d.near(c)
		}
		return c
	}
	if !groups[sp&31].has(d) {
		return Unknown
	}
	switch {
	case sp == spGroup11:
		return Plain
	case sp == spMovSeg && reg == 2:
		return LoadSS
	case sp == spGroup5:
		return d.group5(reg)
	case sp == spGroup1A && !mem && d.in.Flags&(OpSize|W) != OpSize:
		return PopReg
	}
	return c
}

func (d *x86) group5(reg byte) Class {
	narrow := d.in.Flags&(OpSize|W) == OpSize
	switch reg {
	case 2, 4:
		c := IndirectJump
		if reg == 2 {
			c = IndirectCall
		}
		if narrow { // Intel and AMD differ
			d.in.Flags |= classFlags[c&31] &^ Overwritable
			return InPlace
		}
		return c
	case 3, 5:
		return Far
	case 6:
		if d.in.Flags&HasMem == 0 && !narrow {
			return PushReg
		}
	}
	return Plain
}

func (d *x86) group7() Class {
	i := d.in.ModRM & 0x3f
	switch {
	case group7>>i&1 == 0:
		return Unknown
	case group7InPlace>>i&1 != 0:
		return InPlace
	case i == 0x0a && d.pp >= 2, i == 0x2c && d.pp == 2: // erets, eretu, uiret
		return IRet
	}
	return Plain
}

// near treats the branches within a segment: prefix 66 makes them 16 bits wide, in
// 64-bit mode on AMD only, and a program that has it runs in place.
func (d *x86) near(c Class) Class {
	size := d.in.ImmSize
	if c != Ret && size > 0 {
		d.in.PCRelOff, d.in.PCRelSize = d.in.ImmOff, size
		d.in.ImmOff, d.in.ImmSize = 0, 0
	}
	narrow := d.in.Flags&(OpSize|W) == OpSize
	if c != Ret && !(narrow && d.in.Flags&Long != 0) {
		d.in.Flags |= HasTarget
	}
	if narrow {
		d.in.Flags |= classFlags[c&31] &^ Overwritable
		return InPlace
	}
	return c
}

// classify settles the class, the flags that go with it, and the target.
func (d *x86) classify(pc uint64) {
	in := &d.in
	c := Class(d.at & atClassMask)
	if d.at>>(atValidShift+uint(d.pp))&1 == 0 || !d.ok || in.Flags&Lock != 0 && !in.lockable() {
		c = Unknown
	} else if sp := special(d.at >> atSpecShift & 63); sp != 0 {
		c = d.special(sp, c)
	}
	fl := in.Flags
	if fl&PCRelMem != 0 {
		in.Target = pc + uint64(in.Len) + uint64(int64(in.Disp))
		switch {
		case fl&AddrSize != 0:
			in.Target = uint64(uint32(in.Target))
			if c == Plain {
				c = InPlace
			}
			fl |= ReadsPC
		case c == Plain:
			c = PCRel
		}
		fl |= ReadsPC
	}
	if fl&(HasTarget|AbsMem) != 0 {
		d.target(pc)
	}
	if c != Unknown {
		fl |= Valid | classFlags[c&31]
		if c == LoopJump && in.Op < 0xe3 {
			fl |= WritesRCX
		}
	}
	in.Flags = fl &^ rexMark
	in.Class = c
}

// x87Mem and x87Reg are the undefined instructions of opcodes D8 to DF: by ModRM.reg with
// a memory operand, by the low six bits of ModRM without.
var (
	x87Mem = [8]uint8{1: 1 << 1, 3: 1<<4 | 1<<6, 5: 1 << 5}
	x87Reg = [8]uint64{
		1: span(0x11, 0x17) | span(0x22, 0x23) | span(0x26, 0x27),
		2: span(0x20, 0x28) | span(0x2a, 0x3f),
		3: span(0x26, 0x27) | span(0x38, 0x3f),
		5: span(0x30, 0x3f),
		6: span(0x18, 0x18) | span(0x1a, 0x1f),
		7: span(0x21, 0x27) | span(0x38, 0x3f),
	}
)

// span sets the bits from first to last.
func span(first, last uint) uint64 { return 1<<(last+1) - 1<<first }

func (d *x86) x87Undefined() bool {
	if d.in.Flags&HasMem != 0 {
		return x87Mem[d.in.Op&7]>>(d.in.ModRM>>3&7)&1 != 0
	}
	return x87Reg[d.in.Op&7]>>(d.in.ModRM&0x3f)&1 != 0
}

// lockable tells whether prefix F0 is allowed: where memory is read, changed and written.
func (p *parts) lockable() bool {
	op, reg := p.Op, p.ModRM>>3&7
	if p.Flags&HasMem == 0 {
		return p.Map == 1 && (op == 0x20 || op == 0x22) && p.Flags&HasModRM != 0 // AMD: cr8
	}
	switch p.Map {
	case 0:
		switch {
		case op < 0x38:
			return op&7 < 2
		case op >= 0x80 && op <= 0x83:
			return reg != 7
		case op == 0xf6, op == 0xf7:
			return reg == 2 || reg == 3
		case op == 0xfe, op == 0xff:
			return reg < 2
		}
		return op == 0x86 || op == 0x87
	case 1:
		switch op {
		case 0xab, 0xb3, 0xbb, 0xb0, 0xb1, 0xc0, 0xc1:
			return true
		case 0xba:
			return reg >= 5
		case 0xc7:
			return reg == 1
		}
	}
	return false
}

// target computes where a direct branch goes, or what moffs names.
func (d *x86) target(pc uint64) {
	in := &d.in
	off, size := int(in.PCRelOff), in.PCRelSize
	absolute := size == 0
	if absolute { // moffs, jmpabs
		off, size = int(in.ImmOff), in.ImmSize
	}
	var v int64
	switch size {
	case 1:
		v = int64(int8(d.byte(off)))
	case 2:
		v = int64(int16(d.le16(off)))
	case 4:
		v = int64(int32(d.le32(off)))
	case 8:
		v = int64(d.le64(off))
	}
	switch {
	case !absolute:
		in.Target = pc + uint64(in.Len) + uint64(v)
		if in.Flags&(OpSize|W|Long) == OpSize {
			in.Target &= 0xffff
		}
	case size < 8:
		in.Target = uint64(uint32(v)) & (1<<(8*size) - 1)
	default:
		in.Target = uint64(v)
	}
	if in.Flags&Long == 0 {
		in.Target &= 0xffffffff
	}
}

package disasm

// attr is what the opcode maps say of one opcode.
type attr uint32

// Layout of attr: the class in bits 0 to 4, then what is here.
const (
	atClassMask = 1<<5 - 1

	atModRM   attr = 1 << 5
	atRegOnly attr = 1 << 6 // ModRM names registers whatever its mod (mov to and from cr, dr)
	atEscape  attr = 1 << 7
	atNo64    attr = 1 << 8 // not in 64-bit mode
	atPrefix  attr = 1 << 9

	atImmShift   = 10 // 4 bits: kind of immediate
	atSpecShift  = 14 // 6 bits: special, what else decides
	atValidShift = 24 // 4 bits: valid without mandatory prefix, with 66, F3, F2
)

// Kinds of what follows ModRM and displacement. Those from immByReg on follow
// only where ModRM.reg is 0 or 1.
const (
	imm8 = 1 + iota
	imm16
	immZ
	immV
	immMoffs
	immFar
	immEnter
	immRel8
	immRelZ
	immExtrq
	imm32
	immAbs
	immByReg
	immByRegZ
)

func atImm(k uint32) attr { return attr(k << atImmShift) }

// immSize gives the bytes by kind and by 1 address size prefix, 2 operand size
// prefix, 4 W (which overrides that), 8 64-bit mode.
var immSize = [16][16]uint8{
	imm8:      same(1),
	imm16:     same(2),
	immZ:      bySize(4, 2, 4),
	immV:      bySize(4, 2, 8),
	immMoffs:  {4, 2, 4, 2, 4, 2, 4, 2, 8, 4, 8, 4, 8, 4, 8, 4},
	immFar:    bySize(6, 4, 6),
	immEnter:  same(3),
	immRel8:   same(1),
	immRelZ:   bySize(4, 2, 4), // in 64-bit mode as AMD: Intel ignores the prefix
	immExtrq:  same(2),
	imm32:     same(4),
	immAbs:    same(8),
	immByReg:  same(1),
	immByRegZ: bySize(4, 2, 4),
}

func same(n uint8) [16]uint8 { return bySize(n, n, n) }

func bySize(normal, opsize, w uint8) (t [16]uint8) {
	for i := range t {
		switch {
		case i&4 != 0:
			t[i] = w
		case i&2 != 0:
			t[i] = opsize
		default:
			t[i] = normal
		}
	}
	return t
}

// formOf says what the letters of the tables below mean.
var formOf = [256]attr{
	'-': 0, // undefined; no CPU reads further
	'.': 0, // nothing follows
	'x': atEscape,
	'p': atPrefix,
	'm': atModRM,
	'r': atModRM | atRegOnly,
	'b': atImm(imm8),
	'w': atImm(imm16),
	'z': atImm(immZ),
	'v': atImm(immV),
	'a': atImm(immMoffs),
	'f': atImm(immFar),
	'e': atImm(immEnter),
	'j': atImm(immRel8),
	'J': atImm(immRelZ),
	'B': atModRM | atImm(imm8),
	'Z': atModRM | atImm(immZ),
	'D': atModRM | atImm(imm32),
	'q': atModRM | atImm(immExtrq),
	'g': atModRM | atImm(immByReg),
	'G': atModRM | atImm(immByRegZ),
}

// rows is one opcode map: a line for each high digit, a letter for each low one.
type rows [16]string

var oneByteForms = rows{
	"mmmmbz..mmmmbz.x", // 00
	"mmmmbz..mmmmbz..", // 10
	"mmmmbzp.mmmmbzp.", // 20
	"mmmmbzp.mmmmbzp.", // 30
	"................", // 40
	"................", // 50
	"..xmppppzZbB....", // 60
	"jjjjjjjjjjjjjjjj", // 70
	"BZBBmmmmmmmmmmmx", // 80
	"..........f.....", // 90
	"aaaa....bz......", // A0
	"bbbbbbbbvvvvvvvv", // B0
	"BBw.xxBZe.w..b..", // C0
	"mmmmbx..mmmmmmmm", // D0
	"jjjjbbbbJJfj....", // E0
	"p.pp..gG......mm", // F0
}

var map0FForms = rows{
	"mmmm-.....-.-m.B", // 00
	"mmmmmmmmmmmmmmmm", // 10
	"rrrrr-r-mmmmmmmm", // 20
	"......-.x-x-----", // 30
	"mmmmmmmmmmmmmmmm", // 40
	"mmmmmmmmmmmmmmmm", // 50
	"mmmmmmmmmmmmmmmm", // 60
	"BBBBmmm.qm--mmmm", // 70
	"JJJJJJJJJJJJJJJJ", // 80
	"mmmmmmmmmmmmmmmm", // 90
	"...mBmmm...mBmmm", // A0
	"mmmmmmmmmmBmmmmm", // B0
	"mmBmBBBm........", // C0
	"mmmmmmmmmmmmmmmm", // D0
	"mmmmmmmmmmmmmmmm", // E0
	"mmmmmmmmmmmmmmmm", // F0
}

// vector0FForms is map 1 of VEX and EVEX.
var vector0FForms = rows{
	"mmmmmmmmmmmmmmmm", // 00
	"mmmmmmmmmmmmmmmm", // 10
	"mmmmmmmmmmmmmmmm", // 20
	"mmmmmmmmmmmmmmmm", // 30
	"mmmmmmmmmmmmmmmm", // 40
	"mmmmmmmmmmmmmmmm", // 50
	"mmmmmmmmmmmmmmmm", // 60
	"BBBBmmm.mmmmmmmm", // 70
	"mmmmmmmmmmmmmmmm", // 80
	"mmmmmmmmmmmmmmmm", // 90
	"mmmmmmmmmmmmmmmm", // A0
	"mmmmmmmmmmmmmmmm", // B0
	"mmBmBBBmmmmmmmmm", // C0
	"mmmmmmmmmmmmmmmm", // D0
	"mmmmmmmmmmmmmmmm", // E0
	"mmmmmmmmmmmmmmmm", // F0
}

// evex4Forms is APX's map of promoted legacy instructions.
var evex4Forms = rows{
	"mmmmmmmmmmmmmmmm", // 00
	"mmmmmmmmmmmmmmmm", // 10
	"mmmmBmmmmmmmBmmm", // 20
	"mmmmmmmmmmmmmmmm", // 30
	"mmmmmmmmmmmmmmmm", // 40
	"mmmmmmmmmmmmmmmm", // 50
	"mmmmmmmmmZmBmmmm", // 60
	"mmmmmmmmmmmmmmmm", // 70
	"BZmBmmmmmmmmmmmm", // 80
	"mmmmmmmmmmmmmmmm", // 90
	"mmmmmmmmmmmmmmmm", // A0
	"mmmmmmmmmmmmmmmm", // B0
	"BBmmmmmmmmmmmmmm", // C0
	"mmmmBmmmmmmmmmmm", // D0
	"mmmmmmmmmmmmmmmm", // E0
	"mmmmmmgGmmmmmmmm", // F0
}

// forms are the legacy maps; vectorForms those of VEX, XOP and EVEX, by number.
// A map that does not exist is nil.
var (
	forms = [4][256]attr{
		oneByteMap(),
		legacyMap(1, map0FForms, valid0F),
		legacyMap(2, allOf('m'), valid0F38),
		legacyMap(3, allOf('B'), valid0F3A),
	}
	vectorForms = [5][32]*[256]attr{
		VEX: {
			1: opcodeMap(vector0FForms, validVEX1),
			2: opcodeMap(allOf('m'), validVEX2),
			3: opcodeMap(allOf('B'), validVEX3),
			5: opcodeMap(allOf('m'), validVEX5),
			7: opcodeMap(allOf('D'), validMap7),
		},
		XOP: {
			8:  opcodeMap(allOf('B'), validXOP8),
			9:  opcodeMap(allOf('m'), validXOP9),
			10: opcodeMap(allOf('D'), validXOP10),
		},
		EVEX: {
			1: opcodeMap(vector0FForms, validEVEX1),
			2: opcodeMap(allOf('m'), validEVEX2),
			3: opcodeMap(allOf('B'), validEVEX3),
			4: opcodeMap(evex4Forms, validEVEX4),
			5: opcodeMap(allOf('m'), validEVEX5),
			6: opcodeMap(allOf('m'), validEVEX6),
			7: opcodeMap(allOf('D'), validMap7),
		},
	}
)

func allOf(letter byte) (r rows) {
	var line [16]byte
	for i := range line {
		line[i] = letter
	}
	for i := range r {
		r[i] = string(line[:])
	}
	return r
}

// opcodeMap joins forms and validity; what follows an undefined opcode is still
// read, since a CPU tells its length before it looks at what it means.
func opcodeMap(f, valid rows) *[256]attr {
	t := new([256]attr)
	for op := range t {
		t[op] = formOf[f[op>>4][op&15]] | attr(Plain) | attr(hexDigit(valid[op>>4][op&15]))<<atValidShift
	}
	return t
}

func hexDigit(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func legacyMap(m int, f, valid rows) [256]attr {
	t := *opcodeMap(f, valid)
	for _, r := range classRanges {
		if r.m != m {
			continue
		}
		for op := int(r.first); op <= int(r.last); op++ {
			t[op] = t[op]&^atClassMask | attr(r.class) | attr(r.spec)<<atSpecShift
		}
	}
	return t
}

func oneByteMap() [256]attr {
	t := legacyMap(0, oneByteForms, allOf('f'))
	for _, op := range no64 {
		t[op] |= atNo64
	}
	return t
}

// no64 are the opcodes that went with 64-bit mode or became prefixes there.
var no64 = []byte{
	0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f,
	0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd6, 0xea,
}

// prefixOf tells the legacy prefixes: of a group the last one counts.
var prefixOf = prefixTable()

func prefixTable() (t [256]struct{ set, clear Flags }) {
	for b, f := range map[byte]Flags{
		0x26: SegES, 0x2e: SegCS, 0x36: SegSS, 0x3e: SegDS, 0x64: SegFS, 0x65: SegGS,
		0x66: OpSize, 0x67: AddrSize, 0xf0: Lock, 0xf2: Repne, 0xf3: Rep,
	} {
		t[b].set = f
		switch {
		case f&segFlags != 0:
			t[b].clear = segFlags
		case f&(Rep|Repne) != 0:
			t[b].clear = Rep | Repne
		}
	}
	for b := 0x40; b < 0x50; b++ {
		t[b].set = rexMark
	}
	return t
}

// classRanges are the opcodes of the legacy maps that are not simply plain.
var classRanges = []struct {
	m           int
	first, last byte
	class       Class
	spec        special
}{
	{0, 0x17, 0x17, LoadSS, 0},
	{0, 0x50, 0x57, PushReg, spPushPop},
	{0, 0x58, 0x5f, PopReg, spPushPop},
	{0, 0x6c, 0x6f, Plain, spString},
	{0, 0x70, 0x7f, CondJump, spNear},
	{0, 0x8d, 0x8d, Plain, spMemOnly},
	{0, 0x8e, 0x8e, Plain, spMovSeg},
	{0, 0x8f, 0x8f, Plain, spGroup1A},
	{0, 0x90, 0x90, Nop, spNop},
	{0, 0x9a, 0x9a, Far, 0},
	{0, 0x9c, 0x9c, PushFlags, 0},
	{0, 0x9d, 0x9d, PopFlags, 0},
	{0, 0xa0, 0xa3, Plain, spMoffs},
	{0, 0xa4, 0xa7, Plain, spString},
	{0, 0xaa, 0xaf, Plain, spString},
	{0, 0xc2, 0xc3, Ret, spNear},
	{0, 0xc4, 0xc5, Plain, spMemOnly},
	{0, 0x62, 0x62, Plain, spMemOnly},
	{0, 0xc6, 0xc6, XAbort, spGroup11},
	{0, 0xc7, 0xc7, XBegin, spGroup11},
	{0, 0xca, 0xcb, Far, 0},
	{0, 0xcc, 0xcc, Trap, 0},
	{0, 0xcd, 0xcd, Int, spInt},
	{0, 0xce, 0xce, Trap, 0},
	{0, 0xcf, 0xcf, IRet, 0},
	{0, 0xd8, 0xdf, Plain, spX87},
	{0, 0xe0, 0xe3, LoopJump, spNear},
	{0, 0xe8, 0xe8, Call, spNear},
	{0, 0xe9, 0xe9, Jump, spNear},
	{0, 0xea, 0xea, Far, 0},
	{0, 0xeb, 0xeb, Jump, spNear},
	{0, 0xf1, 0xf1, Trap, 0},
	{0, 0xf4, 0xf4, Trap, 0},
	{0, 0xfe, 0xfe, Plain, spGroup4},
	{0, 0xff, 0xff, Plain, spGroup5},

	{1, 0x00, 0x00, Plain, spGroup6},
	{1, 0x01, 0x01, Plain, spGroup7},
	{1, 0x05, 0x05, Syscall, spSyscall},
	{1, 0x07, 0x07, InPlace, 0}, // sysret
	{1, 0x0b, 0x0b, Trap, 0},
	{1, 0x13, 0x13, Plain, spMemOnly},
	{1, 0x17, 0x17, Plain, spMemOnly},
	{1, 0x1e, 0x1e, Nop, spHintNop},
	{1, 0x1f, 0x1f, Nop, 0},
	{1, 0x2b, 0x2b, Plain, spMemOnly},
	{1, 0x34, 0x34, Syscall, spSyscall},
	{1, 0x35, 0x35, InPlace, 0}, // sysexit
	{1, 0x37, 0x37, InPlace, 0}, // getsec
	{1, 0x50, 0x50, Plain, spRegOnly},
	{1, 0x71, 0x72, Plain, spGroup12},
	{1, 0x73, 0x73, Plain, spGroup14},
	{1, 0x80, 0x8f, CondJump, spNear},
	{1, 0xaa, 0xaa, InPlace, 0}, // rsm
	{1, 0xae, 0xae, Plain, spGroup15},
	{1, 0xb2, 0xb2, Plain, spMemOnly},
	{1, 0xb4, 0xb5, Plain, spMemOnly},
	{1, 0xb9, 0xb9, Trap, 0},
	{1, 0xba, 0xba, Plain, spGroup8},
	{1, 0xc3, 0xc3, Plain, spMemOnly},
	{1, 0xc5, 0xc5, Plain, spRegOnly},
	{1, 0xc7, 0xc7, Plain, spGroup9},
	{1, 0xd7, 0xd7, Plain, spRegOnly},
	{1, 0xe7, 0xe7, Plain, spMemOnly},
	{1, 0xf7, 0xf7, Plain, spRegOnly},
	{1, 0xff, 0xff, Trap, 0},
	{2, 0x2a, 0x2a, Plain, spMemOnly},
	{2, 0x8a, 0x8b, Plain, spMemOnly},
	{2, 0xf9, 0xf9, Plain, spMemOnly},
	{2, 0xfc, 0xfc, Plain, spMemOnly},
}

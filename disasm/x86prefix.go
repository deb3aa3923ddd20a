package disasm

import "strings"

// prefixWords appends a word for each prefix that the text does not tell otherwise, in
// their order, as objdump does: of each kind only the last one can mean something.
func (x *x86Printer) prefixes(b []byte, name string) []byte {
	x.implied()
	end := x.in.OpOff() - x.escapes()
	if e := x.in.Enc(); e != Legacy {
		end -= encodingLen(e, x.code, end)
	}
	rex := x.rexByte()
	if rex != 0 {
		end--
	}
	for i, c := range x.code[:end] {
		f := prefixOf[c]
		if f.set == rexMark {
			b = append(appendRex(b, c), ' ') // not next to the opcode
			continue
		}
		again := false
		for _, d := range x.code[i+1 : end] {
			again = again || prefixOf[d].set != rexMark && prefixOf[d].set&(f.set|f.clear) != 0
		}
		if again || x.used&f.set == 0 {
			b = append(append(b, x.prefixWord(c, f.set, again)...), ' ')
		}
	}
	if rex != 0 && x.rexUnused(rex) {
		b = append(appendRex(b, rex), ' ')
	}
	if x.in.Enc() == EVEX && x.promoted() {
		b = x.apxWord(b, name)
	}
	if x.in.Enc() == REX2 && !x.highRegister() {
		b = append(b, "{rex2} "...)
	}
	return b
}

// encodingLen is how many bytes of VEX and the like lie before the opcode.
func encodingLen(e Enc, code []byte, end int) int {
	switch {
	case e == EVEX:
		return 4
	case e == VEX && end >= 2 && code[end-2] == 0xc5 && (end < 3 || code[end-3] != 0xc4):
		return 2
	case e == REX2:
		return 2
	}
	return 3
}

// implied marks the prefixes that the row asks for.
func (x *x86Printer) implied() {
	s := x.f.sel
	if s&(pF3|pF2) != 0 {
		x.used |= Rep | Repne
	}
	if s&(o16|o32|p66) != 0 || x.in.Enc() > REX2 {
		x.used |= OpSize
	}
	if s&(a16|a32|a64) != 0 || x.in.Class == LoopJump {
		x.used |= AddrSize
	}
	if s&(w1|o64) != 0 {
		x.rex |= 8
	}
	if c := x.in.Class; x.Syntax == GNU && (c == CondJump || c == LoopJump) {
		x.used |= SegCS | SegDS
	}
}

// rexUnused tells whether REX has bits that mean nothing here, or is empty and changes no
// byte register.
func (x *x86Printer) rexUnused(rex byte) bool {
	if rex&0xf == 0 {
		return x.rex&0x10 == 0
	}
	return rex&0xf&^x.rex != 0
}

func appendRex(b []byte, rex byte) []byte {
	b = append(b, "rex"...)
	if rex&0xf != 0 {
		b = append(b, '.')
	}
	for i, c := range []byte("WRXB") {
		if rex>>(3-i)&1 != 0 {
			b = append(b, c)
		}
	}
	return b
}

// highRegister tells whether one of r16 to r31 is named.
func (x *x86Printer) highRegister() bool {
	return x.in.Names()>>16 != 0
}

var segWords = map[Flags]string{SegES: "es", SegCS: "cs", SegSS: "ss", SegDS: "ds", SegFS: "fs", SegGS: "gs"}

// prefixWord is the word for a prefix whose meaning is left over.
func (x *x86Printer) prefixWord(c byte, f Flags, again bool) string {
	switch f {
	case OpSize:
		return "data16"
	case AddrSize:
		if x.in.Has(Long) {
			return "addr32"
		}
		return "addr16"
	case Lock:
		return "lock"
	case Rep, Repne:
		if again {
			return map[Flags]string{Rep: "repz", Repne: "repnz"}[f]
		}
		return x.repeatWord(f)
	case SegDS:
		if c := x.in.Class; c == IndirectJump || c == IndirectCall {
			return "notrack"
		}
	}
	return segWords[f]
}

// bound tells the branches for which MPX gave F2 a meaning.
func (in Inst) bound() bool {
	switch in.Class {
	case Jump, CondJump, Call, Ret, IndirectJump, IndirectCall:
		return true
	}
	return false
}

// hint appends the old hint of a conditional branch's direction.
func (x *x86Printer) hint(b []byte) []byte {
	if c := x.in.Class; c != CondJump && c != LoopJump || x.Syntax != GNU {
		return b
	}
	switch {
	case x.in.Has(SegCS):
		return append(b, ",pn"...)
	case x.in.Has(SegDS):
		return append(b, ",pt"...)
	}
	return b
}

// repeatWord is the word for F3 and F2 where they do not select the instruction.
func (x *x86Printer) repeatWord(f Flags) string {
	in := x.in
	switch {
	case f == Repne && in.bound():
		return "bnd"
	case in.Has(Lock) && f == Repne:
		return "xacquire"
	case in.Has(Lock):
		return "xrelease"
	case f == Repne:
		return "repnz"
	case in.Class == RepString && in.Op()&^1 != 0xa6 && in.Op()&^1 != 0xae:
		return "rep"
	}
	return "repz"
}

// Predicates of comparisons and carry-less products, by the immediate.
var (
	cmpPredicates = strings.Split("eq lt le unord neq nlt nle ord eq_uq nge ngt false neq_oq ge gt true "+
		"eq_os lt_oq le_oq unord_s neq_us nlt_uq nle_uq ord_s eq_us nge_uq ngt_uq false_os neq_os ge_oq gt_oq true_us", " ")
	vpcmpPredicates = strings.Split("eq lt le - neq nlt nle -", " ")
	vpcomPredicates = strings.Split("lt le gt ge eq neq false true", " ")
	clmulHalves     = map[byte]string{0x00: "lqlq", 0x01: "hqlq", 0x10: "lqhq", 0x11: "hqhq"}
)

// predicate sets the part of the name that the immediate selects; false where there is
// no word for it.
func (x *x86Printer) predicate(mark byte) bool {
	v := x.code[len(x.code)-1]
	var list []string
	switch mark {
	case '^':
		x.pred = clmulHalves[v]
		if x.pred == "" {
			x.pred = "q"
			return false
		}
		return true
	case '#':
		list = vpcmpPredicates
	case '~':
		list = vpcomPredicates
	default:
		list = cmpPredicates
		if x.in.Enc() <= REX2 {
			list = list[:8]
		}
	}
	if int(v) >= len(list) || list[v] == "-" {
		return false
	}
	x.pred = list[v]
	return true
}

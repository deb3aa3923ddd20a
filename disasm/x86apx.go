package disasm

import "strings"

// The rows of EVEX's map 4: the legacy instructions that APX promotes (Intel APX
// architecture specification, 3.1). Bit b is ND, a new destination in vvvv.

// conditions of ccmp and ctest: parity's places are always and never.
var apxConditions = [16]string{"o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "t", "f", "l", "ge", "le", "g"}

// apxDefault appends the flags that ccmp and ctest set where their condition is not met.
func (x *x86Printer) apxDefault() {
	v := x.in.vvvv() ^ 0xf // vvvv is not inverted here
	b := append(x.args, "{dfv="...)
	for i, name := range [...]string{"of", "sf", "zf", "cf"} {
		if v>>(3-i)&1 != 0 {
			if b[len(b)-1] != '=' {
				b = append(b, ',')
			}
			b = append(b, name...)
		}
	}
	x.args = append(b, "} "...)
}

// apxOnly tells the opcodes of map 4 that come from maps 0F38 and 3A, which REX2 does not
// reach: their text needs no word.
func apxOnly(op byte) bool {
	return op >= 0x60 && op <= 0x66 || op >= 0xf0 && op <= 0xf2 || op >= 0xf8 && op <= 0xfc
}

// promoted tells the general instructions that APX gave EVEX to.
func (x *x86Printer) promoted() bool { return x.in.Map() == 4 || x.f.mem&noScale != 0 }

// apxWord appends what tells promoted instructions from those of the legacy maps: nf,
// or evex where nothing else of the text would.
func (x *x86Printer) apxWord(b []byte, name string) []byte {
	last := x.code[x.in.OpOff()-1]
	switch {
	case strings.IndexByte(name, '?') >= 0, strings.HasPrefix(name, "cfcmov"), strings.HasPrefix(name, "setz"):
	case last&4 != 0:
		return append(b, "{nf} "...)
	case last&0x10 == 0 && x.in.Map() == 4 && !apxOnly(x.in.Op()) && !strings.HasPrefix(name, "p"):
		return append(b, "{evex} "...)
	}
	return b
}

const (
	ndALU      = "add|or|adc|sbb|and|sub|xor|-"
	apxALU     = "add|or|adc|sbb|and|sub|xor|ccmp?"
	apxSized   = "add%|or%|adc%|sbb%|and%|sub%|xor%|ccmp?%"
	ndShift    = "rol|ror|rcl|rcr|shl|shr|shl|sar"
	cfcmovName = "cfcmovo|cfcmovno|cfcmovb|cfcmovae|cfcmove|cfcmovne|cfcmovbe|cfcmova|" +
		"cfcmovs|cfcmovns|cfcmovp|cfcmovnp|cfcmovl|cfcmovge|cfcmovle|cfcmovg"
	setzuNames = "setzuo|setzuno|setzub|setzuae|setzue|setzune|setzube|setzua|" +
		"setzus|setzuns|setzup|setzunp|setzul|setzuge|setzule|setzug"
)

var evex4 = []form{
	{0x00, b1, ndALU, "Bb,Eb,Gb", 0},
	{0x00, b0, apxALU, "Eb,Gb", 0},
	{0x01, b1, ndALU, "Bv,Ev,Gv", 0},
	{0x01, b0, apxALU, "Ev,Gv", 0},
	{0x02, b1, ndALU, "Bb,Gb,Eb", 0},
	{0x02, b0, apxALU, "Gb,Eb", 0},
	{0x03, b1, ndALU, "Bv,Gv,Ev", 0},
	{0x03, b0, apxALU, "Gv,Ev", 0},
	{0x24, b1, "shld", "Bv,Ev,Gv,Ib", 0},
	{0x24, b0, "shld", "Ev,Gv,Ib", 0},
	{0x2c, b1, "shrd", "Bv,Ev,Gv,Ib", 0},
	{0x2c, b0, "shrd", "Ev,Gv,Ib", 0},
	{0x40, pF2 | b1, setzuNames, "Eb", 0},
	{0x40, pF2, setNames, "Eb", 0},
	{0x40, b1 | nf0, cmovNames, "Bv,Gv,Ev", 0},
	{0x40, b1 | nf1, cfcmovName, "Bv,Gv,Ev", 0},
	{0x40, b0 | nf0, cfcmovName, "Gv,Ev", 0},
	{0x40, b0 | nf1, cfcmovName, "Ev,Gv", 0},
	{0x60, 0, "movbe", "Gv,Ev", 0},
	{0x61, 0, "movbe", "Ev,Gv", 0},
	{0x65, p66 | w1, "wrussq", "My,Gy", 0},
	{0x65, p66, "wrussd", "My,Gy", 0},
	{0x66, pNP | w1, "wrssq", "My,Gy", 0},
	{0x66, pNP, "wrssd", "My,Gy", 0},
	{0x66, p66 | b1, "adcx", "By,Gy,Ey", 0},
	{0x66, p66, "adcx", "Gy,Ey", 0},
	{0x66, pF3 | b1, "adox", "By,Gy,Ey", 0},
	{0x66, pF3, "adox", "Gy,Ey", 0},
	{0x69, b1, "imulzu", "Gv,Ev,Iz", 0},
	{0x69, 0, "imul", "Gv,Ev,Iz", 0},
	{0x6b, b1, "imulzu", "Gv,Ev,Is", 0},
	{0x6b, 0, "imul", "Gv,Ev,Is", 0},
	{0x80, b1, ndALU, "Bb,Eb,Ib", 0},
	{0x80, b0, apxSized, "Eb,Ib", 0},
	{0x81, b1, ndALU, "Bv,Ev,Iz", 0},
	{0x81, b0, apxSized, "Ev,Iz", 0},
	{0x83, b1, ndALU, "Bv,Ev,Is", 0},
	{0x83, b0, apxSized, "Ev,Is", 0},
	{0x84, b0, "ctest?", "Eb,Gb", 0},
	{0x85, b0, "ctest?", "Ev,Gv", 0},
	{0x88, 0, "popcnt", "Gv,Ev", 0},
	{0x8f, w1 | r0, "pop2p", "Bq,Rq", 0},
	{0x8f, r0, "pop2", "Bq,Rq", 0},
	{0xa5, b1, "shld", "Bv,Ev,Gv,Fcl", 0},
	{0xa5, b0, "shld", "Ev,Gv,Fcl", 0},
	{0xad, b1, "shrd", "Bv,Ev,Gv,Fcl", 0},
	{0xad, b0, "shrd", "Ev,Gv,Fcl", 0},
	{0xaf, b1, "imul", "Bv,Gv,Ev", 0},
	{0xaf, b0, "imul", "Gv,Ev", 0},
	{0xc0, b1, ndShift, "Bb,Eb,Ib", 0},
	{0xc0, b0, shiftSized, "Eb,Ib", 0},
	{0xc1, b1, ndShift, "Bv,Ev,Ib", 0},
	{0xc1, b0, shiftSized, "Ev,Ib", 0},
	{0xd0, b1, ndShift, "Bb,Eb,1", 0},
	{0xd0, b0, shiftSized, "Eb,1", 0},
	{0xd1, b1, ndShift, "Bv,Ev,1", 0},
	{0xd1, b0, shiftSized, "Ev,1", 0},
	{0xd2, b1, ndShift, "Bb,Eb,Fcl", 0},
	{0xd2, b0, shiftSized, "Eb,Fcl", 0},
	{0xd3, b1, ndShift, "Bv,Ev,Fcl", 0},
	{0xd3, b0, shiftSized, "Ev,Fcl", 0},
	{0xf0, pF3, "invept", "Gq,M", mem16},
	{0xf0, 0, "crc32&:crc32", "Gy,Eb", 0},
	{0xf1, pF3, "invvpid", "Gq,M", mem16},
	{0xf1, 0, "crc32&:crc32", "Gy,Ev", 0},
	{0xf2, pF3, "invpcid", "Gq,M", mem16},
	{0xf4, 0, "tzcnt", "Gv,Ev", 0},
	{0xf5, 0, "lzcnt", "Gv,Ev", 0},
	{0xf6, r0 | r1, "ctest?%|ctest?%", "Eb,Ib", 0},
	{0xf6, b1 | r2 | r3, "-|-|not|neg", "Bb,Eb", 0},
	{0xf6, 0, "-|-|not%|neg%|mul%|imul%|div%|idiv%", "Eb", 0},
	{0xf7, r0 | r1, "ctest?%|ctest?%", "Ev,Iz", 0},
	{0xf7, b1 | r2 | r3, "-|-|not|neg", "Bv,Ev", 0},
	{0xf7, 0, "-|-|not%|neg%|mul%|imul%|div%|idiv%", "Ev", 0},
	{0xf8, p66, "movdir64b", "Gp,M", 0},
	{0xf8, pF2, "enqcmd", "Gp,M", 0},
	{0xf8, pF3 | inReg, "uwrmsr", "Gq,Rq", 0},
	{0xf8, pF2 | inReg, "urdmsr", "Rq,Gq", 0},
	{0xf8, pF3, "enqcmds", "Gp,M", 0},
	{0xf9, 0, "movdiri", "My,Gy", 0},
	{0xfc, pNP, "aadd", "My,Gy", 0},
	{0xfc, p66, "aand", "My,Gy", 0},
	{0xfc, pF2, "aor", "My,Gy", 0},
	{0xfc, pF3, "axor", "My,Gy", 0},
	{0xfe, b1, "inc|dec", "Bb,Eb", 0},
	{0xfe, 0, "inc%|dec%", "Eb", 0},
	{0xff, r6 | w1, "push2p", "Bq,Rq", 0},
	{0xff, r6, "push2", "Bq,Rq", 0},
	{0xff, b1 | r0 | r1, "inc|dec", "Bv,Ev", 0},
	{0xff, r0 | r1, "inc%|dec%", "Ev", 0},
}

// map7 are VEX's and EVEX's accesses to model specific registers by number.
var map7 = []form{
	{0xf6, pF2, "rdmsr", "Rq,Id", 0},
	{0xf6, pF3, "wrmsrns", "Id,Rq", 0},
	{0xf8, pF2, "urdmsr", "Rq,Id", 0},
	{0xf8, pF3, "uwrmsr", "Id,Rq", 0},
}

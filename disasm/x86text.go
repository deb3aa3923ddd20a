package disasm

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// x86Text takes the text of x86asm where that decoded the same instruction. x86asm
// fails silently (Op 0, no error) on opcodes that are newer than it, measures some
// wrong, and takes EVEX maps 5 and 6 for 1 and 2.
func (p *Printer) x86Text(in Inst, code []byte, pc uint64) string {
	if in.Class == Unknown {
		return in.structure(code)
	}
	if p.Syntax != Go {
		if s := p.formText(in, code, pc); s != "" {
			return p.comment(s, in)
		}
	} else if s := p.goText(in, code, pc); s != "" {
		return s
	}
	if s := p.formText(in, code, pc); s != "" {
		return p.comment(s, in)
	}
	return p.comment(in.structure(code), in)
}

// goText is x86asm's text, "" where that has none, or of something else.
func (p *Printer) goText(in Inst, code []byte, pc uint64) string {
	mode := 32
	if in.flags&Long != 0 {
		mode = 64
	}
	if in.Enc() == EVEX || in.Enc() == XOP || in.Enc() == REX2 || in.misnamed() {
		return ""
	}
	theirs, err := x86asm.Decode(code, mode)
	if err != nil || theirs.Op == 0 || theirs.Len != int(in.Len) {
		return ""
	}
	if in.flags&PCRelMem != 0 && in.Enc() >= VEX {
		baseRIP(&theirs)
	}
	return x86asm.GoSyntax(theirs, pc, x86asm.SymLookup(p.symbol))
}

// baseRIP gives a memory operand its base: x86asm forgets it behind VEX and EVEX.
func baseRIP(in *x86asm.Inst) {
	for i, a := range in.Args {
		if m, ok := a.(x86asm.Mem); ok && m.Base == 0 {
			m.Base = x86asm.RIP
			in.Args[i] = m
		}
	}
}

func (p *Printer) symbol(addr uint64) (string, uint64) {
	if p.Symbol == nil {
		return "", 0
	}
	return p.Symbol(addr)
}

// comment adds the address and name of what a PC-relative operand refers to.
func (p *Printer) comment(s string, in Inst) string {
	if p.Symbol == nil || p.Syntax == Go || in.flags&PCRelMem == 0 {
		return s
	}
	b := append(make([]byte, 0, len(s)+48), s...)
	b = fmt.Appendf(b, "  # %#x", in.Target)
	return string(p.appendSymbol(b, in.Target))
}

var mapNames = [...]string{"", "0f", "0f38", "0f3a", "map4", "map5", "map6", "map7", "map8", "map9", "map10"}

// structure describes an encoding, as "(vex.0f38.66 op=0xf5 modrm=0xc1)".
func (in Inst) structure(code []byte) string {
	var b strings.Builder
	b.WriteString("(" + in.Enc().String())
	if m := in.Map(); m > 0 && m < len(mapNames) {
		b.WriteString("." + mapNames[m])
	} else if m > 0 {
		fmt.Fprintf(&b, ".map%d", m)
	}
	if pp := in.pp(code); pp > 0 {
		b.WriteString([...]string{"", ".66", ".f3", ".f2"}[pp])
	}
	if in.flags&W != 0 {
		b.WriteString(".w")
	}
	fmt.Fprintf(&b, " op=%#x", in.Op())
	if in.flags&HasModRM != 0 {
		fmt.Fprintf(&b, " modrm=%#x", in.ModRM())
	}
	if off, size := in.Imm(); size > 0 {
		fmt.Fprintf(&b, " imm=%#x", immValue(code[off:], size))
	}
	b.WriteByte(')')
	return b.String()
}

func immValue(code []byte, size int) uint64 {
	var buf [8]byte
	copy(buf[:], code[:size])
	return binary.LittleEndian.Uint64(buf[:])
}

// pp is the mandatory prefix: 0 none, 1 66, 2 F3, 3 F2.
func (in Inst) pp(code []byte) uint8 {
	switch in.Enc() {
	case VEX, XOP:
		return code[in.OpOff()-1] & 3
	case EVEX:
		return code[in.OpOff()-2] & 3
	}
	if in.Map() == 0 {
		return 0
	}
	return mandatory(in.flags)
}

// vectorBits is the length that L of VEX or EVEX selects: 0 for 128, 1 for 256 bits.
func (in Inst) vectorLen(code []byte) uint8 {
	switch in.Enc() {
	case VEX, XOP:
		return code[in.OpOff()-1] >> 2 & 1
	case EVEX:
		return code[in.OpOff()-1] >> 5 & 3
	}
	return 0
}

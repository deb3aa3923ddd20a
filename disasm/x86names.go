package disasm

import (
	"fmt"
	"strings"
)

// ownName names instructions that x86asm does not know or calls by a wrong name.
type ownName struct {
	m, op byte
	pp    int8   // mandatory prefix: 0 none, 1 66, 2 F3, 3 F2, -1 any
	sel   string // "m/5" memory and ModRM.reg, "r/5" register, "ca" ModRM, "m", "r", "" any
	name  string // with % for the suffix d or q of the operand size
	args  string // in Intel order: G reg, E reg or memory, R register, M memory, by operand
	// size or with d, q of fixed size; V, W the same for xmm; I immediate
}

// ownNames are of the legacy encoding but for the two of VEX 0F 77.
var ownNames = []ownName{
	{1, 0x01, 2, "m/5", "rstorssp", "M"},
	{1, 0x01, 0, "c5", "pconfig", ""},
	{1, 0x01, 0, "c6", "wrmsrns", ""},
	{1, 0x01, -1, "ca", "clac", ""},
	{1, 0x01, -1, "cb", "stac", ""},
	{1, 0x01, -1, "cf", "encls", ""},
	{1, 0x01, -1, "d4", "vmfunc", ""},
	{1, 0x01, -1, "d5", "xend", ""},
	{1, 0x01, -1, "d6", "xtest", ""},
	{1, 0x01, -1, "d7", "enclu", ""},
	{1, 0x01, -1, "d9", "vmmcall", ""},
	{1, 0x01, 0, "e8", "serialize", ""},
	{1, 0x01, 2, "e8", "setssbsy", ""},
	{1, 0x01, 3, "e8", "xsusldtrk", ""},
	{1, 0x01, 3, "e9", "xresldtrk", ""},
	{1, 0x01, 2, "ea", "saveprevssp", ""},
	{1, 0x01, 2, "ec", "uiret", ""},
	{1, 0x01, 2, "ed", "testui", ""},
	{1, 0x01, 0, "ee", "rdpkru", ""},
	{1, 0x01, 2, "ee", "clui", ""},
	{1, 0x01, 0, "ef", "wrpkru", ""},
	{1, 0x01, 2, "ef", "stui", ""},
	{1, 0x01, 0, "fa", "monitorx", ""},
	{1, 0x01, 0, "fb", "mwaitx", ""},
	{1, 0x01, 0, "fc", "clzero", ""},
	{1, 0x01, 0, "fd", "rdpru", ""},
	{1, 0x09, 2, "", "wbnoinvd", ""},
	{1, 0x1c, 0, "m/0", "cldemote", "M"},
	{1, 0x1d, 0, "", "nop", "E"},
	{1, 0x1e, 0, "", "nop", "E"},
	{1, 0x1e, 2, "fa", "endbr64", ""},
	{1, 0x1e, 2, "fb", "endbr32", ""},
	{1, 0x1e, 2, "r/1", "rdssp%", "R"},
	{1, 0xae, 2, "m/4", "ptwrite%", "E"},
	{1, 0xae, 2, "r/4", "ptwrite", "E"},
	{1, 0xae, 2, "r/5", "incssp%", "R"},
	{1, 0xae, 2, "m/6", "clrssbsy", "M"},
	{1, 0xae, 1, "m/6", "clwb", "M"},
	{1, 0xae, 1, "m/7", "clflushopt", "M"},
	{1, 0xae, 1, "r/6", "tpause", "Rd"},
	{1, 0xae, 2, "r/6", "umonitor", "Rq"},
	{1, 0xae, 3, "r/6", "umwait", "Rd"},
	{1, 0xc7, 2, "r/6", "senduipi", "Rq"},
	{1, 0xc7, 2, "r/7", "rdpid", "Rq"},
	{2, 0xcf, 1, "", "gf2p8mulb", "V,W"},
	{2, 0xf0, 0, "m", "movbe", "G,M"},
	{2, 0xf0, 1, "m", "movbe", "G,M"},
	{2, 0xf1, 0, "m", "movbe", "M,G"},
	{2, 0xf1, 1, "m", "movbe", "M,G"},
	{2, 0xf5, 1, "m", "wruss%", "M,G"},
	{2, 0xf6, 0, "m", "wrss%", "M,G"},
	{2, 0xf6, 1, "", "adcx", "G,E"},
	{2, 0xf6, 2, "", "adox", "G,E"},
	{2, 0xf8, 1, "m", "movdir64b", "Gq,M"},
	{2, 0xf8, 2, "m", "enqcmds", "Gq,M"},
	{2, 0xf8, 3, "m", "enqcmd", "Gq,M"},
	{2, 0xf9, 0, "m", "movdiri", "M,G"},
	{2, 0xfc, 0, "m", "aadd", "M,G"},
	{2, 0xfc, 1, "m", "aand", "M,G"},
	{2, 0xfc, 2, "m", "axor", "M,G"},
	{2, 0xfc, 3, "m", "aor", "M,G"},
	{3, 0xce, 1, "", "gf2p8affineqb", "V,W,I"},
	{3, 0xcf, 1, "", "gf2p8affineinvqb", "V,W,I"},
}

// hasOwnName is asked for every instruction, so it looks at one bit.
func hasOwnName(in Inst) bool {
	if in.Enc() == VEX {
		return in.Map() == 1 && in.Op() == 0x77
	}
	return in.Enc() == Legacy && in.Map() > 0 && ownOps[in.Map()&3][in.Op()]
}

var ownOps = func() (t [4][256]bool) {
	for _, o := range ownNames {
		t[o.m][o.op] = true
	}
	return t
}()

// ownName gives the text, or "" where the table has none.
func (p *Printer) ownName(in Inst, code []byte) string {
	if in.Enc() == VEX {
		name := [2]string{"vzeroupper", "vzeroall"}[in.vectorLen(code)]
		if p.Syntax == Go {
			return strings.ToUpper(name)
		}
		return name
	}
	for i := range ownNames {
		o := &ownNames[i]
		if int(o.m) == in.Map() && o.op == in.Op() && (o.pp < 0 || uint8(o.pp) == in.pp(code)) && o.selects(in) {
			return p.operands(o, in, code)
		}
	}
	return ""
}

func (o *ownName) selects(in Inst) bool {
	switch s := o.sel; {
	case s == "":
		return true
	case s[0] == 'm' || s[0] == 'r':
		if (s[0] == 'm') != in.Has(HasMem) {
			return false
		}
		return len(s) == 1 || s[2]-'0' == in.ModRM()>>3&7
	default:
		return hexDigit(s[0])<<4|hexDigit(s[1]) == in.ModRM()
	}
}

// operands writes name and operands in the printer's syntax.
func (p *Printer) operands(o *ownName, in Inst, code []byte) string {
	if o.args == "" && p.Syntax != Go {
		return o.name
	}
	size := in.operandBits()
	suffix := "d"
	if size == 64 {
		suffix = "q"
	}
	name := strings.Replace(o.name, "%", suffix, 1)
	var args []string
	if o.args != "" {
		args = strings.Split(o.args, ",")
	}
	for i, a := range args {
		args[i] = p.operand(a, size, in, code)
	}
	if p.Syntax != Intel { // source first
		for i, j := 0, len(args)-1; i < j; i, j = i+1, j-1 {
			args[i], args[j] = args[j], args[i]
		}
	}
	sep := ","
	switch p.Syntax {
	case Go:
		name, sep = strings.ToUpper(name), ", "
	case Intel:
		sep = ", "
	}
	if len(args) == 0 {
		return name
	}
	return name + " " + strings.Join(args, sep)
}

// operandBits is the size that W and prefix 66 select.
func (in Inst) operandBits() int {
	switch {
	case in.Has(W):
		return 64
	case in.Has(OpSize) && in.Map() == 2 && in.Op() < 0xf5: // movbe: elsewhere 66 is mandatory
		return 16
	}
	return 32
}

func (p *Printer) operand(form string, size int, in Inst, code []byte) string {
	if len(form) == 2 {
		size = 32
		if form[1] == 'q' && in.Has(Long) {
			size = 64
		}
	}
	reg, rm := in.ModRM()>>3&7|in.extReg(), in.ModRM()&7|in.extBase()
	switch form[0] {
	case 'G':
		return p.reg(Reg(reg), size)
	case 'R':
		return p.reg(Reg(rm), size)
	case 'V':
		return p.xmm(reg)
	case 'I':
		off, _ := in.Imm()
		if p.Syntax == Intel {
			return fmt.Sprintf("%#x", code[off])
		}
		return fmt.Sprintf("$%#x", code[off])
	}
	m, ok := in.Mem()
	switch {
	case ok:
		return p.mem(m)
	case form[0] == 'W':
		return p.xmm(rm)
	}
	return p.reg(Reg(rm), size)
}

func (p *Printer) xmm(n byte) string {
	return [...]string{"%xmm", "xmm", "X"}[p.Syntax] + fmt.Sprint(n)
}

var regNames = [8]string{"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"}

// reg names a general register of 16, 32 or 64 bits.
func (p *Printer) reg(r Reg, bits int) string {
	prefix := ""
	if p.Syntax == GNU {
		prefix = "%"
	}
	switch {
	case r == RegPC && p.Syntax == Go:
		return "IP"
	case r == RegPC && bits == 32:
		return prefix + "eip"
	case r == RegPC:
		return prefix + "rip"
	case p.Syntax == Go && r < 8:
		return strings.ToUpper(regNames[r])
	case p.Syntax == Go:
		return fmt.Sprintf("R%d", r)
	case r < 8:
		return prefix + map[int]string{16: "", 32: "e", 64: "r"}[bits] + regNames[r]
	}
	return fmt.Sprintf("%sr%d%s", prefix, r, map[int]string{16: "w", 32: "d", 64: ""}[bits])
}

// mem writes a memory operand.
func (p *Printer) mem(m Mem) string {
	seg := ""
	switch m.Seg {
	case SegFS:
		seg = p.segment("fs")
	case SegGS:
		seg = p.segment("gs")
	}
	base, index := "", ""
	if m.Base != RegNone {
		base = p.reg(m.Base, int(m.Bits))
	}
	if m.Index != RegNone {
		index = p.reg(m.Index, int(m.Bits))
	}
	switch p.Syntax {
	case Intel:
		return seg + intelMem(base, index, m)
	case Go:
		s := fmt.Sprintf("%s%#x", seg, m.Disp)
		if base != "" {
			s += "(" + base + ")"
		}
		if index != "" {
			s += fmt.Sprintf("(%s*%d)", index, m.Scale)
		}
		return s
	}
	return seg + gnuMem(base, index, m)
}

func (p *Printer) segment(s string) string {
	return [...]string{"%" + s, s, strings.ToUpper(s)}[p.Syntax] + ":"
}

func gnuMem(base, index string, m Mem) string {
	disp := ""
	if m.Disp != 0 || base == "" {
		disp = fmt.Sprintf("%#x", m.Disp)
	}
	switch {
	case index != "":
		return fmt.Sprintf("%s(%s,%s,%d)", disp, base, index, m.Scale)
	case base != "":
		return disp + "(" + base + ")"
	}
	return disp
}

func intelMem(base, index string, m Mem) string {
	s := base
	if index != "" {
		if s != "" {
			s += "+"
		}
		s += fmt.Sprintf("%s*%d", index, m.Scale)
	}
	switch {
	case s == "":
		return fmt.Sprintf("[%#x]", m.Disp)
	case m.Disp != 0:
		s += fmt.Sprintf("%+#x", m.Disp)
	}
	return "[" + s + "]"
}

package disasm

import (
	"fmt"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
)

// arm64Text takes the text of arm64asm but for what that calls a plain hint, or knows
// nothing of.
func (p *Printer) arm64Text(in Inst, code []byte, pc uint64) string {
	if s := armName(in.Word()); s != "" {
		return p.armTarget(p.armCase(s), in)
	}
	theirs, err := arm64asm.Decode(code)
	if err != nil {
		return p.armTarget(fmt.Sprintf(".inst %#08x", in.Word()), in)
	}
	if p.Syntax == Go {
		return arm64asm.GoSyntax(theirs, pc, p.symbol, nil)
	}
	s := armSystemName(arm64asm.GNUSyntax(theirs), in)
	if in.Class != PCRel && !in.Has(HasTarget) {
		return s
	}
	if i := strings.LastIndex(s, ".+0x"); i >= 0 {
		return s[:i] + p.target(in.Target)
	}
	if i := strings.LastIndex(s, ".-0x"); i >= 0 {
		return s[:i] + p.target(in.Target)
	}
	return s
}

// armSystemRegisters are the names of registers that programs see, and some of a kernel's,
// by op0, op1, CRn, CRm and op2 (Arm ARM, D23).
var armSystemRegisters = map[string]string{
	"s3_3_c13_c0_2": "tpidr_el0", "s3_3_c13_c0_3": "tpidrro_el0", "s3_3_c13_c0_5": "tpidr2_el0",
	"s3_3_c4_c4_0": "fpcr", "s3_3_c4_c4_1": "fpsr", "s3_3_c4_c2_0": "nzcv", "s3_3_c4_c2_1": "daif",
	"s3_3_c4_c2_2": "svcr", "s3_3_c4_c2_5": "dit", "s3_3_c4_c2_6": "ssbs", "s3_3_c4_c2_7": "tco",
	"s3_3_c0_c0_1": "ctr_el0", "s3_3_c0_c0_7": "dczid_el0", "s3_3_c2_c4_0": "rndr", "s3_3_c2_c4_1": "rndrrs",
	"s3_3_c14_c0_0": "cntfrq_el0", "s3_3_c14_c0_1": "cntpct_el0", "s3_3_c14_c0_2": "cntvct_el0",
	"s3_3_c14_c0_5": "cntpctss_el0", "s3_3_c14_c0_6": "cntvctss_el0", "s3_3_c9_c13_0": "pmccntr_el0",
	"s3_0_c4_c1_0": "sp_el0", "s3_0_c4_c2_2": "currentel", "s3_0_c4_c0_0": "spsr_el1", "s3_0_c4_c0_1": "elr_el1",
	"s3_0_c13_c0_4": "tpidr_el1", "s3_0_c1_c0_0": "sctlr_el1", "s3_0_c1_c0_2": "cpacr_el1",
	"s3_0_c2_c0_0": "ttbr0_el1", "s3_0_c2_c0_1": "ttbr1_el1", "s3_0_c2_c0_2": "tcr_el1",
	"s3_0_c5_c2_0": "esr_el1", "s3_0_c6_c0_0": "far_el1", "s3_0_c12_c0_0": "vbar_el1",
	"s3_0_c0_c0_0": "midr_el1", "s3_0_c0_c0_5": "mpidr_el1", "s3_0_c0_c0_6": "revidr_el1",
	"s3_0_c0_c4_0": "id_aa64pfr0_el1", "s3_0_c0_c4_1": "id_aa64pfr1_el1", "s3_0_c0_c5_0": "id_aa64dfr0_el1",
	"s3_0_c0_c6_0": "id_aa64isar0_el1", "s3_0_c0_c6_1": "id_aa64isar1_el1", "s3_0_c0_c6_2": "id_aa64isar2_el1",
	"s3_0_c0_c7_0": "id_aa64mmfr0_el1", "s3_0_c0_c7_1": "id_aa64mmfr1_el1", "s3_0_c0_c7_2": "id_aa64mmfr2_el1",
}

// armSystemName names the register of mrs and msr, which arm64asm writes as numbers.
func armSystemName(s string, in Inst) string {
	if in.Class != System {
		return s
	}
	i := strings.Index(s, "s3_")
	if i < 0 {
		return s
	}
	end := i + len(s[i:])
	if c := strings.IndexByte(s[i:], ','); c >= 0 {
		end = i + c
	}
	if name, ok := armSystemRegisters[s[i:end]]; ok {
		return s[:i] + name + s[end:]
	}
	return s
}

// armCase writes names the way Go's assembler does.
func (p *Printer) armCase(s string) string {
	if p.Syntax != Go {
		return s
	}
	return strings.ToUpper(s)
}

// armTarget appends the destination to the names made here, which end where it belongs.
func (p *Printer) armTarget(s string, in Inst) string {
	if in.flags&HasTarget == 0 {
		return s
	}
	return s + " " + p.target(in.Target)
}

// armHints are the names of hints by CRm and op2.
var armHints = map[uint32]string{
	7: "xpaclri", 8: "pacia1716", 10: "pacib1716", 12: "autia1716", 14: "autib1716",
	16: "esb", 17: "psb csync", 18: "tsb csync", 20: "csdb", 22: "clearbhb",
	24: "paciaz", 25: "paciasp", 26: "pacibz", 27: "pacibsp",
	28: "autiaz", 29: "autiasp", 30: "autibz", 31: "autibsp",
	32: "bti", 34: "bti c", 36: "bti j", 38: "bti jc", 39: "pacm", 40: "chkfeat x16",
}

var armConds = [16]string{
	"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
}

// armForm makes the text of the instructions for which word&mask == value.
type armForm struct {
	mask, value uint32
	text        func(w uint32) string
}

var armForms = []armForm{
	{0xffff0000, 0x00000000, func(w uint32) string { return fmt.Sprintf("udf #%d", w&0xffff) }},
	{0xffe0001f, 0xd4000002, func(w uint32) string { return fmt.Sprintf("hvc #%#x", w>>5&0xffff) }},
	{0xffe0001f, 0xd4000003, func(w uint32) string { return fmt.Sprintf("smc #%#x", w>>5&0xffff) }},
	{0xff000010, 0x54000010, func(w uint32) string { return "bc." + armConds[w&15] }},
	{0xfffff81f, 0xd61f081f, func(w uint32) string { return "bra" + armKey(w) + "z " + xreg(w>>5) }},
	{0xfffff81f, 0xd63f081f, func(w uint32) string { return "blra" + armKey(w) + "z " + xreg(w>>5) }},
	{0xfffff800, 0xd71f0800, func(w uint32) string { return "bra" + armKey(w) + " " + xreg(w>>5) + ", " + xsp(w) }},
	{0xfffff800, 0xd73f0800, func(w uint32) string { return "blra" + armKey(w) + " " + xreg(w>>5) + ", " + xsp(w) }},
	{0xfffffbff, 0xd65f0bff, func(w uint32) string { return "reta" + armKey(w) }},
	{0xffff8000, 0xdac10000, armPAC},
	{0xffe0fc00, 0x9ac03000, func(w uint32) string {
		return "pacga " + xreg(w) + ", " + xreg(w>>5) + ", " + xsp(w>>16)
	}},
	{0xbfa07c00, 0x08207c00, armCASP},
	{0x3fa07c00, 0x08a07c00, armCAS},
	{0x3ffffc00, 0x38bfc000, func(w uint32) string {
		return "ldapr" + armSize(w) + " " + sized(w, w) + ", [" + xsp(w>>5) + "]"
	}},
	{0x3f208c00, 0x38200000, armLSE},
	{0x3f20fc00, 0x38208000, armLSE}, // swp
	{0x3b200c00, 0x19000400, armCopy},
}

// armName is the text of what arm64asm does not name, without a branch's target, or "".
func armName(w uint32) string {
	if w&0xfffff01f == 0xd503201f {
		return armHints[w>>5&127]
	}
	for i := range armForms {
		if f := &armForms[i]; w&f.mask == f.value {
			return f.text(w)
		}
	}
	return armTemplateText(w)
}

// armKey is the key of a branch or return that authenticates.
func armKey(w uint32) string {
	if w>>10&1 != 0 {
		return "b"
	}
	return "a"
}

func xreg(n uint32) string { return armReg("x", "zr", n) }
func xsp(n uint32) string {
	if n&31 == 31 {
		return "sp"
	}
	return armReg("x", "", n)
}

func armReg(prefix, r31 string, n uint32) string {
	if n&31 == 31 {
		return prefix + r31
	}
	return fmt.Sprintf("%s%d", prefix, n&31)
}

// sized names register n with the width that the size field of w selects.
func sized(w, n uint32) string {
	if w>>30 == 3 {
		return xreg(n)
	}
	return armReg("w", "zr", n)
}

func armSize(w uint32) string { return [4]string{"b", "h", "", ""}[w>>30] }

// armPAC are the one-source instructions: opcode Z, three bits of operation.
func armPAC(w uint32) string {
	op := w >> 10 & 31
	switch {
	case op == 16 && w>>5&31 == 31:
		return "xpaci " + xreg(w)
	case op == 17 && w>>5&31 == 31:
		return "xpacd " + xreg(w)
	case op > 15 || op >= 8 && w>>5&31 != 31:
		return ""
	}
	name := [8]string{"pacia", "pacib", "pacda", "pacdb", "autia", "autib", "autda", "autdb"}[op&7]
	if op >= 8 {
		return name[:4] + "z" + name[4:] + " " + xreg(w)
	}
	return name + " " + xreg(w) + ", " + xsp(w>>5)
}

// order is the suffix of acquire and release bits.
func order(acquire, release uint32) string {
	s := ""
	if acquire&1 != 0 {
		s = "a"
	}
	if release&1 != 0 {
		s += "l"
	}
	return s
}

func armCAS(w uint32) string {
	return "cas" + order(w>>22, w>>15) + armSize(w) + " " + sized(w, w>>16) + ", " + sized(w, w) + ", [" + xsp(w>>5) + "]"
}

func armCASP(w uint32) string {
	r := "w"
	if w>>30&1 != 0 {
		r = "x"
	}
	return fmt.Sprintf("casp%s %s, %s, %s, %s, [%s]", order(w>>22, w>>15), armReg(r, "zr", w>>16), armReg(r, "zr", w>>16+1),
		armReg(r, "zr", w), armReg(r, "zr", w+1), xsp(w>>5))
}

// armLSE are ldadd and its like, which are called stadd without a result, and swp.
func armLSE(w uint32) string {
	name := [8]string{"add", "clr", "eor", "set", "smax", "smin", "umax", "umin"}[w>>12&7]
	acquire, release := w>>23, w>>22
	switch {
	case w>>15&1 != 0:
		name = "swp"
	case w&31 == 31 && acquire&1 == 0:
		return "st" + name + order(0, release) + armSize(w) + " " + sized(w, w>>16) + ", [" + xsp(w>>5) + "]"
	default:
		name = "ld" + name
	}
	return name + order(acquire, release) + armSize(w) + " " + sized(w, w>>16) + ", " + sized(w, w) + ", [" + xsp(w>>5) + "]"
}

// armCopy are the prologue, main part and epilogue of memory copies and sets.
func armCopy(w uint32) string {
	part := w >> 22 & 3
	if part == 3 {
		return armSet(w)
	}
	name := "cpyf"
	if w>>26&1 != 0 {
		name = "cpy"
	}
	name += [3]string{"p", "m", "e"}[part]
	options := [16]string{
		"", "wt", "rt", "t", "wn", "wtwn", "rtwn", "twn",
		"rn", "wtrn", "rtrn", "trn", "n", "wtn", "rtn", "tn",
	}
	return fmt.Sprintf("%s%s [%s]!, [%s]!, %s!", name, options[w>>12&15], xreg(w), xreg(w>>16), xreg(w>>5))
}

func armSet(w uint32) string {
	part := w >> 14 & 3
	if part == 3 {
		return ""
	}
	name := "set"
	if w>>26&1 != 0 {
		name = "setg"
	}
	options := [4]string{"", "t", "n", "tn"}
	return fmt.Sprintf("%s%s%s [%s]!, %s!, %s", name, [3]string{"p", "m", "e"}[part], options[w>>12&3], xreg(w), xreg(w>>5), xreg(w>>16))
}

package step

import (
	"fmt"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// labels names the kinds of instruction and of plan that a case is one of.
func (k *cpuCase) labels() []string {
	in := k.in
	l := []string{in.Class.String() + " " + k.method()}
	if in.Enc() == disasm.Fixed {
		return append(l, k.armLabel())
	}
	add := func(when bool, label string) {
		if when {
			l = append(l, label)
		}
	}
	add(k.p.scr != disasm.RegNone, fmt.Sprintf("by register %d", k.p.scr))
	add(k.p.Boosted && len(k.p.Code()) > int(in.Len)+5, "far jump back")
	add(in.Has(disasm.PCRelMem) && k.p.Why == WhyDisp, "another displacement")
	switch in.Class {
	case disasm.LoopJump:
		add(true, fmt.Sprintf("loop %x %v", in.Op(), k.next == in.Target))
		add(in.Has(disasm.AddrSize), fmt.Sprintf("loop %x 67", in.Op()))
	case disasm.RepString:
		add(true, fmt.Sprintf("rep %x", in.Op()))
	case disasm.PushReg, disasm.PopReg:
		add(in.Reg() == rsp, in.Class.String()+" rsp")
	case disasm.PushFlags, disasm.PopFlags:
		add(in.Has(disasm.OpSize), in.Class.String()+" 16")
	case disasm.Ret:
		add(in.Op() == 0xc2, "ret imm")
	case disasm.IndirectCall, disasm.IndirectJump:
		add(in.Has(disasm.HasMem), in.Class.String()+" mem")
		add(!in.Has(disasm.HasMem), in.Class.String()+" reg")
	}
	if in.Class != disasm.Plain && in.Class != disasm.PCRel {
		return l
	}
	add(true, in.Enc().String())
	for m, name := range map[disasm.Flags]string{
		disasm.SegES: "es", disasm.SegCS: "cs", disasm.SegSS: "ss", disasm.SegDS: "ds", disasm.SegFS: "fs", disasm.SegGS: "gs",
		disasm.OpSize: "66", disasm.AddrSize: "67", disasm.Lock: "lock",
	} {
		add(in.Has(disasm.HasMem|m), name+" mem")
	}
	op := in.Op()
	add(in.Enc() == disasm.Legacy && in.Map() == 0 && op&0xf8 == 0xd8, "x87")
	add(in.Enc() == disasm.Legacy && in.Map() == 1 && (op&0xf8 == 0x10 || op&0xf8 == 0x58 || op >= 0xd0), "sse")
	return l
}

// method is how the plan was carried out.
func (k *cpuCase) method() string {
	switch {
	case k.refuse:
		return "emulate, then in place"
	case k.p.Boosted:
		return "boosted"
	}
	return k.p.Method.String()
}

// What must have run.
const (
	x86Rows = `plain displaced,plain boosted,nop emulate,landing emulate,push emulate,push rsp,pop displaced,pop boosted,pop rsp,
		jmp emulate,jcc emulate,loop emulate,loop e0 67,loop e1 67,loop e2 67,loop e3 67,
		call emulate,icall emulate,icall mem,icall reg,icall emulate; then in place,
		ijmp emulate,ijmp displaced,ijmp boosted,ijmp mem,ijmp reg,ret displaced,ret boosted,ret imm,
		pushf emulate,pushf 16,popf displaced,popf 16,rep displaced,rep boosted,
		rep a4,rep a5,rep a6,rep a7,rep aa,rep ab,rep ac,rep ad,rep ae,rep af,
		loop e0 true,loop e0 false,loop e1 true,loop e1 false,loop e2 true,loop e2 false,loop e3 true,loop e3 false,
		legacy,x87,sse,es mem,cs mem,ss mem,ds mem,66 mem,lock mem`
	amd64Rows = `,pcrel displaced,pcrel boosted,another displacement,by register 6,by register 7,
		far jump back,fs mem,gs mem,67 mem`
)

// rows lists the labels that must have run.
func (c *tracee) rows() (want []string) {
	rows := map[*arch.Arch]string{arch.AMD64: x86Rows + amd64Rows, arch.I386: x86Rows, arch.ARM64: arm64Rows}[c.a]
	for row := range strings.SplitSeq(rows, ",") {
		want = append(want, strings.ReplaceAll(strings.TrimSpace(row), ";", ","))
	}
	switch {
	case c.has(5):
		want = append(want, "evex", "vex")
	case c.has(2):
		want = append(want, "vex")
	}
	if c.a == arch.ARM64 {
		want = append(want, armForms.names()...)
		if atomics() {
			want = append(want, "atomic displaced", "atomic", "swap", "compare and swap")
		}
	}
	return want
}

package step

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// Slots of arch.Regs.R for arm64: x0 to x30 come first.
const (
	armLR     = 30
	armPState = 33
	// armBType is BTYPE in PSTATE, which every instruction but a branch clears.
	armBType = 3 << 10
)

// arm64Classes is indexed by disasm.Class. What is emulated is in emulateARM64.
var arm64Classes = [64]treatment{
	disasm.Unknown:      {stay: WhyUnknown},
	disasm.Plain:        {copied: WhyCopy},
	disasm.PCRel:        {stay: WhyOperand},
	disasm.Nop:          {copied: WhyCopy},
	disasm.LandingPad:   {copied: WhyCopy},
	disasm.Jump:         {stay: WhyTarget},
	disasm.CondJump:     {stay: WhyNarrow},
	disasm.Call:         {stay: WhyTarget},
	disasm.IndirectJump: {stay: WhyAuth},
	disasm.IndirectCall: {stay: WhyAuth},
	disasm.Ret:          {stay: WhyAuth},
	disasm.Syscall:      {stay: WhyRestart},
	disasm.Trap:         {stay: WhyTrap},
	disasm.XAbort:       {stay: WhyXact},
	disasm.InPlace:      {stay: WhyNarrow},
	disasm.Atomic:       {copied: WhyCopy},
	disasm.MemCopy:      {stay: WhyNarrow},
	disasm.PAC:          {copied: WhyCopy},
	disasm.System:       {stay: WhyNarrow},
}

// arm64 chooses the method for arm64. Copies are never boosted.
func (p *Plan) arm64(in disasm.Inst, r *arch.Regs, o Options) {
	t := &arm64Classes[in.Class&63]
	switch why, done := p.emulateARM64(in, r); {
	case o.Rseq:
		p.become(InPlace, WhyRseq)
	case done:
		p.become(Emulate, why)
	case movprfx(in.Word()):
		p.become(InPlace, WhyPrefix)
	case t.copied == "":
		p.become(InPlace, t.stay)
	case p.Slot == 0:
		p.become(InPlace, WhyNoSlot)
	default:
		p.become(Displaced, t.copied)
	}
}

// movprfx tells the SVE instructions that belong to the next one.
func movprfx(w uint32) bool {
	return w&0xfffffc00 == 0x0420bc00 || w&0xff3ee000 == 0x04102000
}

// emulateARM64 computes what the instruction does, from its word; C4.1 of the manual.
func (p *Plan) emulateARM64(in disasm.Inst, r *arch.Regs) (Reason, bool) {
	w := in.Word()
	switch in.Class {
	case disasm.Nop, disasm.LandingPad:
		return WhyNothing, true
	case disasm.Jump:
		return WhyBranch, isCode(p.arch, in.Target)
	case disasm.CondJump:
		return WhyBranch, p.branchARM64(in, r)
	case disasm.Call:
		p.setReg(armLR, p.PC+4)
		return WhyCall, isCode(p.arch, in.Target)
	case disasm.IndirectJump, disasm.IndirectCall, disasm.Ret:
		if w&0xff9ffc1f != 0xd61f0000 || w>>21&3 == 3 { // not br, blr, ret but authenticated
			return "", false
		}
		if in.Class == disasm.IndirectCall {
			p.setReg(armLR, p.PC+4)
		}
		if r == nil {
			return WhyBranch, true
		}
		to, _ := armReg(r, w>>5&31, true)
		p.goTo(to)
		return WhyBranch, isCode(p.arch, to)
	case disasm.PCRel:
		return WhyLiteral, p.literal(in)
	}
	return "", false
}

// armReg is register n, 31 being zero, in 64 or 32 bits.
func armReg(r *arch.Regs, n uint32, wide bool) (uint64, bool) {
	if n > 30 {
		return 0, false
	}
	if wide {
		return r.R[n], true
	}
	return uint64(uint32(r.R[n])), true
}

// branchARM64 decides b.cond, bc.cond, cbz, cbnz, tbz and tbnz.
func (p *Plan) branchARM64(in disasm.Inst, r *arch.Regs) bool {
	w := in.Word()
	kind := w >> 25 & 0x3f
	if kind != 0x1a && kind != 0x1b && w>>24 != 0x54 || !isCode(p.arch, in.Target) {
		return false
	}
	if r == nil {
		return true
	}
	var taken bool
	v, _ := armReg(r, w&31, w>>31 != 0 || kind == 0x1b)
	switch kind {
	case 0x1a:
		taken = (v == 0) == (w>>24&1 == 0)
	case 0x1b:
		bit := w>>31<<5 | w>>19&31
		taken = (v>>bit&1 == 0) == (w>>24&1 == 0)
	default:
		taken = armCondition(byte(w&15), r.R[armPState])
	}
	if !taken {
		p.next[0] = p.next[1]
	}
	p.nnext = 1
	return true
}

// armCondition tells whether condition c holds, by N Z C V in bits 31 to 28 of PSTATE.
func armCondition(c byte, pstate uint64) bool {
	n, z, cf, v := pstate>>31&1 != 0, pstate>>30&1 != 0, pstate>>29&1 != 0, pstate>>28&1 != 0
	var yes bool
	switch c >> 1 {
	case 0:
		yes = z
	case 1:
		yes = cf
	case 2:
		yes = n
	case 3:
		yes = v
	case 4:
		yes = cf && !z
	case 5:
		yes = n == v
	case 6:
		yes = n == v && !z
	case 7:
		return true
	}
	return yes != (c&1 != 0)
}

// literal does adr, adrp and the loads of general registers that are relative to the
// program counter; prfm does nothing.
func (p *Plan) literal(in disasm.Inst) bool {
	w := in.Word()
	rd := uint8(w & 31)
	if w&0x1f000000 == 0x10000000 {
		if rd != 31 {
			p.setReg(rd, in.Target)
		}
		return true
	}
	if w&0x3f000000 != 0x18000000 {
		return false
	}
	size := [4]uint8{4, 8, 4, 0}[w>>30]
	if size == 0 {
		return true
	}
	if rd == 31 { // to nowhere, but it may fault
		return false
	}
	p.load, p.loadReg, p.loadSigned = access{in.Target, size}, rd, w>>30 == 2
	return true
}

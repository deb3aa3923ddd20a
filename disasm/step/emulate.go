package step

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// emulateX86 computes what the instruction does. Where it does not, why is the
// reason, or "" for that of the class.
func (p *Plan) emulateX86(in disasm.Inst, r *arch.Regs) (why Reason, ok bool) {
	if in.Has(disasm.Lock) {
		switch in.Class {
		case disasm.Plain, disasm.PCRel, disasm.RepString:
			return "", false
		}
		return WhyLock, false
	}
	if in.Enc() == disasm.REX2 {
		return WhyUnknown, false
	}
	switch in.Class {
	case disasm.Nop, disasm.LandingPad:
		return WhyNothing, true
	case disasm.Jump:
		return WhyBranch, isCode(p.arch, in.Target)
	case disasm.CondJump, disasm.LoopJump:
		return WhyBranch, p.branchX86(in, r)
	case disasm.IndirectJump:
		return WhyBranch, in.ModRM() >= 0xc0 && p.toReg(in, r)
	case disasm.PushReg:
		return WhyPush, r == nil || in.Reg() < 16 && p.push(r, r.R[x86Slots[in.Reg()&15]], uint8(p.arch.PtrSize))
	case disasm.PushFlags:
		return p.pushFlags(in, r)
	case disasm.Call, disasm.IndirectCall:
		return p.emulateCall(in, r)
	}
	return "", false
}

// toReg goes to the address in the register that ModRM names.
func (p *Plan) toReg(in disasm.Inst, r *arch.Regs) bool {
	if r == nil {
		return true
	}
	n := in.Reg()
	if n > 15 {
		return false
	}
	to := p.width(r.R[x86Slots[n]])
	p.goTo(to)
	return isCode(p.arch, to)
}

// branchX86 decides a conditional branch.
func (p *Plan) branchX86(in disasm.Inst, r *arch.Regs) bool {
	if !isCode(p.arch, in.Target) {
		return false
	}
	if r == nil {
		return true
	}
	taken := false
	if in.Class == disasm.CondJump {
		taken = condition(in.Op()&15, r.R[slotFlags])
	} else {
		taken = p.loop(in, r)
	}
	if !taken {
		p.next[0] = p.next[1]
	}
	p.nnext = 1
	return true
}

// Bits of EFLAGS.
const (
	flagC = 1 << 0
	flagP = 1 << 2
	flagZ = 1 << 6
	flagS = 1 << 7
	flagO = 1 << 11
)

// condition tells whether the condition c, the low four bits of jcc's opcode, holds.
func condition(c byte, flags uint64) bool {
	var v bool
	less := flags&flagS != 0 != (flags&flagO != 0)
	switch c >> 1 {
	case 0:
		v = flags&flagO != 0
	case 1:
		v = flags&flagC != 0
	case 2:
		v = flags&flagZ != 0
	case 3:
		v = flags&(flagC|flagZ) != 0
	case 4:
		v = flags&flagS != 0
	case 5:
		v = flags&flagP != 0
	case 6:
		v = less
	case 7:
		v = less || flags&flagZ != 0
	}
	return v != (c&1 != 0)
}

// loop does jrcxz, loop, loope and loopne. The prefix 67 halves the counter; one of 32
// bits clears the upper half of rcx as every 32-bit result does.
func (p *Plan) loop(in disasm.Inst, r *arch.Regs) bool {
	old := r.R[x86Slots[rcx]]
	mask := ^uint64(0)
	switch long, short := in.Has(disasm.Long), in.Has(disasm.AddrSize); {
	case long == short:
		mask = 1<<32 - 1
	case short:
		mask = 1<<16 - 1
	}
	n := old & mask
	if in.Op() == 0xe3 {
		return n == 0
	}
	n = (n - 1) & mask
	v := n
	if mask == 1<<16-1 {
		v |= old &^ mask
	}
	p.setReg(x86Slots[rcx], v)
	zero := r.R[slotFlags]&flagZ != 0
	return n != 0 && (in.Op() == 0xe2 || zero == (in.Op() == 0xe1))
}

// push stores v of size bytes below the stack pointer.
func (p *Plan) push(r *arch.Regs, v uint64, size uint8) bool {
	sp := p.width(r.SP() - uint64(size))
	if sp&pageMask > pageMask+1-uint64(size) {
		return false
	}
	p.store, p.value = access{sp, size}, v
	p.setReg(x86Slots[rsp], sp)
	return true
}

const pageMask = 4095

// pushFlags stores the flags as pushf does, which hides VM and RF. The kernel has
// already hidden a trap flag that is the tracer's.
func (p *Plan) pushFlags(in disasm.Inst, r *arch.Regs) (Reason, bool) {
	if r == nil {
		return WhyFlags, true
	}
	size := uint8(p.arch.PtrSize)
	if in.Has(disasm.OpSize) && !in.Has(disasm.W) {
		size = 2
	}
	if !p.push(r, r.R[slotFlags]&0xfcffff, size) {
		return WhyPage, false
	}
	return WhyFlags, true
}

// emulateCall finds the target before the return address is stored, since the operand
// may be relative to the stack pointer or lie where that goes.
func (p *Plan) emulateCall(in disasm.Inst, r *arch.Regs) (Reason, bool) {
	switch {
	case in.Class == disasm.Call:
		if !isCode(p.arch, in.Target) {
			return WhyTarget, false
		}
	case r == nil:
		if m, _ := in.Mem(); m.Seg&(disasm.SegFS|disasm.SegGS) != 0 && p.arch == arch.I386 {
			return WhyOperand, false
		}
	case in.ModRM() >= 0xc0:
		if !p.toReg(in, r) {
			return WhyTarget, false
		}
	default:
		addr, ok := Address(in, r)
		if !ok {
			return WhyOperand, false
		}
		p.load, p.loadReg = access{addr, uint8(p.arch.PtrSize)}, toPC
	}
	if r != nil && !p.push(r, p.width(p.PC+uint64(p.length)), uint8(p.arch.PtrSize)) {
		return WhyPage, false
	}
	return WhyCall, true
}

// Address is that of the memory operand of an x86 instruction, with the registers before it;
// false: it has none, or the registers do not tell, as for those of vectors.
func Address(in disasm.Inst, r *arch.Regs) (uint64, bool) {
	m, ok := in.Mem()
	if !ok || m.Vector {
		return 0, false
	}
	addr := uint64(m.Disp)
	for _, f := range [2]struct {
		reg   disasm.Reg
		scale uint8
	}{{m.Base, 1}, {m.Index, m.Scale}} {
		switch {
		case f.reg < 16:
			addr += r.R[x86Slots[f.reg]] * uint64(f.scale)
		case f.reg == disasm.RegPC:
			addr = in.Target
		case f.reg != disasm.RegNone:
			return 0, false
		}
	}
	if m.Bits < 64 {
		addr &= 1<<m.Bits - 1
	}
	if m.Seg&(disasm.SegFS|disasm.SegGS) != 0 {
		if !in.Has(disasm.Long) {
			return 0, false
		}
		base := slotFSBase
		if m.Seg == disasm.SegGS {
			base = slotGSBase
		}
		addr += r.R[base]
	}
	return addr, true
}

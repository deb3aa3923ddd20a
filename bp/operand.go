package bp

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/disasm/step"
	"github.com/gotrace/gotrace/tracer/event"
)

// operand is memory that an instruction uses.
type operand struct {
	addr uint64
	size int // 0: none
	old  uint64
	ok   bool // it could be read
}

// operandOf is the memory operand of the instruction that a task is about to execute, up to eight
// bytes of it.
func (th *thread) operandOf(regs *arch.Regs) (o operand) {
	in := th.in
	if th.space.arch == arch.ARM64 || in.Len == 0 {
		return o
	}
	switch in.Class {
	case disasm.PushReg, disasm.PushFlags, disasm.Call, disasm.IndirectCall:
		n := uint64(th.space.arch.PtrSize)
		o = operand{addr: regs.SP() - n, size: int(n)}
	case disasm.PopReg, disasm.PopFlags, disasm.Ret:
		o = operand{addr: regs.SP(), size: th.space.arch.PtrSize}
	default:
		addr, ok := step.Address(in, regs)
		if !ok || isAddressOnly(in) {
			return o
		}
		o = operand{addr: addr, size: operandSize(in)}
	}
	var b [8]byte
	if n, _ := th.space.read(b[:o.size], o.addr); n == o.size {
		o.old, o.ok = binary.LittleEndian.Uint64(b[:]), true
	}
	return o
}

// isAddressOnly tells instructions that name memory but do not use it: lea, long nops, endbr.
func isAddressOnly(in disasm.Inst) bool {
	return in.Class == disasm.Nop || in.Class == disasm.LandingPad || in.Enc() == disasm.Legacy && in.Map() == 0 && in.Op() == 0x8d
}

// operandSize is how many bytes of memory an instruction of the one-byte and 0F maps uses, eight
// at most: bytes where the opcode is even and has a form for bytes.
func operandSize(in disasm.Inst) int {
	op := in.Op()
	switch {
	case in.Enc() != disasm.Legacy:
		return 8
	case in.Map() == 0 && op&1 == 0 && (op < 0x40 || op >= 0x80 && op < 0x8c || op >= 0xa0 && op < 0xb0 || op >= 0xc0 && op != 0xc4 && op < 0xd4 || op == 0xf6 || op == 0xfe):
		return 1
	case in.Map() == 1 && (op == 0xb6 || op == 0xbe || op >= 0x90 && op < 0xa0):
		return 1
	case in.Map() == 1 && (op == 0xb7 || op == 0xbf):
		return 2
	case in.Has(disasm.W), in.Map() == 1 && op < 0x40:
		return 8
	case in.Class == disasm.IndirectCall, in.Class == disasm.IndirectJump:
		return 8
	case in.Has(disasm.OpSize):
		return 2
	}
	return 4
}

// changes are the registers and the memory that an instruction has changed, and memory that it
// has read.
func (e *Engine) changes(th *thread, regs *arch.Regs) []event.Change {
	list := e.diffs[:0]
	for i := range th.space.arch.Regs {
		g := &th.space.arch.Regs[i]
		old, now := th.regs.R[g.Index], regs.R[g.Index]
		if old == now || unshown[g.Name] {
			continue
		}
		if g.Index == slotFlags && th.space.arch != arch.ARM64 {
			if old, now = old&^flagTF, now&^flagTF; old == now {
				continue
			}
		}
		list = append(list, event.Change{Name: g.Name, Size: g.Size, Old: old, New: now})
	}
	if m := th.mem; m.ok {
		var b [8]byte
		if n, _ := th.space.read(b[:m.size], m.addr); n == m.size {
			now := binary.LittleEndian.Uint64(b[:])
			list = append(list, event.Change{Addr: m.addr, Size: m.size, Old: m.old, New: now, Read: now == m.old && !stores(th.in)})
		}
	}
	e.diffs = list
	return list
}

// unshown are registers whose changes tell nothing of an instruction.
var unshown = map[string]bool{"rip": true, "eip": true, "pc": true, "orig_rax": true, "orig_eax": true}

// stores tells instructions that only write to their memory operand.
func stores(in disasm.Inst) bool {
	switch in.Class {
	case disasm.PushReg, disasm.PushFlags, disasm.Call, disasm.IndirectCall:
		return true
	}
	if in.Enc() != disasm.Legacy {
		return false
	}
	switch op := in.Op(); in.Map() {
	case 0:
		return op == 0x88 || op == 0x89 || op == 0xc6 || op == 0xc7 || op == 0x8c || op == 0xa2 || op == 0xa3
	case 1:
		return op >= 0x90 && op < 0xa0 || op == 0x11 || op == 0x29 || op == 0x7f || op == 0xd6
	}
	return false
}

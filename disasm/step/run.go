package step

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// trapFlag is TF in EFLAGS, in the byte of all images of the flags.
const trapFlag = 1 << 8

// Start changes the registers before the instruction into those that run the copy at the
// slot. The method must be Displaced.
func (p *Plan) Start(r *arch.Regs) {
	if p.scr != disasm.RegNone {
		s := &r.R[x86Slots[p.scr&15]]
		p.saved, *s = *s, p.PC+uint64(p.length)
	}
	p.tf = p.arch != arch.ARM64 && r.R[slotFlags]&trapFlag != 0
	r.SetPC(p.Slot)
}

// Again tells after the trap of a step whether the copy has to be stepped once more,
// with the registers as they are: repeated string instructions trap at each iteration.
func (p *Plan) Again(r *arch.Regs) bool { return p.repeat && r.PC() == p.Slot }

// Fixup changes registers that were read after the copy ran, or after a fault or signal
// stopped it, into those of the instruction in its place. It changes nothing that does
// not hold an address of the slot, so that rt_sigreturn and execve go where they go.
func (p *Plan) Fixup(r *arch.Regs) {
	if p.Method != Displaced {
		return
	}
	pc := r.PC()
	r.SetPC(p.Original(pc))
	if p.scr != disasm.RegNone {
		r.R[x86Slots[p.scr&15]] = p.saved
	}
	if rcx := &r.R[x86Slots[1]]; p.call && *rcx == p.Slot+uint64(p.length) {
		*rcx = p.PC + uint64(p.length)
		if !p.tf {
			r.R[x86Slots[11]] &^= trapFlag
		}
	}
}

// Emulate changes registers and memory as the instruction does. The method must be
// Emulate, and r the registers that New was given. It fails with ErrInPlace before
// anything is changed.
func (p *Plan) Emulate(r *arch.Regs, m Memory) error {
	if p.load.size > 0 {
		v, ok := p.read(m)
		if !ok || p.loadReg == toPC && !isCode(p.arch, v) {
			return ErrInPlace
		}
		if p.loadReg == toPC {
			p.goTo(v)
		} else {
			r.R[p.loadReg] = v
		}
	}
	if n := int(p.store.size); n > 0 {
		binary.LittleEndian.PutUint64(p.buf[:], p.value)
		if got, err := m.WriteAt(p.buf[:n], p.store.addr); err != nil || got != n {
			return ErrInPlace
		}
	}
	for _, s := range p.set[:p.nset] {
		r.R[s.slot] = s.value
	}
	if p.arch == arch.ARM64 {
		r.R[armPState] &^= armBType
	}
	r.SetPC(p.next[0])
	return nil
}

func (p *Plan) read(m Memory) (uint64, bool) {
	n := int(p.load.size)
	p.buf = [8]byte{}
	if got, err := m.ReadAt(p.buf[:n], p.load.addr); err != nil || got != n {
		return 0, false
	}
	v := binary.LittleEndian.Uint64(p.buf[:])
	if p.loadSigned {
		v = uint64(int64(int32(v)))
	}
	return v, true
}

// isCode tells addresses at which a program can run. The kernel accepts others from
// ptrace(2) but then reports the fault at another place than the CPU. On amd64 those
// above 47 bits are left out, though five-level page tables have them.
func isCode(a *arch.Arch, addr uint64) bool {
	switch a {
	case arch.AMD64:
		return addr < 1<<47
	case arch.I386:
		return addr < 1<<32
	}
	return addr < 1<<48
}

func (e *effects) setReg(slot uint8, v uint64) {
	e.set[e.nset] = regValue{slot, v}
	e.nset++
}

package unwind

import "github.com/gotrace/gotrace/disasm"

// guess finds the caller where no table tells: by the instructions up to the function's return, or by
// the chain of frame pointers. Of both it believes only what looks like a return address.
func (u *Unwinder) guess(f *frame, up *link) bool {
	up.state, up.exact = f.state, false
	for _, way := range [...]func(*Unwinder, *frame, *link) bool{(*Unwinder).follow, (*Unwinder).retrace, (*Unwinder).chain} {
		if up.state = f.state; way(u, f, up) && u.plausible(f, up.pc) {
			return true
		}
	}
	return false
}

// plausible reports whether pc may be a return address: a call is before it, or it is where signal handlers
// return to.
func (u *Unwinder) plausible(f *frame, pc uint64) bool {
	return u.afterCall(f, pc&f.mask) || u.trampoline(f.machine, pc&f.mask) != nil
}

// chain follows the frame pointer, which points to its former value with the return address
// behind it (x86-64 psABI section 3.2.2, AArch64 PCS section 6.4.6).
func (u *Unwinder) chain(f *frame, up *link) bool {
	ptr := uint64(f.machine.ptr)
	fp, ok := f.reg(uint64(f.fp))
	if !ok || fp < f.r[f.sp] || fp%ptr != 0 {
		return false
	}
	old, ok := u.mem.word(fp, f.machine.ptr)
	pc, ok2 := u.mem.word(f.cut(fp+ptr), f.machine.ptr)
	if !ok || !ok2 {
		return false
	}
	up.cfa = f.cut(fp + 2*ptr)
	up.set(f.sp, up.cfa)
	up.set(f.fp, old)
	up.pc = pc
	return true
}

// callLens are the lengths that calls have on x86.
var callLens = [...]uint64{5, 2, 3, 6, 7, 4, 8}

// afterCall reports whether an instruction before pc is a call.
func (u *Unwinder) afterCall(f *frame, pc uint64) bool {
	lens := callLens[:]
	if f.link {
		lens = []uint64{4}
	}
	for _, n := range lens {
		in, err := disasm.Decode(f.arch, u.code(pc-n, int(n)), pc-n)
		if err == nil && uint64(in.Len) == n && calls(in) {
			return true
		}
	}
	return false
}

func calls(in disasm.Inst) bool { return in.Class == disasm.Call || in.Class == disasm.IndirectCall }

// path is what the instructions from a frame's program counter on have done to the stack.
type path struct {
	sp     uint64
	fp     uint64
	ra     uint64            // arm64: where a return goes
	stored map[uint64]uint64 // registers that were saved on the way, by address
	pushed uint64            // x86: bytes that are no registers, of a PLT stub
	vague  bool              // sp is not known
	ended  bool              // by a return
	lost   bool              // by what is not understood
}

func (p *path) store(addr, v uint64) {
	if p.stored == nil {
		p.stored = make(map[uint64]uint64)
	}
	p.stored[addr] = v
}

const (
	maxInsns = 256
	maxJumps = 8
	// maxWork bounds the instructions that are looked at for one stack.
	maxWork = 1 << 14
)

// follow does what the instructions from the program counter to the function's return do to the stack
// pointer and the frame pointer. Of branches it takes the unconditional ones; what is called leaves the
// stack as it was.
func (u *Unwinder) follow(f *frame, up *link) bool {
	p := path{sp: f.r[f.sp], fp: f.r[f.fp]}
	if f.link {
		p.ra = f.r[f.ra]
	}
	pc, jumps := f.pc, 0
	fn, known := u.space.Func(f.lookup())
	for range maxInsns {
		if known && jumps == 0 && pc-fn.Addr >= fn.Size {
			return false // behind a call that does not return
		}
		in, code, ok := u.inst(f, pc)
		if !ok {
			return false
		}
		if f.link {
			u.stepARM(&p, in)
		} else {
			u.stepX86(f, &p, in, code)
		}
		switch {
		case p.lost:
			return false
		case p.ended:
			up.cfa = p.sp
			up.set(f.sp, p.sp)
			up.set(f.fp, p.fp)
			up.pc = p.ra
			return true
		case in.Class == disasm.Jump:
			if jumps++; jumps > maxJumps {
				return false
			}
			pc = in.Target
		default:
			pc += uint64(in.Len)
		}
	}
	return false
}

// retrace does what the instructions from the function's beginning to the program counter have done to the stack
// pointer, and so finds where that was when the function was called. x86 only.
func (u *Unwinder) retrace(f *frame, up *link) bool {
	fn, ok := u.space.Func(f.lookup())
	if !ok || f.link || f.pc-fn.Addr > maxRetrace {
		return false
	}
	// Addresses count from where the stack pointer was at the beginning. It is deepest between
	// prologue and epilogue.
	const origin = 1 << 32
	p := path{sp: origin, fp: 0}
	deepest := p.sp
	for pc := fn.Addr; pc < f.pc; {
		in, code, ok := u.inst(f, pc)
		if !ok {
			return false
		}
		switch in.Class {
		case disasm.Ret, disasm.Jump, disasm.IndirectJump:
			p.sp = deepest
		case disasm.PopReg:
			p.sp += uint64(f.machine.ptr)
		default:
			u.stepX86(f, &p, in, code)
			p.lost = false
		}
		deepest = min(deepest, p.sp)
		pc += uint64(in.Len)
	}
	entry := f.r[f.sp] + (origin - p.sp)
	if p.fp != 0 && p.vague {
		entry = f.r[f.fp] + (origin - p.fp)
	} else if p.vague {
		return false
	}
	for at, v := range p.stored {
		if v == 0 { // the caller's frame pointer
			old, ok := u.mem.word(entry-(origin-at), f.machine.ptr)
			if !ok {
				return false
			}
			up.set(f.fp, old)
		}
	}
	up.cfa = f.cut(entry + uint64(f.machine.ptr))
	up.set(f.sp, up.cfa)
	up.pc, ok = u.mem.word(f.cut(entry), f.machine.ptr)
	return ok
}

// maxRetrace bounds the bytes of a function that are decoded up to its program counter.
const maxRetrace = 1 << 12

// inst is the instruction at pc; false: there is none, or too many were looked at for one stack.
func (u *Unwinder) inst(f *frame, pc uint64) (in disasm.Inst, code []byte, ok bool) {
	if u.insns++; u.insns > maxWork {
		return in, nil, false
	}
	code = u.code(pc, disasm.MaxLen)
	in, err := disasm.Decode(f.arch, code, pc)
	if err != nil || !in.Has(disasm.Valid) {
		return in, nil, false
	}
	return in, code[:in.Len], true
}

// codeSize is how much of a file is read at once, of its code.
const codeSize = 256

// code is up to n bytes of code at pc: from the file that is mapped there, since breakpoints may be in
// memory, or from memory.
func (u *Unwinder) code(pc uint64, n int) []byte {
	m := u.space.Module(pc)
	if m == nil {
		for ; n > 0; n-- {
			if b := u.mem.bytes(pc, n); b != nil {
				return b
			}
		}
		return nil
	}
	if u.codeOf != m || pc-u.codeAt > uint64(len(u.codeBuf)) || uint64(len(u.codeBuf))-(pc-u.codeAt) < uint64(n) {
		u.codeOf, u.codeAt = m, pc
		u.codeBuf = readSegment(m.File.ELF(), pc-m.Bias, codeSize)
	}
	b := u.codeBuf[pc-u.codeAt:]
	return b[:min(n, len(b))]
}

// stops are the classes behind which the path cannot be followed.
var stops = map[disasm.Class]bool{disasm.Far: true, disasm.Trap: true, disasm.IRet: true, disasm.Unknown: true}

func (u *Unwinder) load(p *path, addr uint64, size int) uint64 {
	if v, ok := p.stored[addr]; ok {
		return v
	}
	v, ok := u.mem.word(addr, size)
	p.lost = p.lost || !ok
	return v
}

func (u *Unwinder) pop(f *frame, p *path) uint64 {
	v := u.load(p, p.sp, f.machine.ptr)
	p.lost = p.lost || p.vague
	p.sp += uint64(f.machine.ptr)
	return v
}

// Bits of the REX prefix that extend the fields of ModRM.
const (
	rexR = 4
	rexB = 1
)

// The numbers of registers as instructions of x86 have them.
const (
	x86SP = 4
	x86BP = 5
)

func (u *Unwinder) stepX86(f *frame, p *path, in disasm.Inst, code []byte) {
	switch in.Class {
	case disasm.PushReg:
		p.sp -= uint64(f.machine.ptr)
		if in.Reg() == x86BP {
			p.store(p.sp, p.fp)
		}
	case disasm.PopReg:
		if v := u.pop(f, p); in.Reg() == x86BP {
			p.fp = v
		}
	case disasm.IndirectJump: // of a stub, or to a function that returns for this one
		p.sp += p.pushed
		p.ra, p.ended = u.pop(f, p), true
	case disasm.Ret:
		p.ra, p.ended = u.pop(f, p), true
	default:
		p.lost = stops[in.Class]
		if in.Enc() == disasm.Legacy && in.Map() == 0 {
			u.moveX86(f, p, in, code)
		}
	}
}

// moveX86 does what instructions of the one-byte map do to the stack and frame pointers.
func (u *Unwinder) moveX86(f *frame, p *path, in disasm.Inst, code []byte) {
	reg, rm, direct := in.ModRM()>>3&7, in.ModRM()&7, in.ModRM()>>6 == 3
	op := in.Op()
	if f.machine.ptr == 8 && code[0]&0xf0 == 0x40 && code[0]&(rexR|rexB) != 0 {
		p.lost = op == 0x8d && reg == x86SP && code[0]&rexR == 0
		return // other registers than those
	}
	switch {
	case op == 0xc9: // leave
		p.sp, p.vague = p.fp, false
		p.fp = u.pop(f, p)
	case op == 0x89 && direct && reg == x86BP && rm == x86SP, op == 0x8b && direct && reg == x86SP && rm == x86BP:
		p.sp, p.vague = p.fp, false
	case op == 0x89 && direct && reg == x86SP && rm == x86BP, op == 0x8b && direct && reg == x86BP && rm == x86SP:
		p.fp = p.sp
	case (op == 0x81 || op == 0x83) && direct && rm == x86SP:
		p.arith(reg, immediate(in, code))
	case (op == 0x01 || op == 0x29) && direct && rm == x86SP: // add, sub of a register
		p.vague = true
	case op == 0x8d && reg == x86SP:
		p.lea(in)
	case op == 0x68 || op == 0x6a || op == 0xff && reg == 6: // push of a number, or of memory
		p.sp -= uint64(f.machine.ptr)
		p.pushed += uint64(f.machine.ptr)
	}
	p.sp, p.fp = f.cut(p.sp), f.cut(p.fp)
}

// arith does what add, and, sub with a number do to the stack pointer.
func (p *path) arith(op byte, n int64) {
	switch op {
	case 0:
		p.sp += uint64(n)
	case 5:
		p.sp -= uint64(n)
	case 7: // cmp
	default:
		p.vague = true
	}
}

func (p *path) lea(in disasm.Inst) {
	m, ok := in.Mem()
	switch {
	case ok && m.Index == disasm.RegNone && m.Base == x86SP:
		p.sp += uint64(m.Disp)
	case ok && m.Index == disasm.RegNone && m.Base == x86BP:
		p.sp, p.vague = p.fp+uint64(m.Disp), false
	default:
		p.lost = true
	}
}

func immediate(in disasm.Inst, code []byte) int64 {
	off, size := in.Imm()
	if off+size > len(code) {
		return 0
	}
	c := cursor{data: code, off: off}
	if size == 1 {
		return int64(int8(c.u8()))
	}
	return int64(int32(c.u32()))
}

// stepARM does what an instruction of arm64 does to sp, x29 and x30 (Arm ARM section C4.1).
func (u *Unwinder) stepARM(p *path, in disasm.Inst) {
	const x29, x30, sp = 29, 30, 31
	w := in.Word()
	rt, rn := w&31, w>>5&31
	switch {
	case in.Class == disasm.Ret:
		p.ended = true
	case w == 0x910003bf: // mov sp, x29
		p.sp = p.fp
	case w&0xff8003ff == 0x910003ff: // add sp, sp, #imm
		p.sp += armImm12(w)
	case w&0xff8003ff == 0xd10003ff: // sub sp, sp, #imm
		p.sp -= armImm12(w)
	case w&0xff8003ff == 0x910003fd: // add x29, sp, #imm
		p.fp = p.sp + armImm12(w)
	case w&0xfe400000 == 0xa8400000 && rn == sp: // ldp of 64-bit registers from the stack
		u.pairARM(p, w, func(reg uint32, addr uint64) { u.reloadARM(p, reg, addr) })
	case w&0xfe400000 == 0xa8000000 && rn == sp: // stp
		u.pairARM(p, w, func(reg uint32, addr uint64) {
			if reg == x29 {
				p.store(addr, p.fp)
			} else if reg == x30 {
				p.store(addr, p.ra)
			}
		})
	case w&0xffe00c00 == 0xf8400400 && rn == sp && (rt == x29 || rt == x30): // ldr, sp raised behind
		u.reloadARM(p, rt, p.sp)
		p.sp += uint64(int64(int32(w<<11) >> 23))
	case w&0xffc00000 == 0xf9400000 && rn == sp: // ldr at an offset
		u.reloadARM(p, rt, p.sp+uint64(w>>10&0xfff)*8)
	default:
		p.lost = stops[in.Class]
	}
}

func armImm12(w uint32) uint64 { return uint64(w>>10&0xfff) << (w >> 22 & 1 * 12) }

// pairARM calls do for the registers of ldp or stp and their addresses. The place is sp plus the offset, before
// or behind which sp may be changed.
func (u *Unwinder) pairARM(p *path, w uint32, do func(reg uint32, addr uint64)) {
	off := uint64(int64(int32(w<<10)>>25) * 8)
	mode := w >> 23 & 3 // 1: behind, 2: not at all, 3: before
	from := p.sp
	if mode != 1 {
		from += off
	}
	do(w&31, from)
	do(w>>10&31, from+8)
	if mode&1 != 0 {
		p.sp += off
	}
}

func (u *Unwinder) reloadARM(p *path, reg uint32, addr uint64) {
	switch reg {
	case 29:
		p.fp = u.load(p, addr, 8)
	case 30:
		p.ra = u.load(p, addr, 8)
	}
}

package disasm

// Mem is the memory operand of an x86 instruction; false where it has none, or only
// those that string instructions and push imply.
func (in Inst) Mem() (Mem, bool) {
	m := Mem{Base: RegNone, Index: RegNone, Scale: 1, Seg: in.flags & segFlags, Bits: 32}
	long := in.flags&Long != 0
	switch {
	case long && in.flags&AddrSize == 0:
		m.Bits = 64
	case !long && in.flags&AddrSize != 0:
		m.Bits = 16
	}
	if in.flags&AbsMem != 0 {
		m.Disp = int64(in.Target)
		return m, true
	}
	if in.flags&HasMem == 0 {
		return Mem{}, false
	}
	m.Disp = int64(in.disp)
	switch mod, rm := in.ModRM()>>6, in.ModRM()&7; {
	case m.Bits == 16:
		m.base16(mod, rm)
	case rm == 4:
		in.sib(&m, mod)
	case mod == 0 && rm == 5:
		if long {
			m.Base = RegPC
		}
	default:
		m.Base = Reg(rm | in.extBase())
	}
	return m, true
}

// base16 are the eight forms of 16-bit addresses: pairs of bx or bp with si or di.
func (m *Mem) base16(mod, rm byte) {
	const bx, bp, si, di = 3, 5, 6, 7
	f := [8][2]Reg{{bx, si}, {bx, di}, {bp, si}, {bp, di}, {si, RegNone}, {di, RegNone}, {bp, RegNone}, {bx, RegNone}}[rm]
	if mod == 0 && rm == 6 {
		return
	}
	m.Base, m.Index = f[0], f[1]
}

func (in Inst) sib(m *Mem, mod byte) {
	s := in.SIB()
	m.Scale = 1 << (s >> 6)
	if base := s & 7; mod != 0 || base != 5 {
		m.Base = Reg(base | in.extBase())
	}
	index := s >> 3 & 7
	if in.vsib() {
		m.Vector = true
		index |= in.extIndex() & 8
		if in.Enc() == EVEX {
			index |= in.vvvv() & 16
		}
		m.Index = Reg(index)
		return
	}
	if index |= in.extIndex(); index != 4 {
		m.Index = Reg(index)
	}
}

// dispUnit is what the one-byte displacement of EVEX counts, in bytes. It depends on the
// instruction, its vector length and whether one element is repeated (Intel SDM, volume
// 2, 2.7.5).
func (in Inst) dispUnit(code []byte) int32 {
	have := in.conditions(code)
	f := in.form(in.Op(), have)
	if f == nil || in.Map() == 4 {
		return 1
	}
	return int32(f.mem.unit(in.vectorLen(code), have&b1 != 0))
}

// vsib tells gathers, scatters and their prefetches.
func (in Inst) vsib() bool {
	if in.Map() != 2 || in.Enc() != VEX && in.Enc() != EVEX {
		return false
	}
	op := in.Op()
	return op >= 0x90 && op <= 0x93 || in.Enc() == EVEX && (op >= 0xa0 && op <= 0xa3 || op == 0xc6 || op == 0xc7)
}

func (in Inst) extReg() byte   { return byte(in.enc>>extRegShift) & 3 << 3 }
func (in Inst) extIndex() byte { return byte(in.enc>>extIndexShift) & 3 << 3 }
func (in Inst) extBase() byte  { return byte(in.enc>>extBaseShift) & 3 << 3 }
func (in Inst) vvvv() byte     { return byte(in.enc>>vvvvShift) & 31 }

// Reg is the register that an instruction of class PushReg or PopReg names.
func (in Inst) Reg() Reg {
	if in.flags&HasModRM != 0 {
		return Reg(in.ModRM()&7 | in.extBase())
	}
	return Reg(in.Op()&7 | in.extBase())
}

// Names is the set of the general registers that the encoding of an x86 instruction may
// name, as a bit for each Reg: in the opcode, in ModRM, in SIB, in vvvv. It may hold more
// than the instruction uses, since the same field of another instruction names a vector
// register, but no register from r8 up that is not in the set is used, except by what
// WritesR11 tells. The registers below r8 may be used without being named.
func (in Inst) Names() uint32 {
	var set uint32
	if in.flags&HasModRM != 0 {
		set |= 1 << (in.ModRM()>>3&7 | in.extReg())
		if in.flags&HasMem == 0 {
			set |= 1 << (in.ModRM()&7 | in.extBase())
		}
	} else if in.Enc() <= REX2 {
		set |= 1 << (in.Op()&7 | in.extBase())
	}
	if m, ok := in.Mem(); ok {
		if m.Base < 32 {
			set |= 1 << m.Base
		}
		if m.Index < 32 {
			set |= 1 << m.Index
		}
	}
	if in.Enc() >= VEX && in.Enc() <= EVEX {
		set |= 1<<in.vvvv() | 1<<(in.vvvv()&15)
	}
	return set
}

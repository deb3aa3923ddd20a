package decode

import "github.com/gotrace/gotrace/tracer/event"

// Programs of classic BPF, for sockets and seccomp, and of eBPF.

// fprogV is a struct sock_fprog, whose instructions only -v shows.
func (c *Ctx) fprogV(addr uint64, k func(c *Ctx, code, k uint64) event.Value) event.Value {
	return c.ptrV(addr, 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		n := r.U16()
		p := r.ULong()
		return c.Struct(event.F("len", uintV(n)), event.F("filter", c.filterV(p, n, k)))
	})
}

func (c *Ctx) filterV(addr, n uint64, k func(c *Ctx, code, k uint64) event.Value) event.Value {
	if c.Abbrev {
		return addrV(addr)
	}
	return c.arrayV(addr, min(n, bpfMaxInsns), 8, func(c *Ctx, r *Rd) event.Value {
		code, jt, jf, val := r.U16(), r.U8(), r.U8(), r.U32()
		op := c.bpfCodeV(code)
		if jt == 0 && jf == 0 {
			return c.Macro("BPF_STMT", 0, op, k(c, code, val))
		}
		return c.Macro("BPF_JUMP", 0, op, hexV(val), hexV(jt), hexV(jf))
	})
}

// bpfMaxInsns is the kernel's limit on a program of classic BPF.
const bpfMaxInsns = 4096

// Classes of classic BPF that are told apart here.
const (
	bpfClassST   = 2
	bpfClassSTX  = 3
	bpfClassALU  = 4
	bpfClassJMP  = 5
	bpfClassRET  = 6
	bpfClassMISC = 7
)

// bpfCodeV takes an opcode of classic BPF apart.
func (c *Ctx) bpfCodeV(code uint64) event.Value {
	class := c.enumV(xBpfClasses, code&7)
	var v event.Value
	switch code & 7 {
	case bpfClassST, bpfClassSTX:
		v = c.Or(class, c.bpfRest(code&^7))
	case bpfClassALU:
		v = c.Or(class, c.enumV(xBpfSrcs, code&0x8), c.enumV(xEbpfAluOps, code&0xf0))
	case bpfClassJMP:
		v = c.Or(class, c.enumV(xBpfSrcs, code&0x8), c.enumV(xEbpfJumpOps, code&0xf0))
	case bpfClassRET:
		v = c.Or(class, c.enumV(xBpfRvals, code&0x18), c.bpfRest(code&^0x1f))
	case bpfClassMISC:
		v = c.Or(class, c.enumV(xBpfMiscOps, code&0xf8), c.bpfRest(code&^0xff))
	default:
		v = c.Or(class, c.enumV(xEbpfSizes, code&0x18), c.enumV(xBpfModes, code&0xe0))
	}
	v.Num, v.Flags = code, event.FlagParts
	return v
}

var bpfUnknown = []byte("BPF_???")

// bpfRest is the bits of an opcode that mean nothing.
func (c *Ctx) bpfRest(n uint64) event.Value {
	if n == 0 {
		return absent()
	}
	return c.Note(hexV(n), bpfUnknown)
}

// seccompK is the constant of an instruction of a seccomp filter: what it returns is an action.
func seccompK(c *Ctx, code, k uint64) event.Value {
	if code&7 != bpfClassRET {
		return hexV(k)
	}
	const action, data = 0xffff0000, 0xffff
	v := c.enumV(xSeccompActions, k&action)
	if k&data != 0 {
		v = c.Or(v, hexV(k&data))
		v.Num, v.Flags = k, event.FlagParts
	}
	return v
}

func (c *Ctx) seccompFprogV(addr uint64) event.Value { return c.fprogV(addr, seccompK) }

// sockFprogV is a filter for a socket.
func (c *Ctx) sockFprogV(addr uint64) event.Value { return c.fprogV(addr, bpfSockK) }

// ebpfV is a program of n eBPF instructions, which only -v shows.
func (c *Ctx) ebpfV(addr, n uint64) event.Value {
	if c.Abbrev {
		return addrV(addr)
	}
	return c.arrayV(addr, n, 8, func(c *Ctx, r *Rd) event.Value {
		code, regs, off, imm := r.U8(), r.U8(), r.U16(), r.U32()
		return c.Struct(event.F("code", c.ebpfCodeV(code)),
			event.F("dst_reg", c.enumV(xEbpfRegs, regs&0xf)), event.F("src_reg", c.enumV(xEbpfRegs, regs>>4)),
			event.F("off", intV(int64(int16(off)))), event.F("imm", hexV(imm)))
	})
}

func (c *Ctx) ebpfCodeV(code uint64) event.Value {
	const alu, jmp, jmp32, alu64 = 4, 5, 6, 7
	class := c.enumV(xEbpfClasses, code&7)
	var v event.Value
	switch code & 7 {
	case alu, alu64:
		v = c.Or(class, c.enumV(xBpfSrcs, code&0x8), c.enumV(xEbpfAluOps, code&0xf0))
	case jmp:
		v = c.Or(class, c.enumV(xBpfSrcs, code&0x8), c.enumV(xEbpfJumpOps, code&0xf0))
	case jmp32:
		v = c.Or(class, c.bpfRest(code&^7))
	default:
		v = c.Or(class, c.enumV(xEbpfSizes, code&0x18), c.enumV(xEbpfModes, code&0xe0))
	}
	v.Num = code
	return v
}

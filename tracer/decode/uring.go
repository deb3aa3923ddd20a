package decode

import "github.com/gotrace/gotrace/tracer/event"

var uringCalls = []Call{
	{Name: "io_uring_setup", Args: []Arg{in("entries", uintArg), in("params", uringParamsArg), out("params", uringParamsRestArg).reg(1)}, Ret: RetFD, Flags: LateComma},
	{Name: "io_uring_enter", Args: []Arg{fd("fd"), in("to_submit", uintArg), in("min_complete", uintArg), in("flags", flagsArg(xUringEnterFlags)),
		in("argp", sigsetArg(5)), in("argsz", ulongArg)}},
	{Name: "io_uring_register", Args: []Arg{fd("fd"), in("opcode", uringOpArg), in("arg", uringRegArg), in("arg", uringArrowArg).reg(2),
		in("arg", uringRegAfterArg).reg(2), in("nr_args", uintArg).reg(3)}},
}

// struct io_uring_params.
const (
	uringParamsSize = 120
	uringInSize     = 40 // what the caller fills in
	uringAttachWQ   = 1 << 5
)

// uringParamsArg is what goes in. What comes out follows in the same braces.
func uringParamsArg(c *Ctx, i int) event.Value {
	v := c.ptrV(c.Arg(i), uringParamsSize, func(c *Ctx, r *Rd) event.Value {
		r.Skip(8)
		flags, cpu, idle := r.U32(), r.U32(), r.U32()
		r.U32() // features
		wq := absent()
		if fd := r.U32(); flags&uringAttachWQ != 0 {
			wq = event.F("wq_fd", c.fdV(int32(fd)))
		}
		return c.Struct(event.F("flags", c.flagsV(xUringSetupFlags, flags)), event.F("sq_thread_cpu", hexV(cpu)), event.F("sq_thread_idle", uintV(idle)),
			wq, c.reserved("resv", r.U32(), r.U32(), r.U32()))
	})
	if v.Form == event.FormStruct {
		v.Flags |= event.FlagOpen
		c.Save(0, 1)
	}
	return v
}

// reserved is an array that is shown only when it is not zero.
func (c *Ctx) reserved(name string, ns ...uint64) event.Value {
	or := uint64(0)
	for _, n := range ns {
		or |= n
	}
	if or == 0 {
		return absent()
	}
	v := event.Value{Form: event.FormArray, Name: name, Elem: c.Vals(len(ns))}
	for i, n := range ns {
		v.Elem[i] = hexV(n)
	}
	return v
}

func uringParamsRestArg(c *Ctx, i int) event.Value {
	if c.Saved(0) == 0 {
		return absent()
	}
	rest := event.Value{Form: event.FormRest}
	b, ok := c.Read(c.Arg(i), uringParamsSize)
	if !ok || c.Failed() {
		return rest
	}
	r := c.Rd(b)
	sq, cq := r.U32(), r.U32()
	r.Skip(12)
	features := r.U32()
	r.Off = uringInSize
	rest.Elem = c.Vals(5)
	rest.Elem[0] = event.F("sq_entries", uintV(sq))
	rest.Elem[1] = event.F("cq_entries", uintV(cq))
	rest.Elem[2] = event.F("features", c.flagsV(xUringFeatures, features))
	rest.Elem[3] = event.F("sq_off", c.uringOffsets(&r, "head", "tail", "ring_mask", "ring_entries", "flags", "dropped", "array"))
	rest.Elem[4] = event.F("cq_off", c.uringOffsets(&r, "head", "tail", "ring_mask", "ring_entries", "overflow", "cqes", "flags"))
	return rest
}

// uringOffsets is where things are in one of the rings.
func (c *Ctx) uringOffsets(r *Rd, names ...string) event.Value {
	f := c.Vals(len(names) + 2)[:0]
	for _, n := range names {
		f = append(f, event.F(n, uintV(r.U32())))
	}
	if n := r.U32(); n != 0 {
		f = append(f, event.F("resv1", hexV(n)))
	}
	if n := r.U64(); n != 0 {
		f = append(f, event.F("resv2", hexV(n)))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

// Operations of io_uring_register.
const (
	uringBuffers       = 0
	uringFiles         = 2
	uringEventfd       = 4
	uringFilesUpdate   = 6
	uringEventfdAsync  = 7
	uringProbe         = 8
	uringRestrictions  = 11
	uringFiles2        = 13
	uringFilesUpdate2  = 14
	uringBuffers2      = 15
	uringBuffersUpdate = 16
	uringIOWQAff       = 17
	uringMaxWorkers    = 19
	uringRingFDs       = 20
	uringUnRingFDs     = 21
	uringPbufRing      = 22
	uringUnPbufRing    = 23

	uringUseRegistered = 1 << 31
)

// uringRegistered has for each operation how arg, an address, and nr_args are decoded.
var uringRegistered = [...]func(c *Ctx, addr, n uint64) event.Value{
	uringBuffers:       (*Ctx).uringIovecsV,
	uringFiles:         (*Ctx).uringFDsV,
	uringEventfd:       (*Ctx).uringFDsV,
	uringFilesUpdate:   (*Ctx).uringFilesUpdateV,
	uringEventfdAsync:  (*Ctx).uringFDsV,
	uringProbe:         (*Ctx).uringProbeInV,
	uringRestrictions:  (*Ctx).uringRestrictionsV,
	uringFiles2:        (*Ctx).uringFiles2V,
	uringFilesUpdate2:  (*Ctx).uringFilesUpdate2V,
	uringBuffers2:      (*Ctx).uringBuffers2V,
	uringBuffersUpdate: (*Ctx).uringBuffersUpdateV,
	uringIOWQAff:       (*Ctx).cpuMaskV,
	uringMaxWorkers:    (*Ctx).uringWorkersV,
	uringRingFDs:       (*Ctx).uringRingFDsV,
	uringUnRingFDs:     (*Ctx).uringRingOffsetsV,
	uringPbufRing:      (*Ctx).uringPbufRingV,
	uringUnPbufRing:    (*Ctx).uringPbufRingV,
}

func (c *Ctx) uringOp() uint64 { return c.Args[1] & 0xffffffff &^ uringUseRegistered }

func uringOpArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i)))
	op := c.enumV(xUringRegisterOps, n&^uringUseRegistered)
	if n&uringUseRegistered == 0 || xUringRegisterOps.Find(op.Num) == "" {
		op.Num = n
		return op
	}
	flag := c.flagsV(xUringRegisterFlags, uringUseRegistered)
	return event.Value{Form: event.FormOr, Num: n, Elem: c.list2(flag, op)}
}

func uringRegArg(c *Ctx, i int) event.Value {
	op := c.uringOp()
	if op >= uint64(len(uringRegistered)) || uringRegistered[op] == nil {
		return addrV(c.Arg(i))
	}
	return uringRegistered[op](c, c.Arg(i), uint64(uint32(c.Arg(i+1))))
}

// How arg goes on at exit: Saved(0).
const (
	uringWhole  = iota // it does not
	uringFilled        // the kernel filled in what was zero
	uringArrow         // an arrow at entry, and what it became
	uringBecame        // what it became, if it did, behind an arrow
)

// uringArrowArg is shown at entry where the kernel is going to change the argument.
func uringArrowArg(c *Ctx, _ int) event.Value {
	if c.Saved(0) != uringArrow {
		return absent()
	}
	return event.Value{Form: event.FormThen}
}

// uringRegAfterArg is what the argument became.
func uringRegAfterArg(c *Ctx, i int) event.Value {
	kind := c.Saved(0)
	if kind != uringArrow && kind != uringBecame {
		return absent()
	}
	if !c.Exit {
		c.lateComma = true
		return c.later()
	}
	n := uint64(uint32(c.Args[3]))
	v := absent()
	switch {
	case kind == uringArrow:
		v = c.uringWorkersV(c.Arg(i), n)
	case !c.Failed():
		v, _ = c.uringProbeV(c.Arg(i), n)
	default:
		return v
	}
	e := c.Vals(1)
	e[0] = v
	return event.Value{Form: event.FormThen, Elem: e}
}

// Registered descriptors and buffers.

func (c *Ctx) uringIovecsV(addr, n uint64) event.Value {
	return c.iovecV(addr, n, func(_ *Ctx, addr, _ uint64) event.Value { return addrV(addr) })
}

func (c *Ctx) uringFDsV(addr, n uint64) event.Value {
	return c.arrayV(addr, n, 4, func(c *Ctx, r *Rd) event.Value { return c.fdV(int32(r.U32())) })
}

// uringUpdateFDsV is descriptors of which some may be left as they are.
func (c *Ctx) uringUpdateFDsV(addr, n uint64) event.Value {
	return c.arrayV(addr, n, 4, func(c *Ctx, r *Rd) event.Value {
		fd := r.S32()
		if s := xUringFilesSkip.Find(uint64(fd)); s != "" {
			v := symV(s, uint64(fd))
			v.Flags = event.FlagSigned
			return v
		}
		return c.fdV(int32(fd))
	})
}

func (c *Ctx) uringTagsV(addr, n uint64) event.Value {
	return c.arrayV(addr, n, 8, func(c *Ctx, r *Rd) event.Value { return hexV(r.U64()) })
}

func (c *Ctx) uringFilesUpdateV(addr, n uint64) event.Value {
	return c.ptrV(addr, 16, func(c *Ctx, r *Rd) event.Value {
		off, resv, fds := r.U32(), r.U32(), r.U64()
		return c.Struct(event.F("offset", uintV(off)), unlessZero("resv", hexV(resv)), event.F("fds", c.uringUpdateFDsV(fds, n)))
	})
}

func (c *Ctx) uringFiles2V(addr, n uint64) event.Value {
	return c.uringRsrcV(addr, n, (*Ctx).uringFDsV)
}

func (c *Ctx) uringBuffers2V(addr, n uint64) event.Value {
	return c.uringRsrcV(addr, n, (*Ctx).uringIovecsV)
}

// uringRsrcV is struct io_uring_rsrc_register, whose size n tells.
func (c *Ctx) uringRsrcV(addr, n uint64, data func(c *Ctx, addr, n uint64) event.Value) event.Value {
	return c.extensible(addr, n, 32, func(c *Ctx, r *Rd) []event.Value {
		nr, flags, resv, p, tags := r.U32(), r.U32(), r.U64(), r.U64(), r.U64()
		f := append(c.Vals(6)[:0], event.F("nr", uintV(nr)), event.F("flags", c.flagsV(xUringRsrcFlags, flags)))
		if resv != 0 {
			f = append(f, event.F("resv2", hexV(resv)))
		}
		return append(f, event.F("data", data(c, p, nr)), event.F("tags", c.uringTagsV(tags, nr)))
	})
}

func (c *Ctx) uringFilesUpdate2V(addr, n uint64) event.Value {
	return c.uringUpdate2V(addr, n, (*Ctx).uringUpdateFDsV)
}

func (c *Ctx) uringBuffersUpdateV(addr, n uint64) event.Value {
	return c.uringUpdate2V(addr, n, (*Ctx).uringIovecsV)
}

// uringUpdate2V is struct io_uring_rsrc_update2, whose size n tells.
func (c *Ctx) uringUpdate2V(addr, n uint64, data func(c *Ctx, addr, n uint64) event.Value) event.Value {
	return c.extensible(addr, n, 32, func(c *Ctx, r *Rd) []event.Value {
		off, resv, p, tags, nr, resv2 := r.U32(), r.U32(), r.U64(), r.U64(), r.U32(), r.U32()
		f := append(c.Vals(7)[:0], event.F("offset", uintV(off)))
		if resv != 0 {
			f = append(f, event.F("resv", hexV(resv)))
		}
		f = append(f, event.F("data", data(c, p, nr)), event.F("tags", c.uringTagsV(tags, nr)), event.F("nr", uintV(nr)))
		if resv2 != 0 {
			f = append(f, event.F("resv2", hexV(resv2)))
		}
		return f
	})
}

func (c *Ctx) uringRingFDsV(addr, n uint64) event.Value {
	return c.arrayV(addr, n, 16, func(c *Ctx, r *Rd) event.Value {
		off, resv, data := r.U32(), r.U32(), r.U64()
		return c.Struct(event.F("offset", uintV(off)), unlessZero("resv", hexV(resv)), event.F("data", c.fdV(int32(data))))
	})
}

func (c *Ctx) uringRingOffsetsV(addr, n uint64) event.Value {
	return c.arrayV(addr, n, 16, func(c *Ctx, r *Rd) event.Value {
		off, resv, data := r.U32(), r.U32(), r.U64()
		return c.Struct(event.F("offset", uintV(off)), unlessZero("resv", hexV(resv)), unlessZero("data", hexV(data)))
	})
}

func (c *Ctx) uringPbufRingV(addr, _ uint64) event.Value {
	return c.ptrV(addr, 40, func(c *Ctx, r *Rd) event.Value {
		ring, n, id, pad := r.U64(), r.U32(), r.U16(), r.U16()
		return c.Struct(event.F("ring_addr", addrV(ring)), event.F("ring_entries", uintV(n)), event.F("bgid", uintV(id)),
			unlessZero("pad", hexV(pad)), c.reserved("resv", r.U64(), r.U64(), r.U64()))
	})
}

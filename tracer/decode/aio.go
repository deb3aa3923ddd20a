package decode

import "github.com/gotrace/gotrace/tracer/event"

// Linux asynchronous I/O.

var aioCalls = []Call{
	{Name: "io_setup", Args: []Arg{in("nr_events", uintArg), out("ctxp", aioContextArg)}},
	{Name: "io_destroy", Args: []Arg{in("ctx", addrArg)}},
	{Name: "io_submit", Args: []Arg{in("ctx_id", addrArg), in("nr", longArg), in("iocbpp", iocbsArg)}},
	{Name: "io_cancel", Args: []Arg{in("ctx_id", addrArg), in("iocb", iocbCancelArg), out("result", aioEventArg)}},
	{Name: "io_getevents", Args: []Arg{in("ctx_id", addrArg), in("min_nr", longArg), in("nr", longArg), out("events", aioEventsArg),
		in("timeout", asEntry(timespecArg))}},
	{Name: "io_pgetevents", Args: []Arg{in("ctx_id", addrArg), in("min_nr", longArg), in("nr", longArg), out("events", aioEventsArg),
		in("timeout", asEntry(timespecArg)), in("usig", asEntry(maskSizeArg))}},
	{Name: "io_pgetevents_time64", Args: []Arg{in("ctx_id", addrArg), in("min_nr", longArg), in("nr", longArg), out("events", aioEventsArg),
		in("timeout", asEntry(timespec64Arg)), in("usig", asEntry(maskSizeArg))}},
}

func aioContextArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), c.Word(), func(c *Ctx, r *Rd) event.Value { return c.Array(addrV(r.ULong())) })
}

const iocbSize = 64

// iocb is struct iocb, which all ABIs have alike but for the order of two members on
// big-endian machines.
type iocb struct {
	data, buf, nbytes, offset  uint64
	key, rwFlags, flags, resFD uint32
	op, prio                   uint16
	fd                         int32
}

func readIocb(r *Rd) (b iocb) {
	b.data = r.U64()
	b.key, b.rwFlags = uint32(r.U32()), uint32(r.U32())
	b.op, b.prio, b.fd = uint16(r.U16()), uint16(r.U16()), int32(r.U32())
	b.buf, b.nbytes, b.offset = r.U64(), r.U64(), r.U64()
	r.Skip(8)
	b.flags, b.resFD = uint32(r.U32()), uint32(r.U32())
	return b
}

const (
	aioFlagResFD  = 1
	aioFlagIoprio = 2
)

// aioKind says what an operation has beside its descriptor.
type aioKind uint8

const (
	aioPlain   aioKind = iota // nothing
	aioAddress                // a buffer that the kernel will fill
	aioBuffer                 // a buffer to write
	aioVector                 // iovecs that the kernel will fill
	aioBuffers                // iovecs to write
	aioPoll                   // events to wait for
)

var aioKinds = [...]aioKind{aioAddress, aioBuffer, aioPlain, aioPlain, aioPlain, aioPoll, aioPlain, aioVector, aioBuffers}

// iocbHead is the members that every operation has.
func (c *Ctx) iocbHead(b *iocb) []event.Value {
	f := append(c.Vals(12)[:0], event.F("aio_data", hexV(b.data)))
	if b.key != 0 {
		f = append(f, event.F("aio_key", uintV(uint64(b.key))))
	}
	if b.rwFlags != 0 {
		f = append(f, event.F("aio_rw_flags", c.flagsV(xRwfFlags, uint64(b.rwFlags))))
	}
	op := c.enumV(xIocbCommands, uint64(b.op))
	op.Form = event.FormEnumDec
	f = append(f, event.F("aio_lio_opcode", op))
	switch {
	case b.flags&aioFlagIoprio != 0:
		prio := c.ioprioV(uint32(b.prio))
		prio.Flags &^= event.FlagSigned
		f = append(f, event.F("aio_reqprio", prio))
	case b.prio != 0:
		f = append(f, event.F("aio_reqprio", intV(int64(int16(b.prio)))))
	}
	return append(f, event.F("aio_fildes", c.fdV(b.fd)))
}

// iocbV is a whole control block.
func (c *Ctx) iocbV(r *Rd) event.Value {
	b := readIocb(r)
	f := c.iocbHead(&b)
	kind := aioPlain
	if int(b.op) < len(aioKinds) {
		kind = aioKinds[b.op]
	}
	// More than the kernel takes of a size_t.
	huge := int64(b.nbytes) < 0
	nbytes := event.F("aio_nbytes", uintV(b.nbytes))
	switch kind {
	case aioPlain:
		return event.Value{Form: event.FormStruct, Elem: f}
	case aioPoll:
		f = append(f, event.F("aio_buf", c.flagsV(xPollEvents, b.buf)))
	case aioVector, aioBuffers:
		switch {
		case huge:
			f = append(f, event.F("aio_buf", addrV(b.buf)), nbytes)
		case kind == aioVector:
			f = append(f, event.F("aio_buf", c.iovecV(b.buf, b.nbytes, func(_ *Ctx, addr, _ uint64) event.Value { return addrV(addr) })))
		default:
			f = append(f, event.F("aio_buf", c.iovecV(b.buf, b.nbytes, (*Ctx).bytesV)))
		}
	case aioAddress:
		f = append(f, event.F("aio_buf", hexV(b.buf)), nbytes)
	case aioBuffer:
		v := addrV(b.buf)
		if !huge {
			v = c.bytesV(b.buf, b.nbytes)
		}
		f = append(f, event.F("aio_buf", v), nbytes)
	}
	if kind != aioPoll {
		f = append(f, event.F("aio_offset", intV(int64(b.offset))))
	}
	if b.flags != 0 {
		f = append(f, event.F("aio_flags", c.flagsV(xIocbFlags, uint64(b.flags))))
	}
	switch {
	case b.flags&aioFlagResFD != 0:
		f = append(f, event.F("aio_resfd", c.fdV(int32(b.resFD))))
	case b.resFD != 0:
		f = append(f, event.F("aio_resfd", hexV(uint64(b.resFD))))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

func iocbsArg(c *Ctx, i int) event.Value {
	n := c.Arg(i - 1)
	if c.Is32() {
		n = uint64(int64(int32(n)))
	}
	return c.arrayV(c.Arg(i), n, c.Word(), func(c *Ctx, r *Rd) event.Value {
		return c.ptrV(r.ULong(), iocbSize, (*Ctx).iocbV)
	})
}

// iocbCancelArg shows only what identifies a control block.
func iocbCancelArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), iocbSize, func(c *Ctx, r *Rd) event.Value {
		b := readIocb(r)
		return event.Value{Form: event.FormStruct, Elem: c.iocbHead(&b)}
	})
}

const aioEventSize = 32

func readAioEvent(c *Ctx, r *Rd) event.Value {
	data, obj, res, res2 := r.U64(), r.U64(), r.S64(), r.S64()
	return c.Struct(event.F("data", hexV(data)), event.F("obj", hexV(obj)), event.F("res", intV(res)), event.F("res2", intV(res2)))
}

func aioEventArg(c *Ctx, i int) event.Value { return c.ptrV(c.Arg(i), aioEventSize, readAioEvent) }

func aioEventsArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	return c.arrayV(c.Arg(i), uint64(c.Ret), aioEventSize, readAioEvent)
}

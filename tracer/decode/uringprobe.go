package decode

import "github.com/gotrace/gotrace/tracer/event"

// What io_uring_register tells and what it is told of operations and workers.

// uringProbeInV is the structure at entry: it should be zero, and is then shown only
// as the kernel has filled it in.
func (c *Ctx) uringProbeInV(addr, n uint64) event.Value {
	v, zero := c.uringProbeV(addr, n)
	switch {
	case c.Exit || v.Form != event.FormStruct:
	case zero:
		return c.later()
	default:
		c.Save(0, uringBecame)
	}
	return v
}

// uringProbeV is struct io_uring_probe with n operations, and whether it is all zero.
func (c *Ctx) uringProbeV(addr, n uint64) (v event.Value, zero bool) {
	const head, size, most = 16, 8, 256
	if n > most || !c.canFollow(addr) {
		return addrV(addr), false
	}
	b, ok := c.Read(addr, head+int(n)*size)
	if !ok {
		return addrV(addr), false
	}
	zero = true
	for _, x := range b {
		zero = zero && x == 0
	}
	r := c.Rd(b)
	last, ops, resv := r.U8(), r.U8(), r.U16()
	more := c.reserved("resv2", r.U32(), r.U32(), r.U32())
	// There may be more operations than fit.
	have := n
	if c.Exit {
		have = ops
	}
	limit := min(have, n)
	if c.Abbrev {
		limit = min(limit, uint64(c.Opts.StrLen))
	}
	list := event.Value{Form: event.FormArray, Name: "ops", Elem: c.Vals(int(limit))}
	for k := range list.Elem {
		op, resv, flags, resv2 := r.U8(), r.U8(), r.U16(), r.U32()
		list.Elem[k] = c.Struct(event.F("op", c.uringOpV(op)), unlessZero("resv", hexV(resv)),
			event.F("flags", c.flagsV(xUringProbeFlags, flags)), unlessZero("resv2", hexV(resv2)))
	}
	if limit < have {
		list.Flags = event.FlagCut
	}
	return c.Struct(event.F("last_op", c.uringOpV(last)), event.F("ops_len", uintV(ops)), unlessZero("resv", hexV(resv)), more, list), zero
}

func (c *Ctx) uringOpV(n uint64) event.Value {
	v := c.enumV(xUringOps, n)
	v.Form = event.FormEnumDec
	return v
}

// Kinds of restrictions.
const (
	uringRestrictRegister = iota
	uringRestrictOp
	uringRestrictAllowed
	uringRestrictRequired
)

func (c *Ctx) uringRestrictionsV(addr, n uint64) event.Value {
	return c.arrayV(addr, n, 16, func(c *Ctx, r *Rd) event.Value {
		kind, what, resv := r.U16(), r.U8(), r.U8()
		opcode := event.F("opcode", c.enumV(xUringRestrictionOps, kind))
		arg := absent()
		switch kind {
		case uringRestrictRegister:
			arg = event.F("register_op", c.enumV(xUringRegisterOps, what))
		case uringRestrictOp:
			arg = event.F("sqe_op", c.enumV(xUringOps, what))
		case uringRestrictAllowed, uringRestrictRequired:
			arg = event.F("sqe_flags", c.flagsV(xUringSqeFlags, what))
		default:
			opcode.Note = appendHexNote(c.Bytes(8)[:0], what)
		}
		return c.Struct(opcode, arg, unlessZero("resv", hexV(resv)), c.reserved("resv2", r.U32(), r.U32(), r.U32()))
	})
}

// appendHexNote appends the number of an operation that has no kind.
func appendHexNote(b []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	b = append(b, "op: "...)
	if n == 0 {
		return append(b, '0')
	}
	b = append(b, "0x"...)
	if n > 15 {
		b = append(b, digits[n>>4&15])
	}
	return append(b, digits[n&15])
}

// uringWorkersV is how many workers there may be of each kind.
func (c *Ctx) uringWorkersV(addr, n uint64) event.Value {
	kind := uint64(0)
	v := c.arrayV(addr, n, 4, func(c *Ctx, r *Rd) event.Value {
		key := c.enumV(xUringWqTypes, kind)
		key.Form = event.FormEnumDec
		kind++
		return event.Value{Form: event.FormKeyed, Elem: c.list2(key, uintV(r.U32()))}
	})
	if !c.Exit && v.Form == event.FormArray && len(v.Elem) > 0 && v.Elem[len(v.Elem)-1].Flags&event.FlagMoreAddr == 0 {
		c.Save(0, uringArrow)
	}
	return v
}

package decode

import "github.com/gotrace/gotrace/tracer/event"

// fcntl: what its argument and its value are depends on the command.

var fcntlArgs = []Arg{fd("fd"), in("cmd", enumArg(xFcntlCommands)), in("arg", fcntlArg)}

// Commands of fcntl.
const (
	fDupFD         = 0
	fGetFD         = 1
	fSetFD         = 2
	fGetFL         = 3
	fSetFL         = 4
	fGetLk         = 5
	fSetLk         = 6
	fSetLkW        = 7
	fSetOwn        = 8
	fGetOwn        = 9
	fSetSig        = 10
	fGetSig        = 11
	fGetLk64       = 12
	fSetLk64       = 13
	fSetLkW64      = 14
	fSetOwnEx      = 15
	fGetOwnEx      = 16
	fOFDGetLk      = 36
	fOFDSetLk      = 37
	fOFDSetLkW     = 38
	fSetLease      = 0x400
	fGetLease      = 0x401
	fNotify        = 0x402
	fDupFDCloexec  = 0x406
	fSetPipeSz     = 0x407
	fGetPipeSz     = 0x408
	fAddSeals      = 0x409
	fGetSeals      = 0x40a
	fGetRWHint     = 0x40b
	fSetRWHint     = 0x40c
	fGetFileRWHint = 0x40d
	fSetFileRWHint = 0x40e
)

func fcntlArg(c *Ctx, i int) event.Value {
	switch uint32(c.Arg(1)) {
	case fGetFD, fGetFL, fGetOwn, fGetSig, fGetLease, fGetPipeSz, fGetSeals:
		return absent()
	case fDupFD, fDupFDCloexec, fSetPipeSz:
		return longArg(c, i)
	case fSetFD:
		return c.flagsV(xFdFlags, uint64(uint32(c.Arg(i))))
	case fSetFL:
		return openFlagsArg(c, i)
	case fSetOwn:
		return pidArg(c, i)
	case fSetSig:
		return sigArg(c, i)
	case fSetLease:
		return c.enumV(xFcntlLockTypes, c.Arg(i))
	case fNotify:
		return c.flagsV(xNotifyFlags, c.Arg(i))
	case fAddSeals:
		return c.flagsV(xSealFlags, c.Arg(i))
	}
	return fcntlPtrArg(c, i)
}

// fcntlPtrArg is the argument of a command that has a structure.
func fcntlPtrArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	switch uint32(c.Arg(1)) {
	case fSetLk, fSetLkW:
		return c.flockV(addr, c.Word(), false)
	case fGetLk:
		if !c.Exit {
			return c.later()
		}
		return c.flockV(addr, c.Word(), true)
	case fSetLk64, fSetLkW64, fGetLk64:
		if !c.Is32() {
			break
		}
		if get := uint32(c.Arg(1)) == fGetLk64; !get || c.Exit {
			return c.flockV(addr, 8, get)
		}
		return c.later()
	case fOFDSetLk, fOFDSetLkW:
		return c.flockV(addr, 8, false)
	case fOFDGetLk:
		if !c.Exit {
			return c.later()
		}
		return c.flockV(addr, 8, true)
	case fGetOwnEx:
		if !c.Exit {
			return c.later()
		}
		return c.ptrV(addr, 8, readOwner)
	case fSetOwnEx:
		return c.ptrV(addr, 8, readOwner)
	case fGetRWHint, fGetFileRWHint:
		if !c.Exit {
			return c.later()
		}
		return c.ptrV(addr, 8, readRWHint)
	case fSetRWHint, fSetFileRWHint:
		return c.ptrV(addr, 8, readRWHint)
	}
	return hexV(addr)
}

// flockV is a struct flock whose offsets have size bytes.
func (c *Ctx) flockV(addr uint64, size int, get bool) event.Value {
	n := 32
	if c.Is32() {
		n = 8 + 2*size
	}
	return c.ptrV(addr, n, func(c *Ctx, r *Rd) event.Value {
		typ, whence := r.U16(), r.U16()
		r.Align(min(size, r.Max64))
		start, length := r.sint(size), r.sint(size)
		f := c.Vals(5)[:0]
		f = append(f, event.F("l_type", c.enumV(xFcntlLockTypes, typ)), event.F("l_whence", c.enumV(xSeekWhence, whence)),
			event.F("l_start", intV(start)), event.F("l_len", intV(length)))
		if get {
			f = append(f, event.F("l_pid", c.pidV(int32(r.S32()))))
		}
		return event.Value{Form: event.FormStruct, Elem: f}
	})
}

// sint is a signed number of 4 or 8 bytes.
func (r *Rd) sint(size int) int64 {
	if size == 4 {
		return r.S32()
	}
	return r.S64()
}

func readOwner(c *Ctx, r *Rd) event.Value {
	t, p := r.U32(), r.S32()
	return c.Struct(event.F("type", c.enumV(xFcntlOwnTypes, t)), event.F("pid", c.pidV(int32(p))))
}

func readRWHint(c *Ctx, r *Rd) event.Value { return c.Array(c.enumV(xRwHints, r.U64())) }

func fcntlRet(c *Ctx) event.Value {
	switch uint32(c.Arg(1)) {
	case fDupFD, fDupFDCloexec:
		return c.plainRet(RetFD)
	case fGetOwn:
		return c.plainRet(RetPID)
	case fGetFD, fGetFL, fGetSeals, fGetLease:
		return c.plainRet(RetHex)
	}
	return c.plainRet(RetUint)
}

// fcntlAux names what fcntl returned.
func fcntlAux(c *Ctx) event.Value {
	n := uint64(c.Ret)
	if c.Failed() || n == 0 && uint32(c.Arg(1)) != fGetFL && uint32(c.Arg(1)) != fGetLease {
		return absent()
	}
	switch uint32(c.Arg(1)) {
	case fGetFD:
		return c.bitsAux("flags", xFdFlags, n)
	case fGetFL:
		v := c.openFlagsV(n)
		if v.Form != event.FormOr {
			v = c.Or(v)
		}
		// Unlike other flags, these are named even where -X raw leaves out names.
		v.Flags |= event.FlagWord | event.FlagParts
		return event.F("flags", v)
	case fGetSeals:
		return c.bitsAux("seals", xSealFlags, n)
	case fGetLease:
		if name := xFcntlLockTypes.Find(n); name != "" {
			return wordV(name, n)
		}
	case fGetSig:
		return sigRetAux(c)
	}
	return absent()
}

func (c *Ctx) bitsAux(name string, t *event.Table, n uint64) event.Value {
	v := c.flagsV(t, n)
	v.Flags |= event.FlagRest
	return event.F(name, v)
}

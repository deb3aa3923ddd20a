package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to terminals, and those that any descriptor understands.

var termIoctls = []ioctlDec{
	{Code: 0x5401, Dec: ioOut(termiosArg)},      // TCGETS
	{Code: 0x5402, Dec: termiosArg},             // TCSETS
	{Code: 0x5403, Dec: termiosArg},             // TCSETSW
	{Code: 0x5404, Dec: termiosArg},             // TCSETSF
	{Code: 0x5405, Dec: ioOut(termioArg)},       // TCGETA
	{Code: 0x5406, Dec: termioArg},              // TCSETA
	{Code: 0x5407, Dec: termioArg},              // TCSETAW
	{Code: 0x5408, Dec: termioArg},              // TCSETAF
	{Code: 0x5456, Dec: ioOut(termiosArg)},      // TIOCGLCKTRMIOS
	{Code: 0x5457, Dec: termiosArg},             // TIOCSLCKTRMIOS
	{Code: 0x802c542a, Dec: ioOut(termios2Arg)}, // TCGETS2
	{Code: 0x402c542b, Dec: termios2Arg},        // TCSETS2
	{Code: 0x402c542c, Dec: termios2Arg},        // TCSETSW2
	{Code: 0x402c542d, Dec: termios2Arg},        // TCSETSF2

	{Code: 0x5413, Dec: ioOut(winsizeArg)}, // TIOCGWINSZ
	{Code: 0x5414, Dec: winsizeArg},        // TIOCSWINSZ

	{Code: 0x5409, Dec: intArg},                      // TCSBRK
	{Code: 0x540a, Dec: enumLongArg(xTcxoncActions)}, // TCXONC
	{Code: 0x540b, Dec: enumLongArg(xTcflshQueues)},  // TCFLSH
	{Code: 0x540c, Dec: noArg},                       // TIOCEXCL
	{Code: 0x540d, Dec: noArg},                       // TIOCNXCL
	{Code: 0x540e, Dec: intArg},                      // TIOCSCTTY
	{Code: 0x540f, Dec: ioOut(pidPtrArg)},            // TIOCGPGRP
	{Code: 0x5410, Dec: pidPtrArg},                   // TIOCSPGRP
	{Code: 0x5411, Dec: ioOut(intPtrArg)},            // TIOCOUTQ
	{Code: 0x5412, Dec: charPtrArg},                  // TIOCSTI
	{Code: 0x5415, Dec: ioOut(modemArg)},             // TIOCMGET
	{Code: 0x5416, Dec: modemArg},                    // TIOCMBIS
	{Code: 0x5417, Dec: modemArg},                    // TIOCMBIC
	{Code: 0x5418, Dec: modemArg},                    // TIOCMSET
	{Code: 0x5419, Dec: ioOut(intPtrArg)},            // TIOCGSOFTCAR
	{Code: 0x541a, Dec: intPtrArg},                   // TIOCSSOFTCAR
	{Code: 0x541b, Dec: ioOut(intPtrArg)},            // FIONREAD
	{Code: 0x541d, Dec: noArg},                       // TIOCCONS
	{Code: 0x541f, Dec: noArg},                       // TIOCSSERIAL
	{Code: 0x5420, Dec: intPtrArg},                   // TIOCPKT
	{Code: 0x5421, Dec: intPtrArg},                   // FIONBIO
	{Code: 0x5422, Dec: noArg},                       // TIOCNOTTY
	{Code: 0x5423, Dec: intPtrArg},                   // TIOCSETD
	{Code: 0x5424, Dec: ioOut(intPtrArg)},            // TIOCGETD
	{Code: 0x5425, Dec: intArg},                      // TCSBRKP
	{Code: 0x5427, Dec: noArg},                       // TIOCSBRK
	{Code: 0x5428, Dec: noArg},                       // TIOCCBRK
	{Code: 0x5429, Dec: ioOut(pidPtrArg)},            // TIOCGSID
	{Code: 0x5437, Dec: noArg},                       // TIOCVHANGUP
	{Code: 0x5450, Dec: noArg},                       // FIONCLEX
	{Code: 0x5451, Dec: noArg},                       // FIOCLEX
	{Code: 0x5452, Dec: intPtrArg},                   // FIOASYNC
	{Code: 0x80045430, Dec: ioOut(intPtrArg)},        // TIOCGPTN
	{Code: 0x40045431, Dec: intPtrArg},               // TIOCSPTLCK
	{Code: 0x80045432, Dec: ioOut(intPtrArg)},        // TIOCGDEV
	{Code: 0x80045440, Dec: ioOut(intPtrArg)},        // TIOCGEXCL
}

func winsizeArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value {
		row, col, x, y := r.U16(), r.U16(), r.U16(), r.U16()
		return c.Struct(event.F("ws_row", uintV(row)), event.F("ws_col", uintV(col)),
			event.F("ws_xpixel", uintV(x)), event.F("ws_ypixel", uintV(y)))
	})
}

func pidPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(c.pidV(int32(r.S32()))) })
}

func modemArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(c.flagsV(xTiocmLines, r.U32())) })
}

// charPtrArg is a pointer to one character.
func charPtrArg(c *Ctx, i int) event.Value {
	if !c.canFollow(c.Arg(i)) {
		return addrV(c.Arg(i))
	}
	return c.bytesV(c.Arg(i), 1)
}

const (
	termiosChars = 19 // NCCS of the kernel's struct termios
	termioChars  = 8
)

func termiosArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 36, func(c *Ctx, r *Rd) event.Value {
		return c.termios(r.U32(), r.U32(), r.U32(), r.U32(), r.U8(), r.Take(termiosChars), true, nil)
	})
}

func termios2Arg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 44, func(c *Ctx, r *Rd) event.Value {
		in, out, ctl, loc, line, cc := r.U32(), r.U32(), r.U32(), r.U32(), r.U8(), r.Take(termiosChars)
		speeds := c.Vals(2)
		speeds[0], speeds[1] = event.F("c_ispeed", uintV(r.U32())), event.F("c_ospeed", uintV(r.U32()))
		return c.termios(in, out, ctl, loc, line, cc, true, speeds)
	})
}

func termioArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 18, func(c *Ctx, r *Rd) event.Value {
		return c.termios(r.U16(), r.U16(), r.U16(), r.U16(), r.U8(), r.Take(termioChars), false, nil)
	})
}

// termios is any of the three structures; wide ones have room for an input speed.
func (c *Ctx) termios(in, out, ctl, loc, line uint64, cc []byte, wide bool, speeds []event.Value) event.Value {
	f := c.Vals(8)[:0]
	f = append(f, event.F("c_iflag", c.bitsV(xTermiosIflags, in)), event.F("c_oflag", c.oflag(out)),
		event.F("c_cflag", c.cflag(ctl, wide)), event.F("c_lflag", c.bitsV(xTermiosLflags, loc)))
	if c.Abbrev {
		return event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: f}
	}
	f = append(f, event.F("c_line", c.enumV(xTermiosLines, line)), event.F("c_cc", c.controlChars(cc)))
	return event.Value{Form: event.FormStruct, Elem: append(f, speeds...)}
}

// bitsV is a set of bits of which none is shown as nothing.
func (c *Ctx) bitsV(t *event.Table, n uint64) event.Value {
	v := c.flagsV(t, n)
	v.Flags |= event.FlagEmpty
	return v
}

// parts is a number made of smaller ones and of flags.
func parts(elems []event.Value, n uint64) event.Value {
	return event.Value{Form: event.FormOr, Flags: event.FlagParts, Num: n, Elem: elems}
}

var outputDelays = [...]struct {
	mask  uint64
	names *event.Table
}{{0x100, xTermiosNl}, {0x600, xTermiosCr}, {0x1800, xTermiosTab}, {0x2000, xTermiosBs}, {0x4000, xTermiosVt}, {0x8000, xTermiosFf}}

func (c *Ctx) oflag(n uint64) event.Value {
	e, rest := c.Vals(len(outputDelays)+1), n
	for i := range outputDelays {
		d := &outputDelays[i]
		e[i] = c.enumV(d.names, n&d.mask)
		rest &^= d.mask
	}
	e[len(outputDelays)] = c.bitsV(xTermiosOflags, rest)
	return parts(e, n)
}

// cflag is speeds, the size of characters, and flags.
func (c *Ctx) cflag(n uint64, wide bool) event.Value {
	const (
		baud    = 0x100f
		ibshift = 16
		csize   = 0x30
	)
	e, rest := c.Vals(4)[:0], n&^(baud|csize)
	e = append(e, c.enumV(xTermiosBauds, n&baud))
	if in := n >> ibshift & baud; wide && in != 0 {
		e = append(e, event.Value{Form: event.FormShift, Num: in << ibshift,
			Elem: c.list2(c.enumV(xTermiosBauds, in), symV("IBSHIFT", ibshift))})
		rest &^= baud << ibshift
	}
	return parts(append(e, c.enumV(xTermiosSizes, n&csize), c.bitsV(xTermiosCflags, rest)), n)
}

func (c *Ctx) controlChars(cc []byte) event.Value {
	e := c.Vals(len(cc))
	for i, b := range cc {
		name := xTermiosCc.Find(uint64(i))
		if name == "" {
			name = smallNumbers[i]
		}
		e[i] = event.F(name, hexV(uint64(b)))
		e[i].Flags |= event.FlagIndex
	}
	return event.Value{Form: event.FormArray, Elem: e}
}

// smallNumbers name what is behind the last control character that has a name.
var smallNumbers = [termiosChars]string{17: "17", 18: "18"}

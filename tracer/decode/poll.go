package decode

import (
	"encoding/binary"
	"math/bits"

	"github.com/gotrace/gotrace/tracer/event"
)

// Waiting for descriptors.

var pollCalls = []Call{
	{Name: "select", Only: "i386", Args: []Arg{
		in("n", oldSelectArg).reg(0), in("inp", oldFdSetArg(1)).reg(0), in("outp", oldFdSetArg(2)).reg(0),
		in("exp", oldFdSetArg(3)).reg(0), in("tvp", oldSelectTimeArg).reg(0)}, Aux: selectAux(readTimeval, 0)},
	{Name: "select", Args: selectArgs, Aux: selectAux(readTimeval, 0)},
	{Name: "_newselect", Args: selectArgs, Aux: selectAux(readTimeval, 0)},
	{Name: "pselect6", Args: []Arg{in("n", intArg), in("inp", fdSetArg), in("outp", fdSetArg), in("exp", fdSetArg), in("tsp", timespecArg), in("sig", maskSizeArg)},
		Aux: selectAux(readTimespec, 0)},
	{Name: "pselect6_time64", Args: []Arg{in("n", intArg), in("inp", fdSetArg), in("outp", fdSetArg), in("exp", fdSetArg), in("tsp", timespec64Arg), in("sig", maskSizeArg)},
		Aux: selectAux(readTimespec64, 16)},
	{Name: "poll", Args: []Arg{in("ufds", pollfdsArg), in("nfds", uintArg), in("timeout_msecs", intArg)}, Aux: pollAux, Flags: AllowRestart},
	{Name: "ppoll", Args: []Arg{in("ufds", pollfdsArg), in("nfds", uintArg), in("tsp", timespecArg), in("sigmask", sigsetArg(4)), in("sigsetsize", ulongArg)},
		Aux: ppollAux(readTimespec, 0)},
	{Name: "ppoll_time64", Args: []Arg{in("ufds", pollfdsArg), in("nfds", uintArg), in("tsp", timespec64Arg), in("sigmask", sigsetArg(4)), in("sigsetsize", ulongArg)},
		Aux: ppollAux(readTimespec64, 16)},

	{Name: "epoll_create", Args: []Arg{in("size", intArg)}, Ret: RetFD},
	{Name: "epoll_create1", Args: []Arg{in("flags", flagsArg(xEpollCreateFlags))}, Ret: RetFD},
	{Name: "epoll_ctl", Args: []Arg{fd("epfd"), in("op", enumArg(xEpollCommands)), fd("fd"), in("event", epollEventArg)}},
	{Name: "epoll_wait", Args: []Arg{fd("epfd"), out("events", epollEventsArg), in("maxevents", intArg), in("timeout", intArg)}},
	{Name: "epoll_pwait", Args: []Arg{fd("epfd"), out("events", epollEventsArg), in("maxevents", intArg), in("timeout", intArg),
		in("sigmask", sigsetArg(5)), in("sigsetsize", ulongArg)}},
	{Name: "epoll_pwait2", Args: []Arg{fd("epfd"), out("events", epollEventsArg), in("maxevents", intArg), in("timeout", timespec64Arg),
		in("sigmask", sigsetArg(5)), in("sigsetsize", ulongArg)}},
	{Name: "eventfd", Args: []Arg{in("count", uintArg)}, Ret: RetFD},
	{Name: "eventfd2", Args: []Arg{in("count", uintArg), in("flags", flagsArg(xEventfdFlags))}, Ret: RetFD},
}

var selectArgs = []Arg{in("n", intArg), in("inp", fdSetArg), in("outp", fdSetArg), in("exp", fdSetArg), in("tvp", timevalArg)}

// Sets of descriptors.

// maxFdSet is the most descriptors of a set that are looked at.
const maxFdSet = 1 << 20

// fdSet lends the bits of the set at addr for the calls whose first argument is its
// size. Like the kernel, it looks at whole words.
func (c *Ctx) fdSet(addr uint64) ([]byte, bool) {
	n := int(min(int32(c.Args[0]), maxFdSet))
	if n <= 0 || addr == 0 {
		return nil, false
	}
	w := c.Word() * 8
	b, ok := c.Read(addr, (n+w-1)/w*w/8)
	if !ok {
		return nil, false
	}
	for i := n; i < 8*len(b); i++ {
		b[i/8] &^= 1 << (i % 8)
	}
	return b, true
}

func fdSetArg(c *Ctx, i int) event.Value { return c.fdSetV(c.Arg(i)) }

func (c *Ctx) fdSetV(addr uint64) event.Value {
	b, ok := c.fdSet(addr)
	if !ok || !c.Verbose {
		return addrV(addr)
	}
	n := 0
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	v := event.Value{Form: event.FormSet}
	// No process has more: what is left out was made to fill memory.
	const sane = 1 << 16
	if n > sane {
		n = sane
		v.Flags |= event.FlagCut
	}
	v.Elem = c.Vals(n)
	for i, k := 0, 0; k < n; i++ {
		for x := b[i]; x != 0 && k < n; x &= x - 1 {
			v.Elem[k] = c.fdV(int32(8*i + bits.TrailingZeros8(x)))
			k++
		}
	}
	return v
}

// selectAux is the sets that came back and the time that is left.
func selectAux(time func(c *Ctx, r *Rd) event.Value, size int) func(c *Ctx) event.Value {
	return func(c *Ctx) event.Value {
		if c.Failed() || c.Args[0] == 0 && c.Call.Args[0].Reg != 0 && c.Saved(0) == 0 {
			return absent()
		}
		if c.Ret == 0 {
			return wordV("Timeout", 0)
		}
		elems, used := c.readySets()
		if c.Args[4] != 0 {
			left := event.F("left", c.leftV(c.Args[4], time, size))
			if used+timeTextLen(&left) < 1024-len(", left ") {
				elems = append(elems, left)
			}
		}
		return event.Value{Form: event.FormSeq, Elem: elems}
	}
}

// readySets is the sets that came back, up to the number of descriptors returned and
// to the text that strace has room for. The descriptors are not decorated.
func (c *Ctx) readySets() (elems []event.Value, used int) {
	const room = 999
	elems = c.Vals(4)[:0]
	left := int(c.Ret)
	for i, name := range [...]string{"in", "out", "except"} {
		if left <= 0 {
			break
		}
		b, ok := c.fdSet(c.Args[1+i])
		if !ok {
			continue
		}
		v := event.Value{Form: event.FormSet}
		for fd := nextBit(b, 0); fd >= 0 && left > 0 && used < room; fd = nextBit(b, fd+1) {
			if v.Elem == nil {
				v.Elem = c.Vals(min(left, 32))[:0]
				used += len(name) + 1
				if len(elems) > 0 {
					used += 2
				}
			}
			v.Elem = append(v.Elem, intV(int64(fd)))
			used += 1 + decimals(uint64(fd))
			left--
		}
		switch n := len(elems); {
		case v.Elem != nil:
			elems = append(elems, event.F(name, v))
			used++
		case n > 0:
			// strace ends a list that it has not begun.
			elems[n-1] = c.withBracket(elems[n-1])
			used++
		}
	}
	return elems, used
}

// timeTextLen is how long a time's text is: {tv_sec=1, tv_usec=2}, or an address.
func timeTextLen(v *event.Value) int {
	if v.Form != event.FormStruct {
		return 2 + (bits.Len64(v.Num)+3)/4
	}
	sec := int64(v.Elem[0].Num)
	n := len("{tv_sec=, tv_usec=}") + decimals(uint64(max(sec, -sec))) + decimals(v.Elem[1].Num)
	if sec < 0 {
		n++
	}
	return n
}

// nextBit is the number of the first bit that is set, from the one given on; -1 if none is.
func nextBit(b []byte, from int) int {
	for i := from / 8; i < len(b); i++ {
		x := b[i]
		if i == from/8 {
			x &= ^byte(0) << (from % 8)
		}
		if x != 0 {
			return 8*i + bits.TrailingZeros8(x)
		}
	}
	return -1
}

func decimals(n uint64) int {
	d := 1
	for ; n >= 10; n /= 10 {
		d++
	}
	return d
}

func (c *Ctx) withBracket(v event.Value) event.Value {
	name := v.Name
	v.Name = ""
	return event.Value{Form: event.FormTagged, Name: name, Elem: c.list2(v, wordV("]", 0))}
}

// leftV is the time that is left: size bytes, or the ABI's if that is zero.
func (c *Ctx) leftV(addr uint64, time func(c *Ctx, r *Rd) event.Value, size int) event.Value {
	if size == 0 {
		size = 2 * c.Word()
	}
	return c.ptrV(addr, size, time)
}

// oldSelectArg is select as i386 had it first, with a pointer to its arguments. They
// take the place of the registers; Saved(0) tells that they could be read.
func oldSelectArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	b, ok := c.Read(addr, 5*c.Word())
	if !ok || addr == 0 || !c.Verbose {
		return addrV(addr)
	}
	r := c.Rd(b)
	for k := range 5 {
		c.Args[k] = r.ULong()
	}
	c.Save(0, 1)
	return intArg(c, 0)
}

func oldFdSetArg(k int) Decoder {
	return func(c *Ctx, _ int) event.Value {
		if c.Saved(0) == 0 {
			return absent()
		}
		return c.fdSetV(c.Args[k])
	}
}

func oldSelectTimeArg(c *Ctx, _ int) event.Value {
	if c.Saved(0) == 0 {
		return absent()
	}
	return c.timevalV(c.Args[4])
}

// maskSizeArg is a pointer to a set of signals and its size, in a structure.
func maskSizeArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		p, n := r.ULong(), r.ULong()
		return c.Struct(event.F("sigmask", c.sigsetMinV(p, n, c.Word())), event.F("sigsetsize", uintV(n)))
	})
}

// poll.

const pollfdSize = 8

func pollfdsArg(c *Ctx, i int) event.Value {
	return c.arrayV(c.Arg(i), uint64(uint32(c.Arg(i+1))), pollfdSize, func(c *Ctx, r *Rd) event.Value {
		fd, ev := int32(r.U32()), r.U16()
		if fd < 0 {
			return c.Struct(event.F("fd", c.fdV(fd)))
		}
		return c.Struct(event.F("fd", c.fdV(fd)), event.F("events", c.flagsV(xPollEvents, ev)))
	})
}

// reventsV is the entries for which something happened; absent if there are none.
func (c *Ctx) reventsV(addr, n uint64) event.Value {
	const most = 1 << 16
	limit := most
	if c.Abbrev {
		limit = c.Opts.StrLen
	}
	// strace makes this text in a buffer.
	v := event.Value{Form: event.FormArray, Flags: event.FlagRoom, Num: 996}
	var b []byte
	for k := uint64(0); k < min(n, most); k++ {
		if len(b) < pollfdSize {
			if b = c.readSome(addr+k*pollfdSize, n-k, pollfdSize); len(b) < pollfdSize {
				v.Elem = append(v.Elem, addrV(addr+k*pollfdSize))
				return v
			}
		}
		fd, ev := int32(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint16(b[6:])
		b = b[pollfdSize:]
		if ev == 0 {
			continue
		}
		if len(v.Elem) >= limit {
			v.Flags |= event.FlagCut
			return v
		}
		if v.Elem == nil {
			v.Elem = c.Vals(int(min(n-k, uint64(limit), 32)))[:0]
		}
		got := c.flagsV(xPollEvents, uint64(ev))
		got.Flags |= event.FlagRest
		v.Elem = append(v.Elem, c.Struct(event.F("fd", event.Value{Form: event.FormFD, Num: uint64(int64(fd))}), event.F("revents", got)))
	}
	if len(v.Elem) == 0 {
		return absent()
	}
	return v
}

func pollAux(c *Ctx) event.Value { return c.pollAuxV(nil, 0) }

func ppollAux(time func(c *Ctx, r *Rd) event.Value, size int) func(c *Ctx) event.Value {
	return func(c *Ctx) event.Value { return c.pollAuxV(time, size) }
}

func (c *Ctx) pollAuxV(time func(c *Ctx, r *Rd) event.Value, size int) event.Value {
	addr, n := c.Args[0], uint64(uint32(c.Args[1]))
	switch {
	case c.Failed():
		return absent()
	case c.Ret == 0:
		return wordV("Timeout", 0)
	case addr == 0 || n == 0 || !c.Verbose || addr+n*pollfdSize < addr:
		return absent()
	}
	v := c.reventsV(addr, n)
	left := absent()
	if time != nil && c.Args[2] != 0 {
		left = event.F("left", c.leftV(c.Args[2], time, size))
	}
	if v.Absent() && left.Absent() {
		return v
	}
	return c.Seq(v, left)
}

// epoll.

// epollEventSize: only where 64-bit numbers have no need of alignment, on x86, is
// the structure packed.
func (c *Ctx) epollEventSize() int {
	if c.ABI.Arch.Name == "arm64" {
		return 16
	}
	return 12
}

func readEpollEvent(c *Ctx, r *Rd) event.Value {
	ev := r.U32()
	if c.epollEventSize() == 16 {
		r.Align(8)
	}
	b := r.Take(8)
	data := c.Struct(
		event.F("u32", uintV(uint64(binary.LittleEndian.Uint32(b)))),
		event.F("u64", uintV(binary.LittleEndian.Uint64(b))))
	return c.Struct(event.F("events", c.flagsV(xEpollEvents, ev)), event.F("data", data))
}

func epollEventArg(c *Ctx, i int) event.Value {
	const del = 2
	if uint32(c.Arg(1)) == del {
		return addrV(c.Arg(i))
	}
	return c.ptrV(c.Arg(i), c.epollEventSize(), readEpollEvent)
}

func epollEventsArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	return c.arrayV(c.Arg(i), uint64(c.Ret), c.epollEventSize(), readEpollEvent)
}

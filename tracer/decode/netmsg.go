package decode

import (
	"github.com/gotrace/gotrace/tracer/event"
)

// Slots of Ctx.Save that the calls on messages use beside those of net.go.
const saveLeft = 5 // bytes of the message that are not shown yet

// unlimited is for messages that are sent: all of every buffer belongs to them.
const unlimited = 1 << 62

// msghdr is a struct msghdr.
type msghdr struct {
	name, iov, iovlen, control, controllen uint64
	namelen                                int32
	flags                                  uint64
}

func (c *Ctx) msghdrSize() int { return 7 * c.Word() }

// mmsghdrSize is that of struct mmsghdr: msg_len is padded to a long.
func (c *Ctx) mmsghdrSize() int { return 8 * c.Word() }

func readMsghdr(r *Rd) msghdr {
	var m msghdr
	m.name, m.namelen = r.ULong(), int32(r.U32())
	m.iov, m.iovlen = r.ULong(), r.ULong()
	m.control, m.controllen = r.ULong(), r.ULong()
	m.flags = r.U32()
	return m
}

// MsgBuffers is where the array of buffers of a struct msghdr is, and how many they are.
func (c *Ctx) MsgBuffers(addr uint64) (iov, n uint64, ok bool) {
	b, ok := c.Read(addr, c.msghdrSize())
	if !ok {
		return 0, 0, false
	}
	r := c.Rd(b)
	m := readMsghdr(&r)
	return m.iov, m.iovlen, true
}

// EachMessage calls f with the buffers and the length of each of n structs mmsghdr, until it
// returns false or memory ends.
func (c *Ctx) EachMessage(addr, n uint64, f func(i int, iov, count, length uint64) bool) {
	for i := range n {
		iov, count, ok := c.MsgBuffers(addr)
		b, okLen := c.Read(addr+uint64(c.msghdrSize()), 4)
		if !ok || !okLen {
			return
		}
		if r := c.Rd(b); !f(int(i), iov, count, r.U32()) {
			return
		}
		addr += uint64(c.mmsghdrSize())
	}
}

// msghdrV shows m, which holds size bytes in its buffers. before is the length of the
// address that the caller had said, m.namelen if the kernel does not change it.
func (c *Ctx) msghdrV(m *msghdr, size uint64, before int32) event.Value {
	name, family := c.sockaddrFamilyV(m.name, int(min(before, m.namelen)))
	namelen := intV(int64(m.namelen))
	if before != m.namelen {
		namelen = c.Change(intV(int64(before)), namelen)
	}
	base := msgBase
	if family == afNetlink {
		base = netlinkBase
	}
	c.Save(saveLeft, size)
	iov := c.iovecV(m.iov, m.iovlen, base)
	control := absent()
	if m.controllen != 0 {
		control = c.controlV(m.control, m.controllen)
	}
	return c.Struct(event.F("msg_name", name), event.F("msg_namelen", namelen), event.F("msg_iov", iov), event.F("msg_iovlen", uintV(m.iovlen)),
		event.F("msg_control", control), event.F("msg_controllen", uintV(m.controllen)), event.F("msg_flags", c.flagsV(xMsgFlags, m.flags)))
}

// takeLeft is how many of the n bytes of a buffer belong to the message.
func (c *Ctx) takeLeft(n uint64) uint64 {
	left := c.Saved(saveLeft)
	if left == unlimited {
		return n
	}
	n = min(n, left)
	c.Save(saveLeft, left-n)
	return n
}

func msgBase(c *Ctx, addr, n uint64) event.Value { return c.bytesV(addr, c.takeLeft(n)) }

func netlinkBase(c *Ctx, addr, n uint64) event.Value {
	proto := -1
	if c.Opts.Net != nil {
		proto, _ = c.Opts.Net.Netlink(c.Task, int32(c.Arg(0)))
	}
	return c.netlinkV(proto, addr, c.takeLeft(n))
}

// sockBufV is a buffer of n bytes that goes through the socket of argument 0.
func (c *Ctx) sockBufV(addr, n uint64) event.Value {
	if c.Opts.Net != nil && n > 0 && c.canFollow(addr) {
		if proto, ok := c.Opts.Net.Netlink(c.Task, int32(c.Arg(0))); ok {
			return c.netlinkV(proto, addr, n)
		}
	}
	return c.bytesV(addr, n)
}

// sockBufArg is a buffer to send whose length is argument n.
func sockBufArg(n int) Decoder {
	return func(c *Ctx, i int) event.Value { return c.sockBufV(c.Arg(i), c.Arg(n)) }
}

// sockBufRetArg is what was received; with MSG_TRUNC that may be more than there was room for.
func sockBufRetArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	return c.sockBufV(c.Arg(i), min(uint64(c.Ret), c.Arg(i+1)))
}

func msghdrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), c.msghdrSize(), func(c *Ctx, r *Rd) event.Value {
		m := readMsghdr(r)
		return c.msghdrV(&m, unlimited, m.namelen)
	})
}

// namelenOffset is that of msg_namelen in struct msghdr.
func (c *Ctx) namelenOffset() uint64 { return uint64(c.Word()) }

func saveNamelen(c *Ctx, i int) {
	if !c.Verbose || c.Arg(i) == 0 {
		return
	}
	if n, ok := c.U32(c.Arg(i) + c.namelenOffset()); ok {
		c.Save(saveLen, uint64(n))
		c.Save(saveLenOK, 1)
	}
}

// msghdrRetArg is a message received. Of one that was not, there is only the size of the
// address that there was room for.
func msghdrRetArg(c *Ctx, i int) event.Value {
	if c.Saved(saveLenOK) == 0 {
		return addrV(c.Arg(i))
	}
	before := int32(c.Saved(saveLen))
	if c.Failed() {
		return c.Struct(event.F("msg_namelen", intV(int64(before))))
	}
	b, ok := c.Read(c.Arg(i), c.msghdrSize())
	if !ok {
		return addrV(c.Arg(i))
	}
	r := c.Rd(b)
	m := readMsghdr(&r)
	return c.msghdrV(&m, uint64(c.Ret), before)
}

// maxMsgs is the kernel's limit of messages per call, UIO_MAXIOV.
const maxMsgs = 1024

// mmsgSentArg is an array of messages, decoded at exit: those that were sent have a length.
func mmsgSentArg(c *Ctx, i int) event.Value {
	exit := c.Exit
	sent := uint64(0)
	if !c.Failed() {
		sent = uint64(c.Ret)
	}
	c.Exit = false // a failed call's messages are shown, too
	v := c.mmsgV(c.Arg(i), uint64(uint32(c.Arg(i+1))), sent, nil)
	c.Exit = exit
	return v
}

// saveNamelens keeps the lengths of the messages' addresses.
func saveNamelens(c *Ctx, i int) {
	addr, n := c.Arg(i), uint64(uint32(c.Arg(i+1)))
	if !c.canFollow(addr) {
		return
	}
	n = min(n, maxMsgs)
	if c.Abbrev {
		n = min(n, uint64(c.Opts.StrLen))
	}
	lens := c.Bytes(int(4 * n))
	for k := range n {
		if !c.ReadInto(lens[4*k:4*k+4], addr+k*uint64(c.mmsghdrSize())+c.namelenOffset()) {
			lens = lens[:4*k]
			break
		}
	}
	c.SaveBytes(lens)
}

// mmsgRetArg is the array of messages received.
func mmsgRetArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	return c.mmsgV(c.Arg(i), uint64(c.Ret), uint64(c.Ret), c.SavedBytes())
}

// mmsgV is an array of n struct mmsghdr, of which the first done have a length. lens are
// the lengths of the addresses before the call.
func (c *Ctx) mmsgV(addr, n, done uint64, lens []byte) event.Value {
	if !c.Verbose {
		return addrV(addr)
	}
	c.Save(saveDone, done)
	c.mlens = lens
	v := c.arrayV(addr, n, c.mmsghdrSize(), readMmsghdr)
	c.mlens = nil
	return v
}

func readMmsghdr(c *Ctx, r *Rd) event.Value {
	m := readMsghdr(r)
	r.Align(r.Word)
	length := r.U32()
	before := m.namelen
	if len(c.mlens) >= 4 {
		l := c.Rd(c.mlens)
		before = int32(l.U32())
		c.mlens = c.mlens[4:]
	}
	done := c.Saved(saveDone)
	if done == 0 {
		return c.Struct(event.F("msg_hdr", c.msghdrV(&m, unlimited, before)))
	}
	c.Save(saveDone, done-1)
	size := length
	if c.Call.Flags&WritesMsg != 0 {
		size = unlimited
	}
	return c.Struct(event.F("msg_hdr", c.msghdrV(&m, size, before)), event.F("msg_len", uintV(length)))
}

package decode

import (
	"github.com/gotrace/gotrace/tracer/event"
)

// maxControl is how much of the control messages is read: the kernel's default of
// net.core.optmem_max.
const maxControl = 128 << 10

// controlV is a list of control messages, see cmsg(3), of n bytes.
func (c *Ctx) controlV(addr, n uint64) event.Value {
	hdr := uint64(c.Word() + 8)
	if n < hdr || !c.Verbose || addr == 0 {
		return addrV(addr)
	}
	size := min(n, maxControl)
	b, ok := c.Read(addr, int(size))
	if !ok {
		return addrV(addr)
	}
	list := event.Value{Form: event.FormArray, Elem: c.Vals(4)[:0]}
	if size < n {
		list.Flags = event.FlagCut
	}
	for off := uint64(0); off < size; {
		if size-off < hdr {
			list.Elem = append(list.Elem, moreAt(addr+off))
			return list
		}
		r := c.Rd(b[off:])
		length, level, kind := r.ULong(), r.U32(), r.U32()
		data := b[off+hdr : off+min(max(length, hdr), size-off)]
		list.Elem = append(list.Elem, c.cmsgV(length, level, kind, data))
		if length < hdr {
			if off+hdr < size {
				list.Elem = append(list.Elem, moreAt(addr+off+hdr))
			}
			return list
		}
		word := uint64(c.Word())
		if length > size {
			break
		}
		off += (length + word - 1) &^ (word - 1)
	}
	return list
}

// moreAt stands at the end of a list of which the rest is at addr.
func moreAt(addr uint64) event.Value {
	v := addrV(addr)
	v.Flags |= event.FlagMoreAddr
	return v
}

// cmsgDec decodes the data of control messages that have at least min bytes;
// of shorter ones nothing is shown.
type cmsgDec struct {
	kind uint32
	min  int
	dec  func(c *Ctx, b []byte) event.Value
}

var socketCmsgs = []cmsgDec{
	{1, 4, cmsgFDs},
	{2, 12, cmsgCred},
	{3, 1, cmsgText},
	{29, 0, cmsgTimeval},
	{35, 0, cmsgTimespec},
	{37, 0, cmsgTimespecs},
	{63, 0, cmsgTimeval64},
	{64, 0, cmsgTimespec64},
	{65, 0, cmsgTimespecs64},
}

var ipCmsgs = []cmsgDec{
	{1, 1, cmsgBytes},
	{2, 4, cmsgUints},
	{3, 1, cmsgText},
	{6, 1, cmsgBytes},
	{7, 1, cmsgBytes},
	{8, 12, cmsgPktinfo},
	{11, 32, cmsgRecverr},
	{20, 16, cmsgSockaddr},
	{23, 4, cmsgUints},
}

// cmsgLevels are the levels of options as strace calls them here.
var cmsgLevels = &event.Table{Name: xSockLevels.Name, Unknown: "SOL_???", Entries: xSockLevels.Entries, Sorted: xSockLevels.Sorted}

func (c *Ctx) cmsgV(length, level, kind uint64, data []byte) event.Value {
	const solIP, solSocket = 0, 1
	k := hexV(kind)
	var decs []cmsgDec
	switch level {
	case solSocket:
		k, decs = c.enumV(xScmTypes, kind), socketCmsgs
	case solIP:
		k, decs = c.enumV(xScmIpTypes, kind), ipCmsgs
	}
	v := absent()
	for i := range decs {
		if d := &decs[i]; uint64(d.kind) == kind && len(data) >= d.min {
			v = d.dec(c, data)
		}
	}
	return c.Struct(event.F("cmsg_len", uintV(length)), event.F("cmsg_level", c.enumV(cmsgLevels, level)),
		event.F("cmsg_type", k), event.F("cmsg_data", v))
}

// listV is an array of the n elements of size bytes in b, as many as -s allows.
func (c *Ctx) listV(b []byte, size int, f func(c *Ctx, r *Rd) event.Value) event.Value {
	n := len(b) / size
	v := event.Value{Form: event.FormArray}
	if c.Abbrev && n > c.Opts.StrLen {
		n = c.Opts.StrLen
		v.Flags = event.FlagCut
	}
	v.Elem = c.Vals(n)
	for i := range v.Elem {
		r := c.Rd(b[size*i : size*(i+1)])
		v.Elem[i] = f(c, &r)
	}
	return v
}

func readCmsgFD(c *Ctx, r *Rd) event.Value  { return c.fdV(int32(r.U32())) }
func readU32(c *Ctx, r *Rd) event.Value     { return uintV(r.U32()) }
func readByteHex(c *Ctx, r *Rd) event.Value { return hexV(r.U8()) }

func cmsgFDs(c *Ctx, b []byte) event.Value   { return c.listV(b, 4, readCmsgFD) }
func cmsgUints(c *Ctx, b []byte) event.Value { return c.listV(b, 4, readU32) }
func cmsgBytes(c *Ctx, b []byte) event.Value { return c.listV(b, 1, readByteHex) }
func cmsgText(c *Ctx, b []byte) event.Value  { return dataV(b) }

func cmsgCred(c *Ctx, b []byte) event.Value {
	r := c.Rd(b)
	return readUcred(c, &r)
}

func readUcred(c *Ctx, r *Rd) event.Value {
	pid, uid, gid := r.U32(), r.U32(), r.U32()
	return c.Struct(event.F("pid", c.pidV(int32(pid))), event.F("uid", uidV(uint32(uid))), event.F("gid", uidV(uint32(gid))))
}

// unknownV stands for data of a size that it cannot have.
func unknownV() event.Value {
	return event.Value{Form: event.FormSym, Str: "???", Flags: event.FlagWord}
}

func cmsgTimeval(c *Ctx, b []byte) event.Value {
	if len(b) < 2*c.Word() {
		return unknownV()
	}
	r := c.Rd(b)
	return readTimeval(c, &r)
}

func cmsgTimespec(c *Ctx, b []byte) event.Value {
	if len(b) < 2*c.Word() {
		return unknownV()
	}
	r := c.Rd(b)
	return readTimespec(c, &r)
}

func cmsgTimespecs(c *Ctx, b []byte) event.Value {
	if len(b) < 6*c.Word() {
		return unknownV()
	}
	return c.listV(b[:6*c.Word()], 2*c.Word(), readTimespec)
}

func readTimeval64(c *Ctx, r *Rd) event.Value {
	s, u := r.S64(), r.U64()
	return c.Struct(event.F("tv_sec", intV(s)), event.F("tv_usec", uintV(u)))
}

func cmsgTimeval64(c *Ctx, b []byte) event.Value {
	if len(b) < 16 {
		return unknownV()
	}
	r := c.Rd(b)
	return readTimeval64(c, &r)
}

func cmsgTimespec64(c *Ctx, b []byte) event.Value {
	if len(b) < 16 {
		return unknownV()
	}
	r := c.Rd(b)
	return readTimespec64(c, &r)
}

func cmsgTimespecs64(c *Ctx, b []byte) event.Value {
	if len(b) < 48 {
		return unknownV()
	}
	return c.listV(b[:48], 16, readTimespec64)
}

func cmsgPktinfo(c *Ctx, b []byte) event.Value {
	r := c.Rd(b)
	return c.Struct(event.F("ipi_ifindex", c.ifindexV(uint32(r.U32()))), event.F("ipi_spec_dst", c.inAddrV(b[4:8])), event.F("ipi_addr", c.inAddrV(b[8:12])))
}

func cmsgRecverr(c *Ctx, b []byte) event.Value {
	r := c.Rd(b)
	errno, origin, kind, code := r.U32(), r.U8(), r.U8(), r.U8()
	r.Skip(1)
	info, data := r.U32(), r.U32()
	return c.Struct(event.F("ee_errno", uintV(errno)), event.F("ee_origin", uintV(origin)), event.F("ee_type", uintV(kind)), event.F("ee_code", uintV(code)),
		event.F("ee_info", uintV(info)), event.F("ee_data", uintV(data)), event.F("offender", c.sockaddrCopyV(b[16:32])))
}

func cmsgSockaddr(c *Ctx, b []byte) event.Value { return c.sockaddrCopyV(b) }

// sockaddrCopyV is a socket address of len(b) bytes already read.
func (c *Ctx) sockaddrCopyV(b []byte) event.Value {
	n := min(len(b), sockaddrMax)
	p := c.Bytes(sockaddrMax)
	clear(p[copy(p, b[:n]):])
	return c.sockaddrBytesV(p, n)
}

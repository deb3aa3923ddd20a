package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Requests to sockets, most of them about network interfaces: see netdevice(7).

var sockIoctls = []ioctlDec{
	{Code: 0x8901, Dec: intPtrArg},                   // FIOSETOWN
	{Code: 0x8902, Dec: intPtrArg},                   // SIOCSPGRP
	{Code: 0x8903, Dec: ioOut(intPtrArg)},            // FIOGETOWN
	{Code: 0x8904, Dec: ioOut(intPtrArg)},            // SIOCGPGRP
	{Code: 0x8905, Dec: ioOut(intPtrArg)},            // SIOCATMARK
	{Code: 0x8910, Dec: ifnameArg, Then: ifnameRest}, // SIOCGIFNAME
	{Code: 0x8912, Dec: ifconfArg, Then: ifconfRest}, // SIOCGIFCONF
	ifreqGet(0x8913, "ifr_flags", ifrFlags),
	ifreqSet(0x8914, "ifr_flags", ifrFlags),
	ifreqGet(0x8915, "ifr_addr", ifrAddr),
	ifreqSet(0x8916, "ifr_addr", ifrAddr),
	ifreqGet(0x8917, "ifr_dstaddr", ifrAddr),
	ifreqSet(0x8918, "ifr_dstaddr", ifrAddr),
	ifreqGet(0x8919, "ifr_broadaddr", ifrAddr),
	ifreqSet(0x891a, "ifr_broadaddr", ifrAddr),
	ifreqGet(0x891b, "ifr_netmask", ifrAddr),
	ifreqSet(0x891c, "ifr_netmask", ifrAddr),
	ifreqGet(0x891d, "ifr_metric", ifrInt),
	ifreqSet(0x891e, "ifr_metric", ifrInt),
	ifreqGet(0x8921, "ifr_mtu", ifrInt),
	ifreqSet(0x8922, "ifr_mtu", ifrInt),
	ifreqSet(0x8923, "ifr_newname", ifrName),
	ifreqSet(0x8924, "ifr_hwaddr", ifrHwaddr),
	{Code: 0x8925, Dec: ioOut(intPtrArg)}, // SIOCGIFENCAP
	{Code: 0x8926, Dec: intPtrArg},        // SIOCSIFENCAP
	ifreqGet(0x8927, "ifr_hwaddr", ifrHwaddr),
	ifreqGet(0x8929, "ifr_slave", ifrName),
	ifreqSet(0x8930, "ifr_slave", ifrName),
	ifreqSet(0x8931, "ifr_hwaddr", ifrHwaddr), // SIOCADDMULTI
	ifreqSet(0x8932, "ifr_hwaddr", ifrHwaddr), // SIOCDELMULTI
	ifreqGet(0x8933, "ifr_ifindex", ifrInt),
	ifreqSet(0x8937, "ifr_hwaddr", ifrHwaddr), // SIOCSIFHWBROADCAST
	ifreqGet(0x8942, "ifr_qlen", ifrInt),
	ifreqSet(0x8943, "ifr_qlen", ifrInt),
	{Code: 0x894b, Dec: ioOut(intPtrArg)}, // SIOCOUTQNSD
	ifreqGet(0x8970, "ifr_map", ifrMap),
	ifreqSet(0x8971, "ifr_map", ifrMap),
	{Code: 0x89a0, Dec: bridgeArg},     // SIOCBRADDBR
	{Code: 0x89a1, Dec: bridgeArg},     // SIOCBRDELBR
	{Code: 0x89a2, Dec: bridgePortArg}, // SIOCBRADDIF
	{Code: 0x89a3, Dec: bridgePortArg}, // SIOCBRDELIF

	// Structures that are not decoded.
	{Code: 0x8906, Dec: addrArg},     // SIOCGSTAMP_OLD
	{Code: 0x8907, Dec: addrArg},     // SIOCGSTAMPNS_OLD
	{Code: 0x890b, Dec: addrArg},     // SIOCADDRT
	{Code: 0x890c, Dec: addrArg},     // SIOCDELRT
	{Code: 0x890d, Dec: addrArg},     // SIOCRTMSG
	{Code: 0x8911, Dec: addrArg},     // SIOCSIFLINK
	{Code: 0x891f, Dec: addrArg},     // SIOCGIFMEM
	{Code: 0x8920, Dec: addrArg},     // SIOCSIFMEM
	{Code: 0x8934, Dec: addrArg},     // SIOCSIFPFLAGS
	{Code: 0x8935, Dec: addrArg},     // SIOCGIFPFLAGS
	{Code: 0x8936, Dec: addrArg},     // SIOCDIFADDR
	{Code: 0x8938, Dec: addrArg},     // SIOCGIFCOUNT
	{Code: 0x8940, Dec: addrArg},     // SIOCGIFBR
	{Code: 0x8941, Dec: addrArg},     // SIOCSIFBR
	{Code: 0x8946, Dec: addrArg},     // SIOCETHTOOL
	{Code: 0x8947, Dec: addrArg},     // SIOCGMIIPHY
	{Code: 0x8948, Dec: addrArg},     // SIOCGMIIREG
	{Code: 0x8949, Dec: addrArg},     // SIOCSMIIREG
	{Code: 0x894a, Dec: addrArg},     // SIOCWANDEV
	{Code: 0x894c, Dec: addrArg},     // SIOCGSKNS
	{Code: 0x8953, Dec: addrArg},     // SIOCDARP
	{Code: 0x8954, Dec: addrArg},     // SIOCGARP
	{Code: 0x8955, Dec: addrArg},     // SIOCSARP
	{Code: 0x8960, Dec: addrArg},     // SIOCDRARP
	{Code: 0x8961, Dec: addrArg},     // SIOCGRARP
	{Code: 0x8962, Dec: addrArg},     // SIOCSRARP
	{Code: 0x8980, Dec: addrArg},     // SIOCADDDLCI
	{Code: 0x8981, Dec: addrArg},     // SIOCDELDLCI
	{Code: 0x8982, Dec: addrArg},     // SIOCGIFVLAN
	{Code: 0x8983, Dec: addrArg},     // SIOCSIFVLAN
	{Code: 0x8990, Dec: addrArg},     // SIOCBONDENSLAVE
	{Code: 0x8991, Dec: addrArg},     // SIOCBONDRELEASE
	{Code: 0x8992, Dec: addrArg},     // SIOCBONDSETHWADDR
	{Code: 0x8993, Dec: addrArg},     // SIOCBONDSLAVEINFOQUERY
	{Code: 0x8994, Dec: addrArg},     // SIOCBONDINFOQUERY
	{Code: 0x8995, Dec: addrArg},     // SIOCBONDCHANGEACTIVE
	{Code: 0x89b0, Dec: addrArg},     // SIOCSHWTSTAMP
	{Code: 0x89b1, Dec: addrArg},     // SIOCGHWTSTAMP
	{Code: 0x80108906, Dec: addrArg}, // SIOCGSTAMP_NEW
	{Code: 0x80108907, Dec: addrArg}, // SIOCGSTAMPNS_NEW
}

const ifNameSize = 16

// ifreqSize is that of struct ifreq: the name of an interface and a union.
func (c *Ctx) ifreqSize() int {
	if c.Is32() {
		return 32
	}
	return 40
}

func (c *Ctx) ifreqV(addr uint64, f func(c *Ctx, r *Rd) event.Value) event.Value {
	return c.ptrV(addr, c.ifreqSize(), f)
}

// ifreqSet is a request that takes a struct ifreq, of whose union read is the part meant.
func ifreqSet(code uint32, field string, read reader) ioctlDec {
	return ioctlDec{Code: code, Dec: func(c *Ctx, i int) event.Value {
		return c.ifreqV(c.Arg(i), func(c *Ctx, r *Rd) event.Value {
			name := event.F("ifr_name", textV(r.Take(ifNameSize)))
			return c.Struct(name, event.F(field, read(c, r)))
		})
	}}
}

// ifreqGet is a request that fills in the union.
func ifreqGet(code uint32, field string, read reader) ioctlDec {
	return ioctlDec{Code: code, Dec: open(func(c *Ctx, i int) event.Value {
		return c.ifreqV(c.Arg(i), func(c *Ctx, r *Rd) event.Value {
			return c.Struct(event.F("ifr_name", textV(r.Take(ifNameSize))))
		})
	}), Then: ifreqRest(func(c *Ctx, b []byte) event.Value {
		r := c.Rd(b)
		r.Skip(ifNameSize)
		return event.F(field, read(c, &r))
	})}
}

// ifreqRest is a field that the kernel has filled in.
func ifreqRest(f func(c *Ctx, b []byte) event.Value) Decoder {
	return func(c *Ctx, i int) event.Value {
		v := event.Value{Form: event.FormRest}
		if c.Failed() {
			return v
		}
		if b, ok := c.Read(c.Arg(i), c.ifreqSize()); ok {
			v.Elem = c.Vals(1)
			v.Elem[0] = f(c, b)
		}
		return v
	}
}

// ifnameArg is a struct ifreq whose name the kernel fills in.
var ifnameArg = open(func(c *Ctx, i int) event.Value {
	return c.ifreqV(c.Arg(i), func(c *Ctx, r *Rd) event.Value {
		r.Skip(ifNameSize)
		return c.Struct(event.F("ifr_ifindex", ifrInt(c, r)))
	})
})

var ifnameRest = ifreqRest(func(c *Ctx, b []byte) event.Value { return event.F("ifr_name", textV(b[:ifNameSize])) })

func ifrInt(_ *Ctx, r *Rd) event.Value { return intV(r.S32()) }

func ifrFlags(c *Ctx, r *Rd) event.Value { return c.flagsV(xIffFlags, r.U16()) }

func ifrName(_ *Ctx, r *Rd) event.Value { return textV(r.Take(ifNameSize)) }

func ifrAddr(c *Ctx, r *Rd) event.Value { return c.sockaddrCopyV(r.Take(16)) }

// hwaddrLens are the lengths of hardware addresses by ARPHRD_ type, where they do not
// fill their field.
var hwaddrLens = map[uint64]int{
	0: 7, 1: 6, 3: 7, 6: 6, 7: 1, 15: 2, 27: 8, 270: 5, 271: 5, 290: 1, 768: 4, 772: 6, 773: 1, 774: 6, 776: 4, 777: 4,
	778: 4, 779: 4, 780: 6, 783: 4, 801: 6, 802: 6, 803: 6, 804: 8, 805: 8, 820: 1, 821: 1, 822: 1, 825: 8, 826: 8,
}

func ifrHwaddr(c *Ctx, r *Rd) event.Value {
	const most = 14
	family, b := r.U16(), r.Take(most)
	if n, ok := hwaddrLens[family]; ok {
		b = b[:n]
	}
	return c.Struct(event.F("sa_family", c.enumV(xArpHardwareTypes, family)), event.F("sa_data", macV(b)))
}

var ifrMap = structOf(0, field{"mem_start", xlong}, field{"mem_end", xlong}, field{"base_addr", x16}, field{"irq", x8},
	field{"dma", x8}, field{"port", x8})

// ifconfSize is that of struct ifconf: the size of a buffer and its address.
func (c *Ctx) ifconfSize() int { return 2 * c.Word() }

// ifconfArg is room for interfaces.
var ifconfArg = open(func(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), c.ifconfSize(), func(c *Ctx, r *Rd) event.Value {
		size := r.U32()
		c.Save(0, size)
		return c.Struct(event.F("ifc_len", c.ifconfLenV(size)))
	})
})

// ifconfLenV is a size in bytes and, where that can be, in interfaces.
func (c *Ctx) ifconfLenV(size uint64) event.Value {
	n, one := int64(int32(size)), int64(c.ifreqSize())
	v := intV(n)
	if n > 0 && n%one == 0 {
		v.Note = append(strconv.AppendInt(c.Bytes(40)[:0], n/one, 10), " * sizeof(struct ifreq)"...)
	}
	return v
}

// ifconfRest is the interfaces that there are, and their size where it is not that of the room.
func ifconfRest(c *Ctx, i int) event.Value {
	v := event.Value{Form: event.FormRest, Elem: c.Vals(2)[:0]}
	b, ok := c.Read(c.Arg(i), c.ifconfSize())
	if !ok {
		return v
	}
	r := c.Rd(b)
	size, buf := r.U32(), r.ULong()
	if size != c.Saved(0) && !c.Failed() {
		v.Elem = append(v.Elem, c.Then(c.ifconfLenV(size)))
	}
	list := addrV(buf)
	if n := int32(size); n >= 0 && !c.Failed() {
		one := c.ifreqSize()
		list = c.arrayV(buf, uint64(int(n)/one), one, func(c *Ctx, r *Rd) event.Value {
			name := event.F("ifr_name", textV(r.Take(ifNameSize)))
			return c.Struct(name, event.F("ifr_addr", ifrAddr(c, r)))
		})
	}
	v.Elem = append(v.Elem, event.F("ifc_buf", list))
	return v
}

// bridgeArg is the name of a bridge.
func bridgeArg(c *Ctx, i int) event.Value {
	if !c.canFollow(c.Arg(i)) {
		return addrV(c.Arg(i))
	}
	return c.nameV(c.Arg(i), ifNameSize)
}

// bridgePortArg is the interface that a bridge gains or loses.
func bridgePortArg(c *Ctx, i int) event.Value {
	return c.ifreqV(c.Arg(i), func(c *Ctx, r *Rd) event.Value {
		r.Skip(ifNameSize)
		return c.Struct(event.F("ifr_ifindex", c.ifindexV(uint32(r.U32()))))
	})
}

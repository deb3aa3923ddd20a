package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

// Requests to sockets about network interfaces, see netdevice(7).

var sockIoctls = []ioctlDec{
	{Code: 0x8910, Dec: ioOut(ifnameArg)}, // SIOCGIFNAME
	{Code: 0x8913, Dec: ioOut(ifreqArg("ifr_flags", ifrFlags))},
	{Code: 0x8914, Dec: ifreqArg("ifr_flags", ifrFlags)},
	{Code: 0x8915, Dec: ioOut(ifreqArg("ifr_addr", ifrAddr))},
	{Code: 0x8916, Dec: ifreqArg("ifr_addr", ifrAddr)},
	{Code: 0x8917, Dec: ioOut(ifreqArg("ifr_dstaddr", ifrAddr))},
	{Code: 0x8918, Dec: ifreqArg("ifr_dstaddr", ifrAddr)},
	{Code: 0x8919, Dec: ioOut(ifreqArg("ifr_broadaddr", ifrAddr))},
	{Code: 0x891a, Dec: ifreqArg("ifr_broadaddr", ifrAddr)},
	{Code: 0x891b, Dec: ioOut(ifreqArg("ifr_netmask", ifrAddr))},
	{Code: 0x891c, Dec: ifreqArg("ifr_netmask", ifrAddr)},
	{Code: 0x891d, Dec: ioOut(ifreqArg("ifr_metric", ifrInt))},
	{Code: 0x891e, Dec: ifreqArg("ifr_metric", ifrInt)},
	{Code: 0x8921, Dec: ioOut(ifreqArg("ifr_mtu", ifrInt))},
	{Code: 0x8922, Dec: ifreqArg("ifr_mtu", ifrInt)},
	{Code: 0x8927, Dec: ioOut(ifreqArg("ifr_hwaddr", ifrHwaddr))},
	{Code: 0x8933, Dec: ioOut(ifreqArg("ifr_ifindex", ifrInt))},
	{Code: 0x8942, Dec: ioOut(ifreqArg("ifr_qlen", ifrInt))},
	{Code: 0x8943, Dec: ifreqArg("ifr_qlen", ifrInt)},
}

const ifNameSize = 16

// ifreq reads a struct ifreq: the name of an interface and a union.
func (c *Ctx) ifreq(i int) ([]byte, bool) {
	if !c.Verbose || c.Arg(i) == 0 {
		return nil, false
	}
	size := 40
	if c.Is32() {
		size = 32
	}
	return c.Read(c.Arg(i), size)
}

// ifreqArg is a struct ifreq of which f decodes the union. Where the request failed the kernel
// has left it as it was, and the name alone is shown.
func ifreqArg(field string, f func(c *Ctx, b []byte) event.Value) Decoder {
	return func(c *Ctx, i int) event.Value {
		b, ok := c.ifreq(i)
		if !ok {
			return addrV(c.Arg(i))
		}
		name := event.F("ifr_name", textV(b[:ifNameSize]))
		if c.Failed() {
			return c.Struct(name)
		}
		return c.Struct(name, event.F(field, f(c, b[ifNameSize:])))
	}
}

// ifnameArg is a struct ifreq whose name the kernel fills in.
func ifnameArg(c *Ctx, i int) event.Value {
	b, ok := c.ifreq(i)
	if !ok {
		return addrV(c.Arg(i))
	}
	index := event.F("ifr_ifindex", ifrInt(c, b[ifNameSize:]))
	if c.Failed() {
		return c.Struct(index)
	}
	return c.Struct(index, event.F("ifr_name", textV(b[:ifNameSize])))
}

func ifrInt(_ *Ctx, b []byte) event.Value { return intV(int64(int32(binary.LittleEndian.Uint32(b)))) }

func ifrFlags(c *Ctx, b []byte) event.Value {
	return c.flagsV(xIffFlags, uint64(binary.LittleEndian.Uint16(b)))
}

func ifrAddr(c *Ctx, b []byte) event.Value { return c.sockaddrCopyV(b[:16]) }

func ifrHwaddr(c *Ctx, b []byte) event.Value {
	const macLen = 6
	return c.Struct(event.F("sa_family", c.enumV(xArpHardwareTypes, uint64(binary.LittleEndian.Uint16(b)))), event.F("sa_data", macV(b[2:2+macLen])))
}

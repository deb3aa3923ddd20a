package decode

import (
	"github.com/gotrace/gotrace/tracer/event"
)

// Net tells what a tracee's sockets and network interfaces are. It may look at the live
// process; in replay it answers from the record.
type Net interface {
	// IfName appends the name of the network interface of that index.
	IfName(dst []byte, index uint32) ([]byte, bool)
	// Netlink reports whether a descriptor is a netlink socket, and the protocol
	// it was made for; -1 if that is not known.
	Netlink(t event.Task, fd int32) (proto int, ok bool)
}

var netCalls = []Call{
	{Name: "socket", Args: []Arg{in("family", enumArg(xSocketDomains)), in("type", socketTypeArg), in("protocol", socketProtoArg)}, Ret: RetFD},
	{Name: "socketpair", Args: []Arg{in("family", enumArg(xSocketDomains)), in("type", socketTypeArg), in("protocol", ulongArg), out("usockvec", fdPairArg)}},
	{Name: "bind", Args: []Arg{fd("fd"), in("umyaddr", sockaddrArg(2)), in("addrlen", intArg)}},
	{Name: "connect", Args: []Arg{fd("fd"), in("uservaddr", sockaddrArg(2)), in("addrlen", intArg)}},
	{Name: "listen", Args: []Arg{fd("fd"), in("backlog", intArg)}},
	{Name: "accept", Args: []Arg{fd("fd"), out("upeer_sockaddr", sockaddrRetArg).atEntry(saveSocklen), out("upeer_addrlen", socklenRetArg)}, Ret: RetFD},
	{Name: "accept4", Args: []Arg{fd("fd"), out("upeer_sockaddr", sockaddrRetArg).atEntry(saveSocklen), out("upeer_addrlen", socklenRetArg), in("flags", flagsArg(xSocketFlags))}, Ret: RetFD},
	{Name: "getsockname", Args: []Arg{fd("fd"), out("usockaddr", sockaddrRetArg).atEntry(saveSocklen), out("usockaddr_len", socklenRetArg)}},
	{Name: "getpeername", Args: []Arg{fd("fd"), out("usockaddr", sockaddrRetArg).atEntry(saveSocklen), out("usockaddr_len", socklenRetArg)}},
	{Name: "send", Args: []Arg{fd("fd"), in("buff", sockBufArg(2)), in("len", ulongArg), in("flags", flagsArg(xMsgFlags))}, Flags: WritesData},
	{Name: "sendto", Args: []Arg{fd("fd"), in("buff", sockBufArg(2)), in("len", ulongArg), in("flags", flagsArg(xMsgFlags)), in("addr", sockaddrArg(5)), in("addr_len", intArg)}, Flags: WritesData},
	{Name: "recv", Args: []Arg{fd("fd"), out("ubuf", sockBufRetArg), in("size", ulongArg), in("flags", flagsArg(xMsgFlags))}, Flags: ReadsData},
	{Name: "recvfrom", Args: []Arg{fd("fd"), out("ubuf", sockBufRetArg), in("size", ulongArg), in("flags", flagsArg(xMsgFlags)), out("addr", sockaddrRetArg).atEntry(saveSocklen), out("addr_len", socklenRetArg)}, Flags: ReadsData},
	{Name: "sendmsg", Args: []Arg{fd("fd"), in("msg", msghdrArg), in("flags", flagsArg(xMsgFlags))}, Flags: WritesMsg},
	{Name: "recvmsg", Args: []Arg{fd("fd"), out("msg", msghdrRetArg).atEntry(saveNamelen), in("flags", flagsArg(xMsgFlags))}, Flags: ReadsMsg},
	{Name: "sendmmsg", Args: []Arg{fd("fd"), out("mmsg", mmsgSentArg), in("vlen", uintArg), in("flags", flagsArg(xMsgFlags))}, Flags: WritesMsg},
	{Name: "recvmmsg", Args: []Arg{fd("fd"), out("mmsg", mmsgRetArg).atEntry(saveNamelens), in("vlen", uintArg), in("flags", flagsArg(xMsgFlags)), out("timeout", savedTimeArg).atEntry(saveTimespec)}, Aux: timespecLeft, Flags: ReadsMsg},
	{Name: "recvmmsg_time64", Args: []Arg{fd("fd"), out("mmsg", mmsgRetArg).atEntry(saveNamelens), in("vlen", uintArg), in("flags", flagsArg(xMsgFlags)), out("timeout", savedTime64Arg).atEntry(saveTimespec64)}, Aux: timespec64Left, Flags: ReadsMsg},
	{Name: "shutdown", Args: []Arg{fd("fd"), in("how", enumArg(xShutdownHow))}},
	{Name: "setsockopt", Args: []Arg{fd("fd"), in("level", sockLevelArg), in("optname", sockoptNameArg), in("optval", setsockoptArg), in("optlen", intArg)}},
	{Name: "getsockopt", Args: []Arg{fd("fd"), in("level", sockLevelArg), in("optname", sockoptNameArg), out("optval", getsockoptArg).atEntry(saveSocklen), out("optlen", optlenRetArg)}},
}

// sockTypeMask covers the type proper; flags stand above it.
const sockTypeMask = 0xf

// socketTypeArg is a socket type with the flags of the new descriptor.
func socketTypeArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i)))
	t := c.enumV(xSocketTypes, n&sockTypeMask)
	flags := n &^ sockTypeMask
	name := t.Table.Find(t.Num)
	if flags == 0 && (name != "" || n != 0) {
		return t
	}
	if name == "" {
		return c.flagsV(xSocketFlags, n)
	}
	rest := c.flagsV(xSocketFlags, flags)
	v := c.Or(t, rest)
	v.Num, v.Flags = n, event.FlagParts
	return v
}

// protoTables names the protocols of address families.
var protoTables = [...]*event.Table{
	afInet: xIpProtocols, afInet6: xIpProtocols, afAX25: xAx25Protocols, afNetlink: xNetlinkProtocols,
	afIrda: xIrdaProtocols, afCAN: xCanProtocols, afBluetooth: xBluetoothProtocols,
	afRxrpc: xSocketDomains, afISDN: xIsdnProtocols, afPhonet: xPhonetProtocols, afCAIF: xCaifProtocols,
	afNFC: xNfcProtocols, afKCM: xKcmProtocols, afSMC: xSmcProtocols,
}

// socketProtoArg is a protocol, whose names depend on the family, argument 0.
func socketProtoArg(c *Ctx, i int) event.Value {
	n := uint32(c.Arg(i))
	family := uint32(c.Arg(0))
	if family == afPacket {
		return c.htonsEnumV(xEthProtocols, uint16(n))
	}
	if family < uint32(len(protoTables)) && protoTables[family] != nil {
		if family == afAX25 {
			return bothV(c.enumV(protoTables[family], c.Arg(i)))
		}
		return c.enumV(protoTables[family], uint64(n))
	}
	return ulongArg(c, i)
}

// sockaddrArg is a socket address whose length is argument n.
func sockaddrArg(n int) Decoder {
	return func(c *Ctx, i int) event.Value { return c.sockaddrV(c.Arg(i), int(int32(c.Arg(n)))) }
}

// Lengths that the kernel replaces are saved in slot saveLen at entry; saveLenOK
// tells that they could be read.
const (
	saveLen = iota
	saveLenOK
	saveTime
	saveTimeNS
	saveTimeOK
)

// saveDone counts the messages of sendmmsg that have a length. It shares its slot with
// nothing that these calls keep.
const saveDone = saveLenOK

// saveSocklen keeps the length that argument i+1 points to.
func saveSocklen(c *Ctx, i int) {
	if n, ok := c.U32(c.Arg(i + 1)); ok && c.Verbose && c.Arg(i+1) != 0 {
		c.Save(saveLen, uint64(n))
		c.Save(saveLenOK, 1)
	}
}

// sockaddrRetArg is an address that the call filled in, at most as long as the
// caller had said.
func sockaddrRetArg(c *Ctx, i int) event.Value {
	if c.Failed() || c.Saved(saveLenOK) == 0 || c.Arg(i) == 0 {
		return addrV(c.Arg(i))
	}
	n, ok := c.U32(c.Arg(i + 1))
	if !ok {
		return addrV(c.Arg(i))
	}
	return c.sockaddrV(c.Arg(i), min(int(int32(n)), int(int32(c.Saved(saveLen)))))
}

// socklenRetArg is the length of the address in the argument before: [128 => 16].
func socklenRetArg(c *Ctx, i int) event.Value {
	if c.Saved(saveLenOK) == 0 || c.Arg(i-1) == 0 {
		return addrV(c.Arg(i))
	}
	return c.lengthsV(c.Arg(i))
}

// lengthsV is the length at addr, with the one before the call if that was another.
func (c *Ctx) lengthsV(addr uint64) event.Value {
	before := int32(c.Saved(saveLen))
	if !c.Failed() {
		n, ok := c.U32(addr)
		if !ok {
			return addrV(addr)
		}
		if int32(n) != before {
			return c.Array(c.Change(intV(int64(before)), intV(int64(int32(n)))))
		}
	}
	return c.Array(intV(int64(before)))
}

// Times that the kernel replaces with what is left of them.

func saveTimespec(c *Ctx, i int)   { c.saveTime(c.Arg(i), c.Word()) }
func saveTimespec64(c *Ctx, i int) { c.saveTime(c.Arg(i), 8) }

func (c *Ctx) saveTime(addr uint64, word int) {
	if !c.canFollow(addr) {
		return
	}
	b, ok := c.Read(addr, 2*word)
	if !ok {
		return
	}
	r := c.Rd(b)
	r.Word = word
	c.Save(saveTime, r.ULong())
	c.Save(saveTimeNS, r.ULong())
	c.Save(saveTimeOK, 1)
}

func savedTimeArg(c *Ctx, i int) event.Value   { return c.savedTimeV(c.Arg(i), c.Word()) }
func savedTime64Arg(c *Ctx, i int) event.Value { return c.savedTimeV(c.Arg(i), 8) }

func (c *Ctx) savedTimeV(addr uint64, word int) event.Value {
	if c.Saved(saveTimeOK) == 0 {
		return addrV(addr)
	}
	sec := int64(c.Saved(saveTime))
	if word == 4 {
		sec = int64(int32(sec))
	}
	return c.Struct(event.F("tv_sec", intV(sec)), event.F("tv_nsec", uintV(c.Saved(saveTimeNS))))
}

func timespecLeft(c *Ctx) event.Value   { return c.timeLeft((*Ctx).timespecV) }
func timespec64Left(c *Ctx) event.Value { return c.timeLeft((*Ctx).timespec64V) }

// timeLeft is the rest of recvmmsg's timeout, behind the number of messages.
func (c *Ctx) timeLeft(f func(*Ctx, uint64) event.Value) event.Value {
	if c.Exit && !c.Failed() && c.Ret == 0 {
		return event.Value{Form: event.FormSym, Str: "Timeout", Flags: event.FlagWord}
	}
	if c.Failed() || c.Arg(4) == 0 || c.Saved(saveTimeOK) == 0 {
		return absent()
	}
	return c.Seq(event.F("left", f(c, c.Arg(4))))
}

package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Levels of socket options, see socket(7).
const (
	solIP      = 0
	solSocket  = 1
	solTCP     = 6
	solUDP     = 17
	solIPv6    = 41
	solRAW     = 255
	solPacket  = 263
	solNetlink = 270
)

// sockLevel tells how the options of a level are named: both, and those that getsockopt
// or setsockopt alone have.
type sockLevel struct {
	level          uint32
	both, get, set *event.Table
}

var sockLevels = []sockLevel{
	{solIP, xIpOptions, xIpOptionsGet, xIpOptionsSet},
	{solSocket, xSockOptions, xSockOptionsGet, xSockOptionsSet},
	{solTCP, xTcpOptions, nil, nil},
	{solUDP, xUdpOptions, nil, nil},
	{afVSOCK, xVsockOptions, nil, nil},
	{solIPv6, xIpv6Options, xIpv6OptionsGet, xIpv6OptionsSet},
	{101, xCanRawOptions, nil, nil},
	{132, xSctpOptions, nil, nil},
	{solRAW, xRawOptions, nil, nil},
	{256, xIpxOptions, nil, nil},
	{257, xAx25Options, nil, nil},
	{solPacket, xPacketOptions, nil, nil},
	{266, xIrdaOptions, nil, nil},
	{268, xLlcOptions, nil, nil},
	{269, xDccpOptions, nil, nil},
	{solNetlink, xNetlinkOptions, nil, nil},
	{271, xTipcOptions, nil, nil},
	{272, xRxrpcOptions, nil, nil},
	{273, xPppol2tpOptions, nil, nil},
	{274, xBluetoothOptions, nil, nil},
	{275, xPnpipeOptions, nil, nil},
	{276, xRdsOptions, nil, nil},
	{277, xIucvOptions, nil, nil},
	{278, xCaifOptions, nil, nil},
	{279, xAlgOptions, nil, nil},
	{280, xNfcOptions, nil, nil},
	{281, xKcmOptions, nil, nil},
	{282, xTlsOptions, nil, nil},
	{283, xXdpOptions, nil, nil},
	{284, xMptcpOptions, nil, nil},
}

func sockLevelArg(c *Ctx, i int) event.Value { return c.enumV(xSockLevels, uint64(uint32(c.Arg(i)))) }

// sockoptNameArg is the name of an option of the level in the argument before.
func sockoptNameArg(c *Ctx, i int) event.Value {
	level, opt := uint32(c.Arg(i-1)), uint64(uint32(c.Arg(i)))
	for k := range sockLevels {
		l := &sockLevels[k]
		if l.level != level {
			continue
		}
		own := l.set
		if c.Call.Name == "getsockopt" {
			own = l.get
		}
		if name := own.Find(opt); name != "" {
			return event.Value{Form: event.FormEnum, Num: opt, Table: l.both, Str: name}
		}
		return c.enumV(l.both, opt)
	}
	return uintV(opt)
}

// sockopt tells how the value of an option is shown. set decodes what setsockopt is given,
// get the n bytes that getsockopt returned; where one is nil the value is shown as bytes, or
// as a number if it has the size of one.
type sockopt struct {
	level, opt uint32
	set, get   func(c *Ctx, addr uint64, n int) event.Value
}

var sockopts = []sockopt{
	{solIP, 35, setIPMreq, nil},
	{solIP, 36, setIPMreq, nil},
	{solIP, 42, setGroupReq, nil},
	{solIP, 45, setGroupReq, nil},
	{solSocket, 4, nil, getErrno},
	{solSocket, 13, setLinger, getLinger},
	{solSocket, 17, nil, getUcred},
	{solSocket, 26, setFprog, getFilter},
	{solSocket, 51, setFprog, nil},
	{solSocket, 74, setTxrehash, getTxrehash},
	{solIPv6, 20, setIPv6Mreq, nil},
	{solIPv6, 21, setIPv6Mreq, nil},
	{solIPv6, 27, setIPv6Mreq, nil},
	{solIPv6, 28, setIPv6Mreq, nil},
	{solIPv6, 42, setGroupReq, nil},
	{solIPv6, 45, setGroupReq, nil},
	{solRAW, 1, icmpFilter, icmpFilter},
	{solPacket, 1, setPacketMreq, nil},
	{solPacket, 2, setPacketMreq, nil},
	{solPacket, 5, setPacketRing, nil},
	{solPacket, 6, nil, getPacketStats},
	{solPacket, 13, setPacketRing, nil},
	{solNetlink, 9, setInt, getUints},
}

// plainSocket are the options of SOL_SOCKET that have no decoder: bytes.
var plainSocket = [...]bool{
	3: true, 4: true, 17: true, 20: true, 21: true, 22: true, 23: true, 24: true, 25: true, 28: true, 31: true, 38: true, 39: true,
	47: true, 48: true, 50: true, 51: true, 52: true, 55: true, 57: true, 59: true, 61: true, 62: true, 66: true, 67: true, 71: true, 72: true,
}

func findSockopt(level, opt uint32) *sockopt {
	for i := range sockopts {
		if s := &sockopts[i]; s.level == level && s.opt == opt {
			return s
		}
	}
	return nil
}

// isIntOpt reports whether an option without a decoder is known to be a number.
func isIntOpt(level, opt uint32) bool {
	switch level {
	case solSocket:
		return xSockOptions.Find(uint64(opt)) != "" && !(opt < uint32(len(plainSocket)) && plainSocket[opt])
	case solNetlink:
		return true
	}
	return false
}

// setsockoptArg is the value of an option, its length the argument behind it.
func setsockoptArg(c *Ctx, i int) event.Value {
	level, opt := uint32(c.Arg(i-2)), uint32(c.Arg(i-1))
	addr, n := c.Arg(i), int(int32(c.Arg(i+1)))
	if addr == 0 || !c.Verbose {
		return addrV(addr)
	}
	if s := findSockopt(level, opt); s != nil && s.set != nil {
		return s.set(c, addr, n)
	}
	if isIntOpt(level, opt) {
		return setInt(c, addr, n)
	}
	return c.optBytesV(addr, n)
}

// optBytesV is a value of unknown form.
func (c *Ctx) optBytesV(addr uint64, n int) event.Value {
	if n == 4 {
		return c.ptrV(addr, 4, func(c *Ctx, r *Rd) event.Value { return c.Array(intV(r.S32())) })
	}
	return c.bytesV(addr, uint64(n))
}

// setInt is a number that may be followed by what the kernel does not look at.
func setInt(c *Ctx, addr uint64, n int) event.Value {
	if n < 4 {
		return addrV(addr)
	}
	return c.ptrV(addr, 4, func(c *Ctx, r *Rd) event.Value { return c.Array(intV(r.S32())) })
}

// getsockoptArg is the value that the call filled in; the argument behind it points to the length.
func getsockoptArg(c *Ctx, i int) event.Value {
	level, opt := uint32(c.Arg(i-2)), uint32(c.Arg(i-1))
	addr := c.Arg(i)
	after, ok := c.U32(c.Arg(i + 1))
	if c.Failed() || c.Saved(saveLenOK) == 0 || !ok || !c.canFollow(addr) {
		return addrV(addr)
	}
	n := min(int(int32(after)), int(int32(c.Saved(saveLen))))
	if n <= 0 {
		return addrV(addr)
	}
	if s := findSockopt(level, opt); s != nil && s.get != nil {
		return s.get(c, addr, n)
	}
	switch {
	case level == solSocket && isIntOpt(level, opt):
		return c.shortUintV(addr, n, false)
	case isIntOpt(level, opt):
		return setInt(c, addr, n)
	}
	return c.optBytesV(addr, n)
}

// optlenRetArg is the length before and after the call: [100 => 4].
func optlenRetArg(c *Ctx, i int) event.Value {
	if c.Saved(saveLenOK) == 0 {
		return addrV(c.Arg(i))
	}
	return c.lengthsV(c.Arg(i))
}

// shortUintV is the number at addr of which n bytes were filled in, in brackets; fewer
// than all are shown as bytes.
func (c *Ctx) shortUintV(addr uint64, n int, unsigned bool) event.Value {
	b, ok := c.Read(addr, min(n, 4))
	switch {
	case !ok:
		return addrV(addr)
	case n < 4:
		return event.Value{Form: event.FormString, Data: b, Flags: event.FlagHexStr}
	case unsigned:
		return c.Array(uintV(uint64(binary.LittleEndian.Uint32(b))))
	}
	return c.Array(intV(int64(int32(binary.LittleEndian.Uint32(b)))))
}

// getErrno is SO_ERROR.
func getErrno(c *Ctx, addr uint64, n int) event.Value {
	v := c.shortUintV(addr, n, true)
	if v.Form == event.FormArray {
		if name := arch.ErrnoName(int(v.Elem[0].Num)); name != "" {
			e := symV(name, v.Elem[0].Num)
			e.Flags = event.FlagSigned
			v.Elem[0] = e
		}
	}
	return v
}

func setTxrehash(c *Ctx, addr uint64, n int) event.Value { return c.txrehashV(setInt(c, addr, n)) }

func getTxrehash(c *Ctx, addr uint64, n int) event.Value {
	return c.txrehashV(c.shortUintV(addr, n, false))
}

// txrehashV gives the number in v, if it is one, its name.
func (c *Ctx) txrehashV(v event.Value) event.Value {
	if v.Form == event.FormArray {
		e := c.enumV(xTxrehashModes, v.Elem[0].Num)
		e.Form, e.Flags = event.FormEnumDec, event.FlagSigned
		v.Elem[0] = e
	}
	return v
}

// partV decodes a structure of numbers of 32 bits of which n bytes were filled in: a field
// that is not whole is shown as bytes, those behind it not at all.
func (c *Ctx) partV(addr uint64, n int, names []string, f func(c *Ctx, i int, x uint32) event.Value) event.Value {
	b, ok := c.Read(addr, min(n, 4*len(names)))
	if !ok {
		return addrV(addr)
	}
	e := c.Vals(len(names))[:0]
	for i, name := range names {
		if len(b) == 0 {
			break
		}
		if len(b) < 4 {
			e = append(e, event.F(name, event.Value{Form: event.FormString, Data: b, Flags: event.FlagHexStr}))
			break
		}
		e = append(e, event.F(name, f(c, i, binary.LittleEndian.Uint32(b))))
		b = b[4:]
	}
	return event.Value{Form: event.FormStruct, Elem: e}
}

var (
	lingerFields  = []string{"l_onoff", "l_linger"}
	ucredFields   = []string{"pid", "uid", "gid"}
	pktStatFields = []string{"tp_packets", "tp_drops", "tp_freeze_q_cnt"}
)

func partInt(c *Ctx, _ int, x uint32) event.Value  { return intV(int64(int32(x))) }
func partUint(c *Ctx, _ int, x uint32) event.Value { return uintV(uint64(x)) }

func partUcred(c *Ctx, i int, x uint32) event.Value {
	if i == 0 {
		return c.pidV(int32(x))
	}
	return uidV(x)
}

func getLinger(c *Ctx, addr uint64, n int) event.Value {
	return c.partV(addr, n, lingerFields, partInt)
}
func getUcred(c *Ctx, addr uint64, n int) event.Value {
	return c.partV(addr, n, ucredFields, partUcred)
}

func getPacketStats(c *Ctx, addr uint64, n int) event.Value {
	return c.partV(addr, n, pktStatFields, partUint)
}

func setLinger(c *Ctx, addr uint64, n int) event.Value {
	if n < 8 {
		return addrV(addr)
	}
	return c.partV(addr, 8, lingerFields, partInt)
}

func setIPMreq(c *Ctx, addr uint64, n int) event.Value {
	if n < 8 {
		return addrV(addr)
	}
	return c.ptrV(addr, 8, func(c *Ctx, r *Rd) event.Value {
		return c.Struct(event.F("imr_multiaddr", c.inAddrV(r.Take(4))), event.F("imr_interface", c.inAddrV(r.Take(4))))
	})
}

func setIPv6Mreq(c *Ctx, addr uint64, n int) event.Value {
	if n < 20 {
		return addrV(addr)
	}
	return c.ptrV(addr, 20, func(c *Ctx, r *Rd) event.Value {
		return c.Struct(event.F("ipv6mr_multiaddr", c.in6AddrV(r.Take(16))), event.F("ipv6mr_interface", c.ifindexV(uint32(r.U32()))))
	})
}

// setGroupReq is a struct group_req, whose address is aligned to a long.
func setGroupReq(c *Ctx, addr uint64, n int) event.Value {
	size := c.Word() + sockaddrMax
	if n < size {
		return addrV(addr)
	}
	return c.ptrV(addr, size, func(c *Ctx, r *Rd) event.Value {
		index := r.U32()
		r.Align(r.Word)
		return c.Struct(event.F("gr_interface", c.ifindexV(uint32(index))), event.F("gr_group", c.sockaddrCopyV(r.Take(sockaddrMax))))
	})
}

func setFprog(c *Ctx, addr uint64, n int) event.Value {
	if n != 2*c.Word() {
		return addrV(addr)
	}
	return c.sockFprogV(addr)
}

// getFilter is SO_GET_FILTER, whose length is a number of instructions.
func getFilter(c *Ctx, addr uint64, n int) event.Value {
	return c.filterV(addr, uint64(n), bpfSockK)
}

// bpfSockK is the constant of an instruction of a filter for sockets: high offsets stand for
// what is known of a packet beside its bytes.
func bpfSockK(c *Ctx, code, k uint64) event.Value {
	const (
		mode, abs       = 0xe7, 0x20
		adOff, adEnd    = 0xfffff000, 0x100000000
		netOff, linkOff = 0xfff00000, 0xffe00000
	)
	switch {
	case code&mode != abs || k < linkOff:
		return hexV(k)
	case k >= adOff && k < adEnd:
		return c.Tagged("SKF_AD_OFF+", c.enumV(xBpfSkfAd, k-adOff))
	case k >= netOff:
		return c.Tagged("SKF_NET_OFF+", uintV(k-netOff))
	}
	return c.Tagged("SKF_LL_OFF+", uintV(k-linkOff))
}

// icmpFilter is a set of types of messages that do not pass.
func icmpFilter(c *Ctx, addr uint64, n int) event.Value {
	if n <= 0 {
		return addrV(addr)
	}
	b, ok := c.Read(addr, min(n, 4))
	if !ok {
		return addrV(addr)
	}
	w := [4]byte{0xff, 0xff, 0xff, 0xff}
	copy(w[:], b)
	mask := binary.LittleEndian.Uint32(w[:])
	v := event.Value{Form: event.FormSet}
	ones := 0
	for m := mask; m != 0; m &= m - 1 {
		ones++
	}
	if ones > 16 {
		v.Flags, mask = event.FlagNot, ^mask
	}
	e := c.Vals(32)[:0]
	for i := range uint64(32) {
		if mask>>i&1 != 0 {
			e = append(e, c.enumV(xIcmpFilterBits, i))
		}
	}
	v.Elem = e
	return v
}

func setPacketMreq(c *Ctx, addr uint64, n int) event.Value {
	if n != 16 {
		return addrV(addr)
	}
	return c.ptrV(addr, 16, func(c *Ctx, r *Rd) event.Value {
		index, kind, alen := r.U32(), r.U16(), r.U16()
		return c.Struct(event.F("mr_ifindex", c.ifindexV(uint32(index))), event.F("mr_type", c.enumV(xPacketMrTypes, kind)),
			event.F("mr_alen", uintV(alen)), event.F("mr_address", macV(r.Take(8)[:min(alen, 8)])))
	})
}

func setPacketRing(c *Ctx, addr uint64, n int) event.Value {
	if n != 16 {
		return addrV(addr)
	}
	return c.ptrV(addr, 16, func(c *Ctx, r *Rd) event.Value {
		return c.Struct(event.F("tp_block_size", uintV(r.U32())), event.F("tp_block_nr", uintV(r.U32())),
			event.F("tp_frame_size", uintV(r.U32())), event.F("tp_frame_nr", uintV(r.U32())))
	})
}

// getUints is an array of numbers.
func getUints(c *Ctx, addr uint64, n int) event.Value {
	return c.arrayV(addr, uint64(n/4), 4, readU32)
}

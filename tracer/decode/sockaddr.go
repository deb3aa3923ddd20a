package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

// Address families, see socket(2).
const (
	afUnix       = 1
	afInet       = 2
	afAX25       = 3
	afIPX        = 4
	afX25        = 9
	afInet6      = 10
	afNetlink    = 16
	afPacket     = 17
	afIrda       = 23
	afCAN        = 29
	afBluetooth  = 31
	afRxrpc      = 33
	afISDN       = 34
	afPhonet     = 35
	afIEEE802154 = 36
	afCAIF       = 37
	afALG        = 38
	afNFC        = 39
	afVSOCK      = 40
	afKCM        = 41
	afQIPCRTR    = 42
	afSMC        = 43
	afXDP        = 44
	afMCTP       = 45
)

// sockaddrMax is sizeof(struct sockaddr_storage).
const sockaddrMax = 128

// sockaddrDec decodes addresses of a family that have at least min bytes. b is the
// address padded with zeros, n its length; the family stands in front of the result.
type sockaddrDec struct {
	min int
	dec func(c *Ctx, fam event.Value, b []byte, n int) event.Value
}

func sockaddrDecOf(family uint16) sockaddrDec {
	switch family {
	case afUnix:
		return sockaddrDec{3, unixAddr}
	case afInet:
		return sockaddrDec{16, inetAddr}
	case afAX25:
		return sockaddrDec{16, ax25Addr}
	case afIPX:
		return sockaddrDec{16, ipxAddr}
	case afX25:
		return sockaddrDec{18, x25Addr}
	case afInet6:
		return sockaddrDec{24, inet6Addr}
	case afNetlink:
		return sockaddrDec{12, netlinkAddr}
	case afPacket:
		return sockaddrDec{20, packetAddr}
	case afBluetooth:
		return sockaddrDec{4, bluetoothAddr}
	case afRxrpc:
		return sockaddrDec{36, rxrpcAddr}
	case afIEEE802154:
		return sockaddrDec{20, ieee802154Addr}
	case afALG:
		return sockaddrDec{25, algAddr}
	case afNFC:
		return sockaddrDec{16, nfcAddr}
	case afVSOCK:
		return sockaddrDec{16, vsockAddr}
	case afQIPCRTR:
		return sockaddrDec{12, qipcrtrAddr}
	case afXDP:
		return sockaddrDec{16, xdpAddr}
	case afMCTP:
		return sockaddrDec{12, mctpAddr}
	}
	return sockaddrDec{}
}

// sockaddrV is the socket address of n bytes at addr.
func (c *Ctx) sockaddrV(addr uint64, n int) event.Value {
	v, _ := c.sockaddrFamilyV(addr, n)
	return v
}

// sockaddrFamilyV is sockaddrV and the address's family, -1 if it could not be read.
func (c *Ctx) sockaddrFamilyV(addr uint64, n int) (event.Value, int) {
	if n < 2 || !c.Verbose || addr == 0 {
		return addrV(addr), -1
	}
	n = min(n, sockaddrMax)
	b := c.Bytes(sockaddrMax)
	if !c.ReadInto(b[:n], addr) {
		return addrV(addr), -1
	}
	clear(b[n:])
	return c.sockaddrBytesV(b, n), int(binary.LittleEndian.Uint16(b))
}

// sockaddrBytesV is the socket address in the first n bytes of b, which has
// sockaddrMax bytes.
func (c *Ctx) sockaddrBytesV(b []byte, n int) event.Value {
	family := binary.LittleEndian.Uint16(b)
	fam := event.F("sa_family", c.enumV(xSocketDomains, uint64(family)))
	d := sockaddrDecOf(family)
	switch {
	case d.dec != nil && n >= d.min:
		return d.dec(c, fam, b, n)
	case n > 2:
		return c.Struct(fam, event.F("sa_data", dataV(b[2:n])))
	}
	return c.Struct(fam)
}

func unixAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	p := b[2:min(n, 110)]
	if p[0] != 0 {
		v := event.Value{Form: event.FormString, Data: untilNUL(p), Flags: event.FlagPath}
		return c.Struct(fam, event.F("sun_path", v))
	}
	return c.Struct(fam, event.F("sun_path", c.Tagged("@", dataV(p[1:]))))
}

func untilNUL(b []byte) []byte {
	for i, ch := range b {
		if ch == 0 {
			return b[:i]
		}
	}
	return b
}

func inetAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	return c.Struct(fam, event.F("sin_port", c.htonsV(b[2:4])), event.F("sin_addr", c.inAddrV(b[4:8])))
}

func inet6Addr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	scope := absent()
	if n > 24 {
		id := binary.LittleEndian.Uint32(b[24:])
		scope = uintV(uint64(id))
		if linkLocal(b[8:24]) {
			scope = c.ifindexV(id)
		}
	}
	return c.Struct(fam, event.F("sin6_port", c.htonsV(b[2:4])), event.F("sin6_flowinfo", c.htonlV(b[4:8])),
		event.F("sin6_addr", c.in6AddrV(b[8:24])), event.F("sin6_scope_id", scope))
}

// linkLocal tells of fe80::/10 and ff02::/16, whose scope is an interface.
func linkLocal(a []byte) bool {
	return a[0] == 0xfe && a[1]&0xc0 == 0x80 || a[0] == 0xff && a[1]&0x0f == 2
}

func netlinkAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	pad := absent()
	if p := binary.LittleEndian.Uint16(b[2:]); p != 0 {
		pad = hexV(uint64(p))
	}
	groups := event.Value{Form: event.FormHexPad, Num: uint64(binary.LittleEndian.Uint32(b[8:]))}
	return c.Struct(fam, event.F("nl_pad", pad), event.F("nl_pid", intV(int64(int32(binary.LittleEndian.Uint32(b[4:]))))),
		event.F("nl_groups", groups))
}

func packetAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b[4:])
	index, hatype, pkttype, halen := r.U32(), r.U16(), r.U8(), r.U8()
	addr := absent()
	if halen > 0 {
		have := min(int(halen), n-12)
		addr = c.hexArrayV(b[12 : 12+have])
		if have < int(halen) {
			addr.Flags |= event.FlagCut
		}
	}
	return c.Struct(fam, event.F("sll_protocol", c.htonsBytesEnumV(xEthProtocols, b[2:4])), event.F("sll_ifindex", c.ifindexV(uint32(index))),
		event.F("sll_hatype", c.enumV(xArpHardwareTypes, hatype)), event.F("sll_pkttype", c.enumV(xPacketTypes, pkttype)),
		event.F("sll_halen", uintV(halen)), event.F("sll_addr", addr))
}

func vsockAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b)
	r.Skip(2)
	reserved, port, cid, flags := r.U16(), r.U32(), r.U32(), r.U8()
	res, zero := absent(), absent()
	if reserved != 0 {
		res = hexV(reserved)
	}
	if z := b[13:16]; z[0]|z[1]|z[2] != 0 {
		zero = event.Value{Form: event.FormString, Data: z, Flags: event.FlagHexStr}
	}
	return c.Struct(fam, event.F("svm_reserved1", res), event.F("svm_cid", c.knownV(xVsockCids, cid)),
		event.F("svm_port", c.knownV(xVsockPorts, port)), event.F("svm_flags", c.flagsV(xVsockAddrFlags, flags)), event.F("svm_zero", zero))
}

// knownV is a number in hexadecimal of which some values have names.
func (c *Ctx) knownV(t *event.Table, n uint64) event.Value {
	if t.Find(n) == "" {
		return hexV(n)
	}
	return c.enumV(t, n)
}

func xdpAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b)
	r.Skip(2)
	flags, index, queue, umem := r.U16(), r.U32(), r.U32(), r.U32()
	return c.Struct(fam, event.F("sxdp_flags", c.flagsV(xXdpBindFlags, flags)), event.F("sxdp_ifindex", c.ifindexV(uint32(index))),
		event.F("sxdp_queue_id", uintV(queue)), event.F("sxdp_shared_umem_fd", c.fdV(int32(umem))))
}

// Numbers in network byte order.

// htonsV is a 16-bit number in network byte order: htons(80).
func (c *Ctx) htonsV(b []byte) event.Value {
	return c.netOrderV("htons", b, uintV(uint64(binary.BigEndian.Uint16(b))))
}

// htonlV is a 32-bit number in network byte order.
func (c *Ctx) htonlV(b []byte) event.Value {
	return c.netOrderV("htonl", b, uintV(uint64(binary.BigEndian.Uint32(b))))
}

// htonsBytesEnumV is a 16-bit number in network byte order with names in t.
func (c *Ctx) htonsBytesEnumV(t *event.Table, b []byte) event.Value {
	return c.netOrderV("htons", b, c.enumV(t, uint64(binary.BigEndian.Uint16(b))))
}

// htonsEnumV is such a number in a register.
func (c *Ctx) htonsEnumV(t *event.Table, n uint16) event.Value {
	return c.Macro("htons", uint64(n), c.enumV(t, uint64(n>>8|n<<8)))
}

// netOrderV is a number as it stands in memory, b, made by a function of its value.
func (c *Ctx) netOrderV(name string, b []byte, arg event.Value) event.Value {
	v := c.Macro(name, arg.Num, arg)
	v.Data = b
	v.Flags = event.FlagWhole
	return v
}

// inAddrV is an IPv4 address: inet_addr("127.0.0.1").
func (c *Ctx) inAddrV(b []byte) event.Value {
	text := dataV(appendIP4(c.Bytes(15)[:0], b))
	v := c.Macro("inet_addr", uint64(binary.BigEndian.Uint32(b)), text)
	v.Data = b
	v.Flags = event.FlagWhole
	return v
}

// in6AddrV is an IPv6 address: inet_pton(AF_INET6, "::1", &sin6_addr).
func (c *Ctx) in6AddrV(b []byte) event.Value {
	text := dataV(appendIP6(c.Bytes(46)[:0], b))
	v := c.Macro("inet_pton", 0, c.enumV(xSocketDomains, afInet6), text)
	v.Data = b
	v.Flags = event.FlagWhole | event.FlagInto
	return v
}

// ifindexV is the index of a network interface: if_nametoindex("lo").
func (c *Ctx) ifindexV(n uint32) event.Value {
	if n != 0 && c.Opts.Net != nil {
		if d, ok := c.Opts.Net.IfName(c.strbuf[:0], n); ok {
			c.strbuf = d
			v := c.Macro("if_nametoindex", uint64(n), dataV(c.Copy(d)))
			v.Flags = event.FlagWhole | event.FlagDecimal
			return v
		}
	}
	return uintV(uint64(n))
}

// hexArrayV is a list of bytes: [0x1, 0, 0xff].
func (c *Ctx) hexArrayV(b []byte) event.Value {
	e := c.Vals(len(b))
	for i := range b {
		e[i] = hexV(uint64(b[i]))
	}
	return event.Value{Form: event.FormArray, Elem: e}
}

// macV is a hardware address: 01:23:45:67:89:ab.
func macV(b []byte) event.Value {
	return event.Value{Form: event.FormString, Data: b, Flags: event.FlagMAC}
}

const hexDigits = "0123456789abcdef"

func appendIP4(t, b []byte) []byte {
	for i, x := range b[:4] {
		if i > 0 {
			t = append(t, '.')
		}
		t = appendDec(t, x)
	}
	return t
}

func appendDec(t []byte, x byte) []byte {
	if x >= 100 {
		t = append(t, '0'+x/100)
	}
	if x >= 10 {
		t = append(t, '0'+x/10%10)
	}
	return append(t, '0'+x%10)
}

// appendIP6 writes an address as RFC 5952 has it, those that contain one of IPv4
// with its dots, as inet_ntop(3) does.
func appendIP6(t, b []byte) []byte {
	var w [8]uint16
	for i := range w {
		w[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	at, length := longestZeros(&w)
	dotted := at == 0 && (length == 6 || length == 5 && w[5] == 0xffff)
	for i := 0; i < 8; i++ {
		switch {
		case length > 1 && i == at:
			t = append(t, ':', ':')
			i += length - 1
			continue
		case i > 0 && (length < 2 || i != at+length):
			t = append(t, ':')
		}
		if dotted && i == 6 {
			return appendIP4(t, b[12:16])
		}
		t = appendHex16(t, w[i])
	}
	return t
}

// longestZeros finds the longest, and of equals the first, run of zeros.
func longestZeros(w *[8]uint16) (at, length int) {
	run := 0
	for i, x := range w {
		if x != 0 {
			run = 0
			continue
		}
		if run++; run > length {
			at, length = i-run+1, run
		}
	}
	return at, length
}

func appendHex16(t []byte, x uint16) []byte {
	for shift := 12; shift >= 0; shift -= 4 {
		if shift == 0 || x>>shift != 0 {
			t = append(t, hexDigits[x>>shift&15])
		}
	}
	return t
}

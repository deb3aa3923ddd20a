package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

// Questions to sock_diag(7) about sockets of a family, and its answers.

// diagMsg tells how a question or an answer is decoded; the family's field stands in front.
// Attributes of questions that have none are not looked at.
type diagMsg struct {
	field string
	size  int
	dec   func(c *Ctx, fam event.Value, r *Rd) event.Value
	attrs *nlaSet
}

func diagRequest(kind uint64, family uint8) diagMsg {
	const tcp, dccp = 18, 19 // the first requests there were
	if (kind == tcp || kind == dccp) && (family == afInet || family == afInet6) {
		return diagMsg{"idiag_family", 60, inetDiagOldReq, inetDiagReqAttrs}
	}
	switch family {
	case afUnix:
		return diagMsg{"sdiag_family", 24, unixDiagReq, nil}
	case afInet, afInet6:
		return diagMsg{"sdiag_family", 56, inetDiagReq, inetDiagReqAttrs}
	case afNetlink:
		return diagMsg{"sdiag_family", 20, netlinkDiagReq, nil}
	case afPacket:
		return diagMsg{"sdiag_family", 20, packetDiagReq, nil}
	}
	return diagMsg{}
}

func diagAnswer(family uint8) diagMsg {
	switch family {
	case afUnix:
		return diagMsg{"udiag_family", 16, unixDiagMsg, unixDiagAttrs}
	case afInet, afInet6:
		return diagMsg{"idiag_family", 72, inetDiagMsg, inetDiagAttrs}
	case afNetlink:
		return diagMsg{"ndiag_family", 28, netlinkDiagMsg, netlinkDiagAttrs}
	case afPacket:
		return diagMsg{"pdiag_family", 16, packetDiagMsg, packetDiagAttrs}
	}
	return diagMsg{}
}

// sockDiag appends to e what follows the header.
func (c *Ctx) sockDiag(e []event.Value, kind, flags uint64, b []byte) []event.Value {
	const request = 1
	if len(b) == 1 {
		return c.genericMsg(e, b)
	}
	m := diagAnswer(b[0])
	if flags&request != 0 {
		m = diagRequest(kind, b[0])
	}
	if m.dec == nil {
		return c.genericMsg(e, b)
	}
	fam := event.F(m.field, c.enumV(xSocketDomains, uint64(b[0])))
	if len(b) < m.size {
		return append(e, c.StructCut(fam))
	}
	c.nlFamily = b[0]
	r := c.Rd(b)
	r.Skip(1)
	e = append(e, m.dec(c, fam, &r))
	if len(b) > m.size && m.attrs != nil {
		e = append(e, c.nlattrs(b[m.size:], m.attrs))
	}
	return e
}

// cookieV is a number that tells sockets with the same inode apart.
func (c *Ctx) cookieV(r *Rd) event.Value { return c.Array(uintV(r.U32()), uintV(r.U32())) }

func unixDiagReq(c *Ctx, fam event.Value, r *Rd) event.Value {
	proto := r.U8()
	r.Align(4)
	states, ino, show := r.U32(), r.U32(), r.U32()
	return c.Struct(fam, event.F("sdiag_protocol", uintV(proto)), event.F("udiag_states", c.flagsV(xDiagStates, states)), event.F("udiag_ino", uintV(ino)),
		event.F("udiag_show", c.flagsV(xUnixDiagShow, show)), event.F("udiag_cookie", c.cookieV(r)))
}

func unixDiagMsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	kind, state, ino := r.U8(), r.U8(), r.U32()
	return c.Struct(fam, event.F("udiag_type", c.enumV(xSocketTypes, kind)), event.F("udiag_state", c.enumV(xTcpStates, state)),
		event.F("udiag_ino", uintV(ino)), event.F("udiag_cookie", c.cookieV(r)))
}

func inetDiagReq(c *Ctx, fam event.Value, r *Rd) event.Value {
	proto, ext, states := r.U8(), r.U8(), r.U32()
	return c.Struct(fam, event.F("sdiag_protocol", c.enumV(xIpProtocols, proto)), event.F("idiag_ext", c.flagsV(xDiagExts, ext)),
		event.F("idiag_states", c.flagsV(xDiagStates, states)), event.F("id", c.inetDiagIDV(r)))
}

func inetDiagOldReq(c *Ctx, fam event.Value, r *Rd) event.Value {
	src, dst, ext := r.U8(), r.U8(), r.U8()
	id := c.inetDiagIDV(r)
	return c.Struct(fam, event.F("idiag_src_len", uintV(src)), event.F("idiag_dst_len", uintV(dst)), event.F("idiag_ext", c.flagsV(xDiagExts, ext)),
		event.F("id", id), event.F("idiag_states", c.flagsV(xDiagStates, r.U32())), event.F("idiag_dbs", uintV(r.U32())))
}

func inetDiagMsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	state, timer, retrans := r.U8(), r.U8(), r.U8()
	id := c.inetDiagIDV(r)
	return c.Struct(fam, event.F("idiag_state", c.enumV(xTcpStates, state)), event.F("idiag_timer", uintV(timer)), event.F("idiag_retrans", uintV(retrans)), event.F("id", id),
		event.F("idiag_expires", uintV(r.U32())), event.F("idiag_rqueue", uintV(r.U32())), event.F("idiag_wqueue", uintV(r.U32())),
		event.F("idiag_uid", uintV(r.U32())), event.F("idiag_inode", uintV(r.U32())))
}

// inetDiagIDV is both ends of a connection.
func (c *Ctx) inetDiagIDV(r *Rd) event.Value {
	sport, dport := c.htonsV(r.Take(2)), c.htonsV(r.Take(2))
	src, dst := c.diagAddrV(r.Take(16)), c.diagAddrV(r.Take(16))
	index := r.U32()
	return c.Struct(event.F("idiag_sport", sport), event.F("idiag_dport", dport), event.F("idiag_src", src), event.F("idiag_dst", dst),
		event.F("idiag_if", c.ifindexV(uint32(index))), event.F("idiag_cookie", c.cookieV(r)))
}

func (c *Ctx) diagAddrV(b []byte) event.Value {
	if c.nlFamily == afInet6 {
		return c.in6AddrV(b)
	}
	return c.inAddrV(b[:4])
}

// ndiagAll stands for every protocol.
const ndiagAll = 255

func netlinkDiagReq(c *Ctx, fam event.Value, r *Rd) event.Value {
	p := r.U8()
	proto := c.enumV(xNetlinkProtocols, p)
	if p == ndiagAll {
		proto = symV("NDIAG_PROTO_ALL", p)
	}
	r.Align(4)
	ino, show := r.U32(), r.U32()
	return c.Struct(fam, event.F("sdiag_protocol", proto), event.F("ndiag_ino", uintV(ino)),
		event.F("ndiag_show", c.flagsV(xNetlinkDiagShow, show)), event.F("ndiag_cookie", c.cookieV(r)))
}

func netlinkDiagMsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	const closed = 7
	kind, proto, state := r.U8(), r.U8(), r.U8()
	// States of netlink's own, and one of all sockets.
	st := c.enumV(xNetlinkStates, state)
	if state == closed {
		st = c.enumV(xTcpStates, state)
	}
	return c.Struct(fam, event.F("ndiag_type", c.enumV(xSocketTypes, kind)), event.F("ndiag_protocol", c.enumV(xNetlinkProtocols, proto)), event.F("ndiag_state", st),
		event.F("ndiag_portid", uintV(r.U32())), event.F("ndiag_dst_portid", uintV(r.U32())), event.F("ndiag_dst_group", uintV(r.U32())),
		event.F("ndiag_ino", uintV(r.U32())), event.F("ndiag_cookie", c.cookieV(r)))
}

func packetDiagReq(c *Ctx, fam event.Value, r *Rd) event.Value {
	proto := r.U8()
	r.Align(4)
	ino, show := r.U32(), r.U32()
	return c.Struct(fam, event.F("sdiag_protocol", hexV(proto)), event.F("pdiag_ino", uintV(ino)),
		event.F("pdiag_show", c.flagsV(xPacketDiagShow, show)), event.F("pdiag_cookie", c.cookieV(r)))
}

func packetDiagMsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	kind, num, ino := r.U8(), r.U16(), r.U32()
	return c.Struct(fam, event.F("pdiag_type", c.enumV(xSocketTypes, kind)), event.F("pdiag_num", c.enumV(xEthProtocols, num)),
		event.F("pdiag_ino", uintV(ino)), event.F("pdiag_cookie", c.cookieV(r)))
}

// Attributes.

var unixDiagAttrs = &nlaSet{xUnixDiagAttrs, []nlaFn{
	0: nlaStr, 1: unixDiagVFS, 2: nlaU32, 3: unixDiagIcons, 4: nlaNumbers(4, []string{"udiag_rqueue", "udiag_wqueue"}), 5: indexedU32(xSkMeminfo), 6: nlaU8, 7: nlaU32,
}}

func unixDiagVFS(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 8 {
		return absent()
	}
	dev := uint64(binary.LittleEndian.Uint32(b[4:]))
	// The kernel's own form of a device: 12 bits of major, 20 of minor.
	return c.Struct(event.F("udiag_vfs_dev", c.Macro("makedev", dev, hexV(dev>>20), hexV(dev&0xfffff))),
		event.F("udiag_vfs_ino", uintV(uint64(binary.LittleEndian.Uint32(b)))))
}

func unixDiagIcons(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 4 {
		return absent()
	}
	return c.listV(b, 4, readU32)
}

// indexedU32 is indexed of unsigned numbers.
func indexedU32(t *event.Table) nlaFn {
	f := indexed(4, t)
	return func(c *Ctx, b []byte, s *nlaSet) event.Value {
		v := f(c, b, s)
		for i := range v.Elem {
			e := &v.Elem[i]
			e.Form, e.Num = event.FormUint, uint64(uint32(e.Num))
		}
		return v
	}
}

var inetDiagReqAttrs = &nlaSet{xInetDiagReqAttrs, []nlaFn{1: inetDiagBytecode, 3: nlaEnumWide(1, xIpProtocols)}}

// inetDiagBytecode is a program that chooses sockets, of which the first instruction is told.
func inetDiagBytecode(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const size = 4
	if len(b) < size {
		return absent()
	}
	op := c.Struct(event.F("code", c.enumV(xInetDiagBytecodes, uint64(b[0]))), event.F("yes", uintV(uint64(b[1]))),
		event.F("no", uintV(uint64(binary.LittleEndian.Uint16(b[2:])))))
	if len(b) == size {
		return op
	}
	return c.Seq(op, c.rawV(b[size:]))
}

var inetDiagAttrs = &nlaSet{xInetDiagAttrs, []nlaFn{
	1: nlaNumbers(4, []string{"idiag_rmem", "idiag_wmem", "idiag_fmem", "idiag_tmem"}), 3: nlaNumbers(4, []string{"tcpv_enabled", "tcpv_rttcnt", "tcpv_rtt", "tcpv_minrtt"}),
	4: nlaStr, 5: nlaU8, 6: nlaU8, 7: indexedU32(xSkMeminfo), 8: inetDiagShutdown, 9: inetDiagDCTCP, 10: nlaEnumWide(1, xIpProtocols), 11: nlaU8,
	15: nlaU32, 16: inetDiagBBR, 17: nlaU32, 21: nlaU64, 22: inetDiagSockopt,
}}

func inetDiagShutdown(c *Ctx, b []byte, _ *nlaSet) event.Value {
	n, ok := nlaWide(b, 1)
	if !ok {
		return absent()
	}
	return bothV(c.flagsV(xShutdownFlags, n&0xff))
}

func inetDiagDCTCP(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const size = 16
	if len(b) < size {
		return absent()
	}
	r := c.Rd(b)
	return c.Struct(event.F("dctcp_enabled", uintV(r.U16())), event.F("dctcp_ce_state", uintV(r.U16())), event.F("dctcp_alpha", uintV(r.U32())),
		event.F("dctcp_ab_ecn", uintV(r.U32())), event.F("dctcp_ab_tot", uintV(r.U32())))
}

func inetDiagBBR(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const size = 20
	if len(b) < size {
		return absent()
	}
	r := c.Rd(b)
	return c.Struct(event.F("bbr_bw_lo", hexV(r.U32())), event.F("bbr_bw_hi", hexV(r.U32())), event.F("bbr_min_rtt", uintV(r.U32())),
		event.F("bbr_pacing_gain", uintV(r.U32())), event.F("bbr_cwnd_gain", uintV(r.U32())))
}

var sockoptBits = []string{
	"recverr", "is_icsk", "freebind", "hdrincl", "mc_loop", "transparent", "mc_all", "nodefrag", "bind_address_no_port", "recverr_rfc4884", "defer_connect",
}

// inetDiagSockopt is bits, of which those that are set are shown.
func inetDiagSockopt(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 2 {
		return absent()
	}
	n := binary.LittleEndian.Uint16(b)
	e := c.Vals(len(sockoptBits))[:0]
	for i, name := range sockoptBits {
		if n>>i&1 != 0 {
			e = append(e, event.F(name, uintV(1)))
		}
	}
	return event.Value{Form: event.FormStruct, Elem: e}
}

var netlinkDiagAttrs = &nlaSet{xNetlinkDiagAttrs, []nlaFn{
	0: indexedU32(xSkMeminfo), 1: netlinkGroups, 2: netlinkRing, 3: netlinkRing, 4: nlaFlags32(xNetlinkDiagFlags),
}}

var netlinkRing = nlaNumbers(4, []string{"ndr_block_size", "ndr_block_nr", "ndr_frame_size", "ndr_frame_nr"})

// netlinkGroups is a set of groups, in longs.
func netlinkGroups(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < c.Word() {
		return absent()
	}
	return c.listV(b, c.Word(), func(c *Ctx, r *Rd) event.Value {
		v := event.Value{Form: event.FormHexPad, Num: r.ULong()}
		if !c.Is32() {
			v.Form = event.FormHexPad16
		}
		return v
	})
}

var packetDiagAttrs = &nlaSet{xPacketDiagAttrs, []nlaFn{4: nlaU32, 5: nlaU32, 6: indexedU32(xSkMeminfo)}}

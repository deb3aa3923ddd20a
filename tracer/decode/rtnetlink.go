package decode

import (
	"encoding/binary"
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Messages of rtnetlink(7): each group of four types (new, delete, get, set) has a
// structure, whose first byte is a family, and attributes.

// rtMsg tells how a group of messages is decoded. What is shorter than size shows the
// family alone.
type rtMsg struct {
	family string // the name of the family's field
	size   int
	fields func(c *Ctx, fam event.Value, r *Rd) event.Value // nil: the family is all
	attrs  *nlaSet
}

// rtMsgs is by (type-16)/4.
var rtMsgs = [...]rtMsg{
	0:  {"ifi_family", 16, ifinfomsg, linkAttrs},
	1:  {"ifa_family", 8, ifaddrmsg, addrAttrs},
	2:  {"rtm_family", 12, rtmsg, routeAttrs},
	3:  {"ndm_family", 12, ndmsg, neighAttrs},
	4:  {"family", 12, fibRule, ruleAttrs},
	5:  {"tcm_family", 20, tcmsg, tcAttrs},
	6:  {"tcm_family", 20, tcmsg, tcAttrs},
	7:  {"tcm_family", 20, tcmsg, tcAttrs},
	8:  {"tca_family", 4, nil, actionAttrs},
	10: {"ifa_family", 8, ifaddrmsg, addrAttrs},
	11: {"ifa_family", 8, ifaddrmsg, addrAttrs},
	12: {"ndtm_family", 4, nil, neightblAttrs},
	14: {"ifal_family", 12, ifaddrlblmsg, addrlabelAttrs},
	15: {"dcb_family", 4, dcbmsg, dcbAttrs},
	16: {"ncm_family", 4, nil, netconfAttrs},
	17: {"family", 8, brPortMsg, mdbAttrs},
	18: {"rtgen_family", 4, nil, nsidAttrs},
	19: {"family", 12, ifStatsMsg, statsAttrs},
	21: {"tcm_family", 20, tcmsg, tcAttrs},
	22: {"nh_family", 8, nhmsg, nexthopAttrs},
}

// rtnetlink appends to e what follows the header.
func (c *Ctx) rtnetlink(e []event.Value, kind uint64, b []byte) []event.Value {
	const rtmGetNeigh, rtmNewCacheReport = 30, 96
	g := int(kind-nlmsgMinType) / 4
	if g >= len(rtMsgs) || rtMsgs[g].family == "" && kind != rtmNewCacheReport || c.rtMissing(kind) {
		return c.genericMsg(e, b)
	}
	if kind == rtmNewCacheReport {
		return c.cacheReport(e, b)
	}
	m := &rtMsgs[g]
	if kind == rtmGetNeigh && b[0] == afBridge {
		m = &rtMsgs[0] // a bridge is asked about its links
	}
	fam := event.F(m.family, c.enumV(xSocketDomains, uint64(b[0])))
	// A structure of the family alone may come without its padding.
	if m.fields == nil {
		e = append(e, c.Struct(fam))
	} else {
		if len(b) < m.size {
			return append(e, c.StructCut(fam))
		}
		r := c.Rd(b)
		r.Skip(1)
		e = append(e, m.fields(c, fam, &r))
	}
	if len(b) <= m.size {
		return e
	}
	c.nlFamily = b[0]
	return append(e, c.nlattrs(b[m.size:], m.attrs))
}

// rtMissing tells of types in a group that do not exist.
func (c *Ctx) rtMissing(kind uint64) bool { return xRtmTypes.Find(kind) == "" }

// genericMsg is a message of which nothing is known but that it begins with a family.
func (c *Ctx) genericMsg(e []event.Value, b []byte) []event.Value {
	fam := event.F("family", c.enumV(xSocketDomains, uint64(b[0])))
	if len(b) == 1 {
		return append(e, c.Struct(fam))
	}
	return append(e, c.Struct(fam, event.F("data", c.rawV(b[1:]))))
}

// cacheReport is a report on a multicast route that is missing.
func (c *Ctx) cacheReport(e []event.Value, b []byte) []event.Value {
	const size = 4
	family := c.enumV(xSocketDomains, uint64(b[0]))
	if xRtnlFamilies.Find(family.Num) != "" {
		family.Table = xRtnlFamilies
	}
	e = append(e, c.Struct(event.F("rtgen_family", family)))
	if len(b) > size {
		e = append(e, c.rawV(b[size:]))
	}
	return e
}

func ifinfomsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	r.Skip(1)
	kind, index, flags, change := r.U16(), r.U32(), r.U32(), r.U32()
	return c.Struct(fam, event.F("ifi_type", c.enumV(xArpHardwareTypes, kind)), event.F("ifi_index", c.ifindexV(uint32(index))),
		event.F("ifi_flags", c.flagsV(xIffFlags, flags)), event.F("ifi_change", hexV(change)))
}

func ifaddrmsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	prefix, flags, scope, index := r.U8(), r.U8(), r.U8(), r.U32()
	return c.Struct(fam, event.F("ifa_prefixlen", uintV(prefix)), event.F("ifa_flags", c.flagsV(xAddrFlags, flags)),
		event.F("ifa_scope", c.knownV(xRtScopes, scope)), event.F("ifa_index", c.ifindexV(uint32(index))))
}

func rtmsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	dst, src, tos, table := r.U8(), r.U8(), r.U8(), r.U8()
	proto, scope, kind, flags := r.U8(), r.U8(), r.U8(), r.U32()
	return c.Struct(fam, event.F("rtm_dst_len", uintV(dst)), event.F("rtm_src_len", uintV(src)), event.F("rtm_tos", c.tosV(tos)),
		event.F("rtm_table", c.knownV(xRtTables, table)), event.F("rtm_protocol", c.enumV(xRtProtocols, proto)),
		event.F("rtm_scope", c.knownV(xRtScopes, scope)), event.F("rtm_type", c.enumV(xRtTypes, kind)), event.F("rtm_flags", c.flagsV(xRtmFlags, flags)))
}

// tosV is a type of service.
func (c *Ctx) tosV(n uint64) event.Value { return c.flagsV(xIpTos, n) }

func ndmsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	r.Align(4)
	index, state, flags, kind := r.U32(), r.U16(), r.U8(), r.U8()
	st := c.flagsV(xNeighStates, state)
	st.Flags |= event.FlagZero
	return c.Struct(fam, event.F("ndm_ifindex", c.ifindexV(uint32(index))), event.F("ndm_state", st),
		event.F("ndm_flags", c.flagsV(xNeighFlags, flags)), event.F("ndm_type", c.enumV(xRtTypes, kind)))
}

func fibRule(c *Ctx, fam event.Value, r *Rd) event.Value {
	dst, src, tos, table := r.U8(), r.U8(), r.U8(), r.U8()
	r.Skip(2)
	action, flags := r.U8(), r.U32()
	return c.Struct(fam, event.F("dst_len", uintV(dst)), event.F("src_len", uintV(src)), event.F("tos", c.tosV(tos)),
		event.F("table", c.enumV(xRtTables, table)), event.F("action", c.enumV(xRuleActions, action)), event.F("flags", c.flagsV(xRuleFlags, flags)))
}

func tcmsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	r.Align(4)
	index, handle, parent, info := r.U32(), r.U32(), r.U32(), r.U32()
	return c.Struct(fam, event.F("tcm_ifindex", c.ifindexV(uint32(index))), event.F("tcm_handle", uintV(handle)),
		event.F("tcm_parent", uintV(parent)), event.F("tcm_info", uintV(info)))
}

func ifaddrlblmsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	r.Skip(1)
	prefix, flags, index, seq := r.U8(), r.U8(), r.U32(), r.U32()
	return c.Struct(fam, event.F("ifal_prefixlen", uintV(prefix)), event.F("ifal_flags", uintV(flags)),
		event.F("ifal_index", c.ifindexV(uint32(index))), event.F("ifal_seq", uintV(seq)))
}

func brPortMsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	r.Align(4)
	return c.Struct(fam, event.F("ifindex", c.ifindexV(uint32(r.U32()))))
}

func dcbmsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	return c.Struct(fam, event.F("cmd", c.enumV(xDcbCommands, r.U8())))
}

func ifStatsMsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	pad1, pad2, index, mask := r.U8(), r.U16(), r.U32(), r.U32()
	return c.Struct(fam, event.F("pad1", nonzeroHexV(pad1)), event.F("pad2", nonzeroHexV(pad2)), event.F("ifindex", c.ifindexV(uint32(index))),
		event.F("filter_mask", c.flagsV(xIflaStatsMask, mask)))
}

func nhmsg(c *Ctx, fam event.Value, r *Rd) event.Value {
	scope, proto, resvd, flags := r.U8(), r.U8(), r.U8(), r.U32()
	return c.Struct(fam, event.F("nh_scope", c.knownV(xRtScopes, scope)), event.F("nh_protocol", c.enumV(xRtProtocols, proto)),
		event.F("resvd", nonzeroHexV(resvd)), event.F("nh_flags", c.flagsV(xRtnhFlags, flags)))
}

// Attributes by message.

var linkAttrs = &nlaSet{xRtattrLink, []nlaFn{
	1: nlaMAC, 2: nlaMAC, 3: nlaStr, 4: nlaU32, 5: nlaU32, 6: nlaStr, 7: linkStats, 10: nlaU32, 12: protInfo, 13: nlaU32, 14: linkMap, 15: nlaU32,
	16: nlaU8, 17: nlaU8, 18: nest(linkinfoAttrs), 19: nlaU32, 20: nlaStr, 21: nlaU32, 22: nest(vfInfoAttrs), 23: linkStats64, 24: nest(vfPortAttrs), 25: nest(portAttrs), 26: afSpec, 27: nlaU32, 28: nlaU32,
	29: nlaFlagsWide(4, xRtextFilters), 30: nlaU32, 31: nlaU32, 32: nlaU32, 33: nlaU8, 35: nlaU32, 37: nlaU32, 38: nlaStr, 39: nlaU8,
	40: nlaU32, 41: nlaU32, 43: nest(xdpAttrs), 44: nlaEnum(4, xIflaEvents), 45: nlaU32, 46: nlaU32, 47: nlaU32, 48: nlaU32,
	49: nlaIfindex, 50: nlaU32, 51: nlaU32, 52: nest(propAttrs), 53: nlaStr, 54: nlaMAC, 55: nest(protoDownAttrs), 56: nlaStr, 57: nlaStr, 58: nlaU32, 59: nlaU32, 60: nlaU32, 61: nlaU32,
}}

var (
	vfPortAttrs    = &nlaSet{xIflaVfPort, []nlaFn{1: nest(portAttrs)}}
	protoDownAttrs = &nlaSet{xIflaProtoDownReason, []nlaFn{1: nlaX32, 2: nlaX32}}
	dcbAttrs       = &nlaSet{xDcbAttrs, nil}
	statsAttrs     = &nlaSet{xIflaStats, []nlaFn{1: linkStats64, 4: nest(offloadAttrs)}}
	offloadAttrs   = &nlaSet{xIflaOffloadXstats, []nlaFn{1: linkStats64}}
	nexthopAttrs   = &nlaSet{xNexthopAttrs, []nlaFn{
		1: nlaU32, 2: nexthopGroup, 3: nlaEnumOf(2, xNexthopGroupTypes), 4: nlaU32, 5: nlaIfindex, 6: nlaAddr, 7: nlaEnum(2, xLwtunnelEncap), 9: nlaU32, 10: nlaIfindex, 11: nlaU32,
		12: nest(&nlaSet{xNexthopResGroup, []nlaFn{1: nlaU16, 2: nlaTicks, 3: nlaTicks, 4: nlaTicks}}),
		13: nest(&nlaSet{xNexthopResBucket, []nlaFn{1: nlaU16, 2: nlaTicks, 3: nlaU32}}),
	}}
)

// nexthopGroup is hops with their weights.
func nexthopGroup(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const size = 8
	if len(b) < size {
		return absent()
	}
	return c.listV(b[:len(b)/size*size], size, func(c *Ctx, r *Rd) event.Value {
		id, weight := r.U32(), r.U8()
		resvd1, resvd2 := r.U8(), r.U16()
		return c.Struct(event.F("id", uintV(id)), event.F("weight", uintV(weight)), event.F("resvd1", nonzeroHexV(resvd1)), event.F("resvd2", nonzeroHexV(resvd2)))
	})
}

// propAttrs are of the same set as the list of them.
var propAttrs = &nlaSet{xRtattrLink, []nlaFn{53: nlaStr}}

var linkinfoAttrs = &nlaSet{xRtattrLinkinfo, []nlaFn{1: infoKind, 4: infoKind}}

// infoKind is a string up to its first NUL.
func infoKind(c *Ctx, b []byte, _ *nlaSet) event.Value {
	s := untilNUL(b)
	v := event.Value{Form: event.FormString, Data: s}
	switch {
	case len(s) > c.Opts.StrLen:
		v.Data, v.Flags = s[:c.Opts.StrLen], event.FlagCut
	case len(s) == len(b):
		v.Flags = event.FlagCut
	}
	return v
}

var statsFields = []string{
	"rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "multicast", "collisions",
	"rx_length_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors", "rx_fifo_errors", "rx_missed_errors", "tx_aborted_errors",
	"tx_carrier_errors", "tx_fifo_errors", "tx_heartbeat_errors", "tx_window_errors", "rx_compressed", "tx_compressed", "rx_nohandler", "rx_otherhost_dropped",
}

// statsMin is how many counters the first version of the structures has.
const statsMin = 23

func linkStats(c *Ctx, b []byte, s *nlaSet) event.Value {
	return nlaNumbers(4, statsFields[:max(statsMin, min(len(b)/4, len(statsFields)-1))])(c, b, s)
}

func linkStats64(c *Ctx, b []byte, s *nlaSet) event.Value {
	return nlaNumbers(8, statsFields[:max(statsMin, min(len(b)/8, len(statsFields)))])(c, b, s)
}

func linkMap(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const size = 28
	if len(b) < size {
		return absent()
	}
	le := binary.LittleEndian
	return c.Struct(event.F("mem_start", hexV(le.Uint64(b))), event.F("mem_end", hexV(le.Uint64(b[8:]))), event.F("base_addr", hexV(le.Uint64(b[16:]))),
		event.F("irq", uintV(uint64(le.Uint16(b[24:])))), event.F("dma", uintV(uint64(b[26]))), event.F("port", uintV(uint64(b[27]))))
}

var xdpAttrs = &nlaSet{xIflaXdp, []nlaFn{1: nlaS32, 2: nlaEnumOf(1, xXdpAttached), 3: nlaFlags32(xXdpFlags), 4: nlaU32, 5: nlaU32, 6: nlaU32, 7: nlaU32, 8: nlaS32}}

// protInfo is what a family knows of the link.
func protInfo(c *Ctx, b []byte, s *nlaSet) event.Value {
	if c.nlFamily != afInet6 || len(b) < nlaHdrLen {
		return absent()
	}
	return c.nlattrs(b, inet6Attrs)
}

// afSpec is a list of attributes whose types are families.
func afSpec(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < nlaHdrLen {
		return absent()
	}
	if c.nlFamily == afBridge {
		return absent()
	}
	return c.nlattrs(b, afSpecAttrs)
}

const afBridge = 7

var afSpecAttrs = &nlaSet{xSocketDomains, []nlaFn{afInet: nest(inetAttrs), afInet6: nest(inet6Attrs)}}

var inetAttrs = &nlaSet{xIflaInet, []nlaFn{1: indexed(4, xInetDevconfIndices)}}

var inet6Attrs = &nlaSet{xIflaInet6, []nlaFn{
	1: nlaFlagsWide(4, xInet6IfFlags), 2: indexed(4, xInet6DevconfIndices), 3: indexed(8, xSnmpIpStats),
	5: nlaNumbers(4, []string{"max_reasm_len", "tstamp", "reachable_time", "retrans_time"}), 6: indexed(8, xSnmpIcmp6Stats),
	7: nlaIn6, 8: nlaEnumWide(1, xInet6GenModes), 9: nlaU32,
}}

func nlaIn6(c *Ctx, b []byte, _ *nlaSet) event.Value { return c.nlAddrV(afInet6, b) }

// indexed is an array of numbers of size bytes whose indices have names in t.
func indexed(size int, t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		if len(b) < size {
			return absent()
		}
		n := len(b) / size
		list := event.Value{Form: event.FormArray}
		if c.Abbrev && n > c.Opts.StrLen {
			n, list.Flags = c.Opts.StrLen, event.FlagCut
		}
		list.Elem = c.Vals(n)
		for i := range list.Elem {
			x, _ := nlaWide(b[size*i:size*(i+1)], size)
			v := uintV(x)
			if size == 4 {
				v = intV(int64(int32(x)))
			}
			v.Name = t.Find(uint64(i))
			if v.Name == "" {
				v.Name = strconv.Itoa(i) + " /* " + t.Unknown + " */"
			}
			v.Flags |= event.FlagIndex
			list.Elem[i] = v
		}
		return list
	}
}

var addrAttrs = &nlaSet{xRtattrAddr, []nlaFn{
	1: nlaAddr, 2: nlaAddr, 3: nlaStr, 4: nlaAddr, 5: nlaAddr, 6: nlaNumbers(4, []string{"ifa_prefered", "ifa_valid", "cstamp", "tstamp"}),
	7: nlaAddr, 8: nlaFlags32(xAddrFlags), 9: nlaU32, 10: nlaU32,
}}

var routeAttrs = &nlaSet{xRtattrRoute, []nlaFn{
	1: nlaAddr, 2: nlaAddr, 3: nlaIfindex, 4: nlaIfindex, 5: nlaAddr, 6: nlaU32, 7: nlaAddr, 8: nest(metricsAttrs), 9: multipath, 10: nlaU32, 11: nlaU32,
	12: routeCache, 14: nlaU32, 15: nlaKnown(xRtTables), 16: nlaU32, 17: nlaNumbers(8, []string{"mfcs_packets", "mfcs_bytes", "mfcs_wrong_if"}),
	18: routeVia, 19: nlaAddr, 20: nlaU8, 21: nlaEnum(2, xLwtunnelEncap), 23: nlaU64, 25: nlaU32, 26: nlaU8, 27: nlaU8, 28: nlaU16, 29: nlaU16,
}}

var metricsAttrs = &nlaSet{xRtattrMetrics, []nlaFn{
	1: nlaU32, 2: nlaU32, 3: nlaU32, 4: nlaU32, 5: nlaU32, 6: nlaU32, 7: nlaU32, 8: nlaU32, 9: nlaU32, 10: nlaU32, 11: nlaU32, 12: nlaU32,
	13: nlaU32, 14: nlaU32, 15: nlaU32, 16: nlaStr,
}}

var cacheFields = []string{"rta_clntref", "rta_lastuse", "rta_expires", "rta_error", "rta_used", "rta_id", "rta_ts", "rta_tsage"}

func routeCache(c *Ctx, b []byte, s *nlaSet) event.Value {
	const id, expires = 5, 2
	v := nlaNumbers(4, cacheFields)(c, b, s)
	if !v.Absent() {
		v.Elem[id].Form = event.FormHex
		v.Elem[expires] = event.F(cacheFields[expires], intV(int64(int32(v.Elem[expires].Num))))
	}
	return v
}

func routeVia(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 2 {
		return absent()
	}
	family := binary.LittleEndian.Uint16(b)
	fam := event.F("rtvia_family", c.enumV(xSocketDomains, uint64(family)))
	if len(b) == 2 {
		return c.Struct(fam)
	}
	addr := c.nlAddrV(uint8(family), b[2:])
	if addr.Absent() {
		addr = c.rawV(b[2:])
	}
	return c.Struct(fam, event.F("rtvia_addr", addr))
}

// multipath is a list of next hops, each with attributes of its own.
func multipath(c *Ctx, b []byte, s *nlaSet) event.Value {
	const size = 8
	if len(b) < size {
		return absent()
	}
	list := event.Value{Form: event.FormArray, Elem: c.Vals(2)[:0]}
	for len(b) >= size {
		r := c.Rd(b)
		length, flags, hops, index := r.U16(), r.U8(), r.U8(), r.U32()
		hop := c.Struct(event.F("rtnh_len", uintV(length)), event.F("rtnh_flags", c.flagsV(xRtnhFlags, flags)),
			event.F("rtnh_hops", uintV(hops)), event.F("rtnh_ifindex", c.ifindexV(uint32(index))))
		if end := min(int(length), len(b)); end > size {
			hop = c.Array(hop, c.nlattrs(b[size:end], s))
		}
		list.Elem = append(list.Elem, hop)
		if length == 0 {
			break
		}
		b = b[min(len(b), (int(length)+3)&^3):]
	}
	if len(list.Elem) == 1 && list.Elem[0].Form == event.FormArray {
		return list.Elem[0]
	}
	return list
}

var neighAttrs = &nlaSet{xRtattrNeigh, []nlaFn{
	1: nlaAddr, 2: nlaMAC, 3: nlaNumbers(4, []string{"ndm_confirmed", "ndm_used", "ndm_updated", "ndm_refcnt"}), 4: nlaU32, 5: nlaU16, 6: nlaBe16, 7: nlaU32,
	8: nlaIfindex, 9: nlaIfindex, 10: nlaU32, 11: nlaU32, 12: nlaEnumWide(1, xIpProtocols), 13: nlaU32, 14: nest(fdbAttrs), 15: nlaFlagsWide(4, xNeighExtFlags),
	16: nlaFlagsOf(2, xNeighStates), 17: nlaFlagsOf(1, xNeighFlags),
}}

var fdbAttrs = &nlaSet{xNeighFdbAttrs, []nlaFn{1: nlaFlagsOf(1, xNeighFdbNotify)}}

var ruleAttrs = &nlaSet{xRtattrRule, []nlaFn{
	1: nlaAddr, 2: nlaAddr, 3: nlaStr, 4: nlaU32, 6: nlaU32, 10: nlaU32, 11: nlaU32, 12: nlaBe64, 13: nlaU32, 14: nlaU32, 15: nlaKnown(xRtTables), 16: nlaU32,
	17: nlaStr, 19: nlaU8, 20: nlaNumbers(4, rangeFields), 21: nlaEnum(1, xRtProtocols), 22: nlaEnumWide(1, xIpProtocols), 23: nlaNumbers(2, rangeFields), 24: nlaNumbers(2, rangeFields),
}}

var rangeFields = []string{"start", "end"}

var tcAttrs = &nlaSet{xRtattrTc, []nlaFn{
	1: nlaStr, 3: tcStats, 5: tcRate, 6: nlaU32, 7: nest(tcStatsAttrs), 8: nest(tcStabAttrs), 11: nlaU32, 12: nlaU8, 13: nlaU32, 14: nlaU32, 15: nlaU32,
}}

var tcStatsFields = []string{"packets", "drops", "overlimits", "bps", "pps", "qlen", "backlog"}

// tcStats has its first number in 64 bits.
func tcStats(c *Ctx, b []byte, _ *nlaSet) event.Value { return c.bytesFirst(b, tcStatsFields) }

func tcBasic(c *Ctx, b []byte, _ *nlaSet) event.Value { return c.bytesFirst(b, tcStatsFields[:1]) }

func (c *Ctx) bytesFirst(b []byte, names []string) event.Value {
	if len(b) < 8+4*len(names) {
		return absent()
	}
	e := append(c.Vals(1 + len(names))[:0], event.F("bytes", uintV(binary.LittleEndian.Uint64(b))))
	for i, name := range names {
		e = append(e, event.F(name, uintV(uint64(binary.LittleEndian.Uint32(b[8+4*i:])))))
	}
	return event.Value{Form: event.FormStruct, Elem: e}
}

func tcRate(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 2 {
		return absent()
	}
	return c.Struct(event.F("interval", intV(int64(int8(b[0])))), event.F("ewma_log", uintV(uint64(b[1]))))
}

var tcStatsAttrs = &nlaSet{xTcaStats, []nlaFn{
	1: tcBasic, 2: nlaNumbers(4, []string{"bps", "pps"}), 3: nlaNumbers(4, []string{"qlen", "backlog", "drops", "requeues", "overlimits"}),
	5: nlaNumbers(8, []string{"bps", "pps"}), 7: tcBasic, 8: nlaU64,
}}

var tcStabAttrs = &nlaSet{xTcaStab, []nlaFn{1: tcStabBase, 2: tcStabData}}

func tcStabBase(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const size = 24
	if len(b) < size {
		return absent()
	}
	r := c.Rd(b)
	cell, log, align, overhead := r.U8(), r.U8(), r.U16(), r.S32()
	return c.Struct(event.F("cell_log", uintV(cell)), event.F("size_log", uintV(log)), event.F("cell_align", intV(int64(int16(align)))), event.F("overhead", intV(overhead)),
		event.F("linklayer", uintV(r.U32())), event.F("mpu", uintV(r.U32())), event.F("mtu", uintV(r.U32())), event.F("tsize", uintV(r.U32())))
}

func tcStabData(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 2 {
		return absent()
	}
	return c.listV(b, 2, func(c *Ctx, r *Rd) event.Value { return uintV(r.U16()) })
}

var actionAttrs = &nlaSet{xTcaAct, []nlaFn{
	1: nlaStr, 3: nlaU32, 4: nest(tcStatsAttrs), 7: nlaFlagsOf(4, xTcActionFlags), 8: nlaFlagsOf(4, xTcActionHwStats), 9: nlaFlagsOf(4, xTcActionHwStats), 10: nlaU32,
}}

var neightblAttrs = &nlaSet{xRtattrNeightbl, []nlaFn{
	1: nlaStr, 2: nlaU32, 3: nlaU32, 4: nlaU32, 5: neightblConfig, 6: nest(neightblParms), 7: nlaNumbers(8, neightblStats), 8: nlaU64,
}}

var neightblStats = []string{
	"ndts_allocs", "ndts_destroys", "ndts_hash_grows", "ndts_res_failed", "ndts_lookups", "ndts_hits", "ndts_rcv_probes_mcast",
	"ndts_rcv_probes_ucast", "ndts_periodic_gc_runs", "ndts_forced_gc_runs", "ndts_table_fulls",
}

func neightblConfig(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const size = 32
	if len(b) < size {
		return absent()
	}
	r := c.Rd(b)
	return c.Struct(event.F("ndtc_key_len", uintV(r.U16())), event.F("ndtc_entry_size", uintV(r.U16())), event.F("ndtc_entries", uintV(r.U32())),
		event.F("ndtc_last_flush", uintV(r.U32())), event.F("ndtc_last_rand", uintV(r.U32())), event.F("ndtc_hash_rnd", uintV(r.U32())),
		event.F("ndtc_hash_mask", event.Value{Form: event.FormHexPad, Num: r.U32()}), event.F("ndtc_hash_chain_gc", uintV(r.U32())), event.F("ndtc_proxy_qlen", uintV(r.U32())))
}

var neightblParms = &nlaSet{xRtattrNeightblParms, []nlaFn{
	1: nlaIfindex, 2: nlaU32, 3: nlaU64, 4: nlaU64, 5: nlaU64, 6: nlaU64, 7: nlaU64, 8: nlaU32, 9: nlaU32, 10: nlaU32, 11: nlaU32, 12: nlaU64,
	13: nlaU64, 14: nlaU32, 15: nlaU64, 16: nlaU32, 17: nlaU32, 19: nlaU64,
}}

var addrlabelAttrs = &nlaSet{xRtattrAddrlabel, []nlaFn{1: nlaAddr, 2: nlaU32}}

var netconfAttrs = &nlaSet{xRtattrNetconf, []nlaFn{1: nlaIfindex, 2: nlaS32, 3: nlaS32, 4: nlaS32, 5: nlaS32, 6: nlaS32, 7: nlaS32, 8: nlaS32}}

var nsidAttrs = &nlaSet{xRtattrNsid, []nlaFn{1: nlaS32, 2: nlaU32, 3: nlaS32, 4: nlaS32, 5: nlaS32}}

var mdbAttrs = &nlaSet{xRtattrMdb, []nlaFn{1: nest(mdbMdbAttrs), 2: nest(mdbRouterAttrs)}}

var (
	mdbMdbAttrs    = &nlaSet{xRtattrMdbMdb, nil}
	mdbRouterAttrs = &nlaSet{xRtattrMdbRouter, nil}
)

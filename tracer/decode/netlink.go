package decode

import (
	"encoding/binary"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Messages of netlink(7). A message is shown as its header, what follows it and, behind
// that, its attributes; those that are not known are bytes in hexadecimal.

const (
	nlmsgHdrLen  = 16      // sizeof(struct nlmsghdr)
	maxNetlink   = 1 << 20 // how much of a buffer is looked at
	nlmsgMinType = 16      // the first type that a protocol defines

	nlRoute     = 0
	nlSockDiag  = 4
	nlXfrm      = 6
	nlSelinux   = 7
	nlAudit     = 9
	nlNetfilter = 12
	nlUevent    = 15
	nlGeneric   = 16
	nlCrypto    = 21
)

// Types of every protocol.
const (
	nlmsgError = 2
	nlmsgDone  = 3

	rtmDelAction = 49 // may delete all, as if it got them
)

// nlmsgTypes names the types of messages by protocol.
var nlmsgTypes = [...]*event.Table{
	nlRoute: xRtmTypes, nlSockDiag: xSockDiagTypes, nlXfrm: xXfrmTypes, nlSelinux: xSelinuxTypes, nlAudit: xAuditTypes,
	nlGeneric: xGenlIds, nlCrypto: xCryptoTypes,
}

// netlinkV is a sequence of netlink messages, n bytes, of a protocol or of one unknown, -1.
func (c *Ctx) netlinkV(proto int, addr, n uint64) event.Value {
	if n < nlmsgHdrLen || proto == nlUevent {
		return c.hexBufV(addr, n, proto != nlUevent)
	}
	if !c.canFollow(addr) {
		return addrV(addr)
	}
	b, ok := c.Read(addr, int(min(n, maxNetlink)))
	if !ok {
		return addrV(addr)
	}
	return c.nlmsgs(proto, b)
}

// hexBufV is bytesV, in hexadecimal if asked for.
func (c *Ctx) hexBufV(addr, n uint64, hex bool) event.Value {
	v := c.bytesV(addr, n)
	if hex && v.Form == event.FormString {
		v.Flags |= event.FlagHexStr
	}
	return v
}

// nlmsgs shows the messages in b: one as it is, several in a list.
func (c *Ctx) nlmsgs(proto int, b []byte) event.Value {
	list := event.Value{Form: event.FormArray, Elem: c.Vals(2)[:0]}
	for len(b) > 0 {
		if len(b) < nlmsgHdrLen {
			list.Elem = append(list.Elem, c.rawV(b))
			break
		}
		if c.Abbrev && len(list.Elem) == c.Opts.StrLen {
			list.Flags = event.FlagCut
			break
		}
		size := binary.LittleEndian.Uint32(b)
		list.Elem = append(list.Elem, c.nlmsgV(proto, b))
		if size < nlmsgHdrLen || uint64(size) > uint64(len(b)) {
			break
		}
		b = b[min(len(b), int(size+3)&^3):]
	}
	if len(list.Elem) == 1 && list.Flags == 0 {
		return list.Elem[0]
	}
	return list
}

// rawV is bytes of unknown meaning, at most as many as -s allows.
func (c *Ctx) rawV(b []byte) event.Value {
	v := event.Value{Form: event.FormString, Data: b, Num: uint64(len(b)), Flags: event.FlagHexStr}
	if len(b) > c.Opts.StrLen {
		v.Data = b[:c.Opts.StrLen]
		v.Flags |= event.FlagCut
	}
	return v
}

// nlmsgV is the message that b begins with; there is at least a header.
func (c *Ctx) nlmsgV(proto int, b []byte) event.Value {
	r := c.Rd(b)
	size, kind, flags := r.U32(), r.U16(), r.U16()
	seq, pid := r.U32(), r.U32()
	hdr := c.Struct(event.F("nlmsg_len", uintV(size)), event.F("nlmsg_type", c.nlmsgTypeV(proto, kind)),
		event.F("nlmsg_flags", c.nlmsgFlagsV(proto, kind, flags)), event.F("nlmsg_seq", uintV(seq)), event.F("nlmsg_pid", intV(int64(int32(pid)))))
	if size <= nlmsgHdrLen || len(b) == nlmsgHdrLen {
		return hdr
	}
	body := b[nlmsgHdrLen:min(size, uint64(len(b)))]
	e := append(c.Vals(3)[:0], hdr)
	return event.Value{Form: event.FormArray, Elem: c.nlmsgBody(e, proto, kind, flags, body)}
}

func (c *Ctx) nlmsgTypeV(proto int, kind uint64) event.Value {
	const batchBegin, batchEnd = 16, 17
	switch {
	case kind < nlmsgMinType:
		return c.enumV(xNlmsgTypes, kind)
	case proto == nlNetfilter && kind == batchBegin:
		return symV("NFNL_MSG_BATCH_BEGIN", kind)
	case proto == nlNetfilter && kind == batchEnd:
		return symV("NFNL_MSG_BATCH_END", kind)
	case proto == nlNetfilter:
		return c.nfTypeV(kind)
	case proto >= 0 && proto < len(nlmsgTypes) && nlmsgTypes[proto] != nil:
		return c.enumV(nlmsgTypes[proto], kind)
	}
	return c.enumV(xNlmsgTypes, kind)
}

const nfIpset = 6 // does not follow the customs of netlink

// nfMessages names the messages of subsystems of netfilter.
var nfMessages = [...]*event.Table{
	1: xNfCtnetlinkMessages, 2: xNfCtnetlinkExpMessages, 3: xNfQueueMessages, 4: xNfLogMessages, 5: xNfOsfMessages, 6: xNfIpsetMessages,
	7: xNfAcctMessages, 8: xNfCttimeoutMessages, 9: xNfCthelperMessages, 10: xNfTablesMessages, 11: xNfCompatMessages, 12: xNfHookMessages,
}

// nfTypeV is a type of netfilter: NFNL_SUBSYS_NFTABLES<<8|NFT_MSG_NEWTABLE.
func (c *Ctx) nfTypeV(kind uint64) event.Value {
	sub := kind >> 8
	msg := hexV(kind & 0xff)
	if sub < uint64(len(nfMessages)) && nfMessages[sub] != nil {
		msg = c.enumV(nfMessages[sub], kind&0xff)
	}
	shift := event.Value{Form: event.FormShift, Elem: c.list2(c.enumV(xNfSubsystems, sub), uintV(8))}
	v := c.Or(shift, msg)
	v.Flags |= event.FlagParts
	return v
}

// nlmsgFlagsV is a set of flags, of which those from 0x100 up depend on the message.
func (c *Ctx) nlmsgFlagsV(proto int, kind, flags uint64) event.Value {
	var t *event.Table
	switch {
	case kind == nlmsgError:
		t = xNlmsgAckFlags
	case kind < nlmsgMinType:
	case proto == nlRoute && kind == rtmDelAction:
		t = xNlmsgGetFlags
	case proto == nlRoute:
		t = [...]*event.Table{xNlmsgNewFlags, xNlmsgDeleteFlags, xNlmsgGetFlags, nil}[kind&3]
	case proto == nlSockDiag:
		t = xNlmsgGetFlags
	case proto == nlXfrm:
		t = flagsOf(xXfrmTypes.Find(kind))
	case proto == nlNetfilter && kind>>8 < uint64(len(nfMessages)) && kind>>8 != nfIpset:
		t = flagsOf(nfMessages[kind>>8].Find(kind & 0xff))
	}
	const own = 0xff00
	common := flags &^ own
	if t == nil || flags&own == 0 {
		return c.flagsV(xNlmsgFlags, flags)
	}
	if xNlmsgFlags.Known(common) != common {
		// What has no name comes last.
		flags &^= common &^ xNlmsgFlags.Known(common)
		rest := c.flagsV(t, flags&own|common&^xNlmsgFlags.Known(common))
		return c.joinFlags(c.flagsV(xNlmsgFlags, xNlmsgFlags.Known(common)), rest, flags)
	}
	return c.joinFlags(c.flagsV(xNlmsgFlags, common), c.flagsV(t, flags&own), flags)
}

// flagsOf names the flags of a message by what its name says that it does.
func flagsOf(name string) *event.Table {
	switch {
	case strings.Contains(name, "DEFAULT"):
	case strings.Contains(name, "NEW"):
		return xNlmsgNewFlags
	case strings.Contains(name, "DEL"):
		return xNlmsgDeleteFlags
	case strings.Contains(name, "GET"):
		return xNlmsgGetFlags
	}
	return nil
}

// joinFlags is a set of flags named by two tables.
func (c *Ctx) joinFlags(a, b event.Value, n uint64) event.Value {
	switch {
	case a.Num == 0:
		return b
	case b.Num == 0:
		return a
	}
	b.Flags |= event.FlagRest
	v := c.Or(a, b)
	v.Num = n
	return v
}

// nlmsgBody appends to e what follows the header.
func (c *Ctx) nlmsgBody(e []event.Value, proto int, kind, flags uint64, b []byte) []event.Value {
	switch {
	case kind == nlmsgError:
		return c.nlmsgErrV(e, proto, flags, b)
	case kind == nlmsgDone && len(b) == 4:
		return append(e, intV(int64(int32(binary.LittleEndian.Uint32(b)))))
	case kind < nlmsgMinType:
		return append(e, c.rawV(b))
	case proto == nlRoute:
		return c.rtnetlink(e, kind, b)
	case proto == nlSockDiag:
		return c.sockDiag(e, kind, flags, b)
	case proto == nlNetfilter:
		return c.nfnetlink(e, kind, b)
	case proto == nlSelinux && len(b) >= 4 && kind <= nlmsgMinType+1:
		name, v := "val", intV(int64(int32(binary.LittleEndian.Uint32(b))))
		if kind != nlmsgMinType {
			name, v = "seqno", uintV(uint64(binary.LittleEndian.Uint32(b)))
		}
		return append(e, c.Struct(event.F(name, v)))
	}
	return append(e, c.rawV(b))
}

// nlmsgErrV is an error, or an acknowledgement, with the message that it is about, of which
// a capped one has the header only. Attributes may follow.
func (c *Ctx) nlmsgErrV(e []event.Value, proto int, flags uint64, b []byte) []event.Value {
	const errLen, capped = 4, 0x100
	if len(b) < errLen+nlmsgHdrLen {
		return append(e, c.rawV(b))
	}
	code := event.F("error", c.negErrnoV(int32(binary.LittleEndian.Uint32(b))))
	b = b[errLen:]
	size := uint64(binary.LittleEndian.Uint32(b))
	if flags&capped != 0 || size < nlmsgHdrLen {
		size = nlmsgHdrLen
	}
	size = min(size, uint64(len(b)))
	v := c.Struct(code, event.F("msg", c.nlmsgs(proto, b[:size])))
	if rest := b[size:]; len(rest) > 0 {
		v = c.Array(v, c.nlattrs(rest, nlmsgerrAttrs))
	}
	return append(e, v)
}

// negErrnoV is a negated error number.
func (c *Ctx) negErrnoV(n int32) event.Value {
	if name := arch.ErrnoName(int(-n)); n < 0 && name != "" {
		return c.Tagged("-", symV(name, uint64(-n)))
	}
	return intV(int64(n))
}

var nlmsgerrAttrs = &nlaSet{xNlmsgerrAttrs, []nlaFn{1: nlaStr, 2: nlaU32, 3: nlaBytes}}

// nlaBytes is bytes, each by itself.
func nlaBytes(c *Ctx, b []byte, _ *nlaSet) event.Value {
	return c.listV(b, 1, func(c *Ctx, r *Rd) event.Value { return uintV(r.U8()) })
}

// nfnetlink is a message of netfilter.
func (c *Ctx) nfnetlink(e []event.Value, kind uint64, b []byte) []event.Value {
	const size = 4
	if len(b) < size {
		return append(e, c.rawV(b))
	}
	family := event.F("nfgen_family", c.enumV(xSocketDomains, uint64(b[0])))
	const v0 = 0
	version := c.enumV(nfVersions, uint64(b[1]))
	res := c.htonsV(b[2:4])
	if kind == nlmsgMinType || kind == nlmsgMinType+1 {
		id := uint64(binary.BigEndian.Uint16(b[2:]))
		if name := xNfSubsystems.Find(id); name != "" && id != v0 {
			res = c.netOrderV("htons", b[2:4], c.enumV(xNfSubsystems, id))
		}
	}
	e = append(e, c.Struct(family, event.F("version", version), event.F("res_id", res)))
	if b = b[size:]; len(b) == 0 {
		return e
	}
	if kind == nlmsgMinType || kind == nlmsgMinType+1 {
		return append(e, c.rawV(b))
	}
	return append(e, c.nlattrs(b, plainAttrs))
}

var nfVersions = &event.Table{Name: "nfnetlink_versions", Unknown: "NFNETLINK_???", Entries: []event.Entry{{Val: 0, Name: "NFNETLINK_V0"}}}

// plainAttrs are attributes without names.
var plainAttrs = &nlaSet{}

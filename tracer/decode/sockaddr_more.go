package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

// Socket addresses of families that few programs use.

func ipxAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	node := c.Vals(6)
	for i := range node {
		node[i] = hex2V(b[8+i])
	}
	zero := absent()
	if b[15] != 0 {
		zero = hex2V(b[15])
	}
	return c.Struct(fam, event.F("sipx_port", c.htonsV(b[2:4])),
		event.F("sipx_network", c.Macro("htonl", uint64(binary.LittleEndian.Uint32(b[4:])), hexV(uint64(binary.BigEndian.Uint32(b[4:]))))),
		event.F("sipx_node", event.Value{Form: event.FormArray, Elem: node}), event.F("sipx_type", hex2V(b[14])), event.F("sipx_zero", zero))
}

// hex2V is a byte as printf's %#02x shows it.
func hex2V(x byte) event.Value {
	if x == 0 {
		return event.Value{Form: event.FormSym, Str: "00", Flags: event.FlagWord}
	}
	return hexV(uint64(x))
}

func x25Addr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	return c.Struct(fam, event.F("sx25_addr", c.Struct(event.F("x25_addr", textV(b[2:18])))))
}

// textV is a character field that should end in a NUL: without it the last
// character is not shown.
func textV(b []byte) event.Value {
	s := untilNUL(b)
	v := event.Value{Form: event.FormString, Data: s}
	if len(s) == len(b) {
		v.Flags = event.FlagCut
		if len(s) > 0 {
			v.Data = s[:len(s)-1]
		}
	}
	return v
}

const (
	ax25Len    = 16 // struct sockaddr_ax25
	ax25Digis  = 8
	ax25Call   = 7
	ax25ndigis = 12
)

func ax25Addr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	digis := int(int32(binary.LittleEndian.Uint32(b[ax25ndigis:])))
	call := event.F("sax25_call", c.ax25CallV(b[2:9]))
	num := event.F("sax25_ndigis", intV(int64(digis)))
	if n == ax25Len && digis == 0 {
		return c.Struct(fam, call, num)
	}
	have := min((n-ax25Len)/ax25Call, ax25Digis)
	list := absent()
	if digis > 0 {
		show := max(0, min(digis, have))
		if c.Abbrev {
			show = min(show, c.Opts.StrLen)
		}
		e := c.Vals(show)
		for i := range e {
			e[i] = c.ax25CallV(b[ax25Len+ax25Call*i:][:ax25Call])
		}
		list = event.Value{Form: event.FormArray, Elem: e}
		if min(digis, ax25Digis) > show {
			list.Flags = event.FlagCut
		}
	}
	v := c.Struct(fam, event.F("fsa_ax25", c.Struct(call, num)), event.F("fsa_digipeater", list))
	if n > ax25Len+ax25Call*have {
		v.Flags |= event.FlagCut
	}
	return v
}

// ax25CallV is a call sign: six characters, shifted by a bit, and a station number.
func (c *Ctx) ax25CallV(b []byte) event.Value {
	t := c.Bytes(10)[:0]
	plain, printable, blank := b[6]&^0x1e == 0, true, false
	end := 0
	for i, x := range b[:6] {
		ch := x >> 1
		t = append(t, ch)
		if x&1 != 0 || blank && ch != ' ' || ch != ' ' && (ch < '0' || ch > '9') && (ch < 'A' || ch > 'Z') {
			plain = false
		}
		if ch < ' ' || ch > '~' || ch == '*' {
			printable = false
		}
		if ch == ' ' {
			blank = true
		} else {
			end = i + 1
		}
	}
	if t = appendDec(append(t[:end], '-'), b[6]>>1&0xf); end == 0 {
		plain = false
		if b[6]&0x1e == 0 {
			t, plain = append(t[:0], '*'), b[6] == 0
		}
	}
	if plain {
		return event.Value{Form: event.FormString, Data: t, Flags: event.FlagBare}
	}
	v := c.Struct(event.F("ax25_call", event.Value{Form: event.FormString, Data: b, Flags: event.FlagHexStr}))
	if printable {
		v.Note = t
	}
	return v
}

// Lengths tell the kinds of Bluetooth addresses apart: there is nothing else.
func bluetoothAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	le := binary.LittleEndian
	switch n {
	case 4, 6:
		dev := c.Macro("htobs", uint64(le.Uint16(b[2:])), uintV(uint64(le.Uint16(b[2:]))))
		channel := absent()
		if n == 6 {
			channel = c.enumV(xHciChannels, uint64(le.Uint16(b[4:])))
		}
		return c.Struct(fam, event.F("hci_dev", dev), event.F("hci_channel", channel))
	case 8:
		return c.Struct(fam, event.F("sco_bdaddr", macV(b[2:8])))
	case 10:
		return c.Struct(fam, event.F("rc_bdaddr", macV(b[2:8])), event.F("rc_channel", uintV(uint64(b[8]))))
	case 12, 14:
		psm, cid := uint64(le.Uint16(b[2:])), uint64(le.Uint16(b[10:]))
		kind := absent()
		if n == 14 {
			kind = c.enumV(xBluetoothAddrTypes, uint64(b[12]))
		}
		return c.Struct(fam, event.F("l2_psm", c.Macro("htobs", psm, c.l2psmV(psm))), event.F("l2_bdaddr", macV(b[4:10])),
			event.F("l2_cid", c.Macro("htobs", cid, c.l2cidV(cid))), event.F("l2_bdaddr_type", kind))
	}
	return c.Struct(fam, event.F("sa_data", dataV(b[2:n])))
}

func (c *Ctx) l2psmV(n uint64) event.Value {
	switch {
	case n == 0x80:
		return symV("L2CAP_PSM_LE_DYN_START", n)
	case n > 0x80 && n < 0xff:
		return c.Tagged("L2CAP_PSM_LE_DYN_START+", uintV(n-0x80))
	case n == 0xff:
		return symV("L2CAP_PSM_LE_DYN_END", n)
	case n == 0x1001:
		return symV("L2CAP_PSM_DYN_START", n)
	case n > 0x1001 && n < 0xffff:
		return c.Tagged("L2CAP_PSM_DYN_START+", uintV(n-0x1001))
	case n == 0xffff:
		return symV("L2CAP_PSM_DYN_END", n)
	}
	return c.enumV(xL2capPsm, n)
}

func (c *Ctx) l2cidV(n uint64) event.Value {
	switch {
	case n == 0x40:
		return symV("L2CAP_CID_DYN_START", n)
	case n == 0x7f:
		return symV("L2CAP_CID_LE_DYN_END", n)
	case n > 0x40 && n < 0xffff:
		return c.Tagged("L2CAP_CID_DYN_START+", uintV(n-0x40))
	case n == 0xffff:
		return symV("L2CAP_CID_DYN_END", n)
	}
	return c.enumV(xL2capCid, n)
}

func rxrpcAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b)
	r.Skip(2)
	service, kind, length := r.U16(), r.U16(), r.U16()
	return c.Struct(fam, event.F("srx_service", bothV(c.enumV(xRxrpcServices, service))), event.F("transport_type", c.enumV(xSocketTypes, kind)),
		event.F("transport_len", uintV(length)), event.F("transport", c.rxrpcTransportV(b[8:], min(int(length), n-8))))
}

// rxrpcTransportV is the address of n bytes of the transport below.
func (c *Ctx) rxrpcTransportV(b []byte, n int) event.Value {
	family := binary.LittleEndian.Uint16(b)
	fam := c.enumV(xSocketDomains, uint64(family))
	outer, name := "", "family"
	switch family {
	case afInet:
		outer, name = "sin", "sin_family"
	case afInet6:
		outer, name = "sin6", "sin6_family"
	}
	fam.Name = name
	v := c.Struct(fam)
	switch d := sockaddrDecOf(family); {
	case outer != "" && n >= d.min:
		v = d.dec(c, fam, b, n)
	case n > 2:
		v = c.Struct(fam, dataV(b[2:n]))
	}
	if outer != "" {
		v = c.Struct(event.F(outer, v))
	}
	return v
}

// bothV is an enumeration or a set of flags of which number and name are shown.
func bothV(v event.Value) event.Value {
	v.Flags |= event.FlagVerbose
	return v
}

// notedV is a number in hexadecimal of which some values have names.
func (c *Ctx) notedV(t *event.Table, n uint64) event.Value {
	if t.Find(n) == "" {
		return hexV(n)
	}
	return bothV(c.enumV(t, n))
}

func ieee802154Addr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	const none, short, long = 0, 2, 3
	r := c.Rd(b[4:])
	kind, pan := r.U32(), r.U16()
	hw, sh := absent(), absent()
	switch {
	case kind == short:
		sh = c.notedV(xIeee802154ShortAddrs, uint64(binary.LittleEndian.Uint16(b[10:])))
	case kind != none:
		hw = macV(b[10:18])
	}
	return c.Struct(fam, event.F("addr", c.Struct(event.F("addr_type", bothV(c.enumV(xIeee802154AddrTypes, kind))), event.F("pan_id", c.notedV(xIeee802154PanIds, pan)),
		event.F("hwaddr", hw), event.F("short_addr", sh))))
}

func algAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b[16:])
	feat, mask := r.U32(), r.U32()
	return c.Struct(fam, event.F("salg_type", textV(b[2:16])), event.F("salg_feat", bothV(c.flagsV(xCryptoAlgFlags, feat))),
		event.F("salg_mask", bothV(c.flagsV(xCryptoAlgFlags, mask))), event.F("salg_name", textV(b[24:n])))
}

func nfcAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b[4:])
	dev, target, proto := r.U32(), r.U32(), r.U32()
	base := [...]event.Value{event.F("dev_idx", uintV(dev)), event.F("target_idx", hexV(target)), event.F("nfc_protocol", c.enumV(xNfcProtos, proto))}
	full := 96
	if c.Word() == 4 {
		full = 88
	}
	switch {
	case n == 16:
		return c.Struct(fam, base[0], base[1], base[2])
	case n < full:
		return c.StructCut(fam, base[0], base[1], base[2])
	}
	r = c.Rd(b)
	r.Skip(full - c.Word())
	length := r.ULong()
	return c.Struct(fam, base[0], base[1], base[2], event.F("dsap", hexV(uint64(b[16]))), event.F("ssap", hexV(uint64(b[17]))),
		event.F("service_name", dataV(b[18:18+min(length, 63)])), event.F("service_name_len", uintV(length)))
}

func qipcrtrAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b[4:])
	return c.Struct(fam, event.F("sq_node", hexV(r.U32())), event.F("sq_port", hexV(r.U32())))
}

func mctpAddr(c *Ctx, fam event.Value, b []byte, n int) event.Value {
	r := c.Rd(b)
	r.Skip(2)
	pad0, net, addr, kind, tag, pad1 := r.U16(), r.U32(), r.U8(), r.U8(), r.U8(), r.U8()
	return c.Struct(fam, event.F("__smctp_pad0", nonzeroHexV(pad0)), event.F("smctp_network", hexV(net)),
		event.F("smctp_addr", c.Struct(event.F("s_addr", hexV(addr)))), event.F("smctp_type", hexV(kind)), event.F("smctp_tag", hexV(tag)),
		event.F("__smctp_pad1", nonzeroHexV(pad1)))
}

// nonzeroHexV is a field that is shown only when it is not zero.
func nonzeroHexV(n uint64) event.Value {
	if n == 0 {
		return absent()
	}
	return hexV(n)
}

package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

// Attributes of virtual functions of a network interface and of its ports.

var vfInfoAttrs = &nlaSet{xIflaVfInfo, []nlaFn{1: nest(vfAttrs)}}

var vfAttrs = &nlaSet{xIflaVf, []nlaFn{
	1: vfMAC, 2: nlaNumbers(4, []string{"vf", "vlan", "qos"}), 3: nlaNumbers(4, []string{"vf", "rate"}), 4: vfSetting, 5: vfLinkState,
	6: nlaNumbers(4, []string{"vf", "min_tx_rate", "max_tx_rate"}), 7: vfSetting, 8: nest(vfStatsAttrs), 9: vfSetting, 12: nest(vfVlanAttrs), 13: vfBroadcast,
}}

var (
	vfSetting    = nlaNumbers(4, []string{"vf", "setting"})
	vfStatsAttrs = &nlaSet{xIflaVfStats, []nlaFn{0: nlaU64, 1: nlaU64, 2: nlaU64, 3: nlaU64, 4: nlaU64, 5: nlaU64, 7: nlaU64, 8: nlaU64}}
	vfVlanAttrs  = &nlaSet{xIflaVfVlan, []nlaFn{1: vfVlanInfo}}
)

const vfAddrLen = 32

func vfMAC(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 4+vfAddrLen {
		return absent()
	}
	return c.Struct(event.F("vf", uintV(uint64(binary.LittleEndian.Uint32(b)))), event.F("mac", macV(b[4:4+vfAddrLen])))
}

func vfBroadcast(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < vfAddrLen {
		return absent()
	}
	return c.Struct(event.F("broadcast", macV(b[:vfAddrLen])))
}

func vfLinkState(c *Ctx, b []byte, s *nlaSet) event.Value {
	v := nlaNumbers(4, []string{"vf", "link_state"})(c, b, s)
	if !v.Absent() {
		v.Elem[1] = event.F("link_state", c.enumV(xIflaVfLinkStates, v.Elem[1].Num))
	}
	return v
}

func vfVlanInfo(c *Ctx, b []byte, s *nlaSet) event.Value {
	const protoOff, size = 12, 16
	if len(b) < size {
		return absent()
	}
	v := nlaNumbers(4, []string{"vf", "vlan", "qos", "vlan_proto"})(c, b, s)
	v.Elem[3] = event.F("vlan_proto", c.htonsEnumV(xEthProtocols, binary.LittleEndian.Uint16(b[protoOff:])))
	return v
}

var portAttrs = &nlaSet{xIflaPort, []nlaFn{1: nlaU32, 2: nlaStr, 3: portVSI, 6: nlaU16, 7: nlaU16}}

func portVSI(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const idLen, size = 3, 8
	if len(b) < size {
		return absent()
	}
	id := dataV(b[1 : 1+idLen])
	id.Flags |= event.FlagHexStr
	return c.Struct(event.F("vsi_mgr_id", uintV(uint64(b[0]))), event.F("vsi_type_id", id), event.F("vsi_type_version", uintV(uint64(b[1+idLen]))))
}

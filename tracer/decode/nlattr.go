package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

// Attributes of netlink messages: a length, a type and data.

// nlaFn decodes the data of an attribute, which is not empty. What it cannot decode, it
// leaves absent, to be shown as bytes.
type nlaFn func(c *Ctx, b []byte, s *nlaSet) event.Value

// nlaSet names a set of attributes and, by type, tells how their data is decoded.
type nlaSet struct {
	names *event.Table
	decs  []nlaFn
}

const (
	nlaHdrLen    = 4
	nlaNested    = 0x8000
	nlaByteOrder = 0x4000
	// maxNlaDepth bounds attributes within attributes.
	maxNlaDepth = 16
)

// nlattrs shows the attributes in b: one as it is, several in a list.
func (c *Ctx) nlattrs(b []byte, s *nlaSet) event.Value {
	list := event.Value{Form: event.FormArray, Elem: c.Vals(4)[:0]}
	for len(b) > 0 {
		if len(b) < nlaHdrLen {
			list.Elem = append(list.Elem, c.rawV(b))
			break
		}
		if c.Abbrev && len(list.Elem) == c.Opts.StrLen {
			list.Flags = event.FlagCut
			break
		}
		size := int(binary.LittleEndian.Uint16(b))
		list.Elem = append(list.Elem, c.nlattrV(b, size, s))
		if size < nlaHdrLen || size > len(b) {
			break
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	if len(list.Elem) == 1 && list.Flags == 0 {
		return list.Elem[0]
	}
	return list
}

// nlattrV is the attribute of size bytes that b begins with.
func (c *Ctx) nlattrV(b []byte, size int, s *nlaSet) event.Value {
	kind := uint64(binary.LittleEndian.Uint16(b[2:]))
	hdr := c.Struct(event.F("nla_len", uintV(uint64(size))), event.F("nla_type", c.nlaTypeV(kind, s.names)))
	if size <= nlaHdrLen || len(b) == nlaHdrLen {
		return hdr
	}
	data := b[nlaHdrLen:min(size, len(b))]
	v := absent()
	if i := kind &^ (nlaNested | nlaByteOrder); i < uint64(len(s.decs)) && s.decs[i] != nil && c.nlDepth < maxNlaDepth {
		c.nlDepth++
		v = s.decs[i](c, data, s)
		c.nlDepth--
	}
	if v.Absent() {
		v = c.rawV(data)
	}
	return event.Value{Form: event.FormArray, Elem: c.list2(hdr, v)}
}

func (c *Ctx) nlaTypeV(kind uint64, names *event.Table) event.Value {
	flags := kind & (nlaNested | nlaByteOrder)
	bare := hexV(kind &^ flags)
	if names != nil {
		bare = c.enumV(names, kind&^flags)
	}
	if flags == 0 {
		return bare
	}
	v := c.Or(c.flagsV(xNlaTypeFlags, flags), bare)
	v.Num, v.Flags = kind, event.FlagParts
	return v
}

// nest decodes attributes within an attribute.
func nest(s *nlaSet) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		if len(b) < nlaHdrLen {
			return absent()
		}
		return c.nlattrs(b, s)
	}
}

// Numbers may be followed by what is not looked at.

func nlaU8(c *Ctx, b []byte, _ *nlaSet) event.Value { return uintV(uint64(b[0])) }

func nlaU16(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 2 {
		return absent()
	}
	return uintV(uint64(binary.LittleEndian.Uint16(b)))
}

func nlaU32(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 4 {
		return absent()
	}
	return uintV(uint64(binary.LittleEndian.Uint32(b)))
}

func nlaS32(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 4 {
		return absent()
	}
	return intV(int64(int32(binary.LittleEndian.Uint32(b))))
}

func nlaX32(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 4 {
		return absent()
	}
	return hexV(uint64(binary.LittleEndian.Uint32(b)))
}

func nlaU64(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 8 {
		return absent()
	}
	return uintV(binary.LittleEndian.Uint64(b))
}

func nlaBe16(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 2 {
		return absent()
	}
	return c.htonsV(b[:2])
}

func nlaBe64(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 8 {
		return absent()
	}
	return c.netOrderV("htobe64", b[:8], uintV(binary.BigEndian.Uint64(b)))
}

// nlaFlags32 is 32 bits named in t.
func nlaFlags32(t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		if len(b) < 4 {
			return absent()
		}
		return c.flagsV(t, uint64(binary.LittleEndian.Uint32(b)))
	}
}

// nlaWide reads a number of at least size bytes and at most eight, all that there are.
func nlaWide(b []byte, size int) (uint64, bool) {
	if len(b) < size || len(b) > 8 {
		return 0, false
	}
	var w [8]byte
	copy(w[:], b)
	return binary.LittleEndian.Uint64(w[:]), true
}

// nlaFlagsWide is bits named in t.
func nlaFlagsWide(size int, t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		n, ok := nlaWide(b, size)
		if !ok {
			return absent()
		}
		return c.flagsV(t, uint64(uint32(n)))
	}
}

// nlaFlagsOf and nlaEnumOf are the first size bytes of a number of at most eight: bits or a
// number named in t.
func nlaFlagsOf(size int, t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		n, ok := nlaWide(b, size)
		if !ok {
			return absent()
		}
		return c.flagsV(t, n&(1<<(8*size)-1))
	}
}

func nlaEnumOf(size int, t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		n, ok := nlaWide(b, size)
		if !ok {
			return absent()
		}
		return c.enumV(t, n&(1<<(8*size)-1))
	}
}

// nlaTicks is a time in clock ticks.
func nlaTicks(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 8 {
		return absent()
	}
	return c.ticksV(binary.LittleEndian.Uint64(b))
}

// nlaEnumWide is a number with a name in t.
func nlaEnumWide(size int, t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		n, ok := nlaWide(b, size)
		if !ok {
			return absent()
		}
		return c.enumV(t, n)
	}
}

// nlaEnum is a number of size bytes with a name in t.
func nlaEnum(size int, t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		if len(b) < size {
			return absent()
		}
		n, _ := nlaWide(b[:size], size)
		return c.enumV(t, n)
	}
}

// nlaKnown is a number of which some values have names.
func nlaKnown(t *event.Table) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		if len(b) < 4 {
			return absent()
		}
		return c.knownV(t, uint64(binary.LittleEndian.Uint32(b)))
	}
}

func nlaIfindex(c *Ctx, b []byte, _ *nlaSet) event.Value {
	if len(b) < 4 {
		return absent()
	}
	return c.ifindexV(binary.LittleEndian.Uint32(b))
}

func nlaMAC(c *Ctx, b []byte, _ *nlaSet) event.Value {
	const maxAddrLen = 32
	if len(b) > maxAddrLen {
		return absent()
	}
	return macV(b)
}

// nlaStr is a string with a NUL at its end.
func nlaStr(c *Ctx, b []byte, _ *nlaSet) event.Value {
	v := event.Value{Form: event.FormString, Data: b, Num: uint64(len(b)), Flags: event.FlagTrimNUL}
	if len(b) > c.Opts.StrLen {
		v.Data = b[:c.Opts.StrLen]
	}
	if n := len(v.Data); n < len(b) || b[n-1] != 0 {
		v.Flags |= event.FlagCut
	}
	return v
}

// nlaAddr is an address of the message's family.
func nlaAddr(c *Ctx, b []byte, _ *nlaSet) event.Value { return c.nlAddrV(c.nlFamily, b) }

func (c *Ctx) nlAddrV(family uint8, b []byte) event.Value {
	switch {
	case family == afInet && len(b) >= 4:
		return c.inAddrV(b[:4])
	case family == afInet6 && len(b) >= 16:
		v := c.in6AddrV(b[:16])
		v.Flags &^= event.FlagInto
		return v
	}
	return absent()
}

// nlaNumbers is a structure of numbers of size bytes each, whose fields have the names given.
func nlaNumbers(size int, names []string) nlaFn {
	return func(c *Ctx, b []byte, _ *nlaSet) event.Value {
		if len(b) < size*len(names) {
			return absent()
		}
		e := c.Vals(len(names))
		for i := range e {
			n, _ := nlaWide(b[size*i:size*(i+1)], size)
			e[i] = event.F(names[i], uintV(n))
		}
		return event.Value{Form: event.FormStruct, Elem: e}
	}
}

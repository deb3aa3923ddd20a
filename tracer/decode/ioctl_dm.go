package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to the device mapper, see linux/dm-ioctl.h: a header, and data that its
// data_start leads to.

// dmCmd tells what of the header a command uses, and its data.
type dmCmd struct {
	in, out dmFields
	inData  dmData
	outData dmData
}

// dmData appends to e what is at offset off of the buffer at addr, of which h is the header.
type dmData func(c *Ctx, e []event.Value, addr uint64, h *dmHeader) []event.Value

type dmFields uint8

const (
	dmStart  dmFields = 1 << iota // data_start
	dmDev                         // dev, name, uuid
	dmCount                       // target_count
	dmOpen                        // open_count
	dmEvent                       // event_nr
	dmAnswer = dmDev | dmCount | dmOpen | dmEvent
)

var dmCmds = [...]dmCmd{
	{in: dmDev, out: dmDev}, // DM_VERSION
	{},                      // DM_REMOVE_ALL
	{in: dmStart, out: dmStart, outData: (*Ctx).dmNames},                                // DM_LIST_DEVICES
	{in: dmDev, out: dmAnswer},                                                          // DM_DEV_CREATE
	{in: dmDev | dmEvent, out: dmDev},                                                   // DM_DEV_REMOVE
	{in: dmStart | dmDev | dmEvent, out: dmStart | dmAnswer, inData: dmString},          // DM_DEV_RENAME
	{in: dmDev | dmEvent, out: dmAnswer},                                                // DM_DEV_SUSPEND
	{in: dmDev, out: dmAnswer},                                                          // DM_DEV_STATUS
	{in: dmStart | dmDev | dmEvent, out: dmStart | dmAnswer, outData: dmStatus},         // DM_DEV_WAIT
	{in: dmStart | dmDev | dmCount, out: dmStart | dmAnswer, inData: dmTargets},         // DM_TABLE_LOAD
	{in: dmDev, out: dmAnswer},                                                          // DM_TABLE_CLEAR
	{in: dmStart | dmDev, out: dmStart | dmAnswer, outData: (*Ctx).dmDeps},              // DM_TABLE_DEPS
	{in: dmStart | dmDev, out: dmStart | dmAnswer, outData: dmStatus},                   // DM_TABLE_STATUS
	{in: dmStart, out: dmStart, outData: (*Ctx).dmVersions},                             // DM_LIST_VERSIONS
	{in: dmStart | dmDev, out: dmStart | dmAnswer, inData: dmMessage, outData: dmReply}, // DM_TARGET_MSG
	{in: dmStart | dmDev, out: dmStart | dmDev, inData: dmString},                       // DM_DEV_SET_GEOMETRY
	{in: dmDev, out: dmDev},                                                             // DM_DEV_ARM_POLL
}

var dmIoctls = func() (t []ioctlDec) {
	const first = 0xc138fd00
	for i := range dmCmds {
		t = append(t, ioctlDec{first + uint32(i), dmArg, dmThen})
	}
	return t
}()

const (
	dmHeaderSize = 305 // up to the data
	dmNameSize   = 128
	dmUUIDSize   = 129
	dmMajor      = 4 // of the interface
	dmDevSuspend = 6
	dmSuspend    = 2 // DM_SUSPEND_FLAG
)

type dmHeader struct {
	version            [3]uint64
	size, start, count uint64
	open               int64
	flags, event, dev  uint64
	name, uuid         []byte
}

func (c *Ctx) dmHeader(addr uint64) (h dmHeader, ok bool) {
	b, ok := c.Read(addr, dmHeaderSize)
	if !ok {
		return h, false
	}
	r := c.Rd(b)
	r.Max64 = 8
	for i := range h.version {
		h.version[i] = r.U32()
	}
	h.size, h.start, h.count, h.open = r.U32(), r.U32(), r.U32(), r.S32()
	h.flags, h.event = r.U32(), r.U32()
	r.Skip(4)
	h.dev = r.U64()
	h.name, h.uuid = r.Take(dmNameSize), r.Take(dmUUIDSize)
	return h, true
}

func dmArg(c *Ctx, i int) event.Value {
	if v := c.dmV(c.Arg(i), false); !v.Absent() {
		return v
	}
	c.Save(unread, 1)
	return hexV(c.Arg(i))
}

// dmThen is what the kernel made of the buffer.
func dmThen(c *Ctx, i int) event.Value {
	if c.Failed() {
		return absent()
	}
	if v := c.dmV(c.Arg(i), true); !v.Absent() {
		return c.Then(v)
	}
	return absent()
}

// dmV is the header and its data, as a list; absent when the header cannot be read.
func (c *Ctx) dmV(addr uint64, out bool) event.Value {
	const sizeEnd = 16 // where the field that tells the size ends
	h, ok := c.dmHeader(addr)
	if !ok || h.size < sizeEnd {
		return absent()
	}
	cmd := &dmCmds[iocNR(uint32(c.Arg(1)))]
	show, data := cmd.in, cmd.inData
	if out {
		show, data = cmd.out, cmd.outData
	}
	head, ok := c.dmHeaderV(&h, show)
	list := event.Value{Form: event.FormArray, Elem: append(c.Vals(4)[:0], head)}
	if ok && data != nil {
		list.Elem = data(c, list.Elem, addr, &h)
	}
	if c.Abbrev && len(list.Elem) > 1 {
		list.Elem, list.Flags = list.Elem[:1], event.FlagCut
	}
	return list
}

// dmHeaderV is a header, and whether it leads to data that can be trusted.
func (c *Ctx) dmHeaderV(h *dmHeader, show dmFields) (event.Value, bool) {
	version := c.Array(uintV(h.version[0]), uintV(h.version[1]), uintV(h.version[2]))
	if h.version[0] != dmMajor {
		return c.Struct(event.F("version", c.Note(version, []byte("unsupported device mapper ABI version")))), false
	}
	f := append(c.Vals(10)[:0], event.F("version", version), event.F("data_size", uintV(h.size)))
	if h.size < dmHeaderSize {
		f[1] = c.Note(f[1], []byte("data_size too small"))
		return event.Value{Form: event.FormStruct, Elem: f}, false
	}
	if show&dmStart != 0 {
		f = append(f, event.F("data_start", uintV(h.start)))
	}
	if show&dmDev != 0 {
		f = append(f, event.F("dev", c.devV(h.dev)), event.F("name", c.cstrV(h.name)), event.F("uuid", c.cstrV(h.uuid)))
	}
	if show&dmCount != 0 {
		f = append(f, event.F("target_count", uintV(h.count)))
	}
	if show&dmOpen != 0 {
		f = append(f, event.F("open_count", intV(h.open)))
	}
	// Of a device that is to go on there is no event.
	if show&dmEvent != 0 && (show != dmDev|dmEvent || iocNR(uint32(c.Arg(1))) != dmDevSuspend || h.flags&dmSuspend == 0) {
		f = append(f, event.F("event_nr", uintV(h.event)))
	}
	f = append(f, event.F("flags", c.flagsV(xDmFlags, h.flags)))
	return event.Value{Form: event.FormStruct, Elem: f}, true
}

// dmAt reads n bytes of data at an offset; when they are not within the buffer or cannot
// be read, instead says what is shown.
func (c *Ctx) dmAt(addr uint64, h *dmHeader, off uint64, n int, name string) (b []byte, instead event.Value) {
	if off+uint64(n) > h.size {
		return nil, symWord("??? /* misplaced struct " + name + " */")
	}
	b, ok := c.Read(addr+off, n)
	if !ok {
		return nil, addrV(addr + off)
	}
	return b, absent()
}

// symWord is text that stands for nothing that could be read.
func symWord(s string) event.Value {
	return event.Value{Form: event.FormSym, Str: s, Flags: event.FlagWord}
}

// dmText is a string at an offset that does not go beyond the buffer.
func (c *Ctx) dmText(addr uint64, h *dmHeader, off uint64) event.Value {
	limit := c.Opts.StrLen
	s, nul, ok := c.CString(addr+off, int(min(uint64(limit)+1, h.size-off)))
	if !ok {
		return addrV(addr + off)
	}
	v := dataV(s[:min(len(s), limit)])
	if !nul && len(s) > 0 {
		v.Flags |= event.FlagCut
	}
	return v
}

func dmString(c *Ctx, e []event.Value, addr uint64, h *dmHeader) []event.Value {
	if h.start > h.size {
		return append(e, symWord("??? /* misplaced string */"))
	}
	return append(e, c.Struct(event.F("string", c.dmText(addr, h, h.start))))
}

func dmMessage(c *Ctx, e []event.Value, addr uint64, h *dmHeader) []event.Value {
	if h.start == h.size {
		return e
	}
	b, instead := c.dmAt(addr, h, h.start, 8, "dm_target_msg")
	if b == nil {
		return append(e, instead)
	}
	r := c.Rd(b)
	return append(e, c.Struct(event.F("sector", uintV(r.U64())), event.F("message", c.dmText(addr, h, h.start+8))))
}

// dmReply is what a target answered, if it did.
func dmReply(c *Ctx, e []event.Value, addr uint64, h *dmHeader) []event.Value {
	const dataOut = 0x10000 // DM_DATA_OUT_FLAG
	if h.flags&dataOut == 0 {
		return e
	}
	return dmString(c, e, addr, h)
}

func dmTargets(c *Ctx, e []event.Value, addr uint64, h *dmHeader) []event.Value {
	return c.dmSpecs(e, addr, h, false)
}

func dmStatus(c *Ctx, e []event.Value, addr uint64, h *dmHeader) []event.Value {
	return c.dmSpecs(e, addr, h, true)
}

// dmSpecs is targets with their parameters. The offset of the next one is counted from
// the first in an answer, else from the one before.
func (c *Ctx) dmSpecs(e []event.Value, addr uint64, h *dmHeader, answer bool) []event.Value {
	const size, typeSize = 40, 16
	off := h.start
	for n := uint64(0); n < h.count; n++ {
		b, instead := c.dmAt(addr, h, off, size, "dm_target_spec")
		if b == nil {
			return append(e, instead)
		}
		if c.Abbrev && n >= uint64(c.Opts.StrLen) {
			return append(e, event.Value{Form: event.FormMore})
		}
		r := c.Rd(b)
		r.Max64 = 8
		start, length, status, next := r.U64(), r.U64(), r.S32(), r.U32()
		f := append(c.Vals(5)[:0], event.F("sector_start", uintV(start)), event.F("length", uintV(length)))
		if answer {
			f = append(f, event.F("status", intV(status)))
		}
		f = append(f, event.F("target_type", c.cstrV(r.Take(typeSize))), event.F("string", c.dmText(addr, h, off+size)))
		e = append(e, event.Value{Form: event.FormStruct, Elem: f})
		from := off
		if answer {
			from = h.start
		}
		if n+1 < h.count && from+next < off+size {
			return append(e, symWord("??? /* misplaced struct dm_target_spec */"))
		}
		off = from + next
	}
	return e
}

// dmDeps is the devices that a table needs.
func (c *Ctx) dmDeps(e []event.Value, addr uint64, h *dmHeader) []event.Value {
	const size = 8
	if h.start == h.size {
		return e
	}
	b, instead := c.dmAt(addr, h, h.start, size, "dm_target_deps")
	if b == nil {
		return append(e, instead)
	}
	r := c.Rd(b)
	count := r.U32()
	if count > (h.size-h.start-size)/8 {
		return append(e, symWord("??? /* misplaced struct dm_target_deps */"))
	}
	deps := c.arrayV(addr+h.start+size, count, 8, func(c *Ctx, r *Rd) event.Value { return c.devV(r.U64()) })
	return append(e, c.Struct(event.F("count", uintV(count)), event.F("deps", deps)))
}

// dmNames is devices, each with the offset of the next.
func (c *Ctx) dmNames(e []event.Value, addr uint64, h *dmHeader) []event.Value {
	const size, nameOff = 16, 12
	off := h.start
	if off == h.size {
		return e
	}
	for {
		b, instead := c.dmAt(addr, h, off, size, "dm_name_list")
		if b == nil {
			return append(e, instead)
		}
		r := c.Rd(b)
		r.Max64 = 8
		dev, next := r.U64(), r.U32()
		f := append(c.Vals(3)[:0], event.F("dev", c.devV(dev)), event.F("name", c.dmText(addr, h, off+nameOff)))
		if name, nul, ok := c.CString(addr+off+nameOff, dmNameSize); ok && nul {
			at := (nameOff + uint64(len(name)) + 1 + 7) &^ 7
			if at+4 <= next {
				if ev, ok := c.U32(addr + off + at); ok {
					f = append(f, event.F("event_nr", uintV(uint64(ev))))
				}
			}
		}
		e = append(e, event.Value{Form: event.FormStruct, Elem: f})
		switch {
		case next == 0:
			return e
		case next < size:
			return append(e, symWord("??? /* misplaced struct dm_name_list */"))
		}
		off += next
	}
}

// dmVersions is kinds of targets.
func (c *Ctx) dmVersions(e []event.Value, addr uint64, h *dmHeader) []event.Value {
	const size = 16
	off := h.start
	if off == h.size {
		return e
	}
	for {
		b, instead := c.dmAt(addr, h, off, size, "dm_target_versions")
		if b == nil {
			return append(e, instead)
		}
		r := c.Rd(b)
		next := r.U32()
		version := c.Array(uintV(r.U32()), uintV(r.U32()), uintV(r.U32()))
		e = append(e, c.Struct(event.F("name", c.dmText(addr, h, off+size)), event.F("version", version)))
		switch {
		case next == 0:
			return e
		case next < size:
			return append(e, symWord("??? /* misplaced struct dm_target_versions */"))
		}
		off += next
	}
}

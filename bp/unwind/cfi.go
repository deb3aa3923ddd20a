package unwind

import (
	"cmp"
	"slices"
)

// section is the call frame information of a file: .eh_frame or .debug_frame.
type section struct {
	*machine
	data []byte
	addr uint64 // of data, as the file has it
	eh   bool   // .eh_frame
	// What encoded pointers may be relative to.
	text, got uint64

	cies  map[int]*cie // by offset; nil: it makes no sense
	index []span       // all entries by address, once it was needed
}

// span is the addresses that the FDE at offset off tells of.
type span struct {
	lo, hi uint64
	off    int
}

// cie is a Common Information Entry.
type cie struct {
	codeAlign uint64
	dataAlign int64
	ra        uint64
	ptrEnc    uint8 // how FDEs encode addresses
	ptr       int   // bytes of an address
	augmented bool  // FDEs have augmentation data, whose length they say
	signal    bool  // the frames of a signal handler's caller
	initial   []byte
}

// fde is a Frame Description Entry: what is known of the addresses from lo to hi.
type fde struct {
	*cie
	lo, hi  uint64
	program []byte
}

// Encodings of pointers (LSB core, chapter "DWARF Extensions").
const (
	encOmit     = 0xff
	encULEB     = 0x01
	encData2    = 0x02
	encData4    = 0x03
	encData8    = 0x04
	encSigned   = 0x08
	encForm     = 0x0f
	encPCRel    = 0x10
	encTextRel  = 0x20
	encDataRel  = 0x30
	encFuncRel  = 0x40
	encAligned  = 0x50
	encRelative = 0x70
	encIndirect = 0x80
)

// pointer reads an encoded pointer. Those that are only to be skipped, of personalities, may be
// indirect.
func (s *section) pointer(c *cursor, enc uint8, ptr int, data uint64) uint64 {
	if enc == encOmit {
		return 0
	}
	if enc&encRelative == encAligned {
		at := s.addr + uint64(c.off)
		c.skip(-at & uint64(ptr-1))
		return c.word(ptr)
	}
	base := uint64(0)
	switch enc & encRelative {
	case encPCRel:
		base = s.addr + uint64(c.off)
	case encTextRel:
		base = s.text
	case encDataRel:
		base = data
	}
	v := number(c, enc&encForm, ptr)
	if v == 0 && base != 0 && enc&encForm != 0 && enc&encRelative == encPCRel {
		return 0 // a null pointer
	}
	return s.cut(base + v)
}

// cut keeps what fits an address of the machine.
func (m *machine) cut(v uint64) uint64 {
	if m.ptr == 4 {
		return uint64(uint32(v))
	}
	return v
}

// number reads a number in one of the forms of encodings.
func number(c *cursor, form uint8, ptr int) uint64 {
	switch form {
	case 0:
		return c.word(ptr)
	case encSigned:
		if ptr == 4 {
			return uint64(int64(int32(c.u32())))
		}
		return c.u64()
	case encULEB:
		return c.uleb()
	case encULEB | encSigned:
		return uint64(c.sleb())
	case encData2:
		return uint64(c.u16())
	case encData2 | encSigned:
		return uint64(int64(int16(c.u16())))
	case encData4:
		return uint64(c.u32())
	case encData4 | encSigned:
		return uint64(int64(int32(c.u32())))
	case encData8, encData8 | encSigned:
		return c.u64()
	}
	c.fail()
	return 0
}

// record is the beginning of an entry.
type record struct {
	cursor // of what follows the id, up to the entry's end
	isCIE  bool
	parent int // of an FDE: the offset of its CIE
	next   int // the offset of the next entry
}

// record reads the entry at off; false: there is none.
func (s *section) record(off int) (r record, ok bool) {
	if off < 0 || off >= len(s.data) {
		return r, false
	}
	c := cursor{data: s.data, off: off}
	size, length := 4, uint64(c.u32())
	if length == 0xffffffff {
		size, length = 8, c.u64()
	}
	if c.bad || length < 4 || length > uint64(c.left()) {
		return r, false
	}
	at := c.off
	r.next = at + int(length)
	c.data = s.data[:r.next]
	if s.eh {
		// The id is always 4 bytes, and counts backwards from where it stands.
		id := c.u32()
		r.isCIE, r.parent = id == 0, at-int(id)
	} else {
		id := c.word(size)
		r.isCIE, r.parent = id == ^uint64(0)>>(64-8*size), int(min(id, uint64(len(s.data))))
	}
	r.cursor = c
	return r, !c.bad
}

// cieAt is the CIE at off, or nil.
func (s *section) cieAt(off int) *cie {
	if c, ok := s.cies[off]; ok {
		return c
	}
	var c *cie
	if r, ok := s.record(off); ok && r.isCIE {
		c = s.readCIE(&r.cursor)
	}
	if s.cies == nil {
		s.cies = make(map[int]*cie)
	}
	s.cies[off] = c
	return c
}

func (s *section) readCIE(c *cursor) *cie {
	version := c.u8()
	aug := c.str()
	e := &cie{ptr: s.machine.ptr}
	if version == 4 {
		e.ptr = int(c.u8())
		if seg := c.u8(); seg != 0 || e.ptr != 4 && e.ptr != 8 {
			return nil
		}
	}
	if aug == "eh" { // of g++ 2: a pointer
		c.skip(uint64(e.ptr))
	}
	e.codeAlign, e.dataAlign = c.uleb(), c.sleb()
	if version == 1 {
		e.ra = uint64(c.u8())
	} else {
		e.ra = c.uleb()
	}
	if !s.augmentation(c, e, aug) || c.bad || version != 1 && version != 3 && version != 4 {
		return nil
	}
	e.initial = c.data[c.off:]
	return e
}

// augmentation reads what the letters of a CIE's augmentation announce.
func (s *section) augmentation(c *cursor, e *cie, aug string) bool {
	if aug == "" || aug == "eh" {
		return true
	}
	if aug[0] != 'z' {
		return false // without a length, what follows cannot be told from the instructions
	}
	e.augmented = true
	n := c.uleb()
	rest := cursor{data: c.data, off: c.off}
	for _, letter := range aug[1:] {
		switch letter {
		case 'L':
			rest.u8()
		case 'P':
			enc := rest.u8()
			s.pointer(&rest, enc, e.ptr, s.got)
		case 'R':
			e.ptrEnc = rest.u8()
		case 'S':
			e.signal = true
		case 'B', 'G': // return addresses signed with the B key, tagged stack memory: of arm64
		default:
			c.skip(n)
			return true // of an unknown letter all that follows is unknown too
		}
	}
	c.skip(n)
	return !rest.bad
}

// fdeAt reads the FDE at off.
func (s *section) fdeAt(off int) (f fde, ok bool) {
	r, ok := s.record(off)
	if !ok || r.isCIE {
		return f, false
	}
	return s.readFDE(&r)
}

func (s *section) readFDE(r *record) (f fde, ok bool) {
	if f.cie = s.cieAt(r.parent); f.cie == nil {
		return f, false
	}
	c := &r.cursor
	f.lo = s.pointer(c, f.ptrEnc, f.cie.ptr, s.got)
	f.hi = f.lo + number(c, f.ptrEnc&(encForm&^encSigned), f.cie.ptr)
	if f.augmented {
		c.skip(c.uleb())
	}
	f.program = c.data[c.off:]
	return f, !c.bad && f.lo < f.hi && f.lo != 0
}

// find is the FDE that tells of pc.
func (s *section) find(pc uint64) (fde, bool) {
	if s.index == nil {
		s.index = s.spans()
	}
	i, ok := slices.BinarySearchFunc(s.index, pc, func(e span, pc uint64) int { return cmp.Compare(e.lo, pc) })
	if !ok {
		i--
	}
	if i < 0 || pc >= s.index[i].hi {
		return fde{}, false
	}
	return s.fdeAt(s.index[i].off)
}

// spans reads all entries.
func (s *section) spans() []span {
	out := []span{}
	for off := 0; ; {
		r, ok := s.record(off)
		if !ok {
			// Sections that were put together may have an end in their middle.
			if off+4 < len(s.data) && [4]byte(s.data[off:]) == [4]byte{} {
				off += 4
				continue
			}
			break
		}
		if !r.isCIE {
			if f, ok := s.readFDE(&r); ok {
				out = append(out, span{f.lo, f.hi, off})
			}
		}
		off = r.next
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	return out
}

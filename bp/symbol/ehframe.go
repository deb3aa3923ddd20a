package symbol

import (
	"cmp"
	"debug/elf"
	"slices"
	"strings"
)

// fde is the code that one entry of the unwind information is for: a function.
type fde struct{ addr, size uint64 }

// The encodings of pointers in .eh_frame (LSB Core, DWARF Exception Header Encoding).
const (
	peAbsolute = 0x00
	peULEB     = 0x01
	peU2       = 0x02
	peU4       = 0x03
	peU8       = 0x04
	peSLEB     = 0x09
	peS2       = 0x0a
	peS4       = 0x0b
	peS8       = 0x0c
	pePC       = 0x10 // added to the address of the pointer
	peOmit     = 0xff
)

// readFDEs reads where functions begin and end from .eh_frame, which is there in stripped
// files as well.
func (f *File) readFDEs() []fde {
	b, addr := f.EHFrame()
	p := frameParser{f: f, b: b, addr: addr, cies: map[uint64]byte{}}
	for p.entry() {
	}
	out := slices.DeleteFunc(p.out, func(e fde) bool {
		s := f.sectionOf(e.addr)
		return e.size == 0 || !f.executable(e.addr) || s != nil && strings.HasPrefix(s.Name, ".plt")
	})
	slices.SortFunc(out, func(a, b fde) int { return cmp.Compare(a.addr, b.addr) })
	return slices.Clip(out)
}

// EHFrame is the unwind information and its address. Where there are no section headers,
// it is found by .eh_frame_hdr, which has a segment of its own, and goes on to the end of
// the segment that it is in: a length of 0 ends it before that.
func (f *File) EHFrame() (data []byte, addr uint64) {
	if s := f.elf.Section(".eh_frame"); s != nil {
		return f.data(s), s.Addr
	}
	for _, p := range f.elf.Progs {
		if p.Type != elf.PT_GNU_EH_FRAME {
			continue
		}
		c := cursor{b: f.bytesAt(p.Vaddr, 16), order: f.elf.ByteOrder, ptr: f.ptrSize()}
		c.u8() // version
		enc := c.u8()
		c.take(2) // encodings of the count and of the table
		if at, ok := c.pointer(enc, p.Vaddr+4); ok && !c.bad {
			return f.bytesAt(at, f.restOfSegment(at)), at
		}
	}
	return nil, 0
}

func (f *File) restOfSegment(addr uint64) uint64 {
	for _, p := range f.loads {
		if addr-p.Vaddr < p.Filesz {
			return p.Filesz - (addr - p.Vaddr)
		}
	}
	return 0
}

// fde is the function that contains an address, by unwind information.
func (f *File) fde(addr uint64) (fde, bool) {
	all := f.fdes()
	i, found := slices.BinarySearchFunc(all, addr, func(e fde, a uint64) int { return cmp.Compare(e.addr, a) })
	if !found {
		i--
	}
	if i < 0 || addr-all[i].addr >= all[i].size {
		return fde{}, false
	}
	return all[i], true
}

// frameParser goes through .eh_frame.
type frameParser struct {
	f    *File
	b    []byte
	pos  uint64
	addr uint64 // of b[0]
	cies map[uint64]byte
	out  []fde
}

// entry reads the next entry, and reports whether there was one.
func (p *frameParser) entry() bool {
	c := cursor{b: p.b, pos: p.pos, order: p.f.elf.ByteOrder, ptr: p.f.ptrSize()}
	length := uint64(c.u32())
	if length == 0xffffffff {
		length = c.u64()
	}
	start := c.pos
	if c.bad || length == 0 || length > uint64(len(p.b))-start {
		return false
	}
	p.pos = start + length
	c.b = p.b[:p.pos]
	id := uint64(c.u32())
	if id == 0 {
		return true
	}
	enc := p.encoding(start - id)
	if enc == peOmit {
		return true
	}
	at := p.addr + c.pos
	begin, ok1 := c.pointer(enc, at)
	size, ok2 := c.pointer(enc&0x0f, 0)
	if ok1 && ok2 && !c.bad {
		p.out = append(p.out, fde{begin, size})
	}
	return true
}

// encoding is how the entries of a CIE have their addresses, peOmit where that is unknown.
func (p *frameParser) encoding(at uint64) byte {
	if enc, ok := p.cies[at]; ok {
		return enc
	}
	enc, ok := p.cie(at)
	if !ok {
		enc = peOmit
	}
	p.cies[at] = enc
	return enc
}

func (p *frameParser) cie(at uint64) (byte, bool) {
	if at >= uint64(len(p.b)) {
		return 0, false
	}
	const most = 512 // bytes that matter of a CIE
	c := cursor{b: p.b[:min(at+most, uint64(len(p.b)))], pos: at, order: p.f.elf.ByteOrder, ptr: p.f.ptrSize()}
	if length := uint64(c.u32()); length == 0xffffffff {
		c.u64()
	}
	if id := c.u32(); id != 0 || c.bad {
		return 0, false
	}
	version := c.u8()
	augmentation := c.str()
	if version == 4 {
		c.u8()
		c.u8()
	}
	c.uleb()
	c.sleb()
	if version == 1 {
		c.u8()
	} else {
		c.uleb()
	}
	if c.bad || !strings.HasPrefix(augmentation, "z") {
		return peAbsolute, !c.bad && augmentation == ""
	}
	c.uleb()
	return c.augmented(augmentation[1:])
}

// augmented finds the encoding of addresses in the augmentation of a CIE.
func (c *cursor) augmented(letters string) (byte, bool) {
	for _, l := range letters {
		switch l {
		case 'R':
			enc := c.u8()
			return enc, !c.bad
		case 'L':
			c.u8()
		case 'P':
			if _, ok := c.pointer(c.u8()&0x0f, 0); !ok {
				return 0, false
			}
		case 'S', 'B':
		default:
			return 0, false
		}
	}
	return peAbsolute, !c.bad
}

// pointer reads an address with an encoding, where at is the address that it is read from.
func (c *cursor) pointer(enc byte, at uint64) (v uint64, ok bool) {
	switch enc & 0x0f {
	case peAbsolute:
		v = c.address()
	case peULEB:
		v = c.uleb()
	case peSLEB:
		v = uint64(c.sleb())
	case peU2:
		v = uint64(c.u16())
	case peS2:
		v = uint64(int64(int16(c.u16())))
	case peU4:
		v = uint64(c.u32())
	case peS4:
		v = uint64(int64(int32(c.u32())))
	case peU8, peS8:
		v = c.u64()
	default:
		return 0, false
	}
	switch enc & 0x70 {
	case pePC:
		v += at
	case 0:
	default:
		return 0, false
	}
	if c.ptr == 4 {
		v = uint64(uint32(v))
	}
	return v, enc&0x80 == 0
}

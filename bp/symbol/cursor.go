package symbol

import (
	"bytes"
	"encoding/binary"
)

// cursor reads the numbers of DWARF from bytes that are not trusted. Past the end it gives
// zeros, and is bad from then on.
type cursor struct {
	b     []byte
	pos   uint64
	order binary.ByteOrder
	ptr   int // bytes of an address
	bad   bool
}

// take gives the next n bytes, or nil.
func (c *cursor) take(n uint64) []byte {
	if c.pos > uint64(len(c.b)) || n > uint64(len(c.b))-c.pos {
		c.bad = true
		return nil
	}
	b := c.b[c.pos : c.pos+n]
	c.pos += n
	return b
}

func (c *cursor) u8() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return c.order.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return c.order.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return c.order.Uint64(b)
	}
	return 0
}

func (c *cursor) address() uint64 {
	if c.ptr == 4 {
		return uint64(c.u32())
	}
	return c.u64()
}

// offset reads an offset of DWARF's 32-bit or 64-bit format.
func (c *cursor) offset(dwarf64 bool) uint64 {
	if dwarf64 {
		return c.u64()
	}
	return uint64(c.u32())
}

// uleb reads an unsigned LEB128 (DWARF 5, 7.6). Bits beyond 64 are lost.
func (c *cursor) uleb() (v uint64) {
	for shift := uint(0); !c.bad; shift += 7 {
		b := c.u8()
		if shift < 64 {
			v |= uint64(b&0x7f) << shift
		}
		if b < 0x80 {
			break
		}
	}
	return v
}

func (c *cursor) sleb() (v int64) {
	for shift := uint(0); !c.bad; {
		b := c.u8()
		if shift < 64 {
			v |= int64(b&0x7f) << shift
		}
		shift += 7
		if b < 0x80 {
			if shift < 64 && b&0x40 != 0 {
				v |= -1 << shift
			}
			break
		}
	}
	return v
}

// str reads a string that ends in a zero byte.
func (c *cursor) str() string { return string(c.bytesZ()) }

func (c *cursor) bytesZ() []byte {
	if c.pos >= uint64(len(c.b)) {
		c.bad = true
		return nil
	}
	i := bytes.IndexByte(c.b[c.pos:], 0)
	if i < 0 {
		c.bad = true
		return nil
	}
	return c.take(uint64(i) + 1)[:i]
}

package unwind

import "encoding/binary"

// cursor reads numbers from bytes. When they end it gives zeros, and bad is set.
type cursor struct {
	data []byte
	off  int
	bad  bool
}

func (c *cursor) left() int { return len(c.data) - c.off }

func (c *cursor) skip(n uint64) {
	if n > uint64(c.left()) {
		c.fail()
		return
	}
	c.off += int(n)
}

// fail says that what was read makes no sense. Nothing more is read.
func (c *cursor) fail() { c.bad, c.off = true, len(c.data) }

// take is the next n bytes.
func (c *cursor) take(n uint64) []byte {
	from := c.off
	if c.skip(n); c.bad {
		return nil
	}
	return c.data[from:c.off]
}

func (c *cursor) u8() uint8 {
	if c.off >= len(c.data) {
		c.fail()
		return 0
	}
	c.off++
	return c.data[c.off-1]
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// word is an unsigned number of 4 or 8 bytes.
func (c *cursor) word(size int) uint64 {
	if size == 4 {
		return uint64(c.u32())
	}
	return c.u64()
}

// uleb and sleb are DWARF's numbers of variable length (DWARF 5 section 7.6).
func (c *cursor) uleb() uint64 {
	v, _ := c.leb()
	return v
}

func (c *cursor) sleb() int64 {
	v, bits := c.leb()
	if bits < 64 && v>>(bits-1)&1 != 0 {
		v |= ^uint64(0) << bits
	}
	return int64(v)
}

func (c *cursor) leb() (v uint64, bits uint) {
	for {
		b := c.u8()
		if bits < 64 {
			v |= uint64(b&0x7f) << bits
		}
		bits += 7
		if b < 0x80 || bits >= 140 { // the longest that compilers pad to is far shorter
			return v, min(bits, 64)
		}
	}
}

// str is a string that ends in a zero byte.
func (c *cursor) str() string {
	from := c.off
	for c.off < len(c.data) {
		if c.u8() == 0 {
			return string(c.data[from : c.off-1])
		}
	}
	c.fail()
	return ""
}

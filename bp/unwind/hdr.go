package unwind

import (
	"encoding/binary"
	"sort"
)

// header is .eh_frame_hdr: a table, ordered by address, of the FDEs in .eh_frame (LSB core,
// section "The .eh_frame_hdr section").
type header struct {
	addr  uint64
	frame uint64 // the address of .eh_frame
	table []byte // pairs of 4 bytes: address and FDE, relative to addr; nil: no such table
}

// tableEnc is the encoding that all linkers use: relative to the header, 4 bytes, signed.
const tableEnc = encDataRel | encData4 | encSigned

// readHeader reads .eh_frame_hdr, which is at addr.
func readHeader(m *machine, data []byte, addr uint64) (h header, ok bool) {
	c := &cursor{data: data}
	s := section{machine: m, addr: addr}
	version, ptrEnc, countEnc, enc := c.u8(), c.u8(), c.u8(), c.u8()
	if c.bad || version != 1 {
		return h, false
	}
	h.addr = addr
	h.frame = s.pointer(c, ptrEnc, m.ptr, addr)
	if countEnc == encOmit || enc != tableEnc {
		return h, !c.bad
	}
	n := s.pointer(c, countEnc, m.ptr, addr)
	if !c.bad && n > 0 && n <= uint64(c.left())/8 {
		h.table = c.data[c.off : c.off+int(n)*8]
	}
	return h, !c.bad
}

// find is the address of the last FDE that begins at pc or below.
func (h *header) find(pc uint64) (addr uint64, ok bool) {
	at := func(i int) uint64 { return h.addr + uint64(int64(int32(binary.LittleEndian.Uint32(h.table[4*i:])))) }
	i := sort.Search(len(h.table)/8, func(i int) bool { return at(2*i) > pc })
	if i == 0 {
		return 0, false
	}
	return at(2*i - 1), true
}

package step

import (
	"bytes"
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
)

// Layout of the tracee. Its program is an ELF file of our own making that holds
// nothing but pages.
const (
	codeAt   = tablePC &^ 0xfff
	landAt   = 0x500000 // all breakpoints: where branches may go
	dataAt   = 0x600000
	dataLen  = 8192
	fpAt     = 0x700000 // what the vector registers are loaded from, by the code at fpCode
	fpCode   = codeAt + 0x800
	lengthAt = 0x800000 // a page of code that ends where data begin
	page     = 4096
)

type segment struct {
	addr  uint64
	flags uint32
	data  []byte
}

const (
	flagsRX = 5
	flagsRW = 6
)

func segments(a *arch.Arch) []segment {
	traps := bytes.Repeat(a.Breakpoint, page/len(a.Breakpoint))
	segs := []segment{
		{codeAt, flagsRX, traps}, {landAt, flagsRX, traps}, {nearSlot, flagsRX, traps},
		{dataAt, flagsRW, make([]byte, dataLen)}, {fpAt, flagsRW, make([]byte, page)},
		{lengthAt, flagsRX, traps}, {lengthAt + page, flagsRW, make([]byte, page)},
	}
	if a == arch.AMD64 {
		segs = append(segs, segment{farSlot, flagsRX, traps})
	}
	return segs
}

// image is the ELF file of the tracee.
func image(a *arch.Arch) []byte {
	segs := segments(a)
	le := binary.LittleEndian
	word := func(b []byte, v uint64) []byte { return le.AppendUint64(b, v) }
	class, machine, headers, entry := byte(2), uint16(62), uint16(64), uint16(56)
	switch a {
	case arch.I386:
		word = func(b []byte, v uint64) []byte { return le.AppendUint32(b, uint32(v)) }
		class, machine, headers, entry = 1, 3, 52, 32
	case arch.ARM64:
		machine = 183
	}
	b := append([]byte("\x7fELF"), class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint16(le.AppendUint16(b, 2), machine)
	b = word(word(word(le.AppendUint32(b, 1), codeAt), uint64(headers)), 0)
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{headers, entry, uint16(len(segs)) + 1, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	off := uint64(page)
	const load, stack = 1, 0x6474e551 // without PT_GNU_STACK data could be run on i386
	for _, s := range append(segs[:len(segs):len(segs)], segment{flags: flagsRW}) {
		n := uint64(len(s.data))
		kind := uint32(load)
		if n == 0 {
			kind = stack
		}
		b = le.AppendUint32(b, kind)
		if class == 2 {
			b = le.AppendUint32(b, s.flags)
		}
		b = word(word(word(word(word(b, off), s.addr), s.addr), n), n)
		if class == 1 {
			b = le.AppendUint32(b, s.flags)
		}
		b = word(b, page)
		off += n
	}
	b = append(b, make([]byte, page-len(b))...)
	for _, s := range segs {
		b = append(b, s.data...)
	}
	return b
}

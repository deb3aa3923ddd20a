package unwind

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

const (
	windowSize = 4096
	windows    = 4
	// maxReads bounds how often memory is read for one stack.
	maxReads = 512
)

// reader reads a task's memory in pieces, of which it keeps some: the stack of a few frames
// takes one read.
type reader struct {
	m     event.Memory
	win   [windows]window
	next  int // which one is replaced next
	last  int // which one was used last
	reads int
}

type window struct {
	addr uint64
	n    int
	buf  [windowSize]byte
}

// reset makes the reader ready for another stack.
func (r *reader) reset(m event.Memory) {
	r.m, r.reads = m, 0
	for i := range r.win {
		r.win[i].n = 0
	}
}

// bytes is n bytes at addr, of at most windowSize/2, valid until the next call; nil: they cannot be read.
func (r *reader) bytes(addr uint64, n int) []byte {
	if b := r.win[r.last].at(addr, n); b != nil {
		return b
	}
	for i := range r.win {
		if b := r.win[i].at(addr, n); b != nil {
			r.last = i
			return b
		}
	}
	if r.reads++; r.reads > maxReads {
		return nil
	}
	r.last, r.next = r.next, (r.next+1)%windows
	w := &r.win[r.last]
	// Callers are at higher addresses, but a little below may be asked for.
	w.addr = addr &^ 63
	w.n, _ = r.m.ReadAt(w.buf[:], w.addr) // what is not there is not read
	return w.at(addr, n)
}

func (w *window) at(addr uint64, n int) []byte {
	off := addr - w.addr
	if off >= uint64(w.n) || uint64(w.n)-off < uint64(n) {
		return nil
	}
	return w.buf[off : off+uint64(n)]
}

// word reads a little-endian number of 1, 2, 4 or 8 bytes.
func (r *reader) word(addr uint64, size int) (uint64, bool) {
	b := r.bytes(addr, size)
	if b == nil {
		return 0, false
	}
	switch size {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}

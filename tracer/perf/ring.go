package perf

import (
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/ptrace"
)

// Offsets of data_head and data_tail in struct perf_event_mmap_page.
const (
	headOffset = 1024
	tailOffset = 1032
)

// ring is the memory through which the kernel hands samples over: a page with the two ends of
// what is unread, and data pages. The kernel writes at the head and never passes the tail.
type ring struct {
	mem  []byte
	data []byte
	buf  []byte // a record that goes round the end
}

// mapRing maps the ring of an event, of about size bytes: less where less may be locked.
func mapRing(fd, size int) (*ring, error) {
	page := os.Getpagesize()
	pages := 1
	for pages*2*page <= size {
		pages *= 2
	}
	for ; ; pages /= 2 {
		mem, err := unix.Mmap(fd, 0, (1+pages)*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err == nil {
			return &ring{mem: mem, data: mem[page:]}, nil
		}
		if pages == 1 || !errors.Is(err, unix.EPERM) {
			return nil, err
		}
	}
}

func (r *ring) close() error { return unix.Munmap(r.mem) }

// unread reports whether there is something to read.
func (r *ring) unread() bool {
	return ptrace.LoadShared(r.mem, headOffset) != ptrace.LoadShared(r.mem, tailOffset)
}

// read hands over what is unread, until take does not want a record yet. What take gets is
// valid until it returns.
func (r *ring) read(take func(typ uint32, misc uint16, body []byte) bool) error {
	head := ptrace.LoadShared(r.mem, headOffset)
	tail := ptrace.LoadShared(r.mem, tailOffset)
	defer func() { ptrace.StoreShared(r.mem, tailOffset, tail) }()
	for tail != head {
		at := r.part(tail, recordHeader)
		size := uint64(binary.NativeEndian.Uint16(at[6:]))
		if size < recordHeader || size > head-tail {
			tail = head
			return errRecord
		}
		rec := r.part(tail, size)
		typ, misc := binary.NativeEndian.Uint32(rec), binary.NativeEndian.Uint16(rec[4:])
		if !take(typ, misc, rec[recordHeader:]) {
			return nil
		}
		tail += size
	}
	return nil
}

// part is size bytes of the data from a position on, copied only if they go round the end.
func (r *ring) part(pos, size uint64) []byte {
	off := pos & uint64(len(r.data)-1)
	if end := off + size; end <= uint64(len(r.data)) {
		return r.data[off:end:end]
	}
	r.buf = append(r.buf[:0], r.data[off:]...)
	r.buf = append(r.buf, r.data[:size-uint64(len(r.buf))]...)
	return r.buf
}

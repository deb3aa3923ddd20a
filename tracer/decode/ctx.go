package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// FDInfo is what a descriptor stands for.
type FDInfo struct {
	Path    []byte // shown escaped; built on the buffer given, or nil
	Detail  []byte // shown as it is, behind the path
	Deleted bool   // the file has no name any more
	// Detail[From:To] is a name that is shown escaped after all, in quotes or not.
	From, To int
	Quoted   bool
}

// Process is what a process id stands for.
type Process struct {
	Comm []byte // its command name; nil: not asked for, or not known
	Own  int32  // its id as the tracer sees it; zero: not asked for
}

// Namer tells what a tracee's numbers stand for. It may look at the live process;
// in replay it answers from the record. Each method may build its answer on buf,
// and reports whether it knew anything.
type Namer interface {
	// FD describes a descriptor for -y and -yy.
	FD(buf []byte, t event.Task, fd int32) (FDInfo, bool)
	// Cwd is the directory that AT_FDCWD stands for.
	Cwd(buf []byte, t event.Task) (FDInfo, bool)
	// PID describes a process id, as t sees it, for -Y.
	PID(buf []byte, t event.Task, pid int32) (Process, bool)
}

// Options are what a user asked of decoding. They do not change during a session.
type Options struct {
	StrLen int   // -s
	FDs    bool  // -y: ask the Namer about descriptors
	PIDs   bool  // -Y, --pidns-translation: ask the Namer about processes
	Namer  Namer // nil: no decoration
	Net    Net   // nil: sockets and interfaces have no names
}

// Ctx is one system call of one task being decoded: registers, memory, options and an
// arena. A task keeps its Ctx from entry to exit.
type Ctx struct {
	Mem  event.Memory
	Live event.State // the stopped task; nil in replay
	ABI  *arch.ABI
	Task event.Task
	Call *Call
	Sub  *arch.Subcall // the call is carried by socketcall or ipc
	NR   uint64
	Args [6]uint64 // as at entry; 32-bit ABIs: zero-extended
	Opts *Options
	Prev string // the call, interrupted, that restart_syscall goes on with; "" if it was not seen

	Exit  bool  // at exit: Ret and Errno are valid
	Ret   int64 // sign-extended return value
	Errno int   // 0 on success

	Abbrev  bool // leave out what -v would show
	Verbose bool // follow pointers to structures (-e verbose=)

	raw bool
	// lateComma is LateComma of this very call.
	lateComma bool
	vals      []event.Value // the arguments decoded so far
	saved     [6]uint64
	blob      []byte // saved bytes, in the arena
	mlens     []byte // lengths of addresses before the call, of the messages to come
	arena     arena
	rbuf      [4096]byte
	rds       [4]Rd // readers lent to decoders of structures, depth of them
	depth     int
	nlDepth   int    // of attributes within attributes
	nlFamily  uint8  // of the netlink message being decoded
	left      uint64 // bytes of a vector still to be shown
	strbuf    []byte
}

type arena struct {
	vals  []event.Value
	bytes []byte
}

const (
	valChunk  = 32
	byteChunk = 1024
	// maxKeep bounds what a Ctx keeps between calls.
	maxKeepVals  = 512
	maxKeepBytes = 16 << 10
)

// Reset makes c ready for the next call and takes back everything it lent out.
func (c *Ctx) Reset() {
	clear(c.arena.vals)
	c.arena.vals = c.arena.vals[:0]
	c.arena.bytes = c.arena.bytes[:0]
	if cap(c.arena.vals) > maxKeepVals {
		c.arena.vals = nil
	}
	if cap(c.arena.bytes) > maxKeepBytes {
		c.arena.bytes = nil
	}
	c.saved = [6]uint64{}
	c.blob = nil
	c.Exit, c.Ret, c.Errno, c.depth = false, 0, 0, 0
	c.lateComma = false
}

// Vals lends a slice of n zero values.
func (c *Ctx) Vals(n int) []event.Value {
	a := &c.arena
	if cap(a.vals)-len(a.vals) < n {
		a.vals = make([]event.Value, 0, max(n, valChunk, 2*cap(a.vals)))
	}
	l := len(a.vals)
	a.vals = a.vals[:l+n]
	return a.vals[l : l+n : l+n]
}

// Bytes lends a slice of n bytes, not cleared.
func (c *Ctx) Bytes(n int) []byte {
	a := &c.arena
	if cap(a.bytes)-len(a.bytes) < n {
		a.bytes = make([]byte, 0, max(n, byteChunk, 2*cap(a.bytes)))
	}
	l := len(a.bytes)
	a.bytes = a.bytes[:l+n]
	return a.bytes[l : l+n : l+n]
}

// Copy lends a copy of b.
func (c *Ctx) Copy(b []byte) []byte {
	d := c.Bytes(len(b))
	copy(d, b)
	return d
}

// Arg is the raw argument i.
func (c *Ctx) Arg(i int) uint64 {
	if i < 0 || i >= len(c.Args) {
		return 0
	}
	return c.Args[i]
}

// Word is the size of a long and of a pointer in the call's ABI, in bytes.
func (c *Ctx) Word() int { return c.ABI.Bits / 8 }

// Is32 reports whether the call was made through a 32-bit ABI.
func (c *Ctx) Is32() bool { return c.ABI.Bits == 32 }

// Failed reports, at exit, that the call returned an error.
func (c *Ctx) Failed() bool { return c.Exit && c.Errno != 0 }

// Save keeps a number from entry to exit, in slot 0 to 5.
func (c *Ctx) Save(slot int, v uint64) { c.saved[slot] = v }

// Saved is what Save kept; zero if nothing.
func (c *Ctx) Saved(slot int) uint64 { return c.saved[slot] }

// SaveBytes keeps bytes from entry to exit. They must come from the arena.
func (c *Ctx) SaveBytes(b []byte) { c.blob = b }

// SavedBytes is what SaveBytes kept.
func (c *Ctx) SavedBytes() []byte { return c.blob }

// Read lends the n bytes at addr, or reports false if any of them cannot be read.
// Absurd sizes (over 16 MiB) are refused.
func (c *Ctx) Read(addr uint64, n int) ([]byte, bool) {
	if n < 0 || n > 16<<20 {
		return nil, false
	}
	mark := len(c.arena.bytes)
	b := c.Bytes(n)
	if m, _ := c.Mem.ReadAt(b, addr); m < n {
		if mark+n == len(c.arena.bytes) {
			c.arena.bytes = c.arena.bytes[:mark]
		}
		return nil, false
	}
	return b, true
}

// ReadInto fills p from addr, or reports false.
func (c *Ctx) ReadInto(p []byte, addr uint64) bool {
	n, _ := c.Mem.ReadAt(p, addr)
	return n == len(p)
}

// U8, U16, U32 and U64 read a little-endian number.
func (c *Ctx) U8(addr uint64) (uint8, bool) {
	ok := c.ReadInto(c.rbuf[:1], addr)
	return c.rbuf[0], ok
}

func (c *Ctx) U16(addr uint64) (uint16, bool) {
	ok := c.ReadInto(c.rbuf[:2], addr)
	return binary.LittleEndian.Uint16(c.rbuf[:]), ok
}

func (c *Ctx) U32(addr uint64) (uint32, bool) {
	ok := c.ReadInto(c.rbuf[:4], addr)
	return binary.LittleEndian.Uint32(c.rbuf[:]), ok
}

func (c *Ctx) U64(addr uint64) (uint64, bool) {
	ok := c.ReadInto(c.rbuf[:8], addr)
	return binary.LittleEndian.Uint64(c.rbuf[:]), ok
}

// UWord reads an unsigned long of the call's ABI.
func (c *Ctx) UWord(addr uint64) (uint64, bool) {
	if c.Is32() {
		v, ok := c.U32(addr)
		return uint64(v), ok
	}
	return c.U64(addr)
}

// CString reads a string up to its NUL, at most limit bytes. It returns what was read
// without the NUL, whether the NUL was seen, and whether memory could be read so far:
// a string that runs into unreadable memory is not ok.
func (c *Ctx) CString(addr uint64, limit int) (s []byte, nul, ok bool) {
	const page = 4096
	mark := len(c.arena.bytes)
	out := c.Bytes(0)
	first := true
	for limit > 0 {
		n := page - int(addr&(page-1))
		if first && n > 256 {
			n = 256 // most strings are short
		}
		first = false
		n = min(n, limit, len(c.rbuf))
		m, _ := c.Mem.ReadAt(c.rbuf[:n], addr)
		for i, b := range c.rbuf[:m] {
			if b == 0 {
				return c.grow(mark, out, c.rbuf[:i]), true, true
			}
		}
		out = c.grow(mark, out, c.rbuf[:m])
		if m < n {
			return out, false, false
		}
		addr += uint64(n)
		limit -= n
	}
	return out, false, true
}

// grow appends b to out, the arena's last loan, which began at mark.
func (c *Ctx) grow(mark int, out, b []byte) []byte {
	if len(out) == 0 {
		return c.Copy(b)
	}
	if mark+len(out) == len(c.arena.bytes) && cap(c.arena.bytes)-len(c.arena.bytes) >= len(b) {
		c.arena.bytes = append(c.arena.bytes, b...)
		return c.arena.bytes[mark : mark+len(out)+len(b)]
	}
	d := c.Bytes(len(out) + len(b))
	copy(d, out)
	copy(d[len(out):], b)
	return d
}

// Rd walks a structure's bytes with the alignment of the call's ABI. Reading past
// the end gives zero and sets Short.
type Rd struct {
	B     []byte
	Off   int
	Word  int // bytes in a long
	Max64 int // alignment of a 64-bit number: 4 on i386, else 8
	Short bool
}

// Rd returns a reader of b for the call's ABI.
func (c *Ctx) Rd(b []byte) Rd {
	m := 8
	if c.ABI.Arch.Name == "i386" {
		m = 4
	}
	return Rd{B: b, Word: c.Word(), Max64: m}
}

// Align moves to the next multiple of n.
func (r *Rd) Align(n int) { r.Off = (r.Off + n - 1) &^ (n - 1) }

// Skip passes over n bytes.
func (r *Rd) Skip(n int) { r.Off += n }

// Take returns the next n bytes.
func (r *Rd) Take(n int) []byte {
	if r.Off+n > len(r.B) {
		r.Short = true
		r.Off += n
		return nil
	}
	b := r.B[r.Off : r.Off+n : r.Off+n]
	r.Off += n
	return b
}

func (r *Rd) U8() uint64 {
	if b := r.Take(1); b != nil {
		return uint64(b[0])
	}
	return 0
}

func (r *Rd) U16() uint64 {
	r.Align(2)
	if b := r.Take(2); b != nil {
		return uint64(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (r *Rd) U32() uint64 {
	r.Align(4)
	if b := r.Take(4); b != nil {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (r *Rd) U64() uint64 {
	r.Align(r.Max64)
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// S32 is U32 sign-extended.
func (r *Rd) S32() int64 { return int64(int32(r.U32())) }

// S64 is U64 as a signed number.
func (r *Rd) S64() int64 { return int64(r.U64()) }

// ULong is an unsigned long or a pointer.
func (r *Rd) ULong() uint64 {
	if r.Word == 4 {
		return r.U32()
	}
	return r.U64()
}

// Long is a long, sign-extended.
func (r *Rd) Long() int64 {
	if r.Word == 4 {
		return r.S32()
	}
	return r.S64()
}

package decode

import (
	"math/bits"

	"github.com/gotrace/gotrace/tracer/event"
)

// Constructors of arguments.

func in(name string, d Decoder) Arg  { return Arg{Name: name, Dec: d} }
func out(name string, d Decoder) Arg { return Arg{Name: name, Dec: d, When: Out} }

// wide is an argument of 64 bits in every ABI.
func wide(name string, d Decoder) Arg { return Arg{Name: name, Dec: d, Wide: true} }

// fd is a descriptor argument.
func fd(name string) Arg { return Arg{Name: name, Dec: fdArg, Role: RoleFD} }

// dirfd is a directory descriptor that a path argument is relative to.
func dirfd(name string) Arg { return Arg{Name: name, Dec: dirfdArg, Role: RoleDirFD} }

// path is a path argument.
func path(name string) Arg { return Arg{Name: name, Dec: pathArg, Role: RolePath} }

// reg shows the argument that is in register n (from 0) at this place.
func (a Arg) reg(n int) Arg { a.Reg = int8(n + 1); return a }

// label shows the argument as name=value.
func (a Arg) label(l string) Arg { a.Label = l; return a }

// noReg marks an argument that is in no register: raw calls do not have it.
const noReg = -2

// asEntry is for an argument that the kernel only reads but that is decoded at exit, behind
// one that it fills in: the call's failure does not hide it.
func asEntry(d Decoder) Decoder {
	return func(c *Ctx, i int) event.Value {
		exit := c.Exit
		c.Exit = false
		v := d(c, i)
		c.Exit = exit
		return v
	}
}

// atEntry runs f at entry, for an argument decoded at exit.
func (a Arg) atEntry(f func(c *Ctx, i int)) Arg { a.Enter = f; return a }

// Decoders of scalars.

func fdArg(c *Ctx, i int) event.Value    { return c.fdV(int32(c.Arg(i))) }
func dirfdArg(c *Ctx, i int) event.Value { return c.dirfdV(int32(c.Arg(i))) }
func pathArg(c *Ctx, i int) event.Value  { return c.pathV(c.Arg(i)) }
func strArg(c *Ctx, i int) event.Value   { return c.strV(c.Arg(i)) }

// intArg is an int.
func intArg(c *Ctx, i int) event.Value { return intV(int64(int32(c.Arg(i)))) }

// uintArg is an unsigned int.
func uintArg(c *Ctx, i int) event.Value { return uintV(uint64(uint32(c.Arg(i)))) }

// longArg is a long of the ABI.
func longArg(c *Ctx, i int) event.Value {
	if c.Is32() {
		return intV(int64(int32(c.Arg(i))))
	}
	return intV(int64(c.Arg(i)))
}

// ulongArg is an unsigned long or a size_t.
func ulongArg(c *Ctx, i int) event.Value { return uintV(c.Arg(i)) }

// hexArg is an unsigned long in hexadecimal.
func hexArg(c *Ctx, i int) event.Value { return hexV(c.Arg(i)) }

// hex32Arg is an unsigned int in hexadecimal.
func hex32Arg(c *Ctx, i int) event.Value { return hexV(uint64(uint32(c.Arg(i)))) }

// addrArg is a pointer that is not followed.
func addrArg(c *Ctx, i int) event.Value { return addrV(c.Arg(i)) }

// octArg is a mode of permission bits.
func octArg(c *Ctx, i int) event.Value { return octV(uint64(uint32(c.Arg(i)) & 0xffff)) }

// pidArg is a process id.
func pidArg(c *Ctx, i int) event.Value { return c.pidV(int32(c.Arg(i))) }

// pgidArg is the id of a process group or of a session.
func pgidArg(c *Ctx, i int) event.Value { return c.pgidV(int32(c.Arg(i))) }

// uidArg is a user or group id.
func uidArg(c *Ctx, i int) event.Value { return uidV(uint32(c.Arg(i))) }

// enumArg is an int with a name in t.
func enumArg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.enumV(t, uint64(uint32(c.Arg(i)))) }
}

// enumLongArg is an unsigned long with a name in t.
func enumLongArg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.enumV(t, c.Arg(i)) }
}

// flagsArg is an unsigned int of bits named in t.
func flagsArg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.flagsV(t, uint64(uint32(c.Arg(i)))) }
}

// flagsLongArg is an unsigned long of bits named in t.
func flagsLongArg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.flagsV(t, c.Arg(i)) }
}

// Decoders of memory.

// bufArg is a buffer whose length is argument n.
func bufArg(n int) Decoder {
	return func(c *Ctx, i int) event.Value { return c.bytesV(c.Arg(i), c.Arg(n)) }
}

// bufRetArg is a buffer, decoded at exit, whose length is what the call returned;
// when it failed only the address is shown.
func bufRetArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	return c.bytesV(c.Arg(i), uint64(c.Ret))
}

// ptr is a pointer to something of n bytes that f decodes; whatever hinders the
// decoding (NULL, unreadable memory, -e verbose=, at exit a failed call) leaves the address.
func ptr(n int, f func(c *Ctx, r *Rd) event.Value) Decoder {
	return func(c *Ctx, i int) event.Value { return c.ptrV(c.Arg(i), n, f) }
}

// ptrV is ptr for an address.
func (c *Ctx) ptrV(addr uint64, n int, f func(c *Ctx, r *Rd) event.Value) event.Value {
	if !c.canFollow(addr) {
		return addrV(addr)
	}
	b, ok := c.Read(addr, n)
	if !ok {
		return addrV(addr)
	}
	return c.decodeAt(b, f)
}

// decodeAt calls f with a reader of b that is not allocated.
func (c *Ctx) decodeAt(b []byte, f func(c *Ctx, r *Rd) event.Value) event.Value {
	if c.depth == len(c.rds) {
		r := c.Rd(b)
		return f(c, &r)
	}
	r := &c.rds[c.depth]
	c.depth++
	*r = c.Rd(b)
	v := f(c, r)
	c.depth--
	return v
}

// canFollow reports whether a pointer should be followed now.
func (c *Ctx) canFollow(addr uint64) bool {
	return addr != 0 && c.Verbose && !c.Failed()
}

// intPtrArg is a pointer to an int, shown as [n].
func intPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(intV(r.S32())) })
}

// uintPtrArg is a pointer to an unsigned int, shown as [n].
func uintPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(uintV(r.U32())) })
}

// LL is a 64-bit number that begins at argument i: two registers in a 32-bit ABI
// (the low half first; arm aligns the pair to an even register), one otherwise.
func (c *Ctx) LL(i int) uint64 {
	if !c.Is32() {
		return c.Arg(i)
	}
	return c.Arg(i) | c.Arg(i+1)<<32
}

// llArg is a signed 64-bit number that begins at argument i.
func llArg(c *Ctx, i int) event.Value { return intV(int64(c.LL(i))) }

// array decodes the n elements of size bytes at addr, up to the limit of -s where
// abbreviation is asked for. An element that cannot be read ends the list with its address.
func (c *Ctx) arrayV(addr, n uint64, size int, f func(c *Ctx, r *Rd) event.Value) event.Value {
	return c.arrayUptoV(addr, n, size, c.Opts.StrLen, f)
}

// arrayUptoV is arrayV of which an abbreviation shows the first few elements.
func (c *Ctx) arrayUptoV(addr, n uint64, size, few int, f func(c *Ctx, r *Rd) event.Value) event.Value {
	if addr != 0 && n == 0 {
		return event.Value{Form: event.FormArray}
	}
	if over, size := bits.Mul64(n, uint64(size)); over != 0 || addr+size < addr || !c.canFollow(addr) {
		return addrV(addr)
	}
	limit := n
	if c.Abbrev && limit > uint64(few) {
		limit = uint64(few)
	}
	const most = 1 << 16
	limit = min(limit, most)
	elems := c.Vals(int(min(limit, 64)))[:0]
	var b []byte
	for k := uint64(0); k < n; k++ {
		if len(b) < size {
			b = c.readSome(addr+k*uint64(size), min(limit+1, n)-k, size)
		}
		switch {
		case len(b) < size && k == 0:
			return addrV(addr)
		case len(b) < size:
			v := addrV(addr + k*uint64(size))
			v.Flags |= event.FlagMoreAddr
			return event.Value{Form: event.FormArray, Elem: append(elems, v)}
		case k == limit:
			return event.Value{Form: event.FormArray, Elem: elems, Flags: event.FlagCut}
		}
		elems = append(elems, c.decodeAt(b[:size:size], f))
		b = b[size:]
	}
	return event.Value{Form: event.FormArray, Elem: elems}
}

// readSome lends as many bytes of the n elements of size bytes at addr as can be read
// in one go: at most a page of them, unless one is larger.
func (c *Ctx) readSome(addr, n uint64, size int) []byte {
	const page = 4096
	b := c.Bytes(size * int(min(n, uint64(max(1, page/max(1, size))))))
	m, _ := c.Mem.ReadAt(b, addr)
	return b[:m]
}

// Times.

// timespecV is a struct timespec of the ABI's long, timespec64V of 64-bit numbers.
func (c *Ctx) timespecV(addr uint64) event.Value {
	return c.ptrV(addr, 2*c.Word(), readTimespec)
}

func (c *Ctx) timespec64V(addr uint64) event.Value {
	return c.ptrV(addr, 16, readTimespec64)
}

func (c *Ctx) timevalV(addr uint64) event.Value {
	return c.ptrV(addr, 2*c.Word(), readTimeval)
}

func readTimespec(c *Ctx, r *Rd) event.Value {
	s, n := r.Long(), r.ULong()
	return c.Struct(event.F("tv_sec", intV(s)), event.F("tv_nsec", uintV(n)))
}

func readTimespec64(c *Ctx, r *Rd) event.Value {
	s, n := r.S64(), r.U64()
	return c.Struct(event.F("tv_sec", intV(s)), event.F("tv_nsec", uintV(n)))
}

func readTimeval(c *Ctx, r *Rd) event.Value {
	s, n := r.Long(), r.ULong()
	return c.Struct(event.F("tv_sec", intV(s)), event.F("tv_usec", uintV(n)))
}

func timespecArg(c *Ctx, i int) event.Value   { return c.timespecV(c.Arg(i)) }
func timespec64Arg(c *Ctx, i int) event.Value { return c.timespec64V(c.Arg(i)) }
func timevalArg(c *Ctx, i int) event.Value    { return c.timevalV(c.Arg(i)) }

// iovecV is an array of n struct iovec; base decodes what one points to.
func (c *Ctx) iovecV(addr, n uint64, base func(c *Ctx, addr, n uint64) event.Value) event.Value {
	return c.arrayV(addr, n, 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		p, l := r.ULong(), r.ULong()
		return c.Struct(event.F("iov_base", base(c, p, l)), event.F("iov_len", uintV(l)))
	})
}

// EachIovec calls f for each of the n struct iovec at addr that can be read, until it
// returns false.
func (c *Ctx) EachIovec(addr, n uint64, f func(i int, base, size uint64) bool) {
	w := c.Word()
	for i := range min(n, 1024) {
		b, ok := c.Read(addr+i*uint64(2*w), 2*w)
		if !ok {
			return
		}
		r := c.Rd(b)
		if base, size := r.ULong(), r.ULong(); !f(int(i), base, size) {
			return
		}
	}
}

package decode

import "github.com/gotrace/gotrace/tracer/event"

// Input and output on descriptors, and the descriptors themselves.

var fdioCalls = []Call{
	{Name: "read", Args: []Arg{fd("fd"), out("buf", bufRetArg), in("count", ulongArg)}, Flags: ReadsData},
	{Name: "write", Args: []Arg{fd("fd"), in("buf", bufArg(2)), in("count", ulongArg)}, Flags: WritesData},
	{Name: "pread64", Args: []Arg{fd("fd"), out("buf", bufRetArg), in("count", ulongArg), wide("pos", llArg)}, Flags: ReadsData},
	{Name: "pwrite64", Args: []Arg{fd("fd"), in("buf", bufArg(2)), in("count", ulongArg), wide("pos", llArg)}, Flags: WritesData},
	{Name: "readv", Args: []Arg{fd("fd"), out("vec", iovRetArg), in("vlen", ulongArg)}, Flags: ReadsVec},
	{Name: "writev", Args: []Arg{fd("fd"), in("vec", iovInArg(2)), in("vlen", ulongArg)}, Flags: WritesVec},
	{Name: "preadv", Args: []Arg{fd("fd"), out("vec", iovRetArg), in("vlen", ulongArg), wide("pos_l", posArg)}, Flags: ReadsVec},
	{Name: "pwritev", Args: []Arg{fd("fd"), in("vec", iovInArg(2)), in("vlen", ulongArg), wide("pos_l", posArg)}, Flags: WritesVec},
	{Name: "preadv2", Args: []Arg{fd("fd"), out("vec", iovRetArg), in("vlen", ulongArg), in("pos_l", posArg), in("flags", flagsArg(xRwfFlags)).reg(5)}, Flags: ReadsVec},
	{Name: "pwritev2", Args: []Arg{fd("fd"), in("vec", iovInArg(2)), in("vlen", ulongArg), in("pos_l", posArg), in("flags", flagsArg(xRwfFlags)).reg(5)}, Flags: WritesVec},

	{Name: "lseek", Args: []Arg{fd("fd"), in("offset", longArg), in("whence", enumArg(xSeekWhence))}},
	{Name: "_llseek", Args: []Arg{fd("fd"), in("offset", highLowArg), out("result", s64PtrArg).reg(3), in("whence", enumArg(xSeekWhence)).reg(4)}},

	{Name: "close", Args: []Arg{fd("fd")}},
	{Name: "close_range", Args: []Arg{in("fd", uintArg), in("max_fd", uintArg), in("flags", flagsArg(xCloseRangeFlags))}},
	{Name: "dup", Args: []Arg{fd("fildes")}, Ret: RetFD},
	{Name: "dup2", Args: []Arg{fd("oldfd"), fd("newfd")}, Ret: RetFD},
	{Name: "dup3", Args: []Arg{fd("oldfd"), fd("newfd"), in("flags", flagsArg(xOpenFlags))}, Ret: RetFD},
	{Name: "pipe", Args: []Arg{out("fildes", fdPairArg)}},
	{Name: "pipe2", Args: []Arg{out("fildes", fdPairArg), in("flags", flagsArg(xOpenFlags))}},

	{Name: "sendfile", Args: []Arg{fd("out_fd"), fd("in_fd"), in("offset", sendfileOffArg(4)), sendfileThen(4), in("count", ulongArg).reg(3)}, Flags: LateComma},
	{Name: "sendfile", Args: []Arg{fd("out_fd"), fd("in_fd"), in("offset", sendfileOffArg(8)), sendfileThen(8), in("count", ulongArg).reg(3)}, Flags: LateComma, Only: "amd64 arm64"},
	{Name: "sendfile64", Args: []Arg{fd("out_fd"), fd("in_fd"), in("offset", sendfileOffArg(8)), sendfileThen(8), in("count", ulongArg).reg(3)}, Flags: LateComma},
	{Name: "splice", Args: []Arg{fd("fd_in"), in("off_in", s64PtrArg), fd("fd_out"), in("off_out", s64PtrArg), in("len", ulongArg), in("flags", flagsArg(xSpliceFlags))}},
	{Name: "tee", Args: []Arg{fd("fdin"), fd("fdout"), in("len", ulongArg), in("flags", flagsArg(xSpliceFlags))}},
	{Name: "vmsplice", Args: []Arg{fd("fd"), in("iov", iovInArg(2)), in("nr_segs", ulongArg), in("flags", flagsArg(xSpliceFlags))}, Flags: WritesVec},
	{Name: "copy_file_range", Args: []Arg{fd("fd_in"), in("off_in", s64PtrArg), fd("fd_out"), in("off_out", s64PtrArg), in("len", ulongArg), in("flags", uintArg)}},

	{Name: "fcntl", Args: fcntlArgs, RetFn: fcntlRet, Aux: fcntlAux},
	{Name: "fcntl64", Args: fcntlArgs, RetFn: fcntlRet, Aux: fcntlAux},
}

// posArg is an offset in two registers, the low word first: half of it on 32-bit
// machines, all of it and something that is not looked at elsewhere.
func posArg(c *Ctx, i int) event.Value { return intV(int64(c.LL(i))) }

// highLowArg is an offset in two registers, the high word first.
func highLowArg(c *Ctx, i int) event.Value { return intV(int64(c.Arg(i)<<32 | c.Arg(i+1)&0xffffffff)) }

// s64PtrArg is a pointer to a signed 64-bit number, shown as [n].
func s64PtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value { return c.Array(intV(r.S64())) })
}

// fdPairArg is the two descriptors that a call made.
func fdPairArg(c *Ctx, i int) event.Value {
	return c.arrayV(c.Arg(i), 2, 4, func(c *Ctx, r *Rd) event.Value { return c.fdV(int32(r.S32())) })
}

// Vectors.

// iovInArg is a vector that the call writes from; argument n is its length.
func iovInArg(n int) Decoder {
	return func(c *Ctx, i int) event.Value { return c.iovecV(c.Arg(i), c.Arg(n), (*Ctx).bytesV) }
}

// iovRetArg is a vector that the call read into: as much is shown as it returned, of a
// failed call the addresses.
func iovRetArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return iovFailedArg(c, i)
	}
	return c.iovUptoV(c.Arg(i), c.Arg(i+1), uint64(c.Ret))
}

var iovFailedArg = asEntry(func(c *Ctx, i int) event.Value { return iovAddrArg(i+1)(c, i) })

// iovUptoV is a vector of which the first left bytes are of interest.
func (c *Ctx) iovUptoV(addr, n, left uint64) event.Value {
	c.left = left
	return c.iovecV(addr, n, upto)
}

func upto(c *Ctx, addr, n uint64) event.Value {
	n = min(n, c.left)
	c.left -= n
	return c.bytesV(addr, n)
}

// sendfileOffArg is the offset that sendfile starts from, of size bytes; sendfileThen
// what became of it.
func sendfileOffArg(size int) Decoder {
	return func(c *Ctx, i int) event.Value {
		return c.ptrV(c.Arg(i), size, func(c *Ctx, r *Rd) event.Value {
			n := readUint(r, size)
			c.Save(0, 1)
			return c.Array(uintV(n))
		})
	}
}

func sendfileThen(size int) Arg {
	return in("offset", func(c *Ctx, _ int) event.Value {
		switch {
		case c.Saved(0) == 0:
			return absent() // nothing could be read at entry
		case !c.Exit:
			return c.later()
		case c.Errno != 0 || c.Ret == 0:
			return absent()
		}
		v := c.ptrV(c.Arg(2), size, func(c *Ctx, r *Rd) event.Value { return c.Array(uintV(readUint(r, size))) })
		return c.Then(v)
	}).reg(noReg)
}

func readUint(r *Rd, size int) uint64 {
	if size == 4 {
		return r.U32()
	}
	return r.U64()
}

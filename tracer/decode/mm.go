package decode

import "github.com/gotrace/gotrace/tracer/event"

var mmCalls = []Call{
	{Name: "mmap", Args: []Arg{in("addr", addrArg), in("len", ulongArg), in("prot", protArg), in("flags", mmapFlagsArg), fd("fd"), in("off", hexArg)}, Ret: RetHex},
	{Name: "mmap", Only: "i386", Args: []Arg{in("arg", oldMmapArg)}, Ret: RetHex},
	{Name: "mmap2", Args: []Arg{in("addr", addrArg), in("len", ulongArg), in("prot", protArg), in("flags", mmapFlagsArg), fd("fd"), in("pgoff", mmapPagesArg)}, Ret: RetHex},
	{Name: "munmap", Args: []Arg{in("addr", addrArg), in("len", ulongArg)}},
	{Name: "mprotect", Args: []Arg{in("start", addrArg), in("len", ulongArg), in("prot", protArg)}},
	{Name: "pkey_mprotect", Args: []Arg{in("start", addrArg), in("len", ulongArg), in("prot", protArg), in("pkey", intArg)}},
	{Name: "pkey_alloc", Args: []Arg{in("flags", hexArg), in("init_val", flagsLongArg(xPkeyRights))}},
	{Name: "pkey_free", Args: []Arg{in("pkey", intArg)}},
	{Name: "mremap", Args: []Arg{in("addr", addrArg), in("old_len", ulongArg), in("new_len", ulongArg), in("flags", flagsLongArg(xMremapFlags)), in("new_addr", mremapAddrArg)}, Ret: RetHex},
	{Name: "madvise", Args: []Arg{in("start", addrArg), in("len_in", ulongArg), in("behavior", enumArg(xMadviseAdvice))}},
	{Name: "msync", Args: []Arg{in("start", addrArg), in("len", ulongArg), in("flags", flagsArg(xMsyncFlags))}},
	{Name: "mlock", Args: []Arg{in("start", addrArg), in("len", ulongArg)}},
	{Name: "mlock2", Args: []Arg{in("start", addrArg), in("len", ulongArg), in("flags", flagsArg(xMlock2Flags))}},
	{Name: "munlock", Args: []Arg{in("start", addrArg), in("len", ulongArg)}},
	{Name: "mlockall", Args: []Arg{in("flags", flagsArg(xMlockallFlags))}},
	{Name: "munlockall"},
	{Name: "mincore", Args: []Arg{in("start", addrArg), in("len", ulongArg), out("vec", mincoreArg)}},
	{Name: "brk", Args: []Arg{in("brk", addrArg)}, Ret: RetHex},
	{Name: "remap_file_pages", Args: []Arg{in("start", addrArg), in("size", ulongArg), in("prot", protArg), in("pgoff", ulongArg), in("flags", mmapFlagsArg)}},
	{Name: "memfd_create", Args: []Arg{in("uname", memfdNameArg), in("flags", memfdFlagsArg)}, Ret: RetFD},
	{Name: "memfd_secret", Args: []Arg{in("flags", flagsArg(xMemfdSecretFlags))}, Ret: RetFD},
	{Name: "mseal", Args: []Arg{in("start", addrArg), in("len", ulongArg), in("flags", hexArg)}},
	{Name: "map_shadow_stack", Args: []Arg{in("addr", addrArg), in("size", ulongArg), in("flags", flagsArg(xShadowStackFlags))}, Ret: RetHex},
	{Name: "process_vm_readv", Args: []Arg{in("pid", pidArg), out("lvec", iovRetArg), in("liovcnt", ulongArg), in("rvec", iovAddrArg(4)), in("riovcnt", ulongArg), in("flags", ulongArg)}},
	{Name: "process_vm_writev", Args: []Arg{in("pid", pidArg), in("lvec", iovInArg(2)), in("liovcnt", ulongArg), in("rvec", iovAddrArg(4)), in("riovcnt", ulongArg), in("flags", ulongArg)}},
}

// protArg is the protection of pages.
func protArg(c *Ctx, i int) event.Value { return c.protV(c.Arg(i)) }

func (c *Ctx) protV(n uint64) event.Value {
	v := c.flagsV(xMmapProt, n)
	v.Flags = event.FlagZero
	return v
}

// Kernel constants of mmap's and memfd_create's flags.
const (
	mapType   = 0xf
	hugeShift = 26
	hugeMask  = 0x3f
)

func mmapFlagsArg(c *Ctx, i int) event.Value { return c.mmapFlagsV(c.Arg(i)) }

// mmapFlagsV are the flags of mmap: a type, bits, and the logarithm of a page's size.
// The argument is a long of which the kernel uses 32 bits.
func (c *Ctx) mmapFlagsV(long uint64) event.Value {
	n := uint64(uint32(long))
	v := c.Or(c.enumV(xMmapTypes, n&mapType), c.restV(xMmapFlags, n&^(mapType|hugeMask<<hugeShift)), c.hugeV("MAP_HUGE_SHIFT", n))
	v.Num = long
	return v
}

// restV are flags that stand behind others; none if there are none.
func (c *Ctx) restV(t *event.Table, n uint64) event.Value {
	if n == 0 {
		return absent()
	}
	v := c.flagsV(t, n)
	v.Flags = event.FlagRest
	return v
}

// hugeV is the logarithm of a page's size that flags hold.
func (c *Ctx) hugeV(shift string, n uint64) event.Value {
	n = n >> hugeShift & hugeMask
	if n == 0 {
		return absent()
	}
	by := symV(shift, hugeShift)
	by.Flags = event.FlagSigned
	return event.Value{Form: event.FormShift, Num: n << hugeShift, Elem: c.list2(uintV(n), by)}
}

// oldMmapArg is the structure that holds the arguments of i386's first mmap.
func oldMmapArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 6*4, func(c *Ctx, r *Rd) event.Value {
		addr, size, prot, flags, fd, off := r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32()
		return c.Seq(addrV(addr), uintV(size), c.protV(prot), c.mmapFlagsV(flags), c.fdV(int32(fd)), hexV(off))
	})
}

// mmapPagesArg is an offset in units of 4096 bytes.
func mmapPagesArg(c *Ctx, i int) event.Value { return hexV(c.Arg(i) << 12) }

// mremapAddrArg is there only if the flags before it want it: MREMAP_FIXED with MREMAP_MAYMOVE.
func mremapAddrArg(c *Ctx, i int) event.Value {
	const both = 1 | 2
	if c.Arg(i-1)&both != both {
		return absent()
	}
	return addrV(c.Arg(i))
}

// mincoreArg tells of each page whether it is in memory.
func mincoreArg(c *Ctx, i int) event.Value {
	n := c.Arg(1)/4096 + (c.Arg(1)%4096+4095)/4096
	return c.arrayV(c.Arg(i), n, 1, func(c *Ctx, r *Rd) event.Value { return uintV(r.U8() & 1) })
}

// memfdNameArg is a name of at most 249 bytes: the kernel puts memfd: before it.
func memfdNameArg(c *Ctx, i int) event.Value {
	const most = 255 - len("memfd:")
	limit := min(c.Opts.StrLen, most+1)
	s, nul, ok := c.CString(c.Arg(i), limit+1)
	if c.Arg(i) == 0 || !ok {
		return addrV(c.Arg(i))
	}
	v := dataV(s[:min(len(s), limit)])
	if !nul {
		v.Flags = event.FlagCut
	}
	return v
}

func memfdFlagsArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i)))
	v := c.flagsV(xMemfdFlags, n&^(hugeMask<<hugeShift))
	huge := c.hugeV("MFD_HUGE_SHIFT", n)
	if huge.Absent() {
		return v
	}
	if v.Num == 0 {
		v = absent()
	}
	v = c.Or(v, huge)
	v.Num = n
	return v
}

// iovAddrArg is an array of struct iovec, argument n of them, of which only the addresses
// are shown: the data is another process's, or is not there.
func iovAddrArg(n int) Decoder {
	return asEntry(func(c *Ctx, i int) event.Value { return c.iovecV(c.Arg(i), c.Arg(n), iovAddr) })
}

func iovAddr(_ *Ctx, addr, _ uint64) event.Value { return addrV(addr) }

package decode

import "github.com/gotrace/gotrace/tracer/event"

// Files named by path: opening, linking, permissions.

var fileCalls = []Call{
	{Name: "open", Args: []Arg{path("filename"), in("flags", openFlagsArg), in("mode", openModeArg)}, Ret: RetFD},
	{Name: "openat", Args: []Arg{dirfd("dfd"), path("filename"), in("flags", openFlagsArg), in("mode", openModeArg)}, Ret: RetFD},
	{Name: "openat2", Args: []Arg{dirfd("dfd"), path("filename"), in("how", openHowArg), in("usize", ulongArg)}, Ret: RetFD},
	{Name: "creat", Args: []Arg{path("pathname"), in("mode", octArg)}, Ret: RetFD},

	{Name: "access", Args: []Arg{path("filename"), in("mode", flagsZeroArg(xAccessModes))}},
	{Name: "faccessat", Args: []Arg{dirfd("dfd"), path("filename"), in("mode", flagsZeroArg(xAccessModes))}},
	{Name: "faccessat2", Args: []Arg{dirfd("dfd"), path("filename"), in("mode", flagsZeroArg(xAccessModes)), in("flags", flagsArg(xFaccessatFlags))}},

	{Name: "chmod", Args: []Arg{path("filename"), in("mode", octArg)}},
	{Name: "fchmod", Args: []Arg{fd("fd"), in("mode", octArg)}},
	{Name: "fchmodat", Args: []Arg{dirfd("dfd"), path("filename"), in("mode", octArg)}},
	{Name: "fchmodat2", Args: []Arg{dirfd("dfd"), path("filename"), in("mode", octArg), in("flags", flagsArg(xAtFlags))}},
	{Name: "umask", Args: []Arg{in("mask", octArg)}, Ret: RetOct},

	{Name: "chown", Args: []Arg{path("filename"), in("user", uidArg), in("group", uidArg)}},
	{Name: "lchown", Args: []Arg{path("filename"), in("user", uidArg), in("group", uidArg)}},
	{Name: "fchown", Args: []Arg{fd("fd"), in("user", uidArg), in("group", uidArg)}},
	{Name: "fchownat", Args: []Arg{dirfd("dfd"), path("filename"), in("user", uidArg), in("group", uidArg), in("flag", flagsArg(xAtFlags))}},
	{Name: "chown", Args: []Arg{path("filename"), in("user", uid16Arg), in("group", uid16Arg)}, Only: "i386"},
	{Name: "lchown", Args: []Arg{path("filename"), in("user", uid16Arg), in("group", uid16Arg)}, Only: "i386"},
	{Name: "fchown", Args: []Arg{fd("fd"), in("user", uid16Arg), in("group", uid16Arg)}, Only: "i386"},
	{Name: "chown32", Args: []Arg{path("filename"), in("user", uidArg), in("group", uidArg)}},
	{Name: "lchown32", Args: []Arg{path("filename"), in("user", uidArg), in("group", uidArg)}},
	{Name: "fchown32", Args: []Arg{fd("fd"), in("user", uidArg), in("group", uidArg)}},

	{Name: "link", Args: []Arg{path("oldname"), path("newname")}},
	{Name: "linkat", Args: []Arg{dirfd("olddfd"), path("oldname"), dirfd("newdfd"), path("newname"), in("flags", flagsArg(xAtFlags))}},
	{Name: "symlink", Args: []Arg{path("oldname"), path("newname")}},
	{Name: "symlinkat", Args: []Arg{path("oldname"), dirfd("newdfd"), path("newname")}},
	{Name: "rename", Args: []Arg{path("oldname"), path("newname")}},
	{Name: "renameat", Args: []Arg{dirfd("olddfd"), path("oldname"), dirfd("newdfd"), path("newname")}},
	{Name: "renameat2", Args: []Arg{dirfd("olddfd"), path("oldname"), dirfd("newdfd"), path("newname"), in("flags", flagsArg(xRenameFlags))}},
	{Name: "unlink", Args: []Arg{path("pathname")}},
	{Name: "unlinkat", Args: []Arg{dirfd("dfd"), path("pathname"), in("flag", flagsArg(xAtFlags))}},
	{Name: "mkdir", Args: []Arg{path("pathname"), in("mode", octArg)}},
	{Name: "mkdirat", Args: []Arg{dirfd("dfd"), path("pathname"), in("mode", octArg)}},
	{Name: "rmdir", Args: []Arg{path("pathname")}},
	{Name: "mknod", Args: []Arg{path("filename"), in("mode", modeArg), in("dev", nodeDevArg)}},
	{Name: "mknodat", Args: []Arg{dirfd("dfd"), path("filename"), in("mode", modeArg), in("dev", nodeDevArg)}},
	{Name: "readlink", Args: []Arg{path("path"), out("buf", bufRetArg), in("bufsiz", ulongArg)}},
	{Name: "readlinkat", Args: []Arg{dirfd("dfd"), path("pathname"), out("buf", bufRetArg), in("bufsiz", ulongArg)}},

	{Name: "chdir", Args: []Arg{path("filename")}},
	{Name: "fchdir", Args: []Arg{fd("fd")}},
	{Name: "chroot", Args: []Arg{path("filename")}},
	{Name: "getcwd", Args: []Arg{out("buf", cwdArg), in("size", ulongArg)}},

	{Name: "truncate", Args: []Arg{path("path"), in("length", ulongArg)}},
	{Name: "ftruncate", Args: []Arg{fd("fd"), in("length", ulongArg)}},
	{Name: "truncate64", Args: []Arg{path("path"), wide("length", ullArg)}},
	{Name: "ftruncate64", Args: []Arg{fd("fd"), wide("length", ullArg)}},
	{Name: "fallocate", Args: []Arg{fd("fd"), in("mode", flagsArg(xFallocateModes)), wide("offset", llArg), wide("len", llArg)}},
	{Name: "fadvise64", Args: []Arg{fd("fd"), wide("offset", llArg), in("len", ulongArg), in("advice", enumArg(xFadviseAdvice))}},
	{Name: "fadvise64_64", Args: []Arg{fd("fd"), wide("offset", llArg), wide("len", llArg), in("advice", enumArg(xFadviseAdvice))}},
	{Name: "sync_file_range", Args: []Arg{fd("fd"), wide("offset", llArg), wide("nbytes", llArg), in("flags", flagsArg(xSyncFileRangeFlags))}},
	{Name: "readahead", Args: []Arg{fd("fd"), wide("offset", llArg), in("count", ulongArg)}},
	{Name: "flock", Args: []Arg{fd("fd"), in("cmd", flagsArg(xFlockOperations))}},
	{Name: "sync"},
	{Name: "syncfs", Args: []Arg{fd("fd")}},
	{Name: "fsync", Args: []Arg{fd("fd")}},
	{Name: "fdatasync", Args: []Arg{fd("fd")}},
	{Name: "cachestat", Args: []Arg{fd("fd"), in("cstat_range", ptr(16, readCacheRange)), out("cstat", ptr(40, readCacheStat)), in("flags", hex32Arg)}},

	{Name: "acct", Args: []Arg{path("name")}},
	{Name: "swapon", Args: []Arg{path("specialfile"), in("swap_flags", swapFlagsArg)}},
	{Name: "swapoff", Args: []Arg{path("specialfile")}},
	{Name: "uselib", Args: []Arg{path("library")}},
	{Name: "lookup_dcookie", Args: []Arg{wide("cookie64", ullArg), out("buf", bufRetArg), in("len", ulongArg)}},
	{Name: "ustat", Args: []Arg{in("dev", devArg), in("ubuf", addrArg)}},
	{Name: "sysfs", Args: []Arg{in("option", hexArg), in("arg1", hexArg), in("arg2", hexArg)}},
	{Name: "nfsservctl", Args: []Arg{in("cmd", hexArg), in("argp", hexArg), in("resp", hexArg)}},
}

// ullArg is an unsigned 64-bit number that begins at argument i.
func ullArg(c *Ctx, i int) event.Value { return uintV(c.LL(i)) }

// uid16Arg is a user or group id of the 16-bit calls.
func uid16Arg(c *Ctx, i int) event.Value {
	n := uint16(c.Arg(i))
	if n == 0xffff {
		return intV(-1)
	}
	return uintV(uint64(n))
}

// flagsZeroArg is flagsArg for a table that names zero.
func flagsZeroArg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.flagsZeroV(t, uint64(uint32(c.Arg(i)))) }
}

func (c *Ctx) flagsZeroV(t *event.Table, n uint64) event.Value {
	v := c.flagsV(t, n)
	v.Flags |= event.FlagZero
	return v
}

// Flags of open.

const (
	oAccMode  = 3
	oCreat    = 0100
	oTmpfile  = 020000000 // without O_DIRECTORY
	modeTypes = 0170000
)

// openFlagsV is the access mode, a number in the low bits, and the flags behind it.
func (c *Ctx) openFlagsV(n uint64) event.Value {
	mode := c.enumV(xOpenAccessModes, n&oAccMode)
	if n&^oAccMode == 0 {
		return mode
	}
	rest := c.flagsV(xOpenFlags, n&^oAccMode)
	rest.Flags |= event.FlagRest
	return event.Value{Form: event.FormOr, Num: n, Elem: c.list2(mode, rest)}
}

func openFlagsArg(c *Ctx, i int) event.Value { return c.openFlagsV(uint64(uint32(c.Arg(i)))) }

// openModeArg is the mode, there only where flags before it make a file.
func openModeArg(c *Ctx, i int) event.Value {
	if c.Arg(i-1)&(oCreat|oTmpfile) == 0 {
		return absent()
	}
	return octArg(c, i)
}

const openHowSize = 24

func openHowArg(c *Ctx, i int) event.Value {
	return c.extensible(c.Arg(i), c.Arg(i+1), openHowSize, func(c *Ctx, r *Rd) []event.Value {
		flags, mode, resolve := r.U64(), r.U64(), r.U64()
		f := c.Vals(4)
		f[0] = event.F("flags", c.openFlagsV(flags))
		f = f[:1]
		if mode != 0 || flags&(oCreat|oTmpfile) != 0 {
			f = append(f, event.F("mode", octV(mode)))
		}
		return append(f, event.F("resolve", c.flagsV(xResolveFlags, resolve)))
	})
}

// Modes and devices.

func modeArg(c *Ctx, i int) event.Value { return modeV(c.Arg(i) & 0xffff) }

// nodeDevArg is the device of a node that is one: only those modes before it have it.
func nodeDevArg(c *Ctx, i int) event.Value {
	switch c.Arg(i-1) & modeTypes {
	case 0020000, 0060000:
		return devArg(c, i)
	}
	return absent()
}

func devArg(c *Ctx, i int) event.Value { return c.devV(uint64(uint32(c.Arg(i)))) }

// devV is a device number in the kernel's encoding of 32 bits, or libc's of 64, which extends it.
func (c *Ctx) devV(n uint64) event.Value {
	major := n>>8&0xfff | n>>32&^0xfff
	minor := n&0xff | n>>12&^0xff&0xffffffff
	v := c.Macro("makedev", n, hexV(major), hexV(minor))
	v.Flags |= event.FlagWhole
	return v
}

// cwdArg is the path that getcwd returned, NUL included in its length.
func cwdArg(c *Ctx, i int) event.Value {
	switch {
	case c.Failed():
		return addrV(c.Arg(i))
	case c.Ret <= 0:
		return pathArg(c, i)
	}
	return c.pathLimV(c.Arg(i), int(min(c.Ret-1, pathMax-1)))
}

// swapFlagsArg is flags and, in the low bits, a priority.
func swapFlagsArg(c *Ctx, i int) event.Value {
	const prioMask = 0x7fff
	n := uint64(uint32(c.Arg(i)))
	prio := uintV(n & prioMask)
	if n&^prioMask == 0 {
		return prio
	}
	return event.Value{Form: event.FormOr, Flags: event.FlagParts, Num: n, Elem: c.list2(c.flagsV(xSwapFlags, n&^prioMask), prio)}
}

func readCacheRange(c *Ctx, r *Rd) event.Value {
	off, n := r.U64(), r.U64()
	return c.Struct(event.F("off", uintV(off)), event.F("len", uintV(n)))
}

func readCacheStat(c *Ctx, r *Rd) event.Value {
	return c.Struct(
		event.F("nr_cache", uintV(r.U64())), event.F("nr_dirty", uintV(r.U64())),
		event.F("nr_writeback", uintV(r.U64())), event.F("nr_evicted", uintV(r.U64())),
		event.F("nr_recently_evicted", uintV(r.U64())))
}

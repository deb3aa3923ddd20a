package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Mounts.

var mountCalls = []Call{
	{Name: "mount", Args: []Arg{path("dev_name"), path("dir_name"), in("type", mountTypeArg), in("flags", mountFlagsArg), in("data", mountDataArg)}},
	{Name: "umount", Args: []Arg{path("name"), in("flags", flagsArg(xUmountFlags))}},
	{Name: "umount2", Args: []Arg{path("name"), in("flags", flagsArg(xUmountFlags))}},
	{Name: "umount", Args: []Arg{path("name")}, Only: "i386"},
	{Name: "pivot_root", Args: []Arg{path("new_root"), path("put_old")}},
	{Name: "fsopen", Args: []Arg{in("fs_name", strArg), in("flags", flagsArg(xFsopenFlags))}, Ret: RetFD},
	{Name: "fsconfig", Args: []Arg{fd("fd"), in("cmd", enumArg(xFsconfigCommands)), in("key", fsKeyArg), in("value", fsValueArg), in("aux", fsAuxArg)}},
	{Name: "fsmount", Args: []Arg{fd("fs_fd"), in("flags", flagsArg(xFsmountFlags)), in("attr_flags", flagsArg(xFsmountAttrFlags))}, Ret: RetFD},
	{Name: "fspick", Args: []Arg{dirfd("dfd"), path("path"), in("flags", flagsArg(xFspickFlags))}, Ret: RetFD},
	{Name: "move_mount", Args: []Arg{dirfd("from_dfd"), path("from_pathname"), dirfd("to_dfd"), path("to_pathname"), in("flags", flagsArg(xMoveMountFlags))}},
	{Name: "open_tree", Args: []Arg{dirfd("dfd"), path("filename"), in("flags", flagsArg(xOpenTreeAllFlags))}, Ret: RetFD},
	{Name: "open_tree_attr", Args: []Arg{dirfd("dfd"), path("filename"), in("flags", flagsArg(xOpenTreeAllFlags)), in("uattr", mountAttrArg), in("usize", ulongArg)}, Ret: RetFD},
	{Name: "mount_setattr", Args: []Arg{dirfd("dfd"), path("path"), in("flags", flagsArg(xMountSetattrFlags)), in("uattr", mountAttrArg), in("usize", ulongArg)}},
	{Name: "statmount", Args: []Arg{in("req", mntIDReqArg(xStatmountMasks)), out("buf", statmountArg), in("bufsize", ulongArg), in("flags", hex32Arg)}},
	{Name: "listmount", Args: []Arg{in("req", mntIDReqArg(nil)), out("mnt_ids", listmountArg), in("nr_mnt_ids", ulongArg), in("flags", flagsArg(xListmountFlags))}},
}

const (
	msRemount     = 0x20
	msBind        = 0x1000
	msMove        = 0x2000
	msPropagation = 0x1e0000 // MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE
	msMagic       = 0xc0ed0000
	msMagicMask   = 0xffff0000
)

// mountFlags are the flags of mount without the magic number that old programs put there.
func (c *Ctx) mountFlags(n uint64) (flags uint64, magic bool) {
	if n&msMagicMask == msMagic {
		return n &^ msMagicMask, true
	}
	return n, false
}

func mountFlagsArg(c *Ctx, i int) event.Value {
	n := c.Arg(i)
	flags, magic := c.mountFlags(n)
	if !magic {
		return c.flagsV(xMountFlags, n)
	}
	m := symV("MS_MGC_VAL", msMagic)
	if flags == 0 {
		return m
	}
	return event.Value{Form: event.FormOr, Flags: event.FlagParts, Num: n, Elem: c.list2(m, c.flagsV(xMountFlags, flags))}
}

// mountTypeArg is a string unless the kernel ignores it.
func mountTypeArg(c *Ctx, i int) event.Value {
	if f, _ := c.mountFlags(c.Arg(i + 1)); f&(msRemount|msBind|msMove|msPropagation) != 0 {
		return addrArg(c, i)
	}
	return strArg(c, i)
}

// mountDataArg is taken to be a string unless the kernel ignores it.
func mountDataArg(c *Ctx, i int) event.Value {
	if f, _ := c.mountFlags(c.Arg(i - 1)); f&(msBind|msMove|msPropagation) != 0 && f&msRemount == 0 {
		return addrArg(c, i)
	}
	return strArg(c, i)
}

// fsconfig commands.
const (
	fsSetFlag = iota
	fsSetString
	fsSetBinary
	fsSetPath
	fsSetPathEmpty
	fsSetFD
)

func fsKeyArg(c *Ctx, i int) event.Value {
	if uint32(c.Arg(i-1)) <= fsSetFD {
		return strArg(c, i)
	}
	return addrArg(c, i)
}

func fsValueArg(c *Ctx, i int) event.Value {
	const longest = 1 << 20 // the kernel's limit
	switch uint32(c.Arg(i - 2)) {
	case fsSetString:
		return strArg(c, i)
	case fsSetPath, fsSetPathEmpty:
		return pathArg(c, i)
	case fsSetBinary:
		n := int32(c.Arg(i + 1))
		if n < 0 || n > longest {
			break
		}
		v := c.bytesV(c.Arg(i), uint64(n))
		v.Flags |= event.FlagHexStr
		return v
	}
	return addrArg(c, i)
}

func fsAuxArg(c *Ctx, i int) event.Value {
	switch uint32(c.Arg(i - 3)) {
	case fsSetPath, fsSetPathEmpty:
		return dirfdArg(c, i)
	case fsSetFD:
		return fdArg(c, i)
	}
	return intArg(c, i)
}

const mountAttrSize = 32

func mountAttrArg(c *Ctx, i int) event.Value {
	return c.extensible(c.Arg(i), c.Arg(i+1), mountAttrSize, func(c *Ctx, r *Rd) []event.Value {
		f := c.Vals(5)
		f[0] = event.F("attr_set", c.flagsV(xMountAttrFlags, r.U64()))
		f[1] = event.F("attr_clr", c.flagsV(xMountAttrFlags, r.U64()))
		f[2] = event.F("propagation", c.enumV(xMountPropagation, r.U64()))
		f[3] = event.F("userns_fd", userNSV(r.U64()))
		return f[:4]
	})
}

// userNSV is a descriptor in 64 bits. strace says nothing about it under -y.
func userNSV(n uint64) event.Value {
	if n <= 0x7fffffff {
		return event.Value{Form: event.FormFD, Num: n}
	}
	return uintV(n)
}

// extensible is a structure of which the first base bytes are known and of which the
// caller gives the size. What newer kernels put behind is shown when it is not zero.
func (c *Ctx) extensible(addr, size uint64, base int, fields func(c *Ctx, r *Rd) []event.Value) event.Value {
	if size < uint64(base) || !c.canFollow(addr) {
		return addrV(addr)
	}
	b, ok := c.Read(addr, base)
	if !ok {
		return addrV(addr)
	}
	r := c.Rd(b)
	f := fields(c, &r)
	if size > uint64(base) {
		if v := c.tailV(addr+uint64(base), base, size); !v.Absent() {
			f = append(f, v)
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

// tailV is the bytes from one offset of a structure to its end; absent if they are zero.
func (c *Ctx) tailV(addr uint64, from int, size uint64) event.Value {
	const most = 4096 // the kernel takes no more than a page
	size = min(size, most)
	b, ok := c.Read(addr, int(size)-from)
	if !ok {
		return wordV("???", 0)
	}
	zero := true
	for _, x := range b {
		zero = zero && x == 0
	}
	if zero {
		return absent()
	}
	v := event.Value{Form: event.FormString, Flags: event.FlagHexStr, Data: b}
	if len(b) > c.Opts.StrLen {
		v.Data = b[:c.Opts.StrLen]
		v.Flags |= event.FlagCut
	}
	return c.Tagged("/* bytes "+strconv.Itoa(from)+".."+strconv.FormatUint(size-1, 10)+" */ ", v)
}

// mntIDReqArg is a struct mnt_id_req, of which the meaning of param depends on the call.
func mntIDReqArg(params *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value {
		size, ok := c.U32(c.Arg(i))
		if !ok {
			return addrArg(c, i)
		}
		return c.extensible(c.Arg(i), uint64(size), 24, func(c *Ctx, r *Rd) []event.Value {
			f := c.Vals(6)[:0]
			f = append(f, event.F("size", uintV(r.U32())))
			if fd := r.U32(); fd != 0 {
				f = append(f, event.F("mnt_ns_fd", c.fdV(int32(fd))))
			}
			id, param := r.U64(), r.U64()
			if name := xListmountIds.Find(id); name != "" {
				f = append(f, event.F("mnt_id", symV(name, id)))
			} else {
				f = append(f, event.F("mnt_id", hexV(id)))
			}
			if params != nil {
				return append(f, event.F("param", c.flagsV(params, param)))
			}
			return append(f, event.F("param", hexV(param)))
		})
	}
}

// statmountArg is the head of a struct statmount, filled in as its mask says.
func statmountArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 96, func(c *Ctx, r *Rd) event.Value {
		f := c.Vals(20)[:0]
		size := r.U32()
		opts, mask := r.U32(), r.U64()
		f = append(f, event.F("size", uintV(size)), event.F("mask", c.flagsV(xStatmountMasks, mask)))
		if c.Abbrev {
			return event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: f}
		}
		has := func(bit uint64) bool { return mask&bit != 0 }
		if has(0x80) {
			f = append(f, event.F("mnt_opts", uintV(opts)))
		}
		major, minor, magic := r.U32(), r.U32(), r.U64()
		sbFlags, fsType := r.U32(), r.U32()
		if has(1) {
			f = append(f, event.F("sb_dev_major", uintV(major)), event.F("sb_dev_minor", uintV(minor)),
				event.F("sb_magic", c.fsTypeV(magic)), event.F("sb_flags", c.flagsV(xMountFlags, sbFlags)))
		}
		if has(0x20) {
			f = append(f, event.F("fs_type", uintV(fsType)))
		}
		id, parent, oldID, oldParent := r.U64(), r.U64(), r.U32(), r.U32()
		attr, prop, peer, master, from := r.U64(), r.U64(), r.U64(), r.U64(), r.U64()
		if has(2) {
			f = append(f, event.F("mnt_id", hexV(id)), event.F("mnt_parent_id", hexV(parent)),
				event.F("mnt_id_old", uintV(oldID)), event.F("mnt_parent_id_old", uintV(oldParent)),
				event.F("mnt_attr", c.flagsV(xMountAttrFlags, attr)), event.F("mnt_propagation", c.enumV(xMountPropagation, prop)),
				event.F("mnt_peer_group", hexV(peer)), event.F("mnt_master", hexV(master)))
		}
		if has(4) {
			f = append(f, event.F("propagate_from", hexV(from)))
		}
		return event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: f}
	})
}

// listmountArg is the ids that listmount returned.
func listmountArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrArg(c, i)
	}
	return c.arrayV(c.Arg(i), min(uint64(c.Ret), c.Arg(i+1)), 8, func(c *Ctx, r *Rd) event.Value { return hexV(r.U64()) })
}

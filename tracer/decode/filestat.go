package decode

import "github.com/gotrace/gotrace/tracer/event"

// What the kernel knows of a file, and of its file system.

var fileStatCalls = []Call{
	{Name: "stat", Args: []Arg{path("filename"), out("statbuf", statArg)}},
	{Name: "lstat", Args: []Arg{path("filename"), out("statbuf", statArg)}},
	{Name: "fstat", Args: []Arg{fd("fd"), out("statbuf", statArg)}},
	{Name: "newfstatat", Args: []Arg{dirfd("dfd"), path("filename"), out("statbuf", statArg), in("flag", flagsArg(xAtFlags))}},
	{Name: "stat64", Args: []Arg{path("filename"), out("statbuf", stat64Arg)}},
	{Name: "lstat64", Args: []Arg{path("filename"), out("statbuf", stat64Arg)}},
	{Name: "fstat64", Args: []Arg{fd("fd"), out("statbuf", stat64Arg)}},
	{Name: "fstatat64", Args: []Arg{dirfd("dfd"), path("filename"), out("statbuf", stat64Arg), in("flag", flagsArg(xAtFlags))}},
	{Name: "oldstat", Args: []Arg{path("filename"), out("statbuf", oldStatArg)}},
	{Name: "oldlstat", Args: []Arg{path("filename"), out("statbuf", oldStatArg)}},
	{Name: "oldfstat", Args: []Arg{fd("fd"), out("statbuf", oldStatArg)}},
	{Name: "statx", Args: []Arg{dirfd("dfd"), path("filename"), in("flags", statxFlagsArg), in("mask", flagsArg(xStatxMasks)), out("buffer", ptr(256, readStatx))}},

	{Name: "statfs", Args: []Arg{path("pathname"), out("buf", statfsArg)}},
	{Name: "fstatfs", Args: []Arg{fd("fd"), out("buf", statfsArg)}},
	{Name: "statfs64", Args: []Arg{path("pathname"), in("sz", ulongArg), out("buf", statfs64Arg)}},
	{Name: "fstatfs64", Args: []Arg{fd("fd"), in("sz", ulongArg), out("buf", statfs64Arg)}},
}

// fileStat is what all forms of struct stat have in common.
type fileStat struct {
	dev, ino, mode, nlink, uid, gid, rdev uint64
	size, blksize, blocks                 uint64
	sec, nsec                             [3]uint64 // access, modification, change
	old                                   bool      // has no nanoseconds
}

func statArg(c *Ctx, i int) event.Value {
	switch c.ABI.Arch.Name {
	case "i386":
		return c.ptrV(c.Arg(i), 64, readStatI386)
	case "arm64":
		return c.ptrV(c.Arg(i), 128, readStatGeneric)
	}
	return c.ptrV(c.Arg(i), 144, readStatAMD64)
}

func stat64Arg(c *Ctx, i int) event.Value  { return c.ptrV(c.Arg(i), 96, readStat64) }
func oldStatArg(c *Ctx, i int) event.Value { return c.ptrV(c.Arg(i), 32, readOldStat) }

func readStatAMD64(c *Ctx, r *Rd) event.Value {
	var s fileStat
	s.dev, s.ino, s.nlink = r.U64(), r.U64(), r.U64()
	s.mode, s.uid, s.gid = r.U32(), r.U32(), r.U32()
	s.rdev, s.size, s.blksize, s.blocks = r.U64(), r.U64(), r.U64(), r.U64()
	for i := range s.sec {
		s.sec[i], s.nsec[i] = r.U64(), r.U64()
	}
	return c.statV(&s)
}

func readStatGeneric(c *Ctx, r *Rd) event.Value {
	var s fileStat
	s.dev, s.ino = r.U64(), r.U64()
	s.mode, s.nlink, s.uid, s.gid = r.U32(), r.U32(), r.U32(), r.U32()
	s.rdev = r.U64()
	r.Skip(8)
	s.size, s.blksize = r.U64(), uint64(r.S32())
	r.Skip(4)
	s.blocks = r.U64()
	for i := range s.sec {
		s.sec[i], s.nsec[i] = r.U64(), r.U64()
	}
	return c.statV(&s)
}

func readStatI386(c *Ctx, r *Rd) event.Value {
	var s fileStat
	s.dev, s.ino = r.U32(), r.U32()
	s.mode, s.nlink, s.uid, s.gid = r.U16(), r.U16(), r.U16(), r.U16()
	s.rdev, s.size, s.blksize, s.blocks = r.U32(), r.U32(), r.U32(), r.U32()
	for i := range s.sec {
		s.sec[i], s.nsec[i] = r.U32(), r.U32()
	}
	return c.statV(&s)
}

func readStat64(c *Ctx, r *Rd) event.Value {
	var s fileStat
	s.dev = r.U64()
	r.Skip(8)
	s.mode, s.nlink, s.uid, s.gid = r.U32(), r.U32(), r.U32(), r.U32()
	s.rdev = r.U64()
	r.Skip(4)
	s.size, s.blksize, s.blocks = r.U64(), r.U32(), r.U64()
	for i := range s.sec {
		s.sec[i], s.nsec[i] = r.U32(), r.U32()
	}
	s.ino = r.U64()
	return c.statV(&s)
}

func readOldStat(c *Ctx, r *Rd) event.Value {
	s := fileStat{old: true}
	s.dev, s.ino, s.mode, s.nlink, s.uid, s.gid, s.rdev = r.U16(), r.U16(), r.U16(), r.U16(), r.U16(), r.U16(), r.U16()
	s.size = r.U32()
	for i := range s.sec {
		s.sec[i] = r.U32()
	}
	return c.statV(&s)
}

var statTimeNames = [3][2]string{
	{"st_atime", "st_atime_nsec"}, {"st_mtime", "st_mtime_nsec"}, {"st_ctime", "st_ctime_nsec"},
}

func (c *Ctx) statV(s *fileStat) event.Value {
	mode := event.F("st_mode", modeV(s.mode))
	size := event.F("st_size", uintV(s.size))
	switch s.mode & modeTypes {
	case 0020000, 0060000:
		size = event.F("st_rdev", c.devV(s.rdev))
	}
	if c.Abbrev {
		return c.StructCut(mode, size)
	}
	f := c.Vals(16)[:0]
	f = append(f, event.F("st_dev", c.devV(s.dev)), event.F("st_ino", uintV(s.ino)), mode,
		event.F("st_nlink", uintV(s.nlink)), event.F("st_uid", uintV(s.uid)), event.F("st_gid", uintV(s.gid)))
	f = append(f, event.F("st_blksize", uintV(s.blksize)), event.F("st_blocks", uintV(s.blocks)), size)
	for i, names := range statTimeNames {
		sec := c.statTime(s.sec[i])
		t := intV(sec)
		t.Note = c.timeNote(sec, s.nsec[i], 9)
		f = append(f, event.F(names[0], t))
		if !s.old {
			f = append(f, event.F(names[1], uintV(s.nsec[i])))
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

// statTime extends the seconds of the 32-bit structures, which are signed in effect.
func (c *Ctx) statTime(sec uint64) int64 {
	if c.Is32() {
		return int64(int32(sec))
	}
	return int64(sec)
}

// statx.

func statxFlagsArg(c *Ctx, i int) event.Value {
	const syncMask = 0x6000
	n := uint64(uint32(c.Arg(i)))
	sync := c.flagsZeroV(xStatxSyncFlags, n&syncMask)
	sync.Flags |= event.FlagBare
	if n&^syncMask == 0 {
		return sync
	}
	rest := c.flagsV(xAtFlags, n&^syncMask)
	rest.Flags |= event.FlagRest
	return event.Value{Form: event.FormOr, Flags: event.FlagParts, Num: n, Elem: c.list2(sync, rest)}
}

const (
	statxType = 1 << iota
	statxMode
	statxNlink
	statxUID
	statxGID
	statxATime
	statxMTime
	statxCTime
	statxIno
	statxSize
	statxBlocks
	statxBTime
	statxMntID
	statxDIOAlign
	statxMntIDUnique
	statxSubvol
)

func readStatx(c *Ctx, r *Rd) event.Value {
	mask, blksize, attrs := r.U32(), r.U32(), r.U64()
	nlink, uid, gid, mode := r.U32(), r.U32(), r.U32(), r.U16()
	r.Skip(2)
	ino, size, blocks, attrMask := r.U64(), r.U64(), r.U64(), r.U64()
	maskV := event.F("stx_mask", c.flagsV(xStatxMasks, mask))
	attrsV := event.F("stx_attributes", c.flagsV(xStatxAttributes, attrs))
	has := func(bit uint64, name string, v event.Value) event.Value {
		if mask&bit == 0 {
			return absent()
		}
		return event.F(name, v)
	}
	modeV := has(statxType|statxMode, "stx_mode", modeV(mode))
	sizeV := has(statxSize, "stx_size", uintV(size))
	if c.Abbrev {
		return c.StructCut(maskV, attrsV, modeV, sizeV)
	}
	f := c.Vals(24)[:0]
	f = append(f, maskV, event.F("stx_blksize", uintV(blksize)), attrsV,
		has(statxNlink, "stx_nlink", uintV(nlink)), has(statxUID, "stx_uid", uidV(uint32(uid))), has(statxGID, "stx_gid", uidV(uint32(gid))),
		modeV, has(statxIno, "stx_ino", uintV(ino)), sizeV, has(statxBlocks, "stx_blocks", uintV(blocks)),
		event.F("stx_attributes_mask", c.flagsV(xStatxAttributes, attrMask)))
	for _, t := range statxTimes {
		sec, nsec := r.S64(), r.U32()
		r.Skip(4)
		v := c.Struct(event.F("tv_sec", intV(sec)), event.F("tv_nsec", uintV(nsec)))
		v.Note = c.timeNote(sec, nsec, 9)
		f = append(f, has(t.bit, t.name, v))
	}
	f = append(f, event.F("stx_rdev_major", uintV(r.U32())), event.F("stx_rdev_minor", uintV(r.U32())),
		event.F("stx_dev_major", uintV(r.U32())), event.F("stx_dev_minor", uintV(r.U32())))
	f = append(f, has(statxMntID|statxMntIDUnique, "stx_mnt_id", hexV(r.U64())),
		has(statxDIOAlign, "stx_dio_mem_align", uintV(r.U32())), has(statxDIOAlign, "stx_dio_offset_align", uintV(r.U32())),
		has(statxSubvol, "stx_subvol", uintV(r.U64())))
	return c.Struct(f...)
}

var statxTimes = []struct {
	bit  uint64
	name string
}{
	{statxATime, "stx_atime"}, {statxBTime, "stx_btime"}, {statxCTime, "stx_ctime"}, {statxMTime, "stx_mtime"},
}

// statfs.

func statfsArg(c *Ctx, i int) event.Value {
	n := 120
	if c.Is32() {
		n = 64
	}
	return c.ptrV(c.Arg(i), n, readStatfs)
}

// statfs64Arg is the structure whose size, which must be right, is the argument
// before.
func statfs64Arg(c *Ctx, i int) event.Value {
	if n := c.Arg(i - 1); n != 84 {
		return addrV(c.Arg(i))
	}
	return c.ptrV(c.Arg(i), 84, readStatfs64)
}

func readStatfs(c *Ctx, r *Rd) event.Value { return c.readStatfsBy(r, r.ULong) }

func readStatfs64(c *Ctx, r *Rd) event.Value { return c.readStatfsBy(r, r.U64) }

func (c *Ctx) readStatfsBy(r *Rd, count func() uint64) event.Value {
	f := c.Vals(12)[:0]
	f = append(f, event.F("f_type", c.fsTypeV(r.ULong())), event.F("f_bsize", uintV(r.ULong())),
		event.F("f_blocks", uintV(count())), event.F("f_bfree", uintV(count())), event.F("f_bavail", uintV(count())),
		event.F("f_files", uintV(count())), event.F("f_ffree", uintV(count())))
	id := c.Array(hexV(r.U32()), hexV(r.U32()))
	f = append(f, event.F("f_fsid", c.Struct(event.F("val", id))),
		event.F("f_namelen", uintV(r.ULong())), event.F("f_frsize", uintV(r.ULong())))
	const valid = 0x20 // ST_VALID: kernels before 2.6.36 left the field unset
	if flags := r.ULong(); flags&valid != 0 {
		f = append(f, event.F("f_flags", c.flagsV(xStatfsFlags, flags)))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

func (c *Ctx) fsTypeV(n uint64) event.Value { return c.enumV(xStatfsTypes, n) }

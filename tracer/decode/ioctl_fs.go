package decode

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Requests to files and file systems, to namespaces, and for what watches them.

var fsIoctls = []ioctlDec{
	{0x40049409, fdArg, nil}, // FICLONE
	{0x4020940d, structArg(32, field{"src_fd", fd64}, field{"src_offset", u64}, field{"src_length", u64},
		field{"dest_offset", u64}), nil}, // FICLONERANGE
	{0xc0189436, dedupeArg, dedupeThen}, // FIDEDUPERANGE
	{0xc020660b, structArg(32, field{"fm_start", u64}, field{"fm_length", u64}, field{"fm_flags", flags32(xFiemapFlags)},
		at(24), field{"fm_extent_count", u32}), ioThen(fiemapThen)}, // FS_IOC_FIEMAP
	{0x40046602, one(4, flags32(xFsInodeFlags)), nil},        // FS_IOC32_SETFLAGS
	{0x40086602, one(4, flags32(xFsInodeFlags)), nil},        // FS_IOC_SETFLAGS
	{0x80046601, ioOut(one(4, flags32(xFsInodeFlags))), nil}, // FS_IOC32_GETFLAGS
	{0x80086601, ioOut(one(4, flags32(xFsInodeFlags))), nil}, // FS_IOC_GETFLAGS
	{0x401c5820, structArg(28, field{"fsx_xflags", flags32(xFsXflags)}, field{"fsx_extsize", u32}, skip(4),
		field{"fsx_projid", x32}, field{"fsx_cowextsize", u32}), nil}, // FS_IOC_FSSETXATTR
	{0x801c581f, ioOut(structArg(28, field{"fsx_xflags", flags32(xFsXflags)}, field{"fsx_extsize", u32}, field{"fsx_nextents", u32},
		field{"fsx_projid", x32}, field{"fsx_cowextsize", u32})), nil}, // FS_IOC_FSGETXATTR
	{0x41009432, labelArg, nil},        // FS_IOC_SETFSLABEL
	{0x81009431, ioOut(labelArg), nil}, // FS_IOC_GETFSLABEL
	{0xc0045877, noArg, nil},           // FIFREEZE
	{0xc0045878, noArg, nil},           // FITHAW
	{0xc0185879, structArg(24, field{"start", x64}, field{"len", u64}, field{"minlen", u64}), nil}, // FITRIM

	{0xb701, noArg, nil},                // NS_GET_USERNS
	{0xb702, noArg, nil},                // NS_GET_PARENT
	{0xb703, noArg, nil},                // NS_GET_NSTYPE
	{0xb704, ioOut(one(4, uid32)), nil}, // NS_GET_OWNER_UID

	{0x40044900, intArg, nil}, // INOTIFY_IOC_SETNEXTWD

	{0xc018aa3f, uffdAPIArg, uffdAPIRest}, // UFFDIO_API
	inOut(0xc020aa00, 32, []field{{"range", uffdRange}, {"mode", flags64(xUffdRegisterModes)}},
		[]field{at(24), {"ioctls", flags64(xUffdRangeIoctls)}}), // UFFDIO_REGISTER
	{0x8010aa01, ptr(16, uffdRange), nil}, // UFFDIO_UNREGISTER
	{0x8010aa02, ptr(16, uffdRange), nil}, // UFFDIO_WAKE
	inOut(0xc028aa03, 40, []field{{"dst", x64}, {"src", x64}, {"len", x64}, {"mode", flags64(xUffdCopyModes)}},
		[]field{at(32), {"copy", x64}}), // UFFDIO_COPY
	inOut(0xc020aa04, 32, []field{{"range", uffdRange}, {"mode", flags64(xUffdZeropageModes)}},
		[]field{at(24), {"zeropage", x64}}), // UFFDIO_ZEROPAGE

	{0x2400, flagsArg(xPerfIocFlags), nil},                                 // PERF_EVENT_IOC_ENABLE
	{0x2401, flagsArg(xPerfIocFlags), nil},                                 // PERF_EVENT_IOC_DISABLE
	{0x2402, intArg, nil},                                                  // PERF_EVENT_IOC_REFRESH
	{0x2403, flagsArg(xPerfIocFlags), nil},                                 // PERF_EVENT_IOC_RESET
	{0x40082404, one(8, u64), nil},                                         // PERF_EVENT_IOC_PERIOD
	{0x2405, fdArg, nil},                                                   // PERF_EVENT_IOC_SET_OUTPUT
	{0x40082406, perfFilterArg, nil},                                       // PERF_EVENT_IOC_SET_FILTER
	{0x80082407, ioOut(one(8, u64)), nil},                                  // PERF_EVENT_IOC_ID
	{0x40042408, fdArg, nil},                                               // PERF_EVENT_IOC_SET_BPF
	{0x40042409, ulongArg, nil},                                            // PERF_EVENT_IOC_PAUSE_OUTPUT
	{0x4008240b, perfAttrArg, nil},                                         // PERF_EVENT_IOC_MODIFY_ATTRIBUTES
	{0xc008240a, open(structArg(4, field{"ids_len", u32})), perfQueryRest}, // PERF_EVENT_IOC_QUERY_BPF

	{0xc0502100, seccompNotifArg, seccompNotifThen}, // SECCOMP_IOCTL_NOTIF_RECV
	{0xc0182101, structArg(24, field{"id", x64}, field{"val", i64}, field{"error", negErrno},
		field{"flags", flags32(xSeccompNotifRespFlags)}), nil}, // SECCOMP_IOCTL_NOTIF_SEND
	{0x40082102, one(8, x64), nil}, // SECCOMP_IOCTL_NOTIF_ID_VALID
	{0x80082102, one(8, x64), nil}, // SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR
	{0x40182103, structArg(24, field{"id", x64}, field{"flags", flags32(xSeccompAddfdFlags)}, field{"srcfd", dfd},
		field{"newfd", dfd}, field{"newfd_flags", flags32(xOpenFlags)}), nil}, // SECCOMP_IOCTL_NOTIF_ADDFD
}

func uid32(_ *Ctx, r *Rd) event.Value { return uidV(uint32(r.U32())) }

func fd64(c *Ctx, r *Rd) event.Value { return c.fdV(int32(r.U64())) }

// dedupeArg is a range and the places that may share its data.
const dedupeHead = 24

func dedupeArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), dedupeHead, func(c *Ctx, r *Rd) event.Value {
		off, n, count := r.U64(), r.U64(), r.U16()
		info := c.dedupeInfos(c.Arg(2), count, func(c *Ctx, r *Rd) event.Value {
			return c.Struct(event.F("dest_fd", fd64(c, r)), event.F("dest_offset", uintV(r.U64())))
		})
		if all := len(info.Elem); all > 0 && info.Elem[all-1].Flags&event.FlagMoreAddr == 0 {
			c.Save(0, count)
		}
		return c.Struct(event.F("src_offset", uintV(off)), event.F("src_length", uintV(n)), event.F("dest_count", uintV(count)),
			event.F("info", info))
	})
}

func dedupeThen(c *Ctx, i int) event.Value {
	if c.Failed() || c.Saved(0) == 0 {
		return absent()
	}
	return c.Then(c.Struct(event.F("info", c.dedupeInfos(c.Arg(i), c.Saved(0), func(c *Ctx, r *Rd) event.Value {
		r.Off = 16
		return c.Struct(event.F("bytes_deduped", uintV(r.U64())), event.F("status", intV(r.S32())))
	}))))
}

// fewest is how many elements of some arrays an abbreviation shows.
const fewest = 2

func (c *Ctx) dedupeInfos(addr, n uint64, read reader) event.Value {
	return c.arrayUptoV(addr+dedupeHead, n, 32, fewest, read)
}

func fiemapThen(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 32, func(c *Ctx, r *Rd) event.Value {
		r.Off = 16
		f := c.Vals(3)[:0]
		f = append(f, event.F("fm_flags", c.flagsV(xFiemapFlags, r.U32())))
		n := r.U32()
		f = append(f, event.F("fm_mapped_extents", uintV(n)))
		if c.Abbrev {
			return event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: f}
		}
		f = append(f, event.F("fm_extents", c.arrayV(c.Arg(2)+32, n, 56, structOf(0, field{"fe_logical", u64}, field{"fe_physical", u64},
			field{"fe_length", u64}, at(40), field{"fe_flags", flags32(xFiemapExtentFlags)}))))
		return event.Value{Form: event.FormStruct, Elem: f}
	})
}

// labelArg is a file system's label.
var labelArg = ptr(256, text(256))

var uffdRange = structOf(0, field{"start", x64}, field{"len", x64})

func uffdAPIArg(c *Ctx, i int) event.Value {
	v := open(structArg(24, field{"api", x64}, field{"features", flags64(xUffdFeatures)}))(c, i)
	if v.Form == event.FormStruct {
		c.Save(0, v.Elem[1].Num)
	}
	return v
}

// uffdAPIRest tells the features that the kernel has where they are not those asked for.
func uffdAPIRest(c *Ctx, i int) event.Value {
	return rest(24, at(8), field{"", func(c *Ctx, r *Rd) event.Value {
		got := r.U64()
		if got == c.Saved(0) {
			return absent()
		}
		return c.Then(event.F("features", c.flagsV(xUffdFeatures, got)))
	}}, field{"ioctls", flags64(xUffdApiIoctls)})(c, i)
}

func perfFilterArg(c *Ctx, i int) event.Value {
	if !c.canFollow(c.Arg(i)) {
		return addrV(c.Arg(i))
	}
	return c.strV(c.Arg(i))
}

// perfQueryRest is how many programs there are, and the ids of those that there was room for.
func perfQueryRest(c *Ctx, i int) event.Value {
	v := event.Value{Form: event.FormRest}
	n, ok := c.U32(c.Arg(i) + 4)
	if c.Failed() || !ok {
		v.Flags = event.FlagCut
		return v
	}
	v.Elem = c.list2(event.F("prog_cnt", uintV(uint64(n))), event.F("ids", c.arrayV(c.Arg(i)+8, uint64(n), 4, u32)))
	return v
}

var seccompNotif = structOf(0, field{"id", x64}, field{"pid", dpid}, field{"flags", x32}, field{"data", structOf(0,
	field{"nr", u32}, field{"arch", enum32(xAuditArches)}, field{"instruction_pointer", adr64}, field{"args", list(6, x64)})})

// seccompNotifArg is room for a notification: the kernel wants it to be empty.
func seccompNotifArg(c *Ctx, i int) event.Value {
	v := ptr(80, seccompNotif)(c, i)
	switch {
	case c.Exit || v.Form != event.FormStruct:
	case zeroV(&v):
		return c.later()
	default:
		c.Save(0, 1)
	}
	return v
}

func seccompNotifThen(c *Ctx, i int) event.Value {
	if c.Saved(0) == 0 {
		return absent()
	}
	return c.Then(ptr(80, seccompNotif)(c, i))
}

// negErrno is an error as the kernel returns it.
func negErrno(_ *Ctx, r *Rd) event.Value {
	n := r.S32()
	v := event.Value{Form: event.FormEnumDec, Flags: event.FlagSigned, Num: uint64(n)}
	if n < 0 && n >= -4095 {
		if name := arch.ErrnoName(int(-n)); name != "" {
			v.Str = "-" + name
			return v
		}
	}
	return intV(n)
}

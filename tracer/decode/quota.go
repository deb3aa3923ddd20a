package decode

import "github.com/gotrace/gotrace/tracer/event"

// Quotas. A command decides which arguments there are and what they point to; all but
// those that set something are decoded at exit.

var quotaCalls = []Call{
	{Name: "quotactl", Args: []Arg{in("cmd", quotaCmdArg), path("special"), in("id", quotaIDArg(0)), in("addr", quotaAddrArg(0))}},
	{Name: "quotactl_fd", Args: []Arg{fd("fd"), in("cmd", quotaCmdArg), in("id", quotaIDArg(1)), in("addr", quotaAddrArg(1))}},
}

const (
	qSync         = 0x800001
	qQuotaOn      = 0x800002
	qQuotaOff     = 0x800003
	qGetFmt       = 0x800004
	qGetInfo      = 0x800005
	qSetInfo      = 0x800006
	qGetQuota     = 0x800007
	qSetQuota     = 0x800008
	qGetNextQuota = 0x800009
	qXQuotaOn     = 0x5801
	qXQuotaOff    = 0x5802
	qXGetQuota    = 0x5803
	qXSetQLim     = 0x5804
	qXGetQStat    = 0x5805
	qXQuotaRm     = 0x5806
	qXQuotaSync   = 0x5807
	qXGetQStatV   = 0x5808
	qXGetNext     = 0x5809
)

// quotaCmdArg is a command with the kind of quota in its low byte.
func quotaCmdArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i)))
	v := c.Macro("QCMD", n, c.enumV(xQuotaCommands, n>>8), c.enumV(xQuotaTypes, n&0xff))
	v.Flags = event.FlagWhole | event.FlagSigned
	return v
}

// quotaKind says what the arguments behind the command are.
type quotaKind struct {
	cmd  uint32
	id   bool // an id comes before the address
	get  bool // the kernel fills in what the address points to
	none bool // there is no address
	size int
	i386 int // its size where 64-bit numbers are aligned to 4 bytes, if that differs
	dec  func(c *Ctx, r *Rd) event.Value
}

var quotaKinds = []quotaKind{
	{cmd: qSync, none: true},
	{cmd: qQuotaOff, none: true},
	{cmd: qXQuotaSync, none: true},
	{cmd: qGetFmt, get: true, size: 4, dec: readQuotaFmt},
	{cmd: qGetInfo, get: true, size: 24, dec: readQuotaInfo},
	{cmd: qSetInfo, size: 24, dec: readQuotaInfo},
	{cmd: qGetQuota, id: true, get: true, size: 72, i386: 68, dec: readDqblk},
	{cmd: qSetQuota, id: true, size: 72, i386: 68, dec: readDqblk},
	{cmd: qGetNextQuota, id: true, get: true, size: 72, dec: readNextDqblk},
	{cmd: qXQuotaOn, size: 4, dec: readXQuotaFlags},
	{cmd: qXQuotaOff, size: 4, dec: readXQuotaFlags},
	{cmd: qXQuotaRm, size: 4, dec: readXQuotaRm},
	{cmd: qXGetQuota, id: true, get: true, size: 112, dec: readXDqblk},
	{cmd: qXGetNext, id: true, get: true, size: 112, dec: readXDqblk},
	{cmd: qXSetQLim, id: true, size: 112, dec: readXDqblk},
	{cmd: qXGetQStat, get: true, size: 80, i386: 68, dec: readXQStat},
	{cmd: qXGetQStatV, get: true, size: 160, dec: readXQStatV},
}

var unknownQuota = quotaKind{id: true}

func (c *Ctx) quotaKind(cmdArg int) *quotaKind {
	cmd := uint32(c.Arg(cmdArg)) >> 8
	for i := range quotaKinds {
		if quotaKinds[i].cmd == cmd {
			return &quotaKinds[i]
		}
	}
	return &unknownQuota
}

// quotaIDArg is the id, or the format of the quota file for Q_QUOTAON.
func quotaIDArg(cmdArg int) Decoder {
	return func(c *Ctx, i int) event.Value {
		id := uint32(c.Arg(i))
		if uint32(c.Arg(cmdArg))>>8 == qQuotaOn {
			return c.enumV(xQuotaFormats, uint64(id))
		}
		if c.quotaKind(cmdArg).id {
			return uidV(id)
		}
		return absent()
	}
}

func quotaAddrArg(cmdArg int) Decoder {
	return func(c *Ctx, i int) event.Value {
		if uint32(c.Arg(cmdArg))>>8 == qQuotaOn {
			return pathArg(c, i)
		}
		k := c.quotaKind(cmdArg)
		switch {
		case k.none:
			return absent()
		case k.dec == nil:
			return addrArg(c, i)
		case k.get && !c.Exit:
			return c.later()
		}
		size := k.size
		if k.i386 != 0 && c.ABI.Arch.Name == "i386" {
			size = k.i386
		}
		return c.ptrV(c.Arg(i), size, k.dec)
	}
}

func readQuotaFmt(c *Ctx, r *Rd) event.Value { return c.Array(c.enumV(xQuotaFormats, r.U32())) }

func readQuotaInfo(c *Ctx, r *Rd) event.Value {
	return c.Struct(
		event.F("dqi_bgrace", uintV(r.U64())), event.F("dqi_igrace", uintV(r.U64())),
		event.F("dqi_flags", c.flagsV(xQuotaDqinfoFlags, r.U32())), event.F("dqi_valid", c.flagsV(xQuotaDqinfoValid, r.U32())))
}

func readDqblk(c *Ctx, r *Rd) event.Value     { return c.dqblkV(r, false) }
func readNextDqblk(c *Ctx, r *Rd) event.Value { return c.dqblkV(r, true) }

func (c *Ctx) dqblkV(r *Rd, next bool) event.Value {
	f := c.Vals(10)[:0]
	f = append(f, event.F("dqb_bhardlimit", uintV(r.U64())), event.F("dqb_bsoftlimit", uintV(r.U64())),
		event.F("dqb_curspace", uintV(r.U64())), event.F("dqb_ihardlimit", uintV(r.U64())),
		event.F("dqb_isoftlimit", uintV(r.U64())), event.F("dqb_curinodes", uintV(r.U64())))
	btime, itime, valid := r.U64(), r.U64(), r.U32()
	v := event.Value{Form: event.FormStruct}
	if c.Abbrev {
		v.Flags = event.FlagCut
	} else {
		f = append(f, event.F("dqb_btime", uintV(btime)), event.F("dqb_itime", uintV(itime)),
			event.F("dqb_valid", c.flagsV(xQuotaDqblkValid, valid)))
	}
	if next {
		f = append(f, event.F("dqb_id", uintV(r.U32())))
	}
	v.Elem = f
	return v
}

func readXQuotaFlags(c *Ctx, r *Rd) event.Value { return c.Array(c.flagsV(xXfsQuotaFlags, r.U32())) }
func readXQuotaRm(c *Ctx, r *Rd) event.Value    { return c.Array(c.flagsV(xXfsDqblkFlags, r.U32())) }

func readXDqblk(c *Ctx, r *Rd) event.Value {
	f := c.Vals(20)[:0]
	version := int64(int8(r.U8()))
	f = append(f, event.F("d_version", intV(version)), event.F("d_flags", c.flagsV(xXfsDqblkFlags, r.U8())),
		event.F("d_fieldmask", hexV(r.U16())), event.F("d_id", uintV(r.U32())))
	for _, name := range [...]string{"d_blk_hardlimit", "d_blk_softlimit", "d_ino_hardlimit", "d_ino_softlimit", "d_bcount", "d_icount"} {
		f = append(f, event.F(name, uintV(r.U64())))
	}
	v := event.Value{Form: event.FormStruct}
	if c.Abbrev {
		v.Flags, v.Elem = event.FlagCut, f
		return v
	}
	f = append(f, event.F("d_itimer", intV(r.S32())), event.F("d_btimer", intV(r.S32())),
		event.F("d_iwarns", uintV(r.U16())), event.F("d_bwarns", uintV(r.U16())))
	r.Skip(4)
	f = append(f, event.F("d_rtb_hardlimit", uintV(r.U64())), event.F("d_rtb_softlimit", uintV(r.U64())),
		event.F("d_rtbcount", uintV(r.U64())), event.F("d_rtbtimer", intV(r.S32())), event.F("d_rtbwarns", uintV(r.U16())))
	v.Elem = f
	return v
}

func (c *Ctx) xqfileV(name string, r *Rd) event.Value {
	v := c.Struct(event.F("qfs_ino", uintV(r.U64())), event.F("qfs_nblks", uintV(r.U64())), event.F("qfs_nextents", uintV(r.U32())))
	r.Align(r.Max64)
	return event.F(name, v)
}

// xqfilePadV is the same with its padding spelt out.
func (c *Ctx) xqfilePadV(name string, r *Rd) event.Value {
	v := c.xqfileV(name, r)
	r.Align(8)
	return v
}

func readXQStat(c *Ctx, r *Rd) event.Value {
	version := intV(int64(int8(r.U8())))
	if c.Abbrev {
		return c.StructCut(event.F("qs_version", version))
	}
	f := c.Vals(12)[:0]
	f = append(f, event.F("qs_version", version), event.F("qs_flags", c.flagsV(xXfsQuotaFlags, r.U16())))
	r.Skip(1)
	r.Align(r.Max64)
	f = append(f, c.xqfileV("qs_uquota", r), c.xqfileV("qs_gquota", r), event.F("qs_incoredqs", uintV(r.U32())))
	return event.Value{Form: event.FormStruct, Elem: appendXQLimits(f, r)}
}

func readXQStatV(c *Ctx, r *Rd) event.Value {
	version := intV(int64(int8(r.U8())))
	if c.Abbrev {
		return c.StructCut(event.F("qs_version", version))
	}
	f := c.Vals(12)[:0]
	r.Skip(1)
	f = append(f, event.F("qs_version", version), event.F("qs_flags", c.flagsV(xXfsQuotaFlags, r.U16())),
		event.F("qs_incoredqs", uintV(r.U32())), c.xqfilePadV("qs_uquota", r), c.xqfilePadV("qs_gquota", r), c.xqfilePadV("qs_pquota", r))
	return event.Value{Form: event.FormStruct, Elem: appendXQLimits(f, r)}
}

func appendXQLimits(f []event.Value, r *Rd) []event.Value {
	return append(f, event.F("qs_btimelimit", intV(r.S32())), event.F("qs_itimelimit", intV(r.S32())),
		event.F("qs_rtbtimelimit", intV(r.S32())), event.F("qs_bwarnlimit", uintV(r.U16())), event.F("qs_iwarnlimit", uintV(r.U16())))
}

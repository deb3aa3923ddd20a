package decode

import "github.com/gotrace/gotrace/tracer/event"

// Credentials: user and group ids, supplementary groups, capabilities.
var credCalls = []Call{
	{Name: "getuid"},
	{Name: "getuid32"},
	{Name: "geteuid"},
	{Name: "geteuid32"},
	{Name: "getgid"},
	{Name: "getgid32"},
	{Name: "getegid"},
	{Name: "getegid32"},
	{Name: "setuid", Args: uidArgs("uid")},
	{Name: "setuid", Args: uid16Args("uid"), Only: "i386"},
	{Name: "setuid32", Args: uidArgs("uid")},
	{Name: "setgid", Args: uidArgs("gid")},
	{Name: "setgid", Args: uid16Args("gid"), Only: "i386"},
	{Name: "setgid32", Args: uidArgs("gid")},
	{Name: "setreuid", Args: uidArgs("ruid", "euid")},
	{Name: "setreuid", Args: uid16Args("ruid", "euid"), Only: "i386"},
	{Name: "setreuid32", Args: uidArgs("ruid", "euid")},
	{Name: "setregid", Args: uidArgs("rgid", "egid")},
	{Name: "setregid", Args: uid16Args("rgid", "egid"), Only: "i386"},
	{Name: "setregid32", Args: uidArgs("rgid", "egid")},
	{Name: "setresuid", Args: uidArgs("ruid", "euid", "suid")},
	{Name: "setresuid", Args: uid16Args("ruid", "euid", "suid"), Only: "i386"},
	{Name: "setresuid32", Args: uidArgs("ruid", "euid", "suid")},
	{Name: "setresgid", Args: uidArgs("rgid", "egid", "sgid")},
	{Name: "setresgid", Args: uid16Args("rgid", "egid", "sgid"), Only: "i386"},
	{Name: "setresgid32", Args: uidArgs("rgid", "egid", "sgid")},
	{Name: "getresuid", Args: uidPtrArgs(uidPtrArg, "ruidp", "euidp", "suidp")},
	{Name: "getresuid", Args: uidPtrArgs(uid16PtrArg, "ruidp", "euidp", "suidp"), Only: "i386"},
	{Name: "getresuid32", Args: uidPtrArgs(uidPtrArg, "ruidp", "euidp", "suidp")},
	{Name: "getresgid", Args: uidPtrArgs(uidPtrArg, "rgidp", "egidp", "sgidp")},
	{Name: "getresgid", Args: uidPtrArgs(uid16PtrArg, "rgidp", "egidp", "sgidp"), Only: "i386"},
	{Name: "getresgid32", Args: uidPtrArgs(uidPtrArg, "rgidp", "egidp", "sgidp")},
	{Name: "setfsuid", Args: uidArgs("uid")},
	{Name: "setfsuid", Args: uid16Args("uid"), Only: "i386"},
	{Name: "setfsuid32", Args: uidArgs("uid")},
	{Name: "setfsgid", Args: uidArgs("gid")},
	{Name: "setfsgid", Args: uid16Args("gid"), Only: "i386"},
	{Name: "setfsgid32", Args: uidArgs("gid")},
	{Name: "getgroups", Args: []Arg{in("gidsetsize", intArg), out("grouplist", groupsOutArg(4))}},
	{Name: "getgroups", Args: []Arg{in("gidsetsize", intArg), out("grouplist", groupsOutArg(2))}, Only: "i386"},
	{Name: "getgroups32", Args: []Arg{in("gidsetsize", intArg), out("grouplist", groupsOutArg(4))}},
	{Name: "setgroups", Args: []Arg{in("gidsetsize", intArg), in("grouplist", groupsInArg(4))}},
	{Name: "setgroups", Args: []Arg{in("gidsetsize", intArg), in("grouplist", groupsInArg(2))}, Only: "i386"},
	{Name: "setgroups32", Args: []Arg{in("gidsetsize", intArg), in("grouplist", groupsInArg(4))}},
	{Name: "capget", Args: []Arg{in("header", capHeaderArg), out("dataptr", capDataArg)}},
	{Name: "capset", Args: []Arg{in("header", capHeaderArg), in("data", capDataArg)}},
}

func uidArgs(names ...string) []Arg   { return sameArgs(In, uidArg, names) }
func uid16Args(names ...string) []Arg { return sameArgs(In, uid16Arg, names) }

func uidPtrArgs(d Decoder, names ...string) []Arg { return sameArgs(Out, d, names) }

func sameArgs(when Phase, d Decoder, names []string) []Arg {
	args := make([]Arg, len(names))
	for i, n := range names {
		args[i] = Arg{Name: n, When: when, Dec: d}
	}
	return args
}

// uid16V is an id of the old 16-bit calls.
func uid16V(n uint64) event.Value {
	if n&0xffff == 0xffff {
		return intV(-1)
	}
	return uintV(n & 0xffff)
}

func uidPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(uidV(uint32(r.U32()))) })
}

func uid16PtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 2, func(c *Ctx, r *Rd) event.Value { return c.Array(uid16V(r.U16())) })
}

// groupsMax is the kernel's limit on a list of groups.
const groupsMax = 65536

func groupsInArg(size int) Decoder {
	return func(c *Ctx, i int) event.Value { return c.groupsV(c.Arg(i), int64(int32(c.Arg(0))), size) }
}

func groupsOutArg(size int) Decoder {
	return func(c *Ctx, i int) event.Value {
		if c.Failed() {
			return addrV(c.Arg(i))
		}
		return c.groupsV(c.Arg(i), c.Ret, size)
	}
}

func (c *Ctx) groupsV(addr uint64, n int64, size int) event.Value {
	if n < 0 || n > groupsMax {
		return addrV(addr)
	}
	return c.arrayV(addr, uint64(n), size, func(_ *Ctx, r *Rd) event.Value {
		if size == 2 {
			return uid16V(r.U16())
		}
		return uidV(uint32(r.U32()))
	})
}

// Versions with two words for each set.
const (
	capVersion2 = 0x20071026
	capVersion3 = 0x20080522
)

// capHeaderArg is a struct __user_cap_header_struct.
func capHeaderArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value {
		v, pid := r.U32(), int32(r.S32())
		c.Save(0, v)
		c.Save(1, 1)
		return c.Struct(event.F("version", c.enumV(xCapVersions, v)), event.F("pid", c.pidV(pid)))
	})
}

// capDataArg is the capabilities that the header's version makes one or two words each.
func capDataArg(c *Ctx, i int) event.Value {
	if c.Saved(1) == 0 { // no header
		return addrArg(c, i)
	}
	if v := c.Saved(0); v == capVersion2 || v == capVersion3 {
		return c.ptrV(c.Arg(i), 24, func(c *Ctx, r *Rd) event.Value {
			e, p, in := r.U32(), r.U32(), r.U32()
			e, p, in = e|r.U32()<<32, p|r.U32()<<32, in|r.U32()<<32
			return c.Struct(event.F("effective", c.capSetV(e)), event.F("permitted", c.capSetV(p)), event.F("inheritable", c.capSetV(in)))
		})
	}
	return c.ptrV(c.Arg(i), 12, func(c *Ctx, r *Rd) event.Value {
		e, p, in := r.U32(), r.U32(), r.U32()
		return c.Struct(event.F("effective", c.capSetV(e)), event.F("permitted", c.capSetV(p)), event.F("inheritable", c.capSetV(in)))
	})
}

// capSetV is a set of capabilities.
func (c *Ctx) capSetV(n uint64) event.Value {
	lo, hi := n&0xffffffff, n>>32
	switch {
	case hi == 0:
		return c.flagsV(xCapMaskLow, lo)
	case lo == 0:
		v := c.flagsV(xCapMaskHigh, hi)
		return v
	}
	v := c.Or(c.flagsV(xCapMaskLow, lo), c.flagsV(xCapMaskHigh, hi))
	v.Num, v.Flags = n, event.FlagParts
	return v
}

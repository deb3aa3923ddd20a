package decode

import "github.com/gotrace/gotrace/tracer/event"

// Confinement: seccomp, Landlock, security modules.
var seccompCalls = []Call{
	{Name: "seccomp", Args: []Arg{in("op", enumArg(xSeccompOperations)), in("flags", seccompFlagsArg), in("uargs", seccompArg)}, RetFn: seccompRet},
	{Name: "landlock_create_ruleset", Args: []Arg{in("attr", landlockAttrArg), in("size", ulongArg), in("flags", flagsArg(xLandlockRulesetFlags))}, RetFn: landlockCreateRet},
	{Name: "landlock_add_rule", Args: []Arg{fd("ruleset_fd"), in("rule_type", enumArg(xLandlockRuleTypes)), in("rule_attr", landlockRuleArg), in("flags", hex32Arg)}},
	{Name: "landlock_restrict_self", Args: []Arg{fd("ruleset_fd"), in("flags", hex32Arg)}},
	{Name: "lsm_get_self_attr", Args: []Arg{in("attr", uintArg), out("ctx", addrArg), out("size", uintPtrArg), out("flags", hex32Arg)}},
	{Name: "lsm_set_self_attr", Args: []Arg{in("attr", uintArg), in("ctx", addrArg), in("size", uintArg), in("flags", hex32Arg)}},
	{Name: "lsm_list_modules", Args: []Arg{out("ids", lsmIDsArg), out("size", uintPtrArg), out("flags", hex32Arg)}},
}

const (
	seccompSetFilter   = 1
	seccompActionAvail = 2
	seccompNotifSizes  = 3
)

func seccompFlagsArg(c *Ctx, i int) event.Value {
	if uint32(c.Arg(0)) == seccompSetFilter {
		return c.flagsV(xSeccompFilterFlags, uint64(uint32(c.Arg(i))))
	}
	return hex32Arg(c, i)
}

func seccompArg(c *Ctx, i int) event.Value {
	switch uint32(c.Arg(0)) {
	case seccompSetFilter:
		return c.seccompFprogV(c.Arg(i))
	case seccompActionAvail:
		return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(c.enumV(xSeccompActions, r.U32())) })
	case seccompNotifSizes:
		if !c.Exit {
			return c.later()
		}
		return c.ptrV(c.Arg(i), 6, func(c *Ctx, r *Rd) event.Value {
			n, resp, data := r.U16(), r.U16(), r.U16()
			return c.Struct(event.F("seccomp_notif", uintV(n)), event.F("seccomp_notif_resp", uintV(resp)), event.F("seccomp_data", uintV(data)))
		})
	}
	return addrArg(c, i)
}

// seccompRet is a descriptor when a listener was asked for.
func seccompRet(c *Ctx) event.Value {
	const newListener = 8
	if uint32(c.Arg(0)) == seccompSetFilter && c.Arg(1)&newListener != 0 {
		return c.fdV(int32(c.Ret))
	}
	return c.plainRet(RetUint)
}

// landlockAttrArg is a struct landlock_ruleset_attr, of which the first field is known.
func landlockAttrArg(c *Ctx, i int) event.Value {
	addr, size := c.Arg(i), c.Arg(1)
	if size < 8 {
		return addrV(addr)
	}
	return c.ptrV(addr, 8, func(c *Ctx, r *Rd) event.Value {
		v := c.Struct(event.F("handled_access_fs", c.flagsV(xLandlockAccessFs, r.U64())))
		if size > 8 {
			v.Flags |= event.FlagCut
		}
		return v
	})
}

// landlockCreateRet is the version of the interface, or a descriptor.
func landlockCreateRet(c *Ctx) event.Value {
	if c.Arg(2) != 0 {
		return c.plainRet(RetUint)
	}
	return c.fdV(int32(c.Ret))
}

func landlockRuleArg(c *Ctx, i int) event.Value {
	const pathBeneath = 1
	if uint32(c.Arg(1)) != pathBeneath {
		return addrArg(c, i)
	}
	return c.ptrV(c.Arg(i), 12, func(c *Ctx, r *Rd) event.Value {
		access, fd := r.U64(), int32(r.S32())
		return c.Struct(event.F("allowed_access", c.flagsV(xLandlockAccessFs, access)), event.F("parent_fd", c.fdV(fd)))
	})
}

func lsmIDsArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrArg(c, i)
	}
	return c.arrayV(c.Arg(i), uint64(c.Ret), 8, func(_ *Ctx, r *Rd) event.Value { return uintV(r.U64()) })
}

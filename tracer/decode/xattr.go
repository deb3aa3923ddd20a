package decode

import "github.com/gotrace/gotrace/tracer/event"

// Extended attributes, and the attributes of file_getattr.

var xattrCalls = []Call{
	{Name: "setxattr", Args: []Arg{path("pathname"), in("name", strArg), in("value", xattrValueArg), in("size", ulongArg), in("flags", flagsArg(xXattrFlags))}},
	{Name: "lsetxattr", Args: []Arg{path("pathname"), in("name", strArg), in("value", xattrValueArg), in("size", ulongArg), in("flags", flagsArg(xXattrFlags))}},
	{Name: "fsetxattr", Args: []Arg{fd("fd"), in("name", strArg), in("value", xattrValueArg), in("size", ulongArg), in("flags", flagsArg(xXattrFlags))}},
	{Name: "setxattrat", Args: []Arg{dirfd("dfd"), path("pathname"), in("at_flags", flagsArg(xAtFlags)), in("name", strArg), in("uargs", xattrArgsArg), in("usize", ulongArg)}},
	{Name: "getxattr", Args: []Arg{path("pathname"), in("name", strArg), out("value", xattrRetArg), in("size", ulongArg)}},
	{Name: "lgetxattr", Args: []Arg{path("pathname"), in("name", strArg), out("value", xattrRetArg), in("size", ulongArg)}},
	{Name: "fgetxattr", Args: []Arg{fd("fd"), in("name", strArg), out("value", xattrRetArg), in("size", ulongArg)}},
	{Name: "getxattrat", Args: []Arg{dirfd("dfd"), path("pathname"), in("at_flags", flagsArg(xAtFlags)), in("name", strArg), out("uargs", xattrArgsArg), in("usize", ulongArg)}},
	{Name: "listxattr", Args: []Arg{path("pathname"), out("list", xattrListArg), in("size", ulongArg)}},
	{Name: "llistxattr", Args: []Arg{path("pathname"), out("list", xattrListArg), in("size", ulongArg)}},
	{Name: "flistxattr", Args: []Arg{fd("fd"), out("list", xattrListArg), in("size", ulongArg)}},
	{Name: "listxattrat", Args: []Arg{dirfd("dfd"), path("pathname"), in("at_flags", flagsArg(xAtFlags)), out("list", xattrListArg), in("size", ulongArg)}},
	{Name: "removexattr", Args: []Arg{path("pathname"), in("name", strArg)}},
	{Name: "lremovexattr", Args: []Arg{path("pathname"), in("name", strArg)}},
	{Name: "fremovexattr", Args: []Arg{fd("fd"), in("name", strArg)}},
	{Name: "removexattrat", Args: []Arg{dirfd("dfd"), path("pathname"), in("at_flags", flagsArg(xAtFlags)), in("name", strArg)}},
	{Name: "file_getattr", Args: []Arg{dirfd("dfd"), path("filename"), out("ufattr", fileAttrArg), in("usize", ulongArg), in("at_flags", flagsArg(xAtFlags))}},
	{Name: "file_setattr", Args: []Arg{dirfd("dfd"), path("filename"), in("ufattr", fileAttrArg), in("usize", ulongArg), in("at_flags", flagsArg(xAtFlags))}},
}

func xattrValueArg(c *Ctx, i int) event.Value { return c.xattrV(c.Arg(i), c.Arg(i+1)) }

func xattrRetArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrArg(c, i)
	}
	return c.xattrV(c.Arg(i), uint64(c.Ret))
}

// xattrV is a value, which most often is a string: the NUL that it ends in is not shown.
func (c *Ctx) xattrV(addr, n uint64) event.Value {
	const longest = 1 << 16 // XATTR_SIZE_MAX
	if n > longest {
		return addrV(addr)
	}
	v := c.bytesV(addr, n)
	v.Flags |= event.FlagTrimNUL
	return v
}

func xattrListArg(c *Ctx, i int) event.Value {
	if c.Failed() || c.Arg(i+1) == 0 {
		return addrArg(c, i)
	}
	return c.bytesV(c.Arg(i), uint64(c.Ret))
}

// xattrArgsArg is a struct xattr_args; getxattrat fills in what its value points to.
func xattrArgsArg(c *Ctx, i int) event.Value {
	addr, size := c.Arg(i), c.Arg(i+1)
	if size < 16 || addr == 0 || !c.Verbose {
		return addrV(addr)
	}
	b, ok := c.Read(addr, 16)
	if !ok {
		return addrV(addr)
	}
	r := c.Rd(b)
	p, n, flags := r.U64(), r.U32(), r.U32()
	v := addrV(p)
	switch {
	case !c.Exit:
		v = c.xattrV(p, n)
	case !c.Failed():
		v = c.xattrV(p, uint64(c.Ret))
	}
	return c.Struct(event.F("value", v), event.F("size", uintV(n)), event.F("flags", c.flagsV(xXattrFlags, flags)))
}

func fileAttrArg(c *Ctx, i int) event.Value {
	return c.extensible(c.Arg(i), c.Arg(i+1), 24, func(c *Ctx, r *Rd) []event.Value {
		f := c.Vals(6)
		f[0] = event.F("fa_xflags", hexV(r.U64()))
		for k, name := range [...]string{"fa_extsize", "fa_nextents", "fa_projid", "fa_cowextsize"} {
			f[k+1] = event.F(name, uintV(r.U32()))
		}
		return f[:5]
	})
}

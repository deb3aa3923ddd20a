package decode

import "github.com/gotrace/gotrace/tracer/event"

// Calls that no kernel of today answers, and those that only one machine ever had:
// they have numbers, so they have names and a count of arguments.
var tailCalls = []Call{
	{Name: "afs_syscall", Args: hexArgs("id", "arg1", "arg2", "arg3", "arg4")},
	{Name: "arch_specific_syscall"},
	{Name: "bdflush", Args: hexArgs("func", "data")},
	{Name: "break"},
	{Name: "create_module", Args: hexArgs("name", "size")},
	{Name: "epoll_ctl_old", Args: hexArgs("epfd", "op", "fd", "event")},
	{Name: "epoll_wait_old", Args: hexArgs("epfd", "events", "maxevents", "timeout")},
	{Name: "ftime"},
	{Name: "get_kernel_syms", Args: hexArgs("table")},
	{Name: "getpmsg", Args: hexArgs("fd", "ctlptr", "dataptr", "bandp", "flagsp")},
	{Name: "gtty", Args: hexArgs("fd", "params")},
	{Name: "idle"},
	{Name: "lock"},
	{Name: "mpx"},
	{Name: "prof"},
	{Name: "profil", Args: hexArgs("buf", "bufsiz", "offset", "scale")},
	{Name: "putpmsg", Args: hexArgs("fd", "ctlptr", "dataptr", "band", "flags")},
	{Name: "query_module", Args: hexArgs("name", "which", "buf", "bufsize", "ret")},
	{Name: "readdir", Args: []Arg{fd("fd"), out("dirent", oldDirentArg), out("count", oldDirentCountArg)}},
	{Name: "security", Args: hexArgs("id", "call", "args")},
	{Name: "stty", Args: hexArgs("fd", "params")},
	{Name: "tuxcall", Args: hexArgs("arg1", "arg2", "arg3")},
	{Name: "ulimit", Args: hexArgs("cmd", "newlimit")},
	{Name: "uprobe"},
	{Name: "uretprobe"},
	{Name: "vm86", Args: hexArgs("cmd", "arg", "arg3", "arg4", "arg5")},
	{Name: "vm86old", Args: hexArgs("info")},
	{Name: "vserver", Args: hexArgs("cmd", "id", "data", "arg4", "arg5")},

	// Newer than strace 6.1.
	{Name: "listns", Args: []Arg{in("req", listnsReqArg), out("ns_ids", listnsIDsArg), out("nr_ns_ids", ulongArg), out("flags", hex32Arg)}},
}

// hexArgs are arguments of unknown meaning.
func hexArgs(names ...string) []Arg { return sameArgs(In, hexArg, names) }

// oldDirentArg is a struct old_linux_dirent, of which readdir stores one.
func oldDirentArg(c *Ctx, i int) event.Value {
	if c.Failed() || c.Ret == 0 {
		return addrArg(c, i)
	}
	const nameMax = 256
	w := c.Word()
	head := 2*w + 2
	return c.ptrV(c.Arg(i), head, func(c *Ctx, r *Rd) event.Value {
		ino, off, n := r.ULong(), r.ULong(), r.U16()
		name := addrV(c.Arg(i) + uint64(head))
		if b, ok := c.Read(c.Arg(i)+uint64(head), int(min(n, nameMax))); ok {
			name = dataV(b)
		}
		return c.Struct(event.F("d_ino", uintV(ino)), event.F("d_off", uintV(off)), event.F("d_reclen", uintV(n)), event.F("d_name", name))
	})
}

// oldDirentCountArg is ignored by the kernel; the C library passes 1.
func oldDirentCountArg(c *Ctx, i int) event.Value {
	if c.Arg(i) == 1 {
		return absent()
	}
	return ulongArg(c, i)
}

// listnsReqArg is a struct ns_id_req.
func listnsReqArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 32, func(c *Ctx, r *Rd) event.Value {
		r.Max64 = 8
		size, _, id, kind, _, user := r.U32(), r.U32(), r.U64(), r.U32(), r.U32(), r.U64()
		return c.Struct(event.F("size", uintV(size)), event.F("ns_id", uintV(id)), event.F("ns_type", c.flagsV(xSetnsTypes, kind)), event.F("user_ns_id", uintV(user)))
	})
}

func listnsIDsArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrArg(c, i)
	}
	return c.arrayV(c.Arg(i), min(uint64(c.Ret), c.Arg(i+1)), 8, func(_ *Ctx, r *Rd) event.Value { return uintV(r.U64()) })
}

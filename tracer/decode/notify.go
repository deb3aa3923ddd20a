package decode

import "github.com/gotrace/gotrace/tracer/event"

// Notification of file events, and file handles.

var notifyCalls = []Call{
	{Name: "inotify_init", Ret: RetFD},
	{Name: "inotify_init1", Args: []Arg{in("flags", flagsArg(xInotifyInitFlags))}, Ret: RetFD},
	{Name: "inotify_add_watch", Args: []Arg{fd("fd"), path("pathname"), in("mask", flagsArg(xInotifyEvents))}},
	{Name: "inotify_rm_watch", Args: []Arg{fd("fd"), in("wd", intArg)}},
	{Name: "fanotify_init", Args: []Arg{in("flags", fanInitFlagsArg), in("event_f_flags", openFlagsArg)}, Ret: RetFD},
	{Name: "fanotify_mark", Args: []Arg{fd("fanotify_fd"), in("flags", flagsArg(xFanotifyMarkFlags)), wide("mask", fanMaskArg),
		{Name: "dfd", Dec: fanDirfdArg, Role: RoleDirFD}, path("pathname")}},
	{Name: "name_to_handle_at", Args: []Arg{dirfd("dfd"), path("name"),
		out("handle", handleOutArg).atEntry(saveHandleBytes), out("mnt_id", mountIDArg), in("flag", flagsArg(xNameToHandleAtFlags))}},
	{Name: "open_by_handle_at", Args: []Arg{fd("mountdirfd"), in("handle", handleInArg), in("flags", openFlagsArg)}},
}

// fanInitFlagsArg is a class, a number in two bits, and flags.
func fanInitFlagsArg(c *Ctx, i int) event.Value {
	const classMask = 0xc
	n := uint64(uint32(c.Arg(i)))
	class := c.enumV(xFanotifyClasses, n&classMask)
	if n&^classMask == 0 {
		return class
	}
	return event.Value{Form: event.FormOr, Flags: event.FlagParts, Num: n, Elem: c.list2(class, c.flagsV(xFanotifyInitFlags, n&^classMask))}
}

func fanMaskArg(c *Ctx, i int) event.Value { return c.flagsV(xFanotifyEvents, c.LL(i)) }

func fanDirfdArg(c *Ctx, i int) event.Value {
	if fd := int32(c.Arg(i)); fd == -1 {
		return event.Value{Form: event.FormFD, Num: uint64(int64(fd)), Str: "FAN_NOFD"}
	}
	return dirfdArg(c, i)
}

const maxHandle = 128 // MAX_HANDLE_SZ

// saveHandleBytes keeps the room that the caller offers for a handle.
func saveHandleBytes(c *Ctx, i int) {
	if head, ok := c.U64(c.Arg(i)); ok && c.Arg(i) != 0 {
		c.Save(0, head&0xffffffff|1<<32)
	}
}

func handleOutArg(c *Ctx, i int) event.Value {
	const eOverflow = 75
	addr := c.Arg(i)
	was := c.Saved(0)
	if was == 0 || !c.Verbose {
		return addrV(addr)
	}
	f := c.Vals(3)
	f[0] = event.F("handle_bytes", uintV(was&0xffffffff))
	if c.Errno != 0 && c.Errno != eOverflow {
		return event.Value{Form: event.FormStruct, Elem: f[:1]}
	}
	now, ok := c.U32(addr)
	if ok && uint64(now) != was&0xffffffff {
		f[0] = event.F("handle_bytes", c.Change(uintV(was&0xffffffff), uintV(uint64(now))))
	}
	if c.Errno != 0 || !ok {
		return event.Value{Form: event.FormStruct, Elem: f[:1]}
	}
	t, _ := c.U32(addr + 4)
	f[1] = event.F("handle_type", intV(int64(int32(t))))
	f[2] = event.F("f_handle", c.handleV(addr+8, now))
	return event.Value{Form: event.FormStruct, Elem: f}
}

// mountIDArg is where the kernel puts an id, if it could read the handle.
func mountIDArg(c *Ctx, i int) event.Value {
	if c.Saved(0) == 0 {
		return addrArg(c, i)
	}
	return intPtrArg(c, i)
}

func handleInArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value {
		n, t := r.U32(), r.S32()
		return c.Struct(event.F("handle_bytes", uintV(n)), event.F("handle_type", intV(t)),
			event.F("f_handle", c.handleV(c.Arg(i)+8, uint32(n))))
	})
}

// handleV is the opaque bytes of a handle.
func (c *Ctx) handleV(addr uint64, n uint32) event.Value {
	b, ok := c.Read(addr, int(min(n, maxHandle)))
	if !ok {
		return wordV("???", 0)
	}
	v := event.Value{Form: event.FormString, Flags: event.FlagHexStr | event.FlagPath, Data: b}
	if n > maxHandle {
		v.Flags |= event.FlagCut
	}
	return v
}

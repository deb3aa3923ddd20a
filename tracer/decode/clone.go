package decode

import "github.com/gotrace/gotrace/tracer/event"

const (
	cloneSignal        = 0xff
	clonePidfd         = 0x1000
	cloneSettls        = 0x80000
	cloneParentSettid  = 0x100000
	cloneChildClearTid = 0x200000
	cloneChildSetTid   = 0x1000000
	cloneIntoCgroup    = 0x200000000
)

// cloneArgs shows the stack before the flags, and of the pointers those that the flags ask for.
func cloneArgs(tls, child int) []Arg {
	return []Arg{
		in("newsp", addrArg).reg(1).label("child_stack"),
		in("clone_flags", cloneFlagsArg).reg(0).label("flags"),
		in("parent_tidptr", cloneParentArg).reg(2).label("parent_tid"),
		in("tls", cloneTLSArg).reg(tls).label("tls"),
		in("child_tidptr", cloneChildArg).reg(child).label("child_tidptr"),
	}
}

func cloneFlagsArg(c *Ctx, i int) event.Value {
	n := c.Arg(i)
	flags, sig := n&^cloneSignal, n&cloneSignal
	switch {
	case flags == 0 && sig == 0:
		return c.flagsV(xCloneFlags, 0)
	case flags == 0:
		return signalV(int32(sig))
	case sig == 0:
		return c.flagsV(xCloneFlags, flags)
	}
	v := c.Or(c.flagsV(xCloneFlags, flags), signalV(int32(sig)))
	v.Num, v.Flags = n, v.Flags|event.FlagParts
	return v
}

// cloneHas reports whether the flags ask for an argument.
func cloneHas(c *Ctx, mask uint64) bool { return c.Arg(0)&mask != 0 }

func cloneParentArg(c *Ctx, i int) event.Value {
	if !cloneHas(c, cloneParentSettid|clonePidfd|cloneChildSetTid|cloneChildClearTid|cloneSettls) {
		return absent()
	}
	if !c.Exit {
		return c.later()
	}
	if !cloneHas(c, cloneParentSettid|clonePidfd) {
		return absent()
	}
	if cloneHas(c, clonePidfd) && !cloneHas(c, cloneParentSettid) {
		return c.ptrV(c.Arg(i), 4, readFD)
	}
	return c.ptrV(c.Arg(i), 4, readPID)
}

func cloneTLSArg(c *Ctx, i int) event.Value {
	if !cloneHas(c, cloneSettls) {
		return absent()
	}
	if c.ABI.Arch.Name == "i386" {
		return c.userDescV(c.Arg(i))
	}
	return addrV(c.Arg(i))
}

func cloneChildArg(c *Ctx, i int) event.Value {
	if !cloneHas(c, cloneChildSetTid|cloneChildClearTid) {
		return absent()
	}
	return addrV(c.Arg(i))
}

// readPID and readFD are numbers that the kernel stored through a pointer.
func readPID(c *Ctx, r *Rd) event.Value { return c.Array(c.pidV(int32(r.S32()))) }
func readFD(c *Ctx, r *Rd) event.Value  { return c.Array(c.fdV(int32(r.S32()))) }

// Sizes of struct clone_args: its first version, what is known here, what the kernel takes.
const (
	clone3Min  = 64
	clone3Size = 88
	clone3Max  = 4096
)

// clone3Arg is the structure as the caller filled it in.
func clone3Arg(c *Ctx, i int) event.Value {
	addr, size := c.Arg(i), min(c.Arg(1), clone3Max)
	if size < clone3Min || !c.canFollow(addr) {
		return addrV(addr)
	}
	b, ok := c.Read(addr, int(min(size, clone3Size)))
	if !ok {
		return addrV(addr)
	}
	r := c.Rd(b)
	r.Max64 = 8
	flags := r.U64()
	pidfd, child, parent, sig := r.U64(), r.U64(), r.U64(), r.U64()
	stack, stackSize, tls := r.U64(), r.U64(), r.U64()
	setTid, setTidSize, cgroup := r.U64(), r.U64(), r.U64()
	c.Save(3, 1)
	c.Save(0, flags)
	c.Save(1, pidfd)
	c.Save(2, parent)
	f := c.Vals(12)[:0]
	f = append(f, event.F("flags", c.flagsV(xClone3Flags, flags)))
	if flags&clonePidfd != 0 {
		f = append(f, event.F("pidfd", addrV(pidfd)))
	}
	if flags&(cloneChildSetTid|cloneChildClearTid) != 0 {
		f = append(f, event.F("child_tid", addrV(child)))
	}
	if flags&cloneParentSettid != 0 {
		f = append(f, event.F("parent_tid", addrV(parent)))
	}
	f = append(f, event.F("exit_signal", sigOrUintV(sig)),
		event.F("stack", addrV(stack)), event.F("stack_size", hexV(stackSize)))
	if flags&cloneSettls != 0 {
		f = append(f, event.F("tls", addrV(tls)))
	}
	if setTid != 0 || setTidSize != 0 {
		f = append(f, event.F("set_tid", c.setTidV(setTid, setTidSize)), event.F("set_tid_size", uintV(setTidSize)))
	}
	if size > clone3Size-8 && (flags&cloneIntoCgroup != 0 || cgroup != 0) {
		f = append(f, event.F("cgroup", uintV(cgroup)))
	}
	if size > clone3Size {
		if v := c.tailV(addr+clone3Size, clone3Size, size); !v.Absent() {
			f = append(f, v)
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

// setTidV is the list of ids that a new process is to have in nested namespaces.
func (c *Ctx) setTidV(addr, n uint64) event.Value {
	const maxDepth = 32 // of pid namespaces
	if n == 0 || n > maxDepth {
		return addrV(addr)
	}
	return c.arrayV(addr, n, 4, func(c *Ctx, r *Rd) event.Value { return c.pidV(int32(r.S32())) })
}

// clone3ThenArg is what the kernel stored through the structure's pointers.
func clone3ThenArg(c *Ctx, i int) event.Value {
	size := min(c.Arg(1), clone3Max)
	if c.Saved(3) == 0 || size <= clone3Size && c.Saved(0)&(clonePidfd|cloneParentSettid) == 0 {
		return absent()
	}
	if !c.Exit {
		return c.later()
	}
	if c.Failed() {
		return absent()
	}
	flags := c.Saved(0)
	f := c.Vals(3)[:0]
	if flags&clonePidfd != 0 {
		f = append(f, event.F("pidfd", c.ptrV(c.Saved(1), 4, readFD)))
	}
	if flags&cloneParentSettid != 0 {
		f = append(f, event.F("parent_tid", c.ptrV(c.Saved(2), 4, readPID)))
	}
	if size > clone3Size {
		if v := c.tailV(c.Arg(i)+clone3Size, clone3Size, size); !v.Absent() {
			f = append(f, v)
		}
	}
	if len(f) == 0 {
		return absent()
	}
	e := c.Vals(1)
	e[0] = event.Value{Form: event.FormStruct, Elem: f}
	return event.Value{Form: event.FormThen, Elem: e}
}

// sigOrUintV is a signal's number in an unsigned word.
func sigOrUintV(n uint64) event.Value {
	if n < 1<<31 {
		return signalV(int32(n))
	}
	return uintV(n)
}

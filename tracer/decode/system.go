package decode

import "github.com/gotrace/gotrace/tracer/event"

// The machine as a whole: names, modules, kexec, reboot, the log; and the odds and
// ends of one processor: descriptor tables, ports, barriers.
var systemCalls = []Call{
	{Name: "uname", Args: []Arg{out("name", utsnameArg)}},
	{Name: "olduname", Args: []Arg{out("name", oldUtsnameArg(65))}},
	{Name: "oldolduname", Args: []Arg{out("name", oldUtsnameArg(9))}},
	{Name: "sethostname", Args: []Arg{in("name", hostnameArg), in("len", uintArg)}},
	{Name: "setdomainname", Args: []Arg{in("name", hostnameArg), in("len", uintArg)}},
	{Name: "getrandom", Args: []Arg{out("ubuf", randomArg), out("len", ulongArg), out("flags", flagsArg(xGetrandomFlags))}},
	{Name: "reboot", Args: []Arg{in("magic1", enumArg(xRebootMagic1)), in("magic2", enumArg(xRebootMagic2)), in("cmd", enumArg(xRebootCommands)), in("arg", rebootArg)}},
	{Name: "kexec_load", Args: []Arg{in("entry", addrArg), in("nr_segments", ulongArg), in("segments", kexecSegmentsArg), in("flags", kexecFlagsArg)}},
	{Name: "kexec_file_load", Args: []Arg{fd("kernel_fd"), fd("initrd_fd"), in("cmdline_len", ulongArg), in("cmdline_ptr", bufArg(2)), in("flags", flagsLongArg(xKexecFileFlags))}},
	{Name: "init_module", Args: []Arg{in("umod", addrArg), in("len", ulongArg), in("uargs", strArg)}},
	{Name: "finit_module", Args: []Arg{fd("fd"), in("uargs", strArg), in("flags", flagsArg(xFinitModuleFlags))}},
	{Name: "delete_module", Args: []Arg{in("name_user", strArg), in("flags", flagsArg(xDeleteModuleFlags))}},
	{Name: "syslog", Args: []Arg{in("type", syslogTypeArg), in("buf", syslogBufArg), in("len", syslogLenArg)}},
	{Name: "_sysctl", Args: []Arg{in("args", sysctlArg)}},
	{Name: "modify_ldt", Args: []Arg{in("func", intArg), in("ptr", modifyLdtArg), in("bytecount", ulongArg)}},
	{Name: "set_thread_area", Args: []Arg{in("u_info", setThreadAreaArg)}, Aux: setThreadAreaAux},
	{Name: "get_thread_area", Args: []Arg{in("u_info", getThreadAreaArg), out("u_info", getThreadAreaRest).reg(0)}, Flags: LateComma},
	{Name: "set_robust_list", Args: []Arg{in("head", addrArg), in("len", ulongArg)}},
	{Name: "get_robust_list", Args: []Arg{in("pid", pidArg), out("head_ptr", addrPtrArg), out("len_ptr", wordPtrArg)}},
	{Name: "rseq", Args: []Arg{in("rseq", hexArg), in("rseq_len", hexArg), in("flags", hexArg), in("sig", hexArg)}},
	{Name: "rseq_slice_yield"},
	{Name: "membarrier", Args: []Arg{in("cmd", enumArg(xMembarrierCommands)), in("flags", flagsArg(xMembarrierFlags)), in("cpu_id", membarrierCPUArg)}, RetFn: membarrierRet, Aux: membarrierAux},
	{Name: "iopl", Args: []Arg{in("level", intArg)}},
	{Name: "ioperm", Args: []Arg{in("from", hexArg), in("num", hexArg), in("turn_on", intArg)}},
	{Name: "vhangup"},
	{Name: "userfaultfd", Args: []Arg{in("flags", flagsArg(xUserfaultfdFlags))}, Ret: RetFD},
}

// utsLen is the size of a field of struct new_utsname.
const utsLen = 65

func utsnameArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 6*utsLen, func(c *Ctx, r *Rd) event.Value {
		sys, node := c.utsV(r.Take(utsLen)), c.utsV(r.Take(utsLen))
		if c.Abbrev {
			return c.StructCut(event.F("sysname", sys), event.F("nodename", node))
		}
		rel, ver, mach, dom := c.utsV(r.Take(utsLen)), c.utsV(r.Take(utsLen)), c.utsV(r.Take(utsLen)), c.utsV(r.Take(utsLen))
		return c.Struct(event.F("sysname", sys), event.F("nodename", node), event.F("release", rel),
			event.F("version", ver), event.F("machine", mach), event.F("domainname", dom))
	})
}

// utsV is a field of a name: shown whole, whatever -s says.
func (c *Ctx) utsV(b []byte) event.Value {
	for k, x := range b {
		if x == 0 {
			return dataV(b[:k])
		}
	}
	v := dataV(b[:len(b)-1])
	v.Flags |= event.FlagCut
	return v
}

// oldUtsnameArg is the structure of a retired call, with fields of size bytes.
func oldUtsnameArg(size int) Decoder {
	return func(c *Ctx, i int) event.Value {
		return c.ptrV(c.Arg(i), 5*size, func(c *Ctx, r *Rd) event.Value {
			sys, node, rel, ver, mach := c.utsV(r.Take(size)), c.utsV(r.Take(size)), c.utsV(r.Take(size)), c.utsV(r.Take(size)), c.utsV(r.Take(size))
			if c.Abbrev {
				return c.StructCut(event.F("sysname", sys), event.F("nodename", node))
			}
			return c.Struct(event.F("sysname", sys), event.F("nodename", node), event.F("release", rel), event.F("version", ver), event.F("machine", mach))
		})
	}
}

// hostnameArg is a name whose length, in an int, is the next argument.
func hostnameArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i + 1)))
	if n >= utsLen {
		return addrArg(c, i)
	}
	return c.bytesV(c.Arg(i), n)
}

// randomArg is bytes that nobody can read: always in hexadecimal.
func randomArg(c *Ctx, i int) event.Value {
	v := bufRetArg(c, i)
	if v.Form == event.FormString {
		v.Flags |= event.FlagHexStr
	}
	return v
}

func rebootArg(c *Ctx, i int) event.Value {
	const restart2 = 0xa1b2c3d4
	if uint32(c.Arg(2)) != restart2 {
		return absent()
	}
	return c.strV(c.Arg(i))
}

// kexecMaxSegments is the kernel's KEXEC_SEGMENT_MAX.
const kexecMaxSegments = 16

func kexecSegmentsArg(c *Ctx, i int) event.Value {
	n := c.Arg(1)
	if n > kexecMaxSegments {
		return addrArg(c, i)
	}
	return c.arrayV(c.Arg(i), n, 4*c.Word(), func(c *Ctx, r *Rd) event.Value {
		buf, bufsz, mem, memsz := r.ULong(), r.ULong(), r.ULong(), r.ULong()
		return c.Struct(event.F("buf", addrV(buf)), event.F("bufsz", uintV(bufsz)), event.F("mem", addrV(mem)), event.F("memsz", uintV(memsz)))
	})
}

// kexecFlagsArg has an architecture in its high half.
func kexecFlagsArg(c *Ctx, i int) event.Value {
	const arch = 0xffff0000
	n := c.Arg(i)
	a := c.enumV(xKexecArches, n&arch)
	if n&^arch == 0 {
		return a
	}
	v := c.Or(a, c.flagsV(xKexecFlags, n&^arch))
	v.Num, v.Flags = n, event.FlagParts
	return v
}

// Actions of syslog.
const (
	syslogClose        = 0
	syslogOpen         = 1
	syslogRead         = 2
	syslogReadAll      = 3
	syslogReadClear    = 4
	syslogClear        = 5
	syslogConsoleLevel = 8
	syslogSizeBuffer   = 10
)

func syslogTypeArg(c *Ctx, i int) event.Value {
	v := intArg(c, i)
	v.Note = c.nameNote(xSyslogActions, v.Num)
	return v
}

// nameNote is the name of a number, for a comment that -X does not change.
func (c *Ctx) nameNote(t *event.Table, n uint64) []byte {
	if name := t.Find(n); name != "" {
		return c.Copy([]byte(name))
	}
	return c.Copy([]byte(t.Unknown))
}

// syslogHas says whether an action has a buffer and a length.
func syslogHas(c *Ctx) bool {
	switch n := uint32(c.Arg(0)); n {
	case syslogRead, syslogReadAll, syslogReadClear, syslogConsoleLevel:
		return true
	default:
		return n > syslogSizeBuffer
	}
}

func syslogBufArg(c *Ctx, i int) event.Value {
	if !syslogHas(c) {
		return absent()
	}
	switch uint32(c.Arg(0)) {
	case syslogRead, syslogReadAll, syslogReadClear:
		if !c.Exit {
			return c.later()
		}
		return bufRetArg(c, i)
	}
	return addrArg(c, i)
}

func syslogLenArg(c *Ctx, i int) event.Value {
	if !syslogHas(c) {
		return absent()
	}
	v := intArg(c, i)
	if uint32(c.Arg(0)) == syslogConsoleLevel {
		v.Note = c.nameNote(xLogLevels, v.Num)
	}
	return v
}

func sysctlArg(c *Ctx, i int) event.Value {
	w := c.Word()
	return c.ptrV(c.Arg(i), 10*w, func(c *Ctx, r *Rd) event.Value {
		name := r.ULong()
		nlen := r.S32()
		oldval, oldlen, newval, newlen := r.ULong(), r.ULong(), r.ULong(), r.ULong()
		return c.Struct(event.F("name", addrV(name)), event.F("nlen", intV(nlen)), event.F("oldval", addrV(oldval)),
			event.F("oldlenp", addrV(oldlen)), event.F("newval", addrV(newval)), event.F("newlen", uintV(newlen)))
	})
}

// userDescSize is the size of struct user_desc.
const userDescSize = 16

// userDescV is a segment's description, which the caller gave in whole or in part.
func (c *Ctx) userDescV(addr uint64) event.Value {
	return inV(c, addr, userDescSize, func(c *Ctx, r *Rd) event.Value {
		return event.Value{Form: event.FormStruct, Elem: c.userDescFields(r)}
	})
}

func (c *Ctx) userDescFields(r *Rd) []event.Value {
	n, base, limit, bits := uint32(r.U32()), r.U32(), r.U32(), r.U32()
	bit := func(shift, mask uint64) event.Value { return uintV(bits >> shift & mask) }
	f := c.Vals(10)[:0]
	f = append(f, event.F("entry_number", uidV(n)), event.F("base_addr", hexPadV(base)), event.F("limit", hexPadV(limit)),
		event.F("seg_32bit", bit(0, 1)), event.F("contents", bit(1, 3)), event.F("read_exec_only", bit(3, 1)),
		event.F("limit_in_pages", bit(4, 1)), event.F("seg_not_present", bit(5, 1)), event.F("useable", bit(6, 1)))
	if !c.Is32() {
		f = append(f, event.F("lm", bit(7, 1)))
	}
	return f
}

func hexPadV(n uint64) event.Value { return event.Value{Form: event.FormHexPad, Num: n} }

func modifyLdtArg(c *Ctx, i int) event.Value {
	if c.Arg(2) != userDescSize {
		return addrArg(c, i)
	}
	return c.userDescV(c.Arg(i))
}

func setThreadAreaArg(c *Ctx, i int) event.Value { return c.userDescV(c.Arg(i)) }

// setThreadAreaAux is the number that the kernel chose.
func setThreadAreaAux(c *Ctx) event.Value {
	if c.Failed() || !c.Verbose {
		return absent()
	}
	b, ok := c.Read(c.Arg(0), userDescSize)
	if !ok {
		return absent()
	}
	r := c.Rd(b)
	e := c.Vals(1)
	e[0] = event.F("entry_number", uintV(r.U32()))
	return event.Value{Form: event.FormAnd, Elem: e}
}

// getThreadAreaArg is the number that the caller gave: the rest follows in the same braces.
func getThreadAreaArg(c *Ctx, i int) event.Value {
	v := inV(c, c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value {
		return c.Struct(event.F("entry_number", uidV(uint32(r.U32()))))
	})
	if v.Form == event.FormStruct {
		v.Flags |= event.FlagOpen
		c.Save(0, 1)
	}
	return v
}

func getThreadAreaRest(c *Ctx, i int) event.Value {
	if c.Saved(0) == 0 {
		return absent()
	}
	rest := event.Value{Form: event.FormRest}
	if b, ok := c.Read(c.Arg(i), userDescSize); ok && !c.Failed() {
		r := c.Rd(b)
		rest.Elem = c.userDescFields(&r)[1:]
		return rest
	}
	rest.Elem = c.Vals(1)
	rest.Elem[0] = event.Value{Form: event.FormMore}
	return rest
}

// addrPtrArg and wordPtrArg are a pointer to an address, and to an unsigned long.
func addrPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), c.Word(), func(c *Ctx, r *Rd) event.Value { return c.Array(addrV(r.ULong())) })
}

func wordPtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), c.Word(), func(c *Ctx, r *Rd) event.Value { return c.Array(uintV(r.ULong())) })
}

// membarrierCPUArg is there only when a flag says so.
func membarrierCPUArg(c *Ctx, i int) event.Value {
	const flagCPU = 1
	if c.Arg(1)&flagCPU == 0 {
		return absent()
	}
	return intArg(c, i)
}

func membarrierQuery(c *Ctx) bool { return uint32(c.Arg(0)) == 0 && c.Ret > 0 && !c.Failed() }

func membarrierRet(c *Ctx) event.Value {
	if membarrierQuery(c) {
		return hexV(uint64(c.Ret))
	}
	return c.plainRet(RetUint)
}

func membarrierAux(c *Ctx) event.Value {
	if !membarrierQuery(c) {
		return absent()
	}
	v := c.flagsV(xMembarrierCommands, uint64(c.Ret))
	v.Flags |= event.FlagRest
	return v
}

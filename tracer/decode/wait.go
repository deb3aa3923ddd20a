package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Waiting, resource usage and limits.
var waitCalls = []Call{
	{Name: "wait4", Args: []Arg{in("upid", pidArg), out("stat_addr", waitStatusArg), out("options", flagsArg(xWaitOptions)), out("ru", waitRusageArg)}, Ret: RetPID, Flags: AllowRestart},
	{Name: "waitpid", Args: []Arg{in("pid", pidArg), out("stat_addr", waitStatusArg), out("options", flagsArg(xWaitOptions))}, Ret: RetPID, Flags: AllowRestart},
	{Name: "waitid", Args: []Arg{in("which", enumArg(xWaitidTypes)), in("upid", waitidArg), out("infop", siginfoArg), out("options", flagsArg(xWaitOptions)), out("ru", rusageArg)}, Flags: AllowRestart},
	{Name: "getrusage", Args: []Arg{in("who", enumS32Arg(xRusageWho)), out("ru", rusageArg)}},
	{Name: "times", Args: []Arg{out("tbuf", timesArg)}},
	{Name: "getrlimit", Args: []Arg{in("resource", enumArg(xRlimits)), out("rlim", rlimitArg)}},
	{Name: "ugetrlimit", Args: []Arg{in("resource", enumArg(xRlimits)), out("rlim", rlimitArg)}},
	{Name: "setrlimit", Args: []Arg{in("resource", enumArg(xRlimits)), in("rlim", rlimitArg)}},
	{Name: "prlimit64", Args: []Arg{in("pid", pidArg), in("resource", enumArg(xRlimits)), in("new_rlim", rlimit64Arg), out("old_rlim", rlimit64Arg)}},
	{Name: "sysinfo", Args: []Arg{out("info", sysinfoArg)}},
}

// waitStatusArg is the status of a task that was waited for, if there was one.
func waitStatusArg(c *Ctx, i int) event.Value {
	if c.Ret <= 0 {
		return addrV(c.Arg(i))
	}
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value { return c.Array(c.waitStatusV(uint32(r.U32()))) })
}

func waitRusageArg(c *Ctx, i int) event.Value {
	if c.Ret <= 0 {
		return addrV(c.Arg(i))
	}
	return c.rusageV(c.Arg(i))
}

// waitStatusV is a status as wait(2) stores it: taken apart by the macros of
// <sys/wait.h>, followed by a ptrace event and by the bits that nothing explains.
func (c *Ctx) waitStatusV(s uint32) event.Value {
	const (
		core      = 0x80
		stopped   = 0x7f
		continued = 0xffff
		syscall   = 0x80 // in a stop's signal: PTRACE_O_TRACESYSGOOD
	)
	lo, sig, hi := s&0x7f, s&0x7f, s>>8&0xff
	rest := s &^ 0xffff
	parts := c.Vals(3)[:0]
	word := func(name string) {
		v := symV(name, 1)
		v.Flags = event.FlagWord
		parts = append(parts, v)
	}
	equal := func(name string, v event.Value) {
		v.Name, v.Flags = name, v.Flags|event.FlagEqual
		parts = append(parts, v)
	}
	known := uint32(0)
	switch {
	case s == continued:
		word("WIFCONTINUED(s)")
		rest = 0
		known = continued
	case lo == 0:
		word("WIFEXITED(s)")
		equal("WEXITSTATUS(s)", uintV(uint64(hi)))
		known = 0xff00
	case s&0xff == stopped:
		word("WIFSTOPPED(s)")
		v := signalWordV(int32(hi &^ syscall))
		if hi&syscall != 0 {
			e := c.list2(v, hexV(syscall))
			v = event.Value{Form: event.FormOrBlank, Elem: e, Num: uint64(hi)}
		}
		equal("WSTOPSIG(s)", v)
		known = 0xffff
	case lo == 0x7f:
		return hexV(uint64(s))
	default:
		word("WIFSIGNALED(s)")
		equal("WTERMSIG(s)", signalWordV(int32(sig)))
		if s&core != 0 {
			word("WCOREDUMP(s)")
		}
		known = 0xff
	}
	e := c.Vals(1)
	e[0] = event.Value{Form: event.FormAnd, Elem: parts}
	v := event.Value{Form: event.FormStruct, Flags: event.FlagBare, Elem: e}
	var ev, bits event.Value
	if rest != 0 {
		ev = event.Value{Form: event.FormShift, Elem: c.list2(c.enumV(xPtraceEvents, uint64(s>>16)), intV(16)), Num: uint64(rest)}
	}
	if n := s & 0xffff &^ known; n != 0 {
		bits = hexV(uint64(n))
	}
	v = c.Or(v, ev, bits)
	v.Num, v.Flags = uint64(s), event.FlagParts
	return v
}

// signalWordV is a signal in the text of a status, where -X changes nothing.
func signalWordV(n int32) event.Value {
	v := signalV(n)
	if v.Str == "" {
		return intV(int64(n))
	}
	v.Form, v.Flags = event.FormSym, event.FlagWord
	return v
}

func waitidArg(c *Ctx, i int) event.Value {
	const pgid, pidfd = 2, 3
	switch uint32(c.Arg(0)) {
	case pgid:
		return pgidArg(c, i)
	case pidfd:
		return c.fdV(int32(c.Arg(i)))
	}
	return pidArg(c, i)
}

// enumS32Arg is an int that may be negative with a name in t.
func enumS32Arg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.enumS32V(t, uint32(c.Arg(i))) }
}

// enumS32V is an int with a name in t, where negative numbers have names; those
// without one are shown as 32 bits.
func (c *Ctx) enumS32V(t *event.Table, n uint32) event.Value {
	s := uint64(int64(int32(n)))
	v := c.enumV(t, uint64(n))
	v.Str = t.Find(s)
	return v
}

func rusageArg(c *Ctx, i int) event.Value { return c.rusageV(c.Arg(i)) }

// rusageV is a struct rusage.
func (c *Ctx) rusageV(addr uint64) event.Value {
	return c.ptrV(addr, 18*c.Word(), readRusage)
}

var rusageLongs = [...]string{
	"ru_maxrss", "ru_ixrss", "ru_idrss", "ru_isrss", "ru_minflt", "ru_majflt", "ru_nswap",
	"ru_inblock", "ru_oublock", "ru_msgsnd", "ru_msgrcv", "ru_nsignals", "ru_nvcsw", "ru_nivcsw",
}

func readRusage(c *Ctx, r *Rd) event.Value {
	u, s := readTimeval(c, r), readTimeval(c, r)
	if c.Abbrev {
		return c.StructCut(event.F("ru_utime", u), event.F("ru_stime", s))
	}
	f := c.Vals(2 + len(rusageLongs))
	f[0], f[1] = event.F("ru_utime", u), event.F("ru_stime", s)
	for k, name := range rusageLongs {
		f[2+k] = event.F(name, uintV(r.ULong()))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

func timesArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4*c.Word(), func(c *Ctx, r *Rd) event.Value {
		u, s, cu, cs := c.ticksV(r.ULong()), c.ticksV(r.ULong()), c.ticksV(r.ULong()), c.ticksV(r.ULong())
		return c.Struct(event.F("tms_utime", u), event.F("tms_stime", s), event.F("tms_cutime", cu), event.F("tms_cstime", cs))
	})
}

// ticksV is a time in clock ticks, noted in seconds. A tick of the interface is 10 ms.
func (c *Ctx) ticksV(n uint64) event.Value {
	if n == 0 {
		return uintV(0)
	}
	b := strconv.AppendUint(c.Bytes(32)[:0], n/100, 10)
	b = append(b, '.', byte('0'+n%100/10), byte('0'+n%10))
	b = append(b, " s"...)
	v := uintV(n)
	v.Note, v.Flags = b, event.FlagNoted
	return v
}

// rlimitArg is a struct rlimit of the ABI's longs.
func rlimitArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		cur, most := r.ULong(), r.ULong()
		if c.Is32() {
			return c.Struct(event.F("rlim_cur", rlim32V(cur)), event.F("rlim_max", rlim32V(most)))
		}
		return c.Struct(event.F("rlim_cur", rlim64V(cur)), event.F("rlim_max", rlim64V(most)))
	})
}

func rlimit64Arg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 16, func(c *Ctx, r *Rd) event.Value {
		cur, most := r.U64(), r.U64()
		return c.Struct(event.F("rlim_cur", rlim64V(cur)), event.F("rlim_max", rlim64V(most)))
	})
}

func rlim64V(n uint64) event.Value {
	if n == ^uint64(0) {
		return event.Value{Form: event.FormEnumDec, Num: n, Str: "RLIM64_INFINITY"}
	}
	return event.Value{Form: event.FormKilo, Num: n}
}

func rlim32V(n uint64) event.Value {
	if n == 1<<32-1 {
		return event.Value{Form: event.FormEnumDec, Num: n, Str: "RLIM_INFINITY"}
	}
	return event.Value{Form: event.FormKilo, Num: n}
}

func sysinfoArg(c *Ctx, i int) event.Value {
	w := c.Word()
	n := 112
	if w == 4 {
		n = 64
	}
	return c.ptrV(c.Arg(i), n, func(c *Ctx, r *Rd) event.Value {
		up := uintV(r.ULong())
		l := c.Array(uintV(r.ULong()), uintV(r.ULong()), uintV(r.ULong()))
		total, free, shared, buf, tswap, fswap := r.ULong(), r.ULong(), r.ULong(), r.ULong(), r.ULong(), r.ULong()
		procs := r.U16()
		r.U16() // padding
		high, fhigh, unit := r.ULong(), r.ULong(), r.U32()
		return c.Struct(event.F("uptime", up), event.F("loads", l), event.F("totalram", uintV(total)),
			event.F("freeram", uintV(free)), event.F("sharedram", uintV(shared)), event.F("bufferram", uintV(buf)),
			event.F("totalswap", uintV(tswap)), event.F("freeswap", uintV(fswap)), event.F("procs", uintV(procs)),
			event.F("totalhigh", uintV(high)), event.F("freehigh", uintV(fhigh)), event.F("mem_unit", uintV(unit)))
	})
}

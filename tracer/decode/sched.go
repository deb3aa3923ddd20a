package decode

import "github.com/gotrace/gotrace/tracer/event"

// Scheduling and priorities.
var schedCalls = []Call{
	{Name: "sched_yield"},
	{Name: "sched_get_priority_max", Args: []Arg{in("policy", enumArg(xSchedPolicies))}},
	{Name: "sched_get_priority_min", Args: []Arg{in("policy", enumArg(xSchedPolicies))}},
	{Name: "sched_getscheduler", Args: []Arg{in("pid", pidArg)}, Aux: schedPolicyAux},
	{Name: "sched_setscheduler", Args: []Arg{in("pid", pidArg), in("policy", enumArg(xSchedPolicies)), in("param", intPtrArg)}},
	{Name: "sched_getparam", Args: []Arg{in("pid", pidArg), out("param", intPtrArg)}},
	{Name: "sched_setparam", Args: []Arg{in("pid", pidArg), in("param", intPtrArg)}},
	{Name: "sched_getaffinity", Args: []Arg{in("pid", pidArg), in("len", uintArg), out("user_mask_ptr", cpuMaskRetArg)}},
	{Name: "sched_setaffinity", Args: []Arg{in("pid", pidArg), in("len", uintArg), in("user_mask_ptr", cpuMaskArg)}},
	{Name: "sched_getattr", Args: []Arg{in("pid", pidArg), out("uattr", schedAttrOutArg), out("usize", uintArg), out("flags", uintArg)}},
	{Name: "sched_setattr", Args: []Arg{in("pid", pidArg), in("uattr", schedAttrInArg), out("uattr", schedAttrThenArg).reg(1), out("flags", uintArg).reg(2)}, Flags: LateComma},
	{Name: "getpriority", Args: []Arg{in("which", enumArg(xPriorityWhich)), in("who", whoArg(0))}},
	{Name: "setpriority", Args: []Arg{in("which", enumArg(xPriorityWhich)), in("who", whoArg(0)), in("niceval", intArg)}},
	{Name: "nice", Args: []Arg{in("increment", intArg)}},
	{Name: "ioprio_get", Args: []Arg{in("which", enumArg(xIoprioWho)), in("who", whoArg(1))}, Aux: ioprioAux},
	{Name: "ioprio_set", Args: []Arg{in("which", enumArg(xIoprioWho)), in("who", whoArg(1)), in("ioprio", ioprioArg)}},
	{Name: "getcpu", Args: []Arg{out("cpup", uintPtrArg), out("nodep", uintPtrArg), out("unused", addrArg)}},
}

func schedPolicyAux(c *Ctx) event.Value {
	name := xSchedPolicies.Find(uint64(uint32(c.Ret)))
	if c.Failed() || name == "" {
		return absent()
	}
	return wordV(name, uint64(c.Ret))
}

func ioprioAux(c *Ctx) event.Value {
	if c.Failed() {
		return absent()
	}
	v := c.ioprioV(uint32(c.Ret))
	v.Flags = event.FlagWord
	return v
}

func ioprioArg(c *Ctx, i int) event.Value { return c.ioprioV(uint32(c.Arg(i))) }

// ioprioV is an I/O priority: its class and, in the low 13 bits, its level.
func (c *Ctx) ioprioV(n uint32) event.Value {
	const shift = 13
	v := c.Macro("IOPRIO_PRIO_VALUE", uint64(int64(int32(n))), c.enumV(xIoprioClasses, uint64(n>>shift)), uintV(uint64(n&(1<<shift-1))))
	v.Flags |= event.FlagWhole | event.FlagParts | event.FlagSigned
	return v
}

func cpuMaskArg(c *Ctx, i int) event.Value { return c.cpuMaskV(c.Arg(i), uint64(uint32(c.Arg(1)))) }

func cpuMaskRetArg(c *Ctx, i int) event.Value {
	if c.Failed() {
		return addrV(c.Arg(i))
	}
	return c.cpuMaskV(c.Arg(i), uint64(c.Ret))
}

// cpuMaskV is a set of CPUs in n bytes.
func (c *Ctx) cpuMaskV(addr, n uint64) event.Value {
	const most = 128 // bytes: kernels for more than 1024 CPUs are rare
	if !c.canFollow(addr) {
		return addrV(addr)
	}
	b, ok := c.Read(addr, int(min(n, most)))
	if !ok {
		return addrV(addr)
	}
	count := 0
	for k := range 8 * len(b) {
		if b[k/8]&(1<<(k%8)) != 0 {
			count++
		}
	}
	v := event.Value{Form: event.FormSet, Elem: c.Vals(count)}
	if n > most {
		v.Flags |= event.FlagCut
	}
	e := 0
	for k := 0; e < count; k++ {
		if b[k/8]&(1<<(k%8)) != 0 {
			v.Elem[e] = uintV(uint64(k))
			e++
		}
	}
	return v
}

// Sizes of struct sched_attr: its first version, and the one with utilisation clamps.
const (
	schedAttrMin = 48
	schedAttrMax = 56
)

func schedAttrInArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	if !c.canFollow(addr) {
		return addrV(addr)
	}
	size, ok := c.U32(addr)
	if !ok {
		return addrV(addr)
	}
	usize := uint64(size)
	if usize == 0 {
		usize = schedAttrMin
	}
	if usize < schedAttrMin {
		return c.Struct(event.F("size", uintV(uint64(size))))
	}
	b, ok := c.Read(addr, int(min(usize, schedAttrMax)))
	if !ok {
		return addrV(addr)
	}
	v := c.schedAttrV(b, usize, true)
	if usize > schedAttrMax {
		v.Flags |= event.FlagCut
	}
	return v
}

// schedAttrThenArg is the size that the kernel knows, when it was given a larger structure.
func schedAttrThenArg(c *Ctx, i int) event.Value {
	const e2big = 7
	if c.Errno != e2big || !c.Verbose {
		return absent()
	}
	size, ok := c.U32(c.Arg(i))
	if !ok {
		return absent()
	}
	e := c.Vals(1)
	e[0] = c.Struct(event.F("size", uintV(uint64(size))))
	return event.Value{Form: event.FormThen, Elem: e}
}

func schedAttrOutArg(c *Ctx, i int) event.Value {
	addr, usize := c.Arg(i), uint64(uint32(c.Arg(2)))
	if usize == 0 || !c.canFollow(addr) {
		return addrV(addr)
	}
	b := c.Bytes(schedAttrMax)
	clear(b)
	if !c.ReadInto(b[:min(usize, schedAttrMax)], addr) {
		return addrV(addr)
	}
	r := c.Rd(b)
	size := r.U32()
	if size < schedAttrMin {
		return c.Struct(event.F("size", uintV(size)))
	}
	return c.schedAttrV(b, size, false)
}

// schedAttrV is a struct sched_attr of size bytes, of which b could be read. What its
// flags say is to be kept is not shown of one that is set, but for a policy that the
// kernel refuses before it looks at the flags.
func (c *Ctx) schedAttrV(b []byte, size uint64, set bool) event.Value {
	const keepPolicy, keepParams = 8, 16
	r := c.Rd(b)
	r.Max64 = 8
	f := c.Vals(10)[:0]
	f = append(f, event.F("size", uintV(r.U32())))
	policy, flags := r.U32(), r.U64()
	if !set || flags&(keepPolicy|keepParams) == 0 || int32(policy) < 0 {
		f = append(f, event.F("sched_policy", c.enumV(xSchedPolicies, policy)))
	}
	f = append(f, event.F("sched_flags", c.flagsV(xSchedFlags, flags)))
	nice, prio, run, dead, period := r.S32(), r.U32(), r.U64(), r.U64(), r.U64()
	if !set || flags&keepParams == 0 {
		f = append(f, event.F("sched_nice", intV(nice)), event.F("sched_priority", uintV(prio)),
			event.F("sched_runtime", uintV(run)), event.F("sched_deadline", uintV(dead)), event.F("sched_period", uintV(period)))
	}
	if size >= schedAttrMax {
		f = append(f, event.F("sched_util_min", uintV(r.U32())), event.F("sched_util_max", uintV(r.U32())))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

// whoArg is an id whose kind the argument before it tells: process for a process's, the
// number above that for a group's, else a user's.
func whoArg(process uint32) Decoder {
	return func(c *Ctx, i int) event.Value {
		switch uint32(c.Arg(i - 1)) {
		case process:
			return pidArg(c, i)
		case process + 1:
			return pgidArg(c, i)
		}
		return intArg(c, i)
	}
}

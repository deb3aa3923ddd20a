package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// perf_event_open.
var perfCalls = []Call{
	{Name: "perf_event_open", Args: []Arg{in("attr_uptr", perfAttrArg), in("pid", intArg), in("cpu", intArg), fd("group_fd"), in("flags", flagsLongArg(xPerfOpenFlags))}, Ret: RetFD},
}

// Sizes of struct perf_event_attr: its first version, and what is known here.
const (
	perfAttrMin = 64
	perfAttrMax = 128
)

// Bits of the attribute's bit field that decide about other fields.
const (
	perfBitFreq      = 10
	perfBitWatermark = 14
	perfBitClockID   = 25
	perfBitsKnown    = 38
)

// perfBits names the bit field from bit 0; precise_ip has two bits.
var perfBits = [perfBitsKnown]string{
	"disabled", "inherit", "pinned", "exclusive", "exclude_user", "exclude_kernel", "exclude_hv", "exclude_idle",
	"mmap", "comm", "freq", "inherit_stat", "enable_on_exec", "task", "watermark", "precise_ip", "",
	"mmap_data", "sample_id_all", "exclude_host", "exclude_guest", "exclude_callchain_kernel", "exclude_callchain_user",
	"mmap2", "comm_exec", "use_clockid", "context_switch", "write_backward", "namespaces", "ksymbol", "bpf_event",
	"aux_output", "cgroup", "text_poke", "build_id", "inherit_thread", "remove_on_exec", "sigtrap",
}

var perfSkids = [4]string{"arbitrary skid", "constant skid", "requested to have 0 skid", "must have 0 skid"}

func perfAttrArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	if !c.canFollow(addr) {
		return addrV(addr)
	}
	size, ok := c.U32(addr + 4)
	if !ok {
		return addrV(addr)
	}
	n := uint64(size)
	if n == 0 {
		n = perfAttrMin
	}
	if n < perfAttrMin {
		return addrV(addr)
	}
	read := min(n, perfAttrMax)
	if c.Abbrev {
		read = perfAttrMin - 16 // what is shown
	}
	b := c.Bytes(perfAttrMax)
	clear(b)
	if !c.ReadInto(b[:read], addr) {
		return addrV(addr)
	}
	return c.perfAttrV(b, n)
}

func (c *Ctx) perfAttrV(b []byte, size uint64) event.Value {
	r := c.Rd(b)
	r.Max64 = 8
	f := c.Vals(64)[:0]
	kind, said := r.U32(), r.U32()
	f = append(f, event.F("type", c.enumV(xPerfTypes, kind)), event.F("size", c.enumV(xPerfAttrSizes, said)),
		event.F("config", c.perfConfigV(kind, r.U64())))
	period, samples, format, bits := r.U64(), r.U64(), r.U64(), r.U64()
	if bits>>perfBitFreq&1 != 0 {
		f = append(f, event.F("sample_freq", uintV(period)))
	} else {
		f = append(f, event.F("sample_period", uintV(period)))
	}
	f = append(f, event.F("sample_type", c.flagsV(xPerfSampleTypes, samples)), event.F("read_format", c.flagsV(xPerfReadFormats, format)))
	f = c.perfBitsV(f, bits)
	if c.Abbrev {
		return event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: f}
	}
	f = c.perfRestV(f, &r, kind, samples, bits, size)
	v := event.Value{Form: event.FormStruct, Elem: f}
	if size > perfAttrMax {
		v.Flags |= event.FlagCut
	}
	return v
}

// perfConfigV is what is counted, which depends on the kind of event.
func (c *Ctx) perfConfigV(kind, n uint64) event.Value {
	const hardware, software, tracepoint, hwCache = 0, 1, 2, 3
	switch kind {
	case hardware:
		id := c.enumV(xPerfHwIds, n&0xffffffff)
		if n>>32 == 0 {
			return id
		}
		return c.perfOr(n, c.shiftV(hexV(n>>32), 32), id)
	case software:
		return c.enumV(xPerfSwIds, n)
	case tracepoint:
		return uintV(n)
	case hwCache:
		var top, next event.Value
		if n>>32 != 0 {
			top = c.shiftV(hexV(n>>32), 32)
		}
		if b := n >> 24 & 0xff; b != 0 {
			next = c.shiftV(hexV(b), 24)
		}
		return c.perfOr(n, top, next, c.shiftV(c.enumV(xPerfHwCacheResults, n>>16&0xff), 16),
			c.shiftV(c.enumV(xPerfHwCacheOps, n>>8&0xff), 8), c.enumV(xPerfHwCacheIds, n&0xff))
	}
	return hexV(n)
}

func (c *Ctx) perfOr(n uint64, parts ...event.Value) event.Value {
	v := c.Or(parts...)
	v.Num, v.Flags = n, event.FlagParts
	return v
}

// shiftV is a value moved left by n bits.
func (c *Ctx) shiftV(v event.Value, n uint64) event.Value {
	return event.Value{Form: event.FormShift, Num: v.Num << n, Elem: c.list2(v, uintV(n))}
}

// perfBitsV appends the bit field: all of it, or when abbreviated what is set.
func (c *Ctx) perfBitsV(f []event.Value, bits uint64) []event.Value {
	const preciseIP = 15
	for k, name := range perfBits {
		switch {
		case name == "":
		case k == preciseIP:
			v := uintV(bits >> k & 3)
			v.Note = c.Copy([]byte(perfSkids[v.Num]))
			f = append(f, event.F(name, v))
		case !c.Abbrev || bits>>k&1 != 0:
			f = append(f, event.F(name, uintV(bits>>k&1)))
		}
	}
	if x := bits >> perfBitsKnown; x != 0 {
		v := hexV(x)
		v.Note = c.Copy([]byte("Bits 63..38"))
		f = append(f, event.F("__reserved_1", v))
	}
	return f
}

// perfSpare notes behind a field the bytes after it that the kernel does not use, when
// they are not zero.
func (c *Ctx) perfSpare(v event.Value, from, to, n uint64) event.Value {
	if n != 0 {
		b := append(bytesNote(c, from, to), ": 0x"...)
		v.Note = strconv.AppendUint(b, n, 16)
	}
	return v
}

// perfRestV appends the fields behind the bit field that lie within size bytes.
func (c *Ctx) perfRestV(f []event.Value, r *Rd, kind, samples, bits, size uint64) []event.Value {
	const breakpoint, branchStack, stackUser = 5, 0x800, 0x2000
	add := func(name string, off uint64, v event.Value) {
		if size > off {
			f = append(f, event.F(name, v))
		}
	}
	wakeup := "wakeup_events"
	if bits>>perfBitWatermark&1 != 0 {
		wakeup = "wakeup_watermark"
	}
	f = append(f, event.F(wakeup, uintV(r.U32())))
	bpType, config1, config2 := r.U32(), r.U64(), r.U64()
	if kind == breakpoint {
		f = append(f, event.F("bp_type", c.enumV(xPerfBpTypes, bpType)), event.F("bp_addr", hexV(config1)))
		add("bp_len", 64, uintV(config2))
	} else {
		f = append(f, event.F("config1", hexV(config1)))
		add("config2", 64, hexV(config2))
	}
	if branch := r.U64(); samples&branchStack != 0 {
		add("branch_sample_type", 72, c.flagsV(xPerfBranchTypes, branch))
	}
	add("sample_regs_user", 80, hexV(r.U64()))
	if stack := r.U32(); samples&stackUser != 0 {
		add("sample_stack_user", 88, hexV(stack))
	}
	if clock := r.S32(); bits>>perfBitClockID&1 != 0 {
		add("clockid", 92, c.enumV(xClockIds, uint64(uint32(clock))))
	}
	add("sample_regs_intr", 96, hexV(r.U64()))
	add("aux_watermark", 104, uintV(r.U32()))
	add("sample_max_stack", 108, c.perfSpare(uintV(r.U16()), 110, 111, r.U16()))
	add("aux_sample_size", 112, c.perfSpare(uintV(r.U32()), 116, 119, r.U32()))
	add("sig_data", 120, hexV(r.U64()))
	return f
}

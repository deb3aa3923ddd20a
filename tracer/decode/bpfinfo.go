package decode

import (
	"bytes"

	"github.com/gotrace/gotrace/tracer/event"
)

// What BPF_OBJ_GET_INFO_BY_FD tells of an object: struct bpf_map_info and struct
// bpf_prog_info. Which it is, only the descriptor knows.

// Sizes of the structures as far as they are known here.
const (
	bpfMapInfoSize  = 80
	bpfProgInfoSize = 232
)

// bpfInfoEnter keeps the structure that the caller filled in: lengths of buffers are
// replaced by those that the kernel needs.
func (c *Ctx) bpfInfoEnter(a *bpfAttr) {
	if c.Abbrev {
		return
	}
	if b, ok := c.Read(a.u64(8), int(min(a.u32(4), bpfProgInfoSize))); ok {
		c.SaveBytes(b)
	}
}

// bpfInfo is the pointer to the structure.
func bpfInfo(c *Ctx, a *bpfAttr, addr uint64) event.Value {
	size := min(a.u32(4), bpfProgInfoSize)
	if c.Abbrev || size == 0 || !c.canFollow(addr) || c.Opts.Namer == nil {
		return addrV(addr)
	}
	// Descriptors have paths here even where they are not to be shown.
	fd, _ := c.Opts.Namer.FD(c.strbuf[:0], c.Task, int32(a.u32(0)))
	b := c.Bytes(bpfProgInfoSize)
	clear(b)
	if !c.ReadInto(b[:size], addr) {
		return addrV(addr)
	}
	info := bpfAttr{b: b, size: size}
	switch {
	case bytes.Contains(fd.Path, []byte("bpf-map")):
		info.b, info.size = b[:bpfMapInfoSize], min(size, bpfMapInfoSize)
		return c.bpfFields(bpfMapInfo, &info)
	case bytes.Contains(fd.Path, []byte("bpf-prog")):
		return c.bpfFields(bpfProgInfo, &info)
	}
	return addrV(addr)
}

var bpfMapInfo = []bpfField{
	{name: "type", off: 0, dec: bpfEnum(xBpfMapTypes)},
	{name: "id", off: 4, dec: bpfUint, opt: true},
	{name: "key_size", off: 8, dec: bpfUint, opt: true},
	{name: "value_size", off: 12, dec: bpfUint, opt: true},
	{name: "max_entries", off: 16, dec: bpfUint, opt: true},
	{name: "map_flags", off: 20, dec: bpfFlags(xBpfMapFlags)},
	{name: "name", off: 24, dec: bpfName(24), opt: true},
	{name: "ifindex", off: 40, dec: bpfIfindex, opt: true},
	{name: "btf_vmlinux_value_type_id", off: 44, dec: bpfUint, opt: true},
	{name: "netns_dev", off: 48, dec: bpfDev, wide: true, opt: true},
	{name: "netns_ino", off: 56, dec: bpfUint, wide: true, opt: true},
	{name: "btf_id", off: 64, dec: bpfUint, opt: true},
	{name: "btf_key_type_id", off: 68, dec: bpfUint, opt: true},
	{name: "btf_value_type_id", off: 72, dec: bpfUint, opt: true},
}

var bpfProgInfo = []bpfField{
	{name: "type", off: 0, dec: bpfEnum(xBpfProgTypes)},
	{name: "id", off: 4, dec: bpfUint, opt: true},
	{name: "tag", off: 8, dec: bpfTag, opt: true},
	{name: "jited_prog_len", off: 16, dec: bpfWas(16), opt: true},
	{name: "jited_prog_insns", off: 24, dec: bpfJited, wide: true, opt: true},
	{name: "xlated_prog_len", off: 20, dec: bpfWas(20), opt: true},
	{name: "xlated_prog_insns", off: 32, dec: bpfXlated, wide: true, opt: true},
	{name: "load_time", off: 40, dec: bpfUint, wide: true, opt: true},
	{name: "created_by_uid", off: 48, dec: bpfUint, opt: true},
	{name: "nr_map_ids", off: 52, dec: bpfWas(52), opt: true},
	{name: "map_ids", off: 56, dec: bpfMapIDs, wide: true, opt: true},
	{name: "name", off: 64, dec: bpfName(64), opt: true},
	{name: "ifindex", off: 80, dec: bpfIfindex, opt: true},
	{name: "gpl_compatible", off: 84, dec: bpfBit, opt: true},
	{name: "netns_dev", off: 88, dec: bpfDev, wide: true, opt: true},
	{name: "netns_ino", off: 96, dec: bpfUint, wide: true, opt: true},
	{name: "nr_jited_ksyms", off: 104, dec: bpfWas(104), opt: true},
	{name: "nr_jited_func_lens", off: 108, dec: bpfWas(108), opt: true},
	{name: "jited_ksyms", off: 112, dec: bpfAddr, wide: true, opt: true},
	{name: "jited_func_lens", off: 120, dec: bpfAddr, wide: true, opt: true},
	{name: "btf_id", off: 128, dec: bpfUint, opt: true},
	{name: "func_info_rec_size", off: 132, dec: bpfWas(132), opt: true},
	{name: "func_info", off: 136, dec: bpfAddr, wide: true, opt: true},
	{name: "nr_func_info", off: 144, dec: bpfWas(144), opt: true},
	{name: "nr_line_info", off: 148, dec: bpfWas(148), opt: true},
	{name: "line_info", off: 152, dec: bpfAddr, wide: true, opt: true},
	{name: "jited_line_info", off: 160, dec: bpfAddr, wide: true, opt: true},
	{name: "nr_jited_line_info", off: 168, dec: bpfWas(168), opt: true},
	{name: "line_info_rec_size", off: 172, dec: bpfWas(172), opt: true},
	{name: "jited_line_info_rec_size", off: 176, dec: bpfWas(176), opt: true},
	{name: "nr_prog_tags", off: 180, dec: bpfWas(180), opt: true},
	{name: "prog_tags", off: 184, dec: bpfAddr, wide: true, opt: true},
	{name: "run_time_ns", off: 192, dec: bpfUint, wide: true, opt: true},
	{name: "run_cnt", off: 200, dec: bpfUint, wide: true, opt: true},
	{name: "recursion_misses", off: 208, dec: bpfUint, wide: true, opt: true},
	{name: "verified_insns", off: 216, dec: bpfUint, opt: true},
}

func bpfDev(c *Ctx, _ *bpfAttr, n uint64) event.Value { return c.devV(n) }

func bpfBit(_ *Ctx, _ *bpfAttr, n uint64) event.Value { return uintV(n & 1) }

// bpfTag is the hash of a program.
func bpfTag(_ *Ctx, a *bpfAttr, _ uint64) event.Value {
	v := dataV(a.b[8:16])
	v.Flags |= event.FlagHexStr
	return v
}

// savedU32 is what stood at an offset of the structure at entry.
func (c *Ctx) savedU32(off int) uint64 {
	r := Rd{B: c.SavedBytes(), Off: off, Word: 4, Max64: 8}
	return r.U32()
}

// bpfWas is a length that the kernel may have replaced.
func bpfWas(off int) bpfDecoder {
	return func(c *Ctx, _ *bpfAttr, n uint64) event.Value { return c.changedV(c.savedU32(off), n) }
}

// changedV is a number, and what it was at entry when that was another.
func (c *Ctx) changedV(was, is uint64) event.Value {
	if was == is {
		return uintV(is)
	}
	return c.Change(uintV(was), uintV(is))
}

func bpfJited(c *Ctx, a *bpfAttr, n uint64) event.Value {
	v := c.bytesV(n, a.u32(16))
	if v.Form == event.FormString {
		v.Flags |= event.FlagHexStr
	}
	return v
}

func bpfXlated(c *Ctx, a *bpfAttr, n uint64) event.Value {
	const insn = 8
	return c.ebpfV(n, min(c.savedU32(20), a.u32(20))/insn)
}

func bpfMapIDs(c *Ctx, a *bpfAttr, n uint64) event.Value {
	return c.arrayV(n, min(c.savedU32(52), a.u32(52)), 4, func(_ *Ctx, r *Rd) event.Value { return uintV(r.U32()) })
}

package decode

import "github.com/gotrace/gotrace/tracer/event"

// The bpf call.
var bpfCalls = []Call{
	{Name: "bpf", Args: []Arg{in("cmd", enumArg(xBpfCommands)), in("uattr", bpfAttrArg), in("size", uintArg)}, RetFn: bpfRet},
}

// bpfAttr is the structure of one call: zero beyond what the caller gave.
type bpfAttr struct {
	b    []byte
	size uint64 // what the caller said
}

func (a *bpfAttr) u32(off int) uint64 {
	r := Rd{B: a.b, Off: off, Word: 4, Max64: 8}
	return r.U32()
}

func (a *bpfAttr) u64(off int) uint64 {
	r := Rd{B: a.b, Off: off, Word: 8, Max64: 8}
	return r.U64()
}

// bpfDecoder shows the field whose number is n.
type bpfDecoder func(c *Ctx, a *bpfAttr, n uint64) event.Value

// bpfField is one field of an attribute. It has four bytes unless wide.
type bpfField struct {
	name string
	off  int
	dec  bpfDecoder
	wide bool
	opt  bool // shown only if the caller's structure reaches to it
}

// bpfCmd is the attribute of a command.
type bpfCmd struct {
	inner  string // the name of the union's member, where it has one
	size   int    // what is known here of it
	fields []bpfField
	out    bool // the kernel fills in some of it,
	// among that a number at this offset that the caller gave.
	changes int
}

func bpfUint(_ *Ctx, _ *bpfAttr, n uint64) event.Value { return uintV(n) }
func bpfHex(_ *Ctx, _ *bpfAttr, n uint64) event.Value  { return hexV(n) }
func bpfAddr(_ *Ctx, _ *bpfAttr, n uint64) event.Value { return addrV(n) }
func bpfFD(c *Ctx, _ *bpfAttr, n uint64) event.Value   { return c.fdV(int32(n)) }
func bpfPID(c *Ctx, _ *bpfAttr, n uint64) event.Value  { return c.pidV(int32(n)) }
func bpfStr(c *Ctx, _ *bpfAttr, n uint64) event.Value  { return c.strV(n) }
func bpfPath(c *Ctx, _ *bpfAttr, n uint64) event.Value { return c.pathV(n) }

func bpfEnum(t *event.Table) bpfDecoder {
	return func(c *Ctx, _ *bpfAttr, n uint64) event.Value { return c.enumV(t, n) }
}

func bpfFlags(t *event.Table) bpfDecoder {
	return func(c *Ctx, _ *bpfAttr, n uint64) event.Value { return c.flagsV(t, n) }
}

func bpfFlagsZero(t *event.Table) bpfDecoder {
	return func(c *Ctx, _ *bpfAttr, n uint64) event.Value { return c.flagsZeroV(t, n) }
}

// bpfBuf is a buffer whose length is at an offset.
func bpfBuf(off int) bpfDecoder {
	return func(c *Ctx, a *bpfAttr, n uint64) event.Value { return c.bytesV(n, a.u32(off)) }
}

// bpfName is an object's name, in the structure itself.
func bpfName(off int) bpfDecoder {
	return func(c *Ctx, a *bpfAttr, _ uint64) event.Value {
		const size = 16
		b := a.b[off : off+size]
		for k, x := range b {
			if x == 0 {
				return dataV(b[:k])
			}
		}
		v := dataV(b[:size-1])
		v.Flags |= event.FlagCut
		return v
	}
}

func bpfKernVersion(c *Ctx, _ *bpfAttr, n uint64) event.Value {
	v := c.Macro("KERNEL_VERSION", n, uintV(n>>16), uintV(n>>8&0xff), uintV(n&0xff))
	v.Flags |= event.FlagWhole
	return v
}

func bpfIfindex(c *Ctx, _ *bpfAttr, n uint64) event.Value { return c.ifindexV(uint32(n)) }

// bpfText is a string in a buffer whose length is at an offset.
func bpfText(off int) bpfDecoder {
	return func(c *Ctx, a *bpfAttr, n uint64) event.Value {
		size := int(min(a.u32(off), uint64(c.Opts.StrLen)))
		if n == 0 || size == 0 {
			return addrV(n)
		}
		return c.nameV(n, size)
	}
}

// bpfTaskFD is a descriptor of the process whose id stands before it.
func bpfTaskFD(c *Ctx, a *bpfAttr, n uint64) event.Value { return c.fdOfV(int32(a.u32(0)), int32(n)) }

func bpfMapExtra(_ *Ctx, _ *bpfAttr, n uint64) event.Value {
	if n == ^uint64(0) {
		return event.Value{Form: event.FormEnumDec, Num: n, Str: "UINT64_MAX"}
	}
	return uintV(n)
}

func bpfInsns(c *Ctx, a *bpfAttr, n uint64) event.Value { return c.ebpfV(n, a.u32(4)) }

// bpfNumaNode is there only if a flag says so.
func bpfNumaNode(c *Ctx, a *bpfAttr, n uint64) event.Value {
	const numaNode, none = 4, 0xffffffff
	if a.u32(16)&numaNode == 0 {
		return absent()
	}
	v := uintV(n)
	if n == none {
		v.Note, v.Flags = c.Copy([]byte("NUMA_NO_NODE")), event.FlagNoted
	}
	return v
}

// bpfOldProg is there only if it is to be replaced.
func bpfOldProg(c *Ctx, a *bpfAttr, n uint64) event.Value {
	const replace = 4
	if a.u32(8)&replace == 0 {
		return absent()
	}
	return c.fdV(int32(n))
}

func bpfProgIDs(c *Ctx, a *bpfAttr, n uint64) event.Value {
	return c.arrayV(n, a.u32(24), 4, func(_ *Ctx, r *Rd) event.Value { return uintV(r.U32()) })
}

// bpfChanged is a number that the kernel replaced.
func bpfChanged(c *Ctx, _ *bpfAttr, n uint64) event.Value {
	if !c.Exit || c.Failed() {
		return uintV(n)
	}
	return c.changedV(c.Saved(0), n)
}

func bpfAttrArg(c *Ctx, i int) event.Value {
	const page = 4096 // the kernel takes no larger structure
	addr, size := c.Arg(i), uint64(uint32(c.Arg(2)))
	cmd := bpfFind(uint32(c.Arg(0)))
	if cmd == nil || size == 0 || size > page || addr == 0 || !c.Verbose {
		return addrV(addr)
	}
	a := bpfAttr{b: c.Bytes(cmd.size), size: size}
	clear(a.b)
	if !c.ReadInto(a.b[:min(size, uint64(cmd.size))], addr) {
		return addrV(addr)
	}
	if cmd.out && !c.Exit {
		c.Save(0, a.u32(cmd.changes))
		if cmd.inner == "info" {
			c.bpfInfoEnter(&a)
		}
		return c.later()
	}
	v := c.bpfFields(cmd.fields, &a)
	if cmd.inner != "" {
		v = c.Struct(event.F(cmd.inner, v))
	}
	return c.bpfExtra(v, addr, uint64(cmd.size), size)
}

// bpfFields shows the fields that the caller's structure reaches to.
func (c *Ctx) bpfFields(fields []bpfField, a *bpfAttr) event.Value {
	f := c.Vals(len(fields))[:0]
	for k := range fields {
		fl := &fields[k]
		if fl.opt && a.size <= uint64(fl.off) {
			break
		}
		n := a.u32(fl.off)
		if fl.wide {
			n = a.u64(fl.off)
		}
		if v := fl.dec(c, a, n); !v.Absent() {
			f = append(f, event.F(fl.name, v))
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

// bpfExtra adds what stands behind the known part of an attribute, when it is not zero.
func (c *Ctx) bpfExtra(v event.Value, addr, from, size uint64) event.Value {
	if size <= from {
		return v
	}
	b, ok := c.Read(addr+from, int(size-from))
	switch {
	case !ok:
		v.Flags |= event.FlagCut
	case isZero(b):
	case c.Abbrev:
		v.Flags |= event.FlagCut
	default:
		x := event.Value{Form: event.FormString, Flags: event.FlagHexStr, Data: b}
		x.Note = bytesNote(c, from, size-1)
		e := c.Vals(len(v.Elem) + 1)
		copy(e, v.Elem)
		e[len(v.Elem)] = event.F("extra_data", x)
		v.Elem = e
	}
	return v
}

// bpfRet is a descriptor for the commands that make one.
func bpfRet(c *Ctx) event.Value {
	switch uint32(c.Arg(0)) {
	case 0, 5, 7, 13, 14, 17, 18, 19, 28, 30, 32, 33:
		return c.fdV(int32(c.Ret))
	}
	return c.plainRet(RetUint)
}

// bpfFind returns the description of a command, or nil.
func bpfFind(cmd uint32) *bpfCmd {
	if int(cmd) < len(bpfCmds) && bpfCmds[cmd].size != 0 {
		return &bpfCmds[cmd]
	}
	return nil
}

package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Constructors of values. Those that are methods lend memory from the arena or
// depend on the ABI; the others are plain.

func absent() event.Value { return event.Value{} }

func intV(n int64) event.Value   { return event.Value{Form: event.FormInt, Num: uint64(n)} }
func uintV(n uint64) event.Value { return event.Value{Form: event.FormUint, Num: n} }
func hexV(n uint64) event.Value  { return event.Value{Form: event.FormHex, Num: n} }

func octV(n uint64) event.Value  { return event.Value{Form: event.FormOctal, Num: n} }
func modeV(n uint64) event.Value { return event.Value{Form: event.FormMode, Num: n} }
func addrV(n uint64) event.Value { return event.Value{Form: event.FormAddr, Num: n} }

// symV is a symbolic name or keyword for n.
func symV(name string, n uint64) event.Value {
	return event.Value{Form: event.FormSym, Str: name, Num: n}
}

// uidV is a user or group id: -1 is shown as such.
func uidV(n uint32) event.Value {
	if n == ^uint32(0) {
		return intV(-1)
	}
	return uintV(uint64(n))
}

// enumV is a number with a name.
func (c *Ctx) enumV(t *event.Table, n uint64) event.Value {
	return event.Value{Form: event.FormEnum, Num: n, Table: t.For(c.ABI.Arch.Name)}
}

// flagsV is a set of bits with names.
func (c *Ctx) flagsV(t *event.Table, n uint64) event.Value {
	return event.Value{Form: event.FormFlags, Num: n, Table: t.For(c.ABI.Arch.Name)}
}

// Struct is a structure of the fields given; absent ones are left out.
func (c *Ctx) Struct(fields ...event.Value) event.Value {
	return event.Value{Form: event.FormStruct, Elem: c.list(fields)}
}

// StructCut is a structure of which the fields given are shown and the rest is not.
func (c *Ctx) StructCut(fields ...event.Value) event.Value {
	return event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: c.list(fields)}
}

// Array is a list of elements in brackets.
func (c *Ctx) Array(elems ...event.Value) event.Value {
	return event.Value{Form: event.FormArray, Elem: c.list(elems)}
}

// Or joins elements by |.
func (c *Ctx) Or(elems ...event.Value) event.Value {
	return event.Value{Form: event.FormOr, Elem: c.list(elems)}
}

// Seq joins elements by ", " without brackets.
func (c *Ctx) Seq(elems ...event.Value) event.Value {
	return event.Value{Form: event.FormSeq, Elem: c.list(elems)}
}

// Macro is a C macro or function that makes the number n: htons(80).
func (c *Ctx) Macro(name string, n uint64, args ...event.Value) event.Value {
	return event.Value{Form: event.FormCall, Str: name, Num: n, Elem: c.list(args)}
}

// Change is a value before and after the call: [a => b].
func (c *Ctx) Change(a, b event.Value) event.Value {
	return event.Value{Form: event.FormChange, Elem: c.list2(a, b)}
}

// Then is what the argument before it became: [3] => [13].
func (c *Ctx) Then(v event.Value) event.Value {
	e := c.Vals(1)
	e[0] = v
	return event.Value{Form: event.FormThen, Elem: e}
}

// Tagged puts static text directly before a value: &sin6_addr.
func (c *Ctx) Tagged(tag string, v event.Value) event.Value {
	e := c.Vals(1)
	e[0] = v
	return event.Value{Form: event.FormTagged, Str: tag, Elem: e}
}

// Note adds a comment to a value: 0x7ffc /* 20 vars */.
func (c *Ctx) Note(v event.Value, note []byte) event.Value {
	v.Note = note
	return v
}

func (c *Ctx) list2(a, b event.Value) []event.Value {
	e := c.Vals(2)
	e[0], e[1] = a, b
	return e
}

func (c *Ctx) list(vs []event.Value) []event.Value {
	n := 0
	for i := range vs {
		if vs[i].Form != event.FormAbsent {
			n++
		}
	}
	out := c.Vals(n)
	n = 0
	for i := range vs {
		if vs[i].Form != event.FormAbsent {
			out[n] = vs[i]
			n++
		}
	}
	return out
}

// fdV is a descriptor, with what it stands for under -y.
func (c *Ctx) fdV(fd int32) event.Value {
	v := event.Value{Form: event.FormFD, Num: uint64(int64(fd))}
	if fd >= 0 && c.Opts.FDs && c.Opts.Namer != nil {
		if d, ok := c.Opts.Namer.FD(c.strbuf[:0], c.Task, fd); ok {
			c.describe(&v, &d)
		}
	}
	return v
}

// describe adds to a descriptor what it stands for.
func (c *Ctx) describe(v *event.Value, d *FDInfo) {
	v.Data = c.Copy(d.Path)
	if v.Data == nil {
		v.Data = []byte{} // there, but empty: only the detail is shown
	}
	c.strbuf = d.Path
	if len(d.Path) == 0 {
		c.strbuf = d.Detail
	}
	if d.Deleted {
		v.Flags |= event.FlagDeleted
	}
	if len(d.Detail) == 0 {
		return
	}
	v.Note = c.Copy(d.Detail)
	if d.To > d.From {
		v.Elem = c.Vals(1)
		v.Elem[0] = event.Value{Form: event.FormString, Num: uint64(d.From), Data: v.Note[d.From:d.To]}
		if !d.Quoted {
			v.Elem[0].Flags = event.FlagBare
		}
	}
}

const atFDCWD = -100

// dirfdV is a directory descriptor, of which AT_FDCWD has a name.
func (c *Ctx) dirfdV(fd int32) event.Value {
	if fd != atFDCWD {
		return c.fdV(fd)
	}
	v := event.Value{Form: event.FormFD, Num: uint64(int64(fd)), Str: "AT_FDCWD"}
	if c.Opts.FDs && c.Opts.Namer != nil {
		if d, ok := c.Opts.Namer.Cwd(c.strbuf[:0], c.Task); ok {
			c.describe(&v, &d)
		}
	}
	return v
}

// pidV is a process id, with its command name under -Y.
func (c *Ctx) pidV(pid int32) event.Value {
	v := event.Value{Form: event.FormPID, Num: uint64(int64(pid))}
	if pid > 0 && c.Opts.PIDs && c.Opts.Namer != nil {
		if p, ok := c.Opts.Namer.PID(c.strbuf[:0], c.Task, pid); ok {
			if p.Comm != nil {
				v.Data = c.Copy(p.Comm)
				c.strbuf = p.Comm
			}
			if p.Own != 0 && p.Own != pid {
				v.Note = append(strconv.AppendInt(c.Bytes(40)[:0], int64(p.Own), 10), " in strace's PID NS"...)
			}
		}
	}
	return v
}

// pgidV is the id of a process group or of a session.
func (c *Ctx) pgidV(pid int32) event.Value {
	v := c.pidV(pid)
	v.Data = nil
	return v
}

// bytesV is a run of n bytes of the tracee's memory, limited by -s.
func (c *Ctx) bytesV(addr, n uint64) event.Value {
	if addr == 0 {
		return addrV(0)
	}
	limit := c.Opts.StrLen
	b, ok := c.Read(addr, int(min(n, uint64(limit)+1)))
	if !ok {
		return addrV(addr)
	}
	v := event.Value{Form: event.FormString, Data: b, Num: n}
	if len(b) > limit {
		v.Data = b[:limit]
		v.Flags |= event.FlagCut
	}
	return v
}

// strV is a NUL-terminated string, limited by -s.
func (c *Ctx) strV(addr uint64) event.Value {
	if addr == 0 {
		return addrV(0)
	}
	s, nul, ok := c.CString(addr, c.Opts.StrLen+1)
	if !ok {
		return addrV(addr)
	}
	v := event.Value{Form: event.FormString, Data: s}
	if !nul && len(s) > 0 {
		if len(s) > c.Opts.StrLen {
			v.Data = s[:c.Opts.StrLen]
		}
		v.Flags |= event.FlagCut
	}
	return v
}

// pathMax is the kernel's limit on a path, NUL included.
const pathMax = 4096

// pathV is a path: never limited by -s.
func (c *Ctx) pathV(addr uint64) event.Value { return c.pathLimV(addr, pathMax-1) }

// pathLimV is a path of at most limit bytes.
func (c *Ctx) pathLimV(addr uint64, limit int) event.Value {
	if addr == 0 {
		return addrV(0)
	}
	s, nul, ok := c.CString(addr, limit+1)
	if !ok {
		return addrV(addr)
	}
	v := event.Value{Form: event.FormString, Data: s, Flags: event.FlagPath}
	if !nul {
		if len(s) > limit {
			v.Data = s[:limit]
		}
		v.Flags |= event.FlagCut
	}
	return v
}

// dataV is a string made of bytes already read.
func dataV(b []byte) event.Value { return event.Value{Form: event.FormString, Data: b} }

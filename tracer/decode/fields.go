package decode

import (
	"bytes"

	"github.com/gotrace/gotrace/tracer/event"
)

// Structures described by lists of fields: what ioctl carries.

// reader decodes what r stands at.
type reader func(c *Ctx, r *Rd) event.Value

// field is a field of a structure; without a name it is passed over.
type field struct {
	name string
	read reader
}

// structOf is a structure of fields. Where abbreviation is asked for, those from
// the number shown on are left out, unless that is zero.
func structOf(shown int, fields ...field) reader {
	return func(c *Ctx, r *Rd) event.Value {
		v := event.Value{Form: event.FormStruct}
		if c.Abbrev && shown > 0 {
			v.Elem = c.fieldsV(r, nil, fields[:shown])
			v.Flags = event.FlagCut
			return v
		}
		v.Elem = c.fieldsV(r, nil, fields)
		return v
	}
}

// fieldsV appends the fields to e.
func (c *Ctx) fieldsV(r *Rd, e []event.Value, fields []field) []event.Value {
	if e == nil {
		e = c.Vals(len(fields))[:0]
	}
	for i := range fields {
		if v := fields[i].read(c, r); !v.Absent() {
			if v.Form == event.FormMore {
				v.Name = ""
			} else {
				v.Name = fields[i].name
			}
			e = append(e, v)
		}
	}
	return e
}

// structArg is a pointer to a structure of size bytes.
func structArg(size int, fields ...field) Decoder { return ptr(size, structOf(0, fields...)) }

// structCutArg is structArg of which an abbreviation has the first fields only.
func structCutArg(size, shown int, fields ...field) Decoder {
	return ptr(size, structOf(shown, fields...))
}

// one is a pointer to something, shown as [x].
func one(size int, read reader) Decoder {
	return ptr(size, func(c *Ctx, r *Rd) event.Value { return c.Array(read(c, r)) })
}

// inOut is a request whose argument is a structure of two lists of fields: what it holds
// at entry, and what the kernel adds.
func inOut(code uint32, size int, entry, exit []field) ioctlDec {
	return ioctlDec{code, open(ptr(size, structOf(0, entry...))), rest(size, exit...)}
}

// open is a structure that a rest follows.
func open(d Decoder) Decoder {
	return func(c *Ctx, i int) event.Value {
		v := d(c, i)
		if v.Form == event.FormStruct {
			v.Flags |= event.FlagOpen
		}
		return v
	}
}

// rest is the fields that a request has added to its argument, if it succeeded.
func rest(size int, fields ...field) Decoder {
	return func(c *Ctx, i int) event.Value {
		v := event.Value{Form: event.FormRest}
		if c.Failed() {
			return v
		}
		if b, ok := c.Read(c.Arg(i), size); ok {
			r := c.Rd(b)
			v.Elem = c.fieldsV(&r, nil, fields)
		}
		return v
	}
}

// Readers of scalars.

func i32(_ *Ctx, r *Rd) event.Value   { return intV(r.S32()) }
func u32(_ *Ctx, r *Rd) event.Value   { return uintV(r.U32()) }
func x32(_ *Ctx, r *Rd) event.Value   { return hexV(r.U32()) }
func i64(_ *Ctx, r *Rd) event.Value   { return intV(r.S64()) }
func u64(_ *Ctx, r *Rd) event.Value   { return uintV(r.U64()) }
func x64(_ *Ctx, r *Rd) event.Value   { return hexV(r.U64()) }
func u16(_ *Ctx, r *Rd) event.Value   { return uintV(r.U16()) }
func i16(_ *Ctx, r *Rd) event.Value   { return intV(int64(int16(r.U16()))) }
func x16(_ *Ctx, r *Rd) event.Value   { return hexV(r.U16()) }
func u8(_ *Ctx, r *Rd) event.Value    { return uintV(r.U8()) }
func i8(_ *Ctx, r *Rd) event.Value    { return intV(int64(int8(r.U8()))) }
func x8(_ *Ctx, r *Rd) event.Value    { return hexV(r.U8()) }
func long(_ *Ctx, r *Rd) event.Value  { return intV(r.Long()) }
func ulong(_ *Ctx, r *Rd) event.Value { return uintV(r.ULong()) }
func xlong(_ *Ctx, r *Rd) event.Value { return hexV(r.ULong()) }
func adr(_ *Ctx, r *Rd) event.Value   { return addrV(r.ULong()) }
func adr64(_ *Ctx, r *Rd) event.Value { return addrV(r.U64()) }
func dfd(c *Ctx, r *Rd) event.Value   { return c.fdV(int32(r.S32())) }
func dpid(c *Ctx, r *Rd) event.Value  { return c.pidV(int32(r.S32())) }

// enum32 and the like are numbers with names, flags32 sets of bits.
func enum32(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.enumV(t, r.U32()) }
}

func enum8(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.enumV(t, r.U8()) }
}

func flags32(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.flagsV(t, r.U32()) }
}

func flags64(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.flagsV(t, r.U64()) }
}

// text is a string in a field of n bytes.
func text(n int) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.cstrV(r.Take(n)) }
}

// cstrV is the string in a field. One without an end loses its last byte.
func (c *Ctx) cstrV(b []byte) event.Value {
	v := event.Value{Form: event.FormString, Flags: event.FlagPath}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		v.Data = b[:i]
	} else if len(b) > 0 {
		v.Data = b[:len(b)-1]
		v.Flags |= event.FlagCut
	}
	return v
}

// list is n elements, limited by -s where abbreviation is asked for.
func list(n int, read reader) reader {
	return func(c *Ctx, r *Rd) event.Value {
		v := event.Value{Form: event.FormArray}
		k := n
		if c.Abbrev && k > c.Opts.StrLen {
			k, v.Flags = c.Opts.StrLen, event.FlagCut
		}
		v.Elem = c.Vals(k)
		start := r.Off
		for i := range v.Elem {
			v.Elem[i] = read(c, r)
		}
		switch {
		case k == 0 && n > 0: // for the size of one
			read(c, r)
			r.Off = start + (r.Off-start)*n
		case k < n:
			r.Off = start + (r.Off-start)/k*n
		}
		return v
	}
}

// at moves to an offset; skip passes over bytes.
func at(off int) field {
	return field{"", func(_ *Ctx, r *Rd) event.Value { r.Off = off; return absent() }}
}

func skip(n int) field {
	return field{"", func(_ *Ctx, r *Rd) event.Value { r.Skip(n); return absent() }}
}

// optional is shown only when some of its bytes are set.
func optional(read reader) reader {
	return func(c *Ctx, r *Rd) event.Value {
		start := r.Off
		v := read(c, r)
		for _, b := range r.B[min(start, len(r.B)):min(r.Off, len(r.B))] {
			if b != 0 {
				return v
			}
		}
		return absent()
	}
}

func zeroV(v *event.Value) bool {
	if v.Num != 0 {
		return false
	}
	for i := range v.Elem {
		if !zeroV(&v.Elem[i]) {
			return false
		}
	}
	return true
}

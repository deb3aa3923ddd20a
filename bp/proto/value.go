package proto

import (
	"bytes"
	"unicode/utf8"

	"github.com/gotrace/gotrace/tracer/event"
)

// reader makes values of bytes. Structures are shown one level deep, as are those that an
// argument points to; what is in them is shown as {...} or as an address.
type reader struct {
	f      *Func
	c      *Call // nil: the entry was not seen
	mem    event.Memory
	exit   bool // the function has returned
	failed bool // and says that it has failed
	ret    uint64
}

var unknown = event.Value{Form: event.FormSym, Str: "?", Flags: event.FlagWord}

// argument is the value of an argument, with its name.
func (d *reader) argument(a *arg) event.Value {
	v := unknown
	switch {
	case a.data == nil:
	case a.Type.address() && (a.Out || a.Type.Len.late()) && (!d.exit || d.failed):
		v = event.Value{Form: event.FormAddr, Num: number(a.data, false)}
	default:
		v = d.value(a.Type, a.data, 0)
	}
	v.Name = a.Name
	return v
}

// result is the value of all results; absent: there is none.
func (d *reader) result(raw [][]byte) event.Value {
	switch len(raw) {
	case 0:
		return event.Value{}
	case 1:
		return d.oneResult(0, raw[0])
	}
	v := event.Value{Form: event.FormStruct}
	for i, b := range raw {
		e := d.oneResult(i, b)
		if e.Name == "" {
			v.Flags |= event.FlagBare
		}
		v.Elem = append(v.Elem, e)
	}
	return v
}

func (d *reader) oneResult(i int, b []byte) event.Value {
	r := &d.f.Results[i]
	switch {
	case r.Type.Kind == Void:
		return event.Value{}
	case b == nil:
		return unknown.Named(r.Name)
	}
	return d.value(r.Type, b, 0).Named(r.Name)
}

// value makes a value of a datum of type t, depth structures deep. b may be shorter than the
// type where that is large. A switch, since a table of methods that call one another would
// need an init function.
func (d *reader) value(t *Type, b []byte, depth int) event.Value {
	if int64(len(b)) < t.Size && len(b) < maxDatum {
		return unknown
	}
	switch t.Kind {
	case Void:
		return event.Value{}
	case Bool:
		return boolean(b)
	case Char:
		return char(b)
	case Float:
		return float(t, b)
	case Complex:
		half := Type{Kind: Float, Size: t.Size / 2}
		return event.Value{Form: event.FormSeq, Elem: []event.Value{float(&half, b[:half.Size]), float(&half, b[half.Size:])}}
	case Enum:
		return enum(t, b)
	case Flags:
		return event.Value{Form: event.FormFlags, Num: number(b, false), Table: t.Names}
	case Masked:
		return d.masked(t, b)
	case Pointer:
		return d.pointer(t, b, depth)
	case Code:
		return d.code(b)
	case String, Strings, Bytes:
		return d.pointed(t, number(b, false))
	case Struct, Union:
		return d.structure(t, b, depth)
	case Array, Vector:
		return d.array(t, b, depth)
	case Text:
		return d.text(t, b)
	case GoSlice:
		return d.slice(t, b, depth)
	case Word:
		return d.guess(b)
	}
	return integer(t, b)
}

func integer(t *Type, b []byte) event.Value {
	v := event.Value{Form: t.Form, Num: number(b, t.Kind == Int)}
	switch {
	case t.Size > 8:
		return event.Value{Form: event.FormString, Data: bytes.Clone(b), Flags: event.FlagHexStr}
	case v.Form != event.FormAbsent:
	case t.Kind == Int:
		v.Form = event.FormInt
	default:
		v.Form = event.FormUint
	}
	return v
}

// char is a character; as an int it may be EOF, too.
func char(b []byte) event.Value {
	v := event.Value{Form: event.FormChar, Num: number(b, false)}
	if len(b) == 4 && int32(v.Num) < 0 {
		v.Form, v.Num = event.FormInt, uint64(int64(int32(v.Num)))
	}
	return v
}

func boolean(b []byte) event.Value {
	v := event.Value{Form: event.FormSym, Num: number(b, false), Str: "true", Flags: event.FlagWord}
	if v.Num&0xff == 0 { // the psABI defines the low 8 bits alone
		v.Str = "false"
	}
	return v
}

func enum(t *Type, b []byte) event.Value {
	v := event.Value{Form: event.FormEnum, Num: number(b, t.Signed), Table: t.Names}
	if t.Signed {
		v.Flags = event.FlagSigned
	}
	if t.Names != nil && t.Names.Find(v.Num) == "" && bitNames(t.Names) && t.Names.Known(v.Num) == v.Num && v.Num != 0 {
		v.Form = event.FormFlags
	}
	return v
}

// bitNames reports whether an enumeration names single bits: then their sums are shown by them.
func bitNames(t *event.Table) bool {
	for _, e := range t.Entries {
		if e.Val&(e.Val-1) != 0 {
			return false
		}
	}
	return true
}

// masked is a number that holds an enumeration beside flags, as open's does.
func (d *reader) masked(t *Type, b []byte) event.Value {
	n := number(b, false)
	e := event.Value{Form: event.FormEnum, Num: n & t.Mask, Table: t.elem.Names}
	rest := event.Value{Form: event.FormFlags, Num: n &^ t.Mask, Table: t.Other.Names}
	if rest.Num == 0 {
		return e
	}
	return event.Value{Form: event.FormOr, Num: n, Elem: []event.Value{e, rest}}
}

// pointer is an address, or what is there: a structure that no other holds, and what a
// description says is one value or several.
func (d *reader) pointer(t *Type, b []byte, depth int) event.Value {
	at := number(b, false)
	v := event.Value{Form: event.FormAddr, Num: at}
	e := t.Elem()
	if at == 0 || e == nil || e.Size <= 0 || depth > 0 {
		return v
	}
	switch {
	case len(t.Len) > 0:
		n, ok := d.length(t.Len)
		if !ok {
			return v
		}
		return d.list(e, at, n, v)
	case e.Kind == Struct || e.Kind == Union || t.Deref:
		data := d.memory(at, e.Size)
		if data == nil {
			return v
		}
		inner := d.value(e, data, depth)
		return event.Value{Form: event.FormTagged, Str: "&", Num: at, Elem: []event.Value{inner}}
	}
	return v
}

func (d *reader) memory(at uint64, size int64) []byte {
	k := machine{mem: d.mem, arena: &d.f.table.arena}
	return k.memory(at, size)
}

// list is n elements at an address; bad where they cannot be read.
func (d *reader) list(e *Type, at, n uint64, bad event.Value) event.Value {
	limit := uint64(d.f.table.opts.arrayLen())
	v := event.Value{Form: event.FormArray, Num: at}
	if n > limit {
		n, v.Flags = limit, event.FlagCut
	}
	for i := range n {
		data := d.memory(at+i*uint64(e.Size), e.Size)
		if data == nil {
			if i == 0 {
				return bad
			}
			v.Elem = append(v.Elem, event.Value{Flags: event.FlagMoreAddr, Num: at + i*uint64(e.Size)})
			break
		}
		depth := 1
		if e.Kind == Struct || e.Kind == Union {
			depth = 0
		}
		v.Elem = append(v.Elem, d.value(e, data, depth))
	}
	return v
}

// code is the address of a function, with its name.
func (d *reader) code(b []byte) event.Value {
	v := event.Value{Form: event.FormAddr, Num: number(b, false)}
	if v.Num != 0 {
		if name := d.f.table.funcName(v.Num); name != "" {
			v.Note = []byte(name)
		}
	}
	return v
}

// structure shows the members; beyond the first level that there are some.
func (d *reader) structure(t *Type, b []byte, depth int) event.Value {
	v := event.Value{Form: event.FormStruct}
	if depth > 1 || depth == 1 && len(t.Fields()) > 0 {
		v.Flags = event.FlagCut
		return v
	}
	d.members(t, b, &v)
	return v
}

// members adds a structure's members, and those of members without a name.
func (d *reader) members(t *Type, b []byte, v *event.Value) {
	for _, f := range t.Fields() {
		switch {
		case f.Type == nil || f.Off < 0:
		case f.Off+f.Type.Size > int64(len(b)) && f.Bits == 0 || f.Off >= int64(len(b)):
			v.Flags |= event.FlagCut
		case f.Bits > 0:
			v.Elem = append(v.Elem, d.value(f.Type, bits(b[f.Off:], &f), 1).Named(f.Name))
		case f.Name == "" && (f.Type.Kind == Struct || f.Type.Kind == Union):
			d.members(f.Type, b[f.Off:], v)
		default:
			v.Elem = append(v.Elem, d.value(f.Type, b[f.Off:f.Off+f.Type.Size], 1).Named(f.Name))
		}
	}
}

// bits gives a bit field as bytes of its type.
func bits(b []byte, f *Field) []byte {
	var w uint64
	first := f.BitOff / 8
	for i := range min(8, len(b)-first) {
		w |= uint64(b[first+i]) << (8 * i)
	}
	w >>= f.BitOff % 8
	w &= 1<<f.Bits - 1
	if f.Type.Kind == Int || f.Type.Signed {
		if w>>(f.Bits-1)&1 != 0 {
			w |= ^uint64(0) << f.Bits
		}
	}
	out := make([]byte, max(f.Type.Size, 1))
	for i := range out {
		if i < 8 {
			out[i] = byte(w >> (8 * i))
		}
	}
	return out
}

// array shows elements; of characters as text up to a NUL.
func (d *reader) array(t *Type, b []byte, depth int) event.Value {
	e := t.Elem()
	if e == nil || e.Size <= 0 {
		return event.Value{Form: event.FormArray}
	}
	if e.Kind == Char && e.Size == 1 {
		return d.chars(b, false)
	}
	v := event.Value{Form: event.FormArray}
	limit := d.f.table.opts.arrayLen()
	for i := int64(0); (i+1)*e.Size <= int64(len(b)); i++ {
		if len(v.Elem) == limit {
			v.Flags |= event.FlagCut
			break
		}
		v.Elem = append(v.Elem, d.value(e, b[i*e.Size:(i+1)*e.Size], depth+1))
	}
	return v
}

// chars is text up to a NUL, or up to the limit; more: there was more than b.
func (d *reader) chars(b []byte, more bool) event.Value {
	v := event.Value{Form: event.FormString}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b, more = b[:i], false
	}
	if n := d.f.table.opts.strLen(); len(b) > n {
		b, more = b[:n], true
	}
	if more {
		v.Flags = event.FlagCut
	}
	v.Data = b
	return v
}

// text begins with address and length, in this order.
func (d *reader) text(t *Type, b []byte) event.Value {
	ptr := d.f.conv.ptr
	if int64(len(b)) < 2*ptr {
		return unknown
	}
	return d.sized(number(b[:ptr], false), number(b[ptr:2*ptr], false))
}

// slice shows the elements, bytes as text.
func (d *reader) slice(t *Type, b []byte, depth int) event.Value {
	ptr := d.f.conv.ptr
	if int64(len(b)) < 3*ptr {
		return unknown
	}
	at, n := number(b[:ptr], false), number(b[ptr:2*ptr], false)
	e := t.Elem()
	switch {
	case at == 0:
		return event.Value{Form: event.FormSym, Str: "nil", Flags: event.FlagWord}
	case e != nil && e.Kind == Uint && e.Size == 1:
		return d.sized(at, n)
	case e == nil || e.Size <= 0 || depth > 0:
		return event.Value{Form: event.FormStruct, Elem: []event.Value{
			event.F("array", event.Value{Form: event.FormAddr, Num: at}),
			event.F("len", event.Value{Form: event.FormInt, Num: n}),
			event.F("cap", event.Value{Form: event.FormInt, Num: number(b[2*ptr:], false)}),
		}}
	}
	return d.list(e, at, n, event.Value{Form: event.FormAddr, Num: at})
}

// length is the product of a length's terms; false: it is not known yet.
func (d *reader) length(l length) (uint64, bool) {
	n := uint64(1)
	for _, t := range l {
		v := uint64(t.n)
		switch t.kind {
		case termResult:
			if !d.exit || d.failed {
				return 0, false
			}
			v = d.ret
		case termParam:
			if d.c == nil || int(t.n) >= len(d.c.args) {
				return 0, false
			}
			v = d.c.number(int(t.n))
			if t.deref {
				b := d.memory(v, d.c.args[t.n].Type.pointee())
				if b == nil {
					return 0, false
				}
				v = number(b, false)
			}
		}
		n *= v
	}
	return n, true
}

// pointee is the size of what a pointer points to.
func (t *Type) pointee() int64 {
	if e := t.Elem(); e != nil && e.Size > 0 {
		return e.Size
	}
	return 4
}

// wide makes UTF-8 of characters of several bytes.
func wide(b []byte, width int) []byte {
	var out []byte
	for ; len(b) >= width; b = b[width:] {
		out = utf8.AppendRune(out, rune(number(b[:width], false)))
	}
	return out
}

package proto

import (
	"bytes"

	"github.com/gotrace/gotrace/tracer/event"
)

// maxStrings bounds how many strings of an array are shown.
const maxStrings = 32

// pointed is what is at the address of text or bytes; the address where that cannot be read.
func (d *reader) pointed(t *Type, at uint64) event.Value {
	v := event.Value{Form: event.FormAddr, Num: at}
	if at == 0 {
		return v
	}
	switch t.Kind {
	case Bytes:
		n, ok := d.length(t.Len)
		if !ok {
			return v
		}
		return d.sized(at, n)
	case Strings:
		return d.strings(at)
	}
	most := int64(-1)
	if len(t.Len) > 0 {
		n, ok := d.length(t.Len)
		if !ok {
			return v
		}
		most = int64(min(n, 1<<31))
	}
	return d.str(at, max(t.Width, 1), most)
}

// sized is n bytes at an address.
func (d *reader) sized(at, n uint64) event.Value {
	bad := event.Value{Form: event.FormAddr, Num: at}
	v := event.Value{Form: event.FormString, Num: at, Data: []byte{}}
	if int64(n) < 0 {
		return bad
	}
	if limit := uint64(d.f.table.opts.strLen()); n > limit {
		n, v.Flags = limit, event.FlagCut
	}
	if n == 0 {
		return v
	}
	v.Data = d.fetch(at, int64(n), 0)
	if len(v.Data) == 0 {
		return bad
	}
	if uint64(len(v.Data)) < n {
		v.Flags = event.FlagCut
	}
	return v
}

// fetch reads n bytes, or what can be read of them; with a width only up to the first zero
// character. It goes by small pieces: what a program says of lengths need not be true.
func (d *reader) fetch(at uint64, n int64, width int) []byte {
	const piece = 256
	var out []byte
	for n > 0 {
		b := d.f.table.arena.bytes(int(min(n, piece)))
		got, _ := d.mem.ReadAt(b, at)
		if out == nil {
			out = b[:got:got]
		} else {
			out = append(out, b[:got]...)
		}
		at, n = at+uint64(got), n-int64(got)
		if got < len(b) || width > 0 && zeroAt(b, width) >= 0 {
			break
		}
	}
	return out
}

// zeroAt is where the first zero character of a width is; -1: there is none.
func zeroAt(b []byte, width int) int {
	if width == 1 {
		return bytes.IndexByte(b, 0)
	}
	for i := 0; i+width <= len(b); i += width {
		if number(b[i:i+width], false) == 0 {
			return i
		}
	}
	return -1
}

// str is text up to a NUL, or to most characters if that is not negative.
func (d *reader) str(at uint64, width int, most int64) event.Value {
	limit := int64(d.f.table.opts.strLen())
	read := (limit + 1) * int64(width)
	if most >= 0 && most <= limit {
		read = most * int64(width)
	}
	b := d.fetch(at, read, width)
	if len(b) == 0 && read > 0 {
		return event.Value{Form: event.FormAddr, Num: at}
	}
	more := most < 0 || most > limit
	if width == 1 {
		v := d.chars(b, more)
		v.Num = at
		return v
	}
	if end := zeroAt(b, width); end >= 0 {
		b, more = b[:end], false
	}
	b = b[:min(int64(len(b)), limit*int64(width))]
	v := event.Value{Form: event.FormString, Num: at, Data: wide(b, width)}
	if more {
		v.Flags = event.FlagCut
	}
	return v
}

// strings is a list of strings that ends in NULL.
func (d *reader) strings(at uint64) event.Value {
	ptr := d.f.conv.ptr
	v := event.Value{Form: event.FormArray, Num: at}
	for i := int64(0); ; i++ {
		b := d.memory(at+uint64(i*ptr), ptr)
		switch {
		case b == nil && i == 0:
			return event.Value{Form: event.FormAddr, Num: at}
		case b == nil || number(b, false) == 0:
			return v
		case i == maxStrings:
			v.Flags = event.FlagCut
			return v
		}
		v.Elem = append(v.Elem, d.str(number(b, false), 1, -1))
	}
}

// guess is a word of which nothing is known: an address of printable text is shown as that
// text, a small number in decimal, and all others as addresses.
func (d *reader) guess(b []byte) event.Value {
	n, s := number(b, false), number(b, true)
	if int64(s) > -smallNumber && int64(s) < smallNumber {
		return event.Value{Form: event.FormInt, Num: s}
	}
	if len(b) == 8 && s>>32 == 0 && int32(s) < 0 && int32(s) > -smallNumber { // an int, not extended
		return event.Value{Form: event.FormInt, Num: uint64(int64(int32(s)))}
	}
	text := d.fetch(n, int64(max(d.f.table.opts.strLen(), shortestText))+1, 1)
	shown, _, ended := bytes.Cut(text, []byte{0})
	if !ended && len(shown) < shortestText || !printable(shown) {
		return event.Value{Form: event.FormHex, Num: n}
	}
	return d.chars(text, true)
}

const (
	smallNumber  = 1 << 16 // no program has anything mapped below
	shortestText = 4       // characters of text that has no end
)

func printable(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return len(b) > 0
}

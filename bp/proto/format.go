package proto

import (
	"strings"

	"github.com/gotrace/gotrace/tracer/event"
)

// maxVariadic bounds the arguments that are shown of a call with any number of them, and
// maxFormat the bytes of a format that are looked at.
const (
	maxVariadic = 32
	maxFormat   = 1024
)

// variadic reads the arguments behind the named ones.
func (c *Call) variadic(k machine, rest assigner) {
	if c.f.more != nil {
		for range maxVariadic {
			data := k.read(c.f.conv.next(&rest, c.f.more), c.f.more.Size)
			if number(data, false) == 0 {
				return
			}
			c.args = append(c.args, arg{Param{Type: c.f.more}, data})
		}
		return
	}
	if c.f.format >= len(c.args) {
		return
	}
	b := make([]byte, maxFormat)
	n, _ := k.mem.ReadAt(b, c.number(c.f.format))
	text, _, ended := strings.Cut(string(b[:n]), "\x00")
	if !ended {
		return
	}
	for _, t := range formatTypes(text, c.f.scan, c.f.conv.ptr, c.f.arch.Name) {
		out := c.f.scan || t.Deref // of printf %n alone
		c.args = append(c.args, arg{Param{Type: t, Out: out}, k.read(c.f.conv.next(&rest, t), t.Size)})
		if len(c.args) >= maxVariadic {
			return
		}
	}
}

// formatTypes tells the types of the arguments that a format of printf or scanf asks for:
// ISO C 7.21.6.1 and 7.21.6.2, with POSIX's and glibc's additions. It stops at what it does
// not know and at numbered arguments (%1$d).
func formatTypes(s string, scan bool, ptr int64, arch string) []*Type {
	f := formatter{s: s, scan: scan, ptr: ptr, quad: arch == "arm64"}
	for {
		i := strings.IndexByte(f.s, '%')
		if i < 0 || i+1 == len(f.s) {
			return f.out
		}
		f.s = f.s[i+1:]
		if !f.directive() {
			return f.out
		}
	}
}

type formatter struct {
	s    string
	scan bool
	ptr  int64
	quad bool // long double is IEEE 754's
	out  []*Type
}

// directive reads one behind its %; false: nothing more can be told.
func (f *formatter) directive() bool {
	skip := false
	if f.scan {
		for f.at("*'m") {
			skip = skip || f.s[0] == '*'
			if f.s[0] == 'm' {
				return false // allocated text has one more level of addresses
			}
			f.s = f.s[1:]
		}
		f.digits()
	} else {
		for f.at("-+ #0'I") {
			f.s = f.s[1:]
		}
		f.width()
		if f.at(".") {
			f.s = f.s[1:]
			f.width()
		}
	}
	if f.at("$") || f.s == "" {
		return false
	}
	size, c := f.conversion()
	if c == '%' {
		return true
	}
	t := f.typ(size, c)
	if t == nil {
		return false
	}
	if !skip && t.Kind != Void {
		f.out = append(f.out, t)
	}
	return true
}

func (f *formatter) at(set string) bool { return f.s != "" && strings.IndexByte(set, f.s[0]) >= 0 }

func (f *formatter) digits() {
	for f.at("0123456789") {
		f.s = f.s[1:]
	}
}

// width reads a number, or takes an int for *.
func (f *formatter) width() {
	if f.at("*") {
		f.out = append(f.out, &Type{Kind: Int, Size: 4})
		f.s = f.s[1:]
	}
	f.digits()
}

// conversion reads the length modifier and the letter. The size is in bytes, with 0 for none
// and -1 for L.
func (f *formatter) conversion() (size int64, c byte) {
	for f.at("hlLqjzt") {
		switch f.s[0] {
		case 'h':
			if size = 2; strings.HasPrefix(f.s, "hh") {
				f.s, size = f.s[1:], 1
			}
		case 'l':
			if size = f.ptr; strings.HasPrefix(f.s, "ll") {
				f.s, size = f.s[1:], 8
			}
		case 'q', 'j':
			size = 8
		case 'z', 't':
			size = f.ptr
		case 'L':
			size = -1
		}
		f.s = f.s[1:]
	}
	if f.s == "" {
		return size, 0
	}
	c = f.s[0]
	f.s = f.s[1:]
	if c == '[' { // a set ends at the first ] that is not its first member
		f.s = strings.TrimPrefix(strings.TrimPrefix(f.s, "^"), "]")
		_, f.s, _ = strings.Cut(f.s, "]")
	}
	return size, c
}

// typ is the type of a directive's argument; nil: it is not known.
func (f *formatter) typ(size int64, c byte) *Type {
	t := f.value(size, c)
	switch {
	case t == nil || t.Kind == Void:
	case c == 'n' || f.scan && !t.address():
		return &Type{Kind: Pointer, Size: f.ptr, Deref: true, elem: t}
	case f.scan && c == 'p':
		return &Type{Kind: Pointer, Size: f.ptr, Deref: true, elem: &Type{Kind: Pointer, Size: f.ptr}}
	case (t.Kind == Int || t.Kind == Uint || t.Kind == Char) && t.Size < 4:
		wide := *t // the default promotions; the value is what is left of it
		return &wide
	}
	return t
}

// value is the type of what is converted.
func (f *formatter) value(size int64, c byte) *Type {
	n := size
	if n <= 0 {
		n = 4
		if size < 0 {
			n = 8
		}
	}
	switch c {
	case 'd', 'i':
		return &Type{Kind: Int, Size: n}
	case 'n':
		return &Type{Kind: Int, Size: n}
	case 'u':
		return &Type{Kind: Uint, Size: n}
	case 'x', 'X', 'b', 'B':
		return &Type{Kind: Uint, Size: n, Form: event.FormHex}
	case 'o':
		return &Type{Kind: Uint, Size: n, Form: event.FormOctal}
	case 'c', 'C':
		if size == f.ptr || c == 'C' {
			return &Type{Kind: Char, Size: 4}
		}
		return &Type{Kind: Char, Size: 1}
	case 's', '[', 'S':
		width := 1
		if size == f.ptr || c == 'S' {
			width = 4
		}
		return &Type{Kind: String, Size: f.ptr, Width: width}
	case 'p':
		return &Type{Kind: Pointer, Size: f.ptr}
	case 'm':
		return &Type{Kind: Void}
	case 'a', 'A', 'e', 'E', 'f', 'F', 'g', 'G':
		return f.float(size)
	}
	return nil
}

func (f *formatter) float(size int64) *Type {
	switch {
	case size < 0:
		return &Type{Kind: Float, Size: longDouble(f.ptr), Quad: f.quad}
	case f.scan && size == 0:
		return &Type{Kind: Float, Size: 4}
	}
	return &Type{Kind: Float, Size: 8}
}

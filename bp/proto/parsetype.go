package proto

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// builtin enters the types that every description knows. Those named in C have its sizes.
func (p *parser) builtin() {
	word := p.ptr // of long
	for _, t := range []Type{
		{Kind: Void, Name: "void"}, {Kind: Bool, Name: "bool", Size: 1}, {Kind: Char, Name: "char", Size: 1},
		// A character that is passed as an int, as C's functions do.
		{Kind: Char, Name: "character", Size: 4}, {Kind: Char, Name: "wchar_t", Size: 4},
		{Kind: Int, Name: "int8_t", Size: 1}, {Kind: Uint, Name: "uint8_t", Size: 1},
		{Kind: Int, Name: "int16_t", Size: 2}, {Kind: Uint, Name: "uint16_t", Size: 2},
		{Kind: Int, Name: "int32_t", Size: 4}, {Kind: Uint, Name: "uint32_t", Size: 4},
		{Kind: Int, Name: "int64_t", Size: 8}, {Kind: Uint, Name: "uint64_t", Size: 8},
		{Kind: Int, Name: "short", Size: 2}, {Kind: Uint, Name: "ushort", Size: 2},
		{Kind: Int, Name: "int", Size: 4}, {Kind: Uint, Name: "uint", Size: 4},
		{Kind: Int, Name: "long", Size: word}, {Kind: Uint, Name: "ulong", Size: word},
		{Kind: Int, Name: "llong", Size: 8}, {Kind: Uint, Name: "ullong", Size: 8},
		{Kind: Int, Name: "ssize_t", Size: word}, {Kind: Uint, Name: "size_t", Size: word},
		{Kind: Float, Name: "float", Size: 4}, {Kind: Float, Name: "double", Size: 8},
		{Kind: Float, Name: "ldouble", Size: longDouble(p.ptr), Quad: p.arch.Name == "arm64"},
		{Kind: Uint, Name: "hex", Size: 4, Form: event.FormHex}, {Kind: Uint, Name: "hexlong", Size: word, Form: event.FormHex},
		{Kind: Uint, Name: "octal", Size: 4, Form: event.FormOctal},
		{Kind: Int, Name: "fd", Size: 4, Form: event.FormFD}, {Kind: Int, Name: "pid", Size: 4, Form: event.FormPID},
		{Kind: Pointer, Name: "addr", Size: p.ptr}, {Kind: Code, Name: "code", Size: p.ptr},
		{Kind: String, Name: "string", Size: p.ptr, Width: 1}, {Kind: String, Name: "wstring", Size: p.ptr, Width: 4},
		{Kind: Strings, Name: "strings", Size: p.ptr},
		{Kind: Enum, Name: "signal", Size: 4, Signed: true, Names: namesOf("signal", 64, arch.SignalName)},
		{Kind: Enum, Name: "errno", Size: 4, Signed: true, Names: namesOf("errno", lastErrno, arch.ErrnoName)},
	} {
		p.lib.types[t.Name] = &t
	}
}

// lastErrno is the highest number of an error: EHWPOISON.
const lastErrno = 133

// namesOf makes a table of names that package arch has.
func namesOf(name string, last int, of func(int) string) *event.Table {
	t := &event.Table{Name: name, Sorted: true}
	for i := 1; i <= last; i++ {
		if n := of(i); n != "" {
			t.Entries = append(t.Entries, event.Entry{Val: uint64(i), Name: n})
		}
	}
	return t
}

// longDouble is the size of C's long double.
func longDouble(ptr int64) int64 {
	if ptr == 4 {
		return 12
	}
	return 16
}

// typ reads a type: a name, a form with arguments, and * for each pointer to it.
func (p *parser) typ() *Type {
	at := p.word("a type")
	var t *Type
	switch at.text {
	case "enum", "flags":
		t = p.constants(at.text)
	case "bytes":
		t = &Type{Kind: Bytes, Size: p.ptr}
		t.Len = p.length()
	case "array":
		t = p.elements()
	default:
		t = p.lib.types[at.text]
		if t == nil {
			p.fail(at, "no type is called "+at.String())
		}
		if t.Kind == String && p.tok.text == "(" {
			limited := *t
			limited.Len = p.length()
			t = &limited
		}
	}
	for p.take("*") {
		t = &Type{Kind: Pointer, Size: p.ptr, Deref: true, elem: t}
	}
	return t
}

// constants reads the name of a table of the kernel's constants and how many bytes a number
// of it has, 4 if nothing is said; and for a number that holds an enumeration beside flags the
// mask of the former and the table of the latter.
func (p *parser) constants(kind string) *Type {
	p.want("(")
	name := p.word("a table's name")
	t := &Type{Kind: Enum, Size: 4, Names: p.table(name)}
	if p.take(",") {
		at := p.tok
		if t.Size = p.number(); t.Size != 1 && t.Size != 2 && t.Size != 4 && t.Size != 8 {
			p.fail(at, "a number has 1, 2, 4 or 8 bytes")
		}
	}
	p.want(")")
	if kind == "flags" {
		t.Kind = Flags
		return t
	}
	if !p.take("&") {
		t.Signed = true
		return t
	}
	mask := uint64(p.number())
	p.want("|")
	p.want("flags")
	p.want("(")
	rest := p.word("a table's name")
	p.want(")")
	return &Type{Kind: Masked, Size: 4, Mask: mask, elem: t, Other: &Type{Kind: Flags, Size: 4, Names: p.table(rest)}}
}

// table finds a table of constants. Without tables numbers are shown as numbers.
func (p *parser) table(name token) *event.Table {
	if p.tables == nil {
		return &event.Table{Name: name.text}
	}
	t := p.tables(name.text)
	if t == nil {
		p.fail(name, "there is no table "+name.String())
	}
	return t.For(p.arch.Name)
}

// elements reads array(TYPE, LENGTH): a pointer to so many.
func (p *parser) elements() *Type {
	p.want("(")
	at := p.tok
	e := p.typ()
	if e.Size == 0 {
		p.fail(at, "an element of this type has no size")
	}
	p.want(",")
	t := &Type{Kind: Pointer, Size: p.ptr, elem: e}
	t.Len = p.product()
	p.want(")")
	return t
}

// length reads a length in parentheses.
func (p *parser) length() length {
	p.want("(")
	l := p.product()
	p.want(")")
	return l
}

// product reads terms joined by *: a number, a parameter, what a parameter points to (@name), or ret.
func (p *parser) product() length {
	l := make(length, 0, 4)
	for {
		at := p.tok
		if len(l) == cap(l) {
			p.fail(at, "a length has up to four factors")
		}
		switch {
		case at.kind == tokNumber:
			l = append(l, term{kind: termNumber, n: p.number()})
		case p.take("ret"):
			l = append(l, term{kind: termResult})
		default:
			if p.fn == nil {
				p.fail(at, "a length belongs to a function's parameter")
			}
			t := term{kind: termParam, deref: p.take("@")}
			at = p.word("a parameter's name")
			l = append(l, t)
			p.terms = append(p.terms, pendingTerm{at, &l[len(l)-1]})
		}
		if !p.take("*") {
			return l
		}
	}
}

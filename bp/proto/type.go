package proto

import (
	"slices"

	"github.com/gotrace/gotrace/tracer/event"
)

// Kind says how a value lies in registers and memory, and how it is to be read.
type Kind uint8

// The kinds. Those from Pointer to Bytes are addresses.
const (
	Void    Kind = iota
	Bool         // nothing but 0 is false
	Char         // one character, shown as such
	Int          // signed
	Uint         // unsigned
	Float        // IEEE 754 of Size 4 or 8, x87's or quad precision of more
	Complex      // two floats
	Enum         // a number named by Names
	Flags        // bits named by Names
	Masked       // Elem in the bits of Mask, Other in the rest
	Pointer      // to Elem; without it to anything
	Code         // to a function
	String       // to NUL-terminated text, Width bytes a character
	Strings      // to a NULL-terminated array of strings
	Bytes        // to Len bytes
	Struct
	Union
	Array
	Vector  // a SIMD value
	Text    // begins with the address and length of text: Go's string, Rust's &str, std::string
	GoSlice // address, length and capacity
	Word    // nobody knows what
)

// Type is the type of a parameter, a result or a part of one. What it refers to is read from
// the debugging information when it is needed.
type Type struct {
	Kind  Kind
	Name  string       // as the program says it; may be empty
	Size  int64        // bytes
	Align int64        // of Struct and Union; else 0, and the natural one counts
	Form  event.Form   // of Int and Uint: how it is shown; FormAbsent: in decimal
	Names *event.Table // Enum, Flags
	Mask  uint64       // Masked
	Other *Type        // Masked
	Width int          // String
	Len   length       // Bytes; String, Pointer: how many characters or elements at most, if it has terms
	Count int64        // Array
	// Deref says of a Pointer that there is one value, which is worth showing.
	Deref bool
	// Signed says of an Enum that it may be negative.
	Signed bool
	// ByRef says that the type itself, not one that it consists of, is passed by its address.
	ByRef bool
	// Quad says of a Float of 16 bytes that it is IEEE 754's, not x87's.
	Quad bool

	elem     *Type
	fields   []Field
	complete func(*Type) // reads what is missing; nil: nothing is
}

// Field is a member of a structure or union.
type Field struct {
	Name string
	Type *Type
	Off  int64 // bytes
	// Of a bit field: its width, and its lowest bit counted from Off. Bits 0: none.
	Bits, BitOff int
}

// Elem is what a Pointer points to, an Array consists of or is in the bits of a Masked; nil:
// not known.
func (t *Type) Elem() *Type {
	t.load()
	return t.elem
}

// Fields lists the members of a Struct or Union.
func (t *Type) Fields() []Field {
	t.load()
	return t.fields
}

// byRef reports whether a caller passes the address of a copy, as of C++ classes that have a
// destructor of their own or may not be copied byte by byte (Itanium C++ ABI, 3.1.1, 3.1.2.3).
func (t *Type) byRef() bool {
	t.load()
	if !t.ByRef {
		for _, f := range t.fields {
			if f.Type != nil && (f.Type.Kind == Struct || f.Type.Kind == Union || f.Type.Kind == Text) && f.Type.byRef() {
				t.ByRef = true
			}
		}
	}
	return t.ByRef
}

// holds reports whether a value of type t has one of type u in it, or is one.
func (t *Type) holds(u *Type, seen map[*Type]bool) bool {
	if t == u {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind {
	case Array, Vector:
		return t.Elem() != nil && t.Elem().holds(u, seen)
	case Struct, Union:
		return slices.ContainsFunc(t.Fields(), func(f Field) bool { return f.Type != nil && f.Type.holds(u, seen) })
	}
	return false
}

func (t *Type) load() {
	if f := t.complete; f != nil {
		t.complete = nil
		f(t)
	}
}

// address reports whether a value is an address and nothing else.
func (t *Type) address() bool { return t.Kind >= Pointer && t.Kind <= Bytes }

// aggregate reports whether a value consists of others.
func (t *Type) aggregate() bool {
	switch t.Kind {
	case Struct, Union, Array, Complex, Text, GoSlice:
		return true
	}
	return false
}

// align is how a value is aligned in memory, with addresses of ptr bytes: on i386 nothing
// needs more than 4 (System V ABI, Intel386 supplement, table "Scalar Types").
func (t *Type) align(ptr int64) int64 {
	switch t.Kind {
	case Struct, Union:
		return max(t.Align, t.fieldAlign(ptr))
	case Array:
		if e := t.Elem(); e != nil {
			return e.align(ptr)
		}
		return 1
	case Complex:
		return min(max(t.Size/2, 1), maxAlign(ptr))
	case Text, GoSlice:
		return ptr
	}
	return min(max(t.Size, 1), maxAlign(ptr))
}

func (t *Type) fieldAlign(ptr int64) int64 {
	a := int64(1)
	for _, f := range t.Fields() {
		if f.Type != nil && f.Off%f.Type.align(ptr) == 0 {
			a = max(a, f.Type.align(ptr))
		}
	}
	return a
}

func maxAlign(ptr int64) int64 {
	if ptr == 4 {
		return 4
	}
	return 16
}

// length is how many bytes or elements there are: the product of its terms.
type length []term

// term is one factor of a length.
type term struct {
	kind  termKind
	n     int64 // the number, or the index of a parameter
	deref bool  // of a parameter that points to it
}

type termKind uint8

const (
	termNumber termKind = iota
	termParam
	termResult
)

// late reports whether a length is known at the exit only.
func (l length) late() bool {
	for _, t := range l {
		if t.kind == termResult || t.deref {
			return true
		}
	}
	return false
}

package proto

import (
	"debug/dwarf"
	"strings"

	"github.com/gotrace/gotrace/tracer/event"
)

// typ reads a type. What a pointer points to and what a structure consists of is read when
// it is asked for.
func (d *debugInfo) typ(off dwarf.Offset) *Type { return d.depthTyp(off, 0) }

func (d *debugInfo) depthTyp(off dwarf.Offset, depth int) *Type {
	if t := d.types[off]; t != nil {
		return t
	}
	t := &Type{Kind: Void}
	if e := d.entry(off); e != nil && depth < maxChain {
		t = d.read(e, depth)
	}
	if t.Size < 0 || t.Size > maxSize {
		t = &Type{Kind: Void}
	}
	d.types[off] = t
	return t
}

// maxSize bounds the types that are believed in.
const maxSize = 1 << 40

// of is the type that e is of, const or a name for.
func (d *debugInfo) of(e *dwarf.Entry, depth int) *Type {
	if off, ok := e.Val(dwarf.AttrType).(dwarf.Offset); ok {
		return d.depthTyp(off, depth+1)
	}
	return &Type{Kind: Void}
}

func (d *debugInfo) read(e *dwarf.Entry, depth int) *Type {
	name, _ := e.Val(dwarf.AttrName).(string)
	size, _ := e.Val(dwarf.AttrByteSize).(int64)
	if t := d.goType(e, name, size); t != nil {
		return t
	}
	switch e.Tag {
	case dwarf.TagBaseType:
		return d.base(e, name, size)
	case dwarf.TagTypedef:
		return d.typedef(d.of(e, depth), name)
	case dwarf.TagConstType, dwarf.TagVolatileType, dwarf.TagRestrictType, dwarf.TagAtomicType, dwarf.TagSubrangeType:
		return d.of(e, depth)
	case dwarf.TagPointerType:
		return d.pointer(e, depth)
	case dwarf.TagReferenceType, dwarf.TagRvalueReferenceType:
		t := d.pointer(e, depth)
		if t.Kind == String { // a reference to one character
			t = &Type{Kind: Pointer, Size: d.ptr, elem: &Type{Kind: Char, Size: 1}}
		}
		t.Deref = true
		return t
	case dwarf.TagPtrToMemberType:
		return d.memberPointer(e)
	case dwarf.TagStructType, dwarf.TagClassType, dwarf.TagUnionType, dwarf.TagInterfaceType:
		return d.structure(e, name, size)
	case dwarf.TagEnumerationType:
		return d.enumeration(e, name, size)
	case dwarf.TagArrayType:
		return d.array(e, depth)
	case dwarf.TagSubroutineType:
		return &Type{Kind: Code, Size: d.ptr}
	case dwarf.TagUnspecifiedType:
		if strings.Contains(name, "nullptr") {
			return &Type{Kind: Pointer, Size: d.ptr, Name: name}
		}
	}
	return &Type{Kind: Void, Name: name}
}

// encodings: DWARF 5, table 7.11.
func (d *debugInfo) base(e *dwarf.Entry, name string, size int64) *Type {
	const address, boolean, complexFloat, float, signed, signedChar, unsigned, unsignedChar, utf = 1, 2, 3, 4, 5, 6, 7, 8, 0x10
	t := &Type{Kind: Uint, Name: name, Size: size}
	enc, _ := e.Val(dwarf.AttrEncoding).(int64)
	switch enc {
	case address:
		t.Form = event.FormHex
	case boolean:
		t.Kind = Bool
	case complexFloat:
		t.Kind = Complex
	case float:
		t.Kind, t.Quad = Float, size == 16 && (d.quad || strings.Contains(name, "128"))
	case signed, signedChar:
		t.Kind = Int
	case utf:
		t.Kind = Char
	}
	if name == "char" || name == "wchar_t" {
		t.Kind = Char
	}
	return t
}

// typedef gives a type without a name of its own the one it is known by.
func (d *debugInfo) typedef(t *Type, name string) *Type {
	switch {
	case name == "wchar_t" && t.Kind == Int:
		return &Type{Kind: Char, Name: name, Size: t.Size}
	case t.Name == "" && (t.Kind == Struct || t.Kind == Union || t.Kind == Enum):
		t.Name = name
	}
	return t
}

func (d *debugInfo) pointer(e *dwarf.Entry, depth int) *Type {
	t := &Type{Kind: Pointer, Size: d.ptr}
	target := d.target(e)
	switch {
	case target == nil:
	case target.Tag == dwarf.TagSubroutineType:
		t.Kind = Code
	case target.Tag == dwarf.TagBaseType || target.Tag == dwarf.TagTypedef:
		if c := d.depthTyp(target.Offset, depth+1); c.Kind == Char {
			t.Kind, t.Width = String, int(c.Size)
		} else {
			t.elem = c
		}
	default:
		off := target.Offset
		t.complete = func(t *Type) { t.elem = d.typ(off) }
	}
	return t
}

// target is the entry of what e points to, without const and the names that it is given.
func (d *debugInfo) target(e *dwarf.Entry) *dwarf.Entry {
	for range maxChain {
		off, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
		if !ok {
			return nil
		}
		if e = d.entry(off); e == nil {
			return nil
		}
		switch e.Tag {
		case dwarf.TagConstType, dwarf.TagVolatileType, dwarf.TagRestrictType, dwarf.TagAtomicType:
		case dwarf.TagTypedef:
			if name, _ := e.Val(dwarf.AttrName).(string); name == "wchar_t" {
				return e
			}
		default:
			return e
		}
	}
	return nil
}

// memberPointer is C++'s: an offset, or the address of a method and what to add to this
// (Itanium C++ ABI, 2.3).
func (d *debugInfo) memberPointer(e *dwarf.Entry) *Type {
	if target := d.target(e); target != nil && target.Tag == dwarf.TagSubroutineType {
		return &Type{Kind: Struct, Size: 2 * d.ptr, fields: []Field{
			{Name: "ptr", Type: &Type{Kind: Code, Size: d.ptr}},
			{Name: "adj", Type: &Type{Kind: Int, Size: d.ptr}, Off: d.ptr},
		}}
	}
	return &Type{Kind: Int, Size: d.ptr}
}

// structure is a structure, class or union. A std::string is known by its layout in
// libstdc++ since GCC 5, a &str by its name.
func (d *debugInfo) structure(e *dwarf.Entry, name string, size int64) *Type {
	const passByReference = 4 // DW_CC_pass_by_reference: DWARF 5, table 7.18
	t := &Type{Kind: Struct, Name: name, Size: size}
	if e.Tag == dwarf.TagUnionType {
		t.Kind = Union
	}
	cc, _ := e.Val(dwarf.AttrCalling).(int64)
	t.ByRef = cc == passByReference
	t.Align, _ = e.Val(dwarf.AttrAlignment).(int64)
	std := strings.HasPrefix(name, "basic_string<char,") && size == maxDirectString*d.ptr
	if std || name == "&str" && size == 2*d.ptr {
		t.Kind, t.ByRef = Text, std
		return t
	}
	off := e.Offset
	t.complete = func(t *Type) {
		d.children(off, func(c *dwarf.Entry) {
			d.member(t, c)
			t.ByRef = t.ByRef || d.hinders(c, off, name)
		})
	}
	return t
}

// maxDirectString is the size of a std::string in addresses.
const maxDirectString = 4

// hinders reports whether a member of a C++ class keeps the class from being passed by value:
// what is virtual, and a destructor or constructor from another of its kind that is neither
// implicit nor defaulted.
func (d *debugInfo) hinders(c *dwarf.Entry, class dwarf.Offset, name string) bool {
	if v, _ := c.Val(dwarf.AttrVirtuality).(int64); v != 0 {
		return true
	}
	if c.Tag != dwarf.TagSubprogram {
		return false
	}
	implicit, _ := c.Val(dwarf.AttrArtificial).(bool)
	if implicit || c.Val(attrDefaulted) != nil {
		return false
	}
	method, _ := c.Val(dwarf.AttrName).(string)
	name, _, _ = strings.Cut(name, "<")
	if strings.HasPrefix(method, "~") {
		return true
	}
	return method == name && d.copies(c, class)
}

// copies reports whether a constructor takes a reference to its own class, and no more.
func (d *debugInfo) copies(c *dwarf.Entry, class dwarf.Offset) bool {
	n, same := 0, false
	d.children(c.Offset, func(p *dwarf.Entry) {
		if p.Tag != dwarf.TagFormalParameter {
			return
		}
		if n++; n != 2 {
			return
		}
		if off, ok := p.Val(dwarf.AttrType).(dwarf.Offset); ok {
			r := d.entry(off)
			if r != nil && (r.Tag == dwarf.TagReferenceType || r.Tag == dwarf.TagRvalueReferenceType) {
				target := d.target(r)
				same = target != nil && target.Offset == class
			}
		}
	})
	return n == 2 && same
}

// member adds a field or a base class.
func (d *debugInfo) member(t *Type, c *dwarf.Entry) {
	if c.Tag != dwarf.TagMember && c.Tag != dwarf.TagInheritance {
		return
	}
	if static, _ := c.Val(dwarf.AttrDeclaration).(bool); static {
		return
	}
	f := Field{Type: d.of(c, 0)}
	f.Name, _ = c.Val(dwarf.AttrName).(string)
	switch off := c.Val(dwarf.AttrDataMemberLoc).(type) {
	case int64:
		f.Off = off
	case nil:
	default: // a virtual base class is where its vtable says
		return
	}
	if c.Tag == dwarf.TagInheritance {
		if f.Name = f.Type.Name; len(f.Type.Fields()) == 0 {
			return
		}
	}
	if f.Type.holds(t, map[*Type]bool{}) {
		return // no structure is a part of itself
	}
	if bits, ok := c.Val(dwarf.AttrBitSize).(int64); ok && bits > 0 && bits <= 64 {
		d.bitField(&f, c, int(bits))
	}
	t.fields = append(t.fields, f)
}

// bitField sets where a bit field is: counted from the structure's lowest bit, or before
// DWARF 4 from the highest bit of a unit of storage (DWARF 5, 5.7.6; DWARF 3, 5.5.6).
func (d *debugInfo) bitField(f *Field, c *dwarf.Entry, bits int) {
	f.Bits = bits
	if at, ok := c.Val(dwarf.AttrDataBitOffset).(int64); ok && at >= 0 {
		f.Off, f.BitOff = at/8, int(at%8)
		return
	}
	at, _ := c.Val(dwarf.AttrBitOffset).(int64)
	unit, ok := c.Val(dwarf.AttrByteSize).(int64)
	if !ok {
		unit = f.Type.Size
	}
	f.BitOff = max(int(8*unit-at)-bits, 0)
}

func (d *debugInfo) enumeration(e *dwarf.Entry, name string, size int64) *Type {
	t := &Type{Kind: Enum, Name: name, Size: size, Names: &event.Table{Name: name}}
	if u := d.of(e, 0); u.Kind != Void {
		t.Signed = u.Kind == Int
		if size == 0 {
			t.Size = u.Size
		}
	}
	d.children(e.Offset, func(c *dwarf.Entry) {
		if c.Tag != dwarf.TagEnumerator {
			return
		}
		v, _ := c.Val(dwarf.AttrConstValue).(int64)
		n, _ := c.Val(dwarf.AttrName).(string)
		t.Signed = t.Signed || v < 0
		t.Names.Entries = append(t.Names.Entries, event.Entry{Val: uint64(v), Name: n})
	})
	return t
}

// array reads the dimensions, of which the last varies fastest.
func (d *debugInfo) array(e *dwarf.Entry, depth int) *Type {
	var counts []int64
	d.children(e.Offset, func(c *dwarf.Entry) {
		if c.Tag != dwarf.TagSubrangeType {
			return
		}
		n, ok := c.Val(dwarf.AttrCount).(int64)
		if !ok {
			if upper, ok := c.Val(dwarf.AttrUpperBound).(int64); ok {
				n = upper + 1
			}
		}
		counts = append(counts, max(n, 0))
	})
	t := d.of(e, depth)
	for i := len(counts) - 1; i >= 0; i-- {
		t = &Type{Kind: Array, Count: counts[i], Size: counts[i] * t.Size, elem: t}
	}
	const gnuVector = dwarf.Attr(0x2107)
	if v, _ := e.Val(gnuVector).(bool); v && t.Kind == Array {
		t.Kind = Vector
	}
	return t
}

// Kinds of Go's reflect package, as its compiler writes them.
const (
	goChan      = 18
	goFunc      = 19
	goInterface = 20
	goMap       = 21
	goSlice     = 23
	goString    = 24
)

// goType is a type that Go has and C has not; nil: e is none.
func (d *debugInfo) goType(e *dwarf.Entry, name string, size int64) *Type {
	kind, ok := e.Val(attrGoKind).(int64)
	if !ok {
		return nil
	}
	switch kind {
	case goChan, goFunc, goMap:
		return &Type{Kind: Pointer, Name: name, Size: d.ptr}
	case goInterface:
		word := &Type{Kind: Pointer, Size: d.ptr}
		return &Type{Kind: Struct, Name: name, Size: 2 * d.ptr, fields: []Field{{Name: "type", Type: word}, {Name: "data", Type: word, Off: d.ptr}}}
	case goString:
		return &Type{Kind: Text, Name: name, Size: size}
	case goSlice:
		t := &Type{Kind: GoSlice, Name: name, Size: size}
		off := e.Offset
		t.complete = func(t *Type) {
			d.children(off, func(c *dwarf.Entry) {
				if n, _ := c.Val(dwarf.AttrName).(string); n == "array" && c.Tag == dwarf.TagMember {
					t.elem = d.of(c, 0).Elem()
				}
			})
		}
		return t
	}
	return nil
}

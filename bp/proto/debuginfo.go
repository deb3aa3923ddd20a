package proto

import (
	"debug/dwarf"
	"debug/elf"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
)

// debugInfo reads functions and types of one file.
type debugInfo struct {
	data  *dwarf.Data
	ptr   int64
	quad  bool // long double is IEEE 754's
	types map[dwarf.Offset]*Type
	langs map[dwarf.Offset]int64 // of units, by the offset of their first entry
}

// Languages: DWARF 5, table 7.17.
const langGo = 0x16

// Attributes that debug/dwarf has no names for: DWARF 5, table 7.5, and Go's own
// (src/cmd/internal/dwarf).
const (
	attrNoreturn  = dwarf.Attr(0x87)
	attrDefaulted = dwarf.Attr(0x8b)
	attrGoKind    = dwarf.Attr(0x2900)
)

// maxChain bounds how many entries stand for one another.
const maxChain = 32

func (t *Table) info(f *symbol.File) *debugInfo {
	d, ok := t.debug[f]
	if !ok {
		if data, err := f.DWARF(); err == nil {
			d = newDebugInfo(data, f.ELF())
		}
		t.debug[f] = d
	}
	return d
}

func newDebugInfo(data *dwarf.Data, f *elf.File) *debugInfo {
	d := &debugInfo{data: data, ptr: 8, types: map[dwarf.Offset]*Type{}, langs: map[dwarf.Offset]int64{}}
	if f.Class == elf.ELFCLASS32 {
		d.ptr = 4
	}
	d.quad = f.Machine == elf.EM_AARCH64
	return d
}

// debugged makes a function of the debugging information; nil: there is none, or none of the
// parameters.
func (t *Table) debugged(file *symbol.File, addr uint64, a *arch.Arch) *Func {
	d := t.info(file)
	if d == nil {
		return nil
	}
	unit, entry, ok := file.Subprogram(addr)
	if !ok {
		return nil
	}
	f := t.fresh(a, "", Debugged)
	goes := d.language(unit) == langGo
	if goes {
		f.conv = goConvention(a)
	}
	if !d.function(f, entry, goes) {
		return nil
	}
	return f
}

func goConvention(a *arch.Arch) *convention {
	if a == arch.I386 {
		return newGo0(a)
	}
	return newGo(a)
}

func (d *debugInfo) language(unit dwarf.Offset) int64 {
	lang, ok := d.langs[unit]
	if !ok {
		if e := d.entry(unit); e != nil {
			lang, _ = e.Val(dwarf.AttrLanguage).(int64)
		}
		d.langs[unit] = lang
	}
	return lang
}

// entry reads one entry; nil: there is none.
func (d *debugInfo) entry(off dwarf.Offset) *dwarf.Entry {
	r := d.data.Reader()
	r.Seek(off)
	e, err := r.Next()
	if err != nil {
		return nil
	}
	return e
}

// children calls each with the entries below one.
func (d *debugInfo) children(off dwarf.Offset, each func(*dwarf.Entry)) {
	r := d.data.Reader()
	r.Seek(off)
	if e, err := r.Next(); err != nil || e == nil || !e.Children {
		return
	}
	for {
		e, err := r.Next()
		if err != nil || e == nil || e.Tag == 0 {
			return
		}
		each(e)
		if e.Children {
			r.SkipChildren()
		}
	}
}

// origin is the entry that tells what e leaves out.
func (d *debugInfo) origin(e *dwarf.Entry) *dwarf.Entry {
	for _, a := range []dwarf.Attr{dwarf.AttrAbstractOrigin, dwarf.AttrSpecification} {
		if off, ok := e.Val(a).(dwarf.Offset); ok {
			return d.entry(off)
		}
	}
	return nil
}

// val is an attribute of e or of what it stands for.
func (d *debugInfo) val(e *dwarf.Entry, a dwarf.Attr) any {
	for range maxChain {
		if e == nil {
			return nil
		}
		if v := e.Val(a); v != nil {
			return v
		}
		e = d.origin(e)
	}
	return nil
}

// function fills in f from the entry of a subprogram; false: its parameters are not known.
func (d *debugInfo) function(f *Func, off dwarf.Offset, goes bool) bool {
	e := d.entry(off)
	if e == nil || e.Tag != dwarf.TagSubprogram {
		return false
	}
	f.NoReturn, _ = d.val(e, attrNoreturn).(bool)
	d.params(f, e, goes)
	for i := range f.Results {
		if strings.HasPrefix(f.Results[i].Name, "~") {
			f.Results[i].Name = "" // the compiler's own: ~r0
		}
	}
	if goes { // an assembler's function has no parameters that anything tells of
		return len(f.Params)+len(f.Results) > 0 || e.Val(dwarf.AttrFrameBase) != nil
	}
	ret, ok := d.val(e, dwarf.AttrType).(dwarf.Offset)
	if ok {
		f.Results = []Param{{Type: d.typ(ret)}}
		return true
	}
	prototyped, _ := d.val(e, dwarf.AttrPrototyped).(bool)
	// An assembler's function has none of these; C++ has prototypes only.
	return prototyped || len(f.Params) > 0 || d.val(e, dwarf.AttrExternal) != nil && d.origin(e) != nil || f.NoReturn
}

// params reads the parameters of a subprogram, those of its first declaration where it has
// none itself. In Go the results are among them, and only the declaration is in order.
func (d *debugInfo) params(f *Func, e *dwarf.Entry, goes bool) {
	for range maxChain {
		o := d.origin(e)
		if !goes || o == nil {
			d.children(e.Offset, func(c *dwarf.Entry) { d.param(f, c, goes) })
		}
		if o == nil || len(f.Params)+len(f.Results) > 0 || f.Variadic {
			return
		}
		e = o
	}
}

func (d *debugInfo) param(f *Func, c *dwarf.Entry, goes bool) {
	switch c.Tag {
	case dwarf.TagUnspecifiedParameters:
		f.Variadic = true
	case dwarf.TagFormalParameter:
		p := Param{Type: &Type{Kind: Void}}
		p.Name, _ = d.val(c, dwarf.AttrName).(string)
		if off, ok := d.val(c, dwarf.AttrType).(dwarf.Offset); ok {
			p.Type = d.typ(off)
		}
		result, _ := d.val(c, dwarf.AttrVarParam).(bool)
		switch {
		case goes && (hasParam(f.Params, p.Name) || hasParam(f.Results, p.Name)):
			// The compiler lists the parts of some twice.
		case goes && result:
			f.Results = append(f.Results, p)
		case goes && len(p.Name) > 0 && p.Name[0] == '.': // .closureptr
		default:
			f.Params = append(f.Params, p)
		}
	}
}

// hasParam reports whether there is a parameter of a name that can be told from others.
func hasParam(params []Param, name string) bool {
	return name != "" && name != "_" && slices.ContainsFunc(params, func(p Param) bool { return p.Name == name })
}

package proto

import (
	"debug/elf"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/tracer/event"
)

// Options say how values are made.
type Options struct {
	StrLen   int // characters of text that are shown; 0: 32, negative: none
	ArrayLen int // elements; 0: 16
	// Tables finds a table of the kernel's constants by name, for any architecture; nil: there
	// are none, and numbers are shown as such.
	Tables func(name string) *event.Table
	// Descriptions go before the embedded ones.
	Descriptions []Description
}

func (o *Options) strLen() int {
	if o.StrLen == 0 {
		return 32
	}
	return max(o.StrLen, 0)
}

func (o *Options) arrayLen() int {
	if o.ArrayLen == 0 {
		return 16
	}
	return o.ArrayLen
}

// Table is what is known of the functions of a process. It may be used by one goroutine at a
// time, as its Space.
type Table struct {
	space *symbol.Space
	opts  Options
	funcs map[key]*Func
	debug map[*symbol.File]*debugInfo
	libs  map[*arch.Arch][]*library
	arena arena
}

// key names a function, and what it was looked up as.
type key struct {
	file *symbol.File
	addr uint64 // in the file
	name string
}

// New returns a table for the processes of a space. Files are read when their functions are
// looked up.
func New(s *symbol.Space, opts Options) *Table {
	return &Table{
		space: s, opts: opts,
		funcs: map[key]*Func{}, debug: map[*symbol.File]*debugInfo{}, libs: map[*arch.Arch][]*library{},
	}
}

// Lookup tells what is known of the function that begins at an address. It is never nil:
// where nothing is known the function's arguments are guessed.
func (t *Table) Lookup(addr uint64) *Func { return t.LookupAs(addr, "") }

// LookupAs is Lookup of a function by one of several names for its address, as an IFUNC's
// implementation is known by that of the function which it implements. "" is the symbol's.
func (t *Table) LookupAs(addr uint64, name string) *Func {
	m := t.space.Module(addr)
	if m == nil {
		return t.guess(arch.AMD64, name)
	}
	k := key{m.File, addr - m.Bias, name}
	if f := t.funcs[k]; f != nil {
		return f
	}
	f := t.lookup(m, addr, name)
	t.funcs[k] = f
	return f
}

func (t *Table) lookup(m *symbol.Module, addr uint64, name string) *Func {
	sym, _ := t.space.Func(addr)
	shown := name
	if name == "" {
		shown = sym.Name
	}
	a := machineOf(m.File.ELF())
	for _, n := range []string{name, sym.Raw} {
		if f := t.described(m.Name, n, a); f != nil {
			return f
		}
	}
	if f := t.debugged(m.File, addr-m.Bias, a); f != nil {
		f.Name = shown
		return f
	}
	for _, n := range []string{name, sym.Raw} {
		if !static(m.File.ELF()) && !strings.HasSuffix(n, "@plt") {
			continue
		}
		if f := t.described("", n, a); f != nil {
			return f
		}
	}
	return t.guess(a, shown)
}

// static reports whether a program has its libraries within itself.
func static(f *elf.File) bool {
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return false
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	libs, _ := f.DynString(elf.DT_SONAME)
	return len(libs) == 0
}

// machineOf is the architecture of a file.
func machineOf(f *elf.File) *arch.Arch {
	if a := symbol.ArchOf(f.Machine); a != nil {
		return a
	}
	return arch.AMD64
}

// described looks for a function in the descriptions of a file, "" of any.
func (t *Table) described(file, name string, a *arch.Arch) *Func {
	if name == "" {
		return nil
	}
	libs, ok := t.libs[a]
	if !ok {
		libs = readLibraries(append(t.opts.Descriptions[:len(t.opts.Descriptions):len(t.opts.Descriptions)], embeddedDescriptions()...), a, t.opts.Tables)
		t.libs[a] = libs
	}
	for _, l := range libs {
		if file != "" && !l.describes(file) {
			continue
		}
		if p := l.find(name); p != nil {
			short, _, _ := strings.Cut(name, "@")
			f := t.fresh(a, short, Described)
			f.Params, f.Results, f.Variadic, f.NoReturn = p.params, p.results, p.variadic, p.noReturn
			f.fails, f.format, f.scan, f.more = p.fails, p.format, p.scan, p.more
			return f
		}
	}
	return nil
}

func (t *Table) fresh(a *arch.Arch, name string, o Origin) *Func {
	return &Func{Name: name, Origin: o, table: t, arch: a, conv: conventionOf(a), format: -1}
}

// conventionOf is how C's functions are called.
func conventionOf(a *arch.Arch) *convention {
	switch a {
	case arch.ARM64:
		return newARM64()
	case arch.I386:
		return newI386()
	}
	return newAMD64()
}

// guessed is how many arguments are shown of a function that nothing is known of: as many as
// ltrace shows.
const guessed = 4

func (t *Table) guess(a *arch.Arch, name string) *Func {
	f := t.fresh(a, name, Guessed)
	word := &Type{Kind: Word, Size: int64(a.PtrSize)}
	for range guessed {
		f.Params = append(f.Params, Param{Type: word})
	}
	f.Results = []Param{{Type: word}}
	return f
}

// funcName is the name of the function that begins at an address.
func (t *Table) funcName(addr uint64) string {
	if t.space == nil {
		return ""
	}
	if f, ok := t.space.Func(addr); ok && f.Addr == addr && f.Raw != "" {
		return f.Name
	}
	return ""
}

package symbol

import (
	"debug/gosym"
	"encoding/binary"
)

// readGoTable reads the table of functions that the runtime of a Go program has. It is nil
// in other programs.
func (f *File) readGoTable() *gosym.Table {
	data := f.goTable()
	if data == nil {
		return nil
	}
	return f.goTableOf(data)
}

func (f *File) goTableOf(data []byte) (t *gosym.Table) {
	if !f.goTableFits(data) {
		return nil
	}
	var err error
	defer func() {
		if err != nil {
			t = nil
		}
	}()
	defer guard(&err)
	t, err = gosym.NewTable(nil, gosym.NewLineTable(data, f.goText(data)))
	return t
}

// goSymbols are the functions of a Go program that has no symbol table.
func (f *File) goSymbols() []sym {
	t := f.gotab()
	if t == nil {
		return nil
	}
	out := make([]sym, 0, len(t.Funcs))
	for i := range t.Funcs {
		if fn := &t.Funcs[i]; fn.Name != "" && fn.End > fn.Entry {
			out = append(out, sym{addr: fn.Entry, size: fn.End - fn.Entry, name: fn.Name, global: true})
		}
	}
	return out
}

// goLine is the source line of an address by the runtime's table.
func (f *File) goLine(addr uint64) (file string, line int, ok bool) {
	t := f.gotab()
	if t == nil {
		return "", 0, false
	}
	var err error
	defer guard(&err)
	file, line, fn := t.PCToLine(addr)
	return file, line, fn != nil && line > 0
}

// goAddrs are the addresses of a source line by the runtime's table. It is asked where there
// is no DWARF, and knows the first address of a line in each function only.
func (f *File) goAddrs(l Loc) (line int, addrs []uint64) {
	t := f.gotab()
	if t == nil {
		return 0, nil
	}
	var err error
	defer guard(&err)
	for name := range t.Files {
		if !named(name, l.File) {
			continue
		}
		if pc, _, err := t.LineToPC(name, l.Line); err == nil {
			addrs = append(addrs, pc)
		}
	}
	return l.Line, addrs
}

// goTable is the table of functions of a Go program, or nil.
func (f *File) goTable() []byte {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		if b := f.Section(name); b != nil {
			return b
		}
	}
	return nil
}

// goTableFits reports whether a table has room for the functions and files that its header
// counts: the reader allocates as many. The header is a magic number of 0xfffffff0 and up,
// two zeros, two sizes, and words that begin with the two counts (the Go runtime's
// symtab.go).
func (f *File) goTableFits(data []byte) bool {
	c := cursor{b: data, order: f.elf.ByteOrder}
	const go12, lowest = 0xfffffffb, 0xfffffff0
	magic := c.u32()
	if magic < lowest {
		return false
	}
	c.take(3)
	if c.ptr = int(c.u8()); c.ptr != 4 && c.ptr != 8 {
		return false
	}
	const entry = 8 // bytes that a function takes at least
	funcs, files := c.address(), c.address()
	if magic == go12 {
		files = 0 // counted elsewhere, and not allocated for
	}
	return !c.bad && funcs <= uint64(len(data))/entry && files <= uint64(len(data))
}

// goText is the address that the table counts functions from. Since Go 1.18 the table's own
// header has it, in the third word after the magic number; Go 1.26 leaves it zero there.
func (f *File) goText(data []byte) uint64 {
	s := f.elf.Section(".text")
	if s == nil {
		return 0
	}
	const header = 8
	if n := f.ptrSize(); len(data) >= header+3*n && n == 8 {
		if start := binary.LittleEndian.Uint64(data[header+2*n:]); start != 0 && f.executable(start) {
			return start
		}
	}
	return s.Addr
}

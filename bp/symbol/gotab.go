package symbol

import (
	"debug/gosym"
	"encoding/binary"
)

// goSymbols are the functions of a Go program that has no symbol table: the runtime's own
// table of functions stays.
func (f *File) goSymbols() (out []sym) {
	data := f.goTable()
	if data == nil {
		return nil
	}
	var err error
	defer guard(&err)
	t, err := gosym.NewTable(nil, gosym.NewLineTable(data, f.goText(data)))
	if err != nil {
		return nil
	}
	for i := range t.Funcs {
		fn := &t.Funcs[i]
		if fn.Name != "" && fn.End > fn.Entry {
			out = append(out, sym{addr: fn.Entry, size: fn.End - fn.Entry, name: fn.Name, global: true})
		}
	}
	return out
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

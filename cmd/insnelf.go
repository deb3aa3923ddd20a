package cmd

import (
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"errors"
	"io/fs"
	"sort"
	"strconv"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/filter"
)

// elfFile is an ELF file of an architecture that can be decoded, with its functions.
type elfFile struct {
	*elf.File
	name   string
	arch   *arch.Arch
	funcs  []elf.Symbol // by address; in an object file of the section that is shown
	relocs map[uint64]string
}

func openELF(name string) (*elfFile, error) {
	f, err := elf.Open(name)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			return nil, plainf("Can't open '%s': %v", name, path.Err)
		}
		return nil, plainf("%s is no ELF file: %v", name, err)
	}
	e := &elfFile{File: f, name: name, arch: symbol.ArchOf(f.Machine)}
	if e.arch == nil {
		f.Close()
		return nil, plainf("%s: no decoder for %v", name, f.Machine)
	}
	e.readFuncs()
	return e, nil
}

// readFuncs collects the functions of the symbol tables, of Go's own table where the
// others were stripped, and without either none.
func (e *elfFile) readFuncs() {
	static, _ := e.Symbols()
	dynamic, _ := e.DynamicSymbols()
	for _, s := range append(static, dynamic...) {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF && int(s.Section) < len(e.Sections) {
			e.funcs = append(e.funcs, s)
		}
	}
	if len(e.funcs) == 0 {
		e.goFuncs()
	}
	sort.SliceStable(e.funcs, func(i, j int) bool {
		a, b := &e.funcs[i], &e.funcs[j]
		if a.Value != b.Value {
			return a.Value < b.Value
		}
		// Of several names the last is shown.
		return strings.HasPrefix(a.Name, "_") && !strings.HasPrefix(b.Name, "_")
	})
}

// goFuncs reads the functions of Go's line table, which is never stripped.
func (e *elfFile) goFuncs() {
	text, tab := e.Section(".text"), e.Section(".gopclntab")
	if text == nil || tab == nil {
		return
	}
	data, err := tab.Data()
	if err != nil {
		return
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(data, text.Addr))
	if err != nil {
		return
	}
	for i := range table.Funcs {
		f := &table.Funcs[i]
		e.funcs = append(e.funcs, elf.Symbol{Name: f.Name, Value: f.Entry, Size: f.End - f.Entry})
	}
}

// symbol names the function around addr.
func (e *elfFile) symbol(addr uint64) (string, uint64) {
	i := sort.Search(len(e.funcs), func(i int) bool { return e.funcs[i].Value > addr })
	for i--; i >= 0; i-- {
		s := &e.funcs[i]
		if addr == s.Value || addr-s.Value < s.Size {
			return s.Name, s.Value
		}
		if i > 0 && e.funcs[i-1].Value != s.Value {
			break
		}
	}
	return "", 0
}

// place is where to begin: an address, or one within a section of an object file.
type place struct {
	addr, size uint64
	section    *elf.Section // of an object file, whose sections all begin at 0
}

// find reads a symbol, symbol+offset or address.
func (e *elfFile) find(at string) (place, error) {
	if at == "" {
		return e.start()
	}
	name, offset := at, uint64(0)
	if i := strings.LastIndexByte(at, '+'); i > 0 {
		if n, err := strconv.ParseUint(at[i+1:], 0, 64); err == nil {
			name, offset = at[:i], n
		}
	}
	for _, s := range e.funcs {
		if s.Name == name {
			p := place{addr: s.Value + offset, size: s.Size}
			if s.Size > 0 && offset >= s.Size {
				return place{}, plainf("'%s' has only %d bytes", name, s.Size)
			}
			p.size -= min(offset, s.Size)
			if e.Type == elf.ET_REL {
				p.section = e.Sections[s.Section]
			}
			return p, nil
		}
	}
	addr, ok := insnAddr(at)
	if !ok {
		return place{}, plainf("%s has no function '%s'%s", e.name, name, e.hint(name))
	}
	p := place{addr: addr}
	if e.Type == elf.ET_REL {
		p.section = e.Section(".text")
	}
	return p, nil
}

// hint tells what the name may be meant for.
func (e *elfFile) hint(name string) string {
	if _, err := strconv.ParseUint(name, 16, 64); err == nil {
		return "; is the address 0x" + name + " meant?"
	}
	var names []string
	for _, s := range e.funcs {
		names = append(names, s.Name)
	}
	if near := filter.Nearest(name, names); near != "" {
		return near
	}
	if e.Section(".symtab") == nil && e.Section(".gopclntab") == nil {
		return ": its symbols are stripped, give an address"
	}
	return ""
}

// insnAddr reads an address, which begins with 0x.
func insnAddr(s string) (uint64, bool) {
	digits, ok := strings.CutPrefix(s, "0x")
	addr, err := strconv.ParseUint(digits, 16, 64)
	return addr, ok && err == nil
}

// start is the entry point, and the beginning of the code where there is none.
func (e *elfFile) start() (place, error) {
	if e.Entry != 0 {
		return place{addr: e.Entry}, nil
	}
	text := e.Section(".text")
	if text == nil || text.Size == 0 {
		for _, s := range e.Sections {
			if s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0 {
				text = s
				break
			}
		}
	}
	if text == nil || text.Size == 0 {
		return place{}, plainf("%s has no code", e.name)
	}
	p := place{addr: text.Addr}
	if e.Type == elf.ET_REL {
		p.section = text
	}
	return p, nil
}

// fileCode reads n bytes of a file's code, 0 for all of a symbol or the default.
func fileCode(name, at string, n int) (insnCode, error) {
	e, err := openELF(name)
	if err != nil {
		return insnCode{}, err
	}
	defer e.Close()
	p, err := e.find(at)
	if err != nil {
		return insnCode{}, err
	}
	c := insnCode{arch: e.arch, addr: p.addr}
	if n == 0 && p.size > 0 {
		n, c.whole = int(min(p.size, 1<<30)), true
	} else if n == 0 {
		n = insnBytes(insnDefault)
	}
	if c.code, err = e.read(p, n); err != nil {
		return insnCode{}, err
	}
	if p.section != nil {
		e.only(p.section)
		c.relocs = e.relocs
	}
	c.symbol = e.symbol
	return c, nil
}

// read reads n bytes, or as many as there are, of the file's or a section's contents.
func (e *elfFile) read(p place, n int) ([]byte, error) {
	if s := p.section; s != nil {
		if p.addr >= s.Size || s.Type == elf.SHT_NOBITS {
			return nil, plainf("%s: section %s has nothing at %#x", e.name, s.Name, p.addr)
		}
		data, err := s.Data()
		if err != nil {
			return nil, plainf("%s: %v", e.name, err)
		}
		return data[p.addr:][:min(uint64(n), uint64(len(data))-p.addr)], nil
	}
	for _, s := range e.Progs {
		if s.Type != elf.PT_LOAD || p.addr < s.Vaddr || p.addr-s.Vaddr >= s.Filesz {
			continue
		}
		code := make([]byte, min(uint64(n), s.Filesz-(p.addr-s.Vaddr)))
		if _, err := s.ReadAt(code, int64(p.addr-s.Vaddr)); err != nil {
			return nil, plainf("%s: %v", e.name, err)
		}
		return code, nil
	}
	return nil, plainf("%s has nothing at %#x", e.name, p.addr)
}

// only keeps the functions of one section, and reads what the linker is to fill in there.
func (e *elfFile) only(section *elf.Section) {
	var funcs []elf.Symbol
	for _, s := range e.funcs {
		if e.Sections[s.Section] == section {
			funcs = append(funcs, s)
		}
	}
	e.funcs = funcs
	e.relocs = map[uint64]string{}
	symbols, err := e.Symbols()
	if err != nil {
		return
	}
	for _, s := range e.Sections {
		if (s.Type == elf.SHT_RELA || s.Type == elf.SHT_REL) && int(s.Info) < len(e.Sections) && e.Sections[s.Info] == section {
			e.readRelocs(s, symbols)
		}
	}
}

// readRelocs notes the symbol of each entry (gABI, chapter 4, Relocation).
func (e *elfFile) readRelocs(s *elf.Section, symbols []elf.Symbol) {
	data, err := s.Data()
	if err != nil || s.Entsize == 0 {
		return
	}
	for ; uint64(len(data)) >= s.Entsize && len(data) >= 8; data = data[s.Entsize:] {
		var off, sym uint64
		if e.Class == elf.ELFCLASS64 && len(data) >= 16 {
			off, sym = binary.LittleEndian.Uint64(data), uint64(binary.LittleEndian.Uint32(data[12:]))
		} else {
			off, sym = uint64(binary.LittleEndian.Uint32(data)), uint64(binary.LittleEndian.Uint32(data[4:])>>8)
		}
		if sym > 0 && sym <= uint64(len(symbols)) {
			e.relocs[off] = e.symbolName(symbols[sym-1])
		}
	}
}

// symbolName is that of a symbol, or of the section that it stands for.
func (e *elfFile) symbolName(s elf.Symbol) string {
	if s.Name == "" && elf.ST_TYPE(s.Info) == elf.STT_SECTION && int(s.Section) < len(e.Sections) {
		return e.Sections[s.Section].Name
	}
	return s.Name
}

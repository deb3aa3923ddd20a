package symbol

import (
	"debug/elf"
	"strings"
)

// sym is one symbol of a file. Addresses are the file's.
type sym struct {
	addr, size uint64
	name       string // raw, without version
	kind       kind
	global     bool
}

// kind is what a symbol stands for.
type kind uint8

const (
	function kind = iota
	ifunc         // a function that chooses the function
	label         // code that its author gave no type, as _start in assembly
	stub          // of the procedure linkage table, made up here
	object        // data
)

// symbols reads a symbol table and its names. There is one of each type (gABI, sh_type).
func (f *File) symbols(t elf.SectionType) []sym {
	for _, s := range f.elf.Sections {
		if s.Type == t && s.Link != 0 && int(s.Link) < len(f.elf.Sections) {
			return f.readSymbols(f.data(s), string(f.data(f.elf.Sections[s.Link])))
		}
	}
	return nil
}

// readSymbols reads the entries of a symbol table that are code or data of this file.
func (f *File) readSymbols(raw []byte, strs string) []sym {
	size := f.symSize()
	code := f.sectionCode()
	out := make([]sym, 0, len(raw)/size)
	for ; len(raw) >= size; raw = raw[size:] {
		e := f.rawSym(raw)
		kind, ok := e.kind(code)
		if !ok || e.name >= uint32(len(strs)) {
			continue
		}
		name := cstring(strs[e.name:])
		if name == "" || kind == label && mapping(name) {
			continue
		}
		if i := strings.IndexByte(name, '@'); i > 0 {
			name = name[:i]
		}
		out = append(out, sym{addr: e.value, size: e.size, name: name, kind: kind,
			global: elf.ST_BIND(e.info) != elf.STB_LOCAL})
	}
	return out
}

func (f *File) symSize() int {
	if f.elf.Class == elf.ELFCLASS32 {
		return elf.Sym32Size
	}
	return elf.Sym64Size
}

// rawSym is an entry of a symbol table, whatever the class.
type rawSym struct {
	name        uint32
	info        byte
	shndx       uint16
	value, size uint64
}

func (f *File) rawSym(b []byte) rawSym {
	o := f.elf.ByteOrder
	if f.elf.Class == elf.ELFCLASS32 {
		return rawSym{name: o.Uint32(b), value: uint64(o.Uint32(b[4:])), size: uint64(o.Uint32(b[8:])),
			info: b[12], shndx: o.Uint16(b[14:])}
	}
	return rawSym{name: o.Uint32(b), info: b[4], shndx: o.Uint16(b[6:]),
		value: o.Uint64(b[8:]), size: o.Uint64(b[16:])}
}

// sectionCode says of each section whether it is executable.
func (f *File) sectionCode() []bool {
	code := make([]bool, len(f.elf.Sections))
	for i, s := range f.elf.Sections {
		code[i] = s.Flags&elf.SHF_EXECINSTR != 0
	}
	return code
}

// kind sorts out what is of no use here: what is undefined, absolute or thread-local.
func (e rawSym) kind(code []bool) (k kind, ok bool) {
	if e.shndx == uint16(elf.SHN_UNDEF) || e.shndx >= uint16(elf.SHN_LORESERVE) && e.shndx != uint16(elf.SHN_XINDEX) {
		return 0, false
	}
	inCode := int(e.shndx) >= len(code) || code[e.shndx]
	switch elf.ST_TYPE(e.info) {
	case elf.STT_FUNC:
		return function, inCode
	case elf.STT_GNU_IFUNC:
		return ifunc, inCode
	case elf.STT_OBJECT, elf.STT_COMMON:
		return object, true
	case elf.STT_NOTYPE:
		if inCode {
			return label, true
		}
		return object, elf.ST_BIND(e.info) != elf.STB_LOCAL
	}
	return 0, false
}

// mapping reports whether a label is one of those that tell code from data, of the ELF for
// the Arm 64-bit Architecture, 5.5 Mapping symbols.
func mapping(name string) bool {
	return len(name) >= 2 && name[0] == '$' && strings.IndexByte("xdat", name[1]) >= 0 &&
		(len(name) == 2 || name[2] == '.')
}

// cstring is a string up to its zero byte. What has none within 32 KiB is no name.
func cstring(s string) string {
	s = s[:min(len(s), 1<<15)]
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return ""
}

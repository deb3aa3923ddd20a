package symbol

import (
	"debug/elf"
	"strconv"
)

// reloc is a relocation of the dynamic linker's.
type reloc struct {
	slot   uint64 // the address that it sets
	typ    uint32
	symbol string // "" where it has none
	addend uint64 // of IRELATIVE: the function that chooses
}

// jumpTypes are the relocations that put the address of a function into a slot: JUMP_SLOT,
// GLOB_DAT and IRELATIVE of the psABI of each machine.
type jumpTypes struct{ slot, data, relative uint32 }

var jumps = map[elf.Machine]jumpTypes{
	elf.EM_X86_64:  {uint32(elf.R_X86_64_JMP_SLOT), uint32(elf.R_X86_64_GLOB_DAT), uint32(elf.R_X86_64_IRELATIVE)},
	elf.EM_386:     {uint32(elf.R_386_JMP_SLOT), uint32(elf.R_386_GLOB_DAT), uint32(elf.R_386_IRELATIVE)},
	elf.EM_AARCH64: {uint32(elf.R_AARCH64_JUMP_SLOT), uint32(elf.R_AARCH64_GLOB_DAT), uint32(elf.R_AARCH64_IRELATIVE)},
}

// relocs reads the relocations that put addresses of functions into slots.
func (f *File) relocs() []reloc {
	types, ok := jumps[f.elf.Machine]
	if !ok {
		return nil
	}
	var out []reloc
	for _, s := range f.allocs[:min(len(f.allocs), 128)] {
		if s.Type != elf.SHT_RELA && s.Type != elf.SHT_REL {
			continue
		}
		names := f.dynNames(s.Link)
		for b, size := f.data(s), f.relocSize(s.Type); len(b) >= size; b = b[size:] {
			r, index := f.reloc(b, s.Type == elf.SHT_RELA)
			if r.typ != types.slot && r.typ != types.data && r.typ != types.relative {
				continue
			}
			r.symbol = names(index)
			if r.typ == types.relative && s.Type == elf.SHT_REL {
				r.addend = f.word(r.slot)
			}
			out = append(out, r)
		}
	}
	return out
}

func (f *File) relocSize(t elf.SectionType) int {
	words := 2
	if t == elf.SHT_RELA {
		words = 3
	}
	return words * f.ptrSize()
}

func (f *File) ptrSize() int {
	if f.elf.Class == elf.ELFCLASS32 {
		return 4
	}
	return 8
}

// reloc reads an entry, and the index of its symbol.
func (f *File) reloc(b []byte, rela bool) (r reloc, index uint32) {
	o := f.elf.ByteOrder
	if f.elf.Class == elf.ELFCLASS32 {
		info := o.Uint32(b[4:])
		r = reloc{slot: uint64(o.Uint32(b)), typ: info & 0xff}
		if rela {
			r.addend = uint64(o.Uint32(b[8:]))
		}
		return r, info >> 8
	}
	info := o.Uint64(b[8:])
	r = reloc{slot: o.Uint64(b), typ: uint32(info)}
	if rela {
		r.addend = o.Uint64(b[16:])
	}
	return r, uint32(info >> 32)
}

// dynNames gives the names of the symbols of a section by their indices.
func (f *File) dynNames(link uint32) func(index uint32) string {
	none := func(uint32) string { return "" }
	if link == 0 || int(link) >= len(f.elf.Sections) {
		return none
	}
	s := f.elf.Sections[link]
	if s.Link == 0 || int(s.Link) >= len(f.elf.Sections) || s.Type != elf.SHT_DYNSYM {
		return none
	}
	raw, strs := f.data(s), string(f.data(f.elf.Sections[s.Link]))
	size := uint64(f.symSize())
	return func(index uint32) string {
		at := uint64(index) * size
		if index == 0 || at+size > uint64(len(raw)) {
			return ""
		}
		if n := f.rawSym(raw[at:]).name; n < uint32(len(strs)) {
			return cstring(strs[n:])
		}
		return ""
	}
}

// word is the pointer that the file has at an address, 0 where it has none.
func (f *File) word(addr uint64) uint64 {
	var b [8]byte
	off, ok := f.Offset(addr)
	if !ok {
		return 0
	}
	if n, _ := f.r.ReadAt(b[:f.ptrSize()], int64(off)); n < f.ptrSize() {
		return 0
	}
	if f.ptrSize() == 4 {
		return uint64(f.elf.ByteOrder.Uint32(b[:]))
	}
	return f.elf.ByteOrder.Uint64(b[:])
}

// stubName is what a stub of the procedure linkage table is called that jumps through the
// slot of a relocation. objdump has the same names.
func (r reloc) stubName() string {
	if r.symbol != "" {
		return r.symbol + "@plt"
	}
	return "*ABS*+0x" + strconv.FormatUint(r.addend, 16) + "@plt"
}

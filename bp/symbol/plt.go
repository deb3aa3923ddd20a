package symbol

import (
	"debug/elf"
	"encoding/binary"
	"slices"
)

// stubReader finds the stubs in the code of a procedure linkage table. It calls found with
// the offset and the size of each, and the slot that it jumps through.
type stubReader func(code []byte, addr, got uint64, step int, found func(at, size int, slot uint64))

// stubReaders know the stubs that GNU ld and LLVM's lld make, from the psABI of each machine.
var stubReaders = map[elf.Machine]stubReader{
	elf.EM_X86_64:  amd64Stubs,
	elf.EM_386:     i386Stubs,
	elf.EM_AARCH64: arm64Stubs,
}

// stubSections are the procedure linkage tables. Where there is a .plt.sec, the .plt has
// nothing that is jumped to by name.
var stubSections = []string{".plt", ".plt.sec", ".plt.got", ".plt.bnd", ".iplt"}

// stubs makes up symbols for the stubs of the procedure linkage table: name@plt.
func (f *File) stubs() []sym {
	read := stubReaders[f.elf.Machine]
	if read == nil {
		return nil
	}
	slots := map[uint64]reloc{}
	for _, r := range f.relocs() {
		slots[r.slot] = r
	}
	var out []sym
	for _, name := range stubSections {
		s := f.elf.Section(name)
		if s == nil || len(slots) == 0 {
			continue
		}
		step := 16
		if s.Entsize == 8 || s.Entsize == 0 && s.Addralign == 8 {
			step = 8
		}
		read(f.data(s), s.Addr, f.gotBase(), step, func(at, size int, slot uint64) {
			if r, ok := slots[slot]; ok {
				out = append(out, sym{addr: s.Addr + uint64(at), size: uint64(size), name: r.stubName(), kind: stub, global: true})
			}
		})
	}
	return out
}

// gotBase is what i386's position independent stubs have in ebx.
func (f *File) gotBase() uint64 {
	for _, name := range []string{".got.plt", ".got"} {
		if s := f.elf.Section(name); s != nil {
			return s.Addr
		}
	}
	return 0
}

// amd64Stubs: [endbr64] [bnd] jmp *slot(%rip).
func amd64Stubs(code []byte, addr, _ uint64, step int, found func(int, int, uint64)) {
	for at := 0; at+6 <= len(code); at += step {
		i := at
		if has(code, i, 0xf3, 0x0f, 0x1e, 0xfa) {
			i += 4
		}
		if has(code, i, 0xf2) {
			i++
		}
		if has(code, i, 0xff, 0x25) && i+6 <= len(code) {
			disp := int32(binary.LittleEndian.Uint32(code[i+2:]))
			found(at, step, addr+uint64(i)+6+uint64(int64(disp)))
		}
	}
}

// i386Stubs: [endbr32] jmp *slot, or jmp *slot(%ebx).
func i386Stubs(code []byte, _, got uint64, step int, found func(int, int, uint64)) {
	for at := 0; at+6 <= len(code); at += step {
		i := at
		if has(code, i, 0xf3, 0x0f, 0x1e, 0xfb) {
			i += 4
		}
		if i+6 > len(code) {
			return
		}
		disp := binary.LittleEndian.Uint32(code[i+2:])
		switch {
		case has(code, i, 0xff, 0x25):
			found(at, step, uint64(disp))
		case has(code, i, 0xff, 0xa3):
			found(at, step, uint64(uint32(got)+disp))
		}
	}
}

// arm64Stubs: [bti c] adrp x16, slot; ldr x17, [x16, slot]; add x16, ...; [autia1716] br x17.
func arm64Stubs(code []byte, addr, _ uint64, _ int, found func(int, int, uint64)) {
	const btic, brx17 = 0xd503245f, 0xd61f0220
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(code[at:]) }
	for at := 0; at+8 <= len(code); at += 4 {
		adrp, ldr := word(at), word(at+4)
		if adrp&0x9f00001f != 0x90000010 || ldr&0xffc003ff != 0xf9400211 {
			continue
		}
		pages := int64(int32((adrp>>5&0x7ffff<<2|adrp>>29&3)<<11)) >> 11
		slot := (addr+uint64(at))&^0xfff + uint64(pages<<12) + uint64(ldr>>10&0xfff*8)
		start, end := at, at+8
		if at >= 4 && word(at-4) == btic {
			start -= 4
		}
		for end+4 <= len(code) && end < at+24 && word(end-4) != brx17 {
			end += 4
		}
		found(start, end-start, slot)
	}
}

func has(code []byte, at int, want ...byte) bool {
	return at+len(want) <= len(code) && slices.Equal(code[at:at+len(want)], want)
}

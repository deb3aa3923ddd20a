package symbol

import (
	"bytes"
	"debug/elf"
	"io"
)

// image reads an ELF file from the memory that it is mapped to.
type image struct {
	space  *Space
	mapped []region // parts of one file
}

// ReadAt reads what was mapped of an offset. The headers have no section table in it, which
// is not mapped.
func (m image) ReadAt(p []byte, off int64) (int, error) {
	for _, r := range m.mapped {
		if at := uint64(off) - r.off; at < r.hi-r.lo {
			b, err := m.space.read(r.lo+at, int(min(uint64(len(p)), r.hi-r.lo-at)))
			if err != nil {
				return 0, err
			}
			n := copy(p, b)
			hideSections(p[:n], off)
			if n < len(p) {
				return n, io.EOF
			}
			return n, nil
		}
	}
	return 0, io.EOF
}

// hideSections clears e_shoff, e_shnum and e_shstrndx in the header that is at offset 0.
func hideSections(p []byte, off int64) {
	if off != 0 || len(p) < elf.EI_NIDENT {
		return
	}
	shoff, size, counts := 40, 8, 60
	if elf.Class(p[elf.EI_CLASS]) == elf.ELFCLASS32 {
		shoff, size, counts = 32, 4, 48
	}
	for i := range size {
		clearByte(p, shoff+i)
	}
	for i := range 4 {
		clearByte(p, counts+i)
	}
}

func clearByte(p []byte, i int) {
	if i < len(p) {
		p[i] = 0
	}
}

// changed reports whether a file is another than the one that was mapped, by build-id.
func (s *Space) changed(f *File, bias uint64) bool {
	id := f.BuildID()
	if id == nil {
		return false
	}
	other := false
	for _, p := range f.elf.Progs {
		if p.Type != elf.PT_NOTE || p.Filesz > 1<<16 {
			continue
		}
		b, err := s.read(bias+p.Vaddr, int(p.Filesz))
		if err != nil {
			continue
		}
		switch got := f.noteID(b); { // Go's linker leaves this note out of PT_NOTE
		case bytes.Equal(got, id):
			return false
		case got != nil:
			other = true
		}
	}
	return other
}

// fromMemory makes a file of what is mapped, with the symbols of the dynamic linker and
// unwind information. All that will be wanted of it is read at once.
func (s *Space) fromMemory(r region) *File {
	m := image{space: s}
	var base uint64
	for _, part := range s.regions {
		if part.path == r.path && part.inode == r.inode && part.lo <= r.hi {
			if part.off == 0 {
				base, m.mapped = part.lo, nil
			}
			m.mapped = append(m.mapped, part)
		}
	}
	f, err := newFile(r.path, m)
	if err != nil {
		return nil
	}
	lo, _ := f.span()
	f.bias = base - lo
	f.table()
	f.fdes()
	return f
}

package symbol

import (
	"bytes"
	"debug/elf"
	"iter"
	"strings"
)

// buildID is the build-id of an ELF file that is whole in memory, or nil.
func buildID(image []byte) []byte {
	f, err := newFile("", bytes.NewReader(image))
	if err != nil {
		return nil
	}
	return f.BuildID()
}

// BuildID is the bytes that the linker made to tell this build from others, or nil.
func (f *File) BuildID() []byte {
	for _, p := range f.elf.Progs {
		if p.Type != elf.PT_NOTE || p.Filesz > 1<<16 {
			continue
		}
		b := make([]byte, p.Filesz)
		n, _ := f.r.ReadAt(b, int64(p.Off))
		if id := f.noteID(b[:n]); id != nil {
			return id
		}
	}
	return f.noteID(f.Section(".note.gnu.build-id"))
}

// noteID looks for the note of type NT_GNU_BUILD_ID among notes (gABI, Note Section).
func (f *File) noteID(b []byte) []byte {
	const gnuBuildID = 3
	for n := range f.notes(b) {
		if n.Type == gnuBuildID && n.Name == "GNU" {
			return n.Desc
		}
	}
	return nil
}

// Note is an entry of a note section.
type Note struct {
	Name string // without the zero byte
	Type uint32
	Desc []byte
}

// Notes gives the entries of a section of notes, none where there is no such section.
func (f *File) Notes(section string) iter.Seq[Note] { return f.notes(f.Section(section)) }

// notes gives the entries of a note section, as far as they are well formed.
func (f *File) notes(b []byte) iter.Seq[Note] {
	return func(yield func(Note) bool) {
		for len(b) >= 12 {
			o := f.elf.ByteOrder
			name, desc := uint64(o.Uint32(b)), uint64(o.Uint32(b[4:]))
			at := 12 + (name+3)&^3
			if at+desc > uint64(len(b)) {
				return
			}
			n := Note{strings.TrimRight(string(b[12:12+name]), "\x00"), o.Uint32(b[8:]), b[at : at+desc]}
			if !yield(n) {
				return
			}
			b = b[min(at+(desc+3)&^3, uint64(len(b))):]
		}
	}
}

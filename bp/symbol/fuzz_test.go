package symbol

import (
	"bytes"
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"testing"
)

// FuzzFile holds that no file makes the reader fail, and that what it says of an address
// does not contradict itself.
func FuzzFile(f *testing.F) {
	f.Fuzz(func(t *testing.T, image []byte) {
		file, err := newFile("fuzz", bytes.NewReader(image))
		if err != nil {
			return
		}
		file.path = "/nonexistent/fuzz"
		lo, hi := file.span()
		m := &Module{Name: "fuzz", File: file, Hi: hi}
		s := &Space{pid: -1, modules: []*Module{m}}
		for _, a := range []uint64{lo, file.elf.Entry, file.elf.Entry + 5, hi - 1} {
			if fn, ok := m.function(a); ok && (a < fn.Addr || fn.Size > 0 && a-fn.Addr >= fn.Size) {
				t.Errorf("function(%#x) = %+v", a, fn)
			}
			file.frames(a, "")
			file.table().object(a)
		}
		for _, text := range []string{"*", "_start", "t.s:2", "*@plt", "fuzz!0x1000"} {
			l, _ := ParseLoc(text)
			s.Resolve(l)
		}
		s.Suggest(Loc{Name: "strat"})
	})
}

func FuzzNotes(f *testing.F) {
	file := &File{elf: &elf.File{FileHeader: elf.FileHeader{ByteOrder: binary.LittleEndian}}}
	f.Fuzz(func(t *testing.T, b []byte) {
		size := 0
		for n := range file.notes(b) {
			size += 12 + len(n.Name) + len(n.Desc)
		}
		if size > len(b) {
			t.Errorf("%d bytes of notes in %d", size, len(b))
		}
	})
}

func FuzzDebuglink(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		name, _, ok := debuglink(b, binary.LittleEndian.Uint32)
		if ok && (name == "" || name == ".." || bytes.ContainsAny([]byte(name), "/\x00")) {
			t.Errorf("took %q for the name of a file", name)
		}
	})
}

func FuzzStubs(f *testing.F) {
	f.Fuzz(func(t *testing.T, machine uint16, code []byte, addr uint64, narrow bool) {
		read := stubReaders[elf.Machine(machine)]
		if read == nil {
			return
		}
		step := 16
		if narrow {
			step = 8
		}
		read(code, addr, 0x4000, step, func(at, size int, _ uint64) {
			if at < 0 || size < 6 || at >= len(code) {
				t.Errorf("a stub of %d bytes at %d in %d", size, at, len(code))
			}
		})
	})
}

// wide is the headers of a file that has code at every address.
func wide(class elf.Class) *File {
	f := &File{elf: &elf.File{FileHeader: elf.FileHeader{ByteOrder: binary.LittleEndian, Class: class}}}
	f.elf.Progs = []*elf.Prog{{ProgHeader: elf.ProgHeader{Type: elf.PT_LOAD, Flags: elf.PF_X, Memsz: 1<<64 - 1}}}
	f.sortOut()
	return f
}

func FuzzLines(f *testing.F) {
	f.Fuzz(func(t *testing.T, line, lineStr []byte) {
		table := &lineTable{lineSections: &lineSections{line: line, lineStr: lineStr, f: wide(elf.ELFCLASS64)},
			units: map[uint64]*lineRows{}}
		index := table.sequences()
		table.index = func() []sequence { return index }
		for _, s := range index {
			if s.lo >= s.hi {
				t.Errorf("lines of %#x-%#x", s.lo, s.hi)
			}
			table.at(s.lo)
			table.at(s.hi - 1)
		}
		if n, addrs := table.find(Loc{File: "t.s", Line: 3}); len(addrs) > 0 && n < 3 {
			t.Errorf("line 3 is found at line %d", n)
		}
	})
}

func FuzzEHFrame(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, narrow bool) {
		class := elf.ELFCLASS64
		if narrow {
			class = elf.ELFCLASS32
		}
		p := frameParser{f: wide(class), b: b, addr: 0x2000, cies: map[uint64]byte{}}
		for n := 0; p.entry(); n++ {
			if n > len(b)/4 {
				t.Fatalf("more than %d entries in %d bytes", n, len(b))
			}
		}
	})
}

func FuzzGoTable(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		file := wide(elf.ELFCLASS64)
		table := file.goTableOf(b)
		file.gotab = func() *gosym.Table { return table }
		file.goSymbols()
		file.goLine(0x1000)
		file.goAddrs(Loc{File: "x.go", Line: 1})
	})
}

func FuzzMaps(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, r := range parseMaps(text) {
			if r.lo >= r.hi || r.inode == 0 && r.path != vdso {
				t.Errorf("%+v", r)
			}
			if r.base() == "" {
				t.Errorf("%+v has no name", r)
			}
		}
	})
}

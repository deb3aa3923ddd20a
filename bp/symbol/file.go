package symbol

import (
	"bytes"
	"compress/zlib"
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"encoding/binary"
	"errors"
	"fmt"
	"github.com/gotrace/gotrace/arch"
	"io"
	"sync"
)

// What a file may have, so that one made for it does not take all time or memory: bytes of
// a section, times that it shrinks by compression, sections, segments.
const (
	largest      = 1 << 31
	densest      = 64
	mostSections = 1024
	mostSegments = 128
)

// File is an ELF file: a program, a library, the vdso, or a file of debugging information.
// Its addresses are those that nm shows; a module adds its bias. It may be used by several
// goroutines.
type File struct {
	path    string
	elf     *elf.File
	r       io.ReaderAt
	loads   []*elf.Prog    // segments that are mapped
	allocs  []*elf.Section // sections that are mapped
	root    string         // where the process that maps it has its "/", for its debug file
	dirs    []string       // of debug files
	bias    uint64         // where the file is read from memory
	table   func() *table
	debug   func() *File
	slots   func() slots
	fdes    func() []fde
	lines   func() *lineTable
	gotab   func() *gosym.Table
	dwarf   func() *dwarf.Data
	info    []byte // .debug_info, once dwarf was called
	inlines func() *inlineInfo
}

// newFile opens the ELF file that r reads. It reads no more than the headers.
func newFile(path string, r io.ReaderAt) (f *File, err error) {
	defer guard(&err)
	e, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(e.Sections) > mostSections || len(e.Progs) > mostSegments {
		return nil, fmt.Errorf("%s: %d sections, %d segments: too many", path, len(e.Sections), len(e.Progs))
	}
	f = &File{path: path, elf: e, r: r}
	f.sortOut()
	f.table = sync.OnceValue(f.readTable)
	f.slots = sync.OnceValue(f.readSlots)
	f.debug = sync.OnceValue(f.findDebug)
	f.fdes = sync.OnceValue(f.readFDEs)
	f.lines = sync.OnceValue(f.readLineTable)
	f.dwarf = sync.OnceValue(f.readDWARF)
	f.inlines = sync.OnceValue(f.readInlines)
	f.gotab = sync.OnceValue(f.readGoTable)
	return f, nil
}

// sortOut keeps apart what is mapped.
func (f *File) sortOut() {
	for _, p := range f.elf.Progs {
		if p.Type == elf.PT_LOAD && p.Vaddr+p.Memsz >= p.Vaddr {
			f.loads = append(f.loads, p)
		}
	}
	for _, s := range f.elf.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Flags&elf.SHF_TLS == 0 {
			f.allocs = append(f.allocs, s)
		}
	}
}

// errHostile stands for what made a library's parser give up in a panic.
var errHostile = errors.New("malformed beyond reading")

// guard turns a panic of a parser into an error.
func guard(err *error) {
	if recover() != nil {
		*err = errHostile
	}
}

// Path is the name that the file was opened by.
func (f *File) Path() string { return f.path }

// ELF is the file's headers and sections.
func (f *File) ELF() *elf.File { return f.elf }

// Section is the contents of a section, decompressed. It is nil where there is none, or
// none that can be read.
func (f *File) Section(name string) []byte {
	s := f.elf.Section(name)
	if s == nil {
		return nil
	}
	return f.data(s)
}

func (f *File) data(s *elf.Section) (data []byte) {
	var err error
	defer func() {
		if err != nil {
			data = nil
		}
	}()
	defer guard(&err)
	if s.Type == elf.SHT_NOBITS || s.Size > largest || s.Size/densest > s.FileSize+page {
		return nil
	}
	if s.Flags&elf.SHF_COMPRESSED == 0 && reaches(s) {
		data = make([]byte, s.Size)
		_, err = s.ReadAt(data, 0)
		return data
	}
	data, err = s.Data()
	return data
}

// reaches reports whether a section's last byte is in the file: then its size is no lie, and
// may be allocated.
func reaches(s *elf.Section) bool {
	var last [1]byte
	n, _ := s.ReadAt(last[:], int64(s.Size)-1)
	return s.Size > 0 && n == 1
}

// dwarfSection is the contents of .debug_NAME, or of what older compilers compressed into
// .zdebug_NAME: ZLIB, the size as 8 bytes, the highest first, and a zlib stream.
func (f *File) dwarfSection(name string) []byte {
	if b := f.Section(".debug_" + name); b != nil {
		return b
	}
	z := f.Section(".zdebug_" + name)
	if len(z) < 12 || string(z[:4]) != "ZLIB" || binary.BigEndian.Uint64(z[4:]) > largest {
		return nil
	}
	r, err := zlib.NewReader(bytes.NewReader(z[12:]))
	if err != nil {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(binary.BigEndian.Uint64(z[4:]))))
	if err != nil {
		return nil
	}
	return b
}

// Offset is where in the file the byte at an address is.
func (f *File) Offset(addr uint64) (off uint64, ok bool) {
	for _, p := range f.loads {
		if addr-p.Vaddr < p.Filesz {
			return addr - p.Vaddr + p.Off, true
		}
	}
	return 0, false
}

// executable reports whether code may be at an address.
func (f *File) executable(addr uint64) bool {
	for _, p := range f.loads {
		if p.Flags&elf.PF_X != 0 && addr-p.Vaddr < p.Memsz {
			return true
		}
	}
	return false
}

// sectionOf is the section with an address, or nil.
func (f *File) sectionOf(addr uint64) *elf.Section {
	for _, s := range f.allocs {
		if addr-s.Addr < s.Size {
			return s
		}
	}
	return nil
}

// span is the addresses that the file takes, from the first page to the last.
func (f *File) span() (lo, hi uint64) {
	lo = ^uint64(0)
	for _, p := range f.loads {
		lo, hi = min(lo, p.Vaddr&^(page-1)), max(hi, p.Vaddr+p.Memsz)
	}
	if hi == 0 {
		return 0, 0
	}
	return lo, (hi + page - 1) &^ (page - 1)
}

// page is the smallest page of the architectures. Files are mapped at multiples of it.
const page = 4096

// biasOf is what the process adds to the addresses of the file, from where it has mapped an
// offset of it: the executable segment with that offset says.
func (f *File) biasOf(addr, off uint64) (bias uint64, ok bool) {
	for _, p := range f.loads {
		if p.Flags&elf.PF_X == 0 {
			continue
		}
		if start := p.Off &^ (page - 1); off >= start && off < p.Off+p.Filesz {
			return addr - (p.Vaddr - p.Off + off), true
		}
	}
	return 0, false
}

// machines are the architectures of programs.
var machines = map[elf.Machine]*arch.Arch{elf.EM_X86_64: arch.AMD64, elf.EM_386: arch.I386, elf.EM_AARCH64: arch.ARM64}

// ArchOf is the architecture of a file for a machine; nil: it is not known.
func ArchOf(m elf.Machine) *arch.Arch { return machines[m] }

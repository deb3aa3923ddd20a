package symbol

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"
	"path"

	"github.com/ulikunitz/xz"
)

// Debug is the file that has the DWARF of this one: itself, the file of its build-id or that
// its .gnu_debuglink names (gdb's manual, Debugging Information in Separate Files). It is
// the file itself also where there is no DWARF at all.
func (f *File) Debug() *File { return f.debug() }

func (f *File) findDebug() *File {
	if f.hasDWARF() {
		return f
	}
	for _, p := range f.debugPaths() {
		for _, root := range []string{f.root, ""} {
			if d := f.openDebug(root + p.path); d != nil && f.owns(d, p.crc) {
				return d
			}
			if f.root == "" {
				break
			}
		}
	}
	return f
}

func (f *File) hasDWARF() bool {
	return f.elf.Section(".debug_info") != nil || f.elf.Section(".zdebug_info") != nil ||
		f.elf.Section(".debug_line") != nil
}

// debugPath is a place to look, and the checksum that a file found by its name must have.
type debugPath struct {
	path string
	crc  *uint32
}

func (f *File) debugPaths() (out []debugPath) {
	if id := hex.EncodeToString(f.BuildID()); len(id) > 2 {
		for _, dir := range f.dirs {
			out = append(out, debugPath{path.Join(dir, ".build-id", id[:2], id[2:]+".debug"), nil})
		}
	}
	name, crc, ok := debuglink(f.Section(".gnu_debuglink"), f.elf.ByteOrder.Uint32)
	if !ok {
		return out
	}
	here := path.Dir(f.path)
	dirs := []string{here, path.Join(here, ".debug")}
	for _, dir := range f.dirs {
		dirs = append(dirs, path.Join(dir, here))
	}
	for _, dir := range dirs {
		out = append(out, debugPath{path.Join(dir, name), &crc})
	}
	return out
}

// debuglink reads a .gnu_debuglink section: a file name, padding to 4 bytes, a CRC-32. What
// would lead out of the directory is refused.
func debuglink(b []byte, word func([]byte) uint32) (name string, crc uint32, ok bool) {
	end := bytes.IndexByte(b, 0)
	at := (end + 4) &^ 3
	if end <= 0 || at+4 > len(b) {
		return "", 0, false
	}
	name = string(b[:end])
	if path.Base(name) != name || name == "." || name == ".." {
		return "", 0, false
	}
	return name, word(b[at:]), true
}

// openDebug opens a file that may be one of debugging information.
func (f *File) openDebug(name string) *File {
	if st, err := os.Stat(name); err != nil || !st.Mode().IsRegular() {
		return nil
	}
	r, err := os.Open(name)
	if err != nil {
		return nil
	}
	d, err := newFile(name, r)
	if err != nil {
		r.Close()
		return nil
	}
	return d
}

// owns reports whether a file is of the same build: by build-id, or by checksum.
func (f *File) owns(d *File, crc *uint32) bool {
	if d.elf.Machine != f.elf.Machine || d.elf.Class != f.elf.Class {
		return false
	}
	if id := f.BuildID(); id != nil {
		if other := d.BuildID(); other != nil {
			return bytes.Equal(id, other)
		}
	}
	if crc == nil {
		return false
	}
	h := crc32.NewIEEE()
	_, err := io.Copy(h, io.NewSectionReader(d.r, 0, 1<<40))
	return err == nil && h.Sum32() == *crc
}

// mini is the file that .gnu_debugdata holds: a symbol table, compressed by xz (gdb's manual,
// MiniDebugInfo). It is nil where there is none.
func (f *File) mini() (m *File) {
	packed := f.Section(".gnu_debugdata")
	if packed == nil || !modest(packed) {
		return nil
	}
	var err error
	defer func() {
		if err != nil {
			m = nil
		}
	}()
	defer guard(&err)
	r, err := xz.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	image, err := io.ReadAll(io.LimitReader(r, 1<<26))
	if err != nil {
		return nil
	}
	m, err = newFile(f.path, bytes.NewReader(image))
	return m
}

// modest reports whether an xz stream wants a dictionary of at most 64 MiB (The .xz File
// Format, 3.1 and 5.3.1), as xz -9 makes it: the reader allocates what it is told.
func modest(xz []byte) bool {
	const lzma2, header, most = 0x21, 12, 28
	if len(xz) < header+1 {
		return false
	}
	block := xz[header:min(len(xz), header+(int(xz[header])+1)*4)]
	i := bytes.Index(block, []byte{lzma2, 1})
	return i >= 2 && i+2 < len(block) && block[i+2] <= most
}

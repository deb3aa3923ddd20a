package symbol

import (
	"bytes"
	"path"
)

// lineUnit is the header of one unit's line table (DWARF 5, 6.2.4).
type lineUnit struct {
	prog, end uint64 // the program's bytes in the section
	version   uint16
	minInst   uint64
	maxOps    uint64
	stmt      bool
	lineBase  int64
	lineRange uint64
	opBase    byte
	opArgs    []byte // how many operands opcode i+1 has
	tables    uint64 // where the directories begin
	dwarf64   bool
}

// lineSections are the bytes that line tables are read from.
type lineSections struct {
	line, lineStr, str []byte
	f                  *File
}

func (f *File) readLines() *lineSections {
	d := f.Debug()
	return &lineSections{line: d.dwarfSection("line"), lineStr: d.dwarfSection("line_str"), str: d.dwarfSection("str"), f: f}
}

func (l *lineSections) cursor(pos, end uint64) cursor {
	return cursor{b: l.line[:end], pos: pos, order: l.f.elf.ByteOrder, ptr: l.f.ptrSize()}
}

// units gives the headers of all units that can be read.
func (l *lineSections) units(yield func(*lineUnit) bool) {
	for pos := uint64(0); pos < uint64(len(l.line)); {
		u, ok := l.header(pos)
		if u.end <= pos {
			return
		}
		pos = u.end
		if ok && !yield(&u) {
			return
		}
	}
}

// header reads a header as far as the tables of files. Where it is not ok, end alone is set,
// to where the next unit is, or to 0 if that is not known.
func (l *lineSections) header(pos uint64) (u lineUnit, ok bool) {
	c := l.cursor(pos, uint64(len(l.line)))
	length := uint64(c.u32())
	if length == 0xffffffff {
		u.dwarf64 = true
		length = c.u64()
	}
	if c.bad || length > uint64(len(l.line))-c.pos {
		return u, false
	}
	u.end = c.pos + length
	c.b = l.line[:u.end]
	if u.version = c.u16(); u.version < 2 || u.version > 5 {
		return u, false
	}
	if u.version == 5 {
		c.take(2) // sizes of addresses and of segment selectors
	}
	size := c.offset(u.dwarf64)
	if c.bad || size > u.end-c.pos {
		return u, false
	}
	u.prog = c.pos + size
	u.minInst, u.maxOps = uint64(c.u8()), 1
	if u.version >= 4 {
		u.maxOps = max(uint64(c.u8()), 1)
	}
	u.stmt = c.u8() != 0
	u.lineBase, u.lineRange = int64(int8(c.u8())), uint64(c.u8())
	u.opBase = c.u8()
	if u.opBase == 0 || u.lineRange == 0 {
		return u, false
	}
	u.opArgs = c.take(uint64(u.opBase) - 1)
	u.tables = c.pos
	return u, !c.bad
}

// lineFile is an entry of a unit's table of files, or of directories.
type lineFile struct {
	name []byte
	dir  uint64
}

// files gives the directories and files of a unit. What yield gives false for ends it.
func (l *lineSections) files(u *lineUnit, yield func(isDir bool, e lineFile) bool) {
	c := l.cursor(u.tables, u.prog)
	if u.version == 5 {
		if l.entries(&c, u, func(e lineFile) bool { return yield(true, e) }) {
			l.entries(&c, u, func(e lineFile) bool { return yield(false, e) })
		}
		return
	}
	for {
		name := c.bytesZ()
		if len(name) == 0 {
			break
		}
		if !yield(true, lineFile{name: name}) {
			return
		}
	}
	for {
		e := lineFile{name: c.bytesZ(), dir: c.uleb()}
		if len(e.name) == 0 {
			return
		}
		c.uleb() // time of modification
		c.uleb() // length
		if c.bad || !yield(false, e) {
			return
		}
	}
}

// entries reads one of the two tables of DWARF 5 (6.2.4.1), and reports whether it was
// read to its end.
func (l *lineSections) entries(c *cursor, u *lineUnit, yield func(lineFile) bool) bool {
	const path, directory = 1, 2
	formats := make([][2]uint64, c.u8())
	for i := range formats {
		formats[i] = [2]uint64{c.uleb(), c.uleb()}
	}
	n := c.uleb()
	for ; n > 0 && !c.bad && len(formats) > 0; n-- {
		var e lineFile
		for _, f := range formats {
			text, number := l.form(c, u, f[1])
			switch f[0] {
			case path:
				e.name = text
			case directory:
				e.dir = number
			}
		}
		if c.bad || !yield(e) {
			return false
		}
	}
	return !c.bad
}

// form reads a value of one of the forms that tables of files have (DWARF 5, 7.5.6).
func (l *lineSections) form(c *cursor, u *lineUnit, form uint64) (text []byte, number uint64) {
	switch form {
	case 0x08: // string
		return c.bytesZ(), 0
	case 0x0e: // strp
		return stringAt(l.str, c.offset(u.dwarf64)), 0
	case 0x1f: // line_strp
		return stringAt(l.lineStr, c.offset(u.dwarf64)), 0
	case 0x0b: // data1
		return nil, uint64(c.u8())
	case 0x05: // data2
		return nil, uint64(c.u16())
	case 0x06: // data4
		return nil, uint64(c.u32())
	case 0x07: // data8
		return nil, c.u64()
	case 0x0f: // udata
		return nil, c.uleb()
	case 0x1e: // data16
		return c.take(16), 0
	case 0x09: // block
		return c.take(c.uleb()), 0
	}
	c.bad = true
	return nil, 0
}

func stringAt(b []byte, off uint64) []byte {
	if off >= uint64(len(b)) {
		return nil
	}
	b = b[off:]
	b = b[:min(len(b), 1<<15)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return nil
}

// paths are the names of a unit's files as the compiler was given them, by their number.
func (l *lineSections) paths(u *lineUnit) []string {
	var dirs, names []string
	if u.version < 5 {
		dirs, names = []string{""}, []string{""} // number 0 is the unit's own
	}
	l.files(u, func(isDir bool, e lineFile) bool {
		name := string(e.name)
		if isDir {
			dirs = append(dirs, name)
			return true
		}
		if e.dir > 0 && e.dir < uint64(len(dirs)) && !path.IsAbs(name) {
			name = path.Join(dirs[e.dir], name)
		}
		names = append(names, name)
		return true
	})
	return names
}

// has reports whether a unit's table has a file with the last part of a path.
func (l *lineSections) has(u *lineUnit, base []byte) bool {
	found := false
	l.files(u, func(isDir bool, e lineFile) bool {
		found = !isDir && bytes.HasSuffix(e.name, base) &&
			(len(e.name) == len(base) || e.name[len(e.name)-len(base)-1] == '/')
		return !found
	})
	return found
}

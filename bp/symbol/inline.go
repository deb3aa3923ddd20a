package symbol

import (
	"cmp"
	"debug/dwarf"
	"errors"
	"slices"
	"sync"
)

// InlineFrame is one of the functions that an address is in: those that the compiler has
// inlined, and the function that they were inlined into.
type InlineFrame struct {
	Func string // demangled
	File string // source file, as the compiler was given it; "" is not known
	Line int    // of the address, or of the call to the inlined function before this one
}

// Frames gives the functions that an address is in, the innermost first. It has one element
// where nothing was inlined, and none where no function is known.
func (s *Space) Frames(addr uint64) []InlineFrame {
	m := s.Module(addr)
	if m == nil {
		return nil
	}
	f, ok := m.function(addr)
	if !ok {
		return nil
	}
	return m.File.frames(addr-m.Bias, f.Name)
}

func (f *File) frames(addr uint64, outermost string) []InlineFrame {
	file, line, _ := f.line(addr)
	out := []InlineFrame{{outermost, file, line}}
	info := f.inlines()
	t, i := info.at(addr)
	for ; i >= 0 && t.nodes[i].inlined; i = t.nodes[i].parent {
		n := &t.nodes[i]
		last := &out[len(out)-1]
		last.Func = info.name(n)
		out = append(out, InlineFrame{outermost, t.path(n.callFile), n.callLine})
	}
	return out
}

// errNoDWARF is that there is no debugging information.
var errNoDWARF = errors.New("no debugging information")

// DWARF is the debugging information of the file or of its debug file. Readers of it may
// be used by several goroutines at once, its Type method by one only.
func (f *File) DWARF() (*dwarf.Data, error) {
	d := f.dwarf()
	if d == nil {
		return nil, errNoDWARF
	}
	return d, nil
}

func (f *File) readDWARF() (data *dwarf.Data) {
	var err error
	defer func() {
		if err != nil {
			data = nil
		}
	}()
	defer guard(&err)
	d, lines := f.Debug(), f.lines()
	info := d.dwarfSection("info")
	if info == nil {
		return nil
	}
	data, err = dwarf.New(d.dwarfSection("abbrev"), nil, nil, info, lines.line, nil, d.dwarfSection("ranges"), lines.str)
	if err != nil {
		return nil
	}
	for _, name := range []string{"addr", "str_offsets", "rnglists", "loclists"} {
		if err = data.AddSection(".debug_"+name, d.dwarfSection(name)); err != nil {
			return nil
		}
	}
	if err = data.AddSection(".debug_line_str", lines.lineStr); err != nil {
		return nil
	}
	if types := d.dwarfSection("types"); types != nil {
		err = data.AddTypes("types", types)
	}
	f.info = info
	return data
}

// inlineInfo finds the inlined functions of a file. A unit is read when an address of it is
// asked for.
type inlineInfo struct {
	f     *File
	data  *dwarf.Data
	units []unitRange
	mu    sync.Mutex
	trees map[dwarf.Offset]*inlineTree
	names map[dwarf.Offset]string
}

// unitRange is a run of addresses of a unit, which is known by the offset of its first entry.
type unitRange struct {
	lo, hi uint64
	unit   dwarf.Offset
}

func (f *File) readInlines() *inlineInfo {
	i := &inlineInfo{f: f, data: f.dwarf(), trees: map[dwarf.Offset]*inlineTree{}, names: map[dwarf.Offset]string{}}
	if i.data != nil {
		i.readUnits()
	}
	return i
}

func (i *inlineInfo) readUnits() {
	var err error
	defer guard(&err)
	r := i.data.Reader()
	for _, off := range i.f.unitOffsets() {
		r.Seek(off)
		e, err := r.Next()
		if err != nil || e == nil || e.Tag != dwarf.TagCompileUnit {
			continue
		}
		ranges, err := i.data.Ranges(e)
		if err != nil {
			continue
		}
		for _, p := range ranges {
			if p[0] < p[1] {
				i.units = append(i.units, unitRange{p[0], p[1], off})
			}
		}
	}
	slices.SortFunc(i.units, func(a, b unitRange) int { return cmp.Compare(a.lo, b.lo) })
}

// unitOffsets are the offsets of the first entries of all units in .debug_info (DWARF 5,
// 7.5.1.1).
func (f *File) unitOffsets() (out []dwarf.Offset) {
	c := cursor{b: f.info, order: f.elf.ByteOrder, ptr: f.ptrSize()}
	for !c.bad && c.pos < uint64(len(c.b)) {
		length, dwarf64 := uint64(c.u32()), false
		if length == 0xffffffff {
			length, dwarf64 = c.u64(), true
		}
		next := c.pos + length
		if c.bad || length > uint64(len(c.b))-c.pos {
			return out
		}
		kind := byte(1)
		if version := c.u16(); version >= 5 {
			kind = c.u8()
			c.u8()
			c.offset(dwarf64)
		} else {
			c.offset(dwarf64)
			c.u8()
		}
		const compile, partial = 1, 3
		if kind == compile || kind == partial {
			out = append(out, dwarf.Offset(c.pos))
		}
		c.pos = next
	}
	return out
}

// at is the innermost function of an address: its unit, and its index there or -1.
func (i *inlineInfo) at(addr uint64) (*inlineTree, int32) {
	n, found := slices.BinarySearchFunc(i.units, addr, func(u unitRange, a uint64) int { return cmp.Compare(u.lo, a) })
	if !found {
		n--
	}
	if n < 0 || addr >= i.units[n].hi {
		return nil, -1
	}
	i.mu.Lock()
	t := i.trees[i.units[n].unit]
	if t == nil {
		t = i.readTree(i.units[n].unit)
		i.trees[i.units[n].unit] = t
	}
	i.mu.Unlock()
	return t, t.at(addr)
}

// block tells the inlined copies within a function apart that addresses are in.
func (f *File) block(addr uint64) uint64 {
	if t, i := f.inlines().at(addr); i >= 0 {
		return uint64(t.nodes[i].entry)
	}
	return 0
}

// entry is where the function of an address begins, or the address itself.
func (f *File) entry(addr uint64) uint64 {
	if e, ok := f.table().at(addr); ok {
		return e.addr
	}
	return addr
}

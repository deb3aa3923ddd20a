package symbol

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// lineTable is the source lines of a file. Units are decoded when an address or a source
// file of theirs is asked for.
type lineTable struct {
	*lineSections
	index func() []sequence
	mu    sync.Mutex
	units map[uint64]*lineRows // decoded, by the offset of their program
}

// sequence is a run of addresses, and the part of a unit that has its lines.
type sequence struct {
	lo, hi uint64
	unit   *lineUnit
	nth    int // sequence of the unit
}

// lineRows is a unit, decoded.
type lineRows struct {
	rows   []row
	starts []int // of each sequence, in rows; and where the last one ends
	paths  []string
}

func (f *File) readLineTable() *lineTable {
	t := &lineTable{lineSections: f.readLines(), units: map[uint64]*lineRows{}}
	t.index = sync.OnceValue(t.sequences)
	return t
}

// sequences finds which unit has the lines of which addresses. That takes going through all
// programs once, without keeping their rows.
func (t *lineTable) sequences() []sequence {
	var out []sequence
	for u := range t.lineSections.units {
		var lo uint64
		nth, first := 0, true
		t.run(u, func(r row) {
			if first {
				lo, first = r.addr, false
			}
			if r.end {
				if lo < r.addr && t.f.executable(lo) {
					out = append(out, sequence{lo, r.addr, u, nth})
				}
				nth, first = nth+1, true
			}
		})
	}
	slices.SortFunc(out, func(a, b sequence) int { return cmp.Compare(a.lo, b.lo) })
	return out
}

// decode gives the rows of a unit.
func (t *lineTable) decode(u *lineUnit) *lineRows {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d := t.units[u.prog]; d != nil {
		return d
	}
	d := &lineRows{starts: []int{0}, paths: t.paths(u)}
	t.run(u, func(r row) {
		d.rows = append(d.rows, r)
		if r.end {
			d.starts = append(d.starts, len(d.rows))
		}
	})
	t.units[u.prog] = d
	return d
}

func (d *lineRows) path(file uint32) string {
	if file < uint32(len(d.paths)) {
		return d.paths[file]
	}
	return ""
}

// at is the row of an address.
func (t *lineTable) at(addr uint64) (d *lineRows, r row, ok bool) {
	index := t.index()
	i, found := slices.BinarySearchFunc(index, addr, func(s sequence, a uint64) int { return cmp.Compare(s.lo, a) })
	if !found {
		i--
	}
	if i < 0 || addr >= index[i].hi {
		return nil, row{}, false
	}
	d = t.decode(index[i].unit)
	rows := d.rows[d.starts[index[i].nth]:d.starts[index[i].nth+1]]
	n, _ := slices.BinarySearchFunc(rows, addr+1, func(r row, a uint64) int { return cmp.Compare(r.addr, a) })
	if n == 0 || rows[n-1].line == 0 {
		return nil, row{}, false
	}
	return d, rows[n-1], true
}

// Line is the source line of an address, where the debugging information or Go's own table
// has it. The file is as the compiler was given it.
func (s *Space) Line(addr uint64) (file string, line int, ok bool) {
	m := s.Module(addr)
	if m == nil {
		return "", 0, false
	}
	return m.File.line(addr - m.Bias)
}

func (f *File) line(addr uint64) (file string, line int, ok bool) {
	if d, r, ok := f.lines().at(addr); ok {
		return d.path(r.file), int(r.line), true
	}
	return f.goLine(addr)
}

// linePoints finds a source line in a module: the rows that begin a statement of the line,
// or of the next one that has code; one in each function and each inlined copy of one.
func (m *Module) linePoints(l Loc) []Point {
	line, addrs := m.File.lines().find(l)
	if addrs == nil {
		line, addrs = m.File.goAddrs(l)
	}
	slices.Sort(addrs)
	inFunc := map[uint64]int{}
	for _, a := range addrs {
		inFunc[m.File.entry(a)]++
	}
	type place struct{ fn, block uint64 }
	seen := map[place]bool{}
	var out []Point
	for _, a := range addrs {
		p := place{fn: m.File.entry(a)}
		if inFunc[p.fn] > 1 {
			p.block = m.File.block(a) // reads the unit
		}
		if seen[p] {
			continue
		}
		seen[p] = true
		out = append(out, Point{Addr: a + m.Bias, Name: l.File + ":" + strconv.Itoa(line), Module: m})
	}
	return out
}

// find gives the addresses of a source line, and the line that they are of: the next one
// with code where the line itself has none.
func (t *lineTable) find(l Loc) (line int, addrs []uint64) {
	base := []byte(path.Base(l.File))
	for u := range t.lineSections.units {
		if !t.has(u, base) {
			continue
		}
		of := make([]bool, 0, 64)
		for _, p := range t.paths(u) {
			of = append(of, named(p, l.File))
		}
		t.run(u, func(r row) {
			n := int(r.line)
			if n < l.Line || addrs != nil && n > line || r.end || !r.stmt || int(r.file) >= len(of) || !of[r.file] || !t.f.executable(r.addr) {
				return
			}
			if n < line || addrs == nil {
				line, addrs = n, addrs[:0]
			}
			addrs = append(addrs, r.addr)
		})
	}
	return line, addrs
}

// named reports whether a path is the one asked for, or ends in it.
func named(have, want string) bool {
	rest, ok := strings.CutSuffix(have, want)
	return ok && (rest == "" || strings.HasSuffix(rest, "/"))
}

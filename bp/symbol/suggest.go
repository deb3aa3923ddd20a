package symbol

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Suggest gives at most three names that are like the one that was not found: of modules
// where no module has the name, of source files for a line, otherwise of functions. It
// compares every name there is, so it is for the message that a user reads.
func (s *Space) Suggest(l Loc) []string {
	modules := s.matching(l.Module)
	if len(modules) == 0 {
		n := nearest{want: l.Module}
		for _, m := range s.modules {
			n.add(m.Name)
			base, _, _ := strings.Cut(m.Name, ".so")
			n.add(base)
		}
		return n.best()
	}
	n := nearest{want: l.Name}
	if l.File != "" {
		n.want = path.Base(l.File)
	}
	for _, m := range modules {
		switch {
		case l.File != "":
			m.File.lines().suggest(&n)
		case l.Name != "":
			m.File.table().suggest(&n)
		}
	}
	return n.best()
}

func (t *lineTable) suggest(n *nearest) {
	seen := map[string]bool{}
	for u := range t.lineSections.units {
		t.files(u, func(isDir bool, e lineFile) bool {
			if base := path.Base(string(e.name)); !isDir && !seen[base] {
				seen[base] = true
				n.add(base)
			}
			return true
		})
	}
}

// suggest takes mangled names apart only where an identifier is near enough to the last one
// that was asked for.
func (t *table) suggest(n *nearest) {
	last := nearest{want: plainName(n.want)}
	for i := range t.funcs {
		f := &t.funcs[i]
		switch {
		case f.kind == stub:
		case !mangled(f.name):
			n.add(f.name)
		case slices.ContainsFunc(identifiers(f.name), func(s string) bool { return last.near(s) >= 0 }):
			n.add(t.names(i).bare)
		}
	}
}

// plainName is the last part of a qualified name, without the arguments of templates and
// functions.
func plainName(name string) string {
	if i := strings.IndexAny(name, "<("); i > 0 {
		name = name[:i]
	}
	return name[strings.LastIndexByte(name, ':')+1:]
}

// identifiers are the names that a mangled one spells out: each a length and as many bytes.
func identifiers(raw string) (out []string) {
	for i := 0; i < len(raw); {
		n := 0
		for ; i < len(raw) && '0' <= raw[i] && raw[i] <= '9' && n < len(raw); i++ {
			n = n*10 + int(raw[i]-'0')
		}
		switch {
		case n == 0:
			i++
		case n <= len(raw)-i:
			out = append(out, raw[i:i+n])
			i += n
		}
	}
	return out
}

// nearest collects the names that are most like one.
type nearest struct {
	want  string
	found []suggestion
	rows  [3][]int
}

type suggestion struct {
	name string
	dist int
}

func (n *nearest) add(name string) {
	if d := n.near(name); d >= 0 {
		n.found = append(n.found, suggestion{name, d})
	}
}

func (n *nearest) best() []string {
	slices.SortFunc(n.found, func(a, b suggestion) int {
		return cmp.Or(cmp.Compare(a.dist, b.dist), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, s := range slices.Compact(n.found) {
		if out = append(out, s.name); len(out) == 3 {
			break
		}
	}
	return out
}

// near is the number of edits between a name and the wanted one, neighbours swapped being
// one, or -1 where they are so many that nobody would mistake one for the other.
func (n *nearest) near(name string) int {
	limit := max(1, len(n.want)/3)
	if diff := len(name) - len(n.want); diff > limit || -diff > limit || name == "" {
		return -1
	}
	size := len(name) + 1
	for i := range n.rows {
		n.rows[i] = slices.Grow(n.rows[i][:0], size)[:size]
	}
	old, prev, row := n.rows[0], n.rows[1], n.rows[2]
	for j := range prev {
		prev[j] = j
	}
	for i := range len(n.want) {
		if n.edit(old, prev, row, name, i) > limit {
			return -1
		}
		old, prev, row = prev, row, old
	}
	if d := prev[len(name)]; d <= limit {
		return d
	}
	return -1
}

// edit fills the row of distances of the first i+1 bytes of the wanted name, and gives the
// lowest.
func (n *nearest) edit(old, prev, row []int, name string, i int) (low int) {
	row[0] = i + 1
	low = row[0]
	for j := range len(name) {
		row[j+1] = min(prev[j]+btoi(n.want[i] != name[j]), prev[j+1]+1, row[j]+1)
		if i > 0 && j > 0 && n.want[i] == name[j-1] && n.want[i-1] == name[j] {
			row[j+1] = min(row[j+1], old[j-1]+1)
		}
		low = min(low, row[j+1])
	}
	return low
}

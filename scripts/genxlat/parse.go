package main

import (
	"fmt"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// file is one .in file: its lines as they are, and the tables found in them.
type file struct {
	path   string
	lines  []string
	tables []*table
}

type table struct {
	name, unknown string
	sorted        bool
	line          int      // of %table, from 0
	includes      []string // headers, with their brackets
	entries       []*entry
}

type entry struct {
	name  string
	line  int
	alias bool
	known bool // has a value
	base  value
	alt   map[string]value // by architecture
}

// value is a number, or the absence of one on an architecture.
type value struct {
	n      uint64
	absent bool
	text   string // as it was written
}

// on returns the value on the named architecture.
func (e *entry) on(arch string) value {
	if v, ok := e.alt[arch]; ok {
		return v
	}
	return e.base
}

func parse(path, src string) (*file, error) {
	f := &file{path: path, lines: strings.Split(strings.TrimSuffix(src, "\n"), "\n")}
	var includes []string
	grouped := false // the line before was an %include
	var t *table
	for i, line := range f.lines {
		fail := func(format string, args ...any) (*file, error) {
			return nil, fmt.Errorf("%s:%d: %s", path, i+1, fmt.Sprintf(format, args...))
		}
		w := words(line)
		switch {
		case len(w) == 0:
		case w[0] == "%include":
			if len(w) != 2 {
				return fail("%%include <header>")
			}
			if !grouped {
				includes = nil
			}
			includes = append(includes[:len(includes):len(includes)], w[1])
			grouped = true
		case w[0] == "%table":
			if len(w) != 3 && (len(w) != 4 || w[3] != "sorted") {
				return fail("%%table name unknown [sorted]")
			}
			t = &table{name: w[1], unknown: w[2], sorted: len(w) == 4, line: i, includes: includes}
			if t.unknown == "-" {
				t.unknown = ""
			}
			f.tables = append(f.tables, t)
			grouped = false
		case w[0][0] == '%':
			return fail("unknown directive %s", w[0])
		case t == nil:
			return fail("%s stands before any %%table", w[0])
		default:
			e, err := parseEntry(w)
			if err != nil {
				return fail("%s", err)
			}
			e.line = i
			t.entries = append(t.entries, e)
			grouped = false
		}
	}
	return f, nil
}

// words splits a line at blanks, without its comment. A first word in double quotes
// may have blanks.
func words(line string) []string {
	if j := strings.IndexByte(line, '#'); j >= 0 {
		line = line[:j]
	}
	if rest, ok := strings.CutPrefix(line, `"`); ok {
		if name, rest, ok := strings.Cut(rest, `"`); ok && name != "" {
			return append([]string{name}, strings.Fields(rest)...)
		}
	}
	return strings.Fields(line)
}

func parseEntry(w []string) (*entry, error) {
	e := &entry{name: w[0]}
	for _, s := range w[1:] {
		if s == "alias" {
			e.alias = true
			continue
		}
		arch, num, isAlt := strings.Cut(s, "=")
		if !isAlt {
			num = s
		}
		v, err := parseValue(num)
		switch {
		case err != nil:
			return nil, err
		case !isAlt && e.known:
			return nil, fmt.Errorf("%s has two values", e.name)
		case !isAlt:
			e.base, e.known = v, true
		case arch != "i386" && arch != "arm64":
			return nil, fmt.Errorf("unknown architecture %s", arch)
		default:
			if e.alt == nil {
				e.alt = map[string]value{}
			}
			e.alt[arch] = v
		}
	}
	return e, nil
}

func parseValue(s string) (value, error) {
	if s == "-" {
		return value{absent: true, text: s}, nil
	}
	if strings.HasPrefix(s, "-") {
		n, err := strconv.ParseInt(s, 0, 64)
		return value{n: uint64(n), text: s}, err
	}
	n, err := strconv.ParseUint(s, 0, 64)
	return value{n: n, text: s}, err
}

// text is the file with the entries that -fill completed.
func (f *file) text() []byte { return []byte(strings.Join(f.lines, "\n") + "\n") }

// order sorts the lines of a sorted table among the places they have, leaving
// comments where they are.
func (f *file) order(t *table) {
	places := make([]int, len(t.entries))
	for i, e := range t.entries {
		places[i] = e.line
	}
	es := append([]*entry(nil), t.entries...)
	sort.SliceStable(es, func(i, j int) bool { return es[i].base.n < es[j].base.n })
	text := make([]string, len(es))
	for i, e := range es {
		text[i] = f.lines[e.line]
	}
	for i, e := range es {
		f.lines[places[i]], e.line = text[i], places[i]
	}
	t.entries = es
}

// verify returns the table's mistakes.
func (t *table) verify(path string) (bad []string) {
	at := func(line int, format string, args ...any) {
		bad = append(bad, fmt.Sprintf("%s:%d: %s: %s", path, line+1, t.name, fmt.Sprintf(format, args...)))
	}
	if len(t.entries) == 0 {
		at(t.line, "no entries")
	}
	names := map[string]bool{}
	vals := map[uint64]string{}
	last := value{absent: true}
	for _, e := range t.entries {
		if names[e.name] {
			at(e.line, "%s is there twice", e.name)
		}
		names[e.name] = true
		if !e.known {
			at(e.line, "%s has no value; try -fill", e.name)
			continue
		}
		if e.base.absent {
			if len(e.alt) == 0 {
				at(e.line, "%s has no value on any architecture", e.name)
			}
			continue
		}
		other, dup := vals[e.base.n]
		switch {
		case dup && !e.alias:
			at(e.line, "%s has the value of %s: mark it alias if that is meant", e.name, other)
		case !dup && e.alias:
			at(e.line, "%s is an alias of nothing above it", e.name)
		case !dup:
			vals[e.base.n] = e.name
		}
		if t.sorted && !last.absent && e.base.n <= last.n {
			at(e.line, "%s breaks the order", e.name)
		}
		last = e.base
	}
	return bad
}

// goName is the variable's name: x and the table's name in camel case.
func (t *table) goName() string {
	var b strings.Builder
	b.WriteByte('x')
	for _, p := range strings.Split(t.name, "_") {
		if p != "" {
			b.WriteString(strings.ToUpper(p[:1]) + p[1:])
		}
	}
	return b.String()
}

// goName is the name of the generated file.
func (f *file) goName() string {
	return "zxlat_" + strings.TrimSuffix(filepath.Base(f.path), ".in") + ".go"
}

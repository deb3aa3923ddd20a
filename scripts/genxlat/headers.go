package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// compiler is a C compiler for one architecture.
type compiler struct {
	name string
	argv []string
	bits uint
}

var arches = []compiler{
	{"amd64", []string{"gcc", "-m64"}, 64},
	{"i386", []string{"gcc", "-m32", "-idirafter", "/usr/include/x86_64-linux-gnu"}, 32},
	{"arm64", []string{"aarch64-linux-gnu-gcc"}, 64},
}

// works reports whether the compiler is installed, with its headers.
func (c compiler) works() bool {
	cmd := exec.Command(c.argv[0], append(c.argv[1:len(c.argv):len(c.argv)], "-fsyntax-only", "-xc", "-")...)
	cmd.Stdin = strings.NewReader("#include <fcntl.h>\n")
	return cmd.Run() == nil
}

// constant is what the headers say of a name.
type constant struct {
	n        uint64
	negative bool
}

var (
	errorLine = regexp.MustCompile(`(?m)^q\.c:(\d+):\d+: (?:error|note): `)
	word      = regexp.MustCompile(`\w+`)
	valueLine = regexp.MustCompile(`^@@(-?\d+) (-?\d+) ([01]) (\w+)$`)
)

// query asks the compiler for the values of names under the given headers. Names
// that the headers do not have, or that are not constants, are not in the answer.
// Values leave through an asm statement, so macros and enumerators work alike and
// nothing has to be run: the compiler may be a cross compiler. They leave in two
// halves, because amd64 has no 64-bit immediate operands.
func (c compiler) query(includes, names []string) (map[string]constant, error) {
	dir, err := os.MkdirTemp("", "genxlat")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	gcc := func(src []byte, args ...string) ([]byte, error) {
		if err := os.WriteFile(filepath.Join(dir, "q.c"), src, 0o644); err != nil {
			return nil, err
		}
		cmd := exec.Command(c.argv[0], append(append(c.argv[1:len(c.argv):len(c.argv)], args...), "-w", "q.c")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		return cmd.CombinedOutput()
	}
	// What is nowhere in the headers is not asked for: an error costs the compiler a
	// search for names that are like it.
	src, _ := program(includes, nil, nil)
	out, err := gcc(src, "-E", "-dD")
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w\n%s", c.name, strings.Join(includes, " "), err, out)
	}
	present := map[string]bool{}
	for _, w := range word.FindAll(out, -1) {
		present[string(w)] = true
	}
	skip := map[int]bool{}
	for i, n := range names {
		skip[i] = !present[n]
	}
	for round := 0; round < 6; round++ {
		src, first := program(includes, names, skip)
		out, err := gcc(src, "-O0", "-S", "-fmax-errors=0", "-fno-diagnostics-show-caret", "-fdiagnostics-color=never", "-o", "q.s")
		if err == nil {
			return values(filepath.Join(dir, "q.s"))
		}
		// A note is where a macro is used that has the error.
		more := false
		for _, m := range errorLine.FindAllSubmatch(out, -1) {
			n, _ := strconv.Atoi(string(m[1]))
			if n >= first && !skip[n-first] {
				skip[n-first], more = true, true
			}
		}
		if !more {
			return nil, fmt.Errorf("%s with %s: %w\n%s", c.name, strings.Join(includes, " "), err, out)
		}
	}
	return nil, fmt.Errorf("%s with %s: errors do not end", c.name, strings.Join(includes, " "))
}

// program makes the C file that query compiles, and the number of the line of the
// first name: names[i] stands on line first+i.
func program(includes, names []string, skip map[int]bool) (src []byte, first int) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "#define _GNU_SOURCE\n#include <stdint.h>\n#include <stddef.h>\n")
	for _, h := range includes {
		fmt.Fprintf(&b, "#if __has_include(%s)\n#include %s\n#endif\n", h, h)
	}
	first = bytes.Count(b.Bytes(), []byte("\n")) + 1
	for i, n := range names {
		if !skip[i] {
			fmt.Fprintf(&b, `void f%d(void) { __asm__ volatile("\n@@%%c0 %%c1 %%c2 %s" :: "i"((int)((unsigned long long)(%s) >> 32)),`, i, n, n)
			fmt.Fprintf(&b, ` "i"((int)(unsigned long long)(%s)), "i"((%s) < 0)); }`, n, n)
		}
		b.WriteByte('\n')
	}
	return b.Bytes(), first
}

// values reads the answers out of the assembly text.
func values(path string) (map[string]constant, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]constant{}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		m := valueLine.FindStringSubmatch(sc.Text())
		if m == nil {
			continue
		}
		hi, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return nil, err
		}
		lo, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return nil, err
		}
		k := constant{n: uint64(uint32(hi))<<32 | uint64(uint32(lo)), negative: m[3] == "1"}
		// 1 << 31 is a negative int, but the kernel's field is a set of bits.
		if k.negative && int64(k.n) == -1<<31 {
			k.n, k.negative = 1<<31, false
		}
		out[m[4]] = k
	}
	return out, sc.Err()
}

// groups splits the tables by the headers they are checked against.
func (f *file) groups() [][]*table {
	var out [][]*table
	for i, t := range f.tables {
		if i > 0 && strings.Join(t.includes, " ") == strings.Join(f.tables[i-1].includes, " ") {
			out[len(out)-1] = append(out[len(out)-1], t)
		} else {
			out = append(out, []*table{t})
		}
	}
	return out
}

// fill completes the entries that have no value and orders the sorted tables.
func (f *file) fill() error {
	for _, g := range f.groups() {
		var names []string
		for _, t := range g {
			for _, e := range t.entries {
				if !e.known && isIdent(e.name) {
					names = append(names, e.name)
				}
			}
		}
		if len(names) == 0 {
			continue
		}
		found := map[string]map[string]constant{}
		for _, c := range arches {
			if c.name != "amd64" && !c.works() {
				continue
			}
			m, err := c.query(g[0].includes, names)
			if err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
			found[c.name] = m
		}
		for _, t := range g {
			for _, e := range t.entries {
				if !e.known {
					f.complete(e, found)
				}
			}
		}
	}
	for _, t := range f.tables {
		if t.sorted {
			f.order(t)
		}
	}
	return nil
}

// complete gives e what was found for it, in the file's text too.
func (f *file) complete(e *entry, found map[string]map[string]constant) {
	var add []string
	base, ok := found["amd64"][e.name]
	switch {
	case ok:
		add = append(add, literal(base))
	default:
		if _, ok := found["arm64"][e.name]; !ok {
			return
		}
		add = append(add, "-")
	}
	for _, c := range arches[1:] {
		m, asked := found[c.name]
		if !asked {
			continue
		}
		switch k, has := m[e.name]; {
		case ok && !has:
			add = append(add, c.name+"=-")
		case has && (!ok || !same(c, base.n, k)):
			add = append(add, c.name+"="+literal(k))
		}
	}
	line, comment, has := strings.Cut(f.lines[e.line], "#")
	line = strings.TrimRight(line, " \t") + " " + strings.Join(add, " ")
	if has {
		line += " #" + comment
	}
	done, err := parseEntry(words(line))
	if err != nil {
		return
	}
	f.lines[e.line] = line
	done.line = e.line
	*e = *done
}

// literal writes a number as the .in files do.
func literal(k constant) string {
	switch {
	case k.negative:
		return strconv.FormatInt(int64(k.n), 10)
	case k.n < 10:
		return strconv.FormatUint(k.n, 10)
	}
	return "0x" + strconv.FormatUint(k.n, 16)
}

// same compares a table's value with the headers', in the width of the machine.
func same(c compiler, n uint64, k constant) bool {
	return n == k.n || n>>32 == 0 && uint32(n) == uint32(k.n) && k.negative ||
		c.bits == 32 && uint32(n) == uint32(k.n)
}

// check compares all values with the headers on one architecture. It returns how
// many names the headers had, the mismatches, and the names that the headers lack.
func (f *file) check(c compiler) (n int, bad, lacking []string, err error) {
	for _, g := range f.groups() {
		seen := map[string]bool{}
		var names []string
		for _, t := range g {
			for _, e := range t.entries {
				for _, n := range e.names() {
					if isIdent(n) && !seen[n] {
						seen[n] = true
						names = append(names, n)
					}
				}
			}
		}
		found, err := c.query(g[0].includes, names)
		if err != nil {
			return n, bad, lacking, fmt.Errorf("%s: %w", f.path, err)
		}
		n += len(found)
		for _, t := range g {
			for _, e := range t.entries {
				v := e.on(c.name)
				for _, name := range e.names() {
					k, ok := found[name]
					switch {
					case !ok && !v.absent:
						lacking = append(lacking, name)
					case ok && (v.absent || !same(c, v.n, k)) && !t.elsewhere(c, name, k):
						bad = append(bad, fmt.Sprintf("%s:%d: %s: %s is %s on %s, the headers say %s",
							f.path, e.line+1, t.name, name, v.text, c.name, literal(k)))
					}
				}
			}
		}
	}
	return n, bad, lacking, nil
}

// elsewhere reports whether another entry gives the name its value: what shares a
// number on one architecture need not do so on another.
func (t *table) elsewhere(c compiler, name string, k constant) bool {
	for _, e := range t.entries {
		if v := e.on(c.name); !v.absent && same(c, v.n, k) && slices.Contains(e.names(), name) {
			return true
		}
	}
	return false
}

// names are what the headers may be asked for: one request code has several.
func (e *entry) names() []string { return strings.Split(e.name, " or ") }

// isIdent reports whether the headers can be asked: some entries are expressions.
func isIdent(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

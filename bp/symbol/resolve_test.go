package symbol

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDemangled compares all names of a C++ program with nm -C, and finds functions by them.
func TestDemangled(t *testing.T) {
	bin := build(t, "shapes.cc", "-O1", "-static")
	s := mapped(t, bin)
	n := 0
	re := regexp.MustCompile(`^0*([0-9a-f]+) [TtWw] (.*)$`)
	tab := s.modules[0].File.table()
	for _, line := range strings.Split(run(t, "nm", "-C", bin), "\n") {
		m := re.FindStringSubmatch(line)
		if m == nil || !strings.Contains(m[2], "ns::") && !strings.HasPrefix(m[2], "std::") {
			continue
		}
		n++
		if n%25 != 0 && !strings.Contains(m[2], "ns::") {
			continue
		}
		addr, _ := strconv.ParseUint(m[1], 16, 64)
		if !slices.ContainsFunc(tab.find(m[2]), func(i int) bool { return tab.funcs[i].addr == addr }) {
			t.Errorf("%s is not found at %#x", m[2], addr)
		}
	}
	if n < 100 {
		t.Errorf("nm has %d names: too few to compare", n)
	}
	for text, want := range map[string]int{
		"ns::Box<int>::area": 1, "ns::Box<int>::area(int) const": 1, "*Box*::area*": 2, "ns::biggest<int>": 1,
		"ns::biggest*": 2, "(anonymous namespace)::hidden": 1, "*hidden*(*char const*)": 1, "_ZNK2ns3BoxIiE4areaEi": 1,
		"ns::Box<*": 6, "ns::Box::area": 2, "ns::biggest": 2,
	} {
		l, _ := ParseLoc(text)
		p, err := s.Resolve(l)
		if err != nil || len(p) != want {
			t.Errorf("Resolve(%s) = %+v, %v; want %d points", text, p, err, want)
		}
	}
}

// TestIfunc resolves functions that choose their implementation as the program itself sees them.
func TestIfunc(t *testing.T) {
	pid, said := start(t, build(t, "stubs.c", "-fno-builtin", "-DWAIT"))
	s := space(t, pid)
	want, _ := strconv.ParseUint(said[1], 0, 64)
	p := one(t, s, "libc!strchr")
	if p.Addr != want {
		t.Errorf("strchr is %#x, want %#x", p.Addr, want)
	}
	if at := s.Place(want + 1); at.Off != 1 || !strings.Contains(at.Func, "strchr") {
		t.Errorf("Place(%#x+1) = %+v, want one of strchr", want, at)
	}
}

func TestIfuncStatic(t *testing.T) {
	for _, flag := range []string{"-static", "-static-pie"} {
		pid, _ := start(t, build(t, "stubs.c", "-fno-builtin", "-DWAIT", flag))
		s := space(t, pid)
		p := one(t, s, "stubs!strchr")
		if at := s.Place(p.Addr); at.Off != 0 || !strings.Contains(at.Func, "strchr") {
			t.Errorf("%s: strchr is at %+v", flag, at)
		}
	}
}

// TestIfuncUnbound says so where the program has not been linked: it is only looked at.
func TestIfuncUnbound(t *testing.T) {
	s := mapped(t, build(t, "stubs.c", "-fno-builtin", "-static"))
	s.pid = -1
	if p, err := s.Resolve(Loc{Name: "strchr"}); !errors.Is(err, ErrUnbound) || !errors.Is(err, ErrNone) || len(p) != 0 {
		t.Errorf("Resolve(strchr) = %+v, %v; want it unbound", p, err)
	}
}

func TestSuggest(t *testing.T) {
	s := mapped(t, build(t, "shapes.cc", "-g", "-O1"))
	for text, want := range map[string]string{
		"mian": "main", "shape!main": "shapes", "ns::bigest<int>": "ns::biggest<int>", "shaps.cc:3": "shapes.cc",
	} {
		l, _ := ParseLoc(text)
		if got := s.Suggest(l); len(got) == 0 || got[0] != want {
			t.Errorf("Suggest(%s) = %q, want %q first", text, got, want)
		}
	}
}

// TestChanged takes the symbols of memory where the file was replaced. The map_files of the
// process still lead to the old one, so another file is put in place of what they give.
func TestChanged(t *testing.T) {
	bin := build(t, "plain.c", "-O1", "-rdynamic", "-Wl,--build-id=sha1")
	other := build(t, "stubs.c", "-O1", "-Wl,--build-id=sha1")
	pid, said := start(t, bin)
	s := space(t, pid)
	m := one(t, s, "plain!thrice").Module
	if m.Changed || s.changed(m.File, m.Bias) || !s.changed(open(t, other), m.Bias) {
		t.Errorf("changed is wrong: the module %v, its file %v", m.Changed, s.changed(m.File, m.Bias))
	}
	again := s.remembered(m.mapped, true)
	if again == nil || again.Bias != m.Bias || !again.Changed {
		t.Fatalf("from memory: %+v, want bias %#x", again, m.Bias)
	}
	want, _ := strconv.ParseUint(said[0], 0, 64)
	if f, ok := again.function(want); !ok || f.Addr != want || f.Name != "again" {
		t.Errorf("thrice, also again, from memory is %+v, want %#x", f, want)
	}
	twice := m.File.table().find("twice")
	at := m.File.table().funcs[twice[0]].addr + m.Bias
	if f, ok := again.function(at + 1); !ok || f.Addr != at || f.Raw != "" {
		t.Errorf("twice from memory is %+v, want %#x without a name", f, at)
	}
}

func TestRange(t *testing.T) {
	pid, said := start(t, build(t, "plain.c", "-O1"))
	s := space(t, pid)
	thrice, _ := strconv.ParseUint(said[0], 0, 64)
	for text, in := range map[string]bool{
		"": true, "plain": true, "plain!": true, "thrice": true, "plain!t*": true, "main": false, "libc.so.6": false,
		said[0] + "-0xffffffffffff": true, "0x1-0x2": false,
	} {
		spans, err := s.Range(text)
		if err != nil {
			t.Errorf("Range(%q): %v", text, err)
		}
		if got := slices.ContainsFunc(spans, func(sp Span) bool { return sp.Lo <= thrice && thrice < sp.Hi }); got != in {
			t.Errorf("Range(%q) = %#x; contains %#x: %v, want %v", text, spans, thrice, got, in)
		}
	}
	for _, text := range []string{"nosuch", "0x2-0x1", "0x1-g", "main+1", "plain.c:3", "nosuch!"} {
		if spans, err := s.Range(text); err == nil {
			t.Errorf("Range(%q) = %#x, want an error", text, spans)
		}
	}
}

// TestInfoLine compares the addresses of source lines with gdb's.
func TestInfoLine(t *testing.T) {
	if _, err := exec.LookPath("gdb"); err != nil {
		t.Skip("needs gdb")
	}
	for _, flags := range []string{"-O0 -gdwarf-5", "-O0 -gdwarf-4 -gz"} {
		bin := build(t, "shapes.cc", append(strings.Fields(flags), "-no-pie")...)
		s := mapped(t, bin)
		src, err := os.ReadFile("testdata/shapes.cc")
		if err != nil {
			t.Fatal(err)
		}
		var script bytes.Buffer
		lines := bytes.Count(src, []byte("\n"))
		for i := range lines {
			script.WriteString("info line shapes.cc:" + strconv.Itoa(i+1) + "\n")
		}
		commands := filepath.Join(t.TempDir(), "gdb")
		if err := os.WriteFile(commands, script.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		n := 0
		re := regexp.MustCompile(`Line (\d+) of "[^"]*" starts at address (0x[0-9a-f]+)`)
		for _, m := range re.FindAllStringSubmatch(run(t, "gdb", "-nx", "-batch", "-x", commands, bin), -1) {
			n++
			addr, _ := strconv.ParseUint(m[2], 0, 64)
			l, _ := ParseLoc("shapes.cc:" + m[1])
			p, err := s.Resolve(l)
			if err != nil || !slices.ContainsFunc(p, func(p Point) bool { return p.Addr == addr }) {
				t.Errorf("%s: %s is %+v, %v; gdb has %#x", flags, l, p, err, addr)
			}
			if _, line, ok := s.Line(addr); !ok || strconv.Itoa(line) != m[1] {
				t.Errorf("%s: %#x is line %d, gdb has %s", flags, addr, line, m[1])
			}
		}
		if n < 10 {
			t.Errorf("gdb has %d lines: too few to compare", n)
		}
	}
}

// TestLinePoints finds a line once in every function it is compiled into, and the next line
// with code where it has none.
func TestLinePoints(t *testing.T) {
	s := mapped(t, build(t, "shapes.cc", "-g", "-O0"))
	for text, want := range map[string]struct {
		n    int
		name string
	}{
		"shapes.cc:31": {2, "shapes.cc:31"}, // of two instances of a template
		"shapes.cc:41": {2, "shapes.cc:41"}, // a loop, once in each
		"shapes.cc:37": {2, "shapes.cc:38"},
	} {
		l, _ := ParseLoc(text)
		p, err := s.Resolve(l)
		if err != nil || len(p) != want.n || p[0].Name != want.name {
			t.Errorf("Resolve(%s) = %+v, %v; want %d of %s", text, p, err, want.n, want.name)
		}
	}
	if _, err := s.Resolve(Loc{File: "shapes.cc", Line: 4000}); !errors.Is(err, ErrNone) {
		t.Errorf("a line after the last: %v", err)
	}
}

func TestGoLines(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "hello")
	for _, ldflags := range []string{"", "-s -w"} {
		run(t, "go", "build", "-ldflags", ldflags, "-o", bin, "testdata/hello.go")
		s := mapped(t, bin)
		for _, text := range []string{"hello.go:17", "testdata/hello.go:20"} {
			p := one(t, s, text)
			if f, ok := s.Func(p.Addr); !ok || !strings.HasPrefix(f.Name, "main.") {
				t.Errorf("%q: %s is in %+v", ldflags, text, f)
			}
			if file, line, ok := s.Line(p.Addr); !ok || !strings.HasSuffix(file, "hello.go") || "hello.go:"+strconv.Itoa(line) != filepath.Base(text) {
				t.Errorf("%q: %s is at %s:%d", ldflags, text, file, line)
			}
		}
	}
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]string{
		"a::f": "a::f", "a::B<int, C<d> >::f<(x)1>": "a::B::f", "B<int>::operator<": "B::operator<",
		"operator<< <char>": "operator<<", "B<int>::operator-><int>": "B::operator->",
		"<a::B<c> as d>::f": "<a::B<c> as d>::f", "a::f::<i32>": "a::f", "operator<=><int>": "operator<=>",
		"a<": "a", "a>b": "a>b",
	} {
		if got := plain(name); got != want {
			t.Errorf("plain(%s) = %s, want %s", name, got, want)
		}
	}
}

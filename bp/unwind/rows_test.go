package unwind

import (
	"debug/elf"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/bp/symbol"
)

// open opens an ELF file and its tables.
func open(t testing.TB, path string) (*symbol.File, *table) {
	t.Helper()
	f, err := symbol.NewCache().Open(path)
	if err != nil {
		t.Skipf("needs %s: %v", path, err)
	}
	m := map[elf.Machine]*machine{elf.EM_X86_64: amd64, elf.EM_386: i386, elf.EM_AARCH64: arm64}[f.ELF().Machine]
	tab := newTable(m, f)
	tab.open()
	return f, tab
}

// compile builds a fixture.
func compile(t testing.TB, cc, src string, flags ...string) string {
	t.Helper()
	if _, err := exec.LookPath(cc); err != nil {
		t.Skipf("needs %s", cc)
	}
	bin := filepath.Join(t.TempDir(), "prog")
	if out, err := exec.Command(cc, append([]string{"-o", bin, "testdata/" + src}, flags...)...).CombinedOutput(); err != nil {
		if strings.Contains(string(out), "cannot find") || strings.Contains(string(out), "No such file") {
			t.Skipf("%s %v: %s", cc, flags, out)
		}
		t.Fatalf("%s %v: %v\n%s", cc, flags, err, out)
	}
	return bin
}

// goldenRow is one row that readelf has made.
type goldenRow struct {
	pc    uint64
	cfa   string
	names []string
	cells []string
}

// readelfRows are the rows that readelf makes of a section.
func readelfRows(t *testing.T, path string, eh bool) []goldenRow {
	t.Helper()
	out, err := exec.Command("readelf", "--wide", "--debug-dump=frames-interp", path).Output()
	if len(out) == 0 { // it fails for what it warns of, too
		t.Skipf("needs readelf: %v", err)
	}
	var rows []goldenRow
	var names []string
	inFDE, wanted := false, false
	for _, line := range strings.Split(string(out), "\n") {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "Contents of the "):
			wanted = strings.Contains(line, ".eh_frame") == eh
		case len(f) == 0:
			inFDE = false
		case len(f) > 3 && (f[3] == "CIE" || f[3] == "FDE"):
			inFDE = f[3] == "FDE" && wanted
		case f[0] == "LOC":
			names = f[2:]
		case inFDE && len(f) == len(names)+2:
			pc, err := strconv.ParseUint(f[0], 16, 64)
			if err != nil {
				t.Fatalf("readelf writes %q", line)
			}
			rows = append(rows, goldenRow{pc, f[1], names, f[2:]})
		}
	}
	return rows
}

// readelfNames are the names that readelf has for registers.
func readelfNames(m *machine) []string {
	var out []string
	for _, slot := range m.regs {
		for _, r := range m.arch.Regs {
			if r.Index == slot {
				out = append(out, r.Name)
				break
			}
		}
	}
	out[m.ra] = "ra"
	return out
}

func (r rule) readelf(names []string) string {
	switch r.where {
	case lost, inPlace:
		return "u"
	case atOffset:
		return fmt.Sprintf("c%+d", r.off)
	case isOffset:
		return fmt.Sprintf("v%+d", r.off)
	case inReg:
		return names[r.reg]
	case atExpr:
		return "exp"
	case isOffFrom:
		return fmt.Sprintf("%s%+d", names[r.reg], r.off)
	}
	return "vexp"
}

// TestRows compares every row of real programs with those that readelf makes.
func TestRows(t *testing.T) {
	programs := map[string]func(t *testing.T) string{
		"libc":  func(*testing.T) string { return "/lib/x86_64-linux-gnu/libc.so.6" },
		"ld.so": func(*testing.T) string { return "/lib64/ld-linux-x86-64.so.2" },
		"bash":  func(*testing.T) string { return "/bin/bash" },
		"arm64": func(t *testing.T) string { return compile(t, "aarch64-linux-gnu-gcc", "stacks.c", "-O2", "-static") },
		"pac": func(t *testing.T) string {
			return compile(t, "aarch64-linux-gnu-gcc", "stacks.c", "-O1", "-mbranch-protection=standard")
		},
		"i386":   func(t *testing.T) string { return compile(t, "gcc", "stacks.c", "-O2", "-m32") },
		"throws": func(t *testing.T) string { return compile(t, "g++", "throws.cc", "-O2") },
		"nohdr":  func(t *testing.T) string { return compile(t, "gcc", "stacks.c", "-Wl,--no-eh-frame-hdr") },
	}
	for name, path := range programs {
		t.Run(name, func(t *testing.T) {
			path := path(t)
			_, tab := open(t, path)
			if tab.eh == nil {
				t.Fatal("no .eh_frame was found")
			}
			compareRows(t, tab.machine, tab.eh, readelfRows(t, path, true))
		})
	}
}

// TestDebugFrame does the same for .debug_frame.
func TestDebugFrame(t *testing.T) {
	path := compile(t, "gcc", "stacks.c", "-g", "-O2", "-fno-asynchronous-unwind-tables", "-fno-exceptions")
	_, tab := open(t, path)
	s := tab.openDebug()
	if s == nil {
		t.Fatal("no .debug_frame was found")
	}
	compareRows(t, tab.machine, s, readelfRows(t, path, false))
}

func compareRows(t *testing.T, m *machine, s *section, rows []goldenRow) {
	t.Helper()
	names, bad := readelfNames(m), 0
	if len(rows) == 0 {
		t.Fatal("readelf shows no rows")
	}
	for _, g := range rows {
		f, ok := s.find(g.pc)
		if !ok {
			t.Errorf("%#x is in no FDE", g.pc)
			continue
		}
		r, ok := s.rules(f, g.pc)
		got := []string{}
		for _, n := range g.names {
			cell := "?"
			for i := range names {
				if names[i] == n {
					cell = r.regs[i].readelf(names)
				}
			}
			if strings.HasPrefix(n, "v") || strings.HasPrefix(n, "d") || strings.HasPrefix(n, "xmm") { // vectors
				cell = g.cells[len(got)]
			}
			got = append(got, cell)
		}
		cfa := r.cfa.readelf(names)
		if r.cfa.where == isExpr {
			cfa = "exp"
		}
		want := strings.ReplaceAll(strings.Join(g.cells, " "), "s", "u")
		if have := strings.ReplaceAll(strings.Join(got, " "), "s", "u"); !ok || cfa != g.cfa || have != want {
			if bad++; bad < 10 {
				t.Errorf("%#x %v: %s %s; readelf: %s %s", g.pc, g.names, cfa, have, g.cfa, want)
			}
		}
	}
	t.Logf("%d rows", len(rows))
}

// TestHeader checks that the table of .eh_frame_hdr leads to the same entries as reading all of
// them.
func TestHeader(t *testing.T) {
	_, tab := open(t, "/lib/x86_64-linux-gnu/libc.so.6")
	if tab.hdr.table == nil {
		t.Fatal("no table in .eh_frame_hdr")
	}
	linear := *tab
	linear.hdr.table = nil
	for _, sp := range tab.eh.spans() {
		for _, pc := range [...]uint64{sp.lo - 1, sp.lo, sp.hi - 1, sp.hi} {
			a, b := tab.ehStep(pc), linear.ehStep(pc)
			if (a == nil) != (b == nil) || a != nil && fmt.Sprint(*a) != fmt.Sprint(*b) {
				t.Fatalf("%#x: %v by the header, %v without", pc, a, b)
			}
		}
	}
}

package unwind

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gotrace/gotrace/bp/symbol"
)

// goBuild builds the fixture in Go.
func goBuild(t *testing.T, flags ...string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "gostacks")
	args := append([]string{"build", "-o", bin}, flags...)
	if out, err := exec.Command("go", append(args, "./testdata/gostacks")...).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// TestGo compares stacks of a Go program with gdb's, by the program's own table, and by DWARF.
func TestGo(t *testing.T) {
	bin := goBuild(t)
	for name, change := range map[string]func(*table){
		"pclntab":     func(tab *table) { tab.debugOK = true },
		"debug_frame": func(tab *table) { tab.golang = nil },
		"frame pointers": func(tab *table) {
			tab.golang, tab.debugOK = nil, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			ss := &session{debugger: debug(t, bin, "main.site"), bin: bin, change: change}
			// A signal at the breakpoint makes gdb stop there again.
			if n := ss.compareStops(t); n < 6 {
				t.Errorf("%d stops, not 6", n)
			}
		})
	}
}

// TestGoTable compares the depths of stacks in the table of a Go program with its DWARF, at every address.
func TestGoTable(t *testing.T) {
	bin := goBuild(t)
	f, err := symbol.NewCache().Open(bin)
	if err != nil {
		t.Fatal(err)
	}
	tab := newTable(amd64, f)
	tab.open()
	s := tab.openDebug()
	if tab.golang == nil || s == nil {
		t.Fatal("no pclntab or no .debug_frame")
	}
	n := 0
	for _, sp := range s.spans() {
		fde, ok := s.fdeAt(sp.off)
		for pc := sp.lo; ok && pc < sp.hi; pc++ {
			d, g := s.step(fde, pc), tab.golang.step(amd64, pc)
			if d == nil || g == nil {
				continue
			}
			if n++; d.cfa.where != g.cfa.where || d.cfa.reg != g.cfa.reg || d.cfa.off != g.cfa.off {
				t.Fatalf("%#x: the CFA is %+v by pclntab, %+v by DWARF", pc, g.cfa, d.cfa)
			}
		}
	}
	if n < 100000 {
		t.Errorf("only %d addresses were compared", n)
	}
}

// TestGoroutine checks that the stack of what the runtime does for a goroutine, on its thread's own stack, goes
// on with the goroutine's.
func TestGoroutine(t *testing.T) {
	bin := goBuild(t)
	ss := &session{debugger: debug(t, bin, "runtime.newproc1"), bin: bin}
	for {
		_, got, ok := ss.next(t)
		if !ok {
			t.Fatal("no goroutine was made by main.main")
		}
		var names []string
		for _, f := range got {
			names = append(names, f.Place.Func)
		}
		if i := slices.Index(names, "main.main"); i > 0 {
			if !slices.Contains(names[:i], "runtime.systemstack_switch") && !slices.Contains(names[:i], "runtime.systemstack_switch.abi0") {
				t.Errorf("no change of stacks in %v", names)
			}
			return
		}
		ss.do("continue", "here")
	}
}

package decode

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

var allABIs = []*arch.ABI{arch.ABIAMD64, arch.ABII386, arch.ABIARM64}

// pending holds the calls that still have no declaration. It only ever shrinks.
var pending = words(`
socketcall
`)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// Every call that has a name in an ABI has a declaration, and the other way round:
// no declaration is for a name that no ABI has.
func TestEveryCallIsDeclared(t *testing.T) {
	named := map[string]bool{}
	missing := map[string]bool{}
	for _, a := range allABIs {
		tab := New(a)
		for nr, name := range a.Syscalls {
			if name == "" {
				continue
			}
			named[name] = true
			if tab.Lookup(a, uint64(nr)) != &unknown {
				continue
			}
			missing[name] = true
			if !pending[name] {
				t.Errorf("%s of %s has no declaration", name, a.Arch.Name)
			}
		}
		for _, s := range a.Subcalls {
			named[s.Name] = true
		}
	}
	for name := range pending {
		if !missing[name] {
			t.Logf("%s is declared: take it off the list", name)
		}
	}
	for _, calls := range subsystems {
		for i := range calls {
			if !named[calls[i].Name] {
				t.Errorf("%s is declared, but no ABI has it", calls[i].Name)
			}
		}
	}
}

// A name is declared once, and once more for each architecture where it differs.
func TestNoCallIsDeclaredTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, calls := range subsystems {
		for i := range calls {
			k := &calls[i]
			for _, only := range append(strings.Fields(k.Only), "")[:max(1, len(strings.Fields(k.Only)))] {
				id := k.Name + "@" + only
				if seen[id] {
					t.Errorf("%s is declared twice", id)
				}
				seen[id] = true
			}
		}
	}
}

// The registers of a declaration are those that strace shows with -e raw=.
func TestArgumentCounts(t *testing.T) {
	f, err := os.Open("../../arch/testdata/strace_argcount.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tables := map[string]*Table{}
	abis := map[string]*arch.ABI{}
	for _, a := range allABIs {
		abis[a.Arch.Name], tables[a.Arch.Name] = a, New(a)
	}
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		w := strings.Fields(sc.Text())
		if len(w) != 4 || abis[w[0]] == nil {
			continue
		}
		nr, _ := strconv.ParseUint(w[1], 10, 64)
		want, _ := strconv.Atoi(w[3])
		k := tables[w[0]].Lookup(abis[w[0]], nr)
		if k == &unknown {
			continue
		}
		n++
		var c Ctx
		c.Begin(tables[w[0]], abis[w[0]], nr, [6]uint64{}, Raw)
		args, _ := c.Enter()
		if got := len(args); got != want {
			t.Errorf("%s %s: %d registers, strace shows %d", w[0], w[2], got, want)
		}
	}
	if n < 300 {
		t.Errorf("only %d calls compared", n)
	}
}

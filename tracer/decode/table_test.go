package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// wantArgs is how many registers strace 6.1 shows of each call with -e raw=all.
func wantArgs(t *testing.T) map[string]map[string]int {
	t.Helper()
	f, err := os.Open("../../arch/testdata/strace_argcount.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	counts := make(map[string]map[string]int)
	for in := bufio.NewScanner(f); in.Scan(); {
		w := strings.Fields(in.Text())
		n, err := strconv.Atoi(w[3])
		if err != nil {
			t.Fatal(err)
		}
		if counts[w[0]] == nil {
			counts[w[0]] = make(map[string]int)
		}
		counts[w[0]][w[2]] = n
	}
	return counts
}

func TestRawArguments(t *testing.T) {
	counts := wantArgs(t)
	tab := New(everyABI...)
	for _, abi := range everyABI {
		want, seen := counts[abi.Arch.Name], 0
		for nr, name := range abi.Syscalls {
			n, known := want[name]
			if k := tab.Lookup(abi, uint64(nr)); known && k != &unknown {
				c := fakeCtx(abi, nil)
				c.Begin(tab, abi, uint64(nr), [6]uint64{}, Raw)
				args, _ := c.Enter()
				if seen++; len(args) != n {
					t.Errorf("%s %s has %d arguments, strace shows %d", abi.Arch.Name, name, len(args), n)
				}
			}
		}
		if want != nil && seen < 100 {
			t.Errorf("%s: only %d calls compared", abi.Arch.Name, seen)
		}
	}
}

// TestArgumentNames checks that every declared argument can be named and decoded.
func TestArgumentNames(t *testing.T) {
	for _, calls := range subsystems {
		for i := range calls {
			for j, a := range calls[i].Args {
				if a.Name == "" || a.Dec == nil {
					t.Errorf("%s: argument %d has no name or no decoder", calls[i].Name, j)
				}
			}
		}
	}
}

// TestHostile runs every call's decoders over absurd arguments and memory. They must
// return, within bounds.
func TestHostile(t *testing.T) {
	tab := New(everyABI...)
	for _, abi := range everyABI {
		for nr := range abi.Syscalls {
			if tab.Lookup(abi, uint64(nr)) == &unknown || testing.Short() && nr%4 != 0 {
				continue
			}
			for k, h := range hostile {
				survive(t, tab, abi, uint64(nr), h, hostile[(k*7+nr)%len(hostile)])
			}
		}
	}
}

func survive(t *testing.T, tab *Table, abi *arch.ABI, nr, a, b uint64) {
	t.Helper()
	var page [4096]byte
	for i := 0; i < len(page); i += 8 {
		binary.LittleEndian.PutUint64(page[i:], hostile[(i/8+int(nr))%len(hostile)])
	}
	for _, args := range [][6]uint64{{a, a, a, a, a, a}, {b, 0x1000, a, 0x1ff8, a, 0x1008}, {0x1000, a, 0x1000, b, 0x1fff, b}} {
		if abi.Bits == 32 {
			for i := range args {
				args[i] = uint64(uint32(args[i]))
			}
		}
		for _, ret := range []int64{0, int64(a), -1} {
			c := fakeCtx(abi, page[:])
			c.Begin(tab, abi, nr, args, Verbose)
			c.Enter()
			errno := 0
			if ret == -1 {
				errno = 22
			}
			n := 0
			for _, v := range c.Leave(ret, errno) {
				walk(&v, func(*event.Value) { n++ })
			}
			c.Result()
			if n > maxValues {
				t.Fatalf("%s %s%#x made %d values", abi.Arch.Name, abi.SyscallName(nr), args, n)
			}
		}
	}
	if bytes.Equal(page[:8], page[8:16]) {
		t.Fatal("the page is not hostile")
	}
}

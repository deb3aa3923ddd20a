package perf

import (
	"bufio"
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gotrace/gotrace/tracer/event"
)

// kernelSymbols names addresses of the kernel, by /proc/kallsyms. The file is read when the
// first one is asked for. Who may not know the addresses finds zeros there.
type kernelSymbols struct {
	read bool
	all  []kernelSymbol // in order of address
}

type kernelSymbol struct {
	addr         uint64
	name, module string
}

// kernelModule is the name of what is not in a module of the kernel.
const kernelModule = "[kernel]"

func (k *kernelSymbols) place(addr uint64) event.Place {
	if !k.read {
		k.read = true
		if f, err := os.Open("/proc/kallsyms"); err == nil {
			k.all = parseKallsyms(bufio.NewScanner(f))
			f.Close()
		}
	}
	i, found := slices.BinarySearchFunc(k.all, addr, func(s kernelSymbol, a uint64) int { return cmp.Compare(s.addr, a) })
	if !found {
		i--
	}
	if i < 0 {
		return event.Place{Module: kernelModule}
	}
	s := &k.all[i]
	return event.Place{Module: s.module, Func: s.name, Off: addr - s.addr}
}

// parseKallsyms reads lines as of nm(1): address, type, name and perhaps [module]. Only code
// counts.
func parseKallsyms(lines *bufio.Scanner) []kernelSymbol {
	var all []kernelSymbol
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 3 || !strings.Contains("tTwW", f[1]) {
			continue
		}
		addr, err := strconv.ParseUint(f[0], 16, 64)
		if err != nil || addr == 0 {
			continue
		}
		s := kernelSymbol{addr: addr, name: f[2], module: kernelModule}
		if len(f) > 3 {
			s.module = f[3]
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b kernelSymbol) int { return cmp.Compare(a.addr, b.addr) })
	return all
}

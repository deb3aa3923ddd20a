package symbol

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// big is a program with much DWARF: the Go compiler's own.
func big(b testing.TB) string {
	path := filepath.Join(strings.TrimSpace(run(b, "go", "env", "GOTOOLDIR")), "compile")
	if v := os.Getenv("BIG"); v != "" {
		path = v
	}
	if _, err := os.Stat(path); err != nil {
		b.Skipf("needs %s", path)
	}
	return path
}

func mapped(b testing.TB, path string) *Space {
	f := open(b, path)
	lo, hi := f.span()
	m := &Module{Path: path, Name: filepath.Base(path), Lo: lo, Hi: hi, File: f}
	return &Space{modules: []*Module{m}}
}

// BenchmarkFirst is from nothing to the address of a function or line.
func BenchmarkFirst(b *testing.B) {
	path := big(b)
	for _, text := range []string{"main.main", "*Builder*", "ssa.go:300"} {
		b.Run(text, func(b *testing.B) {
			l, _ := ParseLoc(text)
			for b.Loop() {
				if _, err := mapped(b, path).Resolve(l); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWarm is what is done at every hit.
func BenchmarkWarm(b *testing.B) {
	s := mapped(b, big(b))
	addrs := sample(s.modules[0].File, 1000)
	for name, f := range map[string]func(uint64){
		"Func":   func(a uint64) { s.Func(a) },
		"Place":  func(a uint64) { s.Place(a) },
		"Line":   func(a uint64) { s.Line(a) },
		"Frames": func(a uint64) { s.Frames(a) },
	} {
		b.Run(name, func(b *testing.B) {
			for _, a := range addrs {
				f(a)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				f(addrs[i%len(addrs)])
				i++
			}
		})
	}
}

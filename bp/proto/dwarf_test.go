package proto

import (
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// TestDebugged compares calls of programs with what those say of themselves.
func TestDebugged(t *testing.T) {
	for _, c := range []struct {
		name, src, at, pattern string
		a                      *arch.Arch
		flags                  []string
	}{
		{"O0", "args.c", "main", "t_*", arch.AMD64, []string{"-g", "-O0"}},
		{"O2", "args.c", "main", "t_*", arch.AMD64, []string{"-g", "-O2"}},
		{"dwarf4", "args.c", "main", "t_*", arch.AMD64, []string{"-g", "-gdwarf-4", "-O1"}},
		{"32", "args.c", "main", "t_*", arch.I386, []string{"-g", "-O1", "-m32", "-msse2"}},
		{"C++", "args.cc", "main", "args_cc!*t_*", arch.AMD64, []string{"-g", "-O1"}},
		{"Go", "args.go", "main.main", "main.t* main.*.tMethod", arch.AMD64, []string{"-gcflags=-l"}},
		{"GoN", "args.go", "main.main", "main.t* main.*.tMethod", arch.AMD64, []string{"-gcflags=-N -l"}},
		{"static", "args.c", "main", "t_*", arch.AMD64, []string{"-g", "-static", "-O1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := startLive(t, c.a, c.at, Options{}, build(t, c.src, c.flags...))
			for _, p := range strings.Fields(c.pattern) {
				l.plant(p)
			}
			got := l.run()
			compare(t, got, l.output())
		})
	}
}

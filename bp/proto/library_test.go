package proto

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// wanted are the calls that a fixture says it makes, with * for anything, and the functions.
func wanted(t *testing.T, src string) (lines []string, funcs map[string]bool) {
	text, err := os.ReadFile(src)
	if err != nil {
		t.Fatal(err)
	}
	funcs = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if _, want, ok := strings.Cut(line, "//= "); ok {
			lines = append(lines, strings.TrimSpace(want))
			name, _, _ := strings.Cut(want, "(")
			funcs[name] = true
		}
	}
	return lines, funcs
}

// match reports whether s is what a line with * for anything says.
func match(line, s string) bool {
	parts := strings.Split(line, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(s)
}

// TestDescribed calls functions of the C library that have no debugging information.
func TestDescribed(t *testing.T) {
	for _, c := range []struct {
		name  string
		a     *arch.Arch
		flags []string
	}{
		{"64", arch.AMD64, nil},
		{"static", arch.AMD64, []string{"-static"}},
		{"32", arch.I386, []string{"-m32"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, funcs := wanted(t, "testdata/lib.c")
			bin := build(t, "lib.c", append(c.flags, "-O0", "-fno-builtin", "-D_FORTIFY_SOURCE=0", "-Wl,-z,now", "-w", "-lm", "-lpthread")...)
			l := startLive(t, c.a, "main", Options{}, bin)
			l.outer = true
			for f := range funcs {
				l.plant(map[bool]string{false: "lib*!"}[c.name == "static"] + f)
			}
			got := l.run()
			for i := range max(len(got), len(lines)) {
				var g, w string
				if i < len(got) {
					g = got[i]
				}
				if i < len(lines) {
					w = lines[i]
				}
				if !match(w, g) {
					t.Errorf("got  %s\nwant %s", g, w)
				}
			}
		})
	}
}

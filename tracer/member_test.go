package tracer_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMembersOfThreads has a thread other than the leader execute the program with which its
// process enters a group, leaves it, or stays in it. Its execve is shown whole.
func TestMembersOfThreads(t *testing.T) {
	tracer := built(t)
	outer := compile(t, "member")
	inner := filepath.Join(filepath.Dir(outer), "inner")
	if err := os.Link(outer, inner); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ options, want string }{
		{"-e exec=inner", `
A execve("inner", ["inner"], ENV) = 0
B +++ exited with 1 +++
A +++ exited with 7 +++
`}, {"-e exec=member*", `
A execve("outer", ["outer", "inner"], ENV) = 0
B execve("inner", ["inner"], ENV <unfinished ...>
C +++ exited with 0 +++
D +++ superseded by execve in pid B +++
D <... execve resumed>) = 0
A +++ exited with 0 +++
`}, {"-e exec=member*+", `
A execve("outer", ["outer", "inner"], ENV) = 0
B execve("inner", ["inner"], ENV <unfinished ...>
C +++ exited with 0 +++
D +++ superseded by execve in pid B +++
D <... execve resumed>) = 0
E +++ exited with 1 +++
D +++ exited with 7 +++
A +++ exited with 0 +++
`},
	} {
		argv := traced(t, tracer, "-f -s 4096 -e trace=execve -e signal=none "+c.options, outer, inner)
		if out, status := runBounded(t, argv...); out != "0x700\n" || status != 0 {
			t.Errorf("%s: status %d, prints %q", c.options, status, out)
		}
		b, err := os.ReadFile(argv[2])
		if err != nil {
			t.Fatal(err)
		}
		got := strings.NewReplacer(outer, "outer", inner, "inner").Replace(string(b))
		if got = anonymous(got); got != c.want[1:] {
			t.Errorf("%s:\n%s\nwant\n%s", c.options, got, c.want)
		}
	}
}

var (
	environment = regexp.MustCompile(`0x[0-9a-f]+ /\* \d+ vars \*/`)
	blanks      = regexp.MustCompile(`  +`)
	tids        = regexp.MustCompile(`(?m)^\d+|in pid \d+`)
)

// anonymous replaces what differs between runs: tids by letters in their order.
func anonymous(trace string) string {
	trace = blanks.ReplaceAllString(environment.ReplaceAllString(trace, "ENV"), " ")
	names := make(map[string]string)
	return tids.ReplaceAllStringFunc(trace, func(s string) string {
		before, id := "", s
		if i := strings.LastIndexByte(s, ' '); i >= 0 {
			before, id = s[:i+1], s[i+1:]
		}
		if names[id] == "" {
			names[id] = string(rune('A' + len(names)))
		}
		return before + names[id]
	})
}

package bp_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/tracer"
)

// TestLife counts a breakpoint over what happens to processes, against the program's own count.
func TestLife(t *testing.T) {
	prog := build(t, "life", "-ldl")
	for _, c := range []struct {
		what     string
		rounds   int
		nofollow bool
		loc      string // another place than target
		want     int    // and its hits
	}{
		{what: "forks", rounds: 50},
		{what: "vforks", rounds: 50},
		{what: "clones", rounds: 200},
		{what: "threads", rounds: 200},
		{what: "threads", rounds: 200, nofollow: true},
		{what: "signals", rounds: 50},
		{what: "own", rounds: 50},
		{what: "own", rounds: 50, loc: "own_trap", want: 50},
		{what: "faulting", rounds: 50},
		{what: "faulting", rounds: 50, loc: "faults", want: 50},
		{what: "libraries", rounds: 20},
		{what: "libraries", rounds: 20, loc: "libz.so*!zlibVersion", want: 20},
		{what: "exec", rounds: 20},
		{what: "thread_exec", rounds: 20},
	} {
		t.Run(c.what+" "+c.loc, func(t *testing.T) {
			p := &probing{}
			loc := c.loc
			if loc == "" {
				loc = "target"
			}
			p.needs.Probes = places(loc)
			out, stat := p.run(t, tracer.Config{Follow: !c.nofollow}, prog, c.what, strconv.Itoa(c.rounds))
			count, err := strconv.Atoi(strings.TrimSpace(out))
			if err != nil || stat.Code != 0 || stat.Sig != 0 {
				t.Fatalf("wrote %q and ended so: %+v", out, stat)
			}
			if c.loc != "" {
				count = c.want
			}
			if got := p.counts["bp "+loc]; got != count {
				t.Errorf("%d hits, want %d", got, count)
			}
		})
	}
}

// TestUnfollowed lets children go that nobody wants traced, without what is planted in them.
func TestUnfollowed(t *testing.T) {
	prog := build(t, "life", "-ldl")
	for _, what := range []string{"forks", "vforks", "clones"} {
		p := &probing{}
		p.needs.Probes = places("target")
		out, stat := p.run(t, tracer.Config{}, prog, what, "20")
		if stat.Code != 0 || stat.Sig != 0 || out == "" {
			t.Errorf("%s: wrote %q and ended so: %+v", what, out, stat)
		}
		if p.counts["bp target"] == 0 {
			t.Errorf("%s: no hits", what)
		}
	}
}

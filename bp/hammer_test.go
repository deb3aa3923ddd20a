package bp_test

import (
	"strconv"
	"testing"

	"github.com/gotrace/gotrace/tracer"
)

// hammered are the functions of testdata/hammer.c, each entered once in a round.
var hammered = []string{
	"plain", "nops", "relative", "locked", "jumps", "branches", "pushes", "calls", "flags", "pops", "segment", "system_call", "at_call",
}

// TestHammer counts what threads run into that all do so at once: none is missed, and none does
// anything else than without breakpoints.
func TestHammer(t *testing.T) {
	prog := build(t, "hammer")
	threads, rounds := 4, 300
	for _, loc := range hammered {
		t.Run(loc, func(t *testing.T) {
			p := &probing{}
			p.needs.Probes = places(loc)
			out, stat := p.run(t, tracer.Config{}, prog, strconv.Itoa(threads), strconv.Itoa(rounds))
			if out != "right 1\n" || stat.Code != 0 || stat.Sig != 0 {
				t.Errorf("wrote %q and ended so: %+v", out, stat)
			}
			want := threads * rounds
			if loc == "plain" {
				want *= 2 // calls calls it
			}
			if got := p.counts["bp "+loc]; got != want {
				t.Errorf("%d hits, want %d", got, want)
			}
		})
	}
}

package bp_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/event"
)

// TestSteps goes through a function by steps, and by the ends of its blocks: the branches are the
// same, and so is what the program does.
func TestSteps(t *testing.T) {
	prog := build(t, "life", "-ldl", "-static")
	type jump struct{ from, to uint64 }
	trace := func(k *event.Kind, what string) (list []jump, insns int) {
		p := &probing{}
		p.needs.Probes = []event.Probe{{Kind: event.Branch, Loc: "hammer"}}
		if k == event.Step {
			p.needs.Probes = append(p.needs.Probes, event.Probe{Kind: event.Step, Loc: "hammer"})
		}
		p.handle = func(ev *event.Event) event.Verdict {
			switch ev.Kind {
			case event.Branch:
				list = append(list, jump{ev.Site.PC, ev.Site.To})
			case event.Step:
				insns++
			}
			return event.Verdict{}
		}
		out, stat := p.run(t, tracer.Config{Follow: true}, prog, what, strconv.Itoa(10))
		if stat.Code != 0 || stat.Sig != 0 || out == "" {
			t.Fatalf("%s: wrote %q and ended so: %+v", what, out, stat)
		}
		return list, insns
	}
	for _, what := range []string{"vforks", "forks", "threads"} {
		blocks, _ := trace(event.Branch, what)
		steps, insns := trace(event.Step, what)
		if what != "vforks" { // tasks run beside each other
			by := func(a, b jump) int { return int(a.from) - int(b.from) + (int(a.to)-int(b.to))<<20 }
			slices.SortFunc(blocks, by)
			slices.SortFunc(steps, by)
		}
		if len(steps) < 50 || insns < len(steps) || !slices.Equal(blocks, steps) {
			t.Errorf("%s: %d branches by blocks, %d by %d steps", what, len(blocks), len(steps), insns)
		}
	}
}

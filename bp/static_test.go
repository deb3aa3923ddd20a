package bp_test

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/event"
)

// buildStatic makes the program with static probes.
func buildStatic(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	prog := filepath.Join(t.TempDir(), "probes")
	if b, err := exec.Command("gcc", "-O2", "-o", prog, "usdt/testdata/probes.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return prog
}

// TestStatic passes static probes: each time, with their arguments, and those that the program
// passes only if it is told that somebody watches.
func TestStatic(t *testing.T) {
	prog := buildStatic(t)
	const n = 200
	p := &probing{}
	for _, loc := range []string{"fixture:*", "fixture:step"} {
		p.needs.Probes = append(p.needs.Probes, event.Probe{Kind: event.USDT, Loc: loc})
	}
	names := make(map[string]int)
	p.handle = func(ev *event.Event) event.Verdict {
		if ev.Kind != event.USDT {
			return event.Verdict{}
		}
		i := names[ev.Name]
		names[ev.Name]++
		want := map[string][]int{"fixture:step": {i, 0, -i, -7, -300}, "fixture:asked": {i + 1, 5}, "fixture:end": {}}[ev.Name]
		if len(ev.Args) != len(want) {
			t.Errorf("%s has %d arguments", ev.Name, len(ev.Args))
			return event.Verdict{}
		}
		for j, v := range ev.Args {
			if int(v.Num) != want[j] && want[j] != 0 || v.Form == event.FormSym {
				t.Errorf("%s, time %d: argument %d is %+v", ev.Name, i, j, v)
			}
		}
		return event.Verdict{}
	}
	out, stat := p.run(t, tracer.Config{}, prog, strconv.Itoa(n))
	if names["fixture:step"] != n || names["fixture:asked"] != n || names["fixture:end"] != 1 || stat.Code != 0 {
		t.Errorf("%v, %+v", names, stat)
	}
	if p.counts["usdt fixture:*"] != 2*n+1 || p.counts["usdt fixture:step"] != n {
		t.Errorf("%v", p.counts)
	}
	if f := strings.Fields(out); len(f) != 2 || f[1] != strconv.Itoa(n) {
		t.Errorf("the program prints %q", out)
	}
}

// TestStaticLeave lets a program go: it is told that nobody watches any more.
func TestStaticLeave(t *testing.T) {
	prog := buildStatic(t)
	p := &probing{needs: event.Needs{Probes: []event.Probe{{Kind: event.USDT, Loc: "fixture:asked"}}}}
	p.handle = func(ev *event.Event) event.Verdict {
		if ev.Kind == event.USDT && p.counts["usdt fixture:asked"] == 10 {
			return event.Verdict{Resume: event.ResumeDetach}
		}
		return event.Verdict{}
	}
	done := filepath.Join(t.TempDir(), "done")
	// The shell is traced until the program is: it waits for what was let go.
	sh := prog + " 100 | tail -n 1 >" + done + "; cat " + done
	out, _ := p.run(t, tracer.Config{Follow: true}, "sh", "-c", sh)
	if strings.TrimSpace(out) != "10" {
		t.Errorf("it was watched %q times", out)
	}
}

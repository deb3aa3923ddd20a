package perf

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/tracer/event"
)

// TestPerfStat compares how many events there are with what perf-stat(1) counts of the same
// command. A run is not quite like another: a few more or less are none of ours.
func TestPerfStat(t *testing.T) {
	perf, err := exec.LookPath("perf")
	skipOn(t, "perf is not installed", err != nil)
	prog := compile(t)
	for _, c := range []struct {
		counter string
		argv    []string
		slack   int
	}{
		{"page-faults:u", []string{prog, "fault", "2000"}, 20},
		{"minor-faults:u", []string{prog, "fault", "2000"}, 20},
		{"page-faults:u", []string{"/bin/sh", "-c", "i=0; while [ $i -lt 20 ]; do /bin/true; i=$((i+1)); done"}, 200},
		{"context-switches", []string{prog, "pause", "500"}, 100},
	} {
		p := perfProbe(t, c.counter, "1")
		needs(t, p)
		want := perfStat(t, perf, c.counter, c.argv)
		w := &watching{needs: event.Needs{Probes: []event.Probe{p}}}
		got := 0
		w.handle = func(ev *event.Event) {
			if ev.Kind == event.Perf {
				got++
			}
		}
		w.trace(t, Config{}, c.argv...)
		if want < 200 || got < want-c.slack || got > want+c.slack {
			t.Errorf("%s of %q: %d events, perf stat counts %d", c.counter, c.argv, got, want)
		}
	}
}

// perfStat is what perf stat counts of a command that is started as watching.trace does.
func perfStat(t *testing.T, perf, counter string, argv []string) int {
	t.Helper()
	out := filepath.Join(t.TempDir(), "stat")
	cmd := append([]string{"stat", "-x", ",", "-o", out, "-e", counter, "--", "/bin/sh", "-c", launcher, "sh"}, argv...)
	if b, err := exec.Command(perf, cmd...).CombinedOutput(); err != nil {
		t.Skipf("perf stat cannot be run here: %v: %s", err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		value, rest, _ := strings.Cut(line, ",")
		if n, err := strconv.Atoi(value); err == nil && strings.Contains(rest, counter) {
			return n
		}
	}
	t.Fatalf("perf stat tells nothing of %s:\n%s", counter, b)
	return 0
}

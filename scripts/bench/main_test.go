package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestArgv(t *testing.T) {
	plain := config{load: "getppid"}
	large := config{load: "fork-exec", heavy: true}
	for _, x := range []struct {
		c       *config
		command string
		want    []string
	}{
		{&plain, "TRACEE", []string{"/d/getppid", "40000"}},
		{&large, "strace -f TRACEE", []string{"strace", "-f", "/d/fork-exec", "1000"}},
		{&plain, oneCPU + "GOTRACE -e RULE TRACEE", []string{"taskset", "-c", "0", "/d/gotrace", "-e", rules["RULE"], "/d/getppid", "40000"}},
		{&plain, "GDB TRACEE", append(slices.Clone(gdb), "/d/getppid", "40000")},
	} {
		if got := x.c.argv("/d", x.command); !slices.Equal(got, x.want) {
			t.Errorf("%s: %q, want %q", x.command, got, x.want)
		}
	}
}

// TestConfigs checks that what the table names is there.
func TestConfigs(t *testing.T) {
	for _, l := range loads {
		if _, err := os.Stat(filepath.Join("testdata", l.source)); err != nil {
			t.Error(err)
		}
	}
	for _, c := range configs {
		if c.tracee("") == nil {
			t.Errorf("%s: no load %s", c.name, c.load)
		}
		if c.heavy && heavy[c.load] == nil {
			t.Errorf("%s: %s has no more of the same", c.name, c.load)
		}
		if c.target <= 0 || c.ours == c.ref {
			t.Errorf("%s, %s: target %v of %s to %s", c.name, c.load, c.target, c.ours, c.ref)
		}
	}
}

func TestMeasure(t *testing.T) {
	c := config{ours: "true", ref: "true"}
	elapsed, cpu, err := c.measure("", 3)
	if err != nil || len(elapsed) != 3 || len(cpu) != 3 || !slices.IsSorted(elapsed) || elapsed[0] <= 0 {
		t.Errorf("%v, %v, %v", elapsed, cpu, err)
	}
	c.ref = "false"
	if _, _, err := c.measure("", 1); err == nil {
		t.Error("a run that fails is counted")
	}
}

package tracer_test

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/ptrace"
)

// nices shows the tracer and itself in few calls: where there is one CPU, the tracer judges
// after a while whether its lower priority pays, and takes it back.
const nices = `exec cat /proc/$PPID/stat /proc/$PPID/status /proc/$$/stat /proc/$$/status`

// readNices takes nice values and CPUs out of what nices shows.
func readNices(out string) (values []string) {
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 40 {
			values = append(values, f[18])
		} else if len(f) == 2 && f[0] == "Cpus_allowed_list:" {
			values = append(values, f[1])
		}
	}
	return values
}

// TestPriority holds whose priority and CPUs change while one task runs: the tracer's only
// where it has one CPU, that of both, and in secret, with --pin.
func TestPriority(t *testing.T) {
	tracer := built(t)
	prio, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	own := 20 - prio
	_, err = exec.LookPath("taskset")
	skipOn(t, "no taskset", err != nil)
	skipOn(t, "an emulated machine takes longer to start a program than the tracer to judge", prebuilt != "")
	skipOn(t, "no right to raise a priority", !ptrace.MayRaisePriority(own))
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(0, &cpus); err != nil {
		t.Fatal(err)
	}
	last := 0
	for cpu := range len(cpus) * strconv.IntSize {
		if cpus.IsSet(cpu) {
			last = cpu
		}
	}
	run := func(mask string, options ...string) []string {
		argv := append([]string{"taskset", "-c", mask, tracer, "-f", "-o", "/dev/null"}, options...)
		out, status := runBounded(t, append(argv, "sh", "-c", nices)...)
		if status != 0 {
			t.Fatalf("status %d: %s", status, out)
		}
		return readNices(out)
	}
	one, nice := strconv.Itoa(last), strconv.Itoa(own)
	low := strconv.Itoa(min(own+10, 19))
	check := func(name string, got []string, want ...string) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: nice value and CPUs of tracer and tracee are %v, want %v", name, got, want)
		}
	}
	check("one CPU", run(one), low, one, nice, one)
	if cpus.Count() < 2 {
		return
	}
	all := fmt.Sprintf("%d,%d", first(&cpus), last)
	got := run(all)
	check("two CPUs", got, nice, got[1], nice, got[1])
	check("--pin", run(all, "--pin"), low, one, nice, one)
}

func first(cpus *unix.CPUSet) int {
	for cpu := 0; ; cpu++ {
		if cpus.IsSet(cpu) {
			return cpu
		}
	}
}

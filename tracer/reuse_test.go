package tracer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// namespace is a command line's beginning that runs the rest in a PID namespace of its own.
func namespace(t *testing.T, prog string) []string {
	t.Helper()
	argv := []string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"}
	out, err := exec.Command(argv[0], append(argv[1:], prog)...).CombinedOutput()
	skipOn(t, "next tids cannot be set in a PID namespace: "+strings.TrimSpace(string(out)), err != nil && exitCode(err) != 2)
	return argv
}

func exitCode(err error) int {
	if e, ok := err.(*exec.ExitError); ok {
		return e.ExitCode()
	}
	return -1
}

// TestReuse runs tasks that take tids as soon as they are free. All of them must be told
// of, each under its own tid.
func TestReuse(t *testing.T) {
	tracer := built(t)
	prog := compile(t, "reuse")
	ns := namespace(t, prog)
	const want = "processes: often the same pid, 50 right\nthreads and processes: often the same tid\nsuperseded: often the same tid, 100 right\n"
	for _, o := range []string{"", "-e trace=none", "-e trace=execve --kill-on-exit", "-e exec=reuse*", "--pin"} {
		argv := traced(t, tracer, "-f "+o, prog)
		out, status := runBounded(t, append(ns[:len(ns):len(ns)], argv...)...)
		if out != want || status != 2 {
			t.Errorf("%q: status %d, prints\n%s", o, status, out)
		}
		checkEnds(t, argv[2])
		// The program, 50 processes, 50 processes and threads, and 50 times a process
		// whose thread supersedes its leader and a task that takes its tid.
		if n := count(t, argv[2], "+++ exited with "); n != 1+50+50+50*2 {
			t.Errorf("%q: %d tasks exit", o, n)
		}
		if n := count(t, argv[2], "+++ superseded by execve in pid "); n != 50 {
			t.Errorf("%q: %d leaders are superseded", o, n)
		}
	}
}

func count(t *testing.T, path, text string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), text)
}

// TestStormOfReuse runs a storm of tasks in a PID namespace of few tids.
func TestStormOfReuse(t *testing.T) {
	tracer := built(t)
	prog, storm := compile(t, "reuse"), compile(t, "storm")
	ns := namespace(t, prog)
	for _, o := range []string{"", "-e trace=none", "-e trace=execve --kill-on-exit"} {
		trace := filepath.Join(t.TempDir(), "trace")
		argv := append(ns[:len(ns):len(ns)], "sh", "-c", `reuse=$1; shift; $reuse narrow & "$@"`, "sh", prog, tracer, "-f", "-o", trace)
		argv = append(append(argv, strings.Fields(o)...), storm, "208")
		out, status := runBounded(t, argv...)
		if n := sumStorm(t, out); n != "208 ended" || status != 0 {
			t.Errorf("%q: status %d, %s", o, status, n)
		}
		checkEnds(t, trace)
	}
}

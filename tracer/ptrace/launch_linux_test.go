package ptrace

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestExecLeavesNoSignal turns processes into a command while their runtime stops the world
// again and again, for which it sends SIGURG to threads that run. The command, which blocks
// that, must not find one pending. The runtime looks at what a thread does before it sends,
// so that one in many may.
func TestExecLeavesNoSignal(t *testing.T) {
	const role = "GOTRACE_TEST_EXEC"
	if os.Getenv(role) != "" {
		execUnderPreemption(t)
	}
	if _, err := exec.LookPath("grep"); err != nil {
		t.Skip("no grep to look at a process with")
	}
	const runs, most = 40, 2
	pending := 0
	for range runs {
		c := exec.Command("/proc/self/exe", "-test.run=^TestExecLeavesNoSignal$")
		c.Env = append(os.Environ(), role+"=1")
		out, err := c.CombinedOutput()
		switch line := strings.TrimPrefix(string(out), "SigPnd:\t"); {
		case line == "0000000000400000\n":
			pending++
		case err != nil || line != "0000000000000000\n":
			t.Fatalf("%v: %q", err, out)
		}
	}
	if pending > most {
		t.Errorf("SIGURG is pending in %d of %d commands", pending, runs)
	}
}

func execUnderPreemption(t *testing.T) {
	grep, err := exec.LookPath("grep")
	if err != nil {
		t.Fatal(err)
	}
	c := &Command{Path: grep, Argv: []string{"grep", "SigPnd", "/proc/self/status"}, Sigmask: bit(unix.SIGURG)}
	runtime.LockOSThread()
	mask := c.Sigmask
	if _, err := setSigmask(&mask); err != nil {
		t.Fatal(err)
	}
	begun := make(chan bool)
	go func() {
		begun <- true
		for {
			runtime.GC()
		}
	}()
	<-begun
	t.Fatal(c.Exec())
}

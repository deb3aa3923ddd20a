package ptrace

import (
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestWaitOwnOnly: waiting for any task leaves alone what another thread has started, which
// is for that one's Wait.
func TestWaitOwnOnly(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := exec.Command("/bin/sh", "-c", "exit 5")
	started := make(chan error)
	go func() { started <- c.Start() }()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	var status uint32
	if pid, err := Wait(-1, 0, &status, nil); err != unix.ECHILD {
		t.Errorf("wait: %d, %v", pid, err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 5 {
		t.Errorf("the command's end: %v", err)
	}
}

package shell_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/cmd/shell"
)

const ample = time.Minute

func TestRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	env := []string{"OUT=" + out, "GOTRACE_PID=41"}
	err := shell.Run(context.Background(), `{ echo "$GOTRACE_PID"; cat; } >"$OUT"`, env, ample)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != "41\n" {
		t.Errorf("the command wrote %q, %v", b, err)
	}
}

func TestRunFails(t *testing.T) {
	var exit *exec.ExitError
	if err := shell.Run(context.Background(), "exit 3", nil, ample); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("exit 3: %v", err)
	}
}

func TestRunLimit(t *testing.T) {
	err := shell.Run(context.Background(), "sleep 1000", nil, time.Millisecond)
	if !errors.Is(err, shell.ErrLimit) || !strings.Contains(err.Error(), "1ms") {
		t.Errorf("error %v", err)
	}
}

// TestRunCancelled: what the command has started is killed with it.
func TestRunCancelled(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	read := make(chan error)
	go func() {
		f, err := os.Open(pipe)
		if err == nil {
			_, err = f.Read(make([]byte, 1))
		}
		cancel()
		if err == nil {
			// The pipe ends when no process has it open any more.
			_, err = io.ReadAll(f)
		}
		read <- err
	}()
	err := shell.Run(ctx, `exec 3>"$P"; printf x >&3; sleep 1000 & sleep 1000`, []string{"P=" + pipe}, ample)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
}

// TestStartAside: wait4 of the starting thread, when told to look at no other's children,
// knows nothing of the command.
func TestStartAside(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := shell.Command("exit 5")
	if err := shell.Start(c); err != nil {
		t.Fatal(err)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WALL|unix.WNOTHREAD, nil); err != unix.ECHILD {
		t.Errorf("wait4: %d, %v", pid, err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 5 {
		t.Errorf("wait: %v", err)
	}
}

// Package shell runs commands of the user's beside a tracing session, which sees nothing of
// their processes. It refuses to read what they print.
package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command is a command for the shell, not started yet.
func Command(text string) *exec.Cmd { return exec.Command("/bin/sh", "-c", text) }

// Start starts a command as a child of a thread that no session runs on. A child of the
// session's own thread would be reported by its wait4, and be lost for c.Wait.
func Start(c *exec.Cmd) error {
	started := make(chan error)
	go func() { started <- c.Start() }()
	return <-started
}

// KillGroup kills the process group that a command leads; it must have been started with
// Setpgid, and not have been waited for.
func KillGroup(c *exec.Cmd) { unix.Kill(-c.Process.Pid, unix.SIGKILL) }

// ErrLimit says that a command ran longer than it may, and was killed.
var ErrLimit = errors.New("killed")

// Run runs a command and waits until it ends, but no longer than limit: then it is killed with
// its process group, and the error is an ErrLimit; nor longer than ctx lasts. env is added to the
// environment; standard input is empty, output and errors go where this process's go. The error
// of a command that fails is an *exec.ExitError.
func Run(ctx context.Context, command string, env []string, limit time.Duration) error {
	c := Command(command)
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := Start(c); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var why error
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		why = fmt.Errorf("still runs after %v: %w", limit, ErrLimit)
	case <-ctx.Done():
		why = ctx.Err()
	}
	KillGroup(c)
	<-ended
	return why
}

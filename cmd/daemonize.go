package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/filter"
)

// With -D the process that the user started becomes the tracee, so that its parent sees
// the command itself, and the tracer is its grandchild:
//
//	gotrace (stage 0) -- starts --> stage 1 -- starts --> stage 2, the tracer
//	     |  waits for stage 1 to exit, then for the tracer to have seized it
//	     v
//	  the command
//
// The stages run the same command line; stageVar tells them apart.
const stageVar = "GOTRACE_STAGE"

// stage returns which stage this process is, and the tracee's pid.
func stage() (n, pid int) {
	v, ok := os.LookupEnv(stageVar)
	if !ok {
		return 0, 0
	}
	a, b, _ := strings.Cut(v, ":")
	n, _ = strconv.Atoi(a)
	pid, _ = strconv.Atoi(b)
	return n, pid
}

// readyFD is the descriptor on which the tracer tells the tracee to go on.
const readyFD = 3

// becomeTracee is stage 0: it returns only if the command could not be executed.
func becomeTracee(o *Options) error {
	cred, err := credentials(o.User)
	if err != nil {
		return err
	}
	c, err := command(o, cred)
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	p, err := startStage(1, os.Getpid(), w)
	if err != nil {
		return err
	}
	w.Close()
	if st, err := p.Wait(); err != nil || !st.Success() {
		return errors.New("the tracer could not be started")
	}
	var b [1]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return errQuiet // the tracer has said why
	}
	r.Close()
	err = c.Exec()
	return fmt.Errorf("exec: %s", execMessage(c.Path, err))
}

// errQuiet ends the program with status 1 and no message of its own.
var errQuiet = errors.New("")

// startStage starts the same command line again as the stage given.
func startStage(n, tracee int, ready *os.File) (*os.Process, error) {
	env := append(environment(os.Environ(), []EnvChange{{Name: stageVar, Unset: true}}),
		fmt.Sprintf("%s=%d:%d", stageVar, n, tracee))
	self := "/proc/self/exe"
	if name, err := os.Readlink(self); err == nil && sameFile(name, self) {
		self = name // after which the process is called
	}
	return os.StartProcess(self, os.Args, &os.ProcAttr{
		Env: env, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, ready},
	})
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// daemonize is stage 1.
func daemonize(tracee int) error {
	_, err := startStage(2, tracee, os.NewFile(readyFD, "ready"))
	return err
}

// adoptTracee is the beginning of stage 2: it seizes the waiting tracee and lets it go on.
func (r *run) adoptTracee(pid int) error {
	os.Unsetenv(stageVar)
	ready := os.NewFile(readyFD, "ready")
	unix.CloseOnExec(readyFD)
	defer ready.Close()
	switch r.o.Daemonize {
	case 2:
		if err := unix.Setpgid(0, 0); err != nil {
			return fmt.Errorf("setpgid: %w", err)
		}
	case 3:
		if _, err := unix.Setsid(); err != nil {
			return fmt.Errorf("setsid: %w", err)
		}
	}
	if err := r.session.Adopt(pid); err != nil {
		return fmt.Errorf("attach %d: %s", pid, attachMessage(pid, err))
	}
	if !r.quiet(filter.QuietAttach) {
		r.say("Process %d attached", pid)
	}
	_, err := ready.Write([]byte{1})
	return err
}

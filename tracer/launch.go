package tracer

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// Launch starts a command as a tracee. Nothing of it is reported before its execve.
func (s *Session) Launch(c *ptrace.Command) (int, error) {
	if s.cfg.Seccomp != nil {
		f, _, err := s.cfg.Seccomp.Program(s.abis)
		if err != nil {
			return 0, err
		}
		c.Filter, c.NoNewPrivs = f, !ptrace.SysAdmin()
	}
	child, err := c.Launch()
	if err != nil {
		return 0, err
	}
	pid := child.PID
	if err := s.seizeChild(pid); err != nil {
		child.Abort()
		var status uint32
		ptrace.Wait(pid, 0, &status, nil)
		return 0, err
	}
	s.begin(pid)
	return pid, child.Release()
}

// seizeChild takes a waiting child and stops it.
func (s *Session) seizeChild(pid int) error {
	if err := ptrace.Seize(pid, s.options); err != nil {
		return fmt.Errorf("attach %d: %w", pid, attachError(pid, err))
	}
	if err := ptrace.Interrupt(pid); err != nil {
		return err
	}
	var status uint32
	for {
		_, err := ptrace.Wait(pid, 0, &status, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	if k := ptrace.Classify(status).Kind; k != ptrace.StopInterrupt {
		return fmt.Errorf("new process %d did not stop: %v", pid, k)
	}
	return nil
}

// Attach seizes a process: all its threads if threads is set, else the one task.
// It returns how many tasks were attached. One that is traced already, by whomever, is an
// error. Threads that the process makes meanwhile are found by looking again until none is
// new.
func (s *Session) Attach(pid int, threads bool) (int, error) {
	n, err := s.attach(pid, threads)
	s.announce(int32(pid))
	return n, err
}

// announce tells of a process that has been attached.
func (s *Session) announce(pid int32) {
	for _, t := range s.inOrder() {
		if t.id.TGID == pid {
			s.attached(t)
		}
	}
}

func (s *Session) attach(pid int, threads bool) (int, error) {
	if err := s.seizeTask(pid); err != nil {
		return 0, err
	}
	n := 1
	if !threads {
		return n, nil
	}
	for {
		more, err := s.attachThreads(pid)
		n += more
		if err != nil || more == 0 {
			return n, nil
		}
	}
}

func (s *Session) attachThreads(pid int) (n int, err error) {
	dir, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return 0, err
	}
	for _, e := range dir {
		tid, err := strconv.Atoi(e.Name())
		if err != nil || s.tasks[int32(tid)] != nil {
			continue
		}
		if s.seizeTask(tid) == nil {
			n++
		}
	}
	return n, nil
}

func (s *Session) seizeTask(tid int) error {
	if err := ptrace.Seize(tid, s.options&^uintptr(ptrace.OptSeccomp)); err != nil {
		return attachError(tid, err)
	}
	tgid := tgidOf(int32(tid))
	t := s.add(int32(tid), tgid, event.Task{}, int(tgid) != tid)
	t.prev = t.abi.SyscallName(0) // what strace says of a call it did not see the beginning of
	if err := ptrace.Interrupt(tid); err != nil && !ptrace.Gone(err) {
		return err
	}
	return nil
}

// AttachError is why a task could not be attached to.
type AttachError struct {
	Err    error
	Tracer int // the pid that traces it already; zero if none
}

func (e *AttachError) Error() string { return e.Err.Error() }
func (e *AttachError) Unwrap() error { return e.Err }

func attachError(tid int, err error) error {
	var pe *ptrace.Error
	if errors.As(err, &pe) {
		err = pe.Err
	}
	a := &AttachError{Err: err}
	if st, ok := readStatus(int32(tid)); ok {
		a.Tracer = int(st.tracer)
	}
	return a
}

// Adopt seizes a process that waits to execute the command of this session, as Launch's
// child does. Only its leader is traced: its other threads end at the execve.
func (s *Session) Adopt(pid int) error {
	if err := s.seizeChild(pid); err != nil {
		return err
	}
	s.begin(pid)
	return nil
}

// begin adds the stopped process that is about to execute the command, and resumes it.
func (s *Session) begin(pid int) {
	t := s.add(int32(pid), int32(pid), event.Task{}, false)
	t.hidden, t.launching = true, true
	s.child = t.id.TID
	t.stopped = true
	s.act(t, actGo)
}

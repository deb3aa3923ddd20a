package tracer

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// The methods by which a state is an event.Tracee.

func (s *state) ID() event.Task { return s.t.id }

func (s *state) WriteUser(p []byte, addr uint64) (int, error) { return s.t.mem.WriteUser(p, addr) }

func (s *state) Debug(i int) (uint64, error) { return ptrace.Debug(int(s.t.id.TID), i) }

func (s *state) SetDebug(i int, v uint64) error { return ptrace.SetDebug(int(s.t.id.TID), i, v) }

var errNoCall = errors.New("the ABI has no such call")

// Call implements event.Tracee.
func (s *state) Call(at uint64, name string, args ...uint64) (int64, error) {
	abi := s.t.abi
	nr, ok := abi.SyscallNr(name)
	if !ok {
		return 0, fmt.Errorf("%w: %s", errNoCall, name)
	}
	regs, err := s.Regs()
	if err != nil {
		return 0, err
	}
	before := *regs
	r := before
	r.StartCall(abi, uint64(nr), args...)
	r.SetPC(at)
	tid := int(s.t.id.TID)
	mask, err := ptrace.Sigmask(tid)
	if err != nil {
		return 0, err
	}
	if err := ptrace.SetSigmask(tid, ^uint64(0)); err != nil {
		return 0, err
	}
	defer ptrace.SetSigmask(tid, mask) // if it fails the task is gone
	if err := ptrace.SetRegs(tid, &r); err != nil {
		return 0, err
	}
	ret, err := s.runCall(at)
	if e := s.SetRegs(&before); err == nil {
		err = e
	}
	return ret, err
}

// runCall steps a task that is at a system call instruction over it.
func (s *state) runCall(at uint64) (int64, error) {
	tid := int(s.t.id.TID)
	again := false
	for {
		if err := ptrace.Step(tid, 0); err != nil {
			return 0, err
		}
		var status uint32
		_, err := ptrace.Wait(tid, 0, &status, nil)
		for errors.Is(err, unix.EINTR) {
			_, err = ptrace.Wait(tid, 0, &status, nil)
		}
		if err != nil {
			return 0, err
		}
		switch stop := ptrace.Classify(status); stop.Kind {
		case ptrace.StopExited, ptrace.StopKilled, ptrace.StopExit:
			s.session.waited = append(s.session.waited, waited{tid: s.t.id.TID, status: status})
			return 0, unix.ESRCH
		case ptrace.StopSignal:
			if stop.Sig != int(unix.SIGTRAP) {
				unix.Tgkill(int(s.t.id.TGID), tid, unix.Signal(stop.Sig)) // it comes again, after the call
				continue
			}
		default: // interrupted, or stopped with its group: it is again, after the call
			again = true
			continue
		}
		var r arch.Regs
		if err := ptrace.GetRegs(tid, s.arch, &r); err != nil {
			return 0, err
		}
		if r.PC() == at {
			continue
		}
		if again {
			ptrace.Interrupt(tid)
		}
		return r.Ret(s.t.abi), nil
	}
}

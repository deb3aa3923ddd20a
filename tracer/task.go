package tracer

import (
	"errors"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// phase is where a task is between two system-call stops.
//
//	            entry or seccomp stop                 exit stop
//	outside ---------------------------> inside ---------------------> outside
//	   ^  \-- PTRACE_EVENT_EXIT --> dying    \-- PTRACE_EVENT_EXIT --> dying
//	   |
//	 a signal's delivery, a group-stop and a fork or exec event leave the phase alone
type phase uint8

const (
	outside phase = iota // in the program
	inside               // between entry and exit of a call
	dying                // past PTRACE_EVENT_EXIT
)

// task is one traced tid.
type task struct {
	id        event.Task
	needs     *Needs
	phase     phase
	want      bool  // the call that the task is inside makes events
	hidden    bool  // launched, and has not called execve yet
	launching bool  // its program has not begun
	full      bool  // system-call stops in spite of the session's filter
	kept      bool  // in a clone that had CLONE_UNTRACED
	entering  bool  // at the entry of a call, being handled
	noExec    bool  // no PTRACE_EVENT_EXEC is asked for
	begun     bool  // has stopped before
	early     bool  // has stopped before its parent's event
	foundling bool  // its parent is not known
	moved     bool  // has its leader's tid before its exec stop
	former    int32 // its tid before the execve that it is inside, if that was another
	leaving   bool  // to be detached at its next stop
	stopped   bool  // not resumed: a stop is being handled, or was
	listens   bool  // in group-stop by PTRACE_LISTEN
	relisten  bool  // and interrupted in it: the same stop will be reported again
	waited    bool  // its wait status is in Session.waited
	abi       *arch.ABI
	ctx       *decode.Ctx
	sys       event.Syscall
	lastNR    uint64 // of the call last entered
	began     time.Time
	stime     time.Duration // system time at entry, for Session.CPUTime
	mem       ptrace.Mem
	prev      string // the call that a signal stopped and restart_syscall goes on with
	pending   int    // signal to deliver at the next resume
	inject    *Injection
	state     state
	delay     time.Duration // before the next resume
	alien     bool          // traced only for what is planted in its memory
	forced    bool          // to stop at its next system call for the session's reader
	paused    bool          // held by the session's reader
	told      *Needs        // what its reader has been told
	sampled   *Needs        // and the sampler
	steps     int           // that its handlers want
	waits     bool          // in a call that waits, for the pinner
	class     callClass
	args      [6]uint64 // of the call last entered
	altered   uint8     // bit for each of them that was changed
	held      bool
	heldAct   action
}

// state is the event.State of a stopped task.
type state struct {
	t       *task
	session *Session
	arch    *arch.Arch
	regs    arch.Regs
	// While keep is set registers are read once, and written when the task goes on.
	keep, cached, dirty bool
}

func (s *state) ReadAt(p []byte, addr uint64) (int, error) {
	n, err := s.t.mem.ReadAt(p, addr)
	if r := s.session.cfg.Reader; r != nil {
		r.Unpatch(s.t.id, p[:n], addr)
	}
	return n, err
}

func (s *state) WriteAt(p []byte, addr uint64) (int, error) { return s.t.mem.WriteAt(p, addr) }

func (s *state) Regs() (*arch.Regs, error) {
	if s.cached {
		return &s.regs, nil
	}
	if err := ptrace.GetRegs(int(s.t.id.TID), s.arch, &s.regs); err != nil {
		return nil, err
	}
	s.cached = s.keep
	return &s.regs, nil
}

func (s *state) SetRegs(r *arch.Regs) error {
	if !s.keep {
		return ptrace.SetRegs(int(s.t.id.TID), r)
	}
	if r != &s.regs {
		s.regs = *r
	}
	s.cached, s.dirty = true, true
	return nil
}

// flush writes registers that were changed, and forgets them.
func (s *state) flush() error {
	dirty := s.dirty
	s.keep, s.cached, s.dirty = false, false, false
	if dirty {
		return ptrace.SetRegs(int(s.t.id.TID), &s.regs)
	}
	return nil
}

// Vector and X87 make the state an event.FPState.
func (s *state) Vector(i int) ([16]byte, error) {
	var f ptrace.FPRegs
	if err := ptrace.GetFPRegs(int(s.t.id.TID), &f); err != nil {
		return [16]byte{}, err
	}
	v, ok := f.Vector(i)
	return v, noRegister(ok)
}

func (s *state) X87(i int) ([10]byte, error) {
	var f ptrace.FPRegs
	if err := ptrace.GetFPRegs(int(s.t.id.TID), &f); err != nil {
		return [10]byte{}, err
	}
	v, ok := f.X87(i)
	return v, noRegister(ok)
}

var errNoFPRegister = errors.New("there is no such floating-point register")

func noRegister(ok bool) error {
	if !ok {
		return errNoFPRegister
	}
	return nil
}

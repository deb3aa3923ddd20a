package tracer

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// StopReader makes events of stops that are its own doing: breakpoints, steps, watchpoints.
// Its methods are called on the session's thread. A Tracee is of a stopped task and valid until
// the method returns.
//
// Every task that may run into what a StopReader has planted is traced: threads, and children
// until they have memory of their own that is clean.
type StopReader interface {
	// Start gives it the session.
	Start(event.Host)
	// Begin tells of a task that has not run yet. The parent is the zero Task for one that was
	// launched or attached; shares: it has its parent's memory, else a copy of it.
	Begin(t, parent event.Task, shares bool)
	// Exec tells that a task, which had the tid former, runs a new program in new memory.
	Exec(t event.Task, former int32, c event.Tracee)
	// Wants tells what the rules of a task want, before it goes on for the first time and after
	// changes.
	Wants(c event.Tracee, probes []event.Probe) error
	// Stop is asked about each signal-delivery-stop, before anybody else sees it.
	Stop(c event.Tracee, sig int, info *[128]byte) event.Reading
	// Resuming says how a stopped task goes on. steps is how many instructions its handlers want
	// to be executed one by one from here on, 0 if they do not say.
	Resuming(c event.Tracee, steps int) event.Motion
	// Entered tells that a task which was to enter a system call has done so.
	Entered(c event.Tracee)
	// Unpatch puts the program's own bytes into p, read at addr, over what is planted there.
	Unpatch(t event.Task, p []byte, addr uint64)
	// Leave makes a stopped task fit to be let go.
	Leave(c event.Tracee)
	// Quit takes everything back that was planted anywhere.
	Quit()
	// Gone tells that a task has ended or was let go.
	Gone(t event.Task)
}

// host is the event.Host of a session. The State of what tasks do while they run is that of the
// sample.
type host struct{ s *Session }

func (h host) Send(ev *event.Event) event.Verdict {
	t := h.s.tasks[ev.Task.TID]
	if t == nil || t.alien {
		return event.Verdict{}
	}
	ev.ABI, ev.NR = t.abi, t.lastNR
	if ev.Kind.Stops {
		ev.State = &t.state
	}
	return h.s.send(ev)
}

func (h host) Interrupt(id event.Task) {
	if t := h.s.tasks[id.TID]; t != nil && !t.stopped && !t.listens {
		ptrace.Interrupt(int(id.TID)) // if it fails the task is gone
	}
}

func (h host) Release(id event.Task) {
	t := h.s.tasks[id.TID]
	if t == nil || !t.held || !t.paused {
		return
	}
	t.held, t.paused = false, false
	h.s.act(t, t.heldAct)
}

func (h host) Waits(id event.Task) bool {
	t := h.s.tasks[id.TID]
	return t == nil || t.listens || t.phase == dying || t.inVfork() || isZombie(t.id.TID)
}

// beginProbes tells the session's reader of a new task.
func (s *Session) beginProbes(t *task, parent event.Task) {
	if s.cfg.Reader != nil {
		s.cfg.Reader.Begin(t.id, parent, parent.TID != 0 && sharesMemory(parent, t.id))
	}
}

// trapPending reports whether a SIGTRAP is on its way to a stopped task that its reader may have
// caused.
func (s *Session) trapPending(t *task) bool {
	if s.cfg.Reader == nil || t.hidden {
		return false
	}
	b, err := os.ReadFile(procPath(t.id.TID, "status"))
	pending := sigField(b, "\nSigPnd:") &^ sigField(b, "\nSigBlk:")
	return err == nil && pending>>(unix.SIGTRAP-1)&1 != 0
}

// sigField is a set of signals in /proc/PID/status.
func sigField(status []byte, key string) uint64 {
	n, _ := strconv.ParseUint(statusText(status, key), 16, 64)
	return n
}

// forcedStop is the system-call stop of a task that only its reader wanted to be told of: it
// reports whether that was all.
func (s *Session) forcedStop(t *task) bool {
	t.forced = false
	s.cfg.Reader.Entered(&t.state)
	return !s.wantsStops(t)
}

// execProbes tells the session's reader of a new program.
func (s *Session) execProbes(t *task, former int32) {
	t.told, t.sampled = nil, nil
	if s.cfg.Sampler != nil {
		s.cfg.Sampler.Exec(t.id, former)
	}
	if s.cfg.Reader != nil {
		s.cfg.Reader.Exec(t.id, former, &t.state)
	}
}

// sharing reports whether an alien task has its parent's memory still.
func (s *Session) sharing(t *task) bool {
	for _, o := range s.tasks {
		if o != t && !o.alien && sharesMemory(o.id, t.id) {
			return true
		}
	}
	return false
}

// forget tells everybody that a task is gone.
func (s *Session) forget(t *task) {
	if s.cfg.Reader != nil {
		s.cfg.Reader.Gone(t.id)
	}
	if s.cfg.Sampler != nil {
		s.cfg.Sampler.Drop(t.id.TID)
		t.sampled = nil
	}
	if !t.alien {
		s.cfg.Handler.Drop(t.id)
	}
}

// kcmpVM is KCMP_VM of kcmp(2).
const kcmpVM = 1

// sharesMemory reports whether two tasks have the same memory. Where the kernel does not tell,
// the threads of a process have.
func sharesMemory(a, b event.Task) bool {
	if a.TGID == b.TGID {
		return true
	}
	r, _, e := unix.Syscall6(unix.SYS_KCMP, uintptr(a.TID), uintptr(b.TID), kcmpVM, 0, 0, 0)
	return e == 0 && r == 0
}

// strange decides about a new task that nobody wants traced: a thread is traced nevertheless,
// for what is planted in its memory; a process only until it has memory of its own.
func (s *Session) strange(parent event.Task, tgid int32) bool {
	return s.cfg.Reader != nil && !s.cfg.Follow && parent.TID != 0 && tgid != parent.TGID
}

// readStop offers a signal-delivery-stop to the session's reader, and returns what is left of it.
func (s *Session) readStop(t *task, sig int) (mine bool, v event.Verdict, left int) {
	t.state.keep = true
	if err := ptrace.GetSiginfo(int(t.id.TID), &s.sig); err != nil {
		s.fail(err)
		return false, v, sig
	}
	r := s.cfg.Reader.Stop(&t.state, sig, (*[128]byte)(&s.sig))
	switch {
	case !r.Mine:
		return false, r.Verdict, sig
	case r.Sig != 0:
		s.sig = r.Info
		ptrace.SetSiginfo(int(t.id.TID), &s.sig) // if it fails the task is gone
		return false, r.Verdict, r.Sig
	}
	return true, r.Verdict, 0
}

// move asks the reader how a task goes on.
func (s *Session) move(t *task) event.Motion {
	r := s.cfg.Reader
	if r == nil || t.hidden || t.launching || s.muted {
		return event.MoveFree
	}
	if t.told != t.needs {
		t.told = t.needs
		if err := r.Wants(&t.state, t.needs.Probes); err != nil && s.err == nil {
			s.err = err
		}
	}
	m := r.Resuming(&t.state, t.steps)
	t.steps = 0
	return m
}

// resume makes a task go on by a motion.
func (s *Session) resume(t *task, a action, m event.Motion, sig int) error {
	if err := t.state.flush(); err != nil {
		return err
	}
	tid := int(t.id.TID)
	t.forced = m == event.MoveEnter
	switch {
	case m == event.MoveEnter:
		return ptrace.Syscall(tid, sig)
	case m == event.MoveStep && t.phase != inside, m == event.MoveCall && !(a == actToExit || s.wantsStops(t)):
		return ptrace.Step(tid, sig)
	case a == actToExit || s.wantsStops(t):
		return ptrace.Syscall(tid, sig)
	}
	t.phase = outside
	return ptrace.Cont(tid, sig)
}

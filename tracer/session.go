package tracer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// Config is what a session does. Handler and Decode must be set.
type Config struct {
	Handler   Handler
	Decode    *decode.Table
	Options   decode.Options
	Follow    bool // new tasks are traced too
	ExecNames bool // the handler wants to know what is executed
	// ExecDetaches says that the handler lets tasks go which execute a program: their execve
	// is shown as one that did not come back.
	ExecDetaches bool
	CPUTime      bool // measure each call's system time
	Regs         bool // fill Event.IP
	// ExitKill makes the kernel kill every tracee when the tracer dies; a session that is
	// stopped then leaves them to that.
	ExitKill bool
	Seccomp  *SeccompPlan    // what the launched program's filter reports; nil: no filter
	Pin      bool            // keep tracer and tracee on one CPU while one task runs
	Timers   []time.Duration // each makes an event whenever it has passed
	// Failed is told at once of an error that the session will end with.
	Failed func(err error)
	// Reader makes events of what it plants in tasks; nil: nothing is planted.
	Reader StopReader
	// Sampler makes events of what tasks do while they run; nil: nothing is sampled.
	Sampler Sampler
	// ExecFailed is told that the launched program could not be executed, and why.
	ExecFailed func(err error)
	// TamperFailed is told that an argument's memory could not be changed, and why.
	TamperFailed func(t event.Task, err error)
}

// Session traces tasks until none is left or it is stopped. All its methods but Stop
// must be called on one locked thread, the same for the session's life.
type Session struct {
	cfg   Config
	tasks map[int32]*task
	free  []*decode.Ctx
	gen   uint32
	seq   uint64

	child     int32 // the launched program's tid
	status    Stat  // and how it ended
	info      ptrace.SyscallInfo
	ru        unix.Rusage
	ev        event.Event
	sig       ptrace.Siginfo
	sigCtx    decode.Ctx
	stack     newStack
	options   uintptr
	stop      stopFlag
	abis      []*arch.ABI
	err       error // from the handler: ends the session
	pin       pinner
	classes   [2][]callClass        // by ABI and number
	threads   map[int32]int         // how many tasks of each process are traced
	dead      map[int32]ptrace.Stop // ended before their parent's event told of them
	parted    map[int32]bool        // were let go before that
	inbox     inbox
	waited    []waited
	muted     bool // nothing is handled any more
	quit      bool // a verdict ended the session
	oldKernel bool // without PTRACE_SET_SYSCALL_INFO
}

// Stat is how a process ended.
type Stat struct {
	Ended bool
	Code  int
	Sig   int
	Core  bool
}

// New makes a session. It must be called on the thread that runs it.
func New(cfg Config) *Session {
	s := &Session{
		cfg:     cfg,
		tasks:   make(map[int32]*task),
		threads: make(map[int32]int),
		dead:    make(map[int32]ptrace.Stop),
		parted:  make(map[int32]bool),
		abis:    ABIs(ptrace.Native),
		options: ptrace.OptSysgood | ptrace.OptExec,
	}
	if cfg.Seccomp == nil && !cfg.ExecNames {
		// Where most tasks are not watched, the end of a call by death is told with the
		// death, and a stop of every task is spared.
		s.options |= ptrace.OptExit
	}
	if cfg.Reader != nil {
		cfg.Reader.Start(host{s})
	}
	if cfg.Sampler != nil {
		cfg.Sampler.Start(host{s})
	}
	if cfg.Follow || cfg.Reader != nil {
		s.options |= ptrace.OptFork | ptrace.OptVfork | ptrace.OptClone
	}
	if cfg.ExitKill {
		s.options |= ptrace.OptExitKill
	}
	if cfg.Seccomp != nil {
		s.options |= ptrace.OptSeccomp
	}
	if cfg.Seccomp == nil {
		s.pin.start(cfg.Pin)
	}
	for i, a := range s.abis {
		s.classes[i] = make([]callClass, len(a.Syscalls))
		for nr, name := range a.Syscalls {
			s.classes[i][nr] = classOf(name)
		}
	}
	return s
}

// Tasks is the number of traced tasks.
func (s *Session) Tasks() int { return len(s.tasks) }

func (s *Session) add(tid, tgid int32, parent event.Task, thread bool) *task {
	s.gen++
	t := &task{id: event.Task{TID: tid, TGID: tgid, Gen: s.gen}}
	t.mem.TID = int(tid)
	t.state.t, t.state.session = t, s
	t.state.arch = ptrace.Native
	t.abi = s.abis[NativeABI]
	s.tasks[tid] = t
	s.threads[tgid]++
	if t.alien = s.strange(parent, tgid); t.alien {
		t.needs = &Needs{}
	} else {
		t.needs = s.cfg.Handler.NewTask(t.id, parent, thread)
	}
	s.beginProbes(t, parent)
	s.pin.added(tid, parent.TID)
	return t
}

func (s *Session) drop(t *task) {
	if s.tasks[t.id.TID] == t {
		delete(s.tasks, t.id.TID)
	}
	s.left(t)
	s.release(t)
	s.forget(t)
	s.pin.dropped(t, false)
}

// left takes a task out of the count of its process.
func (s *Session) left(t *task) {
	if s.threads[t.id.TGID]--; s.threads[t.id.TGID] <= 0 {
		delete(s.threads, t.id.TGID)
	}
}

func (s *Session) release(t *task) {
	if t.ctx != nil {
		t.ctx.Mem = nil
		s.free = append(s.free, t.ctx)
		t.ctx = nil
	}
}

func (s *Session) newCtx(t *task) *decode.Ctx {
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		return c
	}
	return &decode.Ctx{Opts: &s.cfg.Options}
}

// Run handles stops until no task is left or Stop is called; then every remaining
// task is detached unhurt. It returns how the launched program ended.
func (s *Session) Run() (Stat, error) {
	s.inbox.open()
	defer s.inbox.close()
	defer s.startTimers()()
	defer s.startSampler()()
	defer func() {
		if r := recover(); r != nil {
			s.detachAll()
			panic(r)
		}
	}()
	for len(s.tasks) > 0 {
		if s.over() {
			break
		}
		if s.inbox.full.Load() {
			s.read()
			continue
		}
		var status uint32
		ru := (*unix.Rusage)(nil)
		if s.cfg.CPUTime {
			ru = &s.ru
		}
		pid, err := s.wait(0, &status, ru)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD):
			return s.status, s.err
		case err != nil:
			s.err = fmt.Errorf("wait: %w", err)
			continue
		}
		s.handle(int32(pid), status)
	}
	s.detachAll()
	s.pin.stop()
	return s.status, s.err
}

// over reports whether the session is to end before its tasks do. Tasks under the session's
// seccomp filter cannot do without a tracer: after an error they are watched on, in silence.
func (s *Session) over() bool {
	switch {
	case s.stop.raised(), s.quit:
		return true
	case s.err == nil || s.muted:
		return false
	}
	if s.cfg.Failed != nil {
		s.cfg.Failed(s.err)
	}
	s.muted = s.cfg.Seccomp != nil
	return !s.muted
}

// handle classifies, decides and acts on one wait status.
func (s *Session) handle(tid int32, status uint32) {
	if s.pin.on {
		s.pin.stops.Add(1)
	}
	stop := ptrace.Classify(status)
	t := s.tasks[tid]
	if t != nil && reused(t, stop.Kind) {
		s.moved(t)
		t = nil
	}
	if t == nil {
		s.unknown(tid, stop)
		return
	}
	s.drainSamples(t)
	t.begun = true
	t.stopped = stop.Kind != ptrace.StopExited && stop.Kind != ptrace.StopKilled
	t.listens = false
	t.relisten = t.relisten && stop.Kind == ptrace.StopGroup
	if t.leaving && t.stopped {
		s.letGo(t, stop)
		return
	}
	s.answer(t, stop)
}

// answer decides and acts. At an exec stop a thread may take the place of its leader, which
// the stop is said to be of.
func (s *Session) answer(t *task, stop ptrace.Stop) {
	a := s.decide(t, stop)
	if th := s.tasks[t.id.TID]; th != nil {
		t = th
	}
	s.act(t, a)
}

// action is the one thing that is done to a task after a stop.
type action uint8

const (
	actNothing action = iota // it is gone
	actGo                    // as its needs say
	actToExit                // to the exit stop of the call it is inside
	actListen
	actDetach
)

func (s *Session) decide(t *task, stop ptrace.Stop) action {
	switch stop.Kind {
	case ptrace.StopSyscall:
		return s.syscallStop(t)
	case ptrace.StopSeccomp:
		return s.seccompStop(t)
	case ptrace.StopSignal:
		return s.signalStop(t, stop.Sig)
	case ptrace.StopGroup:
		return s.groupStop(t, stop.Sig)
	case ptrace.StopFork:
		return s.forkStop(t, stop.Event)
	case ptrace.StopExec:
		return s.execStop(t)
	case ptrace.StopExit:
		return s.exitStop(t)
	case ptrace.StopExited, ptrace.StopKilled:
		s.ended(t, stop)
		return actNothing
	}
	return actGo
}

// act makes exactly one resume call.
func (s *Session) act(t *task, a action) {
	if a == actNothing {
		return
	}
	s.wantExec(t)
	if a != actDetach {
		s.sample(t)
	}
	if t.delay > 0 {
		s.hold(t, a)
		return
	}
	if a == actDetach {
		sig := t.pending
		t.pending = 0
		s.detach(t, sig)
		return
	}
	var err error
	if a == actListen {
		err = ptrace.Listen(int(t.id.TID))
		t.listens, t.pending = true, 0
	} else {
		m := s.move(t)
		if m == event.MoveLeave {
			sig := t.pending
			t.pending = 0
			s.detach(t, sig)
			return
		}
		if m == event.MoveHold {
			t.held, t.paused, t.heldAct = true, true, a
			return
		}
		sig := t.pending
		t.pending = 0
		err = s.resume(t, a, m, sig)
	}
	t.stopped = false
	if err != nil && !ptrace.Gone(err) {
		s.err = err
	}
}

// wantsStops reports whether a task is resumed with PTRACE_SYSCALL.
func (s *Session) wantsStops(t *task) bool {
	if s.muted {
		return false
	}
	if t.phase == inside || t.hidden {
		return true
	}
	return t.needs.Syscalls && !s.filtered(t)
}

// filtered reports whether a task's calls of interest are reported by the session's filter.
func (s *Session) filtered(t *task) bool { return s.cfg.Seccomp != nil && !t.full }

// emit hands an event to the handler.
func (s *Session) emit(t *task, k *event.Kind, fill func(*event.Event)) event.Verdict {
	if t.alien {
		return event.Verdict{}
	}
	ev := &s.ev
	*ev = event.Event{Kind: k, Task: t.id, ABI: t.abi, State: &t.state, NR: t.lastNR}
	if s.cfg.Regs && t.stopped && ptrace.GetSyscallInfo(int(t.id.TID), &s.info) == nil {
		ev.IP, ev.HasIP = s.info.IP, true
	}
	if fill != nil {
		fill(ev)
	}
	return s.send(ev)
}

func (s *Session) send(ev *event.Event) event.Verdict {
	if s.muted {
		return event.Verdict{}
	}
	s.seq++
	ev.Seq = s.seq
	if ev.Wall == 0 {
		ev.Wall = time.Now().UnixNano()
	}
	v, err := s.cfg.Handler.Handle(ev)
	if err != nil && s.err == nil {
		s.err = err
	}
	if v.Renew {
		s.renew()
	}
	s.quit = s.quit || v.Resume == event.ResumeQuit
	if v.Steps > 0 {
		if t := s.tasks[ev.Task.TID]; t != nil {
			t.steps = v.Steps
		}
	}
	return v
}

// renew asks again what the tasks need. Those that run and must stop at their calls from now
// on are interrupted.
func (s *Session) renew() {
	for _, t := range s.tasks {
		if t.alien {
			continue
		}
		before := t.needs
		t.needs = s.cfg.Handler.Needs(t.id)
		more := !before.Syscalls && t.needs.Syscalls || !slices.Equal(before.Probes, t.needs.Probes)
		if more && !t.stopped && !t.listens && !t.hidden {
			ptrace.Interrupt(int(t.id.TID)) // if it fails the task is gone
		}
	}
}

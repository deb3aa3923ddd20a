package tracer

import (
	"cmp"
	"encoding/binary"
	"maps"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// signalStop is a signal about to be delivered.
func (s *Session) signalStop(t *task, sig int) action {
	t.pending = sig
	if t.hidden || t.launching { // what runs before its program is the tracer's own code
		return actGo
	}
	if s.cfg.Reader != nil {
		t.pending = 0 // a SIGTRAP of the reader's must not reach the task, even if a handler panics
		mine, v, left := s.readStop(t, sig)
		if t.pending = left; mine {
			if v.Signal != 0 {
				t.pending = v.Signal
			}
			return s.verdict(v)
		}
		sig = left
	}
	if t.needs.Signals {
		if err := ptrace.GetSiginfo(int(t.id.TID), &s.sig); err != nil {
			return s.fail(err)
		}
		c := s.plainCtx(t)
		v := s.emit(t, event.Signal, func(ev *event.Event) {
			ev.Num = int64(sig)
			ev.Args = c.Vals(1)
			ev.Args[0] = decode.Siginfo(c, s.sig[:])
		})
		if v.Signal != 0 {
			t.pending = v.Signal
		}
		return s.verdict(v)
	}
	return actGo
}

// plainCtx is a decoding context for events other than system calls.
func (s *Session) plainCtx(t *task) *decode.Ctx {
	c := &s.sigCtx
	c.Reset()
	c.Mem, c.Live, c.Task, c.ABI, c.Opts = &t.mem, &t.state, t.id, t.abi, &s.cfg.Options
	c.Abbrev, c.Verbose = true, true
	return c
}

// groupStop leaves the task stopped until SIGCONT, as it would be untraced.
func (s *Session) groupStop(t *task, sig int) action {
	if !t.hidden && t.needs.Signals && !t.relisten {
		s.emit(t, event.GroupStop, func(ev *event.Event) { ev.Num = int64(sig) })
	}
	t.relisten = false
	return actListen
}

// forkStop tells of a new task, whose own first stop may have come before.
func (s *Session) forkStop(t *task, ev int) action {
	msg, err := ptrace.EventMsg(int(t.id.TID))
	if err != nil {
		return s.fail(err)
	}
	tid := int32(msg)
	tgid := s.newTgid(t, tid, ev)
	switch old := s.tasks[tid]; {
	case s.parted[tid]:
		delete(s.parted, tid)
	case old != nil && old.early && old.id.TGID == tgid:
		s.claim(t, old)
	default:
		s.forked(t, tid, tgid)
	}
	if t.hidden || s.strange(t.id, tgid) {
		return actGo
	}
	return s.verdict(s.emit(t, forkKinds[ev], func(ev *event.Event) { ev.Num = int64(tid) }))
}

// forked adds a task that only its parent's event has told of.
func (s *Session) forked(t *task, tid, tgid int32) {
	if old := s.tasks[tid]; old != nil {
		s.moved(old)
	}
	child := s.born(t, tid, tgid)
	if stop, dead := s.dead[tid]; dead {
		delete(s.dead, tid)
		if _, lives := readStatus(tid); !lives {
			s.ended(child, stop)
		}
	}
}

// forkKinds are the events that PTRACE_EVENT stops of a parent make.
var forkKinds = map[int]*event.Kind{
	unix.PTRACE_EVENT_FORK: event.Fork, unix.PTRACE_EVENT_VFORK: event.Vfork, unix.PTRACE_EVENT_CLONE: event.Clone,
}

// claim gives a foundling what it inherits of its parent, now that this is known.
func (s *Session) claim(parent, t *task) {
	t.early = false
	if !t.foundling {
		return
	}
	t.foundling = false
	s.forget(t)
	t.needs = s.cfg.Handler.NewTask(t.id, parent.id, t.id.TGID == parent.id.TGID)
	s.beginProbes(t, parent.id)
}

// newTgid is the process that a new task belongs to. The parent's call tells, where its
// entry was seen.
func (s *Session) newTgid(parent *task, tid int32, ev int) int32 {
	if ev != unix.PTRACE_EVENT_CLONE {
		return tid
	}
	if parent.phase == inside {
		switch parent.abi.SyscallName(parent.lastNR) {
		case "clone":
			if parent.args[0]&unix.CLONE_THREAD != 0 {
				return parent.id.TGID
			}
			return tid
		case "clone3":
			var b [8]byte
			if n, _ := parent.mem.ReadAt(b[:], parent.args[0]); n == len(b) {
				if binary.LittleEndian.Uint64(b[:])&unix.CLONE_THREAD != 0 {
					return parent.id.TGID
				}
				return tid
			}
		}
	}
	return tgidOf(tid)
}

// born adds the new task of a parent.
func (s *Session) born(parent *task, tid, tgid int32) *task {
	t := s.add(tid, tgid, parent.id, tgid == parent.id.TGID)
	t.hidden, t.full, t.noExec = parent.hidden, parent.full, parent.noExec
	s.attached(t)
	return t
}

// attached tells of a task that is traced from now on, if it is watched. One that is to be let go
// cannot be before it stops.
func (s *Session) attached(t *task) {
	if t.alien {
		t.leaving = !s.sharing(t)
		return
	}
	s.sample(t)
	if n := t.needs; t.hidden || !n.Syscalls && !n.Signals && !n.Attach {
		return
	}
	v := s.emit(t, event.Attach, func(ev *event.Event) { ev.State = nil })
	t.leaving = v.Resume == event.ResumeDetach
}

// unknown is a stop of a task that no event has told of yet. Its parent may have been
// killed before its own stop was seen: then no event ever will.
func (s *Session) unknown(tid int32, stop ptrace.Stop) {
	if stop.Kind == ptrace.StopExited || stop.Kind == ptrace.StopKilled {
		s.dead[tid] = stop
		return
	}
	delete(s.dead, tid)
	parent := s.parentOf(tid)
	if parent == nil {
		parent = &task{}
	}
	t := s.born(parent, tid, tgidOf(tid))
	t.early, t.foundling = true, parent.id.TID == 0
	s.firstStop(t, stop)
}

// parentOf finds, among the traced tasks, the one whose fork or clone made tid, as far
// as procfs tells: a thread of its process, or of its parent process.
func (s *Session) parentOf(tid int32) *task {
	st, ok := readStatus(tid)
	if !ok {
		return nil
	}
	for _, id := range [...]int32{st.tgid, st.ppid} {
		if t := s.tasks[id]; t != nil && id != tid {
			return t
		}
	}
	for _, t := range s.tasks {
		if t.id.TGID == st.tgid || t.id.TGID == st.ppid {
			return t
		}
	}
	return nil
}

// firstStop handles the stop that an early child is in.
func (s *Session) firstStop(t *task, stop ptrace.Stop) {
	t.stopped = true
	if t.leaving {
		s.letGo(t, stop)
		return
	}
	s.answer(t, stop)
}

// execStop follows a successful execve. If a thread other than the leader made the call,
// it has taken over the leader's tid and the leader is gone.
func (s *Session) execStop(t *task) action {
	if s.threads[t.id.TGID] > 1 && !t.moved {
		msg, err := ptrace.EventMsg(int(t.id.TID))
		if err != nil {
			return s.fail(err)
		}
		if former := int32(msg); former != t.id.TID {
			t = s.supersede(t, former)
			t.stopped = true
		}
	}
	former, first := t.id.TID, t.launching
	if t.former != 0 {
		former = t.former
	}
	t.moved, t.former, t.launching = false, 0, false
	s.spareExec(t)
	before := t.needs
	var names []string
	if s.cfg.ExecNames {
		names = s.execNames(t)
		if first || !s.cfg.ExecDetaches {
			if a := s.endExec(t); a != actGo {
				return a
			}
		}
	}
	from := t.id.TID
	if first {
		from = 0
	}
	s.execProbes(t, former)
	if t.alien {
		return actDetach
	}
	t.needs = s.cfg.Handler.Exec(t.id, from, names...)
	if !(t.phase == inside && t.want) && !before.Syscalls && t.needs.Syscalls {
		if s.syntheticExec(t) == actDetach {
			return actDetach
		}
	}
	return s.verdict(s.emit(t, event.Exec, func(ev *event.Event) {
		ev.Num, ev.First = int64(former), first
		if len(names) > 0 {
			ev.Name = names[0]
		}
	}))
}

// endExec ends the execve of a task that may be watched no more when it comes back.
func (s *Session) endExec(t *task) action {
	if t.phase != inside || !t.want || t.inject != nil {
		return actGo
	}
	s.info.Op, s.info.NR, s.info.Args[0] = ptrace.InfoExit, 0, 0
	return s.exit(t)
}

// supersede gives the leader's tid to the thread that executed a program.
func (s *Session) supersede(leader *task, former int32) *task {
	th := s.tasks[former]
	if th == nil {
		return leader
	}
	s.emit(leader, event.Superseded, func(ev *event.Event) { ev.Num = int64(former); ev.State = nil })
	delete(s.tasks, former)
	s.left(leader)
	s.release(leader)
	s.pin.superseded(leader, th)
	s.forget(leader)
	th.id.TID, th.former = leader.id.TID, former
	th.needs = s.cfg.Handler.Exec(th.id, former)
	th.mem.TID = int(th.id.TID)
	s.tasks[th.id.TID] = th
	if th.ctx != nil {
		th.ctx.Task = th.id
	}
	return th
}

// moved is a thread whose tid another task has: it executes a program, and has taken its
// leader's tid, but the stop that tells so has not been seen yet.
func (s *Session) moved(th *task) {
	leader, former := s.tasks[th.id.TGID], th.id.TID
	if leader == nil || leader == th {
		s.drop(th)
		return
	}
	s.supersede(leader, former)
	th.moved = true
}

// reused reports whether a stop that is like a new task's first one is that of another task
// than the thread that had its tid.
func reused(t *task, k ptrace.StopKind) bool {
	return t.begun && t.id.TID != t.id.TGID && (k == ptrace.StopInterrupt || k == ptrace.StopGroup) &&
		tgidOf(t.id.TID) != t.id.TGID
}

// exitStop is the last stop of a task before it dies: a call that it is inside ends here.
func (s *Session) exitStop(t *task) action {
	s.unfinished(t)
	t.phase = dying
	return actGo
}

// unfinished ends the call that a dying task is inside.
func (s *Session) unfinished(t *task) {
	if t.phase != inside || !t.want || t.ctx == nil {
		return
	}
	t.phase = outside
	t.sys.NoReturn = true
	s.sendCall(t, event.SyscallExit, t.ctx.Pending())
	s.release(t)
}

// ended is the end of a task. That of a process is told when it has no other thread any
// more. A thread that executes a program may have taken the leader's place and been
// killed before its stop: then nothing else tells of its end.
func (s *Session) ended(t *task, stop ptrace.Stop) {
	if t.id.TID == t.id.TGID && s.threads[t.id.TGID] > 1 {
		for _, o := range s.tasks {
			if o != t && o.id.TGID == t.id.TGID {
				s.ended(o, stop)
			}
		}
	}
	s.unfinished(t)
	if t.id.TID == s.child {
		s.status = Stat{Ended: true, Code: stop.Code, Core: stop.Core}
		if stop.Kind == ptrace.StopKilled {
			s.status.Sig = stop.Sig
		}
	}
	k, num := event.Exit, int64(stop.Code)
	if stop.Kind == ptrace.StopKilled {
		k, num = event.Killed, int64(stop.Sig)
	}
	s.emit(t, k, func(ev *event.Event) { ev.Num, ev.Core, ev.State = num, stop.Core, nil })
	s.drop(t)
}

// detachAll lets every task go. Those that run are interrupted first, since a running
// task cannot be detached. One that waits for its vforked child does not stop before that
// has executed or ended: the kernel lets it go when the tracer ends.
func (s *Session) detachAll() {
	s.killChild()
	if s.cfg.Reader != nil {
		s.cfg.Reader.Quit()
	}
	if s.cfg.ExitKill && s.stop.asked.Load() {
		return
	}
	for _, t := range s.inOrder() {
		t.leaving = true
		if t.stopped && !t.listens {
			s.detach(t, t.pending)
			continue
		}
		if err := ptrace.Interrupt(int(t.id.TID)); err != nil {
			continue
		}
	}
	for len(s.tasks) > 0 {
		var status uint32
		pid, err := s.wait(unix.WNOHANG, &status, nil)
		if pid == 0 && err == nil {
			if s.allVfork() {
				s.abandonAll()
				return
			}
			pid, err = s.wait(0, &status, nil)
		}
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		stop := ptrace.Classify(status)
		t := s.tasks[int32(pid)]
		switch {
		case t == nil:
			if stop.Kind != ptrace.StopExited && stop.Kind != ptrace.StopKilled {
				ptrace.Detach(pid, 0)
			}
		case stop.Kind == ptrace.StopExited || stop.Kind == ptrace.StopKilled:
			s.ended(t, stop)
		default:
			t.stopped = true
			s.letGo(t, stop)
		}
	}
}

// inOrder is the tasks, the oldest first.
func (s *Session) inOrder() []*task {
	all := slices.Collect(maps.Values(s.tasks))
	slices.SortFunc(all, func(a, b *task) int { return cmp.Compare(a.id.Gen, b.id.Gen) })
	return all
}

// allVfork reports whether every task waits for its vforked child.
func (s *Session) allVfork() bool {
	for _, t := range s.tasks {
		if !t.inVfork() {
			return false
		}
	}
	return true
}

// abandonAll ends the session's part in tasks that the tracer's end detaches.
func (s *Session) abandonAll() {
	for _, t := range s.inOrder() {
		s.detached(t, true)
	}
}

// killChild passes the signal that ends the session on to the launched program, which
// was started for this session's sake.
func (s *Session) killChild() {
	sig := unix.Signal(s.stop.sig.Load())
	if sig == 0 {
		return
	}
	for tid, t := range s.tasks {
		if tid == s.child || s.cfg.ExitKill && tid == t.id.TGID {
			unix.Kill(int(tid), unix.SIGCONT)
			unix.Kill(int(tid), sig)
		}
	}
}

// letGo detaches a stopped task with the signal that its stop was about to deliver.
func (s *Session) letGo(t *task, stop ptrace.Stop) {
	sig := 0
	switch stop.Kind {
	case ptrace.StopSignal:
		sig = stop.Sig
		if s.cfg.Reader != nil && !t.hidden {
			_, _, sig = s.readStop(t, sig)
		}
	case ptrace.StopGroup:
		// Without the tracer the kernel keeps it in group-stop.
		sig = 0
	case ptrace.StopSyscall:
		if t.phase == inside && t.inject != nil {
			s.syscallStop(t) // the call was not made, or is to return something else
		}
	case ptrace.StopFork:
		if msg, err := ptrace.EventMsg(int(t.id.TID)); err == nil && s.tasks[int32(msg)] == nil {
			n := s.born(t, int32(msg), tgidOf(int32(msg)))
			n.leaving = true
		}
	}
	s.detach(t, sig)
}

// detach lets a stopped task go. A call that it is about to make is its own again.
func (s *Session) detach(t *task, sig int) {
	if s.trapPending(t) {
		// Its stop comes before that of the breakpoint or step that has caused the trap: that is
		// waited for.
		t.leaving, t.stopped = true, false
		t.state.flush() // if it fails the task is gone
		ptrace.Cont(int(t.id.TID), sig)
		return
	}
	if t.phase == inside && t.inject != nil && t.sys.Skipped {
		ptrace.SetSyscallNR(int(t.id.TID), int64(t.lastNR))
	}
	s.restoreArgs(t)
	if s.cfg.Reader != nil && !t.hidden {
		s.cfg.Reader.Leave(&t.state)
	}
	t.state.flush() // if it fails the task is gone
	s.detached(t, ptrace.Detach(int(t.id.TID), sig) == nil)
}

// detached tells that a task was let go, if it lives on.
func (s *Session) detached(t *task, lives bool) {
	s.pin.dropped(t, true)
	if t.early {
		s.parted[t.id.TID] = true
	}
	if lives {
		s.emit(t, event.Detach, func(ev *event.Event) { ev.State = nil })
	}
	if t.phase == inside && t.want && t.ctx != nil {
		t.phase = outside
		t.sys.Detached = true
		s.sendCall(t, event.SyscallExit, t.ctx.Pending())
	}
	s.drop(t)
}

// syntheticExec shows the execve with which a task entered a membership that watches its
// system calls: its entry was not stopped, but the new program's stack has what it was given.
// It returns how the task goes on.
func (s *Session) syntheticExec(t *task) action {
	in := &s.info
	if ptrace.GetSyscallInfo(int(t.id.TID), in) != nil {
		return actGo
	}
	nr, ok := t.abi.SyscallNr("execve")
	if !ok {
		return actGo
	}
	s.stack.begin(t, in)
	st := s.stack.start(in.SP)
	in.Op, in.Audit, in.NR = ptrace.InfoEntry, t.abi.Audit, uint64(nr)
	in.Args = [6]uint64{st.execFn, st.argv, st.envp}
	return s.entry(t)
}

// execNames lists what the program that a task has just executed is known by: the path
// that execve was given, and the file's.
func (s *Session) execNames(t *task) []string {
	var names []string
	if ptrace.GetSyscallInfo(int(t.id.TID), &s.info) == nil {
		s.stack.begin(t, &s.info)
		if p := s.stack.text(s.stack.start(s.info.SP).execFn); p != "" {
			names = append(names, p)
		}
	}
	if exe, err := os.Readlink(procPath(t.id.TID, "exe")); err == nil {
		names = append(names, exe)
	}
	return names
}

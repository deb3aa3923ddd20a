package tracer

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// syscallStop is a stop at entry or exit.
func (s *Session) syscallStop(t *task) action {
	if err := ptrace.GetSyscallInfo(int(t.id.TID), &s.info); err != nil {
		return s.fail(err)
	}
	if t.forced && s.forcedStop(t) {
		return actGo
	}
	switch s.info.Op {
	case ptrace.InfoEntry:
		return s.enter(t)
	case ptrace.InfoExit:
		return s.exit(t)
	}
	return actGo
}

// seccompStop is the entry of a call that the launched program's filter reports.
func (s *Session) seccompStop(t *task) action {
	if err := ptrace.GetSyscallInfo(int(t.id.TID), &s.info); err != nil {
		return s.fail(err)
	}
	if s.info.Op != ptrace.InfoSeccomp || t.phase == inside {
		return actGo
	}
	return s.enter(t)
}

// enter handles a real entry: while that lasts, the call can be changed.
func (s *Session) enter(t *task) action {
	t.entering, t.altered = true, 0
	a := s.entry(t)
	t.entering = false
	return a
}

// fail notes an error of a ptrace call: a dying task is not one.
func (s *Session) fail(err error) action {
	if !ptrace.Gone(err) && s.err == nil {
		s.err = err
	}
	return actNothing
}

// abiIndex is the position of the ABI in CallSets.
func (s *Session) abiIndex(a *arch.ABI) int {
	if a == s.abis[NativeABI] {
		return NativeABI
	}
	return CompatABI
}

// Numbers in CallSets of the calls that i386 multiplexes; package filter lists them so.
const (
	socketcallBase = 1024
	ipcBase        = 1056
)

// callID is what a call is in CallSets: its number, or what socketcall and ipc carry.
func callID(a *arch.ABI, nr uint64, arg0 uint64) uint64 {
	if a.Subcalls == nil {
		return nr
	}
	switch u := a.Subcall(nr, arg0); {
	case u == nil:
		return nr
	case u.Via == "ipc":
		return ipcBase + u.Code
	default:
		return socketcallBase + u.Code
	}
}

func (s *Session) entry(t *task) action {
	if s.muted {
		return actGo
	}
	in := &s.info
	t.phase, t.lastNR = inside, in.NR
	ix := s.enterABI(t)
	if s.filtered(t) && !t.hidden && installsFilter(t.abi.SyscallName(in.NR), &in.Args) {
		t.full = true
	}
	if t.hidden {
		if !isExec(t.abi, in.NR) {
			t.want = false
			return actToExit
		}
		t.hidden = false
	}
	t.args = in.Args
	t.kept = s.filtered(t) && s.keepTraced(t, in)
	if s.pin.on && in.NR < uint64(len(s.classes[ix])) {
		s.pin.entered(t, s.classes[ix][in.NR])
	}
	n, id := t.needs, callID(t.abi, in.NR, in.Args[0])
	if t.want = n.Calls.Has(ix, id) && holds(n.Preds.For(ix, id), &in.Args); !t.want {
		t.prev = ""
		return s.unwatched(t)
	}
	s.tellEnd(t, t.abi.SyscallName(in.NR))
	t.began = time.Now()
	if s.cfg.CPUTime {
		t.stime = time.Duration(s.ru.Stime.Nano())
	}
	args := s.decodeEntry(t, ix, id)
	if n.Late.Has(ix, id) {
		return actToExit
	}
	t.sys.Reported = true
	return s.entered(t, s.sendCall(t, event.SyscallEnter, args))
}

// enterABI notes the ABI of the call that a task is entering, tells if it is another one than
// before, and returns its index.
func (s *Session) enterABI(t *task) int {
	abi := s.abis[NativeABI]
	if audit := s.info.Audit; audit != abi.Audit {
		if abi = arch.ABIByAudit(audit); abi == nil {
			abi = s.abis[NativeABI]
		}
	}
	if abi != t.abi {
		t.abi, t.state.arch = abi, abi.Arch
		info := s.info
		s.emit(t, event.Personality, nil)
		s.info = info
	}
	return s.abiIndex(abi)
}

// decodeEntry decodes what is known of a call that is about to be made, and lets the handler
// tamper with it.
func (s *Session) decodeEntry(t *task, ix int, id uint64) []event.Value {
	in, n := &s.info, t.needs
	var m decode.Mode
	if n.Abbrev.Has(ix, id) {
		m |= decode.Abbrev
	}
	if n.Verbose.Has(ix, id) {
		m |= decode.Verbose
	}
	if n.Raw.Has(ix, id) {
		m |= decode.Raw
	}
	if t.ctx == nil {
		t.ctx = s.newCtx(t)
	}
	c := t.ctx
	c.Mem, c.Task, c.Live, c.Prev = &t.mem, t.id, &t.state, t.prev
	t.prev = ""
	c.Begin(s.cfg.Decode, t.abi, in.NR, in.Args, m)
	t.sys = event.Syscall{NR: in.NR, Raw: c.Args, Name: t.abi.SyscallName(in.NR)}
	if c.Sub != nil {
		t.sys.Name = c.Sub.Name
	}
	t.sys.Known = t.sys.Name != ""
	t.sys.Class = id
	t.sys.Undecoded = m&decode.Raw != 0
	t.sys.Decl = c.Call
	args, more := c.Enter()
	// The execve that starts the program is the tracer's own.
	if t.entering && !t.launching && n.Tamper.Has(ix, id) && s.tamperEntry(t, args) {
		c.Begin(s.cfg.Decode, t.abi, in.NR, in.Args, m)
		args, more = c.Enter()
		t.sys.Raw = c.Args
	}
	t.sys.Late = c.LateComma()
	t.sys.Entered, t.sys.More = len(args), more
	return args
}

// holds reports whether arguments meet a condition, if there is one.
func holds(p *event.ArgPred, args *[6]uint64) bool { return p == nil || p.Eval(args) }

// entered does what the handler wants done with a call that is about to be made.
func (s *Session) entered(t *task, v event.Verdict) action {
	switch v.Resume {
	case event.ResumeDetach:
		return actDetach
	case event.ResumeSkip:
		t.want = false
		return s.unwatched(t)
	}
	return actToExit
}

// unwatched lets a task make a call whose exit nobody wants. Where its calls are reported one
// by one, that stop is spared.
func (s *Session) unwatched(t *task) action {
	if s.filtered(t) && !t.kept && !t.launching && t.inject == nil && t.altered == 0 {
		t.phase = outside
		s.release(t)
		return actGo
	}
	return actToExit
}

// tellEnd asks for the stop of a leader's end, if it leaves other threads behind: its death
// is told only after theirs.
func (s *Session) tellEnd(t *task, call string) {
	if s.options&ptrace.OptExit == 0 && t.id.TID == t.id.TGID && s.threads[t.id.TGID] > 1 && call == "exit" {
		ptrace.SetOptions(int(t.id.TID), s.options|ptrace.OptExit)
	}
}

func isExec(abi *arch.ABI, nr uint64) bool {
	name := abi.SyscallName(nr)
	return name == "execve" || name == "execveat"
}

// errnoRestartBlock is the kernel's ERESTART_RESTARTBLOCK: restart_syscall will follow.
const errnoRestartBlock = 516

// callEvent is the event of a system call, without its times.
func (s *Session) callEvent(t *task, k *event.Kind, args []event.Value) *event.Event {
	ev := &s.ev
	*ev = event.Event{Kind: k, Task: t.id, ABI: t.abi, State: &t.state, Args: args, Sys: &t.sys, NR: t.lastNR}
	if s.cfg.Regs {
		ev.IP, ev.HasIP = s.info.IP, true
	}
	return ev
}

// sendCall hands a system-call event to the handler.
func (s *Session) sendCall(t *task, k *event.Kind, args []event.Value) event.Verdict {
	ev := s.callEvent(t, k, args)
	now := t.began
	if k == event.SyscallExit {
		now = time.Now()
		ev.Dur = now.Sub(t.began)
		ev.Began = t.began.UnixNano()
	}
	ev.Wall = now.UnixNano()
	return s.send(ev)
}

func (s *Session) exit(t *task) action {
	if t.phase != inside {
		// The exit of a call that was entered before the task was traced.
		return actGo
	}
	t.phase = outside
	in := &s.info
	t.kept = false
	if t.altered != 0 {
		s.restoreArgs(t)
	}
	if s.pin.on && (t.waits || t.class != callPlain) {
		s.pin.left(t, &t.args, in.Ret())
	}
	if t.launching && !t.hidden && in.IsError() {
		defer s.execFailed(t, int(-in.Ret()))
	}
	if t.ctx == nil || t.ctx.Call == nil {
		return actGo
	}
	ret, errno := in.Ret(), 0
	if t.abi.Bits == 32 {
		ret = int64(int32(ret))
	}
	if in.IsError() {
		errno = int(-ret)
	}
	if t.inject != nil {
		ret, errno = s.tamperExit(t, ret, errno)
	}
	if !t.want {
		s.release(t)
		return actGo
	}
	c := t.ctx
	if errno == errnoRestartBlock {
		t.prev = t.sys.Name
	}
	args := c.Leave(ret, errno)
	t.sys.Ret, t.sys.Errno = ret, errno
	if s.cfg.CPUTime {
		t.sys.CPUTime = time.Duration(s.ru.Stime.Nano()) - t.stime
	}
	t.sys.RetVal, t.sys.Aux = c.Result()
	if t.needs.Dump != nil {
		s.dump(t)
	}
	v := s.sendCall(t, event.SyscallExit, args)
	if v.Inject != nil {
		s.tamperLate(t, v.Inject, errno)
	}
	s.release(t)
	return s.verdict(v)
}

// verdict is how a task goes on after an event that can be refused nothing else.
func (s *Session) verdict(v event.Verdict) action {
	if v.Resume == event.ResumeDetach {
		return actDetach
	}
	return actGo
}

// execFailed is the failure of the launched program's execve: only its death is of
// interest now.
func (s *Session) execFailed(t *task, errno int) {
	t.hidden, t.launching = true, false
	if s.cfg.ExecFailed != nil {
		s.cfg.ExecFailed(unix.Errno(errno))
	}
}

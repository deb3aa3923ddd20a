package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp"
	"github.com/gotrace/gotrace/cmd/probe"
	"github.com/gotrace/gotrace/cmd/sink"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/procfd"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// The session runs on the initial thread: tools that trace gotrace without -f see its
// ptrace calls there.
func init() { runtime.LockOSThread() }

// universe is what may be named in expressions on this machine.
func universe() *filter.Universe {
	u := &filter.Universe{Errno: arch.ErrnoByName, Signal: arch.SignalByName}
	for _, a := range tracer.ABIs(ptrace.Native) {
		names := a.Syscalls
		if a.Subcalls != nil {
			names = filter.WithSubcalls(names)
		}
		u.ABIs = append(u.ABIs, filter.ABI{Suffix: a.Suffix, Names: names})
	}
	return u
}

// trace is the main job: it launches or attaches as the options say, traces, and returns
// the exit status.
func trace(o *Options) int {
	r := &run{o: o}
	code, err := r.main()
	if err != nil {
		if err != errQuiet {
			r.say("%v", err)
		}
		return 1
	}
	return code
}

// run is one tracing session with all that belongs to it.
type run struct {
	o       *Options
	out     *output
	engine  *follow.Engine
	session *tracer.Session
	points  *bp.Engine    // nil: nothing is planted in programs
	refused []event.Probe // what could not be
	table   *decode.Table
	plugins plugins
	summary *sink.Summary // nil: nothing is counted for -c
	namer   *procfd.Namer // what descriptors and pids stand for
	path    string        // of the launched program
	comm    []byte
	comms   map[int32]string // command names of tasks, under -Y
	stacks  stacks
	caught  os.Signal // the signal that ended the session
	// attaching: attachAll tells of tasks.
	attaching bool
}

// say writes a message for people, after what the trace has shown so far.
func (r *run) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", r.o.Program, fmt.Sprintf(format, args...))
}

func (r *run) main() (int, error) {
	o := r.o
	n, tracee := stage()
	if o.Daemonize > 0 && n == 0 && len(o.Plugins) == 0 {
		// The command begins before the tracer: what is wrong must be found now.
		if _, _, err := r.rules(); err != nil {
			return 1, err
		}
	}
	switch {
	case o.Daemonize > 0 && n == 0:
		return 1, becomeTracee(o)
	case n == 1:
		return 0, daemonize(tracee)
	}
	r.names()
	defer r.plugins.close()
	if err := r.compile(); err != nil {
		return 1, err
	}
	if err := r.checkSampled(); err != nil {
		return 1, err
	}
	c, err := r.open(tracee == 0)
	if err != nil {
		return 1, err
	}
	r.plugins.out.Store(r.out)
	if o.StackTraces > 0 {
		r.stacks.detail = r.stackDetail()
	}
	if err := r.build(); err != nil {
		return 1, err
	}
	// On one CPU the Go scheduler would take the wait's processor away, and wake a thread
	// to have it, at every stop; it leaves it alone while another one is idle.
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	ignored := ptrace.IgnoredSignals()
	if err := errors.Join(ptrace.DefaultSignals(ignored), ptrace.QuietSIGCHLD()); err != nil {
		return 1, err
	}
	stop := r.catch(ignored)
	defer stop()
	if tracee != 0 {
		if err := r.adoptTracee(tracee); err != nil {
			return 1, err
		}
	}
	if c != nil {
		if pid, err := r.session.Launch(c); err != nil {
			return 1, launchError(pid, err)
		}
	}
	if err := r.attachAll(); err != nil {
		return 1, err
	}
	r.plugins.session.Store(r.session)
	st, err := r.session.Run()
	r.plugins.close()
	r.tellMissing()
	r.out.Close(r.tables())
	return r.finish(st, err)
}

// open opens what -o names and then, with launch, looks for the program, if there is one:
// a file is made, and a command beside the session runs, even if it is not found.
func (r *run) open(launch bool) (c *ptrace.Command, err error) {
	cred, err := credentials(r.o.User)
	if err != nil {
		return nil, err
	}
	r.out, err = openOutput(r.o, r.makeSink, func(err error) { r.say("%v", r.outputError(err)) })
	if err != nil || !launch || len(r.o.Command) == 0 {
		return nil, err
	}
	if c, err = command(r.o, cred); err != nil {
		r.out.Close(nil)
		return nil, err
	}
	r.path = c.Path
	return c, nil
}

// finish makes the exit status: the command's own, or the death that it or a signal to
// the tracer calls for.
func (r *run) finish(st tracer.Stat, err error) (int, error) {
	if err != nil {
		return 1, errQuiet // said already
	}
	if s, ok := r.caught.(unix.Signal); ok {
		ptrace.RaiseDefault(int(s))
		return 128 + int(s), nil
	}
	if st.Sig != 0 {
		ptrace.RaiseDefault(st.Sig)
		return 128 + st.Sig, nil
	}
	return st.Code, nil
}

func (r *run) outputError(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		name := r.o.Output
		if name == "" {
			name = "standard error"
		}
		return fmt.Errorf("%s: %s", name, errnoMessage(pe.Err))
	}
	return err
}

// names makes what tells of descriptors and processes.
func (r *run) names() {
	f := r.o.Filter
	r.namer = procfd.New(procfd.Options{
		Path:   f.DecodeFDs&filter.FDPath != 0,
		Socket: f.DecodeFDs&filter.FDSocket != 0,
		Device: f.DecodeFDs&filter.FDDev != 0,
		Pidfd:  f.DecodeFDs&filter.FDPidfd != 0,
		Comm:   f.DecodePIDs.Has(filter.PIDComm),
		PIDNS:  f.DecodePIDs.Has(filter.PIDNamespace),
	})
}

// build makes the session.
func (r *run) build() error {
	o := r.o
	cfg := tracer.Config{
		Handler:   handler{r.engine, r},
		Decode:    r.decoders(),
		Follow:    o.Follow || r.engine.Follows(),
		ExecNames: r.engine.WantsExec(), ExecDetaches: o.DetachOnExecve,
		CPUTime:  o.Summary != SummaryNone,
		Regs:     o.PrintIP,
		ExitKill: o.KillOnExit,
		Timers:   r.engine.Timers(),
		Pin:      o.Pin,
		Failed:   func(err error) { r.say("%v", err) },
		TamperFailed: func(t event.Task, err error) {
			r.say("poke_tcb: Failed to tamper with process %d: %v", t.TID, err)
		},
		ExecFailed: func(err error) {
			r.out.mu.Lock()
			defer r.out.mu.Unlock()
			r.out.note(r.out.flush())
			r.say("exec: %s", execMessage(r.path, err))
		},
		Options: decode.Options{
			StrLen: o.StringLimit, FDs: o.Filter.DecodeFDs != 0, PIDs: o.Filter.DecodePIDs != 0, Namer: r.namer, Net: r.namer,
		},
	}
	r.reader(&cfg)
	if err := r.sample(&cfg); err != nil {
		return err
	}
	if p, _ := r.plan(); p.Seccomp != nil && cfg.Reader == nil {
		cfg.Seccomp, cfg.ExitKill = p.Seccomp, true
	}
	if o.Daemonize > 0 {
		cfg.ExecFailed = nil // the tracee says so itself
	}
	r.session = tracer.New(cfg)
	return nil
}

// handler tells the user of new tasks on top of the engine's work.
type handler struct {
	*follow.Engine
	r *run
}

func (h handler) Handle(ev *event.Event) (event.Verdict, error) {
	if (ev.Kind == event.Attach && !h.r.attaching || ev.Kind == event.Detach) && !h.r.quiet(filter.QuietAttach) {
		h.r.out.sync()
		h.r.say("Process %d %sed", ev.Task.TID, ev.Kind.Name)
	}
	h.r.stacks.note(ev)
	return h.Engine.Handle(ev)
}

// quiet reports whether messages are left out. Writing a command's trace to a file
// quietens those about attaching, unless quiet= was given.
func (r *run) quiet(q filter.Quiet) bool {
	f := r.o.Filter
	if f.Quiet.Has(q) {
		return true
	}
	implied := r.o.Output != "" && len(r.o.Command) > 0 && !f.QuietGiven && f.Quiet == 0
	return implied && (filter.QuietAttach | filter.QuietPersonality).Has(q)
}

// makeSink makes the sink that the options ask for.
func (r *run) makeSink(w io.Writer) sink.Sink {
	o := r.o
	prompt := w == io.Writer(os.Stderr)
	t := sink.TextOptions{
		Column:           o.Columns,
		Consts:           sink.Consts(o.Consts),
		Hex:              sink.Hex(o.HexStrings),
		Times:            times(o),
		IP:               o.PrintIP,
		Number:           o.PrintNumber,
		ArgNames:         o.ArgNames,
		Separate:         o.Separate && o.Output != "",
		Prompt:           prompt,
		AlwaysPID:        o.AlwaysShowPID,
		Comm:             o.Filter.DecodePIDs.Has(filter.PIDComm),
		QuietExit:        r.quiet(filter.QuietExit),
		QuietSuperseded:  r.quiet(filter.QuietThreadExecve),
		QuietPersonality: r.quiet(filter.QuietPersonality),
		Color:            r.color(prompt),
		Insn:             probe.Insn,
	}
	switch {
	case t.Separate:
		t.PIDs = sink.PIDNever
	case o.Output != "" && o.Follow:
		t.PIDs = sink.PIDColumn
	default:
		t.PIDs = sink.PIDBracket
	}
	var s sink.Sink = sink.NewText(w, t)
	if o.JSON {
		s = sink.NewJSON(w, t)
	}
	if o.Summary == SummaryNone {
		return s
	}
	r.summary = sink.NewSummary(w, sink.SummaryOptions{
		Wall: o.WallClock, Overhead: max(o.Overhead, 0), Sort: o.SummarySort, Columns: o.SummaryColumns,
	})
	if o.Summary == SummaryOnly {
		return r.summary
	}
	return &sink.Followed{Sink: s, Tail: r.summary}
}

var decimals = map[Precision]int{Seconds: 0, Milliseconds: 3, Microseconds: 6, Nanoseconds: 9}

func times(o *Options) sink.Times {
	var t sink.Times
	if o.Absolute.On {
		t.Absolute = sink.ClockDay
		if o.Absolute.Unix {
			t.Absolute = sink.ClockUnix
		}
		t.AbsoluteDecimals = decimals[o.Absolute.Precision]
	}
	t.Relative, t.RelativeDecimals = o.Relative.On, decimals[o.Relative.Precision]
	t.Spent, t.SpentDecimals = o.SyscallTimes.On, decimals[o.SyscallTimes.Precision]
	return t
}

// color reports whether a sink is coloured.
func (r *run) color(terminal bool) bool {
	switch r.o.Color {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	}
	if !terminal || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	_, err := unix.IoctlGetTermios(int(os.Stderr.Fd()), unix.TCGETS)
	return err == nil
}

// interruptible is the level of -I that holds.
func (r *run) interruptible() Interruptible {
	if r.o.Interruptible != InterruptDefault {
		return r.o.Interruptible
	}
	if r.o.Output != "" && len(r.o.Command) > 0 {
		return InterruptNever
	}
	return InterruptWaiting
}

// catch makes fatal signals end the session, as far as -I lets them. Those of the set ignored
// were ignored at the start.
func (r *run) catch(ignored uint64) (stop func()) {
	fatal := []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE, unix.SIGTERM}
	level := r.interruptible()
	// A tracer's timer, if it had one, would not end it.
	signal.Ignore(unix.SIGTTOU, unix.SIGTTIN, unix.SIGALRM)
	// Delays and ends are told by a signal that breaks the wait.
	ptrace.Interruptible(unix.SIGURG)
	if level == InterruptNeverTSTP {
		signal.Ignore(unix.SIGTSTP)
	}
	ch := make(chan os.Signal, 1)
	for _, s := range fatal {
		if level >= InterruptNever || level == InterruptAnywhere && ignored>>(s-1)&1 != 0 {
			signal.Ignore(s)
		} else {
			signal.Notify(ch, s)
		}
	}
	tid := unix.Gettid()
	done := make(chan struct{})
	go func() {
		select {
		case s := <-ch:
			r.interrupted(s.(unix.Signal), tid)
		case <-done:
		}
	}()
	return func() { close(done) }
}

// interrupted ends the session, whose thread is tid, for a signal.
func (r *run) interrupted(s unix.Signal, tid int) {
	if r.interruptible() == InterruptAnywhere {
		r.out.sync()
		ptrace.RaiseDefault(int(s))
	}
	r.caught = s
	r.session.Stop(tid, int(s))
}

// attachAll attaches to the processes of -p.
func (r *run) attachAll() error {
	r.attaching = true
	defer func() { r.attaching = false }()
	n := 0
	for _, pid := range r.o.PIDs {
		threads, err := r.session.Attach(pid, r.o.Follow)
		if err != nil {
			r.say("attach: ptrace(PTRACE_SEIZE, %d): %s", pid, attachMessage(pid, err))
			continue
		}
		n++
		if r.quiet(filter.QuietAttach) {
			continue
		}
		if threads > 1 {
			r.say("Process %d attached with %d threads", pid, threads)
		} else {
			r.say("Process %d attached", pid)
		}
	}
	if n == 0 && len(r.o.Command) == 0 {
		return errQuiet
	}
	if r.o.Tree || r.engine.Existing() {
		r.attachTree()
	}
	return nil
}

// attachTree attaches to the descendants of what is traced.
func (r *run) attachTree() {
	failed := func(pid int, err error) {
		r.say("attach: ptrace(PTRACE_SEIZE, %d): %s", pid, attachMessage(pid, err))
	}
	for _, pid := range r.session.AttachTree(r.o.Follow, failed) {
		if !r.quiet(filter.QuietAttach) {
			r.say("Process %d attached", pid)
		}
	}
}

func asErrno(err error, e *unix.Errno) bool { return errors.As(err, e) }

// errnoWords is the C library's text of an error.
func errnoWords(n int) string {
	if s := arch.ErrnoText(n); s != "" {
		return s
	}
	return strings.TrimSpace(fmt.Sprintf("Unknown error %d", n))
}

// sync writes out what is buffered.
func (out *output) sync() {
	out.mu.Lock()
	defer out.mu.Unlock()
	out.note(out.flush())
}

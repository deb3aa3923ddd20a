package perf

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// sampled is the Source of a session, and fails a test that something cannot be counted in.
type sampled struct {
	*Source
	t *testing.T
}

func (s sampled) Attach(t event.Task, probes []event.Probe) {
	if err := s.Source.Attach(t, probes); err != nil && !errors.Is(err, unix.ESRCH) {
		s.t.Error(err)
	}
}

// watching is a handler that wants probes, and the writes of the tasks.
type watching struct {
	needs  event.Needs
	handle func(*event.Event)
}

func (w *watching) Handle(ev *event.Event) (event.Verdict, error) {
	w.handle(ev)
	return event.Verdict{}, nil
}

func (w *watching) Needs(event.Task) *tracer.Needs                  { return &w.needs }
func (w *watching) Tamper(*event.Event) *event.Injection            { return nil }
func (w *watching) NewTask(_, _ event.Task, _ bool) *tracer.Needs   { return &w.needs }
func (w *watching) Exec(event.Task, int32, ...string) *tracer.Needs { return &w.needs }
func (w *watching) Drop(event.Task)                                 {}

// launcher is the shell's command that becomes a program without input and output.
const launcher = `exec "$@" </dev/null >/dev/null`

// trace runs a program in a session.
func (w *watching) trace(t *testing.T, cfg Config, argv ...string) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cfg.Arch, cfg.ABIs = ptrace.Native, tracer.ABIs(ptrace.Native)
	cfg.Lost = func(_ event.Task, n uint64) { t.Errorf("%d events lost", n) }
	src, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := tracer.New(tracer.Config{
		Handler: w, Sampler: sampled{src, t}, Follow: true, Decode: decode.New(cfg.ABIs...),
	})
	sh := append([]string{"sh", "-c", launcher, "sh"}, argv...)
	if _, err := s.Launch(&ptrace.Command{Path: "/bin/sh", Argv: sh, Env: os.Environ()}); err != nil {
		t.Fatal(err)
	}
	if stat, err := s.Run(); err != nil || stat.Code != 0 || stat.Sig != 0 {
		t.Errorf("%v, %+v", err, stat)
	}
}

// TestSession has the events of a program's threads, children and successor, each before the
// system call that follows it.
func TestSession(t *testing.T) {
	p := event.Probe{Kind: event.Uprobe, Loc: "work"}
	needs(t, p)
	prog := compile(t)
	f := find(t, prog, "work")
	w := &watching{needs: event.Needs{Syscalls: true, Probes: []event.Probe{p}}}
	nr, _ := tracer.ABIs(ptrace.Native)[0].SyscallNr("write")
	w.needs.Calls.Add(event.NativeABI, uint64(nr))
	counts := make(map[int32]int)
	var order []byte
	first := int32(0)
	w.handle = func(ev *event.Event) {
		switch ev.Kind {
		case event.Uprobe:
			if first == 0 {
				first = ev.Task.TID
			}
			counts[ev.Task.TID]++
			if r, err := ev.State.Regs(); err != nil || r.Arch != ptrace.Native || ev.ABI.Arch != ptrace.Native {
				t.Errorf("%v", err)
			}
			if len(order) < 20 {
				order = append(order, 'u')
			}
		case event.SyscallEnter:
			if len(order) < 20 {
				order = append(order, 'w')
			}
		}
	}
	w.trace(t, Config{Locate: spots(Spot{Addr: f.lo, Path: prog, Off: f.off})}, prog, "family", "0")
	if string(order) != "uwuwuwuwuwuwuwuwuwuw" {
		t.Errorf("order: %s", order)
	}
	var sum int
	for tid, n := range counts {
		sum += n
		if tid != first && n != 100 && n != 50 {
			t.Errorf("task %d: %d", tid, n)
		}
	}
	if len(counts) != 3 || counts[first] != 10+25 || sum != 10+25+100+50 {
		t.Errorf("%v", counts)
	}
}

// TestSessionClock samples a program that spins without any stop.
func TestSessionClock(t *testing.T) {
	p := perfProbe(t, "task-clock:u", "1ms")
	needs(t, p)
	prog := compile(t)
	spin := find(t, prog, "spin")
	w := &watching{needs: event.Needs{Probes: []event.Probe{p}}}
	inside, all := 0, 0
	w.handle = func(ev *event.Event) {
		if ev.Kind != event.Perf {
			return
		}
		all++
		if ev.Site.PC >= spin.lo && ev.Site.PC < spin.hi {
			inside++
		}
	}
	w.trace(t, Config{}, prog, "spin", "100")
	if inside == 0 || inside*2 < all {
		t.Errorf("of %d events %d are in the function that spins", all, inside)
	}
}

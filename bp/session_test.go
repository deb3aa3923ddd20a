package bp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/gotrace/gotrace/bp"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// probing is a handler that wants probes and nothing else.
type probing struct {
	needs  event.Needs
	handle func(*event.Event) event.Verdict
	counts map[string]int // events by kind and probe
	err    error          // ends the session
	drop   func()         // is called when a task has gone
}

func (p *probing) Handle(ev *event.Event) (event.Verdict, error) {
	if ev.Site != nil {
		for _, pr := range ev.Site.Probes {
			p.counts[ev.Kind.Name+" "+pr.Loc]++
		}
	}
	if p.handle == nil {
		return event.Verdict{}, nil
	}
	return p.handle(ev), p.err
}

func (p *probing) Needs(event.Task) *tracer.Needs                  { return &p.needs }
func (p *probing) Tamper(*event.Event) *event.Injection            { return nil }
func (p *probing) NewTask(_, _ event.Task, _ bool) *tracer.Needs   { return &p.needs }
func (p *probing) Exec(event.Task, int32, ...string) *tracer.Needs { return &p.needs }
func (p *probing) Drop(event.Task) {
	if drop := p.drop; drop != nil {
		p.drop = nil
		drop()
	}
}

// run traces a command with a handler, and returns what it writes and how it ends.
func (p *probing) run(t *testing.T, cfg tracer.Config, argv ...string) (string, tracer.Stat) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p.counts = make(map[string]int)
	engine := bp.New(bp.Options{Failed: func(_ event.Task, pr event.Probe, err error) { t.Errorf("%s: %v", pr.Loc, err) }})
	cfg.Handler, cfg.Reader = p, engine
	cfg.Decode = decode.New(tracer.ABIs(ptrace.Native)...)
	s := tracer.New(cfg)
	path, err := exec.LookPath(argv[0])
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	sh := append([]string{"sh", "-c", `f=$1; shift; exec "$@" >"$f"`, "sh", out, path}, argv[1:]...)
	if _, err := s.Launch(&ptrace.Command{Path: "/bin/sh", Argv: sh, Env: os.Environ()}); err != nil {
		t.Fatal(err)
	}
	stat, err := s.Run()
	if err != nil {
		t.Error(err)
	}
	if missing := engine.Missing(); len(missing) > 0 {
		t.Errorf("not found: %v", missing)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Error(err)
	}
	return string(text), stat
}

// places are probes of breakpoints.
func places(locs ...string) []event.Probe {
	var list []event.Probe
	for _, l := range locs {
		list = append(list, event.Probe{Kind: event.Breakpoint, Loc: l})
	}
	return list
}

// build compiles a C program of testdata.
func build(t *testing.T, name string, flags ...string) string {
	t.Helper()
	cc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("gcc is not installed")
	}
	out := filepath.Join(t.TempDir(), name)
	args := slices.Concat([]string{"-g", "-O1", "-pthread", "-o", out, filepath.Join("testdata", name+".c")}, flags)
	if b, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return out
}

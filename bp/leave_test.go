package bp_test

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/bp"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// TestLeave attaches to threads that run into breakpoints and watchpoints all the time, and
// leaves them in the middle of that in every way: they go on unhurt, and nothing is left in
// their code.
func TestLeave(t *testing.T) {
	prog := build(t, "checked")
	for _, c := range []struct {
		name   string
		probes []event.Probe
		steps  int
	}{
		{"places", places("target", "flags", "segment"), 0},
		{"in place", places("segment"), 0},
		{"returns", []event.Probe{{Kind: event.Return, Loc: "target"}, {Kind: event.CallEnter, Loc: "flags"}}, 0},
		{"watch", []event.Probe{{Kind: event.Watch, Loc: "watched", Len: 8, Access: event.Write}}, 0},
		{"steps", places("target"), 50},
		{"range", []event.Probe{{Kind: event.Step, Loc: "flags"}}, 0},
		{"branches", []event.Probe{{Kind: event.Branch, Loc: "target"}}, 0},
	} {
		for _, how := range []string{"quit", "stop", "error", "panic", "detach"} {
			t.Run(c.name+" "+how, func(t *testing.T) {
				p := &probing{}
				p.needs.Probes = c.probes
				leave(t, prog, p, how, c.steps)
			})
		}
	}
}

// leave lets a session begin and end with a running program, and looks what became of that.
func leave(t *testing.T, prog string, p *probing, how string, steps int) {
	cmd := exec.Command(prog)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	probeRunning(t, p, cmd.Process.Pid, how, steps)
	in.Close()
	b, err := io.ReadAll(r)
	if end := cmd.Wait(); err != nil || end != nil || strings.TrimSpace(string(b)) != "clean right" {
		t.Errorf("the program wrote %q and ended so: %v %v", b, err, end)
	}
}

// enough is how many events come before the session ends.
const enough = 300

func probeRunning(t *testing.T, p *probing, pid int, how string, steps int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p.counts = make(map[string]int)
	n := 0
	var s *tracer.Session
	p.handle = func(ev *event.Event) event.Verdict {
		if ev.Site == nil {
			return event.Verdict{}
		}
		if n++; n != enough {
			return event.Verdict{Steps: steps}
		}
		switch how {
		case "quit":
			return event.Verdict{Resume: event.ResumeQuit}
		case "stop":
			tid := unix.Gettid()
			go s.Stop(tid, 0)
		case "error":
			p.err = errors.New("enough")
		case "panic":
			panic("enough")
		case "detach":
			return event.Verdict{Resume: event.ResumeDetach}
		}
		return event.Verdict{}
	}
	if err := ptrace.Interruptible(unix.SIGURG); err != nil { // by which Stop wakes the session
		t.Fatal(err)
	}
	engine := bp.New(bp.Options{Failed: func(_ event.Task, pr event.Probe, err error) { t.Errorf("%s: %v", pr.Loc, err) }})
	s = tracer.New(tracer.Config{Handler: p, Reader: engine, Decode: decode.New(tracer.ABIs(ptrace.Native)...), Follow: true})
	if _, err := s.Attach(pid, true); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if e := recover(); (e != nil) != (how == "panic") {
			t.Errorf("panicked with %v", e)
		}
		if n < enough {
			t.Errorf("only %d events", n)
		}
	}()
	if how == "detach" {
		// One thread leaves; the others are traced on until the session is stopped.
		tid := unix.Gettid()
		p.drop = func() { go s.Stop(tid, 0) }
	}
	s.Run()
}

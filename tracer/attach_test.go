package tracer_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waiting is the program "waits", which does what it does until its input ends.
type waiting struct {
	t   *testing.T
	ctx context.Context
	cmd *exec.Cmd
	pid int
	in  io.Closer
	out *bufio.Reader
}

// startWaiting returns when the program says that it is ready. argv may begin with a tracer.
func startWaiting(t *testing.T, argv ...string) *waiting {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w := &waiting{t, ctx, c, c.Process.Pid, in, bufio.NewReader(out)}
	if l, err := w.out.ReadString('\n'); l != "ready\n" {
		t.Fatalf("%v: %q, %v", argv, l, err)
	}
	return w
}

// finish ends the program's input and returns what it prints and how it ends.
func (w *waiting) finish() (string, syscall.WaitStatus) {
	w.in.Close()
	out, _ := io.ReadAll(w.out)
	w.cmd.Wait()
	return string(out), w.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// until polls until a condition holds.
func (w *waiting) until(what string, cond func() bool) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			w.t.Fatalf("never: %s\n%s", what, dumpTree(w.pid))
		}
	}
}

// all reports whether a condition holds of every thread's tracer and state.
func (w *waiting) all(cond func(tracer int, state byte) bool) bool {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", w.pid))
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			continue // it has ended
		}
		field := func(key string) string {
			_, v, _ := bytes.Cut(b, []byte("\n"+key+":\t"))
			v, _, _ = bytes.Cut(v, []byte("\n"))
			return string(v)
		}
		tracer, _ := strconv.Atoi(field("TracerPid"))
		if !cond(tracer, field("State")[0]) {
			return false
		}
	}
	return len(paths) > 0
}

// free holds that no thread is traced or stopped.
func (w *waiting) free() {
	w.t.Helper()
	if !w.all(func(tracer int, state byte) bool { return tracer == 0 && state != 't' && state != 'T' }) {
		w.t.Errorf("not let go:\n%s", dumpTree(w.pid))
	}
}

// attach runs a tracer on the program and returns when that traces every thread.
func (w *waiting) attach(tracer, options string) (c *exec.Cmd, trace string) {
	w.t.Helper()
	trace = filepath.Join(w.t.TempDir(), "trace")
	argv := append([]string{"-o", trace, "-p", strconv.Itoa(w.pid)}, strings.Fields(options)...)
	c = exec.CommandContext(w.ctx, tracer, argv...)
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.until("all are traced", func() bool {
		return w.all(func(by int, _ byte) bool { return by == c.Process.Pid })
	})
	return c, trace
}

// end signals the tracer, which must die of it.
func (w *waiting) end(c *exec.Cmd, sig syscall.Signal) {
	w.t.Helper()
	c.Process.Signal(sig)
	c.Wait()
	if s := c.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != sig {
		w.t.Errorf("the tracer ends with %v", c.ProcessState)
	}
}

// tracers are those that the attaching tests run.
func tracers(t *testing.T) []string {
	t.Helper()
	list := []string{built(t)}
	if s := strace61(); s != "" {
		list = append(list, s)
	}
	return list
}

// awaited is what the calls of "waits" return. Those that signal(7) says to fail with EINTR
// when their task is stopped and continued do so when it is attached to.
const awaited = `recv: 1
poll: 1
ppoll: 1
select: 1
epoll_wait: 1 broken off
waitpid: 1
flock: 0
semop: 0 broken off
futex: 0
futex with time: 0
sigtimedwait: 12 broken off
nanosleep: 0
clock_nanosleep: 0
`

// TestDetach attaches to threads in blocking calls and lets them go: each call goes on.
func TestDetach(t *testing.T) {
	prog, tracer := compile(t, "waits"), built(t)
	for _, c := range []struct {
		tracer  string
		options string
		sig     syscall.Signal
	}{
		{tracer, "-f", syscall.SIGINT},
		{tracer, "-f -e trace=none", syscall.SIGTERM},
		{tracer, "-f --pin", syscall.SIGKILL},
		{strace61(), "-f", syscall.SIGINT},
	} {
		if c.tracer == "" {
			continue
		}
		w := startWaiting(t, prog)
		w.until("all wait", func() bool { return w.all(func(_ int, state byte) bool { return state == 'S' }) })
		by, _ := w.attach(c.tracer, c.options)
		w.end(by, c.sig)
		w.until("all run on", func() bool { return w.all(func(by int, state byte) bool { return by == 0 && state == 'S' }) })
		if out, status := w.finish(); out != awaited || status != 0 {
			t.Errorf("%v: %v, prints\n%s", c, status, out)
		}
	}
}

// TestDetachHeld lets a task go that is about to make a call, whose result would be another.
func TestDetachHeld(t *testing.T) {
	prog, tracer := compile(t, "waits"), built(t)
	for _, o := range []string{"retval=-1", "error=EIO", "retval=-1:syscall=getpid"} {
		w := startWaiting(t, prog, "counts")
		c, trace := w.attach(tracer, "-f -e trace=getppid -e inject=getppid:delay_enter=3600s:when=2:"+o)
		w.until("the call is held", func() bool {
			b, _ := os.ReadFile(trace)
			return bytes.Contains(b, []byte("getppid(")) && !w.all(func(_ int, state byte) bool { return state != 't' })
		})
		w.end(c, syscall.SIGINT)
		w.free()
		if out, status := w.finish(); out != "over\n" || status != 0 {
			t.Errorf("%s: %v, prints %q", o, status, out)
		}
	}
}

// TestDetachVfork lets a process go that waits for its vforked child, and does not stop.
func TestDetachVfork(t *testing.T) {
	w := startWaiting(t, compile(t, "waits"), "vfork")
	c, _ := w.attach(built(t), "")
	w.end(c, syscall.SIGINT)
	w.free()
	if out, status := w.finish(); out != "vforked: 0x300\n" || status != 0 {
		t.Errorf("%v, prints %q", status, out)
	}
}

// TestAttachWhileThreadsStart attaches to a process that makes threads all the time: none
// may be missed.
func TestAttachWhileThreadsStart(t *testing.T) {
	prog := compile(t, "waits")
	tracer := built(t)
	for range 5 {
		w := startWaiting(t, prog, "threads")
		c, _ := w.attach(tracer, "-f")
		for range 100 {
			if !w.all(func(by int, state byte) bool { return by == c.Process.Pid || state == 'X' }) {
				t.Fatalf("not all are traced:\n%s", dumpTree(w.pid))
			}
		}
		w.end(c, syscall.SIGINT)
		w.free()
		if out, status := w.finish(); out != "over\n" || status != 0 {
			t.Errorf("%v, prints %q", status, out)
		}
	}
}

// TestAttachStopped attaches to a process in group-stop, which stays in it until SIGCONT
// comes, with and without a tracer.
func TestAttachStopped(t *testing.T) {
	prog := compile(t, "waits")
	for _, tracer := range tracers(t) {
		w := startWaiting(t, prog, "counts")
		signal := func(sig syscall.Signal, want func(syscall.WaitStatus) bool) {
			t.Helper()
			syscall.Kill(w.pid, sig)
			var st syscall.WaitStatus
			if _, err := syscall.Wait4(w.pid, &st, syscall.WUNTRACED|syscall.WCONTINUED, nil); err != nil || !want(st) {
				t.Fatalf("%s, %v: %#x %v", tracer, sig, st, err)
			}
		}
		stopped := func(st syscall.WaitStatus) bool { return st.Stopped() && st.StopSignal() == syscall.SIGSTOP }
		inState := func(s byte) {
			t.Helper()
			w.until("state "+string(s), func() bool { return w.all(func(_ int, state byte) bool { return state == s }) })
		}
		signal(syscall.SIGSTOP, stopped)
		c, trace := w.attach(tracer, "-f")
		w.until("the stop is shown", func() bool {
			b, _ := os.ReadFile(trace)
			return bytes.Count(b, []byte("--- stopped by SIGSTOP ---")) == 2
		})
		inState('t')
		signal(syscall.SIGCONT, syscall.WaitStatus.Continued)
		signal(syscall.SIGSTOP, stopped)
		w.end(c, syscall.SIGINT)
		inState('T')
		c, _ = w.attach(tracer, "-f")
		w.end(c, syscall.SIGKILL)
		inState('T')
		signal(syscall.SIGCONT, syscall.WaitStatus.Continued)
		w.free()
		if out, status := w.finish(); out != "over\n" || status != 0 {
			t.Errorf("%s: %v, prints %q", tracer, status, out)
		}
	}
}

// TestTracerKilled kills the tracer of a program that it launched. The program goes on,
// unless it was to end with the tracer or cannot do without.
func TestTracerKilled(t *testing.T) {
	prog, tracer := compile(t, "waits"), built(t)
	for _, c := range []struct {
		options string
		lives   bool
	}{
		{"", true},
		{"-f", true},
		{"-f -e trace=none -b execve", true},
		{"--kill-on-exit", false},
		{"-f --kill-on-exit", false},
		{"-f -e trace=execve", false},
	} {
		for _, kind := range []string{"counts", "threads"} {
			w := startWaiting(t, traced(t, tracer, c.options, prog, kind)...)
			w.cmd.Process.Kill()
			if c.lives {
				w.in.Close()
			}
			out, _ := io.ReadAll(w.out)
			w.in.Close()
			w.cmd.Wait()
			if want := map[bool]string{true: "over\n"}[c.lives]; string(out) != want {
				t.Errorf("%q %s prints %q", c.options, kind, out)
			}
		}
	}
	checkGone(t, prog)
}

// TestAttachAgainAndAgain attaches to programs whose tasks come, stop and go, and detaches
// when something of them has been seen, until they end by themselves.
func TestAttachAgainAndAgain(t *testing.T) {
	tracer := built(t)
	for _, argv := range [][]string{{"storm", "208"}, {"execs"}, {"jobs"}, {"stops"}} {
		prog := compile(t, argv[0])
		want, status := runBounded(t, append([]string{prog}, argv[1:]...)...)
		ctx, cancel := context.WithTimeout(context.Background(), hung)
		defer cancel()
		c := exec.CommandContext(ctx, prog, argv[1:]...)
		var out bytes.Buffer
		c.Stdout = &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan error, 1)
		go func() { over <- c.Wait() }()
		times := 0
		for ; len(over) == 0; times++ {
			glance(ctx, t, tracer, c.Process.Pid)
		}
		<-over
		got := out.String()
		if argv[0] == "storm" {
			want, got = sumStorm(t, want), sumStorm(t, got)
		}
		if s := c.ProcessState.ExitCode(); s != status || got != want {
			t.Errorf("%v, attached to %d times: status %d, bare %d; prints\n%s\nbare\n%s", argv, times, s, status, got, want)
		}
		checkGone(t, prog)
	}
}

// glance traces a process until there is a trace.
func glance(ctx context.Context, t *testing.T, tracer string, pid int) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	c := exec.CommandContext(ctx, tracer, "-f", "-o", trace, "-p", strconv.Itoa(pid))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- c.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			if b, _ := os.ReadFile(trace); len(b) > 0 {
				c.Process.Signal(syscall.SIGINT)
			}
		}
	}
}

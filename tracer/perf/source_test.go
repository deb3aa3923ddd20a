package perf

import (
	"bufio"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

func skipOn(t *testing.T, reason string, cond bool) {
	t.Helper()
	if cond {
		t.Skip(reason)
	}
}

// needs skips a test where the machine does not permit what it counts.
func needs(t *testing.T, probes ...event.Probe) {
	t.Helper()
	err := Check(probes)
	skipOn(t, fmt.Sprint(err), err != nil)
}

// compile builds the program of the tests.
func compile(t *testing.T) string {
	t.Helper()
	_, err := exec.LookPath("gcc")
	skipOn(t, "gcc is not installed", err != nil)
	prog := filepath.Join(t.TempDir(), "work")
	if out, err := exec.Command("gcc", "-O1", "-static", "-no-pie", "-pthread", "-o", prog, "testdata/work.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return prog
}

// function is a function of the program: a place in its file and in memory.
type function struct {
	name        string
	off, lo, hi uint64
}

func functions(t *testing.T, prog string) []function {
	t.Helper()
	f, err := elf.Open(prog)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var all []function
	seen := make(map[uint64]bool)
	for _, s := range syms {
		if elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Size == 0 || seen[s.Value] {
			continue
		}
		seen[s.Value] = true
		for _, p := range f.Progs {
			if p.Type == elf.PT_LOAD && s.Value >= p.Vaddr && s.Value < p.Vaddr+p.Filesz {
				all = append(all, function{name: s.Name, off: s.Value - p.Vaddr + p.Off, lo: s.Value, hi: s.Value + s.Size})
			}
		}
	}
	return all
}

func find(t *testing.T, prog, name string) function {
	t.Helper()
	for _, f := range functions(t, prog) {
		if f.name == name {
			return f
		}
	}
	t.Fatalf("no function %s", name)
	return function{}
}

// running is the program, waiting for its input to end.
type running struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	id  event.Task
}

func start(t *testing.T, prog string, args ...string) *running {
	t.Helper()
	r := &running{t: t, cmd: exec.Command(prog, args...)}
	in, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.in, r.out = in, bufio.NewReader(out)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill(); r.cmd.Wait() })
	pid := int32(r.cmd.Process.Pid)
	r.id = event.Task{TID: pid, TGID: pid, Gen: 1}
	return r
}

// ready reads what is printed before "ready".
func (r *running) ready() []string {
	r.t.Helper()
	var lines []string
	for {
		line, err := r.out.ReadString('\n')
		if err != nil {
			r.t.Fatalf("the program prints no more: %v", err)
		}
		if line = strings.TrimSpace(line); line == "ready" {
			return lines
		}
		lines = append(lines, line)
	}
}

// got is what a test keeps of an event.
type got struct {
	task   event.Task
	pc     uint64
	wall   int64
	period int64
	site   event.Site
	regs   arch.Regs
	has    bool
}

// collector keeps events, and drains a source while a program runs.
type collector struct {
	src  *Source
	all  []got
	lost uint64
}

func collect(t *testing.T, cfg Config) *collector {
	t.Helper()
	c := &collector{}
	cfg.Arch = ptrace.Native
	cfg.ABIs = []*arch.ABI{arch.ABIAMD64, arch.ABII386}
	cfg.Lost = func(_ event.Task, n uint64) { c.lost += n }
	cfg.Emit = func(ev *event.Event) {
		g := got{task: ev.Task, pc: ev.IP, wall: ev.Wall, period: ev.Num, site: *ev.Site}
		if r, err := ev.State.Regs(); err == nil {
			g.regs, g.has = *r, true
		}
		c.all = append(c.all, g)
	}
	src, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.src = src
	return c
}

// run lets the program go on and drains the source until it has ended. Then the source is
// closed.
func (c *collector) run(r *running) string {
	r.t.Helper()
	wake, done := make(chan bool), make(chan bool)
	var waiter sync.WaitGroup
	waiter.Go(func() {
		for c.src.Wait() {
			select {
			case wake <- true:
			case <-done:
			}
		}
	})
	ended := make(chan string)
	go func() {
		r.in.Close()
		out, _ := io.ReadAll(r.out)
		r.cmd.Wait()
		ended <- string(out)
	}()
	for {
		select {
		case <-wake:
			c.src.Drain()
		case out := <-ended:
			close(done)
			c.src.Close()
			waiter.Wait()
			return out
		}
	}
}

// spots is a Locate of fixed places.
func spots(all ...Spot) func(event.Task, string) ([]Spot, error) {
	return func(event.Task, string) ([]Spot, error) { return all, nil }
}

func perfProbe(t *testing.T, counter, period string) event.Probe {
	t.Helper()
	p, err := event.PerfProbe(counter, period)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPageFaults(t *testing.T) {
	p := perfProbe(t, "page-faults:u", "1")
	needs(t, p)
	const pages = 1000
	r := start(t, compile(t), "fault", strconv.Itoa(pages))
	r.ready()
	c := collect(t, Config{})
	if err := c.src.Attach(r.id, []event.Probe{p}); err != nil {
		t.Fatal(err)
	}
	lo, err := strconv.ParseUint(strings.TrimSpace(c.run(r)), 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	next := lo
	for _, g := range c.all {
		if g.task != r.id || g.site.Probes[0] != p || g.period != 1 {
			t.Fatalf("an event of %+v, probe %+v, period %d", g.task, g.site.Probes, g.period)
		}
		if g.site.Addr == next {
			next += uint64(os.Getpagesize())
		}
	}
	if n := (next - lo) / uint64(os.Getpagesize()); n != pages || c.lost != 0 {
		t.Errorf("%d of %d faults in order, %d lost", n, pages, c.lost)
	}
}

func TestClock(t *testing.T) {
	p := perfProbe(t, "cpu-clock:u", "1ms")
	needs(t, p)
	prog := compile(t)
	spin := find(t, prog, "spin")
	r := start(t, prog, "spin", "200")
	r.ready()
	c := collect(t, Config{Regs: true, Stack: 1024})
	if err := c.src.Attach(r.id, []event.Probe{p}); err != nil {
		t.Fatal(err)
	}
	c.run(r)
	inside := 0
	for _, g := range c.all {
		if g.pc >= spin.lo && g.pc < spin.hi && g.has && g.regs.PC() == g.pc {
			inside++
		}
	}
	if inside == 0 || inside*10 < len(c.all)*9 {
		t.Errorf("of %d events %d are in the function that spins", len(c.all), inside)
	}
}

func TestContextSwitches(t *testing.T) {
	p := perfProbe(t, "context-switches", "")
	needs(t, p)
	const n = 200
	r := start(t, compile(t), "pause", strconv.Itoa(n))
	r.ready()
	c := collect(t, Config{})
	if err := c.src.Attach(r.id, []event.Probe{p}); err != nil {
		t.Fatal(err)
	}
	out := strings.TrimSpace(c.run(r))
	total, err := strconv.Atoi(out)
	if err != nil {
		t.Fatal(err)
	}
	// The total is of the process's whole life: a few are from before.
	if len(c.all) < n || len(c.all) > total+2 {
		t.Errorf("%d events; the program paused %d times and was switched %d times", len(c.all), n, total)
	}
	if g := c.all[0]; g.site.Place.Module != kernelModule {
		t.Errorf("a switch is at %+v", g.site.Place)
	}
}

// TestUprobe counts calls of a function, exactly and in order, with argument and result, by
// either way.
func TestUprobe(t *testing.T) {
	t.Run("tracefs", func(t *testing.T) {
		u := uprobes{}
		u.look()
		skipOn(t, "tracefs is not mounted or not writable", u.dir == "")
		testUprobe(t, uprobes{})
	})
	t.Run("PMU", func(t *testing.T) { testUprobe(t, withoutTracefs()) })
}

func withoutTracefs() uprobes {
	return uprobes{looked: true, known: make(map[filePlace]*definition)}
}

func testUprobe(t *testing.T, u uprobes) {
	p := event.Probe{Kind: event.Uprobe, Loc: "work"}
	ret := event.Probe{Kind: event.Uprobe, Loc: "work%return"}
	needs(t, p)
	prog := compile(t)
	f := find(t, prog, "work")
	const n = 50_000
	r := start(t, prog, "work", strconv.Itoa(n))
	r.ready()
	before := code(t, r.id, f.lo)
	c := collect(t, Config{Buffer: 16 << 20, Locate: spots(Spot{Addr: f.lo, Path: prog, Off: f.off})})
	c.src.uprobes = u
	if err := c.src.Attach(r.id, []event.Probe{p, ret}); err != nil {
		t.Fatal(err)
	}
	if code(t, r.id, f.lo) == before {
		t.Error("the place is not watched")
	}
	c.run(r)
	calls, returns := int64(0), int64(0)
	for i, g := range c.all {
		// The clocks of two CPUs that the task has run on may differ a little.
		if i > 0 && g.wall < c.all[i-1].wall-int64(time.Millisecond) {
			t.Fatalf("event %d is older than the one before", i)
		}
		if g.site.Probes[0] == ret {
			if got := int64(g.site.Ret.Num); !g.site.HasRet || got != 3*returns+1 {
				t.Fatalf("return %d gives %d", returns, got)
			}
			returns++
			continue
		}
		first := "rdi"
		if ptrace.Native == arch.ARM64 {
			first = "x0"
		}
		if arg, _ := g.regs.Get(first); arg != uint64(calls) || g.pc != f.lo || g.task != r.id {
			t.Fatalf("call %d: argument %d at %#x of %+v", calls, arg, g.pc, g.task)
		}
		calls++
	}
	if calls != n || returns != n || c.lost != 0 {
		t.Errorf("%d calls, %d returns, %d lost; want %d", calls, returns, c.lost, n)
	}
}

// TestLandingPad watches functions that begin with endbr64 behind it, where that is quicker.
func TestLandingPad(t *testing.T) {
	skipOn(t, "endbr64 is of x86", ptrace.Native == arch.ARM64)
	for _, c := range []struct {
		code string
		want uint64
	}{
		{"\xf3\x0f\x1e\xfa\x55\x48", 4},
		{"\xf3\x0f\x1e\xfa\x41\x57", 4},
		{"\xf3\x0f\x1e\xfa\x48\x89", 0},
		{"\xf3\x0f\x1e\xfb\x55\x48", 0},
		{"\x55\x48", 0},
		{"", 0},
	} {
		file := filepath.Join(t.TempDir(), "code")
		if err := os.WriteFile(file, []byte("123"+c.code), 0o600); err != nil {
			t.Fatal(err)
		}
		u := uprobes{}
		if got := u.landingPad(Spot{Path: file, Off: 3}); got != c.want {
			t.Errorf("% x: %d", c.code, got)
		}
	}
}

// TestGlob watches every function of a program but those that the kernel cannot watch.
func TestGlob(t *testing.T) {
	p := event.Probe{Kind: event.Uprobe, Loc: "*"}
	needs(t, p)
	prog := compile(t)
	var all []Spot
	for _, f := range functions(t, prog) {
		all = append(all, Spot{Addr: f.lo, Path: prog, Off: f.off, Place: event.Place{Func: f.name}})
	}
	const n = 100
	r := start(t, prog, "work", strconv.Itoa(n))
	r.ready()
	c := collect(t, Config{Buffer: 16 << 20, Locate: spots(all...)})
	c.src.uprobes.look()
	skipOn(t, "tracefs is not mounted or not writable", c.src.uprobes.dir == "")
	if err := c.src.Attach(r.id, []event.Probe{p}); err != nil {
		t.Fatal(err)
	}
	places, shared := 0, make(map[*definition]bool)
	for _, d := range c.src.uprobes.known {
		if !shared[d] && !d.bad {
			shared[d] = true
			places += len(d.places)
		}
	}
	c.run(r)
	counts := make(map[string]int)
	for _, g := range c.all {
		counts[g.site.Place.Func]++
	}
	t.Logf("%d of %d places in %d events; %d functions passed", places, len(all), len(shared), len(counts))
	if counts["work"] != n || places < len(all)*9/10 || len(counts) < 10 || !r.cmd.ProcessState.Success() {
		t.Errorf("%d calls, %d of %d places, %d functions, %v", counts["work"], places, len(all), len(counts), r.cmd.ProcessState)
	}
}

// code is the word at an address of a task.
func code(t *testing.T, id event.Task, addr uint64) string {
	t.Helper()
	var b [8]byte
	m := ptrace.Mem{TID: int(id.TID)}
	if _, err := m.ReadAt(b[:], addr); err != nil {
		t.Fatal(err)
	}
	return string(b[:])
}

// TestDrop holds that what was watched is as it was when a source is closed, and the task runs.
func TestDrop(t *testing.T) {
	p := event.Probe{Kind: event.Uprobe, Loc: "work"}
	needs(t, p)
	prog := compile(t)
	f := find(t, prog, "work")
	r := start(t, prog, "work", "10")
	r.ready()
	before := code(t, r.id, f.lo)
	c := collect(t, Config{Locate: spots(Spot{Addr: f.lo, Path: prog, Off: f.off})})
	if err := c.src.Attach(r.id, []event.Probe{p}); err != nil {
		t.Fatal(err)
	}
	changed := code(t, r.id, f.lo) != before
	if err := c.src.Attach(r.id, nil); err != nil {
		t.Fatal(err)
	}
	c.src.ending.Wait()
	if !changed || code(t, r.id, f.lo) != before {
		t.Errorf("changed %v, and restored %v", changed, code(t, r.id, f.lo) == before)
	}
	c.run(r)
	if len(c.all) != 0 || !r.cmd.ProcessState.Success() {
		t.Errorf("%d events, %v", len(c.all), r.cmd.ProcessState)
	}
}

// TestThreads tells the calls of threads apart, and has them in the order of their time.
func TestThreads(t *testing.T) {
	p := event.Probe{Kind: event.Uprobe, Loc: "work"}
	needs(t, p)
	prog := compile(t)
	f := find(t, prog, "work")
	const n = 10_000
	r := start(t, prog, "threads", strconv.Itoa(n))
	c := collect(t, Config{Buffer: 4 << 20, Locate: spots(Spot{Addr: f.lo, Path: prog, Off: f.off})})
	next := make(map[int32]uint64)
	for _, line := range r.ready() {
		tid, err := strconv.Atoi(line)
		if err != nil {
			t.Fatal(err)
		}
		next[int32(tid)] = 0
		if err := c.src.Attach(event.Task{TID: int32(tid), TGID: r.id.TGID, Gen: 7}, []event.Probe{p}); err != nil {
			t.Fatal(err)
		}
	}
	c.run(r)
	for _, g := range c.all {
		first := "rdi"
		if ptrace.Native == arch.ARM64 {
			first = "x0"
		}
		if arg, _ := g.regs.Get(first); arg != next[g.task.TID] {
			t.Fatalf("call %d of %d has the argument %d", next[g.task.TID], g.task.TID, arg)
		}
		next[g.task.TID]++
	}
	if len(next) != 4 || len(c.all) != 4*n || c.lost != 0 {
		t.Errorf("%d events of %d threads, %d lost", len(c.all), len(next), c.lost)
	}
}

// TestLost counts what does not fit into the ring.
func TestLost(t *testing.T) {
	p := event.Probe{Kind: event.Uprobe, Loc: "work"}
	needs(t, p)
	prog := compile(t)
	f := find(t, prog, "work")
	const n = 5000
	r := start(t, prog, "work", strconv.Itoa(n))
	r.ready()
	c := collect(t, Config{Buffer: 1, Locate: spots(Spot{Addr: f.lo, Path: prog, Off: f.off})})
	if err := c.src.Attach(r.id, []event.Probe{p}); err != nil {
		t.Fatal(err)
	}
	r.in.Close()
	if err := r.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	c.src.Drop(r.id.TID)
	c.src.Close()
	if len(c.all) == 0 || c.lost == 0 || uint64(len(c.all))+c.lost != n || c.src.Lost() != c.lost {
		t.Errorf("%d events and %d lost (%d), of %d", len(c.all), c.lost, c.src.Lost(), n)
	}
}

// TestExec follows a task into another program.
func TestExec(t *testing.T) {
	p := event.Probe{Kind: event.Uprobe, Loc: "work"}
	needs(t, p)
	prog := compile(t)
	f := find(t, prog, "work")
	r := start(t, prog, "exec", "100")
	r.ready()
	c := collect(t, Config{Locate: spots(Spot{Addr: f.lo, Path: prog, Off: f.off})})
	if err := c.src.Attach(r.id, []event.Probe{p}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.in.Write([]byte("1")); err != nil { // for the first program; the second waits for the end
		t.Fatal(err)
	}
	r.ready()
	moved := event.Task{TID: r.id.TID, TGID: r.id.TGID, Gen: 2}
	c.src.Exec(moved, r.id.TID)
	c.run(r)
	for _, g := range c.all {
		if g.task != moved {
			t.Fatalf("an event of %+v", g.task)
		}
	}
	if len(c.all) != 100 {
		t.Errorf("%d events", len(c.all))
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		counter string
		reason  Reason
	}{
		{"cpu-clocks", Unknown},
		{"", Unknown},
		{"rxyz", Unknown},
		{"cpu-clock:x", BadModifier},
		{"cycles:pppp", BadModifier},
	} {
		err := Check([]event.Probe{{Kind: event.Perf, Loc: c.counter, Period: 1}})
		var e *Error
		if !errors.As(err, &e) || e.Reason != c.reason || !strings.Contains(e.Error(), "perf("+c.counter+"): ") {
			t.Errorf("%q: %v", c.counter, err)
		}
	}
	if err := Check([]event.Probe{{Kind: event.Perf, Loc: "cycles", Rate: 99}}); err != nil {
		var e *Error
		if !errors.As(err, &e) || e.Hint() == "" || e.Reason != NoPMU && e.Reason != NotPermitted {
			t.Errorf("cycles: %v", err)
		}
	}
	if _, err := os.Stat(tracefs[0] + "/events"); err == nil {
		for _, name := range []string{"sched:no_such", "no:such", "../..:sched", "sched:"} {
			var e *Error
			if err := Check([]event.Probe{{Kind: event.Perf, Loc: name, Period: 1}}); !errors.As(err, &e) || e.Reason != Unknown {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

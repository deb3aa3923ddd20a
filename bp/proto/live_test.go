package proto

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/cmd/sink"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// build compiles a fixture, and skips the test where the compiler is missing.
func build(t *testing.T, src string, flags ...string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), strings.ReplaceAll(filepath.Base(src), ".", "_"))
	var args []string
	switch filepath.Ext(src) {
	case ".go":
		args = append([]string{"go", "build", "-o", bin}, flags...)
		args = append(args, "testdata/"+src)
	case ".cc":
		args = append([]string{"g++", "-o", bin, "testdata/" + src}, flags...)
	default:
		args = append([]string{"gcc", "-o", bin, "testdata/" + src}, flags...)
	}
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skipf("needs %s", args[0])
	}
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		if strings.Contains(strings.Join(flags, " "), "-m32") {
			t.Skipf("32-bit programs cannot be built: %s", out)
		}
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return bin
}

// live is a stopped program that functions are called in.
type live struct {
	t     *testing.T
	a     *arch.Arch
	pid   int
	mem   ptrace.Mem
	cmd   *exec.Cmd
	space *symbol.Space
	table *Table
	saved map[uint64]byte // what breakpoints stand for
	names map[uint64]string
	open  []pending
	outer bool // only the program's own calls are noted, not those that libraries make
	lines []string
	// entered, if it is set, is called with the arguments of each call.
	entered func(name string, args []event.Value)
}

// pending is a call that has not returned.
type pending struct {
	call *Call
	name string
	args []event.Value
	ret  uint64
	sp   uint64
}

// startLive runs a program up to a function, by default main. It must be called by, and the
// program used on, one thread.
func startLive(t *testing.T, a *arch.Arch, to string, opts Options, argv ...string) *live {
	if ptrace.Native != arch.AMD64 {
		t.Skip("the CPU is not an amd64")
	}
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	l := &live{t: t, a: a, saved: map[uint64]byte{}, names: map[uint64]string{}}
	l.cmd = exec.Command(argv[0], argv[1:]...)
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	l.must(err)
	l.cmd.Stdout, l.cmd.Env = file, append(os.Environ(), "LC_ALL=C", "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=1")
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	l.must(l.cmd.Start())
	t.Cleanup(func() {
		l.cmd.Process.Kill()
		l.cmd.Wait()
		file.Close()
	})
	l.pid = l.cmd.Process.Pid
	l.mem.TID = l.pid
	if sig, alive := l.wait(); !alive || sig != unix.SIGTRAP {
		t.Fatalf("%v after exec", sig)
	}
	l.must(ptrace.SetOptions(l.pid, ptrace.OptExitKill))
	opts.Tables = decode.Constants
	l.space = symbol.NewCache().Space(l.pid)
	l.table = New(l.space, opts)
	l.must(l.space.Refresh())
	l.plant(to)
	l.resume(0)
	pc := l.regs().PC() - 1
	l.restore(pc)
	r := l.regs()
	r.SetPC(pc)
	l.must(ptrace.SetRegs(l.pid, r))
	delete(l.names, pc)
	l.must(l.space.Refresh())
	return l
}

func (l *live) must(err error) {
	if err != nil {
		l.t.Helper()
		l.t.Fatal(err)
	}
}

func (l *live) wait() (unix.Signal, bool) {
	var status uint32
	_, err := ptrace.Wait(l.pid, 0, &status, nil)
	l.must(err)
	w := unix.WaitStatus(status)
	return w.StopSignal(), w.Stopped()
}

// resume runs the program until its next stop; false: it has ended.
func (l *live) resume(sig int) bool {
	for {
		l.must(ptrace.Cont(l.pid, sig))
		s, alive := l.wait()
		if !alive || s == unix.SIGTRAP {
			return alive
		}
		sig = int(s)
	}
}

func (l *live) regs() *arch.Regs {
	var r arch.Regs
	l.must(ptrace.GetRegs(l.pid, l.a, &r))
	return &r
}

// plant sets breakpoints at the functions that a pattern names.
func (l *live) plant(loc string) {
	parsed, err := symbol.ParseLoc(loc)
	l.must(err)
	points, err := l.space.Resolve(parsed)
	l.must(err)
	for _, p := range points {
		l.names[p.Addr] = p.Name
		l.breakAt(p.Addr)
	}
}

func (l *live) breakAt(addr uint64) {
	if _, ok := l.saved[addr]; ok {
		return
	}
	var b [1]byte
	_, err := l.mem.ReadAt(b[:], addr)
	l.must(err)
	l.saved[addr] = b[0]
	_, err = l.mem.WriteAt([]byte{0xcc}, addr)
	l.must(err)
}

func (l *live) restore(addr uint64) {
	_, err := l.mem.WriteAt([]byte{l.saved[addr]}, addr)
	l.must(err)
	delete(l.saved, addr)
}

// run goes on to the end and notes each call.
func (l *live) run() []string {
	for l.resume(0) {
		r := l.regs()
		pc := r.PC() - 1
		if _, ok := l.saved[pc]; !ok {
			l.t.Fatalf("a trap at %#x", pc)
		}
		r.SetPC(pc)
		l.must(ptrace.SetRegs(l.pid, r))
		l.leave(pc, r)
		if name, ok := l.names[pc]; ok {
			l.enter(pc, name, r)
		}
		l.restore(pc)
		l.must(ptrace.Step(l.pid, 0))
		if _, alive := l.wait(); !alive {
			break
		}
		l.breakAt(pc)
	}
	return l.lines
}

func (l *live) enter(pc uint64, name string, r *arch.Regs) {
	w := make([]byte, l.a.PtrSize)
	_, err := l.mem.ReadAt(w, r.SP())
	l.must(err)
	ret := number(w, false)
	if l.outer && (len(l.open) > 0 || l.space.Module(ret) != l.space.Modules()[0]) {
		return
	}
	f := l.table.LookupAs(pc, name)
	c := f.Enter(r, l)
	p := pending{call: c, name: f.Name, args: c.Args(l), sp: r.SP(), ret: ret}
	if l.entered != nil {
		l.entered(p.name, slices.Clone(p.args))
	}
	l.open = append(l.open, p)
	l.breakAt(p.ret)
}

func (l *live) leave(pc uint64, r *arch.Regs) {
	for len(l.open) > 0 {
		p := l.open[len(l.open)-1]
		if p.ret != pc || r.SP() <= p.sp {
			return
		}
		l.open = l.open[:len(l.open)-1]
		late, ret := p.call.Exit(r, l)
		l.lines = append(l.lines, callText(p.name, append(p.args[:p.call.Known()], late...), ret))
	}
}

// callText is a call as text.
func callText(name string, args []event.Value, ret event.Value) string {
	var b strings.Builder
	for i := range args {
		args[i].Name = ""
	}
	s := sink.NewText(&b, sink.TextOptions{})
	ev := event.Event{Kind: event.SyscallExit, ABI: arch.ABIAMD64, Args: args, Sys: &event.Syscall{Name: name, Known: true, RetVal: ret}}
	if ret.Absent() {
		ev.Sys.RetVal = event.Value{Form: event.FormSym, Str: "<void>"}
	}
	s.Write(&ev)
	s.Close()
	return strings.TrimSpace(b.String())
}

// ReadAt, Vector and X87 make the program's state an event.FPState's memory. Breakpoints are
// not hidden: nothing here reads code.
func (l *live) ReadAt(p []byte, addr uint64) (int, error) { return l.mem.ReadAt(p, addr) }

var errNoRegister = errors.New("no such register")

func (l *live) Vector(i int) ([16]byte, error) {
	var f ptrace.FPRegs
	l.must(ptrace.GetFPRegs(l.pid, &f))
	v, ok := f.Vector(i)
	if !ok {
		return v, errNoRegister
	}
	return v, nil
}

func (l *live) X87(i int) ([10]byte, error) {
	var f ptrace.FPRegs
	l.must(ptrace.GetFPRegs(l.pid, &f))
	v, ok := f.X87(i)
	if !ok {
		return v, errNoRegister
	}
	return v, nil
}

func (l *live) Regs() (*arch.Regs, error)               { return l.regs(), nil }
func (l *live) SetRegs(r *arch.Regs) error              { return ptrace.SetRegs(l.pid, r) }
func (l *live) WriteAt(p []byte, a uint64) (int, error) { return l.mem.WriteAt(p, a) }

// output is what the program has printed, by lines.
func (l *live) output() []string {
	b, err := os.ReadFile(l.cmd.Stdout.(*os.File).Name())
	l.must(err)
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// compare holds lines against what was wanted.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("got  %s\nwant %s", g, w)
		}
	}
	if len(want) < 2 {
		t.Errorf("the program printed %d lines", len(want))
	}
}

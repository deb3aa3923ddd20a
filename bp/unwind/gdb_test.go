package unwind

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
)

// debugger is a gdb that runs a program for a test.
type debugger struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

// stopped is a place where the program has stopped, as gdb sees it.
type stopped struct {
	pid    int
	regs   arch.Regs
	frames []goldenFrame
}

type goldenFrame struct {
	pc         uint64
	kind, name string
	line       int
	file       string
}

// plain is a function's name without what gdb and symbol tables put around it.
func plain(name string) string {
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "__GI_"), "(")
	name, _, _ = strings.Cut(name, ".part")
	name = strings.TrimSuffix(name, ".abi0")
	return name
}

func (g goldenFrame) String() string {
	g.name = plain(g.name)
	if g.line == 0 {
		return fmt.Sprintf("%#x %s (%s)", g.pc, g.name, g.kind)
	}
	return fmt.Sprintf("%#x %s %s:%d (%s)", g.pc, g.name, filepath.Base(g.file), g.line, g.kind)
}

// debug starts a program under gdb, with a breakpoint on a function.
func debug(t testing.TB, bin, function string) *debugger {
	t.Helper()
	if _, err := exec.LookPath("gdb"); err != nil {
		t.Skip("needs gdb")
	}
	cmd := exec.Command("gdb", "-q", "-nx", "-x", "testdata/frames.py", bin)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME=/nonexistent")
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
	d := &debugger{in, bufio.NewScanner(out)}
	t.Cleanup(func() {
		io.WriteString(in, "kill\nquit\n")
		in.Close()
		cmd.Wait()
	})
	d.do("set pagination off", "set confirm off", "set width 0", "set disable-randomization off", "set debuginfod enabled off",
		"handle SIGUSR1 SIGUSR2 SIGSEGV SIGURG nostop noprint pass", "break "+function, "run", "here")
	return d
}

func (d *debugger) do(commands ...string) {
	for _, c := range commands {
		io.WriteString(d.in, c+"\n")
	}
}

// next is where the program has stopped; false: it has ended.
func (d *debugger) next(t testing.TB) (s stopped, ok bool) {
	t.Helper()
	s.regs.Arch = arch.AMD64
	for d.out.Scan() {
		f := strings.Fields(strings.TrimPrefix(d.out.Text(), "(gdb) "))
		if len(f) == 0 {
			continue
		}
		num := func(i int) uint64 {
			n, err := strconv.ParseUint(f[i], 10, 64)
			if err != nil {
				t.Fatalf("gdb writes %q", d.out.Text())
			}
			return n
		}
		switch f[0] {
		case "PID":
			s.pid = int(num(1))
		case "REG":
			for _, r := range arch.AMD64.Regs {
				if r.Name == f[1] {
					s.regs.R[r.Index] = num(2)
				}
			}
		case "FRAME":
			s.frames = append(s.frames, goldenFrame{num(1), f[2], strings.Join(f[5:], " "), int(num(3)), f[4]})
		case "STOP":
			return s, true
		case "END":
			return s, false
		}
	}
	t.Skip("gdb cannot run programs here")
	return s, false
}

// memory opens the memory of a process.
func memory(t testing.TB, pid int) *os.File {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skipf("needs to read the memory of a process that another traces: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// file is memory that os.File reads.
type file struct{ *os.File }

func (f file) ReadAt(p []byte, addr uint64) (int, error) { return f.File.ReadAt(p, int64(addr)) }

// session is a program under gdb whose stacks are found here, too.
type session struct {
	*debugger
	bin    string
	u      *Unwinder
	mem    file
	change func(*table) // makes the program's tables others; nil: they are used as they are
}

// blind makes a program's tables say nothing.
func blind(t *table) { t.eh, t.golang, t.debugOK = nil, nil, true }

// next is the next stop, and the frames that are found here; false: the program has ended.
func (ss *session) next(t *testing.T) (s stopped, got []Frame, ok bool) {
	if s, ok = ss.debugger.next(t); !ok {
		return s, nil, false
	}
	if ss.u == nil {
		ss.u = New(symbol.NewCache().Space(s.pid))
		ss.mem = file{memory(t, s.pid)}
	}
	if err := ss.u.Forget(); err != nil {
		t.Fatal(err)
	}
	m := ss.u.space.Module(s.regs.PC())
	if ss.change != nil && m != nil && m.Path == ss.bin && ss.u.tables.files[m.File] == nil {
		tab := newTable(amd64, m.File)
		tab.open()
		ss.change(tab)
		ss.u.tables.files[m.File] = tab
	}
	return s, ss.u.Frames(&s.regs, ss.mem, 0), true
}

// compareStops compares the stacks of all stops of a program with gdb's, up to its main function, and
// returns how many there were.
func (ss *session) compareStops(t *testing.T) int {
	for n := 0; ; n++ {
		s, got, ok := ss.next(t)
		if !ok {
			return n
		}
		compareFrames(t, ss.bin, s.frames, got)
		ss.do("continue", "here")
	}
}

func compareFrames(t *testing.T, bin string, want []goldenFrame, got []Frame) {
	t.Helper()
	text := func(i int) string {
		if i >= len(got) {
			return "nothing"
		}
		f := &got[i]
		kind := "normal"
		if f.Inlined {
			kind = "inline"
		} else if f.Signal {
			kind = "signal"
		}
		name := f.Place.Func
		if name == "" || kind == "signal" {
			name = "-"
		}
		return goldenFrame{f.PC, kind, name, f.Place.Line, f.Place.File}.String()
	}
	for i, w := range want {
		if i < len(got) && (got[i].Path != bin || strings.HasSuffix(w.name, "@plt")) {
			w.name, got[i].Place.Func = "-", "-" // gdb may know more of libraries
		}
		if w.kind == "signal" || w.line == 0 && i < len(got) && got[i].Place.Line != 0 { // of these gdb has no function
			w.name, w.file, w.line = "-", ".", 0
		}
		if i < len(got) && w.kind == "inline" && strings.Contains(w.name, "::"+plain(got[i].Place.Func)) {
			w.name = got[i].Place.Func // DWARF names an inlined function without what it is in
		}
		if w.name == "runtime.goexit" && (i == len(got) || got[i].PC == w.pc) {
			return // no frame pointer leads there, and gdb goes on behind it
		}
		have := text(i)
		if i < len(got) && w.line == 0 && got[i].Place.Line != 0 {
			got[i].Place.Func, got[i].Place.File, got[i].Place.Line = "", "", 0
			have = text(i)
		}
		if have != w.String() {
			t.Errorf("frame %d of %s: %s, gdb: %v", i, want[0].name, have, w)
			return
		}
	}
}

// physical is frames without those of inlined functions, and without lines: gdb chooses others at the first
// instruction of a line or of an inlined function.
func physical(frames []goldenFrame) (out []goldenFrame) {
	for _, f := range frames {
		if f.kind != "inline" {
			f.line = 0
			out = append(out, f)
		}
	}
	return out
}

// TestFrames compares stacks with gdb's.
func TestFrames(t *testing.T) {
	for name, c := range map[string]struct {
		cc, src string
		flags   []string
		stops   int
	}{
		"optimized":     {"gcc", "stacks.c", []string{"-O2", "-g"}, 13},
		"plain":         {"gcc", "stacks.c", []string{"-O0", "-g"}, 13},
		"frame-pointer": {"gcc", "stacks.c", []string{"-O2", "-g", "-fno-omit-frame-pointer"}, 13},
		"static":        {"gcc", "stacks.c", []string{"-O2", "-g", "-static"}, 13},
		"debug-frame":   {"gcc", "stacks.c", []string{"-O2", "-g", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"}, 13},
		"split":         {"gcc", "stacks.c", []string{"-O2", "-g", "-Wl,--no-eh-frame-hdr", "-no-pie"}, 13},
		"exceptions":    {"g++", "throws.cc", []string{"-O2", "-g"}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			bin := compile(t, c.cc, c.src, c.flags...)
			ss := &session{debugger: debug(t, bin, "site"), bin: bin}
			if n := ss.compareStops(t); n != c.stops {
				t.Errorf("%d stops, not %d", n, c.stops)
			}
		})
	}
}

// TestGuess compares stacks that are found without tables.
func TestGuess(t *testing.T) {
	for _, flags := range [][]string{{"-O2", "-g"}, {"-O0", "-g"}, {"-Os", "-g"}, {"-O2", "-g", "-fno-omit-frame-pointer"}} {
		t.Run(strings.Join(flags, ""), func(t *testing.T) {
			bin := compile(t, "gcc", "stacks.c", flags...)
			ss := &session{debugger: debug(t, bin, "site"), bin: bin, change: blind}
			if n := ss.compareStops(t); n != 13 {
				t.Errorf("%d stops, not 13", n)
			}
		})
	}
}

// TestSteps compares the stacks behind each of many instructions: in prologues, epilogues, PLT stubs and
// the dynamic linker.
func TestSteps(t *testing.T) {
	const steps = 500
	for name, change := range map[string]func(*table){"tables": nil, "blind": blind} {
		t.Run(name, func(t *testing.T) {
			bin := compile(t, "gcc", "stacks.c", "-O2", "-g")
			ss := &session{debugger: debug(t, bin, "main"), bin: bin, change: change}
			for range steps {
				s, _, ok := ss.next(t)
				if !ok {
					t.Fatal("the program has ended")
				}
				s.frames = physical(s.frames)
				got := ss.u.Names(&s.regs, ss.mem, 0)
				if top := s.frames[0].name; change == nil || !strings.HasSuffix(top, "@plt") && top != "-" {
					compareFrames(t, bin, s.frames, got)
				}
				ss.do("stepi", "here")
			}
		})
	}
}

package usdt

import (
	"bufio"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/perf"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

func skipOn(t *testing.T, reason string, cond bool) {
	t.Helper()
	if cond {
		t.Skip(reason)
	}
}

// compile builds the program with probes for a machine.
func compile(t *testing.T, cc string, flags ...string) string {
	t.Helper()
	_, err := exec.LookPath(cc)
	skipOn(t, cc+" is not installed", err != nil)
	prog := filepath.Join(t.TempDir(), "probes")
	if out, err := exec.Command(cc, append(flags, "-O2", "-o", prog, "testdata/probes.c")...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cc, err, out)
	}
	return prog
}

// readelf lists the probes of a file as readelf(1) does.
func readelf(t *testing.T, file string) []string {
	t.Helper()
	_, err := exec.LookPath("readelf")
	skipOn(t, "readelf is not installed", err != nil)
	c := exec.Command("readelf", "-n", file)
	c.Env = append(os.Environ(), "LC_ALL=C")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("readelf: %v\n%s", err, out)
	}
	note := regexp.MustCompile(`Provider: (\S+)\s+Name: (\S+)\s+Location: (\S+), Base: (\S+), Semaphore: (\S+)\s+Arguments:[ ]*(.*)`)
	base := uint64(0)
	if f, err := elf.Open(file); err == nil {
		if s := f.Section(baseSection); s != nil {
			base = s.Addr
		}
		f.Close()
	}
	var all []string
	for _, m := range note.FindAllStringSubmatch(string(out), -1) {
		var n [3]uint64
		for i := range n {
			if n[i], err = strconv.ParseUint(m[3+i], 0, 64); err != nil {
				t.Fatal(err)
			}
		}
		sem := n[2]
		if sem != 0 {
			sem += base - n[1]
		}
		all = append(all, fmt.Sprintf("%s:%s %#x %#x %s", m[1], m[2], n[0]+base-n[1], sem, strings.TrimSpace(m[6])))
	}
	return all
}

// TestList compares the probes of files with what readelf says.
func TestList(t *testing.T) {
	files := []string{compile(t, "gcc")}
	if cc, err := exec.LookPath("aarch64-linux-gnu-gcc"); err == nil {
		files = append(files, compile(t, cc, "-static"))
	}
	for _, pattern := range []string{"/usr/lib/*/libstdc++.so.6", "/lib/*/libc.so.6", "/usr/bin/python3.*", "/usr/lib/*/libpython3*.so.1.0"} {
		found, _ := filepath.Glob(pattern)
		files = append(files, found...)
	}
	for _, file := range files {
		f, err := symbol.NewCache().Open(file)
		if err != nil {
			continue // a script
		}
		probes, err := List(f)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		var got []string
		for _, p := range probes {
			var args []string
			for _, a := range p.Args {
				args = append(args, a.Text)
				if a.Err != nil {
					t.Errorf("%s: %s: %v", file, &p, a.Err)
				}
			}
			got = append(got, fmt.Sprintf("%s %#x %#x %s", &p, p.PC, p.Semaphore, strings.Join(args, " ")))
		}
		if want := readelf(t, file); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nreadelf:\n%s", file, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// program is the fixture, waiting for its input to end.
type program struct {
	id    event.Task
	in    io.WriteCloser
	out   *bufio.Reader
	cmd   *exec.Cmd
	space *symbol.Space
}

func start(t *testing.T, n int) *program {
	t.Helper()
	flags := []string{}
	if runtime.GOARCH == "arm64" {
		flags = []string{"-static"}
	}
	p := &program{cmd: exec.Command(compile(t, "gcc", flags...), strconv.Itoa(n))}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	p.in, p.out = in, bufio.NewReader(out)
	if line, err := p.out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the program prints %q, %v", line, err)
	}
	pid := int32(p.cmd.Process.Pid)
	p.id = event.Task{TID: pid, TGID: pid}
	p.space = symbol.NewCache().Space(int(pid))
	if err := p.space.Refresh(); err != nil {
		t.Fatal(err)
	}
	return p
}

// pass lets the program go past its probes, and returns what it prints then.
func (p *program) pass(t *testing.T) string {
	t.Helper()
	if _, err := p.in.Write([]byte{0}); err != nil {
		t.Fatal(err)
	}
	out, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func (p *program) end() {
	p.in.Close()
	io.Copy(io.Discard, p.out)
	p.cmd.Wait()
}

// memFile is the memory of a process that is not stopped.
type memFile struct{ f *os.File }

func (m memFile) ReadAt(p []byte, addr uint64) (int, error)  { return m.f.ReadAt(p, int64(addr)) }
func (m memFile) WriteAt(p []byte, addr uint64) (int, error) { return m.f.WriteAt(p, int64(addr)) }

// TestArguments has the kernel sample the registers at the probes of a running program.
func TestArguments(t *testing.T) {
	probe := event.Probe{Kind: event.Uprobe, Loc: "fixture:*"}
	err := perf.Check([]event.Probe{probe})
	skipOn(t, fmt.Sprint(err), err != nil)
	const n = 500
	p := start(t, n)
	points, err := Find(p.space, "fixture:*")
	if err != nil {
		t.Fatal(err)
	}
	byAddr := make(map[uint64]*Point)
	var spots []perf.Spot
	for i := range points {
		pt := &points[i]
		off, ok := pt.Module.File.Offset(pt.Probe.PC)
		if !ok {
			t.Fatalf("%s is nowhere in the file", &pt.Probe)
		}
		byAddr[pt.Addr] = pt
		spots = append(spots, perf.Spot{Addr: pt.Addr, Path: pt.Module.Path, Off: off})
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", p.id.TID), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	state := memFile{f: mem}
	for i := range points {
		if s := points[i].Semaphore; s != 0 {
			if err := errors.Join(Count(state, s, 1), Count(state, s, 1), Count(state, s, -1)); err != nil {
				t.Fatal(err)
			}
			var b [2]byte
			if _, err := state.ReadAt(b[:], s); err != nil || binary.LittleEndian.Uint16(b[:]) != 1 {
				t.Fatalf("the semaphore is %v, %v", b, err)
			}
		}
	}
	counts := map[string]int{}
	src, err := perf.New(perf.Config{
		Arch: ptrace.Native, ABIs: []*arch.ABI{arch.ABIAMD64}, Buffer: 4 << 20, Stack: 512,
		Locate: func(event.Task, string) ([]perf.Spot, error) { return spots, nil },
		Lost:   func(_ event.Task, n uint64) { t.Errorf("%d events lost", n) },
		Emit: func(ev *event.Event) {
			pt := byAddr[ev.Site.PC]
			r, err := ev.State.Regs()
			if pt == nil || err != nil {
				t.Errorf("an event at %#x, %v", ev.Site.PC, err)
				return
			}
			check(t, pt, pt.Args(r, ev.State), counts[pt.Probe.Name])
			counts[pt.Probe.Name]++
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Attach(p.id, []event.Probe{probe}); err != nil {
		t.Fatal(err)
	}
	out := p.pass(t)
	src.Drop(p.id.TID)
	src.Close()
	p.end()
	if counts["step"] != n || counts["asked"] != n || counts["end"] != 1 || out != strconv.Itoa(n) {
		t.Errorf("%v; the program says %s", counts, out)
	}
}

// check compares arguments with what the program gives.
func check(t *testing.T, pt *Point, args []event.Value, i int) {
	t.Helper()
	want := map[string][]string{
		"step":  {strconv.Itoa(i), "*", strconv.Itoa(-i), "-7", "-300"},
		"asked": {strconv.Itoa(i + 1), "5"},
	}[pt.Probe.Name]
	if len(args) != len(want) {
		t.Fatalf("%s has %d arguments", &pt.Probe, len(args))
	}
	for j, v := range args {
		if want[j] != "*" && strconv.FormatInt(int64(v.Num), 10) != want[j] {
			t.Fatalf("%s, time %d, argument %d: %+v, want %s", &pt.Probe, i, j, v, want[j])
		}
	}
}

func TestFind(t *testing.T) {
	p := start(t, 1)
	defer p.end()
	for _, c := range []struct {
		pattern string
		n       int
	}{{"fixture:*", 3}, {"probes!fixture:step", 1}, {"fix*:[es]*", 2}, {"libc!fixture:step", 0}, {"other:*", 0}} {
		points, err := Find(p.space, c.pattern)
		if len(points) != c.n || (err == nil) != (c.n > 0) || err != nil && !errors.Is(err, symbol.ErrNone) {
			t.Errorf("%s: %d probes, %v", c.pattern, len(points), err)
		}
		mem := ptrace.Mem{TID: int(p.id.TID)}
		for _, pt := range points {
			var b [4]byte
			nop := map[string]string{"amd64": "\x90", "arm64": "\x1f\x20\x03\xd5"}[ptrace.Native.Name]
			if _, err := mem.ReadAt(b[:], pt.Addr); err != nil || !strings.HasPrefix(string(b[:]), nop) {
				t.Errorf("at %s is % x, %v", &pt.Probe, b, err)
			}
		}
	}
}

func FuzzNote(f *testing.F) {
	f.Add([]byte("\x00\x10\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00p\x00n\x008@%rax\x00"), uint64(0x2000), false)
	f.Add([]byte("\x00\x10\x00\x00\x00\x20\x00\x00\x00\x30\x00\x00p\x00n\x00\x00"), uint64(0x3000), true)
	f.Fuzz(func(t *testing.T, desc []byte, base uint64, small bool) {
		h := elf.FileHeader{ByteOrder: binary.LittleEndian}
		a := arch.AMD64
		if small {
			a = arch.I386
		}
		p, err := parseNote(desc, h, a, base)
		if err != nil {
			return
		}
		if len(p.Provider)+len(p.Name)+3*a.PtrSize+3 > len(desc) {
			t.Errorf("%+v of %d bytes", p, len(desc))
		}
	})
}

package symbol

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sample gives n addresses spread over the code of a file.
func sample(f *File, n int) []uint64 {
	s := f.elf.Section(".text")
	step := max(s.Size/uint64(n), 1)
	var out []uint64
	for a := s.Addr; a < s.Addr+s.Size; a += step {
		out = append(out, a)
	}
	return out
}

// addr2line asks binutils for the functions and lines of addresses.
func addr2line(t *testing.T, bin string, addrs []uint64) [][]InlineFrame {
	t.Helper()
	if _, err := exec.LookPath("addr2line"); err != nil {
		t.Skip("needs addr2line")
	}
	var in bytes.Buffer
	for _, a := range addrs {
		fmt.Fprintf(&in, "%#x\n", a)
	}
	cmd := exec.Command("addr2line", "-a", "-i", "-f", "-C", "-e", bin)
	cmd.Stdin = &in
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]InlineFrame
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := 0; i < len(lines); {
		if strings.HasPrefix(lines[i], "0x") {
			out = append(out, nil)
			i++
			continue
		}
		f := InlineFrame{Func: lines[i]}
		at, _, _ := strings.Cut(lines[i+1], " (disc")
		f.File, f.Line, _ = cutLine(at)
		out[len(out)-1] = append(out[len(out)-1], f)
		i += 2
	}
	return out
}

// agree compares a stack of inlined functions with addr2line's: the same lines, and names
// that are the same but for what only one of the two knows.
func agree(got, want []InlineFrame) bool {
	if len(got) != len(want) {
		return false
	}
	for i, w := range want {
		if w.Line != got[i].Line || w.File != "" && filepath.Base(w.File) != filepath.Base(got[i].File) {
			return false
		}
		if g := strings.TrimSuffix(got[i].Func, ".cold"); w.Func != "??" && w.Func != g && g != "square" {
			return false // addr2line calls square, which has no linkage name, as its caller
		}
	}
	return true
}

// TestFrames compares 2,000 addresses of programs with addr2line.
func TestFrames(t *testing.T) {
	for _, flags := range []string{"-O2 -gdwarf-5", "-O2 -gdwarf-4", "-O0 -g -gz"} {
		t.Run(flags, func(t *testing.T) {
			bin := build(t, "shapes.cc", append(strings.Fields(flags), "-static")...)
			compareFrames(t, bin, 2000, 20)
		})
	}
}

// TestLinesGo compares the lines of a Go program by DWARF with those of the runtime's table:
// addr2line of binutils 2.40 cannot read DWARF as Go writes it.
func TestLinesGo(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "hello")
	run(t, "go", "build", "-o", bin, "testdata/hello.go")
	f := open(t, bin)
	known, wrong := 0, 0
	for _, a := range sample(f, 2000) {
		d, r, ok := f.lines().at(a)
		file, line, has := f.goLine(a)
		if !ok || !has {
			continue
		}
		known++
		if int(r.line) != line || d.path(r.file) != file {
			wrong++
			t.Logf("%#x: %s:%d by DWARF, %s:%d by the runtime", a, d.path(r.file), r.line, file, line)
		}
	}
	if known < 1000 || wrong > known/100 {
		t.Errorf("%d of %d addresses differ", wrong, known)
	}
}

func compareFrames(t *testing.T, bin string, n, atLeast int) {
	t.Helper()
	f := open(t, bin)
	addrs := sample(f, n)
	if s, err := f.elf.Symbols(); err == nil {
		for _, s := range s {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && strings.Contains(s.Name, "2ns") {
				for i := uint64(0); i < s.Size; i++ {
					addrs = append(addrs, s.Value+i)
				}
			}
		}
	}
	m := &Module{File: f, Hi: 1 << 47}
	known, wrong := 0, 0
	for i, want := range addr2line(t, bin, addrs) {
		fn, ok := m.function(addrs[i])
		if !ok || len(want) == 0 || want[0].Line == 0 {
			continue
		}
		known++
		if got := f.frames(addrs[i], fn.Name); !agree(got, want) {
			wrong++
			if wrong < 6 {
				t.Errorf("%#x: %+v\naddr2line: %+v", addrs[i], got, want)
			}
		}
	}
	t.Logf("%d addresses with lines, %d differ", known, wrong)
	if known < atLeast {
		t.Errorf("only %d addresses have lines: too few to compare", known)
	}
}

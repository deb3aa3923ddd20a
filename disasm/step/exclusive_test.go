package step

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

func TestInExclusive(t *testing.T) {
	// nop; ldxr x1, [x2]; add x1, x2, #1; stxr w0, x1, [x2]; cbnz w0; ret
	code, err := hex.DecodeString("1f2003d5" + "417c5fc8" + "41040091" + "417c00c8" + "a0ffff35" + "c0035fd6")
	if err != nil {
		t.Fatal(err)
	}
	want := []bool{false, false, true, true, false, false}
	for i, w := range want {
		if got := InExclusive(code, 0x401000, 0x401000+uint64(4*i)); got != w {
			t.Errorf("instruction %d: %v, want %v", i, got, w)
		}
	}
	if InExclusive(code, 0x401000, 0x400000) || InExclusive(code, 0x401000, 0x500000) {
		t.Error("outside of the function")
	}
}

// exclusiveLine is a line of testdata/exclusive.txt: a function and its sequences.
type exclusiveLine struct {
	name, want string
	code       []byte
}

func exclusiveLines(t *testing.T) (lines []exclusiveLine) {
	text, err := os.ReadFile("testdata/exclusive.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		left, want, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " | ")
		name, code, _ := strings.Cut(left, " ")
		if !ok || name == "#" {
			continue
		}
		b, err := hex.DecodeString(code)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, exclusiveLine{name, want, b})
	}
	if len(lines) < 10 {
		t.Fatalf("only %d functions", len(lines))
	}
	return lines
}

// sequences describes what ExclusiveAt finds in a function that lies at 0.
func sequences(code []byte) string {
	var out []string
	for pc := uint64(0); pc < uint64(len(code)); pc += 4 {
		in, err := disasm.Decode(arch.ARM64, code[pc:], pc)
		if err != nil || in.Class != disasm.ExclLoad {
			continue
		}
		x, ok := ExclusiveAt(code, 0, pc)
		if !ok {
			out = append(out, fmt.Sprintf("%#x alone", pc))
			continue
		}
		out = append(out, fmt.Sprintf("%#x-%#x: %#x", x.Start, x.End, x.Exits))
	}
	return strings.Join(out, "; ")
}

func TestExclusiveAt(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprintln(&out, "# Functions of exclusive.c, compiled with -O2 -mno-outline-atomics | their sequences: start-end: exits.")
	for _, l := range exclusiveLines(t) {
		got := sequences(l.code)
		if got != l.want && !*update {
			t.Errorf("%s: %s, want %s", l.name, got, l.want)
		}
		fmt.Fprintf(&out, "%s %x | %s\n", l.name, l.code, got)
	}
	if *update {
		if err := os.WriteFile("testdata/exclusive.txt", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExclusiveShapes has what compilers do not write: code is words, as written.
func TestExclusiveShapes(t *testing.T) {
	const ldxr, stxr, nop, ret, svc = "417c5fc8", "417c00c8", "1f2003d5", "c0035fd6", "010000d4"
	for _, c := range []struct{ name, code, want string }{
		{"too far", ldxr + strings.Repeat(nop, 15) + stxr + ret, "0x0 alone"},
		{"just near enough", ldxr + strings.Repeat(nop, 14) + stxr + ret, "0x0-0x40: [0x40]"},
		{"call within", ldxr + "00000094" + stxr + ret, "0x0 alone"},
		{"system call within", ldxr + svc + stxr + ret, "0x0 alone"},
		{"return within", ldxr + ret + stxr + ret, "0x0 alone"},
		{"second load", ldxr + ldxr + stxr + ret, "0x0 alone; 0x4-0xc: [0xc]"},
		{"clrex before the store", ldxr + "5f3f03d5" + stxr + ret, "0x0 alone"},
		{"branch to the load", ldxr + "e0ffffb4" + stxr + ret, "0x0-0xc: [0xc]"},
		{"branch before the load", nop + ldxr + "c0ffffb4" + stxr + ret, "0x4-0x10: [0x0 0x10]"},
		{"branch over the store", ldxr + "40000014" + stxr + ret, "0x0 alone"},
		{"store by two ways", ldxr + "400000b4" + nop + stxr + ret, "0x0-0x10: [0x10]"},
		{"end of the function", ldxr + nop, "0x0 alone"},
		{"svc beside the way", ldxr + "600000b4" + svc + nop + stxr + ret, "0x0-0x14: [0x8 0x14]"},
	} {
		code, err := hex.DecodeString(c.code)
		if err != nil {
			t.Fatal(err)
		}
		if got := sequences(code); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestExclusiveCompiled looks at what the compiler at hand makes: each load but the one that is
// alone begins a sequence, each store is inside of one, and none of the exits is.
func TestExclusiveCompiled(t *testing.T) {
	const gcc = "aarch64-linux-gnu-gcc"
	if _, err := exec.LookPath(gcc); err != nil {
		t.Skip("no " + gcc)
	}
	for _, level := range []string{"-O1", "-O2", "-O3", "-Os"} {
		file := filepath.Join(t.TempDir(), "exclusive.o")
		out, err := exec.Command(gcc, level, "-mno-outline-atomics", "-c", "-o", file, "testdata/exclusive.c").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		f, err := elf.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		code, err := f.Section(".text").Data()
		if err != nil {
			t.Fatal(err)
		}
		loads, alone := 0, 0
		for pc := uint64(0); pc < uint64(len(code)); pc += 4 {
			in, err := disasm.Decode(arch.ARM64, code[pc:], pc)
			if err != nil {
				t.Fatal(err)
			}
			x, ok := ExclusiveAt(code, 0, pc)
			switch in.Class {
			case disasm.ExclLoad:
				loads++
				if !ok {
					alone++
				}
				if slices.ContainsFunc(x.Exits, x.Inside) {
					t.Errorf("%s: %+v: an exit is inside", level, x)
				}
			case disasm.ExclStore:
				if !ok || !x.Inside(pc) {
					t.Errorf("%s: the store at %#x is in no sequence", level, pc)
				}
			}
		}
		if loads < 12 || alone != 1 {
			t.Errorf("%s: of %d loads %d are alone", level, loads, alone)
		}
	}
}

// TestExclusiveOnCPU goes through the functions of testdata/exclusive.txt by plans, with
// sequences run whole, and compares what comes of it with a run that nothing stops.
func TestExclusiveOnCPU(t *testing.T) {
	c := startTracee(t, arch.ARM64)
	g := newGenerator(c.a, 4)
	whole := 0
	for _, l := range exclusiveLines(t) {
		c.poke(codeAt, l.code)
		for _, a := range []uint64{0, 1, g.Uint64()} {
			var before state
			g.armState(c, &before)
			for i, v := range []uint64{dataAt + 256, a, g.Uint64()} {
				before.regs.R[i] = v
			}
			binary.LittleEndian.PutUint64(before.data[256:], a)
			before.regs.R[armLR] = landAt
			before.regs.SetPC(codeAt)
			want, got := before, before
			c.set(&want)
			c.cont()
			c.get(&want, unix.SIGTRAP)
			c.set(&got)
			whole += c.walk(l.code, &got.regs)
			c.get(&got, unix.SIGTRAP)
			if want.regs.PC() != landAt {
				t.Fatalf("%s stopped at %#x", l.name, want.regs.PC())
			}
			if d := diff(c.a, &want, &got); d != "" {
				t.Errorf("%s(%#x): seed %d: %s", l.name, a, g.seed, strings.ReplaceAll(d, "in place", "at once"))
			}
		}
	}
	if whole < 30 {
		t.Errorf("only %d sequences", whole)
	}
}

// walk executes the code at codeAt instruction by instruction until it comes to landAt, and
// returns how many exclusive sequences it ran.
func (c *tracee) walk(code []byte, r *arch.Regs) (whole int) {
	for range 200 {
		c.must(ptrace.GetRegs(c.pid, c.a, r))
		pc := r.PC()
		if pc == landAt {
			return whole
		}
		in, err := disasm.Decode(c.a, code[pc-codeAt:], pc)
		c.must(err)
		p, err := New(c.a, in, code[pc-codeAt:], pc, r, nearSlot, Options{})
		x, ok := ExclusiveAt(code, codeAt, pc)
		switch {
		case ok && (pc != x.Start || !errors.Is(err, ErrExclusive)):
			c.t.Fatalf("%#x: %v, but %+v", pc, err, x)
		case ok:
			whole++
			c.runWhole(&x, code)
		case err == nil && p.Method == Emulate:
			c.must(p.Emulate(r, c))
			c.must(ptrace.SetRegs(c.pid, r))
		case err == nil && p.Method == Displaced:
			c.poke(p.Slot, p.Code())
			p.Start(r)
			c.must(ptrace.SetRegs(c.pid, r))
			c.trap()
			c.must(ptrace.GetRegs(c.pid, c.a, r))
			p.Fixup(r)
			c.must(ptrace.SetRegs(c.pid, r))
		default:
			c.trap()
		}
	}
	c.t.Fatalf("still at %#x", r.PC())
	return 0
}

// trap makes a step, which must end in its trap.
func (c *tracee) trap() {
	if sig := c.step(); sig != unix.SIGTRAP {
		c.t.Fatalf("%v instead of a trap", sig)
	}
}

// runWhole runs an exclusive sequence of the code at codeAt.
func (c *tracee) runWhole(x *Exclusive, code []byte) {
	for _, addr := range x.Exits {
		c.poke(addr, c.a.Breakpoint)
	}
	c.cont()
	var r arch.Regs
	c.must(ptrace.GetRegs(c.pid, c.a, &r))
	if !slices.Contains(x.Exits, r.PC()) {
		c.t.Fatalf("%+v left at %#x", x, r.PC())
	}
	for _, addr := range x.Exits {
		c.poke(addr, code[addr-codeAt:][:4])
	}
}

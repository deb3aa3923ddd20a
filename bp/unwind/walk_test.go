package unwind

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
)

// block is memory that begins at an address.
type block struct {
	at   uint64
	data []byte
}

func (b block) ReadAt(p []byte, addr uint64) (int, error) {
	if off := addr - b.at; off < uint64(len(b.data)) {
		return copy(p, b.data[off:]), nil
	}
	return 0, os.ErrInvalid
}

func words(at uint64, w ...uint64) block {
	b := block{at: at}
	for _, v := range w {
		b.data = binary.LittleEndian.AppendUint64(b.data, v)
	}
	return b
}

// TestExpressions evaluates expressions with 5 in register 3 and 0x1122334455667788 at 0x1000.
func TestExpressions(t *testing.T) {
	u := &Unwinder{}
	u.mem.reset(words(0x1000, 0x1122334455667788))
	s := state{machine: amd64}
	s.set(3, 5)
	const no = ^uint64(0) - 1
	for _, c := range []struct {
		name string
		code []byte
		want uint64 // no: there is no result
	}{
		{"lit", []byte{opLit0 + 7}, 7},
		{"const1s", []byte{0x09, 0xff}, ^uint64(0)},
		{"const2u", []byte{0x0a, 0x34, 0x12}, 0x1234},
		{"const8u", []byte{0x0e, 1, 2, 3, 4, 5, 6, 7, 8}, 0x0807060504030201},
		{"constu", []byte{0x10, 0xe5, 0x8e, 0x26}, 624485},
		{"consts", []byte{0x11, 0x7f}, ^uint64(0)},
		{"breg", []byte{opBreg0 + 3, 0x7e}, 3},
		{"bregx", []byte{opBregx, 3, 1}, 6},
		{"register without a value", []byte{opBreg0 + 4, 0}, no},
		{"deref", []byte{0x0a, 0x00, 0x10, opDeref}, 0x1122334455667788},
		{"deref_size", []byte{0x0a, 0x02, 0x10, opDerefSize, 2}, 0x5566},
		{"deref of nothing", []byte{opLit0, opDeref}, no},
		{"minus", []byte{opLit0 + 9, opLit0 + 4, 0x1c}, 5},
		{"div", []byte{0x11, 0x76, opLit0 + 2, 0x1b}, ^uint64(0) - 4},
		{"div by 0", []byte{opLit0 + 9, opLit0, 0x1b}, no},
		{"mod by 0", []byte{opLit0 + 9, opLit0, 0x1d}, no},
		{"mul, plus", []byte{opLit0 + 3, opLit0 + 4, 0x1e, opLit0 + 1, 0x22}, 13},
		{"or, xor, and", []byte{opLit0 + 9, opLit0 + 6, 0x21, opLit0 + 1, 0x27, opLit0 + 12, 0x1a}, 12},
		{"shl, shr", []byte{opLit0 + 1, opLit0 + 6, 0x24, opLit0 + 2, 0x25}, 16},
		{"shra", []byte{0x09, 0xf0, opLit0 + 2, 0x26}, ^uint64(0) - 3},
		{"shift too far", []byte{opLit0 + 1, 0x08, 64, 0x24}, 0},
		{"neg, not, abs", []byte{opLit0 + 5, 0x1f, 0x19, 0x20}, ^uint64(5)},
		{"plus_uconst", []byte{opLit0 + 5, 0x23, 0x80, 1}, 133},
		{"swap", []byte{opLit0 + 9, opLit0 + 4, opSwap, 0x1c}, ^uint64(0) - 4},
		{"rot", []byte{opLit0 + 1, opLit0 + 2, opLit0 + 3, opRot}, 2},
		{"over", []byte{opLit0 + 1, opLit0 + 2, opOver}, 1},
		{"pick", []byte{opLit0 + 1, opLit0 + 2, opLit0 + 3, opPick, 2}, 1},
		{"drop, dup", []byte{opLit0 + 4, opLit0 + 2, opDrop, opDup, 0x22}, 8},
		{"compare", []byte{0x09, 0xff, opLit0 + 1, 0x2d}, 1},
		{"bra", []byte{opLit0 + 1, opLit0 + 1, opBra, 1, 0, opLit0 + 5}, 1},
		{"skip", []byte{opLit0 + 1, opSkip, 1, 0, opLit0 + 5}, 1},
		{"endless", []byte{opSkip, 0xfd, 0xff}, no},
		{"jump out", []byte{opLit0, opSkip, 0xff, 0x7f}, no},
		{"empty", nil, no},
		{"underflow", []byte{0x22}, no},
		{"overflow", []byte{opLit0, opDup, opSkip, 0xfc, 0xff}, no},
		{"cut short", []byte{0x0e, 1}, no},
		{"unknown", []byte{0xe0}, no},
		{"of the CFA, without one", []byte{opCallCFA}, no},
		// DW_OP_breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus: that of PLT stubs
		{"plt", []byte{0x73, 8, 0x73, 0x15, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22}, 13},
	} {
		got, ok := u.eval(&s, c.code)
		if c.want == no && ok || c.want != no && (!ok || got != c.want) {
			t.Errorf("%s: %#x, %v", c.name, got, ok)
		}
	}
	if got, ok := u.eval(&s, []byte{opPlusUconst, 8}, 0x100); !ok || got != 0x108 {
		t.Errorf("of the CFA: %#x, %v", got, ok)
	}
}

// TestMode checks that the CPU's mode decides what a task is: a 64-bit program may make a call of i386.
func TestMode(t *testing.T) {
	for _, c := range []struct {
		arch *arch.Arch
		cs   uint64
		want *machine
	}{
		{arch.AMD64, 0x33, amd64}, {arch.AMD64, 0x23, i386}, {arch.I386, 0x33, amd64}, {arch.I386, 0x23, i386},
		{arch.AMD64, 0, amd64}, {arch.I386, 0, i386}, {arch.ARM64, 0, arm64},
	} {
		r := &arch.Regs{Arch: c.arch}
		slot(r, "cs", c.cs)
		if got := machineOf(r); got != c.want {
			t.Errorf("%s with cs %#x is %s", c.arch.Name, c.cs, got.arch.Name)
		}
	}
}

// TestHostile walks stacks that go round in circles, have no end, or are rubbish. The code is in no module:
// its frames are found by the chain of frame pointers. A call precedes every address.
func TestHostile(t *testing.T) {
	const base, code = 0x10000, 0x400000
	mem := func(w ...uint64) block { return words(base, w...) }
	calls := block{code, make([]byte, 4096)}
	for i := range calls.data {
		calls.data[i] = []byte{0xff, 0xd0, 0x90, 0x90}[i%4] // call *%rax; nops
	}
	for _, c := range []struct {
		name   string
		fp     uint64
		stack  block
		frames int
	}{
		{"no stack", base, block{at: base}, 1},
		{"one", base, mem(0, 0x400002), 2},
		{"circle", base, mem(base, 0x400002), 2},
		{"two in a circle", base, mem(base+16, 0x400002, base, 0x400006), 3},
		{"downwards", base + 16, mem(0, 0x400002, base, 0x400006), 2},
		{"misaligned", base + 1, mem(base, 0x400002), 1},
		{"to nothing", base, mem(base+16, 0x10), 1},
		{"behind no call", base, mem(base+16, 0x400003), 1},
		{"top of memory", ^uint64(7), block{^uint64(15), make([]byte, 16)}, 1},
	} {
		r := &arch.Regs{Arch: arch.AMD64}
		r.SetPC(0x400002)
		r.SetSP(base - 64)
		slot(r, "rbp", c.fp)
		u := New(symbol.NewCache().Space(0))
		if got := u.Frames(r, two{c.stack, calls}, 0); len(got) != c.frames {
			t.Errorf("%s: %d frames, not %d: %v", c.name, len(got), c.frames, got)
		}
	}
}

// TestEndless checks that a stack without an end has an end.
func TestEndless(t *testing.T) {
	r := &arch.Regs{Arch: arch.AMD64}
	r.SetPC(0x400002)
	r.SetSP(0x10000)
	slot(r, "rbp", 0x10000)
	u := New(symbol.NewCache().Space(0))
	if n := len(u.Frames(r, ladder{}, 0)); n != Most && u.mem.reads < maxReads {
		t.Errorf("%d frames", n)
	}
	if n := len(u.Frames(r, ladder{}, 5)); n != 5 {
		t.Errorf("%d frames, not 5", n)
	}
}

// ladder is memory in which every frame leads to one above it, and all code is calls.
type ladder struct{}

func (ladder) ReadAt(p []byte, addr uint64) (int, error) {
	for i := range p {
		switch at := addr + uint64(i); {
		case at >= 0x400000 && at < 0x500000:
			p[i] = []byte{0xff, 0xd0, 0x90, 0x90}[at%4]
		case at%16 < 8:
			p[i] = byte((at&^15 + 16) >> (at % 8 * 8))
		default:
			p[i] = byte(uint64(0x400002) >> (at % 8 * 8))
		}
	}
	return len(p), nil
}

// two is memory in two places.
type two [2]block

func (m two) ReadAt(p []byte, addr uint64) (int, error) {
	if n, err := m[0].ReadAt(p, addr); err == nil {
		return n, nil
	}
	return m[1].ReadAt(p, addr)
}

func slot(r *arch.Regs, name string, v uint64) {
	for _, reg := range r.Arch.Regs {
		if reg.Name == name {
			r.R[reg.Index] = v
		}
	}
}

// TestRubbish walks stacks of random words through the tables of a real library.
func TestRubbish(t *testing.T) {
	u, m := inLibrary(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		r := &arch.Regs{Arch: arch.AMD64}
		for i := range r.R {
			r.R[i] = 0x7000_0000 + rng.Uint64N(4096)&^7
		}
		r.SetPC(m.Lo + rng.Uint64N(m.Hi-m.Lo))
		stack := block{0x7000_0000, make([]byte, 8192)}
		for i := 0; i < len(stack.data); i += 8 {
			v := 0x7000_0000 + rng.Uint64N(8192)&^7
			if rng.IntN(2) == 0 {
				v = m.Lo + rng.Uint64N(m.Hi-m.Lo)
			}
			binary.LittleEndian.PutUint64(stack.data[i:], v)
		}
		last := uint64(0)
		for i, f := range u.Names(r, stack, 0) {
			if i > 0 && f.CFA != 0 && f.CFA <= last && !f.Signal {
				last = f.CFA // a change of stacks, which are limited in number
			}
			if i > 8192/8+maxSwitches {
				t.Fatalf("frame %d of a stack of %d words", i, len(stack.data)/8)
			}
		}
	}
}

// inLibrary is an unwinder for this process, which has no library, and the module of a file that it is
// told to have.
func inLibrary(t testing.TB) (*Unwinder, *symbol.Module) {
	t.Helper()
	s := symbol.NewCache().Space(os.Getpid())
	if err := s.Refresh(); err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Modules() {
		if m.Name != "[vdso]" {
			return New(s), m
		}
	}
	t.Skip("this process has no modules")
	return nil, nil
}

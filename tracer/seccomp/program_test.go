package seccomp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

const (
	auditAMD64 = 0xc000003e
	auditI386  = 0x40000003
)

// machine runs a program as the kernel does: forward jumps only, words of seccomp_data.
type machine struct{ vm *bpf.VM }

func newMachine(t testing.TB, prog []unix.SockFilter) *machine {
	t.Helper()
	raw := make([]bpf.RawInstruction, len(prog))
	for i, f := range prog {
		raw[i] = bpf.RawInstruction{Op: f.Code, Jt: f.Jt, Jf: f.Jf, K: f.K}
	}
	ins, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("the program has unknown instructions")
	}
	vm, err := bpf.NewVM(ins)
	if err != nil {
		t.Fatal(err)
	}
	return &machine{vm}
}

// traces reports whether a call is reported. The machine reads big-endian words where the
// kernel's reads the host's.
func (m *machine) traces(t testing.TB, audit, nr uint32, args *[6]uint64) bool {
	t.Helper()
	data := make([]byte, 64)
	word := func(off int, v uint32) { binary.BigEndian.PutUint32(data[off:], v) }
	word(offNR, nr)
	word(offArch, audit)
	for i, a := range args {
		word(offArg0+8*i, uint32(a))
		word(offArg0+8*i+4, uint32(a>>32))
	}
	ret, err := m.vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	switch uint32(ret) {
	case retTrace:
		return true
	case retAllow:
		return false
	}
	t.Fatalf("the program returned %#x", ret)
	return false
}

func reg(arg int, bits uint8, signed bool) event.ArgReg {
	return event.ArgReg{Arg: int8(arg), Bits: bits, Signed: signed}
}

func compare(op event.ArgOp, r event.ArgReg, num int64) *event.ArgPred {
	return &event.ArgPred{Op: op, ArgReg: r, Mask: ^uint64(0), Num: num}
}

func masked(op event.ArgOp, r event.ArgReg, mask uint64, num int64) *event.ArgPred {
	return &event.ArgPred{Op: op, ArgReg: r, Mask: mask, Num: num}
}

// edges are register contents at which comparisons change.
var edges = []uint64{0, 1, 2, 3, 0x7f, 0x8000, 0xffff, 0x10000, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
	0xfffffffe, 0xffffffff, 0x100000000, 0x100000002, 0x1ffffffff, 0x7fffffffffffffff, 0x8000000000000000,
	0x8000000000000002, 0xffffffff00000000, 0xffffffff00000002, 0xffffffff7fffffff, 0xffffffff80000000, ^uint64(1), ^uint64(0)}

var (
	fd    = reg(0, 32, true)
	flags = reg(1, 32, false)
	mode  = reg(2, 16, false)
	size  = reg(2, 64, true)
	pair  = event.ArgReg{Arg: 3, Bits: 32, Pair: true}
)

var preds = []*event.ArgPred{
	compare(event.ArgEQ, fd, 2),
	compare(event.ArgNE, fd, 2),
	compare(event.ArgEQ, fd, -1),
	compare(event.ArgEQ, fd, -100),
	compare(event.ArgEQ, flags, -1), // never
	compare(event.ArgEQ, flags, 0xffffffff),
	compare(event.ArgLT, fd, 0),
	compare(event.ArgLE, fd, -1),
	compare(event.ArgGT, fd, 2),
	compare(event.ArgGE, fd, -0x80000000), // always
	compare(event.ArgGE, fd, 0x7fffffff),
	compare(event.ArgLT, flags, 0x80000000),
	compare(event.ArgGE, flags, 0x80000000),
	compare(event.ArgGT, flags, 0),
	compare(event.ArgGE, mode, 0x8000),
	compare(event.ArgEQ, mode, 0xffff),
	compare(event.ArgNE, mode, 0x1ffff),
	compare(event.ArgGE, size, 1<<32),
	compare(event.ArgGT, size, 1<<32+1),
	compare(event.ArgLT, size, -1),
	compare(event.ArgLE, size, -1<<63),
	compare(event.ArgEQ, size, 1<<32+2),
	compare(event.ArgNE, size, -2),
	compare(event.ArgEQ, pair, 2),
	compare(event.ArgGT, pair, 0xfffffffe),
	masked(event.ArgEQ, flags, 0x40, 0x40),
	masked(event.ArgNE, flags, 0x43, 0x41),
	masked(event.ArgEQ, fd, 0x80000000, 0x80000000),
	masked(event.ArgEQ, fd, 0x100000001, 1),
	masked(event.ArgEQ, fd, 0x100000001, 0x100000001),
	masked(event.ArgEQ, size, 0xf00000000, 0x100000000),
	masked(event.ArgNE, size, 0x100000002, 2),
	masked(event.ArgEQ, size, 0, 0), // always
	masked(event.ArgEQ, size, 1, 2), // never
	{Op: event.ArgTrue},
	{Op: event.ArgFalse},
	{Op: event.ArgAnd},
	{Op: event.ArgOr},
	{Op: event.ArgAnd, Sub: []*event.ArgPred{compare(event.ArgGE, fd, 3), compare(event.ArgLE, fd, 0xff)}},
	{Op: event.ArgOr, Sub: []*event.ArgPred{compare(event.ArgEQ, fd, 1), compare(event.ArgEQ, fd, 2), masked(event.ArgEQ, fd, 0x10, 0x10)}},
	{Op: event.ArgOr, Sub: []*event.ArgPred{
		{Op: event.ArgAnd, Sub: []*event.ArgPred{compare(event.ArgEQ, fd, 2), compare(event.ArgGT, size, 2), compare(event.ArgNE, flags, 0)}},
		{Op: event.ArgAnd, Sub: []*event.ArgPred{compare(event.ArgNE, fd, 2), {Op: event.ArgOr, Sub: []*event.ArgPred{compare(event.ArgLT, size, 0), compare(event.ArgEQ, mode, 3)}}}},
	}},
}

// TestPred holds that the kernel's decision is Eval's, whatever the registers hold.
func TestPred(t *testing.T) {
	for _, p := range preds {
		prog, dropped, err := Program([]ABI{{auditAMD64, []Calls{{First: 1, Last: 1, Pred: p}}}})
		if err != nil || len(dropped) > 0 {
			t.Fatalf("%v: %v, %d dropped", p, err, len(dropped))
		}
		m := newMachine(t, prog)
		var args [6]uint64
		check := func() {
			want := p.Eval(&args)
			if got := m.traces(t, auditAMD64, 1, &args); got != want {
				t.Errorf("%v: registers %x: filter says %v, Eval %v", p, args, got, want)
			}
			if q := p.Simplify(); q.Eval(&args) != want {
				t.Errorf("%v: registers %x: %v, but simplified to %v", p, args, want, q)
			}
		}
		for _, a := range edges {
			for _, b := range edges {
				args = [6]uint64{a, a, b, b, a}
				check()
				args = [6]uint64{a, b, a, uint64(uint32(b)), uint64(uint32(a))}
				check()
			}
		}
	}
}

func TestCalls(t *testing.T) {
	fd2 := compare(event.ArgEQ, fd, 2)
	prog, _, err := Program([]ABI{
		{auditAMD64, []Calls{{First: 59, Last: 60}, {First: 1, Last: 1, Pred: fd2}, {First: 20, Last: 20, Pred: fd2}, {First: 500, Last: ^uint32(0)}}},
		{auditI386, []Calls{{First: 4, Last: 4, Pred: compare(event.ArgEQ, fd, 3)}, {First: 11, Last: 11}, {First: 0, Last: 0}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, prog)
	for _, c := range []struct {
		audit, nr uint32
		fd        uint64
		want      bool
	}{
		{auditAMD64, 0, 2, false}, {auditAMD64, 1, 2, true}, {auditAMD64, 1, 1<<32 + 2, true}, {auditAMD64, 1, 3, false},
		{auditAMD64, 2, 2, false}, {auditAMD64, 20, 2, true}, {auditAMD64, 20, 1, false}, {auditAMD64, 58, 2, false},
		{auditAMD64, 59, 9, true}, {auditAMD64, 60, 9, true}, {auditAMD64, 61, 9, false}, {auditAMD64, 499, 9, false},
		{auditAMD64, 500, 9, true}, {auditAMD64, 0x40000001, 9, true}, {auditAMD64, ^uint32(0), 9, true},
		{auditI386, 0, 9, true}, {auditI386, 1, 3, false}, {auditI386, 4, 3, true}, {auditI386, 4, 2, false},
		{auditI386, 11, 9, true}, {auditI386, ^uint32(0), 9, false}, {0xc00000b7, 0, 9, true},
	} {
		if got := m.traces(t, c.audit, c.nr, &[6]uint64{c.fd}); got != c.want {
			t.Errorf("arch %#x call %d fd %d: traced %v", c.audit, c.nr, c.fd, got)
		}
	}
}

// TestNumberOnly holds that a call of no interest is let through without a look at its
// arguments: then the kernel need not run the program for it (seccomp_cache_prepare).
func TestNumberOnly(t *testing.T) {
	var calls []Calls
	for nr := uint32(0); nr < 300; nr += 2 {
		calls = append(calls, Calls{nr, nr, compare(event.ArgEQ, fd, int64(nr))})
	}
	prog, dropped, err := Program([]ABI{{auditAMD64, calls}})
	if err != nil || len(dropped) > 0 {
		t.Fatal(err, dropped)
	}
	for nr := uint32(0); nr < 400; nr++ {
		loads, steps := walk(t, prog, nr)
		if want := nr < 300 && nr%2 == 0; loads != want {
			t.Errorf("call %d: looks at arguments: %v", nr, loads)
		}
		if steps > 40 {
			t.Errorf("call %d: %d instructions", nr, steps)
		}
	}
}

// walk follows a program until it ends or loads an argument.
func walk(t *testing.T, prog []unix.SockFilter, nr uint32) (argument bool, steps int) {
	t.Helper()
	var acc uint32
	for pc := 0; ; pc++ {
		steps++
		f := prog[pc]
		taken := false
		switch f.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			switch f.K {
			case offNR:
				acc = nr
			case offArch:
				acc = auditAMD64
			default:
				return true, steps
			}
			continue
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(f.K)
			continue
		case unix.BPF_JMP | unix.BPF_JEQ:
			taken = acc == f.K
		case unix.BPF_JMP | unix.BPF_JGE:
			taken = acc >= f.K
		case unix.BPF_JMP | unix.BPF_JGT:
			taken = acc > f.K
		case unix.BPF_RET:
			return false, steps
		default:
			t.Fatalf("instruction %#x", f.Code)
		}
		if taken {
			pc += int(f.Jt)
		} else {
			pc += int(f.Jf)
		}
	}
}

// list is a condition of n comparisons that are not merged.
func list(n int, from int64) *event.ArgPred {
	p := &event.ArgPred{Op: event.ArgOr}
	for i := range n {
		p.Sub = append(p.Sub, compare(event.ArgEQ, size, from+int64(i)<<32))
	}
	return p
}

func TestShared(t *testing.T) {
	length := func(n int) int {
		var calls []Calls
		for nr := range uint32(n) {
			calls = append(calls, Calls{2 * nr, 2 * nr, list(50, 1)})
		}
		prog, _, err := Program([]ABI{{auditAMD64, calls}, {auditI386, calls}})
		if err != nil {
			t.Fatal(err)
		}
		return len(prog)
	}
	if one, ten := length(1), length(10); ten > one+100 {
		t.Errorf("%d instructions for a condition of one call, %d for that of ten", one, ten)
	}
}

func TestTooLong(t *testing.T) {
	big, small, middle := list(3000, 1), compare(event.ArgEQ, fd, 2), list(600, 2)
	prog, dropped, err := Program([]ABI{{auditAMD64, []Calls{{1, 1, big}, {2, 2, small}, {3, 3, middle}}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(prog) > maxProgram || len(dropped) != 1 || dropped[0].Size() != 3000 {
		t.Fatalf("%d instructions, %d conditions dropped", len(prog), len(dropped))
	}
	m := newMachine(t, prog)
	for _, c := range []struct {
		nr   uint32
		arg2 uint64
		want bool
	}{{1, 0, true}, {2, 0, false}, {3, 2, true}, {3, 599<<32 + 2, true}, {3, 600<<32 + 2, false}} {
		if got := m.traces(t, auditAMD64, c.nr, &[6]uint64{7, 0, c.arg2}); got != c.want {
			t.Errorf("call %d with %#x: traced %v", c.nr, c.arg2, got)
		}
	}
}

// TestFar makes conditions whose jumps do not reach: every comparison leaves to labels
// behind hundreds of others.
func TestFar(t *testing.T) {
	for _, n := range []int{60, 84, 85, 86, 126, 127, 128, 129, 400} {
		var all event.ArgPred
		all.Op = event.ArgAnd
		for i := range n {
			all.Sub = append(all.Sub, compare(event.ArgNE, size, int64(i)<<32+1))
		}
		for _, p := range []*event.ArgPred{list(n, 1), &all} {
			prog, _, err := Program([]ABI{{auditAMD64, []Calls{{1, 1, p}}}})
			if err != nil {
				t.Fatal(err)
			}
			m := newMachine(t, prog)
			for i := range n + 1 {
				args := [6]uint64{2: uint64(i)<<32 + 1}
				if got, want := m.traces(t, auditAMD64, 1, &args), p.Eval(&args); got != want {
					t.Fatalf("%d comparisons, value %#x: %v", n, args[2], got)
				}
			}
		}
	}
}

func TestText(t *testing.T) {
	all := func(sub ...*event.ArgPred) *event.ArgPred { return &event.ArgPred{Op: event.ArgAnd, Sub: sub} }
	for _, c := range []struct {
		p    *event.ArgPred
		want string
	}{
		{nil, "true"},
		{compare(event.ArgEQ, fd, -1), "arg.1 == -1"},
		{masked(event.ArgEQ, flags, 0x40, 0x40), "arg.2 & 0x40 == 0x40"},
		{masked(event.ArgNE, flags, 0xffffffff, 0), "arg.2 != 0"},
		{masked(event.ArgEQ, fd, 0xffffffff, 0xffffffff), "arg.1 == -1"},
		{compare(event.ArgLE, flags, 0xffffffff), "true"},
		{compare(event.ArgLT, flags, 0), "false"},
		{event.AnyArgs(compare(event.ArgEQ, fd, 1), nil), "true"},
		{all(compare(event.ArgEQ, fd, 1), nil), "arg.1 == 1"},
		{event.AnyArgs(compare(event.ArgEQ, fd, 1), compare(event.ArgEQ, fd, 1)), "arg.1 == 1"},
		{all(event.AnyArgs(compare(event.ArgEQ, fd, 1), compare(event.ArgGT, fd, 5)), compare(event.ArgNE, size, 0)),
			"(arg.1 == 1 or arg.1 > 5) and arg.3 != 0"},
	} {
		if got := c.p.Simplify().String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// source of random conditions: bytes, so that a fuzzer can steer it.
type source struct{ b []byte }

func (s *source) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

// num is an edge of register contents, or near one.
func (s *source) num() int64 {
	v := edges[int(s.byte())%len(edges)]
	return int64(v) + int64(int8(s.byte()))/32
}

func (s *source) pred(depth int) *event.ArgPred {
	op := event.ArgOp(s.byte() % 10)
	switch op {
	case event.ArgTrue, event.ArgFalse:
		return &event.ArgPred{Op: op}
	case event.ArgAnd, event.ArgOr:
		p := &event.ArgPred{Op: op}
		if depth > 0 {
			for range s.byte() % 5 {
				p.Sub = append(p.Sub, s.pred(depth-1))
			}
		}
		return p
	}
	kind := s.byte()
	p := &event.ArgPred{Op: op, ArgReg: reg(int(kind%6), 32, kind&64 != 0), Mask: ^uint64(0)}
	switch kind / 6 % 4 {
	case 0:
		p.Bits = 64
	case 1:
		p.Bits = 16
	case 2:
		p.Pair = p.Arg < 5
	}
	p.Num = s.num()
	if (op == event.ArgEQ || op == event.ArgNE) && kind&128 != 0 {
		p.Mask = uint64(s.num())
		if s.byte()&1 != 0 {
			p.Num &= int64(p.Mask)
		}
	}
	return p
}

func (s *source) args() (args [6]uint64) {
	for i := range args {
		args[i] = uint64(s.num())
	}
	return args
}

func FuzzPushDown(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		b := make([]byte, 300)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &source{b}
		var calls []Calls
		for nr := range uint32(3) {
			calls = append(calls, Calls{nr, nr, s.pred(3)})
		}
		prog, dropped, err := Program([]ABI{{auditAMD64, calls}})
		if err != nil || len(dropped) > 0 {
			t.Fatal(err, dropped)
		}
		m := newMachine(t, prog)
		for range 20 {
			args := s.args()
			for nr, c := range calls {
				want := c.Pred.Eval(&args)
				if got := m.traces(t, auditAMD64, uint32(nr), &args); got != want {
					t.Errorf("%v\nsimplified: %v\nregisters %x\nfilter says %v, Eval %v\n%s", c.Pred, c.Pred.Simplify(), args, got, want, listing(prog))
				}
			}
		}
	})
}

func listing(prog []unix.SockFilter) string {
	var b strings.Builder
	for i, f := range prog {
		fmt.Fprintf(&b, "%d: %v\n", i, bpf.RawInstruction{Op: f.Code, Jt: f.Jt, Jf: f.Jf, K: f.K}.Disassemble())
	}
	return b.String()
}

package step

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// sigFrame is what rt_sigreturn finds at the stack pointer: struct ucontext of
// <asm/ucontext.h>, with what it returns to and no stack or vector registers of its own.
var sigFrame = []uint64{
	6, 0, 0, 2, 0, // UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS, no link, SS_DISABLE
	8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 1, 0x1234, dataAt + 64, // r8 ... rax, rcx, rsp
	landAt + 8, 0x246, userDS<<48 | 0x33, 0, 0, 0, 0, 0, // rip, flags, segments
	0, 0, 0, 0, 0, 0, 0, 0, 0,
}

// oldSigFrame is what sigreturn of i386 finds: struct sigcontext_32.
var oldSigFrame = []uint64{
	0, 0, userDS, userDS, 7, 6, 5, dataAt + 64, 3, 2, 1, 0, 0, 0,
	landAt + 8, user32CS, 0x246, 0, userDS, 0, 0, 0,
}

// kernelCases are system calls that change nothing, and returns from interrupts and signals.
var kernelCases = []struct {
	a     *arch.Arch
	code  string
	rax   uint64
	stack []uint64
}{
	{arch.AMD64, "0f05", 39, nil},      // getpid
	{arch.AMD64, "0f05", 3, nil},       // close of no descriptor
	{arch.AMD64, "0f05", 59, nil},      // execve without a name
	{arch.AMD64, "0f05", 0xffff, nil},  // no such call
	{arch.AMD64, "0f05", 15, sigFrame}, // rt_sigreturn
	{arch.AMD64, "cd80", 20, nil},
	{arch.I386, "cd80", 20, nil},
	{arch.I386, "cd80", 6, nil},
	{arch.I386, "cd80", 119, oldSigFrame}, // sigreturn
	{arch.AMD64, "48cf", 0, []uint64{landAt + 8, 0x33, 0x246, dataAt + 256, userDS}},
	{arch.AMD64, "48cf", 0, []uint64{landAt + 8, 0x33, 0xa93, dataAt + 264, userDS}},
	{arch.AMD64, "48cf", 0, []uint64{landAt + 8, 0x1234, 0x246, dataAt + 256, userDS}}, // a fault
	{arch.I386, "cf", 0, []uint64{landAt + 8, user32CS, 0xa93}},
}

// TestKernelOnCPU compares system calls and returns from interrupts, with and without
// what the steps themselves leave in the registers.
func TestKernelOnCPU(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.I386} {
		t.Run(a.Name, func(t *testing.T) {
			c := startTracee(t, a)
			g := newGenerator(a, 1)
			ran := 0
			for i, k := range kernelCases {
				if k.a != a {
					continue
				}
				ran++
				code, err := hex.DecodeString(k.code)
				if err != nil {
					t.Fatal(err)
				}
				in, err := disasm.Decode(a, code, tablePC)
				if err != nil {
					t.Fatal(err)
				}
				var before state
				g.state(c, in, &before)
				before.regs.R[x86Slots[0]] = k.rax
				before.regs.R[x86Slots[rdi]] = 1 << 30
				before.regs.R[x86Slots[3]] = 1 << 30 // rbx
				before.regs.SetSP(dataAt + 1024)
				for j, v := range k.stack {
					at := before.data[1024+j*a.PtrSize:]
					if a.PtrSize == 4 {
						binary.LittleEndian.PutUint32(at, uint32(v))
					} else {
						binary.LittleEndian.PutUint64(at, v)
					}
				}
				p, err := New(a, in, code, tablePC, &before.regs, nearSlot, Options{})
				if err != nil || p.Method != Displaced {
					t.Fatalf("% x: %v, %v", code, p.Method, err)
				}
				want, got := before, before
				c.inPlace(in, code, &want)
				if in.Has(disasm.WritesR11) {
					want.regs.R[x86Slots[11]] &^= trapFlag
				}
				if err := c.planned(&p, &got, &want); err != nil {
					t.Fatal(err)
				}
				var info ptrace.Siginfo
				c.must(ptrace.GetSiginfo(c.pid, &info))
				if in.Class == disasm.Syscall && info.Code() != trapBreak {
					t.Errorf("% x, rax %d: si_code %d", code, k.rax, info.Code())
				}
				if d := diff(a, &want, &got); d != "" {
					t.Errorf("seed %d case %d: % x, rax %d:%s", g.seed, i, code, k.rax, d)
				}
			}
			if ran < 3 {
				t.Errorf("only %d cases", ran)
			}
		})
	}
}

const trapBreak = 1 // TRAP_BRKPT: of the step over a system call

// TestLeavesTF holds what a plan that leaves the trap flag asks for: the step after that
// of a popf finds the flag to be the program's. Put right, the program runs on to the
// breakpoint, or to the trap that it has asked for itself.
func TestLeavesTF(t *testing.T) {
	c := startTracee(t, arch.AMD64)
	g := newGenerator(c.a, 2)
	for _, k := range []struct{ flags, end uint64 }{{0x202, tablePC + 4}, {0x202 | trapFlag, tablePC + 3}} {
		for _, method := range []Method{Displaced, InPlace} {
			if end := c.popFlags(g, k.flags, method); end != k.end {
				t.Errorf("%v popf of %#x: stopped at %#x, want %#x", method, k.flags, end, k.end)
			}
		}
	}
}

// popFlags runs a popf, two nops and a breakpoint, the first two by steps, and returns
// where the tracee stops.
func (c *tracee) popFlags(g *generator, flags uint64, m Method) uint64 {
	code := []byte{0x9d, 0x90, 0x90, 0xcc}
	in, err := disasm.Decode(c.a, code, tablePC)
	c.must(err)
	var s state
	g.state(c, in, &s)
	s.regs.SetSP(dataAt + 1024)
	binary.LittleEndian.PutUint64(s.data[1024:], flags)
	scratch := uint64(nearSlot)
	if m == InPlace {
		scratch = 0
	}
	p, err := New(c.a, in, code, tablePC, &s.regs, scratch, Options{})
	if err != nil || p.Method != m || !p.LeavesTF {
		c.t.Fatalf("%+v, %v", p, err)
	}
	c.set(&s)
	c.poke(tablePC, code)
	r := s.regs
	if m == Displaced {
		c.poke(p.Slot, p.Code())
		p.Start(&r)
		c.must(ptrace.SetRegs(c.pid, &r))
	}
	next := func() uint64 {
		if sig := c.step(); sig != unix.SIGTRAP {
			c.t.Fatal(sig)
		}
		c.must(ptrace.GetRegs(c.pid, c.a, &r))
		p.Fixup(&r)
		c.must(ptrace.SetRegs(c.pid, &r))
		return r.R[slotFlags] & trapFlag
	}
	if tf := next(); r.PC() != tablePC+1 || tf != flags&trapFlag {
		c.t.Fatalf("after popf of %#x at %#x, TF %#x", flags, r.PC(), tf)
	}
	next()
	r.R[slotFlags] = r.R[slotFlags]&^trapFlag | flags&trapFlag
	c.must(ptrace.SetRegs(c.pid, &r))
	c.cont()
	c.must(ptrace.GetRegs(c.pid, c.a, &r))
	return r.PC()
}

// TestRestartOnCPU interrupts a displaced system call. The kernel makes it again at its address
// in the program, where the plan has put the task.
func TestRestartOnCPU(t *testing.T) {
	const pause, noHand = 34, -514 // ERESTARTNOHAND
	c := startTracee(t, arch.AMD64)
	code := []byte{0x0f, 0x05}
	in, err := disasm.Decode(c.a, code, tablePC)
	c.must(err)
	var timer [4]uint64 // struct itimerval: every millisecond
	timer[1], timer[3] = 1000, 1000
	for i, v := range timer {
		c.poke(dataAt+uint64(8*i), binary.LittleEndian.AppendUint64(nil, v))
	}
	c.call("setitimer", unix.ITIMER_REAL, dataAt, 0)
	r := c.base
	r.SetPC(tablePC)
	r.R[x86Slots[0]] = pause
	p, err := New(c.a, in, code, tablePC, &r, nearSlot, Options{})
	c.must(err)
	c.poke(p.Slot, p.Code())
	p.Start(&r)
	c.must(ptrace.SetRegs(c.pid, &r))
	for r.PC() == p.Slot { // the signal may come before the call
		c.step()
		c.must(ptrace.GetRegs(c.pid, c.a, &r))
	}
	if v := r.Ret(c.abi.ABI); v != noHand {
		t.Fatalf("the call returns %d", v)
	}
	p.Fixup(&r)
	if rcx := r.R[x86Slots[rcx]]; r.PC() != tablePC+2 || rcx != tablePC+2 {
		t.Errorf("interrupted at %#x, rcx %#x", r.PC(), rcx)
	}
	c.must(ptrace.SetRegs(c.pid, &r))
	for sig := unix.SIGALRM; sig == unix.SIGALRM; sig = c.wait() {
		c.must(ptrace.Cont(c.pid, 0)) // to the breakpoint in place of the call
	}
	c.must(ptrace.GetRegs(c.pid, c.a, &r))
	if nr := r.R[x86Slots[0]]; r.PC() != tablePC+1 || nr != pause {
		t.Errorf("made again at %#x with number %d", r.PC()-1, nr)
	}
}

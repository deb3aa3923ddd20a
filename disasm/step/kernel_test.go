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

// kernelCases are system calls that change nothing, and returns from interrupts.
var kernelCases = []struct {
	a     *arch.Arch
	code  string
	rax   uint64
	stack []uint64
}{
	{arch.AMD64, "0f05", 39, nil},     // getpid
	{arch.AMD64, "0f05", 3, nil},      // close of no descriptor
	{arch.AMD64, "0f05", 59, nil},     // execve without a name
	{arch.AMD64, "0f05", 0xffff, nil}, // no such call
	{arch.AMD64, "cd80", 20, nil},
	{arch.I386, "cd80", 20, nil},
	{arch.I386, "cd80", 6, nil},
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

// TestLeavesTF holds what a plan that leaves the trap flag asks for: the step after that
// of a popf finds the flag to be the program's, and once it is cleared the program runs on.
func TestLeavesTF(t *testing.T) {
	c := startTracee(t, arch.AMD64)
	g := newGenerator(c.a, 2)
	code := []byte{0x9d, 0x90, 0x90, 0xcc}
	in, err := disasm.Decode(c.a, code, tablePC)
	if err != nil {
		t.Fatal(err)
	}
	var s state
	g.state(c, in, &s)
	p, err := New(c.a, in, code, tablePC, &s.regs, nearSlot, Options{})
	if err != nil || !p.LeavesTF {
		t.Fatalf("%+v, %v", p, err)
	}
	c.set(&s)
	c.poke(tablePC, code)
	c.poke(p.Slot, p.Code())
	r := s.regs
	p.Start(&r)
	c.must(ptrace.SetRegs(c.pid, &r))
	if sig := c.step(); sig != unix.SIGTRAP {
		t.Fatal(sig)
	}
	c.must(ptrace.GetRegs(c.pid, c.a, &r))
	p.Fixup(&r)
	tf := r.R[slotFlags] & trapFlag
	if r.PC() != tablePC+1 || tf != 0 {
		t.Fatalf("after popf at %#x, TF %#x", r.PC(), tf)
	}
	c.must(ptrace.SetRegs(c.pid, &r))
	if sig := c.step(); sig != unix.SIGTRAP {
		t.Fatal(sig)
	}
	c.must(ptrace.GetRegs(c.pid, c.a, &r))
	r.R[slotFlags] = r.R[slotFlags]&^trapFlag | tf
	c.must(ptrace.SetRegs(c.pid, &r))
	c.must(ptrace.Cont(c.pid, 0))
	if sig := c.wait(); sig != unix.SIGTRAP {
		t.Fatal(sig)
	}
	c.must(ptrace.GetRegs(c.pid, c.a, &r))
	if r.PC() != tablePC+4 {
		t.Errorf("stopped at %#x, not behind the breakpoint", r.PC())
	}
}

package arch

import (
	"fmt"
	"testing"
)

func TestFuncArgs(t *testing.T) {
	for _, c := range []struct {
		arch  *Arch
		args  []string // registers, and offsets from the stack pointer
		ret   string
		link  string
		popSP uint64
	}{
		{AMD64, []string{"rdi", "rsi", "rdx", "rcx", "r8", "r9", "+8", "+16"}, "rax", "+0", 8},
		{I386, []string{"+4", "+8", "+12"}, "eax", "+0", 4},
		{ARM64, []string{"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "+0", "+8"}, "x0", "x30", 0},
	} {
		r := &Regs{Arch: c.arch}
		for i := range r.R {
			r.R[i] = uint64(0x1000 * (i + 1))
		}
		sp := r.SP()
		where := func(v, addr uint64, inReg bool) string {
			if !inReg {
				return fmt.Sprintf("+%d", addr-sp)
			}
			for _, reg := range c.arch.Regs {
				if got, _ := r.Get(reg.Name); got == v {
					return reg.Name
				}
			}
			return "nowhere"
		}
		for i, want := range c.args {
			if got := where(r.FuncArg(i)); got != want {
				t.Errorf("%s: argument %d is in %s, want %s", c.arch.Name, i, got, want)
			}
			if set := r.SetFuncArg(i, uint64(i)); set != (want[0] != '+') {
				t.Errorf("%s: argument %d set: %v", c.arch.Name, i, set)
			} else if v, _, _ := r.FuncArg(i); set && v != uint64(i) {
				t.Errorf("%s: argument %d is %d after it was set", c.arch.Name, i, v)
			}
		}
		if got := where(r.ReturnAddr()); got != c.link {
			t.Errorf("%s: return address in %s, want %s", c.arch.Name, got, c.link)
		}
		r.SetFuncRet(7)
		if v, _ := r.Get(c.ret); v != 7 || r.FuncRet() != 7 {
			t.Errorf("%s: result %d in %s, want 7", c.arch.Name, v, c.ret)
		}
		r.Return(0x77)
		if r.PC() != 0x77 || r.SP() != sp+c.popSP {
			t.Errorf("%s: at %#x, stack %+d after a return", c.arch.Name, r.PC(), r.SP()-sp)
		}
	}
}

package arch

import "testing"

func TestRegsCall(t *testing.T) {
	const top = 0xffffffff00000000
	for _, c := range []struct {
		abi  *ABI
		mach *Arch // whose layout holds the registers
		nr   string
		args [6]string
		ret  string
	}{
		{ABIAMD64, AMD64, "orig_rax", [6]string{"rdi", "rsi", "rdx", "r10", "r8", "r9"}, "rax"},
		{ABII386, I386, "orig_eax", [6]string{"ebx", "ecx", "edx", "esi", "edi", "ebp"}, "eax"},
		// A 64-bit program that makes an i386 call.
		{ABII386, AMD64, "orig_rax", [6]string{"rbx", "rcx", "rdx", "rsi", "rdi", "rbp"}, "rax"},
		{ABIARM64, ARM64, "x8", [6]string{"x0", "x1", "x2", "x3", "x4", "x5"}, "x0"},
	} {
		name := c.mach.Name + "/" + c.abi.Arch.Name
		cut := func(v uint64) uint64 {
			if c.abi.Bits == 32 {
				return uint64(uint32(v))
			}
			return v
		}
		r := &Regs{Arch: c.mach}
		for i := range r.R {
			r.R[i] = top | uint64(0x100+i)
		}
		nr, args := r.Syscall(c.abi)
		if want, ok := r.Get(c.nr); !ok || nr != cut(want) {
			t.Errorf("%s: number %#x, want %#x of %s", name, nr, want, c.nr)
		}
		for i, reg := range c.args {
			if want, ok := r.Get(reg); !ok || args[i] != cut(want) {
				t.Errorf("%s: argument %d is %#x, want %#x of %s", name, i, args[i], want, reg)
			}
		}

		for i := range args {
			args[i] = top | uint64(0x200+i)
			r.SetArg(c.abi, i, args[i])
		}
		r.SetSyscall(c.abi, 42)
		nr, got := r.Syscall(c.abi)
		if nr != 42 {
			t.Errorf("%s: number %d after SetSyscall(42)", name, nr)
		}
		for i := range args {
			if got[i] != cut(args[i]) {
				t.Errorf("%s: argument %d is %#x, want %#x", name, i, got[i], cut(args[i]))
			}
		}
		r.SetSyscall(c.abi, ^uint64(0))
		if nr, _ := r.Syscall(c.abi); nr != cut(^uint64(0)) {
			t.Errorf("%s: number %#x after SetSyscall(-1)", name, nr)
		}

		for _, v := range []int64{0, 1, -2, -4095, 0x7fffffff} {
			r.SetRet(c.abi, v)
			if got := r.Ret(c.abi); got != v {
				t.Errorf("%s: result %d, want %d", name, got, v)
			}
			if got, _ := r.Get(c.ret); int32(got) != int32(v) {
				t.Errorf("%s: %s is %#x after SetRet(%d)", name, c.ret, got, v)
			}
		}
		// What a 32-bit kernel entry leaves: an error without its upper half.
		r.Set(c.ret, 0xfffffffe)
		want := int64(0xfffffffe)
		if c.abi.Bits == 32 {
			want = -2
		}
		if got := r.Ret(c.abi); got != want {
			t.Errorf("%s: result %d, want %d", name, got, want)
		}
	}
}

func TestRegsNames(t *testing.T) {
	for _, c := range []struct {
		mach   *Arch
		pc, sp string
	}{
		{AMD64, "rip", "rsp"},
		{I386, "eip", "esp"},
		{ARM64, "pc", "sp"},
	} {
		r := &Regs{Arch: c.mach}
		for i, reg := range c.mach.Regs {
			want := uint64(0x1234567800000000) | uint64(i)
			if !r.Set(reg.Name, want) {
				t.Fatalf("%s: no register %s", c.mach.Name, reg.Name)
			}
			if c.mach.PtrSize == 4 {
				want = uint64(i)
			}
			if got, ok := r.Get(reg.Name); !ok || got != want || r.R[reg.Index] != want {
				t.Errorf("%s: %s is %#x, want %#x", c.mach.Name, reg.Name, got, want)
			}
		}
		if pc, _ := r.Get(c.pc); r.PC() != pc {
			t.Errorf("%s: PC %#x, want %#x", c.mach.Name, r.PC(), pc)
		}
		if sp, _ := r.Get(c.sp); r.SP() != sp {
			t.Errorf("%s: SP %#x, want %#x", c.mach.Name, r.SP(), sp)
		}
		r.SetPC(0x401000)
		r.SetSP(0xfffffff0)
		if pc, _ := r.Get(c.pc); r.PC() != 0x401000 || pc != 0x401000 {
			t.Errorf("%s: PC %#x, %s %#x", c.mach.Name, r.PC(), c.pc, pc)
		}
		if sp, _ := r.Get(c.sp); r.SP() != 0xfffffff0 || sp != 0xfffffff0 {
			t.Errorf("%s: SP %#x, %s %#x", c.mach.Name, r.SP(), c.sp, sp)
		}
		if _, ok := r.Get("xyz"); ok || r.Set("xyz", 1) {
			t.Errorf("%s: has a register xyz", c.mach.Name)
		}
	}
}

// Everything that runs at a stop must not allocate.
func TestAllocs(t *testing.T) {
	r := &Regs{Arch: AMD64}
	r.SetSyscall(ABIAMD64, 257)
	n := testing.AllocsPerRun(100, func() {
		nr, args := r.Syscall(ABIAMD64)
		r.SetArg(ABIAMD64, 1, args[0])
		r.SetRet(ABIAMD64, -2)
		if ABIByAudit(0xc000003e).SyscallName(nr) != "openat" || r.Ret(ABIAMD64) != -2 {
			t.Fail()
		}
		if nr, ok := ABIAMD64.SyscallNr("openat"); nr != 257 || !ok {
			t.Fail()
		}
		if ErrnoName(2) != "ENOENT" || ErrnoText(2) == "" || SignalName(33) != "SIGRT_1" {
			t.Fail()
		}
		if s := ABII386.Subcall(102, 1); s == nil {
			t.Fail()
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSyscall(b *testing.B) {
	r := &Regs{Arch: AMD64}
	r.SetSyscall(ABIAMD64, 257)
	for b.Loop() {
		nr, _ := r.Syscall(ABIAMD64)
		if ABIAMD64.SyscallName(nr) == "" {
			b.Fatal()
		}
	}
}

func BenchmarkSyscallNr(b *testing.B) {
	for b.Loop() {
		if _, ok := ABIAMD64.SyscallNr("openat"); !ok {
			b.Fatal()
		}
	}
}

package arch

// Regs holds the general registers of one task. R is the kernel's
// user_regs_struct (amd64, 27 words) or user_pt_regs (arm64: x0 to x30, sp, pc,
// pstate). The registers of an i386 task are in amd64's slots, which is what
// PTRACE_GETREGS gives a 64-bit tracer.
type Regs struct {
	Arch *Arch
	R    [34]uint64
}

// slots returns the slots of the program counter and the stack pointer.
func (r *Regs) slots() (pc, sp int) {
	if r.Arch == ARM64 {
		return armPC, armSP
	}
	return rip, rsp
}

// width cuts v to the registers' size.
func (r *Regs) width(v uint64) uint64 {
	if r.Arch.PtrSize == 4 {
		return uint64(uint32(v))
	}
	return v
}

// PC returns the program counter.
func (r *Regs) PC() uint64 {
	pc, _ := r.slots()
	return r.width(r.R[pc])
}

// SetPC sets the program counter.
func (r *Regs) SetPC(v uint64) {
	pc, _ := r.slots()
	r.R[pc] = r.width(v)
}

// SP returns the stack pointer.
func (r *Regs) SP() uint64 {
	_, sp := r.slots()
	return r.width(r.R[sp])
}

// SetSP sets the stack pointer.
func (r *Regs) SetSP(v uint64) {
	_, sp := r.slots()
	r.R[sp] = r.width(v)
}

// Syscall returns the number and arguments of the system call that the task is
// entering. The ABI is the call's, not the task's: a 64-bit program that says
// int $0x80 makes an i386 call. At exit, arm64 has overwritten the first
// argument (x0) with the result; x86 keeps all of them.
func (r *Regs) Syscall(abi *ABI) (nr uint64, args [6]uint64) {
	c := abi.conv
	nr = r.R[c.nr]
	for i, s := range &c.args {
		args[i] = r.R[s]
	}
	if abi.Bits == 32 {
		nr = uint64(uint32(nr))
		for i := range args {
			args[i] = uint64(uint32(args[i]))
		}
	}
	return nr, args
}

// SetSyscall changes the number of the call that the task is entering; ^0 makes
// the kernel skip the call. On arm64 the number is in x8, but the kernel has
// already taken it from there: for an effect on this call, NT_ARM_SYSTEM_CALL
// must be written with PTRACE_SETREGSET as well.
func (r *Regs) SetSyscall(abi *ABI, nr uint64) {
	r.R[abi.conv.nr] = abi.extend(nr)
}

// SetArg changes argument i, 0 to 5, of the call that the task is entering.
func (r *Regs) SetArg(abi *ABI, i int, v uint64) {
	if abi.Bits == 32 {
		v = uint64(uint32(v))
	}
	r.R[abi.conv.args[i]] = v
}

// KeepsArg reports whether argument i of a call is still in its register at the call's
// exit: arm64 returns the result in that of the first.
func (a *ABI) KeepsArg(i int) bool { return a.conv.args[i] != a.conv.ret }

// Ret returns the result of the call that the task is leaving: -1 to -4095 are
// errors. A 32-bit result is sign-extended; where it is an address, cut it to
// uint32.
func (r *Regs) Ret(abi *ABI) int64 {
	return int64(abi.extend(r.R[abi.conv.ret]))
}

// SetRet changes the result of the call that the task is leaving.
func (r *Regs) SetRet(abi *ABI, v int64) {
	r.R[abi.conv.ret] = abi.extend(uint64(v))
}

// extend sign-extends what is a 32-bit value in 32-bit ABIs. The kernel keeps
// results and numbers of compat calls in this form too, and needs it to
// recognise the errors that restart a call.
func (a *ABI) extend(v uint64) uint64 {
	if a.Bits == 32 {
		return uint64(int64(int32(v)))
	}
	return v
}

// Slot is where Regs.R has the register with a name of Arch.Regs.
func (a *Arch) Slot(name string) (i int, ok bool) {
	for i := range a.Regs {
		if g := &a.Regs[i]; g.Name == name {
			return g.Index, true
		}
	}
	return 0, false
}

// Get returns the register with a name of Arch.Regs.
func (r *Regs) Get(name string) (uint64, bool) {
	i, ok := r.Arch.Slot(name)
	if !ok {
		return 0, false
	}
	return r.width(r.R[i]), true
}

// Set sets the register with a name of Arch.Regs, and reports whether there is
// one.
func (r *Regs) Set(name string, v uint64) bool {
	i, ok := r.Arch.Slot(name)
	if ok {
		r.R[i] = r.width(v)
	}
	return ok
}

// StartCall sets the registers that a system call instruction reads: run at one, the task makes
// the call nr.
func (r *Regs) StartCall(abi *ABI, nr uint64, args ...uint64) {
	if c := abi.conv; abi.Arch == ARM64 {
		r.R[c.nr] = nr
	} else {
		r.R[c.ret], r.R[c.nr] = nr, ^uint64(0) // it is inside no call that could be restarted
	}
	for i, v := range args {
		r.SetArg(abi, i, v)
	}
}

package ptrace

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
)

// Native is the architecture of 64-bit tracees.
var Native = arch.AMD64

// GetRegs fills r from a stopped tracee. A 32-bit tracee's registers come in the
// 64-bit layout; abi only sets r.Arch.
func GetRegs(tid int, a *arch.Arch, r *arch.Regs) error {
	r.Arch = a
	_, err := call("GETREGS", unix.PTRACE_GETREGS, tid, 0, uintptr(unsafe.Pointer(&r.R)))
	return err
}

// SetRegs writes all registers of a stopped tracee.
func SetRegs(tid int, r *arch.Regs) error {
	_, err := call("SETREGS", unix.PTRACE_SETREGS, tid, 0, uintptr(unsafe.Pointer(&r.R)))
	return err
}

// SetSyscallNR changes the number of the call that a task is about to make; -1 skips it.
func SetSyscallNR(tid int, nr int64) error {
	const origRAX = 15 * 8 // offsetof(struct user, regs.orig_rax)
	_, err := call("POKEUSER", unix.PTRACE_POKEUSR, tid, origRAX, uintptr(nr))
	return err
}

// FPRegs is what fxsave stores: Intel SDM, volume 1, 10.5.1.
type FPRegs [512]byte

// GetFPRegs fills f from a stopped tracee.
func GetFPRegs(tid int, f *FPRegs) error {
	_, err := call("GETFPREGS", unix.PTRACE_GETFPREGS, tid, 0, uintptr(unsafe.Pointer(f)))
	return err
}

// Vector is the low half of a ymm register, or all of an xmm register.
func (f *FPRegs) Vector(i int) (v [16]byte, ok bool) {
	const first = 160
	if i < 0 || i > 15 {
		return v, false
	}
	copy(v[:], f[first+16*i:])
	return v, true
}

// X87 is st(i).
func (f *FPRegs) X87(i int) (v [10]byte, ok bool) {
	const first = 32
	if i < 0 || i > 7 {
		return v, false
	}
	copy(v[:], f[first+16*i:])
	return v, true
}

// debugRegs is offsetof(struct user, u_debugreg) of <sys/user.h>.
const debugRegs = 848

// Debug reads debug register i, 0 to 7, of a stopped tracee.
func Debug(tid, i int) (uint64, error) {
	var v uint64
	_, err := call("PEEKUSER", unix.PTRACE_PEEKUSR, tid, debugRegs+8*uintptr(i), uintptr(unsafe.Pointer(&v)))
	return v, err
}

// SetDebug writes debug register i, 0 to 7, of a stopped tracee. EINVAL: an address or a use that
// the kernel refuses; ENOSPC: somebody else has the slots.
func SetDebug(tid, i int, v uint64) error {
	_, err := call("POKEUSER", unix.PTRACE_POKEUSR, tid, debugRegs+8*uintptr(i), uintptr(v))
	return err
}

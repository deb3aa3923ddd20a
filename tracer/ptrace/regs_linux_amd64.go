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

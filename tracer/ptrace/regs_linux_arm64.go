package ptrace

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
)

// Native is the architecture of 64-bit tracees.
var Native = arch.ARM64

const (
	ntPrstatus         = 1
	ntPrfpreg          = 2
	ntARMSystemCall    = 0x404
	prstatusSize       = 272 // struct user_pt_regs
	sizeofSystemCallNR = 4
)

// GetRegs fills r from a stopped tracee.
func GetRegs(tid int, a *arch.Arch, r *arch.Regs) error {
	r.Arch = a
	_, err := getRegset(tid, ntPrstatus, unsafe.Slice((*byte)(unsafe.Pointer(&r.R)), prstatusSize))
	return err
}

// SetRegs writes all registers of a stopped tracee.
func SetRegs(tid int, r *arch.Regs) error {
	return setRegset(tid, ntPrstatus, unsafe.Slice((*byte)(unsafe.Pointer(&r.R)), prstatusSize))
}

// SetSyscallNR changes the number of the call that a task is about to make; -1 skips it.
func SetSyscallNR(tid int, nr int64) error {
	v := int32(nr)
	return setRegset(tid, ntARMSystemCall, unsafe.Slice((*byte)(unsafe.Pointer(&v)), sizeofSystemCallNR))
}

func setRegset(tid int, typ uintptr, b []byte) error {
	iov := unix.Iovec{Base: &b[0]}
	iov.SetLen(len(b))
	_, err := call("SETREGSET", unix.PTRACE_SETREGSET, tid, typ, uintptr(unsafe.Pointer(&iov)))
	return err
}

// FPRegs is struct user_fpsimd_state of <asm/ptrace.h>: 32 registers, status and control.
type FPRegs [528]byte

// GetFPRegs fills f from a stopped tracee.
func GetFPRegs(tid int, f *FPRegs) error {
	_, err := getRegset(tid, ntPrfpreg, f[:])
	return err
}

// Vector is v0 to v31.
func (f *FPRegs) Vector(i int) (v [16]byte, ok bool) {
	if i < 0 || i > 31 {
		return v, false
	}
	copy(v[:], f[16*i:])
	return v, true
}

// X87 is what x86 has.
func (*FPRegs) X87(int) (v [10]byte, ok bool) { return v, false }

var errNoDebug = errors.New("debug registers of this architecture are not used")

// Debug reads a debug register.
func Debug(int, int) (uint64, error) { return 0, errNoDebug }

// SetDebug writes a debug register.
func SetDebug(int, int, uint64) error { return errNoDebug }

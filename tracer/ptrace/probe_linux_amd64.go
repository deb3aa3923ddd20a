package ptrace

import (
	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
)

// tryBreakpoint sets a debug register on the instruction that the stopped child executes
// next, and expects to be told.
func (t *trial) tryBreakpoint() error {
	const (
		debugReg = 848 // offsetof(struct user, u_debugreg)
		control  = debugReg + 7*8
		enable0  = 1 // local, execute
	)
	var r arch.Regs
	if err := GetRegs(t.pid, Native, &r); err != nil {
		return err
	}
	if _, err := call("POKEUSER", unix.PTRACE_POKEUSR, t.pid, debugReg, uintptr(r.PC())); err != nil {
		return err
	}
	if _, err := call("POKEUSER", unix.PTRACE_POKEUSR, t.pid, control, enable0); err != nil {
		return err
	}
	return t.toTrap("CONT", unix.PTRACE_CONT)
}

package ptrace

import "golang.org/x/sys/unix"

// tryBreakpoint asks how many hardware breakpoints there are: struct user_hwdebug_state
// begins with their number.
func (t *trial) tryBreakpoint() error {
	const ntARMHWBreak = 0x402
	var state [8 + 16*16]byte
	if _, err := getRegset(t.pid, ntARMHWBreak, state[:]); err != nil {
		return err
	}
	if state[0] == 0 {
		return unix.ENODEV
	}
	return nil
}

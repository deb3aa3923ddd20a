package unwind

import "bytes"

// trampoline is the code that a signal handler returns to where no table tells of it, and
// what the kernel has put on the stack for it (struct rt_sigframe of the kernel's
// arch/*/kernel/signal*.c; struct sigcontext of asm/sigcontext.h).
type trampoline struct {
	machine *machine
	code    []byte
	context uint64 // of the saved registers, from the stack pointer
	order   []int  // DWARF's numbers of them, as they are saved
	pc      uint64 // of the saved program counter, from the stack pointer
}

// Offsets from the stack pointer behind a handler: a ucontext begins on amd64 with flags, link and
// stack_t, 40 bytes; on arm64 there is a siginfo of 128 bytes before it, and a signal set, alignment and
// the fault's address within.
var trampolines = []trampoline{
	{amd64, []byte{0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05}, 40, amd64Context, 40 + 16*8}, // mov $15, %rax; syscall
	{amd64, []byte{0xb8, 15, 0, 0, 0, 0x0f, 0x05}, 40, amd64Context, 40 + 16*8},             // mov $15, %eax
	{arm64, []byte{0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4}, 128 + 184, arm64Context, 128 + 184 + 32*8},
}

var (
	amd64Context = []int{8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7}
	arm64Context = []int{
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
	}
)

// trampoline is the one at pc, or nil.
func (u *Unwinder) trampoline(m *machine, pc uint64) *trampoline {
	for i := range trampolines {
		if t := &trampolines[i]; t.machine == m && bytes.Equal(u.code(pc, len(t.code)), t.code) {
			return t
		}
	}
	return nil
}

// behindSignal goes from a signal handler's trampoline to what the signal interrupted.
func (u *Unwinder) behindSignal(f *frame, up *link) bool {
	t := u.trampoline(f.machine, f.pc)
	if t == nil {
		return false
	}
	sp := f.r[f.sp]
	up.state, up.exact, up.signal, up.jumps, up.cfa = f.state, true, true, true, sp
	for n, reg := range t.order {
		v, ok := u.mem.word(sp+t.context+8*uint64(n), 8)
		if !ok {
			return false
		}
		up.set(reg, v)
	}
	var ok bool
	up.pc, ok = u.mem.word(sp+t.pc, 8)
	return ok
}

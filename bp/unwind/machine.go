package unwind

import "github.com/gotrace/gotrace/arch"

// maxRegs is the number of registers that frames keep: those that DWARF numbers below it, of
// any architecture.
const maxRegs = 33

// machine is an architecture in terms of DWARF's numbers of registers.
type machine struct {
	arch *arch.Arch
	ptr  int   // bytes of a pointer
	regs []int // by DWARF number: the register's slot in arch.Regs
	sp   int
	fp   int
	ra   int // the column of the return address, where no table names another
	pc   int // the slot of the program counter in arch.Regs
	// link says that a call leaves its return address in a register, ra, and not on the stack.
	link bool
	// mask is the part of a return address that is an address: the rest may be its signature.
	mask uint64
}

// The machines. The numbers of registers are those of the psABIs: x86-64 figure 3.36, i386 table
// 2.14, AArch64 DWARF section 4.1.
var (
	amd64 = newMachine(arch.AMD64, machine{sp: 7, fp: 6, ra: 16, mask: ^uint64(0)}, "rip",
		"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip")
	i386 = newMachine(arch.I386, machine{sp: 4, fp: 5, ra: 8, mask: 1<<32 - 1}, "eip",
		"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "eip")
	// User addresses of arm64 have at most 52 bits; Linux gives programs 48 unless they ask for
	// more (Documentation/arch/arm64/memory.rst). Bit 55 selects the kernel's half.
	arm64 = newMachine(arch.ARM64, machine{sp: 31, fp: 29, ra: 30, link: true, mask: 1<<52 - 1}, "pc",
		"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
		"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp")
)

func newMachine(a *arch.Arch, m machine, pc string, names ...string) *machine {
	m.arch, m.ptr = a, a.PtrSize
	m.pc, _ = a.Slot(pc)
	for _, n := range names {
		i, _ := a.Slot(n)
		m.regs = append(m.regs, i)
	}
	return &m
}

// What cs holds in programs of the kernel's two modes (asm/segment.h: __USER_CS, __USER32_CS).
const (
	userCS   = 0x33
	userCS32 = 0x23
)

// machineOf is the machine that a task is; nil: none that is known. On x86 the mode of the CPU tells, and
// not the registers' architecture, which may be that of the system call.
func machineOf(r *arch.Regs) *machine {
	switch cs, _ := r.Get("cs"); cs {
	case userCS:
		return amd64
	case userCS32:
		return i386
	}
	for _, m := range [...]*machine{amd64, i386, arm64} {
		if m.arch == r.Arch {
			return m
		}
	}
	return nil
}

// state is the registers of one frame.
type state struct {
	*machine
	pc    uint64
	r     [maxRegs]uint64
	known uint64 // bit n: r[n] is what the register held
}

func newState(m *machine, r *arch.Regs) state {
	s := state{machine: m, pc: m.cut(r.R[m.pc])}
	for n, slot := range m.regs {
		s.set(n, r.R[slot])
	}
	return s
}

// reg is a register of the frame; false: what it held is not known.
func (s *state) reg(n uint64) (uint64, bool) {
	if n >= maxRegs || s.known>>n&1 == 0 {
		return 0, false
	}
	return s.r[n], true
}

func (s *state) set(n int, v uint64) {
	if s.machine.ptr == 4 {
		v = uint64(uint32(v))
	}
	s.r[n] = v
	s.known |= 1 << n
}

func (s *state) forget(n int) { s.known &^= 1 << n }

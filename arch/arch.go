// Package arch describes, as data, the machines whose programs can be traced:
// amd64, i386 and arm64. It holds the registers and how they lie in the
// kernel's structures, the system call tables and calling conventions of each
// ABI, and the names of errors and signals. Nothing here depends on the machine
// the tracer was built for: every table is compiled on every host.
//
// It refuses to talk to a process or to the kernel, to allocate while a name is
// looked up, and to know what the arguments of a call mean. The x32 ABI of
// amd64 is not supported; its calls (numbers with bit 30 set) have no names.
package arch

// Arch is an instruction set together with the layout of its registers.
type Arch struct {
	Name       string // "amd64", "i386" or "arm64"
	PtrSize    int    // bytes in a pointer
	Breakpoint []byte // the breakpoint instruction; not to be modified
	// TrapPCAdj is what to add to the PC of a breakpoint's SIGTRAP to get the
	// address of the breakpoint: int3 stops behind itself, brk on itself.
	TrapPCAdj int64
	// HWBreaks is how many hardware breakpoints are usual. On arm64 the number
	// varies with the CPU: NT_ARM_HW_BREAK tells the real one.
	HWBreaks int
	Regs     []Reg // in the order of the kernel's structure; not to be modified
}

// Reg is one register.
type Reg struct {
	Name  string
	Index int // slot in Regs.R
	Off   int // byte offset in the architecture's own user_regs_struct (arm64: user_pt_regs)
	Size  int // bytes there
}

// ABI is a system call table and convention. One machine may have several:
// the ABI is chosen anew at each stop, from the AUDIT_ARCH value of the call.
type ABI struct {
	Arch     *Arch
	Name     string    // as strace names the personality: "64 bit", "32 bit"
	Audit    uint32    // AUDIT_ARCH_* of <linux/audit.h>
	Syscalls []string  // indexed by number, "" where there is no call; not to be modified
	Bits     int       // 64 or 32
	Suffix   string    // qualifies a call's name, as in read@64: "64", "32"
	Subcalls []Subcall // what socketcall and ipc carry, nil but for i386; not to be modified

	byName []uint16  // the numbers of all named calls, ordered by name
	conv   *callConv // where number, arguments and result are
}

// callConv holds slots of Regs.R.
type callConv struct {
	nr, ret int
	args    [6]int
}

// Slots of Regs.R for amd64, which are the words of the kernel's
// user_regs_struct. A 32-bit program's registers are kept in the same slots.
const (
	r15 = iota
	r14
	r13
	r12
	rbp
	rbx
	r11
	r10
	r9
	r8
	rax
	rcx
	rdx
	rsi
	rdi
	origRAX
	rip
	cs
	eflags
	rsp
	ss
	fsBase
	gsBase
	ds
	es
	fs
	gs
)

// Slots of Regs.R for arm64: x0 to x30 come first.
const (
	armSP = 31 + iota
	armPC
	armPState
)

// The architectures. They are constants in all but form: nobody modifies them.
var (
	AMD64 = &Arch{
		Name: "amd64", PtrSize: 8,
		Breakpoint: []byte{0xcc}, TrapPCAdj: -1, HWBreaks: 4,
		Regs: []Reg{
			{"r15", r15, 0, 8},
			{"r14", r14, 8, 8},
			{"r13", r13, 16, 8},
			{"r12", r12, 24, 8},
			{"rbp", rbp, 32, 8},
			{"rbx", rbx, 40, 8},
			{"r11", r11, 48, 8},
			{"r10", r10, 56, 8},
			{"r9", r9, 64, 8},
			{"r8", r8, 72, 8},
			{"rax", rax, 80, 8},
			{"rcx", rcx, 88, 8},
			{"rdx", rdx, 96, 8},
			{"rsi", rsi, 104, 8},
			{"rdi", rdi, 112, 8},
			{"orig_rax", origRAX, 120, 8},
			{"rip", rip, 128, 8},
			{"cs", cs, 136, 8},
			{"eflags", eflags, 144, 8},
			{"rsp", rsp, 152, 8},
			{"ss", ss, 160, 8},
			{"fs_base", fsBase, 168, 8},
			{"gs_base", gsBase, 176, 8},
			{"ds", ds, 184, 8},
			{"es", es, 192, 8},
			{"fs", fs, 200, 8},
			{"gs", gs, 208, 8},
		},
	}
	// I386 has offsets for the 68 bytes that PTRACE_GETREGSET gives for a 32-bit
	// tracee, while PTRACE_GETREGS of a 64-bit tracer gives AMD64's layout.
	// The slots are AMD64's in both cases.
	I386 = &Arch{
		Name: "i386", PtrSize: 4,
		Breakpoint: []byte{0xcc}, TrapPCAdj: -1, HWBreaks: 4,
		Regs: []Reg{
			{"ebx", rbx, 0, 4},
			{"ecx", rcx, 4, 4},
			{"edx", rdx, 8, 4},
			{"esi", rsi, 12, 4},
			{"edi", rdi, 16, 4},
			{"ebp", rbp, 20, 4},
			{"eax", rax, 24, 4},
			{"ds", ds, 28, 4},
			{"es", es, 32, 4},
			{"fs", fs, 36, 4},
			{"gs", gs, 40, 4},
			{"orig_eax", origRAX, 44, 4},
			{"eip", rip, 48, 4},
			{"cs", cs, 52, 4},
			{"eflags", eflags, 56, 4},
			{"esp", rsp, 60, 4},
			{"ss", ss, 64, 4},
		},
	}
	ARM64 = &Arch{
		Name: "arm64", PtrSize: 8,
		Breakpoint: []byte{0x00, 0x00, 0x20, 0xd4}, HWBreaks: 6,
		Regs: []Reg{
			{"x0", 0, 0, 8},
			{"x1", 1, 8, 8},
			{"x2", 2, 16, 8},
			{"x3", 3, 24, 8},
			{"x4", 4, 32, 8},
			{"x5", 5, 40, 8},
			{"x6", 6, 48, 8},
			{"x7", 7, 56, 8},
			{"x8", 8, 64, 8},
			{"x9", 9, 72, 8},
			{"x10", 10, 80, 8},
			{"x11", 11, 88, 8},
			{"x12", 12, 96, 8},
			{"x13", 13, 104, 8},
			{"x14", 14, 112, 8},
			{"x15", 15, 120, 8},
			{"x16", 16, 128, 8},
			{"x17", 17, 136, 8},
			{"x18", 18, 144, 8},
			{"x19", 19, 152, 8},
			{"x20", 20, 160, 8},
			{"x21", 21, 168, 8},
			{"x22", 22, 176, 8},
			{"x23", 23, 184, 8},
			{"x24", 24, 192, 8},
			{"x25", 25, 200, 8},
			{"x26", 26, 208, 8},
			{"x27", 27, 216, 8},
			{"x28", 28, 224, 8},
			{"x29", 29, 232, 8},
			{"x30", 30, 240, 8},
			{"sp", armSP, 248, 8},
			{"pc", armPC, 256, 8},
			{"pstate", armPState, 264, 8},
		},
	}
)

// The system call ABIs.
var (
	ABIAMD64 = &ABI{
		Arch: AMD64, Name: "64 bit", Audit: 0xc000003e, Bits: 64, Suffix: "64",
		Syscalls: syscallsAMD64[:], byName: byNameAMD64[:],
		conv: &callConv{nr: origRAX, ret: rax, args: [6]int{rdi, rsi, rdx, r10, r8, r9}},
	}
	ABII386 = &ABI{
		Arch: I386, Name: "32 bit", Audit: 0x40000003, Bits: 32, Suffix: "32",
		Syscalls: syscallsI386[:], byName: byNameI386[:], Subcalls: subcallsI386[:],
		conv: &callConv{nr: origRAX, ret: rax, args: [6]int{rbx, rcx, rdx, rsi, rdi, rbp}},
	}
	ABIARM64 = &ABI{
		Arch: ARM64, Name: "64 bit", Audit: 0xc00000b7, Bits: 64, Suffix: "64",
		Syscalls: syscallsARM64[:], byName: byNameARM64[:],
		conv: &callConv{nr: 8, ret: 0, args: [6]int{0, 1, 2, 3, 4, 5}},
	}
)

// ABIByAudit returns the ABI with the AUDIT_ARCH_* value that
// PTRACE_GET_SYSCALL_INFO and seccomp report, or nil.
func ABIByAudit(audit uint32) *ABI {
	switch audit {
	case ABIAMD64.Audit:
		return ABIAMD64
	case ABII386.Audit:
		return ABII386
	case ABIARM64.Audit:
		return ABIARM64
	}
	return nil
}

// SyscallName returns the name of a system call, or "" if none has the number.
func (a *ABI) SyscallName(nr uint64) string {
	if nr < uint64(len(a.Syscalls)) {
		return a.Syscalls[nr]
	}
	return ""
}

// SyscallNr returns the number of a system call.
func (a *ABI) SyscallNr(name string) (int, bool) {
	lo, hi := 0, len(a.byName)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if a.Syscalls[a.byName[m]] < name {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(a.byName) && a.Syscalls[a.byName[lo]] == name {
		return int(a.byName[lo]), true
	}
	return 0, false
}

package disasm

// Class says how an instruction has to be treated by those who run it away from
// its place, overwrite it, or follow where control goes.
type Class uint8

// Classes. Those of one architecture only say so.
//
// InPlace are on x86: branches with prefix 66, which are 16 bits wide and cut the PC to 16
// bits on AMD but not on Intel (Len is AMD's, as objdump's; without HasTarget in 64-bit
// mode); operands relative to EIP; and what only kernels and enclaves use, as sysret. On
// arm64: what authenticates with the PC, eret, transactions.
const (
	Unknown      Class = iota // not known: run it in place, never overwrite it
	Plain                     // a copy does the same anywhere
	PCRel                     // plain but for an operand relative to the PC; arm64 adr, adrp, ldr literal
	Nop                       // does nothing
	LandingPad                // endbr64, endbr32; arm64 bti
	PushReg                   // x86 push of a whole register, Reg()
	PopReg                    // x86 pop of a whole register, Reg()
	Jump                      // direct and unconditional
	CondJump                  // direct, by the flags; arm64 also cbz, tbz
	LoopJump                  // x86 direct, by RCX: jrcxz, loop, loope, loopne
	Call                      // direct
	IndirectJump              // to an address in a register or memory
	IndirectCall              //
	Ret                       // near; arm64 ret
	Far                       // x86 far jmp, call, ret
	Syscall                   // syscall, sysenter, int 80; arm64 svc
	Int                       // x86 int n, n neither 80 nor 3
	Trap                      // int3, int 3, into, icebp, ud0 to ud2, hlt; arm64 brk, hlt, udf
	PushFlags                 // x86 pushf
	PopFlags                  // x86 popf
	IRet                      // x86 iret, uiret
	LoadSS                    // x86 mov ss, pop ss: the next instruction belongs to it
	RepString                 // x86 rep movs, ...: one trap for each iteration
	XBegin                    // x86 xbegin: Target is where an abort goes
	XAbort                    // x86 xabort
	InPlace                   // known, but runs in its place only, see below
	ExclLoad                  // arm64 ldxr, ldaxr, ldxp...: opens an exclusive sequence
	ExclStore                 // arm64 stxr, stlxr, stxp...: ends one
	Atomic                    // arm64 LSE: ldadd, swp, cas, ...
	MemCopy                   // arm64 MOPS cpy and set: one trap for each part
	PAC                       // arm64 pointer authentication without a branch
	System                    // arm64 mrs, msr, barriers, dc, ic, tlbi, wfe, ...
	numClasses
)

var classNames = [numClasses]string{
	"unknown", "plain", "pcrel", "nop", "landing", "push", "pop", "jmp", "jcc", "loop", "call",
	"ijmp", "icall", "ret", "far", "syscall", "int", "trap", "pushf", "popf", "iret", "loadss",
	"rep", "xbegin", "xabort", "inplace", "ldex", "stex", "atomic", "memcopy", "pac", "system",
}

// String gives the class's name in the tests' tables, as "jcc".
func (c Class) String() string { return classNames[c] }

// A class takes five bits of attr: a new one needs more room there.
const _ = uint(1<<5 - numClasses)

// classFlags is what all instructions of a class do.
var classFlags = [32]Flags{
	Plain:        Overwritable,
	PCRel:        Overwritable | ReadsPC,
	Nop:          Overwritable,
	LandingPad:   Landing,
	PushReg:      Overwritable,
	PopReg:       Overwritable,
	Jump:         Overwritable | WritesPC,
	CondJump:     Overwritable | WritesPC,
	LoopJump:     WritesPC | ReadsRCX,
	Call:         ReadsPC | WritesPC,
	IndirectJump: Overwritable | WritesPC,
	IndirectCall: ReadsPC | WritesPC,
	Ret:          Overwritable | WritesPC,
	Far:          WritesPC,
	Syscall:      ReadsPC,
	Int:          ReadsPC,
	PushFlags:    Overwritable | ReadsTF,
	PopFlags:     WritesTF,
	IRet:         WritesPC | WritesTF,
	RepString:    Overwritable | ReadsRCX | WritesRCX,
	XBegin:       ReadsPC | WritesPC,
	XAbort:       WritesPC,
	Atomic:       Overwritable,
	PAC:          Overwritable,
	System:       0,
}

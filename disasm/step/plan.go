package step

import (
	"errors"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// Method is a way to execute an instruction.
type Method uint8

// Methods.
const (
	InPlace   Method = iota // step it where it stands
	Hardware                // it is intact: resume the task
	Emulate                 // compute its effects
	Displaced               // run a copy
)

var methodNames = [...]string{InPlace: "in place", Hardware: "hardware", Emulate: "emulate", Displaced: "displaced"}

// String gives the method's name, as "displaced".
func (m Method) String() string { return methodNames[m] }

// Reason says in words why a plan has its method.
type Reason string

// Reasons.
const (
	WhyHardware  Reason = "a debug register leaves the instruction as it is"
	WhyRseq      Reason = "within a restartable sequence, which ends when the task leaves it"
	WhyVsyscall  Reason = "the vsyscall page is emulated by the kernel"
	WhySegments  Reason = "the segments of the task are not flat"
	WhyUnknown   Reason = "the instruction is not known"
	WhyAddr32    Reason = "the operand is relative to the low half of the program counter"
	WhyNarrow    Reason = "known to do the same only in its place"
	WhyLock      Reason = "the lock prefix makes it a fault"
	WhyNoSlot    Reason = "there is no slot for a copy"
	WhyShadow    Reason = "the shadow stack holds return addresses"
	WhyTarget    Reason = "the target is no address of a program"
	WhyOperand   Reason = "the operand cannot be computed from the general registers"
	WhyPage      Reason = "the stack operand crosses a page"
	WhyFar       Reason = "a far branch loads segments"
	WhyTrap      Reason = "the program's own trap tells its address"
	WhyNewTask   Reason = "the new task would begin in the slot"
	WhySysenter  Reason = "the kernel returns to a place of its own"
	WhyRestart   Reason = "an interrupted call is made again at its address"
	WhyLoadSS    Reason = "the trap comes only after the next instruction"
	WhyUMIP      Reason = "the kernel may emulate it, and then no trap ends the step"
	WhyPrefix    Reason = "belongs to the next instruction"
	WhyXact      Reason = "part of a transaction"
	WhyAuth      Reason = "the target is authenticated"
	WhyBranch    Reason = "a branch's target and condition are known"
	WhyCall      Reason = "a call stores its own return address"
	WhyNothing   Reason = "does nothing"
	WhyPush      Reason = "a push stores one register"
	WhyFlags     Reason = "stores the flags without those of the tracer"
	WhyCopy      Reason = "a copy does the same anywhere"
	WhyDisp      Reason = "a copy with another displacement does the same"
	WhyScratch   Reason = "a copy with a register in place of the program counter does the same"
	WhyElsewhere Reason = "a copy goes to the same address"
	WhySyscall   Reason = "a copy does the same but for the address that it leaves in a register"
	WhyLiteral   Reason = "an address, or a value that lies at one"
)

// What New refuses.
var (
	// ErrExclusive: stepped or interrupted exclusive sequences never complete.
	ErrExclusive = errors.New("within an exclusive sequence")
	// ErrInst: the instruction is not one of the architecture and the bytes given.
	ErrInst = errors.New("instruction does not belong to these bytes")
	// ErrInPlace: an emulation found memory or a target that it cannot use; nothing
	// was changed. The instruction is to be run in place, and will fault there.
	ErrInPlace = errors.New("the instruction has to be run in place")
)

// Options is what New cannot see in instruction and registers.
type Options struct {
	Hardware    bool // the stop came from a debug register, the instruction is intact
	Boost       bool // prefer a copy that needs no step
	ShadowStack bool // CET shadow stacks are enabled for the task
	Rseq        bool // the instruction lies in a critical section of rseq(2)
}

// MaxCode is how many bytes a slot needs: an instruction and a jump to any address.
const MaxCode = disasm.MaxLen + 14

// Memory is the task's memory as the program may use it: WriteAt must fail where the
// program may not write, and ReadAt should give the program's bytes where there are
// breakpoints.
type Memory interface {
	ReadAt(p []byte, addr uint64) (int, error)
	WriteAt(p []byte, addr uint64) (int, error)
}

// Plan says how to execute one instruction. Where it is kept in memory that lives longer
// than the stop, carrying it out allocates nothing.
type Plan struct {
	Method Method
	Why    Reason
	// Boosted: Code ends in a jump back, or leaves by itself. The task is resumed at the
	// slot and needs no step; if it stops there for another reason, Fixup applies.
	Boosted bool
	// LeavesTF: after the step of the instruction or of its copy the kernel takes the trap flag of the next one for the
	// program's own. Registers whose trap flag is that of Fixup's must be written
	// after the next step, before the task is continued or let go.
	LeavesTF bool
	PC, Slot uint64 // addresses of the instruction and of the copy

	arch   *arch.Arch
	length uint8 // of the instruction, and of the copy
	size   uint8 // of what is written at the slot
	nnext  uint8
	repeat bool // one trap for each iteration
	leaves bool // goes elsewhere by itself
	call   bool // syscall: rcx and r11
	tf     bool // the program's own trap flag
	scr    disasm.Reg
	saved  uint64 // what scr held
	code   [MaxCode]byte
	next   [2]uint64
	effects
}

// effects is what an emulated instruction does besides going to next.
type effects struct {
	load, store access
	nset        uint8
	set         [2]regValue
	loadReg     uint8 // where load goes: a slot of arch.Regs.R, or toPC
	loadSigned  bool
	value       uint64 // stored
	buf         [8]byte
}

type access struct {
	addr uint64
	size uint8 // 0: none
}

type regValue struct {
	slot  uint8
	value uint64
}

const toPC = 0xff

// New plans the execution of the instruction in, which disasm.Decode made of code at pc.
// code begins with the instruction's own bytes, not with a breakpoint's. r are the
// registers before it. With r nil the plan only tells the method that is usual: it must
// not be carried out. scratch is where MaxCode bytes of a slot lie, 0 if there are none.
//
// It allocates nothing and fails with ErrInst or, for exclusive loads and stores, with
// ErrExclusive: ExclusiveAt tells how to run those, and InExclusive what stands between them.
func New(a *arch.Arch, in disasm.Inst, code []byte, pc uint64, r *arch.Regs, scratch uint64, o Options) (Plan, error) {
	p := Plan{arch: a, PC: pc, Slot: scratch, length: in.Len, scr: disasm.RegNone}
	if in.Len == 0 || int(in.Len) > len(code) || in.Len > disasm.MaxLen ||
		in.Has(disasm.Long) != (a == arch.AMD64) || (in.Enc() == disasm.Fixed) != (a == arch.ARM64) {
		return Plan{}, ErrInst
	}
	if in.Class == disasm.ExclLoad || in.Class == disasm.ExclStore {
		return Plan{}, ErrExclusive
	}
	p.follow(in)
	if o.Hardware {
		p.Method, p.Why = Hardware, WhyHardware
		return p, nil
	}
	copy(p.code[:in.Len], code)
	p.size = in.Len
	if a == arch.ARM64 {
		p.arm64(in, r, o)
	} else {
		p.x86(in, r, o)
	}
	if p.Method != Displaced {
		p.size = 0
	}
	if p.Why == "" { // a class without a treatment
		p.Why = WhyUnknown
	}
	return p, nil
}

func (p *Plan) become(m Method, why Reason) { p.Method, p.Why = m, why }

// follow sets where the task may go on, as far as the instruction alone tells.
func (p *Plan) follow(in disasm.Inst) {
	behind := p.width(p.PC + uint64(p.length))
	switch in.Class {
	case disasm.Unknown, disasm.Trap, disasm.Int:
	case disasm.Jump, disasm.Call:
		p.goTo(in.Target)
	case disasm.CondJump, disasm.LoopJump:
		p.next, p.nnext = [2]uint64{in.Target, behind}, 2
	default:
		if !in.Has(disasm.WritesPC) {
			p.goTo(behind)
		}
	}
}

func (p *Plan) goTo(addr uint64) { p.next, p.nnext = [2]uint64{addr}, 1 }

func (p *Plan) width(v uint64) uint64 {
	if p.arch.PtrSize == 4 {
		return uint64(uint32(v))
	}
	return v
}

// Next is where the task can be after the instruction; empty where only its execution
// tells. An emulated branch has one.
func (p *Plan) Next() []uint64 { return p.next[:p.nnext] }

// Code is what has to be at the slot; empty unless the method is Displaced.
func (p *Plan) Code() []byte { return p.code[:p.size] }

// Scratch is the register that stands for the program counter while the copy of a
// displaced instruction runs, disasm.RegNone if there is none.
func (p *Plan) Scratch() disasm.Reg { return p.scr }

// Original is the address in the program of what is at addr in the slot. Other
// addresses are returned as they are. It serves for siginfo's si_addr too.
func (p *Plan) Original(addr uint64) uint64 {
	off := p.width(addr - p.Slot)
	switch {
	case p.Method != Displaced:
	case off < uint64(p.length):
		return p.PC
	case !p.leaves && off <= uint64(max(p.length, p.size-1)):
		return p.width(p.PC + uint64(p.length))
	}
	return addr
}

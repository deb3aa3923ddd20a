package step

import (
	"encoding/binary"
	"math"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// Slots of arch.Regs.R: x86Slots by the number of the register.
var (
	x86Slots = slotsOf("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")
	slotFlags  = slotOf("eflags")
	slotFSBase = slotOf("fs_base")
	slotGSBase = slotOf("gs_base")
	slotCS     = slotOf("cs")
	slotsData  = [3]uint8{slotOf("ds"), slotOf("es"), slotOf("ss")}
)

func slotsOf(names ...string) (t [16]uint8) {
	for i, n := range names {
		t[i] = slotOf(n)
	}
	return t
}

func slotOf(name string) uint8 {
	i, ok := arch.AMD64.Slot(name)
	if !ok {
		panic("no register " + name)
	}
	return uint8(i)
}

const (
	rcx = 1
	rsp = 4
	rbp = 5
	rsi = 6
	rdi = 7
)

// vsyscallPage is where it is in every task; Documentation/arch/x86/x86_64/mm.rst.
const vsyscallPage = 0xffffffffff600000

// Selectors of flat segments of 32-bit programs under a 64-bit kernel: __USER32_CS and
// __USER_DS. Others come from modify_ldt(2) and set_thread_area(2).
const (
	user32CS = 0x23
	userDS   = 0x2b
)

// treatment is what becomes of a class.
type treatment struct {
	stay   Reason // why it is run in place, or is if it cannot be emulated; "" where a copy serves
	copied Reason
	leaves bool // the copy goes elsewhere by itself
	step   bool // the copy has to be stepped
	tf     bool // the step changes who owns the trap flag
}

// x86Classes is indexed by disasm.Class. What is emulated is in emulateX86.
var x86Classes = [64]treatment{
	disasm.Unknown:      {stay: WhyUnknown},
	disasm.Plain:        {copied: WhyCopy},
	disasm.PCRel:        {copied: WhyCopy},
	disasm.Nop:          {copied: WhyCopy},
	disasm.LandingPad:   {copied: WhyCopy},
	disasm.PushReg:      {copied: WhyCopy},
	disasm.PopReg:       {copied: WhyCopy},
	disasm.Jump:         {stay: WhyTarget},
	disasm.CondJump:     {stay: WhyTarget},
	disasm.LoopJump:     {stay: WhyTarget},
	disasm.Call:         {stay: WhyTarget},
	disasm.IndirectJump: {copied: WhyElsewhere, leaves: true},
	disasm.IndirectCall: {stay: WhyOperand},
	disasm.Ret:          {copied: WhyElsewhere, leaves: true},
	disasm.Far:          {stay: WhyFar},
	disasm.Syscall:      {copied: WhySyscall, step: true},
	disasm.Int:          {stay: WhyTrap},
	disasm.Trap:         {stay: WhyTrap},
	disasm.PushFlags:    {stay: WhyPage},
	disasm.PopFlags:     {copied: WhyCopy, step: true, tf: true},
	disasm.IRet:         {copied: WhyElsewhere, leaves: true, step: true, tf: true},
	disasm.LoadSS:       {stay: WhyLoadSS},
	disasm.RepString:    {copied: WhyCopy},
	disasm.XBegin:       {stay: WhyXact},
	disasm.XAbort:       {stay: WhyXact},
	disasm.InPlace:      {stay: WhyNarrow},
}

// x86 chooses the method for amd64 and i386.
func (p *Plan) x86(in disasm.Inst, r *arch.Regs, o Options) {
	t := &x86Classes[in.Class&63]
	p.LeavesTF = t.tf && in.Map() == 0 // the kernel knows popf and iret by their bytes
	if why := p.stays(in, r, o); why != "" {
		p.become(InPlace, why)
		return
	}
	why, done := p.emulateX86(in, r)
	if done {
		p.become(Emulate, why)
		return
	}
	switch {
	case t.copied == "":
		if why == "" {
			why = t.stay
		}
		p.become(InPlace, why)
	case p.Slot == 0:
		p.become(InPlace, WhyNoSlot)
	default:
		p.displace(in, t, o)
	}
}

// stays gives the reason why an instruction has to be run in place, whatever its class
// allows, or "".
func (p *Plan) stays(in disasm.Inst, r *arch.Regs, o Options) Reason {
	switch {
	case o.Rseq:
		return WhyRseq
	case p.PC >= vsyscallPage:
		return WhyVsyscall
	case p.arch == arch.I386 && r != nil && !flat(r):
		return WhySegments
	case !in.Has(disasm.Valid):
		return WhyUnknown
	case in.Has(disasm.PCRelMem | disasm.AddrSize):
		return WhyAddr32
	case in.Has(disasm.PCRelMem) && !isCode(p.arch, in.Target):
		return WhyTarget
	}
	switch in.Class {
	case disasm.Call, disasm.IndirectCall:
		if o.ShadowStack {
			return WhyShadow
		}
	case disasm.Syscall:
		return p.syscall(in, r)
	case disasm.Plain, disasm.PCRel:
		if in.Map() == 1 && in.Enc() <= disasm.REX2 && in.Op() <= 1 && umip(in) {
			return WhyUMIP
		}
	case disasm.LoopJump: // AMD's loopne branches otherwise behind F3
		if in.Flags()&(disasm.Rep|disasm.Repne) != 0 {
			return WhyNarrow
		}
	case disasm.IRet:
		if in.Map() != 0 { // uiret, erets, eretu
			return WhyNarrow
		}
	}
	return ""
}

// umip tells sldt, str, sgdt, sidt and smsw among 0F 00 and 0F 01. The kernel emulates them
// where the CPU has UMIP, and goes on behind them without the trap of a step.
func umip(in disasm.Inst) bool {
	reg := in.ModRM() >> 3 & 7
	return reg < 2 && (in.Op() == 0 || in.Has(disasm.HasMem)) || in.Op() == 1 && reg == 4
}

func flat(r *arch.Regs) bool {
	for _, s := range slotsData {
		if r.R[s]&0xffff != userDS {
			return false
		}
	}
	return r.R[slotCS]&0xffff == user32CS
}

// syscall says why a system call has to be made in place, or prepares for its copy.
func (p *Plan) syscall(in disasm.Inst, r *arch.Regs) Reason {
	abi := arch.ABII386
	if in.Map() == 1 {
		if in.Op() != 0x05 || p.arch != arch.AMD64 {
			return WhySysenter
		}
		if in.Enc() != disasm.Legacy {
			return WhyUnknown
		}
		abi = arch.ABIAMD64
		p.call = true
	}
	if r == nil {
		return ""
	}
	nr := r.R[x86Slots[0]]
	if abi.Bits == 32 {
		nr = uint64(uint32(nr))
	}
	if nr&x32Bit != 0 && nr < 2*x32Bit {
		nr &^= x32Bit
	}
	if nr < uint64(len(abi.Syscalls)) {
		switch abi.Syscalls[nr] {
		case "fork", "vfork", "clone", "clone3":
			return WhyNewTask
		}
	}
	return ""
}

// x32Bit marks the calls of the x32 ABI; asm/unistd.h.
const x32Bit = 0x40000000

// displace makes the copy.
func (p *Plan) displace(in disasm.Inst, t *treatment, o Options) {
	p.become(Displaced, t.copied)
	p.leaves = t.leaves
	p.repeat = in.Class == disasm.RepString
	if in.Has(disasm.PCRelMem) {
		p.rebase(in)
	}
	if p.Method == Displaced && o.Boost && !t.step && p.scr == disasm.RegNone {
		p.Boosted = true
		if !p.leaves {
			p.jumpBack()
		}
	}
}

// rebase makes an operand relative to the program counter name the same address from
// the slot: by another displacement, or else by a register.
func (p *Plan) rebase(in disasm.Inst) {
	off, _ := in.PCRel()
	disp := int64(in.Target - (p.Slot + uint64(p.length)))
	if disp == int64(int32(disp)) {
		binary.LittleEndian.PutUint32(p.code[off:], uint32(disp))
		p.Why = p.ownReason(WhyDisp)
		return
	}
	if in.Enc() == disasm.EVEX && p.code[in.OpOff()-3]&evexB4 != 0 {
		p.become(InPlace, WhyUnknown)
		return
	}
	p.Why = p.ownReason(WhyScratch)
	p.scr = freeReg(in)
	// mod 2 is a register and 32 bits: the displacement stays as it is.
	p.code[off-1] = 0x80 | in.ModRM()&0x38 | byte(p.scr)
	p.clearBase(in)
}

func (p *Plan) ownReason(why Reason) Reason {
	if p.leaves {
		return p.Why
	}
	return why
}

// freeReg is a register that the instruction does not use: rsi, rdi and rbp are never
// used by an instruction with a memory operand unless it names them, and it names at
// most two. rbp comes last since its segment is SS.
func freeReg(in disasm.Inst) disasm.Reg {
	used := in.Names()
	for _, r := range [...]disasm.Reg{rsi, rdi} {
		if used>>r&1 == 0 {
			return r
		}
	}
	return rbp
}

// clearBase clears the bits that extend the number of the base register, which do not
// count before an operand relative to the program counter.
func (p *Plan) clearBase(in disasm.Inst) {
	op := in.OpOff()
	switch in.Enc() {
	case disasm.Legacy:
		escape := [4]int{0, 1, 2, 2}[in.Map()&3]
		if rex := op - escape - 1; rex >= 0 && p.code[rex]&0xf0 == 0x40 {
			p.code[rex] &^= 1
		}
	case disasm.REX2:
		p.code[op-1] &^= 0x11
	case disasm.VEX, disasm.XOP:
		if op >= 3 && (p.code[op-3] == 0xc4 || in.Enc() == disasm.XOP) {
			p.code[op-2] |= 0x20
		}
	case disasm.EVEX:
		p.code[op-3] |= 0x20
	}
}

// evexB4 is APX's, and a fault on CPUs without it: whether it is one cannot be known.
const evexB4 = 8

// jumpBack ends the copy in a jump to what follows the instruction.
func (p *Plan) jumpBack() {
	n := p.length
	to := p.PC + uint64(n)
	rel := int64(to - (p.Slot + uint64(n) + 5))
	if p.arch == arch.I386 || rel >= math.MinInt32 && rel <= math.MaxInt32 {
		p.code[n] = 0xe9
		binary.LittleEndian.PutUint32(p.code[n+1:], uint32(rel))
		p.size = n + 5
		return
	}
	copy(p.code[n:], []byte{0xff, 0x25, 0, 0, 0, 0}) // jmp *0(%rip)
	binary.LittleEndian.PutUint64(p.code[n+6:], to)
	p.size = n + 14
}

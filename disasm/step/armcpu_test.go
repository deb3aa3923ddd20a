package step

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/cpu"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// armForm is a form of arm64 instructions whose other bits are random.
type armForm struct {
	mask, value uint32
	name        string
}

type armFormList []armForm

// armForms are what the class Plain has for programs, of ARMv8.0; see the tables of the Arm
// Architecture Reference Manual, "A64 instruction set encoding".
var armForms = armFormList{
	{0x1f800000, 0x11000000, "add immediate"},
	{0x1f800000, 0x12000000, "logical immediate"},
	{0x1f800000, 0x12800000, "move wide"},
	{0x1f800000, 0x13000000, "bitfield"},
	{0x7fa00000, 0x13800000, "extract"},
	{0x1f000000, 0x0a000000, "logical shifted"},
	{0x1f200000, 0x0b000000, "add shifted"},
	{0x1fe00000, 0x0b200000, "add extended"},
	{0x1fe0fc00, 0x1a000000, "add with carry"},
	{0x3fe00410, 0x3a400000, "conditional compare"},
	{0x3fe00800, 0x1a800000, "conditional select"},
	{0x7fe0f000, 0x1ac02000, "shift by register"},
	{0x7fe0f800, 0x1ac00800, "divide"},
	{0x7fffe000, 0x5ac00000, "one source"},
	{0x7fe00000, 0x1b000000, "multiply and add"},
	{0xff20fc00, 0x1e202800, "float add"},
	{0x9f200400, 0x0e200400, "vector same"},
	{0x9f3e0c00, 0x0e200800, "vector one"},
	{0xbf208c00, 0x0e000800, "permute"},
	{0x3b000000, 0x39000000, "unsigned offset"},
	{0x3b200000, 0x38000000, "nine-bit offset"},
	{0x3b200c00, 0x38200800, "register offset"},
	{0x3a000000, 0x28000000, "pair"},
	{0xbfbf0000, 0x0c000000, "vector structures"},
	{0x3fa08000, 0x08808000, "acquire or release"},
}

func (l armFormList) names() (names []string) {
	for _, f := range l {
		names = append(names, f.name)
	}
	return names
}

func (l armFormList) of(w uint32) string {
	for _, f := range l {
		if w&f.mask == f.value {
			return f.name
		}
	}
	return "other"
}

// armOthers are the forms of the other classes.
var armOthers = armFormList{
	{0x9f000000, 0x10000000, "adr"},
	{0x9f000000, 0x90000000, "adrp"},
	{0xff000000, 0x18000000, "literal of 4"},
	{0xff000000, 0x58000000, "literal of 8"},
	{0xff000000, 0x98000000, "literal signed"},
	{0xff000000, 0xd8000000, "prefetch literal"},
	{0x7f000000, 0x34000000, "cbz"},
	{0x7f000000, 0x35000000, "cbnz"},
	{0x7f000000, 0x36000000, "tbz"},
	{0x7f000000, 0x37000000, "tbnz"},
	{0xff000010, 0x54000000, "jcc"},
	{0xfc000000, 0x14000000, "b"},
	{0xfc000000, 0x94000000, "bl"},
	{0xfffffc1f, 0xd61f0000, "br"},
	{0xfffffc1f, 0xd63f0000, "blr"},
	{0xfffffc1f, 0xd65f0000, "ret"},
	{0xffffffff, 0xd503201f, "nop"},
	{0xffffff3f, 0xd503241f, "bti"},
	{0xffffff1f, 0xd503231f, "pac hint"},
	{0xffff8000, 0xdac10000, "pac"},
	{0x3b208c00, 0x38200000, "atomic"},
	{0x3b20fc00, 0x38208000, "swap"},
	{0x3fa07c00, 0x08a07c00, "compare and swap"},
	{0xbfa07c00, 0x08207c00, "compare and swap pair"},
}

const arm64Rows = `plain displaced,pcrel emulate,pcrel emulate; then in place,nop emulate,landing emulate,jmp emulate,call emulate,
	jcc emulate,icall emulate,ijmp emulate,ret emulate,pac displaced,adr,adrp,literal of 4,literal of 8,literal signed,prefetch literal,
	cbz true,cbz false,cbnz true,cbnz false,tbz true,tbz false,tbnz true,tbnz false,jcc true,jcc false`

// armLabel names the form, and for conditional branches whether they were taken.
func (k *cpuCase) armLabel() string {
	w := k.in.Word()
	if k.in.Class == disasm.Plain {
		return armForms.of(w)
	}
	name := armOthers.of(w)
	if k.in.Class == disasm.CondJump {
		name = fmt.Sprintf("%s %v", name, k.next == k.in.Target)
	}
	return name
}

// armInst is an instruction of class want.
func (g *generator) armInst(want disasm.Class) (disasm.Inst, []byte) {
	forms := armForms
	if want != disasm.Plain {
		forms = armOthers
	}
	for {
		f := forms[g.IntN(len(forms))]
		w := g.Uint32()&^f.mask | f.value
		switch f.name {
		case "unsigned offset":
			w &^= 0x3e0 << 10 // within the data
		case "literal of 4", "literal of 8", "literal signed":
			if g.IntN(4) != 0 { // near
				w &^= 0x7fe00 << 5
			}
		case "register offset": // which is often too far
			w |= uint32(g.IntN(2)) * 31 << 16
		case "cbz", "cbnz":
			w |= uint32(g.IntN(2)) * 31
		case "b", "bl":
			w &^= 1 << 25 // not below 0
		}
		code := armCode(w)
		in, err := disasm.Decode(g.a, code, tablePC)
		// A load of itself would find a breakpoint there.
		if err == nil && in.Class == want && (in.Class != disasm.PCRel || in.Target/8 != tablePC/8) {
			return in, code
		}
	}
}

const (
	armConditions = 0xf << 28
	// armHidden is what is not the program's in PSTATE: SS, which a step leaves, and SSBS, which
	// the kernel sets when tasks are switched.
	armHidden    = 1<<21 | 1<<12
	fpcrRounding = 0xf << 22 // RMode, FZ, DN
	fpsrSticky   = 0x800009f
)

// armState is a random state. Flags of PSTATE other than conditions are as after exec.
func (g *generator) armState(c *tracee, s *state) {
	s.regs = c.base
	for i := range 31 {
		s.regs.R[i] = g.value()
	}
	s.regs.SetSP(g.data() &^ 15)
	if g.IntN(16) == 0 {
		s.regs.SetSP(g.value())
	}
	s.regs.R[armPState] = c.base.R[armPState]&^(armConditions|armHidden) | g.Uint64()&armConditions
	s.regs.SetPC(tablePC)
	for i := 0; i < dataLen; i += 8 {
		binary.LittleEndian.PutUint64(s.data[i:], g.value())
	}
	g.fill(s.fp[:512])
	binary.LittleEndian.PutUint32(s.fp[512:], g.Uint32()&fpsrSticky)
	binary.LittleEndian.PutUint32(s.fp[516:], g.Uint32()&fpcrRounding)
}

// forgive takes away what an emulated indirect branch does not leave: on CPUs with BTI,
// BTYPE, which depends on the page too.
func (c *tracee) forgive(s *state) {
	if c.a == arch.ARM64 {
		s.regs.R[armPState] &^= armBType
	}
}

// atomics tells whether the CPU has the instructions of class Atomic.
func atomics() bool { return cpu.ARM64.HasATOMICS }

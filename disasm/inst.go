package disasm

import (
	"errors"
	"fmt"

	"github.com/gotrace/gotrace/arch"
)

// What Decode cannot make an instruction of.
var (
	// ErrTruncated: the instruction goes on behind the bytes that were given.
	ErrTruncated = errors.New("instruction is cut short")
	// ErrTooLong: more than 15 bytes, which every x86 CPU refuses with #GP.
	ErrTooLong = errors.New("instruction is longer than 15 bytes")
	// ErrArch: an architecture that this package does not know.
	ErrArch = errors.New("no decoder for this architecture")
)

// MaxLen is the length in bytes of the longest instruction of any architecture.
const MaxLen = 15

// Inst is what is known of one instruction without its text. It is a small value
// without pointers, which is passed in registers: it is copied, compared and kept freely.
//
// Offsets are in bytes from the first byte of the instruction.
type Inst struct {
	// Target is the address that the instruction names: where a direct branch goes
	// (HasTarget), what a PC-relative operand refers to (PCRelMem), or the operand
	// of the moves between memory and the accumulator (AbsMem). Otherwise 0.
	Target uint64
	Len    uint8 // in bytes
	Class  Class
	rest
}

// rest keeps Inst at four fields and four words, which is what the compiler holds in
// registers; more makes decoding twice as slow.
type rest struct {
	flags Flags
	disp  int32
	enc   uint64 // packed parts of the encoding; on arm64 the instruction itself
}

// Layout of Inst.enc. Offsets and sizes take four bits, extensions of register numbers
// are stored without their three zeros.
const (
	encShift       = 0 // 3 bits
	mapShift       = 3 // 5 bits, as VEX has them
	opShift        = 8
	modRMShift     = 16
	sibShift       = 24
	opOffShift     = 32
	pcRelOffShift  = 36
	pcRelSizeShift = 40 // 3 bits: at most 4
	immOffShift    = 43
	immSizeShift   = 47
	extRegShift    = 51 // 2 bits
	extIndexShift  = 53 // 2 bits
	extBaseShift   = 55 // 2 bits
	vvvvShift      = 57 // 5 bits
	wordShift      = 32 // arm64
)

// Flags are the properties of the instruction.
func (in Inst) Flags() Flags { return in.flags }

// Has tells whether the instruction has all of the properties f.
func (in Inst) Has(f Flags) bool { return in.flags&f == f }

// Disp is the displacement of the memory operand in bytes, sign-extended; of EVEX's
// one-byte displacements what they stand for.
func (in Inst) Disp() int32 { return in.disp }

// Enc tells how the instruction is encoded.
func (in Inst) Enc() Enc { return Enc(in.enc & 7) }

// Map is the number of the opcode map: 0 one byte, 1 0F, 2 0F38, 3 0F3A, 4 to 7 EVEX,
// 8 to 10 XOP.
func (in Inst) Map() int { return int(in.enc >> mapShift & 31) }

// Op is the opcode within its map.
func (in Inst) Op() byte { return byte(in.enc >> opShift) }

// OpOff is where the opcode is.
func (in Inst) OpOff() int { return int(in.enc >> opOffShift & 15) }

// ModRM is that byte, 0 without HasModRM.
func (in Inst) ModRM() byte { return byte(in.enc >> modRMShift) }

// SIB is that byte, 0 where there is none.
func (in Inst) SIB() byte { return byte(in.enc >> sibShift) }

// PCRel is the place of the field that is added to the address of the next
// instruction: the displacement of a direct branch or of an operand with PCRelMem. The
// size is 0 where there is none, and on arm64, where the field is within Word.
func (in Inst) PCRel() (off, size int) {
	return int(in.enc >> pcRelOffShift & 15), int(in.enc >> pcRelSizeShift & 7)
}

// Imm is the place of the immediate bytes, all together; size 0 if there are none.
func (in Inst) Imm() (off, size int) {
	return int(in.enc >> immOffShift & 15), int(in.enc >> immSizeShift & 15)
}

// Word is an arm64 instruction.
func (in Inst) Word() uint32 { return uint32(in.enc >> wordShift) }

// Flags are properties of an instruction.
type Flags uint32

// Properties. Reads and writes are those that an instruction makes by its nature;
// registers that it names as operands are told by NamesReg.
const (
	Valid        Flags = 1 << iota // the encoding is defined: without it Len is how far a CPU reads
	HasTarget                      // a direct branch, to Target
	HasModRM                       // has a ModRM byte
	HasMem                         // has a memory operand, see Mem
	PCRelMem                       // that operand is relative to the next instruction
	AbsMem                         // mov between memory at Target and the accumulator
	ReadsPC                        // uses its own address other than to go on to the next
	WritesPC                       // may go elsewhere than to the next instruction
	ReadsRCX                       // counts in RCX (RCX, ECX or CX by AddrSize)
	WritesRCX                      // counts in RCX, or leaves its return address there
	WritesR11                      // leaves RFLAGS in R11
	ReadsTF                        // copies the trap flag where the program sees it
	WritesTF                       // may change the trap flag
	Overwritable                   // may be moved to make room for a jump, see below
	Landing                        // where an indirect branch may land: must stay in place
	OpSize                         // prefix 66
	AddrSize                       // prefix 67
	Lock                           // prefix F0
	Repne                          // prefix F2, unless F3 follows it
	Rep                            // prefix F3, unless F2 follows it
	SegES
	SegCS
	SegSS
	SegDS
	SegFS
	SegGS
	W    // REX.W, VEX.W, EVEX.W
	Long // decoded for 64-bit mode
	rexMark
)

const segFlags = SegES | SegCS | SegSS | SegDS | SegFS | SegGS

// Enc is the form that encodes an instruction.
type Enc uint8

// Encodings.
const (
	Legacy Enc = iota // one-byte and 0F maps, with or without REX
	REX2              // legacy maps 0 and 1 with APX's two-byte prefix
	VEX
	XOP
	EVEX
	Fixed // arm64: 32 bits
)

var encNames = [...]string{Legacy: "legacy", REX2: "rex2", VEX: "vex", XOP: "xop", EVEX: "evex", Fixed: "fixed"}

func (e Enc) String() string { return encNames[e] }

// Reg is the number of a general register in the instruction set's own order: on
// x86 rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r31.
type Reg uint8

// Registers of a memory operand that are not general ones.
const (
	RegNone Reg = 0xff // absent
	RegPC   Reg = 0xfe // the address of the next instruction
)

// Mem is a memory operand: the address is Base + Index*Scale + Disp in the
// segment, computed in Bits bits.
type Mem struct {
	Base, Index Reg
	Scale       uint8 // 1, 2, 4 or 8
	Disp        int64
	Seg         Flags // SegFS, SegGS ... or 0 for the default
	Bits        uint8 // 16, 32 or 64
	// Vector: Index is a vector register, and there are several addresses.
	Vector bool
}

// Decode decodes the instruction at the start of code, which lies at address pc.
// It reads no byte behind the instruction's last, and fails with ErrTruncated
// where code is shorter than the instruction. Bytes that are no instruction give
// Class Unknown without Valid, and the length that a CPU reads before it refuses
// them; that is not an error.
//
// It allocates nothing.
func Decode(a *arch.Arch, code []byte, pc uint64) (Inst, error) {
	switch a {
	case arch.AMD64:
		return decodeX86(code, pc, Long)
	case arch.I386:
		return decodeX86(code, pc, 0)
	case arch.ARM64:
		return decodeARM64(code, pc)
	}
	return Inst{}, fmt.Errorf("%w: %s", ErrArch, a.Name)
}

package disasm

import "encoding/binary"

// disp tells where an arm64 instruction keeps what is added to its address.
type disp uint8

const (
	noDisp  disp = iota
	imm26        // b, bl
	imm19        // b.cond, cbz, ldr literal
	imm14        // tbz
	imm9         // cb, compare and branch
	immADR       // 21 bits in two parts
	immADRP      // the same in pages of 4 KiB
)

// armRow classes the instructions for which word&mask == value. Of several rows that
// match, the first counts.
type armRow struct {
	mask, value uint32
	class       Class
	disp        disp
	flags       Flags
}

// armRows follows the tables of the Arm Architecture Reference Manual, "A64 instruction
// set encoding". What matches no row is Unknown.
var armRows = []armRow{
	// Branches.
	{0xfc000000, 0x14000000, Jump, imm26, 0},                 // b
	{0xfc000000, 0x94000000, Call, imm26, 0},                 // bl
	{0xff000000, 0x54000000, CondJump, imm19, 0},             // b.cond, bc.cond
	{0x7e000000, 0x34000000, CondJump, imm19, 0},             // cbz, cbnz
	{0x7e000000, 0x36000000, CondJump, imm14, 0},             // tbz, tbnz
	{0x7e000000, 0x74000000, CondJump, imm9, 0},              // cb<cc>
	{0xfffffc1f, 0xd61f0000, IndirectJump, 0, 0},             // br
	{0xfffff81f, 0xd61f081f, IndirectJump, 0, 0},             // braaz, brabz
	{0xfffff800, 0xd71f0800, IndirectJump, 0, 0},             // braa, brab
	{0xfffffc1f, 0xd63f0000, IndirectCall, 0, 0},             // blr
	{0xfffff81f, 0xd63f081f, IndirectCall, 0, 0},             // blraaz, blrabz
	{0xfffff800, 0xd73f0800, IndirectCall, 0, 0},             // blraa, blrab
	{0xfffffc1f, 0xd65f0000, Ret, 0, 0},                      // ret
	{0xfffffbff, 0xd65f0bff, Ret, 0, 0},                      // retaa, retab
	{0xfffffbe0, 0xd65f0be0, InPlace, 0, ReadsPC | WritesPC}, // retaasppcr: the PC is authenticated
	{0xffc0001f, 0x5500001f, InPlace, 0, ReadsPC | WritesPC}, // retaasppc
	{0xffdffbff, 0xd69f03e0, InPlace, 0, WritesPC},           // eret, drps
	{0xfffffbff, 0xd69f0bff, InPlace, 0, WritesPC},           // eretaa, eretab

	// Exceptions.
	{0xffe0001f, 0xd4000001, Syscall, 0, 0}, // svc
	{0xffe0001c, 0xd4000000, Trap, 0, 0},    // hvc, smc
	{0xffe0001f, 0xd4200000, Trap, 0, 0},    // brk
	{0xffe0001f, 0xd4400000, Trap, 0, 0},    // hlt
	{0xffe0001f, 0xd4600000, XAbort, 0, 0},  // tcancel
	{0xffe0001c, 0xd4a00000, Trap, 0, 0},    // dcps
	{0xffff0000, 0x00000000, Trap, 0, 0},    // udf

	// Hints and system.
	{0xffffffff, 0xd503201f, Nop, 0, 0},
	{0xffffffff, 0xd503203f, Nop, 0, 0},                      // yield
	{0xffffff3f, 0xd503241f, LandingPad, 0, 0},               // bti
	{0xffffffbf, 0xd503233f, PAC, 0, Landing},                // paciasp, pacibsp
	{0xffffff1f, 0xd503231f, PAC, 0, 0},                      // paciaz, autiaz, autiasp, ...
	{0xffffff3f, 0xd503211f, PAC, 0, 0},                      // pacia1716, autia1716, ...
	{0xffffffff, 0xd50320ff, PAC, 0, 0},                      // xpaclri
	{0xffffffff, 0xd50324ff, InPlace, 0, 0},                  // pacm: changes the next instruction
	{0xffffffe0, 0xd5233060, InPlace, 0, ReadsPC | WritesPC}, // tstart
	{0xffd00000, 0xd5100000, System, 0, Overwritable},        // msr, mrs
	{0xfffff000, 0xd5033000, System, 0, 0},                   // barriers, clrex
	{0xffc00000, 0xd5000000, System, 0, 0},                   // other hints, sys, sysl, msr immediate

	// Addresses and literals.
	{0x9f000000, 0x10000000, PCRel, immADR, 0},       // adr
	{0x9f000000, 0x90000000, PCRel, immADRP, 0},      // adrp
	{0x3b000000, 0x18000000, PCRel, imm19, PCRelMem}, // ldr literal, ldrsw, prfm
	{0xffc0001f, 0xf380001f, InPlace, 0, ReadsPC},    // autiasppc
	{0xffff8000, 0xdac18000, InPlace, 0, ReadsPC},    // paciasppc, autiasppcr, ...
	{0xffff8000, 0xdac10000, PAC, 0, 0},              // pacia, autia, xpaci, ...
	{0xffe0fc00, 0x9ac03000, PAC, 0, 0},              // pacga
	{0xff200400, 0xf8200400, PAC, 0, HasMem},         // ldraa, ldrab

	// Exclusive sequences, atomics and copies.
	{0xbfa07c00, 0x08207c00, Atomic, 0, HasMem},    // casp
	{0x3fa07c00, 0x08a07c00, Atomic, 0, HasMem},    // cas
	{0x3fc00000, 0x08400000, ExclLoad, 0, HasMem},  // ldxr, ldaxr, ldxp, ldaxp
	{0x3fc00000, 0x08000000, ExclStore, 0, HasMem}, // stxr, stlxr, stxp, stlxp
	{0x3fa00000, 0x08800000, Plain, 0, HasMem},     // ldar, stlr, ldlar, stllr
	{0x3ffffc00, 0x38bfc000, Plain, 0, HasMem},     // ldapr
	{0x3b200c00, 0x38200000, Atomic, 0, HasMem},    // ldadd, swp, ...; ld64b, st64b
	{0xbf200400, 0x19200000, Atomic, 0, HasMem},    // 128-bit swpp, ldclrp, ...; rcwcas
	{0x3b200c00, 0x19000400, MemCopy, 0, HasMem},   // cpy, set

	// Loads and stores.
	{0x3f200c00, 0x19000000, Plain, 0, HasMem}, // ldapur, stlur
	{0x3b000000, 0x39000000, Plain, 0, HasMem}, // unsigned offset
	{0x3b200000, 0x38000000, Plain, 0, HasMem}, // nine-bit offset
	{0x3b200c00, 0x38200800, Plain, 0, HasMem}, // register offset
	{0x3a000000, 0x28000000, Plain, 0, HasMem}, // pairs
	{0xbe000000, 0x0c000000, Plain, 0, HasMem}, // vector structures
	{0xff200000, 0xd9200000, Plain, 0, HasMem}, // memory tags

	// Data.
	{0x1c000000, 0x10000000, Plain, 0, 0}, // immediate
	{0x0e000000, 0x0a000000, Plain, 0, 0}, // registers
	{0x0e000000, 0x0e000000, Plain, 0, 0}, // floating point and vectors
	{0x1e000000, 0x04000000, Plain, 0, 0}, // SVE
	{0x9e000000, 0x80000000, Plain, 0, 0}, // SME
}

// armIndex has for each upper byte of an instruction the rows that may match.
var armIndex = func() (t [256][]armRow) {
	for b := range t {
		for _, r := range armRows {
			if (uint32(b)<<24^r.value)&r.mask>>24 == 0 {
				t[b] = append(t[b], r)
			}
		}
	}
	return t
}()

func decodeARM64(code []byte, pc uint64) (Inst, error) {
	if len(code) < 4 {
		return Inst{}, ErrTruncated
	}
	w := binary.LittleEndian.Uint32(code)
	in := Inst{Len: 4, rest: rest{enc: uint64(w)<<wordShift | uint64(Fixed)}}
	rows := armIndex[w>>24]
	for i := range rows {
		r := &rows[i]
		if w&r.mask != r.value {
			continue
		}
		in.Class = r.class
		in.flags = Valid | r.flags | classFlags[r.class&31]
		if r.flags&Landing != 0 {
			in.flags &^= Overwritable
		}
		if r.disp != noDisp {
			in.Target = armTarget(r.disp, w, pc)
			if r.class != PCRel {
				in.flags |= HasTarget
			}
		}
		return in, nil
	}
	return in, nil
}

// armTarget adds to pc what the instruction holds.
func armTarget(d disp, w uint32, pc uint64) uint64 {
	switch d {
	case imm26:
		return pc + field(w, 0, 26)<<2
	case imm19:
		return pc + field(w, 5, 19)<<2
	case imm14:
		return pc + field(w, 5, 14)<<2
	case imm9:
		return pc + field(w, 5, 9)<<2
	}
	imm := field(w, 5, 19)<<2 | uint64(w>>29&3)
	if d == immADRP {
		return pc&^0xfff + imm<<12
	}
	return pc + imm
}

// field is the signed number in the n bits from bit low on.
func field(w uint32, low, n uint) uint64 {
	return uint64(int64(int32(w<<(32-low-n))) >> (32 - n))
}

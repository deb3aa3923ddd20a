// Package disasm decodes single machine instructions of amd64, i386 and arm64 for
// those who place breakpoints, run an instruction away from its place, overwrite code
// or show it. [Decode] gives an [Inst]: the length, the class (what kind of treatment
// the instruction needs), where a direct branch goes, and the place of the field that
// depends on the instruction's address.
//
// On x86 the decoder is driven by the opcode maps in x86tables.go: legacy maps, VEX,
// XOP, EVEX with all its maps, and APX's REX2. It knows what follows every opcode, also
// of instructions that are newer than itself, because x86 decides that by map and not by
// instruction. Length is not validity: [Valid] says whether the encoding is defined.
//
// [Printer] writes the text, in GNU's, Intel's or Go's syntax, with the names of addresses:
// on x86 from tables of forms in the notation of the Intel SDM (x86legacy.go, x86sse.go,
// x86vex.go, x86xop.go, x86evex.go, x86apx.go), which are held against objdump line by line;
// on arm64 from golang.org/x/arch, with own names for what that lacks. Go's syntax is that
// package's where it knows the instruction. What has no name is described by its encoding.
//
// It refuses to guess: an instruction that is not in its tables has class [Unknown],
// which means that it may only be run where it stands and must not be overwritten. It
// reads no memory but the bytes it is given, knows no symbols, and runs nothing.
package disasm

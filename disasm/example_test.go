package disasm_test

import (
	"fmt"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// The start of a function: how long each instruction is, whether it can be moved, and
// its text.
func Example() {
	code := []byte{
		0xf3, 0x0f, 0x1e, 0xfa, // a landing pad: must stay
		0x55,
		0x48, 0x8d, 0x05, 0x10, 0x00, 0x00, 0x00, // depends on its address
		0xe8, 0xef, 0xff, 0xff, 0xff,
		0xc3,
	}
	symbol := func(addr uint64) (string, uint64) { return "main", 0x401000 }
	p := disasm.Printer{Arch: arch.AMD64, Symbol: symbol}
	for pc := uint64(0x401000); len(code) > 0; {
		in, err := disasm.Decode(arch.AMD64, code, pc)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%x %d %-7s %-5v %s\n", pc, in.Len, in.Class, in.Has(disasm.Overwritable), p.Text(in, code, pc))
		code = code[in.Len:]
		pc += uint64(in.Len)
	}
	// Output:
	// 401000 4 landing false endbr64
	// 401004 1 push    true  push %rbp
	// 401005 7 pcrel   true  lea 0x10(%rip),%rax  # 0x40101c <main+0x1c>
	// 40100c 5 call    false call 0x401000 <main>
	// 401011 1 ret     true  ret
}

// The same instruction in three syntaxes.
func ExamplePrinter() {
	code := []byte{0x62, 0xf1, 0x7c, 0x49, 0x58, 0x48, 0x01}
	in, err := disasm.Decode(arch.AMD64, code, 0x401000)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []disasm.Syntax{disasm.GNU, disasm.Intel, disasm.Go} {
		p := disasm.Printer{Arch: arch.AMD64, Syntax: s}
		fmt.Println(p.Text(in, code, 0x401000))
	}
	// Output:
	// vaddps 0x40(%rax),%zmm0,%zmm1{%k1}
	// vaddps zmm1{k1}, zmm0, zmmword ptr [rax+0x40]
	// VADDPS 0x40(AX), Z0, Z1{K1}
}

// A function of arm64: where its branches go.
func ExampleDecode() {
	code := []byte{
		0x5f, 0x24, 0x03, 0xd5,
		0x60, 0x00, 0x00, 0xb4,
		0x41, 0x7c, 0x5f, 0x88,
		0xff, 0xff, 0xff, 0x97,
	}
	p := disasm.Printer{Arch: arch.ARM64}
	for pc := uint64(0x1000); len(code) > 0; {
		in, err := disasm.Decode(arch.ARM64, code, pc)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%x %-7s %s\n", pc, in.Class, p.Text(in, code, pc))
		if in.Has(disasm.HasTarget) {
			fmt.Printf("     goes to %#x\n", in.Target)
		}
		code = code[in.Len:]
		pc += uint64(in.Len)
	}
	// Output:
	// 1000 landing bti c
	// 1004 jcc     cbz x0, 0x1010
	//      goes to 0x1010
	// 1008 ldex    ldxr w1, [x2]
	// 100c call    bl 0x1008
	//      goes to 0x1008
}

// The memory operand of an instruction. One-byte displacements of EVEX are in bytes.
func ExampleInst_Mem() {
	code := []byte{0x62, 0xf1, 0x7c, 0x49, 0x58, 0x48, 0x01}
	in, err := disasm.Decode(arch.AMD64, code, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, ok := in.Mem()
	fmt.Println(ok, m.Base, m.Index == disasm.RegNone, m.Disp)
	// Output:
	// true 0 true 64
}

// Where the displacement of a PC-relative operand is, for who copies the instruction.
func ExampleInst_PCRel() {
	code := []byte{0x48, 0x8b, 0x05, 0x10, 0x00, 0x00, 0x00} // mov 0x10(%rip),%rax
	in, err := disasm.Decode(arch.AMD64, code, 0x401000)
	if err != nil {
		fmt.Println(err)
		return
	}
	off, size := in.PCRel()
	fmt.Printf("%v: %d bytes at %d name %#x\n", in.Class, size, off, in.Target)
	// Output:
	// pcrel: 4 bytes at 3 name 0x401017
}

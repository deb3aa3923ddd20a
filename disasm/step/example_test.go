package step_test

import (
	"fmt"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/disasm/step"
)

// How the instructions at the start of a function pass a breakpoint, with a slot far away.
func Example() {
	const slot = 0x7f0000000000
	code := []byte{
		0x55,
		0x48, 0x89, 0xe5,
		0x8b, 0x05, 0x10, 0x00, 0x00, 0x00, // mov 0x10(%rip),%eax
		0x74, 0x02,
		0x0f, 0x0b,
	}
	r := arch.Regs{Arch: arch.AMD64}
	r.SetSP(0x7ffe0000)
	for pc := uint64(0x401000); len(code) > 0; {
		in, err := disasm.Decode(arch.AMD64, code, pc)
		if err != nil {
			fmt.Println(err)
			return
		}
		p, err := step.New(arch.AMD64, in, code, pc, &r, slot, step.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%x %v: %s [%x]\n", pc, p.Method, p.Why, p.Code())
		code = code[in.Len:]
		pc += uint64(in.Len)
	}
	// Output:
	// 401000 emulate: a push stores one register []
	// 401001 displaced: a copy does the same anywhere [4889e5]
	// 401004 displaced: a copy with a register in place of the program counter does the same [8b8610000000]
	// 40100a emulate: a branch's target and condition are known []
	// 40100c in place: the program's own trap tells its address []
}

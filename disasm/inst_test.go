package disasm

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

var flagNames = []struct {
	f    Flags
	name string
}{
	{HasTarget, "target"}, {PCRelMem, "pcmem"}, {AbsMem, "absmem"}, {ReadsPC, "readspc"}, {WritesPC, "writespc"},
	{ReadsRCX, "readsrcx"}, {WritesRCX, "writesrcx"}, {WritesR11, "writesr11"}, {ReadsTF, "readstf"},
	{WritesTF, "writestf"}, {Overwritable, "move"}, {Landing, "landing"}, {AddrSize, "67"}, {OpSize, "66"},
	{Rep, "f3"}, {Repne, "f2"}, {Lock, "f0"}, {SegFS, "fs"}, {W, "w"},
}

func flagString(in Inst) string {
	var s []string
	for _, n := range flagNames {
		if in.Has(n.f) {
			s = append(s, n.name)
		}
	}
	return strings.Join(s, " ")
}

// TestFlags names what instructions do to PC, RCX, R11 and TF, and whether they move.
func TestFlags(t *testing.T) {
	for _, c := range []struct {
		arch *arch.Arch
		code string
		want string
	}{
		{arch.AMD64, "4889e5", "move w"},
		{arch.AMD64, "488d0510000000", "pcmem readspc move w"},
		{arch.AMD64, "678b0510000000", "pcmem readspc 67"},
		{arch.AMD64, "eb10", "target writespc move"},
		{arch.AMD64, "7410", "target writespc move"},
		{arch.AMD64, "e310", "target writespc readsrcx"},
		{arch.AMD64, "67e310", "target writespc readsrcx 67"},
		{arch.AMD64, "e210", "target writespc readsrcx writesrcx"},
		{arch.AMD64, "e810000000", "target readspc writespc"},
		{arch.AMD64, "66e81000", "readspc writespc 66"},
		{arch.AMD64, "ff2510000000", "pcmem readspc writespc move"},
		{arch.AMD64, "ffd0", "readspc writespc"},
		{arch.AMD64, "c3", "writespc move"},
		{arch.AMD64, "0f05", "readspc writesrcx writesr11 readstf"},
		{arch.I386, "0f34", "readspc writespc"},
		{arch.AMD64, "cd80", "readspc"},
		{arch.AMD64, "9c", "readstf move"},
		{arch.AMD64, "9d", "writestf"},
		{arch.AMD64, "48cf", "writespc writestf w"},
		{arch.AMD64, "8ed0", ""},
		{arch.AMD64, "f3a4", "readsrcx writesrcx move f3"},
		{arch.AMD64, "f30f1efa", "landing f3"},
		{arch.AMD64, "64a10000000000000000", "absmem move fs"},
		{arch.AMD64, "06", ""},
		{arch.AMD64, "cc", ""},
		{arch.AMD64, "f00fc70b", "move f0"},
		{arch.I386, "66e91000", "target writespc 66"},
		{arch.ARM64, "3f2303d5", "landing"},
		{arch.ARM64, "5f2403d5", "landing"},
		{arch.ARM64, "03000094", "target readspc writespc"},
		{arch.ARM64, "00000090", "readspc move"},
		{arch.ARM64, "80000058", "pcmem readspc move"},
		{arch.ARM64, "417c5fc8", ""},
		{arch.ARM64, "010000d4", "readspc"},
	} {
		in, err := Decode(c.arch, unhex(c.code), tablePC)
		if got := flagString(in); got != c.want || err != nil {
			t.Errorf("%s %s: %q, %v; want %q", c.arch.Name, c.code, got, err, c.want)
		}
	}
}

// TestMem writes memory operands through their text, and the registers that an encoding
// names.
func TestMem(t *testing.T) {
	for _, c := range []struct {
		arch  *arch.Arch
		code  string
		mem   string
		names string
	}{
		{arch.AMD64, "8b04cd44332211", "0x11223344(,%rcx,8)", "[0 1]"},
		{arch.AMD64, "4f8b7cfc10", "0x10(%r12,%r15,8)", "[12 15]"},
		{arch.AMD64, "8b442408", "0x8(%rsp)", "[0 4]"},
		{arch.AMD64, "428b0420", "0x0(%rax,%r12,1)", "[0 12]"},
		{arch.AMD64, "678b4308", "0x8(%ebx)", "[0 3]"},
		{arch.AMD64, "64488b042528000000", "%fs:0x28", "[0]"},
		{arch.AMD64, "8b05f0ffffff", "-0x10(%rip)", "[0]"},
		{arch.AMD64, "678b0510000000", "0x10(%eip)", "[0]"},
		{arch.AMD64, "65a1efcdab8967452301", "%gs:0x123456789abcdef", "[1]"},
		{arch.AMD64, "c5796f0510000000", "0x10(%rip)", "[0 8]"},
		{arch.AMD64, "62e17c40100510000000", "0x10(%rip)", "[0 16]"},
		{arch.AMD64, "d5108b4310", "0x10(%r19)", "[0 19]"},
		{arch.AMD64, "d5408b4310", "0x10(%rbx)", "[3 16]"},
		{arch.AMD64, "4150", "none", "[8]"},
		{arch.AMD64, "4d89c8", "none", "[8 9]"},
		{arch.AMD64, "c4e269900488", "(%rax,%xmm1,4)", "[0 1 2]"},
		{arch.I386, "678b4104", "0x4(%bx,%di)", "[0 3 7]"},
		{arch.I386, "678b4604", "0x4(%bp)", "[0 5]"},
		{arch.I386, "678b063412", "0x1234", "[0]"},
		{arch.I386, "8b05f0ffffff", "0xfffffff0", "[0]"},
	} {
		in, err := Decode(c.arch, unhex(c.code), tablePC)
		if err != nil {
			t.Errorf("%s: %v", c.code, err)
			continue
		}
		text := "none"
		if _, ok := in.Mem(); ok {
			code := unhex(c.code)
			x := x86Printer{Printer: &Printer{Arch: c.arch}, in: in, code: code, f: &form{}, have: in.conditions(code)}
			x.memory(0)
			text = string(x.args)
		}
		var names []int
		for r := range 32 {
			if in.Names()>>r&1 != 0 {
				names = append(names, r)
			}
		}
		if strings.Replace(text, "0x0(", "(", 1) != strings.Replace(c.mem, "0x0(", "(", 1) || fmt.Sprint(names) != c.names {
			t.Errorf("%s: %s %v, want %s %s", c.code, text, names, c.mem, c.names)
		}
	}
}

// TestSyntax writes the same instructions in each syntax, with the names of addresses.
func TestSyntax(t *testing.T) {
	symbol := func(addr uint64) (string, uint64) {
		if addr >= 0x401000 && addr < 0x402000 {
			return "main", 0x401000
		}
		return "", 0
	}
	for _, c := range []struct {
		arch              *arch.Arch
		code              string
		gnu, intel, plan9 string
	}{
		{arch.AMD64, "4889e5", "mov %rsp,%rbp", "mov rbp, rsp", "MOVQ SP, BP"},
		{arch.AMD64, "e8fbffffff", "call 0x401000 <main>", "call 0x401000 <main>", "CALL main(SB)"},
		{arch.AMD64, "7410", "je 0x401012 <main+0x12>", "je 0x401012 <main+0x12>", "JE 0x401012"},
		{arch.AMD64, "e9fbffff7f", "jmp 0x80401000", "jmp 0x80401000", "JMP 0x80401000"},
		{arch.AMD64, "8b0510000000", "mov 0x10(%rip),%eax  # 0x401016 <main+0x16>", "mov eax, dword ptr [rip+0x10]  # 0x401016 <main+0x16>", "MOVL main+22(SB), AX"},
		{arch.AMD64, "664c0f38f14c2410", "movbe %r9,0x10(%rsp)", "movbe qword ptr [rsp+0x10], r9", "MOVBE R9, 0x10(SP)"},
		{arch.AMD64, "660f3acec103", "gf2p8affineqb $0x3,%xmm1,%xmm0", "gf2p8affineqb xmm0, xmm1, 0x3", "GF2P8AFFINEQB $0x3, X1, X0"},
		{arch.AMD64, "c5f877", "vzeroupper", "vzeroupper", "VZEROUPPER"},
		{arch.ARM64, "03000094", "bl 0x40100c <main+0xc>", "bl 0x40100c <main+0xc>", "CALL 3(PC)"},
		{arch.ARM64, "80000058", "ldr x0, 0x401010 <main+0x10>", "ldr x0, 0x401010 <main+0x10>", "MOVD 4(PC), R0"},
		{arch.ARM64, "5f2403d5", "bti c", "bti c", "BTI C"},
		{arch.ARM64, "30000054", "bc.eq 0x401004 <main+0x4>", "bc.eq 0x401004 <main+0x4>", "BC.EQ main+4(SB)"},
	} {
		code := unhex(c.code)
		in, err := Decode(c.arch, code, tablePC)
		if err != nil {
			t.Errorf("%s: %v", c.code, err)
		}
		for s, want := range []string{c.gnu, c.intel, c.plan9} {
			p := Printer{Arch: c.arch, Syntax: Syntax(s), Symbol: symbol}
			if got := p.Text(in, code, tablePC); got != want {
				t.Errorf("%s syntax %d: %q, want %q", c.code, s, got, want)
			}
		}
	}
}

func TestUnknownArch(t *testing.T) {
	_, err := Decode(&arch.Arch{Name: "vax"}, []byte{0}, 0)
	if !errors.Is(err, ErrArch) || err.Error() != "no decoder for this architecture: vax" {
		t.Errorf("%v", err)
	}
}

// TestNoAllocation holds Decode to the heap's silence.
func TestNoAllocation(t *testing.T) {
	for name, a := range archByName {
		n := testing.AllocsPerRun(100, func() {
			if in, err := Decode(a, benchCode, 0); err != nil || in.Len == 0 {
				t.Errorf("%s: %+v, %v", name, in, err)
			}
			if _, err := Decode(a, benchCode[:4], 0); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

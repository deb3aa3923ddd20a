package step

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

func TestOverwrite(t *testing.T) {
	const base = 0x401000
	for _, c := range []struct {
		name, code string
		a          *arch.Arch // nil for amd64
		at         uint64
		s          Site
		want       Patch
		err        string
	}{
		{name: "nop", code: "0f1f440000c3", want: Patch{base, 5, true}},
		{name: "prologue", code: "554889e54883ec20c3", want: Patch{base, 8, false}},
		{name: "behind endbr64", code: "f30f1efa554889e54883ec20c3", want: Patch{base + 4, 8, false}},
		{name: "endbr64 inside", code: "5589e5f30f1efac3", err: "cannot be moved"},
		{name: "short function", code: "5531c05d", err: "ends before the jump"},
		{name: "call last", code: "5589e5e800000000c3", want: Patch{base, 8, false}},
		{name: "call before the last", code: "ffd05589e5c3", err: "return address"},
		{name: "system call last", code: "89c789c60f05c3", want: Patch{base, 6, false}},
		{name: "trap", code: "5589e5cc90c3", err: "cannot be moved"},
		{name: "unknown", code: "5506909090c3", err: "cannot be moved"},
		{name: "unknown in the function", code: "0f1f44000006c3", err: "is not known"},
		{name: "branch into it", code: "5589e56a0075fac3", err: "refers to"},
		{name: "branch to its start", code: "5589e56a0075fac3", at: 1, want: Patch{base + 1, 6, false}},
		{name: "address of its middle", code: "554889e54883ec20488d05f2ffffffc3", err: "refers to"},
		{name: "jump table", code: "554889e54883ec20ffe0", err: "unknown place"},
		{name: "known jump table", code: "554889e54883ec20ffe0", s: Site{Tables: true, Targets: []uint64{base + 8}}, want: Patch{base, 8, false}},
		{name: "table into it", code: "554889e54883ec20ffe0", s: Site{Tables: true, Targets: []uint64{base + 4}}, err: "control arrives"},
		{name: "thread in it", code: "554889e54883ec20c3", s: Site{Threads: []uint64{base + 1}}, err: "a thread"},
		{name: "thread before it", code: "554889e54883ec20c3", s: Site{Threads: []uint64{base, base + 8}}, want: Patch{base, 8, false}},
		{name: "probe", code: "554889e54883ec20c3", s: Site{Probes: []uint64{base}}, err: "a probe"},
		{name: "middle of an instruction", code: "4889e54883ec20c3", at: 1, err: "not the start"},
		{name: "outside", code: "c3", at: 1, err: "outside"},
		{name: "before", code: "c3", at: 1<<64 - 1, err: "outside"},
		{name: "jrcxz has no long form", code: "5589e5e3009090c3", err: "cannot be moved"},
		{name: "jcc has", code: "5589e5750090c3", want: Patch{base, 5, false}},
		{name: "branch of 16 bits", code: "5589e566e90000c3", err: "cannot be moved"},
		{name: "int last", code: "5589e5cd81c3", err: "cannot be moved"},
		{name: "int 80 last", code: "5589e5cd80c3", want: Patch{base, 5, false}},
		{name: "int 80 before the last", code: "55cd8089e5c3", err: "return address"},
		{name: "system call before the last", code: "0f0589e55dc3", err: "return address"},
		{name: "indirect call last", code: "4889c7ffd0c3", want: Patch{base, 5, false}},
		{name: "pop of the flags", code: "5589e59d90c3", err: "cannot be moved"},
		{name: "mov ss", code: "5589e58ed0c3", err: "cannot be moved"},
		{name: "transaction", code: "c7f80000000090c3", err: "cannot be moved"},
		{name: "relative operand", code: "488b0500100000c3", want: Patch{base, 7, false}},
		{name: "operand relative to eip", code: "67488b0500100000c3", err: "cannot be moved"},
		{name: "not valid", code: "0fff0090909090c3", err: "cannot be moved"},
		{name: "return within", code: "31c0c3909090c3", want: Patch{base, 5, false}},
		{name: "two landing pads", code: "f30f1efaf30f1efa554889e5c3", err: "cannot be moved"},
		{name: "landing pad alone", code: "f30f1efac3", err: "ends before the jump"},
		{name: "nop behind endbr64", code: "f30f1efa0f1f440000c3", want: Patch{base + 4, 5, true}},
		{name: "probe on endbr64", code: "f30f1efa0f1f440000c3", s: Site{Probes: []uint64{base}}, want: Patch{base + 4, 5, true}},
		{name: "longer nop", code: "660f1f440000c3", want: Patch{base, 6, false}},
		{name: "far branch of the function", code: "5589e56a000f85f8ffffffc3", err: "refers to"},
		{name: "loop into it", code: "5589e56a00e2fac3", err: "refers to"},
		{name: "call into it", code: "5589e56a00e8f7ffffffc3", err: "refers to"},
		{name: "function cut short", code: "0f1f440000e8", err: "is not known"},
		{name: "i386", a: arch.I386, code: "5589e583ec08c3", want: Patch{base, 6, false}},
		{name: "i386: thunk of the PC", a: arch.I386, code: "e80000000058c3", want: Patch{base, 5, false}},
		{name: "i386: into", a: arch.I386, code: "5589e5ce90c3", err: "cannot be moved"},
		{name: "arm64", a: arch.ARM64, code: "fd7bbfa9c0035fd6", want: Patch{base, 4, false}},
		{name: "arm64: nop", a: arch.ARM64, code: "1f2003d5c0035fd6", want: Patch{base, 4, true}},
		{name: "arm64: behind bti", a: arch.ARM64, code: "5f2403d5fd7bbfa9c0035fd6", want: Patch{base + 4, 4, false}},
		{name: "arm64: paciasp", a: arch.ARM64, code: "3f2303d5fd7bbfa9c0035fd6", want: Patch{base + 4, 4, false}},
		{name: "arm64: address", a: arch.ARM64, code: "00000090c0035fd6", want: Patch{base, 4, false}},
		{name: "arm64: call", a: arch.ARM64, code: "00000094c0035fd6", want: Patch{base, 4, false}},
		{name: "arm64: not aligned", a: arch.ARM64, code: "1f2003d51f2003d5", at: 2, err: "cannot be overwritten"},
		{name: "arm64: brk", a: arch.ARM64, code: "000020d4c0035fd6", err: "cannot be moved"},
		{name: "arm64: barrier", a: arch.ARM64, code: "bf3b03d5c0035fd6", err: "cannot be moved"},
		{name: "arm64: exclusive load", a: arch.ARM64, code: "417c5fc821040091417c00c8c0035fd6", err: "cannot be moved"},
		{name: "arm64: exclusive sequence", a: arch.ARM64, code: "417c5fc821040091417c00c8c0035fd6", at: 4, err: "exclusive sequence"},
		{name: "arm64: behind one", a: arch.ARM64, code: "417c5fc821040091417c00c8c0035fd6", at: 12, want: Patch{base + 12, 4, false}},
		{name: "arm64: prefix", a: arch.ARM64, code: "41bc20042100a104c0035fd6", err: "its neighbour"},
		{name: "arm64: behind a prefix", a: arch.ARM64, code: "41bc20042100a104c0035fd6", at: 4, err: "its neighbour"},
		{name: "arm64: jump table", a: arch.ARM64, code: "1f2003d500021fd6", err: "unknown place"},
	} {
		if c.a == nil {
			c.a = arch.AMD64
		}
		code, err := hex.DecodeString(c.code)
		if err != nil {
			t.Fatal(err)
		}
		c.s.Addr, c.s.Base, c.s.Func = base+c.at, base, code
		got, err := Overwrite(c.a, &c.s)
		if c.err == "" {
			if err != nil || got != c.want {
				t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
			}
			continue
		}
		if !errors.Is(err, ErrOverwrite) || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %+v, %v; want %q", c.name, got, err, c.err)
		}
	}
}

// TestOverwriteArrivals lets something come to each byte of the instructions that a jump
// replaces, of the one before and of the one behind.
func TestOverwriteArrivals(t *testing.T) {
	const base = 0x401000
	// mov eax, edi; push rbp; mov rbp, rsp; sub rsp, 32; then jne to a byte of that, ret.
	code, err := hex.DecodeString("89f8" + "554889e54883ec20" + "7500" + "c3")
	if err != nil {
		t.Fatal(err)
	}
	const site, length = base + 2, 8
	for addr := uint64(base); addr < base+uint64(len(code)); addr++ {
		inside := addr > site && addr < site+length
		branch := bytes.Clone(code)
		branch[11] = byte(int(addr) - (base + 12))
		for _, c := range []struct {
			name  string
			s     Site
			wrong bool
		}{
			{"branch", Site{Func: branch}, inside},
			{"target", Site{Func: code, Targets: []uint64{addr}}, inside},
			{"thread", Site{Func: code, Threads: []uint64{addr}}, inside},
			{"probe", Site{Func: code, Probes: []uint64{addr}}, inside || addr == site},
		} {
			c.s.Addr, c.s.Base = site, base
			got, err := Overwrite(arch.AMD64, &c.s)
			if (err != nil) != c.wrong || err == nil && got != (Patch{site, length, false}) {
				t.Errorf("%s at byte %d: %+v, %v", c.name, int(addr)-site, got, err)
			}
		}
	}
}

func TestPatchJump(t *testing.T) {
	p := Patch{Addr: 0x401000, Len: 5}
	for _, c := range []struct {
		a    *arch.Arch
		to   uint64
		want string
	}{
		{arch.AMD64, 0x401005, "e900000000"},
		{arch.AMD64, 0x400000, "e9fbefffff"},
		{arch.AMD64, 0x700000000000, ""},
		{arch.I386, 0xf7000000, "e9fbefbff6"},
		{arch.ARM64, 0x401004, "01000014"},
		{arch.ARM64, 0x400ffc, "ffffff17"},
		{arch.ARM64, 0x401002, ""},
		{arch.ARM64, 0x10401000, ""},
	} {
		code, err := p.Jump(c.a, c.to)
		if hex.EncodeToString(code) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s to %#x: %x, %v; want %s", c.a.Name, c.to, code, err, c.want)
		}
	}
}

package step

import (
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
	} {
		code, err := hex.DecodeString(c.code)
		if err != nil {
			t.Fatal(err)
		}
		c.s.Addr, c.s.Base, c.s.Func = base+c.at, base, code
		got, err := Overwrite(arch.AMD64, &c.s)
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

package usdt

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// memory is a few bytes from an address on.
type memory struct {
	at uint64
	b  []byte
}

func (m memory) ReadAt(p []byte, addr uint64) (int, error) {
	off := addr - m.at
	if off > uint64(len(m.b)) || len(p) > len(m.b)-int(off) {
		return 0, errors.New("nothing there")
	}
	return copy(p, m.b[off:]), nil
}

// stack is at 0x1000: the numbers -1, -2, ... as 64-bit words.
func stack() memory {
	m := memory{at: 0x1000}
	for i := range 16 {
		m.b = binary.LittleEndian.AppendUint64(m.b, uint64(-1-i))
	}
	return m
}

func regs(a *arch.Arch, values map[string]uint64) *arch.Regs {
	r := &arch.Regs{Arch: a}
	for name, v := range values {
		if !r.Set(name, v) {
			panic(name)
		}
	}
	return r
}

var (
	amd64Regs = regs(arch.AMD64, map[string]uint64{"rax": 0x1122334455667788, "rdi": ^uint64(4), "rbp": 0x1040,
		"rsp": 0x1000, "rcx": 2, "r15": 77, "r8": 0xfffffff0, "fs_base": 0x1000})
	i386Regs  = regs(arch.I386, map[string]uint64{"eax": 0x55667788, "ebp": 0x1040, "esp": 0x1000})
	arm64Regs = regs(arch.ARM64, map[string]uint64{"x0": 0x1122334455667788, "x1": 2, "x2": 0xfffffffe, "x29": 0x1020, "x30": 9, "sp": 0x1000})
)

// argCases are arguments, and their values where they have one.
var argCases = []struct {
	r    *arch.Regs
	text string
	want int64
	err  string
}{
	{r: amd64Regs, text: "8@%rax", want: 0x1122334455667788},
	{r: amd64Regs, text: "-4@%eax", want: 0x55667788},
	{r: amd64Regs, text: "2@%ax", want: 0x7788},
	{r: amd64Regs, text: "-1@%al", want: -0x78},
	{r: amd64Regs, text: "1@%ah", want: 0x77},
	{r: amd64Regs, text: "-8@%rdi", want: -5},
	{r: amd64Regs, text: "4@%edi", want: 0xfffffffb},
	{r: amd64Regs, text: "-4@%edi", want: -5},
	{r: amd64Regs, text: "1@%dil", want: 0xfb},
	{r: amd64Regs, text: "4@%r15d", want: 77},
	{r: amd64Regs, text: "-4@%r8d", want: -16},
	{r: amd64Regs, text: "2@%r15w", want: 77},
	{r: amd64Regs, text: "1@%r15b", want: 77},
	{r: amd64Regs, text: "8@%r15", want: 77},
	{r: amd64Regs, text: "%rax", want: 0x1122334455667788},
	{r: amd64Regs, text: "-4@$5", want: 5},
	{r: amd64Regs, text: "-4@$-5", want: -5},
	{r: amd64Regs, text: "4@$-1", want: 0xffffffff},
	{r: amd64Regs, text: "8@$0xffffffffffffffff", want: -1},
	{r: amd64Regs, text: "8@$18446744073709551615", want: -1},
	{r: amd64Regs, text: "8@$3+4-2", want: 5},
	{r: amd64Regs, text: "-8@(%rsp)", want: -1},
	{r: amd64Regs, text: "-8@8(%rsp)", want: -2},
	{r: amd64Regs, text: "-4@-12(%rbp)", want: -1},
	{r: amd64Regs, text: "-8@-8(%rbp)", want: -8},
	{r: amd64Regs, text: "-8@(%rsp,%rcx,8)", want: -3},
	{r: amd64Regs, text: "-8@8(%rsp,%rcx,4)", want: -3},
	{r: amd64Regs, text: "-8@-2(%rsp,%rcx)", want: -1},
	{r: amd64Regs, text: "-8@0x1000(,%rcx,8)", want: -3},
	{r: amd64Regs, text: "-8@4096", want: -1},
	{r: amd64Regs, text: "-8@%fs:8", want: -2},
	{r: amd64Regs, text: "-8@16+8(%rsp)", want: -4},
	{r: amd64Regs, text: "8f@(%rsp)", want: -1},
	{r: amd64Regs, text: "8@here(%rip)", err: "no symbol here"},
	{r: amd64Regs, text: "8@here+8(%rip)", err: "no symbol here"},
	{r: amd64Regs, text: "-8@8(%rbp,%rcx,8)x", err: "unexpected text at 17"},
	{r: amd64Regs, text: "8@8(%rip)", err: "an address without a symbol at 8"},
	{r: amd64Regs, text: "8@%xmm0", err: "a register that is not kept at 3"},
	{r: amd64Regs, text: "8@%", err: "a register that is not kept at 3"},
	{r: amd64Regs, text: "8@(%ax)", err: "not a register of addresses at 4"},
	{r: amd64Regs, text: "8@(rax)", err: "')' is missing at 3"},
	{r: amd64Regs, text: "8@(%rsp", err: "')' is missing at 7"},
	{r: amd64Regs, text: "8@(%rsp,%rcx,3)", err: "invalid scale at 14"},
	{r: amd64Regs, text: "3@%rax", err: "invalid size at 0"},
	{r: amd64Regs, text: "8@", err: "a number or a symbol is missing at 2"},
	{r: amd64Regs, text: "8@$", err: "a number or a symbol is missing at 3"},
	{r: amd64Regs, text: "8@1_0", err: "invalid number at 2"},
	{r: amd64Regs, text: "8@0x10000(%rsp)", err: "nothing there"},
	{r: i386Regs, text: "4@%eax", want: 0x55667788},
	{r: i386Regs, text: "-4@-8(%ebp)", want: -8},
	{r: i386Regs, text: "-4@4(%esp)", want: -1},
	{r: i386Regs, text: "8@%rax", err: "a register that is not kept at 3"},
	{r: i386Regs, text: "4@%r8d", err: "a register that is not kept at 3"},
	{r: i386Regs, text: "1@%ah", want: 0x77},
	{r: arm64Regs, text: "8@x0", want: 0x1122334455667788},
	{r: arm64Regs, text: "-4@w2", want: -2},
	{r: arm64Regs, text: "8@w2", want: 0xfffffffe},
	{r: arm64Regs, text: "8@x30", want: 9},
	{r: arm64Regs, text: "8@sp", want: 0x1000},
	{r: arm64Regs, text: "4@wzr", want: 0},
	{r: arm64Regs, text: "-4@5", want: 5},
	{r: arm64Regs, text: "-4@#-5", want: -5},
	{r: arm64Regs, text: "-8@[sp]", want: -1},
	{r: arm64Regs, text: "-8@[sp, 16]", want: -3},
	{r: arm64Regs, text: "-8@[sp,#16]", want: -3},
	{r: arm64Regs, text: "-8@[x29, -8]", want: -4},
	{r: arm64Regs, text: "-8@[sp, x1, lsl 3]", want: -3},
	{r: arm64Regs, text: "-8@[sp, x1, lsl #3]", want: -3},
	{r: arm64Regs, text: "-8@[x29, w2, sxtw 3]", want: -3},
	{r: arm64Regs, text: "-8@[x29, w2, sxtw]", want: -262145},
	{r: arm64Regs, text: "8@x31", err: "a register that is not kept at 2"},
	{r: arm64Regs, text: "8@d0", err: "a register that is not kept at 2"},
	{r: arm64Regs, text: "8@[w0]", err: "not a register of addresses at 3"},
	{r: arm64Regs, text: "8@[x0, lsl 3]", err: "an offset that is no number at 7"},
	{r: arm64Regs, text: "8@[x0, x1, ror 3]", err: "unknown extension at 14"},
	{r: arm64Regs, text: "8@[x0, x1, lsl 9]", err: "invalid shift at 16"},
	{r: arm64Regs, text: "8@[sp, 16", err: "']' is missing at 9"},
}

func TestArgs(t *testing.T) {
	m := stack()
	for _, c := range argCases {
		args := ParseArgs(c.text, c.r.Arch)
		if len(args) != 1 {
			t.Errorf("%s, %q: %d arguments", c.r.Arch.Name, c.text, len(args))
			continue
		}
		got, err := args[0].Read(c.r, m)
		switch {
		case c.err == "" && (err != nil || int64(got) != c.want):
			t.Errorf("%s, %q: %d, %v; want %d", c.r.Arch.Name, c.text, int64(got), err, c.want)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s, %q: %v; want %s", c.r.Arch.Name, c.text, err, c.err)
		}
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		"":                           nil,
		" ":                          nil,
		"8@%rdi -4@$5 4@-12(%rbp)":   {"8@%rdi", "-4@$5", "4@-12(%rbp)"},
		" 8@x0  -4@[sp, 16] 4@[x1] ": {"8@x0", "-4@[sp, 16]", "4@[x1]"},
		"8@[x0, x1, lsl 3] 8@(%rax":  {"8@[x0, x1, lsl 3]", "8@(%rax"},
		"8@)%rax 4@%eax":             {"8@)%rax", "4@%eax"},
	} {
		if got := split(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestValues(t *testing.T) {
	p := Point{Probe: Probe{Args: ParseArgs("-4@%edi 4@%edi 8@%rax 8@%xmm0", arch.AMD64)}}
	want := []event.Value{
		{Form: event.FormInt, Num: ^uint64(4)}, {Form: event.FormUint, Num: 0xfffffffb},
		{Form: event.FormHex, Num: 0x1122334455667788}, {Form: event.FormSym, Str: "?"},
	}
	got := p.Args(amd64Regs, stack())
	for i := range want {
		if len(got) != len(want) || got[i].Form != want[i].Form || got[i].Num != want[i].Num || got[i].Str != want[i].Str {
			t.Fatalf("%+v", got)
		}
	}
}

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		text, provider, name string
		ok, match            bool
	}{
		{"python:function__entry", "python", "function__entry", true, true},
		{"python:*", "python", "gc__done", true, true},
		{"py*:gc__*", "python", "gc__done", true, true},
		{":gc__done", "python", "gc__done", true, true},
		{"libpython3*!python:line", "python", "line", true, true},
		{"python:gc", "python", "gc__done", true, false},
		{"lib:gc__done", "python", "gc__done", true, false},
		{"gc__done", "", "", false, false},
		{"a:b:c", "", "", false, false},
		{"!a:b", "", "", false, false},
		{"[:b", "", "", false, false},
	} {
		p, err := ParsePattern(c.text)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.text, err)
		} else if c.ok && p.Match(&Probe{Provider: c.provider, Name: c.name}) != c.match {
			t.Errorf("%s does not say %v of %s:%s", c.text, c.match, c.provider, c.name)
		}
	}
}

func FuzzArgs(f *testing.F) {
	for _, c := range argCases {
		f.Add(c.text, c.r.Arch.Name)
	}
	machines := map[string]*arch.Regs{"amd64": amd64Regs, "i386": i386Regs, "arm64": arm64Regs}
	f.Fuzz(func(t *testing.T, text, name string) {
		r := machines[name]
		if r == nil {
			return
		}
		for _, arg := range ParseArgs(text, r.Arch) {
			if arg.Size < 1 || arg.Size > 8 || arg.Text == "" {
				t.Errorf("%+v", arg)
			}
			var bad *ArgError
			if arg.Err != nil && (!errors.As(arg.Err, &bad) || bad.Pos > len(arg.Text)) {
				t.Errorf("%q: %v", arg.Text, arg.Err)
			}
			v, err := arg.Read(r, stack())
			if arg.Err != nil && err == nil || err == nil && !arg.Signed && arg.Size < 8 && v>>(8*arg.Size) != 0 {
				t.Errorf("%q: %#x, %v", arg.Text, v, err)
			}
		}
	})
}

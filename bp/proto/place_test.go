package proto

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/decode"
)

// TestPlaces lays functions out as AAPCS64 and Go have it; programs of the other conventions
// are run by TestDebugged. A place is registers, or the stack's offset, with * before the
// address of a value.
func TestPlaces(t *testing.T) {
	const types = `
		struct i2 { long a; long b; }
		struct i3 { long a; long b; long c; }
		struct f2 { float a; float b; }
		struct d4 { double a; double b; double c; double d; }
		struct d5 { double a; double b; double c; double d; double e; }
		struct mix { double a; int b; }
		struct one { int a[1]; }
		struct two { int a[2]; }
	`
	for _, c := range []struct{ conv, proto, want string }{
		{"arm64", "int f(int a, double b, string c);", "x0 v0 x1 -> x0"},
		{"arm64", "f2 f(d4 a, d4 b, d4 c, double d);", "v0+v1+v2+v3 v4+v5+v6+v7 0 32 -> v0+v1"},
		{"arm64", "mix f(mix a, i2 b, i3 c);", "x0+x1 x2+x3 *x4 -> x0+x1"},
		{"arm64", "i3 f(int a);", "x0 -> *none"},
		{"arm64", "d5 f(d5 a);", "*x0 -> *none"},
		{"arm64", "ldouble f(ldouble a);", "v0 -> v0"},
		{"arm64", "void f(long a, long b, long c, long d, long e, long f, long g, i2 h, int i, short j);", "x0 x1 x2 x3 x4 x5 x6 0 16 24 ->"},
		{"go", "int f(int a, double b, i2 c);", "rax v0 rbx+rcx -> rax"},
		{"go", "i2 f(one a, two b);", "rax 8 -> rax+rbx"},
		{"go", "two f(i3 a, i3 b, i3 c, int d, two e);", "rax+rbx+rcx rdi+rsi+r8 r9+r10+r11 8 12 -> 24"},
		{"goarm64", "int f(int a, i3 b);", "x0 x1+x2+x3 -> x0"},
		{"go386", "int f(int a, short b, i2 c);", "4 8 12 -> 20"},
		{"amd64", "i3 f(int a);", "rsi -> *rax"},
		{"amd64", "d4 f(d4 a, int b);", "8 rsi -> *rax"},
		{"386", "i2 f(short a, double b);", "8 12 -> *rax"},
	} {
		conv, a := conventionNamed(c.conv)
		lib, err := parse("f", types+c.proto, a, decode.Constants, baseTypes(a, decode.Constants))
		if err != nil {
			t.Fatal(err)
		}
		p := lib.funcs["f"]
		l := conv.layout(p.params, p.results)
		got := placesText(l.args, a) + " ->"
		if rets := placesText(l.rets, a); rets != "" {
			got += " " + rets
		}
		if got != c.want {
			t.Errorf("%s %s\ngot  %s\nwant %s", c.conv, c.proto, got, c.want)
		}
	}
}

func conventionNamed(name string) (*convention, *arch.Arch) {
	switch name {
	case "arm64":
		return newARM64(), arch.ARM64
	case "go":
		return newGo(arch.AMD64), arch.AMD64
	case "goarm64":
		return newGo(arch.ARM64), arch.ARM64
	case "go386":
		return newGo0(arch.I386), arch.I386
	case "386":
		return newI386(), arch.I386
	}
	return newAMD64(), arch.AMD64
}

func placesText(ps []place, a *arch.Arch) string {
	var out []string
	for _, p := range ps {
		s := ""
		if p.ref {
			s = "*"
		}
		var parts []string
		for _, r := range p.pieces {
			switch r.set {
			case general:
				parts = append(parts, regName(a, r.reg))
			case vector:
				parts = append(parts, fmt.Sprint("v", r.reg))
			default:
				parts = append(parts, fmt.Sprint("st", r.reg))
			}
		}
		switch {
		case p.none:
			s += "none"
		case len(parts) == 0:
			s += fmt.Sprint(p.stack)
		}
		out = append(out, s+strings.Join(parts, "+"))
	}
	return strings.Join(out, " ")
}

// regName names a register as the 64-bit program that has its slot does.
func regName(a *arch.Arch, slot int) string {
	if a == arch.I386 {
		a = arch.AMD64
	}
	for _, r := range a.Regs {
		if r.Index == slot {
			return r.Name
		}
	}
	return "?"
}

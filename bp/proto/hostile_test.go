package proto

import (
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// TestHostile makes values of types that no compiler writes.
func TestHostile(t *testing.T) {
	long := &Type{Kind: Int, Size: 8}
	vec := &Type{Kind: Vector, Size: 16, Count: 2, elem: long}
	for name, ty := range map[string]*Type{
		"a union of a number and a vector": {Kind: Union, Size: 16, fields: []Field{{Type: long}, {Type: vec}}},
		"a field far away":                 {Kind: Struct, Size: 16, fields: []Field{{Type: long, Off: 1<<63 - 4}, {Type: long, Off: -8}}},
		"a wide bit field":                 {Kind: Struct, Size: 8, fields: []Field{{Type: long, Bits: 64, BitOff: 1 << 20}}},
		"a slice without room":             {Kind: GoSlice, Size: 1},
		"text without room":                {Kind: Text, Size: 1},
		"an array of nothing":              {Kind: Array, Size: 8, Count: 8, elem: &Type{}},
		"a huge structure":                 {Kind: Struct, Size: maxSize, fields: []Field{{Type: &Type{Kind: Int, Size: maxSize}}}},
		"a pointer to a huge one":          {Kind: Pointer, Size: 8, Deref: true, elem: &Type{Kind: Struct, Size: maxSize}},
		"an odd float":                     {Kind: Float, Size: 3},
		"an odd complex":                   {Kind: Complex, Size: 7},
		"a number without size":            {Kind: Int},
	} {
		for _, conv := range []string{"amd64", "386", "arm64", "go", "go386"} {
			c, a := conventionNamed(conv)
			f := New(nil, Options{}).fresh(a, name, Debugged)
			f.conv, f.Params, f.Results = c, []Param{{Type: ty}, {Type: ty}}, []Param{{Type: ty}}
			r := &arch.Regs{Arch: a}
			r.SetSP(0x1000)
			mem := text{0x800, string(make([]byte, 4096))}
			call := f.Enter(r, mem)
			if n := len(call.Args(mem)); n != 2 {
				t.Errorf("%s, %s: %d arguments", name, conv, n)
			}
			call.Exit(r, mem)
		}
	}
	if self := (&Type{Kind: Array, elem: &Type{Kind: Struct, fields: []Field{{Type: long}}}}); !self.holds(long, map[*Type]bool{}) || self.holds(vec, map[*Type]bool{}) {
		t.Error("what holds what is wrong")
	}
}

package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/filter"
)

// calls lists the names in a set, with the number of those of the second ABI.
func calls(s *filter.SyscallSet) string {
	return fmt.Sprint(s.Numbers(0), s.Numbers(1))
}

// TestSetAlgebra holds what sets are together, and that they can be read as they are written.
func TestSetAlgebra(t *testing.T) {
	u := universe()
	read := func(expr string) *filter.SyscallSet {
		s, err := filter.ParseSyscalls(expr, u)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		return s
	}
	for _, c := range []struct{ a, op, b, want string }{
		{"read,write", "-", "read", "write"},
		{"read,write", "-", "close", "read,write"},
		{"read,write", "-", "all", "none"},
		{"all", "-", "read", "all,!read"},
		{"all", "-", "none", "all"},
		{"all", "-", "%file", ""},
		{"%file", "-", "%desc", ""},
		{"!read", "-", "write,close", "all,!close,!read,!write"},
		{"all", "&", "%file", "%file"},
		{"%file", "&", "all", "%file"},
		{"%desc", "&", "%file", ""},
		{"read", "&", "write", "none"},
		{"read", "|", "write", "read,write"},
		{"!read", "|", "read", "all"},
		{"read@64", "|", "write", "read@64,write"},
		{"all", "-", "read@32", "all,!read@32"},
		{"%signal,%ipc", "-", "kill", ""},
		{"all", "-", "%ipc", ""},
		{"socket", "-", "359@32", ""},
		{"none", "|", "none", "none"},
	} {
		a, b := read(c.a), read(c.b)
		got := map[string]func(*filter.SyscallSet) *filter.SyscallSet{"-": a.Minus, "&": a.Intersect, "|": a.Union}[c.op](b)
		if text := got.String(); c.want != "" && text != c.want {
			t.Errorf("%s %s %s is written as %s, want %s", c.a, c.op, c.b, text, c.want)
		}
		if again := read(got.String()); c.a != "socket" && calls(again) != calls(got) {
			t.Errorf("%s %s %s is written as %s, which is read as\n%s, not\n%s", c.a, c.op, c.b, got, calls(again), calls(got))
		}
		for i := range u.ABIs {
			for nr := range u.ABIs[i].Names {
				inA, inB := a.Has(i, nr), b.Has(i, nr)
				want := map[string]bool{"-": inA && !inB, "&": inA && inB, "|": inA || inB}[c.op]
				if got.Has(i, nr) != want {
					t.Errorf("%s %s %s: %s is %v", c.a, c.op, c.b, u.ABIs[i].Names[nr], !want)
				}
			}
		}
	}
	var none *filter.SyscallSet
	some := read("read")
	for want, got := range map[string]*filter.SyscallSet{
		"read": none.Union(some), "none": none.Minus(some), "none ": some.Intersect(none), "read ": some.Minus(none), "read  ": some.Union(none),
	} {
		if got.String() != strings.TrimSpace(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

package symbol

import (
	"errors"
	"strings"
	"testing"
)

func TestParseLoc(t *testing.T) {
	for text, want := range map[string]Loc{
		"main":                       {Name: "main"},
		"libc!malloc":                {Module: "libc", Name: "malloc"},
		"main+0x10":                  {Name: "main", Off: 16},
		"lib!f+12":                   {Module: "lib", Name: "f", Off: 12},
		"file.c:42":                  {File: "file.c", Line: 42},
		"lib!src/file.c:42":          {Module: "lib", File: "src/file.c", Line: 42},
		"0x401000":                   {Addr: 0x401000, HasAddr: true},
		"a.out!0x1139":               {Module: "a.out", Addr: 0x1139, HasAddr: true},
		"*alloc*":                    {Name: "*alloc*"},
		"lib*!get?":                  {Module: "lib*", Name: "get?"},
		"ns::Class::method":          {Name: "ns::Class::method"},
		"ns::f(int, char const*)":    {Name: "ns::f(int, char const*)"},
		"ns::C::operator+":           {Name: "ns::C::operator+"},
		"ns::C::operator++":          {Name: "ns::C::operator++"},
		"ns::C::operator+++0x4":      {Name: "ns::C::operator++", Off: 4},
		"ns::C::operator!":           {Name: "ns::C::operator!"},
		"lib!ns::C::operator!=":      {Module: "lib", Name: "ns::C::operator!="},
		"main.(*T).Method":           {Name: "main.(*T).Method"},
		"main.Map[...]":              {Name: "main.Map[...]"},
		"<T as core::fmt::Debug>::f": {Name: "<T as core::fmt::Debug>::f"},
		"[vdso]!__vdso_time":         {Module: "[vdso]", Name: "__vdso_time"},
		"f+x":                        {Name: "f+x"},
		"prog!0x4*":                  {Module: "prog", Name: "0x4*"},
		"malloc@plt":                 {Name: "malloc@plt"},
	} {
		if got, err := ParseLoc(text); err != nil || got != want {
			t.Errorf("ParseLoc(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestParseLocErrors(t *testing.T) {
	for text, pos := range map[string]int{
		"": 0, "lib!": 4, "!f": 0, "file.c:0": 7, "0x12g4": 4, "0x11112222333344445": 18,
		"lib!0xx": 6, " f": 0, "lib!f ": 4, "a\x01b": 1,
	} {
		_, err := ParseLoc(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Pos != pos {
			t.Errorf("ParseLoc(%q): %v, want an error at %d", text, err, pos)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*c", "abc", true}, {"a*c", "abcd", false},
		{"*ab*ab*", "xababx", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false}, {"[^a]x", "bx", true}, {"a[", "a[", true}, {"a/*", "a/b/c", true},
		{"f[]", "f[]", true}, {"*b*c", "abbc", true}, {"?", "", false},
	} {
		if got := glob(c.pattern, c.name); got != c.want {
			t.Errorf("glob(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
	if glob(strings.Repeat("*a", 50)+"b", strings.Repeat("a", 100000)) {
		t.Error("a pattern that cannot match did")
	}
}

// FuzzParseLoc holds that a place that is read is written as one that means the same.
func FuzzParseLoc(f *testing.F) {
	for _, s := range []string{"libc!malloc", "main+0x10", "file.c:42", "0x401000", "*alloc*", "a!b!c:1", "operator!", "+1", ":1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLoc(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(text) {
				t.Fatalf("ParseLoc(%q): %v", text, err)
			}
			return
		}
		again, err := ParseLoc(l.String())
		if err != nil || again != l {
			t.Fatalf("ParseLoc(%q) = %+v, written %q and read as %+v, %v", text, l, l, again, err)
		}
	})
}

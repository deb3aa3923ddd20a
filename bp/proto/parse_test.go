package proto

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/decode"
)

// TestEmbedded: the descriptions have no mistakes, for any architecture.
func TestEmbedded(t *testing.T) {
	most := map[string]int{}
	for _, a := range []*arch.Arch{arch.AMD64, arch.I386, arch.ARM64} {
		base, err := os.ReadFile(baseFile)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parse(baseFile, string(base), a, decode.Constants, nil); err != nil {
			t.Fatal(err)
		}
		for _, d := range embeddedDescriptions() {
			lib, err := parse(d.name, d.text, a, decode.Constants, baseTypes(a, decode.Constants))
			if err != nil {
				t.Errorf("%s: %v", a.Name, err)
				continue
			}
			if len(lib.patterns) == 0 {
				t.Errorf("%s: describes every file", d.name)
			}
			most[d.name] = len(lib.funcs)
		}
	}
	for name, n := range map[string]int{"lib/libc.proto": 400, "lib/libm.proto": 150, "lib/libssl.proto": 150, "lib/libz.proto": 60} {
		if most[name] < n {
			t.Errorf("%s: %d functions, want at least %d", name, most[name], n)
		}
	}
}

// TestParse reads descriptions of one mistake each. A case begins with the message.
func TestParse(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"int f(int a);", ""},
		{"noreturn void f();", ""},
		{"library \"a\" \"b\"; # comment\nint f(out int* p, ...) fails negative;", ""},
		{"struct s { int a; char b[3]; } s* f(s v);", ""},
		{"int f(string ...);", ""},
		{"int f(bytes(2*@n*m) p, int* n, int m);", ""},
		{"int f(int a, int b if a & 0x40);", ""},
		{"enum e { A, B = -1, C } e f(e x);", ""},
		{"int f(int a)", `f:1:13: ";" is wanted, not the end of the file`},
		{"int f(what a);", `f:1:7: no type is called "what"`},
		{"int\n  f(int);", `f:2:8: a parameter's name is wanted, not ")"`},
		{"int f(int a, int a);", `f:1:18: there are two parameters "a"`},
		{"int f(); int f();", `f:1:14: the function "f" is described twice`},
		{"int f(bytes(n) p);", `f:1:13: there is no parameter "n"`},
		{"int f(void v);", "f:1:7: a parameter of this type cannot be passed"},
		{"int f(out int a);", "f:1:11: only what an address points to can be output"},
		{"int f() fails often;", `f:1:15: negative, zero or nonzero is wanted, not "often"`},
		{"int f(int a if b & 1);", `f:1:16: there is no parameter "b" before`},
		{"alias a = b;", `f:1:11: no function "b" is described before`},
		{"type int = long;", `f:1:6: there is a type "int" already`},
		{"enum e { A B };", `f:1:12: "}" is wanted, not "B"`},
		{"struct s { };", "f:1:8: the structure has no fields"},
		{"struct s { char a[0]; };", "f:1:19: an array has 1 to 1024 elements"},
		{"struct s { char a[1024]; int b; };", "f:1:30: a structure has up to 1024 bytes"},
		{"library \"a;", `f:1:9: a " is missing`},
		{"int f(array(int, 0x) a);", `f:1:18: "0x" is no number`},
		{"int f(enum(no_such_table) a);", `f:1:12: there is no table "no_such_table"`},
		{"int f(enum(socket_domains, 3) a);", "f:1:28: a number has 1, 2, 4 or 8 bytes"},
		{"type t = bytes(n);", `f:1:16: a length belongs to a function's parameter`},
		{"int f(bytes(1*1*1*1*1) a);", "f:1:21: a length has up to four factors"},
		{"?", `f:1:1: a type is wanted, not "?"`},
	} {
		_, err := ParseDescription("f", c.src, decode.Constants)
		got := ""
		if err != nil {
			got = err.Error()
			var s *SyntaxError
			if !errors.As(err, &s) {
				t.Errorf("%q: %T", c.src, err)
			}
		}
		if got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

// FuzzParse: mistakes are errors with a place in the text, whatever it is.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("lib/*.proto")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for part := range strings.SplitSeq(string(text), "\n\n") {
			f.Add(part)
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		_, err := ParseDescription("f", src, nil)
		if err == nil {
			return
		}
		var s *SyntaxError
		if !errors.As(err, &s) {
			t.Fatalf("%T", err)
		}
		if lines := strings.Count(src, "\n") + 1; s.Line < 1 || s.Line > lines || s.Col < 1 || s.Col > len(src)+1 {
			t.Errorf("line %d, column %d of %d lines", s.Line, s.Col, lines)
		}
	})
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		format string
		scan   bool
		want   string
	}{
		{"plain %% %m\n", false, ""},
		{"%d%i %5.3d %-+ #0'5d", false, "int4 int4 int4 int4"},
		{"%hhd %hd %ld %lld %jd %zd %td %qd", false, "int1 int2 int8 int8 int8 int8 int8 int8"},
		{"%u %x %o %lX", false, "uint4 uint4 uint4 uint8"},
		{"%c %lc %C", false, "char1 char4 char4"},
		{"%s %.*s %ls %S", false, "string1 int4 string1 string4 string4"},
		{"%*d", false, "int4 int4"},
		{"%f %Lf %g %a", false, "float8 float16 float8 float8"},
		{"%p %n %hn", false, "pointer &int4 &int2"},
		{"%1$d", false, ""},
		{"%d %!", false, "int4"},
		{"%", false, ""},
		{"%l", false, ""},
		{"%d %ld %hhu", true, "&int4 &int8 &uint1"},
		{"%*d %d", true, "&int4"},
		{"%f %lf %Lf", true, "&float4 &float8 &float16"},
		{"%s %10s %[^]a] %[]] %c %5c", true, "string1 string1 string1 string1 &char1 &char1"},
		{"%ms %d", true, ""},
		{"%p %n", true, "&pointer &int4"},
	} {
		var got []string
		for _, ty := range formatTypes(c.format, c.scan, 8, "amd64") {
			got = append(got, typeText(ty))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: got %s, want %s", c.format, s, c.want)
		}
	}
}

func typeText(t *Type) string {
	names := map[Kind]string{Int: "int", Uint: "uint", Char: "char", Float: "float"}
	switch {
	case t.Kind == Pointer && t.Deref:
		return "&" + typeText(t.Elem())
	case t.Kind == Pointer:
		return "pointer"
	case t.Kind == String:
		return "string" + string(rune('0'+t.Width))
	case t.Size == 16:
		return names[t.Kind] + "16"
	}
	return names[t.Kind] + string(rune('0'+t.Size))
}

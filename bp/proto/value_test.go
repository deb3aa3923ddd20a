package proto

import (
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// text is a memory that has only some bytes at an address.
type text struct {
	at   uint64
	data string
}

func (m text) ReadAt(p []byte, addr uint64) (int, error) {
	if addr < m.at || addr >= m.at+uint64(len(m.data)) {
		return 0, errNoRegister
	}
	n := copy(p, m.data[addr-m.at:])
	if n < len(p) {
		return n, errNoRegister
	}
	return n, nil
}

// TestGuess calls a function that nothing is known of.
func TestGuess(t *testing.T) {
	mem := text{0x10000, "words\x00x\x00\x01\x02\x00no end"}
	r := &arch.Regs{Arch: arch.AMD64}
	f := New(nil, Options{}).guess(arch.AMD64, "f")
	for _, c := range []struct {
		word uint64
		want string
	}{
		{0, "0"}, {7, "7"}, {^uint64(0), "-1"}, {0xfffffffe, "-2"}, {0xffff, "65535"}, {0x20000, "0x20000"},
		{0x10000, `"words"`}, {0x10006, `"x"`}, {0x10008, "0x10008"}, {0x1000b, `"no end"...`}, {0x1000f, "0x1000f"},
		{1 << 63, "0x8000000000000000"},
	} {
		r.Set("rdi", c.word)
		r.Set("rax", c.word)
		args := f.Args(r, mem)
		if len(args) != 4 {
			t.Fatalf("%d arguments", len(args))
		}
		want := "f(" + c.want + ") = " + c.want
		if got := callText("f", args[:1], f.Result(r, mem)); got != want {
			t.Errorf("%#x: got %s, want %s", c.word, got, want)
		}
	}
}

func TestFloats(t *testing.T) {
	for _, c := range []struct {
		bytes string
		quad  bool
		want  string
	}{
		{"\x00\x3e", false, "1.5"},
		{"\x01\x00", false, "5.960464477539063e-08"},
		{"\x00\xfc", false, "-inf"},
		{"\x00\x00\xc0\x3f", false, "1.5"},
		{"\x00\x00\x00\x00\x00\x00\xf8\xbf", false, "-1.5"},
		{"\x00\x00\x00\x00\x00\x00\x00\xc0\xff\x3f", false, "1.5"},
		{"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80", false, "-0"},
		{"\x00\x00\x00\x00\x00\x00\x00\x80\xff\x7f", false, "inf"},
		{"\x00\x00\x00\x00\x00\x00\x00\xc0\xff\xff", false, "nan"},
		{strings.Repeat("\x00", 13) + "\x80\xff\x3f", true, "1.5"},
		{strings.Repeat("\x00", 14) + "\xff\x7f", true, "inf"},
		{strings.Repeat("\x00", 16), true, "0"},
	} {
		v := float(&Type{Kind: Float, Size: int64(len(c.bytes)), Quad: c.quad}, []byte(c.bytes))
		if got := callText("f", []event.Value{v}, event.Value{}); got != "f("+c.want+") = <void>" {
			t.Errorf("%q: got %s, want %s", c.bytes, got, c.want)
		}
	}
}

// TestUnreadable: what cannot be read is shown as such.
func TestUnreadable(t *testing.T) {
	const args = "string a, int b, long c, long d, long e, long f, long g"
	for _, c := range []struct{ proto, want string }{
		{"void f(" + args + ");", "f(0x5000, 0, 0, 0, 0, 0, ?) = <void>"},
		{"void f(string a, double b, tm* c);", "f(0x5000, ?, NULL) = <void>"},
		{"double f(bytes(8) a);", "f(0x5000) = ?"},
		{"void f(strings a, long* b, array(int, 2) c);", "f(0x5000, NULL, NULL) = <void>"},
	} {
		d, err := ParseDescription("f", c.proto, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := &arch.Regs{Arch: arch.AMD64}
		r.Set("rdi", 0x5000)
		f := New(nil, Options{Descriptions: []Description{d}}).described("", "f", arch.AMD64)
		if got := callText("f", f.Args(r, text{}), f.Result(r, text{})); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// BenchmarkCall is what a call of a described function costs beside the stops.
func BenchmarkCall(b *testing.B) {
	mem := text{0x10000, "some text\x00"}
	r := &arch.Regs{Arch: arch.AMD64}
	r.Set("rdi", 0x10000)
	f := New(nil, Options{}).described("libc.so.6", "strlen", arch.AMD64)
	b.ReportAllocs()
	for b.Loop() {
		c := f.Enter(r, mem)
		c.Args(mem)
		c.Exit(r, mem)
	}
}

// BenchmarkFirst is the first look into the descriptions.
func BenchmarkFirst(b *testing.B) {
	for b.Loop() {
		New(nil, Options{}).described("libc.so.6", "strlen", arch.AMD64)
	}
}

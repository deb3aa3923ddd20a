package disasm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata/*.txt")

const tablePC = 0x401000

var archByName = map[string]*arch.Arch{"amd64": arch.AMD64, "i386": arch.I386, "arm64": arch.ARM64}

// describe gives what a line of the tables says behind the bytes.
func describe(a *arch.Arch, code []byte) string {
	in, err := Decode(a, code, tablePC)
	if err != nil {
		return "error | " + err.Error()
	}
	class := in.Class.String()
	if in.Target != 0 {
		class += fmt.Sprintf(" %#x", in.Target)
	}
	p := Printer{Arch: a}
	return fmt.Sprintf("%d %s | %s", in.Len, class, p.Text(in, code, tablePC))
}

// TestTables decodes each line of the tables: architecture and bytes | length, class and
// target | text. Other bytes follow, which must make no difference.
func TestTables(t *testing.T) {
	for _, file := range []string{"testdata/x86.txt", "testdata/arm64.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		n := 0
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				fmt.Fprintln(&out, line)
				continue
			}
			n++
			key, want, _ := strings.Cut(line, " | ")
			name, digits, _ := strings.Cut(key, " ")
			code, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatalf("%s: %s: %v", file, line, err)
			}
			got := describe(archByName[name], code)
			fmt.Fprintf(&out, "%s | %s\n", key, got)
			if got != want && !*update {
				t.Errorf("%s: %s\n got %s\nwant %s", file, key, got, want)
			}
			trailing(t, archByName[name], code)
		}
		if n < 50 {
			t.Errorf("%s has only %d lines", file, n)
		}
		if *update {
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// trailing decodes code with what follows it changed.
func trailing(t *testing.T, a *arch.Arch, code []byte) {
	t.Helper()
	want, err := Decode(a, code, tablePC)
	if err != nil {
		return
	}
	for _, tail := range [][]byte{bytes.Repeat([]byte{0}, 16), bytes.Repeat([]byte{0xff}, 16), bytes.Repeat([]byte{0x66}, 1)} {
		got, err := Decode(a, append(code[:len(code):len(code)], tail...), tablePC)
		if got != want || err != nil {
			t.Errorf("% x with % x behind it: %+v, %v; alone %+v", code, tail, got, err, want)
		}
	}
	if got, err := Decode(a, code[:want.Len-1], tablePC); !errors.Is(err, ErrTruncated) || got != (Inst{}) {
		t.Errorf("% x without its last byte: %+v, %v", code, got, err)
	}
}

// FuzzDecode holds what callers rely on for any bytes: no panic, a length from 1 to 15
// that is within the input, and no dependence on the bytes behind the instruction.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"testdata/x86.txt", "testdata/arm64.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			key, _, _ := strings.Cut(line, " | ")
			name, digits, _ := strings.Cut(key, " ")
			if code, err := hex.DecodeString(digits); err == nil && archByName[name] != nil {
				f.Add(code, uint64(tablePC))
			}
		}
	}
	f.Fuzz(func(t *testing.T, code []byte, pc uint64) {
		for _, a := range archByName {
			in, err := Decode(a, code, pc)
			if err != nil {
				if in != (Inst{}) {
					t.Errorf("%s % x: %v with %+v", a.Name, code, err, in)
				}
				continue
			}
			if in.Len < 1 || in.Len > MaxLen || int(in.Len) > len(code) {
				t.Fatalf("%s % x: length %d", a.Name, code, in.Len)
			}
			exact := bytes.Clone(code[:in.Len])
			if again, err := Decode(a, exact, pc); again != in || err != nil {
				t.Errorf("%s % x: %+v, %v; with more bytes %+v", a.Name, exact, again, err, in)
			}
			if _, err := Decode(a, exact[:in.Len-1], pc); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s % x: without the last byte: %v", a.Name, exact, err)
			}
			in.Mem()
			in.Names()
			for _, s := range []Syntax{GNU, Intel, Go} {
				p := Printer{Arch: a, Syntax: s}
				if p.Text(in, code, pc) == "" {
					t.Errorf("%s % x: no text", a.Name, exact)
				}
			}
		}
	})
}

package disasm

import (
	"testing"

	"github.com/gotrace/gotrace/arch"
	"golang.org/x/arch/x86/x86asm"
)

// benchCode is what compilers emit: the prologue, loads, calls and vector code of a loop.
var benchCode = unhex(`
	55 4889e5 4157 4156 53 4883ec28 64488b042528000000 488945c8 31c0 4c8d35a1b20100
	488b4710 4885c0 7412 8b5308 39d1 0f8ca0000000 e81bf2ffff 4989c4 0fb65c2410 c5fa6f06
	c5fd7f4620 660f6f0d00100000 62f17c4810442401 f30f1efa 83f80a 4c8b642408 48c7c0ffffffff c3`)

func BenchmarkDecodeAMD64(b *testing.B) {
	b.ReportAllocs()
	code := append(benchCode, make([]byte, 16)...)
	var sum uint64
	for off := 0; b.Loop(); {
		in, err := Decode(arch.AMD64, code[off:], 0x401000)
		if err != nil {
			b.Fatal(err)
		}
		sum += in.Target
		if off += int(in.Len); off >= len(benchCode) {
			off = 0
		}
	}
}

func BenchmarkX86asm(b *testing.B) {
	b.ReportAllocs()
	code := append(benchCode, make([]byte, 16)...)
	for off := 0; b.Loop(); {
		in, err := x86asm.Decode(code[off:], 64)
		if err != nil || in.Op == 0 {
			off++
			off %= len(benchCode)
			continue
		}
		if off += in.Len; off >= len(benchCode) {
			off = 0
		}
	}
}

func unhex(s string) []byte {
	var b []byte
	hi, odd := byte(0), false
	for _, c := range []byte(s) {
		switch {
		case c >= 'a':
			c -= 'a' - 10
		case c >= '0':
			c -= '0'
		default:
			continue
		}
		if odd {
			b = append(b, hi<<4|c)
		}
		hi, odd = c, !odd
	}
	return b
}

package disasm

import (
	"testing"
	"time"

	"github.com/gotrace/gotrace/arch"
	"golang.org/x/arch/x86/x86asm"
)

// benchCode is what compilers emit: the prologue, loads, calls and vector code of a loop.
var benchCode = unhex(`
	55 4889e5 4157 4156 53 4883ec28 64488b042528000000 488945c8 31c0 4c8d35a1b20100
	488b4710 4885c0 7412 8b5308 39d1 0f8ca0000000 e81bf2ffff 4989c4 0fb65c2410 c5fa6f06
	c5fd7f4620 660f6f0d00100000 62f17c4810442401 f30f1efa 83f80a 4c8b642408 48c7c0ffffffff c3`)

// armBench is the same for arm64: a prologue, loads, branches, an atomic.
var armBench = unhex(`
	fd7bbea9 fd030091 f30b00f9 00000090 00a40391 010840f9 3f0000f1 80000054 61000034 03000094
	417c5f88 41fcf8c8 e20308aa 40004239 0044281e 420c40b9 2000a0f8 bf2303d5 fd7bc2a8 c0035fd6`)

func BenchmarkDecode(b *testing.B) {
	for _, m := range []struct {
		a    *arch.Arch
		code []byte
	}{{arch.AMD64, benchCode}, {arch.ARM64, armBench}} {
		b.Run(m.a.Name, func(b *testing.B) {
			b.ReportAllocs()
			code := append(m.code[:len(m.code):len(m.code)], make([]byte, 16)...)
			var sum uint64
			for off := 0; b.Loop(); {
				in, err := Decode(m.a, code[off:], 0x401000)
				if err != nil {
					b.Fatal(err)
				}
				sum += in.Target
				if off += int(in.Len); off >= len(m.code) {
					off = 0
				}
			}
		})
	}
}

// BenchmarkText compares decoding with text to what x86asm alone takes. It goes by our
// lengths, since x86asm would lose its way.
func BenchmarkText(b *testing.B) {
	each := benchInsts(b)
	b.Run("disasm", func(b *testing.B) {
		p := Printer{Arch: arch.AMD64}
		for i := 0; b.Loop(); i++ {
			code := each[i%len(each)]
			in, _ := Decode(arch.AMD64, code, 0x401000)
			p.Text(in, code, 0x401000)
		}
	})
	b.Run("x86asm", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			in, err := x86asm.Decode(each[i%len(each)], 64)
			if err == nil && in.Op != 0 {
				x86asm.GNUSyntax(in, 0x401000, nil)
			}
		}
	})
}

func BenchmarkX86asmDecode(b *testing.B) {
	code := append(benchCode[:len(benchCode):len(benchCode)], make([]byte, 16)...)
	for off := 0; b.Loop(); {
		in, err := x86asm.Decode(code[off:], 64)
		if err != nil || in.Op == 0 {
			in.Len = 1
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

// BenchmarkRatio decodes the same instructions here and with x86asm in turns, so that the
// ratios hold on a machine that others use, too.
func BenchmarkRatio(b *testing.B) {
	each := benchInsts(b)
	p := Printer{Arch: arch.AMD64}
	for _, c := range []struct {
		name         string
		ours, theirs func(code []byte)
	}{
		{"decode", func(code []byte) { Decode(arch.AMD64, code, 0x401000) }, func(code []byte) { x86asm.Decode(code, 64) }},
		{"text", func(code []byte) {
			in, _ := Decode(arch.AMD64, code, 0x401000)
			p.Text(in, code, 0x401000)
		}, func(code []byte) {
			if in, err := x86asm.Decode(code, 64); err == nil && in.Op != 0 {
				x86asm.GNUSyntax(in, 0x401000, nil)
			}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var ours, theirs time.Duration
			n := 0
			for b.Loop() {
				start := time.Now()
				for _, code := range each {
					c.ours(code)
				}
				middle := time.Now()
				for _, code := range each {
					c.theirs(code)
				}
				ours += middle.Sub(start)
				theirs += time.Since(middle)
				n += len(each)
			}
			b.ReportMetric(float64(ours)/float64(n), "ns/ours")
			b.ReportMetric(float64(theirs)/float64(n), "ns/x86asm")
			b.ReportMetric(float64(ours)/float64(theirs), "ratio")
		})
	}
}

// benchInsts are the instructions of benchCode.
func benchInsts(b *testing.B) (each [][]byte) {
	for code := benchCode; len(code) > 0; {
		in, err := Decode(arch.AMD64, code, 0)
		if err != nil {
			b.Fatal(err)
		}
		each = append(each, code[:in.Len])
		code = code[in.Len:]
	}
	return each
}

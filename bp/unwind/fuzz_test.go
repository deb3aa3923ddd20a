package unwind

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
)

// seedFrame is an .eh_frame of one CIE ("zR") and one FDE for 0x1000 to 0x1100.
func seedFrame() []byte {
	var b []byte
	entry := func(body ...byte) {
		for len(body)%4 != 0 {
			body = append(body, cfaNop)
		}
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(body))), body...)
	}
	entry(0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, encData4, cfaDefCFA, 7, 8, cfaOffset<<6|16, 1)
	id := byte(len(b) + 4)
	entry(id, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, cfaAdvanceLoc<<6|1, cfaDefCFAOffset, 16, cfaOffset<<6|6, 2,
		cfaRememberState, cfaAdvanceLoc1, 3, cfaDefCFARegister, 6, cfaAdvanceLoc2, 4, 0, cfaRestoreState,
		cfaDefCFAExpression, 3, opBreg0+7, 8, opDeref, cfaExpression, 3, 2, opLit0, opNeg, cfaNegateRAState)
	return b
}

// FuzzCFI reads arbitrary bytes as call frame information: entries, headers and what they lead to.
func FuzzCFI(f *testing.F) {
	f.Add(seedFrame(), uint64(0x1000), true)
	f.Add(seedFrame(), uint64(0x1008), true)
	f.Add([]byte{16, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 4, 0, 8, 0, 1, 0x78, 16, 12, 7, 8, 0, 0}, uint64(0), false)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, uint64(1), false)
	f.Fuzz(func(t *testing.T, data []byte, pc uint64, eh bool) {
		for _, m := range [...]*machine{amd64, i386, arm64} {
			s := &section{machine: m, data: data, addr: 0x4000, eh: eh, text: 0x1000, got: 0x2000}
			if fde, ok := s.find(pc); ok {
				if pc < fde.lo || pc >= fde.hi {
					t.Fatalf("%#x is not in %#x-%#x", pc, fde.lo, fde.hi)
				}
				walkOne(s.step(fde, pc), m, pc)
			}
			if h, ok := readHeader(m, data, 0x4000); ok && h.table != nil {
				h.find(pc)
			}
			for off := range min(len(data), 64) {
				s.fdeAt(off)
			}
		}
	})
}

// walkOne goes from one frame to its caller.
func walkOne(st *step, m *machine, pc uint64) {
	if st == nil {
		return
	}
	u := New(symbol.NewCache().Space(0))
	u.mem.reset(block{0x1000, make([]byte, 4096)})
	f := frame{state: newState(m, &arch.Regs{Arch: m.arch})}
	f.pc = pc
	for i := range m.regs {
		f.set(i, 0x1000+uint64(i)*16)
	}
	var up link
	if u.apply(&f, st, &up) {
		up.accept(&f)
	}
}

// FuzzExpression evaluates arbitrary bytes.
func FuzzExpression(f *testing.F) {
	f.Add([]byte{0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22})
	f.Add([]byte{opLit0, opDup, opSkip, 0xfc, 0xff})
	f.Fuzz(func(t *testing.T, code []byte) {
		u := &Unwinder{}
		u.mem.reset(block{0, make([]byte, 256)})
		s := state{machine: amd64}
		for i := range amd64.regs {
			s.set(i, uint64(i))
		}
		u.eval(&s, code)
		u.eval(&s, code, 16)
	})
}

// FuzzGoTable reads arbitrary bytes as the function table of a Go program.
func FuzzGoTable(f *testing.F) {
	head := binary.LittleEndian.AppendUint32(nil, goMagic120)
	head = append(head, 0, 0, 1, 8)
	for _, w := range []uint64{1, 0, 0, 72, 72, 72, 76, 84, 0} {
		head = binary.LittleEndian.AppendUint64(head, w)
	}
	f.Add(append(head, bytes.Repeat([]byte{2, 1, 0, 0}, 40)...), uint64(0x1000))
	f.Add(head, uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, pc uint64) {
		tab := newGoTable(data, 0x1000)
		if tab == nil {
			return
		}
		for _, m := range [...]*machine{amd64, arm64} {
			walkOne(tab.step(m, pc), m, pc)
		}
	})
}

// FuzzGuess walks arbitrary code and stacks without tables.
func FuzzGuess(f *testing.F) {
	f.Add([]byte{0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3}, []byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(2))
	f.Add([]byte{0xfd, 0x7b, 0xbf, 0xa9, 0xfd, 0x03, 0x00, 0x91, 0xfd, 0x7b, 0xc1, 0xa8, 0xc0, 0x03, 0x5f, 0xd6}, []byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, code, stack []byte, pc uint8) {
		for _, a := range [...]*arch.Arch{arch.AMD64, arch.I386, arch.ARM64} {
			r := &arch.Regs{Arch: a}
			for i := range r.R {
				r.R[i] = 0x2000
			}
			r.SetPC(0x10000 + uint64(pc))
			u := New(symbol.NewCache().Space(0))
			if n := len(u.Frames(r, two{{0x2000, stack}, {0x10000, code}}, 0)); n > Most {
				t.Fatalf("%d frames", n)
			}
		}
	})
}

// BenchmarkFrames finds a stack of ten frames, whose rules are known.
func BenchmarkFrames(b *testing.B) {
	d := debug(b, compile(b, "gcc", "stacks.c", "-O2", "-g"), "deep")
	s, ok := d.next(b)
	if !ok {
		b.Fatal("the program has ended")
	}
	sp := symbol.NewCache().Space(s.pid)
	if err := sp.Refresh(); err != nil {
		b.Fatal(err)
	}
	u, mem := New(sp), file{memory(b, s.pid)}
	if n := len(u.Frames(&s.regs, mem, 0)); n < 10 {
		b.Fatalf("%d frames", n)
	}
	for name, find := range map[string]func(*arch.Regs, file) int{
		"walk": func(r *arch.Regs, m file) (n int) {
			u.walk(r, m, func(Frame, *symbol.Module, uint64) bool { n++; return n < 10 })
			return n
		},
		"names": func(r *arch.Regs, m file) int { return len(u.Names(r, m, 10)) },
		"lines": func(r *arch.Regs, m file) int { return len(u.Frames(r, m, 10)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				find(&s.regs, mem)
			}
		})
	}
}

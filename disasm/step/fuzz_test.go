package step

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// nowhere is memory that cannot be used.
type nowhere struct{}

func (nowhere) ReadAt([]byte, uint64) (int, error)  { return 0, errors.ErrUnsupported }
func (nowhere) WriteAt([]byte, uint64) (int, error) { return 0, errors.ErrUnsupported }

// FuzzNew holds what callers rely on for any bytes and registers: no panic, a copy that
// decodes to the same instruction at the slot and names the same address, and that
// Fixup undoes Start.
func FuzzNew(f *testing.F) {
	var text []byte
	for _, file := range []string{"testdata/x86.txt", "testdata/arm64.txt"} {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		text = append(text, b...)
	}
	for line := range strings.Lines(string(text)) {
		key, _, _ := strings.Cut(line, " | ")
		if c, err := parseCase(key); err == nil {
			f.Add(c.code, uint64(tablePC), c.slot, c.r.SP(), byte(0))
			f.Add(c.code, uint64(tablePC), c.slot, c.r.SP(), byte(1))
		}
	}
	f.Fuzz(func(t *testing.T, code []byte, pc, slot, reg uint64, options byte) {
		o := Options{Boost: options&1 != 0, ShadowStack: options&2 != 0, Rseq: options&4 != 0, Hardware: options&8 != 0}
		for _, a := range []*arch.Arch{arch.AMD64, arch.I386, arch.ARM64} {
			if a == arch.I386 {
				pc, slot = uint64(uint32(pc)), uint64(uint32(slot))
			}
			in, err := disasm.Decode(a, code, pc)
			if err != nil {
				continue
			}
			if _, err := New(a, in, code, pc, nil, slot, o); err != nil && !errors.Is(err, ErrExclusive) {
				t.Errorf("%s % x without registers: %v", a.Name, code, err)
			}
			r := arch.Regs{Arch: a}
			for i := range r.R {
				r.R[i] = reg
			}
			r.SetPC(pc)
			p, err := New(a, in, code, pc, &r, slot, o)
			if err == nil {
				checkPlan(t, &p, in, code, r)
			}
		}
	})
}

func checkPlan(t *testing.T, p *Plan, in disasm.Inst, code []byte, r arch.Regs) {
	if p.Why == "" || len(p.Next()) > 2 || len(p.Code()) > MaxCode {
		t.Fatalf("% x: %+v", code, p)
	}
	before := r
	switch p.Method {
	case Emulate:
		if err := p.Emulate(&r, nowhere{}); err != nil && r != before {
			t.Errorf("% x: %v, but the registers have changed", code, err)
		}
		return
	case Displaced:
	default:
		return
	}
	if in.Class == disasm.Unknown || !in.Has(disasm.Valid) {
		t.Errorf("% x: %v is displaced", code, in.Class)
	}
	p.Start(&r)
	if r.PC() != p.Slot {
		t.Errorf("% x: starts at %#x", code, r.PC())
	}
	if p.arch != arch.ARM64 {
		checkCopy(t, p, in, &r)
	}
	// A fault on the copy leaves everything as it was.
	p.Fixup(&r)
	if r != before && !(p.call && before.R[x86Slots[rcx]] == p.Slot+2) {
		t.Errorf("% x: registers after a fault %+v, before %+v", code, r, before)
	}
	r.SetPC(p.Slot + uint64(p.length))
	p.Fixup(&r)
	if want := p.width(p.PC + uint64(p.length)); !p.leaves && r.PC() != want {
		t.Errorf("% x: ends at %#x, want %#x", code, r.PC(), want)
	}
}

// checkCopy decodes what is in the slot.
func checkCopy(t *testing.T, p *Plan, in disasm.Inst, r *arch.Regs) {
	got, err := disasm.Decode(p.arch, p.Code(), p.Slot)
	if err != nil || got.Len != in.Len || got.Op() != in.Op() || got.Map() != in.Map() || got.ModRM()&0x38 != in.ModRM()&0x38 {
		t.Fatalf("% x becomes % x: %+v, %v", p.PC, p.Code(), got, err)
	}
	if in.Has(disasm.PCRelMem) {
		addr := got.Target
		if p.scr != disasm.RegNone {
			m, _ := got.Mem()
			if m.Base != p.scr || m.Index != disasm.RegNone || in.Names()>>p.scr&1 != 0 {
				t.Errorf("% x: operand %+v instead of %v", p.Code(), m, p.scr)
			}
			addr = r.R[x86Slots[m.Base]] + uint64(m.Disp)
		}
		if addr != in.Target {
			t.Errorf("% x names %#x, not %#x", p.Code(), addr, in.Target)
		}
	}
	if !p.Boosted || p.leaves {
		return
	}
	tail := p.Code()[in.Len:]
	jump, err := disasm.Decode(p.arch, tail, p.Slot+uint64(in.Len))
	want := p.width(p.PC + uint64(in.Len))
	if err != nil || jump.Class == disasm.Jump && jump.Target != want ||
		jump.Class != disasm.Jump && binary.LittleEndian.Uint64(tail[6:]) != want {
		t.Errorf("% x does not jump back to %#x: %+v, %v", p.Code(), want, jump, err)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, line := range []string{"amd64 4889e5", "amd64 488d0510000000 far", "amd64 55", "amd64 7410", "amd64 ff5424f8", "amd64 4889e5 boost"} {
		c, err := parseCase(line)
		if err != nil {
			b.Fatal(err)
		}
		in, err := disasm.Decode(c.a, c.code, tablePC)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.ReplaceAll(line, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := New(c.a, in, c.code, tablePC, &c.r, c.slot, c.o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAllocations holds that planning and carrying out a plan allocate nothing.
func TestAllocations(t *testing.T) {
	for _, line := range []string{"amd64 488d0510000000 far", "amd64 55", "amd64 7410", "amd64 4889e5 boost", "amd64 0f05 rax=39"} {
		c, err := parseCase(line)
		if err != nil {
			t.Fatal(err)
		}
		in, err := disasm.Decode(c.a, c.code, tablePC)
		if err != nil {
			t.Fatal(err)
		}
		p := new(Plan)
		r := new(arch.Regs)
		n := testing.AllocsPerRun(100, func() {
			*r = c.r
			*p, _ = New(c.a, in, c.code, tablePC, r, c.slot, c.o)
			if p.Method == Emulate {
				_ = p.Emulate(r, nowhere{})
			} else {
				p.Start(r)
				p.Fixup(r)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}

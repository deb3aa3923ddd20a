package step

import (
	"encoding/binary"
	"errors"
	"flag"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

var lengthCases = flag.Int("lengths", 30000, "instructions whose length the CPU tells, for each architecture")

// Prefixes and beginnings of encodings that random bytes rarely hit.
var (
	legacyPrefixes = []byte{0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65}
	escapes        = [][]byte{{0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}, {0x0f, 0x0f}, {0x0f, 0x01}, {0x0f, 0xae}, {0x0f, 0xc7}, {0xd8}, {0xf6}, {0xf7}, {0xa0}, {0xc8}}
)

// bytes15 fills code with random bytes that look like an instruction.
func (g *generator) bytes15(code []byte) {
	g.fill(code)
	n := 0
	for ; n < 13 && g.IntN(3) == 0; n++ {
		code[n] = legacyPrefixes[g.IntN(len(legacyPrefixes))]
	}
	code = code[n:]
	if g.IntN(64) == 0 {
		return
	}
	if g.a == arch.AMD64 && g.IntN(4) == 0 {
		code[0] = 0x40 | code[0]&15
		code = code[1:]
	}
	copy(code, g.start())
}

// start begins an encoding whose maps are sparse.
func (g *generator) start() []byte {
	b := byte(g.Uint32())
	if g.a == arch.I386 {
		b |= 0xc0 // else les, lds, bound
	}
	switch g.IntN(12) {
	case 0, 1:
		return escapes[g.IntN(len(escapes))]
	case 2:
		return []byte{0xc5, b | byte(g.IntN(2)*0x78)}
	case 3, 4:
		return []byte{0xc4, b&0xe0 | byte(1+g.IntN(3)), byte(g.Uint32()) | byte(g.IntN(2)*0x78)}
	case 5:
		return []byte{0x8f, b&0xe0 | byte(8+g.IntN(3))}
	case 6, 7:
		return []byte{0x62, b&0xf0 | byte(g.IntN(8)), byte(g.Uint32()) | 4}
	case 8:
		return []byte{0xd5}
	}
	return nil
}

// pageEnd is where code is cut short: the next page is data.
const pageEnd = lengthAt + page

// verdict is what the CPU makes of the first bytes of an instruction.
type verdict int

const (
	more    verdict = iota // it reads on
	enough                 // it reads no further: runs it, or another fault
	illegal                // it refuses what may be less than all
)

// ask lets the CPU try the first k bytes of an instruction.
func (c *tracee) ask(code []byte, k int, r *arch.Regs) verdict {
	var line [16]byte
	copy(line[16-k:], code[:k])
	c.poke(pageEnd-16, line[:])
	r.SetPC(uint64(pageEnd - k))
	c.must(ptrace.SetRegs(c.pid, r))
	switch sig := c.step(); sig {
	case unix.SIGILL:
		return illegal
	case unix.SIGSEGV:
		var now arch.Regs
		var info ptrace.Siginfo
		c.must(ptrace.GetSiginfo(c.pid, &info))
		if info.Code() != segvAccess || binary.LittleEndian.Uint64(info[16:]) != pageEnd {
			break
		}
		c.must(ptrace.GetRegs(c.pid, c.a, &now))
		if now.PC() == r.PC() {
			return more
		}
	}
	return enough
}

const segvAccess = 2 // SEGV_ACCERR

// measure is the length of an instruction by the CPU, 0 where it is illegal before it tells.
func (c *tracee) measure(code []byte, r *arch.Regs) int {
	for k := 1; k <= disasm.MaxLen; k++ {
		switch c.ask(code, k, r) {
		case enough:
			return k
		case illegal:
			return 0
		}
	}
	return disasm.MaxLen + 1
}

// narrow tells the branches with prefix 66, which have two bytes more on Intel's CPUs in 64-bit
// mode.
func narrow(in disasm.Inst) bool {
	_, size := in.PCRel()
	return in.Class == disasm.InPlace && in.Has(disasm.Long|disasm.OpSize) && size == 2
}

// TestLengthOnCPU compares the lengths of random bytes with those of the CPU. It cuts an
// instruction short by the end of a page: the CPU that needs more faults at the next one.
// The tracee can make no system calls, and its registers refer to pages of its own.
func TestLengthOnCPU(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.I386} {
		t.Run(a.Name, func(t *testing.T) { lengthsOnCPU(t, a) })
	}
}

func lengthsOnCPU(t *testing.T, a *arch.Arch) {
	c := startTracee(t, a)
	c.deny()
	g := newGenerator(a, 3)
	r := c.base
	for _, slot := range x86Slots {
		r.R[slot] = dataAt + dataLen/2
	}
	n := *lengthCases
	if testing.Short() {
		n /= 10
	}
	tried, told, wrong := 0, [disasm.Fixed]int{}, 0
	for ran := 0; ran < n && wrong < 10; tried++ {
		var code [16]byte
		g.bytes15(code[:])
		in, err := disasm.Decode(a, code[:disasm.MaxLen], pageEnd)
		want := int(in.Len)
		if errors.Is(err, disasm.ErrTooLong) {
			want = disasm.MaxLen // the CPU reads that much to refuse it
		} else if err != nil {
			t.Fatalf("seed %d: % x: %v", g.seed, code, err)
		}
		switch v := c.ask(code[:], want, &r); {
		case v == illegal:
			continue
		case v == enough && (want == 1 || c.ask(code[:], want-1, &r) == more):
		default:
			// Before what is undefined the CPU refuses what is too long, by its own count:
			// AMD's of a REX before VEX is that of lds.
			got := c.measure(code[:], &r)
			if got != 0 && (got != disasm.MaxLen || in.Has(disasm.Valid)) && !(narrow(in) && got == want+2) {
				t.Errorf("seed %d: % x has %d bytes, by the CPU %d", g.seed, code[:disasm.MaxLen], want, got)
				wrong++
			}
			continue
		}
		told[in.Enc()]++
		ran++
	}
	t.Logf("seed %d: %d of %d instructions had a length: legacy %d, REX2 %d, VEX %d, XOP %d, EVEX %d", g.seed, n, tried,
		told[disasm.Legacy], told[disasm.REX2], told[disasm.VEX], told[disasm.XOP], told[disasm.EVEX])
	if told[disasm.Legacy] < n/2 || told[disasm.VEX] == 0 && c.has(2) {
		t.Error("too few kinds of instructions")
	}
}

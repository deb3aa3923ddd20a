package step

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

var (
	cpuSeed  = flag.Uint64("seed", 0, "of the instructions that run on the CPU; 0 for another each time")
	cpuCases = flag.Int("cases", 16000, "instructions to run on the CPU, for each architecture; a quarter on arm64")
)

// cpuClasses are the classes whose instructions run on the CPU in both ways, as often as
// they occur here. Of the others, Far, Int, Trap, LoadSS, XBegin, XAbort, InPlace and Unknown
// are in place anyway, and Syscall, MemCopy and System are on arm64; Syscall and IRet have tests
// of their own, as exclusive sequences have.
var cpuClasses = map[*arch.Arch][]disasm.Class{
	arch.AMD64: append(x86CPUClasses, disasm.PCRel, disasm.PCRel),
	arch.I386:  x86CPUClasses,
	arch.ARM64: {
		disasm.Plain, disasm.Plain, disasm.Plain, disasm.Plain, disasm.PCRel, disasm.PCRel, disasm.Nop, disasm.LandingPad,
		disasm.Jump, disasm.CondJump, disasm.CondJump, disasm.CondJump, disasm.Call, disasm.IndirectCall, disasm.IndirectJump,
		disasm.Ret, disasm.Atomic, disasm.PAC,
	},
}

var x86CPUClasses = []disasm.Class{
	disasm.Plain, disasm.Plain, disasm.Plain, disasm.Plain, disasm.Plain, disasm.Plain, disasm.Plain, disasm.Plain,
	disasm.Nop, disasm.LandingPad, disasm.PushReg, disasm.PopReg, disasm.Jump,
	disasm.CondJump, disasm.CondJump, disasm.CondJump, disasm.LoopJump, disasm.Call, disasm.IndirectCall,
	disasm.IndirectJump, disasm.Ret, disasm.PushFlags, disasm.PopFlags, disasm.RepString, disasm.RepString,
}

// differs are instructions that do not give the same twice, or wait: by map and opcode,
// and ModRM under a mask.
var differs = []struct {
	m           int
	op          byte
	modrm, mask byte
	what        string
}{
	{1, 0x31, 0, 0, "rdtsc"},
	{1, 0xa2, 0, 0, "cpuid: the CPU's number"},
	{1, 0x01, 0xf9, 0xff, "rdtscp"},
	{1, 0x01, 0xfa, 0xfe, "monitorx, mwaitx"},
	{1, 0x01, 0xc8, 0xfe, "monitor, mwait"},
	{1, 0x01, 0xfd, 0xff, "rdpru"},
	{1, 0x01, 0xef, 0xff, "wrpkru"},
	{1, 0xc7, 0xf0, 0xf0, "rdrand, rdseed, rdpid"},
	{1, 0xae, 0xe0, 0xe8, "fences, umwait"},
}

func same(in disasm.Inst) bool {
	for _, d := range differs {
		if in.Enc() <= disasm.REX2 && in.Map() == d.m && in.Op() == d.op && in.ModRM()&d.mask == d.modrm&d.mask {
			return false
		}
	}
	return true
}

// generator makes instructions and states.
type generator struct {
	*rand.Rand
	a    *arch.Arch
	seed uint64
}

func newGenerator(a *arch.Arch, stream uint64) *generator {
	seed := *cpuSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	return &generator{rand.New(rand.NewPCG(seed, stream)), a, seed}
}

func (g *generator) fill(p []byte) {
	for i := range p {
		p[i] = byte(g.Uint32())
	}
}

// starts are the first bytes of encodings that random bytes rarely hit.
var starts = [][]byte{
	{0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}, {0x8f, 0xe9}, {0xff}, {0xf3, 0x48}, {0x66, 0x0f, 0x38}, {0x66, 0x0f, 0x3a},
	{0xc2}, {0xc3}, {0xe8}, {0xe9}, {0x9c}, {0x9d}, {0xe0}, {0xe1}, {0xe2}, {0xe3}, {0x67, 0xe3}, {0x67, 0xe2}, {0x66, 0x9c}, {0x66, 0x9d},
	{0x67, 0xe0}, {0x67, 0xe1}, {0xd8}, {0xd9}, {0xdb}, {0xdd}, {0xdf}, {0x64, 0xff}, {0x54}, {0x5c}, {0xf3, 0x0f, 0x1e},
	{0xf0, 0x01}, {0xf0, 0x0f, 0xc1},
}

// vectorOps are ranges of opcodes in map 1, mandatoryPrefixes what chooses among those of one.
var (
	vectorOps         = [][2]byte{{0x10, 0x17}, {0x28, 0x2f}, {0x50, 0x7f}, {0xc4, 0xc6}, {0xd0, 0xff}}
	mandatoryPrefixes = [][]byte{{}, {0x66}, {0xf3}, {0xf2}}
)

// vector begins an instruction of SSE, AVX or AVX-512.
func (g *generator) vector() []byte {
	ops := vectorOps[g.IntN(len(vectorOps))]
	op := ops[0] + byte(g.IntN(int(ops[1]-ops[0])+1))
	pp := byte(g.IntN(4))
	vvvv := byte(g.IntN(16)) | byte(g.IntN(2)*15)
	vex := vvvv<<3 | byte(g.IntN(2))<<2 | pp
	switch g.IntN(5) {
	case 0:
		return []byte{0xc5, 0x80 | vex, op}
	case 1:
		return []byte{0xc4, 0xe1 + byte(g.IntN(3)), byte(g.IntN(2))<<7 | vex}
	case 2:
		return []byte{0x62, 0xf1 + byte(g.IntN(3)), 4 | vex, 0x08 | byte(g.IntN(3))<<5}
	}
	return slices.Concat(mandatoryPrefixes[pp], []byte{0x0f, op})
}

// inst is an instruction of class want.
func (g *generator) inst(want disasm.Class) (disasm.Inst, []byte) {
	if g.a == arch.ARM64 {
		return g.armInst(want)
	}
	var code [16]byte
	for {
		g.fill(code[:])
		n := 0
		if g.IntN(3) == 0 {
			code[0] = legacyPrefixes[g.IntN(len(legacyPrefixes))]
			if g.IntN(8) == 0 {
				code[0] = 0x67
			}
			n++
		}
		if g.a == arch.AMD64 && g.IntN(3) == 0 {
			code[n] = 0x40 | code[n]&15
			n++
		}
		switch g.IntN(4) {
		case 0:
			n = copy(code[:], starts[g.IntN(len(starts))])
		case 1:
			n += copy(code[n:], g.vector())
		}
		if want == disasm.PCRel || g.IntN(8) == 0 {
			code[n+1] = code[n+1]&0x38 | 5
		}
		in, err := disasm.Decode(g.a, code[:], tablePC)
		if err != nil || in.Class != want || !same(in) {
			continue
		}
		g.aim(in, code[:])
		in, err = disasm.Decode(g.a, code[:], tablePC)
		if err == nil && in.Class == want {
			return in, code[:in.Len]
		}
	}
}

// aim lets fields name what is mapped.
func (g *generator) aim(in disasm.Inst, code []byte) {
	next := tablePC + uint64(in.Len)
	off, size := in.PCRel()
	switch {
	case size == 4 && in.Has(disasm.HasTarget):
		binary.LittleEndian.PutUint32(code[off:], uint32(landAt+g.Uint64N(page)-next))
	case size == 4:
		binary.LittleEndian.PutUint32(code[off:], uint32(g.data()-next))
	case in.Has(disasm.AbsMem):
		off, size := in.Imm()
		var v [8]byte
		binary.LittleEndian.PutUint64(v[:], g.data())
		copy(code[off:off+size], v[:])
	case in.Has(disasm.HasMem) && (g.a == arch.AMD64 || !in.Has(disasm.AddrSize)):
		g.aimMem(in, code[in.OpOff()+2:])
	}
}

// aimMem changes the displacement of 32 bits behind ModRM, if there is one.
func (g *generator) aimMem(in disasm.Inst, disp []byte) {
	mod, rm := in.ModRM()>>6, in.ModRM()&7
	if rm == 4 {
		disp = disp[1:]
		rm = in.SIB() & 7
	}
	switch {
	case mod == 2:
		binary.LittleEndian.PutUint32(disp, uint32(g.Uint64N(256)))
	case mod == 0 && rm == 5:
		binary.LittleEndian.PutUint32(disp, uint32(g.data()))
	}
}

func (g *generator) data() uint64 { return dataAt + 64 + g.Uint64N(dataLen-1024) }

// popMask are the flags that popf must not set here, in both halves of its operand: TF, and
// ID, which ptrace(2) cannot set back.
const popMask = trapFlag | trapFlag<<16 | 1<<21

// value is one for a register or a word of memory.
func (g *generator) value() uint64 {
	switch g.IntN(8) {
	case 0:
		return g.Uint64()
	case 1:
		return g.Uint64N(64)
	case 2:
		return landAt + g.Uint64N(page-16)
	case 3:
		return -g.Uint64N(64)
	case 4:
		return g.data() &^ 63
	}
	return g.data()
}

func (g *generator) state(c *tracee, in disasm.Inst, s *state) {
	if g.a == arch.ARM64 {
		g.armState(c, s)
		return
	}
	s.regs = c.base
	for _, slot := range x86Slots {
		s.regs.R[slot] = g.value()
		if g.a == arch.I386 {
			s.regs.R[slot] &= 0xffffffff
		}
	}
	if in.Class == disasm.RepString || g.IntN(4) == 0 {
		s.regs.R[x86Slots[rcx]] = g.Uint64N(8)
	}
	if g.a == arch.AMD64 {
		s.regs.R[slotFSBase], s.regs.R[slotGSBase] = 8*g.Uint64N(64), 8*g.Uint64N(64)
	}
	s.regs.SetSP(g.data() &^ uint64(g.IntN(2)*7))
	if g.IntN(64) == 0 {
		s.regs.SetSP(g.value())
	}
	if in.Class == disasm.PopFlags {
		s.regs.SetSP(s.regs.SP() &^ 7)
	}
	if in.Class == disasm.LoopJump && g.IntN(2) == 0 {
		s.regs.R[x86Slots[rcx]] = g.Uint64N(3)
	}
	s.regs.R[slotFlags] = 0x202 | g.Uint64()&0xcd5
	s.regs.SetPC(tablePC)
	for i := 0; i < dataLen; i += 8 {
		v := g.value()
		if in.Class == disasm.Ret || in.Class == disasm.IndirectCall || in.Class == disasm.IndirectJump {
			v = landAt + g.Uint64N(page-16)
		}
		if g.a == arch.I386 {
			v = v&0xffffffff | v<<32
		}
		if in.Class == disasm.PopFlags {
			v &^= popMask | popMask<<32
		}
		binary.LittleEndian.PutUint64(s.data[i:], v)
	}
	g.fill(s.fp[32:512])
	le := binary.LittleEndian
	clear(s.fp[:32])
	le.PutUint16(s.fp[0:], 0x37f)
	s.fp[4] = byte(g.Uint32())
	le.PutUint32(s.fp[24:], 0x1f80)
	clear(s.fp[512:576])
	s.fp[512] = 3
	for _, v := range c.vectors {
		g.fill(s.fp[v.off : v.off+v.size])
		s.fp[512] |= 1 << v.bit
	}
}

// inPlace runs the instruction where it is, to its end.
func (c *tracee) inPlace(in disasm.Inst, code []byte, s *state) {
	c.poke(tablePC, code)
	c.set(s)
	sig := c.step()
	var r arch.Regs
	for in.Class == disasm.RepString && sig == unix.SIGTRAP {
		c.must(ptrace.GetRegs(c.pid, c.a, &r))
		if r.PC() != tablePC {
			break
		}
		sig = c.step()
	}
	c.get(s, sig)
	if in.Class == disasm.PushFlags && sig == unix.SIGTRAP {
		s.data[s.regs.SP()-dataAt+1] &^= trapFlag >> 8 // the step's
	}
	c.traps(tablePC, len(code))
}

// traps writes breakpoints over n bytes.
func (c *tracee) traps(addr uint64, n int) {
	c.poke(addr, bytes.Repeat(c.a.Breakpoint, n/len(c.a.Breakpoint)))
}

// resumeFlag is RF, which a fault sets.
const resumeFlag = 1 << 16

// planned carries out a plan, with breakpoints where the instruction was. want is what
// came of the instruction in its place.
func (c *tracee) planned(p *Plan, s, want *state) error {
	c.set(s)
	if p.Method == Emulate {
		if err := p.Emulate(&s.regs, c); err != nil {
			return err
		}
		c.must(ptrace.SetRegs(c.pid, &s.regs))
		c.get(s, unix.SIGTRAP)
		return nil
	}
	c.poke(p.Slot, p.Code())
	r := s.regs
	p.Start(&r)
	c.must(ptrace.SetRegs(c.pid, &r))
	var sig unix.Signal
	if p.Boosted {
		c.must(ptrace.Cont(c.pid, 0))
		sig = c.wait()
		c.get(s, sig)
		if sig == unix.SIGTRAP {
			s.regs.SetPC(s.regs.PC() - 1) // behind the breakpoint that ends the case
		}
	} else {
		sig = c.step()
		for c.get(s, sig); sig == unix.SIGTRAP && p.Again(&s.regs); c.get(s, sig) {
			sig = c.step()
		}
	}
	p.Fixup(&s.regs)
	if p.Boosted && sig == unix.SIGSEGV && want.sig == 0 && s.regs.PC() == want.regs.PC() {
		// Not the instruction but the one that it went to has failed.
		s.sig, s.code, s.addr = 0, 0, 0
		s.regs.R[slotFlags] &^= resumeFlag
	}
	if s.sig == unix.SIGILL || s.sig == unix.SIGFPE {
		s.addr = p.Original(s.addr)
	}
	c.traps(p.Slot, len(p.Code()))
	return nil
}

// diff tells how two states differ.
func diff(a *arch.Arch, want, got *state) string {
	var b strings.Builder
	for _, g := range a.Regs {
		if w, v := want.regs.R[g.Index], got.regs.R[g.Index]; w != v && !strings.HasPrefix(g.Name, "orig") {
			fmt.Fprintf(&b, " %s %#x, in place %#x;", g.Name, v, w)
		}
	}
	if want.sig != got.sig || want.code != got.code || want.addr != got.addr {
		fmt.Fprintf(&b, " %v %d %#x, in place %v %d %#x;", got.sig, got.code, got.addr, want.sig, want.code, want.addr)
	}
	for i := range want.data {
		if want.data[i] != got.data[i] {
			fmt.Fprintf(&b, " byte at %#x %#x, in place %#x;", dataAt+i, got.data[i], want.data[i])
			break
		}
	}
	for i := range want.fp {
		if want.fp[i] != got.fp[i] {
			fmt.Fprintf(&b, " xsave byte %d %#x, in place %#x;", i, got.fp[i], want.fp[i])
			break
		}
	}
	return b.String()
}

// TestCPU runs random instructions in place and as planned, from the same random state,
// and compares all that they change.
func TestCPU(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.I386, arch.ARM64} {
		t.Run(a.Name, func(t *testing.T) { compareOnCPU(t, a) })
	}
}

func compareOnCPU(t *testing.T, a *arch.Arch) {
	c := startTracee(t, a)
	g := newGenerator(a, 0)
	n := *cpuCases
	if a == arch.ARM64 { // likely an emulated machine
		n /= 4
	}
	if testing.Short() {
		n /= 10
	}
	classes := cpuClasses[a]
	faults, ran := 0, map[string]int{}
	for i := range n {
		class := classes[i%len(classes)]
		k := c.both(g, class, i)
		if k.diff != "" {
			text := disasm.Printer{Arch: a}
			t.Errorf("seed %d case %d: % x (%s), %v, %v:%s", g.seed, i, k.code, text.Text(k.in, k.code, tablePC), class, k.labels(), k.diff)
		}
		if k.fault && !k.refuse {
			faults++
			continue
		}
		for _, l := range k.labels() {
			ran[l]++
		}
	}
	t.Logf("seed %d: %d kinds ran, %d instructions were faults", g.seed, len(ran), faults)
	if faults > n*3/4 {
		t.Error("too few instructions ran to their end")
	}
	if testing.Short() {
		return
	}
	for _, l := range c.rows() {
		if ran[l] == 0 {
			c.t.Errorf("seed %d: %s has never run", g.seed, l)
		}
	}
}

// cpuCase is an instruction that has run both ways, or whose plan keeps it in place.
type cpuCase struct {
	in     disasm.Inst
	code   []byte
	p      Plan
	next   uint64 // where it went in place
	fault  bool
	refuse bool // the emulation found that it has to run in place
	diff   string
}

// both makes an instruction of a class and a state, and runs it both ways.
func (c *tracee) both(g *generator, class disasm.Class, i int) cpuCase {
	var before state
	in, code := g.inst(class)
	g.state(c, in, &before)
	slot := uint64(nearSlot + 16*(i&7))
	if c.a == arch.AMD64 && g.IntN(2) == 0 {
		slot = farSlot + uint64(16*(i&7))
	}
	return c.compare(in, code, &before, slot, Options{Boost: g.IntN(3) == 0})
}

// compare runs an instruction both ways from a state.
func (c *tracee) compare(in disasm.Inst, code []byte, before *state, slot uint64, o Options) cpuCase {
	p, err := New(c.a, in, code, tablePC, &before.regs, slot, o)
	if err != nil {
		c.t.Fatalf("% x: %v", code, err)
	}
	k := cpuCase{in: in, code: code, p: p}
	if k.p.Method == InPlace {
		return k
	}
	want, got := *before, *before
	c.inPlace(in, code, &want)
	k.fault, k.next = want.sig != 0, want.regs.PC()
	if err := c.planned(&k.p, &got, &want); errors.Is(err, ErrInPlace) {
		k.refuse = true
		c.get(&got, unix.SIGTRAP)
		want = *before
		want.fp = got.fp
	}
	if in.Class == disasm.IndirectJump || in.Class == disasm.IndirectCall {
		c.forgive(&want)
	}
	k.diff = diff(c.a, &want, &got)
	return k
}

// TestConditionsOnCPU has every condition with all flags that it may depend on.
func TestConditionsOnCPU(t *testing.T) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.I386, arch.ARM64} {
		t.Run(a.Name, func(t *testing.T) {
			c := startTracee(t, a)
			g := newGenerator(a, 5)
			taken := 0
			for cond := range byte(16) {
				code, slot, flags := []byte{0x70 | cond, 0x10}, slotFlags, []uint64{flagC, flagP, flagZ, flagS, flagO}
				if a == arch.ARM64 {
					code, slot, flags = armCode(0x54000080|uint32(cond)), armPState, []uint64{1 << 28, 1 << 29, 1 << 30, 1 << 31}
				}
				in, err := disasm.Decode(a, code, tablePC)
				c.must(err)
				for set := range 1 << len(flags) {
					var before state
					g.state(c, in, &before)
					for i, f := range flags {
						before.regs.R[slot] = before.regs.R[slot]&^f | f*uint64(set>>i&1)
					}
					k := c.compare(in, code, &before, nearSlot, Options{})
					if k.diff != "" || k.p.Method != Emulate {
						t.Errorf("condition %x, flags %#x: %v:%s", cond, before.regs.R[slot], k.p.Method, k.diff)
					}
					if k.next == in.Target {
						taken++
					}
				}
			}
			if want := map[*arch.Arch]int{arch.AMD64: 256, arch.I386: 256, arch.ARM64: 144}[a]; taken != want {
				t.Errorf("%d branches were taken, want %d", taken, want)
			}
		})
	}
}

package step

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// Site is a place in a function where a jump is to be written, and what is known of it.
type Site struct {
	Addr uint64
	Func []byte // all of the function, as the program has it without breakpoints
	Base uint64 // where Func begins
	// Targets are addresses where control may arrive besides the direct branches of the
	// function: jump tables, landing pads of exceptions.
	Targets []uint64
	// Tables says that Targets has all targets of the function's indirect jumps.
	Tables bool
	Probes []uint64 // other breakpoints and patches
	// Threads are the program counters of all threads, and the return addresses on
	// their stacks.
	Threads []uint64
}

// Patch is what a jump replaces: whole instructions of Len bytes at Addr, which is that
// of the site or behind its landing pad.
type Patch struct {
	Addr uint64
	Len  int
	Nop  bool // a single nop of the jump's length: nothing has to run elsewhere
}

// ErrOverwrite is wrapped by the errors of Overwrite that say what forbids a jump.
var ErrOverwrite = errors.New("cannot be overwritten")

// jumpSize is the length in bytes of the jump that Overwrite makes room for.
func jumpSize(a *arch.Arch) int {
	if a == arch.ARM64 {
		return 4
	}
	return 5
}

// Overwrite checks that a jump may be written at a site: that it replaces whole
// instructions which can run elsewhere, of which only the last may leave a return
// address; and that nothing comes to the middle of them: no branch of the function, none of
// the Targets, no thread, no other probe. The whole function has to be known, and its
// indirect jumps have to be.
//
// What it cannot see are branches from other functions into the middle of this one, and
// critical sections of rseq(2), which control must not leave.
func Overwrite(a *arch.Arch, s *Site) (Patch, error) {
	p := Patch{Addr: s.Addr}
	if s.Addr < s.Base || s.Addr-s.Base >= uint64(len(s.Func)) {
		return Patch{}, fmt.Errorf("%#x %w: outside of the function", s.Addr, ErrOverwrite)
	}
	if err := s.cover(a, &p); err != nil {
		return Patch{}, fmt.Errorf("%#x %w: %w", p.Addr, ErrOverwrite, err)
	}
	if err := s.arrivals(a, &p); err != nil {
		return Patch{}, fmt.Errorf("%#x %w: %w", p.Addr, ErrOverwrite, err)
	}
	return p, nil
}

// cover finds the instructions that the jump replaces.
func (s *Site) cover(a *arch.Arch, p *Patch) error {
	need := jumpSize(a)
	closed := false
	for p.Len < need {
		pc := p.Addr + uint64(p.Len)
		in, err := disasm.Decode(a, s.from(pc), pc)
		switch {
		case err != nil:
			return fmt.Errorf("the function ends before the jump: %w", err)
		case closed:
			return errors.New("a return address would be within the jump")
		case in.Has(disasm.Landing) && p.Len == 0 && pc == s.Addr:
			p.Addr += uint64(in.Len)
			continue
		}
		switch in.Class {
		case disasm.Call, disasm.IndirectCall, disasm.Syscall:
			if !in.Has(disasm.Valid) {
				return fmt.Errorf("the instruction at %#x cannot be moved", pc)
			}
			closed = true
		default:
			if !in.Has(disasm.Overwritable | disasm.Valid) {
				return fmt.Errorf("the instruction at %#x cannot be moved", pc)
			}
		}
		p.Nop = in.Class == disasm.Nop && p.Len == 0 && int(in.Len) == need
		p.Len += int(in.Len)
	}
	if a == arch.ARM64 {
		return s.coverARM64(p)
	}
	return nil
}

// coverARM64 looks at what one instruction means to those around it.
func (s *Site) coverARM64(p *Patch) error {
	pair := func(pc uint64) bool {
		code := s.from(pc)
		return len(code) >= 4 && movprfx(binary.LittleEndian.Uint32(code))
	}
	switch {
	case p.Addr&3 != 0:
		return errors.New("not aligned")
	case InExclusive(s.Func, s.Base, p.Addr):
		return ErrExclusive
	case pair(p.Addr) || pair(p.Addr-4):
		return fmt.Errorf("the instruction at %#x is one with its neighbour", p.Addr)
	}
	return nil
}

func (s *Site) from(pc uint64) []byte {
	off := pc - s.Base
	if off >= uint64(len(s.Func)) {
		return nil
	}
	return s.Func[off:]
}

// inside tells addresses behind the first byte of the replaced instructions.
func (p *Patch) inside(addr uint64) bool { return addr > p.Addr && addr-p.Addr < uint64(p.Len) }

// arrivals looks for whatever comes to the middle of the replaced instructions.
func (s *Site) arrivals(a *arch.Arch, p *Patch) error {
	for _, l := range []struct {
		addrs []uint64
		first bool // the first byte counts as well
		what  string
	}{
		{s.Targets, false, "control arrives at %#x"},
		{s.Threads, false, "a thread is or returns at %#x"},
		{s.Probes, true, "there is a probe at %#x"},
	} {
		for _, addr := range l.addrs {
			if p.inside(addr) || l.first && addr == p.Addr {
				return fmt.Errorf(l.what, addr)
			}
		}
	}
	site := false
	for pc := s.Base; pc-s.Base < uint64(len(s.Func)); {
		in, err := disasm.Decode(a, s.from(pc), pc)
		if err != nil {
			return fmt.Errorf("the function is not known at %#x: %w", pc, err)
		}
		site = site || pc == p.Addr
		if err := s.arrival(in, p); err != nil {
			return fmt.Errorf("the instruction at %#x %w", pc, err)
		}
		pc += uint64(in.Len)
	}
	if !site {
		return errors.New("not the start of an instruction")
	}
	return nil
}

// arrival looks at where one instruction of the function may go.
func (s *Site) arrival(in disasm.Inst, p *Patch) error {
	switch {
	case in.Class == disasm.Unknown || !in.Has(disasm.Valid):
		return errors.New("is not known")
	case in.Class == disasm.IndirectJump && !s.Tables:
		return errors.New("jumps to an unknown place")
	case in.Has(disasm.HasTarget) || in.Has(disasm.PCRelMem) || in.Class == disasm.PCRel:
		if p.inside(in.Target) {
			return fmt.Errorf("refers to %#x", in.Target)
		}
	}
	return nil
}

// ErrReach: the jump's field is too small.
var ErrReach = errors.New("too far for a jump")

// Jump is the jump from Addr to an address. Where threads run, a breakpoint is written
// over its first byte, then the rest, then its first byte, and all threads are made to
// serialise before each (membarrier(2), or stopping them). Of an arm64 jump the four
// bytes are written at once.
func (p Patch) Jump(a *arch.Arch, to uint64) ([]byte, error) {
	rel := int64(to - p.Addr)
	if a == arch.ARM64 {
		if rel&3 != 0 || rel < -1<<27 || rel >= 1<<27 {
			return nil, ErrReach
		}
		return binary.LittleEndian.AppendUint32(nil, 0x14000000|uint32(rel>>2)&0x3ffffff), nil
	}
	rel -= 5
	if a == arch.AMD64 && (rel < math.MinInt32 || rel > math.MaxInt32) {
		return nil, ErrReach
	}
	return binary.LittleEndian.AppendUint32([]byte{0xe9}, uint32(rel)), nil
}

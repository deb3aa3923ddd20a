package perf

import (
	"errors"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// errRunning is why nothing of a task can be changed.
var errRunning = errors.New("the task was not stopped: it cannot be changed")

// errNoRegs is why there are no registers.
var errNoRegs = errors.New("the sample has no registers")

// state is what a sample tells of its task. The task has run on: of its memory only the sampled
// part of the stack is as it was; the rest is what is there now, if the task still is.
type state struct {
	regs  arch.Regs
	has   bool // there are registers
	sp    uint64
	stack []byte
	mem   ptrace.Mem
}

func (s *state) set(l *layout, m *sample) {
	s.mem.TID = int(m.pid)
	s.has = len(m.regs) > 0
	if s.has {
		l.fill(&s.regs, m)
		s.sp = s.regs.SP()
	}
	s.stack = m.stack
}

func (s *state) Regs() (*arch.Regs, error) {
	if !s.has {
		return nil, errNoRegs
	}
	return &s.regs, nil
}

func (s *state) SetRegs(*arch.Regs) error { return errRunning }

func (s *state) WriteAt([]byte, uint64) (int, error) { return 0, errRunning }

func (s *state) ReadAt(p []byte, addr uint64) (int, error) {
	n := 0
	if off := addr - s.sp; s.has && off < uint64(len(s.stack)) {
		n = copy(p, s.stack[off:])
	}
	if n == len(p) {
		return n, nil
	}
	more, err := s.mem.ReadAt(p[n:], addr+uint64(n))
	return n + more, err
}

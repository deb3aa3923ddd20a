package symbol

// row is one row of a line table. The address of a sequence's last row, where end is set, is
// the first that is not of it.
type row struct {
	addr uint64
	file uint32
	line uint32
	stmt bool
	end  bool
}

// lineState is the state machine of a line number program (DWARF 5, 6.2.2).
type lineState struct {
	u    *lineUnit
	c    cursor
	r    row
	line int64
	op   uint64 // operation within a long instruction word
	emit func(row)
}

// run executes a unit's line number program.
func (l *lineSections) run(u *lineUnit, emit func(row)) {
	s := lineState{u: u, c: l.cursor(u.prog, u.end), emit: emit}
	s.reset()
	for !s.c.bad && s.c.pos < u.end {
		op := s.c.u8()
		switch {
		case op >= u.opBase:
			s.special(uint64(op - u.opBase))
		case op == 0:
			s.extended()
		default:
			s.standard(op)
		}
	}
}

func (s *lineState) reset() {
	s.r = row{file: 1, stmt: s.u.stmt}
	s.line, s.op = 1, 0
}

func (s *lineState) add() {
	s.r.line = uint32(max(s.line, 0))
	s.emit(s.r)
}

func (s *lineState) advance(n uint64) {
	if s.u.maxOps == 1 {
		s.r.addr += n * s.u.minInst
		return
	}
	s.r.addr += s.u.minInst * ((s.op + n) / s.u.maxOps)
	s.op = (s.op + n) % s.u.maxOps
}

// special is an opcode that advances address and line at once (6.2.5.1).
func (s *lineState) special(op uint64) {
	s.advance(op / s.u.lineRange)
	s.line += s.u.lineBase + int64(op%s.u.lineRange)
	s.add()
}

// standard is one of the opcodes of 6.2.5.2; those that say nothing of file, line or
// address, and those not known, are skipped by their number of operands.
func (s *lineState) standard(op byte) {
	switch op {
	case 1: // copy
		s.add()
	case 2: // advance_pc
		s.advance(s.c.uleb())
	case 3: // advance_line
		s.line += s.c.sleb()
	case 4: // set_file
		s.r.file = uint32(s.c.uleb())
	case 6: // negate_stmt
		s.r.stmt = !s.r.stmt
	case 8: // const_add_pc
		s.advance(uint64(255-s.u.opBase) / s.u.lineRange)
	case 9: // fixed_advance_pc
		s.r.addr += uint64(s.c.u16())
		s.op = 0
	default:
		for range s.u.opArgs[op-1] {
			s.c.uleb()
		}
	}
}

// extended is one of the opcodes of 6.2.5.3.
func (s *lineState) extended() {
	length := s.c.uleb()
	if s.c.bad || length == 0 || length > s.u.end-s.c.pos {
		s.c.bad = true
		return
	}
	next := s.c.pos + length
	switch s.c.u8() {
	case 1: // end_sequence
		s.r.end = true
		s.add()
		s.reset()
	case 2: // set_address
		s.op = 0
		switch length - 1 {
		case 8:
			s.r.addr = s.c.u64()
		case 4:
			s.r.addr = uint64(s.c.u32())
		}
	}
	s.c.pos = next
}

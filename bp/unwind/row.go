package unwind

// where says how the value that a register had in the caller is found.
type where uint8

const (
	inPlace   where = iota // the register still holds it
	lost                   // it cannot be found
	atOffset               // in memory, off from the CFA
	isOffset               // it is the CFA plus off
	inReg                  // another register holds it
	atExpr                 // in memory, where the expression says
	isExpr                 // it is what the expression says
	isOffFrom              // of the CFA only: a register plus off
)

// rule is how one register, or the CFA, is found.
type rule struct {
	where where
	reg   uint64
	off   int64
	expr  []byte
}

// row is the rules that hold at one address (DWARF 5 section 6.4.1).
type row struct {
	cfa  rule
	regs [maxRegs]rule
	set  uint64 // bit n: regs[n] was given a rule
	// signed says that the return address carries a signature (arm64).
	signed bool
}

func (r *row) give(n uint64, v rule) {
	if n < maxRegs { // others, of vectors, hold no addresses
		r.regs[n] = v
		r.set |= 1 << n
	}
}

// maxStates bounds how often DW_CFA_remember_state may be said without restore_state.
const maxStates = 64

// interp executes the instructions of an entry up to an address.
type interp struct {
	*machine
	cie     *cie
	row     row
	initial row
	stack   []row
	loc     uint64
	pc      uint64
}

// rules is the rules that hold at pc.
func (s *section) rules(f fde, pc uint64) (row, bool) {
	in := interp{machine: s.machine, cie: f.cie, loc: f.lo, pc: pc}
	if !in.run(s, f.cie.initial) {
		return row{}, false
	}
	in.initial, in.loc = in.row, f.lo
	return in.row, in.run(s, f.program)
}

// Call frame instructions (DWARF 5 section 7.24). The first three have an operand in their
// lower six bits.
const (
	cfaAdvanceLoc       = 1
	cfaOffset           = 2
	cfaRestore          = 3
	cfaNop              = 0x00
	cfaSetLoc           = 0x01
	cfaAdvanceLoc1      = 0x02
	cfaAdvanceLoc2      = 0x03
	cfaAdvanceLoc4      = 0x04
	cfaOffsetExtended   = 0x05
	cfaRestoreExtended  = 0x06
	cfaUndefined        = 0x07
	cfaSameValue        = 0x08
	cfaRegister         = 0x09
	cfaRememberState    = 0x0a
	cfaRestoreState     = 0x0b
	cfaDefCFA           = 0x0c
	cfaDefCFARegister   = 0x0d
	cfaDefCFAOffset     = 0x0e
	cfaDefCFAExpression = 0x0f
	cfaExpression       = 0x10
	cfaOffsetExtendedSF = 0x11
	cfaDefCFASF         = 0x12
	cfaDefCFAOffsetSF   = 0x13
	cfaValOffset        = 0x14
	cfaValOffsetSF      = 0x15
	cfaValExpression    = 0x16
	cfaMIPSAdvanceLoc8  = 0x1d
	cfaNegateRAState    = 0x2d // of arm64; of SPARC: the register window is saved
	cfaNegateRAStatePC  = 0x2c // of arm64
	cfaGNUArgsSize      = 0x2e
	cfaGNUNegOffset     = 0x2f
)

// run executes instructions until the row for pc stands; false: they make no sense.
func (in *interp) run(s *section, program []byte) bool {
	c := &cursor{data: program}
	for c.left() > 0 && !c.bad {
		b := c.u8()
		switch arg := uint64(b & 0x3f); b >> 6 {
		case cfaAdvanceLoc:
			in.loc += arg * in.cie.codeAlign
		case cfaOffset:
			in.row.give(arg, rule{where: atOffset, off: in.scaled(c.uleb())})
		case cfaRestore:
			in.restore(arg)
		default:
			if !in.advance(s, c, b) && !in.define(c, b) && !in.save(c, b) {
				return false
			}
		}
		if in.loc > in.pc {
			return true
		}
	}
	return !c.bad
}

// scaled is an offset in units of the data alignment.
func (in *interp) scaled(n uint64) int64 { return int64(n) * in.cie.dataAlign }

func (in *interp) restore(n uint64) {
	if n < maxRegs {
		in.row.regs[n] = in.initial.regs[n]
		in.row.set = in.row.set&^(1<<n) | in.initial.set&(1<<n)
	}
}

// advance executes instructions that move the location, or do nothing; false: op is none.
func (in *interp) advance(s *section, c *cursor, op uint8) bool {
	step := uint64(0)
	switch op {
	case cfaNop:
	case cfaSetLoc:
		in.loc = s.pointer(c, in.cie.ptrEnc, in.cie.ptr, s.got)
	case cfaAdvanceLoc1:
		step = uint64(c.u8())
	case cfaAdvanceLoc2:
		step = uint64(c.u16())
	case cfaAdvanceLoc4:
		step = uint64(c.u32())
	case cfaMIPSAdvanceLoc8:
		step = c.u64()
	case cfaGNUArgsSize:
		c.uleb()
	default:
		return false
	}
	in.loc += step * in.cie.codeAlign
	return true
}

// define executes instructions about the CFA and about whole rows; false: op is none.
func (in *interp) define(c *cursor, op uint8) bool {
	cfa := &in.row.cfa
	switch op {
	case cfaDefCFA:
		*cfa = rule{where: isOffFrom, reg: c.uleb(), off: int64(c.uleb())}
	case cfaDefCFASF:
		*cfa = rule{where: isOffFrom, reg: c.uleb(), off: c.sleb() * in.cie.dataAlign}
	case cfaDefCFARegister:
		cfa.reg = c.uleb()
	case cfaDefCFAOffset:
		cfa.off = int64(c.uleb())
	case cfaDefCFAOffsetSF:
		cfa.off = c.sleb() * in.cie.dataAlign
	case cfaDefCFAExpression:
		*cfa = rule{where: isExpr, expr: c.take(c.uleb())}
	case cfaRememberState:
		if len(in.stack) == maxStates {
			return false
		}
		in.stack = append(in.stack, in.row)
	case cfaRestoreState:
		if len(in.stack) == 0 {
			return false
		}
		in.row = in.stack[len(in.stack)-1]
		in.stack = in.stack[:len(in.stack)-1]
	case cfaNegateRAState, cfaNegateRAStatePC:
		in.row.signed = !in.row.signed
	default:
		return false
	}
	return true
}

// save executes instructions about one register; false: op is none.
func (in *interp) save(c *cursor, op uint8) bool {
	if op < cfaOffsetExtended || op > cfaValExpression && op != cfaGNUNegOffset {
		return false
	}
	n := c.uleb()
	r := rule{}
	switch op {
	case cfaOffsetExtended:
		r = rule{where: atOffset, off: in.scaled(c.uleb())}
	case cfaOffsetExtendedSF:
		r = rule{where: atOffset, off: c.sleb() * in.cie.dataAlign}
	case cfaGNUNegOffset:
		r = rule{where: atOffset, off: -in.scaled(c.uleb())}
	case cfaRestoreExtended:
		in.restore(n)
		return true
	case cfaUndefined:
		r.where = lost
	case cfaSameValue:
	case cfaRegister:
		r = rule{where: inReg, reg: c.uleb()}
	case cfaValOffset:
		r = rule{where: isOffset, off: in.scaled(c.uleb())}
	case cfaValOffsetSF:
		r = rule{where: isOffset, off: c.sleb() * in.cie.dataAlign}
	case cfaExpression:
		r = rule{where: atExpr, expr: c.take(c.uleb())}
	case cfaValExpression:
		r = rule{where: isExpr, expr: c.take(c.uleb())}
	default:
		return false
	}
	in.row.give(n, r)
	return true
}

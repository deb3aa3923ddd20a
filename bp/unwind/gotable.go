package unwind

import (
	"encoding/binary"
	"sort"

	"github.com/gotrace/gotrace/bp/symbol"
)

// goTable is the function table of a Go program, runtime.pclntab, as Go 1.18 and later write it: the
// header is pcHeader of runtime/symtab.go, a function is _func of runtime/runtime2.go.
type goTable struct {
	data    []byte
	text    uint64 // what addresses of functions are relative to
	n       int    // functions
	quantum uint64 // addresses are multiples of it
	names   int    // offsets in data
	pctab   int
	funcs   int
	flags   int // where a function has its flags
}

const (
	goMagic118 = 0xfffffff0
	goMagic120 = 0xfffffff1
	// Offsets in a _func.
	goNameOff  = 4
	goPCSPOff  = 16
	goFlags118 = 37 // behind funcID
	goFlags120 = 41 // startLine is new
	// goTopFrame is FuncFlagTopFrame of internal/abi.
	goTopFrame = 1
)

// goSections are where the linker puts the table; the second in position-independent programs.
var goSections = [...]string{".gopclntab", ".data.rel.ro.gopclntab"}

// readGoTable reads the table; nil: there is none of a version that is known.
func readGoTable(f *symbol.File) *goTable {
	for _, name := range goSections {
		if data := f.Section(name); data != nil {
			text := uint64(0)
			if s := f.ELF().Section(".text"); s != nil {
				text = s.Addr
			}
			return newGoTable(data, text)
		}
	}
	return nil
}

// newGoTable reads a table's header. text is where functions begin, if the header does not say.
func newGoTable(data []byte, text uint64) *goTable {
	c := &cursor{data: data}
	t := &goTable{data: data, text: text, flags: goFlags120}
	switch c.u32() {
	case goMagic118:
		t.flags = goFlags118
	case goMagic120:
	default:
		return nil
	}
	c.u16()
	t.quantum = uint64(c.u8())
	ptr := int(c.u8())
	if ptr != 8 {
		return nil
	}
	var word [8]uint64
	for i := range word {
		word[i] = c.word(ptr)
	}
	if word[2] != 0 { // up to Go 1.25
		t.text = word[2]
	}
	size := uint64(len(data))
	if c.bad || word[0] > size/8 || word[3] > size || word[6] > size || word[7] > size || 8*word[0]+4 > size-word[7] {
		return nil
	}
	t.n, t.names, t.pctab, t.funcs = int(word[0]), int(word[3]), int(word[6]), int(word[7])
	return t
}

// entry is a field of the list of functions: the address of function i, or where it is told of.
func (t *goTable) entry(i, field int) uint64 {
	return uint64(binary.LittleEndian.Uint32(t.data[t.funcs+8*i+4*field:]))
}

// function is the beginning and the description of the function with an address.
func (t *goTable) function(pc uint64) (lo uint64, desc []byte, ok bool) {
	pc -= t.text
	if t.n == 0 || pc >= t.entry(t.n, 0) {
		return 0, nil, false
	}
	i := sort.Search(t.n, func(i int) bool { return t.entry(i, 0) > pc }) - 1
	if i < 0 {
		return 0, nil, false
	}
	at := uint64(t.funcs) + t.entry(i, 1)
	if at > uint64(len(t.data)) || uint64(len(t.data))-at < goFlags120+1 {
		return 0, nil, false
	}
	return t.entry(i, 0) + t.text, t.data[at:], true
}

// name is the name of a function.
func (t *goTable) name(desc []byte) string {
	off := uint64(t.names) + uint64(binary.LittleEndian.Uint32(desc[goNameOff:]))
	if off >= uint64(len(t.data)) {
		return ""
	}
	c := cursor{data: t.data, off: int(off)}
	return c.str()
}

// delta is by how much the function that begins at lo has lowered the stack pointer at pc.
func (t *goTable) delta(lo uint64, desc []byte, pc uint64) (int64, bool) {
	off := uint64(t.pctab) + uint64(binary.LittleEndian.Uint32(desc[goPCSPOff:]))
	if off == uint64(t.pctab) || off > uint64(len(t.data)) {
		return 0, false
	}
	c := cursor{data: t.data, off: int(off)}
	val := int64(-1)
	for at := lo; ; {
		d := c.uleb()
		if c.bad || d == 0 && at != lo {
			return 0, false
		}
		val += int64(d>>1) ^ -int64(d&1)
		if at += c.uleb() * t.quantum; pc < at {
			return val, !c.bad
		}
	}
}

// step is how a Go function finds its caller; nil: pc is in none.
func (t *goTable) step(m *machine, pc uint64) *step {
	lo, desc, ok := t.function(pc)
	if !ok {
		return nil
	}
	d, ok := t.delta(lo, desc, pc)
	if !ok || d < 0 {
		return nil
	}
	st := &step{cfa: rule{where: isOffFrom, reg: uint64(m.sp), off: d}, ra: m.ra, golang: true}
	// What mcall runs never returns: the goroutine that has called it waits elsewhere.
	name := t.name(desc)
	st.outermost = desc[t.flags]&goTopFrame != 0 || name == "runtime.mcall"
	st.toGoroutine = name == "runtime.systemstack"
	if m.link {
		// The frame pointer is below the frame, the return address at its bottom.
		if d > 0 {
			st.saved = []saved{{m.ra, rule{where: atOffset, off: -d}}, {m.fp, rule{where: atOffset, off: -d - 8}}}
		}
		return st
	}
	st.cfa.off += int64(m.ptr)
	st.saved = []saved{{m.ra, rule{where: atOffset, off: int64(-m.ptr)}}}
	if d > 0 {
		st.saved = append(st.saved, saved{m.fp, rule{where: atOffset, off: int64(-2 * m.ptr)}})
	}
	return st
}

// Offsets in the runtime's structures that have not changed since Go 1.5 or before
// (runtime/runtime2.go): g.stack.hi, g.m, g.sched.sp, g.sched.pc, m.g0.
const (
	gStackHi = 8
	gM       = 48
	gSP      = 56
	gPC      = 64
	mG0      = 0
	// maxM bounds where in an m its goroutine, curg, is looked for: that changes.
	maxM = 512
	// gRegARM64 is the register that holds g on arm64; amd64 has it at -8(FS).
	gRegARM64 = 28
)

// goroutine goes from a frame on a thread's own stack to the goroutine that it works for.
func (u *Unwinder) goroutine(f *frame, up *link) bool {
	g0, ok := f.reg(gRegARM64)
	if f.machine == amd64 {
		g0, ok = u.mem.word(f.tls-8, 8)
	}
	if !ok {
		return false
	}
	m, ok := u.mem.word(g0+gM, 8)
	if top, ok2 := u.mem.word(m+mG0, 8); !ok || !ok2 || top != g0 {
		return false // the frame is on a goroutine's stack already
	}
	for off := uint64(8); off < maxM; off += 8 {
		g, ok := u.mem.word(m+off, 8)
		if !ok {
			return false
		}
		if g == 0 || g == g0 || g&7 != 0 {
			continue
		}
		if sp, pc, ok := u.parked(g, m); ok {
			up.state, up.exact, up.jumps, up.cfa = f.state, true, true, f.r[f.sp]
			up.set(f.sp, sp)
			up.pc = pc
			return true
		}
	}
	return false
}

// parked is where goroutine g of thread m goes on; false: g is none, or runs.
func (u *Unwinder) parked(g, m uint64) (sp, pc uint64, ok bool) {
	var w [5]uint64
	for i, off := range [...]uint64{0, gStackHi, gM, gSP, gPC} {
		if w[i], ok = u.mem.word(g+off, 8); !ok {
			return 0, 0, false
		}
	}
	lo, hi, sp := w[0], w[1], w[3]
	return sp, w[4], w[2] == m && lo < sp && sp <= hi && u.find(w[4]) != nil
}

package unwind

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/tracer/event"
)

// Frame is one function of a stack.
type Frame = event.Frame

// Most is the largest number of frames of one stack.
const Most = 4096

// Tables holds what files say about their frames. It is shared by the unwinders of all
// processes, none of which run at the same time.
type Tables struct {
	files map[*symbol.File]*table
}

// NewTables returns tables of no file: files are read when a stack goes through them.
func NewTables() *Tables { return &Tables{files: make(map[*symbol.File]*table)} }

// detail is how much frames tell.
type detail int

const (
	namesOnly detail = iota
	withLines
	details
)

// Unwinder finds the stacks of the tasks of one process.
type Unwinder struct {
	tables *Tables
	space  *symbol.Space
	mem    reader
	// strange is the pages of addresses that are in no module, as the space last was.
	strange   map[uint64]bool
	refreshed bool // for this stack
	// The module of the last frame, and its tables.
	module *symbol.Module
	table  *table
	// A piece of the code of a module.
	codeOf  *symbol.Module
	codeAt  uint64
	codeBuf []byte
	insns   int // decoded for this stack
	cur     frame
	up      link
}

// New returns an unwinder for a process, with tables of its own.
func New(s *symbol.Space) *Unwinder { return NewTables().New(s) }

// New returns an unwinder for a process.
func (t *Tables) New(s *symbol.Space) *Unwinder { return &Unwinder{tables: t, space: s} }

// Frames returns the frames of a task with registers r and memory m, the innermost first, with
// source lines, and with inlined functions as frames of their own: at most max functions that
// are not inlined, or Most where that is less or max is 0. It ends where no caller can be found,
// and is never empty but for an architecture that it does not know.
func (u *Unwinder) Frames(r *arch.Regs, m event.Memory, max int) []Frame {
	return u.collect(r, m, max, withLines)
}

// Names is Frames without source lines and inlined functions, which takes less time.
func (u *Unwinder) Names(r *arch.Regs, m event.Memory, max int) []Frame {
	return u.collect(r, m, max, namesOnly)
}

func (u *Unwinder) collect(r *arch.Regs, m event.Memory, max int, d detail) []Frame {
	var out []Frame
	n := 0
	u.walk(r, m, func(f Frame, mod *symbol.Module, at uint64) bool {
		if mod == nil {
			out = append(out, f)
		} else {
			out = u.named(out, f, mod, at, d)
		}
		n++
		return n != max
	})
	return out
}

// named appends a frame with its names, behind the functions that are inlined there.
func (u *Unwinder) named(out []Frame, f Frame, m *symbol.Module, at uint64, d detail) []Frame {
	places := u.tableOf(u.cur.machine, m).places[d]
	list, ok := places[at-m.Bias]
	if !ok {
		if len(places) == maxSteps {
			clear(places)
		}
		list = u.places(at, d)
		places[at-m.Bias] = list
	}
	for i, p := range list {
		f.Place, f.Inlined = p, i < len(list)-1
		if !f.Inlined {
			f.Place.Off += f.PC - at
		}
		out = append(out, f)
	}
	return out
}

// places is what an address is called: as part of inlined functions, the innermost first, and
// at last of the function that they are in.
func (u *Unwinder) places(at uint64, d detail) []event.Place {
	whole := u.space.Place(at)
	if f, ok := u.space.Func(at); ok && f.Raw == "" { // a stripped file: the name is an address
		whole.Func, whole.Off = "", at-u.space.Module(at).Bias
	}
	if d == namesOnly {
		return []event.Place{whole}
	}
	var out []event.Place
	list := u.space.Frames(at)
	for i := range list {
		p := event.Place{Module: whole.Module, Func: list[i].Func}
		if i == len(list)-1 {
			p = whole
		}
		p.File, p.Line = list[i].File, list[i].Line
		out = append(out, p)
	}
	if out == nil {
		return []event.Place{whole}
	}
	return out
}

// walk calls visit for the frames of a task, the innermost first, until it returns false. The
// frames have no Place, and inlined functions are not told of. Address at belongs to the instruction
// that a frame executes: that behind a call may be another function's.
func (u *Unwinder) walk(r *arch.Regs, m event.Memory, visit func(f Frame, mod *symbol.Module, at uint64) bool) {
	mach := machineOf(r)
	if mach == nil {
		return
	}
	u.mem.reset(m)
	u.module, u.refreshed, u.insns = nil, false, 0
	f := &u.cur
	*f = frame{state: newState(mach, r), exact: true}
	f.tls, _ = r.Get("fs_base")
	for range Most {
		u.up = link{}
		mod := u.find(f.lookup())
		ok := u.caller(f, mod, &u.up)
		if !visit(f.event(mod, &u.up), mod, f.lookup()) || !ok {
			return
		}
		*f = u.up.frame
	}
}

// frame is a frame while its stack is walked.
type frame struct {
	state
	exact    bool   // pc is an instruction to be executed, not one behind a call
	tls      uint64 // where the thread's own storage is, on amd64
	switches int    // how often the stack was changed for another
}

// link is what leads from a frame to its caller, which it contains.
type link struct {
	frame
	cfa    uint64
	signal bool // the kernel has made it, to run a signal handler
	jumps  bool // the caller may be on another stack
}

// lookup is an address of the instruction that is being executed: that behind a call may belong to
// another function.
func (f *frame) lookup() uint64 {
	if f.exact {
		return f.pc
	}
	return f.pc - 1
}

func (f *frame) event(m *symbol.Module, up *link) Frame {
	e := Frame{PC: f.pc, CFA: up.cfa, Signal: up.signal}
	if m != nil {
		e.Path, e.Offset = m.Path, f.pc-m.Bias
		if off, ok := m.File.Offset(e.Offset); ok {
			e.Offset = off
		}
	}
	return e
}

// find is the module with an address, or nil.
func (u *Unwinder) find(pc uint64) *symbol.Module {
	if m := u.module; m != nil && pc-m.Lo < m.Hi-m.Lo {
		return m
	}
	m := u.space.Module(pc)
	if m == nil && !u.refreshed && !u.strange[pc>>12] {
		u.refreshed = true
		u.space.Refresh() // where it fails, the process is gone
		if m = u.space.Module(pc); m == nil {
			u.remember(pc >> 12)
		}
	}
	if m != nil && m != u.module {
		u.module, u.table = m, nil
	}
	return m
}

// maxStrange bounds the pages that are remembered.
const maxStrange = 1024

func (u *Unwinder) remember(page uint64) {
	if u.strange == nil || len(u.strange) == maxStrange {
		u.strange = make(map[uint64]bool)
	}
	u.strange[page] = true
}

// Forget makes the unwinder look anew at what is mapped, before the next stack: the process has mapped
// something, or something else.
func (u *Unwinder) Forget() error {
	u.strange = nil
	return u.space.Refresh()
}

// maxFiles bounds the files whose tables are kept.
const maxFiles = 512

func (u *Unwinder) tableOf(mach *machine, m *symbol.Module) *table {
	if m == u.module && u.table != nil {
		return u.table
	}
	t := u.tables.files[m.File]
	if t == nil {
		if len(u.tables.files) == maxFiles {
			clear(u.tables.files)
		}
		t = newTable(mach, m.File)
		u.tables.files[m.File] = t
	}
	u.table = t
	return t
}

// maxSwitches bounds how often a stack may go on at another place, as it does behind a signal
// handler with a stack of its own.
const maxSwitches = 32

// caller finds the frame that called f; false: there is none, or it cannot be found.
func (u *Unwinder) caller(f *frame, mod *symbol.Module, up *link) (ok bool) {
	var st *step
	if mod != nil {
		st = u.tableOf(f.machine, mod).step(f.lookup() - mod.Bias)
	}
	switch {
	case (st == nil || st.golang) && u.behindSignal(f, up):
		ok = true
	case st == nil:
		ok = u.guess(f, up)
	case st.toGoroutine && u.goroutine(f, up):
		ok = true
	default:
		ok = u.apply(f, st, up)
	}
	return ok && up.accept(f)
}

// minCode is the lowest address that code is at: below it nothing is ever mapped. Stacks end in
// zeros, or in argc.
const minCode = 4096

// accept checks that a stack makes progress: it grows, or, a limited number of times, changes.
func (up *link) accept(f *frame) bool {
	up.tls, up.switches = f.tls, f.switches
	up.pc &= f.mask
	sp := f.r[f.sp]
	if up.cfa > sp && !up.jumps || up.cfa == sp && f.exact && up.pc != f.pc {
		return up.pc >= minCode
	}
	up.switches++
	return up.pc >= minCode && up.jumps && up.switches <= maxSwitches
}

// apply finds the caller's registers by a file's tables.
func (u *Unwinder) apply(f *frame, st *step, up *link) (ok bool) {
	up.state, up.exact = f.state, st.signal
	up.signal, up.jumps = st.signal, st.signal
	if up.cfa, ok = u.cfa(f, &st.cfa); !ok || st.outermost {
		return false
	}
	up.set(f.sp, up.cfa)
	for i := range st.saved {
		s := &st.saved[i]
		if v, ok := u.value(f, &s.rule, up.cfa); ok {
			up.set(s.reg, v)
		} else {
			up.forget(s.reg)
		}
	}
	up.pc, ok = up.reg(uint64(st.ra))
	return ok
}

func (u *Unwinder) cfa(f *frame, r *rule) (uint64, bool) {
	if r.where == isExpr {
		return u.eval(&f.state, r.expr)
	}
	v, ok := f.reg(r.reg)
	return f.cut(v + uint64(r.off)), ok && r.where == isOffFrom
}

// value is what a register held in the caller.
func (u *Unwinder) value(f *frame, r *rule, cfa uint64) (v uint64, ok bool) {
	switch r.where {
	case atOffset:
		return u.mem.word(f.cut(cfa+uint64(r.off)), f.machine.ptr)
	case isOffset:
		return cfa + uint64(r.off), true
	case inReg:
		return f.reg(r.reg)
	case isExpr:
		return u.eval(&f.state, r.expr, cfa)
	case atExpr:
		if v, ok = u.eval(&f.state, r.expr, cfa); ok {
			return u.mem.word(v, f.machine.ptr)
		}
	}
	return 0, false
}

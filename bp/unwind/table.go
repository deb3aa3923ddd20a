package unwind

import (
	"debug/elf"

	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/tracer/event"
)

// table is what one file says about its frames.
type table struct {
	machine *machine
	file    *symbol.File
	read    bool // hdr, eh and golang were read
	hdr     header
	eh      *section
	golang  *goTable
	debug   *section
	debugOK bool // debug was read
	steps   map[uint64]*step
	places  [details]map[uint64][]event.Place // by address in the file
}

// step is how the caller of a frame is found: a row, in the form in which it is used.
type step struct {
	cfa       rule
	saved     []saved
	ra        int
	signal    bool // the caller was interrupted by a signal
	outermost bool // there is no caller
	golang    bool // by a Go program's tables
	// toGoroutine says that the caller is on a goroutine's stack, and the frame on the thread's.
	toGoroutine bool
}

// saved is a register that the caller had another value in.
type saved struct {
	reg  int
	rule rule
}

func newTable(m *machine, f *symbol.File) *table {
	t := &table{machine: m, file: f, steps: make(map[uint64]*step)}
	for i := range t.places {
		t.places[i] = make(map[uint64][]event.Place)
	}
	return t
}

// maxSteps bounds the addresses whose step is kept.
const maxSteps = 1 << 16

// step is how to find the caller of a frame at an address of the file; nil: the file does not
// say.
func (t *table) step(pc uint64) *step {
	st, ok := t.steps[pc]
	if ok {
		return st
	}
	if len(t.steps) == maxSteps {
		clear(t.steps)
	}
	st = t.make(pc)
	t.steps[pc] = st
	return st
}

func (t *table) make(pc uint64) *step {
	if !t.read {
		t.open()
	}
	if st := t.ehStep(pc); st != nil {
		return st
	}
	if t.golang != nil {
		if st := t.golang.step(t.machine, pc); st != nil {
			return st
		}
	}
	if !t.debugOK {
		t.debugOK, t.debug = true, t.openDebug()
	}
	if t.debug == nil {
		return nil
	}
	f, ok := t.debug.find(pc)
	if !ok {
		return nil
	}
	return t.debug.step(f, pc)
}

func (t *table) ehStep(pc uint64) *step {
	if t.eh == nil {
		return nil
	}
	f, ok := fde{}, false
	if t.hdr.table != nil {
		if addr, found := t.hdr.find(pc); found {
			f, ok = t.eh.fdeAt(int(addr - t.eh.addr))
		}
		ok = ok && f.lo <= pc && pc < f.hi
	} else {
		f, ok = t.eh.find(pc)
	}
	if !ok {
		return nil
	}
	return t.eh.step(f, pc)
}

// step is the row for pc, or nil where it cannot be made.
func (s *section) step(f fde, pc uint64) *step {
	r, ok := s.rules(f, pc)
	if !ok {
		return nil
	}
	st := &step{cfa: r.cfa, ra: int(min(f.ra, maxRegs-1)), signal: f.signal}
	for n := range maxRegs {
		if r.set>>n&1 == 0 || r.regs[n].where == inPlace {
			continue
		}
		if n == st.ra && r.regs[n].where == lost {
			st.outermost = true
		}
		st.saved = append(st.saved, saved{n, r.regs[n]})
	}
	// A call that leaves its return address on the stack, and no word of where that is.
	if !s.link && r.set>>st.ra&1 == 0 {
		st.outermost = true
	}
	return st
}

// open reads the tables that every program has.
func (t *table) open() {
	t.read = true
	e := t.file.ELF()
	t.golang = readGoTable(t.file)
	if s := e.Section(".eh_frame_hdr"); s != nil {
		t.hdr, _ = readHeader(t.machine, t.file.Section(s.Name), s.Addr)
	} else if data, addr := t.headerSegment(); data != nil {
		t.hdr, _ = readHeader(t.machine, data, addr)
	}
	if s := e.Section(".eh_frame"); s != nil && s.Type != elf.SHT_NOBITS {
		t.eh = t.section(t.file.Section(s.Name), s.Addr, true)
	} else if t.hdr.frame != 0 {
		t.eh = t.section(t.segment(t.hdr.frame), t.hdr.frame, true)
	}
	if t.eh != nil && t.eh.addr != t.hdr.frame {
		t.hdr.table = nil // of another .eh_frame
	}
}

func (t *table) section(data []byte, addr uint64, eh bool) *section {
	if len(data) == 0 {
		return nil
	}
	s := &section{machine: t.machine, data: data, addr: addr, eh: eh}
	if text := t.file.ELF().Section(".text"); text != nil {
		s.text = text.Addr
	}
	if got := t.file.ELF().Section(".got"); got != nil {
		s.got = got.Addr
	}
	return s
}

// openDebug reads .debug_frame, of the file or of that with its debugging information.
func (t *table) openDebug() *section {
	for _, f := range [...]*symbol.File{t.file, t.file.Debug()} {
		if f == nil {
			continue
		}
		if s := t.section(f.Section(".debug_frame"), 0, false); s != nil {
			return s
		}
	}
	return nil
}

// headerSegment is .eh_frame_hdr of a file without sections.
func (t *table) headerSegment() ([]byte, uint64) {
	for _, p := range t.file.ELF().Progs {
		if p.Type == elf.PT_GNU_EH_FRAME {
			return t.segment(p.Vaddr), p.Vaddr
		}
	}
	return nil, 0
}

// maxSegment bounds what is read of a segment.
const maxSegment = 64 << 20

// segment is what the file has from an address on, to the end of the segment.
func (t *table) segment(addr uint64) []byte { return readSegment(t.file.ELF(), addr, maxSegment) }

// readSegment is up to n bytes that a file has at an address, at most to the end of the segment.
func readSegment(f *elf.File, addr uint64, n uint64) []byte {
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || addr-p.Vaddr >= p.Filesz {
			continue
		}
		b := make([]byte, min(p.Filesz-(addr-p.Vaddr), n))
		got, _ := p.ReadAt(b, int64(addr-p.Vaddr)) // what is not there is not read
		return b[:got]
	}
	return nil
}

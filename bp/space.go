package bp

import (
	"errors"
	"os"
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/proto"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/event"
)

// space is one memory with what is planted in it.
type space struct {
	tid     int32 // a task that has it, by whose id procfs reaches it
	sym     *symbol.Space
	protos  *proto.Table // nil: none was asked for yet
	arch    *arch.Arch
	mem     *os.File
	spots   map[uint64]*spot
	order   []uint64 // addresses of spots, in order
	removed map[uint64]bool
	threads map[int32]*thread
	fresh   bool // nothing has been looked for yet
	left    bool // a task was let go: it must not run into anything
	stale   bool // a copy of memory in which a breakpoint was lifted
	wants   []event.Probe
	slots   slots
	step    *thread // it steps in place, or is about to, and all others wait
	lifted  *spot   // without its breakpoint for that
	loader  bool    // what the dynamic loader does is being watched
	watches
	ranges ranges
	blocks map[uint64]uint64 // the end of each block that was run
}

// spot is an address with a breakpoint.
type spot struct {
	addr   uint64
	orig   [4]byte
	in     disasm.Inst
	code   [disasm.MaxLen]byte
	known  bool        // in is
	copies [2]slotCopy // to be stepped, and boosted
	place  event.Place
	lined  bool          // with its source line
	point  string        // how the place was found: the name that was matched
	fn     *proto.Func   // that begins here; nil: not asked for yet, or none does
	probes []event.Probe // what is told of it
	enters []event.Probe // of functions whose return is told
	loader bool          // the dynamic loader has changed the list of modules
	entry  bool          // the program proper begins
	gate   bool          // tasks come into a range
	end    bool          // a block ends
	rets   int           // calls that return here
	kept   bool          // they did
	usdts  []static      // static probes there
}

func (e *Engine) newSpace(tid int32) *space {
	return &space{
		tid: tid, sym: e.opts.Cache.Space(int(tid)), spots: make(map[uint64]*spot), removed: make(map[uint64]bool),
		threads: make(map[int32]*thread), fresh: true,
	}
}

// copy is the memory of a task that was forked.
func (sp *space) copy(cache *symbol.Cache, tid int32) *space {
	n := &space{
		tid: tid, sym: cache.Space(int(tid)), arch: sp.arch, spots: make(map[uint64]*spot, len(sp.spots)), order: slices.Clone(sp.order),
		removed: make(map[uint64]bool), threads: make(map[int32]*thread), wants: sp.wants, slots: sp.slots.copy(),
		loader: sp.loader, ranges: slices.Clone(sp.ranges), stale: sp.lifted != nil, fresh: true,
	}
	for addr, s := range sp.spots {
		c := *s
		c.rets, c.fn = 0, nil
		c.probes, c.enters, c.usdts = slices.Clone(s.probes), slices.Clone(s.enters), slices.Clone(s.usdts)
		n.spots[addr] = &c
	}
	return n
}

// same is the spot of a copy.
func (sp *space) same(s *spot) *spot {
	if s == nil {
		return nil
	}
	return sp.spots[s.addr]
}

// close lets go of what nobody uses any more, and of ids that are not of this memory any more.
func (sp *space) close() {
	if sp.mem != nil && (len(sp.threads) == 0 || sp.threads[sp.tid] == nil) {
		sp.mem.Close()
		sp.mem = nil
	}
	for tid := range sp.threads {
		if sp.threads[sp.tid] == nil {
			sp.tid = tid
		}
	}
}

// file is the memory as a file, which reaches read-only pages and needs no task to be stopped.
func (sp *space) file() (*os.File, error) {
	if sp.mem != nil {
		return sp.mem, nil
	}
	f, err := os.OpenFile(procPath(sp.tid, "mem"), os.O_RDWR, 0)
	sp.mem = f
	return f, err
}

func (sp *space) read(p []byte, addr uint64) (int, error) {
	f, err := sp.file()
	if err != nil {
		return 0, err
	}
	if addr > 1<<63-1 {
		return 0, errNoMemory
	}
	return f.ReadAt(p, int64(addr))
}

func (sp *space) write(p []byte, addr uint64) error {
	f, err := sp.file()
	if err != nil {
		return err
	}
	_, err = f.WriteAt(p, int64(addr))
	return err
}

var errNoMemory = errors.New("there is no memory")

// spot is the breakpoint at an address, planted if there is none yet.
func (sp *space) plant(addr uint64) (*spot, error) {
	if s := sp.spots[addr]; s != nil {
		return s, nil
	}
	if sp.left {
		return nil, errLeft
	}
	s := &spot{addr: addr}
	b := sp.arch.Breakpoint
	if n, err := sp.read(s.orig[:len(b)], addr); n < len(b) {
		return nil, err
	}
	if err := sp.write(b, addr); err != nil {
		return nil, err
	}
	s.place = sp.sym.Place(addr)
	sp.spots[addr] = s
	delete(sp.removed, addr)
	i, _ := slices.BinarySearch(sp.order, addr)
	sp.order = slices.Insert(sp.order, i, addr)
	return s, nil
}

// placed is the place of a breakpoint, whose source line is looked up when it is first hit.
func (sp *space) placed(s *spot) event.Place {
	if !s.lined {
		s.lined = true
		s.place = sp.lined(s.place, s.addr)
	}
	return s.place
}

// lined adds the source line to a place.
func (sp *space) lined(p event.Place, addr uint64) event.Place {
	p.File, p.Line, _ = sp.sym.Line(addr)
	return p
}

// remove takes a breakpoint back. A program that has written something else there keeps it.
func (sp *space) remove(s *spot) {
	if sp.spots[s.addr] != s {
		return
	}
	delete(sp.spots, s.addr)
	if i, ok := slices.BinarySearch(sp.order, s.addr); ok {
		sp.order = slices.Delete(sp.order, i, i+1)
	}
	sp.removed[s.addr] = true
	sp.forgetStatics(s, func(event.Probe) bool { return true })
	if sp.lifted != s {
		sp.lift(s)
	}
}

// lift writes the program's own bytes.
func (sp *space) lift(s *spot) {
	if sp.isBreakpoint(s.addr) {
		sp.write(s.orig[:len(sp.arch.Breakpoint)], s.addr) // if it fails the memory is gone
	}
}

// errLeft: see space.left.
var errLeft = errors.New("a task with this memory is not traced any more")

// clear takes everything back, for good.
func (sp *space) clear() {
	for _, s := range sp.spots {
		sp.remove(s)
	}
	sp.left = true
	sp.wants, sp.loader, sp.ranges, sp.blocks = nil, false, nil, nil
	if sp.watches.version > 0 {
		sp.watches = watches{version: sp.watches.version + 1}
	}
}

// drop forgets what was planted in memory that has been unmapped.
func (sp *space) drop(gone func(addr uint64) bool) {
	for addr, s := range sp.spots {
		if gone(addr) {
			sp.remove(s)
		}
	}
}

// unpatch puts the program's own bytes over those of breakpoints.
func (sp *space) unpatch(p []byte, addr uint64) {
	if len(sp.order) == 0 {
		return
	}
	i, _ := slices.BinarySearch(sp.order, addr-min(addr, 3))
	for ; i < len(sp.order) && sp.order[i] < addr+uint64(len(p)); i++ {
		s := sp.spots[sp.order[i]]
		for j, b := range s.orig[:len(sp.arch.Breakpoint)] {
			if k := s.addr + uint64(j) - addr; k < uint64(len(p)) {
				p[k] = b
			}
		}
	}
}

// readCode reads the program's own code, as much as there is.
func (sp *space) readCode(p []byte, addr uint64) []byte {
	n, _ := sp.read(p, addr)
	sp.unpatch(p[:n], addr)
	return p[:n]
}

// inst is the instruction under a breakpoint.
func (sp *space) inst(s *spot) (disasm.Inst, error) {
	if s.known {
		return s.in, nil
	}
	in, err := disasm.Decode(sp.arch, sp.readCode(s.code[:], s.addr), s.addr)
	if err != nil {
		return in, err
	}
	s.in, s.known = in, true
	return in, nil
}

package symbol

import (
	"fmt"
	"strings"
)

// ErrUnbound is that a function is an IFUNC, one that chooses its implementation when the
// program is linked, and that this has not happened or has left no trace. It is an ErrNone,
// too: a place may come of it.
var ErrUnbound error = unbound{}

type unbound struct{}

func (unbound) Error() string { return "not yet known which implementation the program uses" }

func (unbound) Is(target error) bool { return target == ErrNone }

// slots are the places in a file that hold the addresses of functions, by what they are for.
type slots struct {
	named  map[string][]uint64 // a function of any module
	chosen map[uint64][]uint64 // what the function at an address of this file chooses
}

func (f *File) readSlots() slots {
	s := slots{map[string][]uint64{}, map[uint64][]uint64{}}
	relative := jumps[f.elf.Machine].relative
	for _, r := range f.relocs() {
		if r.typ == relative {
			s.chosen[r.addend] = append(s.chosen[r.addend], r.slot)
		} else if r.symbol != "" {
			s.named[r.symbol] = append(s.named[r.symbol], r.slot)
		}
	}
	return s
}

// chosen is the implementation that the program uses of an IFUNC of a module. The dynamic
// linker has left it in the slots of the module's own calls (IRELATIVE), or of calls from
// other modules. Where none calls it, only running the resolver would tell, which is not done.
// Versions of one name are not told apart in calls from others.
func (s *Space) chosen(m *Module, fn sym) (addr uint64, err error) {
	for _, slot := range m.File.slots().chosen[fn.addr] {
		if a, ok := s.implementation(m, fn, m.Bias+slot); ok {
			return a, nil
		}
	}
	for _, other := range s.modules {
		for _, slot := range other.File.slots().named[fn.name] {
			if a, ok := s.implementation(m, fn, other.Bias+slot); ok {
				return a, nil
			}
		}
	}
	return 0, fmt.Errorf("%s!%s: %w", m.Name, fn.name, ErrUnbound)
}

// implementation reads a slot. Until it is bound it holds 0, or leads back to a stub.
func (s *Space) implementation(m *Module, fn sym, slot uint64) (addr uint64, ok bool) {
	b, err := s.read(slot, m.File.ptrSize())
	if err != nil || len(b) < m.File.ptrSize() {
		return 0, false
	}
	c := cursor{b: b, order: m.File.elf.ByteOrder, ptr: len(b)}
	a := c.address()
	at := a - m.Bias
	if at == fn.addr || !m.File.executable(at) {
		return 0, false
	}
	if sec := m.File.sectionOf(at); sec != nil && strings.HasPrefix(sec.Name, ".plt") {
		return 0, false
	}
	m.name(at, fn.name)
	return a, true
}

// name remembers what an implementation is one of, for stripped libraries.
func (m *Module) name(at uint64, name string) {
	if m.chosen == nil {
		m.chosen = map[uint64]string{}
	}
	if m.chosen[at] == "" {
		m.chosen[at] = name
	}
}

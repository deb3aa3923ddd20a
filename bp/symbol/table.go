package symbol

import (
	"cmp"
	"debug/elf"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// table is the symbols of a file, sorted for finding what is at an address.
type table struct {
	funcs   []sym                   // by address, the best name of an address first
	called  []atomic.Pointer[names] // of funcs, where mangled and asked for
	entries []entry                 // one for every address of funcs
	objects []sym                   // by address
	byName  func() nameIndex
}

// entry is the code from one address on that has a name.
type entry struct {
	addr, end uint64
	sym       int32 // the first of funcs with the address
	outer     int32 // the entry that this one is inside of, or -1
	open      bool  // without size: the end is a guess
}

func newTable(syms []sym, limit func(addr uint64) uint64) *table {
	t := &table{}
	for _, s := range syms {
		if s.kind == object {
			t.objects = append(t.objects, s)
		} else {
			t.funcs = append(t.funcs, s)
		}
	}
	t.objects = sortSyms(t.objects)
	t.funcs = sortSyms(t.funcs)
	t.funcs = slices.Clip(dropInner(t.funcs))
	t.called = make([]atomic.Pointer[names], len(t.funcs))
	t.byName = sync.OnceValue(t.indexNames)
	t.index(limit)
	return t
}

// sortSyms sorts by address and takes what is there twice once.
func sortSyms(syms []sym) []sym {
	slices.SortFunc(syms, func(a, b sym) int {
		if c := cmp.Compare(a.addr, b.addr); c != 0 {
			return c
		}
		return better(a, b)
	})
	return slices.CompactFunc(syms, func(a, b sym) bool { return a.addr == b.addr && a.name == b.name })
}

// better orders the names of one address: those with a type, then those that others can
// see, then those that no underscore marks as an implementation's own, then the shorter.
func better(a, b sym) int {
	return cmp.Or(
		cmp.Compare(a.kind, b.kind),
		cmp.Compare(local(a), local(b)),
		cmp.Compare(underscores(a.name), underscores(b.name)),
		cmp.Compare(len(a.name), len(b.name)),
		cmp.Compare(a.name, b.name),
		cmp.Compare(b.size, a.size))
}

func local(s sym) int {
	if s.global {
		return 0
	}
	return 1
}

func underscores(name string) int {
	if mangled(name) {
		return 0
	}
	return len(name) - len(strings.TrimLeft(name, "_"))
}

// dropInner leaves out local labels inside functions that have a size: they are an
// assembler's jump targets.
func dropInner(syms []sym) []sym {
	var end uint64
	return slices.DeleteFunc(syms, func(s sym) bool {
		if s.kind == label && s.addr < end {
			return !s.global
		}
		end = max(end, s.addr+s.size)
		return false
	})
}

// index makes the entries. Functions lie inside others where compilers split them.
func (t *table) index(limit func(uint64) uint64) {
	var stack []int32
	for i := 0; i < len(t.funcs); {
		s, next := t.funcs[i], i+1
		size := s.size
		for next < len(t.funcs) && t.funcs[next].addr == s.addr {
			size = max(size, t.funcs[next].size)
			next++
		}
		e := entry{addr: s.addr, end: s.addr + size, sym: int32(i), outer: -1}
		if size == 0 || e.end < e.addr {
			e.open, e.end = true, max(limit(s.addr), s.addr+1)
			if next < len(t.funcs) {
				e.end = min(e.end, t.funcs[next].addr)
			}
		}
		for len(stack) > 0 && t.entries[stack[len(stack)-1]].end <= e.addr {
			stack = stack[:len(stack)-1]
		}
		if len(stack) > 0 {
			e.outer = stack[len(stack)-1]
		}
		stack = append(stack, int32(len(t.entries)))
		t.entries = append(t.entries, e)
		i = next
	}
}

// at is the innermost entry that contains an address.
func (t *table) at(addr uint64) (entry, bool) {
	lo, hi := 0, len(t.entries)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); t.entries[m].addr <= addr {
			lo = m + 1
		} else {
			hi = m
		}
	}
	for i := int32(lo) - 1; i >= 0; i = t.entries[i].outer {
		if addr < t.entries[i].end {
			return t.entries[i], true
		}
	}
	return entry{}, false
}

// names are what the i-th of funcs is called.
func (t *table) names(i int) names {
	raw := t.funcs[i].name
	if !mangled(raw) {
		return names{raw, raw, raw}
	}
	if n := t.called[i].Load(); n != nil {
		return *n
	}
	n := demangled(raw)
	t.called[i].Store(&n)
	return n
}

// object is the data that contains an address.
func (t *table) object(addr uint64) (sym, bool) {
	i, found := slices.BinarySearchFunc(t.objects, addr, func(s sym, a uint64) int { return cmp.Compare(s.addr, a) })
	if !found {
		i--
	}
	for i > 0 && t.objects[i-1].addr == t.objects[i].addr {
		i--
	}
	if i < 0 || addr-t.objects[i].addr >= max(t.objects[i].size, 1) {
		return sym{}, false
	}
	return t.objects[i], true
}

// readTable reads all symbols of the file, and of its debug file where it has been stripped.
func (f *File) readTable() *table {
	syms := f.symbols(elf.SHT_SYMTAB)
	if len(syms) == 0 {
		if d := f.Debug(); d != f {
			syms = d.symbols(elf.SHT_SYMTAB)
		}
	}
	if len(syms) == 0 {
		if m := f.mini(); m != nil {
			syms = m.symbols(elf.SHT_SYMTAB)
		}
		syms = append(syms, f.goSymbols()...)
	}
	if len(f.elf.Sections) == 0 {
		syms = append(syms, f.dynamicSymbols()...)
	}
	syms = append(syms, f.symbols(elf.SHT_DYNSYM)...)
	syms = append(syms, f.stubs()...)
	return newTable(syms, f.sectionEnd)
}

// sectionEnd is where the section with an address ends; the address itself where none has it.
func (f *File) sectionEnd(addr uint64) uint64 {
	if s := f.sectionOf(addr); s != nil {
		return s.Addr + s.Size
	}
	return addr
}

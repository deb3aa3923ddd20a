package symbol

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gotrace/gotrace/tracer/event"
)

// Space is the address space of a process as Refresh last found it. One goroutine may use
// it at a time.
type Space struct {
	cache   *Cache
	pid     int
	text    []byte // of /proc/PID/maps
	regions []region
	modules []*Module
}

// Module is an ELF file that a process has mapped and may execute.
type Module struct {
	Path   string // as /proc/PID/maps has it, without what marks a deleted file
	Name   string // the last part of Path
	Bias   uint64 // what the process adds to the addresses of the file
	Lo, Hi uint64 // the addresses that it takes
	File   *File
	// Changed says that the file is not the one that was mapped: it was written to since,
	// or another has taken its path. Its symbols are then those of the process's memory.
	Changed bool

	mapped region
	chosen map[uint64]string // functions that stand for IFUNCs, by address in the file
}

// Symbol is a function or a piece of data of a process.
type Symbol struct {
	Name string // demangled, with parameters; the address in the file where nothing names it
	Raw  string // as the file has it; "" where nothing names it
	Addr uint64
	Size uint64 // 0: not known
}

// Span is the addresses from Lo up to Hi, without Hi.
type Span struct{ Lo, Hi uint64 }

// ErrNoSpace is that a task has no address space any more: it has exited. That the first
// thread of a process has done so does not end the others.
var ErrNoSpace = errors.New("no address space")

// Space returns the address space of a process, by its ID or that of any of its threads. It
// is empty until Refresh.
func (c *Cache) Space(pid int) *Space { return &Space{cache: c, pid: pid} }

// Refresh looks at what the process has mapped now. Modules that are still there stay the
// same. The error is that of reading /proc/PID/maps, or ErrNoSpace, and leaves all as it
// was; a file that cannot be read is no module.
func (s *Space) Refresh() error {
	text, err := os.ReadFile(s.proc("maps"))
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return fmt.Errorf("%s: %w", s.proc("maps"), ErrNoSpace)
	}
	if bytes.Equal(text, s.text) {
		return nil
	}
	s.text, s.regions = text, parseMaps(text)
	var modules []*Module
	for _, r := range s.regions {
		if !r.exec || within(modules, r) {
			continue
		}
		if m := s.module(r); m != nil {
			modules = append(modules, m)
		}
	}
	slices.SortStableFunc(modules, func(a, b *Module) int { return cmp.Compare(a.Lo, b.Lo) })
	s.modules = modules
	return nil
}

func (s *Space) proc(name string) string { return "/proc/" + strconv.Itoa(s.pid) + "/" + name }

// within reports whether a mapping is another part of a module.
func within(modules []*Module, r region) bool {
	return slices.ContainsFunc(modules, func(m *Module) bool {
		return m.mapped.path == r.path && m.mapped.inode == r.inode && m.Lo <= r.lo && r.hi <= m.Hi
	})
}

// module makes the module of its first executable mapping, or takes the old one.
func (s *Space) module(r region) *Module {
	for _, m := range s.modules {
		if m.mapped == r {
			return m
		}
	}
	f, err := s.open(r)
	if err != nil {
		return s.remembered(r, false)
	}
	bias, ok := f.biasOf(r.lo, r.off)
	if r.path == vdso {
		lo, _ := f.span()
		bias, ok = r.lo-lo, true
	}
	if !ok || s.changed(f, bias) {
		return s.remembered(r, true)
	}
	return newModule(r, f, bias)
}

func newModule(r region, f *File, bias uint64) *Module {
	lo, hi := f.span()
	return &Module{Path: strings.TrimSuffix(r.path, deleted), Name: r.base(), Bias: bias,
		Lo: lo + bias, Hi: hi + bias, File: f, mapped: r}
}

// remembered makes a module of what is in memory, where the file is not to be had.
func (s *Space) remembered(r region, changed bool) *Module {
	f := s.fromMemory(r)
	if f == nil {
		return nil
	}
	bias, ok := f.biasOf(r.lo, r.off)
	if !ok {
		return nil
	}
	m := newModule(r, f, bias)
	m.Changed = changed
	return m
}

// open finds the file of a mapping: by the mapping itself, which is right also where the
// file is deleted or in another mount namespace but needs a capability, by the process's
// executable, by its tree of files, or by ours.
func (s *Space) open(r region) (*File, error) {
	if r.path == vdso {
		image, err := s.read(r.lo, int(min(r.hi-r.lo, 1<<20)))
		if err != nil {
			return nil, err
		}
		return s.cache.vdso(image)
	}
	root := s.proc("root")
	var first error
	for _, path := range []string{s.proc(fmt.Sprintf("map_files/%x-%x", r.lo, r.hi)), s.exe(r), root + r.path, r.path} {
		if path == "" {
			continue
		}
		f, err := s.cache.open(path, r.path, root)
		if err == nil {
			return f, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// exe is the path of the process's executable if a mapping is of that.
func (s *Space) exe(r region) string {
	if link, err := os.Readlink(s.proc("exe")); err != nil || link != r.path {
		return ""
	}
	return s.proc("exe")
}

// read reads the memory of the process.
func (s *Space) read(addr uint64, n int) ([]byte, error) {
	mem, err := os.Open(s.proc("mem"))
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	b := make([]byte, n)
	if n, err = mem.ReadAt(b, int64(addr)); err != nil && err != io.EOF {
		return nil, err
	}
	return b[:n], nil
}

// Modules is what the process has mapped, by address. The caller must not change it.
func (s *Space) Modules() []*Module { return s.modules }

// Matching is the modules that a name before the '!' of a place stands for; all for "".
func (s *Space) Matching(name string) []*Module { return s.matching(name) }

// Module is the module with an address, or nil.
func (s *Space) Module(addr uint64) *Module {
	lo, hi := 0, len(s.modules)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); s.modules[m].Lo <= addr {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == 0 || addr >= s.modules[lo-1].Hi {
		return nil
	}
	return s.modules[lo-1]
}

// Func is the function that contains an address: by symbol, or by unwind information where
// the file is stripped, and then named by its address in the file.
func (s *Space) Func(addr uint64) (f Symbol, ok bool) {
	m := s.Module(addr)
	if m == nil {
		return Symbol{}, false
	}
	return m.function(addr)
}

func (m *Module) function(addr uint64) (Symbol, bool) {
	t, at := m.File.table(), addr-m.Bias
	e, ok := t.at(at)
	if !ok || e.open {
		if f, found := m.File.fde(at); found && (!ok || f.addr > e.addr) {
			name := m.chosen[f.addr]
			return Symbol{Name: cmp.Or(name, fileAddress(f.addr)), Raw: name, Addr: f.addr + m.Bias, Size: f.size}, true
		} else if found && f.addr == e.addr {
			e.end = f.addr + f.size
		}
	}
	if !ok {
		return Symbol{}, false
	}
	return Symbol{Name: t.names(int(e.sym)).full, Raw: t.funcs[e.sym].name,
		Addr: e.addr + m.Bias, Size: e.end - e.addr}, true
}

// fileAddress is what a function without a name is called. lib!0xADDR finds it.
func fileAddress(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }

// Place names an address by module, function and offset. Where no function is known, Off is
// the address within the file.
func (s *Space) Place(addr uint64) event.Place {
	m := s.Module(addr)
	if m == nil {
		return event.Place{}
	}
	f, ok := m.function(addr)
	if !ok {
		return event.Place{Module: m.Name, Off: addr - m.Bias}
	}
	return event.Place{Module: m.Name, Func: f.Name, Off: addr - f.Addr}
}

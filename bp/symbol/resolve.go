package symbol

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// ErrNone is that a place is not in the process, or not yet. Errors that are it are
// *NoneError or ErrUnbound.
var ErrNone = errors.New("no such place")

// NoneError says what there is none of.
type NoneError struct {
	Loc    Loc
	Module bool // no module has the name; it may be loaded later
}

func (e *NoneError) Error() string {
	switch l := e.Loc; {
	case e.Module:
		return fmt.Sprintf("nothing called %s is loaded", l.Module)
	case l.File != "":
		return fmt.Sprintf("no code of %s:%d", l.File, l.Line)
	case l.HasAddr:
		return fmt.Sprintf("no code at %s", l)
	default:
		return fmt.Sprintf("no function %s", l)
	}
}

// Is makes it ErrNone.
func (e *NoneError) Is(target error) bool { return target == ErrNone }

// Point is an address that a place stands for.
type Point struct {
	Addr   uint64
	Name   string // what is there, in the words of Loc: a function with offset, or a line
	Module *Module
}

// Resolve finds a place in all modules, by address. The error is a *NoneError where nothing
// matches. An IFUNC stands for the implementation that the program has chosen; where that is
// not known it is left out, and if nothing else matches the error is ErrUnbound.
func (s *Space) Resolve(l Loc) ([]Point, error) {
	if l.HasAddr && l.Module == "" {
		return s.absolute(l)
	}
	if l.Off != 0 && l.Pattern() && !s.named(l) {
		return nil, fmt.Errorf("%s: an offset cannot follow a pattern", l)
	}
	modules := s.matching(l.Module)
	if len(modules) == 0 {
		return nil, &NoneError{Loc: l, Module: l.Module != ""}
	}
	var out []Point
	var unbound error
	for _, m := range modules {
		points, err := s.points(m, l)
		out, unbound = append(out, points...), cmp.Or(unbound, err)
	}
	if len(out) == 0 {
		return nil, cmp.Or[error](unbound, &NoneError{Loc: l})
	}
	slices.SortFunc(out, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), nearer(l.Name, a.Name, b.Name))
	})
	return slices.CompactFunc(out, func(a, b Point) bool { return a.Addr == b.Addr }), nil
}

// nearer puts the name that was asked for before others of the same address.
func nearer(want, a, b string) int {
	return cmp.Compare(btoi(a != want), btoi(b != want))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// absolute is an address of the process, in a module or not.
func (s *Space) absolute(l Loc) ([]Point, error) {
	return []Point{{Addr: l.Addr, Name: l.String(), Module: s.Module(l.Addr)}}, nil
}

// named reports whether a function has just the name that looks like a pattern.
func (s *Space) named(l Loc) bool {
	return slices.ContainsFunc(s.matching(l.Module), func(m *Module) bool {
		return m.File.table().exact(l.Name) != nil
	})
}

// matching is the modules that a name stands for: all for "", otherwise those with the file
// name, with the path, or with a file name that goes on with .so or a version, as libc does
// in libc.so.6 and libc-2.31.so; or that match the pattern.
func (s *Space) matching(name string) []*Module {
	if name == "" {
		return s.modules
	}
	var out []*Module
	for _, m := range s.modules {
		if m.called(name) {
			out = append(out, m)
		}
	}
	return out
}

func (m *Module) called(name string) bool {
	if strings.Contains(name, "/") {
		return m.Path == name || path.Clean(name) == m.Path || glob(name, m.Path)
	}
	if m.Name == name || glob(name, m.Name) {
		return true
	}
	rest, ok := strings.CutPrefix(m.Name, name)
	return ok && (strings.HasPrefix(rest, ".so") || len(rest) > 1 && rest[0] == '-' && '0' <= rest[1] && rest[1] <= '9')
}

// points finds a place in one module.
func (s *Space) points(m *Module, l Loc) ([]Point, error) {
	switch {
	case l.HasAddr:
		if !m.File.executable(l.Addr) {
			return nil, nil
		}
		return []Point{{Addr: l.Addr + m.Bias, Name: l.String(), Module: m}}, nil
	case l.File != "":
		return m.linePoints(l), nil
	}
	var out []Point
	var unbound error
	t := m.File.table()
	for _, i := range t.find(l.Name) {
		addr := t.funcs[i].addr + m.Bias
		if t.funcs[i].kind == ifunc {
			a, err := s.chosen(m, t.funcs[i])
			if err != nil {
				unbound = err
				continue
			}
			addr = a
		}
		out = append(out, Point{Addr: addr + l.Off, Name: t.pointName(i, l), Module: m})
	}
	for _, a := range m.File.findUnnamed(l.Name) {
		out = append(out, Point{Addr: a + m.Bias, Name: fileAddress(a), Module: m})
	}
	return out, unbound
}

// pointName is what a function that was found is called.
func (t *table) pointName(i int, l Loc) string {
	n := t.names(i)
	name := n.full
	if l.Name == t.funcs[i].name || l.Name == n.bare {
		name = l.Name
	}
	if l.Off != 0 {
		return fmt.Sprintf("%s+%#x", name, l.Off)
	}
	return name
}

// Object finds data by name or pattern, in all modules or those of l.Module.
func (s *Space) Object(l Loc) ([]Symbol, error) {
	modules := s.matching(l.Module)
	if len(modules) == 0 {
		return nil, &NoneError{Loc: l, Module: l.Module != ""}
	}
	var out []Symbol
	for _, m := range modules {
		for _, o := range m.File.table().findObjects(l.Name) {
			out = append(out, m.data(o))
		}
	}
	if len(out) == 0 {
		return nil, &NoneError{Loc: l}
	}
	return out, nil
}

func (m *Module) data(o sym) Symbol {
	return Symbol{Name: demangled(o.name).full, Raw: o.name, Addr: o.addr + m.Bias, Size: o.size}
}

// ObjectAt is the data that contains an address.
func (s *Space) ObjectAt(addr uint64) (Symbol, bool) {
	m := s.Module(addr)
	if m == nil {
		return Symbol{}, false
	}
	o, ok := m.File.table().object(addr - m.Bias)
	if !ok {
		return Symbol{}, false
	}
	return m.data(o), true
}

package symbol

import "strings"

// find gives the indices of the functions that a name or pattern means: those with just
// that name, or else, where it is one, those that match the pattern. Names are the raw one,
// the demangled one, that without parameters, and that without the arguments of templates.
// Stubs of the procedure linkage table have to be named with their @.
func (t *table) find(name string) []int {
	if exact := t.exact(name); exact != nil || !strings.ContainsAny(name, "*?[") {
		return exact
	}
	return t.collect(name, func(s string) bool { return glob(name, s) })
}

// exact gives the functions with just a name. Rules may name thousands, so that raw names
// are looked up; only those that are mangled are gone through.
func (t *table) exact(name string) (out []int) {
	known := t.byName()
	stubs := strings.Contains(name, "@")
	for _, i := range known.raw[name] {
		if stubs || t.funcs[i].kind != stub {
			out = append(out, int(i))
		}
	}
	must := literal(name)
	for _, i := range known.mangled {
		if s := t.funcs[i].name; s != name && strings.Contains(s, must) && t.calledSo(int(i), func(s string) bool { return s == name }) {
			out = append(out, int(i))
		}
	}
	return out
}

// nameIndex finds functions by raw name, and those that are mangled.
type nameIndex struct {
	raw     map[string][]int32
	mangled []int32
}

func (t *table) indexNames() nameIndex {
	x := nameIndex{raw: make(map[string][]int32, len(t.funcs))}
	one := make([]int32, len(t.funcs)) // most names have one function
	for i := range t.funcs {
		name := t.funcs[i].name
		if list := x.raw[name]; list != nil {
			x.raw[name] = append(list, int32(i))
		} else {
			one[i] = int32(i)
			x.raw[name] = one[i : i+1 : i+1]
		}
		if mangled(name) {
			x.mangled = append(x.mangled, int32(i))
		}
	}
	return x
}

func (t *table) collect(name string, ok func(string) bool) []int {
	var out []int
	must, stubs := literal(name), strings.Contains(name, "@")
	for i := range t.funcs {
		s := &t.funcs[i]
		if s.kind == stub && !stubs {
			continue
		}
		if ok(s.name) || mangled(s.name) && strings.Contains(s.name, must) && t.calledSo(i, ok) {
			out = append(out, i)
		}
	}
	return out
}

func (t *table) calledSo(i int, ok func(string) bool) bool {
	n := t.names(i)
	return ok(n.full) || ok(n.bare) || ok(n.plain)
}

// findObjects gives the data with a name, or that match a pattern.
func (t *table) findObjects(name string) []sym {
	var exact, matched []sym
	for _, s := range t.objects {
		full := s.name
		if mangled(full) && strings.Contains(full, literal(name)) {
			full = demangled(full).full
		}
		switch {
		case s.name == name || full == name:
			exact = append(exact, s)
		case glob(name, s.name) || glob(name, full):
			matched = append(matched, s)
		}
	}
	if exact != nil {
		return exact
	}
	return matched
}

// findUnnamed gives the functions that only unwind information knows, by a pattern that is
// meant for all or for their addresses in the file: * or 0x*.
func (f *File) findUnnamed(name string) (out []uint64) {
	if name != "*" && (!strings.HasPrefix(name, "0x") || !strings.ContainsAny(name, "*?[")) {
		return nil
	}
	t := f.table()
	for _, d := range f.fdes() {
		if e, ok := t.at(d.addr); (!ok || e.open && e.addr != d.addr) && glob(name, fileAddress(d.addr)) {
			out = append(out, d.addr)
		}
	}
	return out
}

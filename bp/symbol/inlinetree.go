package symbol

import (
	"cmp"
	"debug/dwarf"
	"slices"
)

// inlineTree is the functions of a unit that have code.
type inlineTree struct {
	nodes  []inlineNode
	ranges []nodeRange
	paths  []string // of the unit's files
}

// inlineNode is a function, or an inlined copy of one.
type inlineNode struct {
	entry    dwarf.Offset
	parent   int32 // what it was inlined into, or -1
	inlined  bool
	callFile int
	callLine int
}

// nodeRange is a run of addresses of a node.
type nodeRange struct {
	lo, hi uint64
	node   int32
	outer  int32 // the range that this one is inside of, or -1
}

// readTree reads a unit.
func (i *inlineInfo) readTree(unit dwarf.Offset) (t *inlineTree) {
	t = &inlineTree{}
	var err error
	defer guard(&err)
	r := i.data.Reader()
	r.Seek(unit)
	cu, err := r.Next()
	if err != nil || cu == nil {
		return t
	}
	if off, ok := cu.Val(dwarf.AttrStmtList).(int64); ok {
		lines := i.f.lines()
		if u, ok := lines.header(uint64(off)); ok {
			t.paths = lines.paths(&u)
		}
	}
	lang, _ := cu.Val(dwarf.AttrLanguage).(int64)
	t.read(i.data, r, cu.Children, typesHaveCode(lang))
	t.sort()
	return t
}

// typesHaveCode reports whether functions of a language may lie within its types, as Rust's
// do: then types cannot be skipped.
func typesHaveCode(lang int64) bool {
	const rust = 0x1c
	return lang == rust
}

// read goes through the entries of a unit.
func (t *inlineTree) read(d *dwarf.Data, r *dwarf.Reader, children, types bool) {
	if !children {
		return
	}
	stack := []int32{-1} // the function around the entries of each level
	for len(stack) > 0 {
		e, err := r.Next()
		if err != nil || e == nil {
			return
		}
		if e.Tag == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		inside := stack[len(stack)-1]
		skip := false
		switch e.Tag {
		case dwarf.TagSubprogram:
			inside = t.add(d, e, -1)
			skip = inside < 0 && !types
		case dwarf.TagInlinedSubroutine:
			if n := t.add(d, e, inside); n >= 0 {
				inside = n
			}
		case dwarf.TagStructType, dwarf.TagClassType, dwarf.TagUnionType, dwarf.TagEnumerationType, dwarf.TagSubroutineType, dwarf.TagArrayType:
			skip = !types
		}
		switch {
		case !e.Children:
		case skip:
			r.SkipChildren()
		default:
			stack = append(stack, inside)
		}
	}
}

// add takes a function that has code, and gives its index or -1.
func (t *inlineTree) add(d *dwarf.Data, e *dwarf.Entry, parent int32) int32 {
	ranges, err := d.Ranges(e)
	if err != nil || len(ranges) == 0 {
		return -1
	}
	n := int32(len(t.nodes))
	file, _ := e.Val(dwarf.AttrCallFile).(int64)
	line, _ := e.Val(dwarf.AttrCallLine).(int64)
	t.nodes = append(t.nodes, inlineNode{entry: e.Offset, parent: parent,
		inlined: e.Tag == dwarf.TagInlinedSubroutine, callFile: int(file), callLine: int(line)})
	for _, p := range ranges {
		if p[0] < p[1] {
			t.ranges = append(t.ranges, nodeRange{lo: p[0], hi: p[1], node: n, outer: -1})
		}
	}
	return n
}

// sort puts ranges by address, those of inner functions after those that they are in.
func (t *inlineTree) sort() {
	slices.SortStableFunc(t.ranges, func(a, b nodeRange) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(b.hi, a.hi))
	})
	var stack []int32
	for i := range t.ranges {
		for len(stack) > 0 && t.ranges[stack[len(stack)-1]].hi <= t.ranges[i].lo {
			stack = stack[:len(stack)-1]
		}
		if len(stack) > 0 {
			t.ranges[i].outer = stack[len(stack)-1]
		}
		stack = append(stack, int32(i))
	}
}

// at is the innermost function of an address, or -1.
func (t *inlineTree) at(addr uint64) int32 {
	n, _ := slices.BinarySearchFunc(t.ranges, addr+1, func(r nodeRange, a uint64) int { return cmp.Compare(r.lo, a) })
	for i := int32(n) - 1; i >= 0; i = t.ranges[i].outer {
		if addr < t.ranges[i].hi {
			return t.ranges[i].node
		}
	}
	return -1
}

func (t *inlineTree) path(file int) string {
	if file >= 0 && file < len(t.paths) {
		return t.paths[file]
	}
	return ""
}

// name is what a function is called: its linkage name demangled, or else its name. Either
// may be given by the entry that it is a copy or the definition of.
func (i *inlineInfo) name(n *inlineNode) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if s, ok := i.names[n.entry]; ok {
		return s
	}
	s := i.readName(n.entry)
	i.names[n.entry] = s
	return s
}

func (i *inlineInfo) readName(off dwarf.Offset) (name string) {
	var err error
	defer guard(&err)
	const links = 8 // more is a circle
	for range links {
		r := i.data.Reader()
		r.Seek(off)
		e, err := r.Next()
		if err != nil || e == nil {
			return name
		}
		for _, a := range []dwarf.Attr{dwarf.AttrLinkageName, attrMIPSLinkageName} {
			if s, ok := e.Val(a).(string); ok {
				return demangled(s).full
			}
		}
		if s, ok := e.Val(dwarf.AttrName).(string); ok && name == "" {
			name = s
		}
		origin, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			origin, ok = e.Val(dwarf.AttrSpecification).(dwarf.Offset)
		}
		if !ok {
			return name
		}
		off = origin
	}
	return name
}

// attrMIPSLinkageName is what DWARF 3 compilers have in place of DW_AT_linkage_name.
const attrMIPSLinkageName = dwarf.Attr(0x2007)

package symbol

import (
	"debug/dwarf"
	"slices"
)

// Subprogram finds the entry of the debugging information that describes the function, not
// inlined, that contains an address of the file, and the first entry of its unit. Both are
// offsets in the data that DWARF gives.
func (f *File) Subprogram(addr uint64) (unit, entry dwarf.Offset, ok bool) {
	info := f.inlines()
	if info.data == nil {
		return 0, 0, false
	}
	t, i := info.at(addr)
	for i >= 0 && t.nodes[i].inlined {
		i = t.nodes[i].parent
	}
	if i < 0 {
		return 0, 0, false
	}
	entry = t.nodes[i].entry
	units := f.unitOffsets()
	n, found := slices.BinarySearch(units, entry)
	if !found {
		n--
	}
	if n < 0 {
		return 0, 0, false
	}
	return units[n], entry, true
}

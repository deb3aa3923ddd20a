package event

// Table names the values of one set of kernel constants. Order is meaning:
// a flag table is tried from the top, so combinations stand before their parts,
// and the first of two names for one value is the one that is shown.
type Table struct {
	Name    string // identifies the set, in JSON schemas: "open_flags"
	Unknown string // shown beside a value without a name: "O_???"
	Entries []Entry
	Sorted  bool // entries ascend strictly by value: Find may use binary search
	// Alt holds the table as it is on the architecture AltArch, where it differs.
	Alt     *Table
	AltArch string
}

// Entry is one named value.
type Entry struct {
	Val  uint64
	Name string
}

// For returns the table as it is on the named architecture.
func (t *Table) For(arch string) *Table {
	for u := t; u != nil; u = u.Alt {
		if u.AltArch == arch {
			return u
		}
	}
	return t
}

// Find returns the name of v, or "" when it has none.
func (t *Table) Find(v uint64) string {
	if t == nil {
		return ""
	}
	if !t.Sorted {
		for i := range t.Entries {
			if t.Entries[i].Val == v {
				return t.Entries[i].Name
			}
		}
		return ""
	}
	lo, hi := 0, len(t.Entries)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if t.Entries[m].Val < v {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(t.Entries) && t.Entries[lo].Val == v {
		return t.Entries[lo].Name
	}
	return ""
}

// Lookup returns the value of a name.
func (t *Table) Lookup(name string) (uint64, bool) {
	for i := range t.Entries {
		if t.Entries[i].Name == name {
			return t.Entries[i].Val, true
		}
	}
	return 0, false
}

// Known returns the bits of v that have names.
func (t *Table) Known(v uint64) uint64 {
	if t == nil {
		return 0
	}
	var known uint64
	for i := range t.Entries {
		if e := t.Entries[i].Val; v&e == e {
			known |= e
		}
	}
	return known
}

package filter

import (
	"fmt"
	"slices"
	"strings"
)

// Union returns the calls that are in s or in o. Both are of one Universe.
func (s *SyscallSet) Union(o *SyscallSet) *SyscallSet {
	if s == nil {
		return o
	}
	return s.combine(o, func(a, b uint64) uint64 { return a | b })
}

// Intersect returns the calls that are in s and in o. Both are of one Universe.
func (s *SyscallSet) Intersect(o *SyscallSet) *SyscallSet {
	return s.combine(o, func(a, b uint64) uint64 { return a & b })
}

// Minus returns the calls that are in s and not in o. Both are of one Universe.
func (s *SyscallSet) Minus(o *SyscallSet) *SyscallSet {
	return s.combine(o, func(a, b uint64) uint64 { return a &^ b })
}

// combine makes a set of two, word by word.
func (s *SyscallSet) combine(o *SyscallSet, f func(a, b uint64) uint64) *SyscallSet {
	if s == nil {
		s = &SyscallSet{}
	}
	if o == nil {
		o = &SyscallSet{}
	}
	c := &SyscallSet{abis: make([]bitset, max(len(s.abis), len(o.abis))), u: s.u}
	if c.u == nil {
		c.u = o.u
	}
	for i := range c.abis {
		c.abis[i] = make(bitset, max(s.words(i), o.words(i)))
		for j := range c.abis[i] {
			c.abis[i][j] = f(s.word(i, j), o.word(i, j))
		}
	}
	for _, x := range []*SyscallSet{s, o} {
		if c.equal(x) {
			c.text = x.text
		}
	}
	return c
}

func (s *SyscallSet) words(abi int) int {
	if abi >= len(s.abis) {
		return 0
	}
	return len(s.abis[abi])
}

func (s *SyscallSet) word(abi, i int) uint64 {
	if i >= s.words(abi) {
		return 0
	}
	return s.abis[abi][i]
}

// equal reports whether two sets hold the same calls.
func (s *SyscallSet) equal(o *SyscallSet) bool {
	for i := range max(len(s.abis), len(o.abis)) {
		for j := range max(s.words(i), o.words(i)) {
			if s.word(i, j) != o.word(i, j) {
				return false
			}
		}
	}
	return true
}

// spell writes a set that was made of others: by the names of its calls or of those that
// are not in it, whichever are fewer.
func (s *SyscallSet) spell() string {
	if s.u == nil || s.Empty() {
		return "none"
	}
	in, out := s.elements(), s.complement(s.u).elements()
	switch {
	case len(out) == 0:
		return "all"
	case len(out) < len(in):
		return "all,!" + strings.Join(out, ",!")
	}
	return strings.Join(in, ",")
}

// elements lists the calls: by name if that says the same, for all ABIs or for one, and
// else by number.
func (s *SyscallSet) elements() []string {
	var list []string
	for i, abi := range s.u.ABIs {
		for _, nr := range s.Numbers(i) {
			e := abi.Names[nr]
			switch {
			case slices.Contains(bareClasses, e) || !s.hasAll(e, i, i+1) && nr < SocketcallBase:
				e = fmt.Sprint(nr, "@", abi.Suffix)
			case !s.hasAll(e, 0, len(s.u.ABIs)):
				e += "@" + abi.Suffix
			}
			list = append(list, e)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// hasAll reports whether all calls of a name are in the set, in the ABIs from low up to high.
func (s *SyscallSet) hasAll(name string, low, high int) bool {
	for i := low; i < high; i++ {
		for nr, n := range s.u.ABIs[i].Names {
			if n == name && !s.Has(i, nr) {
				return false
			}
		}
	}
	return true
}

package event

import "slices"

// Needs is what the kernel must report of a task. It is shared by all tasks of the same
// membership and does not change; a new membership means another Needs.
type Needs struct {
	Syscalls bool    // some system call is of interest
	Calls    CallSet // which ones make events
	Late     CallSet // of these, the ones that make none at entry
	// Preds are conditions that calls of interest must meet by their arguments.
	Preds   CallPreds
	Tamper  CallSet // of the calls of interest, the ones that may be tampered with
	Abbrev  CallSet // decoded with abbreviation
	Verbose CallSet // decoded with structures
	Raw     CallSet // not decoded
	Signals bool    // signal deliveries make events
	Attach  bool    // that the task is traced makes an event, even if nothing else does
	Probes  []Probe // places and counters that make events; without duplicates
	// Dump says whether data that moves through a descriptor is collected; nil: never.
	Dump func(t Task, fd int32) (read, write bool)
}

// AddProbe adds a probe that is not there yet.
func (n *Needs) AddProbe(p Probe) {
	if !slices.Contains(n.Probes, p) {
		n.Probes = append(slices.Clip(n.Probes), p)
	}
}

// ABI indices of a CallSet.
const (
	NativeABI = 0
	CompatABI = 1
)

// CallSet is a set of system calls by ABI index and number. Numbers beyond the bitmap
// are members when Rest is set: calls that have no name.
type CallSet struct {
	Bits [2][20]uint64
	Rest bool
}

// Has reports whether a call is in the set.
func (s *CallSet) Has(abi int, nr uint64) bool {
	if nr >= setSize {
		return s.Rest
	}
	return s.Bits[abi][nr/64]>>(nr%64)&1 != 0
}

// Add puts a call into the set.
func (s *CallSet) Add(abi int, nr uint64) {
	if nr < setSize {
		s.Bits[abi][nr/64] |= 1 << (nr % 64)
	}
}

// Empty reports whether nothing is in the set.
func (s *CallSet) Empty() bool { return !s.Rest && s.Bits == [2][20]uint64{} }

// setSize is one more than the largest number in a CallSet's bitmap. It includes the
// numbers that stand for the calls behind socketcall and ipc.
const setSize = 20 * 64

// Union is the calls that are in s or in o.
func (s CallSet) Union(o *CallSet) CallSet {
	for i := range s.Bits {
		for j := range s.Bits[i] {
			s.Bits[i][j] |= o.Bits[i][j]
		}
	}
	s.Rest = s.Rest || o.Rest
	return s
}

// Minus is the calls that are in s and not in o.
func (s CallSet) Minus(o *CallSet) CallSet {
	for i := range s.Bits {
		for j := range s.Bits[i] {
			s.Bits[i][j] &^= o.Bits[i][j]
		}
	}
	s.Rest = s.Rest && !o.Rest
	return s
}

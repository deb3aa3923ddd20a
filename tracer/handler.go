// Package tracer drives traced tasks: it launches and attaches, waits for stops, turns
// them into events, hands these to a Handler and resumes the tasks as its verdicts say.
// It knows nothing of rules, groups or output; a Handler tells it what is needed of each
// task, so that tasks nobody watches run without system-call stops.
package tracer

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Handler decides about events. All methods are called from the session's one thread.
type Handler interface {
	// Handle is called for every event that the needs of its task ask for. The event is
	// valid until it returns.
	Handle(*event.Event) (event.Verdict, error)
	// NewTask tells of a task before its first event and returns what its rules need.
	// The parent is the zero Task for one that was launched or attached.
	NewTask(t, parent event.Task, thread bool) *Needs
	// Exec tells that a task runs a new program and returns what its rules need now.
	// names are what the program is known by: the path given to execve, the file's path.
	Exec(t event.Task, former int32, names ...string) *Needs
	// Drop tells that a task is gone, or no longer traced.
	Drop(t event.Task)
}

// Needs is what the kernel must report of a task. It is shared by all tasks of the same
// membership and does not change; a new membership means another Needs.
type Needs struct {
	Syscalls bool    // some system call is of interest
	Calls    CallSet // which ones make events
	Tamper   CallSet // which ones are given to the Injector
	Abbrev   CallSet // decoded with abbreviation
	Verbose  CallSet // decoded with structures
	Raw      CallSet // not decoded
	ExitOnly bool    // the decision needs the result: no event at entry
	Signals  bool    // signal deliveries make events
	Detach   bool    // let the task go
	Dump     func(t event.Task, fd int32) (read, write bool)
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

// ABIs is the native ABI and the 32-bit one of its machine, if there is one.
func ABIs(native *arch.Arch) []*arch.ABI {
	if native == arch.ARM64 {
		return []*arch.ABI{arch.ABIARM64}
	}
	return []*arch.ABI{arch.ABIAMD64, arch.ABII386}
}

// setSize is one more than the largest number in a CallSet's bitmap. It includes the
// numbers that stand for the calls behind socketcall and ipc.
const setSize = 20 * 64

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
	// Tamper is called at the entry of a call of Needs.Tamper, before Handle, with what could be
	// decoded by then. It says what is done to the call, nil: nothing, and may change it by
	// way of event.CallSetter. The injection must not change until the call has ended.
	Tamper(*event.Event) *event.Injection
	// NewTask tells of a task before its first event and returns what its rules need.
	// The parent is the zero Task for one that was launched or attached.
	NewTask(t, parent event.Task, thread bool) *Needs
	// Exec tells that a task runs a new program and returns what its rules need now.
	// names are what the program is known by: the path given to execve, the file's path.
	// former is 0 for the program that the session was to launch: what ran before was no part
	// of it. Without names it tells only that a task which had the tid former is t now.
	// Under a seccomp filter, and without Config.ExecNames, a process of one task may not be
	// told of.
	Exec(t event.Task, former int32, names ...string) *Needs
	// Needs is what the rules of a task need now; asked for after a Verdict with Renew.
	Needs(t event.Task) *Needs
	// Drop tells that a task is gone, or no longer traced.
	Drop(t event.Task)
}

// Needs is what the kernel must report of a task.
type Needs = event.Needs

// CallSet is a set of system calls.
type CallSet = event.CallSet

// ABI indices of a CallSet.
const (
	NativeABI = event.NativeABI
	CompatABI = event.CompatABI
)

// ABIs is the native ABI and the 32-bit one of its machine, if there is one.
func ABIs(native *arch.Arch) []*arch.ABI {
	if native == arch.ARM64 {
		return []*arch.ABI{arch.ABIARM64}
	}
	return []*arch.ABI{arch.ABIAMD64, arch.ABII386}
}

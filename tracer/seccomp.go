package tracer

import (
	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// A seccomp filter stops tracees for the calls of interest only. It outlives the tracer,
// and a call that it reports then fails with ENOSYS; so it is used only where the
// tracer is sure to outlive its tracees. Two things would change under it, and are
// seen to: a filter of the tracee's own goes first, so that a call that it forbids is
// not reported; and a call that it wants to trace would come to us. A task that installs
// one is followed by system-call stops from then on.

// alwaysReported are calls that a filter reports whatever the rules want.
var alwaysReported = []string{"execve", "execveat", "seccomp", "prctl"}

// seccompFilter makes the program for a set of calls.
func seccompFilter(calls *CallSet, abis []*arch.ABI) ([]unix.SockFilter, error) {
	var fs []ptrace.FilterABI
	for i, a := range abis {
		set := *calls
		for _, name := range alwaysReported {
			if nr, ok := a.SyscallNr(name); ok {
				set.Add(i, uint64(nr))
			}
		}
		if a.Subcalls != nil {
			for _, name := range [...]string{"socketcall", "ipc"} {
				if nr, ok := a.SyscallNr(name); ok {
					set.Add(i, uint64(nr))
				}
			}
		}
		clone, _ := a.SyscallNr("clone")
		fs = append(fs, ptrace.FilterABI{Audit: a.Audit, Ranges: ranges(&set, i, len(a.Syscalls)), Clone: uint32(clone)})
	}
	return ptrace.Filter(fs)
}

// ranges lists the calls of a set below n, and all from n on if the set has the rest.
func ranges(s *CallSet, abi, n int) [][2]uint32 {
	var out [][2]uint32
	for nr := range uint32(n) {
		if !s.Has(abi, uint64(nr)) {
			continue
		}
		if k := len(out); k > 0 && out[k-1][1] == nr-1 {
			out[k-1][1] = nr
		} else {
			out = append(out, [2]uint32{nr, nr})
		}
	}
	if s.Rest {
		out = append(out, [2]uint32{uint32(n), ^uint32(0)})
	}
	return out
}

const (
	prSetSeccomp         = 22
	seccompSetModeStrict = 0
	seccompSetModeFilter = 1
)

// installsFilter reports whether a call is about to put a seccomp filter, or strict
// mode, on its task.
func installsFilter(name string, args *[6]uint64) bool {
	switch name {
	case "prctl":
		return uint32(args[0]) == prSetSeccomp
	case "seccomp":
		return uint32(args[0]) == seccompSetModeStrict || uint32(args[0]) == seccompSetModeFilter
	}
	return false
}

// keepTraced drops CLONE_UNTRACED from the clone that a task under the filter is entering,
// and reports whether it was there.
func (s *Session) keepTraced(t *task, in *ptrace.SyscallInfo) bool {
	if in.Args[0]&unix.CLONE_UNTRACED == 0 || t.abi.SyscallName(in.NR) != "clone" {
		return false
	}
	return s.setArg0(t, in.Args[0]&^unix.CLONE_UNTRACED)
}

func (s *Session) setArg0(t *task, v uint64) bool {
	r, err := t.state.Regs()
	if err != nil {
		return false
	}
	r.SetArg(t.abi, 0, v)
	return t.state.SetRegs(r) == nil
}

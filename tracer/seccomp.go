package tracer

import (
	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
	"github.com/gotrace/gotrace/tracer/seccomp"
)

// A seccomp filter stops tracees for the calls of interest only. It outlives the tracer,
// and a call that it reports then fails with ENOSYS; so it is used only where the
// tracer is sure to outlive its tracees. Two things would change under it, and are
// seen to: a filter of the tracee's own goes first, so that a call that it forbids is
// not reported; and a call that it wants to trace would come to us. A task that installs
// one is followed by system-call stops from then on.

// SeccompPlan is what a filter reports: the calls in Calls, those with a condition in Preds
// only where it holds.
type SeccompPlan struct {
	Calls CallSet
	Preds event.CallPreds
}

// Program makes the filter. Conditions for which it has no room are dropped: their calls are
// always reported.
func (p *SeccompPlan) Program(abis []*arch.ABI) (prog []unix.SockFilter, dropped []*event.ArgPred, err error) {
	var fs []seccomp.ABI
	for i, a := range abis {
		fs = append(fs, seccomp.ABI{Audit: a.Audit, Calls: p.ranges(i, a)})
	}
	return seccomp.Program(fs)
}

// ranges lists the reported calls of an ABI.
func (p *SeccompPlan) ranges(abi int, a *arch.ABI) []seccomp.Calls {
	var out []seccomp.Calls
	for nr := range uint32(len(a.Syscalls)) {
		pred, ok := p.reported(abi, a, uint64(nr))
		if !ok {
			continue
		}
		if k := len(out); k > 0 && pred == nil && out[k-1].Pred == nil && out[k-1].Last == nr-1 {
			out[k-1].Last = nr
		} else {
			out = append(out, seccomp.Calls{First: nr, Last: nr, Pred: pred})
		}
	}
	if p.Calls.Rest {
		out = append(out, seccomp.Calls{First: uint32(len(a.Syscalls)), Last: ^uint32(0)})
	}
	return out
}

// reported says whether a call is reported and, if not always, under which condition.
func (p *SeccompPlan) reported(abi int, a *arch.ABI, nr uint64) (*event.ArgPred, bool) {
	var any []*event.ArgPred
	if p.Calls.Has(abi, nr) {
		any = append(any, p.Preds.For(abi, nr))
	}
	name := a.SyscallName(nr)
	if pred, ok := alwaysReported[name]; ok {
		any = append(any, pred)
	}
	for i := range a.Subcalls {
		u := &a.Subcalls[i]
		if u.Via != name || !p.Calls.Has(abi, callID(a, nr, u.Code)) {
			continue
		}
		mask := ^uint64(0)
		if u.Via == "ipc" {
			mask = 0xffff // a version is above
		}
		any = append(any, arg1(event.ArgEQ, mask, int64(u.Code)))
	}
	if any == nil {
		return nil, false
	}
	return event.AnyArgs(any...), true
}

// arg1 compares the low half of a first argument.
func arg1(op event.ArgOp, mask uint64, num int64) *event.ArgPred {
	return &event.ArgPred{Op: op, ArgReg: event.ArgReg{Bits: 32}, Mask: mask, Num: num}
}

// alwaysReported are calls that a filter reports whatever the rules want, and when.
var alwaysReported = map[string]*event.ArgPred{
	"prctl":   arg1(event.ArgEQ, ^uint64(0), prSetSeccomp),
	"seccomp": arg1(event.ArgLE, ^uint64(0), seccompSetModeFilter),
	"clone":   arg1(event.ArgEQ, unix.CLONE_UNTRACED, unix.CLONE_UNTRACED),
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

// spareExec does without the exec events of a stopped task under the filter that is alone
// in its process: its tid stays, and nothing asks what it runs. Its children inherit that.
func (s *Session) spareExec(t *task) {
	if s.cfg.Seccomp == nil || s.cfg.ExecNames || s.threads[t.id.TGID] > 1 {
		return
	}
	t.noExec = ptrace.SetOptions(int(t.id.TID), s.options&^uintptr(ptrace.OptExec)) == nil
}

// wantExec gives exec events back to a stopped task that is not alone any more: the one
// that executes a program takes the leader's tid.
func (s *Session) wantExec(t *task) {
	if t.noExec && s.threads[t.id.TGID] > 1 {
		t.noExec = ptrace.SetOptions(int(t.id.TID), s.options) != nil
	}
}

// keepTraced drops CLONE_UNTRACED from the clone that a task under the filter is entering,
// and reports whether it was there.
func (s *Session) keepTraced(t *task, in *ptrace.SyscallInfo) bool {
	if in.Args[0]&unix.CLONE_UNTRACED == 0 || t.abi.SyscallName(in.NR) != "clone" {
		return false
	}
	return s.setArg(t, 0, in.Args[0]&^unix.CLONE_UNTRACED) == nil
}

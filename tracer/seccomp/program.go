// Package seccomp compiles what rules want of system calls into a seccomp filter: a program
// that the kernel runs at each call and that stops a task for the tracer (SECCOMP_RET_TRACE)
// only where a rule may hold. A call of no interest is decided by its number alone, which
// lets the kernel remember the outcome (Linux 5.11) and run nothing. The package is pure:
// it installs nothing and knows no call by name.
package seccomp

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

// The values that a filter returns, and the layout of struct seccomp_data;
// uapi/linux/seccomp.h.
const (
	retAllow = 0x7fff0000
	retTrace = 0x7ff00000
	offNR    = 0
	offArch  = 4
	offArg0  = 16
)

// maxProgram is the kernel's BPF_MAXINSNS.
const maxProgram = 4096

// ABI is the calls of one ABI that are reported, in ascending order.
type ABI struct {
	Audit uint32 // AUDIT_ARCH_*
	Calls []Calls
}

// Calls is a range of call numbers, both included, and the condition under which they are
// reported; nil: always.
type Calls struct {
	First, Last uint32
	Pred        *event.ArgPred
}

// Program assembles a filter that reports the calls given and lets all others through. Calls
// of an ABI that is not listed are reported. Where the conditions do not fit into a program,
// the largest are dropped, and their calls always reported.
func Program(abis []ABI) (prog []unix.SockFilter, dropped []*event.ArgPred, err error) {
	b := newBuilder(abis)
	for {
		prog, err := b.build(abis)
		if err != nil {
			return nil, nil, err
		}
		if len(prog) <= maxProgram {
			return prog, dropped, nil
		}
		if len(b.preds) == 0 {
			return nil, nil, fmt.Errorf("a seccomp filter of %d instructions is too long", len(prog))
		}
		k := largest(b.preds)
		dropped = append(dropped, b.preds[k])
		b.preds = slices.Delete(b.preds, k, k+1)
	}
}

func largest(ps []*event.ArgPred) int {
	best := 0
	for i, p := range ps {
		if p.Size() > ps[best].Size() {
			best = i
		}
	}
	return best
}

// builder makes one program.
type builder struct {
	asm
	preds  []*event.ArgPred // distinct, simplified
	labels map[string]label // of preds' code, by key
}

func newBuilder(abis []ABI) *builder {
	b := &builder{}
	seen := make(map[string]bool)
	for i := range abis {
		for _, c := range abis[i].Calls {
			p := c.Pred.Simplify()
			if p == nil || p.Op == event.ArgFalse || seen[p.Key()] {
				continue
			}
			seen[p.Key()] = true
			b.preds = append(b.preds, p)
		}
	}
	return b
}

func (b *builder) build(abis []ABI) ([]unix.SockFilter, error) {
	b.asm = asm{}
	b.labels = make(map[string]label, len(b.preds))
	for _, p := range b.preds {
		b.labels[p.Key()] = b.newLabel()
	}
	for i := range abis {
		ours, next := b.newLabel(), b.newLabel()
		b.load(offArch)
		b.jump(jumpEqual, abis[i].Audit, ours, next)
		b.place(ours)
		b.load(offNR)
		b.search(b.segments(abis[i].Calls))
		b.place(next)
	}
	b.ret(retTrace)
	for _, p := range b.preds {
		b.place(b.labels[p.Key()])
		trace, allow := b.newLabel(), b.newLabel()
		b.pred(p, trace, allow)
		b.place(trace)
		b.ret(retTrace)
		b.place(allow)
		b.ret(retAllow)
	}
	return b.assemble()
}

// segment is the calls from a number on, up to the next segment, and what becomes of them.
type segment struct {
	first uint32
	ret   uint32 // the filter's value, unless a condition decides
	pred  label  // its code; zero: none
}

// segments covers all numbers.
func (b *builder) segments(calls []Calls) []segment {
	segs := []segment{{ret: retAllow}}
	add := func(s segment) {
		last := &segs[len(segs)-1]
		switch {
		case last.first == s.first:
			*last = s
		case last.ret != s.ret || last.pred != s.pred:
			segs = append(segs, s)
		}
	}
	calls = slices.SortedFunc(slices.Values(calls), func(x, y Calls) int { return cmp.Compare(x.First, y.First) })
	for _, c := range calls {
		s := segment{first: c.First, ret: retTrace}
		p := c.Pred.Simplify()
		switch {
		case p != nil && p.Op == event.ArgFalse:
			s.ret = retAllow
		case p != nil:
			s.pred = b.labels[p.Key()] // zero if it was dropped
		}
		add(s)
		if c.Last != ^uint32(0) {
			add(segment{first: c.Last + 1, ret: retAllow})
		}
	}
	return segs
}

// search finds the segment that the number in the accumulator is in.
func (b *builder) search(segs []segment) {
	if len(segs) > 1 {
		mid := len(segs) / 2
		above, below := b.newLabel(), b.newLabel()
		b.jump(jumpGreaterOrEqual, segs[mid].first, above, below)
		b.place(below)
		b.search(segs[:mid])
		b.place(above)
		b.search(segs[mid:])
		return
	}
	if s := segs[0]; s.pred != 0 {
		b.goTo(s.pred)
	} else {
		b.ret(s.ret)
	}
}

package ptrace

import (
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// seccomp return values and the layout of struct seccomp_data; uapi/linux/seccomp.h.
const (
	retAllow = 0x7fff0000
	retTrace = 0x7ff00000
	offNR    = 0
	offArch  = 4
	offArg0  = 16 // its low half
)

// FilterABI is the calls of one ABI that a filter reports, as ascending inclusive ranges.
type FilterABI struct {
	Audit  uint32
	Ranges [][2]uint32
	// Clone is the number of a call that is reported too if its first argument has
	// CLONE_UNTRACED; zero: none.
	Clone uint32
}

// Filter assembles a seccomp program that reports the calls given to the tracer and lets
// all others through. Calls of an ABI that is not listed are reported.
func Filter(abis []FilterABI) ([]unix.SockFilter, error) {
	prog := []bpf.Instruction{bpf.LoadAbsolute{Off: offArch, Size: 4}}
	for _, a := range abis {
		body := filterBody(&a)
		if len(body) > 255 {
			return nil, fmt.Errorf("filter of %d instructions is too long for a jump", len(body))
		}
		prog = append(prog, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: a.Audit, SkipTrue: uint8(len(body))})
		prog = append(prog, body...)
	}
	prog = append(prog, bpf.RetConstant{Val: retTrace})
	raw, err := bpf.Assemble(prog)
	if err != nil {
		return nil, err
	}
	out := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		out[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return out, nil
}

func filterBody(a *FilterABI) []bpf.Instruction {
	var body []bpf.Instruction
	if a.Clone != 0 {
		body = cloneTest(a.Clone)
	}
	body = append(body, bpf.LoadAbsolute{Off: offNR, Size: 4})
	for _, r := range a.Ranges {
		body = append(body,
			bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: r[0], SkipTrue: 1},
			bpf.RetConstant{Val: retAllow},
			bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: r[1], SkipTrue: 1},
			bpf.RetConstant{Val: retTrace})
	}
	return append(body, bpf.RetConstant{Val: retAllow})
}

// cloneTest comes before the ranges, which end at the first that is above the number.
func cloneTest(nr uint32) []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: offNR, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: nr, SkipTrue: 3},
		bpf.LoadAbsolute{Off: offArg0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: unix.CLONE_UNTRACED, SkipTrue: 1},
		bpf.RetConstant{Val: retTrace},
	}
}

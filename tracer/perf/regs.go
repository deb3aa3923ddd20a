package perf

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
)

// layout says which registers of user space a machine's samples have: names in the order of
// enum perf_event_x86_regs or perf_event_arm_regs, "" for one that is not sampled.
type layout struct {
	arch   *arch.Arch
	compat *arch.Arch // of 32-bit programs
	names  []string
	ret    string // where functions return their result
	mask   uint64
	slots  []int
}

var amd64Layout = newLayout(arch.AMD64, arch.I386, "rax",
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip", "eflags", "cs", "ss",
	"", "", "", "", // ds, es, fs, gs: not of 64-bit kernels
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15")

var arm64Layout = newLayout(arch.ARM64, arch.ARM64, "x0",
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
	"x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
	"sp", "pc")

func newLayout(a, compat *arch.Arch, ret string, names ...string) *layout {
	l := &layout{arch: a, compat: compat, names: names, ret: ret}
	for i, name := range names {
		for _, r := range a.Regs {
			if r.Name == name {
				l.mask |= 1 << i
				l.slots = append(l.slots, r.Index)
			}
		}
	}
	return l
}

// layoutOf is the layout of a machine's samples.
func layoutOf(a *arch.Arch) *layout {
	if a == arch.ARM64 {
		return arm64Layout
	}
	return amd64Layout
}

// fill makes the registers of a sample those of a task; what is not sampled is zero.
func (l *layout) fill(r *arch.Regs, s *sample) {
	*r = arch.Regs{Arch: l.arch}
	if s.abi == unix.PERF_SAMPLE_REGS_ABI_32 {
		r.Arch = l.compat
	}
	for i, slot := range l.slots {
		r.R[slot] = binary.NativeEndian.Uint64(s.regs[8*i:])
	}
}

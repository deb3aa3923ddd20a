package step

import (
	"math/bits"
	"slices"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

// Exclusive is an exclusive sequence of arm64: a load that opens the monitor, the store that
// succeeds only while it is open, and what is run between them. Every stop closes the monitor,
// so that a sequence that is stepped is begun again for ever. It is run whole: a task that
// stands at Start is resumed, without a breakpoint there, and stops at one of Exits. Where the
// store has failed, what follows it branches to Start again.
//
// A sequence may wait for another task, as the attempts on a lock do: the others must be let
// run. After a signal within, the task may be resumed where it is: the store will fail.
type Exclusive struct {
	Start uint64 // the load
	End   uint64 // behind the last instruction, which is a store
	// Exits is where breakpoints have to be for the run: behind each store, and where branches
	// leave before it. Some may lie between Start and End.
	Exits  []uint64
	inside uint16 // by the number of the instruction from Start
}

// exclusiveSpan is how many instructions an exclusive sequence may have; "Load-Exclusive and
// Store-Exclusive instruction usage restrictions" in the Arm Architecture Reference Manual asks
// for less.
const exclusiveSpan = 16

// Inside tells whether a stop at addr breaks the sequence. No breakpoint must be set there, and
// nothing there must be stepped. Start is not inside.
func (x *Exclusive) Inside(addr uint64) bool {
	n := (addr - x.Start) / 4
	return n > 0 && n < exclusiveSpan && x.inside>>n&1 != 0
}

// ExclusiveAt finds the exclusive sequence that begins at addr or has addr inside. code is that
// of the function, without breakpoints, and begins at base. There is none where a load is
// followed by no store, as before wfe: such a load may be stepped in place.
func ExclusiveAt(code []byte, base, addr uint64) (Exclusive, bool) {
	for n := uint64(0); n < exclusiveSpan && addr-base >= 4*n; n++ {
		w := window{code, base, addr - 4*n}
		if in, ok := w.at(0); !ok || in.Class != disasm.ExclLoad {
			continue
		}
		if x, ok := w.sequence(); ok && (n == 0 || x.Inside(addr)) {
			return x, true
		}
	}
	return Exclusive{}, false
}

// InExclusive tells whether the arm64 instruction at addr stands inside an exclusive sequence,
// which New cannot see: no breakpoint must be set there.
func InExclusive(code []byte, base, addr uint64) bool {
	x, ok := ExclusiveAt(code, base, addr)
	return ok && addr != x.Start
}

// window is the exclusiveSpan instructions from start on.
type window struct {
	code        []byte
	base, start uint64
}

func (w *window) at(n int) (disasm.Inst, bool) {
	off := w.start + uint64(4*n) - w.base
	if off >= uint64(len(w.code)) {
		return disasm.Inst{}, false
	}
	in, err := disasm.Decode(arch.ARM64, w.code[off:], w.start+uint64(4*n))
	return in, err == nil
}

// follow gives the instructions that come after instruction n while the monitor is open, as
// addresses. There are none behind what closes it, or may, or goes who knows where.
func (w *window) follow(n int) (next [2]uint64, count int) {
	in, ok := w.at(n)
	behind := w.start + uint64(4*n+4)
	switch {
	case !ok || n > 0 && in.Class == disasm.ExclLoad || in.Word()&0xfffff0ff == clrex:
		return next, 0
	case in.Class == disasm.Jump:
		return [2]uint64{in.Target}, 1
	case in.Class == disasm.CondJump:
		return [2]uint64{behind, in.Target}, 2
	case in.Has(disasm.WritesPC):
		return next, 0
	}
	switch in.Class {
	case disasm.ExclStore, disasm.Syscall, disasm.Trap, disasm.Unknown:
		return next, 0
	}
	return [2]uint64{behind}, 1
}

const clrex = 0xd503305f

// sequence finds what lies on a way from the load to a store.
func (w *window) sequence() (Exclusive, bool) {
	var before [exclusiveSpan]uint16 // the instructions that come before each
	var stores uint16
	reached, todo := uint16(1), uint16(1)
	for todo != 0 {
		n := bits.TrailingZeros16(todo)
		todo &^= 1 << n
		if in, ok := w.at(n); ok && in.Class == disasm.ExclStore {
			stores |= 1 << n
		}
		next, count := w.follow(n)
		for _, addr := range next[:count] {
			to := (addr - w.start) / 4
			if to >= exclusiveSpan {
				continue
			}
			before[to] |= 1 << n
			if reached>>to&1 == 0 {
				reached |= 1 << to
				todo |= 1 << to
			}
		}
	}
	inside := stores
	todo = stores
	for todo != 0 {
		n := bits.TrailingZeros16(todo)
		todo = (todo &^ (1 << n)) | before[n]&^inside
		inside |= before[n]
	}
	if inside&1 == 0 {
		return Exclusive{}, false
	}
	x := Exclusive{Start: w.start, End: w.start + uint64(4*bits.Len16(inside)), inside: inside}
	w.exits(&x, stores)
	return x, true
}

// exits lists where control leaves, each address once.
func (w *window) exits(x *Exclusive, stores uint16) {
	for n := range exclusiveSpan {
		if x.inside>>n&1 == 0 {
			continue
		}
		next, count := w.follow(n)
		if stores>>n&1 != 0 {
			next, count = [2]uint64{w.start + uint64(4*n+4)}, 1
		}
		for _, addr := range next[:count] {
			if addr != w.start && !x.Inside(addr) && !slices.Contains(x.Exits, addr) {
				x.Exits = append(x.Exits, addr)
			}
		}
	}
}

// Package step plans how one instruction is executed when it cannot simply be run where
// it stands, because a breakpoint has taken its first byte: [New] chooses a [Method] and
// says why. A plan is data. It is carried out by who controls the task:
//
//   - Emulate: [Plan.Emulate] computes what the instruction does to registers and
//     memory. Nothing is run.
//   - Displaced: the bytes of [Plan.Code] are written at the slot, [Plan.Start] makes the
//     registers to step it with, and [Plan.Fixup] takes back what shows that the
//     instruction ran elsewhere. A boosted plan ends in a jump back, so that the task is
//     resumed and not stepped, and does not stop again.
//   - InPlace: the breakpoint is lifted and the instruction stepped while the other
//     tasks of its memory wait.
//   - Hardware: the instruction is intact.
//
// Exclusive sequences of arm64 have no plans: [ExclusiveAt] says how they are run whole.
//
// [Overwrite] says whether a jump may be written over the instructions of a function.
//
// The package touches no process and refuses to guess: what is not known to do the same
// elsewhere stays in place. A displaced x87 instruction leaves the slot's address as that
// of the last x87 instruction, which fnstenv, fnsave, fxsave and xsave store; nothing else
// of the slot is left. An emulated indirect branch of arm64 leaves BTYPE clear, so that where it
// goes is not checked for a landing pad. Addresses are the program's, in bytes.
package step

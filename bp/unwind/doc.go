// Package unwind finds the callers of a stopped task: from its registers and its memory it
// makes the frames of its stack, innermost first.
//
// What tells where a caller's registers are is, in this order: call frame information
// (DWARF 5 section 6.4, in the form that the LSB core specification gives .eh_frame and
// .eh_frame_hdr, and in .debug_frame), the table of stack pointers in a Go program's
// pclntab, the instructions around the program counter, and the chain of frame pointers.
//
// It refuses to touch a process: memory is read through [event.Memory], and what is mapped
// where is asked of a [symbol.Space]. It refuses to search a stack for what looks like a
// return address. Stacks are data of programs that may be hostile: whatever they hold, the
// number of frames, the memory that is read and the steps of an expression are bounded.
package unwind

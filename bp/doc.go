// Package bp plants breakpoints in processes and makes events of what they catch: control that
// arrives at a place, functions that return, instructions that are executed one by one, memory
// that is written. [Engine] is the source of stops of a session: it claims the SIGTRAPs that it
// has caused and executes the instructions that its breakpoints stand on by the plans of package
// disasm/step: emulated, as a copy in a slot, and only where nothing else is right in their
// place, with the other threads held.
//
// What it must know is what is planted in which memory: a space is one, shared by threads and by
// vforked children, copied by fork, replaced by exec. Threads that run into what is planted must
// be traced, which is the session's part.
//
// The package refuses to call ptrace, to format anything and to decide what is done about an
// event. It changes nothing but the bytes of breakpoints, of its slots, and registers that show
// where an instruction was really executed; Quit takes the bytes back.
//
// Limits: a program that reads its own code finds the breakpoints there; the kernel gives SIGTRAP
// its default disposition back when a breakpoint is hit while it is blocked or ignored; slots are
// pages that stay mapped after the tracer has gone.
package bp

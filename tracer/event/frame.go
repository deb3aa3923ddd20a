package event

// Frame is a function that is being executed: the innermost one, or one that waits for its
// callee to return.
type Frame struct {
	PC  uint64 // where it goes on
	CFA uint64 // its stack pointer before it was called; 0: not known
	// Path is the file that is mapped at PC, and Offset where in it PC is. Path is empty where no
	// file is.
	Path   string
	Offset uint64
	Place  Place // of PC; of the call, where the frame is that of a caller
	// Inlined says that the function has no frame of its own, but is part of the next one.
	Inlined bool
	Signal  bool // a signal came here: the frame below is that of its handler
}

// Stack is the frames of a task, the innermost first.
type Stack struct {
	Frames []Frame
	More   bool // there are others below
	Lines  bool // source lines are to be shown
	Inline bool // inlined functions are to be shown for themselves
	// Below says that what the stack belongs to was shown before.
	Below bool
}

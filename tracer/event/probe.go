package event

// The kinds of events that happen at places in programs, and by counting.
var (
	Breakpoint = &Kind{Name: "bp", Stops: true}     // control arrives at a place
	Return     = &Kind{Name: "ret", Stops: true}    // a function returns
	Watch      = &Kind{Name: "watch", Stops: true}  // memory is read or written
	Step       = &Kind{Name: "step", Stops: true}   // an instruction was executed
	Branch     = &Kind{Name: "branch", Stops: true} // control went elsewhere
	CallEnter  = &Kind{Name: "call.enter", Stops: true}
	CallExit   = &Kind{Name: "call.exit", Stops: true}
	USDT       = &Kind{Name: "usdt", Stops: true}   // a static probe of the program is passed
	Perf       = &Kind{Name: "perf", Num: "period"} // a counter has counted its period
	Uprobe     = &Kind{Name: "uprobe"}              // control arrived at a place, told by the kernel
)

// Probe is one thing that rules want to be told of where it happens, as the rule writes it.
// Probes are compared as values: what is written alike is the same.
type Probe struct {
	Kind   *Kind
	Loc    string // the place, range, pattern or counter
	Len    uint64 // Watch: bytes
	Access Access // Watch
	Period uint64 // Perf: every how many; unless Rate is set
	Rate   uint64 // Perf: or how often in a second
	HW     bool   // Breakpoint: by a debug register
}

// Access is how memory is used.
type Access uint8

// The uses.
const (
	Read Access = 1 << iota
	Write
)

// Site is the part of an event that happens at a place in a program. The Args of its event are
// arguments: at Breakpoint, Uprobe and CallEnter of the function that begins there, as far as
// they are known; at Return and CallExit what they were then, in the same order, and behind them
// those that the function has filled in; at USDT those of the probe. Name is, of USDT,
// PROVIDER:NAME, and of Perf the counter. Dur is, at Return and CallExit, how long the
// function ran.
type Site struct {
	Probes []Probe // those that made the event; several may be at one place. None: Step, by Verdict.Steps
	// PC is of the instruction that was executed (Step, Branch) or is to be; at Return,
	// CallEnter and CallExit it is where the function begins.
	PC     uint64
	Place  Place  // of PC
	To     uint64 // Branch: where control went; Return, CallEnter, CallExit: where the function returns to
	Target Place  // of To
	Depth  int    // Branch, CallEnter, CallExit: how many calls deep, from 0
	Taken  string // Branch: "call", "ret" or "jmp"
	Insn   []byte // Step, Branch: the instruction
	Addr   uint64 // Watch: the memory
	Old    []byte // Watch: what was there; nil: not known
	New    []byte // Watch: and is now
	Writes []Change
	Ret    Value // Return, CallExit: what the function gave
	HasRet bool  // false: it was left without a return, by longjmp or an exception
	// Only is a mark of who handles the event for a sink, as that of Syscall.
	Only bool
}

// Place is an address by its names. It is empty where nothing is known.
type Place struct {
	Module string // file name of the program or library, without its directory
	Func   string // the function, demangled
	Off    uint64 // from its beginning
	File   string // source file, as the compiler was given it
	Line   int
}

// Change is a register or a piece of memory that an instruction has changed or read.
type Change struct {
	Name string // the register; "" for memory
	Addr uint64
	Size int
	Old  uint64
	New  uint64
	Read bool // memory that was read: New is what it held
}

// Package event holds the vocabulary that sources, decoders, rules and sinks share:
// what happened (Event), to whom (Task), with what data (Value), and what is to be
// done about it (Verdict). It makes no text, touches no process and knows no kind of
// event by name beyond those of system calls, signals and the life of a task.
package event

import (
	"time"

	"github.com/gotrace/gotrace/arch"
)

// Task names one kernel task. Tids are reused: Gen tells their holders apart.
type Task struct {
	TID, TGID int32
	Gen       uint32
}

// Kind is a sort of event. It is owned by the source that makes it.
type Kind struct {
	Name   string // noun or noun.verb: "syscall.enter", "bp.hit"
	Stops  bool   // the task is stopped while the event is handled
	Num    string // what the event's Num is, where that is a datum of its own: "child"
	Fields []Field
}

// Field is one datum that events of a kind carry in Args.
type Field struct {
	Name string
	Type string
}

// The kinds that the ptrace source makes.
var (
	SyscallEnter = &Kind{Name: "syscall.enter", Stops: true}
	SyscallExit  = &Kind{Name: "syscall.exit", Stops: true}
	Signal       = &Kind{Name: "signal", Stops: true, Fields: []Field{{"siginfo", "siginfo"}}}
	GroupStop    = &Kind{Name: "stop", Stops: true}
	Fork         = &Kind{Name: "fork", Stops: true, Num: "child"}
	Vfork        = &Kind{Name: "vfork", Stops: true, Num: "child"}
	Clone        = &Kind{Name: "clone", Stops: true, Num: "child"}
	Exec         = &Kind{Name: "exec", Stops: true, Num: "former"}
	Superseded   = &Kind{Name: "superseded", Stops: false}
	Exit         = &Kind{Name: "exit", Stops: false}
	Killed       = &Kind{Name: "killed", Stops: false}
	Attach       = &Kind{Name: "attach", Stops: false}
	Detach       = &Kind{Name: "detach", Stops: false}
	Personality  = &Kind{Name: "personality", Stops: true}
)

// The kinds that belong to no task, or are made by rules.
var (
	Timer = &Kind{Name: "timer", Num: "every_ns"}
	User  = &Kind{Name: "user"}
)

// Event is one thing that happened to a task. It, and all that it points to, is valid
// until its handler returns.
type Event struct {
	Seq   uint64
	Wall  int64         // CLOCK_REALTIME, nanoseconds since the epoch
	Dur   time.Duration // SyscallExit: since the entry; CLOCK_MONOTONIC
	Began int64         // SyscallExit: Wall at entry
	Kind  *Kind
	Task  Task
	Comm  []byte // the task's name, when it was asked for
	ABI   *arch.ABI
	Args  []Value // parallel to Kind.Fields; a system call's decoded arguments
	Data  []Dump  // memory that an action shows
	Sys   *Syscall
	Site  *Site // of events that happen at a place in a program
	Stack *Stack
	// Num is the kind's own number: signal (Signal, GroupStop, Killed), exit code (Exit),
	// the new task (Fork, Vfork, Clone), the surviving task's former tid (Exec), the successor
	// (Superseded), nanoseconds between two of them (Timer).
	Num   int64
	Name  string // User: what its maker calls it; Exec: the program, where it was asked for
	First bool   // Exec: the launched program begins
	Core  bool   // Killed: a core was dumped
	State State
	NR    uint64 // of the task's last system call
	IP    uint64
	HasIP bool
}

// Syscall is the part of an event that only system calls have.
type Syscall struct {
	Name    string
	NR      uint64
	Known   bool      // the number has a name in this ABI
	Raw     [6]uint64 // registers at entry
	Entered int       // how many of Args were decoded at entry
	More    bool      // at entry: arguments follow at exit
	Late    bool      // the separator before those is shown at exit: clone
	// At exit:
	Ret          int64
	Errno        int   // kernel errno, also 512..: restart codes; 0: success
	RetVal       Value // how a successful return is shown
	Aux          Value // shown in parentheses behind the return
	NoReturn     bool  // exit, and calls that a signal or death ended: "= ?"
	Injected     bool
	Delayed      bool
	ArgsInjected bool
	Skipped      bool   // an injection keeps the kernel from running it
	Detached     bool   // the task is let go inside the call
	Undecoded    bool   // -e raw=
	Class        uint64 // the number that call sets know it by
	Decl         Decl   // the call's declaration
	// Marks of a sink that writes lines as they come:
	Reported  bool          // the entry was handed to the handler
	Printed   bool          // and shown
	Only      bool          // the entry is shown for itself: the exit may not follow
	Shown     int           // arguments already written out
	Separator bool          // and a separator behind them
	Dump      []Dump        // -e read=, -e write=
	CPUTime   time.Duration // system time spent, for -c
}

// Resumed reports whether a system call's entry was shown before this exit.
func (ev *Event) Resumed() bool { return ev.Sys != nil && ev.Sys.Printed }

// Decl is what sinks and rules ask of a call's declaration. Arguments are numbered from 0 in
// the order in which they are shown.
type Decl interface {
	ArgCount() int
	ArgName(i int) string     // the kernel's name of an argument
	ArgIndex(name string) int // the argument of that name, in any case; -1: none
	IsFD(i int) bool          // it is a descriptor, perhaps AT_FDCWD
	// ArgReg is where an argument is, and RegArg what is in register n, from 0; false: the
	// call has no such argument. They are slow: keep what they return.
	ArgReg(abi *arch.ABI, i int) (ArgReg, bool)
	RegArg(abi *arch.ABI, n int) (ArgReg, bool)
}

// Dump is a range of bytes that moved through a descriptor.
type Dump struct {
	Write bool
	FD    int32
	Data  []byte
	Note  int // index of the iovec plus one, or zero
	// Of the first buffer of one of several messages: the message's index plus one, and how
	// many buffers it has.
	Vector, Buffers int
}

// Memory is the tracee's memory, live or recorded. ReadAt reads until the first
// unreadable byte and reports how many bytes there were.
type Memory interface {
	ReadAt(p []byte, addr uint64) (int, error)
}

// State is a stopped task. It is valid until the handler returns.
type State interface {
	Memory
	Regs() (*arch.Regs, error)
	SetRegs(*arch.Regs) error
	WriteAt(p []byte, addr uint64) (int, error)
}

// FPState is a State whose floating-point registers can be read. Its errors say that there
// are none of that number, or that the task is gone.
type FPState interface {
	// Vector is the low 16 bytes of a vector register: xmm0 to xmm15, v0 to v31.
	Vector(i int) ([16]byte, error)
	// X87 is st(i) in its 80-bit format.
	X87(i int) ([10]byte, error)
}

// CallSetter is a State that can change the system call that its task is entering, while
// the event of the entry is handled.
type CallSetter interface {
	// SetArg changes argument i, from 0. The registers get their old values back when the
	// call returns.
	SetArg(i int, v uint64) error
	// SetNR changes the call's number; -1: no call is made, and it returns ENOSYS.
	SetNR(nr int64) error
}

// Resume says how a task goes on.
type Resume uint8

const (
	ResumeDefault Resume = iota // as the needs of its rules say
	ResumeSkip                  // at entry: nobody wants the call's exit
	ResumeDetach                // the task is let go
	ResumeQuit                  // all tasks are let go: the session ends
)

// Verdict is what a handler wants done with a stopped task.
type Verdict struct {
	Resume Resume
	// Signal is delivered in place of the one that the task is about to get; 0: that one.
	Signal int
	// Inject is what is done to a system call at its exit: of it, what can still be done then.
	Inject *Injection
	// Steps is how many instructions the task executes one by one from here on, each an event.
	Steps int
	// Renew says that the needs of tasks, not only of this one, have changed.
	Renew bool
}

package event

// Tracee is the State of a stopped task that a source of stops controls.
type Tracee interface {
	State
	// ID is the task.
	ID() Task
	// WriteUser writes memory as the program itself may: it fails where that is read-only.
	WriteUser(p []byte, addr uint64) (int, error)
	// Call makes the task make a system call, all its signals being blocked, and returns the
	// kernel's result, -4095 to -1 for an error. at is the address of a system call
	// instruction. Registers are as before.
	Call(at uint64, name string, args ...uint64) (int64, error)
	// Debug reads and SetDebug writes debug register i: on amd64 DR0 to DR7. They fail where
	// there are none.
	Debug(i int) (uint64, error)
	SetDebug(i int, v uint64) error
}

// Motion is how a task goes on.
type Motion uint8

// The motions.
const (
	MoveFree  Motion = iota // as its session would have it
	MoveStep                // for one instruction
	MoveCall                // over a system call instruction: as the session would have it, or one step
	MoveEnter               // until it is inside a system call, which StopReader.Entered tells
	MoveHold                // not before Host.Release
	MoveLeave               // let go
)

// Reading is what a source of stops makes of a signal-delivery-stop.
type Reading struct {
	Mine    bool    // it is the source's own doing, nothing that the program is to see
	Verdict Verdict // of the handlers of its events
	// Sig is a signal that the program gets now, whose delivery the source had put off; Info is
	// its siginfo.
	Sig  int
	Info [128]byte
}

// Host is what a source of stops may ask of the session.
type Host interface {
	// Send hands an event to the handler.
	Send(*Event) Verdict
	// Interrupt stops a task that runs, soon.
	Interrupt(Task)
	// Release lets a held task go on.
	Release(Task)
	// Waits reports whether a task that runs cannot run its program before something has been
	// told of it: it waits for its vforked child, for SIGCONT, or is dying.
	Waits(Task) bool
}

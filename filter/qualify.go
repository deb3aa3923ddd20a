package filter

import "time"

// Status is a set of the ways a system call can end, as in -e status=.
type Status uint8

// The statuses.
const (
	Successful Status = 1 << iota
	Failed
	Unfinished
	Unavailable
	Detached
	AllStatuses = Successful | Failed | Unfinished | Unavailable | Detached
)

// Has reports whether all of x is in s.
func (s Status) Has(x Status) bool { return s&x == x }

// Quiet is a set of messages to leave out, as in -e quiet= and -q.
type Quiet uint8

// The messages.
const (
	QuietAttach Quiet = 1 << iota
	QuietExit
	QuietPathResolution
	QuietPersonality
	QuietThreadExecve
	AllQuiet = QuietAttach | QuietExit | QuietPathResolution | QuietPersonality | QuietThreadExecve
)

// Has reports whether all of x is in q.
func (q Quiet) Has(x Quiet) bool { return q&x == x }

// DecodeFDs says what is shown beside a descriptor, as in -e decode-fds= and -y.
type DecodeFDs uint8

// What can be shown beside a descriptor.
const (
	FDPath DecodeFDs = 1 << iota
	FDSocket
	FDDev
	FDPidfd
	FDEventfd
	FDSignalfd
	AllDecodeFDs = FDPath | FDSocket | FDDev | FDPidfd | FDEventfd | FDSignalfd
)

// Has reports whether all of x is in d.
func (d DecodeFDs) Has(x DecodeFDs) bool { return d&x == x }

// DecodePIDs says what is shown beside a process ID, as in -e decode-pids= and -Y.
type DecodePIDs uint8

// What can be shown beside a process ID.
const (
	PIDComm DecodePIDs = 1 << iota
	PIDNamespace
	AllDecodePIDs = PIDComm | PIDNamespace
)

// Has reports whether all of x is in d.
func (d DecodePIDs) Has(x DecodePIDs) bool { return d&x == x }

// When says which of the matching calls of a task an injection acts on, counted
// from 1. The zero value acts on all of them.
type When struct {
	First, Last, Step int // Last 0: without end; Step 0: First only
}

// Poke is bytes to write to the memory that an argument points to.
type Poke struct {
	Arg  int // from 1
	Data []byte
}

// Injection is one -e inject= or -e fault= expression. Of several that match a
// call the last one acts.
type Injection struct {
	Set                   *SyscallSet
	Errno                 int    // 0: none
	Retval                *int64 // nil: none
	Signal                int    // 0: none
	Syscall               string // the call to make instead; "": none
	DelayEnter, DelayExit time.Duration
	PokeEnter, PokeExit   []Poke
	When                  When
}

// Qualifiers is what the -e expressions of one command line say together.
type Qualifiers struct {
	Trace, Abbrev, Verbose, Raw *SyscallSet
	TraceGiven                  bool // -e trace= or its like was given
	Signals                     SignalSet
	Status                      Status
	StatusGiven                 bool
	Quiet                       Quiet
	QuietGiven                  bool
	Read, Write                 *FDSet // whose data is dumped
	TraceFDs                    *FDSet // nil: not given
	DecodeFDs                   DecodeFDs
	DecodePIDs                  DecodePIDs
	KVMVcpu                     bool
	Injections                  []Injection   // in the order given
	Exec                        []ExecPattern // -e exec=; empty: every program

	u *Universe
}

// ExecPattern selects programs by the path that is executed.
type ExecPattern struct {
	Glob string
	Keep bool // PAT+: descendants stay members whatever they execute
}

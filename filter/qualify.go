package filter

import (
	"errors"
	"slices"
	"strings"
	"time"
)

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

// Hits reports whether the nth matching call, counted from 1, is meant.
func (w When) Hits(n int) bool {
	switch {
	case w.First == 0:
		return true
	case n < w.First || w.Last != 0 && n > w.Last:
		return false
	case w.Step == 0:
		return n == w.First
	}
	return (n-w.First)%w.Step == 0
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

	ErrnoName, SignalName string // as they were written; "": by number
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
	DecodeFDsGiven              bool
	DecodePIDs                  DecodePIDs
	KVMVcpu                     bool
	Injections                  []Injection   // in the order given
	Exec                        []ExecPattern // -e exec=; empty: every program
	Warnings                    []string      // to be shown before anything starts
	// Sources are the -e expressions in the rule language; Where the conditions of -e where=.
	Sources []Source
	Where   []Source

	signals  string // Signals as it was written
	explicit bool   // Sources have rules of their own

	u *Universe
}

// NewQualifiers returns what holds without any expression: every call and signal
// is shown, abbreviated and decoded.
func NewQualifiers(u *Universe) *Qualifiers {
	all := AllSyscalls(u)
	return &Qualifiers{
		Trace: all, Abbrev: all, Verbose: all, Raw: NoSyscalls(u),
		Signals: SignalSet{Not: true},
		Status:  AllStatuses,
		Read:    &FDSet{}, Write: &FDSet{},
		u: u,
	}
}

// Universe is what the expressions may name.
func (q *Qualifiers) Universe() *Universe { return q.u }

// qualifiers maps every spelling of a qualifier to its first name.
var qualifiers = map[string]string{
	"trace": "trace", "t": "trace",
	"abbrev": "abbrev", "a": "abbrev",
	"verbose": "verbose", "v": "verbose",
	"raw": "raw", "x": "raw",
	"signal": "signal", "signals": "signal", "s": "signal",
	"status": "status",
	"quiet":  "quiet", "silent": "quiet", "silence": "quiet", "q": "quiet",
	"read": "read", "reads": "read", "r": "read",
	"write": "write", "writes": "write", "w": "write",
	"fault": "fault", "inject": "inject",
	"kvm":        "kvm",
	"decode-fds": "decode-fds", "decode-fd": "decode-fds",
	"decode-pids": "decode-pids", "decode-pid": "decode-pids",
	"trace-fds": "trace-fds", "trace-fd": "trace-fds", "fds": "trace-fds", "fd": "trace-fds",
	"exec": "exec",
}

var (
	statusNames = map[string]uint8{
		"successful": uint8(Successful), "failed": uint8(Failed), "unfinished": uint8(Unfinished),
		"unavailable": uint8(Unavailable), "detached": uint8(Detached),
	}
	quietNames = map[string]uint8{
		"attach": uint8(QuietAttach), "exit": uint8(QuietExit), "exits": uint8(QuietExit),
		"path-resolution": uint8(QuietPathResolution), "personality": uint8(QuietPersonality),
		"thread-execve": uint8(QuietThreadExecve), "superseded": uint8(QuietThreadExecve),
	}
	decodeFDNames = map[string]uint8{
		"path": uint8(FDPath), "socket": uint8(FDSocket), "dev": uint8(FDDev), "pidfd": uint8(FDPidfd),
		"eventfd": uint8(FDEventfd), "signalfd": uint8(FDSignalfd),
	}
	decodePIDNames = map[string]uint8{"comm": uint8(PIDComm), "pidns": uint8(PIDNamespace)}
)

// Parse takes in one -e expression: NAME=VALUE, or a trace set alone. A later
// expression replaces an earlier one of the same name, but fault, inject and exec
// add to what is there.
func (q *Qualifiers) Parse(expr string) error {
	if word, _, ok := strings.Cut(expr, " "); ok && slices.Contains(statements, word) {
		q.AddSource(Source{Name: "-e", Text: expr})
		return nil
	}
	if cond, ok := strings.CutPrefix(expr, "where="); ok {
		q.Where = append(q.Where, Source{Name: "-e where", Text: cond})
		return nil
	}
	if name, value, ok := strings.Cut(expr, "="); ok && qualifiers[name] != "" {
		err := q.Set(name, value)
		var e *Error
		if errors.As(err, &e) {
			return e.shift(name + "=")
		}
		return err
	}
	return q.Set("trace", expr)
}

// statements are the words that a statement of the rule language begins with.
var statements = []string{"on", "rule", "group", "let", "use"}

// AddSource takes in rules of the rule language. System calls are no longer shown without
// being asked for.
func (q *Qualifiers) AddSource(s Source) {
	q.Sources = append(q.Sources, s)
	q.explicit = true
}

// Set takes in one qualifier, as the long option of its name does.
func (q *Qualifiers) Set(name, value string) (err error) {
	switch qualifiers[name] {
	case "trace":
		if err = setTo(&q.Trace, value, q.u); err == nil {
			q.TraceGiven = true
		}
	case "abbrev":
		err = setTo(&q.Abbrev, value, q.u)
	case "verbose":
		err = setTo(&q.Verbose, value, q.u)
	case "raw":
		err = setTo(&q.Raw, value, q.u)
	case "signal":
		if q.Signals, err = ParseSignals(value, q.u); err == nil {
			q.signals = value
		}
	case "status":
		q.StatusGiven = true
		err = parseFlags(&q.Status, value, "status", statusNames, AllStatuses)
	case "quiet":
		q.QuietGiven = true
		err = parseFlags(&q.Quiet, value, "quiet", quietNames, AllQuiet)
	case "read":
		q.Read, err = ParseFDs(value)
	case "write":
		q.Write, err = ParseFDs(value)
	case "trace-fds":
		q.TraceFDs, err = ParseFDs(value)
	case "decode-fds":
		q.DecodeFDsGiven = true
		err = parseFlags(&q.DecodeFDs, value, "decode-fds", decodeFDNames, AllDecodeFDs)
	case "decode-pids":
		err = parseFlags(&q.DecodePIDs, value, "decode-pids", decodePIDNames, AllDecodePIDs)
	case "kvm":
		if value != "vcpu" {
			return errorAt(value, 0, "invalid -e kvm= argument: '%s'", value)
		}
		q.KVMVcpu = true
	case "inject", "fault":
		var in Injection
		if in, err = ParseInjection(value, name == "fault", q.u); err == nil {
			q.Injections = append(q.Injections, in)
			if w := in.retvalWarning(q.u); w != "" {
				q.Warnings = append(q.Warnings, w)
			}
		}
	case "exec":
		var pats []ExecPattern
		pats, err = ParseExec(value)
		q.Exec = append(q.Exec, pats...)
	default:
		return errorAt(name, 0, "invalid qualifier '%s'", name)
	}
	return err
}

func setTo(set **SyscallSet, value string, u *Universe) error {
	s, err := ParseSyscalls(value, u)
	if err == nil {
		*set = s
	}
	return err
}

func parseFlags[T ~uint8](set *T, value, what string, names map[string]uint8, all T) error {
	n, err := parseNames(value, what, names, uint8(all))
	if err == nil {
		*set = T(n)
	}
	return err
}

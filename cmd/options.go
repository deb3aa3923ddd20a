// Package cmd is the command line of gotrace: options, subcommands and the wiring
// of the libraries. It decides nothing about events.
package cmd

import (
	"time"

	"github.com/gotrace/gotrace/filter"
)

// Precision is the unit that a time is shown in.
type Precision uint8

// The precisions.
const (
	Seconds Precision = iota
	Milliseconds
	Microseconds
	Nanoseconds
)

// Clock says how a time is shown; the zero value is not at all.
type Clock struct {
	On        bool
	Unix      bool // seconds since the epoch, not the time of day; absolute only
	Precision Precision
}

// EnvChange is one -E option.
type EnvChange struct {
	Name, Value string
	Unset       bool
}

// ConstStyle is how named constants are shown, as in -X.
type ConstStyle uint8

// The styles.
const (
	ConstAbbrev ConstStyle = iota
	ConstRaw
	ConstVerbose
)

// HexStrings is which strings are shown in hexadecimal, as in -x.
type HexStrings uint8

// The string styles.
const (
	HexNone          HexStrings = iota
	HexNonASCIIChars            // octal escapes become hexadecimal
	HexNonASCII                 // -x: whole strings with a byte that is not ASCII
	HexAll                      // -xx
)

// SummaryMode is what -c and -C ask for.
type SummaryMode uint8

// The summary modes.
const (
	SummaryNone SummaryMode = iota
	SummaryOnly             // -c
	SummaryAlso             // -C
)

// ColorMode is when output is coloured.
type ColorMode uint8

// The colour modes.
const (
	ColorAuto ColorMode = iota
	ColorAlways
	ColorNever
)

// Interruptible is when signals interrupt the tracer, as in -I.
type Interruptible uint8

// The levels; InterruptDefault is chosen by the engine from the other options.
const (
	InterruptDefault Interruptible = iota
	InterruptAnywhere
	InterruptWaiting
	InterruptNever
	InterruptNeverTSTP
)

// Options is one command line, checked.
type Options struct {
	Program string // argv[0] as typed, for messages

	Command   []string // PROG [ARGS]
	PIDs      []int    // -p, as given
	PIDNames  []string // -p name:NAME; Main adds their processes to PIDs
	Env       []EnvChange
	User      string // -u
	Argv0     *string
	Daemonize int // -D 1: grandchild, 2: process group, 3: session

	Follow         bool // -f
	Tree           bool // --tree
	Separate       bool // -ff, --output-separately
	DetachOnExecve bool // -b execve
	KillOnExit     bool
	Interruptible  Interruptible
	SeccompBPF     bool
	Pin            bool

	Filter     *filter.Qualifiers
	Plugins    []string // --plugin
	TracePaths []string // -P

	Output string // -o FILE, "|command" or "!command"; "": standard error
	Append bool   // -A
	JSON   bool
	Color  ColorMode

	Columns       int // -a
	StringLimit   int // -s
	Absolute      Clock
	Relative      Clock
	SyscallTimes  Clock
	PrintIP       bool // -i
	PrintNumber   bool // -n
	ArgNames      bool // -N
	AlwaysShowPID bool
	HexStrings    HexStrings
	Consts        ConstStyle
	StackTraces   int // -k: 1, -kk: 2 with source lines
	StackLimit    int // --stack-trace-frame-limit; 0: none
	SyscallLimit  int // --syscall-limit; 0: none
	Debug         bool
	Explain       bool // show the rules and do nothing

	Summary        SummaryMode
	SummarySort    string        // a name of summaryColumns, or "nothing"
	SummaryColumns []string      // names of summaryColumns
	Overhead       time.Duration // -O; negative: measure it
	WallClock      bool          // -w
}

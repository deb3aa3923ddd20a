package filter

// Rules is what the sources of one session say together, checked.
type Rules struct {
	Groups []*Group // in order of definition
	Rules  []*Rule  // in order
}

// Follow says who inherits membership of a group.
type Follow uint8

// The modes. In all but the last, membership ends when the task executes a program that
// the group's condition does not admit.
const (
	FollowThreads  Follow = iota // the threads of a member's process
	FollowNone                   // nobody
	FollowChildren               // also its child processes
	FollowAll                    // the same, whatever they execute
)

// AllGroup is the name of the group of all traced tasks.
const AllGroup = "all"

// Group is tasks that are treated alike.
type Group struct {
	Name     string
	Admit    *Program // on the fields of tasks; decided when a task is first seen and at its execs
	Follow   Follow
	Depth    int  // generations of child processes that inherit; 0: any number
	Existing bool // also the descendants that a task has when it is attached to
	At       Pos
}

// Rule is one rule.
type Rule struct {
	Name  string // "": none was given
	On    []On
	In    string // the group; "": AllGroup
	Where *Program
	Count Count
	Do    []Action
	At    Pos
}

// On is one event that a rule is about.
type On struct {
	Event *Event
	Enter bool // .enter
	Args  []Arg
}

// Count is which of the events that match otherwise, counted from 1 for each rule and
// task, a rule takes. The zero value takes all.
type Count struct {
	From, To, Step int // To 0: without end; Step 0: each
}

// Hits reports whether the nth event is taken.
func (c Count) Hits(n int) bool {
	if n < c.From || c.To != 0 && n > c.To {
		return false
	}
	return c.Step <= 1 || (n-max(c.From, 1))%c.Step == 0
}

// Action is one action of a rule.
type Action struct {
	Spec *ActionSpec
	Args []Arg
	At   Pos
}

// Arg is one argument, checked.
type Arg struct {
	Param *Param
	Name  string   // of a ParamPair or an option
	Expr  *Program // ParamExpr, ParamPair, and numbers that may be expressions
	Num   int64    // ParamNum, ParamDuration, ParamErrno, ParamSignal
	Str   string   // ParamString, ParamWord, ParamText, ParamRule, ParamGroup
	Calls *SyscallSet
	// Unnamed: %unnamed was in the set of calls: numbers that have no name.
	Unnamed bool
	Signals *SignalSet
	Pokes   []Poke
}

// Pos is a place in a source.
type Pos struct {
	Source    string // a file's name, "-e" or the like
	Line, Col int    // from 1; Col counts bytes
}

// Source is text to be read as rules.
type Source struct {
	Name, Text string
}

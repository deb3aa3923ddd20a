package filter

// Type is the type of a value in an expression.
type Type uint8

// The types.
const (
	Any      Type = iota // a number that may also be a string: the operand beside it decides
	Bool                 //
	Int                  // 64 bits, signed
	Duration             // nanoseconds
	String               // bytes
)

// Moment is when something is known of a system call. Of every other event all is known
// at once.
type Moment uint8

// The moments.
const (
	Entry Moment = iota
	Exit
)

// Index says what follows the dot behind a field's name.
type Index uint8

// The indices.
const (
	NoIndex  Index = iota
	ArgIndex       // arg.1, arg.fd: an argument's position, from 1, or its name in the kernel
	RegIndex       // reg.rip: a register of the Schema
)

// Field is a datum of events, or of tasks, that expressions may name.
type Field struct {
	Name  string
	Type  Type
	Many  bool // has several values at once: a comparison holds if it holds for one of them
	At    Moment
	Index Index
	Max   int  // ArgIndex: the highest position; 0: 6
	Free  bool // ArgIndex: any name may follow, not only those of calls' arguments
	Task  bool // of tasks: known in groups' conditions, and of events that have Tasks only
	// Register: its values are argument registers of a system call.
	Register bool
	Doc      string // one line
	ID       int    // its owner's number for it
}

// Ref is one use of a field in an expression.
type Ref struct {
	Field *Field
	Name  string // what follows the dot, in lower case; "" where it is a number
	N     int    // ArgIndex by position, from 1; else 0
	// Others are the fields of the same name and type of other events than Field is of: a rule
	// on several events is about all of them.
	Others []*Field
}

// Env is where a Program finds the values of one event.
type Env interface {
	// Num is the ith value of a reference, from 0, as a number; false: there is none.
	Num(r *Ref, i int) (int64, bool)
	// Str is the same as bytes, valid until the next call.
	Str(r *Ref, i int) ([]byte, bool)
}

// Val is a value; one that is not OK is absent: no comparison with it holds.
type Val struct {
	Num int64
	Str []byte
	OK  bool
}

// Func is a function that expressions may call.
type Func struct {
	Name   string
	Params []Param
	Type   Type
	At     Moment
	Stops  bool // works on stopped tasks only: it reads memory or registers
	Doc    string
	// Call must not keep args. It is not called with absent arguments.
	Call func(env Env, args []Val) Val
}

// ParamKind says how an argument of an event, a function or an action is written.
type ParamKind uint8

// The kinds of parameters.
const (
	ParamExpr     ParamKind = iota // an expression of the Type
	ParamNum                       // a constant number: 3, 1K, O_CREAT
	ParamDuration                  // a constant time: 10ms
	ParamString                    // a constant in quotes
	ParamWord                      // a bare name or a string: user(build)
	ParamText                      // everything up to the comma or the parenthesis: libc!malloc+0x10
	ParamSyscalls                  // strace's set of calls, up to the parenthesis
	ParamSignals                   // strace's set of signals, up to the parenthesis
	ParamRule                      // the name of a rule
	ParamGroup                     // the name of a group
	ParamErrno                     // the name or number of an error
	ParamSignal                    // the name or number of a signal
	ParamPoke                      // strace's @argN=HEX
	ParamPair                      // NAME=EXPR, with a name of the user's
)

// Param declares one argument.
type Param struct {
	Name     string
	Kind     ParamKind
	Type     Type // for ParamExpr
	Optional bool
	Repeat   bool // the last one: may be given any number of times, also none
	// Early is an option of an action that works at the entry of a system call only:
	// under a condition that is not known by then it is a mistake.
	Early bool
	// NoString is an expression of type Any that must be a number or a duration.
	NoString bool
	Least    int64    // ParamNum, ParamDuration: what it must not be less than; 0: it may be anything
	Words    []string // ParamWord: those that it may be; nil: any
	// Check says what is wrong with an argument that is a text, a word or a constant number, and
	// at which of its bytes; nil: nothing can be.
	Check func(a *Arg) (off int, err error)
}

// Event is a kind of event as rules name it.
type Event struct {
	Name   string
	Params []Param
	Fields []*Field // beside those of the Schema
	Calls  bool     // system calls: they have an entry and an exit, and .enter means the entry only
	Pairs  bool     // what is no system call, but has an entry and an exit in the same way
	Entry  bool     // the task is where a function begins, or may be: its arguments can be changed
	Tasks  bool     // happens to a task; the fields of tasks are known
	Stops  bool     // the task is stopped
	Doc    string
}

// paired reports whether the event has an entry and an exit.
func (e *Event) paired() bool { return e.Calls || e.Pairs }

// ActionSpec is an action as rules name it.
type ActionSpec struct {
	Name    string
	Params  []Param // in order: dump(expr, len)
	Options []Param // by name: inject(error=ENOENT)
	Tasks   bool    // needs an event of a task
	Stops   bool    // needs a stopped task
	Calls   bool    // acts on system calls only
	Entry   bool    // acts where functions begin; with Calls: there, too
	Early   bool    // as Param.Early, for the whole action
	Instead string  // the action that does the like where this one cannot; "": none
	Doc     string
}

// Schema is what rules may name: whoever makes events, fields, functions and actions puts
// them in. The parser and the checker know none by name.
type Schema struct {
	Events    []*Event
	Fields    []*Field // of every event; those of tasks of every event that has Tasks
	Funcs     []*Func
	Actions   []*ActionSpec
	Universe  *Universe
	Const     func(name string) (int64, bool) // symbolic constants: O_CREAT
	Consts    func() []string                 // all of them, for suggestions; may be nil
	Registers []string                        // in lower case
	// ArgNames is the names of a call's arguments.
	ArgNames func(call string) []string
	// Set is the text of a canonical rule set; SetNames lists them.
	Set      func(name string) (text string, ok bool)
	SetNames []string
	Groups   []string // groups that exist without being defined, beside AllGroup
}

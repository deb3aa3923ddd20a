package event

// Form says what a Value is, and so how a sink shows it. Decoders choose a form
// and fill in numbers, bytes and elements; they never make text for people.
type Form uint8

const (
	// FormAbsent is an argument that this call does not have: open without
	// O_CREAT has no mode. Sinks skip it, with its separator.
	FormAbsent   Form = iota
	FormInt           // Num as int64, decimal: -1
	FormUint          // Num, decimal: 18446744073709551615
	FormHex           // Num, 0x1f; zero is 0
	FormHex0          // Num, 0x1f; zero is 0x0
	FormOctal         // Num, 0644; zero is 000: a file mode's permission bits
	FormMode          // Num, S_IFREG|0644: a whole st_mode
	FormAddr          // Num, 0x7ffc…; zero is NULL
	FormEnum          // Num by Table: SEEK_SET; unknown: 0x9 /* SEEK_??? */
	FormEnumDec       // like FormEnum; unknown numbers are shown in decimal
	FormFlags         // Num by Table: A|B|0x80; nothing known: 0x80 /* X_??? */; zero: 0 or its name
	FormSym           // Str, or Data where the text is not static, verbatim: a symbolic name or keyword for Num: INFTIM, {}, PF_INET
	FormString        // Data, quoted and escaped; Cut adds "..."
	FormFD            // Num as int32, decimal; Data, when not nil, in <> and escaped, with Note verbatim behind it, but for Elem[0] at Note[Elem[0].Num], escaped
	FormPID           // Num as int32, decimal, with Data as <comm> when not nil
	FormStruct        // {Elem[0].Name=Elem[0], ...}; Cut adds ", ..."; FlagBare omits names
	FormArray         // [Elem, ...]; Cut adds ", ..."
	FormSet           // [A B C]: Elem separated by blanks; FlagNot puts ~ before it
	FormCall          // Str(Elem, ...): makedev(0x8, 0x1), htons(80), inet_addr("127.0.0.1"); Data, if any, is the number as it stands in memory
	FormOr            // Elem joined by |: CLONE_VM|SIGCHLD; Num, unless zero, is the whole number
	FormAnd           // Elem joined by " && ": WIFEXITED(s) && WEXITSTATUS(s) == 0
	FormChange        // Elem[0] => Elem[1]: a value at entry and at exit
	FormSeq           // Elem joined by ", " without brackets, names before a blank: in [3], left {...}
	FormTagged        // Str Elem[0] without anything between: "&", "~" before a value
	FormMore          // "..." alone: elements left out in the middle of a list
	FormKilo          // Num, decimal; a multiple of 1024 above it as a product: 8192*1024
	FormHexPad        // Num as printf's %#08x: 0x00001f; zero is 00000000
	FormHexPad16      // Num as printf's %#016x
	FormShift         // Elem[0]<<Elem[1]: PTRACE_EVENT_STOP<<16
	FormOrBlank       // Elem joined by " | "
	FormThen          // an argument shown behind " => " in place of a separator: Elem[0] is what the one before it became; without Elem the arrow alone, of a FormThen that follows
	FormKeyed         // an array's element with its index: [Elem[0]]=Elem[1]
	FormRest          // an argument that goes on with the FormStruct before it, which FlagOpen left without its brace; a FormThen in it is what the last field became
	FormAlt           // Elem joined by " or ": readings of the one number Num
	FormFloat         // Num as math.Float64bits, the shortest decimal that is this number: 2.5, 1e+100
	FormChar          // Num, a character: 'x'
	NumForms          // the number of forms
)

// Flags refine how a Value is shown.
type Flags uint32

const (
	FlagCut      Flags = 1 << iota // something was left out at the end: "..."
	FlagNot                        // a set printed as its complement: ~[...]
	FlagBare                       // FormStruct without field names; FormString without quotes; FormOr without a bar behind a FormFlags without a name; FormFlags that are nothing as raw zero
	FlagHexStr                     // FormString whose bytes are always shown as \x..
	FlagPath                       // FormString that is a path: never limited by -s
	FlagNoted                      // Note says what Num is: -X raw does not show it
	FlagEqual                      // FormStruct element or FormAnd part shown as Name == value
	FlagIndex                      // element of an array whose Name is an index: [VINTR]=0x3
	FlagMoreAddr                   // an array's last element: the rest is at this address and unreadable: ... /* 0x7f.. */
	FlagSigned                     // FormEnum, FormHex: the number shown when unknown is signed
	FlagZero                       // FormFlags: zero is looked up in the table first; FormOr: Num counts even if it is zero
	FlagUser                       // a number that the user, not the kernel, made: injected
	FlagVerbose                    // FormEnum, FormEnumDec, FormFlags: the number with the name as a comment, as under -X verbose
	FlagEmpty                      // FormFlags: zero is shown as nothing
	FlagRest                       // FormFlags that continue a FormOr: if none has a name there is no comment
	FlagWhole                      // FormCall that is a constant: -X shows its number: 0x801 /* makedev(0x8, 0x1) */; FormShift: the comment of an unknown name follows the whole
	FlagParts                      // FormOr, FlagWhole: -X shows each part for itself
	FlagTrimNUL                    // FormString: a NUL that it ends in is not shown, nor that it was cut there; in hexadecimal both are
	FlagWord                       // FormSym, FormOr shown by their names whatever -X says; flags and macros behind a result: the same, or left out
	FlagDeleted                    // FormFD of a file that has no name any more
	FlagOpen                       // FormStruct whose last fields are in a FormRest that follows
	FlagRoom                       // FormArray of which only what fits into Num bytes of text is shown
	FlagMAC                        // FormString: a hardware address, 01:23:45:67:89:ab
	FlagInto                       // FormCall that fills in the field it is named for: inet_pton(AF_INET6, "::1", &sin6_addr)
	FlagPointer                    // FormSym: the number is shown as an address: NULL
	FlagSingle                     // FormFloat of single precision
	FlagDecimal                    // FormCall with FlagWhole whose number is shown in decimal
)

// Value is one decoded datum. Elem and Data point into the arena of the event that
// carries them and are valid until its handler returns; a sink that keeps a Value
// must copy it. Note is static text or arena bytes shown as a comment after the value.
type Value struct {
	Form  Form
	Flags Flags
	Name  string // of a structure's field, or an argument shown with a name; static
	Num   uint64
	Str   string // static text; see Form
	Table *Table
	Data  []byte
	Elem  []Value
	Note  []byte // shown as " /* Note */"
}

// Named returns v as the field name of a structure.
func (v Value) Named(name string) Value { v.Name = name; return v }

// F names a value as the field of a structure.
func F(name string, v Value) Value { v.Name = name; return v }

// Absent reports whether v is not there at all.
func (v *Value) Absent() bool { return v.Form == FormAbsent }

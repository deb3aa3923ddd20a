// Package decode turns a stopped system call into values: a table says, once per name
// and for all architectures, which arguments a call has and how each is read from
// registers and memory. Decoders return event.Values and never print; what they cannot
// read they return as an address. The package refuses to touch processes: it sees
// memory only through event.Memory, so a recorded call decodes like a live one.
package decode

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Phase says at which stop of a call an argument is decoded.
type Phase uint8

const (
	In  Phase = iota // at entry, unless an argument before it is decoded at exit
	Out              // at exit: the kernel fills it in
)

// Role marks the arguments that -P and path rules look at.
type Role uint8

const (
	RoleNone  Role = iota
	RoleFD         // a descriptor
	RoleDirFD      // the directory that the next RolePath argument starts from
	RolePath       // the address of a path
)

// Decoder returns argument i as a value. It must not fail: unreadable memory is an address.
type Decoder func(c *Ctx, i int) event.Value

// Arg is one argument of a call as it is shown.
type Arg struct {
	Name string // the kernel's name for it
	When Phase
	Dec  Decoder
	Role Role
	// Enter runs at entry for an argument that is decoded at exit, to save what
	// the kernel will overwrite: c.Save, c.Saved.
	Enter func(c *Ctx, i int)
	// Label is shown before the value: child_stack=NULL.
	Label string
	// Reg is the register that the argument is in, plus one, where that is not its place in Args.
	Reg int8
	// Wide is a 64-bit number, which takes two registers in a 32-bit ABI.
	Wide bool
}

// RetForm says how the value that a successful call returns is shown.
type RetForm uint8

const (
	RetUint RetForm = iota // decimal, never negative: what is no error is a size
	RetHex                 // 0x…
	RetOct                 // umask
	RetFD                  // a new descriptor, decorated by -y
	RetPID                 // a process id, decorated by -Y
	RetPGID                // the id of a process group or of a session
	RetNone                // does not return: "= ?"
)

// CallFlags are the oddities of a call that the engine must know.
type CallFlags uint16

const (
	NoReturn     CallFlags = 1 << iota // exit, exit_group: the entry is all there is
	Sigreturn                          // the frame is decoded at entry; the return is shown as the kernel's
	ExecLike                           // execve, execveat
	ForkLike                           // returns a new task's id
	ReadsData                          // -e read: argument 1 is a buffer of ret bytes
	WritesData                         // -e write: argument 1 is a buffer of argument 2 bytes
	ReadsVec                           // -e read over an iovec
	WritesVec                          // -e write over an iovec
	ReadsMsg                           // recvmsg, recvmmsg
	WritesMsg                          // sendmsg, sendmmsg
	AllowRestart                       // may be resumed by restart_syscall
	LateComma                          // the separator before what is decoded at exit comes at exit, too
)

// Call declares a system call, once per name. Only, when set, confines the
// declaration to the architectures named, blank-separated, and then goes before one without.
type Call struct {
	Name  string
	Args  []Arg
	Ret   RetForm
	Aux   func(c *Ctx) event.Value // shown in parentheses behind a return, at exit
	RetFn func(c *Ctx) event.Value // replaces Ret where the value needs decoding
	Flags CallFlags
	Only  string
}

// Table finds the declaration of a call by ABI and number. It is immutable once made.
type Table struct {
	byABI map[string][]*Call
	sub   map[*arch.Subcall]*Call
}

// ArgName is the kernel's name of argument i.
func (k *Call) ArgName(i int) string {
	if i < 0 || i >= len(k.Args) {
		return ""
	}
	return k.Args[i].Name
}

package decode

import (
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// subsystems lists every file's declarations.
var subsystems = [][]Call{
	fileCalls,
	netCalls,
	fileStatCalls,
	fileTimeCalls,
	mountCalls,
	xattrCalls,
	notifyCalls,
	direntCalls,
	quotaCalls,
	fdioCalls,
	ioctlCalls,
	sigCalls,
	mmCalls,
	numaCalls,
	procCalls,
	waitCalls,
	schedCalls,
	credCalls,
	prctlCalls,
	seccompCalls,
	keyCalls,
	bpfCalls,
	ptraceCalls,
	systemCalls,
	perfCalls,
	tailCalls,
	clockCalls,
	pollCalls,
	futexCalls,
	aioCalls,
	ipcCalls,
	mqueueCalls,
	uringCalls,
}

// New builds the table for the ABIs given.
func New(abis ...*arch.ABI) *Table {
	t := &Table{byABI: make(map[string][]*Call)}
	for _, a := range abis {
		byName := make(map[string]*Call)
		for _, calls := range subsystems {
			for i := range calls {
				k := &calls[i]
				if k.Only != "" && !hasWord(k.Only, a.Arch.Name) {
					continue
				}
				if old := byName[k.Name]; old != nil && old.Only != "" && k.Only == "" {
					continue
				}
				byName[k.Name] = k
			}
		}
		nrs := make([]*Call, len(a.Syscalls))
		for nr, name := range a.Syscalls {
			nrs[nr] = byName[name]
		}
		t.byABI[a.Arch.Name] = nrs
		for i := range a.Subcalls {
			u := &a.Subcalls[i]
			if t.sub == nil {
				t.sub = make(map[*arch.Subcall]*Call)
			}
			t.sub[u] = byName[u.Name]
		}
	}
	return t
}

func hasWord(words, w string) bool {
	for f := range strings.FieldsSeq(words) {
		if f == w {
			return true
		}
	}
	return false
}

// unknown is how a call without a declaration is shown: six hexadecimal arguments.
var unknown = Call{Args: []Arg{
	in("arg0", hexAny), in("arg1", hexAny), in("arg2", hexAny),
	in("arg3", hexAny), in("arg4", hexAny), in("arg5", hexAny),
}}

func hexAny(c *Ctx, i int) event.Value { return hexV(c.Arg(i)) }

// Lookup returns the declaration of a call; never nil.
func (t *Table) Lookup(abi *arch.ABI, nr uint64) *Call {
	nrs := t.byABI[abi.Arch.Name]
	if nr < uint64(len(nrs)) && nrs[nr] != nil {
		return nrs[nr]
	}
	return &unknown
}

// Mode tells how much of a call's arguments to decode.
type Mode uint8

const (
	Abbrev  Mode = 1 << iota // -e abbrev=
	Verbose                  // -e verbose=
	Raw                      // -e raw=
)

// Begin sets c up for a call that has just been entered.
func (c *Ctx) Begin(t *Table, abi *arch.ABI, nr uint64, args [6]uint64, m Mode) {
	c.Reset()
	c.ABI, c.NR, c.Args = abi, nr, args
	c.Call, c.Sub = t.Lookup(abi, nr), nil
	if abi.Subcalls != nil {
		c.unwrap(t)
	}
	c.Abbrev, c.Verbose, c.raw = m&Abbrev != 0, m&Verbose != 0, m&Raw != 0
	c.vals = c.Vals(len(c.Call.Args))[:0]
}

// unwrap turns socketcall and ipc into the calls that they carry. The words of ipc
// keep their order: first, second, third, ptr, fifth, and then its version; Sub tells decoders of it.
func (c *Ctx) unwrap(t *Table) {
	u := c.ABI.Subcall(c.NR, c.Args[0])
	if u == nil || t.sub[u] == nil {
		return
	}
	if u.Via == "ipc" {
		version := c.Args[0] >> 16
		copy(c.Args[:], c.Args[1:])
		c.Args[5] = version
	} else {
		r, ok := c.Read(c.Args[1], 4*u.Args)
		if !ok {
			return
		}
		rd := c.Rd(r)
		for i := range u.Args {
			c.Args[i] = rd.U32()
		}
	}
	c.Sub, c.Call = u, t.sub[u]
}

// Enter decodes what can be decoded at entry and reports whether more follows at exit.
func (c *Ctx) Enter() (args []event.Value, more bool) {
	k := c.Call
	if c.raw {
		c.decodeRaw()
		return c.vals, false
	}
	n := len(k.Args)
	for i := range k.Args {
		if k.Args[i].When == Out {
			n = i
			break
		}
	}
	for i := n; i < len(k.Args); i++ {
		if f := k.Args[i].Enter; f != nil {
			f(c, c.index(i))
		}
	}
	c.decode(n)
	if got := len(c.vals); got < n {
		for i := got; i < n; i++ {
			if f := k.Args[i].Enter; f != nil {
				f(c, c.index(i))
			}
		}
		n = got
	}
	return c.vals, n < len(k.Args)
}

// LateComma reports, after Enter, that the separator before what is decoded at exit comes at exit.
func (c *Ctx) LateComma() bool { return c.lateComma || c.Call.Flags&LateComma != 0 }

// Pending returns the arguments decoded so far, for a call that will not come to its exit.
func (c *Ctx) Pending() []event.Value { return c.vals }

// Leave decodes the rest at exit and returns all arguments.
func (c *Ctx) Leave(ret int64, errno int) (args []event.Value) {
	c.Exit, c.Ret, c.Errno = true, ret, errno
	if !c.raw {
		c.decode(len(c.Call.Args))
	}
	return c.vals
}

// Registers is how many registers the arguments are in.
func (c *Ctx) Registers() int {
	if c.Sub != nil {
		return c.Sub.Args
	}
	n := 0
	for i := range c.Call.Args {
		last := c.index(i)
		if c.Call.Args[i].Wide && c.Is32() {
			last++
		}
		n = max(n, last+1)
	}
	return n
}

// decodeRaw shows the registers, in their order, that the arguments are in.
func (c *Ctx) decodeRaw() {
	for i := range c.Registers() {
		c.vals = append(c.vals, hexV(c.Arg(i)))
	}
}

func (c *Ctx) decode(upto int) {
	for i := len(c.vals); i < upto; i++ {
		a := &c.Call.Args[i]
		v := a.Dec(c, c.index(i))
		if v.Form == formLater {
			return
		}
		v.Name = a.Label
		c.vals = append(c.vals, v)
	}
}

// formLater never leaves this package.
const formLater event.Form = 255

// later is what a decoder of an In argument returns at entry when, for this very call,
// the kernel fills the argument in: it and those behind it are decoded at exit.
// A decoder must not return it at exit.
func (c *Ctx) later() event.Value { return event.Value{Form: formLater} }

// Result is the value that the call returned, and what is shown in parentheses behind it.
// It is valid after Leave.
func (c *Ctx) Result() (ret, aux event.Value) {
	k := c.Call
	if c.Errno == 0 {
		switch {
		case c.raw:
			ret = hexV(c.word(uint64(c.Ret)))
		case k.RetFn != nil:
			ret = k.RetFn(c)
		default:
			ret = c.plainRet(k.Ret)
		}
	}
	if k.Aux != nil && !c.raw {
		aux = k.Aux(c)
	}
	return ret, aux
}

func (c *Ctx) plainRet(f RetForm) event.Value {
	switch f {
	case RetHex:
		return hexV(c.word(uint64(c.Ret)))
	case RetOct:
		return octV(uint64(c.Ret))
	case RetFD:
		if c.Ret == int64(int32(c.Ret)) {
			return c.fdV(int32(c.Ret))
		}
	case RetPID:
		return c.pidV(int32(c.Ret))
	case RetPGID:
		return c.pgidV(int32(c.Ret))
	case RetNone:
		return absent()
	}
	return uintV(c.word(uint64(c.Ret)))
}

// word cuts a number to the size of a long of the ABI.
func (c *Ctx) word(v uint64) uint64 {
	if c.Is32() {
		return uint64(uint32(v))
	}
	return v
}

// index is the register that argument i is in.
func (c *Ctx) index(i int) int { return c.Call.reg(i, c.Is32()) }

// reg is the register that argument i is in. In a 32-bit ABI it comes behind the second
// registers of the 64-bit numbers before it.
func (k *Call) reg(i int, is32 bool) int {
	if k.Args[i].Reg != 0 {
		return int(k.Args[i].Reg) - 1
	}
	n := i
	if is32 {
		for j := range k.Args[:i] {
			if k.Args[j].Wide {
				n++
			}
		}
	}
	return n
}

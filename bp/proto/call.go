package proto

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Origin says how a function's prototype is known.
type Origin uint8

// The origins.
const (
	Guessed   Origin = iota // not at all
	Described               // a description of its library
	Debugged                // debugging information
)

// Func is what is known of a function. It belongs to the Table that made it.
type Func struct {
	Name    string
	Params  []Param
	Results []Param // at most one, but in Go
	// Variadic functions have arguments behind Params. They are shown where a format or a
	// terminating NULL tells what they are.
	Variadic bool
	NoReturn bool
	Origin   Origin

	table  *Table
	arch   *arch.Arch
	conv   *convention
	fails  failure
	format int   // index of the parameter that is a format, of formats; else -1
	scan   bool  // it is scanf's
	more   *Type // of arguments up to a NULL
	laid   bool
	layout layout
}

// Param is one parameter or result.
type Param struct {
	Name string // may be empty
	Type *Type
	Out  bool // what it points to is there when the function has returned
	// When is the parameter whose bits Bits decide whether there is this one; Bits 0: there
	// always is.
	When int
	Bits uint64
}

// failure says which results tell that a function has left its output alone.
type failure uint8

const (
	failsNever failure = iota
	failsNegative
	failsZero
	failsNonzero
)

// maxDatum bounds what is kept of one argument, in bytes.
const maxDatum = 1024

// arg is an argument as it was when the function was entered.
type arg struct {
	Param
	data []byte // nil: it could not be read
}

// Call is one call of a function, from its entry on.
type Call struct {
	f      *Func
	args   []arg
	hidden uint64 // address of the result's memory
}

// machine is what a stopped task's values are read from.
type machine struct {
	regs  *arch.Regs
	mem   event.Memory
	sp    uint64 // at the function's entry
	arena *arena
}

func (f *Func) place() *layout {
	if !f.laid {
		f.laid = true
		f.layout = f.conv.layout(f.Params, f.Results)
	}
	return &f.layout
}

// Enter reads the arguments of a call from the state of a task that is at the function's
// first instruction. Those in floating-point registers need a memory that is an
// event.FPState, too.
func (f *Func) Enter(r *arch.Regs, mem event.Memory) *Call {
	l := f.place()
	k := machine{r, mem, r.SP(), &f.table.arena}
	c := &Call{f: f, args: make([]arg, 0, len(f.Params)+4)}
	for i, p := range f.Params {
		if p.Bits != 0 && c.number(p.When)&p.Bits == 0 {
			continue
		}
		c.args = append(c.args, arg{p, k.read(l.args[i], p.Type.Size)})
	}
	if l.hidden != nil {
		c.hidden = number(k.read(*l.hidden, f.conv.ptr), false)
	}
	if f.format >= 0 || f.more != nil {
		c.variadic(k, l.rest)
	}
	return c
}

// number is argument i as a number.
func (c *Call) number(i int) uint64 {
	if i >= len(c.args) {
		return 0
	}
	a := &c.args[i]
	return number(a.data, a.Type.Kind == Int)
}

// number reads a little-endian number of up to 8 bytes.
func number(b []byte, signed bool) uint64 {
	var w [8]byte
	n := copy(w[:], b)
	if signed && n > 0 && b[n-1]&0x80 != 0 {
		for ; n < 8; n++ {
			w[n] = 0xff
		}
	}
	return binary.LittleEndian.Uint64(w[:])
}

// read returns the bytes of the value at a place; nil: it cannot be read.
func (k *machine) read(p place, size int64) []byte {
	if p.ref {
		p.ref = false
		at := number(k.read(p, int64(k.regs.Arch.PtrSize)), false)
		return k.memory(at, size)
	}
	switch {
	case p.none:
		return k.arena.bytes(int(size))
	case len(p.pieces) == 0:
		return k.memory(k.sp+uint64(p.stack), size)
	}
	b := k.arena.bytes(int(size))
	for _, part := range p.pieces {
		if part.off >= size || !k.register(b[part.off:min(part.off+part.size, size)], part) {
			return nil
		}
	}
	return b
}

// register fills b from the beginning of a register.
func (k *machine) register(b []byte, p piece) bool {
	if p.set == general {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], k.regs.R[p.reg])
		copy(b, w[:])
		return true
	}
	fp, ok := k.mem.(event.FPState)
	if !ok {
		return false
	}
	if p.set == x87 {
		v, err := fp.X87(p.reg)
		n := copy(b, v[:])
		if err == nil && n == len(b) && n < len(v) { // a float or double that the unit holds in its own form
			narrow(b, v)
		}
		return err == nil
	}
	v, err := fp.Vector(p.reg)
	copy(b, v[:])
	return err == nil
}

// memory reads up to maxDatum bytes.
func (k *machine) memory(addr uint64, size int64) []byte {
	if size <= 0 {
		return []byte{}
	}
	b := k.arena.bytes(int(min(size, maxDatum)))
	if n, _ := k.mem.ReadAt(b, addr); n < len(b) {
		return nil
	}
	return b
}

// Known tells how many of the arguments, from the first, are what they were at the entry when
// the function has returned.
func (c *Call) Known() int {
	for i := range c.args {
		if a := &c.args[i]; a.Out || a.Type.Len.late() {
			return i
		}
	}
	return len(c.args)
}

// Args makes values of all arguments. What the function is to fill in is shown as its address.
func (c *Call) Args(mem event.Memory) []event.Value {
	d := reader{f: c.f, c: c, mem: mem}
	out := c.f.table.arena.list(len(c.args))
	for i := range c.args {
		out[i] = d.argument(&c.args[i])
	}
	return out
}

// Exit makes values of the arguments from number Known on, and of the result, from the state
// of a task in which the function has just returned.
func (c *Call) Exit(r *arch.Regs, mem event.Memory) (late []event.Value, ret event.Value) {
	k := machine{r, mem, c.f.returnedSP(r), &c.f.table.arena}
	d := reader{f: c.f, c: c, mem: mem, exit: true}
	raw := c.f.results(&k, c.hidden)
	if len(raw) > 0 {
		d.ret = number(raw[0], c.f.Results[0].Type.Kind == Int)
		d.failed = c.f.fails.of(d.ret)
	}
	for i := c.Known(); i < len(c.args); i++ {
		late = append(late, d.argument(&c.args[i]))
	}
	return late, d.result(raw)
}

// Result makes a value of what a function gave that has just returned. A result in memory
// that only the entry knows the address of (arm64) is absent: Call.Exit has it.
func (f *Func) Result(r *arch.Regs, mem event.Memory) event.Value {
	k := machine{r, mem, f.returnedSP(r), &f.table.arena}
	d := reader{f: f, mem: mem, exit: true}
	return d.result(f.results(&k, 0))
}

// Args makes values of the arguments of a call at the function's first instruction.
func (f *Func) Args(r *arch.Regs, mem event.Memory) []event.Value { return f.Enter(r, mem).Args(mem) }

// returnedSP is what the stack pointer was at the entry: x86's ret has taken the return
// address, arm64's leaves the stack alone.
func (f *Func) returnedSP(r *arch.Regs) uint64 {
	if f.arch == arch.ARM64 {
		return r.SP()
	}
	return r.SP() - uint64(f.arch.PtrSize)
}

// results reads the bytes of each result.
func (f *Func) results(k *machine, hidden uint64) [][]byte {
	l := f.place()
	out := make([][]byte, len(f.Results))
	for i := range f.Results {
		size := f.Results[i].Type.Size
		if p := l.rets[i]; p.ref && p.none {
			if hidden != 0 {
				out[i] = k.memory(hidden, size)
			}
		} else {
			out[i] = k.read(p, size)
		}
	}
	return out
}

// of reports whether a result is a failure's.
func (f failure) of(ret uint64) bool {
	switch f {
	case failsNegative:
		return int64(ret) < 0
	case failsZero:
		return ret == 0
	case failsNonzero:
		return ret != 0
	}
	return false
}

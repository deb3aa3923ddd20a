package usdt

import (
	"encoding/binary"
	"errors"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

var errRegister = errors.New("the register is not known")

// Read is the argument's bits when a task is at the probe, extended to 64 of them as the
// argument's sign says. Symbols must have been resolved: see Find.
func (arg *Arg) Read(r *arch.Regs, m event.Memory) (uint64, error) {
	if arg.Err != nil {
		return 0, arg.Err
	}
	op := &arg.op
	if op.sym != "" {
		return 0, errors.New("no symbol " + op.sym)
	}
	var v uint64
	switch op.kind {
	case constant:
		v = uint64(op.disp)
	case inRegister:
		var err error
		if v, err = op.base.read(r); err != nil {
			return 0, err
		}
	case inMemory:
		addr, err := op.address(r)
		if err != nil {
			return 0, err
		}
		var b [8]byte
		if _, err := m.ReadAt(b[:arg.Size], addr); err != nil {
			return 0, err
		}
		v = binary.LittleEndian.Uint64(b[:])
	}
	return extend(v, arg.Size, arg.Signed), nil
}

// extend makes 64 bits of the lower size bytes.
func extend(v uint64, size int, signed bool) uint64 {
	shift := 64 - 8*size
	if signed {
		return uint64(int64(v<<shift) >> shift)
	}
	return v << shift >> shift
}

func (g *register) read(r *arch.Regs) (uint64, error) {
	if g.name == zero {
		return 0, nil
	}
	v, ok := r.Get(g.name)
	if !ok {
		return 0, errRegister
	}
	return extend(v>>g.shift, g.size, g.signed), nil
}

// address is that of memory.
func (op *operand) address(r *arch.Regs) (uint64, error) {
	addr := uint64(op.disp)
	for _, part := range []struct {
		register
		scale uint64
	}{{op.base, 1}, {op.index, op.scale}, {register{name: op.seg, size: 8}, 1}} {
		if part.name == "" {
			continue
		}
		v, err := part.read(r)
		if err != nil {
			return 0, err
		}
		addr += v * part.scale
	}
	if r.Arch.PtrSize == 4 {
		addr = uint64(uint32(addr))
	}
	return addr, nil
}

// value shows an argument: signed ones and those that are no pointers in decimal.
func (arg *Arg) value(r *arch.Regs, m event.Memory) event.Value {
	n, err := arg.Read(r, m)
	if err != nil {
		return event.Value{Form: event.FormSym, Str: "?"}
	}
	v := event.Value{Form: event.FormUint, Num: n}
	switch {
	case arg.Signed:
		v.Form = event.FormInt
	case arg.Float || arg.Size == r.Arch.PtrSize:
		v.Form = event.FormHex
	}
	return v
}

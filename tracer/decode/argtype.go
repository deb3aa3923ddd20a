package decode

import (
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// ArgCount is the number of arguments that are shown.
func (k *Call) ArgCount() int { return len(k.Args) }

// ArgIndex is the argument with the kernel's name for it; -1: there is none.
func (k *Call) ArgIndex(name string) int {
	for i := range k.Args {
		if k.Args[i].Reg >= 0 && strings.EqualFold(k.Args[i].Name, name) {
			return i
		}
	}
	return -1
}

// IsFD reports whether argument i is a descriptor, or a directory's, which may be AT_FDCWD.
func (k *Call) IsFD(i int) bool {
	return i >= 0 && i < len(k.Args) && (k.Args[i].Role == RoleFD || k.Args[i].Role == RoleDirFD)
}

// ArgReg is the register of argument i in an ABI. A descriptor is an int whatever the
// kernel's prototype says, unsigned int or unsigned long: it looks at the low 32 bits.
func (k *Call) ArgReg(abi *arch.ABI, i int) (event.ArgReg, bool) {
	if i < 0 || i >= len(k.Args) {
		return event.ArgReg{}, false
	}
	n := k.reg(i, abi.Bits == 32)
	if n < 0 || n > 5 {
		return event.ArgReg{}, false
	}
	r, ok := k.kernelReg(abi, n)
	switch {
	case !ok:
		r = event.ArgReg{Arg: int8(n), Bits: uint8(abi.Bits)}
	case k.IsFD(i):
		r.Bits, r.Signed = 32, true
	case k.Args[i].Wide && abi.Bits == 32:
		r.Pair = n < 5
	}
	return r, true
}

// RegArg is register n, from 0, as the argument that is in it; false: the call has no such
// argument.
func (k *Call) RegArg(abi *arch.ABI, n int) (event.ArgReg, bool) {
	for i := range k.Args {
		if k.reg(i, abi.Bits == 32) == n {
			return k.ArgReg(abi, i)
		}
	}
	return k.kernelReg(abi, n)
}

// kernelReg is register n as the kernel's prototype takes it.
func (k *Call) kernelReg(abi *arch.ABI, n int) (event.ArgReg, bool) {
	types, ok := "", false
	if abi.Bits == 32 {
		types, ok = argTypesI386[k.Name]
	}
	if !ok {
		types, ok = argTypes[k.Name]
	}
	r := event.ArgReg{Arg: int8(n), Bits: uint8(abi.Bits)}
	if !ok {
		return r, n >= 0 && n < 6
	}
	at := 0
	for _, l := range []byte(types) {
		width := 1
		if l == 'L' && abi.Bits == 32 {
			width = 2
		}
		if n >= at && n < at+width {
			return letterReg(r, l), true
		}
		at += width
	}
	return r, false
}

// letterReg is a register that holds an argument of a kind, as the letters of argTypes say:
// i int, u unsigned int, h 16 bits without a sign, l long, p unsigned long or a pointer,
// L 64 bits in every ABI, which take two registers in a 32-bit one.
func letterReg(r event.ArgReg, letter byte) event.ArgReg {
	switch letter {
	case 'i':
		r.Bits, r.Signed = 32, true
	case 'u':
		r.Bits = 32
	case 'h':
		r.Bits = 16
	case 'l':
		r.Signed = true
	}
	return r
}

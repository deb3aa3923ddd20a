package tracer

import (
	"bytes"
	"encoding/binary"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// newStack reads what execve leaves on the stack of a new program: argc, argv, a null
// pointer, envp, a null pointer and the auxiliary vector, in words of the program's size,
// and above them the strings. It reads a page at a time; mostly one page has it all.
type newStack struct {
	mem  event.Memory
	word uint64 // bytes
	base uint64 // address of buf
	n    uint64 // bytes of buf that were read
	buf  [4096]byte
}

// start is what a program was started with. ExecFn is the address of the path that execve
// was given (AT_EXECFN), which is the script's for a script; zero: not found.
type start struct{ argv, envp, execFn uint64 }

// Types of the auxiliary vector; see getauxval(3).
const (
	atNull   = 0
	atExecFn = 31
)

// begin sets the reader on a task that is in an exec stop, as info says.
func (k *newStack) begin(t *task, info *ptrace.SyscallInfo) {
	*k = newStack{mem: &t.mem, word: uint64(t.abi.Bits / 8)}
	if a := arch.ABIByAudit(info.Audit); a != nil {
		k.word = uint64(a.Bits / 8)
	}
}

// start finds the vectors above a stack pointer.
func (k *newStack) start(sp uint64) (st start) {
	argc, ok := k.at(sp)
	if !ok {
		return st
	}
	st.argv = sp + k.word
	st.envp = st.argv + (argc+1)*k.word
	p := st.envp
	for v := uint64(1); v != 0; p += k.word {
		if v, ok = k.at(p); !ok {
			return st
		}
	}
	for ; ; p += 2 * k.word {
		switch typ, ok := k.at(p); {
		case !ok || typ == atNull:
			return st
		case typ == atExecFn:
			st.execFn, _ = k.at(p + k.word)
			return st
		}
	}
}

// at is the word at an address.
func (k *newStack) at(addr uint64) (uint64, bool) {
	b, ok := k.from(addr)
	switch {
	case !ok || uint64(len(b)) < k.word:
		return 0, false
	case k.word == 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	}
	return binary.LittleEndian.Uint64(b), true
}

// text is the string at an address; empty if it cannot be read or is longer than a path.
func (k *newStack) text(addr uint64) string {
	var s []byte
	for len(s) <= len(k.buf) {
		b, ok := k.from(addr)
		if !ok {
			return ""
		}
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return string(append(s, b[:i]...))
		}
		s = append(s, b...)
		addr += uint64(len(b))
	}
	return ""
}

// from is what is read from an address on, up to the end of its page at most.
func (k *newStack) from(addr uint64) ([]byte, bool) {
	if addr < k.base || addr >= k.base+k.n {
		page := uint64(len(k.buf))
		n, _ := k.mem.ReadAt(k.buf[:page-addr%page], addr)
		k.base, k.n = addr, uint64(n)
	}
	b := k.buf[addr-k.base : k.n]
	return b, len(b) > 0
}

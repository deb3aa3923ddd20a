package tracer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// stackAt is memory at 0x1000.
type stackAt []byte

func (m stackAt) ReadAt(p []byte, addr uint64) (int, error) {
	if addr < 0x1000 || addr-0x1000 >= uint64(len(m)) {
		return 0, errors.New("unreadable")
	}
	return copy(p, m[addr-0x1000:]), nil
}

// FuzzNewStack reads any memory as what execve leaves on a stack.
func FuzzNewStack(f *testing.F) {
	f.Add(false, uint16(0), make([]byte, 64))
	f.Fuzz(func(t *testing.T, narrow bool, at uint16, mem []byte) {
		k := newStack{mem: stackAt(mem), word: 8}
		if narrow {
			k.word = 4
		}
		sp := 0x1000 + uint64(at)
		st := k.start(sp)
		if st.argv != 0 && st.argv != sp+k.word {
			t.Errorf("argv is at %#x above %#x", st.argv, sp)
		}
		if s := k.text(st.execFn); len(s) > 2*len(k.buf) {
			t.Errorf("a path of %d bytes", len(s))
		}
	})
}

// FuzzStatus finds a field of /proc/PID/status between any others: a task chooses its name.
func FuzzStatus(f *testing.F) {
	f.Add("Name:\tx", int32(12), "PPid:\t1")
	f.Fuzz(func(t *testing.T, before string, n int32, after string) {
		const key = "\nTgid:"
		if strings.Contains(before, key) {
			return
		}
		text := fmt.Sprintf("%s%s\t%d\n%s", before, key, n, after)
		if got := statusField([]byte(text), key); got != n {
			t.Errorf("%q: %d, want %d", text, got, n)
		}
	})
}

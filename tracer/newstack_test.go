package tracer

import (
	"encoding/binary"
	"os"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// TestNewStack reads stacks that this process lays out in its own memory: of both sizes of
// words, in one page and across pages, and cut off at the end of what is mapped.
func TestNewStack(t *testing.T) {
	page := os.Getpagesize()
	mem, err := unix.Mmap(-1, 0, 3*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(mem)
	if err := unix.Mprotect(mem[2*page:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	base := uint64(reflect.ValueOf(mem).Pointer())
	const path = "/bin/program"
	for _, c := range []struct {
		name  string
		abi   *arch.ABI
		at    int // of the stack
		path  int
		words []int // -1 stands for the path's address
		want  start // relative to the stack; execFn 1: found
	}{
		{"one page", arch.ABIAMD64, 64, 2048, []int{2, 10, 11, 0, 20, 0, 6, 4096, 31, -1, 0}, start{8, 32, 1}},
		{"32 bits", arch.ABII386, 64, 2048, []int{2, 10, 11, 0, 20, 0, 6, 4096, 31, -1, 0}, start{4, 16, 1}},
		{"two pages", arch.ABIAMD64, page - 40, 2*page - len(path) - 1, []int{1, 10, 0, 20, 0, 31, -1, 0}, start{8, 24, 1}},
		{"path across pages", arch.ABIAMD64, 64, page - 5, []int{0, 0, 0, 31, -1, 0}, start{8, 16, 1}},
		{"no path", arch.ABIAMD64, 64, 0, []int{0, 0, 0, 6, 4096, 0}, start{8, 16, 0}},
		{"cut off", arch.ABIAMD64, 2*page - 16, 0, []int{0, 0}, start{8, 16, 0}},
	} {
		clear(mem[:2*page])
		copy(mem[c.path:], path+"\x00")
		size := c.abi.Bits / 8
		for i, w := range c.words {
			v := uint64(w)
			if w < 0 {
				v = base + uint64(c.path)
			}
			var b [8]byte
			binary.LittleEndian.PutUint64(b[:], v)
			if size == 4 && w < 0 {
				binary.LittleEndian.PutUint32(b[:], 0x1000) // no address that a word holds is mapped
			}
			copy(mem[c.at+i*size:], b[:size])
		}
		tk := &task{abi: arch.ABIAMD64, mem: ptrace.Mem{TID: os.Getpid()}}
		var k newStack
		k.begin(tk, &ptrace.SyscallInfo{Audit: c.abi.Audit})
		sp := base + uint64(c.at)
		got := k.start(sp)
		if got.argv -= sp; got.argv != c.want.argv {
			t.Errorf("%s: argv is at %d, want %d", c.name, got.argv, c.want.argv)
		}
		if got.envp -= sp; got.envp != c.want.envp {
			t.Errorf("%s: envp is at %d, want %d", c.name, got.envp, c.want.envp)
		}
		if found := got.execFn != 0; found != (c.want.execFn != 0) {
			t.Errorf("%s: the path is found: %v", c.name, found)
		}
		if text := k.text(got.execFn); got.execFn != 0 && size == 8 && text != path {
			t.Errorf("%s: the path is %q", c.name, text)
		}
	}
}

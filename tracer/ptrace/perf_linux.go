package ptrace

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// LoadShared reads the 64-bit word at an offset, a multiple of 8, of memory that is shared with
// the kernel: what the kernel wrote before it is seen too.
func LoadShared(page []byte, off int) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&page[off : off+8][0])))
}

// StoreShared writes such a word after everything that this process has read and written before.
func StoreShared(page []byte, off int, v uint64) {
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&page[off : off+8][0])), v)
}

// PerfOpen opens a perf event of a task on every CPU, closed at an execve; 0: of the calling
// thread. path, unless it is empty, is the file of a uprobe: a's Ext1 is made to point to it.
func PerfOpen(a unix.PerfEventAttr, path string, tid int) (int, error) {
	a.Size = uint32(unsafe.Sizeof(a))
	var name *byte
	if path != "" {
		var err error
		if name, err = unix.BytePtrFromString(path); err != nil {
			return -1, err
		}
		a.Ext1 = uint64(uintptr(unsafe.Pointer(name)))
	}
	fd, err := unix.PerfEventOpen(&a, tid, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	runtime.KeepAlive(name)
	return fd, err
}

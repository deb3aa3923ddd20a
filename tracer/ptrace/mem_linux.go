package ptrace

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Mem reads and writes the memory of a task.
type Mem struct {
	TID int
	// Word is the tracee's pointer size: addresses of a 32-bit task wrap.
	local  unix.Iovec
	remote [2]unix.RemoteIovec
}

const pageSize = 4096

// ReadAt reads until the first unreadable byte. A read that crosses one page boundary
// is told to the kernel as two ranges, so that the readable part arrives.
func (m *Mem) ReadAt(p []byte, addr uint64) (int, error) {
	done := 0
	for done < len(p) {
		n, want, err := m.readOnce(p[done:], addr+uint64(done))
		done += n
		if n == want && err == nil {
			continue
		}
		if done == len(p) {
			break
		}
		if err == nil {
			err = unix.EFAULT
		}
		return done, err
	}
	return done, nil
}

// readOnce reads up to the end of the second page from addr.
func (m *Mem) readOnce(p []byte, addr uint64) (n, want int, err error) {
	if addr > 1<<63 {
		return 0, len(p), unix.EFAULT
	}
	first := min(len(p), pageSize-int(addr&(pageSize-1)))
	second := min(len(p)-first, pageSize)
	m.local.Base = &p[0]
	m.local.SetLen(first + second)
	m.remote[0] = unix.RemoteIovec{Base: uintptr(addr), Len: first}
	m.remote[1] = unix.RemoteIovec{Base: uintptr(addr) + uintptr(first), Len: second}
	cnt := uintptr(1)
	if second > 0 {
		cnt = 2
	}
	r, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(m.TID), uintptr(unsafe.Pointer(&m.local)), 1, uintptr(unsafe.Pointer(&m.remote[0])), cnt, 0)
	if e == 0 {
		return int(r), first + second, nil
	}
	if e == unix.ENOSYS || e == unix.EPERM {
		return m.peek(p[:first+second], addr)
	}
	return 0, first + second, e
}

// peek reads word by word, for kernels that have no process_vm_readv or forbid it.
func (m *Mem) peek(p []byte, addr uint64) (n, want int, err error) {
	const w = unsafe.Sizeof(uintptr(0))
	for n < len(p) {
		at := (addr + uint64(n)) &^ uint64(w-1)
		var v uintptr
		if _, err := call("PEEKDATA", unix.PTRACE_PEEKDATA, m.TID, uintptr(at), uintptr(unsafe.Pointer(&v))); err != nil {
			return n, len(p), err
		}
		b := (*[w]byte)(unsafe.Pointer(&v))
		n += copy(p[n:], b[addr+uint64(n)-at:])
	}
	return n, len(p), nil
}

// WriteAt writes through ptrace, which also reaches read-only pages.
func (m *Mem) WriteAt(p []byte, addr uint64) (int, error) {
	const w = unsafe.Sizeof(uintptr(0))
	n := 0
	for n < len(p) {
		at := (addr + uint64(n)) &^ uint64(w-1)
		off := int(addr + uint64(n) - at)
		var v uintptr
		b := (*[w]byte)(unsafe.Pointer(&v))
		if off != 0 || len(p)-n < int(w) {
			if _, err := call("PEEKDATA", unix.PTRACE_PEEKDATA, m.TID, uintptr(at), uintptr(unsafe.Pointer(&v))); err != nil {
				return n, err
			}
		}
		k := copy(b[off:], p[n:])
		if _, err := call("POKEDATA", unix.PTRACE_POKEDATA, m.TID, uintptr(at), v); err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

// WriteUser writes as the program may: it fails at the first byte that is read-only or not there.
func (m *Mem) WriteUser(p []byte, addr uint64) (int, error) {
	m.local.Base = &p[0]
	m.local.SetLen(len(p))
	m.remote[0] = unix.RemoteIovec{Base: uintptr(addr), Len: len(p)}
	r, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_WRITEV, uintptr(m.TID), uintptr(unsafe.Pointer(&m.local)), 1, uintptr(unsafe.Pointer(&m.remote[0])), 1, 0)
	if e != 0 {
		return 0, e
	}
	if int(r) < len(p) {
		return int(r), unix.EFAULT
	}
	return int(r), nil
}

// readSelf reads this process's memory, and fails where there is none.
func readSelf(p []byte, addr uintptr) bool {
	local := unix.Iovec{Base: &p[0]}
	local.SetLen(len(p))
	remote := unix.RemoteIovec{Base: addr, Len: len(p)}
	n, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(unix.Getpid()), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	return e == 0 && int(n) == len(p)
}

package ptrace

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

//go:linkname threadDescriptor runtime.getm
func threadDescriptor() uintptr

// descriptor is the beginning of the runtime's descriptor of a thread, in words.
type descriptor [64]uint64

func (d *descriptor) read(addr uintptr) bool {
	return readSelf((*[unsafe.Sizeof(*d)]byte)(unsafe.Pointer(d))[:], addr)
}

// probes are signals that the runtime never leaves blocked, so that to block them changes
// the mask.
var probes = [...]uint64{
	bit(unix.SIGHUP) | bit(unix.SIGQUIT) | bit(unix.SIGTERM),
	bit(unix.SIGINT) | bit(unix.SIGQUIT) | bit(unix.SIGABRT),
}

func bit(sig unix.Signal) uint64 { return 1 << (sig - 1) }

// OriginalSigmask is the mask of blocked signals that this process was started with, as far
// as it is known: else the calling thread's own. It must be called before this process
// starts another.
//
// The Go runtime unblocks what it handles before any code of ours runs. It keeps the mask
// that it found in a field of its descriptor of each thread, whose place no code outside it
// may know, until it stores the thread's mask of the moment there at a fork. The place is
// the one that follows when the thread pretends to fork under masks chosen for it.
func OriginalSigmask() (uint64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := setSigmask(nil)
	if err != nil {
		return 0, err
	}
	defer setSigmask(&own)
	m := threadDescriptor()
	var first, now descriptor
	if !first.read(m) {
		return own, nil
	}
	var fits [len(first)]int
	for _, p := range probes {
		mask := own | p
		if !storeMask(mask) || !now.read(m) || mask == own {
			return own, nil
		}
		for i, v := range now {
			if v == mask {
				fits[i]++
			}
		}
	}
	storeMask(own)
	for i, v := range first {
		if fits[i] == len(probes) && v&own == own {
			return v, nil
		}
	}
	return own, nil
}

// storeMask makes the runtime store a mask of signals as the thread's.
func storeMask(mask uint64) bool {
	if _, err := setSigmask(&mask); err != nil {
		return false
	}
	beforeFork()
	afterFork()
	return true
}

// setSigmask replaces the thread's mask of blocked signals, unless by nil, and returns the
// former.
func setSigmask(mask *uint64) (old uint64, err error) {
	_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, 2 /* SIG_SETMASK */, uintptr(unsafe.Pointer(mask)), uintptr(unsafe.Pointer(&old)), sigsetSize, 0, 0)
	if e != 0 {
		return 0, e
	}
	return old, nil
}

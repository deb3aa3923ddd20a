package ptrace

import (
	"encoding/binary"
	"reflect"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The Go runtime replaces the action of most signals before any code of ours runs, and so
// hides which ones this process was started with as ignored. It keeps the former actions
// in its variable fwdSig, which no code outside it may name; but the function that
// forwards signals loads its address.
const (
	forwarder  = "runtime.sigfwdgo"
	funcAlign  = 32      // functions begin at multiples of this
	textSearch = 4 << 20 // how far the runtime's text may lie from one of its functions
	bodySize   = 256     // of the forwarder that is looked at
	numSignals = 65      // entries of fwdSig
)

// runtimeIgnored is the signals that the runtime found ignored, a bit each from signal 1;
// none if the runtime is not as expected.
func runtimeIgnored() (set uint64) {
	entry := findForwarder()
	if entry == 0 {
		return 0
	}
	var code [bodySize]byte
	if !readSelf(code[:], entry) {
		return 0
	}
	for i := 0; i+7 <= len(code); i++ {
		// lea disp32(%rip), %r64
		if code[i]&0xfb != 0x48 || code[i+1] != 0x8d || code[i+2]&0xc7 != 0x05 {
			continue
		}
		disp := int32(binary.LittleEndian.Uint32(code[i+3:]))
		if set, ok := ignoredIn(entry + uintptr(i) + 7 + uintptr(disp)); ok {
			return set
		}
	}
	return 0
}

func findForwarder() uintptr {
	// Gosched is the exported function that lies nearest in today's layout.
	base := reflect.ValueOf(runtime.Gosched).Pointer() &^ (funcAlign - 1)
	for pc := base; pc < base+textSearch; pc += funcAlign {
		if isForwarder(pc) {
			return pc
		}
	}
	for pc := base; pc > base-textSearch; pc -= funcAlign {
		if isForwarder(pc) {
			return pc
		}
	}
	return 0
}

func isForwarder(pc uintptr) bool {
	f := runtime.FuncForPC(pc)
	return f != nil && f.Entry() == pc && f.Name() == forwarder
}

// ignoredIn reads what may be fwdSig: it holds SIG_DFL and SIG_IGN, and nothing else in a
// program without the C library.
func ignoredIn(addr uintptr) (set uint64, ok bool) {
	var raw [numSignals * 8]byte
	if !readSelf(raw[:], addr) {
		return 0, false
	}
	for sig := range numSignals {
		switch binary.LittleEndian.Uint64(raw[sig*8:]) {
		case 0:
		case 1:
			if sig == 0 {
				return 0, false
			}
			set |= 1 << (sig - 1)
		default:
			return 0, false
		}
	}
	return set, true
}

// readSelf reads this process's memory, and fails where there is none.
func readSelf(p []byte, addr uintptr) bool {
	local := unix.Iovec{Base: &p[0]}
	local.SetLen(len(p))
	remote := unix.RemoteIovec{Base: addr, Len: len(p)}
	n, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(unix.Getpid()), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	return e == 0 && int(n) == len(p)
}

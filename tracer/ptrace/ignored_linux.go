package ptrace

import (
	"encoding/binary"
	"reflect"
	"runtime"
)

// The Go runtime replaces the action of most signals before any code of ours runs, and so
// hides which ones this process was started with as ignored. It keeps the former actions
// in its variable fwdSig, which no code outside it may name; but the function that
// forwards signals loads its address.
const (
	forwarder     = "runtime.sigfwdgo"
	forwarderSize = 256     // it has not less code, which is looked at
	textSearch    = 4 << 20 // how far the runtime's text may lie from one of its functions
	numSignals    = 65      // entries of fwdSig
)

// runtimeIgnored is the signals that the runtime found ignored, a bit each from signal 1;
// none if the runtime is not as expected.
func runtimeIgnored() (set uint64) {
	entry := findForwarder()
	if entry == 0 {
		return 0
	}
	var code [forwarderSize]byte
	if !readSelf(code[:], entry) {
		return 0
	}
	for i := range code[:len(code)-8] {
		addr, ok := addressIn(code[i:], entry+uintptr(i))
		if !ok {
			continue
		}
		if set, ok := ignoredIn(addr); ok {
			return set
		}
	}
	return 0
}

// ripAddress is the address that an amd64 instruction at pc loads relative to it.
func ripAddress(code []byte, pc uintptr) (addr uintptr, ok bool) {
	// lea disp32(%rip), %r64
	if code[0]&0xfb != 0x48 || code[1] != 0x8d || code[2]&0xc7 != 0x05 {
		return 0, false
	}
	disp := int32(binary.LittleEndian.Uint32(code[3:]))
	return pc + 7 + uintptr(disp), true
}

// adrpAddress is the address that a pair of arm64 instructions at pc loads relative to it.
func adrpAddress(code []byte, pc uintptr) (addr uintptr, ok bool) {
	adrp, add := binary.LittleEndian.Uint32(code), binary.LittleEndian.Uint32(code[4:])
	reg := adrp & 0x1f
	// adrp xN, page; add xN, xN, #offset
	if pc%4 != 0 || adrp&0x9f000000 != 0x90000000 || add&0xffc003ff != 0x91000000|reg<<5|reg {
		return 0, false
	}
	pages := int32(adrp<<8)>>13<<2 | int32(adrp>>29&3)
	return pc&^0xfff + uintptr(int64(pages)<<12) + uintptr(add>>10&0xfff), true
}

func findForwarder() uintptr {
	// Gosched is the exported function that lies nearest in today's layout.
	base := reflect.ValueOf(runtime.Gosched).Pointer()
	for off := uintptr(0); off < textSearch; off += forwarderSize {
		for _, pc := range [...]uintptr{base + off, base - off} {
			if entry := entryOf(pc); entry != 0 && runtime.FuncForPC(entry).Name() == forwarder {
				return entry
			}
		}
	}
	return 0
}

// entryOf is where the function that pc lies in begins; zero if it lies in none.
func entryOf(pc uintptr) uintptr {
	if f := runtime.FuncForPC(pc); f != nil {
		return f.Entry()
	}
	return 0
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

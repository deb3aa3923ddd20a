package perf

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// recordHeader is the size of a struct perf_event_header: type u32, misc u16, size u16.
const recordHeader = 8

const (
	cpuModeMask   = 7 // PERF_RECORD_MISC_CPUMODE_MASK
	cpuModeKernel = 1
)

// baseSample is what each sample has, in this order: the counter's id, the program counter,
// pid and tid, the time, an address, the period.
const baseSample = unix.PERF_SAMPLE_IDENTIFIER | unix.PERF_SAMPLE_IP | unix.PERF_SAMPLE_TID |
	unix.PERF_SAMPLE_TIME | unix.PERF_SAMPLE_ADDR | unix.PERF_SAMPLE_PERIOD

// sample is a record of PERF_RECORD_SAMPLE. The slices are parts of the record.
type sample struct {
	id, ip, time, addr, period uint64
	pid, tid                   int32
	kernel                     bool   // ip is in the kernel
	raw                        []byte // of a tracepoint
	abi                        uint64 // PERF_SAMPLE_REGS_ABI_*
	regs                       []byte // words, in the order of the mask's bits
	stack                      []byte // from the stack pointer up
}

var errRecord = errors.New("the kernel's record is too short")

// words takes what records consist of from their beginning on.
type words struct {
	b   []byte
	bad bool
}

func (w *words) next() uint64 {
	b := w.take(8)
	if b == nil {
		return 0
	}
	return binary.NativeEndian.Uint64(b)
}

func (w *words) take(n uint64) []byte {
	if n > uint64(len(w.b)) {
		w.bad, w.b = true, nil
		return nil
	}
	b := w.b[:n:n]
	w.b = w.b[n:]
	return b
}

// sampleID is the counter that a sample is of, by which its layout is known.
func sampleID(body []byte) uint64 {
	w := words{b: body}
	return w.next()
}

// parseSample reads the body of a sample of a sample type and number of registers.
func parseSample(body []byte, misc uint16, typ uint64, regs int) (sample, error) {
	w := words{b: body}
	s := sample{kernel: misc&cpuModeMask == cpuModeKernel}
	s.id, s.ip = w.next(), w.next()
	if b := w.take(8); b != nil {
		s.pid, s.tid = int32(binary.NativeEndian.Uint32(b)), int32(binary.NativeEndian.Uint32(b[4:]))
	}
	s.time, s.addr, s.period = w.next(), w.next(), w.next()
	if typ&unix.PERF_SAMPLE_RAW != 0 {
		if b := w.take(4); b != nil {
			s.raw = w.take(uint64(binary.NativeEndian.Uint32(b)))
		}
	}
	if typ&unix.PERF_SAMPLE_REGS_USER != 0 {
		if s.abi = w.next(); s.abi != unix.PERF_SAMPLE_REGS_ABI_NONE {
			s.regs = w.take(8 * uint64(regs))
		}
	}
	if typ&unix.PERF_SAMPLE_STACK_USER != 0 {
		if size := w.next(); size != 0 {
			b := w.take(size)
			// The kernel says behind it how much of it could be read.
			s.stack = b[:min(w.next(), uint64(len(b)))]
		}
	}
	if w.bad {
		return s, errRecord
	}
	return s, nil
}

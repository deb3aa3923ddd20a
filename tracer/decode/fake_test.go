package decode

import (
	"errors"
	"math"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// fakeMem is memory at one address.
type fakeMem struct {
	at   uint64
	data []byte
}

var errUnreadable = errors.New("unreadable")

func (m fakeMem) ReadAt(p []byte, addr uint64) (int, error) {
	if addr < m.at || addr-m.at >= uint64(len(m.data)) {
		return 0, errUnreadable
	}
	n := copy(p, m.data[addr-m.at:])
	if n < len(p) {
		return n, errUnreadable
	}
	return n, nil
}

// fakeCtx is a context of a call of abi, with memory at 0x1000.
func fakeCtx(abi *arch.ABI, data []byte) *Ctx {
	return &Ctx{
		Mem: fakeMem{0x1000, data}, ABI: abi, Opts: &Options{StrLen: 32},
		Call: &unknown, Abbrev: true, Verbose: true,
	}
}

// everyABI lists the ABIs that calls are declared for.
var everyABI = []*arch.ABI{arch.ABIAMD64, arch.ABII386, arch.ABIARM64}

// hostile are numbers that arguments and structures are filled with to see decoders survive.
var hostile = []uint64{
	0, 1, 0x1000, 0x1ffc, math.MaxInt32, math.MaxUint32, 1 << 40, math.MaxInt64, 1 << 63, math.MaxUint64 - 7, math.MaxUint64,
}

// walk calls f for v and for all that it holds.
func walk(v *event.Value, f func(*event.Value)) {
	f(v)
	for i := range v.Elem {
		walk(&v.Elem[i], f)
	}
}

package decode

import (
	"encoding/binary"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// netlinkNet says that every descriptor is a netlink socket of a protocol.
type netlinkNet int

func (netlinkNet) IfName(dst []byte, _ uint32) ([]byte, bool) { return append(dst, "lo"...), true }
func (n netlinkNet) Netlink(event.Task, int32) (int, bool)    { return int(n), n >= 0 }

// maxValues bounds what is made of a page of memory.
const maxValues = 1 << 20

// FuzzCalls decodes calls with any registers and memory; how says by which ABI, in which
// mode and for which netlink protocol.
func FuzzCalls(f *testing.F) {
	f.Add(uint16(0), uint16(9), uint64(0x1000), uint64(8), uint64(3), int64(0), []byte("some memory"))
	f.Add(uint16(1), uint16(67), uint64(2), uint64(0x1000), uint64(0), int64(-1), []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(uint16(2), uint16(137), uint64(0x1001), uint64(0x1004), uint64(1), int64(7), []byte{0xff, 0, 0xff})
	tab := New(everyABI...)
	f.Fuzz(func(t *testing.T, how, nr uint16, x, y, z uint64, ret int64, mem []byte) {
		abi := everyABI[int(how&0xff)%len(everyABI)]
		if abi.Bits == 32 {
			x, y, z = uint64(uint32(x)), uint64(uint32(y)), uint64(uint32(z))
		}
		c := fakeCtx(abi, mem)
		c.Opts.Net = netlinkNet(how>>11) - 1
		c.Begin(tab, abi, uint64(nr), [6]uint64{x, y, z, x, y, z}, Mode(how>>8&7))
		c.Enter()
		errno := 0
		if ret < 0 {
			errno = int(-ret) & 511
		}
		n := 0
		for _, v := range c.Leave(ret, errno) {
			walk(&v, func(*event.Value) { n++ })
		}
		c.Result()
		if n > maxValues {
			t.Errorf("%d values of %d bytes", n, len(mem))
		}
	})
}

// FuzzSiginfo decodes what a signal stop tells, and the same as memory of each ABI.
func FuzzSiginfo(f *testing.F) {
	f.Add([]byte{17, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		raw := make([]byte, siginfoSize)
		copy(raw, data)
		v := Siginfo(fakeCtx(arch.ABIAMD64, nil), raw)
		if empty := binary.LittleEndian.Uint32(raw) == 0; empty != (len(v.Elem) < 2) {
			t.Errorf("a signal's number and code: %+v", v)
		}
		for _, abi := range everyABI {
			fakeCtx(abi, data).siginfoV(0x1000)
		}
	})
}

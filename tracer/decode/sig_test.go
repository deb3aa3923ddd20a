package decode

import (
	"encoding/binary"
	"math/bits"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

func TestSigmask(t *testing.T) {
	for _, c := range []struct {
		mask  uint64
		bytes int
		not   bool
		first string // shown
		n     int
	}{
		{0, 8, false, "", 0},
		{1, 8, false, "HUP", 1},
		{1 << 63, 8, false, "RT_32", 1},
		{1 << 31, 8, false, "RTMIN", 1},
		{^uint64(0), 8, true, "", 0},
		{1<<41 - 1, 8, false, "HUP", 41},
		{1<<42 - 1, 8, true, "RT_11", 22},
		{1<<20 - 1, 4, false, "HUP", 20},
		{1<<21 - 1, 4, true, "TTOU", 11},
		{0xffffff, 3, true, "XFSZ", 8},
		{0xffff, 2, false, "HUP", 16},
	} {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], c.mask)
		x := fakeCtx(arch.ABIAMD64, nil)
		v := x.sigmask(b[:c.bytes])
		if v.Num != c.mask || v.Flags&event.FlagNot != 0 != c.not || len(v.Elem) != c.n {
			t.Errorf("%#x: %+v", c.mask, v)
		} else if c.n > 0 && v.Elem[0].Str != c.first {
			t.Errorf("%#x begins with %s", c.mask, v.Elem[0].Str)
		}
	}
}

// TestSigsetSizes checks which sizes of a set are followed at all.
func TestSigsetSizes(t *testing.T) {
	data := make([]byte, 64)
	for _, abi := range everyABI {
		for size := range uint64(20) {
			for _, least := range []int{1, abi.Bits / 8} {
				v := fakeCtx(abi, data).sigsetMinV(0x1000, size, least)
				if want := size >= uint64(least) && size <= 8; (v.Form == event.FormSet) != want {
					t.Errorf("%s: size %d of at least %d: form %d", abi.Arch.Name, size, least, v.Form)
				}
			}
		}
	}
}

// TestSiginfo checks the layouts: in a structure of bytes that all differ, fields show
// where they were read.
func TestSiginfo(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		signo, code int32
		fields      []string
		off64       []int
		off32       []int
	}{
		{2, 0, []string{"si_pid", "si_uid"}, []int{16, 20}, []int{12, 16}},
		{2, -1, []string{"si_pid", "si_uid", "si_int", "si_ptr"}, []int{16, 20, 24, 24}, []int{12, 16, 20, 20}},
		{14, -2, []string{"si_timerid", "si_overrun", "si_int", "si_ptr"}, []int{16, 20, 24, 24}, []int{12, 16, 20, 20}},
		{29, 1, []string{"si_band", "si_fd"}, []int{16, 24}, []int{12, 16}},
		{11, 1, []string{"si_addr"}, []int{16}, []int{12}},
		{11, 3, []string{"si_addr", "si_lower", "si_upper"}, []int{16, 32, 40}, []int{12, 20, 24}},
		{11, 4, []string{"si_addr", "si_pkey"}, []int{16, 32}, []int{12, 20}},
		{7, 4, []string{"si_addr", "si_addr_lsb"}, []int{16, 24}, []int{12, 16}},
		{17, 1, []string{"si_pid", "si_uid", "si_status", "si_utime", "si_stime"}, []int{16, 20, 24, 32, 40}, []int{12, 16, 20, 24, 28}},
		{31, 1, []string{"si_call_addr", "si_syscall", "si_arch"}, []int{16, 24, 28}, []int{12, 16, 20}},
		{29, 7, nil, nil, nil},
	} {
		for _, abi := range everyABI {
			raw := make([]byte, siginfoSize)
			for i := range raw {
				raw[i] = byte(i)
			}
			le.PutUint32(raw, uint32(c.signo))
			le.PutUint32(raw[4:], 0)
			le.PutUint32(raw[8:], uint32(c.code))
			v := fakeCtx(abi, raw).siginfoV(0x1000)
			offs := c.off64
			if abi.Bits == 32 {
				offs = c.off32
			}
			if len(v.Elem) != 2+len(c.fields) {
				t.Errorf("%s: signal %d, code %d has %d fields", abi.Arch.Name, c.signo, c.code, len(v.Elem))
				continue
			}
			for i, name := range c.fields {
				e := v.Elem[2+i]
				if e.Name != name || byte(e.Num) != byte(offs[i]) {
					t.Errorf("%s: signal %d, code %d: %s is at %d, not %s at %d",
						abi.Arch.Name, c.signo, c.code, e.Name, byte(e.Num), name, offs[i])
				}
			}
		}
	}
}

func TestSiginfoOfTracer(t *testing.T) {
	raw := make([]byte, siginfoSize)
	raw[0], raw[8], raw[16] = 11, 1, 0x40
	if v := Siginfo(fakeCtx(arch.ABII386, nil), raw); len(v.Elem) != 3 || v.Elem[2].Num != 0x40 {
		t.Errorf("the tracer's layout is not used for a 32-bit task: %+v", v)
	}
	if v := Siginfo(fakeCtx(arch.ABIAMD64, nil), make([]byte, siginfoSize)); len(v.Elem) != 0 {
		t.Errorf("no signal has fields: %+v", v)
	}
	Siginfo(fakeCtx(arch.ABIAMD64, nil), raw[:20])
}

// TestCommonCallsAllocateNothing holds the calls that programs make most.
func TestCommonCallsAllocateNothing(t *testing.T) {
	tab := New(arch.ABIAMD64)
	page := make([]byte, 4096)
	page[0], page[9] = 0xff, 0x10
	c := fakeCtx(arch.ABIAMD64, page)
	for name, args := range map[string][6]uint64{
		"mmap":           {0, 4096, 3, 0x22, bits.UintSize, 0},
		"munmap":         {0x1000, 4096},
		"mprotect":       {0x1000, 4096, 1},
		"brk":            {0x1000},
		"madvise":        {0x1000, 4096, 4},
		"rt_sigaction":   {2, 0x1000, 0x1000, 8},
		"rt_sigprocmask": {0, 0x1000, 0x1008, 8},
		"kill":           {1, 2},
	} {
		nr, _ := arch.ABIAMD64.SyscallNr(name)
		run := func() {
			c.Begin(tab, arch.ABIAMD64, uint64(nr), args, Abbrev|Verbose)
			c.Enter()
			c.Leave(0, 0)
			c.Result()
		}
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

package decode

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

func TestTimeNote(t *testing.T) {
	defer func(l *time.Location) { time.Local = l }(time.Local)
	for _, c := range []struct {
		zone   int // seconds east
		sec    int64
		frac   uint64
		digits int
		want   string
	}{
		{0, 0, 0, 9, ""},
		{0, 0, 5, 9, "1970-01-01T00:00:00.000000005+0000"},
		{0, 1700000000, 0, 9, "2023-11-14T22:13:20+0000"},
		{0, 1700000000, 999999, 6, "2023-11-14T22:13:20.999999+0000"},
		{0, 1700000000, 1000000, 6, ""},
		{0, -1, 0, 9, "1969-12-31T23:59:59+0000"},
		{0, -30641760000, 0, 9, "999-01-01T00:00:00+0000"},
		{0, -62167219201, 0, 9, "-1-12-31T23:59:59+0000"},
		{0, 253402300800, 0, 9, "10000-01-01T00:00:00+0000"},
		{19800, 0, 5, 9, "1970-01-01T05:30:00.000000005+0530"},
		{-12600, 253402300800, 0, 9, "9999-12-31T20:30:00-0330"},
		{-75, -30641760000, 0, 9, "998-12-31T23:58:45-0001"},
		// The C library's years since 1900 end where an int does, and overflow on the way out.
		{0, 67768036191676799, 0, 9, "-2147481749-12-31T23:59:59+0000"},
		{0, 67768036191676800, 0, 9, ""},
		{0, -67768040609740800, 0, 9, "-2147481748-01-01T00:00:00+0000"},
		{0, -67768040609740801, 0, 9, ""},
		{0, math.MaxInt64, 0, 9, ""},
		{0, math.MinInt64, 0, 9, ""},
	} {
		time.Local = time.FixedZone("", c.zone)
		ctx := fakeCtx(arch.ABIAMD64, nil)
		if got := string(ctx.timeNote(c.sec, c.frac, c.digits)); got != c.want {
			t.Errorf("timeNote(%d, %d, %d) in %+d: %q, want %q", c.sec, c.frac, c.digits, c.zone, got, c.want)
		}
	}
}

// leave decodes a successful call with memory at 0x1000.
func leave(t *testing.T, abi *arch.ABI, name string, m Mode, mem []byte, ret int64, args ...uint64) []event.Value {
	t.Helper()
	nr, ok := abi.SyscallNr(name)
	if !ok {
		t.Fatalf("%s has no %s", abi.Arch.Name, name)
	}
	c := fakeCtx(abi, mem)
	var regs [6]uint64
	copy(regs[:], args)
	c.Begin(New(everyABI...), abi, uint64(nr), regs, m)
	c.Enter()
	return c.Leave(ret, 0)
}

func wantFields(t *testing.T, v event.Value, want map[string]uint64) {
	t.Helper()
	found := 0
	for _, f := range v.Elem {
		if n, ok := want[f.Name]; ok {
			found++
			if f.Num != n {
				t.Errorf("%s is %#x, want %#x", f.Name, f.Num, n)
			}
		}
	}
	if found != len(want) {
		t.Errorf("%d of %d fields found in %+v", found, len(want), v.Elem)
	}
}

// TestStatLayouts is about the structures of the architectures, which differ.
func TestStatLayouts(t *testing.T) {
	put := func(size int, fields map[int]uint64, widths map[int]int) []byte {
		b := make([]byte, size)
		for off, n := range fields {
			switch widths[off] {
			case 2:
				binary.LittleEndian.PutUint16(b[off:], uint16(n))
			case 4:
				binary.LittleEndian.PutUint32(b[off:], uint32(n))
			default:
				binary.LittleEndian.PutUint64(b[off:], n)
			}
		}
		return b
	}
	want := map[string]uint64{
		"st_dev": 0x801, "st_ino": 2, "st_mode": 0100644, "st_nlink": 3, "st_uid": 4, "st_gid": 5, "st_size": 6,
		"st_blksize": 512, "st_blocks": 8, "st_atime": 9, "st_mtime_nsec": 10, "st_ctime": math.MaxUint64,
	}
	arm := put(128, map[int]uint64{0: 0x801, 8: 2, 16: 0100644, 20: 3, 24: 4, 28: 5, 48: 6, 56: 512, 64: 8, 72: 9, 96: 10, 104: math.MaxUint64},
		map[int]int{16: 4, 20: 4, 24: 4, 28: 4, 56: 4})
	wantFields(t, leave(t, arch.ABIARM64, "fstat", Verbose, arm, 0, 3, 0x1000)[1], want)
	i386 := put(64, map[int]uint64{0: 0x801, 4: 2, 8: 0100644, 10: 3, 12: 4, 14: 5, 20: 6, 24: 512, 28: 8, 32: 9, 44: 10, 48: math.MaxUint64},
		map[int]int{0: 4, 4: 4, 8: 2, 10: 2, 12: 2, 14: 2, 20: 4, 24: 4, 28: 4, 32: 4, 44: 4, 48: 4})
	wantFields(t, leave(t, arch.ABII386, "fstat", Verbose, i386, 0, 3, 0x1000)[1], want)
	stat64 := put(96, map[int]uint64{0: 0x801, 16: 0100644, 20: 3, 24: 4, 28: 5, 44: 6, 52: 512, 56: 8, 64: 9, 76: 10, 80: math.MaxUint64, 88: 2},
		map[int]int{16: 4, 20: 4, 24: 4, 28: 4, 52: 4, 64: 4, 76: 4, 80: 4})
	wantFields(t, leave(t, arch.ABII386, "fstat64", Verbose, stat64, 0, 3, 0x1000)[1], want)
	for abi, mem := range map[*arch.ABI][]byte{arch.ABIARM64: arm, arch.ABII386: i386} {
		if v := leave(t, abi, "fstat", Verbose, mem[:len(mem)-1], 0, 3, 0x1000)[1]; v.Form != event.FormAddr {
			t.Errorf("%s: a structure that ends early is %+v", abi.Arch.Name, v)
		}
	}
}

// TestWideArguments is about 64-bit numbers in 32-bit ABIs.
func TestWideArguments(t *testing.T) {
	v := leave(t, arch.ABII386, "fanotify_mark", Verbose, []byte("p\x00"), 0, 3, 1, 0x40000001, 0x1, 0xffffff9c, 0x1000)
	if v[2].Num != 0x140000001 || v[3].Str != "AT_FDCWD" || string(v[4].Data) != "p" {
		t.Errorf("fanotify_mark: %+v", v)
	}
	v = leave(t, arch.ABII386, "sync_file_range", Verbose, nil, 0, 3, 1, 0xffffffff, 2, 3, 4)
	if int64(v[1].Num) != -0xffffffff || v[2].Num != 0x300000002 || v[3].Num != 4 {
		t.Errorf("sync_file_range: %+v", v)
	}
}

// TestQuotaLayout is about a structure whose 64-bit numbers i386 aligns to 4 bytes.
func TestQuotaLayout(t *testing.T) {
	for abi, at := range map[*arch.ABI][2]int{arch.ABIAMD64: {32, 56}, arch.ABII386: {28, 48}} {
		b := make([]byte, at[1]+24)
		b[8], b[at[0]], b[at[1]] = 1, 2, 3
		if abi == arch.ABII386 {
			b = b[:68]
		}
		v := leave(t, abi, "quotactl", Verbose, b, 0, 0x580500, 0x1000, 0, 0x1000)[3]
		wantFields(t, v, map[string]uint64{"qs_incoredqs": 3})
		for i, name := range []string{"qs_uquota", "qs_gquota"} {
			for _, f := range v.Elem {
				if f.Name == name {
					wantFields(t, f, map[string]uint64{"qfs_ino": uint64(i) + 1})
				}
			}
		}
	}
}

// TestGetdentsBound is about lengths that no kernel returns.
func TestGetdentsBound(t *testing.T) {
	page := make([]byte, 4096)
	for i := 0; i+24 <= len(page); i += 24 {
		page[i+16] = 24
	}
	v := leave(t, arch.ABIAMD64, "getdents64", Verbose, page, math.MaxInt64, 3, 0x1000, math.MaxUint32)
	if v[1].Form != event.FormAddr {
		t.Errorf("more than there was room for: %+v", v[1])
	}
	v = leave(t, arch.ABIAMD64, "getdents64", Verbose, page, math.MaxUint32, 3, 0x1000, math.MaxUint32)
	if n := len(v[1].Elem); n != 4096/24+1 {
		t.Errorf("%d entries and an address, want %d", n-1, 4096/24)
	}
}

func TestFileCallsAllocateNothing(t *testing.T) {
	tab := New(arch.ABIAMD64)
	page := make([]byte, 4096)
	copy(page, "/etc/ld.so.cache\x00")
	page[0x118], page[0x119] = 0xa4, 0x81
	c := fakeCtx(arch.ABIAMD64, page)
	for name, args := range map[string][6]uint64{
		"openat":     {math.MaxUint64 - 99, 0x1000, 0x80000},
		"access":     {0x1000, 4},
		"newfstatat": {3, 0x1000, 0x1100, 0x1000},
		"fstat":      {3, 0x1100},
		"statx":      {3, 0x1000, 0, 0xfff, 0x1100},
		"readlink":   {0x1000, 0x1000, 4},
		"getdents64": {3, 0x1000, 4096},
		"unlink":     {0x1000},
		"mkdir":      {0x1000, 0755},
	} {
		nr, _ := arch.ABIAMD64.SyscallNr(name)
		run := func() {
			c.Begin(tab, arch.ABIAMD64, uint64(nr), args, Abbrev|Verbose)
			c.Enter()
			c.Leave(4, 0)
			c.Result()
		}
		run()
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

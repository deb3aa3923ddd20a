package perf

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// put makes bytes of words and of what is bytes already.
func put(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch v := p.(type) {
		case int:
			b = binary.NativeEndian.AppendUint64(b, uint64(v))
		case uint32:
			b = binary.NativeEndian.AppendUint32(b, v)
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

// record adds a header.
func record(typ uint32, misc uint16, body []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, typ)
	b = binary.NativeEndian.AppendUint16(b, misc)
	b = binary.NativeEndian.AppendUint16(b, uint16(recordHeader+len(body)))
	return append(b, body...)
}

var base = put(5, 0x401000, uint32(10), uint32(11), 1234, 0xdead, 99)

func TestParseSample(t *testing.T) {
	const regs, stack, raw = unix.PERF_SAMPLE_REGS_USER, unix.PERF_SAMPLE_STACK_USER, unix.PERF_SAMPLE_RAW
	for _, c := range []struct {
		name             string
		body             []byte
		typ              uint64
		raw, regs, stack string
		bad              bool
	}{
		{name: "base", body: base},
		{name: "more at the end", body: put(base, 1, 2, 3)},
		{name: "registers", body: put(base, 2, "regsregsREGSREGS"), typ: regs, regs: "regsregsREGSREGS"},
		{name: "of a thread of the kernel", body: put(base, 0), typ: regs},
		{name: "stack", body: put(base, 2, "regsregsREGSREGS", 8, "stack...", 5), typ: regs | stack, regs: "regsregsREGSREGS", stack: "stack"},
		{name: "no stack", body: put(base, 2, "regsregsREGSREGS", 0), typ: regs | stack, regs: "regsregsREGSREGS"},
		{name: "more stack than there is", body: put(base, 2, "regsregsREGSREGS", 8, "stack...", 500), typ: regs | stack, regs: "regsregsREGSREGS", stack: "stack..."},
		{name: "raw", body: put(base, uint32(12), "raw data!..."), typ: raw, raw: "raw data!..."},
		{name: "nothing", bad: true},
		{name: "cut in the base", body: base[:30], bad: true},
		{name: "cut in the registers", body: put(base, 2, "regs"), typ: regs, bad: true},
		{name: "cut in the stack", body: put(base, 2, "regsregsREGSREGS", 800, "stack"), typ: regs | stack, bad: true},
		{name: "cut in raw data", body: put(base, uint32(12), "raw"), typ: raw, bad: true},
	} {
		s, err := parseSample(c.body, 1, baseSample|c.typ, 2)
		if (err != nil) != c.bad {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.bad {
			continue
		}
		if s.id != 5 || s.ip != 0x401000 || s.pid != 10 || s.tid != 11 || s.time != 1234 || s.addr != 0xdead || s.period != 99 || !s.kernel {
			t.Errorf("%s: %+v", c.name, s)
		}
		if string(s.raw) != c.raw || string(s.regs) != c.regs || string(s.stack) != c.stack {
			t.Errorf("%s: raw %q, registers %q, stack %q", c.name, s.raw, s.regs, s.stack)
		}
	}
}

// newRing is a ring of one data page of 4 KiB.
func newRing() *ring {
	mem := make([]byte, 2*4096)
	return &ring{mem: mem, data: mem[4096:]}
}

// fill writes as the kernel does.
func (r *ring) fill(recs ...[]byte) {
	head := ptrace.LoadShared(r.mem, headOffset)
	for _, rec := range recs {
		for i, c := range rec {
			r.data[(head+uint64(i))&uint64(len(r.data)-1)] = c
		}
		head += uint64(len(rec))
	}
	ptrace.StoreShared(r.mem, headOffset, head)
}

func TestRing(t *testing.T) {
	r := newRing()
	if r.unread() {
		t.Fatal("an empty ring has something to read")
	}
	a, b := record(9, 2, bytes.Repeat([]byte("a"), 1000)), record(2, 0, bytes.Repeat([]byte("b"), 600))
	for round := range 20 {
		r.fill(a, b)
		var seen []string
		for len(seen) < 2 {
			took := false // one at a time
			err := r.read(func(typ uint32, misc uint16, body []byte) bool {
				if took {
					return false
				}
				took = true
				seen = append(seen, string(body))
				return true
			})
			if err != nil || !took {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		if seen[0] != string(a[recordHeader:]) || seen[1] != string(b[recordHeader:]) || r.unread() {
			t.Fatalf("round %d: read %d and %d bytes", round, len(seen[0]), len(seen[1]))
		}
	}
	r.fill(record(9, 0, nil)[:6], []byte{255, 255})
	if err := r.read(func(uint32, uint16, []byte) bool { return true }); err == nil || r.unread() {
		t.Error("a record that is longer than what is written is no error")
	}
}

func TestKallsyms(t *testing.T) {
	k := kernelSymbols{read: true, all: parseKallsyms(bufio.NewScanner(strings.NewReader(
		"ffffffff81000000 T _stext\nffffffff81000200 d data\nnonsense\nffffffff81000100 t do_it\n" +
			"ffffffffc0000000 t helper\t[ext4]\n0000000000000000 T hidden\n")))}
	for _, c := range []struct {
		addr uint64
		want event.Place
	}{
		{0xffffffff81000000, event.Place{Module: "[kernel]", Func: "_stext"}},
		{0xffffffff81000123, event.Place{Module: "[kernel]", Func: "do_it", Off: 0x23}},
		{0xffffffffc0000010, event.Place{Module: "[ext4]", Func: "helper", Off: 0x10}},
		{0xffffffff80000000, event.Place{Module: "[kernel]"}},
	} {
		if got := k.place(c.addr); got != c.want {
			t.Errorf("%#x: %+v, want %+v", c.addr, got, c.want)
		}
	}
}

// TestLayouts holds that samples of both machines become registers of theirs.
func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		l      *layout
		mask   uint64
		pc, sp int // position in the sample
	}{{amd64Layout, 0xff0fff, 8, 7}, {arm64Layout, 1<<33 - 1, 32, 31}} {
		var b []byte
		for i := range c.l.slots {
			b = put(b, 100+i)
		}
		var r arch.Regs
		c.l.fill(&r, &sample{abi: unix.PERF_SAMPLE_REGS_ABI_64, regs: b})
		if c.l.mask != c.mask || r.Arch != c.l.arch || r.PC() != uint64(100+c.pc) || r.SP() != uint64(100+c.sp) {
			t.Errorf("%s: mask %#x, pc %d, sp %d", c.l.arch.Name, c.l.mask, r.PC(), r.SP())
		}
	}
	var r arch.Regs
	amd64Layout.fill(&r, &sample{abi: unix.PERF_SAMPLE_REGS_ABI_32, regs: make([]byte, 8*20)})
	if r.Arch != arch.I386 {
		t.Errorf("registers of a 32-bit program are of %s", r.Arch.Name)
	}
}

func TestCounters(t *testing.T) {
	for _, c := range []struct {
		name         string
		typ          uint32
		config, bits uint64
		plain        bool
	}{
		{"cpu-clock", unix.PERF_TYPE_SOFTWARE, 0, 0, true},
		{"faults:u", unix.PERF_TYPE_SOFTWARE, 2, onlyUser, false},
		{"cs", unix.PERF_TYPE_SOFTWARE, 3, 0, true},
		{"cycles:k", unix.PERF_TYPE_HARDWARE, 0, unix.PerfBitExcludeUser | unix.PerfBitExcludeHv, false},
		{"branch-misses:pp", unix.PERF_TYPE_HARDWARE, 5, 2 * unix.PerfBitPreciseIPBit1, true},
		{"L1-dcache-load-misses", unix.PERF_TYPE_HW_CACHE, 0x10000, 0, true},
		{"LLC-stores", unix.PERF_TYPE_HW_CACHE, 0x102, 0, true},
		{"r1c2:uk", unix.PERF_TYPE_RAW, 0x1c2, unix.PerfBitExcludeHv, false},
	} {
		got, err := parseCounter(event.Probe{Kind: event.Perf, Loc: c.name, Period: 7})
		if err != nil || got.attr.Type != c.typ || got.attr.Config != c.config || got.attr.Bits != c.bits || got.plain != c.plain || got.attr.Sample != 7 {
			t.Errorf("%s: %v, %+v", c.name, err, got)
		}
	}
	for _, name := range Names() {
		if _, err := parseCounter(event.Probe{Kind: event.Perf, Loc: name, Rate: 99}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRing reads what no kernel writes: nothing is read beyond it, and all is read in the end.
func FuzzRing(f *testing.F) {
	f.Add(record(unix.PERF_RECORD_SAMPLE, 2, base))
	f.Add(put(record(unix.PERF_RECORD_LOST, 0, put(5, 3)), record(unix.PERF_RECORD_SAMPLE, 1, put(base, 2, "regsregsREGSREGS", 8, "stack...", 5))))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newRing()
		r.fill(data[:min(len(data), len(r.data))])
		s := &Source{layout: amd64Layout}
		id := sampleID(base)
		k := &task{ring: r, byID: map[uint64]*armed{id: {typ: baseSample | unix.PERF_SAMPLE_REGS_USER | unix.PERF_SAMPLE_STACK_USER}}}
		b := s.newBatch()
		s.collect(b, k, ^uint64(0))
		for _, q := range b.samples {
			if q.id != id || len(q.regs)+len(q.stack) > len(data) {
				t.Errorf("%+v", q.sample)
			}
		}
		if r.unread() {
			t.Error("something is left")
		}
	})
}

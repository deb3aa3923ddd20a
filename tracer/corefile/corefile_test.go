package corefile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fake is a process that does not exist. Its memory is the low byte of each page's number,
// but for what says otherwise.
type fake struct {
	files   map[string]string
	threads []Thread
	memory  map[uint64]string // at the beginning of pages
	dark    map[uint64]bool   // unreadable pages
	absent  [2]uint64         // not resident
}

func (f *fake) ReadAt(p []byte, addr uint64) (int, error) {
	for n := 0; n < len(p); n++ {
		page, off := (addr+uint64(n))&^4095, (addr+uint64(n))&4095
		if f.dark[page] {
			return n, errors.New("bad address")
		}
		p[n] = byte(page >> 12)
		if s := f.memory[page]; off < uint64(len(s)) {
			p[n] = s[off]
		}
	}
	return len(p), nil
}

func (f *fake) File(name string) ([]byte, error) {
	s, ok := f.files[name]
	if !ok {
		return nil, os.ErrNotExist
	}
	return []byte(s), nil
}

func (f *fake) Threads() ([]Thread, error) { return f.threads, nil }

func (f *fake) Resident(addr, end uint64) (from, to uint64) {
	if addr >= f.absent[0] && addr < f.absent[1] {
		addr = min(f.absent[1], end)
	}
	if addr < f.absent[0] {
		end = min(end, f.absent[0])
	}
	return addr, end
}

// memFile is a file in memory.
type memFile struct{ b []byte }

func (m *memFile) WriteAt(p []byte, off int64) (int, error) {
	if need := int(off) + len(p); need > len(m.b) {
		m.b = append(m.b, make([]byte, need-len(m.b))...)
	}
	return copy(m.b[off:], p), nil
}

const smaps = `00400000-00401000 r--p 00000000 08:01 11     /bin/prog
Size:                  4 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
00401000-00403000 r-xp 00001000 08:01 11     /bin/prog
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
00403000-00404000 rw-p 00003000 08:01 11     /bin/prog
Size:                  4 kB
Anonymous:             4 kB
AnonHugePages:         0 kB
VmFlags: rd wr mr mw me
00500000-00600000 rw-p 00000000 00:00 0      [heap]
Size:                  1024 kB
Anonymous:           104 kB
VmFlags: rd wr mr mw me
00700000-00701000 rw-p 00000000 00:00 0 
Size:                  4 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd wr mr mw me
00800000-00801000 rw-s 00000000 00:05 12     /dev/zero (deleted)
Size:                  4 kB
Anonymous:             0 kB
VmFlags: rd wr sh mr mw me ms
00900000-00901000 rw-s 00000000 08:01 13     /tmp/with space\012and line
Size:                  4 kB
Anonymous:             0 kB
VmFlags: rd wr sh mr mw me ms
00a00000-00a01000 rw-p 00000000 00:00 0 
Size:                  4 kB
Anonymous:             4 kB
VmFlags: rd wr mr mw me dd
00b00000-00b02000 r-xp 00000000 00:00 0      [vdso]
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me de
00b02000-00b04000 r--p 00000000 00:00 0      [vvar]
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd mr pf io de dd
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]
Size:                  4 kB
Anonymous:             0 kB
VmFlags: ex
`

func aux(word int, pairs ...uint64) string {
	l := layout{word: word}
	b := make([]byte, word*len(pairs))
	for i, v := range pairs {
		l.putUint(b[i*word:], v)
	}
	return string(b)
}

// newFake makes a process with registers of a size, and long of a size.
func newFake(gregs, word int) *fake {
	f := &fake{
		files: map[string]string{
			"smaps":           smaps,
			"auxv":            aux(word, 6, 4096, 0, 0),
			"stat":            "41 (a) prog) t 40 39 38 0 -1 4194560 1 2 3 4 250 1 2 3 20 -5 2 0",
			"status":          "Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t100\t0\t0\t0\nSigPnd:\t0000000000000002\nSigBlk:\t0000000000010000\n",
			"task/41/stat":    "41 (a) prog) t 40 39 38 0 -1 4194560 1 2 3 4 250 1 2 3 20 -5 2 0",
			"task/41/status":  "SigPnd:\t0000000000000002\nSigBlk:\t0000000000010000\n",
			"cmdline":         "prog\x00-x\x00",
			"coredump_filter": "00000033\n",
		},
		memory: map[uint64]string{0x400000: "\x7fELF", 0x500000: strings.Repeat("\x00", 4096), 0x504000: "heap"},
		dark:   map[uint64]bool{0x503000: true},
		absent: [2]uint64{0x505000, 0x510000},
	}
	for i, tid := range []int32{41, 42} {
		f.threads = append(f.threads, Thread{
			TID: tid, Signal: 11 * (1 - i),
			Regsets: []Regset{
				{ntPRStatus, bytes.Repeat([]byte{byte(tid)}, gregs)},
				{ntPRFPReg, []byte{1, 2, 3}},
				{ntX86XState, []byte{4, 5, 6, 7}},
			},
		})
	}
	f.threads[0].Siginfo = bytes.Repeat([]byte{9}, 128)
	return f
}

func write(t *testing.T, f *fake) (*elf.File, []byte) {
	t.Helper()
	var m memFile
	if err := Write(&m, f); err != nil {
		t.Fatal(err)
	}
	e, err := elf.NewFile(bytes.NewReader(m.b))
	if err != nil {
		t.Fatal(err)
	}
	return e, m.b
}

func TestMappings(t *testing.T) {
	e, b := write(t, newFake(216, 8))
	var got strings.Builder
	for _, p := range e.Progs[1:] {
		fmt.Fprintf(&got, "%x %x of %x %v\n", p.Vaddr, p.Filesz, p.Memsz, p.Flags)
		if p.Off%4096 != 0 || p.Off+p.Filesz > uint64(len(b)) {
			t.Errorf("%x is at %x of %x", p.Vaddr, p.Off, len(b))
		}
	}
	want := `400000 1000 of 1000 PF_R
401000 0 of 2000 PF_X+PF_R
403000 1000 of 1000 PF_W+PF_R
500000 100000 of 100000 PF_W+PF_R
700000 0 of 1000 PF_W+PF_R
800000 1000 of 1000 PF_W+PF_R
900000 0 of 1000 PF_W+PF_R
a00000 0 of 1000 PF_W+PF_R
b00000 2000 of 2000 PF_X+PF_R
b02000 0 of 2000 PF_R
ffffffffff600000 0 of 1000 PF_X
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
	heap, err := io.ReadAll(e.Progs[4].Open())
	if err != nil {
		t.Fatal(err)
	}
	for page := range 256 {
		first := heap[page*4096]
		want := byte(page)
		switch {
		case page == 3, page >= 5 && page < 16:
			want = 0
		case page == 4:
			want = 'h'
		}
		if first != want {
			t.Errorf("page %d of the heap begins with %d, want %d", page, first, want)
		}
	}
}

// TestFilter: each bit of coredump_filter, and what is written without smaps.
func TestFilter(t *testing.T) {
	for _, c := range []struct {
		filter string
		want   string // the mappings that are written
	}{
		{"0", "b00000"},
		{"1", "403000 500000 b00000"},
		{"2", "800000 b00000"},
		{"4", "400000 401000 403000 b00000"},
		{"8", "900000 b00000"},
		{"10", "400000 b00000"},
	} {
		f := newFake(216, 8)
		f.files["coredump_filter"] = c.filter
		e, _ := write(t, f)
		if got := written(e); got != c.want {
			t.Errorf("%s: %s, want %s", c.filter, got, c.want)
		}
	}
	f := newFake(216, 8)
	f.files["maps"] = ""
	for line := range strings.Lines(smaps) {
		if strings.Contains(line, "-") {
			f.files["maps"] += line
		}
	}
	delete(f.files, "smaps")
	delete(f.files, "coredump_filter")
	e, _ := write(t, f)
	if got, want := written(e), "400000 403000 500000 700000 800000 a00000 b00000"; got != want {
		t.Errorf("from maps: %s, want %s", got, want)
	}
}

func written(e *elf.File) string {
	var s []string
	for _, p := range e.Progs[1:] {
		if p.Filesz > 0 {
			s = append(s, fmt.Sprintf("%x", p.Vaddr))
		}
	}
	return strings.Join(s, " ")
}

// readNotes lists notes as owner, type and length, and returns their contents.
func readNotes(t *testing.T, e *elf.File) (list string, desc [][]byte) {
	t.Helper()
	b, err := io.ReadAll(e.Progs[0].Open())
	if err != nil {
		t.Fatal(err)
	}
	for len(b) > 0 {
		namesz, descsz, typ := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
		at := 12 + (namesz+3)&^3
		list += fmt.Sprintf("%s %x %d\n", b[12:12+namesz-1], typ, descsz)
		desc = append(desc, b[at:at+descsz])
		b = b[at+(descsz+3)&^3:]
	}
	return list, desc
}

// TestNotes holds the structures of each architecture against offsets that a C compiler
// gives; those of arm64 are amd64's but for the registers.
func TestNotes(t *testing.T) {
	for _, c := range []struct {
		machine                      elf.Machine
		gregs, word                  int
		prstatus, prpsinfo, files    int
		reg, pid, blocked, utime     int
		uid, psPID, fname, args, fpv int
	}{
		{elf.EM_X86_64, 216, 8, 336, 136, 16 + 5*24 + 75, 112, 32, 24, 48, 16, 24, 40, 56, 328},
		{elf.EM_AARCH64, 272, 8, 392, 136, 16 + 5*24 + 75, 112, 32, 24, 48, 16, 24, 40, 56, 384},
		{elf.EM_386, 68, 4, 144, 124, 8 + 5*12 + 75, 72, 24, 20, 40, 8, 12, 28, 44, 140},
	} {
		e, _ := write(t, newFake(c.gregs, c.word))
		if e.Machine != c.machine || e.Type != elf.ET_CORE {
			t.Errorf("%v: %v, %v", c.machine, e.Machine, e.Type)
		}
		list, desc := readNotes(t, e)
		want := fmt.Sprintf("CORE 1 %d\nCORE 3 %d\nCORE 53494749 128\nCORE 6 %d\nCORE 46494c45 %d\nCORE 2 3\nLINUX 202 4\nCORE 1 %d\nCORE 2 3\nLINUX 202 4\n",
			c.prstatus, c.prpsinfo, 4*c.word, c.files, c.prstatus)
		if list != want {
			t.Errorf("%v: notes\n%swant\n%s", c.machine, list, want)
			continue
		}
		l := layout{word: c.word}
		num := func(b []byte, at int) uint64 { return l.uint(b[at:]) }
		i32 := func(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
		st, other, info, files := desc[0], desc[7], desc[1], desc[4]
		for what, ok := range map[string]bool{
			"signal":      st[12] == 11 && i32(st, 0) == 11 && other[12] == 11,
			"pid":         i32(st, c.pid) == 41 && i32(other, c.pid) == 42,
			"sid":         i32(st, c.pid+12) == 38,
			"blocked":     num(st, c.blocked) == 0x10000 && num(st, c.blocked-c.word) == 2,
			"utime":       num(st, c.utime) == 2 && num(st, c.utime+c.word) == 500000,
			"registers":   bytes.Equal(st[c.reg:c.reg+c.gregs], bytes.Repeat([]byte{41}, c.gregs)) && other[c.reg] == 42,
			"fpvalid":     i32(st, c.fpv) == 1,
			"state":       info[1] == 'R' && int8(info[3]) == -5,
			"uid":         info[c.uid] == 1000&0xff && info[c.uid+1] == 1000>>8,
			"group":       i32(info, c.psPID) == 41 && i32(info, c.psPID+8) == 39,
			"fname":       string(info[c.fname:c.fname+8]) == "a) prog\x00",
			"args":        string(info[c.args:c.args+8]) == "prog -x\x00",
			"files":       num(files, 0) == 5 && num(files, c.word) == 4096,
			"second file": num(files, 5*c.word) == 0x401000 && num(files, 6*c.word) == 0x403000 && num(files, 7*c.word) == 1,
			"names":       bytes.HasSuffix(files, []byte("/bin/prog\x00/dev/zero (deleted)\x00/tmp/with space\nand line\x00")),
		} {
			if !ok {
				t.Errorf("%v: %s: status %x\ninfo %x\nfiles %q", c.machine, what, st, info, files)
			}
		}
	}
}

// TestReadelf: binutils understands the notes of each architecture.
func TestReadelf(t *testing.T) {
	if _, err := exec.LookPath("readelf"); err != nil {
		t.Skip("readelf is not installed")
	}
	for _, c := range []struct{ gregs, word int }{{216, 8}, {272, 8}, {68, 4}} {
		_, b := write(t, newFake(c.gregs, c.word))
		path := filepath.Join(t.TempDir(), "core")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("readelf", "-nlhW", path).CombinedOutput()
		if err != nil {
			t.Errorf("readelf: %v", err)
		}
		for _, want := range []string{
			"CORE (Core file)", "NT_PRSTATUS (prstatus structure)", "NT_PRPSINFO (prpsinfo structure)", "NT_SIGINFO (siginfo_t data)",
			"NT_AUXV (auxiliary vector)", "NT_FILE (mapped files)", "NT_FPREGSET (floating point registers)",
			// binutils 2.40 does not decode the note of 64-bit core files, not even its own.
			"0x00401000  0x00403000  0x00000001\n        /bin/prog",
		} {
			if !strings.Contains(string(out), want) && (c.word == 4 || want[0] != '0') {
				t.Errorf("registers of %d bytes: no %q in\n%s", c.gregs, want, out)
			}
		}
		if strings.Contains(strings.ToLower(string(out)), "warning") {
			t.Errorf("registers of %d bytes:\n%s", c.gregs, out)
		}
	}
}

func TestErrors(t *testing.T) {
	f := newFake(200, 8)
	if err := Write(&memFile{}, f); err == nil || err.Error() != "core file: no registers are known" {
		t.Errorf("registers of no known size: %v", err)
	}
	f = newFake(216, 8)
	f.files["stat"] = "41 (prog"
	if err := Write(&memFile{}, f); err == nil || !strings.Contains(err.Error(), "stat") {
		t.Errorf("bad stat: %v", err)
	}
	f = newFake(216, 8)
	f.files["smaps"] = strings.Repeat("00400000-00401000 r--p 00000000 00:00 0\n", 0xffff)
	if err := Write(&memFile{}, f); err == nil || err.Error() != "core file: too many mappings: 65535" {
		t.Errorf("too many mappings: %v", err)
	}
	if err := Write(full{}, newFake(216, 8)); err != io.ErrShortWrite {
		t.Errorf("a full disk: %v", err)
	}
}

type full struct{}

func (full) WriteAt([]byte, int64) (int, error) { return 0, io.ErrShortWrite }

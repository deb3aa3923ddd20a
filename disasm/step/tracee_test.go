package step

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// Layout of the tracee. Its program is an ELF file of our own making that holds
// nothing but pages.
const (
	codeAt  = tablePC &^ 0xfff
	landAt  = 0x500000 // all breakpoints: where branches may go
	dataAt  = 0x600000
	dataLen = 8192
	fpAt    = 0x700000 // what xrstor loads, and the xrstor itself at fpCode
	fpCode  = codeAt + 0x800
	page    = 4096
)

type segment struct {
	addr  uint64
	flags uint32
	data  []byte
}

const (
	flagsRX = 5
	flagsRW = 6
)

// image is the ELF file of the tracee.
func image(a *arch.Arch) []byte {
	traps := bytes.Repeat([]byte{0xcc}, page)
	segs := []segment{
		{codeAt, flagsRX, traps}, {landAt, flagsRX, traps}, {nearSlot, flagsRX, traps},
		{dataAt, flagsRW, make([]byte, dataLen)}, {fpAt, flagsRW, make([]byte, page)},
	}
	if a == arch.AMD64 {
		segs = append(segs, segment{farSlot, flagsRX, traps})
	}
	le := binary.LittleEndian
	word := func(b []byte, v uint64) []byte { return le.AppendUint64(b, v) }
	class, machine, headers, entry := byte(2), uint16(62), uint16(64), uint16(56)
	if a == arch.I386 {
		word = func(b []byte, v uint64) []byte { return le.AppendUint32(b, uint32(v)) }
		class, machine, headers, entry = 1, 3, 52, 32
	}
	b := append([]byte("\x7fELF"), class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint16(le.AppendUint16(b, 2), machine)
	b = word(word(word(le.AppendUint32(b, 1), codeAt), uint64(headers)), 0)
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{headers, entry, uint16(len(segs)) + 1, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	off := uint64(page)
	const load, stack = 1, 0x6474e551 // without PT_GNU_STACK data could be run on i386
	for _, s := range append(segs[:len(segs):len(segs)], segment{flags: flagsRW}) {
		n := uint64(len(s.data))
		kind := uint32(load)
		if n == 0 {
			kind = stack
		}
		b = le.AppendUint32(b, kind)
		if a == arch.AMD64 {
			b = le.AppendUint32(b, s.flags)
		}
		b = word(word(word(word(word(b, off), s.addr), s.addr), n), n)
		if a == arch.I386 {
			b = le.AppendUint32(b, s.flags)
		}
		b = word(b, page)
		off += n
	}
	b = append(b, make([]byte, page-len(b))...)
	for _, s := range segs {
		b = append(b, s.data...)
	}
	return b
}

// tracee is a stopped process that runs what it is given.
type tracee struct {
	t    *testing.T
	a    *arch.Arch
	pid  int
	mem  ptrace.Mem
	base arch.Regs // after exec: segments
}

// startTracee must be called by, and its tracee used on, one thread.
func startTracee(t *testing.T, a *arch.Arch) *tracee {
	if ptrace.Native != arch.AMD64 {
		t.Skip("the CPU is not an amd64")
	}
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	file := filepath.Join(t.TempDir(), "tracee")
	if err := os.WriteFile(file, image(a), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		t.Skipf("cannot run a tracee for %s: %v", a.Name, err)
	}
	c := &tracee{t: t, a: a, pid: cmd.Process.Pid}
	c.mem.TID = c.pid
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Process.Wait()
	})
	if sig := c.wait(); sig != unix.SIGTRAP {
		t.Fatalf("%v after exec", sig)
	}
	c.must(ptrace.SetOptions(c.pid, ptrace.OptExitKill))
	c.must(ptrace.GetRegs(c.pid, a, &c.base))
	c.unmap()
	c.poke(fpCode, []byte{0x0f, 0xae, 0x2f}) // xrstor (%rdi)
	return c
}

// unmap takes away the stack and the vdso, which are not put back between two runs.
func (c *tracee) unmap() {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", c.pid))
	c.must(err)
	nr, code, names := uint64(11), []byte{0x0f, 0x05}, [3]string{"rax", "rdi", "rsi"}
	if c.a == arch.I386 {
		nr, code, names = 91, []byte{0xcd, 0x80}, [3]string{"eax", "ebx", "ecx"}
	}
	c.poke(fpCode, code)
	for line := range strings.Lines(string(maps)) {
		var lo, hi uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &lo, &hi); err != nil || !strings.HasSuffix(line, "]\n") || lo > 1<<47 {
			continue
		}
		r := c.base
		r.SetPC(fpCode)
		for i, v := range [3]uint64{nr, lo, hi - lo} {
			r.Set(names[i], v)
		}
		c.must(ptrace.SetRegs(c.pid, &r))
		if sig := c.step(); sig != unix.SIGTRAP {
			c.t.Fatalf("munmap: %v", sig)
		}
		c.must(ptrace.GetRegs(c.pid, c.a, &r))
		if v, _ := r.Get(names[0]); v != 0 {
			c.t.Fatalf("munmap of %s: %#x", line, v)
		}
	}
}

func (c *tracee) must(err error) {
	if err != nil {
		c.t.Helper()
		c.t.Fatal(err)
	}
}

// wait returns the signal that stopped the tracee.
func (c *tracee) wait() unix.Signal {
	var status uint32
	if _, err := ptrace.Wait(c.pid, 0, &status, nil); err != nil {
		c.t.Fatal(err)
	}
	w := unix.WaitStatus(status)
	if !w.Stopped() {
		c.t.Fatalf("the tracee ended: %#x", status)
	}
	return w.StopSignal()
}

func (c *tracee) step() unix.Signal {
	c.must(ptrace.Step(c.pid, 0))
	return c.wait()
}

func (c *tracee) poke(addr uint64, p []byte) {
	_, err := c.mem.WriteAt(p, addr)
	c.must(err)
}

// ReadAt and WriteAt make the tracee a Memory with the program's own rights.
func (c *tracee) ReadAt(p []byte, addr uint64) (int, error) { return c.mem.ReadAt(p, addr) }

func (c *tracee) WriteAt(p []byte, addr uint64) (int, error) {
	local := []unix.Iovec{{Base: &p[0]}}
	local[0].SetLen(len(p))
	return unix.ProcessVMWritev(c.pid, local, []unix.RemoteIovec{{Base: uintptr(addr), Len: len(p)}}, 0)
}

// state is what an instruction can change.
type state struct {
	regs arch.Regs
	data [dataLen]byte
	fp   [page]byte // XSAVE image, as long as the CPU's
	// The signal that stopped the tracee if not the step's trap, its si_code and si_addr.
	sig  unix.Signal
	code int32
	addr uint64
}

// set makes the tracee's state that of s.
func (c *tracee) set(s *state) {
	if _, err := c.WriteAt(s.data[:], dataAt); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.WriteAt(s.fp[:], fpAt); err != nil {
		c.t.Fatal(err)
	}
	r := c.base
	r.SetPC(fpCode)
	for name, v := range map[string]uint64{"ax": 7, "dx": 0, "di": fpAt} {
		if !r.Set("r"+name, v) {
			r.Set("e"+name, v)
		}
	}
	c.must(ptrace.SetRegs(c.pid, &r))
	if sig := c.step(); sig != unix.SIGTRAP {
		c.t.Fatalf("xrstor: %v", sig)
	}
	c.must(ptrace.SetRegs(c.pid, &s.regs))
}

const ntX86XState = 0x202

// get reads the tracee's state after sig stopped it.
func (c *tracee) get(s *state, sig unix.Signal) {
	c.must(ptrace.GetRegs(c.pid, c.a, &s.regs))
	s.regs.R[slotFlags] &^= trapFlag // left by the step after a popf
	_, err := c.mem.ReadAt(s.data[:], dataAt)
	c.must(err)
	_, err = ptrace.Regset(c.pid, ntX86XState, s.fp[:])
	c.must(err)
	clear(s.fp[8:16]) // the last x87 instruction's address
	s.sig, s.code, s.addr = 0, 0, 0
	if sig != unix.SIGTRAP {
		var info ptrace.Siginfo
		c.must(ptrace.GetSiginfo(c.pid, &info))
		s.sig, s.code = sig, info.Code()
		s.addr = binary.LittleEndian.Uint64(info[16:])
	}
}

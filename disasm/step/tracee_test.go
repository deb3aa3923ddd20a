package step

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// traceeABI is how a tracee calls the kernel and loads its vector registers.
type traceeABI struct {
	*arch.ABI
	call   []byte // the instruction that makes a system call
	nr     string // the register that has its number
	load   []byte // loads the vector registers from the address in ptr
	ptr    string
	fpNote uint32 // the regset that holds what load loads
}

var traceeABIs = map[*arch.Arch]traceeABI{
	arch.AMD64: {arch.ABIAMD64, []byte{0x0f, 0x05}, "rax", []byte{0x0f, 0xae, 0x2f}, "rdi", ntX86XState},
	arch.I386:  {arch.ABII386, []byte{0xcd, 0x80}, "eax", []byte{0x0f, 0xae, 0x2f}, "edi", ntX86XState},
	arch.ARM64: {arch.ABIARM64, armCode(0xd4000001), "x8", armLoad(), "x0", ntFPRegset},
}

// Sets of registers, <linux/elf.h>.
const (
	ntFPRegset  = 2 // struct user_fpsimd_state
	ntX86XState = 0x202
)

func armCode(words ...uint32) (b []byte) {
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// armLoad loads v0 to v31, fpsr and fpcr.
func armLoad() (b []byte) {
	for v := uint32(0); v < 32; v += 2 {
		b = append(b, armCode(0xacc10000|(v+1)<<10|v)...) // ldp q0, q1, [x0], #32
	}
	return append(b, armCode(0x29400801, 0xd51b4421, 0xd51b4402)...) // ldp w1, w2, [x0]; msr
}

// tracee is a stopped process that runs what it is given.
type tracee struct {
	t    *testing.T
	a    *arch.Arch
	abi  traceeABI
	pid  int
	mem  ptrace.Mem
	base arch.Regs // after exec: segments
	// vectors is the parts of the XSAVE image behind SSE's that are vector registers and
	// that the CPU has: AVX, and the three of AVX-512.
	vectors []component
}

// component is a part of an XSAVE image.
type component struct{ bit, off, size int }

// startTracee must be called by, and its tracee used on, one thread.
func startTracee(t *testing.T, a *arch.Arch) *tracee {
	if ptrace.Native != a && (ptrace.Native != arch.AMD64 || a != arch.I386) {
		t.Skipf("the CPU is not an %s", a.Name)
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
	c := &tracee{t: t, a: a, abi: traceeABIs[a], pid: cmd.Process.Pid}
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
	if a != arch.ARM64 {
		c.findVectors()
	}
	c.poke(fpCode, append(c.abi.load, a.Breakpoint...))
	return c
}

// unmap takes away the stack and the vdso, which are not put back between two runs.
func (c *tracee) unmap() {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", c.pid))
	c.must(err)
	for line := range strings.Lines(string(maps)) {
		var lo, hi uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &lo, &hi); err != nil || !strings.HasSuffix(line, "]\n") || lo > 1<<48 {
			continue
		}
		c.call("munmap", lo, hi-lo)
	}
}

// call makes the tracee make a system call, which must succeed.
func (c *tracee) call(name string, args ...uint64) {
	nr, _ := c.abi.SyscallNr(name)
	r := c.base
	r.Set(c.abi.nr, uint64(nr))
	for i, v := range args {
		r.SetArg(c.abi.ABI, i, v)
	}
	c.run(c.abi.call, &r)
	if ret := r.Ret(c.abi.ABI); ret != 0 {
		c.t.Fatalf("%s%#x: %d", name, args, ret)
	}
}

// run makes the tracee run code up to a breakpoint behind it.
func (c *tracee) run(code []byte, r *arch.Regs) {
	c.poke(fpCode, append(code[:len(code):len(code)], c.a.Breakpoint...))
	r.SetPC(fpCode)
	c.must(ptrace.SetRegs(c.pid, r))
	c.cont()
	c.must(ptrace.GetRegs(c.pid, c.a, r))
}

func (c *tracee) cont() {
	c.must(ptrace.Cont(c.pid, 0))
	if sig := c.wait(); sig != unix.SIGTRAP {
		c.t.Fatalf("%v instead of a breakpoint", sig)
	}
}

// deny makes all system calls of the tracee fail with ENOSYS, from now on. Strict mode, which
// permits four of them, would kill a tracee that tries others.
func (c *tracee) deny() {
	const ret, errno = 0x06, 0x00050000 // BPF_RET | BPF_K, SECCOMP_RET_ERRNO
	filter := binary.LittleEndian.AppendUint64(nil, ret|(errno|uint64(unix.ENOSYS))<<32)
	var prog []byte // struct sock_fprog
	if c.a.PtrSize == 8 {
		prog = binary.LittleEndian.AppendUint64([]byte{1, 7: 0}, dataAt+64)
	} else {
		prog = binary.LittleEndian.AppendUint32([]byte{1, 3: 0}, dataAt+64)
	}
	c.poke(dataAt, prog)
	c.poke(dataAt+64, filter)
	c.call("prctl", unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	c.call("prctl", unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, dataAt)
}

// findVectors asks the CPU where xsave keeps the vector registers.
func (c *tracee) findVectors() {
	r := c.base
	r.R[x86Slots[rcx]] = 0
	c.run([]byte{0x0f, 0x01, 0xd0}, &r) // xgetbv
	enabled := r.R[x86Slots[0]]
	for _, bit := range []int{2, 5, 6, 7} {
		if enabled>>bit&1 == 0 {
			continue
		}
		r = c.base
		r.R[x86Slots[0]], r.R[x86Slots[rcx]] = 0xd, uint64(bit)
		c.run([]byte{0x0f, 0xa2}, &r) // cpuid
		c.vectors = append(c.vectors, component{bit, int(r.R[x86Slots[3]]), int(r.R[x86Slots[0]])})
	}
}

// has tells whether the CPU has the vector registers of a bit of XCR0.
func (c *tracee) has(bit int) bool {
	return slices.ContainsFunc(c.vectors, func(v component) bool { return v.bit == bit })
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
	fp   [page]byte // the regset traceeABI.fpNote, as long as the CPU's
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
	r.Set(c.abi.ptr, fpAt)
	if c.a != arch.ARM64 { // all that the image has
		r.R[x86Slots[0]], r.R[x86Slots[2]] = uint64(s.fp[512]), 0
	}
	c.must(ptrace.SetRegs(c.pid, &r))
	c.cont()
	c.must(ptrace.SetRegs(c.pid, &s.regs))
}

// get reads the tracee's state after sig stopped it.
func (c *tracee) get(s *state, sig unix.Signal) {
	c.must(ptrace.GetRegs(c.pid, c.a, &s.regs))
	if c.a == arch.ARM64 {
		s.regs.R[armPState] &^= armHidden
	} else {
		s.regs.R[slotFlags] &^= trapFlag // left by the step after a popf
	}
	_, err := c.mem.ReadAt(s.data[:], dataAt)
	c.must(err)
	_, err = ptrace.Regset(c.pid, c.abi.fpNote, s.fp[:])
	c.must(err)
	if c.a != arch.ARM64 {
		clear(s.fp[8:16]) // the last x87 instruction's address
	}
	s.sig, s.code, s.addr = 0, 0, 0
	if sig != unix.SIGTRAP {
		var info ptrace.Siginfo
		c.must(ptrace.GetSiginfo(c.pid, &info))
		s.sig, s.code = sig, info.Code()
		s.addr = binary.LittleEndian.Uint64(info[16:])
	}
}

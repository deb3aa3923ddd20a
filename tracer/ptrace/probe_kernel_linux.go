package ptrace

import (
	"encoding/binary"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
)

// tryRegisters reads the registers and writes them back.
func tryRegisters(tid int) error {
	var r arch.Regs
	if err := GetRegs(tid, Native, &r); err != nil {
		return err
	}
	return SetRegs(tid, &r)
}

var memoryMark = uint64(0x676f7472616365)

// tryMemory reads a variable of this program in a forked child, where it lies at the same
// address.
func tryMemory(tid int) error {
	var got uint64
	local := unix.Iovec{Base: (*byte)(unsafe.Pointer(&got))}
	local.SetLen(8)
	remote := unix.RemoteIovec{Base: uintptr(unsafe.Pointer(&memoryMark)), Len: 8}
	_, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(tid), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	if e != 0 {
		return e
	}
	if got != memoryMark {
		return unix.EFAULT
	}
	return nil
}

// seccomp(2) operations.
const (
	seccompGetActionAvail = 2
	retUserNotif          = 0x7fc00000
)

func tryNotify() error {
	action := uint32(retUserNotif)
	_, _, e := unix.RawSyscall(unix.SYS_SECCOMP, seccompGetActionAvail, 0, uintptr(unsafe.Pointer(&action)))
	if e != 0 {
		return e
	}
	return nil
}

// perfOpen opens an event on this thread and closes it.
func perfOpen(a *unix.PerfEventAttr) error {
	a.Size = uint32(unsafe.Sizeof(*a))
	a.Bits |= unix.PerfBitDisabled
	fd, err := unix.PerfEventOpen(a, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

const userOnly = unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv

func tryPerf() (user, kernel, hardware, breakpoint error) {
	user = perfOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_TASK_CLOCK, Bits: userOnly})
	kernel = perfOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CONTEXT_SWITCHES})
	hardware = perfOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_HARDWARE, Config: unix.PERF_COUNT_HW_CPU_CYCLES, Bits: userOnly})
	breakpoint = perfOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_BREAKPOINT, Bits: userOnly,
		Bp_type: 2 /* HW_BREAKPOINT_W */, Ext1: uint64(uintptr(unsafe.Pointer(&memoryMark))), Ext2: 4, Sample: 1})
	return user, kernel, hardware, breakpoint
}

// tryUprobe opens a uprobe in a file that nobody runs, so that no program is changed.
func tryUprobe() error {
	b, err := os.ReadFile("/sys/bus/event_source/devices/uprobe/type")
	if err != nil {
		return unix.ENOENT
	}
	typ, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "gotrace")
	if err != nil {
		return ErrUntried
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(make([]byte, pageSize)); err != nil {
		return ErrUntried
	}
	path, err := unix.BytePtrFromString(f.Name())
	if err != nil {
		return err
	}
	err = perfOpen(&unix.PerfEventAttr{Type: uint32(typ), Ext1: uint64(uintptr(unsafe.Pointer(path))), Ext2: 64, Sample: 1})
	runtime.KeepAlive(path)
	return err
}

// bpf(2) commands and types; uapi/linux/bpf.h.
const (
	bpfMapCreate      = 0
	bpfProgLoad       = 5
	bpfMapArray       = 2
	bpfProgTracepoint = 5
)

// tryBPF makes a map and loads a program that does nothing: r0 = 0; exit.
func tryBPF() (mapErr, progErr error) {
	m := struct{ typ, key, value, max, flags uint32 }{bpfMapArray, 4, 4, 1, 0}
	mapErr = bpfCall(bpfMapCreate, unsafe.Pointer(&m), unsafe.Sizeof(m))
	insns := [...]uint64{0xb7, 0x95}
	license := [...]byte{'G', 'P', 'L', 0}
	p := struct {
		typ, count       uint32
		insns, license   uint64
		logLevel, logLen uint32
		log              uint64
		version, flags   uint32
	}{
		typ: bpfProgTracepoint, count: uint32(len(insns)),
		insns: uint64(uintptr(unsafe.Pointer(&insns))), license: uint64(uintptr(unsafe.Pointer(&license))),
	}
	progErr = bpfCall(bpfProgLoad, unsafe.Pointer(&p), unsafe.Sizeof(p))
	runtime.KeepAlive(&insns)
	runtime.KeepAlive(&license)
	return mapErr, progErr
}

func bpfCall(cmd uintptr, attr unsafe.Pointer, size uintptr) error {
	fd, _, e := unix.Syscall(unix.SYS_BPF, cmd, uintptr(attr), size)
	if e != 0 {
		return e
	}
	return unix.Close(int(fd))
}

// tryIA32 executes a 32-bit program of three instructions that exits with status 32.
func tryIA32() error {
	if runtime.GOARCH != "amd64" {
		return ErrUntried
	}
	fd, err := unix.MemfdCreate("ia32", 0)
	if err != nil {
		return ErrUntried
	}
	f := os.NewFile(uintptr(fd), "ia32")
	if _, err := f.Write(ia32Program()); err != nil {
		f.Close()
		return ErrUntried
	}
	// A file that is open for writing is not executed.
	ro, err := os.Open("/proc/self/fd/" + strconv.Itoa(fd))
	f.Close()
	if err != nil {
		return ErrUntried
	}
	defer ro.Close()
	p, err := os.StartProcess("/proc/self/fd/3", []string{"ia32"}, &os.ProcAttr{Files: []*os.File{nil, nil, nil, ro}})
	if err != nil {
		return err
	}
	st, err := p.Wait()
	if err == nil && st.ExitCode() != 32 {
		err = unix.ENOEXEC
	}
	return err
}

// ia32Program makes an ELF file: header, one program header, code.
func ia32Program() []byte {
	const base, header, phdr = 0x10000, 52, 32
	code := []byte{
		0xbb, 32, 0, 0, 0, // mov ebx, 32
		0xb8, 1, 0, 0, 0, // mov eax, 1 (exit)
		0xcd, 0x80, // int 0x80
	}
	size := uint32(header + phdr + len(code))
	b := []byte{0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	half := func(v ...uint16) {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint16(b, x)
		}
	}
	word := func(v ...uint32) {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, x)
		}
	}
	half(2, 3)                                      // ET_EXEC, EM_386
	word(1, base+header+phdr, header, 0, 0)         // version, entry, program headers, sections, flags
	half(header, phdr, 1, 0, 0, 0)                  // sizes and counts
	word(1, 0, base, base, size, size, 5, pageSize) // PT_LOAD, read and execute
	return append(b, code...)
}

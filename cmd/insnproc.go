package cmd

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/gotrace/gotrace/bp/symbol"
)

// processCode reads the memory of a process, which it does not stop.
func processCode(pid int, at string, n int) (insnCode, error) {
	space := symbol.NewCache().Space(pid)
	if err := space.Refresh(); err != nil {
		return insnCode{}, processError(pid, err)
	}
	modules := space.Modules()
	if len(modules) == 0 {
		return insnCode{}, plainf("process %d has no program mapped that can be read", pid)
	}
	c := insnCode{symbol: spaceSymbol(space)}
	machine := modules[0].File.ELF().Machine
	if c.arch = symbol.ArchOf(machine); c.arch == nil {
		return insnCode{}, plainf("process %d: no decoder for %v", pid, machine)
	}
	if m := space.Module(c.addr); m != nil {
		c.arch = symbol.ArchOf(m.File.ELF().Machine)
	}
	var err error
	if at == "" {
		c.addr, err = processPC(pid)
	} else {
		c.addr, err = processPlace(space, pid, at)
	}
	if err != nil {
		return insnCode{}, err
	}
	if f, ok := space.Func(c.addr); ok && f.Size > 0 && at != "" && c.addr == f.Addr && n == 0 {
		n, c.whole = int(min(f.Size, 1<<24)), true
	}
	return c, c.readProcess(pid, n)
}

// readProcess reads n bytes, 0 for the default, or as many as are mapped.
func (c *insnCode) readProcess(pid, n int) error {
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return processError(pid, err)
	}
	defer mem.Close()
	if n == 0 {
		n = insnBytes(insnDefault)
	}
	code := make([]byte, n)
	got := 0
	if c.addr < 1<<63 {
		got, _ = mem.ReadAt(code, int64(c.addr))
	}
	if got == 0 {
		return plainf("process %d has nothing mapped at %#x", pid, c.addr)
	}
	c.code = code[:got]
	return nil
}

// processError tells why there is no process to read.
func processError(pid int, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH):
		return plainf("there is no process %d", pid)
	case errors.Is(err, fs.ErrPermission):
		return plainf("process %d may not be read: permission denied; it is another user's, or kernel.yama.ptrace_scope forbids it", pid)
	}
	return plainf("process %d: %v", pid, err)
}

// processPlace is the address of a place as rules write it: func, lib!func+0x10, 0xADDR.
func processPlace(space *symbol.Space, pid int, at string) (uint64, error) {
	if addr, ok := insnAddr(at); ok {
		return addr, nil
	}
	loc, err := symbol.ParseLoc(at)
	if err != nil {
		return 0, plainf("%v", err)
	}
	points, err := space.Resolve(loc)
	switch {
	case err != nil:
		return 0, plainf("process %d: %v", pid, err)
	case len(points) > 1:
		return 0, plainf("'%s' is %d places: %s", at, len(points), pointNames(points))
	}
	return points[0].Addr, nil
}

// pointNames lists places, with the modules that tell them apart.
func pointNames(points []symbol.Point) string {
	const most = 6
	var names []string
	for i, p := range points {
		if i == most {
			names = append(names, "...")
			break
		}
		names = append(names, fmt.Sprintf("%s!%s (%#x)", p.Module.Name, p.Name, p.Addr))
	}
	return strings.Join(names, ", ")
}

// spaceSymbol names what lies at an address of a process; functions of libraries carry
// the library's name.
func spaceSymbol(space *symbol.Space) func(uint64) (string, uint64) {
	return func(addr uint64) (string, uint64) {
		f, ok := space.Func(addr)
		if !ok || f.Raw == "" {
			if f, ok = space.ObjectAt(addr); !ok {
				return "", 0
			}
		}
		m := space.Module(addr)
		if m == nil || m.File.ELF().Type == elf.ET_EXEC || m == space.Modules()[0] {
			return f.Name, f.Addr
		}
		return m.Name + "!" + f.Name, f.Addr
	}
}

// processPC is the last word of /proc/PID/syscall, which is there while the process waits.
func processPC(pid int) (uint64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", pid))
	if err != nil {
		return 0, processError(pid, err)
	}
	f := strings.Fields(string(text))
	if len(f) < 3 {
		return 0, plainf("process %d is running: give a symbol or an address", pid)
	}
	return strconv.ParseUint(f[len(f)-1], 0, 64)
}

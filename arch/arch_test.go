package arch

import (
	"reflect"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

var abis = []struct {
	abi  *ABI
	id   string // as in testdata/strace_argcount.txt
	used int    // at least this many calls
}{
	{ABIAMD64, "amd64", 380},
	{ABII386, "i386", 460},
	{ABIARM64, "arm64", 320},
}

// skipOn skips the test when cond holds; the reasons are published.
func skipOn(t *testing.T, reason string, cond bool) {
	t.Helper()
	if cond {
		t.Skip(reason)
	}
}

func TestSyscallTables(t *testing.T) {
	for _, a := range abis {
		used := 0
		for nr, name := range a.abi.Syscalls {
			if got := a.abi.SyscallName(uint64(nr)); got != name {
				t.Errorf("%s: SyscallName(%d) = %q, want %q", a.id, nr, got, name)
			}
			if name == "" {
				continue
			}
			used++
			if got, ok := a.abi.SyscallNr(name); got != nr || !ok {
				t.Errorf("%s: SyscallNr(%s) = %d, %v, want %d", a.id, name, got, ok, nr)
			}
		}
		if used < a.used || used != len(a.abi.byName) {
			t.Errorf("%s: %d calls, %d in byName, want at least %d", a.id, used, len(a.abi.byName), a.used)
		}
		if !sort.SliceIsSorted(a.abi.byName, func(i, j int) bool {
			return a.abi.Syscalls[a.abi.byName[i]] < a.abi.Syscalls[a.abi.byName[j]]
		}) {
			t.Errorf("%s: byName is not sorted", a.id)
		}
		for _, name := range []string{"", "a", "zzz", "READ", "read ", "syscall_0x1"} {
			if nr, ok := a.abi.SyscallNr(name); ok {
				t.Errorf("%s: SyscallNr(%q) = %d", a.id, name, nr)
			}
		}
		for _, nr := range []uint64{uint64(len(a.abi.Syscalls)), 0x40000000, 1 << 32, ^uint64(0)} {
			if name := a.abi.SyscallName(nr); name != "" {
				t.Errorf("%s: SyscallName(%#x) = %q", a.id, nr, name)
			}
		}
	}
}

func TestSyscallNumbers(t *testing.T) {
	// name amd64 i386 arm64; -1 where there is none.
	for _, c := range []struct {
		name string
		nr   [3]int
	}{
		{"read", [3]int{0, 3, 63}},
		{"openat", [3]int{257, 295, 56}},
		{"newfstatat", [3]int{262, -1, 79}},
		{"fstatat64", [3]int{-1, 300, -1}},
		{"umount2", [3]int{166, 52, 39}},
		{"umount", [3]int{-1, 22, -1}},
		{"mmap2", [3]int{-1, 192, -1}},
		{"oldolduname", [3]int{-1, 59, -1}},
		{"_llseek", [3]int{-1, 140, -1}},
		{"fadvise64_64", [3]int{-1, 272, -1}},
		{"uretprobe", [3]int{335, -1, -1}},
		{"uprobe", [3]int{336, -1, -1}},
		{"fchmodat2", [3]int{452, 452, 452}},
		{"map_shadow_stack", [3]int{453, 453, 453}},
		{"mseal", [3]int{462, 462, 462}},
		{"file_setattr", [3]int{469, 469, 469}},
	} {
		for i, a := range abis {
			nr, ok := a.abi.SyscallNr(c.name)
			if !ok {
				nr = -1
			}
			if nr != c.nr[i] {
				t.Errorf("%s: %s is %d, want %d", a.id, c.name, nr, c.nr[i])
			}
		}
	}
}

func TestABIByAudit(t *testing.T) {
	for _, a := range abis {
		if got := ABIByAudit(a.abi.Audit); got != a.abi {
			t.Errorf("ABIByAudit(%#x) = %v, want %s", a.abi.Audit, got, a.id)
		}
		// __AUDIT_ARCH_64BIT
		if is64 := a.abi.Audit&0x80000000 != 0; is64 != (a.abi.Bits == 64) || is64 != (a.abi.Arch.PtrSize == 8) {
			t.Errorf("%s: audit %#x, %d bits, pointers of %d bytes", a.id, a.abi.Audit, a.abi.Bits, a.abi.Arch.PtrSize)
		}
		if a.abi.Name != a.abi.Suffix+" bit" {
			t.Errorf("%s: name %q, suffix %q", a.id, a.abi.Name, a.abi.Suffix)
		}
	}
	if got := ABIByAudit(0xc0000015); got != nil {
		t.Errorf("ABIByAudit(ppc64le) = %v", got)
	}
}

func TestSubcall(t *testing.T) {
	for _, c := range []struct {
		abi      *ABI
		nr, code uint64
		want     string
	}{
		{ABII386, 102, 0, ""},
		{ABII386, 102, 1, "socket"},
		{ABII386, 102, 9, "send"},
		{ABII386, 102, 20, "sendmmsg"},
		{ABII386, 102, 21, ""},
		{ABII386, 102, 0x10001, ""},
		{ABII386, 117, 0, ""},
		{ABII386, 117, 1, "semop"},
		{ABII386, 117, 5, ""},
		{ABII386, 117, 24, "shmctl"},
		{ABII386, 117, 0x1000c, "msgrcv"},
		{ABII386, 3, 1, ""},
		{ABII386, ^uint64(0), 1, ""},
		{ABIAMD64, 102, 1, ""},
		{ABIARM64, 117, 1, ""},
	} {
		got := ""
		if s := c.abi.Subcall(c.nr, c.code); s != nil {
			got = s.Name
		}
		if got != c.want {
			t.Errorf("%s: Subcall(%d, %#x) = %q, want %q", c.abi.Arch.Name, c.nr, c.code, got, c.want)
		}
	}
}

// The registers must be where the kernel's structure has them; the structure is
// known here for the machine that runs the test.
func TestRegLayout(t *testing.T) {
	var fields []string
	var offs []int
	add := func(name string, off int) {
		fields, offs = append(fields, name), append(offs, off)
	}
	typ := reflect.TypeFor[syscall.PtraceRegs]()
	for f := range typ.Fields() {
		switch name := strings.ToLower(f.Name); {
		case f.Type.Kind() == reflect.Array: // Regs [31]uint64 of arm64
			for j := range f.Type.Len() {
				add("x"+strconv.Itoa(j), int(f.Offset)+8*j)
			}
		case len(name) == 3 && name[0] == 'x': // i386 has xds for ds
			add(name[1:], int(f.Offset))
		default:
			add(name, int(f.Offset))
		}
	}
	for _, a := range []*Arch{AMD64, I386, ARM64} {
		if a.Regs[0].Name != fields[0] {
			continue
		}
		if len(fields) != len(a.Regs) {
			t.Fatalf("%s: %d registers, the kernel has %d", a.Name, len(a.Regs), len(fields))
		}
		for i, r := range a.Regs {
			if r.Name != fields[i] || r.Off != offs[i] || r.Off != i*r.Size {
				t.Errorf("%s: register %d is %+v, the kernel has %s at %d", a.Name, i, r, fields[i], offs[i])
			}
		}
		return
	}
	t.Errorf("no architecture has the first register %s", fields[0])
}

func TestRegSlots(t *testing.T) {
	for _, a := range []*Arch{AMD64, I386, ARM64} {
		slots, names := map[int]bool{}, map[string]bool{}
		for i, r := range a.Regs {
			if r.Off != i*r.Size || r.Size != a.PtrSize {
				t.Errorf("%s: %+v does not follow its predecessor", a.Name, r)
			}
			if slots[r.Index] || names[r.Name] || r.Index >= len(Regs{}.R) {
				t.Errorf("%s: %+v", a.Name, r)
			}
			slots[r.Index], names[r.Name] = true, true
			if a != I386 && r.Index != i {
				t.Errorf("%s: slot of %+v is not %d", a.Name, r, i)
			}
		}
	}
	if len(AMD64.Regs) != 27 || len(I386.Regs) != 17 || len(ARM64.Regs) != 34 {
		t.Errorf("%d, %d, %d registers", len(AMD64.Regs), len(I386.Regs), len(ARM64.Regs))
	}
}

package decode

import (
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

func TestArgReg(t *testing.T) {
	tab := New(everyABI...)
	for _, c := range []struct {
		abi       *arch.ABI
		call, arg string
		want      event.ArgReg
	}{
		{arch.ABIAMD64, "write", "fd", event.ArgReg{Arg: 0, Bits: 32, Signed: true}},
		{arch.ABIAMD64, "write", "COUNT", event.ArgReg{Arg: 2, Bits: 64}},
		{arch.ABIAMD64, "mmap", "fd", event.ArgReg{Arg: 4, Bits: 32, Signed: true}},
		{arch.ABIAMD64, "mmap", "flags", event.ArgReg{Arg: 3, Bits: 64}},
		{arch.ABIAMD64, "openat", "flags", event.ArgReg{Arg: 2, Bits: 32, Signed: true}},
		{arch.ABIAMD64, "mkdir", "mode", event.ArgReg{Arg: 1, Bits: 16}},
		{arch.ABIAMD64, "ioctl", "cmd", event.ArgReg{Arg: 1, Bits: 32}},
		{arch.ABIAMD64, "ioctl", "arg", event.ArgReg{Arg: 2, Bits: 64}},
		{arch.ABIAMD64, "pwrite64", "pos", event.ArgReg{Arg: 3, Bits: 64}},
		{arch.ABIAMD64, "chown", "user", event.ArgReg{Arg: 1, Bits: 32}},
		{arch.ABII386, "chown", "user", event.ArgReg{Arg: 1, Bits: 16}},
		{arch.ABII386, "write", "count", event.ArgReg{Arg: 2, Bits: 32}},
		{arch.ABII386, "lseek", "offset", event.ArgReg{Arg: 1, Bits: 32, Signed: true}},
		{arch.ABII386, "pwrite64", "pos", event.ArgReg{Arg: 3, Bits: 32, Pair: true}},
		{arch.ABII386, "fallocate", "len", event.ArgReg{Arg: 4, Bits: 32, Pair: true}},
		{arch.ABIARM64, "dup3", "newfd", event.ArgReg{Arg: 1, Bits: 32, Signed: true}},
	} {
		nr, _ := c.abi.SyscallNr(c.call)
		k := tab.Lookup(c.abi, uint64(nr))
		i := k.ArgIndex(c.arg)
		got, ok := k.ArgReg(c.abi, i)
		if !ok || got != c.want {
			t.Errorf("%s %s %s, argument %d: %+v, want %+v", c.abi.Arch.Name, c.call, c.arg, i, got, c.want)
		}
		if again, ok := k.RegArg(c.abi, int(got.Arg)); !ok || again != got {
			t.Errorf("%s %s: register %d is %+v, as %s %+v", c.abi.Arch.Name, c.call, got.Arg, again, c.arg, got)
		}
	}
	k := tab.Lookup(arch.ABIAMD64, 1)
	if i := k.ArgIndex("mode"); i != -1 {
		t.Errorf("write has mode at %d", i)
	}
	if r, ok := k.RegArg(arch.ABIAMD64, 3); ok {
		t.Errorf("write has a fourth argument: %+v", r)
	}
	if r, ok := unknown.RegArg(arch.ABII386, 5); !ok || r != (event.ArgReg{Arg: 5, Bits: 32}) {
		t.Errorf("register 5 of a call without a name: %+v %v", r, ok)
	}
}

// unimplemented are calls that no kernel of our ABIs makes, so that there is no prototype;
// vm86 is shown with more registers than it takes.
const unimplemented = "create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg afs_syscall tuxcall " +
	"security epoll_ctl_old epoll_wait_old vserver break stty gtty ftime prof lock mpx ulimit profil idle " +
	"arch_specific_syscall vm86"

// TestArgTypes holds that the kernel's prototype is known of every declared call and has
// all the registers that are shown.
func TestArgTypes(t *testing.T) {
	tab := New(everyABI...)
	seen := 0
	for _, abi := range everyABI {
		for nr, name := range abi.Syscalls {
			k := tab.Lookup(abi, uint64(nr))
			if k == &unknown || hasWord(unimplemented, name) {
				continue
			}
			_, all := argTypes[name]
			_, i386 := argTypesI386[name]
			if !all && !(i386 && abi.Bits == 32) {
				t.Errorf("%s %s: no prototype", abi.Arch.Name, name)
				continue
			}
			seen++
			for i := range k.Args {
				n := k.reg(i, abi.Bits == 32)
				if _, ok := k.kernelReg(abi, n); !ok && n >= 0 {
					t.Errorf("%s %s: %s is in register %d, which the prototype lacks", abi.Arch.Name, name, k.ArgName(i), n)
				}
			}
		}
	}
	if seen < 900 {
		t.Errorf("only %d calls were looked at", seen)
	}
}

func TestIsFD(t *testing.T) {
	tab := New(everyABI...)
	for name, want := range map[string]string{"write": "0", "openat": "0", "dup2": "01", "renameat2": "02", "open": "", "mmap": "4"} {
		nr, _ := arch.ABIAMD64.SyscallNr(name)
		k := tab.Lookup(arch.ABIAMD64, uint64(nr))
		got := ""
		for i := range k.ArgCount() {
			if k.IsFD(i) {
				got += string(rune('0' + i))
			}
		}
		if got != want {
			t.Errorf("descriptors of %s: %q, want %q", name, got, want)
		}
	}
}

package arch_test

import (
	"fmt"

	"github.com/gotrace/gotrace/arch"
)

// A stop of a 64-bit program: which call, with what, and how it ended.
func Example() {
	abi := arch.ABIByAudit(0xc000003e) // from PTRACE_GET_SYSCALL_INFO
	regs := &arch.Regs{Arch: abi.Arch} // from PTRACE_GETREGSET
	regs.SetSyscall(abi, 257)
	regs.Set("rsi", 0x7ffe1000)

	nr, args := regs.Syscall(abi)
	fmt.Printf("%s: path at %#x\n", abi.SyscallName(nr), args[1])

	regs.SetRet(abi, -2)
	if ret := regs.Ret(abi); ret < 0 {
		fmt.Printf("-1 %s (%s)\n", arch.ErrnoName(int(-ret)), arch.ErrnoText(int(-ret)))
	}
	// Output:
	// openat: path at 0x7ffe1000
	// -1 ENOENT (No such file or directory)
}

// The same name has another number in each ABI.
func ExampleABI_SyscallNr() {
	for _, abi := range []*arch.ABI{arch.ABIAMD64, arch.ABII386, arch.ABIARM64} {
		nr, ok := abi.SyscallNr("stat")
		fmt.Println(abi.Arch.Name, nr, ok)
	}
	// Output:
	// amd64 4 true
	// i386 106 true
	// arm64 0 false
}

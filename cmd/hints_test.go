package cmd

import (
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer"
)

func TestAttachHint(t *testing.T) {
	const stat = "7 (a) b) S 1 7 7 0 -1 4194560 0"
	plain := &tracer.AttachError{Err: unix.EPERM}
	for _, c := range []struct {
		name, want string
		fsys       fstest.MapFS
		caps       uint64
		err        error
	}{
		{"gone", "", newMachine("0", ""), 0, &tracer.AttachError{Err: unix.ESRCH}},
		{"traced", "already traced by process 9, gdb", newMachine("0", "", "proc/9/comm=gdb"), 0, &tracer.AttachError{Err: unix.EPERM, Tracer: 9}},
		{"kernel", "thread of the kernel", newMachine("0", "", "proc/7/stat=7 (kworker) I 2 0 0 0 -1 69238880 0"), 1 << unix.CAP_SYS_PTRACE, plain},
		{"yama 1", "ptrace_scope is 1: run as root, or: sysctl", newMachine("0", "Uid:\t5\t5\n", "proc/sys/kernel/yama/ptrace_scope=1", "proc/7/stat="+stat), 0, plain},
		{"yama 3", "ptrace_scope is 3", newMachine("0", "", "proc/sys/kernel/yama/ptrace_scope=3"), 1 << unix.CAP_SYS_PTRACE, plain},
		{"other user", "belongs to user root", newMachine("0", "Uid:\t5\t5\n", "proc/7/status=Uid:\t0\t0"), 0, plain},
		{"seccomp", "seccomp filter", newMachine("0", "Seccomp:\t2\n"), 1 << unix.CAP_SYS_PTRACE, plain},
		{"set-user-ID", "gained rights", newMachine("0", "Uid:\t5\t5\n", "proc/7/status=Uid:\t5\t0"), 0, plain},
		{"no idea", "gotrace doctor", newMachine("0", ""), 1 << unix.CAP_SYS_PTRACE, plain},
	} {
		m := machine{fsys: c.fsys, caps: c.caps}
		if got := m.attachHint(7, c.err); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

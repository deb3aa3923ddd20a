package tracer

import (
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// TestReported holds when a filter reports a call: for the rules, for the session itself,
// and for what a multiplexed call carries.
func TestReported(t *testing.T) {
	abis := []*arch.ABI{arch.ABIAMD64, arch.ABII386}
	plan := &SeccompPlan{}
	want := func(abi int, name string, p *event.ArgPred) {
		nr, ok := abis[abi].SyscallNr(name)
		if !ok {
			t.Fatal(name)
		}
		plan.Calls.Add(abi, uint64(nr))
		plan.Preds.Set(abi, uint64(nr), p)
	}
	want(NativeABI, "write", arg1(event.ArgEQ, ^uint64(0), 2))
	want(NativeABI, "read", nil)
	want(NativeABI, "prctl", arg1(event.ArgEQ, ^uint64(0), 15))
	want(NativeABI, "execve", arg1(event.ArgEQ, ^uint64(0), 1))
	plan.Calls.Add(CompatABI, socketcallBase+3) // connect
	plan.Calls.Add(CompatABI, socketcallBase+1)
	plan.Calls.Add(CompatABI, ipcBase+24) // shmctl
	for _, c := range []struct {
		abi        int
		name, want string
	}{
		{NativeABI, "write", "arg.1 == 2"},
		{NativeABI, "read", "true"},
		{NativeABI, "open", ""},
		{NativeABI, "prctl", "arg.1 == 15 or arg.1 == 22"},
		{NativeABI, "seccomp", "arg.1 <= 1"},
		{NativeABI, "execve", "arg.1 == 1"},
		{NativeABI, "execveat", ""},
		{NativeABI, "clone", "arg.1 & 0x800000 == 0x800000"},
		{CompatABI, "write", ""},
		{CompatABI, "prctl", "arg.1 == 22"},
		{CompatABI, "socketcall", "arg.1 == 1 or arg.1 == 3"},
		{CompatABI, "ipc", "arg.1 & 0xffff == 0x18"},
		{CompatABI, "connect", ""},
	} {
		nr, _ := abis[c.abi].SyscallNr(c.name)
		p, ok := plan.reported(c.abi, abis[c.abi], uint64(nr))
		got := p.String()
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s of %s is reported if %q, want %q", c.name, abis[c.abi].Name, got, c.want)
		}
	}
	if _, dropped, err := plan.Program(abis); err != nil || len(dropped) > 0 {
		t.Error(err, dropped)
	}
}

package ptrace

import (
	"os"
	"testing"
)

func TestProbe(t *testing.T) {
	before := children(t)
	p := Probe()
	if p.Launch != nil {
		t.Skipf("this machine does not let processes be traced: %v", p.Launch)
	}
	for name, err := range map[string]error{"registers": p.Registers, "step": p.Step, "system call": p.SyscallInfo} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := children(t); after != before {
		t.Errorf("children before: %q, after: %q", before, after)
	}
	t.Logf("%+v", p)
}

func children(t *testing.T) string {
	b, err := os.ReadFile("/proc/thread-self/children")
	if err != nil {
		t.Skipf("children cannot be listed: %v", err)
	}
	return string(b)
}

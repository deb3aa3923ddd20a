package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unifiedGroup makes a control group of its own in the unified hierarchy.
func unifiedGroup(t *testing.T) (dir, name string) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Skip(err)
	}
	m := regexp.MustCompile(`(?m)^\S+ (\S+) cgroup2 `).FindSubmatch(mounts)
	if m == nil {
		t.Skip("no unified control groups are mounted")
	}
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(self)) {
		if rest, ok := strings.CutPrefix(line, "0::"); ok {
			name = strings.TrimSpace(rest)
		}
	}
	dir, err = os.MkdirTemp(filepath.Join(string(m[1]), name), "gotrace-test-")
	if err != nil {
		t.Skipf("no control group can be made: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return dir, filepath.Join(name, filepath.Base(dir))
}

// TestControlGroup holds that a group's condition may be on control groups: what is executed
// there is a member, what is executed elsewhere is not.
func TestControlGroup(t *testing.T) {
	dir, name := unifiedGroup(t)
	procs := filepath.Join(dir, "cgroup.procs")
	if out, err := exec.Command("sh", "-c", `echo 0 >"$0"`, procs).CombinedOutput(); err != nil {
		t.Skipf("no process can be moved to a control group: %s", out)
	}
	c := exec.Command("gotrace", "-f", "-qq", "-e", "signal=none", "-e", "group g = cgroup == '"+name+"'; on exec in g do count(exec, cgroup)",
		"sh", "-c", `cat /dev/null; (echo 0 >"$0"; exec cat /dev/null)`, procs)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows := regexp.MustCompile(`(?m)^ +(\d+)  \S*/cat +(\S+)$`).FindAllSubmatch(out, -1)
	if len(rows) != 1 || string(rows[0][1]) != "1" || string(rows[0][2]) != name {
		t.Errorf("group %s:\n%s", name, out)
	}
}

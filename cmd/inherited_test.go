package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestInherited compares what a program starts with, under gotrace, with what it starts
// with when nobody traces it.
func TestInherited(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no gcc to build the program with")
	}
	dir := t.TempDir()
	prog, tracer, stripped := filepath.Join(dir, "inherited"), filepath.Join(dir, "gotrace"), filepath.Join(dir, "stripped")
	for _, c := range [][]string{
		{"gcc", "-w", "-o", prog, "testdata/programs/inherited.c"},
		{"go", "build", "-o", tracer, "github.com/gotrace/gotrace"},
		{"go", "build", "-ldflags=-s -w", "-o", stripped, "github.com/gotrace/gotrace"},
	} {
		build := exec.Command(c[0], c[1:]...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // with it, closed descriptors are not known
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
		}
	}
	// Each is a shell command that sets up something and then executes "$@".
	setups := map[string]string{
		"plain":    `exec "$@"`,
		"umask":    `umask 027; exec "$@"`,
		"limits":   `ulimit -n 100; ulimit -c 0; ulimit -s 4096; exec "$@"`,
		"soft":     `ulimit -Sn 64; exec "$@"`,
		"fds":      `exec 5</dev/null 9>/dev/null 3<&-; exec "$@"`,
		"closed":   `exec 0<&-; exec "$@"`,
		"silent":   `exec 2>&-; exec "$@"`,
		"closed 2": `exec 0<&- 2>&-; exec "$@"`,
		"null":     `exec 0<>/dev/null 2>&0; exec "$@"`,
		"cwd":      `cd /; exec "$@"`,
		"env":      `A=1 B= exec "$@"`,
		"nice":     `exec nice -n 3 "$@"`,
		"noaslr":   `exec setarch -R "$@"`,
		"affinity": `exec taskset -c 0 "$@"`,
		"nnp":      `exec setpriv --no-new-privs "$@"`,
	}
	for s := 1; s <= 64; s++ {
		if s != 9 && s != 19 && s != 32 && s != 33 {
			setups[fmt.Sprintf("ignored %d", s)] = fmt.Sprintf(`exec env --ignore-signal=%d "$@"`, s)
			setups[fmt.Sprintf("blocked %d", s)] = fmt.Sprintf(`exec env --block-signal=%d "$@"`, s)
		}
	}
	setups["all blocked"] = `exec env --block-signal "$@"`
	setups["all ignored"] = `exec env --ignore-signal "$@"`
	tracers := [][]string{
		{tracer, "-o", "/dev/null"},
		{tracer, "-f", "-o", "/dev/null", "-e", "trace=execve"},
		{tracer, "-D", "-o", "/dev/null"},
		{stripped, "-o", "/dev/null"},
	}
	for name, setup := range setups {
		t.Run(name, func(t *testing.T) {
			if _, err := runSetup(setup, "true"); err != nil {
				t.Skipf("%s: %v", setup, err)
			}
			bare, err := runSetup(setup, prog)
			if err != nil || len(bare) < 64+16 {
				t.Fatalf("%v: %d lines", err, len(bare))
			}
			for _, tr := range tracers {
				under, err := runSetup(setup, append(tr[:len(tr):len(tr)], prog)...)
				if err != nil {
					t.Fatalf("%v: %v", tr, err)
				}
				bare := slices.Clone(bare)
				if slices.Contains(tr, "-f") && os.Geteuid() != 0 {
					for i, l := range bare { // what a filter of system calls asks of a user
						bare[i] = strings.Replace(l, "no_new_privs 0", "no_new_privs 1", 1)
					}
				}
				for i := range max(len(bare), len(under)) {
					if i >= len(bare) || i >= len(under) || bare[i] != under[i] {
						t.Errorf("%v: %q, bare %q", tr, at(under, i), at(bare, i))
						break
					}
				}
			}
		})
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func runSetup(setup string, argv ...string) ([]string, error) {
	c := exec.Command("sh", append([]string{"-c", setup, "sh"}, argv...)...)
	out, err := c.Output()
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err
}

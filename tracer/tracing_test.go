package tracer_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTracing runs a program that traces others. Its tracees are its own where only itself
// is traced; where its children are, they have a tracer already.
func TestTracing(t *testing.T) {
	tracer := built(t)
	prog := compile(t, "tracing")
	bare, _ := runBounded(t, prog)
	taken := fmt.Sprintf("traceme: %#x\nattach: EPERM 0x1500\nseize: EPERM 0x1500\nlet go: EPERM 0x1500\n"+
		"a tracer's end: %#[1]x 0x1500\nexec: traps 0, %#[1]x\n", int(syscall.EPERM)<<8)
	if !strings.Contains(bare, "exec: traps 1, 0\n") {
		t.Fatalf("bare, the program prints %q", bare)
	}
	for _, c := range []struct {
		options string
		want    string
	}{
		{"", bare},
		{"-e trace=none", bare},
		{"-f", taken},
		{"-f -e trace=execve --kill-on-exit", taken},
	} {
		out, status := runBounded(t, traced(t, tracer, c.options, prog)...)
		if out != c.want || status != 5 {
			t.Errorf("%q: status %d, prints\n%s\nwant\n%s", c.options, status, out, c.want)
		}
	}
	checkGone(t, prog)
}

// traced is the command line of a traced program, with options between blanks.
func traced(t *testing.T, tracer, options string, argv ...string) []string {
	t.Helper()
	return append(append([]string{tracer, "-o", filepath.Join(t.TempDir(), "trace")}, strings.Fields(options)...), argv...)
}

// TestTracers runs tracers under the tracer.
func TestTracers(t *testing.T) {
	tracer := built(t)
	for _, inner := range []string{tracer, "strace"} {
		t.Run(filepath.Base(inner), func(t *testing.T) {
			_, err := exec.LookPath(inner)
			skipOn(t, inner+" is not installed", err != nil)
			trace := filepath.Join(t.TempDir(), "inner")
			argv := []string{inner, "-f", "-o", trace, "sh", "-c", "/bin/echo hello; exit 3"}
			out, status := runBounded(t, traced(t, tracer, "", argv...)...)
			if out != "hello\n" || status != 3 {
				t.Errorf("status %d, prints %q", status, out)
			}
			if b, err := os.ReadFile(trace); err != nil || !bytes.Contains(b, []byte("+++ exited with 3 +++")) {
				t.Errorf("%v; inner trace:\n%s", err, b)
			}
			if out, status := runBounded(t, traced(t, tracer, "-f", argv...)...); out != "" || status != 1 {
				t.Errorf("with -f: status %d, prints %q", status, out)
			}
		})
	}
	t.Run("gdb", func(t *testing.T) {
		_, err := exec.LookPath("gdb")
		skipOn(t, "gdb is not installed", err != nil)
		argv := []string{"gdb", "-q", "-nx", "-batch", "-ex", "set startup-with-shell off",
			"-ex", "break main", "-ex", "run", "-ex", "info symbol $pc", "-ex", "continue", compile(t, "setuid")}
		for _, argv := range [][]string{argv, traced(t, tracer, "", argv...)} {
			out, status := runBounded(t, argv...)
			if status != 0 || !strings.Contains(out, "\nmain") || !strings.Contains(out, "exited normally") {
				t.Errorf("%v: status %d, prints\n%s", argv, status, out)
			}
		}
	})
}

// TestSetuid executes a program that is set-user-ID root. As an ordinary user's tracee it
// has no privileges; for -u it does, as untraced.
func TestSetuid(t *testing.T) {
	tracer := built(t)
	skipOn(t, "not root", os.Geteuid() != 0)
	const nobody = 65534
	prog := compile(t, "setuid")
	dir := filepath.Dir(prog)
	for _, d := range []string{filepath.Dir(tracer), filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(prog, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	run := func(uid uint32, argv ...string) string {
		c := exec.Command(argv[0], argv[1:]...)
		c.Dir = dir
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v", argv, err)
		}
		return string(out)
	}
	privileged := fmt.Sprintf("uid %d euid 0 secure 1\n", nobody)
	skipOn(t, "set-user-ID is not heeded in "+dir, run(nobody, prog) != privileged)
	for _, c := range []struct {
		uid  uint32
		argv []string
		want string
	}{
		{nobody, []string{tracer, "-f", "-o", "a"}, "uid 65534 euid 65534 secure 1\n"},
		{nobody, []string{tracer, "-f", "-o", "b", "-e", "exec=setuid*"}, "uid 65534 euid 65534 secure 1\n"},
		// Who may not install a seccomp filter otherwise must give up privileges for good.
		{nobody, []string{tracer, "-f", "-o", "c", "-e", "trace=execve"}, "uid 65534 euid 65534 secure 0\n"},
		{0, []string{tracer, "-u", "nobody", "-f", "-o", "d"}, privileged},
		{0, []string{tracer, "-u", "nobody", "-f", "-o", "e", "-e", "trace=execve"}, privileged},
	} {
		if got := run(c.uid, append(c.argv, prog)...); got != c.want {
			t.Errorf("%v: %q, want %q", c.argv, got, c.want)
		}
		for i, a := range c.argv {
			if a == "-o" {
				checkEnds(t, filepath.Join(dir, c.argv[i+1]))
			}
		}
	}
}

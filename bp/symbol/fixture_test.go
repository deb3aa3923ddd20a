package symbol

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build compiles a fixture with gcc, g++ or go, and skips the test where that is missing.
func build(t testing.TB, src string, flags ...string) string {
	t.Helper()
	cc := "gcc"
	if filepath.Ext(src) == ".cc" {
		cc = "g++"
	}
	if _, err := exec.LookPath(cc); err != nil {
		t.Skipf("needs %s", cc)
	}
	bin := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(src), filepath.Ext(src)))
	args := append([]string{"-o", bin, "testdata/" + src}, flags...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		if strings.Contains(strings.Join(flags, " "), "-m32") || strings.Contains(string(out), "cannot find -l") {
			t.Skipf("%s %v: %s", cc, args, out)
		}
		t.Fatalf("%s %v: %v\n%s", cc, args, err, out)
	}
	return bin
}

// start runs a program until it has printed its first line, and gives the words of that.
// The program ends when the test does.
func start(t testing.TB, bin string, args ...string) (pid int, words []string) {
	t.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s said nothing: %v", bin, err)
	}
	return cmd.Process.Pid, strings.Fields(line)
}

// space is the address space of a program.
func space(t testing.TB, pid int) *Space {
	t.Helper()
	s := NewCache().Space(pid)
	if err := s.Refresh(); err != nil {
		t.Fatal(err)
	}
	return s
}

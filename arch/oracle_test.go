package arch

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/strace_argcount.txt from what strace prints")

const argcountFile = "testdata/strace_argcount.txt"

// lastCall is the last number that testdata/allcalls.S makes, which is the last
// that strace 6.1 knows.
const lastCall = 450

// call is one line of testdata/strace_argcount.txt: abi, number, name and how
// many arguments strace 6.1 prints with -e raw=all.
type call struct {
	abi  string
	nr   int
	name string
	args int
}

func readArgcount(t *testing.T) []call {
	b, err := os.ReadFile(argcountFile)
	if err != nil {
		t.Fatal(err)
	}
	var calls []call
	for line := range strings.Lines(string(b)) {
		var c call
		if _, err := fmt.Sscan(line, &c.abi, &c.nr, &c.name, &c.args); err != nil {
			t.Fatalf("%s: %q: %v", argcountFile, line, err)
		}
		calls = append(calls, c)
	}
	return calls
}

// namesNewer are calls that Linux has at numbers that strace 6.1 does not know.
var namesNewer = map[string]bool{"uretprobe": true, "uprobe": true}

// compareCalls holds the table of one ABI against strace's.
func compareCalls(t *testing.T, id string, calls []call) {
	t.Helper()
	for _, a := range abis {
		if a.id != id {
			continue
		}
		theirs := map[int]string{}
		for _, c := range calls {
			if c.abi == id {
				theirs[c.nr] = c.name
			}
		}
		if len(theirs) < 300 {
			t.Fatalf("%s: strace knows only %d calls", id, len(theirs))
		}
		for nr := 0; nr <= lastCall; nr++ {
			ours := a.abi.SyscallName(uint64(nr))
			if ours != theirs[nr] && !namesNewer[ours] {
				t.Errorf("%s: %d is %q, strace says %q", id, nr, ours, theirs[nr])
			}
		}
	}
}

func TestStraceNames(t *testing.T) {
	calls := readArgcount(t)
	compareCalls(t, "amd64", calls)
	compareCalls(t, "i386", calls)
}

// strace returns the path of strace 6.1, whose output was measured.
func strace(t *testing.T) string {
	path, err := exec.LookPath("strace")
	skipOn(t, "strace is not installed", err != nil)
	out, err := exec.Command(path, "-V").Output()
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	skipOn(t, "not strace 6.1: "+line, !strings.HasSuffix(line, " 6.1"))
	return path
}

// build compiles a file of testdata.
func build(t *testing.T, src string, args ...string) string {
	gcc, err := exec.LookPath("gcc")
	skipOn(t, "gcc is not installed", err != nil)
	out := filepath.Join(t.TempDir(), "out")
	args = append(args, "-o", out, filepath.Join("testdata", src))
	if b, err := exec.Command(gcc, args...).CombinedOutput(); err != nil {
		t.Fatalf("gcc %v: %v\n%s", args, err, b)
	}
	return out
}

// runStrace runs a program that dies at its end and returns strace's lines.
func runStrace(t *testing.T, args, env []string) []string {
	out := filepath.Join(t.TempDir(), "strace")
	cmd := exec.Command(strace(t), append([]string{"-o", out}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	msg, _ := cmd.CombinedOutput()
	b, err := os.ReadFile(out)
	if err != nil || !bytes.Contains(b, []byte("+++ killed by SIG")) {
		t.Fatalf("strace %v: %v\n%s%s", args, err, msg, b)
	}
	return strings.Split(string(b), "\n")
}

var callLine = regexp.MustCompile(`^\[ *(\d+)\] (\w+)\((.*?)\)`)

// measure reads from strace's lines what calls it knows.
func measure(t *testing.T, id string, lines []string) []call {
	var calls []call
	for _, line := range lines[1:] { // without the execve that starts it
		m := callLine.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(m[2], "syscall_0x") {
			continue
		}
		nr, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if m[3] != "" {
			n = 1 + strings.Count(m[3], ",")
		}
		calls = append(calls, call{id, nr, m[2], n})
	}
	return calls
}

// What strace prints must be what testdata says it prints. No call happens:
// each gets an error injected.
func TestStraceLive(t *testing.T) {
	skipOn(t, "measured on amd64 only", runtime.GOARCH != "amd64")
	strace(t)
	static := []string{"-nostdlib", "-static"}
	prog64 := build(t, "allcalls.S", static...)
	got := measure(t, "amd64", runStrace(t,
		[]string{"-n", "-e", "raw=all", "-e", "inject=!execve:error=ENOSYS", prog64}, nil))

	prog32 := build(t, "allcalls.S", append(static, "-DAS32")...)
	lie := build(t, "as32.c", "-shared", "-fPIC")
	got = append(got, measure(t, "i386", runStrace(t,
		[]string{"-n", "-E", "LD_PRELOAD", "-e", "raw=all", "-e", "inject=!oldolduname,execve:error=ENOSYS", prog32},
		[]string{"LD_PRELOAD=" + lie}))...)

	if *update {
		var b bytes.Buffer
		for _, c := range got {
			fmt.Fprintln(&b, c.abi, c.nr, c.name, c.args)
		}
		if err := os.WriteFile(argcountFile, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want := readArgcount(t)
	if len(got) != len(want) {
		t.Errorf("strace knows %d calls, testdata has %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("strace: %v, testdata: %v", got[i], want[i])
		}
	}
}

// A true 32-bit program must show the same as the preloaded lie.
func TestStraceLive32(t *testing.T) {
	skipOn(t, "i386 programs run on x86 only", runtime.GOARCH != "amd64" && runtime.GOARCH != "386")
	strace(t)
	prog := build(t, "allcalls.S", "-m32", "-nostdlib", "-static")
	probe := exec.Command(prog)
	err := probe.Start()
	skipOn(t, "the kernel runs no 32-bit programs", err != nil)
	probe.Process.Kill()
	probe.Wait()
	lines := runStrace(t, []string{"-n", "-e", "raw=all", "-e", "inject=!execve:error=ENOSYS", prog}, nil)
	got := measure(t, "i386", lines)
	var want []call
	for _, c := range readArgcount(t) {
		if c.abi == "i386" {
			want = append(want, c)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("strace: %v\ntestdata: %v", got, want)
	}
}

// errnosUnknown are the errors that strace 6.1 shows as numbers.
var errnosUnknown = map[string]bool{"ENOPARAM": true}

func TestStraceErrnos(t *testing.T) {
	skipOn(t, "measured on amd64 only", runtime.GOARCH != "amd64")
	strace(t)
	prog := build(t, "allcalls.S", "-nostdlib", "-static")
	// One call per error: some calls show their own thing and are left out.
	var nrs []int
	for _, c := range readArgcount(t) {
		if c.abi == "amd64" && c.name != "execve" && !strings.Contains(c.name, "exit") && c.name != "rt_sigreturn" {
			nrs = append(nrs, c.nr)
		}
	}
	// Not with raw=all: that shows ERESTARTSYS and its like as "-1 ERESTARTSYS
	// (Unknown error 512)".
	args := []string{"-n", "-e", "inject=!execve:error=ENOSYS"}
	errno := map[int]int{} // by call
	add := func(from, to int) {
		for e := from; e <= to; e++ {
			nr := nrs[len(errno)]
			errno[nr] = e
			args = append(args, "-e", fmt.Sprintf("inject=%d:error=%d", nr, e))
		}
	}
	add(1, 140)
	add(505, 535)
	seen := 0
	for _, line := range runStrace(t, append(args, prog), nil)[1:] {
		m := callLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		nr, _ := strconv.Atoi(m[1])
		e, ok := errno[nr]
		if !ok {
			continue
		}
		seen++
		name := ErrnoName(e)
		want := fmt.Sprintf(" = -1 %s (%s) (INJECTED)", name, ErrnoText(e))
		switch {
		case name == "" || errnosUnknown[name]:
			want = fmt.Sprintf(" = -1 (errno %d) (INJECTED)", e)
		case strings.HasPrefix(name, "ERESTART") && e >= kernelErrno:
			want = fmt.Sprintf(" = ? %s (%s) (INJECTED)", name, ErrnoText(e))
		}
		if !strings.HasSuffix(line, want) {
			t.Errorf("strace: %s, want%s", line, want)
		}
	}
	if seen != len(errno) {
		t.Errorf("%d of %d errors seen", seen, len(errno))
	}
}

func TestStraceSignals(t *testing.T) {
	sh, err := exec.LookPath("sh")
	skipOn(t, "sh is not installed", err != nil)
	strace(t)
	var script strings.Builder
	for n := 1; n < NSIG; n++ {
		fmt.Fprintf(&script, "kill -%d $$;", n)
	}
	script.WriteString("kill -9 $$;")
	// All but the last are only said to have been sent.
	lines := runStrace(t, []string{"-e", "trace=kill", "-e",
		fmt.Sprintf("inject=kill:retval=0:when=1..%d", NSIG-1), sh, "-c", script.String()}, nil)
	for n := 1; n < NSIG; n++ {
		if want := fmt.Sprintf(", %s)", SignalName(n)); !strings.Contains(lines[n-1], want) {
			t.Errorf("strace: %s, want %s", lines[n-1], want)
		}
	}
}

// The kernel's headers, where the compiler finds some, name the same numbers.
func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		id   string
		host string // where gcc itself is the compiler; else cross is
		gcc  []string
	}{
		{"amd64", "amd64", []string{"gcc"}},
		// gcc -m32 knows no directory for <asm>, which both share.
		{"i386", "amd64", []string{"gcc", "-m32", "-I/usr/include/x86_64-linux-gnu"}},
		{"arm64", "", []string{"aarch64-linux-gnu-gcc"}},
	} {
		t.Run(c.id, func(t *testing.T) {
			skipOn(t, "gcc is not for "+c.id, c.host != "" && c.host != runtime.GOARCH)
			_, err := exec.LookPath(c.gcc[0])
			skipOn(t, c.gcc[0]+" is not installed", err != nil)
			compareHeaders(t, c.id, c.gcc)
		})
	}
}

func compareHeaders(t *testing.T, id string, gcc []string) {
	cpp := func(src string, args ...string) (string, error) {
		args = append(append(append([]string{}, gcc[1:]...), args...), "-E", "-P", "-x", "c", "-")
		cmd := exec.Command(gcc[0], args...)
		cmd.Stdin = strings.NewReader(src)
		out, err := cmd.Output()
		return string(out), err
	}
	const include = "#include <asm/unistd.h>\n"
	macros, err := cpp(include, "-dM")
	skipOn(t, "no <asm/unistd.h>", err != nil)
	src := include
	for line := range strings.Lines(macros) {
		if name, ok := strings.CutPrefix(line, "#define __NR_"); ok {
			name, _, _ = strings.Cut(name, " ")
			src += "call " + name + " __NR_" + name + "\n"
		}
	}
	out, err := cpp(src)
	if err != nil {
		t.Fatal(err)
	}
	var abi *ABI
	for _, a := range abis {
		if a.id == id {
			abi = a.abi
		}
	}
	seen := 0
	for line := range strings.Lines(out) {
		var name string
		var nr int
		if n, _ := fmt.Sscanf(line, "call %s %d", &name, &nr); n != 2 {
			continue
		}
		seen++
		got, ok := abi.SyscallNr(name)
		switch {
		case name == "syscalls" || name == "arch_specific_syscall": // a count and a base
		case ok && got == nr:
		case nr >= len(abi.Syscalls): // the headers are newer
		default:
			t.Errorf("%s is %d, %v, the headers say %d", name, got, ok, nr)
		}
	}
	if seen < 300 {
		t.Errorf("the headers have only %d calls", seen)
	}
}

package tracer_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hung is when a test gives up, and shows what everybody waits for. An emulated machine needs
// far longer.
var hung = func() time.Duration {
	if prebuilt != "" {
		return 20 * time.Minute
	}
	return 4 * time.Minute
}()

// stress lists programs that make every kind of task come and go. What they print must
// be the same with and without a tracer; all tasks that appear must end.
var stress = []struct {
	name    string
	args    []string
	options []string
}{
	{name: "storm", args: []string{"2000"}},
	{name: "storm", args: []string{"208"}, options: []string{"-y", "-i", "-T"}},
	{name: "storm", args: []string{"208"}, options: []string{"-e", "trace=execve", "--kill-on-exit"}},
	{name: "storm", args: []string{"208"}, options: []string{"--pin"}},
	{name: "killed"},
	{name: "killed", options: []string{"-e", "trace=none"}},
	{name: "lineage"},
	{name: "lineage", options: []string{"-e", "trace=%process", "--kill-on-exit"}},
	{name: "execs"},
	{name: "execs", options: []string{"--pin"}},
	{name: "execs", options: []string{"-e", "trace=none"}},
	{name: "stops"},
	{name: "stops", options: []string{"-e", "trace=none"}},
	{name: "jobs"},
	{name: "jobs", options: []string{"-e", "trace=execve", "--kill-on-exit"}},
}

func TestStress(t *testing.T) {
	tracer := built(t)
	for _, s := range stress {
		t.Run(s.name+strings.Join(s.options, ""), func(t *testing.T) {
			prog := compile(t, s.name)
			args := s.args
			if testing.Short() && len(args) > 0 {
				args = []string{"64"}
			}
			want, status := runBounded(t, append([]string{prog}, args...)...)
			if len(want) == 0 {
				t.Fatal("the program prints nothing")
			}
			trace := filepath.Join(t.TempDir(), "trace")
			argv := append([]string{tracer, "-f", "-o", trace}, s.options...)
			out, got := runBounded(t, append(append(argv, prog), args...)...)
			if got != status {
				t.Errorf("exit status %d, bare %d", got, status)
			}
			// Who is killed before it executes is a matter of chance.
			if s.name == "storm" {
				want, out = sumStorm(t, want), sumStorm(t, out)
			}
			if out != want {
				t.Errorf("prints\n%s\nbare\n%s", out, want)
			}
			checkEnds(t, trace)
			checkGone(t, prog)
		})
	}
}

// built returns the tracer's program.
func built(t *testing.T) string {
	t.Helper()
	needCompiler(t)
	used.built = true
	tracer, err := gotrace()
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

// compile builds a program of testdata/fixtures under a name that no other process has.
func compile(t *testing.T, name string) string {
	t.Helper()
	prog := filepath.Join(t.TempDir(), fmt.Sprintf("%.6s-%d", name, os.Getpid()))
	if prebuilt != "" {
		copyPrebuilt(t, name, "64", prog)
		return prog
	}
	out, err := exec.Command("gcc", "-O1", "-w", "-pthread", "-o", prog, "testdata/fixtures/"+name+".c").CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return prog
}

// runBounded runs a command that must end; if it does not, the state of all its
// descendants is shown.
func runBounded(t *testing.T, argv ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	c.Cancel = func() error {
		t.Errorf("%v hangs:\n%s", argv, dumpTree(c.Process.Pid))
		return syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
	}
	c.WaitDelay = 10 * time.Second
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v\n%s", argv, err, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		t.Logf("%s", stderr.Bytes())
	}
	return stdout.String(), c.ProcessState.ExitCode()
}

// dumpTree shows the state of a process, its threads and its descendants.
func dumpTree(root int) string {
	children := make(map[int][]int)
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(d))
		s, _ := os.ReadFile(d + "/stat")
		if f := strings.Fields(string(s[bytes.LastIndexByte(s, ')')+1:])); len(f) > 2 {
			ppid, _ := strconv.Atoi(f[1])
			children[ppid] = append(children[ppid], pid)
		}
	}
	var b strings.Builder
	var dump func(pid, depth int)
	dump = func(pid, depth int) {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		for _, dir := range tasks {
			read := func(name string) string {
				s, _ := os.ReadFile(dir + "/" + name)
				return strings.TrimSpace(string(s))
			}
			stat := read("stat")
			if len(stat) > 60 {
				stat = stat[:60]
			}
			fmt.Fprintf(&b, "%*s%s in %s, call %s\n", 2*depth, "", stat, read("wchan"), read("syscall"))
		}
		for _, c := range children[pid] {
			dump(c, depth+1)
		}
	}
	dump(root, 0)
	return b.String()
}

var stormed = regexp.MustCompile(`^exited (\d+) killed (\d+) wrong 0\n$`)

func sumStorm(t *testing.T, out string) string {
	t.Helper()
	m := stormed.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("storm prints %q", out)
	}
	a, _ := strconv.Atoi(m[1])
	b, _ := strconv.Atoi(m[2])
	return strconv.Itoa(a+b) + " ended"
}

var (
	address    = regexp.MustCompile(`^\[[0-9a-f?]+\] `)
	pidColumn  = regexp.MustCompile(`^(\d+) +`)
	endLine    = regexp.MustCompile(`^\+\+\+ (exited with \d+|killed by SIG\w+( \(core dumped\))?) \+\+\+$`)
	superseded = regexp.MustCompile(`^\+\+\+ superseded by execve in pid (\d+) \+\+\+$`)
)

// checkEnds holds that every task of a trace ends in it, once for each life that it had,
// and writes nothing after that.
func checkEnds(t *testing.T, trace string) {
	t.Helper()
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open := make(map[string]string) // the last line of tasks that live
	ends, lines := 0, 0
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		lines++
		m := pidColumn.FindStringSubmatch(in.Text())
		if m == nil {
			t.Fatalf("line %d has no pid: %q", lines, in.Text())
		}
		pid, text := m[1], address.ReplaceAllString(in.Text()[len(m[0]):], "")
		open[pid] = text
		if endLine.MatchString(text) {
			delete(open, pid)
			ends++
		}
		// The thread that executed lives on under the leader's tid.
		if s := superseded.FindStringSubmatch(text); s != nil {
			delete(open, s[1])
		}
	}
	if ends == 0 {
		t.Error("nothing ends in the trace")
	}
	shown := 0
	for pid, text := range open {
		if shown++; shown < 10 {
			t.Errorf("task %s does not end: its last line is %s", pid, text)
		}
	}
}

// checkGone holds that no process of the program is left. One that is dead and waits for
// init to look is not ours any more.
func checkGone(t *testing.T, prog string) {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no processes", err)
	}
	comm := "(" + fmt.Sprintf("%.15s", filepath.Base(prog)) + ")"
	for _, d := range dirs {
		s, _ := os.ReadFile(d)
		if i := strings.Index(string(s), comm+" "); i >= 0 && s[i+len(comm)+1] != 'Z' && s[i+len(comm)+1] != 'X' {
			t.Errorf("left behind: %s", s)
		}
	}
}

// TestKilledWhileTracerStopped kills tracees while the tracer is stopped, so that each
// dies in the stop that it happens to be in, before the tracer has handled it.
func TestKilledWhileTracerStopped(t *testing.T) {
	tracer := built(t)
	prog := compile(t, "killed")
	rounds := 25
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		killStopped(t, tracer, prog)
	}
	checkGone(t, prog)
}

func killStopped(t *testing.T, tracer, prog string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	trace := filepath.Join(t.TempDir(), "trace")
	c := exec.CommandContext(ctx, tracer, "-f", "-o", trace, prog, "wait")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Cancel = func() error {
		t.Errorf("hangs:\n%s", dumpTree(c.Process.Pid))
		return c.Process.Kill()
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var children []int
	in := bufio.NewScanner(out)
	for in.Scan() && in.Text() != "ready" {
		n, err := strconv.Atoi(strings.Fields(in.Text())[0])
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, n)
	}
	if len(children) < 5 {
		t.Fatalf("%d children", len(children))
	}
	c.Process.Signal(syscall.SIGSTOP)
	waitState(ctx, c.Process.Pid, 'T')
	for _, pid := range children {
		waitState(ctx, pid, 't') // it makes a call or dies of itself: soon it stops
		syscall.Kill(pid, syscall.SIGKILL)
	}
	c.Process.Signal(syscall.SIGCONT)
	in.Scan()
	if want := fmt.Sprintf("reaped %d", len(children)); in.Text() != want {
		t.Errorf("%q, want %q", in.Text(), want)
	}
	c.Wait()
	if s := c.ProcessState.ExitCode(); s != 9 {
		t.Errorf("exit status %d", s)
	}
	checkEnds(t, trace)
}

// waitState polls until a process is in a state, or blocked or gone.
func waitState(ctx context.Context, pid int, state byte) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ; ctx.Err() == nil; <-tick.C {
		s, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return
		}
		i := bytes.LastIndexByte(s, ')')
		if s[i+2] == state || s[i+2] == 'S' || s[i+2] == 'D' || s[i+2] == 'Z' {
			return
		}
	}
}

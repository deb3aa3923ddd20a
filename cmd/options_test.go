package cmd

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"
)

// noSuchProgram stands for PROG in the table: a program that cannot start keeps a
// tracer from tracing anything.
const noSuchProgram = "/no/such/program"

// cliCase is one line of testdata/options/cli.txt.
type cliCase struct {
	line int
	args []string
	want string
}

func cliCases(t testing.TB) []cliCase {
	t.Helper()
	f, err := os.Open("testdata/options/cli.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []cliCase
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		n++
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		words, want, ok := strings.Cut(s.Text(), "\t")
		if !ok {
			t.Fatalf("cli.txt:%d: no tab", n)
		}
		c := cliCase{line: n, want: want}
		for words != "" {
			word := words
			if words[0] == '"' {
				if word, err = strconv.QuotedPrefix(words); err != nil {
					t.Fatalf("cli.txt:%d: %v", n, err)
				}
				words = words[len(word):]
				word, _ = strconv.Unquote(word)
			} else if i := strings.IndexByte(words, ' '); i >= 0 {
				word, words = words[:i], words[i:]
			} else {
				words = ""
			}
			words = strings.TrimPrefix(words, " ")
			if word == "PROG" {
				word = noSuchProgram
			}
			c.args = append(c.args, word)
		}
		cases = append(cases, c)
	}
	if len(cases) < 300 {
		t.Fatalf("cli.txt has %d lines only", len(cases))
	}
	return cases
}

// messages makes the table's form of what a program writes to standard error.
func messages(stderr, program string) string {
	var said []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSuffix(line, "\n")
		line = strings.TrimPrefix(line, program+": ")
		switch {
		case strings.HasPrefix(line, "Try '"):
			said[len(said)-1] += " (usage)"
			continue
		case strings.HasPrefix(line, "Can't stat"), strings.HasPrefix(line, "attach: "):
			line = "ok"
		}
		said = append(said, line)
	}
	return strings.Join(said, "; ")
}

// runOptions runs a command line up to the point where tracing would begin.
func runOptions(args ...string) (stdout, stderr string, code int, o *Options) {
	var out, errs bytes.Buffer
	m := &mainer{
		argv: append([]string{"gotrace"}, args...), stdout: &out, stderr: &errs,
		trace: func(opts *Options) int { o = opts; return 0 },
	}
	code = m.main()
	return out.String(), errs.String(), code, o
}

func TestCommandLines(t *testing.T) {
	for _, c := range cliCases(t) {
		if slices.Contains(c.args, "-u") && os.Geteuid() != 0 {
			continue // only root's argument is looked at
		}
		_, stderr, code, o := runOptions(c.args...)
		got := messages(stderr, "gotrace")
		if o != nil {
			got = strings.TrimPrefix(got+"; ok", "; ")
		}
		if got != c.want {
			t.Errorf("cli.txt:%d: %q\n got %s\nwant %s", c.line, c.args, got, c.want)
		}
		if (o == nil) != (code == 1) {
			t.Errorf("cli.txt:%d: %q: status %d", c.line, c.args, code)
		}
	}
}

// TestCommandLinesLikeStrace asks strace about every line of the table.
func TestCommandLinesLikeStrace(t *testing.T) {
	file, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	version, err := exec.Command(file, "-V").Output()
	if err != nil || !strings.HasPrefix(string(version), "strace -- version 6.1\n") {
		t.Skip("strace is not version 6.1")
	}
	if os.Geteuid() != 0 {
		t.Skip("not root: strace refuses -u before it looks at its argument")
	}
	if _, err := os.Stat(noSuchProgram); err == nil {
		t.Fatalf("%s exists", noSuchProgram)
	}
	said := 0
	for _, c := range cliCases(t) {
		if slices.Contains(c.args, "-k") && !strings.Contains(string(version), " stack-trace=") {
			continue // a strace that knows no stacks
		}
		cmd := exec.Command(file, c.args...)
		cmd.Args[0] = "strace"
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil {
			t.Fatalf("cli.txt:%d: strace %q has status 0", c.line, c.args)
		}
		got := messages(stderr.String(), "strace")
		if got != c.want {
			t.Errorf("cli.txt:%d: strace %q: %s, the table says %s", c.line, c.args, got, c.want)
		}
		if got != "ok" {
			said++
		}
	}
	if said < 150 {
		t.Errorf("strace complained about %d lines only", said)
	}
}

func TestOptionValues(t *testing.T) {
	str := func(s string) *string { return &s }
	for _, c := range []struct {
		args string
		set  func(*Options)
	}{
		{"ls -l", func(o *Options) { o.Command = []string{"ls", "-l"} }},
		{"-- -x", func(o *Options) { o.Command = []string{"-x"} }},
		{"-fs10 -a5 x", func(o *Options) { o.Follow, o.StringLimit, o.Columns = true, 10, 5 }},
		{"-ff -o out x", func(o *Options) { o.Follow, o.Separate, o.Output = true, true, "out" }},
		{"--follow --output out --output-sep x", func(o *Options) { o.Follow, o.Separate, o.Output = true, true, "out" }},
		{"-t x", func(o *Options) { o.Absolute = Clock{On: true} }},
		{"-tt x", func(o *Options) { o.Absolute = Clock{On: true, Precision: Microseconds} }},
		{"-ttt x", func(o *Options) { o.Absolute = Clock{On: true, Unix: true, Precision: Microseconds} }},
		{"--absolute-timestamps x", func(o *Options) { o.Absolute = Clock{On: true} }},
		{"--absolute-timestamps=format:unix,precision:ns x", func(o *Options) { o.Absolute = Clock{On: true, Unix: true, Precision: Nanoseconds} }},
		{"--timestamps=unix --timestamps=us x", func(o *Options) { o.Absolute = Clock{On: true, Unix: true, Precision: Microseconds} }},
		{"--absolute-timestamps=none,us x", func(o *Options) { o.Absolute = Clock{Precision: Microseconds} }},
		{"-rT x", func(o *Options) {
			o.Relative = Clock{On: true, Precision: Microseconds}
			o.SyscallTimes = o.Relative
		}},
		{"--relative-timestamps=ms --syscall-times=S x", func(o *Options) {
			o.Relative = Clock{On: true, Precision: Milliseconds}
			o.SyscallTimes = Clock{On: true}
		}},
		{"-x x", func(o *Options) { o.HexStrings = HexNonASCII }},
		{"-xx x", func(o *Options) { o.HexStrings = HexAll }},
		{"--strings-in-hex=non-ascii-chars x", func(o *Options) { o.HexStrings = HexNonASCIIChars }},
		{"-X raw x", func(o *Options) { o.Consts = ConstRaw }},
		{"-I4 x", func(o *Options) { o.Interruptible = InterruptNeverTSTP }},
		{"-I never x", func(o *Options) { o.Interruptible = InterruptNever }},
		{"-DD x", func(o *Options) { o.Daemonize = 2 }},
		{"--daemonize=session x", func(o *Options) { o.Daemonize = 3 }},
		{"-E A=b=c -E D --env= x", func(o *Options) { o.Env = []EnvChange{{"A", "b=c", false}, {"D", "", true}, {"", "", true}} }},
		{"-p 999999997 -p 999999998,999999997", func(o *Options) { o.PIDs = []int{999999997, 999999998, 999999997} }},
		{"-b execve --argv0 y --kill-on-exit --pin x", func(o *Options) {
			o.DetachOnExecve, o.Argv0, o.KillOnExit, o.Pin = true, str("y"), true, true
		}},
		{"-inNk --always-show-pid --stack-trace-frame-limit=5 x", func(o *Options) {
			o.PrintIP, o.PrintNumber, o.ArgNames, o.StackTraces, o.AlwaysShowPID, o.StackLimit = true, true, true, 1, true, 5
		}},
		{"-kk x", func(o *Options) { o.StackTraces = 2 }},
		{"--stack-trace=source x", func(o *Options) { o.StackTraces = 2 }},
		{"-cw -O 2ms -S name -U name,calls x", func(o *Options) {
			o.Summary, o.WallClock, o.Overhead = SummaryOnly, true, 2*time.Millisecond
			o.SummarySort, o.SummaryColumns = "name", []string{"name", "calls"}
		}},
		{"-C -S longest x", func(o *Options) { o.Summary, o.SummarySort = SummaryAlso, "max-time" }},
		{"-P /a -P /b -A -o f x", func(o *Options) { o.TracePaths, o.Append, o.Output = []string{"/a", "/b"}, true, "f" }},
		{"--json --color=never --syscall-limit=3 x", func(o *Options) { o.JSON, o.Color, o.SyscallLimit = true, ColorNever, 3 }},
		{"--color x", func(o *Options) { o.Color = ColorAlways }},
		{"-f --seccomp-bpf -e chdir x", func(o *Options) { o.Follow, o.SeccompBPF = true, true }},
	} {
		want, err := parseOptions([]string{"gotrace", "x"}, universe(), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.set(want.o)
		args := strings.Fields(c.args)
		if args[len(args)-1] != "x" && !strings.HasPrefix(c.args, "-p") {
			want.o.Command = args[len(args)-1:]
		}
		if strings.HasPrefix(c.args, "-p") {
			want.o.Command = nil
		}
		if args[0] == "ls" {
			want.o.Command = args
		}
		got, err := parseOptions(append([]string{"gotrace"}, args...), universe(), func(w string) { t.Errorf("%s: warning %s", c.args, w) })
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		got.o.Filter, want.o.Filter = nil, nil
		if len(got.o.Command) == 0 {
			got.o.Command = nil
		}
		if !reflect.DeepEqual(got.o, want.o) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.args, got.o, want.o)
		}
	}
}

// TestFilterOptions holds how options and expressions act on one another.
func TestFilterOptions(t *testing.T) {
	for _, c := range []struct {
		args string
		ok   func(o *Options) bool
	}{
		{"-v x", func(o *Options) bool { return o.Filter.Abbrev.Empty() }},
		{"-v -e abbrev=execve x", func(o *Options) bool { return o.Filter.Abbrev.Len(0) == 1 }},
		{"-e abbrev=execve -v x", func(o *Options) bool { return o.Filter.Abbrev.Empty() }},
		{"-z -e status=failed x", func(o *Options) bool { return o.Filter.Status.String() == "failed" }},
		{"-e status=failed -z x", func(o *Options) bool { return o.Filter.Status.String() == "successful" }},
		{"-y x", func(o *Options) bool { return o.Filter.DecodeFDs == 1 }},
		{"-yy x", func(o *Options) bool { return o.Filter.DecodeFDs == 63 }},
		{"-Y --pidns x", func(o *Options) bool { return o.Filter.DecodePIDs == 3 }},
		{"-q x", func(o *Options) bool { return o.Filter.Quiet == 9 }},
		{"-qq x", func(o *Options) bool { return o.Filter.Quiet == 11 }},
		{"-qqq x", func(o *Options) bool { return o.Filter.Quiet == 31 }},
		{"--quiet x", func(o *Options) bool { return o.Filter.Quiet == 9 }},
		{"--trace=openat --exec=a,b+ x", func(o *Options) bool { return o.Filter.TraceGiven && len(o.Filter.Exec) == 2 }},
		{"--trace-fds=3 x", func(o *Options) bool { return o.Filter.TraceFDs.Has(3) && !o.Filter.TraceFDs.Has(4) }},
	} {
		_, stderr, _, o := runOptions(strings.Fields(c.args)...)
		if o == nil || !c.ok(o) {
			t.Errorf("%s: wrong options; %s", c.args, stderr)
		}
	}
}

// TestAbbreviations holds that new options take no abbreviation from old ones.
func TestAbbreviations(t *testing.T) {
	table := OptionTable()
	for name, want := range map[string]string{
		"col": "columns", "e": "env", "k": "kvm", "stack": "stack-traces", "kill": "kill-on-exit", "pin": "pin",
		"arg": "", "argv": "argv0", "colo": "color", "j": "json", "summary": "summary", "sil": "silent",
	} {
		_, got, err := findLong(table, name, "--"+name)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("--%s means %q (%v), want %q", name, got, err, want)
		}
	}
}

// TestTable holds what the table of options must be for help text and man page.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range OptionTable() {
		names := o.Longs
		if o.Short != 0 {
			names = append([]string{string(rune(o.Short))}, names...)
		}
		if len(names) == 0 || o.Help == "" || o.Group == "" || o.set == nil {
			t.Errorf("%v is incomplete", names)
		}
		for _, n := range names {
			if seen[n] {
				t.Errorf("%s is there twice", n)
			}
			seen[n] = true
		}
		if (o.ShortArg || o.LongArg != NoArg) != (o.ArgName != "") {
			t.Errorf("%v: argument and its name do not agree", names)
		}
	}
	for _, c := range "aAbcCdDeEfFhiIknNoOpPqrsStTuUvVwxXyYzZ" {
		if !seen[string(c)] {
			t.Errorf("there is no -%c", c)
		}
	}
}

func TestHelp(t *testing.T) {
	stdout, stderr, code, _ := runOptions("-h", "--nonsense")
	if stderr != "" || code != 0 {
		t.Errorf("status %d, %s", code, stderr)
	}
	for line := range strings.Lines(stdout) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > helpWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, o := range OptionTable() {
		if !strings.Contains(stdout, o.Spellings()) {
			t.Errorf("%s is missing", o.Spellings())
		}
	}
}

func TestPIDsOf(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	proc := fstest.MapFS{
		"1/comm": file("init\n"), "20/comm": file("nginx\n"), "3/comm": file("nginx\n"), "self/comm": file("nginx\n"),
		"4/comm": file("a-rather-long-n\n"), "4/cmdline": file("/bin/a-rather-long-name\x00-x\x00"),
		"5/comm": file("a-rather-long-n\n"), "5/cmdline": file("a-rather-long-nail\x00"),
		"6/cmdline": file("nginx\x00"),
	}
	for name, want := range map[string][]int{
		"nginx": {3, 20}, "init": {1}, "none": nil, "a-rather-long-name": {4}, "a-rather-long-n": {4, 5},
	} {
		if got := pidsOf(proc, name, 7); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if got := pidsOf(proc, "nginx", 20); !reflect.DeepEqual(got, []int{3}) {
		t.Errorf("%v with oneself, want 3 alone", got)
	}
}

func FuzzOptions(f *testing.F) {
	for i, c := range cliCases(f) {
		if i%5 == 0 {
			f.Add(strings.Join(c.args, "\x00"))
		}
	}
	u := universe()
	f.Fuzz(func(t *testing.T, words string) {
		argv := append([]string{"gotrace"}, strings.Split(words, "\x00")...)
		p, err := parseOptions(argv, u, func(string) {})
		var usage usageError
		var plain plainError
		switch {
		case err == nil || errors.Is(err, errHelp) || errors.As(err, &usage) || errors.As(err, &plain):
		default:
			t.Fatalf("%q: %T %v", argv, err, err)
		}
		if err == nil && !p.version && len(p.o.Command)+len(p.o.PIDs)+len(p.o.PIDNames) == 0 && !p.o.Explain {
			t.Fatalf("%q: nothing to trace", argv)
		}
	})
}

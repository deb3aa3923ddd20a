// Package difftest compares gotrace with strace on real programs. It has tests only.
package difftest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotrace/gotrace/internal/testenv"
)

// variant is a set of options to compare with.
type variant struct {
	name    string
	options []string
	few     bool // for the programs that are not compared in full, too
	rare    bool // for the programs only that are compared with every set
	summary bool
	bag     bool // shows no creations: processes cannot be told apart
}

var variants = []variant{
	{name: "plain", options: []string{"-f"}, few: true},
	{name: "v", options: []string{"-f", "-v"}},
	{name: "y", options: []string{"-f", "-y"}},
	{name: "yy-v", options: []string{"-f", "-yy", "-v"}, few: true},
	{name: "x-s5", options: []string{"-f", "-x", "-s", "5"}},
	{name: "xx", options: []string{"-f", "-xx", "-a", "60"}},
	{name: "Xraw", options: []string{"-f", "-X", "raw"}},
	{name: "Xverbose", options: []string{"-f", "-X", "verbose", "-s", "100"}, few: true},
	{name: "times", options: []string{"-f", "-T", "-tt"}},
	{name: "ttt-y", options: []string{"-f", "-T", "-ttt", "-y", "-x", "-s", "8"}, few: true},
	{name: "r", options: []string{"-f", "-r"}},
	{name: "i-n", options: []string{"-f", "-i", "-n"}},
	{name: "ff", options: []string{"-ff"}},
	{name: "raw", options: []string{"-f", "-e", "raw=all"}},
	{name: "failed", options: []string{"-f", "-Z", "-e", "signal=none"}, bag: true},
	{name: "file", options: []string{"-f", "-e", "trace=%file,%process", "-e", "abbrev=none"}},
	{name: "Y", options: []string{"-f", "-Y"}, rare: true},
	{name: "P", options: []string{"-f", "-P", "/etc/ld.so.cache", "-P", "/proc/self", "-P", "/", "-y"}, rare: true, bag: true},
	{name: "verbose-none", options: []string{"-f", "-e", "verbose=none", "-s", "0"}, rare: true},
	{name: "signals", options: []string{"-f", "-e", "trace=%signal,%memory,/^clone", "-e", "signal=SIGUSR1,SIGSEGV,CHLD"}, rare: true},
	{name: "inject", options: []string{"-f", "-e", "inject=getppid,geteuid:retval=7", "-e", "fault=ioctl,munmap:error=EPERM:when=2+2"}, rare: true},
	{name: "bpf", options: []string{"-f", "--seccomp-bpf", "-e", "trace=%desc,%process"}, rare: true},
	{name: "summary", options: []string{"-f", "-c", "-U", "calls,errors,name", "-S", "name"}, summary: true},
}

// least is the part of lines that must be the same.
const least = 0.99

// attempts bounds how often two runs are compared whose schedules may differ.
const attempts = 8

func TestStrace(t *testing.T) {
	strace := strace61()
	skipOn(t, "strace 6.1 is not installed", strace == "")
	err := exec.Command("setarch", "-R", "true").Run()
	skipOn(t, "setarch cannot switch off address space randomisation", err != nil)
	gotrace, err := build()
	if err != nil {
		t.Fatal(err)
	}
	data, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			for _, n := range p.needs {
				_, err := exec.LookPath(n)
				skipOn(t, n+" is not installed", err != nil)
			}
			tmp := filepath.Join(scratch, p.name)
			os.RemoveAll(tmp)
			if err := os.Mkdir(tmp, 0o755); err != nil {
				t.Fatal(err)
			}
			b := &bench{data: data, tmp: tmp, dir: filepath.Join(tmp, "work")}
			argv := p.prepare(t, b)
			for _, v := range variants {
				if !p.comparedWith(v) {
					continue
				}
				t.Run(v.name, func(t *testing.T) { compareTraces(t, &p, b, v, argv, strace, gotrace) })
			}
		})
	}
}

func (p *program) comparedWith(v variant) bool {
	switch {
	case slices.Contains(p.also, v.name):
		return true
	case v.summary:
		return p.exact
	case v.rare:
		return p.rare
	}
	return p.full || v.few
}

func compareTraces(t *testing.T, p *program, b *bench, v variant, argv []string, strace, gotrace string) {
	best := -1.0
	var worst string
	for range attempts {
		ratio, report := attempt(t, p, b, v, argv, strace, gotrace)
		if ratio > best {
			best, worst = ratio, report
		}
		if best >= least || t.Failed() {
			break
		}
	}
	if best < least {
		t.Errorf("%.2f %% of the lines are the same\n%s", 100*best, worst)
	} else {
		t.Logf("%.2f %% of the lines are the same\n%s", 100*best, worst)
	}
}

// attempt runs the program under both tracers, and tells how much of their traces is the
// same and what is not.
func attempt(t *testing.T, p *program, b *bench, v variant, argv []string, strace, gotrace string) (float64, string) {
	fa, sa := b.trace(t, p, v, argv, strace)
	fb, sb := b.trace(t, p, v, argv, gotrace)
	if sa.ExitCode() != sb.ExitCode() {
		t.Errorf("%v under strace, %v under gotrace", sa, sb)
	}
	if v.summary {
		return compareText(t, fa, fb)
	}
	separate := v.name == "ff"
	ta, err := parse(fa, separate)
	if err != nil {
		// strace 6.1 loses the beginning of a line now and then under -Z.
		return 0, err.Error()
	}
	tb, err := parse(fb, separate)
	if err != nil {
		t.Fatal(err)
	}
	ta.addPID(strconv.Itoa(sa.Pid()))
	tb.addPID(strconv.Itoa(sb.Pid()))
	c := &comparer{a: ta, b: tb, noise: slices.Concat(noise, compileAll(p.noise))}
	if p.scheduled != "" {
		c.drop = regexp.MustCompile(p.scheduled)
	}
	compare := c.sequences
	switch {
	case p.anyThread:
		compare = c.sets
	case v.bag:
		compare = c.bags
	}
	same, all, diff := compare()
	if same < 5 {
		t.Fatalf("strace wrote nothing to compare with: %d lines are the same", same)
	}
	var report strings.Builder
	named := make(map[string]int)
	for _, d := range diff {
		if n := allowed(d); n != "" {
			named[n]++
			all--
			continue
		}
		if report.Len() < 20000 {
			fmt.Fprintf(&report, "%s\n\tstrace:  %s\n\tgotrace: %s\n", d.key, d.a, d.b)
		}
	}
	for n, k := range named {
		fmt.Fprintf(&report, "allowed: %s: %d\n", n, k)
	}
	fmt.Fprintf(&report, "%d of %d\n", same, all)
	return float64(same) / float64(all), report.String()
}

// trace runs the program under a tracer and returns the trace's name and how it ended.
func (b *bench) trace(t *testing.T, p *program, v variant, argv []string, tracer string) (string, *os.ProcessState) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	os.RemoveAll(b.dir)
	if err := os.Mkdir(b.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if p.setup != nil {
		p.setup(t, b)
	}
	out := filepath.Join(t.TempDir(), "trace")
	args := append([]string{"-R", tracer}, v.options...)
	args = append(append(args, "-o", out), argv...)
	c := exec.CommandContext(ctx, "setarch", args...)
	c.Dir = b.dir
	c.Env = []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + b.tmp, "LC_ALL=C.UTF-8", "TZ=UTC", "PWD=" + b.dir,
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "PERL_HASH_SEED=0", "PERL_PERTURB_KEYS=0", "GOMAXPROCS=1", "GOGC=off",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
		"GIT_AUTHOR_DATE=1700000000 +0000", "GIT_COMMITTER_DATE=1700000000 +0000",
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if p.drive != nil {
		p.drive(ctx, t, b)
	}
	err := c.Wait()
	if ctx.Err() != nil {
		t.Fatalf("%s does not end: %v\n%s", tracer, ctx.Err(), stderr.Bytes())
	}
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatal(err)
	}
	return out, c.ProcessState
}

// compareText compares summaries word by word.
func compareText(t *testing.T, fa, fb string) (float64, string) {
	t.Helper()
	var text [2][]string
	for i, f := range []string{fa, fb} {
		s, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text[i] = splitLines(string(s))
	}
	a, b := text[0], text[1]
	if len(a) < 5 {
		t.Fatalf("strace's summary has %d lines", len(a))
	}
	same := 0
	var report strings.Builder
	for _, l := range a {
		if contains(b, l) {
			same++
		} else {
			fmt.Fprintf(&report, "strace only:  %s\n", l)
		}
	}
	for _, l := range b {
		if !contains(a, l) {
			fmt.Fprintf(&report, "gotrace only: %s\n", l)
		}
	}
	return float64(same) / float64(max(len(a), len(b))), report.String()
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func skipOn(t *testing.T, reason string, cond bool) {
	t.Helper()
	if cond {
		t.Skip(reason)
	}
}

func strace61() string {
	out, err := exec.Command("strace", "-V").Output()
	if err != nil || !bytes.HasPrefix(out, []byte("strace -- version 6.1\n")) {
		return ""
	}
	return "strace"
}

var build = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(scratch, "gotrace")
	out, err := exec.Command("go", "build", "-o", bin, "github.com/gotrace/gotrace").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %v\n%s", err, out)
	}
	return bin, nil
})

// scratch is where everything happens: readable for servers that drop their rights.
var scratch string

func TestMain(m *testing.M) {
	testenv.Settle()
	dir, err := os.MkdirTemp("", "gotrace-diff")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	os.Chmod(dir, 0o755)
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

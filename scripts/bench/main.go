// Bench times gotrace against strace and against no tracer at all, in the same run: each
// configuration and its reference take turns, and the ratio of each pair is taken. It prints
// the median ratio of the times that they took, its range, and what is aimed at; and the
// median ratio of the processor time, all processes of a run together, which other
// programs on the machine disturb less.
//
//	go run ./scripts/bench [-n PAIRS] [-run REGEXP]
//
// The figures depend on the machine, and on what else it does: compare ratios, not times.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// load is a program to be traced.
type load struct {
	name, source string
	args         []string
}

var loads = []load{
	{"getppid", "getppid.c", []string{"40000"}},
	{"open-read-close", "file.c", []string{"10000"}},
	{"four-threads", "threads.c", []string{"10000"}},
	{"fork-exec", "storm.c", []string{"200"}},
	{"calls", "calls.c", []string{"20000"}},
}

// heavy is more of the same, for tracers that cost next to nothing.
var heavy = map[string][]string{"getppid": {"3000000"}, "open-read-close": {"400000"}, "fork-exec": {"1000"}, "calls": {"300000000"}}

// config compares one command line with another; TRACEE stands for the load, and a word of
// rules for a rule.
type config struct {
	name, load string
	ours, ref  string
	target     float64
	heavy      bool
}

const (
	straceAll  = "strace -f -o /dev/null TRACEE"
	gotraceAll = "GOTRACE -f -o /dev/null TRACEE"
	pinAll     = "GOTRACE --pin -f -o /dev/null TRACEE"
	oneCPU     = "taskset -c 0 "
)

// gdb counts how often control arrives at a function.
var gdb = []string{"gdb", "-q", "-nx", "-batch", "-ex", "break called", "-ex", "ignore 1 1000000000", "-ex", "run", "--args"}

var rules = map[string]string{
	// RULE is about the very calls of the load, under a condition that never holds.
	"RULE":    "on syscall(getppid,read) where arg.1 == 12345 do print",
	"SAMPLES": "on perf(cpu-clock, 1ms) do count",
	"UPROBE":  "on uprobe(called) do count",
}

var configs = []config{
	{"full trace, --pin", "getppid", pinAll, straceAll, 0.55, false},
	{"full trace, --pin", "open-read-close", pinAll, straceAll, 0.55, false},
	{"full trace, --pin", "four-threads", pinAll, straceAll, 0.65, false},
	{"full trace, --pin", "fork-exec", pinAll, straceAll, 0.6, false},
	{"full trace, both on one CPU", "getppid", oneCPU + gotraceAll, oneCPU + straceAll, 0.8, false},
	{"full trace, both on one CPU", "open-read-close", oneCPU + gotraceAll, oneCPU + straceAll, 0.8, false},
	{"full trace", "getppid", gotraceAll, straceAll, 1, false},
	{"full trace", "open-read-close", gotraceAll, straceAll, 1, false},
	{"full trace", "four-threads", gotraceAll, straceAll, 1, false},
	{"full trace", "fork-exec", gotraceAll, straceAll, 1, false},
	{"a filter that matches nothing / untraced", "getppid", "GOTRACE -f -o /dev/null -e trace=reboot TRACEE", "TRACEE", 1.1, true},
	{"a filter that matches nothing / untraced", "fork-exec", "GOTRACE -f -o /dev/null -e trace=reboot TRACEE", "TRACEE", 1.15, true},
	{"a pushed-down rule that does not match / untraced", "getppid",
		"GOTRACE -f -o /dev/null -e RULE TRACEE", "TRACEE", 1.1, true},
	{"a pushed-down rule that does not match / untraced", "open-read-close",
		"GOTRACE -f -o /dev/null -e RULE TRACEE", "TRACEE", 1.1, true},
	{"samples every ms / untraced", "calls", "GOTRACE -f -o /dev/null -e SAMPLES TRACEE", "TRACEE", 1.1, true},
	{"uprobe that counts / gdb's silent breakpoint", "calls", "GOTRACE -f -o /dev/null -e UPROBE TRACEE", "GDB TRACEE", 0.05, false},
	{"outside an exec= group / untraced", "getppid", "GOTRACE -f -o /dev/null -e exec=nothing TRACEE", "TRACEE", 1.1, true},
	{"outside an exec= group / untraced", "fork-exec", "GOTRACE -f -o /dev/null -e exec=nothing TRACEE", "TRACEE", 1.15, true},
}

func main() {
	pairs := flag.Int("n", 5, "pairs of runs of each configuration")
	only := flag.String("run", "", "only configurations whose name or load matches")
	flag.Parse()
	if err := run(*pairs, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(pairs int, only string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		return err
	}
	fmt.Printf("%-42s %-16s %9s %19s %7s %7s\n", "configuration", "load", "ratio", "range", "target", "cpu")
	for _, c := range configs {
		if !match.MatchString(c.name + " " + c.load) {
			continue
		}
		ratios, cpu, err := c.measure(dir, pairs)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", c.name, c.load, err)
		}
		verdict := ""
		if r := ratios[len(ratios)/2]; r > c.target {
			verdict = "  above"
		}
		fmt.Printf("%-42s %-16s %9.2f %9.2f to %6.2f %7.2f %7.2f%s\n", c.name, c.load,
			ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1], c.target, cpu[len(cpu)/2], verdict)
	}
	return nil
}

// build makes gotrace and the loads in dir.
func build(dir string) error {
	c := exec.Command("go", "build", "-o", filepath.Join(dir, "gotrace"), ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	for _, l := range loads {
		src := filepath.Join("scripts", "bench", "testdata", l.source)
		if out, err := exec.Command("gcc", "-O2", "-pthread", "-o", filepath.Join(dir, l.name), src).CombinedOutput(); err != nil {
			return fmt.Errorf("gcc %s: %w\n%s", src, err, out)
		}
	}
	return nil
}

// measure returns the ratios of the pairs, of elapsed and of processor time, in order of
// size. A pair that is not counted goes first.
func (c *config) measure(dir string, pairs int) (elapsed, cpu []float64, err error) {
	for i := range pairs + 1 {
		ours, err := c.time(dir, c.ours)
		if err != nil {
			return nil, nil, err
		}
		ref, err := c.time(dir, c.ref)
		if err != nil {
			return nil, nil, err
		}
		if i > 0 {
			elapsed = append(elapsed, ours.elapsed.Seconds()/ref.elapsed.Seconds())
			cpu = append(cpu, ours.cpu.Seconds()/ref.cpu.Seconds())
		}
	}
	slices.Sort(elapsed)
	slices.Sort(cpu)
	return elapsed, cpu, nil
}

// spent is what one run took.
type spent struct{ elapsed, cpu time.Duration }

func (c *config) time(dir, command string) (spent, error) {
	argv := c.argv(dir, command)
	p := exec.Command(argv[0], argv[1:]...)
	begin := time.Now()
	if err := p.Run(); err != nil {
		return spent{}, err
	}
	return spent{time.Since(begin), p.ProcessState.UserTime() + p.ProcessState.SystemTime()}, nil
}

// argv is the command line with what its words stand for.
func (c *config) argv(dir, command string) []string {
	var argv []string
	for _, w := range strings.Fields(command) {
		switch w {
		case "GOTRACE":
			argv = append(argv, filepath.Join(dir, "gotrace"))
		case "TRACEE":
			argv = append(argv, c.tracee(dir)...)
		case "GDB":
			argv = append(argv, gdb...)
		default:
			if rule, ok := rules[w]; ok {
				w = rule
			}
			argv = append(argv, w)
		}
	}
	return argv
}

func (c *config) tracee(dir string) []string {
	for _, l := range loads {
		if l.name != c.load {
			continue
		}
		args := l.args
		if c.heavy {
			args = heavy[l.name]
		}
		return append([]string{filepath.Join(dir, l.name)}, args...)
	}
	return nil
}

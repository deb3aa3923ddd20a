package tracer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gotrace/gotrace/internal/testenv"
)

// A fixture is a C program, testdata/fixtures/NAME.c, that prints on its standard
// output the trace that it expects of itself. The comments at its beginning tell how:
//
//	// gotrace: -a 0 -e trace=kill,tkill   options of the tracer; always the first line
//	// abi: 64 32                         sizes of long to build it for; default 64
//	// arch: amd64, REASON                the only GOARCH that it is for
//	// after: munlock(0x1,                the trace counts from behind the line that begins so
//	// cflags: -pthread -static           more options of the compiler
//	// strace: no, REASON                 the trace is not strace's
//
// fixture.h has what most of them need. A program that cannot test what it is for says
// why on standard error and exits with 77. Each runs under gotrace and, where strace 6.1
// is installed, under strace: what it prints is thereby known to be strace's text.
type fixture struct {
	name    string
	source  string
	options []string
	abis    []string
	arch    string
	archWhy string
	after   string
	cflags  []string
	straceN string // why strace's trace differs
}

// skipStatus is the exit status of a fixture that cannot test.
const skipStatus = 77

// readFixture returns nil for a program that is another test's.
func readFixture(t *testing.T, path string) *fixture {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{name: strings.TrimSuffix(filepath.Base(path), ".c"), source: path, abis: []string{"64"}}
	for i, line := range strings.Split(string(src), "\n") {
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "// "), ": ")
		if i == 0 && (!ok || key != "gotrace") {
			return nil
		}
		if !strings.HasPrefix(line, "// ") || !ok {
			break
		}
		switch key {
		case "gotrace":
			f.options = strings.Fields(value)
		case "abi":
			f.abis = strings.Fields(value)
		case "arch":
			f.arch, f.archWhy, _ = strings.Cut(value, ", ")
		case "after":
			f.after = value
		case "cflags":
			f.cflags = strings.Fields(value)
		case "strace":
			f.straceN = value
		default:
			t.Fatalf("%s: unknown directive %q", path, key)
		}
	}
	return f
}

func skipOn(t *testing.T, reason string, cond bool) {
	t.Helper()
	if cond {
		t.Skip(reason)
	}
}

// gotrace builds the program once for all tests.
var gotrace = sync.OnceValues(func() (string, error) {
	if prebuilt != "" {
		return filepath.Join(prebuilt, "gotrace"), nil
	}
	dir, err := os.MkdirTemp("", "gotrace-fixtures")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "gotrace")
	out, err := exec.Command("go", "build", "-o", bin, "github.com/gotrace/gotrace").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("go build: %v\n%s", err, out)
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	testenv.Settle()
	status := m.Run()
	if used.built && prebuilt == "" {
		bin, _ := gotrace()
		os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(status)
}

var used struct{ built bool }

func TestFixtures(t *testing.T) {
	needCompiler(t)
	used.built = true
	tracer, err := gotrace()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/fixtures/*.c")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	strace := strace61()
	for _, p := range paths {
		f := readFixture(t, p)
		if f == nil {
			continue
		}
		for _, abi := range f.abis {
			t.Run(f.name+"/"+abi, func(t *testing.T) {
				skipOn(t, "fixture is for "+f.arch+": "+f.archWhy, f.arch != "" && f.arch != runtime.GOARCH)
				prog := f.build(t, abi)
				t.Run("gotrace", func(t *testing.T) { f.check(t, tracer, prog) })
				t.Run("strace", func(t *testing.T) {
					skipOn(t, "strace 6.1 is not installed", strace == "")
					skipOn(t, "differs from strace: "+f.straceN, f.straceN != "")
					f.check(t, strace, prog)
				})
			})
		}
	}
}

// strace61 is the path of the strace that the fixtures are written for.
func strace61() string {
	out, err := exec.Command("strace", "-V").Output()
	if err != nil || !bytes.HasPrefix(out, []byte("strace -- version 6.1\n")) {
		return ""
	}
	return "strace"
}

// build compiles the fixture for a size of long.
func (f *fixture) build(t *testing.T, abi string) string {
	t.Helper()
	prog := filepath.Join(t.TempDir(), f.name)
	skipOn(t, "no 32-bit ABI beside "+runtime.GOARCH+" is traced", abi == "32" && runtime.GOARCH != "amd64")
	if prebuilt != "" {
		copyPrebuilt(t, f.name, abi, prog)
	} else {
		f.compile(t, abi, prog)
	}
	if abi == "32" {
		err := exec.Command(prog).Run()
		skipOn(t, "the kernel runs no 32-bit programs", errors.Is(err, syscall.ENOEXEC))
	}
	return prog
}

func (f *fixture) compile(t *testing.T, abi, prog string) {
	t.Helper()
	args := []string{"-O1", "-w", "-o", prog, f.source}
	if abi == "32" {
		// The C library's headers for 64 bits serve for asm/ too.
		args = append(args, "-m32", "-static", "-idirafter", "/usr/include/x86_64-linux-gnu")
	}
	out, err := exec.Command("gcc", append(args, f.cflags...)...).CombinedOutput()
	skipOn(t, "no C library of 32 bits", err != nil && abi == "32")
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
}

// check runs the program under a tracer and compares what both wrote.
func (f *fixture) check(t *testing.T, tracer, prog string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.CommandContext(ctx, tracer, append(append([]string{"-o", trace}, f.options...), prog)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == skipStatus {
		t.Skip(strings.TrimSpace(stderr.String()))
	}
	if err != nil && exit == nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	got, err := os.ReadFile(trace)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	want := lines(stdout.String())
	if len(want) == 0 {
		t.Fatalf("the fixture printed nothing\n%s", stderr.Bytes())
	}
	have := lines(string(got))
	if f.after != "" {
		i := slices.IndexFunc(have, func(l string) bool { return strings.HasPrefix(l, f.after) })
		if i < 0 {
			t.Fatalf("no line of the trace begins with %q", f.after)
		}
		have = have[i+1:]
	}
	compare(t, want, have)
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// compare reports the first lines that differ.
func compare(t *testing.T, want, have []string) {
	t.Helper()
	shown := 0
	for i := range max(len(want), len(have)) {
		w, h := "(none)", "(none)"
		if i < len(want) {
			w = want[i]
		}
		if i < len(have) {
			h = have[i]
		}
		if w == h {
			continue
		}
		t.Errorf("line %d:\nwant %s\nhave %s", i+1, w, h)
		if shown++; shown == 5 {
			t.Fatalf("of %d lines, %d were expected", len(have), len(want))
		}
	}
}

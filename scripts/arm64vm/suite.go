package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/gotrace/gotrace/scripts/arm64vm/wire"
)

// packages is what depends on the machine.
var packages = []string{"./disasm/...", "./bp/...", "./tracer/...", "./follow", "./filter", "./arch", "./cmd/..."}

// prebuiltDir is where the guest has what tests build elsewhere.
const prebuiltDir = "/prebuilt"

// testPackages runs the tests of packages in one guest, and returns 1 if any fails.
func (o *options) testPackages(ctx context.Context, v *vm, pkgs []string) (int, error) {
	if len(pkgs) == 0 {
		pkgs = packages
	}
	dir := filepath.Join(v.tmp, "prebuilt")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 0, err
	}
	files := map[string]string{prebuiltDir: dir}
	if err := addModule(files); err != nil {
		return 0, err
	}
	jobs, names, err := o.testJobs(ctx, v, dir, pkgs)
	if err != nil {
		return 0, err
	}
	if err := goBuild(ctx, v.m.goarch, filepath.Join(dir, "gotrace"), module); err != nil {
		return 0, err
	}
	if slices.Contains(names, module+"/tracer") {
		if err := buildFixtures(ctx, v.m, dir); err != nil {
			return 0, err
		}
	}
	failed, i := 0, 0
	var buf bytes.Buffer
	shown := io.Writer(&buf)
	if o.verbose {
		shown = os.Stdout
	}
	err = v.boot(ctx, files, jobs, &output{
		stdout: shown, stderr: shown,
		ended: func(w syscall.WaitStatus) error {
			verdict := "ok  "
			if w != 0 {
				failed++
				verdict = fmt.Sprintf("FAIL (status %d)", statusOf(w))
				os.Stdout.Write(buf.Bytes())
			}
			buf.Reset()
			fmt.Println(verdict, names[i], v.m.goarch)
			i++
			return nil
		},
	})
	if err != nil {
		os.Stdout.Write(buf.Bytes())
		return 0, err
	}
	return min(failed, 1), nil
}

// testJobs builds the test programs into dir.
func (o *options) testJobs(ctx context.Context, v *vm, dir string, pkgs []string) (jobs []wire.Job, names []string, err error) {
	env := append(environment(), "GOTRACE_PREBUILT="+prebuiltDir)
	for _, p := range pkgs {
		p, run, _ := strings.Cut(p, ":")
		out, err := exec.Command("go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}", p).Output()
		if err != nil {
			return nil, nil, fmt.Errorf("go list %s: %w", p, err)
		}
		for l := range strings.Lines(string(out)) {
			name, src, ok := strings.Cut(strings.TrimSpace(l), " ")
			if !ok {
				continue
			}
			bin := fmt.Sprintf("%d.test", len(jobs))
			if err := goBuild(ctx, v.m.goarch, filepath.Join(dir, bin), "test", name); err != nil {
				return nil, nil, err
			}
			jobs = append(jobs, wire.Job{Argv: o.testArgs(filepath.Join(prebuiltDir, bin), run), Env: env, Dir: src})
			names = append(names, name)
		}
	}
	return jobs, names, nil
}

func (o *options) testArgs(bin, run string) []string {
	argv := []string{bin, "-test.timeout=" + o.timeout.String(), "-test.run=" + run}
	if o.verbose {
		argv = append(argv, "-test.v")
	}
	if o.short {
		argv = append(argv, "-test.short")
	}
	return argv
}

// buildFixtures compiles the C programs of tests as NAME.64 and, where the machine runs such
// programs, NAME.32. One that cannot be built is left out: its test is skipped.
func buildFixtures(ctx context.Context, m *machine, dir string) error {
	if _, err := exec.LookPath(m.gcc); err != nil {
		if os.Geteuid() != 0 || install(m.gccPkgs...) != nil {
			fmt.Fprintln(os.Stderr, "arm64vm: fixtures are left out: no", m.gcc)
			return nil
		}
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(root, "tracer/testdata/fixtures/*.c"))
	if err != nil || len(sources) == 0 {
		return fmt.Errorf("no fixtures: %w", err)
	}
	for _, src := range sources {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f, err := readDirectives(src)
		if err != nil {
			return err
		}
		if f.arch != "" && f.arch != m.goarch {
			continue
		}
		for _, bits := range f.bits {
			if bits == "32" && !m.m32 {
				continue
			}
			if err := f.compile(m, src, dir, bits); err != nil {
				fmt.Fprintf(os.Stderr, "arm64vm: %s is left out: %v\n", filepath.Base(src), err)
			}
		}
	}
	return nil
}

// directives are those comments at a fixture's beginning that say how it is built; see
// tracer/fixture_test.go.
type directives struct {
	arch  string
	bits  []string
	flags []string
}

func readDirectives(src string) (*directives, error) {
	b, err := os.ReadFile(src)
	if err != nil {
		return nil, err
	}
	d := &directives{bits: []string{"64"}}
	if !bytes.HasPrefix(b, []byte("// gotrace:")) {
		d.flags = []string{"-pthread"}
		return d, nil
	}
	for l := range strings.Lines(string(b)) {
		key, value, ok := strings.Cut(strings.TrimPrefix(l, "// "), ": ")
		if !strings.HasPrefix(l, "// ") || !ok {
			break
		}
		switch key {
		case "arch":
			d.arch, _, _ = strings.Cut(strings.TrimSpace(value), ", ")
		case "abi":
			d.bits = strings.Fields(value)
		case "cflags":
			d.flags = strings.Fields(value)
		}
	}
	return d, nil
}

func (d *directives) compile(m *machine, src, dir, bits string) error {
	name := strings.TrimSuffix(filepath.Base(src), ".c") + "." + bits
	args := []string{"-O1", "-w", "-static", "-o", filepath.Join(dir, name), src}
	if bits == "32" {
		// The C library's headers for 64 bits serve for asm/ too.
		args = append(args, "-m32", "-idirafter", "/usr/include/x86_64-linux-gnu")
	}
	out, err := exec.Command(m.gcc, append(args, d.flags...)...).CombinedOutput()
	if err != nil {
		first, _, _ := strings.Cut(string(out), "\n")
		return fmt.Errorf("%v: %s", err, first)
	}
	return nil
}

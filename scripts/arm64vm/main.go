// Arm64vm runs programs in an emulated machine, on a Debian kernel: programs for arm64, which
// the machine at hand may not run, and 32-bit ones for x86, on a kernel that runs those.
//
//	arm64vm [flags] PROGRAM [ARG...]      one program; its exit status is ours
//	arm64vm [flags] -test [PACKAGE[:REGEXP]...]    tests, one boot for all; of some packages only those that match
//
// The first form is for go test -exec, through the script beside it, which keeps go run from
// building this program for the other machine:
//
//	GOARCH=arm64 go test -exec "$PWD/scripts/arm64-vm" ./follow
//
// The module's files are in the guest where they are here, but for the programs of tests: a
// folder of the environment variable GOTRACE_PREBUILT has what tests build elsewhere.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gotrace/gotrace/scripts/arm64vm/wire"
)

// options are the flags.
type options struct {
	arch, kernel, cpu string
	timeout           time.Duration
	test              bool
	verbose, short    bool
}

// Exit statuses of our own, beside those of programs.
const (
	exitUnavailable = 77
	exitTimeout     = 124
	exitBroken      = 125
)

func main() {
	var o options
	flag.StringVar(&o.arch, "arch", "", "GOARCH of the machine: arm64 or amd64 (default that of PROGRAM, or arm64)")
	flag.StringVar(&o.kernel, "kernel", "", "Debian package of the kernel (default linux-image-cloud-ARCH)")
	flag.StringVar(&o.cpu, "cpu", "", "processor, as qemu names it; max,pauth-impdef=on has SVE and PAC (default cortex-a57, max)")
	flag.DurationVar(&o.timeout, "timeout", 20*time.Minute, "the machine is stopped after that time")
	flag.BoolVar(&o.test, "test", false, "run tests of packages")
	flag.BoolVar(&o.verbose, "v", false, "with -test: show what passes")
	flag.BoolVar(&o.short, "short", false, "with -test: leave out what takes long")
	flag.Parse()
	if !o.test && flag.NArg() == 0 || o.arch != "" && machines[o.arch] == nil {
		flag.Usage()
		os.Exit(2)
	}
	status, err := o.main(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "arm64vm:", err)
		status = exitBroken
		if u := new(errUnavailable); errors.As(err, &u) {
			status = exitUnavailable
		} else if errors.Is(err, context.DeadlineExceeded) {
			status = exitTimeout
		}
	}
	os.Exit(status)
}

func (o *options) main(args []string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	m := machines[o.arch]
	if m == nil {
		m = machines["arm64"]
	}
	if !o.test && o.arch == "" {
		path, err := exec.LookPath(args[0])
		if err == nil {
			m, err = machineOf(path)
		}
		if err != nil {
			return 0, err
		}
	}
	v, err := newVM(m, o.kernel)
	if err != nil {
		return 0, err
	}
	defer v.close()
	v.cpu = o.cpu
	if o.test {
		return o.testPackages(ctx, v, args)
	}
	return runOne(ctx, v, args)
}

// runOne runs one program of this machine.
func runOne(ctx context.Context, v *vm, argv []string) (int, error) {
	path, err := exec.LookPath(argv[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return 0, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	files := map[string]string{path: path}
	env := environment()
	if p := os.Getenv("GOTRACE_PREBUILT"); p != "" {
		files[p] = p
		env = append(env, "GOTRACE_PREBUILT="+p)
	}
	if err := addModule(files); err != nil {
		return 0, err
	}
	job := wire.Job{Argv: append([]string{path}, argv[1:]...), Env: env, Dir: dir, Fetch: fetched(argv)}
	if !covered(files, dir) {
		job.Dir = "/tmp"
	}
	status := exitBroken
	err = v.boot(ctx, files, []wire.Job{job}, &output{
		stdout: os.Stdout, stderr: os.Stderr,
		file:  func(name string, data []byte) error { return os.WriteFile(name, data, 0o644) },
		ended: func(w syscall.WaitStatus) error { status = statusOf(w); return nil },
	})
	return status, err
}

// fetched is the files that a test program is told to write.
func fetched(argv []string) (names []string) {
	for _, a := range argv {
		for _, flag := range []string{"coverprofile", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace"} {
			if name, ok := strings.CutPrefix(a, "-test."+flag+"="); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// covered reports whether a folder is in the guest: it holds files that are, or is in one.
func covered(files map[string]string, dir string) bool {
	for to := range files {
		if within(dir, to) || within(to, dir) {
			return true
		}
	}
	return false
}

func within(dir, name string) bool {
	return strings.HasPrefix(name+"/", strings.TrimSuffix(dir, "/")+"/")
}

// addModule adds the files of this module, where the current folder is in it.
func addModule(files map[string]string) error {
	root, err := moduleRoot()
	if err != nil {
		return nil // other programs can be run, too
	}
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for _, f := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		name := filepath.Join(root, f)
		if _, err := os.Lstat(name); err == nil {
			files[name] = name
		}
	}
	return nil
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	return strings.TrimSpace(string(out)), err
}

// environment is that of programs in a guest: of our own only what changes no paths.
func environment() []string {
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root", "TERM=dumb"}
	for _, e := range os.Environ() {
		for _, p := range []string{"LC_", "LANG=", "TZ=", "GOMAXPROCS=", "GODEBUG=", "GOTRACE_TEST"} {
			if strings.HasPrefix(e, p) {
				env = append(env, e)
			}
		}
	}
	return env
}

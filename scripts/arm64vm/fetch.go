package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// cache is where what has been fetched for a machine is kept.
type cache struct {
	dir string
	m   *machine
}

func newCache(m *machine) (*cache, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, "gotrace-vm", m.goarch)
	return &cache{dir, m}, os.MkdirAll(dir, 0o755)
}

// errUnavailable is that something cannot be had on this machine: a reason to skip tests.
type errUnavailable struct {
	what string
	err  error
}

func (e *errUnavailable) Error() string { return e.what + " cannot be had: " + e.err.Error() }

func (e *errUnavailable) Unwrap() error { return e.err }

// apt asks Debian's package manager, with the sources and keys of this machine but a state
// of its own and for an architecture of our choice, so that nothing here is changed.
type apt struct{ dir, arch string }

const aptConfig = `APT::Architecture "%[1]s";
APT::Architectures { "%[1]s"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Dir::State "%[2]s/state";
Dir::State::status "%[2]s/state/status";
Dir::Cache "%[2]s/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "2";
Debug::NoLocking "true";
`

func (c *cache) apt(arch string) (*apt, error) {
	a := &apt{filepath.Join(c.dir, "apt-"+arch), arch}
	for _, d := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	// No package is installed: dependencies are counted from nothing.
	if err := os.WriteFile(filepath.Join(a.dir, "state/status"), nil, 0o644); err != nil {
		return nil, err
	}
	err := os.WriteFile(filepath.Join(a.dir, "apt.conf"), fmt.Appendf(nil, aptConfig, arch, a.dir), 0o644)
	return a, err
}

func (a *apt) run(dir, tool string, args ...string) (string, error) {
	c := exec.Command(tool, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(a.dir, "apt.conf"), "LC_ALL=C")
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %v: %s", tool, args[0], err, firstError(stderr.String()))
	}
	return string(out), nil
}

func firstError(s string) string {
	for l := range strings.Lines(s) {
		if strings.HasPrefix(l, "E: ") {
			return strings.TrimSpace(l)
		}
	}
	return strings.TrimSpace(s)
}

// update fetches the lists of packages. That some of the machine's sources have none for the
// architecture is no error: what is asked for later will tell.
func (a *apt) update() error {
	_, err := a.run("", "apt-get", "update")
	return err
}

// download fetches packages, with those that they depend on or without, and returns the
// paths of their files.
func (a *apt) download(deps bool, pkgs ...string) ([]string, error) {
	dir := filepath.Join(a.dir, "cache/archives")
	args := append([]string{"download"}, pkgs...)
	if deps {
		args = append([]string{"install", "--download-only", "-y"}, pkgs...)
	}
	old, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	for _, f := range old {
		os.Remove(f)
	}
	if _, err := a.run(dir, "apt-get", args...); err != nil {
		updated := a.update()
		if _, err = a.run(dir, "apt-get", args...); err != nil {
			if updated != nil {
				err = updated
			}
			return nil, err
		}
	}
	return filepath.Glob(filepath.Join(dir, "*.deb"))
}

// depends is the first package that another depends on.
func (a *apt) depends(pkg string) (string, error) {
	out, err := a.run("", "apt-cache", "depends", "--important", pkg)
	if err != nil || out == "" {
		if err = a.update(); err != nil {
			return "", err
		}
		if out, err = a.run("", "apt-cache", "depends", "--important", pkg); err != nil {
			return "", err
		}
	}
	for l := range strings.Lines(out) {
		if _, name, ok := strings.Cut(l, "Depends: "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", fmt.Errorf("the package %s is not known or depends on nothing", pkg)
}

// unpacked returns a folder of the cache that holds the files of packages. It is made only
// if it is not there, and whole or not at all.
func (c *cache) unpacked(name, arch string, deps bool, pkgs func(*apt) ([]string, error)) (string, error) {
	dir := filepath.Join(c.dir, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	a, err := c.apt(arch)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "arm64vm: fetching %s for %s\n", name, arch)
	names, err := pkgs(a)
	if err != nil {
		return "", err
	}
	debs, err := a.download(deps, names...)
	if err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(c.dir, "unpacking")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	for _, d := range debs {
		if out, err := exec.Command("dpkg-deb", "-x", d, tmp).CombinedOutput(); err != nil {
			return "", fmt.Errorf("dpkg-deb -x: %v: %s", err, out)
		}
		os.Remove(d)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", err
	}
	return dir, os.Rename(tmp, dir)
}

func named(pkgs ...string) func(*apt) ([]string, error) {
	return func(*apt) ([]string, error) { return pkgs, nil }
}

// kernel is the folder of a kernel's package. A package that has no files of its own stands
// for the one that it depends on.
func (c *cache) kernel(pkg string) (string, error) {
	dir, err := c.unpacked(pkg, c.m.debArch, false, func(a *apt) ([]string, error) {
		real, err := a.depends(pkg)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(real, "linux-image") {
			real = pkg
		}
		return []string{real}, nil
	})
	if err != nil {
		return "", &errUnavailable{"the kernel " + pkg, err}
	}
	return dir, nil
}

// userland is what programs and tests call, and strace to compare with.
var userland = []string{"dash", "coreutils", "util-linux", "sed", "grep", "strace"}

// root is the folder of the guest's programs.
func (c *cache) root() (string, error) {
	dir, err := c.unpacked("userland", c.m.debArch, true, named(userland...))
	if err != nil {
		return "", &errUnavailable{"programs for the machine", err}
	}
	return dir, nil
}

// emulator returns the command of qemu: the machine's own, or else a private copy of what
// Debian has, with the libraries that it needs.
func (c *cache) emulator() ([]string, error) {
	if path, err := exec.LookPath(c.m.qemu); err == nil {
		return []string{path}, nil
	}
	if os.Geteuid() == 0 && install(c.m.qemuPkg) == nil {
		if path, err := exec.LookPath(c.m.qemu); err == nil {
			return []string{path}, nil
		}
	}
	out, err := exec.Command("dpkg", "--print-architecture").Output()
	if err != nil {
		return nil, &errUnavailable{c.m.qemu, err}
	}
	arch := strings.TrimSpace(string(out))
	dir, err := c.unpacked("qemu-"+arch, arch, true, named(c.m.qemuPkg))
	if err != nil {
		return nil, &errUnavailable{c.m.qemu, err}
	}
	return privateQemu(dir, c.m.qemu)
}

// privateQemu is the command that runs a qemu unpacked below dir with the dynamic loader and
// libraries beside it.
func privateQemu(dir, name string) ([]string, error) {
	loaders, _ := filepath.Glob(filepath.Join(dir, "lib*/ld-linux*.so.*"))
	var libs []string
	for _, p := range []string{"usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/*-linux-gnu/pulseaudio"} {
		found, _ := filepath.Glob(filepath.Join(dir, p))
		libs = append(libs, found...)
	}
	bin := filepath.Join(dir, "usr/bin", name)
	if _, err := os.Stat(bin); err != nil || len(loaders) == 0 {
		return nil, &errUnavailable{name, fmt.Errorf("the package has no program or no loader for it")}
	}
	return []string{loaders[0], "--library-path", strings.Join(libs, ":"), bin, "-L", filepath.Join(dir, "usr/share/qemu"), "-L", filepath.Join(dir, "usr/share/seabios")}, nil
}

// install installs packages on this machine.
func install(pkgs ...string) error {
	fmt.Fprintln(os.Stderr, "arm64vm: installing", strings.Join(pkgs, " "))
	args := append([]string{"install", "-y", "-qq", "--no-install-recommends"}, pkgs...)
	try := func() error {
		c := exec.Command("apt-get", args...)
		c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("apt-get install: %v: %s", err, firstError(string(out)))
		}
		return nil
	}
	if try() == nil {
		return nil
	}
	if err := exec.Command("apt-get", "update", "-qq").Run(); err != nil {
		return err
	}
	return try()
}

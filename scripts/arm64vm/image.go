package main

import (
	"bufio"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gotrace/gotrace/scripts/arm64vm/wire"
)

// image is what a guest finds in its file system, beside its programs.
type image struct {
	setup wire.Setup
	// files maps paths in the guest to files and folders of this machine.
	files map[string]string
	// kernel and root are the unpacked packages; root may be empty.
	kernel, root string
}

// modules are parts of the kernel that programs expect to be loaded when they are needed:
// what asks about sockets.
var modules = []string{"inet_diag", "tcp_diag", "udp_diag", "unix_diag", "netlink_diag", "af_packet_diag"}

// write makes the first file system of a guest.
func (im *image) write(name, guest string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	a := newArchive(w)
	a.char("dev/console", 5, 1)
	for _, d := range []string{"proc", "sys", "tmp", "run", "root", "etc", "var/tmp", "usr/bin", "usr/sbin", "usr/lib"} {
		a.dir(d)
	}
	// Packages have files in /bin and /lib that are in /usr on installed systems.
	for _, d := range merged {
		a.link(d, "usr/"+d)
	}
	a.link("usr/bin/sh", "dash")
	for _, e := range etc {
		a.file("etc/"+e[0], 0o644, []byte(e[1]))
	}
	if err := a.add("init", guest); err != nil {
		return err
	}
	if err := im.addModules(a); err != nil {
		return err
	}
	if im.root != "" {
		if err := a.addRoot(im.root); err != nil {
			return err
		}
	}
	for to, from := range im.files {
		if err := a.add(to, from); err != nil {
			return err
		}
	}
	b, err := json.Marshal(im.setup)
	if err != nil {
		return err
	}
	a.file(wire.JobsFile, 0o644, b)
	return errors.Join(a.close(), w.Flush())
}

var merged = []string{"bin", "sbin", "lib", "lib64"}

var etc = [][2]string{
	{"passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"},
	{"group", "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n"},
	{"hosts", "127.0.0.1 localhost\n"},
	{"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"},
	{"ld.so.cache", "glibc-ld.so.cache1.1" + strings.Repeat("\x00", 28)}, // has no library, but is opened and closed
}

// add adds a file or a folder with what is in it.
func (a *archive) add(to, from string) error {
	return filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		return a.addOne(filepath.Join(to, rel), p, d)
	})
}

func (a *archive) addOne(to, from string, d fs.DirEntry) error {
	switch {
	case d.IsDir():
		a.dir(to)
	case d.Type()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		a.link(to, target)
	case d.Type().IsRegular():
		info, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		a.file(to, info.Mode(), b)
	}
	return a.err
}

// addRoot adds the programs and libraries of unpacked packages.
func (a *archive) addRoot(root string) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		if d.IsDir() && (rel == "usr/share" || d.Name() == "gconv") {
			return fs.SkipDir
		}
		top, _, _ := strings.Cut(rel, "/")
		for _, m := range merged {
			if top == m {
				rel = filepath.Join("usr", rel)
			}
		}
		if d.IsDir() {
			return nil
		}
		return a.addOne(rel, p, d)
	})
}

// addModules adds modules of the kernel, each behind those that it needs.
func (im *image) addModules(a *archive) error {
	paths := make(map[string]string)
	err := filepath.WalkDir(im.kernel, func(p string, d fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(p), ".ko"); ok {
			paths[strings.ReplaceAll(name, "-", "_")] = p
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range modules {
		if err := im.addModule(a, paths, m); err != nil {
			return err
		}
	}
	return nil
}

func (im *image) addModule(a *archive, paths map[string]string, name string) error {
	from, to := paths[name], "/lib/modules/"+name+".ko"
	if from == "" || a.has[clean("usr"+to)] {
		return nil // built in, or compressed
	}
	needs, err := moduleNeeds(from)
	if err != nil {
		return err
	}
	for _, n := range needs {
		if err := im.addModule(a, paths, n); err != nil {
			return err
		}
	}
	im.setup.Modules = append(im.setup.Modules, to)
	return a.add("usr"+to, from)
}

// moduleNeeds is the modules that a module needs, as it says itself.
func moduleNeeds(path string) ([]string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := f.Section(".modinfo")
	if s == nil {
		return nil, fmt.Errorf("%s is no module", path)
	}
	b, err := s.Data()
	if err != nil {
		return nil, err
	}
	for _, l := range strings.Split(string(b), "\x00") {
		if v, ok := strings.CutPrefix(l, "depends="); ok && v != "" {
			return strings.Split(strings.ReplaceAll(v, "-", "_"), ","), nil
		}
	}
	return nil, nil
}

// kernelFile is the bootable file of an unpacked kernel.
func kernelFile(dir string) (string, error) {
	found, _ := filepath.Glob(filepath.Join(dir, "boot/vmlinuz-*"))
	if len(found) != 1 {
		return "", fmt.Errorf("%s: %d kernels, not one", dir, len(found))
	}
	return found[0], nil
}

// goBuild builds a package, or with "test" first its tests, for a machine.
func goBuild(ctx context.Context, goarch, out string, args ...string) error {
	argv := []string{"build", "-o", out}
	if args[0] == "test" {
		argv, args = []string{"test", "-c", "-o", out}, args[1:]
	}
	c := exec.CommandContext(ctx, "go", append(argv, args...)...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goarch)
	c.WaitDelay = time.Second // of what it has started
	b, err := c.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("no time is left for building: %w", ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("go %s: %v\n%s", argv[0], err, b)
	}
	return nil
}

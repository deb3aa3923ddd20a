package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gotrace/gotrace/scripts/arm64vm/wire"
)

const (
	module   = "github.com/gotrace/gotrace"
	guestPkg = module + "/scripts/arm64vm/guest"
)

// vm is what a guest is booted with.
type vm struct {
	m      *machine
	qemu   []string
	kernel string // the folder of its package
	root   string
	cpu    string // instead of the machine's
	mem    int    // MiB
	tmp    string
}

// newVM fetches what a guest needs. An errUnavailable says what cannot be had.
func newVM(m *machine, kernelPkg string) (*vm, error) {
	c, err := newCache(m)
	if err != nil {
		return nil, err
	}
	v := &vm{m: m, mem: 1024}
	if v.qemu, err = c.emulator(); err != nil {
		return nil, err
	}
	if kernelPkg == "" {
		kernelPkg = m.kernel
	}
	if v.kernel, err = c.kernel(kernelPkg); err != nil {
		return nil, err
	}
	if v.root, err = c.root(); err != nil {
		return nil, err
	}
	v.tmp, err = os.MkdirTemp("", "gotrace-vm")
	return v, err
}

func (v *vm) close() { os.RemoveAll(v.tmp) }

// output takes what the jobs write, and is told when each has ended.
type output struct {
	stdout, stderr io.Writer
	file           func(name string, data []byte) error
	ended          func(syscall.WaitStatus) error
}

// boot runs jobs in a guest, with files in its file system.
func (v *vm) boot(ctx context.Context, files map[string]string, jobs []wire.Job, out *output) error {
	guest := filepath.Join(v.tmp, "guest")
	if err := goBuild(ctx, v.m.goarch, guest, guestPkg); err != nil {
		return err
	}
	kernel, err := kernelFile(v.kernel)
	if err != nil {
		return err
	}
	im := &image{setup: wire.Setup{Console: "/dev/" + v.m.console, Jobs: jobs}, files: files, kernel: v.kernel, root: v.root}
	initrd := filepath.Join(v.tmp, "initrd")
	if err := im.write(initrd, guest); err != nil {
		return err
	}
	argv := append(append([]string{}, v.qemu...), v.m.args...)
	if v.cpu != "" {
		argv = append(argv, "-cpu", v.cpu)
	}
	argv = append(argv, "-smp", "2", "-m", fmt.Sprint(v.mem), "-accel", "tcg,thread=multi",
		"-nodefaults", "-nographic", "-serial", "stdio", "-no-reboot", "-kernel", kernel, "-initrd", initrd,
		"-append", "console="+v.m.console+" quiet panic=-1 rdinit=/init")
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var complaints strings.Builder
	c.Stderr = &complaints
	line, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	err = receive(line, len(jobs), out)
	if err != nil {
		c.Process.Kill()
	}
	if wait := c.Wait(); wait != nil && err == nil {
		err = wait
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the machine was stopped: %w", ctx.Err())
	}
	if err != nil && complaints.Len() > 0 {
		err = fmt.Errorf("%w\n%s", err, complaints.String())
	}
	return err
}

// receive reads what a guest sends until it ends.
func receive(line io.Reader, jobs int, out *output) error {
	var text []byte
	r := wire.NewReader(line, func(b []byte) { text = append(text, b...) })
	for {
		f, err := r.Next()
		if err == io.EOF && jobs == 0 {
			return nil
		}
		if err == io.EOF {
			return fmt.Errorf("the machine ended too early:\n%s", text[max(0, len(text)-4000):])
		}
		if err == nil {
			err = out.take(f, &jobs)
		}
		if err != nil {
			return err
		}
	}
}

func (o *output) take(f wire.Frame, jobs *int) (err error) {
	switch f.Kind {
	case wire.Stdout:
		_, err = o.stdout.Write(f.Data)
	case wire.Stderr:
		_, err = o.stderr.Write(f.Data)
	case wire.File:
		name, data, _ := strings.Cut(string(f.Data), "\x00")
		err = o.file(name, []byte(data))
	case wire.Ended:
		*jobs--
		err = o.ended(syscall.WaitStatus(binary.LittleEndian.Uint32(f.Data)))
	case wire.Failed:
		err = errors.New(string(f.Data))
	}
	return err
}

// statusOf is how a shell shows how a program ended.
func statusOf(w syscall.WaitStatus) int {
	if w.Signaled() {
		return 128 + int(w.Signal())
	}
	return w.ExitStatus()
}

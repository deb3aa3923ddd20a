package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gotrace/gotrace/scripts/arm64vm/wire"
)

// skipOn is in every package that has tests which some machines cannot run.
func skipOn(t *testing.T, reason string, cond bool) {
	t.Helper()
	if cond {
		t.Skip(reason)
	}
}

// TestBoot runs programs in a machine: what they write, how they end and the files that they
// leave come back, and one that gotrace traces there is shown.
func TestBoot(t *testing.T) {
	skipOn(t, "a boot is long for -short", testing.Short())
	v, err := newVM(machines["arm64"], "")
	unavailable := new(errUnavailable)
	if errors.As(err, &unavailable) {
		skipOn(t, unavailable.Error(), true)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	tracer := filepath.Join(t.TempDir(), "gotrace")
	if err := goBuild(ctx, "arm64", tracer, module); err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=/usr/bin", "GREETING=hello"}
	sh := func(script string) []string { return []string{"/bin/sh", "-c", script} }
	jobs := []wire.Job{
		{Argv: sh("echo $GREETING from $PWD; echo errors >&2; echo kept >/tmp/file; exit 3"), Env: env, Dir: "/etc", Fetch: []string{"/tmp/file", "/absent"}},
		{Argv: sh("kill -9 $$"), Env: env, Dir: "/"},
		{Argv: []string{"/gotrace", "-e", "trace=exit_group", "-e", "quiet=exit", "/bin/false"}, Env: env, Dir: "/"},
	}
	var stdout, stderr bytes.Buffer
	var ends []int
	files := make(map[string]string)
	err = v.boot(ctx, map[string]string{"/gotrace": tracer}, jobs, &output{
		stdout: &stdout, stderr: &stderr,
		file:  func(name string, data []byte) error { files[name] = string(data); return nil },
		ended: func(w syscall.WaitStatus) error { ends = append(ends, statusOf(w)); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if stdout.String() != "hello from /etc\n" || stderr.String() != "errors\nexit_group(1)                           = ?\n" {
		t.Errorf("standard output %q, errors %q", &stdout, &stderr)
	}
	if len(ends) != 3 || ends[0] != 3 || ends[1] != 128+9 || ends[2] != 1 {
		t.Errorf("exit statuses %v", ends)
	}
	if len(files) != 1 || files["/tmp/file"] != "kept\n" {
		t.Errorf("files %q", files)
	}
}

// TestReceive: a machine that ends before its jobs do, or that says so, has failed.
func TestReceive(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"panic", "Kernel panic - not syncing", "ended too early:\nKernel panic - not syncing"},
		{"given up", "\x1e\xffvm!\x02\x00\x00\x00no", "no"},
	} {
		err := receive(strings.NewReader(c.line), 1, &output{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestDirectives: fixtures are built as the comments at their beginning say.
func TestDirectives(t *testing.T) {
	for _, c := range []struct {
		src, arch, bits, flags string
	}{
		{"// gotrace: -a 0\n// arch: amd64\n// abi: 64 32\n// cflags: -O0 -pthread\n#include\n// arch: no\n", "amd64", "64 32", "-O0 -pthread"},
		{"// gotrace: -a 0\n#include\n", "", "64", ""},
		{"/* for another test */\n// arch: no\n", "", "64", "-pthread"},
	} {
		name := filepath.Join(t.TempDir(), "a.c")
		if err := os.WriteFile(name, []byte(c.src), 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := readDirectives(name)
		if err != nil {
			t.Fatal(err)
		}
		if bits, flags := strings.Join(d.bits, " "), strings.Join(d.flags, " "); d.arch != c.arch || bits != c.bits || flags != c.flags {
			t.Errorf("%q: %q, %q, %q", c.src, d.arch, bits, flags)
		}
	}
}

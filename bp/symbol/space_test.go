package symbol

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

// one resolves a place that is at one address.
func one(t *testing.T, s *Space, text string) Point {
	t.Helper()
	l, err := ParseLoc(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Resolve(l)
	if err != nil || len(p) != 1 {
		t.Fatalf("Resolve(%s) = %+v, %v; want one point", text, p, err)
	}
	return p[0]
}

// TestResolveRunning compares with what the program says of itself, however it is linked.
func TestResolveRunning(t *testing.T) {
	for _, flags := range [][]string{{"-pie"}, {"-no-pie"}, {"-static"}, {"-static-pie"}, {"-m32"}, {"-s", "-rdynamic"}} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			pid, said := start(t, build(t, "plain.c", append(flags, "-O1")...))
			s := space(t, pid)
			for i, name := range []string{"thrice", "main"} {
				want, _ := strconv.ParseUint(said[i], 0, 64)
				p := one(t, s, "plain!"+name)
				if p.Addr != want || p.Name != name || p.Module.Name != "plain" {
					t.Errorf("%s is %#x %s, want %#x", name, p.Addr, p.Name, want)
				}
				at := s.Place(want + 2)
				if at.Module != "plain" || at.Off != 2 || name == "main" && at.Func != name {
					t.Errorf("Place(%#x+2) = %+v, want %s+2", want, at, name)
				}
			}
			counter, err := s.Object(Loc{Name: "counter", Module: "plain"})
			if want, _ := strconv.ParseUint(said[2], 0, 64); err != nil || len(counter) != 1 || counter[0].Addr != want || counter[0].Size != 4 {
				t.Errorf("counter = %+v, %v; want 4 bytes at %#x", counter, err, want)
			}
		})
	}
}

func TestResolveDeleted(t *testing.T) {
	bin := build(t, "plain.c")
	pid, said := start(t, bin)
	if err := os.Remove(bin); err != nil {
		t.Fatal(err)
	}
	want, _ := strconv.ParseUint(said[0], 0, 64)
	if p := one(t, space(t, pid), "plain!thrice"); p.Addr != want {
		t.Errorf("thrice is %#x, want %#x", p.Addr, want)
	}
}

func TestResolveNone(t *testing.T) {
	pid, _ := start(t, build(t, "plain.c"))
	s := space(t, pid)
	for text, module := range map[string]bool{"nosuch!main": true, "plain!nosuch": false, "nosuch": false, "plain!0x1": false} {
		l, _ := ParseLoc(text)
		_, err := s.Resolve(l)
		var none *NoneError
		if !errors.Is(err, ErrNone) || !errors.As(err, &none) || none.Module != module {
			t.Errorf("Resolve(%s): %v, want none with Module %v", text, err, module)
		}
	}
}

func TestVDSO(t *testing.T) {
	pid, _ := start(t, build(t, "plain.c"))
	s := space(t, pid)
	p := one(t, s, "[vdso]!__vdso_getcpu")
	if at := s.Place(p.Addr + 1); at.Module != vdso || at.Off != 1 {
		t.Errorf("Place = %+v, want one of %s", at, vdso)
	}
}

// TestMountNamespace finds a file that has another place, or none, in our tree of files.
func TestMountNamespace(t *testing.T) {
	bin := build(t, "plain.c")
	dir := t.TempDir()
	shell := []string{"-m", "sh", "-c", `mount -t tmpfs none "$1" && cp "$0" "$1" && exec "$1/plain"`, bin, dir}
	if err := exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "none", dir).Run(); err != nil {
		t.Skipf("needs unshare -m and mount: %v", err)
	}
	pid, said := start(t, "unshare", shell...)
	if _, err := os.Stat(dir + "/plain"); err == nil {
		t.Fatal("the file is visible from here")
	}
	want, _ := strconv.ParseUint(said[0], 0, 64)
	s := space(t, pid)
	m := one(t, s, "plain!thrice").Module
	if p := one(t, s, "plain!thrice"); p.Addr != want || m.Path != dir+"/plain" {
		t.Errorf("thrice is %#x in %s, want %#x", p.Addr, m.Path, want)
	}
	if f, err := s.cache.open(s.proc("root")+m.Path, m.Path, ""); err != nil || f != m.File {
		t.Errorf("by the root of the process: %v, %v", f, err)
	}
}

// TestRefresh keeps modules that stay, and their files over processes.
func TestRefresh(t *testing.T) {
	bin := build(t, "plain.c")
	pid, _ := start(t, bin)
	other, _ := start(t, bin)
	c := NewCache()
	s, s2 := c.Space(pid), c.Space(other)
	if err := errors.Join(s.Refresh(), s2.Refresh()); err != nil {
		t.Fatal(err)
	}
	first := s.Modules()
	s.text = nil
	if err := s.Refresh(); err != nil || len(first) < 3 || !slices.Equal(first, s.Modules()) {
		t.Errorf("modules were %v, now %v, %v", first, s.Modules(), err)
	}
	for i, m := range s2.Modules() {
		if m.File != first[i].File {
			t.Errorf("%s is read twice", m.Name)
		}
	}
	if err := c.Space(-1).Refresh(); err == nil {
		t.Error("no error for a process that is not there")
	}
}

// TestNoSpace looks at a process that has exited and was not waited for.
func TestNoSpace(t *testing.T) {
	cmd := exec.Command("true")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	if _, err := io.ReadAll(out); err != nil { // its memory goes before its files
		t.Fatal(err)
	}
	s := NewCache().Space(cmd.Process.Pid)
	if err := s.Refresh(); !errors.Is(err, ErrNoSpace) {
		t.Errorf("Refresh: %v, want %v", err, ErrNoSpace)
	}
	cmd.Wait()
}

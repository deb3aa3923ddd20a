package symbol

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// run gives the output of a tool, and skips the test where it is missing.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("needs %s", name)
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := NewCache().Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestStubs compares the names of the stubs with objdump's.
func TestStubs(t *testing.T) {
	for _, flags := range []string{"-pie", "-no-pie -fcf-protection=none", "-pie -Wl,-z,now", "-pie -fcf-protection=full -Wl,-z,ibt,-z,ibtplt",
		"-m32 -fPIC", "-m32 -no-pie -fno-pic"} {
		t.Run(flags, func(t *testing.T) {
			bin := build(t, "stubs.c", append(strings.Fields(flags), "-fno-builtin")...)
			compareStubs(t, bin, "objdump")
		})
	}
}

func TestStubsArm64(t *testing.T) {
	const cc = "aarch64-linux-gnu-gcc"
	for _, flags := range []string{"-pie", "-no-pie", "-mbranch-protection=standard -Wl,-z,force-bti", "-Wl,-z,now"} {
		bin := filepath.Join(t.TempDir(), "stubs")
		run(t, cc, append([]string{"-fno-builtin", "-w", "-o", bin, "testdata/stubs.c"}, strings.Fields(flags)...)...)
		compareStubs(t, bin, "aarch64-linux-gnu-objdump")
	}
}

func compareStubs(t *testing.T, bin, objdump string) {
	t.Helper()
	got := map[string]bool{}
	for _, s := range open(t, bin).stubs() {
		got[fmt.Sprintf("%x %s", s.addr, s.name)] = true
	}
	n := 0
	for _, m := range regexp.MustCompile(`(?m)^0*([0-9a-f]+) <([^>]*@plt)>:`).FindAllStringSubmatch(run(t, objdump, "-d", bin), -1) {
		n++
		if line := m[1] + " " + m[2]; !got[line] {
			t.Errorf("no stub %s", line)
		}
		delete(got, m[1]+" "+m[2])
	}
	if n < 5 {
		t.Errorf("objdump found %d stubs: too few to compare", n)
	}
	for line := range got {
		t.Errorf("stub %s is one too many", line)
	}
}

// TestStripped finds the functions of a stripped library as nm sees them in the other.
func TestStripped(t *testing.T) {
	bin := build(t, "plain.c", "-O1")
	want := map[uint64]uint64{}
	for _, line := range strings.Split(run(t, "nm", "-S", bin), "\n") {
		if w := strings.Fields(line); len(w) == 4 && (w[3] == "main" || w[3] == "twice" || w[3] == "thrice") {
			a, _ := strconv.ParseUint(w[0], 16, 64)
			n, _ := strconv.ParseUint(w[1], 16, 64)
			want[a] = n
		}
	}
	run(t, "strip", bin)
	m := &Module{Name: "plain", File: open(t, bin), Hi: 1 << 40}
	for a, n := range want {
		f, ok := m.function(a + n - 1)
		if !ok || f.Addr != a || f.Size != n || f.Name != fmt.Sprintf("%#x", a) || f.Raw != "" {
			t.Errorf("function(%#x) = %+v, %v; want %#x of %d bytes", a+n-1, f, ok, a, n)
		}
	}
	if len(want) != 3 {
		t.Errorf("nm has %d functions", len(want))
	}
	points, err := (&Space{modules: []*Module{m}}).Resolve(Loc{Module: "plain", Name: "*"})
	for _, p := range points {
		delete(want, p.Addr)
	}
	if err != nil || len(want) != 0 {
		t.Errorf("plain!* is %+v, %v; without %#x", points, err, want)
	}
}

// TestDebugFile finds symbols that are in another file: by checksum, by build-id, packed.
func TestDebugFile(t *testing.T) {
	for _, how := range []string{"link", "build-id", "mini"} {
		t.Run(how, func(t *testing.T) {
			id := "-Wl,--build-id=none"
			if how == "build-id" {
				id = "-Wl,--build-id=sha1"
			}
			bin := build(t, "plain.c", "-g", "-O1", id)
			dir := filepath.Dir(bin)
			debug := filepath.Join(dir, "plain.debug")
			run(t, "objcopy", "--only-keep-debug", bin, debug)
			run(t, "strip", bin)
			c := NewCache()
			c.DebugDirs = []string{dir}
			switch how {
			case "link":
				run(t, "objcopy", "--add-gnu-debuglink="+debug, bin)
			case "build-id":
				hex := fmt.Sprintf("%x", open(t, bin).BuildID())
				if err := os.MkdirAll(filepath.Join(dir, ".build-id", hex[:2]), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(debug, filepath.Join(dir, ".build-id", hex[:2], hex[2:]+".debug")); err != nil {
					t.Fatal(err)
				}
			case "mini":
				run(t, "xz", "-k", debug)
				run(t, "objcopy", "--add-section", ".gnu_debugdata="+debug+".xz", bin)
				os.Remove(debug)
			}
			f, err := c.Open(bin)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.table().find("twice"); len(got) != 1 {
				t.Errorf("twice is found %d times", len(got))
			}
			if has := f.Debug().Section(".debug_info") != nil; has != (how != "mini") {
				t.Errorf("DWARF found: %v", has)
			}
		})
	}
}

// TestDebugFileOther does not take the symbols of another build.
func TestDebugFileOther(t *testing.T) {
	bin := build(t, "plain.c", "-g", "-O1", "-Wl,--build-id=none")
	debug := filepath.Join(filepath.Dir(bin), "plain.debug")
	run(t, "objcopy", "--only-keep-debug", bin, debug)
	run(t, "strip", bin)
	run(t, "objcopy", "--add-gnu-debuglink="+debug, bin)
	b, err := os.ReadFile(debug)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(debug, bytes.Replace(b, []byte("twice"), []byte("trice"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if f := open(t, bin); f.Debug() != f {
		t.Errorf("took %s, whose checksum is another", f.Debug().Path())
	}
}

// TestGoStripped compares the functions of a stripped Go program with those of its symbols.
func TestGoStripped(t *testing.T) {
	dir := t.TempDir()
	for _, flags := range []string{"-s -w", "-s -w -pie"} {
		args := []string{"build", "-o", filepath.Join(dir, "with")}
		if strings.Contains(flags, "pie") {
			args = append(args, "-buildmode=pie")
		}
		run(t, "go", append(args, "testdata/hello.go")...)
		with := open(t, filepath.Join(dir, "with"))
		run(t, "objcopy", "--strip-all", filepath.Join(dir, "with"), filepath.Join(dir, "without"))
		without := open(t, filepath.Join(dir, "without"))
		for _, name := range []string{"main.main", "main.twice", "main.(*T).Method", "runtime.mallocgc", "runtime.main"} {
			a, b := with.table().find(name), without.table().find(name)
			if len(a) != 1 || len(b) != 1 {
				t.Errorf("%s: found %d times with symbols, %d without", name, len(a), len(b))
				continue
			}
			if x, y := with.table().funcs[a[0]], without.table().funcs[b[0]]; x.addr != y.addr {
				t.Errorf("%s at %#x with symbols, %#x without", name, x.addr, y.addr)
			}
		}
	}
}

// TestInfoSymbol compares the functions of addresses in real programs with gdb's. Where only
// unwind information knows the function, gdb names the one before it.
func TestInfoSymbol(t *testing.T) {
	libc := strings.TrimSpace(run(t, "gcc", "-print-file-name=libc.so.6"))
	for _, bin := range []string{"/bin/bash", libc, build(t, "shapes.cc", "-O2", "-no-pie", "-static")} {
		f := open(t, bin)
		var script bytes.Buffer
		addrs := sample(f, 1000)
		for _, a := range addrs {
			fmt.Fprintf(&script, "info symbol %#x\n", a)
		}
		commands := filepath.Join(t.TempDir(), "gdb")
		if err := os.WriteFile(commands, script.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		m := &Module{File: f, Hi: 1 << 40}
		same, unnamed, other := 0, 0, 0
		for i, line := range strings.Split(strings.TrimSpace(run(t, "gdb", "-nx", "-batch", "-x", commands, bin)), "\n") {
			off := uint64(0)
			if w := regexp.MustCompile(` \+ (\d+) in section`).FindStringSubmatch(line); w != nil {
				off, _ = strconv.ParseUint(w[1], 10, 64)
			}
			fn, ok := m.function(addrs[i])
			switch {
			case strings.HasPrefix(line, "No symbol"):
			case ok && fn.Addr == addrs[i]-off:
				same++
			case !ok || fn.Raw == "":
				unnamed++
			default:
				other++
				t.Logf("%#x is %+v, gdb: %s", addrs[i], fn, line)
			}
		}
		t.Logf("%s: %d same, %d that no symbol names, %d other", bin, same, unnamed, other)
		if same < 300 || other > 10 {
			t.Errorf("%s: %d same, %d other", bin, same, other)
		}
	}
}

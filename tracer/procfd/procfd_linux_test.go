package procfd

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

var all = Options{Path: true, Socket: true, Device: true, Pidfd: true, Comm: true, PIDNS: true}

func self() event.Task {
	return event.Task{TID: int32(os.Getpid()), TGID: int32(os.Getpid())}
}

func names(t *testing.T, o Options) *Namer {
	t.Helper()
	n := New(o)
	t.Cleanup(func() { n.Close() })
	return n
}

// fdText is a descriptor as it is shown, without escapes.
func fdText(t *testing.T, n *Namer, fd int) string {
	t.Helper()
	name, ok := n.FD(nil, self(), int32(fd))
	if !ok {
		return ""
	}
	s := string(name.Path) + string(name.Detail)
	if name.Deleted {
		s += " gone"
	}
	if name.To > name.From {
		s += fmt.Sprintf(" path %s", name.Detail[name.From:name.To])
	}
	return s
}

func socket(t *testing.T, family, kind, proto int) int {
	t.Helper()
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		t.Skipf("socket(%d, %d, %d): %v", family, kind, proto, err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func inode(t *testing.T, fd int) string {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(st.Ino)
}

func TestFiles(t *testing.T) {
	n := names(t, all)
	dir := t.TempDir()
	check := func(fd uintptr, want string) {
		t.Helper()
		if got := fdText(t, n, int(fd)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	p := filepath.Join(dir, "a>b")
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	check(f.Fd(), p)
	os.Remove(p)
	check(f.Fd(), p+" gone")

	odd := filepath.Join(dir, "x (deleted)")
	g, err := os.Create(odd)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	check(g.Fd(), odd)
	os.Remove(odd)
	check(g.Fd(), odd+" gone")

	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	check(null.Fd(), "/dev/null<char 1:3>")
	n.o.Path = false
	check(null.Fd(), "/dev/null<char 1:3>")
	check(f.Fd(), "")
	if _, ok := n.FD(nil, self(), 1<<30); ok {
		t.Error("a descriptor that is not open has a name")
	}
}

func TestPidfd(t *testing.T) {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Close(fd)
	want := fmt.Sprintf("pid:%d", os.Getpid())
	n := names(t, Options{Pidfd: true})
	if got := fdText(t, n, fd); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	n.o.Comm = true
	if got := fdText(t, n, fd); !strings.HasPrefix(got, want+"<") {
		t.Errorf("%q, want %q", got, want+"<...>")
	}
}

func TestInet(t *testing.T) {
	for _, c := range []struct{ network, addr, tcp string }{
		{"4", "127.0.0.1:0", "TCP"}, {"6", "[::1]:0", "TCPv6"},
	} {
		l, err := net.Listen("tcp"+c.network, c.addr)
		if err != nil {
			t.Logf("tcp%s: %v", c.network, err)
			continue
		}
		defer l.Close()
		conn, err := net.Dial("tcp"+c.network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		n := names(t, all)
		lf, _ := l.(*net.TCPListener).File()
		cf, _ := conn.(*net.TCPConn).File()
		defer lf.Close()
		defer cf.Close()
		if got, want := fdText(t, n, int(lf.Fd())), c.tcp+":["+l.Addr().String()+"]"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		want := c.tcp + ":[" + conn.LocalAddr().String() + "->" + conn.RemoteAddr().String() + "]"
		for range 2 { // asked for, then kept
			if got := fdText(t, n, int(cf.Fd())); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	fd := socket(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	n := names(t, all)
	if got, want := fdText(t, n, fd), "TCP:["+inode(t, fd)+"]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	n.o.Socket = false
	if got, want := fdText(t, n, fd), "socket:["+inode(t, fd)+"]"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUnix(t *testing.T) {
	n := names(t, all)
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	if got, want := fdText(t, n, p[0]), "UNIX-STREAM:["+inode(t, p[0])+"->"+inode(t, p[1])+"]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	path := filepath.Join(t.TempDir(), "s")
	for _, name := range []string{path, "@gotrace-test"} {
		fd := socket(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: name}); err != nil {
			t.Fatal(err)
		}
		quoted := `"` + name + `"`
		if name[0] == '@' {
			quoted = `@"` + name[1:] + `"`
		}
		want := "UNIX:[" + inode(t, fd) + "," + quoted + "] path " + strings.TrimPrefix(name, "@")
		if got := fdText(t, n, fd); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestNetlink(t *testing.T) {
	n := names(t, all)
	fd := socket(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	if proto, ok := n.Netlink(self(), int32(fd)); !ok || proto != -1 {
		t.Errorf("unbound: %d %v", proto, ok)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("NETLINK:[ROUTE:%d]", sa.(*unix.SockaddrNetlink).Pid)
	if got := fdText(t, n, fd); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if proto, ok := n.Netlink(self(), int32(fd)); !ok || proto != unix.NETLINK_ROUTE {
		t.Errorf("bound: %d %v", proto, ok)
	}
	if _, ok := n.Netlink(self(), int32(socket(t, unix.AF_INET, unix.SOCK_DGRAM, 0))); ok {
		t.Error("UDP taken for netlink")
	}
}

// TestProcNet holds the tables of /proc against what sock_diag says.
func TestProcNet(t *testing.T) {
	u := socket(t, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(u, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	u6 := socket(t, unix.AF_INET6, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(u6, &unix.SockaddrInet6{Addr: netip.IPv6Unspecified().As16()}); err != nil {
		t.Skip(err)
	}
	x := socket(t, unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err := unix.Bind(x, &unix.SockaddrUnix{Name: "@gotrace-procnet"}); err != nil {
		t.Fatal(err)
	}
	nl := socket(t, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	if err := unix.Bind(nl, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
	asked, read := names(t, all), names(t, all)
	read.diag.tried, read.diag.fd = true, -1
	for _, fd := range []int{u, u6, x, nl} {
		a, b := fdText(t, asked, fd), fdText(t, read, fd)
		if a != b || strings.HasSuffix(a, ":["+inode(t, fd)+"]") {
			t.Errorf("asked: %q, read: %q", a, b)
		}
	}
}

func TestProcesses(t *testing.T) {
	n := names(t, all)
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	p, ok := n.PID(nil, self(), int32(os.Getpid()))
	if !ok || string(p.Comm) != strings.TrimSpace(string(comm)) || p.Own != int32(os.Getpid()) {
		t.Errorf("%q %d %v", p.Comm, p.Own, ok)
	}
	if p, _ := n.PID(nil, self(), 1<<30); p.Comm != nil {
		t.Errorf("a process that is not there is called %q", p.Comm)
	}
	if cwd, ok := n.Cwd(nil, self()); !ok {
		t.Error("no current directory")
	} else if wd, err := os.Getwd(); err == nil && string(cwd.Path) != wd {
		t.Errorf("%q, want %q", cwd.Path, wd)
	}
}

func TestIfName(t *testing.T) {
	n := names(t, all)
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Skip(err)
	}
	if b, ok := n.IfName([]byte("-"), uint32(lo.Index)); !ok || string(b) != "-lo" {
		t.Errorf("%q %v", b, ok)
	}
	if b, ok := n.IfName(nil, 1<<30); ok {
		t.Errorf("an interface that is not there is called %q", b)
	}
}

// TestCmdline holds that the arguments of a program are read whole.
func TestCmdline(t *testing.T) {
	words := strings.Fields(strings.Repeat("word ", 20000))
	const script = "echo ready; read x"
	c := exec.Command("/bin/sh", append([]string{"-c", script, "sh"}, words...)...)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	// The start is over before the kernel has noted where the arguments are.
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer in.Close()
	pid := int32(c.Process.Pid)
	b, ok := New(Options{}).Text([]byte("before"), event.Task{TID: pid, TGID: pid}, "cmdline")
	want := "before/bin/sh\x00-c\x00" + script + "\x00sh\x00" + strings.Join(words, "\x00") + "\x00"
	if !ok || string(b) != want {
		t.Errorf("%d bytes, want %d", len(b), len(want))
	}
}

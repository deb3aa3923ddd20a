package difftest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is one of the real programs that traces are compared on.
type program struct {
	name  string
	needs []string // commands
	// prepare makes what is needed once, and returns the command line. It is run in a
	// directory that is made anew for each run.
	prepare func(t *testing.T, b *bench) []string
	// setup fills the directory of one run.
	setup func(t *testing.T, b *bench)
	// drive acts on a running server until it ends.
	drive func(ctx context.Context, t *testing.T, b *bench)
	racy  bool // calls differ from run to run: compare forms
	full  bool // with every set of options
	noise []string
	// scheduled matches lines whose number and place the scheduler decides: not compared.
	scheduled string
	exact     bool // the number of each call is the same every time
}

// bench is where a program runs: a directory with the same name every time.
type bench struct {
	data string // testdata
	tmp  string // made once
	dir  string // made for each run
	port int
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// until polls for what another process does, until it did or ctx ends.
func until(ctx context.Context, t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Errorf("%s: %v", what, ctx.Err())
			return
		case <-tick.C:
		}
	}
}

func script(shell, name string) func(*testing.T, *bench) []string {
	return func(t *testing.T, b *bench) []string {
		return []string{shell, filepath.Join(b.data, name)}
	}
}

var programs = []program{
	{
		name: "ls", full: true, exact: true,
		prepare: func(t *testing.T, b *bench) []string { return []string{"ls", "-l", "/"} },
	},
	{
		name: "bash", needs: []string{"bash"}, full: true,
		scheduled: `^(wait4|rt_sigreturn|rt_sigprocmask)\(`, // by the handler of SIGCHLD or elsewhere
		prepare:   script("bash", "pipeline.sh"),
	},
	{
		name: "coreutils", needs: []string{"bash"},
		scheduled: `^(wait4|rt_sigreturn|rt_sigprocmask)\(`,
		prepare:   script("bash", "coreutils.sh"),
		noise:     []string{`st_nlink=\d\d\d`}, // of /tmp
	},
	{
		name: "threads", needs: []string{"gcc"}, full: true,
		prepare: func(t *testing.T, b *bench) []string {
			out := filepath.Join(b.tmp, "threads")
			run(t, b.data, "gcc", "-w", "-O1", "-pthread", "-o", out, "threads.c")
			return []string{out}
		},
	},
	{
		name: "make", needs: []string{"gcc", "make"},
		prepare: func(t *testing.T, b *bench) []string { return []string{"make"} },
		setup:   func(t *testing.T, b *bench) { copyTree(t, filepath.Join(b.data, "cproj"), b.dir) },
		noise:   []string{`/tmp/cc[A-Za-z0-9]{6}`},
	},
	{
		name: "python3", needs: []string{"/usr/bin/python3"},
		scheduled: `^(futex|times|poll)\(`,
		prepare: func(t *testing.T, b *bench) []string {
			b.port = freePort(t)
			return []string{"/usr/bin/python3", filepath.Join(b.data, "script.py"), strconv.Itoa(b.port)}
		},
	},
	{
		name: "git", needs: []string{"git"},
		prepare:   script("sh", "git.sh"),
		scheduled: `^(futex|wait4)\(`,
		noise: []string{`(tmp_obj|tmp_pack|tmp_idx|tmp_rev|refs|packs)_[A-Za-z0-9]{6}`, `\.tmp-\d+-`,
			`/t[A-Za-z0-9]{6}"`,                        // a symbolic link to try
			`"(\\.|[^"\\])*"(\.\.\.)?, (8|20|28|32)\b`, // random names, checksums of times
			`"DIRC(\\.|[^"\\])*"`,
		},
	},
	{
		name: "curl", needs: []string{"curl"}, full: true,
		prepare: func(t *testing.T, b *bench) []string {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", "today")
				fmt.Fprint(w, strings.Repeat("served ", 100))
			}))
			t.Cleanup(s.Close)
			return []string{"curl", "-sS", "-o", "page", s.URL}
		},
		scheduled: `^(poll|rt_sigaction\((SIGPIPE|13)\b)`, // as often as data arrives
	},
	{
		name: "nginx", needs: []string{"nginx", "curl"},
		prepare: func(t *testing.T, b *bench) []string {
			b.port = freePort(t)
			conf := fmt.Sprintf(`daemon off; master_process on; worker_processes 1; error_log stderr; pid nginx.pid;
events { worker_connections 16; }
http { access_log log; client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
server { listen 127.0.0.1:%d; root html; sendfile on; } }`, b.port)
			if err := os.WriteFile(filepath.Join(b.tmp, "nginx.conf"), []byte(conf), 0o644); err != nil {
				t.Fatal(err)
			}
			return []string{"nginx", "-p", b.dir, "-c", filepath.Join(b.tmp, "nginx.conf"), "-e", "stderr"}
		},
		setup: func(t *testing.T, b *bench) {
			os.Chmod(b.dir, 0o755)
			os.MkdirAll(filepath.Join(b.dir, "html"), 0o755)
			os.WriteFile(filepath.Join(b.dir, "html/index.html"), []byte("hello\n"), 0o644)
		},
		drive: driveNginx,
		racy:  true,
	},
	{
		name: "redis", needs: []string{"redis-server", "redis-cli"},
		prepare: func(t *testing.T, b *bench) []string {
			return []string{"redis-server", "--port", "0", "--unixsocket", "sock", "--dir", b.dir, "--io-threads", "1", "--save", ""}
		},
		drive: driveRedis,
		racy:  true,
	},
	{
		name: "go", needs: []string{"go"},
		prepare: func(t *testing.T, b *bench) []string {
			out := filepath.Join(b.tmp, "goprog")
			run(t, b.data, "go", "build", "-o", out, "./goprog")
			return []string{out}
		},
		scheduled: `^(epoll_pwait|futex|nanosleep|restart_syscall|sched_yield|rt_sigreturn|tgkill)\(`,
		racy:      true,
	},
}

func driveNginx(ctx context.Context, t *testing.T, b *bench) {
	pid := 0
	until(ctx, t, "nginx writes its pid", func() bool {
		s, _ := os.ReadFile(filepath.Join(b.dir, "nginx.pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(s)))
		return pid > 0
	})
	url := fmt.Sprintf("http://127.0.0.1:%d/", b.port)
	out, err := exec.CommandContext(ctx, "curl", "-sS", url).CombinedOutput()
	if err != nil || string(out) != "hello\n" {
		t.Errorf("curl %s: %v %s", url, err, out)
	}
	if pid > 0 {
		syscall.Kill(pid, syscall.SIGQUIT)
	}
}

func driveRedis(ctx context.Context, t *testing.T, b *bench) {
	sock := filepath.Join(b.dir, "sock")
	until(ctx, t, "redis listens", func() bool {
		c, err := net.Dial("unix", sock)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	for _, args := range [][]string{{"ping"}, {"set", "k", "v"}, {"get", "k"}, {"shutdown", "nosave"}} {
		out, err := exec.CommandContext(ctx, "redis-cli", append([]string{"-s", sock}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("redis-cli %v: %v\n%s", args, err, out)
		}
	}
}

// noise is what differs between any two runs, whoever traces.
var noise = compileAll([]string{
	`/\* \d{4}-\d\d-\d\dT[^*]* \*/`,
	`st_ino=\d+`, `d_ino=\d+`, `st_[amc]time=\d+`, `st_[amc]time_nsec=\d+`,
	`stx_[a-z]*time=\{[^}]*\}`, `stx_ino=(0x)?[0-9a-f]+`,
	`si_[us]time=\d+( /\* [^*]* \*/)?`, `ru_[a-z]+=(\{[^}]*\}|\d+)`, `tms_c?[us]time=\d+( /\* [^*]* \*/)?`,
	`tv_u?n?sec=\d+`,
	`stx?_nlink=\d\d+`, // of /proc and /tmp
	`getrandom\("[^"]*"`,
	`(socket|pipe|TCP|UDP|UNIX|UNIX-STREAM|NETLINK|TCPv6|UDPv6):\[+[^\]]*\](:\d+\])?`,
	`sin6?_port=(htons\(\d+\)|"[^"]*"( /\* htons\(\d+\) \*/)?)`,
	`f_(bfree|bavail|ffree)=\d+`, `(uptime|loads|freeram|bufferram|totalram|procs)=(\[[^]]*\]|\d+)`,
})

func compileAll(in []string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, s := range in {
		out = append(out, regexp.MustCompile(s))
	}
	return out
}

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
	// anyThread says that any thread of the program may do any of its work, and ask any number
	// of times whether there is some: what calls were made is compared, not how often.
	anyThread bool
	full      bool     // with most sets of options
	rare      bool     // with all of them
	also      []string // with these
	noise     []string
	// scheduled matches lines whose number and place the scheduler decides: not compared.
	scheduled string
	exact     bool // the number of each call is the same every time
}

// bench is where a program runs: a directory with the same name every time.
type bench struct {
	data string // testdata
	tmp  string // made once
	dir  string // made for each run
	port int    // of a server
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

// compiled makes a program of a C file.
func compiled(name string) func(*testing.T, *bench) []string {
	return func(t *testing.T, b *bench) []string {
		out := filepath.Join(b.tmp, strings.TrimSuffix(name, ".c"))
		run(t, b.data, "gcc", "-w", "-O1", "-pthread", "-o", out, name)
		return []string{out}
	}
}

func script(shell, name string) func(*testing.T, *bench) []string {
	return func(t *testing.T, b *bench) []string {
		return []string{shell, filepath.Join(b.data, name)}
	}
}

var programs = []program{
	{
		name: "ls", full: true, rare: true, exact: true,
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
		name: "threads", needs: []string{"gcc"}, full: true, rare: true,
		prepare: compiled("threads.c"),
	},
	{
		name: "locks", needs: []string{"gcc"}, also: []string{"Y"},
		prepare:   compiled("locks.c"),
		scheduled: `^futex\(`,
	},
	{
		name: "signals", needs: []string{"gcc"}, full: true, rare: true,
		prepare: compiled("signals.c"),
		noise:   []string{`"(\\.|[^"\\])*"(\.\.\.)?, 128`}, // signalfd_siginfo has pids
	},
	{
		name: "archive", needs: []string{"tar", "gzip", "find", "xargs"},
		prepare:   script("sh", "archive.sh"),
		scheduled: `^wait4\(`,
	},
	{
		name: "perl", needs: []string{"perl"}, exact: true,
		prepare: script("perl", "script.pl"),
		noise:   []string{`"(\\.|[^"\\])*", 4\)`}, // of /dev/urandom
	},
	{
		name: "awk", needs: []string{"awk", "sort"},
		prepare: func(t *testing.T, b *bench) []string {
			return []string{"awk", "-f", filepath.Join(b.data, "script.awk"), "/etc/passwd"}
		},
	},
	{
		name: "sqlite3", needs: []string{"sqlite3"}, exact: true,
		prepare: func(t *testing.T, b *bench) []string {
			return []string{"sqlite3", "-init", filepath.Join(b.data, "script.sql"), "t.db", ".quit"}
		},
		// Journals and logs have random numbers and checksums with them.
		noise: []string{`"(\\.|[^"\\])*"(\.\.\.)?, (4|8|24|32|44|512)\b`},
	},
	{
		name: "openssl", needs: []string{"openssl"},
		prepare: script("sh", "openssl.sh"),
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
		name: "nginx", needs: []string{"nginx"}, full: true,
		prepare: prepareNginx,
		setup:   setupNginx,
		drive:   driveNginx,
		noise: []string{`\d\d:\d\d:\d\d`, `(\\x3\d){2}\\x3a(\\x3\d){2}\\x3a(\\x3\d){2}`, // in headers and in the log
			`, 512, \d+\)`, `, 0x200, 0x[0-9a-f]+\)`, // how long until a timer
		},
	},
	{
		name: "redis", needs: []string{"redis-server"}, full: true,
		// What is done by the clock is done once a second, later than the run takes.
		prepare: func(t *testing.T, b *bench) []string {
			return []string{"redis-server", "--port", "0", "--unixsocket", "sock", "--dir", b.dir, "--io-threads", "1",
				"--save", "", "--hz", "1", "--dynamic-hz", "no"}
		},
		drive: driveRedis,
		// Its timer looks at its own memory before or after the first connection.
		scheduled: `^futex\(|^epoll_wait\(.*, \[\], |^openat\(.*(/stat|\\x73\\x74\\x61\\x74)", O_RDONLY|^read\(.*\(redis-server\) R `,
		noise: []string{
			`, 10128, \d+\)`, `, 0x2790, 0x[0-9a-f]+\)`, // how long until a timer
			`write\(1(<[^>]*>)?, "(\\.|[^"\\])*"`, // the log has times
			`read\(\d+(</dev/urandom[^>]*>+)?, "(\\.|[^"\\])*"(\.\.\.)?, 4096\)`,
			`"(\d|\\x3\d)*(\\x20| )(\\x28|\()[^"]*"(\.\.\.)?, 4095`, // /proc/self/stat
			`temp-\d+\.rdb`, `\\x74\\x65\\x6d\\x70\\x2d(\\x3\d)+`, `"REDIS(\\.|[^"\\])*"`,
		},
	},
	{
		name: "go", needs: []string{"go"}, full: true, anyThread: true,
		prepare: func(t *testing.T, b *bench) []string {
			out := filepath.Join(b.tmp, "goprog")
			run(t, b.data, "go", "build", "-o", out, "./goprog")
			return []string{out}
		},
		// What the run-time system does when a goroutine waits or runs for long.
		scheduled: `^(epoll_pwait|futex|nanosleep|restart_syscall|sched_yield|rt_sigreturn|tgkill|gettid)\(` +
			`|^(read|write)\((0x)?8[<,]|^read\(.* = -1 EAGAIN|^--- SIGURG`,
		noise: []string{`\{u32=\d+, u64=\d+\}`},
	},
}

// noise is what differs between any two runs, whoever traces.
var noise = compileAll([]string{
	`<(strace|gotrace)>`, // the tracer's child before its execve, and the parent
	`/\* \d{4}-\d\d-\d\dT[^*]* \*/`,
	`st_ino=\d+`, `d_ino=\d+`, `st_[amc]time=\d+`, `st_[amc]time_nsec=\d+`,
	`stx_[a-z]*time=\{[^}]*\}`, `stx_ino=(0x)?[0-9a-f]+`,
	`si_[us]time=\d+( /\* [^*]* \*/)?`, `ru_[a-z]+=(\{[^}]*\}|\d+)`, `tms_c?[us]time=\d+( /\* [^*]* \*/)?`,
	`tv_u?n?sec=\d+`,
	`stx?_nlink=\d\d+`, // of /proc and /tmp
	`getrandom\("[^"]*"`,
	`(socket|pipe|TCP|UDP|UNIX|UNIX-STREAM|NETLINK|TCPv6|UDPv6):\[+[^\]]*\](:\d+\])?`,
	`sin6?_port=(htons\(\d+\)|"[^"]*"( /\* htons\(\d+\) \*/)?)`,
	`f_(bfree|bavail|ffree)=\d+`, `(uptime|loads|freeram|sharedram|bufferram|totalram|procs)=(\[[^]]*\]|\d+)`,
})

func compileAll(in []string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, s := range in {
		out = append(out, regexp.MustCompile(s))
	}
	return out
}

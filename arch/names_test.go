package arch

import (
	"strings"
	"syscall"
	"testing"
)

func TestErrno(t *testing.T) {
	for _, c := range []struct {
		n          int
		name, text string
	}{
		{-1, "", "Unknown error -1"},
		{0, "", "Success"},
		{1, "EPERM", "Operation not permitted"},
		{2, "ENOENT", "No such file or directory"},
		{11, "EAGAIN", "Resource temporarily unavailable"},
		{35, "EDEADLK", "Resource deadlock avoided"},
		{41, "", "Unknown error 41"},
		{58, "", "Unknown error 58"},
		{95, "EOPNOTSUPP", "Operation not supported"},
		{133, "EHWPOISON", "Memory page has hardware error"},
		{134, "", "Unknown error 134"},
		{511, "", "Unknown error 511"},
		{512, "ERESTARTSYS", "To be restarted if SA_RESTART is set"},
		{513, "ERESTARTNOINTR", "To be restarted"},
		{514, "ERESTARTNOHAND", "To be restarted if no handler"},
		{515, "ENOIOCTLCMD", "Unknown error 515"},
		{516, "ERESTART_RESTARTBLOCK", "Interrupted by signal"},
		{519, "ENOPARAM", "Unknown error 519"},
		{520, "", "Unknown error 520"},
		{524, "ENOTSUPP", "Unknown error 524"},
		{530, "ERECALLCONFLICT", "Unknown error 530"},
		{531, "", "Unknown error 531"},
		{4095, "", "Unknown error 4095"},
	} {
		if got := ErrnoName(c.n); got != c.name {
			t.Errorf("ErrnoName(%d) = %q, want %q", c.n, got, c.name)
		}
		if got := ErrnoText(c.n); got != c.text {
			t.Errorf("ErrnoText(%d) = %q, want %q", c.n, got, c.text)
		}
		if c.name == "" {
			continue
		}
		for _, s := range []string{c.name, strings.ToLower(c.name)} {
			if got, ok := ErrnoByName(s); got != c.n || !ok {
				t.Errorf("ErrnoByName(%s) = %d, %v, want %d", s, got, ok, c.n)
			}
		}
	}
	for _, s := range []string{"", "E", "NOENT", "EWOULDBLOCK", "EDEADLOCK", "ENOTSUP", "ENOENT ", "2"} {
		if n, ok := ErrnoByName(s); ok {
			t.Errorf("ErrnoByName(%q) = %d", s, n)
		}
	}
}

// The C library's texts are those of package syscall but for capitals.
func TestErrnoAgainstSyscall(t *testing.T) {
	for n := 1; n < 140; n++ {
		want := syscall.Errno(n).Error()
		named := !strings.HasPrefix(want, "errno ")
		if n == 133 { // EHWPOISON is newer than package syscall
			continue
		}
		if named != (ErrnoName(n) != "") {
			t.Errorf("%d is %q, package syscall says %q", n, ErrnoName(n), want)
		}
		if named && !strings.EqualFold(ErrnoText(n), want) {
			t.Errorf("%d: text %q, package syscall says %q", n, ErrnoText(n), want)
		}
	}
}

func TestSignal(t *testing.T) {
	for _, c := range []struct {
		n    int
		name string
	}{
		{-1, ""}, {0, ""}, {1, "SIGHUP"}, {2, "SIGINT"}, {6, "SIGABRT"}, {7, "SIGBUS"},
		{16, "SIGSTKFLT"}, {17, "SIGCHLD"}, {29, "SIGIO"}, {31, "SIGSYS"},
		{32, "SIGRTMIN"}, {33, "SIGRT_1"}, {63, "SIGRT_31"}, {64, "SIGRT_32"}, {65, ""},
	} {
		if got := SignalName(c.n); got != c.name {
			t.Errorf("SignalName(%d) = %q, want %q", c.n, got, c.name)
		}
		if c.name == "" {
			continue
		}
		lower := strings.ToLower(c.name)
		for _, s := range []string{c.name, c.name[3:], lower, lower[3:], "sIg" + lower[3:]} {
			if got, ok := SignalByName(s); got != c.n || !ok {
				t.Errorf("SignalByName(%s) = %d, %v, want %d", s, got, ok, c.n)
			}
		}
	}
	for _, s := range []string{"", "SIG", "2", "SIGSIGINT", "SIGINT ", "SIGPOLL", "SIGIOT", "SIGCLD", "SIGUNUSED", "SIGRTMAX", "RTMIN+1"} {
		if n, ok := SignalByName(s); ok {
			t.Errorf("SignalByName(%q) = %d", s, n)
		}
	}
	for n := 1; n < NSIG; n++ {
		if got, ok := SignalByName(SignalName(n)); got != n || !ok {
			t.Errorf("SignalByName(%s) = %d, %v, want %d", SignalName(n), got, ok, n)
		}
	}
}

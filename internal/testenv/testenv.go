// Package testenv frees tests of what their process was started with. Programs under test
// inherit what a shell, a service or a runner of jobs left behind: a mask of files, open
// descriptors, ignored signals, variables of the environment. What tests compare then
// differs from one machine to the next. The package is for TestMain; programs do not use it.
package testenv

import (
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// kept are the variables that tests see; those that begin with GO tell where packages are.
var kept = []string{"HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CACHE_HOME", "CGO_ENABLED"}

// systemDirs are where programs are that the search path of a user may lack, such as servers.
var systemDirs = []string{"/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"}

// Settle gives the programs that this process starts a plain environment: files are made for
// all to read, descriptors above 2 are closed, no signal is ignored or blocked, and of the
// variables only those are left that the tests or the Go command need. It may start the
// process anew, so it is called before anything else.
func Settle() {
	unix.Umask(0o022)
	environment()
	descriptors()
	signals()
}

func environment() {
	path := filepath.SplitList(os.Getenv("PATH"))
	for _, dir := range systemDirs {
		if !slices.Contains(path, dir) {
			path = append(path, dir)
		}
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !slices.Contains(kept, name) && !strings.HasPrefix(name, "GO") {
			os.Unsetenv(name)
		}
	}
	if u, err := user.Current(); err == nil && os.Getenv("HOME") == "" {
		os.Setenv("HOME", u.HomeDir) // the Go command keeps its cache there
	}
	os.Setenv("PATH", strings.Join(path, string(filepath.ListSeparator)))
}

// descriptors marks those above 2 to be closed by execve(2).
func descriptors() {
	list, _ := os.ReadDir("/proc/self/fd")
	for _, e := range list {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// signals makes those that are ignored or blocked, as /proc/self/status says, neither. A
// handler becomes the default in programs that this process starts. New threads start with
// the mask that the process had first, so only execve(2) changes it for all.
func signals() {
	ignored, blocked := mask("SigIgn:"), mask("SigBlk:")
	never := make(chan os.Signal, 1)
	for sig := 1; sig <= 64; sig++ {
		if ignored>>(sig-1)&1 != 0 {
			signal.Notify(never, syscall.Signal(sig))
		}
	}
	if blocked == 0 {
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if unix.PthreadSigmask(unix.SIG_SETMASK, &unix.Sigset_t{}, nil) == nil {
		syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
}

func mask(field string) uint64 {
	data, _ := os.ReadFile("/proc/thread-self/status")
	_, rest, _ := strings.Cut(string(data), "\n"+field)
	line, _, _ := strings.Cut(rest, "\n")
	bits, _ := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return bits
}

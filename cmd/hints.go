package cmd

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/moby/sys/user"
	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer"
)

// hint puts what may help on a line of its own below strace's message.
func hint(msg, help string) string {
	if help == "" {
		return msg
	}
	return msg + "\n(" + help + ")"
}

// attachMessage is why a process could not be attached to.
func attachMessage(pid int, err error) string {
	m := machine{fsys: os.DirFS("/")}
	m.caps, _ = strconv.ParseUint(m.status("CapEff"), 16, 64)
	return hint(errnoMessage(err), m.attachHint(pid, err))
}

// launchError is why a program could not be started as a tracee.
func launchError(pid int, err error) error {
	var a *tracer.AttachError
	if errors.As(err, &a) {
		return fmt.Errorf("trace the new process: %s", attachMessage(pid, a))
	}
	return err
}

// attachHint is the likeliest reason for an error of PTRACE_SEIZE.
func (m *machine) attachHint(pid int, err error) string {
	if !errors.Is(err, unix.EPERM) {
		return ""
	}
	var a *tracer.AttachError
	scope := m.yama()
	owner := m.owner(pid)
	switch {
	case errors.As(err, &a) && a.Tracer == os.Getpid():
		return "it is traced already, by this very command"
	case errors.As(err, &a) && a.Tracer != 0:
		return fmt.Sprintf("already traced by process %d%s", a.Tracer, m.command(a.Tracer))
	case m.kernelThread(pid):
		return "a thread of the kernel cannot be traced"
	case pid == os.Getpid():
		return "gotrace cannot trace itself"
	case scope == "3":
		return "kernel.yama.ptrace_scope is 3, which forbids tracing until the next boot"
	case !m.can(unix.CAP_SYS_PTRACE) && owner >= 0 && owner != m.uid():
		return fmt.Sprintf("it belongs to user %s: run gotrace as that user or as root", userName(owner))
	case !m.can(unix.CAP_SYS_PTRACE) && (scope == "1" || scope == "2"):
		return "kernel.yama.ptrace_scope is " + scope + ": " + fixYama
	case m.status("Seccomp") == "2":
		return "a seccomp filter is in force, as in containers: see gotrace doctor"
	case !m.can(unix.CAP_SYS_PTRACE):
		return "it may have gained rights, as set-user-ID programs do: run gotrace as root"
	}
	return "see gotrace doctor"
}

// uid is this process's real user, and owner a process's; -1: unknown.
func (m *machine) uid() int { return firstNumber(m.status("Uid")) }

func (m *machine) owner(pid int) int {
	return firstNumber(field(m.read("proc/"+strconv.Itoa(pid)+"/status"), "Uid"))
}

func firstNumber(s string) int {
	first, _, _ := strings.Cut(s, "\t")
	n, err := strconv.Atoi(first)
	if err != nil {
		return -1
	}
	return n
}

// command is a process's name in brackets, for messages.
func (m *machine) command(pid int) string {
	if c := m.read("proc/" + strconv.Itoa(pid) + "/comm"); c != "" {
		return ", " + c
	}
	return ""
}

// kernelThread reports whether a process has the flag PF_KTHREAD; see proc_pid_stat(5).
func (m *machine) kernelThread(pid int) bool {
	const pfKthread = 0x00200000
	stat := m.read("proc/" + strconv.Itoa(pid) + "/stat")
	f := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(f) < 7 {
		return false
	}
	flags, _ := strconv.ParseUint(f[6], 10, 64)
	return flags&pfKthread != 0
}

func userName(uid int) string {
	if u, err := user.LookupUid(uid); err == nil {
		return u.Name
	}
	return strconv.Itoa(uid)
}

// execMessage is why a program could not be executed.
func execMessage(path string, err error) string {
	return hint(errnoMessage(err), execHint(path, err))
}

// execHint explains an error of execve by the file.
func execHint(path string, err error) string {
	fi, statErr := os.Stat(path)
	if statErr != nil {
		return ""
	}
	switch {
	case errors.Is(err, unix.EACCES) && fi.IsDir():
		return path + " is a directory"
	case errors.Is(err, unix.EACCES) && fi.Mode()&0o111 == 0:
		return path + " is not executable: chmod +x makes it so"
	case errors.Is(err, unix.EACCES) && !fi.Mode().IsRegular():
		return path + " is not a regular file"
	case errors.Is(err, unix.EACCES):
		return "its file system may be mounted with noexec, or its interpreter is not executable"
	case errors.Is(err, unix.ENOENT):
		if in := interpreter(path); in != "" {
			return path + " is there, but not its interpreter " + in
		}
	case errors.Is(err, unix.ENOEXEC):
		return path + " is " + kindOf(path)
	}
	return ""
}

// interpreter is the program that a script or a dynamic executable asks for.
func interpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f, head)
	if line, ok := bytes.CutPrefix(head[:n], []byte("#!")); ok {
		line, _, _ = bytes.Cut(line, []byte("\n"))
		if words := bytes.Fields(line); len(words) > 0 {
			return string(words[0])
		}
		return ""
	}
	e, err := elf.NewFile(f)
	if err != nil {
		return ""
	}
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err == nil {
				return string(bytes.TrimRight(b, "\x00"))
			}
		}
	}
	return ""
}

// kindOf says what a file is that the kernel cannot execute.
func kindOf(path string) string {
	e, err := elf.Open(path)
	if err != nil {
		return "neither a program of this machine nor a script that begins with #!"
	}
	defer e.Close()
	if e.Machine == elf.EM_386 && runtime.GOARCH == "amd64" {
		return "a 32-bit program, which this kernel does not execute"
	}
	return "a program for " + strings.ToLower(strings.TrimPrefix(e.Machine.String(), "EM_"))
}

// hereHint helps who names a program of the current folder as DOS has it.
func hereHint(name string) string {
	if fi, err := fs.Stat(os.DirFS("."), name); err == nil && fi.Mode().IsRegular() {
		return "the one in this folder is ./" + name
	}
	return ""
}

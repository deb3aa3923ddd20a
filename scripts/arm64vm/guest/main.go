// Guest is the first process of a virtual machine: it prepares what programs expect of a
// system, runs the jobs that it finds, sends what they write over a serial line, and powers
// the machine off.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/scripts/arm64vm/wire"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "guest: not the first process of a machine")
		os.Exit(1)
	}
	run()
	unix.Sync()
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func run() {
	mountAll()
	var setup wire.Setup
	b, err := os.ReadFile(wire.JobsFile)
	if err == nil {
		err = json.Unmarshal(b, &setup)
	}
	if err != nil {
		fmt.Println("guest:", err) // the kernel's console
		return
	}
	line, err := openConsole(setup.Console)
	if err != nil {
		fmt.Println("guest:", err)
		return
	}
	w := wire.NewWriter(line)
	for _, m := range setup.Modules {
		if err := loadModule(m); err != nil {
			w.Write(wire.Stderr, fmt.Appendf(nil, "guest: %s: %v\n", m, err))
		}
	}
	if err := loopbackUp(); err != nil {
		w.Write(wire.Stderr, fmt.Appendf(nil, "guest: lo: %v\n", err))
	}
	for _, j := range setup.Jobs {
		if err := runJob(w, j); err != nil {
			w.Write(wire.Failed, []byte(err.Error()))
			return
		}
	}
	unix.IoctlSetInt(int(line.Fd()), unix.TCSBRK, 1) // tcdrain
}

// mountAll mounts what a system has. What a kernel lacks, a test will tell.
func mountAll() {
	for _, m := range []struct{ typ, dir, options string }{
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"devtmpfs", "/dev", ""},
		{"devpts", "/dev/pts", "ptmxmode=0666"},
		{"mqueue", "/dev/mqueue", ""},
		{"tmpfs", "/dev/shm", "mode=1777"},
		{"tracefs", "/sys/kernel/tracing", ""},
	} {
		os.MkdirAll(m.dir, 0o755)
		if err := unix.Mount(m.typ, m.dir, m.typ, 0, m.options); err != nil {
			fmt.Printf("guest: mount %s: %v\n", m.dir, err)
		}
	}
	os.Chmod("/tmp", 0o777|os.ModeSticky)
	for name, to := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		os.Symlink(to, "/dev/"+name)
	}
}

// openConsole opens the serial line for bytes that nobody changes. The kernel is told to be
// quiet on it.
func openConsole(name string) (*os.File, error) {
	os.WriteFile("/proc/sys/kernel/printk", []byte("1"), 0)
	f, err := os.OpenFile(name, os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return nil, err
	}
	t.Oflag &^= unix.OPOST
	return f, unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t)
}

func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.FinitModule(int(f.Fd()), "", 0)
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
}

// runJob runs a program and sends its output and how it ended.
func runJob(w *wire.Writer, j wire.Job) error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	var ours, theirs [2]*os.File
	done := make(chan struct{}, 2)
	for i, k := range []wire.Kind{wire.Stdout, wire.Stderr} {
		if ours[i], theirs[i], err = os.Pipe(); err != nil {
			return err
		}
		go func() {
			io.Copy(sender{w, k}, ours[i])
			done <- struct{}{}
		}()
	}
	p, err := os.StartProcess(j.Argv[0], j.Argv, &os.ProcAttr{Dir: j.Dir, Env: j.Env, Files: []*os.File{null, theirs[0], theirs[1]}})
	theirs[0].Close()
	theirs[1].Close()
	var status unix.WaitStatus
	if err == nil {
		status, err = wait(p.Pid)
	}
	// What the program left running may hold the pipes open.
	for _, f := range ours {
		f.SetReadDeadline(time.Now().Add(time.Second))
	}
	for range ours {
		<-done
	}
	if err != nil {
		return err
	}
	for _, name := range j.Fetch {
		if b, err := os.ReadFile(name); err == nil {
			w.Write(wire.File, append([]byte(name+"\x00"), b...))
		}
	}
	return w.Write(wire.Ended, binary.LittleEndian.AppendUint32(nil, uint32(status)))
}

// wait reaps whatever ends, as the first process of a machine must, until pid does.
func wait(pid int) (unix.WaitStatus, error) {
	for {
		var status unix.WaitStatus
		switch got, err := unix.Wait4(-1, &status, unix.WALL, nil); {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case got == pid && (status.Exited() || status.Signaled()):
			return status, nil
		}
	}
}

type sender struct {
	w *wire.Writer
	k wire.Kind
}

func (s sender) Write(p []byte) (int, error) { return len(p), s.w.Write(s.k, p) }

// Package procfd tells, from the live system, what a tracee's descriptors and process ids
// stand for. It is the decode.Namer of live sessions. It reads /proc at every question,
// since nothing tells when a descriptor has come to mean something else, and never
// touches a tracee.
package procfd

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
)

// Options say what is told of a descriptor.
type Options struct {
	Path   bool // its file's path, or the kernel's name for what is no file
	Socket bool // protocol and addresses of a socket
	Device bool // numbers of a device
	Pidfd  bool // the process that a pidfd stands for
}

// Namer answers questions about descriptors and process ids.
type Namer struct {
	o    Options
	link [pathMax]byte
}

const pathMax = 4096

// New returns a Namer.
func New(o Options) *Namer { return &Namer{o: o} }

// FD describes a descriptor; see proc_pid_fd(5).
func (n *Namer) FD(buf []byte, t event.Task, fd int32) (decode.FDInfo, bool) {
	file := fdFile(t, fd)
	l, err := unix.Readlink(file, n.link[:])
	if err != nil || l <= 0 {
		return decode.FDInfo{}, false
	}
	info := decode.FDInfo{Path: append(buf, n.link[:l]...)}
	for _, d := range details {
		if d.want(&n.o) && bytes.HasPrefix(info.Path, []byte(d.prefix)) {
			if det := d.tell(n, t, fd, info.Path); det != nil {
				return decode.FDInfo{Detail: det}, true
			}
		}
	}
	if info.Path[0] == '/' {
		n.file(&info, file)
	}
	return info, n.o.Path || info.Detail != nil
}

// details are the kinds of descriptors that are told of otherwise than by the kernel's name.
var details = []struct {
	prefix string
	want   func(*Options) bool
	tell   func(n *Namer, t event.Task, fd int32, link []byte) []byte
}{
	{"anon_inode:[pidfd]", func(o *Options) bool { return o.Pidfd }, (*Namer).pidfd},
}

const deleted = " (deleted)"

// file completes what is known of a descriptor of a file.
func (n *Namer) file(info *decode.FDInfo, file string) {
	var st unix.Stat_t
	if bytes.HasSuffix(info.Path, []byte(deleted)) && unix.Stat(file, &st) == nil && st.Nlink == 0 {
		info.Path = info.Path[:len(info.Path)-len(deleted)]
		info.Deleted = true
	}
	if !n.o.Device || unix.Stat(file, &st) != nil {
		return
	}
	kind := ""
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFCHR:
		kind = "char "
	case unix.S_IFBLK:
		kind = "block "
	default:
		return
	}
	d := append([]byte{'<'}, kind...)
	d = strconv.AppendUint(d, uint64(unix.Major(uint64(st.Rdev))), 10)
	d = append(d, ':')
	d = strconv.AppendUint(d, uint64(unix.Minor(uint64(st.Rdev))), 10)
	info.Detail = append(d, '>')
}

// pidfd reads the pid that a pidfd stands for; see proc_pid_fdinfo(5).
func (n *Namer) pidfd(t event.Task, fd int32, _ []byte) []byte {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(int(t.TID)) + "/fdinfo/" + strconv.Itoa(int(fd)))
	if err != nil {
		return nil
	}
	_, rest, ok := bytes.Cut(b, []byte("\nPid:"))
	if !ok {
		return nil
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return append([]byte("pid:"), bytes.TrimSpace(line)...)
}

// Path is the path that a descriptor stands for, as -P compares it.
func (n *Namer) Path(dst []byte, t event.Task, fd int32) ([]byte, bool) {
	l, err := unix.Readlink(fdFile(t, fd), n.link[:])
	if err != nil || l <= 0 {
		return dst, false
	}
	return append(dst, n.link[:l]...), true
}

// Cwd is the directory that AT_FDCWD stands for.
func (n *Namer) Cwd(dst []byte, t event.Task) ([]byte, bool) {
	l, err := unix.Readlink("/proc/"+strconv.Itoa(int(t.TID))+"/cwd", n.link[:])
	if err != nil || l <= 0 {
		return dst, false
	}
	return append(dst, n.link[:l]...), n.o.Path
}

// PID is the command name of a process.
func (n *Namer) PID(dst []byte, _ event.Task, pid int32) ([]byte, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(int(pid)) + "/comm")
	if err != nil {
		return dst, false
	}
	return append(dst, bytes.TrimSuffix(b, []byte("\n"))...), true
}

func fdFile(t event.Task, fd int32) string {
	return "/proc/" + strconv.Itoa(int(t.TID)) + "/fd/" + strconv.Itoa(int(fd))
}

// Package procfd tells what a live tracee's descriptors, process ids and network
// interfaces are, from /proc and the kernel's socket diagnostics. It looks at each
// descriptor anew, since a tracee may reuse its number at any time; only what is known
// of a socket by its inode is kept. It refuses to change anything, in the tracee or else.
package procfd

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
)

// Options are what is to be told.
type Options struct {
	Path   bool // a file's path, or the kernel's name for what is no file
	Socket bool // protocol and addresses of a socket
	Device bool // numbers of a device
	Pidfd  bool // the process that a pidfd stands for
	Comm   bool // command names of processes
	PIDNS  bool // ids of processes as the tracer sees them
}

// Namer answers from the live system. It is for one goroutine.
type Namer struct {
	o    Options
	diag diag
	ns   namespaces
	ifFD int // a socket for questions about interfaces, plus one; 0: none yet
	path []byte
	link [unix.PathMax + 1]byte
	buf  [4096]byte
}

var (
	_ decode.Namer = (*Namer)(nil)
	_ decode.Net   = (*Namer)(nil)
)

// New returns a Namer of what o asks for.
func New(o Options) *Namer { return &Namer{o: o} }

// Close gives back what a Namer holds open.
func (n *Namer) Close() error {
	n.diag.close()
	if n.ifFD > 0 {
		unix.Close(n.ifFD - 1)
		n.ifFD = 0
	}
	return nil
}

// proc makes the path /proc/ID/rest, or /proc/ID/rest/FD when fd is not negative.
func (n *Namer) proc(id int32, rest string, fd int32) string {
	p := append(n.path[:0], "/proc/"...)
	p = strconv.AppendInt(p, int64(id), 10)
	p = append(p, rest...)
	if fd >= 0 {
		p = strconv.AppendInt(append(p, '/'), int64(fd), 10)
	}
	n.path = p
	return string(p)
}

// readlink reads a link of /proc; it is valid until the next.
func (n *Namer) readlink(path string) ([]byte, bool) {
	l, err := unix.Readlink(path, n.link[:])
	if err != nil || l <= 0 {
		return nil, false
	}
	return n.link[:l], true
}

// FD describes a descriptor: a path, with a device's numbers, or what else it stands for.
func (n *Namer) FD(buf []byte, t event.Task, fd int32) (decode.FDInfo, bool) {
	path := n.proc(t.TID, "/fd", fd)
	link, ok := n.readlink(path)
	if !ok {
		return decode.FDInfo{}, false
	}
	if n.o.Socket {
		if inode, ok := socketInode(link); ok {
			return n.socket(buf, t, path, link, inode), true
		}
	}
	if n.o.Pidfd && string(link) == "anon_inode:[pidfd]" {
		if info, ok := n.pidfd(buf, t, fd); ok {
			return info, true
		}
	}
	var device []byte
	if n.o.Device && link[0] == '/' {
		device = appendDevice(n.buf[:0], path)
	}
	if !n.o.Path && len(device) == 0 {
		return decode.FDInfo{}, false
	}
	info := pathInfo(buf, path, link)
	if len(device) > 0 {
		l := len(info.Path)
		info.Path = append(info.Path, device...)
		info.Path, info.Detail = info.Path[:l], info.Path[l:]
	}
	return info, true
}

// Cwd is the current directory of a task.
func (n *Namer) Cwd(buf []byte, t event.Task) (decode.FDInfo, bool) {
	if !n.o.Path {
		return decode.FDInfo{}, false
	}
	path := n.proc(t.TID, "/cwd", -1)
	link, ok := n.readlink(path)
	if !ok {
		return decode.FDInfo{}, false
	}
	return pathInfo(buf, path, link), true
}

var deletedSuffix = []byte(" (deleted)")

// pathInfo is a path that the kernel tells of. It marks names of files that have
// none any more by a suffix, which a file's name may end in all the same.
func pathInfo(buf []byte, proc string, link []byte) decode.FDInfo {
	deleted := false
	if short, ok := bytes.CutSuffix(link, deletedSuffix); ok && !sameFile(proc, string(link)) {
		link, deleted = short, true
	}
	return decode.FDInfo{Path: append(buf, link...), Deleted: deleted}
}

func sameFile(a, b string) bool {
	var sa, sb unix.Stat_t
	if unix.Stat(a, &sa) != nil || unix.Lstat(b, &sb) != nil {
		return false
	}
	return sa.Dev == sb.Dev && sa.Ino == sb.Ino
}

// appendDevice appends the numbers of a device: <char 136:0>.
func appendDevice(b []byte, path string) []byte {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return b
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFCHR:
		b = append(b, "<char "...)
	case unix.S_IFBLK:
		b = append(b, "<block "...)
	default:
		return b
	}
	b = strconv.AppendUint(b, uint64(unix.Major(st.Rdev)), 10)
	b = strconv.AppendUint(append(b, ':'), uint64(unix.Minor(st.Rdev)), 10)
	return append(b, '>')
}

// pidfd is the process that a descriptor stands for, as the tracer sees it.
func (n *Namer) pidfd(buf []byte, t event.Task, fd int32) (decode.FDInfo, bool) {
	b, ok := n.readFile(n.proc(t.TID, "/fdinfo", fd))
	if !ok {
		return decode.FDInfo{}, false
	}
	pid, err := strconv.ParseInt(string(field(b, "Pid:")), 10, 32)
	if err != nil || pid <= 0 {
		return decode.FDInfo{}, false
	}
	text := strconv.AppendInt(append(buf, "pid:"...), pid, 10)
	var info decode.FDInfo
	if n.o.Comm {
		text = append(text, '<')
		info.From = len(text)
		text, _ = n.Comm(text, int32(pid))
		info.To = len(text)
		text = append(text, '>')
	}
	info.Detail = text
	return info, true
}

// Path is the path that a descriptor stands for, as -P compares it.
func (n *Namer) Path(dst []byte, t event.Task, fd int32) ([]byte, bool) {
	link, ok := n.readlink(n.proc(t.TID, "/fd", fd))
	return append(dst, link...), ok
}

// Comm is the command name of a process.
func (n *Namer) Comm(dst []byte, pid int32) ([]byte, bool) {
	b, ok := n.readFile(n.proc(pid, "/comm", -1))
	if !ok {
		return dst, false
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	return append(dst, b...), true
}

// PID describes a process id as t sees it.
func (n *Namer) PID(buf []byte, t event.Task, pid int32) (decode.Process, bool) {
	own := n.own(t, pid)
	if own <= 0 {
		return decode.Process{}, false
	}
	var p decode.Process
	if n.o.PIDNS {
		p.Own = own
	}
	if n.o.Comm {
		if comm, ok := n.Comm(buf, own); ok {
			p.Comm = comm
		}
	}
	return p, true
}

// IfName appends the name of a network interface of the tracer's namespace.
func (n *Namer) IfName(dst []byte, index uint32) ([]byte, bool) {
	if n.ifFD == 0 {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return dst, false
		}
		n.ifFD = fd + 1
	}
	r, err := unix.NewIfreq("x")
	if err != nil {
		return dst, false
	}
	r.SetUint32(index)
	if unix.IoctlIfreq(n.ifFD-1, unix.SIOCGIFNAME, r) != nil {
		return dst, false
	}
	return append(dst, r.Name()...), true
}

// readFile reads the beginning of a small file of /proc; it is valid until the next.
func (n *Namer) readFile(path string) ([]byte, bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	defer unix.Close(fd)
	l, err := unix.Read(fd, n.buf[:])
	if err != nil || l <= 0 {
		return nil, false
	}
	return n.buf[:l], true
}

// field is what follows a key that begins a line, without blanks around it.
func field(b []byte, key string) []byte {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte(key)); ok {
			return bytes.TrimSpace(rest)
		}
	}
	return nil
}

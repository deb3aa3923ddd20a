package procfd

import (
	"bytes"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

// Text is what conditions of rules ask about a task: "comm", "exe" (the program's file),
// "cmdline" (its arguments, each before a NUL), "cwd", "cgroup" (in the unified hierarchy, else
// in the first one). See proc(5).
func (n *Namer) Text(buf []byte, t event.Task, what string) ([]byte, bool) {
	switch what {
	case "comm":
		return n.Comm(buf, t.TID)
	case "exe", "cwd":
		link, ok := n.readlink(n.proc(t.TID, "/"+what, -1))
		return append(buf, link...), ok
	case "cmdline":
		return appendFile(buf, n.proc(t.TID, "/cmdline", -1))
	case "cgroup":
		b, ok := n.readFile(n.proc(t.TID, "/cgroup", -1))
		return append(buf, cgroupOf(b)...), ok
	}
	return buf, false
}

// appendFile reads a file of any size.
func appendFile(buf []byte, path string) ([]byte, bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return buf, false
	}
	defer unix.Close(fd)
	for begin := len(buf); ; {
		buf = slices.Grow(buf, 4096)
		k, err := unix.Read(fd, buf[len(buf):cap(buf)])
		if err != nil || k <= 0 {
			return buf, err == nil && len(buf) > begin
		}
		buf = buf[:len(buf)+k]
	}
}

// cgroupOf is the path in a file of lines HIERARCHY:CONTROLLERS:PATH.
func cgroupOf(b []byte) []byte {
	var first []byte
	for line := range bytes.Lines(b) {
		parts := bytes.SplitN(bytes.TrimRight(line, "\n"), []byte(":"), 3)
		if len(parts) < 3 {
			continue
		}
		if string(parts[0]) == "0" {
			return parts[2]
		}
		if first == nil {
			first = parts[2]
		}
	}
	return first
}

// Number is what conditions of rules ask about a task: "uid", the effective one, or "ppid".
func (n *Namer) Number(t event.Task, what string) (int64, bool) {
	b, ok := n.readFile(n.proc(t.TID, "/status", -1))
	if !ok {
		return 0, false
	}
	key, column := "Uid:", 2
	if what == "ppid" {
		key, column = "PPid:", 1
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) > column && string(f[0]) == key {
			v, err := strconv.ParseInt(string(f[column]), 10, 64)
			return v, err == nil
		}
	}
	return 0, false
}

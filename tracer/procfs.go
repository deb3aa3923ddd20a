package tracer

import (
	"bytes"
	"os"
	"strconv"
)

func procPath(tid int32, name string) string {
	return "/proc/" + strconv.Itoa(int(tid)) + "/" + name
}

type procStatus struct{ tgid, ppid, tracer int32 }

// readStatus reads what the tracer needs of /proc/TID/status; see proc_pid_status(5).
func readStatus(tid int32) (procStatus, bool) {
	b, err := os.ReadFile(procPath(tid, "status"))
	if err != nil {
		return procStatus{}, false
	}
	return procStatus{
		tgid:   statusField(b, "\nTgid:"),
		ppid:   statusField(b, "\nPPid:"),
		tracer: statusField(b, "\nTracerPid:"),
	}, true
}

func statusField(b []byte, key string) int32 {
	n, _ := strconv.Atoi(statusText(b, key))
	return int32(n)
}

// statusText is what stands behind a key; "" if that is not there.
func statusText(b []byte, key string) string {
	_, rest, _ := bytes.Cut(b, []byte(key))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(bytes.TrimSpace(line))
}

// isZombie reports whether a task has ended but is still to be told of.
func isZombie(tid int32) bool {
	stat, err := os.ReadFile(procPath(tid, "stat"))
	i := bytes.LastIndexByte(stat, ')')
	return err != nil || bytes.HasPrefix(stat[i+1:], []byte(" Z ")) || bytes.HasPrefix(stat[i+1:], []byte(" X "))
}

// tgidOf is the process that a task belongs to; the task itself if it is gone.
func tgidOf(tid int32) int32 {
	if st, ok := readStatus(tid); ok && st.tgid != 0 {
		return st.tgid
	}
	return tid
}

// inVfork reports whether the task waits for its vforked child, in which only its death
// breaks it off.
func (t *task) inVfork() bool {
	stat, err := os.ReadFile(procPath(t.id.TID, "stat"))
	if i := bytes.LastIndexByte(stat, ')'); err != nil || !bytes.HasPrefix(stat[i+1:], []byte(" D ")) {
		return false
	}
	call, err := os.ReadFile(procPath(t.id.TID, "syscall"))
	if err != nil {
		return false
	}
	nr, _, _ := bytes.Cut(call, []byte(" "))
	n, err := strconv.ParseUint(string(nr), 10, 64)
	if err != nil {
		return false
	}
	switch t.abi.SyscallName(n) {
	case "vfork", "clone", "clone3":
		return true
	}
	return false
}

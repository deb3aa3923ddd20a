package tracer

import (
	"bytes"
	"encoding/binary"
	"os"
	"strconv"

	"github.com/gotrace/gotrace/tracer/ptrace"
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
	_, rest, ok := bytes.Cut(b, []byte(key))
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.Atoi(string(bytes.TrimSpace(line)))
	return int32(n)
}

// tgidOf is the process that a task belongs to; the task itself if it is gone.
func tgidOf(tid int32) int32 {
	if st, ok := readStatus(tid); ok && st.tgid != 0 {
		return st.tgid
	}
	return tid
}

const (
	atNull   = 0
	atExecFn = 31
)

// execNames lists what the program that a task has just executed is known by: the path
// that execve was given (AT_EXECFN, which is the script's for a script) and the file's.
func execNames(tid int32) []string {
	var names []string
	if p := execFn(tid); p != "" {
		names = append(names, p)
	}
	if exe, err := os.Readlink(procPath(tid, "exe")); err == nil {
		names = append(names, exe)
	}
	return names
}

// auxv reads a value of the auxiliary vector; see getauxval(3). A 32-bit program's
// vector has 32-bit words.
func auxv(tid int32, typ uint64) (uint64, bool) {
	b, err := os.ReadFile(procPath(tid, "auxv"))
	if err != nil {
		return 0, false
	}
	for i := 0; i+16 <= len(b); i += 16 {
		if binary.LittleEndian.Uint64(b[i:]) == typ {
			return binary.LittleEndian.Uint64(b[i+8:]), true
		}
	}
	for i := 0; i+8 <= len(b); i += 8 {
		k := uint64(binary.LittleEndian.Uint32(b[i:]))
		if k == typ {
			return uint64(binary.LittleEndian.Uint32(b[i+4:])), true
		}
		if k == atNull {
			break
		}
	}
	return 0, false
}

func execFn(tid int32) string {
	addr, ok := auxv(tid, atExecFn)
	if !ok {
		return ""
	}
	m := ptrace.Mem{TID: int(tid)}
	buf := make([]byte, 4096)
	n, _ := m.ReadAt(buf, addr)
	s, _, ok := bytes.Cut(buf[:n], []byte{0})
	if !ok {
		return ""
	}
	return string(s)
}

package cmd

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxComm is how much of a command's name the kernel keeps.
const maxComm = 15

// pidsOf returns the processes of a name, as in -p name:NAME: that of their command
// or, where the kernel cuts that, of their program. proc is the root of /proc.
func pidsOf(proc fs.FS, name string, self int) []int {
	dirs, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil
	}
	var pids []int
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || pid == self {
			continue
		}
		comm, err := fs.ReadFile(proc, d.Name()+"/comm")
		if err != nil {
			continue // it has ended
		}
		if c := strings.TrimSuffix(string(comm), "\n"); c == name || len(c) == maxComm && strings.HasPrefix(name, c) && name == programOf(proc, d.Name()) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// programOf returns the last element of a process's argv[0].
func programOf(proc fs.FS, pid string) string {
	line, err := fs.ReadFile(proc, pid+"/cmdline")
	if err != nil {
		return ""
	}
	arg0, _, _ := strings.Cut(string(line), "\x00")
	return path.Base(arg0)
}

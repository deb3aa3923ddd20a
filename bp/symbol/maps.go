package symbol

import (
	"bytes"
	"path"
	"strconv"
	"strings"
)

// region is one mapping of a process: a line of /proc/PID/maps, see proc(5).
type region struct {
	lo, hi, off uint64
	exec        bool
	dev         string
	inode       uint64
	path        string
}

// vdso is what the kernel calls the library that it maps itself.
const vdso = "[vdso]"

// parseMaps reads the mappings of /proc/PID/maps that may be of ELF files.
func parseMaps(text []byte) []region {
	var out []region
	for line := range bytes.Lines(text) {
		r, ok := parseRegion(string(bytes.TrimSuffix(line, []byte("\n"))))
		if ok && (r.inode != 0 || r.path == vdso) {
			out = append(out, r)
		}
	}
	return out
}

func parseRegion(line string) (r region, ok bool) {
	var f [5]string
	rest := line
	for i := range f {
		if f[i], rest, ok = strings.Cut(strings.TrimLeft(rest, " "), " "); !ok && i < 4 {
			return r, false
		}
	}
	lo, hi, _ := strings.Cut(f[0], "-")
	var err [4]error
	r.lo, err[0] = strconv.ParseUint(lo, 16, 64)
	r.hi, err[1] = strconv.ParseUint(hi, 16, 64)
	r.off, err[2] = strconv.ParseUint(f[2], 16, 64)
	r.inode, err[3] = strconv.ParseUint(f[4], 10, 64)
	r.exec, r.dev = strings.Contains(f[1], "x"), f[3]
	r.path = strings.ReplaceAll(strings.TrimLeft(rest, " "), `\012`, "\n")
	return r, err == [4]error{} && r.lo < r.hi
}

// deleted is what the kernel appends to the path of a file that has lost it.
const deleted = " (deleted)"

// base is the file name that a mapping is known by.
func (r region) base() string {
	return path.Base(strings.TrimSuffix(r.path, deleted))
}

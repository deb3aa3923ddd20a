package main

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// archive writes a cpio archive of the "new" format, which kernels take as their first file
// system: Documentation/driver-api/early-userspace/buffer-format.rst.
type archive struct {
	w   io.Writer
	off int64
	ino int
	has map[string]bool
	err error
}

func newArchive(w io.Writer) *archive { return &archive{w: w, has: map[string]bool{"": true}} }

// Types of files in a mode.
const (
	typeDir     = 0o040000
	typeChar    = 0o020000
	typeRegular = 0o100000
	typeLink    = 0o120000
)

// file adds a regular file, and its folders.
func (a *archive) file(name string, perm fs.FileMode, data []byte) {
	a.entry(name, typeRegular|unixPerm(perm), 0, 0, data)
}

// link adds a symbolic link, and its folders.
func (a *archive) link(name, to string) { a.entry(name, typeLink|0o777, 0, 0, []byte(to)) }

// dir adds a folder, and those above it, unless it is there.
func (a *archive) dir(name string) {
	if name = clean(name); !a.has[name] {
		a.entry(name, typeDir|0o755, 0, 0, nil)
	}
}

// char adds a character device.
func (a *archive) char(name string, major, minor int) {
	a.entry(name, typeChar|0o600, major, minor, nil)
}

// close ends the archive.
func (a *archive) close() error {
	a.ino = 0
	a.header("TRAILER!!!", 0, 0, 0, 0, 0)
	return a.err
}

// entry adds anything that is not there yet: the first of a name stays.
func (a *archive) entry(name string, mode uint32, major, minor int, data []byte) {
	name = clean(name)
	if a.has[name] {
		return
	}
	if up := path.Dir(name); up != "." {
		a.dir(up)
	}
	a.has[name] = true
	a.ino++
	a.header(name, mode, len(data), major, minor, a.ino)
	a.write(data)
	a.pad()
}

// header writes the fixed part and the name.
func (a *archive) header(name string, mode uint32, size, major, minor, ino int) {
	const links, ids, mtime, device, sum = 1, 0, 0, 0, 0
	a.write(fmt.Appendf(nil, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		ino, mode, ids, ids, links, mtime, size, device, device, major, minor, len(name)+1, sum, name))
	a.pad()
}

func (a *archive) pad() {
	if n := int(-a.off & 3); n > 0 {
		a.write(make([]byte, n))
	}
}

func (a *archive) write(b []byte) {
	if a.err == nil {
		_, a.err = a.w.Write(b)
	}
	a.off += int64(len(b))
}

func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// unixPerm is the permission bits of a file as the kernel has them.
func unixPerm(m fs.FileMode) uint32 {
	p := uint32(m.Perm())
	for _, b := range []struct {
		mode fs.FileMode
		bit  uint32
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if m&b.mode != 0 {
			p |= b.bit
		}
	}
	return p
}

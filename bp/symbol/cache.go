package symbol

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// Cache keeps the files that processes map, so that each is read once. It may be used by
// several goroutines.
type Cache struct {
	// DebugDirs are where separate files of debugging information are looked for, in the
	// process's own tree of files and then in ours. Set before the first use.
	DebugDirs []string

	mu    sync.Mutex
	files map[identity]*File
	order []identity // oldest first
}

// most is how many files are kept. Those that modules still use live on without the cache.
const most = 256

// identity tells files apart, and a file from its earlier contents.
type identity struct {
	dev, ino    uint64
	sec, nsec   int64
	size        int64
	vdsoBuildID string
}

// NewCache returns an empty cache that looks for debugging information in /usr/lib/debug.
func NewCache() *Cache {
	return &Cache{DebugDirs: []string{"/usr/lib/debug"}, files: map[identity]*File{}}
}

// Open opens an ELF file that no process need have mapped.
func (c *Cache) Open(path string) (*File, error) { return c.open(path, path, "") }

// open opens a file by a path that may be in /proc, and knows it by its name. Only regular
// files are opened: a mapping may be of a device.
func (c *Cache) open(path, name, root string) (*File, error) {
	if st, err := os.Stat(path); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	o, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(int(o.Fd()), &st); err != nil {
		o.Close()
		return nil, fmt.Errorf("fstat %s: %w", name, err)
	}
	id := identity{dev: uint64(st.Dev), ino: st.Ino, size: st.Size,
		sec: int64(st.Mtim.Sec), nsec: int64(st.Mtim.Nsec)}
	f, err := c.keep(id, name, root, o)
	if err != nil || f.r != io.ReaderAt(o) {
		o.Close()
	}
	return f, err
}

// vdso opens the image of the kernel's own library. It is one for all processes of an ABI.
func (c *Cache) vdso(image []byte) (*File, error) {
	id := identity{size: int64(len(image)), vdsoBuildID: string(buildID(image))}
	return c.keep(id, vdso, "", bytes.NewReader(image))
}

// keep returns the file with an identity, opened by r if it is new.
func (c *Cache) keep(id identity, name, root string, r io.ReaderAt) (*File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.files[id]; f != nil {
		return f, nil
	}
	f, err := newFile(name, r)
	if err != nil {
		return nil, err
	}
	f.root, f.dirs = root, c.DebugDirs
	if len(c.order) == most {
		delete(c.files, c.order[0])
		c.order = c.order[1:]
	}
	c.files[id] = f
	c.order = append(c.order, id)
	return f, nil
}

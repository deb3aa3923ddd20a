package procfd

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

// namespaces translates ids between namespaces of process ids, see pid_namespaces(7).
type namespaces struct {
	mine  uint64 // the inode of the tracer's own
	known map[nsPID]int32
}

// nsPID is a process id in a namespace.
type nsPID struct {
	ns  uint64
	pid int32
}

// maxKnown bounds what is remembered of other namespaces.
const maxKnown = 4096

// own is the id that the tracer knows a process by which t calls pid; 0 if there is none.
func (n *Namer) own(t event.Task, pid int32) int32 {
	ns, ok := nsInode(n.proc(t.TID, "/ns/pid", -1))
	if !ok {
		return pid
	}
	if n.ns.mine == 0 {
		n.ns.mine, _ = nsInode("/proc/self/ns/pid")
	}
	if ns == n.ns.mine {
		return pid
	}
	key := nsPID{ns, pid}
	if own, ok := n.ns.known[key]; ok {
		if depth := n.depth(t); depth > 0 && n.idAt(own, depth) == pid {
			return own
		}
		delete(n.ns.known, key)
	}
	own := n.findOwn(t, ns, pid)
	if own != 0 && len(n.ns.known) < maxKnown {
		if n.ns.known == nil {
			n.ns.known = make(map[nsPID]int32)
		}
		n.ns.known[key] = own
	}
	return own
}

// findOwn looks through /proc. A process of a namespace below t's has the same id at the
// same depth only by chance, if it is not the one: those of t's own namespace go first.
func (n *Namer) findOwn(t event.Task, ns uint64, pid int32) int32 {
	depth := n.depth(t)
	if depth == 0 {
		return 0
	}
	if n.idAt(t.TID, depth) == pid {
		return t.TID
	}
	dir, err := os.Open("/proc")
	if err != nil {
		return 0
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0
	}
	below := int32(0)
	for _, s := range names {
		p, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			continue
		}
		if own := n.taskWith(int32(p), depth, pid); own != 0 {
			if i, _ := nsInode(n.proc(own, "/ns/pid", -1)); i == ns {
				return own
			}
			below = own
		}
	}
	return below
}

// taskWith is the thread of a process that has an id at a depth; 0 if none has.
func (n *Namer) taskWith(p int32, depth int, pid int32) int32 {
	if n.idAt(p, depth) == pid {
		return p
	}
	tasks, err := os.ReadDir(n.proc(p, "/task", -1))
	if err != nil || len(tasks) < 2 {
		return 0
	}
	for _, e := range tasks {
		if tid, err := strconv.ParseInt(e.Name(), 10, 32); err == nil && n.idAt(int32(tid), depth) == pid {
			return int32(tid)
		}
	}
	return 0
}

// depth is how many namespaces a task has an id in, from the tracer's on.
func (n *Namer) depth(t event.Task) int {
	b, ok := n.readFile(n.proc(t.TID, "/status", -1))
	if !ok {
		return 0
	}
	return len(bytes.Fields(field(b, "NSpid:")))
}

// idAt is the id of a task in the namespace of that depth; 0 if it is not in one so deep.
func (n *Namer) idAt(tid int32, depth int) int32 {
	b, ok := n.readFile(n.proc(tid, "/status", -1))
	if !ok {
		return 0
	}
	ids := bytes.Fields(field(b, "NSpid:"))
	if len(ids) < depth {
		return 0
	}
	id, _ := strconv.ParseInt(string(ids[depth-1]), 10, 32)
	return int32(id)
}

func nsInode(path string) (uint64, bool) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return 0, false
	}
	return st.Ino, true
}

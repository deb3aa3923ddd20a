package tracer

import (
	"os"
	"slices"
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// AttachTree seizes all descendants of the traced processes that are there already, with all
// their threads if threads is set. failed is told of each that cannot be attached. It returns the
// processes that were.
//
// It looks again until there is nothing new. With Config.Follow a process that is traced
// already passes that on to the children that it makes meanwhile; and of those that it made
// before, each look sees all at once. So none is missed, unless it was made by a process that
// ended, and had not been seized, between two looks.
func (s *Session) AttachTree(threads bool, failed func(pid int, err error)) []int {
	var done []int
	tried := make(map[int32]bool)
	for more := true; more; {
		more = false
		for _, d := range s.descendants() {
			if tried[d.pid] {
				continue
			}
			tried[d.pid], more = true, true
			if err := s.attachChild(d, threads); err != nil {
				failed(int(d.pid), err)
				continue
			}
			done = append(done, int(d.pid))
		}
	}
	return done
}

// descendant is a process and the one that made it.
type descendant struct{ pid, parent int32 }

// descendants lists the processes below the traced ones that are not traced, parents first.
func (s *Session) descendants() []descendant {
	dir, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	children := make(map[int32][]int32)
	for _, e := range dir {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if st, ok := readStatus(int32(pid)); ok {
			children[st.ppid] = append(children[st.ppid], int32(pid))
		}
	}
	var queue []int32
	for _, t := range s.tasks {
		if !slices.Contains(queue, t.id.TGID) {
			queue = append(queue, t.id.TGID)
		}
	}
	var found []descendant
	self := int32(os.Getpid())
	for ; len(queue) > 0; queue = queue[1:] {
		for _, pid := range children[queue[0]] {
			if s.threads[pid] == 0 && pid != self {
				found = append(found, descendant{pid, queue[0]})
				queue = append(queue, pid)
			}
		}
	}
	return found
}

// attachChild seizes a process whose parent is traced, and judges it by what it runs now.
func (s *Session) attachChild(d descendant, threads bool) error {
	if _, err := s.attach(int(d.pid), threads); err != nil {
		return err
	}
	defer s.announce(d.pid)
	parent := s.tasks[d.parent]
	exe, err := os.Readlink(procPath(d.pid, "exe"))
	if parent == nil || err != nil {
		return nil // it has ended, or its parent has
	}
	from, thread := parent.id, false
	if leader := s.tasks[d.pid]; leader != nil {
		s.rejudge(leader, from, false, exe)
		from, thread = leader.id, true
	}
	for tid, t := range s.tasks {
		if t.id.TGID == d.pid && tid != d.pid {
			s.rejudge(t, from, thread, exe)
		}
	}
	return nil
}

// rejudge tells the handler of an attached task's parent and program.
func (s *Session) rejudge(t *task, parent event.Task, thread bool, exe string) {
	s.cfg.Handler.Drop(t.id)
	s.cfg.Handler.NewTask(t.id, parent, thread)
	t.needs = s.cfg.Handler.Exec(t.id, t.id.TID, exe)
}

package tracer

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/corefile"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// WriteCore writes a core file of a stopped task's process, with the registers of all threads
// of it that the session traces. Those that run are interrupted for the time: as after
// SIGSTOP and SIGCONT, some of the calls that they wait in fail with EINTR (signal(7)). One that
// does not stop, since it waits in vfork or for a device, is left out. A file of the name is
// overwritten; it is for its owner's eyes only. It may be called while an event is handled.
func (s *Session) WriteCore(name string, id event.Task) error {
	t := s.tasks[id.TID]
	if t == nil || t.id != id || !t.stopped {
		return fmt.Errorf("core file: task %d is not stopped", id.TID)
	}
	src, err := s.process(t)
	if err != nil {
		return err
	}
	defer src.close()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = corefile.Write(f, src)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}

// process is the corefile.Source of a process.
type process struct {
	pid          int32
	threads      []*task
	mem, pagemap *os.File
}

func (s *Session) process(t *task) (*process, error) {
	p := &process{pid: t.id.TGID}
	var err error
	// Unlike process_vm_readv, this reads what the process itself may not.
	if p.mem, err = os.Open(procPath(p.pid, "mem")); err != nil {
		return nil, err
	}
	if p.pagemap, err = os.Open(procPath(p.pid, "pagemap")); err != nil {
		p.pagemap = nil // then all pages are read
	}
	p.threads = s.halt(t)
	return p, nil
}

func (p *process) close() {
	p.mem.Close()
	p.pagemap.Close()
}

func (p *process) ReadAt(b []byte, addr uint64) (int, error) { return p.mem.ReadAt(b, int64(addr)) }

func (p *process) File(name string) ([]byte, error) { return os.ReadFile(procPath(p.pid, name)) }

// Resident looks for pages that are in memory or swapped out; proc_pid_pagemap(5).
func (p *process) Resident(addr, end uint64) (from, to uint64) {
	if p.pagemap == nil {
		return addr, end
	}
	const resident = 1<<63 | 1<<62
	page := uint64(os.Getpagesize())
	var b [4096]byte
	from = end
	for at := addr; at < end; {
		want := min((end-at)/page*8, uint64(len(b)))
		n, err := p.pagemap.ReadAt(b[:want], int64(at/page*8))
		if n < 8 || err != nil && err != io.EOF {
			return min(from, at), end
		}
		for i := 0; i+8 <= n; i, at = i+8, at+page {
			there := binary.LittleEndian.Uint64(b[i:])&resident != 0
			switch {
			case there && from == end:
				from = at
			case !there && from != end:
				return from, at
			}
		}
	}
	return from, end
}

// maxRegset is more than any set of registers takes.
const maxRegset = 1 << 16

// Threads reads all registers. A thread that has died meanwhile has none.
func (p *process) Threads() ([]corefile.Thread, error) {
	var list []corefile.Thread
	buf := make([]byte, maxRegset)
	for _, t := range p.threads {
		tid := int(t.id.TID)
		c := corefile.Thread{TID: t.id.TID}
		for _, typ := range corefile.RegsetTypes {
			if n, err := ptrace.Regset(tid, typ, buf); err == nil {
				c.Regsets = append(c.Regsets, corefile.Regset{Type: typ, Data: slices.Clone(buf[:n])})
			}
		}
		var info ptrace.Siginfo
		if t.pending != 0 && ptrace.GetSiginfo(tid, &info) == nil && int(info.Signo()) == t.pending {
			c.Signal, c.Siginfo = t.pending, info[:]
		}
		list = append(list, c)
	}
	return list, nil
}

// haltLimit is how long threads are waited for that have been interrupted.
const haltLimit = 100 * time.Millisecond

// waited is a wait status that was taken before its turn.
type waited struct {
	tid    int32
	status uint32
	ru     unix.Rusage
}

// halt lists the threads of a stopped task's process that are stopped, the task first. It
// makes them stop; what their stops mean is handled later, as if they had come by themselves.
func (s *Session) halt(t *task) []*task {
	list := []*task{t}
	var running []*task
	for _, o := range s.tasks {
		switch {
		case o == t || o.id.TGID != t.id.TGID:
		case o.stopped || o.waited:
			list = append(list, o)
		case ptrace.Interrupt(int(o.id.TID)) == nil:
			o.relisten = o.listens
			running = append(running, o)
		}
	}
	for until := time.Now().Add(haltLimit); len(running) > 0 && time.Now().Before(until); {
		n := len(running)
		running = slices.DeleteFunc(running, s.takeStop)
		if len(running) == n {
			time.Sleep(haltLimit / 1000)
		}
	}
	for _, o := range s.tasks {
		if o.waited && o.id.TGID == t.id.TGID && !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list[1:], func(a, b *task) int { return cmp.Compare(a.id.TID, b.id.TID) })
	return list
}

// takeStop reports whether a task has stopped, or is gone.
func (s *Session) takeStop(t *task) bool {
	e := waited{tid: t.id.TID}
	pid, err := ptrace.Wait(int(e.tid), unix.WNOHANG, &e.status, &e.ru)
	if err == unix.EINTR || err == nil && pid == 0 {
		return false
	}
	if err == nil {
		t.waited = true
		s.waited = append(s.waited, e)
	}
	return true
}

// wait is the next wait status of any task; options are those of ptrace.Wait.
func (s *Session) wait(options int, status *uint32, ru *unix.Rusage) (int, error) {
	if len(s.waited) == 0 {
		return ptrace.Wait(-1, options, status, ru)
	}
	e := s.waited[0]
	s.waited = s.waited[1:]
	if t := s.tasks[e.tid]; t != nil {
		t.waited = false
	}
	*status = e.status
	if ru != nil {
		*ru = e.ru
	}
	return int(e.tid), nil
}

package cmd

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gotrace/gotrace/cmd/shell"
	"github.com/gotrace/gotrace/cmd/sink"
	"github.com/gotrace/gotrace/tracer/event"
)

// output is where events are shown: one sink for all tasks, or one for each (-ff).
// Sinks that are not prompt are flushed by a goroutine, so that a reader of the file is
// never long behind.
type output struct {
	mu     sync.Mutex
	make   func(w io.Writer) sink.Sink
	one    sink.Sink
	w      io.Writer // where what belongs to no task goes
	per    map[int32]*perTask
	base   string // of the files of -ff
	flags  int
	closer io.Closer
	pipe   *exec.Cmd
	done   chan struct{}
	failed func(error) // is told of the first error; nothing is written after it
	broken bool
}

type perTask struct {
	sink sink.Sink
	file *os.File
}

const flushEvery = 50 * time.Millisecond

// openOutput opens what -o names; nothing is started if it cannot be opened.
func openOutput(o *Options, mk func(w io.Writer) sink.Sink, failed func(error)) (*output, error) {
	out := &output{make: mk, failed: failed, flags: os.O_WRONLY | os.O_CREATE | os.O_TRUNC, done: make(chan struct{})}
	if o.Append {
		out.flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	switch {
	case o.Output == "":
		out.one, out.w = mk(os.Stderr), os.Stderr
		return out, nil
	case o.Output[0] == '|' || o.Output[0] == '!':
		if err := out.openPipe(o.Output[1:]); err != nil {
			return nil, err
		}
	case o.Separate:
		out.base, out.per, out.w = o.Output, make(map[int32]*perTask), os.Stderr
	default:
		f, err := os.OpenFile(o.Output, out.flags, 0o666)
		if err != nil {
			return nil, plainf("Can't fopen '%s': %s", o.Output, errnoMessage(err))
		}
		out.closer, out.one, out.w = f, mk(f), f
	}
	go out.flusher()
	return out, nil
}

// openPipe starts a shell command that reads the trace.
func (out *output) openPipe(command string) error {
	c := shell.Command(command)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	w, err := c.StdinPipe()
	if err != nil {
		return err
	}
	if err := shell.Start(c); err != nil {
		return err
	}
	out.closer, out.pipe, out.one, out.w = w, c, out.make(w), w
	return nil
}

func (out *output) flusher() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-out.done:
			return
		case <-tick.C:
			out.mu.Lock()
			out.note(out.flush())
			out.mu.Unlock()
		}
	}
}

// note tells of the first error. What is traced does not suffer by it.
func (out *output) note(err error) {
	if err != nil && !out.broken {
		out.broken = true
		out.failed(err)
	}
}

func (out *output) flush() error {
	if out.one != nil {
		return out.one.Flush()
	}
	for _, p := range out.per {
		if err := p.sink.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Write shows an event. tasks is how many are traced. Its error is that a task's file
// cannot be opened.
func (out *output) Write(ev *event.Event, tasks int) error {
	out.mu.Lock()
	defer out.mu.Unlock()
	if out.broken {
		return nil
	}
	s := out.one
	if out.per != nil {
		p, err := out.of(ev.Task.TID)
		if err != nil {
			return err
		}
		s = p.sink
	}
	if t, ok := s.(interface{ SetTasks(int) }); ok {
		t.SetTasks(tasks)
	}
	if ev.Kind == event.Superseded {
		out.renumber(int32(ev.Num), ev.Task.TID)
	}
	out.note(s.Write(ev))
	if out.per != nil && (ev.Kind == event.Exit || ev.Kind == event.Killed) {
		out.note(out.drop(ev.Task.TID))
	}
	return nil
}

// renumber ends what is open of a task that goes on under another id. A file of its own gets
// nothing more.
func (out *output) renumber(from, to int32) {
	s := out.one
	if p := out.per[from]; p != nil {
		s = p.sink
	}
	if t, ok := s.(interface{ Renumber(from, to int32) }); ok {
		t.Renumber(from, to)
	}
	if out.per[from] != nil {
		out.note(out.drop(from))
	}
}

func (out *output) of(tid int32) (*perTask, error) {
	if p := out.per[tid]; p != nil {
		return p, nil
	}
	if tid == 0 { // an event of no task
		p := &perTask{sink: out.make(os.Stderr)}
		out.per[tid] = p
		return p, nil
	}
	name := out.base + "." + strconv.Itoa(int(tid))
	f, err := os.OpenFile(name, out.flags, 0o666)
	if err != nil {
		return nil, plainf("Can't fopen '%s': %s", name, errnoMessage(err))
	}
	p := &perTask{sink: out.make(f), file: f}
	out.per[tid] = p
	return p, nil
}

func (out *output) drop(tid int32) error {
	p := out.per[tid]
	delete(out.per, tid)
	err := p.sink.Close()
	if p.file == nil {
		return err
	}
	if e := p.file.Close(); err == nil {
		err = e
	}
	return err
}

// Close writes out everything, then what is to stand at the end, and waits for a pipe's reader.
func (out *output) Close(end []byte) {
	close(out.done)
	out.mu.Lock()
	defer out.mu.Unlock()
	if out.one != nil {
		out.note(out.one.Close())
	}
	for tid := range out.per {
		out.note(out.drop(tid))
	}
	if len(end) > 0 {
		_, err := out.w.Write(end)
		out.note(err)
	}
	if out.closer != nil {
		out.note(out.closer.Close())
	}
	if out.pipe != nil {
		out.pipe.Wait()
	}
}

// errnoMessage is an error in the C library's words.
func errnoMessage(err error) string {
	var errno syscall.Errno
	if asErrno(err, &errno) {
		return errnoWords(int(errno))
	}
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}

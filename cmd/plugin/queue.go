package plugin

import (
	"bytes"
	"os"
	"strconv"
	"sync"
)

const eventPrefix = `{"type":"event","id":`

// queue is lines on their way to a plugin. Whoever adds one never waits; a goroutine writes
// them out. While it writes, the next lines gather, up to a limit.
type queue struct {
	w     *os.File
	limit int

	mu       sync.Mutex
	wake     sync.Cond
	pending  []byte
	finished bool // nothing follows
	closed   bool // nothing is written any more
	left     int  // events left out
}

func newQueue(w *os.File, limit int) *queue {
	q := &queue{w: w, limit: limit}
	q.wake.L = &q.mu
	return q
}

// event adds an event, if there is room. One that is alone always has room.
func (q *queue) event(id uint64, rule int, event []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed || q.finished:
		return
	case len(q.pending) > 0 && len(q.pending)+len(event) > q.limit:
		q.left++
		return
	}
	b := append(q.pending, eventPrefix...)
	b = strconv.AppendUint(b, id, 10)
	b = append(b, `,"rule":`...)
	b = strconv.AppendInt(b, int64(rule), 10)
	b = append(b, `,"event":`...)
	b = append(b, bytes.TrimSuffix(event, []byte{'\n'})...)
	q.pending = append(b, '}', '\n')
	q.wake.Signal()
}

// always adds a line whether there is room or not.
func (q *queue) always(line []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = append(q.pending, line...)
	q.wake.Signal()
}

// finish closes the pipe when all is written.
func (q *queue) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finished = true
	q.wake.Signal()
}

// close closes the pipe at once.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.wake.Signal()
	q.mu.Unlock()
	q.w.Close()
}

// lost is how many events were left out.
func (q *queue) lost() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left
}

// run writes lines until the queue is finished or closed, or the reader is gone.
func (q *queue) run() error {
	defer q.w.Close()
	var batch []byte
	for {
		q.mu.Lock()
		for len(q.pending) == 0 && !q.finished && !q.closed {
			q.wake.Wait()
		}
		if q.closed || len(q.pending) == 0 {
			q.left += unread(q.pending, 0)
			q.mu.Unlock()
			return nil
		}
		batch, q.pending = q.pending, batch[:0]
		q.mu.Unlock()
		if n, err := q.w.Write(batch); err != nil {
			q.mu.Lock()
			q.left += unread(batch, n) + unread(q.pending, 0)
			closed := q.closed
			q.mu.Unlock()
			if closed {
				return nil
			}
			return err
		}
	}
}

// unread is how many events of a batch, of which n bytes have been written, are not complete.
func unread(batch []byte, n int) int {
	count, at := 0, 0
	for line := range bytes.Lines(batch) {
		at += len(line)
		if at > n && bytes.HasPrefix(line, []byte(eventPrefix)) {
			count++
		}
	}
	return count
}

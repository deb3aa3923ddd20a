package tracer

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

// inbox is what comes to the session from beside its stops: the ends of delays, and events of
// timers and other sources. Any goroutine fills it, the session empties it. A wake-up is
// repeated until it has been seen.
type inbox struct {
	full  atomic.Bool
	mu    sync.Mutex
	due   []int32 // tasks whose delay is over
	posts []*event.Event
	// sampled: the session's sampler has something.
	sampled bool
	tid     int // the session's thread, while it runs
	closed  bool
}

// put adds to the inbox and wakes the session.
func (b *inbox) put(add func()) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return
	}
	add()
	b.full.Store(true)
	b.mu.Unlock()
	for b.full.Load() {
		b.mu.Lock()
		tid := b.tid
		b.mu.Unlock()
		if tid != 0 {
			unix.Tgkill(unix.Getpid(), tid, wakeSignal)
		}
		time.Sleep(time.Millisecond)
	}
}

func (b *inbox) take() (due []int32, posts []*event.Event, sampled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	due, posts, sampled = b.due, b.posts, b.sampled
	b.due, b.posts, b.sampled = nil, nil, false
	b.full.Store(false)
	return due, posts, sampled
}

func (b *inbox) open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tid = unix.Gettid()
}

func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.full.Store(false)
}

// Post hands an event that no stop made to the handler, on the session's thread, and returns
// when it has been taken, or when the session is over. It may be called from any goroutine;
// what the event points to must not change any more.
func (s *Session) Post(ev *event.Event) {
	s.inbox.put(func() { s.inbox.posts = append(s.inbox.posts, ev) })
}

// read handles what is in the inbox.
func (s *Session) read() {
	due, posts, sampled := s.inbox.take()
	for _, tid := range due {
		if t := s.tasks[tid]; t != nil && t.held {
			t.held = false
			s.act(t, t.heldAct)
		}
	}
	for _, ev := range posts {
		s.send(ev)
	}
	if sampled {
		s.cfg.Sampler.Drain()
	}
}

// hold keeps a stopped task until its delay is over.
func (s *Session) hold(t *task, a action) {
	t.held, t.heldAct = true, a
	tid := t.id.TID
	time.AfterFunc(t.delay, func() {
		s.inbox.put(func() { s.inbox.due = append(s.inbox.due, tid) })
	})
	t.delay = 0
}

// startTimers begins the timers of the session, and returns what ends them.
func (s *Session) startTimers() (stop func()) {
	done := make(chan struct{})
	for _, d := range s.cfg.Timers {
		go func() {
			tick := time.NewTicker(d)
			defer tick.Stop()
			for {
				select {
				case <-done:
					return
				case <-tick.C:
					s.Post(&event.Event{Kind: event.Timer, Num: int64(d)})
				}
			}
		}()
	}
	return func() { close(done) }
}

package tracer

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// alarm wakes the session when a delayed task may go on. Its list is filled by timers
// and emptied by the session; a wake-up is repeated until it has been seen.
type alarm struct {
	mu  sync.Mutex
	due []int32
	tid int
}

func (a *alarm) after(d time.Duration, tid int32) {
	time.AfterFunc(d, func() {
		a.mu.Lock()
		a.due = append(a.due, tid)
		a.mu.Unlock()
		for a.pending() {
			unix.Tgkill(unix.Getpid(), a.tid, wakeSignal)
			time.Sleep(time.Millisecond)
		}
	})
}

func (a *alarm) pending() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.due) > 0
}

func (a *alarm) take() []int32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := a.due
	a.due = nil
	return d
}

// wakeDelayed resumes the tasks whose delay is over.
func (s *Session) wakeDelayed() {
	for _, tid := range s.alarm.take() {
		if t := s.tasks[tid]; t != nil && t.held {
			t.held = false
			s.act(t, t.heldAct)
		}
	}
}

// hold keeps a stopped task until its delay is over.
func (s *Session) hold(t *task, a action) {
	t.held, t.heldAct = true, a
	s.alarm.after(t.delay, t.id.TID)
	t.delay = 0
	s.delays = true
}

package tracer

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// stopFlag asks a session that is blocked in wait4 to stop. The wait is broken by
// signalling its thread until the request has been seen, so no wake-up is lost.
type stopFlag struct {
	asked atomic.Bool
	seen  atomic.Bool
	sig   atomic.Int32 // for the launched program
}

func (f *stopFlag) raised() bool {
	if !f.asked.Load() {
		return false
	}
	f.seen.Store(true)
	return true
}

// wakeSignal interrupts wait4. The Go runtime uses it to preempt goroutines and
// takes a spurious one without harm.
const wakeSignal = unix.SIGURG

// Stop makes Run detach everything and return. The launched program, if any, is sent sig
// unless that is zero. Stop may be called from any goroutine; tid is the thread that Run
// is on.
func (s *Session) Stop(tid, sig int) {
	s.stop.sig.Store(int32(sig))
	s.stop.asked.Store(true)
	for !s.stop.seen.Load() {
		unix.Tgkill(unix.Getpid(), tid, wakeSignal)
		time.Sleep(2 * time.Millisecond)
	}
}

package tracer

import "github.com/gotrace/gotrace/tracer/event"

// Sampler makes events of what happens to tasks while they run: counters, and places that the
// kernel watches. All its methods but Wait are called on the session's thread.
type Sampler interface {
	// Start gives it the session, to which it sends its events: from within Drain, DrainTask,
	// Attach, Exec and Drop only.
	Start(event.Host)
	// Attach tells what the rules of a task want, before it goes on for the first time and after
	// changes.
	Attach(t event.Task, probes []event.Probe)
	// Exec tells that a task, which had the tid former, runs a new program.
	Exec(t event.Task, former int32)
	// DrainTask sends the events of a task that has stopped, before that is told of.
	DrainTask(tid int32)
	// Drain sends those of all tasks.
	Drain()
	// Drop tells that a task has ended or was let go.
	Drop(tid int32)
	// Wait blocks until there is something to drain; false: Close was called.
	Wait() bool
	// Close ends everything.
	Close()
}

// startSampler begins to listen to the session's sampler, and returns what ends that.
func (s *Session) startSampler() (stop func()) {
	sampler := s.cfg.Sampler
	if sampler == nil {
		return func() {}
	}
	go func() {
		for sampler.Wait() {
			s.inbox.put(func() { s.inbox.sampled = true })
		}
	}()
	return sampler.Close
}

// sample tells the session's sampler what is wanted of a task.
func (s *Session) sample(t *task) {
	if s.cfg.Sampler == nil || t.sampled == t.needs || t.hidden || t.launching || t.alien || s.muted {
		return
	}
	t.sampled = t.needs
	s.cfg.Sampler.Attach(t.id, t.needs.Probes)
}

// drainSamples sends what a task has done before it stopped.
func (s *Session) drainSamples(t *task) {
	if s.cfg.Sampler != nil {
		s.cfg.Sampler.DrainTask(t.id.TID)
	}
}

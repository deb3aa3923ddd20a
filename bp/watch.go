package bp

import (
	"errors"

	"github.com/gotrace/gotrace/tracer/event"
)

// watches are the debug registers of a memory's tasks.
type watches struct {
	version int
}

func (e *Engine) findWatch(sp *space, p event.Probe) error { return errors.New("not yet") }

func (sp *space) unwatch(func(event.Probe) bool) {}

func (e *Engine) applyDebug(th *thread, c event.Tracee) {}

func (e *Engine) clearDebug(th *thread, c event.Tracee) {}

func (e *Engine) fired(th *thread, c event.Tracee) (event.Verdict, bool) {
	return event.Verdict{}, false
}

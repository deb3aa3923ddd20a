package bp

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

// inPlace executes an instruction where it stands. Meanwhile its breakpoint is lifted, and no
// other task of the memory may run past it.
func (e *Engine) inPlace(th *thread, s *spot) event.Motion {
	sp := th.space
	th.over.how, th.over.spot = overPlace, s
	th.over.plan.Method = 0
	sp.step = th
	for _, o := range sp.threads {
		if o != th && o.running {
			e.host.Interrupt(o.id)
		}
	}
	return e.place(th)
}

// place goes on with a task that executes an instruction in its place, once all others wait.
func (e *Engine) place(th *thread) event.Motion {
	sp := th.space
	if sp.lifted == nil {
		if !e.othersStopped(sp) {
			th.parked = true
			return event.MoveHold
		}
		sp.lifted = th.over.spot
		sp.lift(sp.lifted)
	}
	th.parked = false
	return th.over.motion()
}

// othersStopped reports whether no other task of a memory can run its program.
func (e *Engine) othersStopped(sp *space) bool {
	for _, o := range sp.threads {
		if o != sp.step && o.running && !e.host.Waits(o.id) {
			return false
		}
	}
	return true
}

// allStopped lets the task go on that waited for all others to stop.
func (e *Engine) allStopped(sp *space) {
	if th := sp.step; th != nil && th.parked && sp.lifted == nil && e.othersStopped(sp) {
		e.host.Release(th.id)
	}
}

// thaw ends a step in place: the breakpoint is there again, and the others go on.
func (e *Engine) thaw(sp *space, th *thread) {
	if sp.step != th {
		return
	}
	if s := sp.lifted; s != nil && sp.spots[s.addr] == s {
		sp.write(sp.arch.Breakpoint, s.addr) // if it fails the memory is gone
	}
	sp.step, sp.lifted = nil, nil
	for _, o := range sp.threads {
		if o.parked {
			o.parked = false
			e.host.Release(o.id)
		}
	}
}

func sendAgain(t event.Task, sig int) {
	unix.Tgkill(int(t.TGID), int(t.TID), unix.Signal(sig)) // if it fails the task is gone
}

// procPath is a file of procfs about a task.
func procPath(tid int32, name string) string { return "/proc/" + strconv.Itoa(int(tid)) + "/" + name }

// readProc is such a file's text.
func readProc(tid int32, name string) string {
	b, _ := os.ReadFile(procPath(tid, name)) // without it nothing is known
	return string(b)
}

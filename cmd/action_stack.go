package cmd

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/bp/unwind"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

var stackKind = &event.Kind{Name: "stack"}

// stackLimit is how many frames are shown if it is not said: strace's limit.
const stackLimit = 256

// stackDetail says how much of a stack is shown.
type stackDetail struct {
	frames int
	lines  bool
}

// stackDetail is what -k and its limit ask for.
func (r *run) stackDetail() stackDetail {
	d := stackDetail{stackLimit, r.o.StackTraces > 1}
	if r.o.StackLimit > 0 {
		d.frames = r.o.StackLimit
	}
	return d
}

func (r *run) stackAction() *follow.ActionKind {
	return &follow.ActionKind{
		Spec: &filter.ActionSpec{
			Name: "stack", Tasks: true, Stops: true, Doc: "show the stack, at most n frames, with source lines and inlined functions",
			Params: []filter.Param{{Name: "n", Kind: filter.ParamNum, Optional: true}},
		},
		At: follow.AtExit,
		New: func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			d := stackDetail{stackLimit, true}
			if len(a.Args) > 0 {
				d.frames = int(a.Args[0].Num)
			}
			if d.frames < 1 || d.frames > unwind.Most-1 {
				return nil, fmt.Errorf("stack shows 1 to %d frames", unwind.Most-1)
			}
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				st := r.stacks.of(c.Event, d)
				if st == nil {
					return event.Verdict{}, nil
				}
				st.Below, st.Inline = c.Shown, true
				ev := about(c, stackKind)
				ev.Stack = st
				return event.Verdict{}, r.write(ev)
			}), nil
		},
	}
}

// hasStack reports whether -k shows the stack of an event: of those that a stopped task makes, but for a
// call's entry, and a call that death cuts short.
func hasStack(ev *event.Event) bool {
	switch {
	case ev.State == nil || !ev.Kind.Stops || ev.Kind == event.SyscallEnter || ev.Kind == event.Personality:
		return false
	case ev.Kind == event.SyscallExit && ev.Sys.NoReturn:
		return ev.Sys.Name == "exit" || ev.Sys.Name == "exit_group"
	}
	return ev.Kind != event.SyscallExit || !ev.Sys.Detached
}

// stacks finds the stacks of tasks.
type stacks struct {
	cache  *symbol.Cache
	tables *unwind.Tables
	procs  map[int32]*process
	kept   map[int32]*event.Stack // of tasks inside execve: what called it
	detail stackDetail            // of those; no frames: they are not kept
}

// process is what is known of the address space of one.
type process struct {
	unwinder *unwind.Unwinder
	size     string // of the address space, when it was last looked at
}

// note follows what becomes of address spaces.
func (s *stacks) note(ev *event.Event) {
	switch ev.Kind {
	case event.SyscallEnter:
		if s.detail.frames > 0 && (ev.Sys.Name == "execve" || ev.Sys.Name == "execveat") {
			if s.kept == nil {
				s.kept = make(map[int32]*event.Stack)
			}
			s.kept[ev.Task.TID] = s.of(ev, s.detail)
		}
	case event.Exec:
		delete(s.procs, ev.Task.TGID)
		if ev.First {
			delete(s.kept, ev.Task.TID) // that stack is the tracer's own
		}
	case event.Exit, event.Killed:
		delete(s.kept, ev.Task.TID)
		if ev.Task.TID == ev.Task.TGID {
			delete(s.procs, ev.Task.TGID)
		}
	}
}

// of is the stack of a stopped task; nil: it has none, or is dying.
func (s *stacks) of(ev *event.Event, d stackDetail) *event.Stack {
	if ev.State == nil {
		return nil
	}
	if ev.Kind == event.SyscallExit {
		if kept := s.kept[ev.Task.TID]; kept != nil {
			delete(s.kept, ev.Task.TID)
			return kept
		}
	}
	regs, err := ev.State.Regs()
	if err != nil {
		return nil
	}
	u, find := s.process(ev.Task.TGID).unwinder, (*unwind.Unwinder).Names
	if d.lines {
		find = (*unwind.Unwinder).Frames
	}
	st := &event.Stack{Frames: find(u, regs, ev.State, d.frames+1), Lines: d.lines}
	st.Frames, st.More = cut(st.Frames, d.frames)
	return st
}

// cut is the first n frames, to which inlined functions do not count, and whether there are more.
func cut(frames []event.Frame, n int) ([]event.Frame, bool) {
	for i := range frames {
		if frames[i].Inlined {
			continue
		}
		if n--; n == 0 {
			return frames[:i+1], i+1 < len(frames)
		}
	}
	return frames, false
}

// maxProcesses bounds the processes whose address spaces are known at a time.
const maxProcesses = 1024

// process is a process, whose modules are looked at anew if it has mapped something.
func (s *stacks) process(pid int32) *process {
	p := s.procs[pid]
	if p == nil {
		if s.cache == nil {
			s.cache, s.tables = symbol.NewCache(), unwind.NewTables()
		}
		if s.procs == nil || len(s.procs) == maxProcesses {
			s.procs = make(map[int32]*process)
		}
		p = &process{unwinder: s.tables.New(s.cache.Space(int(pid)))}
		s.procs[pid] = p
	}
	// The first number of statm: all pages of the address space, see proc(5).
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(int(pid)) + "/statm")
	if size, _, _ := strings.Cut(string(statm), " "); err != nil || size != p.size {
		p.size = size
		p.unwinder.Forget() // where it fails, the process is gone
	}
	return p
}

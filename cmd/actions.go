package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/cmd/shell"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// actions are those that show events or act outside the engine.
func (r *run) actions() []*follow.ActionKind {
	simple := func(name, doc string, at follow.Time, do follow.ActionFunc) *follow.ActionKind {
		return &follow.ActionKind{
			Spec: &filter.ActionSpec{Name: name, Doc: doc}, At: at,
			New: func(*follow.Binder, *filter.Action) (follow.Action, error) { return do, nil },
		}
	}
	stopped := func(k *follow.ActionKind) *follow.ActionKind { k.Spec.Tasks, k.Spec.Stops = true, true; return k }
	onTask := func(k *follow.ActionKind) *follow.ActionKind { k.Spec.Tasks = true; return k }
	calls := func(k *follow.ActionKind) *follow.ActionKind { k.Spec.Calls = true; return k }
	return []*follow.ActionKind{
		simple("print", "show the event", follow.AtBoth, r.show),
		calls(simple("summary", "count the call for the table of -c", follow.AtExit, r.count)),
		stopped(simple("regs", "show the registers", follow.AtExit, r.regs)),
		onTask(simple("kill", "kill the process by SIGKILL", follow.AtExit, r.sending(unix.SIGKILL))),
		onTask(simple("stop", "stop the process by SIGSTOP; before the signal that it is about to get", follow.AtExit, r.stop)),
		r.signalAction(), r.dumpAction(), r.disasmAction(), r.stackAction(), r.runAction(), r.coreAction(),
	}
}

// show is the print action.
func (r *run) show(c *follow.Context) (event.Verdict, error) {
	if c.Shown {
		return event.Verdict{}, nil
	}
	c.Shown = true
	return event.Verdict{}, r.write(c.Event)
}

// write shows an event that a rule has made or taken.
func (r *run) write(ev *event.Event) error {
	if r.o.Filter.DecodePIDs.Has(filter.PIDComm) {
		r.nameTask(ev)
	}
	if r.o.StackTraces > 0 && hasStack(ev) {
		ev.Stack = r.stacks.of(ev, r.stackDetail())
		defer func() { ev.Stack = nil }()
	}
	tasks := r.engine.Len()
	if ev.Kind == event.Superseded {
		tasks-- // the leader is gone
	}
	return r.out.Write(ev, tasks)
}

// count is the summary action.
func (r *run) count(c *follow.Context) (event.Verdict, error) {
	if r.summary == nil {
		return event.Verdict{}, nil
	}
	return event.Verdict{}, r.summary.Write(c.Event)
}

// Kinds of what actions show.
var (
	regsKind = &event.Kind{Name: "regs"}
	dumpKind = &event.Kind{Name: "dump", Fields: []event.Field{{Name: "addr", Type: "int"}, {Name: "len", Type: "int"}}}
)

// about makes an event of an action's own about what the rule has taken.
func about(c *follow.Context, k *event.Kind) *event.Event {
	ev := *c.Event
	ev.Kind, ev.Sys, ev.Args, ev.Num, ev.Stack = k, nil, nil, 0, nil
	return &ev
}

// regs is the regs action.
func (r *run) regs(c *follow.Context) (event.Verdict, error) {
	if c.Event.State == nil {
		return event.Verdict{}, nil
	}
	regs, err := c.Event.State.Regs()
	if err != nil {
		return event.Verdict{}, nil // the task is dying
	}
	ev := about(c, regsKind)
	for _, reg := range regs.Arch.Regs {
		n, _ := regs.Get(reg.Name)
		ev.Args = append(ev.Args, event.Value{Form: event.FormHex0, Num: n, Name: reg.Name})
	}
	return event.Verdict{}, r.write(ev)
}

// sending is an action that sends the process a signal. It takes effect when the task goes on.
func (r *run) sending(sig unix.Signal) follow.ActionFunc {
	return func(c *follow.Context) (event.Verdict, error) {
		unix.Kill(int(c.Event.Task.TGID), sig) // if it fails the process is gone
		return event.Verdict{}, nil
	}
}

// jobSignals are those that stop a process, or end its stop.
var jobSignals = []unix.Signal{unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGCONT}

// stop is the stop action. A signal that the task is about to get waits until the process goes on:
// a fault happens again then, any other is sent again.
func (r *run) stop(c *follow.Context) (event.Verdict, error) {
	ev := c.Event
	if ev.Kind != event.Signal || slices.Contains(jobSignals, unix.Signal(ev.Num)) {
		return r.sending(unix.SIGSTOP)(c)
	}
	if !fault(ev) {
		unix.Tgkill(int(ev.Task.TGID), int(ev.Task.TID), unix.Signal(ev.Num)) // if it fails the task is gone
	}
	return event.Verdict{Signal: int(unix.SIGSTOP)}, nil
}

// faults are the signals that an instruction raises again when it is run again.
var faults = []unix.Signal{unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL}

// fault reports whether an instruction has raised the signal: si_code is above 0 then
// (sigaction(2)).
func fault(ev *event.Event) bool {
	if !slices.Contains(faults, unix.Signal(ev.Num)) || len(ev.Args) == 0 {
		return false
	}
	for i := range ev.Args[0].Elem {
		if v := &ev.Args[0].Elem[i]; v.Name == "si_code" {
			return int32(v.Num) > 0
		}
	}
	return false
}

func (r *run) signalAction() *follow.ActionKind {
	return &follow.ActionKind{
		Spec: &filter.ActionSpec{
			Name: "signal", Tasks: true, Doc: "send the task a signal",
			Params: []filter.Param{{Name: "signal", Kind: filter.ParamSignal}},
		},
		New: func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			sig := unix.Signal(a.Args[0].Num)
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				unix.Tgkill(int(c.Event.Task.TGID), int(c.Event.Task.TID), sig) // if it fails the task is gone
				return event.Verdict{}, nil
			}), nil
		},
	}
}

// maxDump bounds the memory that a dump action shows.
const maxDump = 1 << 20

func (r *run) dumpAction() *follow.ActionKind {
	return &follow.ActionKind{
		Spec: &filter.ActionSpec{
			Name: "dump", Tasks: true, Stops: true, Doc: "show memory in hexadecimal",
			Params: []filter.Param{{Name: "addr", Type: filter.Int}, {Name: "len", Type: filter.Int}},
		},
		New: func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			addr, size := a.Args[0].Expr, a.Args[1].Expr
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				at, n := c.Eval(addr), c.Eval(size)
				if !at.OK || !n.OK || n.Num < 0 || c.Event.State == nil {
					return event.Verdict{}, nil
				}
				ev := about(c, dumpKind)
				b := make([]byte, min(n.Num, maxDump))
				got, _ := c.Event.State.ReadAt(b, uint64(at.Num)) // what is not there is not shown
				ev.Args = []event.Value{{Form: event.FormAddr, Num: uint64(at.Num)}, {Form: event.FormInt, Num: uint64(got)}}
				ev.Data = []event.Dump{{Data: b[:got]}}
				return event.Verdict{}, r.write(ev)
			}), nil
		},
	}
}

func (r *run) coreAction() *follow.ActionKind {
	return &follow.ActionKind{
		Spec: &filter.ActionSpec{
			Name: "core", Tasks: true, Stops: true, Doc: "write a core file of the process; in its name %p is the process id, %t the thread's; core.%p if none is given",
			Params: []filter.Param{{Name: "file", Kind: filter.ParamText, Optional: true}},
		},
		New: func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			pattern := "core.%p"
			if len(a.Args) > 0 {
				pattern = a.Args[0].Str
			}
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				t := c.Event.Task
				name := strings.NewReplacer("%p", strconv.Itoa(int(t.TGID)), "%t", strconv.Itoa(int(t.TID)), "%%", "%").Replace(pattern)
				if err := r.session.WriteCore(name, t); err != nil {
					r.say("%v", err)
				}
				return event.Verdict{}, nil
			}), nil
		},
	}
}

// runLimit is how long a command may keep the tracees waiting.
const runLimit = 10 * time.Second

func (r *run) runAction() *follow.ActionKind {
	return &follow.ActionKind{
		Spec: &filter.ActionSpec{
			Name: "run", Doc: "run a command of the shell, and wait for it, while the task is stopped",
			Params: []filter.Param{
				{Name: "command", Kind: filter.ParamString},
				{Name: "limit", Kind: filter.ParamDuration, Optional: true},
			},
		},
		New: func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			command, limit := a.Args[0].Str, runLimit
			if len(a.Args) > 1 {
				limit = time.Duration(a.Args[1].Num)
			}
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				r.out.sync()
				if err := shell.Run(context.Background(), command, runEnv(c), limit); errors.Is(err, shell.ErrLimit) {
					r.say("run: '%s' took longer than %v and was killed", command, limit)
				}
				return event.Verdict{}, nil
			}), nil
		},
	}
}

// runEnv tells a command what it is run for.
func runEnv(c *follow.Context) []string {
	ev := c.Event
	env := []string{
		"GOTRACE_PID=" + strconv.Itoa(int(ev.Task.TGID)), "GOTRACE_TID=" + strconv.Itoa(int(ev.Task.TID)),
		"GOTRACE_EVENT=" + ev.Kind.Name, "GOTRACE_NAME=" + follow.Name(ev), "GOTRACE_RULE=" + c.Rule.Spec.Name,
	}
	for i := range ev.Args {
		if v := &ev.Args[i]; ev.Kind == event.User && v.Form == event.FormString {
			env = append(env, fmt.Sprintf("GOTRACE_ARG_%s=%s", v.Name, v.Data))
		}
	}
	return append(env, "GOTRACE="+strconv.Itoa(os.Getpid()))
}

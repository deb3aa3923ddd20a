package cmd

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/cmd/plugin"
	"github.com/gotrace/gotrace/cmd/sink"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/event"
)

// plugins are the programs of --plugin. What each asks for becomes rules, which go before
// all others.
type plugins struct {
	running []*plugin.Plugin
	session atomic.Pointer[tracer.Session] // for their user events; nil before it runs
	out     atomic.Pointer[output]         // what is shown before their messages; nil: nothing yet
	say     func(format string, args ...any)
	buf     []byte
	verdict map[asked]plugin.Verdict
	late    bool // told that a call could not be changed any more
}

// asked is what an answer is about: the event, or the call that the task is inside.
type asked struct {
	tid  int32
	rule *follow.Rule
}

// start starts a plugin; nothing else has been started yet.
func (ps *plugins) start(command string, say func(format string, args ...any)) error {
	ps.say = say
	p, err := plugin.Start(context.Background(), command, plugin.Options{
		GotraceVersion: version(), Say: ps.tellUser, Emit: ps.emit,
	})
	if err == nil {
		ps.running = append(ps.running, p)
	}
	return err
}

// close ends the plugins, once.
func (ps *plugins) close() {
	for _, p := range ps.running {
		p.Close()
	}
	ps.running = nil
}

func (ps *plugins) tellUser(text string) {
	if out := ps.out.Load(); out != nil {
		out.sync()
	}
	ps.say("%s", text)
}

// emit passes a user event on to the session. Before there is one nobody can want it.
func (ps *plugins) emit(name string, fields []plugin.Field) {
	s := ps.session.Load()
	if s == nil {
		return
	}
	ev := &event.Event{Kind: event.User, Name: name}
	for _, f := range fields {
		v := event.Value{Name: f.Name, Form: event.FormString, Flags: event.FlagPath, Data: []byte(f.Str)}
		if f.IsNum {
			v = event.Value{Name: f.Name, Form: event.FormInt, Num: uint64(f.Num)}
		}
		ev.Args = append(ev.Args, v)
	}
	s.Post(ev)
}

// sources are the rules that the plugins ask for. One that answers is asked before a call is
// made, or as soon as its condition is known to hold, and its answer heeded whenever the event
// is shown.
func (ps *plugins) sources() []filter.Source {
	var out []filter.Source
	for i, p := range ps.running {
		for j, on := range p.On() {
			do := fmt.Sprintf("tell(%d, %d)", i, j)
			if p.Answers() {
				do = fmt.Sprintf("ask(%d, %d), heed", i, j)
			}
			out = append(out, filter.Source{Name: "plugin " + p.Name(), Text: "on " + on + " do " + do})
		}
	}
	return out
}

// actions are those of the rules in sources.
func (ps *plugins) actions(show follow.ActionFunc) []*follow.ActionKind {
	params := []filter.Param{{Name: "plugin", Kind: filter.ParamNum}, {Name: "rule", Kind: filter.ParamNum}}
	with := func(do func(c *follow.Context, p *plugin.Plugin, rule int) event.Verdict) func(*follow.Binder, *filter.Action) (follow.Action, error) {
		return func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			p, rule := ps.running[a.Args[0].Num], int(a.Args[1].Num)
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) { return do(c, p, rule), nil }), nil
		}
	}
	return []*follow.ActionKind{
		{Spec: &filter.ActionSpec{Name: "tell", Params: params}, At: follow.AtExit, New: with(ps.tell)},
		{Spec: &filter.ActionSpec{Name: "ask", Params: params}, At: follow.AtTamper, New: with(ps.ask)},
		{
			Spec: &filter.ActionSpec{Name: "heed"}, At: follow.AtBoth,
			New: func(*follow.Binder, *filter.Action) (follow.Action, error) {
				return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) { return ps.heed(c, show) }), nil
			},
		},
	}
}

// object is the event as the plugin is sent it.
func (ps *plugins) object(c *follow.Context) []byte {
	ev := *c.Event
	if ev.Wall == 0 {
		ev.Wall = time.Now().UnixNano() // a call that is about to be made
	}
	ps.buf = sink.AppendJSON(ps.buf[:0], &ev)
	return ps.buf
}

func (ps *plugins) tell(c *follow.Context, p *plugin.Plugin, rule int) event.Verdict {
	p.Send(rule, ps.object(c))
	return event.Verdict{}
}

// ask asks about an event. The answer holds until the rule's next question about the task.
func (ps *plugins) ask(c *follow.Context, p *plugin.Plugin, rule int) event.Verdict {
	answer, ok := p.Ask(rule, ps.object(c))
	if !ok {
		answer.Verdict = plugin.None
	}
	if ps.verdict == nil {
		ps.verdict = make(map[asked]plugin.Verdict)
	}
	ps.verdict[asked{c.Event.Task.TID, c.Rule}] = answer.Verdict
	if answer.Verdict != plugin.Inject {
		return event.Verdict{}
	}
	return ps.inject(p, &answer, c.Event)
}

// inject sends a signal, and changes the call that is about to be made. At a seccomp stop no
// signal could be passed on.
func (ps *plugins) inject(p *plugin.Plugin, a *plugin.Answer, ev *event.Event) event.Verdict {
	if a.Signal != 0 && ev.Task.TID != 0 {
		unix.Tgkill(int(ev.Task.TGID), int(ev.Task.TID), unix.Signal(a.Signal)) // if it fails the task is gone
	}
	switch {
	case a.Errno == 0 && a.Retval == nil:
	case ev.Kind == event.SyscallEnter:
		return event.Verdict{Inject: &event.Injection{Errno: a.Errno, Retval: a.Retval}}
	case !ps.late:
		ps.late = true
		ps.tellUser("plugin " + p.Name() + ": it is too late for error and retval: the event is not a call that is about to be made")
	}
	return event.Verdict{}
}

// heed shows an event, or sees to it that nothing shows it, as the plugin said.
func (ps *plugins) heed(c *follow.Context, show follow.ActionFunc) (event.Verdict, error) {
	key := asked{c.Event.Task.TID, c.Rule}
	verdict := ps.verdict[key]
	if c.Event.Kind != event.SyscallEnter {
		delete(ps.verdict, key)
	}
	switch verdict {
	case plugin.Print:
		return show(c)
	case plugin.Skip:
		c.Shown = true
	}
	return event.Verdict{}, nil
}

package cmd

import (
	"context"
	"fmt"
	"sync/atomic"

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
	buf     []byte
	verdict map[int32]plugin.Verdict // of the call that a task is inside
}

// start starts a plugin; nothing else has been started yet.
func (ps *plugins) start(command string, say func(format string, args ...any)) error {
	p, err := plugin.Start(context.Background(), command, plugin.Options{
		GotraceVersion: version(),
		Say:            func(text string) { say("%s", text) },
		Emit:           ps.emit,
	})
	if err == nil {
		ps.running = append(ps.running, p)
	}
	return err
}

func (ps *plugins) close() {
	for _, p := range ps.running {
		p.Close()
	}
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
	ps.buf = sink.AppendJSON(ps.buf[:0], c.Event)
	return ps.buf
}

func (ps *plugins) tell(c *follow.Context, p *plugin.Plugin, rule int) event.Verdict {
	p.Send(rule, ps.object(c))
	return event.Verdict{}
}

// ask asks about an event. The answer holds until the task's next one.
func (ps *plugins) ask(c *follow.Context, p *plugin.Plugin, rule int) event.Verdict {
	answer, ok := p.Ask(rule, ps.object(c))
	if !ok {
		answer.Verdict = plugin.None
	}
	if ps.verdict == nil {
		ps.verdict = make(map[int32]plugin.Verdict)
	}
	ps.verdict[c.Event.Task.TID] = answer.Verdict
	if answer.Verdict != plugin.Inject || c.Event.Sys == nil {
		return event.Verdict{}
	}
	return event.Verdict{Inject: &event.Injection{Errno: answer.Errno, Retval: answer.Retval, Signal: answer.Signal}}
}

// heed shows an event, or sees to it that nothing shows it, as the plugin said.
func (ps *plugins) heed(c *follow.Context, show follow.ActionFunc) (event.Verdict, error) {
	verdict := ps.verdict[c.Event.Task.TID]
	if c.Event.Kind == event.Exit || c.Event.Kind == event.Killed {
		delete(ps.verdict, c.Event.Task.TID)
	}
	switch verdict {
	case plugin.Print:
		return show(c)
	case plugin.Skip:
		c.Shown = true
	}
	return event.Verdict{}, nil
}

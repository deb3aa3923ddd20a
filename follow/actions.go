package follow

import (
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// engineActions are those that the engine, or its verdict, carries out.
func engineActions() []*ActionKind {
	group := []filter.Param{{Name: "group", Kind: filter.ParamGroup}}
	rule := []filter.Param{{Name: "rule", Kind: filter.ParamRule}}
	return []*ActionKind{
		{
			Spec: &filter.ActionSpec{Name: "join", Params: group, Tasks: true, Doc: "make the task a member of a group"},
			New: func(b *Binder, a *filter.Action) (Action, error) {
				g := b.Group(a.Args[0].Str)
				return effect(func(c *Context) { c.Engine.Join(c.Event.Task, g) }), nil
			},
		},
		{
			Spec: &filter.ActionSpec{Name: "leave", Params: group, Tasks: true, Doc: "end the task's membership of a group"},
			New: func(b *Binder, a *filter.Action) (Action, error) {
				g := b.Group(a.Args[0].Str)
				return effect(func(c *Context) { c.Engine.Leave(c.Event.Task, g) }), nil
			},
		},
		{
			Spec: &filter.ActionSpec{Name: "arm", Params: rule, Doc: "make a rule take part that disarm has put to rest"},
			New: func(b *Binder, a *filter.Action) (Action, error) {
				r := b.Rule(a.Args[0].Str)
				return effect(func(c *Context) { c.Engine.Arm(r, true) }), nil
			},
		},
		{
			Spec: &filter.ActionSpec{Name: "disarm", Params: rule, Doc: "put a rule to rest"},
			New: func(b *Binder, a *filter.Action) (Action, error) {
				r := b.Rule(a.Args[0].Str)
				return effect(func(c *Context) { c.Engine.Arm(r, false) }), nil
			},
		},
		{
			Spec: &filter.ActionSpec{Name: "detach", Tasks: true, Doc: "let the task go"},
			New:  always(event.Verdict{Resume: event.ResumeDetach}),
		},
		{
			Spec: &filter.ActionSpec{Name: "quit", Doc: "let all tasks go and end"},
			New:  always(event.Verdict{Resume: event.ResumeQuit}),
		},
		emitAction(), countAction(), histAction(), injectAction(), setargAction(), returnAction(), stepAction(),
	}
}

// effect is an action without a verdict.
func effect(do func(*Context)) Action {
	return ActionFunc(func(c *Context) (event.Verdict, error) {
		do(c)
		return event.Verdict{}, nil
	})
}

// always is an action that only has a verdict.
func always(v event.Verdict) func(*Binder, *filter.Action) (Action, error) {
	return func(*Binder, *filter.Action) (Action, error) {
		return ActionFunc(func(*Context) (event.Verdict, error) { return v, nil }), nil
	}
}

func emitAction() *ActionKind {
	return &ActionKind{
		Spec: &filter.ActionSpec{
			Name: "emit", Doc: "make a user event, which other rules match by user(NAME)",
			Params: []filter.Param{{Name: "name", Kind: filter.ParamWord}, {Name: "field", Kind: filter.ParamPair, Repeat: true}},
		},
		New: func(_ *Binder, a *filter.Action) (Action, error) {
			return effect(func(c *Context) { c.Engine.emit(c, a) }), nil
		},
	}
}

// emit puts a user event, about the task of the context's event, behind those that wait.
func (e *Engine) emit(c *Context, a *filter.Action) {
	ev := &event.Event{
		Kind: event.User, Name: a.Args[0].Str, Task: c.Event.Task, Comm: c.Event.Comm, Wall: c.Event.Wall,
		ABI: c.Event.ABI, State: c.Event.State, NR: c.Event.NR, IP: c.Event.IP, HasIP: c.Event.HasIP, Seq: c.Event.Seq,
	}
	for i := range a.Args[1:] {
		arg := &a.Args[1+i]
		ev.Args = append(ev.Args, userValue(arg.Name, c.Eval(arg.Expr)))
	}
	e.queue = append(e.queue, ev)
}

// userValue is a computed value as a sink shows it. It keeps a copy.
func userValue(name string, v filter.Val) event.Value {
	switch {
	case !v.OK:
		return event.Value{Form: event.FormSym, Str: "?", Name: name}
	case v.Str != nil:
		return event.Value{Form: event.FormString, Data: append([]byte{}, v.Str...), Name: name, Num: uint64(v.Num), Flags: event.FlagPath}
	}
	return event.Value{Form: event.FormInt, Num: uint64(v.Num), Name: name}
}

func countAction() *ActionKind {
	return &ActionKind{
		Spec: &filter.ActionSpec{
			Name: "count", Doc: "count the events, by the values of expressions; shown at the end",
			Params: []filter.Param{{Name: "by", Type: filter.Any, Repeat: true}},
		},
		New: func(b *Binder, a *filter.Action) (Action, error) {
			t := &tally{table: b.table(a)}
			for i := range a.Args {
				t.by = append(t.by, a.Args[i].Expr)
			}
			return effect(t.add), nil
		},
	}
}

func histAction() *ActionKind {
	return &ActionKind{
		Spec: &filter.ActionSpec{
			Name: "hist", Doc: "count the values of an expression by powers of two; shown at the end",
			Params: []filter.Param{{Name: "expr", Type: filter.Any, NoString: true}},
		},
		New: func(b *Binder, a *filter.Action) (Action, error) {
			h := &histogram{table: b.table(a), of: a.Args[0].Expr}
			h.table.Hist, h.table.Type = true, h.of.Type()
			return effect(h.add), nil
		},
	}
}

// table makes the table that an action fills.
func (b *Binder) table(a *filter.Action) *Table {
	t := &Table{Title: b.Title(), rows: make(map[string]*Row)}
	for i := range a.Args {
		t.Keys = append(t.Keys, a.Args[i].Expr.String())
	}
	b.engine.tables = append(b.engine.tables, t)
	return t
}

func injectAction() *ActionKind {
	early := func(name string, k filter.ParamKind, t filter.Type) filter.Param {
		return filter.Param{Name: name, Kind: k, Type: t, Optional: true, Early: true}
	}
	return &ActionKind{
		Spec: &filter.ActionSpec{
			Name: "inject", Tasks: true, Stops: true, Calls: true, Instead: "return", Doc: "make the call fail, return something, or wait, or change its memory",
			Options: []filter.Param{
				early("error", filter.ParamErrno, 0), early("retval", filter.ParamExpr, filter.Int),
				early("signal", filter.ParamSignal, 0), early("syscall", filter.ParamWord, 0),
				early("delay_enter", filter.ParamDuration, 0), early("poke_enter", filter.ParamPoke, 0),
				{Name: "delay_exit", Kind: filter.ParamDuration, Optional: true},
				{Name: "poke_exit", Kind: filter.ParamPoke, Optional: true},
			},
		},
		At:  AtTamper,
		New: newInject,
	}
}

// newInject makes one Injection for all calls, unless it returns what differs from one to the next.
func newInject(_ *Binder, a *filter.Action) (Action, error) {
	in := &event.Injection{}
	var retval *filter.Program
	for i := range a.Args {
		arg := &a.Args[i]
		switch arg.Param.Name {
		case "error":
			in.Errno = int(arg.Num)
		case "retval":
			retval = arg.Expr
		case "signal":
			in.Signal = int(arg.Num)
		case "syscall":
			in.Syscall = arg.Str
		case "delay_enter":
			in.DelayEnter = time.Duration(arg.Num)
		case "delay_exit":
			in.DelayExit = time.Duration(arg.Num)
		case "poke_enter":
			in.PokeEnter = pokes(arg.Pokes)
		case "poke_exit":
			in.PokeExit = pokes(arg.Pokes)
		}
	}
	if retval == nil {
		return ActionFunc(func(*Context) (event.Verdict, error) { return event.Verdict{Inject: in}, nil }), nil
	}
	return ActionFunc(func(c *Context) (event.Verdict, error) {
		v := c.Eval(retval)
		if !v.OK {
			return event.Verdict{}, nil
		}
		one := *in
		one.Retval = &v.Num
		return event.Verdict{Inject: &one}, nil
	}), nil
}

func pokes(ps []filter.Poke) []event.Poke {
	var out []event.Poke
	for _, p := range ps {
		out = append(out, event.Poke{Arg: p.Arg - 1, Data: p.Data})
	}
	return out
}

func setargAction() *ActionKind {
	return &ActionKind{
		Spec: &filter.ActionSpec{
			Name: "setarg", Tasks: true, Stops: true, Calls: true, Entry: true, Early: true, Doc: "change an argument, counted from 1, before the call is made or the function runs",
			Params: []filter.Param{{Name: "n", Kind: filter.ParamNum, Least: 1}, {Name: "value", Type: filter.Int}},
		},
		At: AtTamper,
		New: func(_ *Binder, a *filter.Action) (Action, error) {
			n, value := int(a.Args[0].Num), a.Args[1].Expr
			return ActionFunc(func(c *Context) (event.Verdict, error) {
				if v := c.Eval(value); v.OK && c.Event.State != nil {
					setArg(c, n-1, uint64(v.Num))
				}
				return event.Verdict{}, nil
			}), nil
		},
	}
}

// setArg changes an argument of the system call that a task is entering, or of the function that
// it is at the beginning of. A task that has died meanwhile has none.
func setArg(c *Context, i int, v uint64) {
	ev := c.Event
	if ev.Sys == nil {
		c.atBeginning(func(r *arch.Regs) error { return setFuncArg(ev.State, r, i, v) })
		return
	}
	if s, ok := ev.State.(event.CallSetter); ok && i >= 0 && i < len(ev.Sys.Raw) {
		s.SetArg(i, v)
	}
}

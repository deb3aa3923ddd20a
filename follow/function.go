package follow

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// frame is a call of a function that rules on its entry have taken, or whose end decides.
type frame struct {
	depth       int
	taken, pend ruleSet
}

// above ends the frames of functions that were left without a return: those that are as deep as
// one that is called, or returns, now. It returns the one that is just so deep, if there is any.
func (m *member) above(depth int) (f frame, ok bool) {
	for n := len(m.frames); n > 0 && m.frames[n-1].depth >= depth; n-- {
		f, ok = m.frames[n-1], m.frames[n-1].depth == depth
		m.frames = m.frames[:n-1]
	}
	return f, ok
}

// push begins a frame, in the place of one that is over if there is one.
func (m *member) push(depth int) *frame {
	m.above(depth)
	n := len(m.frames)
	if n < cap(m.frames) {
		m.frames = m.frames[:n+1]
	} else {
		m.frames = append(m.frames, frame{})
	}
	f := &m.frames[n]
	if f.depth = depth; f.taken == nil {
		f.taken, f.pend = make(ruleSet, len(m.taken)), make(ruleSet, len(m.taken))
	}
	clear(f.taken)
	clear(f.pend)
	return f
}

// functionEnter runs the rules at the entry of a function, and says if none wants its end.
func (e *Engine) functionEnter(m *member, refs []ref, ev *event.Event) (out event.Verdict, err error) {
	f := m.push(ev.Site.Depth)
	exits := false
	var last *Rule
	for _, c := range refs {
		r := c.rule
		if r == last || c.on.kind.Takes != nil && !c.on.kind.Takes(ev, c.on.args) {
			continue
		}
		last = r
		if r.exit != nil && !c.on.enter {
			e.ctx.env.rule = r.index
			if r.entry == nil || r.entry.Match(&e.ctx.env) {
				f.pend.set(r.index)
				exits = true
			}
			continue
		}
		if !e.takes(m, r, true, c.on.enter) {
			continue
		}
		which := atBegin
		if ev.Site.Only = c.on.enter; c.on.enter {
			which = everything
		} else if r.exits {
			f.taken.set(r.index)
			exits = true
		}
		if out, err = e.act(r, out, which); err != nil {
			return out, err
		}
	}
	ev.Site.Only = false
	if !exits {
		m.above(ev.Site.Depth)
		if out.Resume == event.ResumeDefault {
			out.Resume = event.ResumeSkip
		}
	}
	return out, nil
}

// functionExit runs the rules that the entry of a function has left to do.
func (e *Engine) functionExit(m *member, ev *event.Event) (event.Verdict, error) {
	f, ok := m.above(ev.Site.Depth)
	if !ok {
		return event.Verdict{}, nil
	}
	return e.finish(m, f.taken, f.pend)
}

func returnAction() *ActionKind {
	return &ActionKind{
		Spec: &filter.ActionSpec{
			Name: "return", Tasks: true, Stops: true, Entry: true, Early: true, Instead: "inject",
			Doc:    "return from the function at once, with a value, in place of running it",
			Params: []filter.Param{{Name: "value", Type: filter.Int}},
		},
		At: AtTamper,
		New: func(_ *Binder, a *filter.Action) (Action, error) {
			value := a.Args[0].Expr
			return effect(func(c *Context) {
				if v := c.Eval(value); v.OK && c.Event.State != nil {
					c.atBeginning(func(r *arch.Regs) error { return leave(c.Event.State, r, uint64(v.Num)) })
				}
			}), nil
		},
	}
}

func stepAction() *ActionKind {
	return &ActionKind{
		Spec: &filter.ActionSpec{
			Name: "step", Tasks: true, Stops: true, Doc: "execute the next n instructions, one if none is given, one by one: each is an event stepped",
			Params: []filter.Param{{Name: "n", Kind: filter.ParamNum, Least: 1, Optional: true}},
		},
		New: func(b *Binder, a *filter.Action) (Action, error) {
			v := event.Verdict{Steps: 1}
			if len(a.Args) > 0 {
				v.Steps = int(a.Args[0].Num)
			}
			return always(v)(b, a)
		},
	}
}

// landingPads are what a function may begin with that changes nothing: endbr64, endbr32, bti c.
var landingPads = [][]byte{{0xf3, 0x0f, 0x1e, 0xfa}, {0xf3, 0x0f, 0x1e, 0xfb}, {0x5f, 0x24, 0x03, 0xd5}}

// begins reports whether a task is at a function's first instruction, or behind the landing pad
// that is. Of code without names it is supposed.
func begins(ev *event.Event) bool {
	switch off := ev.Site.Place.Off; {
	case ev.Kind == event.CallEnter || ev.Site.Place.Func == "" || off == 0:
		return true
	case off != 4:
		return false
	}
	var pad [4]byte
	n, _ := ev.State.ReadAt(pad[:], ev.Site.PC-4)
	for _, p := range landingPads {
		if bytes.Equal(pad[:n], p) {
			return true
		}
	}
	return false
}

// atBeginning changes the registers of a task at the beginning of a function.
func (c *Context) atBeginning(change func(*arch.Regs) error) {
	ev := c.Event
	if !begins(ev) {
		c.warn("%s+%#x is not where a function begins: nothing is changed there", ev.Site.Place.Func, ev.Site.Place.Off)
		return
	}
	regs, err := ev.State.Regs()
	if err == nil {
		err = change(regs)
	}
	if err == nil {
		err = ev.State.SetRegs(regs)
	}
	if err != nil {
		c.warn("%v", err)
	}
}

// warn tells the user what the rule cannot do.
func (c *Context) warn(format string, args ...any) {
	if tell := c.Engine.reg.Warn; tell != nil && !c.Rule.warned {
		c.Rule.warned = true
		tell(c.Rule.Spec.String() + ": " + fmt.Sprintf(format, args...))
	}
}

// setFuncArg changes an argument of a function, from 0, at its beginning.
func setFuncArg(s event.State, r *arch.Regs, i int, v uint64) error {
	if r.SetFuncArg(i, v) {
		return nil
	}
	_, addr, _ := r.FuncArg(i)
	b := binary.LittleEndian.AppendUint64(nil, v)
	_, err := s.WriteAt(b[:r.Arch.PtrSize], addr)
	return err
}

// leave makes a function return a value at its beginning.
func leave(s event.State, r *arch.Regs, v uint64) error {
	to, addr, inReg := r.ReturnAddr()
	if !inReg {
		var b [8]byte
		if _, err := s.ReadAt(b[:r.Arch.PtrSize], addr); err != nil {
			return err
		}
		to = binary.LittleEndian.Uint64(b[:])
	}
	r.SetFuncRet(v)
	r.Return(to)
	return nil
}

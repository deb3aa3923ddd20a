package follow

import (
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// Env is one event as expressions see it. It implements filter.Env.
type Env struct {
	Event  *event.Event // nil where a task is judged by itself
	Task   event.Task
	engine *Engine
	member *member
	rule   int    // whose condition is judged
	buf    []byte // of texts
	mem    []byte // of the tracee
	args   []byte // of the task's program, the next of which is number argN, at argAt
	argN   int
	argAt  int
}

// Num is the ith value of a reference as a number.
func (x *Env) Num(r *filter.Ref, i int) (int64, bool) {
	if g := &x.engine.reg.gets[r.Field.ID]; g.num != nil && i == 0 && g.isOf(x.Event) {
		return g.num(x)
	}
	v := x.engine.reg.value(x, r, i)
	return v.Num, v.OK
}

// Str is the ith value of a reference as bytes.
func (x *Env) Str(r *filter.Ref, i int) ([]byte, bool) {
	v := x.engine.reg.value(x, r, i)
	return v.Str, v.OK && v.Str != nil
}

func number(n int64) filter.Val { return filter.Val{Num: n, OK: true} }

func truth(b bool) filter.Val {
	if b {
		return number(1)
	}
	return number(0)
}

// text is a string, which may be empty.
func text(b []byte) filter.Val {
	if b == nil {
		b = []byte{}
	}
	return filter.Val{Str: b, OK: true}
}

// text is a string that is not in bytes yet; "" is absent.
func (x *Env) text(s string) filter.Val {
	x.buf = append(x.buf[:0], s...)
	return filter.Val{Str: x.buf, OK: s != ""}
}

// only makes v the one value of a field.
func only(i int, v filter.Val) filter.Val {
	if i > 0 {
		return filter.Val{}
	}
	return v
}

// argByName is a field of an event that is among its Args under the same name: those of the
// event's kind, or of the values themselves.
func argByName(x *Env, r *filter.Ref, i int) filter.Val {
	ev := x.Event
	if i > 0 || ev == nil {
		return filter.Val{}
	}
	name := r.Field.Name
	for j := range ev.Args {
		if ev.Args[j].Name == name || j < len(ev.Kind.Fields) && ev.Kind.Fields[j].Name == name {
			return ValueOf(&ev.Args[j])
		}
	}
	return filter.Val{}
}

// ValueOf is a decoded value as expressions see it: a string, or its number.
func ValueOf(v *event.Value) filter.Val {
	switch v.Form {
	case event.FormAbsent:
		return filter.Val{}
	case event.FormString:
		return filter.Val{Num: int64(v.Num), Str: v.Data, OK: true}
	case event.FormSym:
		if v.Str != "" {
			return filter.Val{Num: int64(v.Num), Str: []byte(v.Str), OK: true} // symbols are rare here
		}
		return text(v.Data)
	case event.FormFD, event.FormPID:
		return number(int64(int32(v.Num)))
	}
	return number(int64(v.Num))
}

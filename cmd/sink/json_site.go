package sink

import (
	"encoding/hex"
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// jsonSite appends what an event has that happened at a place in a program.
func jsonSite(b []byte, ev *event.Event, o *TextOptions) []byte {
	s := ev.Site
	switch ev.Kind {
	case event.USDT, event.Perf:
		b = appendStringField(b, "name", probeName(ev))
	case event.Watch:
		b = appendStringField(b, "name", watchName(s))
	}
	if ev.Kind == event.Perf {
		b = appendIntField(b, "period", ev.Num)
	}
	b = appendUintField(b, "pc", s.PC)
	b = jsonPlace(b, "place", &s.Place)
	if ev.Args != nil {
		b = jsonArgs(appendKey(b, "args"), ev)
	}
	switch ev.Kind {
	case event.Return, event.CallExit:
		b = jsonGiven(b, ev)
	case event.Uprobe:
		if ev.Site.HasRet {
			b = jsonValue(appendKey(b, "ret"), &ev.Site.Ret)
		}
	case event.Watch:
		b = jsonWatch(b, s)
	case event.Step, event.Branch:
		b = jsonInsn(b, ev, o)
	}
	switch ev.Kind {
	case event.CallEnter, event.CallExit:
		b = jsonPlace(appendIntField(b, "level", int64(s.Depth)), "caller", &s.Target)
	case event.Return:
		b = jsonPlace(b, "caller", &s.Target)
	case event.Branch:
		b = appendIntField(b, "level", int64(s.Depth))
		b = appendStringField(b, "taken", s.Taken)
		b = jsonPlace(appendUintField(b, "to", s.To), "target", &s.Target)
	}
	return b
}

// jsonPlace appends what is known of a place; nothing if that is nothing.
func jsonPlace(b []byte, key string, p *event.Place) []byte {
	if *p == (event.Place{}) {
		return b
	}
	b = append(appendKey(b, key), `{"off":`...)
	b = strconv.AppendUint(b, p.Off, 10)
	for _, f := range [...]struct{ key, text string }{{"func", p.Func}, {"module", p.Module}, {"file", p.File}} {
		if f.text != "" {
			b = appendBytes(appendKey(b, f.key), []byte(f.text))
		}
	}
	if p.Line > 0 {
		b = appendIntField(b, "line", int64(p.Line))
	}
	return append(b, '}')
}

// jsonArgs appends an object of the arguments, by name or as arg1 and so on.
func jsonArgs(b []byte, ev *event.Event) []byte {
	b = append(b, '{')
	first := true
	for i := range ev.Args {
		if ev.Args[i].Absent() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = jsonValue(append(appendString(b, fieldName(ev, i)), ':'), &ev.Args[i])
	}
	return append(b, '}')
}

// jsonGiven appends how a function ended.
func jsonGiven(b []byte, ev *event.Event) []byte {
	switch v := &ev.Site.Ret; {
	case !ev.Site.HasRet:
		b = append(appendKey(b, "unfinished"), "true"...)
	case !v.Absent():
		b = jsonValue(appendKey(b, "ret"), v)
	}
	return appendIntField(b, "dur_ns", int64(ev.Dur))
}

func jsonWatch(b []byte, s *event.Site) []byte {
	b = appendUintField(b, "addr", s.Addr)
	if s.Old != nil {
		b = jsonMemory(b, "old", s.Old)
	}
	return jsonMemory(b, "new", s.New)
}

func jsonMemory(b []byte, key string, mem []byte) []byte {
	if v, ok := signed(mem); ok {
		return appendIntField(b, key, v)
	}
	return appendStringField(b, key, hex.EncodeToString(mem))
}

// jsonInsn appends an instruction, and what it has changed and read.
func jsonInsn(b []byte, ev *event.Event, o *TextOptions) []byte {
	s := ev.Site
	b = appendStringField(b, "code", hex.EncodeToString(s.Insn))
	if o.Insn != nil {
		if text := o.Insn(ev.ABI, s.Insn, s.PC); text != "" {
			b = appendStringField(b, "insn", text)
		}
	}
	if len(s.Writes) == 0 {
		return b
	}
	b = append(appendKey(b, "changes"), '[')
	for i := range s.Writes {
		c := &s.Writes[i]
		if i > 0 {
			b = append(b, ',')
		}
		if c.Name != "" {
			b = appendString(append(b, `{"reg":`...), c.Name)
		} else {
			b = strconv.AppendUint(append(b, `{"addr":`...), c.Addr, 10)
			b = appendIntField(b, "size", int64(c.Size))
		}
		if c.Read {
			b = appendUintField(b, "read", c.New)
		} else {
			b = appendUintField(appendUintField(b, "old", c.Old), "new", c.New)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

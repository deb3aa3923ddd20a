package sink

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// stack shows an event's stack below its line. That of a call that ends its task stands behind the
// end, as in strace.
func (t *Text) stack(ev *event.Event) {
	if ev.Kind == event.Exit || ev.Kind == event.Killed {
		t.buf = append(t.buf, t.last[ev.Task.TID]...)
		delete(t.last, ev.Task.TID)
		t.line = len(t.buf)
		return
	}
	if ev.Stack == nil {
		return
	}
	if ev.Kind == event.SyscallExit && ev.Sys.NoReturn {
		if t.last == nil {
			t.last = make(map[int32][]byte)
		}
		t.last[ev.Task.TID] = appendStack(nil, ev.Stack)
		return
	}
	t.buf = appendStack(t.buf, ev.Stack)
	t.line = len(t.buf)
}

// appendStack appends frames in the form of strace -k; with lines, in that of strace 6.6's -kk, where a frame
// has the line of what is inlined innermost.
func appendStack(b []byte, s *event.Stack) []byte {
	inner := -1 // the innermost of functions that are inlined and not shown
	for i := range s.Frames {
		f := &s.Frames[i]
		if f.Inlined && !s.Inline {
			if inner < 0 {
				inner = i
			}
			continue
		}
		place := &f.Place
		if inner >= 0 {
			place, inner = &s.Frames[inner].Place, -1
		}
		b = appendFrame(b, f)
		if s.Lines && place.File != "" {
			b = append(append(append(b, ' '), place.File...), ':')
			b = strconv.AppendInt(b, int64(place.Line), 10)
		}
		if f.Inlined {
			b = append(b, " (inlined)"...)
		}
		b = append(b, '\n')
	}
	if s.More {
		b = append(b, " > too many stack frames\n"...)
	}
	return b
}

func appendFrame(b []byte, f *event.Frame) []byte {
	b = append(b, " > "...)
	if f.Path == "" {
		b = append(b, "unexpected_backtracing_error ["...)
		return append(appendHex(b, f.PC), ']')
	}
	b = append(append(b, f.Path...), '(')
	if f.Place.Func != "" {
		b = append(b, f.Place.Func...)
		if !f.Inlined {
			b = appendHex(append(b, '+'), f.Place.Off)
		}
	}
	return append(appendHex(append(b, ") ["...), f.Offset), ']')
}

// jsonStack appends frames as an array of objects.
func jsonStack(b []byte, s *event.Stack) []byte {
	b = append(appendKey(b, "stack"), '[')
	for i := range s.Frames {
		f := &s.Frames[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"pc":`...)
		b = strconv.AppendUint(b, f.PC, 10)
		if f.Path != "" {
			b = appendStringField(b, "path", f.Path)
			b = appendUintField(b, "offset", f.Offset)
		}
		if f.Place.Func != "" {
			b = appendStringField(b, "func", f.Place.Func)
			b = appendUintField(b, "func_offset", f.Place.Off)
		}
		if f.Place.File != "" {
			b = appendStringField(b, "file", f.Place.File)
			b = appendIntField(b, "line", int64(f.Place.Line))
		}
		for _, mark := range [...]struct {
			name string
			on   bool
		}{{"inlined", f.Inlined}, {"signal", f.Signal}} {
			if mark.on {
				b = append(appendKey(b, mark.name), "true"...)
			}
		}
		b = append(b, '}')
	}
	b = append(b, ']')
	if s.More {
		b = append(appendKey(b, "stack_cut"), "true"...)
	}
	return b
}

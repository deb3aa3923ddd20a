package sink

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// other shows an event that strace does not know in the form of its signals:
// --- fork {child=12} ---. Bytes that a Dump holds follow as those of -e read=.
func (t *Text) other(ev *event.Event) {
	if ev.Stack != nil && ev.Stack.Below {
		if t.open != nil && !t.o.Separate {
			t.interrupt()
		}
		return
	}
	t.begin(ev, ev.Wall)
	t.paintOn(t.pal.life)
	t.buf = append(append(t.buf, "--- "...), eventName(ev)...)
	first := true
	sep := func(name string) {
		if first {
			t.buf = append(t.buf, " {"...)
		} else {
			t.buf = append(t.buf, ", "...)
		}
		first = false
		t.buf = append(append(t.buf, name...), '=')
	}
	if ev.Kind == event.Exec && ev.Name != "" {
		sep("path")
		t.buf = t.p.value(t.buf, &event.Value{Form: event.FormString, Flags: event.FlagPath, Data: []byte(ev.Name)})
	}
	if ev.Kind.Num != "" && (ev.Kind != event.Exec || ev.Num != int64(ev.Task.TID)) {
		sep(ev.Kind.Num)
		t.buf = strconv.AppendInt(t.buf, ev.Num, 10)
	}
	for i := range ev.Args {
		if v := ev.Args[i]; !v.Absent() {
			sep(fieldName(ev, i))
			v.Name = ""
			t.buf = t.p.value(t.buf, &v)
		}
	}
	if !first {
		t.buf = append(t.buf, '}')
	}
	t.buf = append(t.buf, " ---"...)
	t.paintOff(t.pal.life)
	t.newline()
	for i := range ev.Data {
		t.hexdump(ev.Data[i].Data)
	}
}

// dumps appends the data that a call moved, 16 bytes a line.
func (t *Text) dumps(ev *event.Event) {
	for i := range ev.Sys.Dump {
		d := &ev.Sys.Dump[i]
		if d.Vector > 0 {
			t.buf = append(t.buf, " = "...)
			t.buf = strconv.AppendInt(t.buf, int64(d.Buffers), 10)
			t.buf = append(t.buf, " buffers in vector "...)
			t.buf = strconv.AppendInt(t.buf, int64(d.Vector-1), 10)
			t.newline()
		}
		if d.Note > 0 {
			t.buf = append(t.buf, " * "...)
			t.buf = strconv.AppendInt(t.buf, int64(len(d.Data)), 10)
			t.buf = append(t.buf, " bytes in buffer "...)
			t.buf = strconv.AppendInt(t.buf, int64(d.Note-1), 10)
			t.newline()
		}
		t.hexdump(d.Data)
	}
}

func (t *Text) hexdump(data []byte) {
	width := 5
	for n := len(data) - 1; n >= 1<<20; n >>= 4 {
		width++
	}
	for off := 0; off < len(data); off += 16 {
		row := data[off:min(off+16, len(data))]
		t.buf = append(t.buf, " | "...)
		for i := width - 1; i >= 0; i-- {
			t.buf = append(t.buf, lowerHex[off>>(4*i)&15])
		}
		t.buf = append(t.buf, ' ')
		for i := range 16 {
			if i == 8 {
				t.buf = append(t.buf, ' ')
			}
			if i < len(row) {
				t.buf = append(t.buf, ' ', lowerHex[row[i]>>4], lowerHex[row[i]&15])
			} else {
				t.buf = append(t.buf, "   "...)
			}
		}
		t.buf = append(t.buf, "  "...)
		for i := range 16 {
			switch {
			case i >= len(row):
				t.buf = append(t.buf, ' ')
			case row[i] >= ' ' && row[i] <= '~':
				t.buf = append(t.buf, row[i])
			default:
				t.buf = append(t.buf, '.')
			}
		}
		t.buf = append(t.buf, " |"...)
		t.newline()
	}
}

// eventName is what an event is called: a user event by its maker.
func eventName(ev *event.Event) string {
	if ev.Kind == event.User {
		return ev.Name
	}
	return ev.Kind.Name
}

// fieldName is the name of an event's ith argument.
func fieldName(ev *event.Event, i int) string {
	switch {
	case ev.Args[i].Name != "":
		return ev.Args[i].Name
	case i < len(ev.Kind.Fields):
		return ev.Kind.Fields[i].Name
	}
	return "arg" + strconv.Itoa(i+1)
}

// jsonFields appends what an event that strace does not know holds.
func jsonFields(b []byte, ev *event.Event) []byte {
	if ev.Kind == event.User || ev.Kind == event.Exec && ev.Name != "" {
		b = appendStringField(b, "name", ev.Name)
	}
	if ev.Kind.Num != "" {
		b = appendIntField(b, ev.Kind.Num, ev.Num)
	}
	if len(ev.Args) > 0 {
		b = append(appendKey(b, "fields"), '{')
		for i := range ev.Args {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, fieldName(ev, i)), ':')
			b = jsonValue(b, &ev.Args[i])
		}
		b = append(b, '}')
	}
	if len(ev.Data) > 0 {
		b = appendBytes(appendKey(b, "data"), ev.Data[0].Data)
	}
	return b
}

package sink

import (
	"encoding/base64"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// SchemaVersion is the "v" of every object that JSON writes. It changes when a consumer of
// the former version could misread the new one; docs/JSON.md describes the schema.
const SchemaVersion = 1

// JSON writes one object per event and line. A system call is one event, written when
// it ends.
type JSON struct {
	w       io.Writer
	buf     []byte
	prompt  bool
	err     error
	options TextOptions
}

// NewJSON returns a sink that writes to w; with Prompt each event at once. Of the options
// it heeds that, what is to be left out, and Insn.
func NewJSON(w io.Writer, o TextOptions) *JSON { return &JSON{w: w, prompt: o.Prompt, options: o} }

// Write appends an event's object.
func (j *JSON) Write(ev *event.Event) error {
	if ev.Kind == event.SyscallEnter && !ev.Sys.Only || ev.Kind == event.CallEnter && !ev.Site.Only ||
		ev.Kind == event.Superseded && j.options.QuietSuperseded || ev.Kind == event.Personality && j.options.QuietPersonality ||
		(ev.Kind == event.Exit || ev.Kind == event.Killed) && j.options.QuietExit {
		return j.err
	}
	j.buf = append(appendEvent(j.buf, ev, &j.options), '\n')
	if j.prompt || len(j.buf) >= flushAt {
		return j.Flush()
	}
	return j.err
}

// AppendJSON appends the object of an event of any kind; of a system call's entry, too, which
// JSON leaves out.
func AppendJSON(b []byte, ev *event.Event) []byte { return appendEvent(b, ev, &TextOptions{}) }

func appendEvent(b []byte, ev *event.Event, o *TextOptions) []byte {
	b = append(b, `{"v":`...)
	b = strconv.AppendInt(b, SchemaVersion, 10)
	b = appendUintField(b, "seq", ev.Seq)
	wall := ev.Wall
	switch ev.Kind {
	case event.SyscallExit:
		wall = ev.Began
	case event.CallExit:
		wall -= int64(ev.Dur)
	}
	b = appendIntField(b, "time", wall)
	b = appendIntField(b, "pid", int64(ev.Task.TGID))
	b = appendIntField(b, "tid", int64(ev.Task.TID))
	if len(ev.Comm) > 0 {
		b = appendBytes(appendKey(b, "comm"), ev.Comm)
	}
	name := jsonEvents[ev.Kind]
	if name == "" {
		name = ev.Kind.Name
	}
	b = appendStringField(b, "event", name)
	switch {
	case ev.Sys != nil:
		b = jsonSyscall(b, ev)
	case ev.Site != nil && siteKinds[ev.Kind]:
		b = jsonSite(b, ev, o)
	default:
		b = jsonOther(b, ev)
	}
	if ev.Stack != nil {
		b = jsonStack(b, ev.Stack)
	}
	return append(b, '}')
}

// Flush writes out the buffer.
func (j *JSON) Flush() error {
	if len(j.buf) == 0 || j.err != nil {
		return j.err
	}
	_, j.err = j.w.Write(j.buf)
	j.buf = j.buf[:0]
	return j.err
}

// Close flushes.
func (j *JSON) Close() error { return j.Flush() }

var jsonEvents = map[*event.Kind]string{
	event.SyscallExit: "syscall", event.Signal: "signal", event.GroupStop: "stop", event.Exit: "exit",
	event.Killed: "killed", event.Superseded: "superseded", event.Personality: "personality",
	event.CallExit: "call",
}

// jsonSyscall appends what a system call has.
func jsonSyscall(b []byte, ev *event.Event) []byte {
	s := ev.Sys
	if s.Known {
		b = appendStringField(b, "name", s.Name)
	}
	b = appendUintField(b, "nr", s.NR)
	b = appendStringField(b, "abi", ev.ABI.Arch.Name)
	if ev.HasIP {
		b = appendUintField(b, "ip", ev.IP)
	}
	b = append(appendKey(b, "args"), '{')
	first := true
	for i := range ev.Args {
		v := &ev.Args[i]
		if v.Absent() {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendArgName(b, s, i), ':')
		b = jsonValue(b, v)
	}
	b = append(b, '}')
	if ev.Kind == event.SyscallEnter {
		return b
	}
	b = jsonResult(b, ev)
	for _, f := range [...]struct {
		name string
		on   bool
	}{{"injected", s.Injected}, {"args_injected", s.ArgsInjected}, {"delayed", s.Delayed}} {
		if f.on {
			b = append(appendKey(b, f.name), "true"...)
		}
	}
	return jsonDumps(b, s)
}

func appendArgName(b []byte, s *event.Syscall, i int) []byte {
	if s.Decl != nil {
		if n := s.Decl.ArgName(i); n != "" {
			return appendString(b, n)
		}
	}
	b = append(b, `"arg`...)
	return append(strconv.AppendInt(b, int64(i), 10), '"')
}

// jsonResult appends how a call ended.
func jsonResult(b []byte, ev *event.Event) []byte {
	s := ev.Sys
	switch {
	case s.Detached:
		return append(appendKey(b, "detached"), "true"...)
	case s.NoReturn:
		return append(appendKey(b, "unfinished"), "true"...)
	case s.Errno != 0:
		b = append(appendKey(b, "ret"), "-1"...)
		b = append(appendKey(b, "errno"), `{"num":`...)
		b = strconv.AppendInt(b, int64(s.Errno), 10)
		if n := arch.ErrnoName(s.Errno); n != "" {
			b = appendStringField(b, "name", n)
		}
		b = append(b, '}')
	case !s.RetVal.Absent():
		b = jsonValue(appendKey(b, "ret"), &s.RetVal)
	}
	if !s.Aux.Absent() {
		b = jsonValue(appendKey(b, "aux"), &s.Aux)
	}
	return appendIntField(b, "dur_ns", int64(ev.Dur))
}

func jsonDumps(b []byte, s *event.Syscall) []byte {
	if len(s.Dump) == 0 {
		return b
	}
	b = append(appendKey(b, "data"), '[')
	for i := range s.Dump {
		d := &s.Dump[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"fd":`...)
		b = strconv.AppendInt(b, int64(d.FD), 10)
		b = append(b, `,"write":`...)
		b = strconv.AppendBool(b, d.Write)
		b = append(appendBytes(append(b, `,"data":`...), d.Data), '}')
	}
	return append(b, ']')
}

// jsonOther appends what events other than system calls have.
func jsonOther(b []byte, ev *event.Event) []byte {
	switch ev.Kind {
	case event.Signal, event.GroupStop, event.Killed:
		b = appendIntField(b, "signo", ev.Num)
		if n := arch.SignalName(int(ev.Num)); n != "" {
			b = appendStringField(b, "signal", n)
		}
		if ev.Kind == event.Killed {
			b = strconv.AppendBool(appendKey(b, "core"), ev.Core)
		}
		if len(ev.Args) > 0 {
			b = jsonValue(appendKey(b, "info"), &ev.Args[0])
		}
	case event.Exit:
		b = appendIntField(b, "code", ev.Num)
	case event.Superseded:
		b = appendIntField(b, "by", ev.Num)
	case event.Personality:
		b = appendStringField(b, "abi", ev.ABI.Arch.Name)
	default:
		b = jsonFields(b, ev)
	}
	return b
}

// jsonValue appends a value. docs/JSON.md tells the form of each.
func jsonValue(b []byte, v *event.Value) []byte {
	if v.Note != nil && v.Form != event.FormFD {
		b = append(b, `{"value":`...)
		b = jsonBare(b, v)
		b = appendBytes(appendKey(b, "note"), v.Note)
		return append(b, '}')
	}
	return jsonBare(b, v)
}

func jsonBare(b []byte, v *event.Value) []byte {
	switch v.Form {
	case event.FormInt:
		return strconv.AppendInt(b, int64(v.Num), 10)
	case event.FormAddr:
		if v.Num == 0 {
			return append(b, "null"...)
		}
	case event.FormEnum, event.FormEnumDec:
		name := v.Str
		if name == "" {
			name = v.Table.Find(v.Num)
		}
		if name != "" {
			return appendString(b, name)
		}
		if v.Flags&event.FlagSigned != 0 {
			return strconv.AppendInt(b, int64(v.Num), 10)
		}
	case event.FormFlags:
		return jsonFlags(b, v)
	case event.FormSym:
		if v.Data != nil {
			return appendBytes(b, v.Data)
		}
		return appendString(b, v.Str)
	case event.FormString:
		return jsonString(b, v)
	case event.FormFD:
		return jsonFD(b, v)
	case event.FormPID:
		return jsonPID(b, v)
	case event.FormStruct, event.FormSeq, event.FormRest:
		return jsonObject(b, v)
	case event.FormOr, event.FormAnd, event.FormOrBlank:
		if len(v.Elem) == 1 {
			return jsonValue(b, &v.Elem[0])
		}
		return append(jsonParts(append(b, '['), v), ']')
	case event.FormArray, event.FormSet:
		return jsonArray(b, v)
	case event.FormCall:
		return jsonCall(b, v)
	case event.FormChange:
		b = jsonValue(append(b, `{"in":`...), &v.Elem[0])
		return append(jsonValue(append(b, `,"out":`...), &v.Elem[1]), '}')
	case event.FormKeyed:
		b = jsonValue(append(b, `{"index":`...), &v.Elem[0])
		return append(jsonValue(append(b, `,"value":`...), &v.Elem[1]), '}')
	case event.FormShift:
		b = jsonValue(append(b, `{"shift":[`...), &v.Elem[0])
		return append(jsonValue(append(b, ','), &v.Elem[1]), "]}"...)
	case event.FormTagged, event.FormThen:
		if len(v.Elem) == 1 {
			return jsonValue(b, &v.Elem[0])
		}
		return appendString(b, v.Str)
	case event.FormMore:
		return append(b, `{"more":true}`...)
	case event.FormFloat:
		return jsonFloat(b, v)
	case event.FormChar:
		return jsonChar(b, v.Num)
	}
	return strconv.AppendUint(b, v.Num, 10)
}

// jsonParts appends the parts that are joined to one value, flags among them one by one.
func jsonParts(b []byte, v *event.Value) []byte {
	for i := range v.Elem {
		e := &v.Elem[i]
		n := len(b)
		switch {
		case e.Form == event.FormFlags:
			b = jsonBits(b, e)
		case e.Name != "":
			b = append(jsonValue(append(appendString(append(b, '{'), e.Name), ':'), e), '}')
		default:
			b = jsonValue(b, e)
		}
		if len(b) > n && b[n-1] != '[' {
			b = append(b, 0)
			copy(b[n+1:], b[n:])
			b[n] = ','
		}
	}
	return b
}

// jsonFlags appends the names of bits and what is left as a number.
func jsonFlags(b []byte, v *event.Value) []byte {
	return append(jsonBits(append(b, '['), v), ']')
}

func jsonBits(b []byte, v *event.Value) []byte {
	rest, n := v.Num, 0
	if v.Table != nil {
		for i := range v.Table.Entries {
			e := &v.Table.Entries[i]
			zero := v.Num == 0 && e.Val == 0 && v.Flags&event.FlagZero != 0 && n == 0
			if !zero && (e.Val == 0 || rest&e.Val != e.Val) {
				continue
			}
			if n++; n > 1 {
				b = append(b, ',')
			}
			b = appendString(b, e.Name)
			rest &^= e.Val
		}
	}
	if rest != 0 {
		if n > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, rest, 10)
	}
	return b
}

func jsonString(b []byte, v *event.Value) []byte {
	if v.Flags&event.FlagCut == 0 {
		return appendBytes(b, v.Data)
	}
	b = append(b, `{"cut":true,"data":`...)
	return append(appendBytes(b, v.Data), '}')
}

func jsonFD(b []byte, v *event.Value) []byte {
	if v.Data == nil {
		return strconv.AppendInt(b, int64(int32(v.Num)), 10)
	}
	b = append(b, `{"fd":`...)
	b = strconv.AppendInt(b, int64(int32(v.Num)), 10)
	if len(v.Data) > 0 {
		b = appendBytes(appendKey(b, "path"), v.Data)
	}
	if len(v.Note) > 0 {
		b = appendBytes(appendKey(b, "detail"), v.Note)
	}
	if v.Flags&event.FlagDeleted != 0 {
		b = append(appendKey(b, "deleted"), "true"...)
	}
	return append(b, '}')
}

func jsonPID(b []byte, v *event.Value) []byte {
	if v.Data == nil {
		return strconv.AppendInt(b, int64(int32(v.Num)), 10)
	}
	b = append(b, `{"pid":`...)
	b = strconv.AppendInt(b, int64(int32(v.Num)), 10)
	return append(appendBytes(appendKey(b, "comm"), v.Data), '}')
}

// jsonObject appends a structure: an object if its fields have names, else a list.
func jsonObject(b []byte, v *event.Value) []byte {
	for i := range v.Elem {
		if v.Elem[i].Name == "" {
			return jsonArray(b, v)
		}
	}
	b = append(b, '{')
	for i := range v.Elem {
		e := &v.Elem[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonValue(append(appendString(b, e.Name), ':'), e)
	}
	if v.Flags&event.FlagCut != 0 {
		if len(v.Elem) > 0 {
			b = append(b, ',')
		}
		b = append(b, `"...":true`...)
	}
	return append(b, '}')
}

func jsonArray(b []byte, v *event.Value) []byte {
	if v.Flags&event.FlagNot != 0 {
		b = append(b, `{"not":`...)
	}
	b = append(b, '[')
	for i := range v.Elem {
		e := &v.Elem[i]
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case e.Flags&event.FlagMoreAddr != 0:
			b = append(strconv.AppendUint(append(b, `{"unreadable":`...), e.Num, 10), '}')
		case e.Name != "":
			b = append(jsonValue(append(appendString(append(b, '{'), e.Name), ':'), e), '}')
		default:
			b = jsonValue(b, e)
		}
	}
	if v.Flags&event.FlagCut != 0 {
		if len(v.Elem) > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"more":true}`...)
	}
	b = append(b, ']')
	if v.Flags&event.FlagNot != 0 {
		b = append(b, '}')
	}
	return b
}

// jsonCall appends a macro: the number for those that only change its bytes' order, else an
// object of the macro's name and arguments.
func jsonCall(b []byte, v *event.Value) []byte {
	if (v.Str == "htons" || v.Str == "htonl") && len(v.Elem) == 1 {
		return jsonValue(b, &v.Elem[0])
	}
	b = append(appendString(append(b, '{'), v.Str), ':', '[')
	for i := range v.Elem {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonValue(b, &v.Elem[i])
	}
	return append(b, ']', '}')
}

func appendKey(b []byte, key string) []byte {
	b = append(b, ',', '"')
	return append(append(b, key...), '"', ':')
}

func appendUintField(b []byte, key string, n uint64) []byte {
	return strconv.AppendUint(appendKey(b, key), n, 10)
}

func appendIntField(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(appendKey(b, key), n, 10)
}

func appendStringField(b []byte, key, s string) []byte { return appendString(appendKey(b, key), s) }

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		b = appendJSONByte(b, s[i])
	}
	return append(b, '"')
}

// appendBytes appends bytes as a string where they are UTF-8, else as {"bytes": base64}, so
// that nothing is lost.
func appendBytes(b, s []byte) []byte {
	if !utf8.Valid(s) {
		b = append(b, `{"bytes":"`...)
		b = base64.StdEncoding.AppendEncode(b, s)
		return append(b, '"', '}')
	}
	b = append(b, '"')
	for _, c := range s {
		b = appendJSONByte(b, c)
	}
	return append(b, '"')
}

func appendJSONByte(b []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(b, '\\', c)
	case c == '\n':
		return append(b, '\\', 'n')
	case c == '\t':
		return append(b, '\\', 't')
	case c == '\r':
		return append(b, '\\', 'r')
	case c < ' ':
		return append(b, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
	}
	return append(b, c)
}

package plugin

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestHello(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`{"type":"hello","version":1,"name":"deny","on":["exec","syscall(open) where ret < 0"],"answer":true,"timeout_ms":20}`, `deny [exec syscall(open) where ret < 0] true 20ms`},
		{`{"type":"hello","version":1,"name":"a"}`, `a [] false 100ms`},
		{`{"type":"hello","version":1,"name":"a","later":{"addition":[1]}}`, `a [] false 100ms`},
		{`{"type":"hello","version":2,"name":"a"}`, `error: it speaks version 2 of the protocol, not 1`},
		{`{"type":"hello","name":"a"}`, `error: it speaks version 0 of the protocol, not 1`},
		{`{"type":"hello","version":1}`, `error: "" is no name: letters, digits, - and _ are allowed`},
		{`{"type":"hello","version":1,"name":"a\u001b[2J"}`, `error: "a\x1b[2J" is no name: letters, digits, - and _ are allowed`},
		{`{"type":"hello","version":1,"name":"a","on":["exec"," "]}`, `error: the condition at place 1 of "on" is empty`},
		{`{"type":"hello","version":1,"name":"a","timeout_ms":0}`, `error: timeout_ms 0 is not within 1 and 10000`},
		{`{"type":"hello","version":1,"name":"a","timeout_ms":10001}`, `error: timeout_ms 10001 is not within 1 and 10000`},
		{`{"type":"log","text":"x"}`, `error: its first message is "log", not hello`},
	} {
		m, err := parse([]byte(c.line))
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		got := ""
		if h, err := m.hello(); err != nil {
			got = "error: " + err.Error()
		} else {
			got = fmt.Sprint(h.name, " ", h.on, " ", h.answers, " ", h.timeout)
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`Traceback (most recent call last):`, `not a message: "Traceback (most recent call last):"`},
		{`[1]`, `not a message`},
		{`{}`, `a message without a type: "{}"`},
		{`{"type":"log"} {"type":"log"}`, `not a message`},
		{`{"type":"answer","id":-1}`, `not a message`},
		{`{"type":"emit","name":"a","fields":{"k":1.5}}`, `field k is no string, integer or boolean`},
		{`{"type":"emit","name":"a","fields":{"k":[1]}}`, `field k is no string, integer or boolean`},
		{`{"type":"emit","name":"a","fields":{"k":9223372036854775808}}`, `field k is no`},
		{`{"type":"emit","name":"a","fields":{"k":1,"k":2}}`, `a field cannot be named "k", or twice`},
		{`{"type":"emit","name":"a","fields":{"":1}}`, `a field cannot be named ""`},
		{`{"type":"emit","name":"a","fields":[1]}`, `fields are not an object`},
		{strings.Repeat("x", 100), `not a message: "` + strings.Repeat("x", 60) + `"... (`},
	} {
		if _, err := parse([]byte(c.line)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", c.line, err, c.want)
		}
	}
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`"verdict":"none"`, `{0 0 <nil> 0}`},
		{`"verdict":"print"`, `{1 0 <nil> 0}`},
		{`"verdict":"skip"`, `{2 0 <nil> 0}`},
		{`"verdict":"inject","error":"ENOENT"`, `{3 2 <nil> 0}`},
		{`"verdict":"inject","error":13,"signal":"SIGUSR1"`, `{3 13 <nil> 10}`},
		{`"verdict":"inject","signal":9,"error":null`, `{3 0 <nil> 9}`},
		{`"verdict":"inject","error":"EWHAT"`, `error: unknown error "EWHAT"`},
		{`"verdict":"inject","error":4096`, `error: unknown error "4096"`},
		{`"verdict":"inject","signal":"SIGWHAT"`, `error: unknown signal "SIGWHAT"`},
		{`"verdict":"inject","signal":0`, `error: unknown signal "0"`},
		{`"verdict":"inject"`, `error: inject what: error, retval or signal`},
		{`"verdict":"inject","error":1,"retval":2`, `error: inject either error or retval`},
		{`"verdict":"print","error":1`, `error: verdict "print" has no error, retval or signal`},
		{`"verdict":"stop"`, `error: unknown verdict "stop"`},
		{`"id":3`, `error: unknown verdict ""`},
	} {
		m, err := parse([]byte(`{"type":"answer",` + c.line + `}`))
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		got := ""
		if a, err := m.answer(); err != nil {
			got = "error: " + err.Error()
		} else {
			got = fmt.Sprint(a)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.line, got, c.want)
		}
	}
	m, err := parse([]byte(`{"type":"answer","id":7,"verdict":"inject","retval":-9}`))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := m.answer(); err != nil || a.Retval == nil || *a.Retval != -9 || m.ID != 7 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestEmit(t *testing.T) {
	m, err := parse([]byte(`{"type":"emit","name":"built","fields":{"z":"x\n","a":-5,"on":true,"off":false}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := fields{{Name: "z", Str: "x\n"}, {Name: "a", Num: -5, IsNum: true}, {Name: "on", Num: 1, IsNum: true}, {Name: "off", IsNum: true}}
	if m.emit() != nil || !reflect.DeepEqual(m.Fields, want) {
		t.Errorf("%+v", m)
	}
	m, err = parse([]byte(`{"type":"emit","name":"no name"}`))
	if err != nil || m.emit() == nil {
		t.Errorf("a bad name: %v", err)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		`{"type":"hello","version":1,"name":"deny","on":["exec"],"answer":true,"timeout_ms":20}`,
		`{"type":"answer","id":1,"verdict":"inject","error":"EPERM","retval":null,"signal":9}`,
		`{"type":"emit","name":"x","fields":{"k":1,"s":"\ud800","b":true}}`,
		`{"type":"log","text":"x"}`, "\x00", `{"fields":{"a":{"b":`, `{"error":"","signal":1e3}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m, err := parse(line)
		if err != nil {
			return
		}
		if h, err := m.hello(); err == nil && (h.timeout < time.Millisecond || h.timeout > maxTimeout || !isName(h.name)) {
			t.Errorf("%q: accepted hello %+v", line, h)
		}
		if a, err := m.answer(); err == nil {
			fakes := a.Errno != 0 || a.Retval != nil || a.Signal != 0
			if (a.Verdict == Inject) != fakes || a.Errno != 0 && a.Retval != nil || a.Errno < 0 || a.Errno > maxErrno || a.Signal < 0 || a.Signal > maxSignal {
				t.Errorf("%q: accepted answer %+v", line, a)
			}
		}
		for _, x := range m.Fields {
			if !isName(x.Name) {
				t.Errorf("%q: accepted field %q", line, x.Name)
			}
		}
	})
}

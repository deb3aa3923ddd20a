package sink

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

var testTable = &event.Table{Name: "t", Unknown: "X_???", Entries: []event.Entry{{Val: 0, Name: "ZERO"}, {Val: 1, Name: "A"}, {Val: 2, Name: "B"}}}

func num(f event.Form, n uint64) event.Value { return event.Value{Form: f, Num: n} }

func text(s string) event.Value { return event.Value{Form: event.FormString, Data: []byte(s)} }

// valueCases has every form, as text and as JSON.
var valueCases = []struct {
	v          event.Value
	text, json string
}{
	{num(event.FormInt, ^uint64(0)), "-1", "-1"},
	{num(event.FormUint, ^uint64(0)), "18446744073709551615", "18446744073709551615"},
	{num(event.FormHex, 31), "0x1f", "31"},
	{num(event.FormHex, 0), "0", "0"},
	{num(event.FormHex0, 0), "0x0", "0"},
	{num(event.FormOctal, 0o644), "0644", "420"},
	{num(event.FormOctal, 0), "000", "0"},
	{num(event.FormMode, 0o100644), "S_IFREG|0644", "33188"},
	{num(event.FormAddr, 0), "NULL", "null"},
	{num(event.FormAddr, 4096), "0x1000", "4096"},
	{event.Value{Form: event.FormEnum, Num: 1, Table: testTable}, "A", `"A"`},
	{event.Value{Form: event.FormEnum, Num: 9, Table: testTable}, "0x9 /* X_??? */", "9"},
	{event.Value{Form: event.FormEnumDec, Num: 9, Table: testTable}, "9 /* X_??? */", "9"},
	{event.Value{Form: event.FormFlags, Num: 7, Table: testTable}, "A|B|0x4", `["A","B",4]`},
	{event.Value{Form: event.FormFlags, Num: 0, Table: testTable}, "0", `[]`},
	{event.Value{Form: event.FormFlags, Num: 0, Flags: event.FlagZero, Table: testTable}, "ZERO", `["ZERO"]`},
	{event.Value{Form: event.FormFlags, Num: 8, Table: testTable}, "0x8 /* X_??? */", `[8]`},
	{event.Value{Form: event.FormSym, Str: "SYM", Num: 3}, "SYM", `"SYM"`},
	{text("a\"b\n\x01é"), `"a\"b\n\1\303\251"`, `"a\"b\n\u0001é"`},
	{text("\xff"), `"\377"`, `{"bytes":"/w=="}`},
	{event.Value{Form: event.FormString, Data: []byte("ab"), Flags: event.FlagCut}, `"ab"...`, `{"cut":true,"data":"ab"}`},
	{num(event.FormFD, 3), "3", "3"},
	{event.Value{Form: event.FormFD, Num: 3, Data: []byte("/a<b"), Note: []byte("<char 1:3>"), Flags: event.FlagDeleted}, `3</a\74b<char 1:3>>(deleted)`, `{"fd":3,"path":"/a<b","detail":"<char 1:3>","deleted":true}`},
	{event.Value{Form: event.FormPID, Num: 7, Data: []byte("sh")}, "7<sh>", `{"pid":7,"comm":"sh"}`},
	{event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: []event.Value{num(event.FormInt, 1).Named("a")}}, "{a=1, ...}", `{"a":1,"...":true}`},
	{event.Value{Form: event.FormArray, Flags: event.FlagCut, Elem: []event.Value{num(event.FormInt, 1), num(event.FormInt, 2)}}, "[1, 2, ...]", `[1,2,{"more":true}]`},
	{event.Value{Form: event.FormSet, Flags: event.FlagNot, Elem: []event.Value{{Form: event.FormSym, Str: "INT"}}}, "~[INT]", `{"not":["INT"]}`},
	{event.Value{Form: event.FormCall, Str: "htons", Elem: []event.Value{num(event.FormUint, 80)}}, "htons(80)", "80"},
	{event.Value{Form: event.FormCall, Str: "makedev", Elem: []event.Value{num(event.FormHex, 8), num(event.FormHex, 1)}}, "makedev(0x8, 0x1)", `{"makedev":[8,1]}`},
	{event.Value{Form: event.FormOr, Elem: []event.Value{{Form: event.FormFlags, Num: 3, Table: testTable}, {Form: event.FormSym, Str: "C"}}}, "A|B|C", `["A","B","C"]`},
	{event.Value{Form: event.FormChange, Elem: []event.Value{num(event.FormInt, 1), num(event.FormInt, 2)}}, "1 => 2", `{"in":1,"out":2}`},
	{event.Value{Form: event.FormSeq, Elem: []event.Value{num(event.FormInt, 1).Named("in"), num(event.FormInt, 2).Named("left")}}, "in 1, left 2", `{"in":1,"left":2}`},
	{event.Value{Form: event.FormTagged, Str: "&", Elem: []event.Value{{Form: event.FormSym, Str: "x"}}}, "&x", `"x"`},
	{event.Value{Form: event.FormMore}, "...", `{"more":true}`},
	{event.Value{Form: event.FormAddr, Num: 16, Note: []byte("2 vars")}, "0x10 /* 2 vars */", `{"value":16,"note":"2 vars"}`},
	{event.Value{Form: event.FormKeyed, Elem: []event.Value{num(event.FormUint, 3), num(event.FormInt, 4)}}, "[3]=4", `{"index":3,"value":4}`},
	{event.Value{Form: event.FormRest, Elem: []event.Value{num(event.FormInt, 4).Named("a")}}, ", a=4}", `{"a":4}`},
	{num(event.FormKilo, 8192), "8*1024", "8192"},
	{num(event.FormFloat, math.Float64bits(2.5)), "2.5", "2.5"},
	{num(event.FormFloat, math.Float64bits(-1e6)), "-1000000", "-1000000"},
	{num(event.FormFloat, math.Float64bits(1e100)), "1e+100", "1e+100"},
	{num(event.FormFloat, math.Float64bits(1e-5)), "1e-05", "1e-05"},
	{event.Value{Form: event.FormFloat, Num: math.Float64bits(float64(float32(0.1))), Flags: event.FlagSingle}, "0.1", "0.1"},
	{num(event.FormFloat, math.Float64bits(math.Inf(-1))), "-inf", `"-inf"`},
	{num(event.FormFloat, math.Float64bits(math.NaN())), "nan", `"nan"`},
	{num(event.FormChar, 'x'), "'x'", `"x"`},
	{num(event.FormChar, '\n'), `'\n'`, `"\n"`},
	{num(event.FormChar, '\''), `'\''`, `"'"`},
	{num(event.FormChar, '"'), `'"'`, `"\""`},
	{num(event.FormChar, 0xff), `'\377'`, `{"bytes":"/w=="}`},
	{num(event.FormChar, 0x20ac), "'€'", `"€"`},
	{num(event.FormChar, 1<<40), "'0x10000000000'", "1099511627776"},
}

func TestValues(t *testing.T) {
	var p printer
	for _, c := range valueCases {
		if got := string(p.value(nil, &c.v)); got != c.text {
			t.Errorf("text of %+v: %s, want %s", c.v, got, c.text)
		}
		got := string(jsonValue(nil, &c.v))
		if got != c.json {
			t.Errorf("JSON of %+v: %s, want %s", c.v, got, c.json)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("not JSON: %s", got)
		}
	}
}

func TestJSONEvents(t *testing.T) {
	var out strings.Builder
	j := NewJSON(&out, TextOptions{})
	task := event.Task{TID: 8, TGID: 7}
	events := []event.Event{
		{Kind: event.SyscallEnter, Task: task, Sys: &event.Syscall{Name: "close"}},
		{
			Seq: 2, Kind: event.SyscallExit, Task: task, ABI: arch.ABIAMD64, Began: 5, Dur: 9,
			Args: []event.Value{num(event.FormFD, 3)},
			Sys:  &event.Syscall{Name: "close", NR: 3, Known: true, Errno: 9},
		},
		{Seq: 3, Wall: 6, Kind: event.Killed, Task: task, Num: 9},
	}
	for i := range events {
		if err := j.Write(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	want := `{"v":1,"seq":2,"time":5,"pid":7,"tid":8,"event":"syscall","name":"close","nr":3,"abi":"amd64","args":{"arg0":3},"ret":-1,"errno":{"num":9,"name":"EBADF"},"dur_ns":9}
{"v":1,"seq":3,"time":6,"pid":7,"tid":8,"event":"killed","signo":9,"signal":"SIGKILL","core":false}
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestAppendJSON: a program that decides about a call gets its entry.
func TestAppendJSON(t *testing.T) {
	task := event.Task{TID: 8, TGID: 7}
	for _, c := range []struct {
		ev   event.Event
		want string
	}{
		{
			event.Event{
				Seq: 1, Wall: 4, Kind: event.SyscallEnter, Task: task, ABI: arch.ABIAMD64,
				Args: []event.Value{num(event.FormFD, 3)}, Sys: &event.Syscall{Name: "close", NR: 3, Known: true},
			},
			`{"v":1,"seq":1,"time":4,"pid":7,"tid":8,"event":"syscall.enter","name":"close","nr":3,"abi":"amd64","args":{"arg0":3}}`,
		},
		{event.Event{Seq: 2, Wall: 5, Kind: event.Attach, Task: task}, `{"v":1,"seq":2,"time":5,"pid":7,"tid":8,"event":"attach"}`},
	} {
		if got := string(AppendJSON(nil, &c.ev)); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

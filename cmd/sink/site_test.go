package sink

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Places of the tests.
var (
	inMain = event.Place{Module: "hello", Func: "main", Off: 0x1c, File: "/src/hello.c", Line: 14}
	atMain = event.Place{Module: "hello", Func: "main", File: "/src/hello.c", Line: 12}
	malloc = event.Place{Module: "libc.so.6", Func: "malloc"}
	qsort  = event.Place{Module: "libc.so.6", Func: "qsort"}
	strcmp = event.Place{Module: "libc.so.6", Func: "strcmp"}
)

// nop is how the tests show every instruction.
func nop(*arch.ABI, []byte, uint64) string { return "nop" }

// siteCases are events by themselves. The text has 40 columns, and the time that functions took.
var siteCases = []struct {
	ev         event.Event
	text, json string
}{
	{
		event.Event{Kind: event.Breakpoint, Args: []event.Value{num(event.FormInt, 1).Named("argc"), num(event.FormAddr, 4096).Named("argv")}, Site: &event.Site{PC: 16, Place: atMain}},
		`>>> main(argc=1, argv=0x1000) at hello.c:12`,
		`"event":"bp","pc":16,"place":{"off":0,"func":"main","module":"hello","file":"/src/hello.c","line":12},"args":{"argc":1,"argv":4096}`,
	},
	{
		event.Event{Kind: event.Breakpoint, Site: &event.Site{PC: 16, Place: inMain}},
		`>>> main+0x1c at hello.c:14`,
		`"event":"bp","pc":16,"place":{"off":28,"func":"main","module":"hello","file":"/src/hello.c","line":14}`,
	},
	{
		event.Event{Kind: event.Breakpoint, Args: []event.Value{num(event.FormUint, 1024)}, Site: &event.Site{Place: malloc}},
		`>>> malloc(1024) [libc.so.6]`,
		`"event":"bp","pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"args":{"arg1":1024}`,
	},
	{
		event.Event{Kind: event.Uprobe, Args: []event.Value{}, Site: &event.Site{Place: atMain}},
		`>>> main() at hello.c:12`,
		`"event":"uprobe","pc":0,"place":{"off":0,"func":"main","module":"hello","file":"/src/hello.c","line":12},"args":{}`,
	},
	{
		event.Event{Kind: event.Breakpoint, Site: &event.Site{PC: 16, Place: event.Place{Module: "lib.so", Off: 0x20}}},
		`>>> lib.so+0x20`,
		`"event":"bp","pc":16,"place":{"off":32,"module":"lib.so"}`,
	},
	{
		event.Event{Kind: event.Breakpoint, Site: &event.Site{PC: 16}},
		`>>> 0x10`,
		`"event":"bp","pc":16`,
	},
	{
		event.Event{Kind: event.Return, Dur: 1500 * time.Microsecond, Site: &event.Site{Place: atMain, Target: malloc, HasRet: true, Ret: num(event.FormInt, 3)}},
		`<<< main                                = 3 <0.001500>`,
		`"event":"ret","pc":0,"place":{"off":0,"func":"main","module":"hello","file":"/src/hello.c","line":12},"ret":3,"dur_ns":1500000,"caller":{"off":0,"func":"malloc","module":"libc.so.6"}`,
	},
	{
		event.Event{Kind: event.Return, Args: []event.Value{num(event.FormInt, 3)}, Site: &event.Site{Place: malloc, HasRet: true}},
		`<<< malloc                              = <void> <0.000000>`,
		`"event":"ret","pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"args":{"arg1":3},"dur_ns":0`,
	},
	{
		event.Event{Kind: event.Return, Site: &event.Site{Place: malloc}},
		`<<< malloc                              = ? <0.000000>`,
		`"event":"ret","pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"unfinished":true,"dur_ns":0`,
	},
	{
		event.Event{Kind: event.Watch, Site: &event.Site{
			Probes: []event.Probe{{Kind: event.Breakpoint, Loc: "main"}, {Kind: event.Watch, Loc: "counter"}},
			PC:     16, Place: inMain, Addr: 64, Old: []byte{1, 0, 0, 0}, New: []byte{0xfe, 0xff, 0xff, 0xff},
		}},
		`*** counter: 1 => -2 at main+0x1c (hello.c:14)`,
		`"event":"watch","name":"counter","pc":16,"place":{"off":28,"func":"main","module":"hello","file":"/src/hello.c","line":14},"addr":64,"old":1,"new":-2`,
	},
	{
		event.Event{Kind: event.Watch, Site: &event.Site{Place: malloc, Addr: 64, New: []byte{0, 0x10, 0, 0, 0, 0x7f, 0, 0}}},
		`*** 0x40: 0x7f0000001000 at malloc`,
		`"event":"watch","name":"0x40","pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"addr":64,"new":139637976731648`,
	},
	{
		event.Event{Kind: event.Watch, Site: &event.Site{Place: malloc, Addr: 64, Old: []byte{7, 0, 0, 0, 0, 0, 0, 0}, New: []byte{7, 0, 0, 0, 0, 0, 0, 0}}},
		`*** 0x40: 7 at malloc`,
		`"event":"watch","name":"0x40","pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"addr":64,"old":7,"new":7`,
	},
	{
		event.Event{Kind: event.Step, Site: &event.Site{PC: 0x401136, Place: inMain, Insn: []byte{0x90}, Writes: []event.Change{
			{Name: "rbp", Old: 0, New: 16}, {Addr: 64, Size: 8, New: 1, Read: true}, {Addr: 72, Size: 4, Old: 2, New: 3},
		}}},
		`    0x401136 <main+0x1c> hello.c:14     nop                             rbp=0x0=>0x10 [0x40]=0x1 [0x48]=0x2=>0x3`,
		`"event":"step","pc":4198710,"place":{"off":28,"func":"main","module":"hello","file":"/src/hello.c","line":14},"code":"90","insn":"nop","changes":[{"reg":"rbp","old":0,"new":16},{"addr":64,"size":8,"read":1},{"addr":72,"size":4,"old":2,"new":3}]`,
	},
	{
		event.Event{Kind: event.Step, Site: &event.Site{PC: 0x401136, Insn: []byte{0x90}}},
		`    0x401136                            nop`,
		`"event":"step","pc":4198710,"code":"90","insn":"nop"`,
	},
	{
		event.Event{Kind: event.Uprobe, Site: &event.Site{Place: malloc, Ret: num(event.FormInt, 3), HasRet: true}},
		`<<< malloc                              = 3`,
		`"event":"uprobe","pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"ret":3`,
	},
	{
		event.Event{Kind: event.Branch, Site: &event.Site{Place: inMain, Target: event.Place{Module: "hello", Func: "puts@plt"}, To: 9, Depth: 2, Taken: "call"}},
		`    main+0x1c -> puts@plt (call) (hello.c:14)`,
		`"event":"branch","pc":0,"place":{"off":28,"func":"main","module":"hello","file":"/src/hello.c","line":14},"code":"","insn":"nop","level":2,"taken":"call","to":9,"target":{"off":0,"func":"puts@plt","module":"hello"}`,
	},
	{
		event.Event{Kind: event.USDT, Name: "libc:memory_malloc_retry", Args: []event.Value{num(event.FormInt, 1024)}, Site: &event.Site{Place: malloc}},
		`usdt libc:memory_malloc_retry(1024)`,
		`"event":"usdt","name":"libc:memory_malloc_retry","pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"args":{"arg1":1024}`,
	},
	{
		event.Event{Kind: event.Perf, Num: 1000000, Site: &event.Site{Probes: []event.Probe{{Kind: event.Perf, Loc: "cpu-clock"}}, Place: inMain}},
		`perf cpu-clock 1000000 at main+0x1c (hello.c:14)`,
		`"event":"perf","name":"cpu-clock","period":1000000,"pc":0,"place":{"off":28,"func":"main","module":"hello","file":"/src/hello.c","line":14}`,
	},
}

func TestSites(t *testing.T) {
	for _, c := range siteCases {
		c.ev.Task = event.Task{TID: 8, TGID: 7}
		o := TextOptions{Column: 40, Insn: nop, Times: Times{Spent: true, SpentDecimals: 6}}
		if got := shown(t, func(w *strings.Builder) Sink { return NewText(w, o) }, c.ev); got != c.text+"\n" {
			t.Errorf("text of %+v:\n%swant\n%s", c.ev.Site, got, c.text)
		}
		got := shown(t, func(w *strings.Builder) Sink { return NewJSON(w, o) }, c.ev)
		if want := `{"v":1,"seq":0,"time":0,"pid":7,"tid":8,` + c.json + "}\n"; got != want {
			t.Errorf("JSON of %+v:\n%swant\n%s", c.ev.Site, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("not JSON: %s", got)
		}
	}
}

// shown is what a sink writes of events.
func shown(t *testing.T, open func(*strings.Builder) Sink, events ...event.Event) string {
	t.Helper()
	var out strings.Builder
	s := open(&out)
	for i := range events {
		if err := s.Write(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBareInstruction(t *testing.T) {
	ev := event.Event{Kind: event.Step, Site: &event.Site{PC: 16, Place: inMain, Insn: []byte{0x0f, 0x1f}, Writes: []event.Change{{Name: "rax", New: 1}}}}
	want := "    0x10 <main+0x1c> hello.c:14 0f1f rax=0x0=>0x1\n"
	if got := shown(t, func(w *strings.Builder) Sink { return NewText(w, TextOptions{}) }, ev); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCalls(t *testing.T) {
	enter := func(tid int32, depth int, f event.Place, args ...event.Value) event.Event {
		return event.Event{Kind: event.CallEnter, Task: event.Task{TID: tid, TGID: 1}, Args: args, Site: &event.Site{Place: f, Depth: depth, Target: inMain}}
	}
	exit := func(tid int32, depth int, f event.Place, ret int, args ...event.Value) event.Event {
		return event.Event{
			Kind: event.CallExit, Wall: 5, Dur: 3, Task: event.Task{TID: tid, TGID: 1}, Args: args,
			Site: &event.Site{Place: f, Depth: depth, Target: inMain, HasRet: ret >= 0, Ret: num(event.FormInt, uint64(ret))},
		}
	}
	n := num(event.FormInt, 24).Named("size")
	str := text("x1").Named("buf")
	only := enter(1, 0, malloc, n)
	only.Site.Only = true
	for _, c := range []struct {
		about  string
		events []event.Event
		o      TextOptions
		want   string
	}{
		{"a call", []event.Event{enter(1, 0, malloc, n), exit(1, 0, malloc, 7, n)}, TextOptions{}, "malloc(24)                              = 7\n"},
		{"its end alone", []event.Event{exit(1, 0, malloc, 7, n)}, TextOptions{}, "malloc(24)                              = 7\n"},
		{"its entry alone", []event.Event{only}, TextOptions{}, "malloc(24 <unfinished ...>\n"},
		{"names", []event.Event{enter(1, 0, malloc, n), exit(1, 0, malloc, 7, n)}, TextOptions{ArgNames: true}, "malloc(size=24)                         = 7\n"},
		{"an argument that is filled in", []event.Event{enter(1, 0, malloc, n), exit(1, 0, malloc, 7, n, str)}, TextOptions{}, `malloc(24, "x1")                        = 7` + "\n"},
		{"nested", []event.Event{
			enter(1, 0, qsort, n), enter(1, 1, strcmp), exit(1, 1, strcmp, 1), enter(1, 1, strcmp), exit(1, 1, strcmp, 2), exit(1, 0, qsort, 0, n, str),
		}, TextOptions{Separate: true}, "qsort(24 <unfinished ...>\n" +
			"strcmp()                                = 1\n" +
			"strcmp()                                = 2\n" +
			"<... qsort resumed> \"x1\")               = 0\n"},
		{"by longjmp", []event.Event{enter(1, 0, qsort, n), enter(1, 1, strcmp), exit(1, 0, qsort, 0, n), enter(1, 0, malloc), exit(1, 0, malloc, -1)}, TextOptions{}, "" +
			"qsort(24 <unfinished ...>\n" +
			"strcmp( <unfinished ...>\n" +
			"<... qsort resumed> )                   = 0\n" +
			"malloc()                                = ?\n"},
		{"two tasks", []event.Event{enter(1, 0, malloc, n), enter(2, 0, malloc, n), exit(1, 0, malloc, 7, n), exit(2, 0, malloc, 8, n)}, TextOptions{PIDs: PIDColumn}, "" +
			"1     malloc(24 <unfinished ...>\n" +
			"2     malloc(24 <unfinished ...>\n" +
			"1     <... malloc resumed> )            = 7\n" +
			"2     <... malloc resumed> )            = 8\n"},
	} {
		c.o.Column = 40
		if got := shown(t, func(w *strings.Builder) Sink { return NewText(w, c.o) }, c.events...); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.about, got, c.want)
		}
	}
	got := shown(t, func(w *strings.Builder) Sink { return NewJSON(w, TextOptions{}) }, enter(1, 1, malloc, n), exit(1, 1, malloc, 7, n), only)
	const place = `"pc":0,"place":{"off":0,"func":"malloc","module":"libc.so.6"},"args":{"size":24},`
	const caller = `"caller":{"off":28,"func":"main","module":"hello","file":"/src/hello.c","line":14}}` + "\n"
	want := `{"v":1,"seq":0,"time":2,"pid":1,"tid":1,"event":"call",` + place + `"ret":7,"dur_ns":3,"level":1,` + caller +
		`{"v":1,"seq":0,"time":0,"pid":1,"tid":1,"event":"call.enter",` + place + `"level":0,` + caller
	if got != want {
		t.Errorf("JSON of calls:\n%swant\n%s", got, want)
	}
}

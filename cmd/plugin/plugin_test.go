package plugin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gotrace/gotrace/cmd/plugin"
	"github.com/gotrace/gotrace/internal/testenv"
)

// The test program is its own plugin: this variable says which one.
const role = "GOTRACE_TEST_PLUGIN"

func TestMain(m *testing.M) {
	if f := roles[os.Getenv(role)]; f != nil {
		f(bufio.NewScanner(os.Stdin))
		os.Exit(0)
	}
	testenv.Settle()
	os.Exit(m.Run())
}

// line is what plugins of this test look at in what they are sent.
type line struct {
	Type    string
	Version int
	Gotrace string
	ID      uint64
	Rule    int
	Event   struct{ Name string }
}

func next(in *bufio.Scanner) (l line) {
	if !in.Scan() {
		os.Exit(0)
	}
	if err := json.Unmarshal(in.Bytes(), &l); err != nil {
		fmt.Printf(`{"type":"log","text":%q}`+"\n", err)
	}
	return l
}

func greet(in *bufio.Scanner, rest string) {
	if l := next(in); l.Type != "hello" || l.Version != 1 || l.Gotrace != "9.9" {
		fmt.Printf("a bad hello: %+v\n", l)
	}
	fmt.Printf(`{"type":"hello","version":1,"name":"test"%s}`+"\n", rest)
}

// stay is all that some plugins do from then on.
func stay() {
	for {
		time.Sleep(time.Hour)
	}
}

const asking = `,"on":["syscall(openat).enter","exec"],"answer":true,"timeout_ms":10000`

// brisk is hasty enough for a plugin that is not to answer at all.
const brisk = `,"on":["exec"],"answer":true,"timeout_ms":1`

var roles = map[string]func(in *bufio.Scanner){
	// answers with what the events are named
	"normal": func(in *bufio.Scanner) {
		greet(in, asking)
		fmt.Println(`{"type":"emit","name":"begun","fields":{"n":1,"s":"x"}}`)
		for {
			switch l := next(in); l.Type {
			case "event":
				fmt.Printf(`{"type":"answer","id":%d%s}`+"\n", l.ID, l.Event.Name)
			case "bye":
				fmt.Println(`{"type":"log","text":"farewell\n\u001b[2J"}`)
				return
			}
		}
	},
	"watching": func(in *bufio.Scanner) {
		greet(in, `,"on":["exec"]`)
		n := 0
		for next(in).Type == "event" {
			n++
		}
		fmt.Printf(`{"type":"log","text":"saw %d"}`+"\n", n)
	},
	// reads nothing
	"deaf": func(in *bufio.Scanner) {
		greet(in, `,"on":["exec"]`)
		stay()
	},
	"mute": func(in *bufio.Scanner) {
		greet(in, brisk)
		for next(in).Type != "bye" {
		}
	},
	// answers event 1 only when it has seen event 2
	"late": func(in *bufio.Scanner) {
		greet(in, `,"on":["exec"],"answer":true,"timeout_ms":1000`)
		next(in)
		next(in)
		fmt.Println(`{"type":"answer","id":1,"verdict":"skip"}`)
		fmt.Println(`{"type":"answer","id":2,"verdict":"print"}`)
		next(in)
	},
	"ends": func(in *bufio.Scanner) {
		greet(in, asking)
		next(in)
		os.Exit(3)
	},
	"garbage": func(in *bufio.Scanner) {
		greet(in, asking)
		next(in)
		fmt.Println("Traceback (most recent call last):")
		stay()
	},
	"strange": func(in *bufio.Scanner) {
		greet(in, asking)
		next(in)
		fmt.Println(`{"type":"dance"}`)
		stay()
	},
	"endless": func(in *bufio.Scanner) {
		greet(in, asking)
		next(in)
		for {
			fmt.Print(strings.Repeat("x", 1<<16))
		}
	},
	"unasked": func(in *bufio.Scanner) {
		greet(in, asking)
		fmt.Println(`{"type":"answer","id":7,"verdict":"print"}`)
		next(in)
		fmt.Println(`{"type":"answer","id":1,"verdict":"print"}`)
		next(in)
	},
	// floods with user events, and stays after the farewell
	"flood": func(in *bufio.Scanner) {
		greet(in, `,"on":["exec"]`)
		out := bufio.NewWriter(os.Stdout)
		for i := range 10000 {
			fmt.Fprintf(out, `{"type":"emit","name":"e","fields":{"i":%d}}`+"\n", i)
		}
		out.Flush()
		stay()
	},
	"silent":  func(in *bufio.Scanner) { stay() },
	"refused": func(in *bufio.Scanner) { fmt.Println(`{"type":"hello","version":2,"name":"test"}`) },
}

// told is what a plugin has said.
type told struct {
	mu     sync.Mutex
	text   []string
	events []string
	wake   chan struct{} // has room for one
}

func (h *told) say(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, s)
}

func (h *told) emit(name string, fields []plugin.Field) {
	h.mu.Lock()
	h.events = append(h.events, fmt.Sprint(name, fields))
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// await waits until there were n user events.
func (h *told) await(n int) {
	for have := 0; have < n; {
		<-h.wake
		h.mu.Lock()
		have = len(h.events)
		h.mu.Unlock()
	}
}

// start starts the plugin of a role.
func start(t *testing.T, name string, o plugin.Options) (*plugin.Plugin, *told, error) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &told{wake: make(chan struct{}, 1)}
	if o.Farewell == 0 {
		o.Farewell = time.Minute
	}
	o.GotraceVersion, o.Say, o.Emit = "9.9", h.say, h.emit
	p, err := plugin.Start(context.Background(), role+"="+name+" exec '"+exe+"'", o)
	return p, h, err
}

func mustStart(t *testing.T, name string, o plugin.Options) (*plugin.Plugin, *told) {
	t.Helper()
	p, h, err := start(t, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, h
}

// event is an event with the rest of the answer that is wanted to it.
func event(answer string) []byte {
	b, _ := json.Marshal(map[string]string{"name": answer})
	return append(b, '\n')
}

func (h *told) want(t *testing.T, text ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.text, text) {
		t.Errorf("it said %q, want %q", h.text, text)
	}
}

func TestAsk(t *testing.T) {
	p, h := mustStart(t, "normal", plugin.Options{})
	if !p.Answers() || p.Name() != "test" || !reflect.DeepEqual(p.On(), []string{"syscall(openat).enter", "exec"}) {
		t.Errorf("hello: %q, %q, %v", p.Name(), p.On(), p.Answers())
	}
	for _, c := range []struct {
		answer string
		want   plugin.Answer
	}{
		{`,"verdict":"print"`, plugin.Answer{Verdict: plugin.Print}},
		{`,"verdict":"skip"`, plugin.Answer{Verdict: plugin.Skip}},
		{`,"verdict":"inject","error":"EPERM"`, plugin.Answer{Verdict: plugin.Inject, Errno: 1}},
		{`,"verdict":"none"`, plugin.Answer{}},
	} {
		if a, ok := p.Ask(1, event(c.answer)); !ok || a != c.want {
			t.Errorf("%s: %+v, %v", c.answer, a, ok)
		}
	}
	if a, ok := p.Ask(0, event(`,"verdict":"perhaps"`)); ok {
		t.Errorf("a bad answer: %+v", a)
	}
	h.await(1)
	p.Close()
	h.want(t, `plugin test: bad answer: unknown verdict "perhaps"`, "plugin test: farewell", "plugin test: \ufffd[2J")
	if !slices.Equal(h.events, []string{"begun[{n  1 true} {s x 0 false}]"}) {
		t.Errorf("user events: %v", h.events)
	}
	if _, ok := p.Ask(0, event(`,"verdict":"print"`)); ok {
		t.Error("an answer after the end")
	}
}

// TestEmitWaits: a user event that cannot be handled yet holds up no answer.
func TestEmitWaits(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h, answered := &told{}, make(chan struct{})
	p, err := plugin.Start(context.Background(), role+"=normal exec '"+exe+"'", plugin.Options{
		GotraceVersion: "9.9", Farewell: time.Minute, Say: h.say,
		Emit: func(name string, fields []plugin.Field) {
			<-answered
			h.emit(name, fields)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := p.Ask(0, event(`,"verdict":"skip"`)); !ok || a.Verdict != plugin.Skip {
		t.Errorf("answer %+v, %v", a, ok)
	}
	close(answered)
	p.Close()
}

func TestSend(t *testing.T) {
	p, h := mustStart(t, "watching", plugin.Options{})
	for range 1000 {
		p.Send(0, event("x"))
	}
	p.Close()
	h.want(t, "plugin test: saw 1000")
}

// TestDeaf: a plugin that reads nothing costs the events that find no room.
func TestDeaf(t *testing.T) {
	p, h := mustStart(t, "deaf", plugin.Options{Farewell: time.Millisecond, Queue: 1000})
	big := event(strings.Repeat("x", 1<<17)) // more than a pipe holds
	for range 10 {
		p.Send(0, big)
	}
	p.Close()
	h.want(t, "plugin test: 10 events were left out: it did not read them in time")
}

func TestMute(t *testing.T) {
	p, h := mustStart(t, "mute", plugin.Options{})
	for range 10 {
		if a, ok := p.Ask(0, event("x")); ok {
			t.Errorf("answer %+v", a)
		}
	}
	p.Close()
	h.want(t, "plugin test: no answer within 1ms",
		"plugin test: no answer to 3 events in a row: it is asked no more",
		"plugin test: 3 events were not answered in time, 0 answers were bad")
}

// TestLate: the answer to an earlier event is not taken for that to a later one.
func TestLate(t *testing.T) {
	p, h := mustStart(t, "late", plugin.Options{})
	if a, ok := p.Ask(0, event("x")); ok {
		t.Errorf("first: %+v", a)
	}
	if a, ok := p.Ask(0, event("x")); !ok || a.Verdict != plugin.Print {
		t.Errorf("second: %+v, %v", a, ok)
	}
	p.Close()
	h.want(t, "plugin test: no answer within 1s")
}

// TestDead: whatever goes wrong, an answer is not waited for.
func TestDead(t *testing.T) {
	for name, want := range map[string]string{
		"ends":    "plugin test: ended (exit status 3): tracing goes on without it",
		"garbage": `plugin test: not a message: "Traceback (most recent call last):" (invalid character 'T' looking for beginning of value)`,
		"strange": `plugin test: unknown type of message "dance"`,
		"endless": "plugin test: a line is longer than 1048576 bytes",
	} {
		t.Run(name, func(t *testing.T) {
			p, h := mustStart(t, name, plugin.Options{Farewell: time.Millisecond})
			for range 3 {
				if a, ok := p.Ask(0, event("x")); ok {
					t.Errorf("answer %+v", a)
				}
			}
			p.Close()
			h.want(t, want)
		})
	}
}

func TestUnasked(t *testing.T) {
	p, h := mustStart(t, "unasked", plugin.Options{})
	if a, ok := p.Ask(0, event("x")); !ok || a.Verdict != plugin.Print {
		t.Errorf("answer %+v, %v", a, ok)
	}
	p.Close()
	h.want(t, "plugin test: bad answer: nothing with the id 7 was asked")
}

func TestFlood(t *testing.T) {
	p, h := mustStart(t, "flood", plugin.Options{Farewell: time.Millisecond})
	for range 100 {
		p.Send(0, event("x"))
	}
	h.await(10000)
	p.Close()
	if first, last := h.events[0], h.events[9999]; first != "e[{i  0 true}]" || last != "e[{i  9999 true}]" {
		t.Errorf("user events %s to %s", first, last)
	}
}

func TestStartFails(t *testing.T) {
	for name, want := range map[string]string{
		"silent":  "has not introduced itself within 1ms",
		"refused": "it speaks version 2 of the protocol, not 1",
	} {
		o := plugin.Options{}
		if name == "silent" {
			o.Handshake = time.Millisecond
		}
		if _, _, err := start(t, name, o); err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
	for command, want := range map[string]string{
		"exit 4":                    `plugin "exit 4": ended (exit status 4) before it introduced itself`,
		"echo hi; exit 0":           `plugin "echo hi; exit 0": not a message: "hi" (invalid character 'h' looking for beginning of value)`,
		"kill -9 $$":                `plugin "kill -9 $$": ended (signal: killed) before it introduced itself`,
		"exec >&-; exec sleep 1000": `plugin "exec >&-; exec sleep 1000": closed a pipe before it introduced itself`,
	} {
		if _, err := plugin.Start(context.Background(), command, plugin.Options{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := plugin.Start(ctx, "sleep 1000", plugin.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestPython: a plugin in another language, which buffers its output if it is not told
// not to.
func TestPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	h := &told{}
	script := `
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m["type"] == "hello":
        r = {"type": "hello", "version": 1, "name": "py", "on": ["exec"], "answer": True, "timeout_ms": 10000}
    elif m["type"] == "event":
        r = {"type": "answer", "id": m["id"], "verdict": "skip"}
    else:
        break
    print(json.dumps(r), flush=True)
`
	p, err := plugin.Start(context.Background(), "exec python3 -c '"+script+"'", plugin.Options{Say: h.say, Emit: h.emit, Handshake: time.Minute, Farewell: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if a, ok := p.Ask(0, event("é\n")); !ok || a.Verdict != plugin.Skip {
			t.Errorf("answer %+v, %v", a, ok)
		}
	}
	p.Close()
	h.want(t)
}

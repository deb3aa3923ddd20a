package probe_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/cmd/probe"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// bench is an engine with the rules of a text and what they did.
type bench struct {
	*follow.Engine
	log   []string
	warns []string
}

func registry(b *bench) *follow.Registry {
	reg := follow.Builtin()
	reg.ABIs, reg.Arch = []*arch.ABI{arch.ABIAMD64}, arch.AMD64
	reg.Kinds = append(reg.Kinds, probe.Kinds()...)
	for name, at := range map[string]follow.Time{"print": follow.AtBoth, "stack": follow.AtExit} {
		reg.Actions = append(reg.Actions, &follow.ActionKind{
			Spec: &filter.ActionSpec{Name: name}, At: at,
			New: func(*follow.Binder, *filter.Action) (follow.Action, error) {
				return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
					line := fmt.Sprint(name, " ", c.Event.Kind.Name, " ", follow.Name(c.Event))
					if c.Event.Site.Only {
						line += " only"
					}
					b.log = append(b.log, line)
					return event.Verdict{}, nil
				}), nil
			},
		})
	}
	reg.Warn = func(msg string) { b.warns = append(b.warns, msg) }
	return reg
}

func parse(reg *follow.Registry, rules string) (*filter.Rules, error) {
	u := &filter.Universe{Errno: arch.ErrnoByName, Signal: arch.SignalByName, ABIs: []filter.ABI{{Suffix: "64", Names: arch.ABIAMD64.Syscalls}}}
	return filter.Parse([]filter.Source{{Name: "-e", Text: rules}}, reg.Schema(u))
}

func start(t *testing.T, rules string) *bench {
	t.Helper()
	b := &bench{}
	reg := registry(b)
	parsed, err := parse(reg, rules)
	if err != nil {
		t.Fatal(err)
	}
	if b.Engine, err = follow.New(parsed, reg); err != nil {
		t.Fatal(err)
	}
	b.NewTask(event.Task{TID: 1, TGID: 1}, event.Task{}, false)
	return b
}

// handle hands over an event of task 1 that the first rules' probes made.
func (b *bench) handle(t *testing.T, ev event.Event) event.Verdict {
	t.Helper()
	if ev.Task.TID == 0 {
		ev.Task = event.Task{TID: 1, TGID: 1}
	}
	v, err := b.Handle(&ev)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Probes of the tests.
var (
	bpMain = event.Probe{Kind: event.Breakpoint, Loc: "main"}
	inMain = event.Place{Module: "hello", Func: "main", Off: 4, File: "/src/hello.c", Line: 12}
	malloc = event.Place{Module: "libc.so.6", Func: "malloc"}
)

// TestProbes: what is written is what is asked for, once.
func TestProbes(t *testing.T) {
	w := event.Write
	for _, c := range []struct {
		rule string
		want []event.Probe
	}{
		{"on bp(main)", []event.Probe{bpMain}},
		{"on bp(main)|bp(main); on bp('main')", []event.Probe{bpMain}},
		{"on bp(main)|bp(main, hw)", []event.Probe{bpMain, {Kind: event.Breakpoint, Loc: "main", HW: true}}},
		{"on bp(ns::f(int, char))|bp(\"f<int, char>\", hw)", []event.Probe{
			{Kind: event.Breakpoint, Loc: "ns::f(int, char)"}, {Kind: event.Breakpoint, Loc: "f<int, char>", HW: true},
		}},
		{"on ret(libc!malloc)", []event.Probe{{Kind: event.Return, Loc: "libc!malloc"}}},
		{"on watch(counter, 8)|watch(counter, 8, w)", []event.Probe{{Kind: event.Watch, Loc: "counter", Len: 8, Access: w}}},
		{"on watch(x)|watch(x, 3, r)", []event.Probe{{Kind: event.Watch, Loc: "x", Access: w}, {Kind: event.Watch, Loc: "x", Len: 3, Access: event.Read}}},
		{"on watch(0x1000, 4, rw)", []event.Probe{{Kind: event.Watch, Loc: "0x1000", Len: 4, Access: event.Read | w}}},
		{"on step", []event.Probe{{Kind: event.Step}}},
		{"on step(main)|branch(0x10-0x20)", []event.Probe{{Kind: event.Step, Loc: "main"}, {Kind: event.Branch, Loc: "0x10-0x20"}}},
		{"on stepped", nil},
		{"on call(libc!*)|call(libc!*).enter", []event.Probe{{Kind: event.CallEnter, Loc: "libc!*"}}},
		{"on usdt(libc:memory_*)", []event.Probe{{Kind: event.USDT, Loc: "libc:memory_*"}}},
		{"on perf(cpu-clock, 10ms)", []event.Probe{{Kind: event.Perf, Loc: "cpu-clock", Period: 10e6}}},
		{"on perf(cycles:u, 99Hz)|perf(page-faults)", []event.Probe{{Kind: event.Perf, Loc: "cycles:u", Rate: 99}, {Kind: event.Perf, Loc: "page-faults", Period: 1}}},
		{"on uprobe(bash!readline)", []event.Probe{{Kind: event.Uprobe, Loc: "bash!readline"}}},
		{"group g = pid == 2; on bp(main) in g", nil},
	} {
		b := start(t, c.rule)
		if got := b.Needs(event.Task{TID: 1}).Probes; !slices.Equal(got, c.want) {
			t.Errorf("%s asks for %+v, want %+v", c.rule, got, c.want)
		}
		if n := b.Needs(event.Task{TID: 1}); n.Syscalls {
			t.Errorf("%s asks for system calls", c.rule)
		}
	}
}

// TestChanges: what tasks ask for follows arm, disarm, join and leave, and groups stay apart.
func TestChanges(t *testing.T) {
	b := start(t, `group g = false
on bp(main) do join(g), disarm(a)
on bp(f) in g do leave(g), arm(a)
rule a: on bp(g)
rule b: on watch(x, 4) in g`)
	one, two := event.Task{TID: 1, TGID: 1}, event.Task{TID: 2, TGID: 2}
	b.NewTask(two, event.Task{}, false)
	locs := func(task event.Task) string {
		var list []string
		for _, p := range b.Needs(task).Probes {
			list = append(list, p.Loc)
		}
		return strings.Join(list, " ")
	}
	check := func(when, ones, twos string) {
		t.Helper()
		if got := locs(one) + "; " + locs(two); got != ones+"; "+twos {
			t.Errorf("%s: probes of %s, want %s; %s", when, got, ones, twos)
		}
	}
	check("at first", "main g", "main g")
	if v := b.handle(t, at(bpMain)); !v.Renew {
		t.Error("join and disarm renew nothing")
	}
	check("joined", "main f x", "main")
	f := event.Probe{Kind: event.Breakpoint, Loc: "f"}
	other := at(f)
	other.Task = two
	if v := b.handle(t, other); v.Renew {
		t.Error("a task that is in no group is taken by its rule")
	}
	if v := b.handle(t, at(f)); !v.Renew {
		t.Error("leave and arm renew nothing")
	}
	check("left", "main g", "main g")
}

// at is an event that a probe made.
func at(p event.Probe) event.Event {
	return event.Event{Kind: p.Kind, Site: &event.Site{Probes: []event.Probe{p}}}
}

// TestConditions: every field has the value that is meant.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		rule   string
		ev     event.Event
		yes    []string
		no     []string
		absent []string
	}{
		{
			"bp(main)", event.Event{
				Kind: event.Breakpoint, Args: []event.Value{{Form: event.FormInt, Num: 3, Name: "argc"}, {Form: event.FormString, Num: 64, Data: []byte("/etc")}},
				Site: &event.Site{Probes: []event.Probe{bpMain}, PC: 16, Place: inMain},
			},
			[]string{"pc == 16", `func == "main"`, `module == "hello"`, `file glob "hello.c"`, "line == 12", "arg.1 == 3", "arg.argc > 2", "arg.2 == 64", `arg.2 startswith "/"`, `name == "main"`},
			[]string{"arg.1 > 3", `func == "f"`, "line > 12"},
			[]string{"arg.3 == 0", "arg.argv == 0"},
		},
		{
			"bp(main)", at(bpMain), []string{`name == "main"`}, nil, []string{`func == ""`, "line == 0", `file == ""`},
		},
		{
			"ret(f)", event.Event{
				Kind: event.Return, Dur: 5 * time.Millisecond, Args: []event.Value{{Form: event.FormInt, Num: 1}},
				Site: &event.Site{Probes: []event.Probe{{Kind: event.Return, Loc: "f"}}, Place: malloc, HasRet: true, Ret: event.Value{Form: event.FormInt, Num: ^uint64(0)}},
			},
			[]string{"ret == -1", "ret < 0", "dur > 1ms", "arg.1 == 1", `func == "malloc"`}, []string{"ret > 0", "dur > 1s"}, []string{"line == 0"},
		},
		{
			"ret(f)", at(event.Probe{Kind: event.Return, Loc: "f"}), nil, nil, []string{"ret == 0"},
		},
		{
			"watch(x, 4)", event.Event{Kind: event.Watch, Site: &event.Site{
				Probes: []event.Probe{{Kind: event.Watch, Loc: "x", Len: 4, Access: event.Write}}, Addr: 64, Old: []byte{1, 0, 0, 0}, New: []byte{0, 1, 0, 0}, Place: inMain,
			}},
			[]string{"addr == 64", "len == 4", "old == 1", "new == 256", "new > old", `func == "main"`}, []string{"old == new"}, nil,
		},
		{
			"watch(x, 4)", event.Event{Kind: event.Watch, Site: &event.Site{
				Probes: []event.Probe{{Kind: event.Watch, Loc: "x", Len: 4, Access: event.Write}}, New: []byte{0, 1, 0, 0},
			}},
			[]string{"new == 256"}, nil, []string{"old == 0"},
		},
		{
			"step", event.Event{Kind: event.Step, ABI: arch.ABIAMD64, Site: &event.Site{Probes: []event.Probe{{Kind: event.Step}}, Insn: []byte{0xc3}, Place: inMain}},
			[]string{`insn startswith "ret"`, `func == "main"`}, []string{`insn contains "call"`}, nil,
		},
		{
			"stepped", event.Event{Kind: event.Step, ABI: arch.ABIAMD64, Site: &event.Site{Insn: []byte{0x90}}}, []string{`insn == "nop"`}, nil, nil,
		},
		{
			"branch", event.Event{Kind: event.Branch, Site: &event.Site{Probes: []event.Probe{{Kind: event.Branch}}, Place: inMain, Target: malloc, Depth: 2, Taken: "call"}},
			[]string{`func == "main"`, `target == "malloc"`, `taken == "call"`, "level == 2"}, []string{"level > 2"}, []string{`insn == ""`},
		},
		{
			"call(*)", event.Event{
				Kind: event.CallExit,
				Site: &event.Site{Probes: []event.Probe{{Kind: event.CallEnter, Loc: "*"}}, Place: malloc, Target: inMain, PC: 64, Depth: 1, HasRet: true, Ret: event.Value{Form: event.FormString, Data: []byte("HOME"), Num: 7}},
			},
			[]string{`func == "malloc"`, `caller == "main"`, `module == "libc.so.6"`, "pc == 64", "level == 1", "ret == 7", `ret == "HOME"`, `name == "malloc"`}, []string{"ret == 0"}, []string{`file == ""`},
		},
		{
			"usdt(libc:*)", event.Event{Kind: event.USDT, Name: "libc:setjmp", Args: []event.Value{{Form: event.FormInt, Num: 9}}, Site: &event.Site{Probes: []event.Probe{{Kind: event.USDT, Loc: "libc:*"}}}},
			[]string{`name == "libc:setjmp"`, "arg.1 == 9"}, nil, nil,
		},
		{
			"perf(cpu-clock)", event.Event{Kind: event.Perf, Num: 1e6, Site: &event.Site{Probes: []event.Probe{{Kind: event.Perf, Loc: "cpu-clock", Period: 1e6}}, Place: inMain}},
			[]string{"period == 1000000", `name == "cpu-clock" or name == "main"`, `func == "main"`}, nil, nil,
		},
		{
			"uprobe(f)", event.Event{Kind: event.Uprobe, Site: &event.Site{Probes: []event.Probe{{Kind: event.Uprobe, Loc: "f"}}, Place: malloc}},
			[]string{`func == "malloc"`}, nil, []string{"arg.1 == 0"},
		},
	} {
		holds := func(cond string) bool {
			b := start(t, "on "+c.rule+" where "+cond+" do stack")
			ev := c.ev
			site := *ev.Site
			ev.Site = &site
			if ev.Kind == event.CallExit {
				enter := ev
				enter.Kind = event.CallEnter
				b.handle(t, enter)
			}
			b.handle(t, ev)
			return len(b.log) == 1
		}
		for _, cond := range c.yes {
			if !holds(cond) {
				t.Errorf("%s: %s does not hold", c.rule, cond)
			}
		}
		for _, cond := range c.no {
			if holds(cond) || !holds("not "+cond) {
				t.Errorf("%s: %s holds", c.rule, cond)
			}
		}
		for _, cond := range c.absent {
			if holds(cond) {
				t.Errorf("%s: %s holds of what is absent", c.rule, cond)
			}
		}
	}
}

// TestTakes: a rule takes the events of its own probe only.
func TestTakes(t *testing.T) {
	b := start(t, "on bp(main) do print; on bp(main, hw)|bp(f) do stack; on stepped do print; on step(f) do stack")
	hw := bpMain
	hw.HW = true
	both := at(bpMain)
	both.Site.Probes = append(both.Site.Probes, event.Probe{Kind: event.Breakpoint, Loc: "f"})
	b.handle(t, at(bpMain))
	b.handle(t, at(hw))
	b.handle(t, both)
	b.handle(t, at(event.Probe{Kind: event.Breakpoint, Loc: "g"}))
	b.handle(t, event.Event{Kind: event.Step, Site: &event.Site{}})
	b.handle(t, at(event.Probe{Kind: event.Step, Loc: "f"}))
	want := "print bp main, stack bp main, print bp main, stack bp main, print step step, stack step f"
	if got := strings.Join(b.log, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCalls drives rules on library calls: one letter for the entry of a function, the same in
// capitals for its end; a digit before it is its depth.
func TestCalls(t *testing.T) {
	for _, c := range []struct {
		rules, script, want, skips string
	}{
		{"on call(*) do print", "0a 0A", "print call.enter a, print call.exit a", ""},
		{"on call(*).enter do print", "0a 0A", "print call.enter a only", "0a"},
		{"on call(*) do stack", "0a 0A", "stack call.exit a", ""},
		{"on call(*).enter do stack", "0a 0A", "stack call.enter a only", "0a"},
		{"on call(*) where func == 'a' do print", "0a 1b 1B 0A", "print call.enter a, print call.exit a", "1b"},
		{"on call(*) where ret == 5 do print", "0a 1b 1B 0A", "print call.exit a, print call.exit b", ""},
		{"on call(*) where ret == 5 and func == 'b' do print", "0a 1b 1B 0A", "print call.exit b", "0a"},
		{"on call(*) where ret == 6 do print", "0a 0A", "", ""},
		{"on call(*) first 1 do print", "0a 1b 1B 0A 0a 0A", "print call.enter a, print call.exit a", "1b 0a"},
		{"on call(a)|call(*).enter do print", "0a 0A", "print call.enter a, print call.exit a", ""},
		{"on call(a).enter|call(*).enter do print", "0a 0A", "print call.enter a only", "0a"},
		{"on call(a) do print; on call(b).enter do stack", "0a 0A", "print call.enter a, stack call.enter a only, print call.exit a", ""},
		// What longjmp leaves does not end, and its depth is another's.
		{"on call(*) where func == 'b' do print", "0a 1b 0A 0a 1c 1C", "print call.enter b", "0a 0a 1c"},
		{"on call(*) do print", "0A", "", ""},
		{"rule r: on call(*) do print; on bp(main) do disarm(r)", "0a bp 0A", "print call.enter a, print call.exit a", ""},
		{"rule r: on call(*) where ret == 5 do print; on bp(main) do disarm(r)", "0a bp 0A", "", ""},
		{"group g = true; on call(*) in g do print; on bp(main) do leave(g)", "0a bp 0A", "print call.enter a, print call.exit a", ""},
	} {
		b := start(t, c.rules)
		var skips []string
		for _, step := range strings.Fields(c.script) {
			if step == "bp" {
				b.handle(t, at(bpMain))
				continue
			}
			name := strings.ToLower(step[1:])
			ev := event.Event{Kind: event.CallEnter, Site: &event.Site{Depth: int(step[0] - '0'), Place: event.Place{Func: name}, HasRet: true, Ret: event.Value{Form: event.FormInt, Num: 5}}}
			for _, loc := range []string{"*", "a", "b"} {
				ev.Site.Probes = append(ev.Site.Probes, event.Probe{Kind: event.CallEnter, Loc: loc})
			}
			if name != step[1:] {
				ev.Kind = event.CallExit
			}
			if v := b.handle(t, ev); v.Resume == event.ResumeSkip {
				skips = append(skips, step)
			}
			if ev.Site.Only {
				t.Errorf("%s: the mark stays", c.rules)
			}
		}
		got := strings.Split(strings.Join(b.log, ", "), ", ")
		want := strings.Split(c.want, ", ")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || strings.Join(skips, " ") != c.skips {
			t.Errorf("%s: %s gives %q and skips %q, want %q and %q", c.rules, c.script, got, skips, want, c.skips)
		}
	}
}

// state is a stopped task with a stack.
type state struct {
	regs  arch.Regs
	stack []byte // at 0x1000
	code  []byte // at 0x2000
}

func (s *state) ReadAt(p []byte, addr uint64) (int, error) {
	if addr >= 0x2000 {
		return copy(p, s.code[addr-0x2000:]), nil
	}
	if addr < 0x1000 {
		return 0, errors.New("unreadable")
	}
	return copy(p, s.stack[addr-0x1000:]), nil
}

func (s *state) WriteAt(p []byte, addr uint64) (int, error) {
	return copy(s.stack[addr-0x1000:], p), nil
}
func (s *state) Regs() (*arch.Regs, error)  { r := s.regs; return &r, nil }
func (s *state) SetRegs(r *arch.Regs) error { s.regs = *r; return nil }

// TestChangesFunctions: what return and setarg do at the beginning of functions.
func TestChangesFunctions(t *testing.T) {
	place := func(f string, off uint64) event.Site {
		return event.Site{Probes: []event.Probe{bpMain}, PC: 0x2000 + off, Place: event.Place{Func: f, Off: off}}
	}
	endbr := []byte{0xf3, 0x0f, 0x1e, 0xfa, 0x55}
	for _, c := range []struct {
		about, do string
		site      event.Site
		code      []byte
		want      string // pc, sp, rax, rdi and the second slot of the stack
		warn      string
	}{
		{"return", "return(-3)", place("f", 0), nil, "0x77 0x1008 0xfffffffffffffffd 0x1 0x88", ""},
		{"return of an argument", "return(arg.1 + reg.rdi)", place("f", 0), nil, "0x77 0x1008 0x2 0x1 0x88", ""},
		{"an argument", "setarg(1, 9)", place("f", 0), nil, "0x2000 0x1000 0x0 0x9 0x88", ""},
		{"an argument on the stack", "setarg(7, 9)", place("f", 0), nil, "0x2000 0x1000 0x0 0x1 0x9", ""},
		{"both", "setarg(1, 9), return(2)", place("f", 0), nil, "0x77 0x1008 0x2 0x9 0x88", ""},
		{"behind endbr64", "return(2)", place("f", 4), endbr, "0x77 0x1008 0x2 0x1 0x88", ""},
		{"behind something else", "return(2)", place("f", 4), []byte{1, 2, 3, 4, 5}, "0x2000 0x1000 0x0 0x1 0x88", "f+0x4 is not where a function begins: nothing is changed there"},
		{"inside", "setarg(1, 2)", place("f", 0x10), nil, "0x2000 0x1000 0x0 0x1 0x88", "f+0x10 is not where a function begins: nothing is changed there"},
		{"without names", "return(2)", place("", 0x10), nil, "0x77 0x1008 0x2 0x1 0x88", ""},
		{"of what is absent", "return(arg.5)", place("f", 0), nil, "0x2000 0x1000 0x0 0x1 0x88", ""},
	} {
		b := start(t, "on bp(main) do "+c.do)
		s := &state{stack: make([]byte, 64), code: c.code}
		s.regs.Arch = arch.AMD64
		s.regs.SetSP(0x1000)
		s.regs.SetPC(0x2000)
		s.regs.Set("rdi", 1)
		binary.LittleEndian.PutUint64(s.stack, 0x77)
		binary.LittleEndian.PutUint64(s.stack[8:], 0x88)
		ev := event.Event{Kind: event.Breakpoint, Site: &c.site, State: s, Args: []event.Value{{Form: event.FormInt, Num: 1}}}
		b.handle(t, ev)
		b.handle(t, event.Event{Kind: event.Breakpoint, Site: &event.Site{}, State: s})
		got := fmt.Sprintf("%#x %#x %#x %#x %#x", s.regs.PC(), s.regs.SP(), s.regs.FuncRet(), argument(s), binary.LittleEndian.Uint64(s.stack[8:]))
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.about, got, c.want)
		}
		if warn := strings.Join(b.warns, "; "); !strings.HasSuffix(warn, c.warn) || (c.warn == "") != (warn == "") {
			t.Errorf("%s: warns %q, want %q", c.about, warn, c.warn)
		}
	}
}

func argument(s *state) uint64 {
	v, _, _ := s.regs.FuncArg(0)
	return v
}

func TestSteps(t *testing.T) {
	b := start(t, "on bp(main) do step, step(100); on bp(main) do step(3)")
	if v := b.handle(t, at(bpMain)); v.Steps != 100 {
		t.Errorf("%d steps, want 100", v.Steps)
	}
}

// TestWants: what is told to those who plan.
func TestWants(t *testing.T) {
	b := start(t, "on bp(main)|watch(x, 4)|syscall(read)")
	w := b.Want(b.Rules()[0])
	if len(w.Probes) != 2 || w.Probes[0] != bpMain || w.Calls.Empty() {
		t.Errorf("wants %+v", w.Probes)
	}
}

// TestMistakes: the message, and the column that it is at.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{"on bp", "-e:4: event bp needs an argument (loc)"},
		{"on bp(main, sw)", "-e:13: 'hw' is 'hw', found 'sw'; did you mean hw?"},
		{"on bp(lib!)", "-e:11: no function, line or address"},
		{"on bp(!f)", "-e:7: no library before '!'"},
		{"on bp('f', hw)|bp(0x12g4)", "-e:23: not a hexadecimal number of 64 bits"},
		{"on ret(hello.c:12)", "-e:8: a return is of a function, not of a line"},
		{"on ret(f+0x10)", "-e:8: a return is of a whole function: leave out the offset"},
		{"on watch", "-e:4: event watch needs an argument (addr)"},
		{"on watch(x, 33)", "-e:13: debug registers watch 32 bytes at most"},
		{"on watch(x, 0)", "-e:13: 'len' must be at least 1"},
		{"on watch(x, 4, q)", "-e:16: 'access' is 'r', 'w' or 'rw', found 'q'"},
		{"on watch(hello.c:12, 4)", "-e:10: memory is watched at an address or a variable, not at a line"},
		{"on step(0x20-0x10)", "-e:14: the range ends before it begins"},
		{"on branch(hello.c:12)", "-e:11: a range is a function, a library or 0xLO-0xHI"},
		{"on usdt(libc)", "-e:9: expected PROVIDER:NAME"},
		{"on usdt(:x)", "-e:9: no provider before ':'"},
		{"on usdt(libc:)", "-e:14: no probe's name behind ':'"},
		{"on perf(cycles, often)", "-e:17: invalid period 'often': want a number, a frequency such as 99Hz or a duration such as 1ms"},
		{"on bp(f) where errno == 1", "-e:16: bp events have no 'errno'; it is of syscall"},
		{"on bp(f) where ret == 1", "-e:16: bp events have no 'ret'; it is of syscall, ret, call, uprobe"},
		{"on call(f).enter where dur > 1ms", "-e:24: dur is not known at the entry of a call: leave out .enter"},
		{"on call(f) where ret == 0 do return(1)", "-e:30: return acts at the entry of a call, where ret is not known yet: put the condition on arguments, path or fd"},
		{"on ret(f) do return(1)", "-e:14: return acts on the beginning of functions (bp, call), not on ret"},
		{"on bp(f) do inject(error=EPERM)", "-e:13: inject acts on system calls, not on bp: return does"},
		{"on perf(cycles) where str(arg.1) == 'x'", "-e:23: str works on a stopped task: at perf none is"},
		{"on perf(cycles) do setarg(1, 2)", "-e:20: setarg acts on system calls and the beginning of functions (bp, call), not on perf"},
		{"on bp(f) do step(0)", "-e:18: 'n' must be at least 1"},
	} {
		b := &bench{}
		_, err := parse(registry(b), c.rule)
		if err == nil {
			t.Errorf("%s: accepted", c.rule)
			continue
		}
		if got, _, _ := strings.Cut(err.Error(), "\n"); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.rule, got, c.want)
		}
	}
}

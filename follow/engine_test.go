package follow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// decl declares write(fd, buf, count) and openat(dfd, filename, flags) alike: all are longs
// but the first.
type decl struct{ names []string }

var decls = map[string]*decl{
	"write":  {[]string{"fd", "buf", "count"}},
	"openat": {[]string{"dfd", "filename", "flags"}},
}

func (d *decl) ArgCount() int            { return len(d.names) }
func (d *decl) ArgName(i int) string     { return append(d.names, "")[min(i, len(d.names))] }
func (d *decl) ArgIndex(name string) int { return slices.Index(d.names, name) }
func (d *decl) IsFD(i int) bool          { return i == 0 }
func (d *decl) ArgReg(_ *arch.ABI, i int) (event.ArgReg, bool) {
	bits := uint8(64)
	if i == 0 {
		bits = 32
	}
	return event.ArgReg{Arg: int8(i), Bits: bits, Signed: true}, i < len(d.names)
}
func (d *decl) RegArg(a *arch.ABI, n int) (event.ArgReg, bool) { return d.ArgReg(a, n) }

// bench is an engine with the rules of a text and what they printed.
type bench struct {
	*follow.Engine
	t   *testing.T
	log []string
}

func start(t *testing.T, rules string, tasks ...follow.Tasks) *bench {
	t.Helper()
	b := &bench{t: t}
	reg := follow.Builtin()
	reg.ABIs, reg.Arch = []*arch.ABI{arch.ABIAMD64, arch.ABII386}, arch.ABIAMD64.Arch
	reg.Decl = func(_ int, name string) event.Decl {
		if d, ok := decls[name]; ok {
			return d
		}
		return nil
	}
	for _, p := range tasks {
		reg.Tasks = p
	}
	reg.Const = func(name string) (int64, bool) {
		n, ok := arch.ErrnoByName(name)
		return int64(n), ok
	}
	reg.Actions = append(reg.Actions, &follow.ActionKind{
		Spec: &filter.ActionSpec{Name: "print"}, At: follow.AtBoth,
		New: func(*follow.Binder, *filter.Action) (follow.Action, error) {
			return follow.ActionFunc(b.print), nil
		},
	})
	u := &filter.Universe{Errno: arch.ErrnoByName, Signal: arch.SignalByName}
	for _, a := range reg.ABIs {
		u.ABIs = append(u.ABIs, filter.ABI{Suffix: a.Suffix, Names: a.Syscalls})
	}
	parsed, err := filter.Parse([]filter.Source{{Name: "test", Text: rules}}, reg.Schema(u))
	if err != nil {
		t.Fatal(err)
	}
	if b.Engine, err = follow.New(parsed, reg); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) print(c *follow.Context) (event.Verdict, error) {
	if c.Shown {
		return event.Verdict{}, nil
	}
	c.Shown = true
	name := c.Event.Kind.Name
	if c.Event.Kind == event.User {
		name = c.Event.Name
		for i := range c.Event.Args {
			name += fmt.Sprintf(" %s=%s", c.Event.Args[i].Name, c.Event.Args[i].Data)
		}
	}
	b.log = append(b.log, fmt.Sprintf("%d %s", c.Event.Task.TID, name))
	return event.Verdict{}, nil
}

// run drives the engine by a script, one step a line:
//
//	new TID PARENT [thread]   a task is made (PARENT 0: launched or attached)
//	exec TID FORMER PATH
//	drop TID
//	write TID FD RET          a system call, entry and exit; RET may be an error's name
//	open TID PATH RET
//	late TID FD RET           a write whose entry makes no event
//	sig TID N
//	timer NS
//
// It returns the verdicts of what is not the default, one a word.
func (b *bench) run(script string) string {
	b.t.Helper()
	var verdicts []string
	for line := range strings.Lines(strings.TrimSpace(script)) {
		var tid, n int32
		f := append(strings.Fields(line), "", "", "")
		fmt.Sscan(f[1], &tid)
		fmt.Sscan(f[2], &n)
		task := event.Task{TID: tid, TGID: tid}
		switch f[0] {
		case "new":
			b.NewTask(task, event.Task{TID: n}, f[3] == "thread")
		case "exec":
			b.Exec(task, n, f[3])
			verdicts = append(verdicts, b.handle(&event.Event{Kind: event.Exec, Task: task})...)
		case "drop":
			b.Drop(task)
		case "write", "late":
			sys := call("write", f[3])
			sys.Raw[0] = uint64(n)
			verdicts = append(verdicts, b.call(task, sys, f[0] == "late", event.Value{Form: event.FormFD, Num: uint64(n)})...)
		case "open":
			path := event.Value{Form: event.FormString, Flags: event.FlagPath, Data: []byte(f[2])}
			verdicts = append(verdicts, b.call(task, call("openat", f[3]), false, event.Value{Form: event.FormSym}, path)...)
		case "sig":
			verdicts = append(verdicts, b.handle(&event.Event{Kind: event.Signal, Task: task, Num: int64(n)})...)
		case "timer":
			verdicts = append(verdicts, b.handle(&event.Event{Kind: event.Timer, Num: int64(tid)})...)
		default:
			b.t.Fatalf("no step %q", line)
		}
	}
	return strings.Join(verdicts, " ")
}

// call is a system call that returns ret, a number or an error's name.
func call(name, ret string) *event.Syscall {
	nr, _ := arch.ABIAMD64.SyscallNr(name)
	s := &event.Syscall{Name: name, NR: uint64(nr), Class: uint64(nr), Known: true, Decl: decls[name]}
	if n, ok := arch.ErrnoByName(ret); ok {
		s.Errno, s.Ret = n, -int64(n)
	} else {
		fmt.Sscan(ret, &s.Ret)
	}
	return s
}

func (b *bench) call(task event.Task, sys *event.Syscall, late bool, args ...event.Value) []string {
	b.t.Helper()
	var vs []string
	needs := b.Needs(task)
	if !needs.Calls.Has(0, sys.Class) {
		return []string{"unwatched"}
	}
	if p := needs.Preds.For(0, sys.Class); p != nil && !p.Eval(&sys.Raw) {
		return []string{"refused"}
	}
	ev := &event.Event{Kind: event.SyscallEnter, Task: task, ABI: arch.ABIAMD64, Sys: sys, Args: args}
	if needs.Tamper.Has(0, sys.Class) {
		if in := b.Tamper(ev); in != nil {
			vs = append(vs, "inject:"+arch.ErrnoName(in.Errno))
		}
	}
	if !late {
		sys.Reported = true
		vs = append(vs, b.handle(ev)...)
		if slices.Contains(vs, "skip") {
			return vs
		}
	}
	ev.Kind = event.SyscallExit
	return append(vs, b.handle(ev)...)
}

var resumes = map[event.Resume]string{event.ResumeSkip: "skip", event.ResumeDetach: "detach", event.ResumeQuit: "quit"}

func (b *bench) handle(ev *event.Event) (words []string) {
	b.t.Helper()
	v, err := b.Handle(ev)
	if err != nil {
		return []string{err.Error()}
	}
	if w := resumes[v.Resume]; w != "" {
		words = append(words, w)
	}
	if v.Inject != nil {
		words = append(words, "inject:"+arch.ErrnoName(v.Inject.Errno))
	}
	if v.Renew {
		words = append(words, "renew")
	}
	return words
}

func TestEngine(t *testing.T) {
	for _, c := range []struct {
		name, rules, script string
		log                 string // what was printed, separated by semicolons
		verdicts            string
	}{
		// Membership.
		{"outside until the exec", "group g = exec glob \"cc1\"\non signal in g",
			"new 1 0\nsig 1 2\nexec 1 1 /bin/cc1\nsig 1 3", "1 signal", ""},
		{"left at another exec", "group g = exec glob \"cc1\"\non signal in g",
			"new 1 0\nexec 1 1 /bin/cc1\nexec 1 1 /bin/as\nsig 1 2", "", ""},
		{"kept by follow all", "group g = exec glob \"cc1\" follow all\non signal in g",
			"new 1 0\nexec 1 1 /bin/cc1\nnew 2 1\nexec 2 2 /bin/as\nsig 2 2", "2 signal", ""},
		{"threads inherit by default, children do not", "group g = exec glob \"cc1\"\non signal in g",
			"new 1 0\nexec 1 1 cc1\nnew 2 1 thread\nnew 3 1\nsig 2 2\nsig 3 2", "2 signal", ""},
		{"nobody inherits of follow none", "group g = exec glob \"cc1\" follow none\non signal in g",
			"new 1 0\nexec 1 1 cc1\nnew 2 1 thread\nsig 2 2\nsig 1 2", "1 signal", ""},
		{"children of follow children, until they run something else", "group g = exec glob \"cc1\" follow children\non signal in g",
			"new 1 0\nexec 1 1 cc1\nnew 2 1\nsig 2 2\nexec 2 2 as\nsig 2 2", "2 signal", ""},
		{"two generations", "group g = exec glob \"cc1\" follow children depth 2\non signal in g",
			"new 1 0\nexec 1 1 cc1\nnew 2 1\nnew 3 2\nnew 4 3\nsig 3 2\nsig 4 2", "3 signal", ""},
		{"what ran before the launched program does not count", "group g = not exec glob \"ls\" follow all\non signal in g",
			"new 1 0\nsig 1 2\nexec 1 0 ls\nsig 1 2\nexec 1 1 cat\nexec 1 1 ls\nsig 1 3", "1 signal;1 signal", ""},
		{"a thread's exec takes its membership along", "group g = exec glob \"cc1\" follow all\non signal in g",
			"new 1 0\nnew 2 1 thread\nexec 1 2 cc1\nsig 1 2\nsig 2 2", "1 signal", ""},
		{"a tid that is used again is nobody's heir", "group g = exec glob \"cc1\"\non signal in g",
			"new 1 0\nexec 1 1 cc1\ndrop 1\nnew 1 0\nsig 1 2", "", ""},
		{"several groups at once", "group a = exec glob \"x*\"\ngroup b = exec glob \"*y\"\non signal(2) in a\non signal(3) in b",
			"new 1 0\nexec 1 1 xy\nsig 1 2\nsig 1 3", "1 signal;1 signal", ""},
		{"join and leave", "group g = pid == 0\non signal(2) do join(g)\non signal(3) do leave(g)\non signal(4) in g",
			"new 1 0\nsig 1 4\nsig 1 2\nsig 1 4\nsig 1 3\nsig 1 4", "1 signal", "renew renew"},
		{"nobody but those that join", "group g = false follow all\non signal(2) do join(g)\non signal(3) in g",
			"new 1 0\nsig 1 3\nsig 1 2\nsig 1 3\nexec 1 1 ls\nsig 1 3", "1 signal;1 signal", "renew"},
		{"ancestry", "group g = ancestor glob \"make\" follow all\non signal in g",
			"new 1 0\nexec 1 1 /usr/bin/make\nnew 2 1\nexec 2 2 cc1\nsig 1 2\nsig 2 2", "2 signal", ""},
		{"a child by its own depth", "group g = depth >= 2 follow none\non signal in g", "new 1 0\nnew 2 1\nnew 3 2\nsig 2 2\nsig 3 2", "3 signal", ""},
		{"a child by its ancestry", "group g = ancestor glob \"make\"\non signal in g", "new 1 0\nexec 1 1 make\nnew 2 1\nsig 1 2\nsig 2 2", "2 signal", ""},
		{"a child is not judged by what it has of its parent", "group g = exec glob \"make\"\non signal in g", "new 1 0\nexec 1 1 make\nnew 2 1\nsig 2 2", "", ""},
		{"depth", "on signal where depth == 1", "new 1 0\nnew 2 1\nnew 3 1 thread\nsig 1 2\nsig 2 2\nsig 3 2", "2 signal", ""},
		{"only launched processes with use threads", "use threads\non signal",
			"new 1 0\nnew 2 1 thread\nnew 3 1\nexec 3 3 ls\nsig 2 2\nsig 3 2", "2 signal", ""},
		{"use depth", "use depth(1)\non signal", "new 1 0\nexec 1 1 sh\nnew 2 1\nexec 2 2 sh\nnew 3 2\nsig 2 2\nsig 3 2\nexec 3 3 ls\nsig 3 2", "2 signal", ""},

		// When calls are decided.
		{"at both", "on syscall(write)", "new 1 0\nwrite 1 1 5\nopen 1 /x 3", "1 syscall.enter;1 syscall.exit", "unwatched"},
		{"by an argument, at once", "on syscall(write) where arg.fd == 1", "new 1 0\nwrite 1 2 5\nwrite 1 1 5", "1 syscall.enter;1 syscall.exit", "refused"},
		{"by a path, at entry: the exit is spared", "on syscall(openat) where path == \"/a\"",
			"new 1 0\nopen 1 /b 3\nopen 1 /a 3", "1 syscall.enter;1 syscall.exit", "skip"},
		{"by the result, at exit", "on syscall(write) where ret < 0", "new 1 0\nlate 1 1 5\nlate 1 1 EIO", "1 syscall.exit", ""},
		{"by both: what is refused at entry is not seen again", "on syscall(openat) where path == \"/a\" and errno == ENOENT",
			"new 1 0\nopen 1 /b ENOENT\nopen 1 /a 3\nopen 1 /a ENOENT", "1 syscall.exit", "skip"},
		{"the entry only", "on syscall(write).enter", "new 1 0\nwrite 1 1 5", "1 syscall.enter", "skip"},
		{"the whole and the entry", "on syscall(write).enter|syscall(write) first 1", "new 1 0\nwrite 1 1 5\nwrite 1 1 5",
			"1 syscall.enter;1 syscall.exit", "skip"},
		{"shown once", "on syscall(write)\non syscall(write) where fd == 1", "new 1 0\nwrite 1 1 5", "1 syscall.enter;1 syscall.exit", ""},

		// Counting clauses.
		{"first", "on syscall(write) first 2", "new 1 0\nlate 1 1 1\nlate 1 1 1\nlate 1 1 1", "1 syscall.exit;1 syscall.exit", ""},
		{"from to step", "on signal from 2 to 5 step 2", "new 1 0" + strings.Repeat("\nsig 1 2", 7), "1 signal;1 signal", ""},
		{"for each task", "on signal from 2", "new 1 0\nnew 2 1\nsig 1 2\nsig 2 2\nsig 2 2", "2 signal", ""},
		{"of what the condition takes", "on syscall(write) where fd == 7 first 1",
			"new 1 0\nwrite 1 1 1\nlate 1 7 1\nlate 1 7 1", "1 syscall.exit", "refused"},
		{"of calls that are tampered with, at their entries", "on syscall(write) from 2 to 2 do inject(error=EIO)",
			"new 1 0\nlate 1 1 1\nlate 1 1 1\nlate 1 1 1", "", "inject:EIO"},
		{"of what a rule names twice", "on syscall(write)|syscall(%desc) first 2\non signal(2)|signal first 1",
			"new 1 0" + strings.Repeat("\nlate 1 1 1\nsig 1 2", 3), "1 syscall.exit;1 signal;1 syscall.exit", ""},
		{"count", "on signal where count < 2", "new 1 0\nsig 1 2\nsig 1 2\nsig 1 2", "1 signal;1 signal", ""},

		{"count of what has no task", "on timer(1s) where count < 2 do emit(tick)\non user(tick) where count < 1",
			"timer 1000000000\ntimer 1000000000", "0 tick", ""},

		// Actions.
		{"the first injection wins", "on syscall(write) do inject(error=EIO)\non syscall(write) do inject(error=EPERM)",
			"new 1 0\nwrite 1 1 1", "", "inject:EIO skip"},
		{"the first that says how to go on", "on signal do print\non signal do detach\non signal do quit", "new 1 0\nsig 1 2", "1 signal", "detach"},
		{"disarm and arm", "rule r: on signal(2)\non signal(3) do disarm(r)\non signal(4) do arm(r)",
			"new 1 0\nsig 1 3\nsig 1 2\nsig 1 4\nsig 1 2", "1 signal", "renew renew"},
		{"a rule that tampers shows what it tampers with", "on syscall(write) where fd == 1 from 2 do inject(error=EIO), print",
			"new 1 0\nwrite 1 1 1\nwrite 1 1 EIO", "1 syscall.enter;1 syscall.exit", "skip inject:EIO"},
		{"disarmed before the call is over", "rule r: on syscall(write) where fd == 1 and ret > 0\non syscall(write).enter do disarm(r)",
			"new 1 0\nwrite 1 1 5", "", "renew"},
		{"emit", "on exec do emit(run, what=path)\non user(run) do print", "new 1 0\nexec 1 1 /bin/x", "1 run what=/bin/x", ""},
		{"emit that others match", "on signal do emit(a)\non user(a) do emit(b)\non user(b) do print", "new 1 0\nsig 1 2", "1 b", ""},
		{"emit without end", "on signal do emit(a)\non user(a) do emit(a)", "new 1 0\nsig 1 2", "", "rules emit user events without end"},
		{"user events by their fields", "on exec do emit(run, what=path)\non user(run) where arg.what endswith \"x\" do print",
			"new 1 0\nexec 1 1 /bin/x\nexec 1 1 /bin/y", "1 run what=/bin/x", ""},
		{"fields of the same name of several events", "on exec|syscall(openat).enter|user(run) where path endswith \"x\" or arg.what == \"/bin/x\"\non exec do emit(run, what=path)",
			"new 1 0\nexec 1 1 /bin/x\nexec 1 1 /bin/y\nopen 1 /x 3\nopen 1 /y 3", "1 exec;1 run what=/bin/x;1 syscall.enter", "skip skip"},
		{"directories", "on exec do emit(run, a=dir(path), b=dir(\"/x\"), c=dir(\"/\"), d=dir(\"x\"), e=dir(\"/x//y//\"))\non user(run)",
			"new 1 0\nexec 1 1 /usr/bin/x", "1 run a=/usr/bin b=/ c=/ d=. e=/x", ""},
		{"timers have no task", "on timer(1s) do quit\non timer(2s) do emit(tick)\non user(tick)", "new 1 0\ntimer 2000000000\ntimer 1000000000", "0 tick", "quit"},
	} {
		b := start(t, c.rules)
		verdicts := b.run(c.script)
		if log := strings.Join(b.log, ";"); log != c.log || verdicts != c.verdicts {
			t.Errorf("%s: printed %q, verdicts %q; want %q, %q", c.name, log, verdicts, c.log, c.verdicts)
		}
	}
}

func TestNeeds(t *testing.T) {
	b := start(t, "group g = exec glob \"cc1\"\non syscall(write) in g where arg.fd == 2 and ret > 0 do print\non signal in g")
	task := event.Task{TID: 1, TGID: 1}
	if n := b.NewTask(task, event.Task{}, false); n.Syscalls || n.Signals {
		t.Errorf("a task outside the group needs stops: %+v", n)
	}
	n := b.Exec(task, 1, "/usr/bin/cc1")
	if !n.Syscalls || !n.Signals || !n.Calls.Has(0, 1) || n.Calls.Has(0, 0) || n.Late.Has(0, 1) {
		t.Errorf("the needs of a member: %+v", n)
	}
	if p := n.Preds.For(0, 1); p == nil || p.String() != "arg.1 == 2" {
		t.Errorf("write is of interest under %v", p)
	}
	if b.Exec(task, 1, "/usr/bin/as").Syscalls {
		t.Error("a former member needs stops")
	}
	if !b.Selective() || !b.WantsExec() {
		t.Error("it does not matter what tasks execute")
	}
}

// TestEach holds that calls of two ABIs with one number are counted for themselves.
func TestEach(t *testing.T) {
	b := start(t, "on syscall(write@64,exit@32) first 1 each")
	task := event.Task{TID: 1, TGID: 1}
	b.NewTask(task, event.Task{}, false)
	for _, abi := range []*arch.ABI{arch.ABIAMD64, arch.ABII386, arch.ABIAMD64, arch.ABII386} {
		b.handle(&event.Event{Kind: event.SyscallExit, Task: task, ABI: abi, Sys: &event.Syscall{NR: 1, Class: 1}})
	}
	if len(b.log) != 2 {
		t.Errorf("printed %q, want one of each", b.log)
	}
}

// TestWantsExec holds for which rules the names of programs are asked.
func TestWantsExec(t *testing.T) {
	for rules, want := range map[string]bool{
		"on signal":                     false,
		"on exec":                       true,
		"on signal where exec == \"a\"": true,
		"on signal do count(ancestor)":  true,
		"on syscall(openat) where path == \"a\" do count(fd)": false,
	} {
		if got := start(t, rules).WantsExec(); got != want {
			t.Errorf("%s: %v", rules, got)
		}
	}
}

func TestTables(t *testing.T) {
	b := start(t, "on syscall(write) do count(fd, errno), hist(arg.fd)")
	b.run("new 1 0\nlate 1 1 5\nlate 1 5 EIO\nlate 1 1 5\nlate 1 7 EIO")
	var got []string
	for _, table := range b.Tables() {
		for _, r := range table.Rows() {
			got = append(got, fmt.Sprint(r.Key, r.Low, r.Count))
		}
	}
	want := []string{"[1 0] 0 2", "[5 5] 0 1", "[7 5] 0 1", "[] 1 2", "[] 4 2"}
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

// TestFullTable holds that a table that has no room counts the rest in one row of as many keys.
func TestFullTable(t *testing.T) {
	b := start(t, "on syscall(write) do count(ret, fd, errno)")
	var script strings.Builder
	for i := range 10100 {
		fmt.Fprintf(&script, "late 1 1 %d\n", i)
	}
	b.run("new 1 0\n" + script.String())
	rows := b.Tables()[0].Rows()
	if want := []string{"(others)", "", ""}; len(rows) != 10001 || rows[0].Count != 100 || !slices.Equal(rows[0].Key, want) {
		t.Errorf("%d rows, the first %v; want 10001, the first with 100 of %q", len(rows), rows[0], want)
	}
}

// TestRefused holds what the checker says of arguments that no action could use.
func TestRefused(t *testing.T) {
	for rules, want := range map[string]string{
		"on timer(0)":                              "'every' must be at least 1ms",
		"on timer(-1s)":                            "'every' must be at least 1ms",
		"on syscall(openat) do hist(name)":         "'name' is a string, expected a number or a duration",
		"on syscall(openat).enter do setarg(0, 1)": "'n' must be at least 1",
	} {
		_, err := filter.Parse([]filter.Source{{Name: "test", Text: rules}}, follow.Builtin().Schema(&filter.Universe{ABIs: []filter.ABI{{Names: arch.ABIAMD64.Syscalls}}}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", rules, err, want)
		}
	}
}

// people answers what the tree does not know of tasks.
type people struct{ asked int }

func (p *people) Text(buf []byte, _ event.Task, what string) ([]byte, bool) {
	p.asked++
	return append(buf, map[string]string{"cmdline": "ls\x00\x00-l\x00", "comm": "ls", "exe": "/bin/ls"}[what]...), true
}

func (p *people) Number(event.Task, string) (int64, bool)               { return 0, false }
func (p *people) Path(buf []byte, _ event.Task, _ int32) ([]byte, bool) { return buf, false }

// TestArgv holds that the arguments of a task's program are read once for a condition.
func TestArgv(t *testing.T) {
	for cond, want := range map[string]string{
		`argv == "-l"`:                    "1 signal",
		`argv == ""`:                      "1 signal",
		`argv == "-a"`:                    "",
		`argv == comm`:                    "1 signal",
		`argv in ("x", "y", "-l")`:        "1 signal",
		`argv == "-a" or not argv == "x"`: "1 signal",
	} {
		p := &people{}
		b := start(t, "on signal where "+cond, p)
		b.run("new 1 0\nsig 1 2")
		if log := strings.Join(b.log, ";"); log != want {
			t.Errorf("%s: printed %q, want %q", cond, log, want)
		}
		if !strings.Contains(cond, "comm") && p.asked > strings.Count(cond, "argv") {
			t.Errorf("%s: asked %d times", cond, p.asked)
		}
	}
}

// TestCanonicalSets holds that every built-in set is well formed.
func TestCanonicalSets(t *testing.T) {
	args := map[string]string{"exec": `("ls")`, "exec-tree": `("ls")`, "depth": "(2)"}
	for _, name := range follow.CanonicalSets() {
		start(t, "use "+name+args[name])
	}
	if len(follow.CanonicalSets()) < 7 {
		t.Errorf("only %q", follow.CanonicalSets())
	}
}

func BenchmarkEngine(bm *testing.B) {
	var t testing.T
	rules := strings.Repeat("on syscall(openat) where path startswith \"/etc\" and ret < 0 and dur > 1ms do print\n", 10)
	b := start(&t, rules)
	task := event.Task{TID: 1, TGID: 1}
	b.NewTask(task, event.Task{}, false)
	sys := call("openat", "ENOENT")
	sys.Reported = true
	ev := &event.Event{Task: task, ABI: arch.ABIAMD64, Sys: sys, Args: []event.Value{
		{Form: event.FormSym}, {Form: event.FormString, Flags: event.FlagPath, Data: []byte("/etc/ld.so.cache")},
	}}
	bm.ReportAllocs()
	for bm.Loop() {
		ev.Kind = event.SyscallEnter
		b.Handle(ev)
		ev.Kind = event.SyscallExit
		b.Handle(ev)
	}
}

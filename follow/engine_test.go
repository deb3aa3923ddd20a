package follow_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// tree drives an engine by a script, one step a line:
//
//	new TID PARENT    a task is made (PARENT 0: launched or attached)
//	exec TID FORMER PATH
//	drop TID
//	call TID          a system call's entry and exit
//	sig TID N
func tree(t *testing.T, e *follow.Engine, script string) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(script)) {
		var verb, name string
		var tid, n int32
		fmt.Sscan(line, &verb, &tid, &n, &name)
		task := event.Task{TID: tid, TGID: tid}
		switch verb {
		case "new":
			e.NewTask(task, event.Task{TID: n}, false)
		case "exec":
			e.Exec(task, n, name)
		case "drop":
			e.Drop(task)
		case "call":
			sys := &event.Syscall{Name: "close", Reported: true}
			handle(t, e, &event.Event{Kind: event.SyscallEnter, Task: task, Sys: sys})
			handle(t, e, &event.Event{Kind: event.SyscallExit, Task: task, Sys: sys})
		case "sig":
			handle(t, e, &event.Event{Kind: event.Signal, Task: task, Num: int64(n)})
		default:
			t.Fatalf("no step %q", line)
		}
	}
}

func handle(t *testing.T, e *follow.Engine, ev *event.Event) event.Verdict {
	t.Helper()
	v, err := e.Handle(ev)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// recorder is an action that notes what it saw.
func recorder(log *[]string) follow.Action {
	return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
		*log = append(*log, fmt.Sprintf("%s %d", c.Event.Kind.Name, c.Event.Task.TID))
		return event.Verdict{}, nil
	})
}

var callKinds = []*event.Kind{event.SyscallEnter, event.SyscallExit}

func execGroup(log *[]string, glob string, keep bool) *follow.Group {
	return &follow.Group{
		Name: "exec",
		Admit: follow.Membership{Exec: func(names []string) (bool, bool) {
			ok, _ := path.Match(glob, path.Base(names[0]))
			return ok, keep
		}},
		Rules: []*follow.Rule{{On: callKinds, Do: []follow.Action{recorder(log)}}},
		Needs: event.Needs{Syscalls: true},
	}
}

func TestMembership(t *testing.T) {
	for _, c := range []struct {
		name, script string
		keep         bool
		want         []string // tasks whose calls are seen
	}{
		{"outside until the exec", "new 1 0\ncall 1\nexec 1 1 /bin/cc1\ncall 1", false, []string{"1"}},
		{"left at another exec", "new 1 0\nexec 1 1 /bin/cc1\ncall 1\nexec 1 1 /bin/as\ncall 1", false, []string{"1"}},
		{"kept by a plus", "new 1 0\nexec 1 1 /bin/cc1\nnew 2 1\nexec 2 2 /bin/as\ncall 2", true, []string{"2"}},
		{"inherited", "new 1 0\nexec 1 1 /bin/cc1\nnew 2 1\ncall 2", false, []string{"2"}},
		{"not inherited from outside", "new 1 0\nnew 2 1\nexec 1 1 /bin/cc1\ncall 2", false, nil},
		{"a thread's exec takes its own membership along", "new 1 0\nexec 1 1 /bin/cc1\nnew 2 1\nexec 1 2 /bin/cc1\ncall 1\ncall 2", false, []string{"1"}},
		{"a tid that is used again is nobody's heir", "new 1 0\nexec 1 1 /bin/cc1\ndrop 1\nnew 1 0\ncall 1", false, nil},
	} {
		var log []string
		tree(t, follow.New(execGroup(&log, "cc1", c.keep)), c.script)
		var want []string
		for _, tid := range c.want {
			want = append(want, "syscall.enter "+tid, "syscall.exit "+tid)
		}
		if !slices.Equal(log, want) {
			t.Errorf("%s: saw %q, want %q", c.name, log, want)
		}
	}
}

func TestNeedsFollowMembership(t *testing.T) {
	var log []string
	e := follow.New(execGroup(&log, "cc1", false))
	task := event.Task{TID: 1}
	if e.NewTask(task, event.Task{}, false).Syscalls {
		t.Error("a task outside the group needs system-call stops")
	}
	if !e.Exec(task, 1, "/usr/bin/cc1").Syscalls {
		t.Error("a member does not")
	}
	if e.Exec(task, 1, "/usr/bin/as").Syscalls {
		t.Error("a former member does")
	}
}

// A rule that refuses a call at its entry is not asked again, and when none is left the
// exit stop is spared.
func TestEntryDecides(t *testing.T) {
	var log []string
	refuse := &follow.Rule{On: callKinds, Entry: func(*event.Event) bool { return false }, Do: []follow.Action{recorder(&log)}}
	e := follow.New(&follow.Group{Rules: []*follow.Rule{refuse}})
	tree(t, e, "new 1 0")
	ev := event.Event{Kind: event.SyscallEnter, Task: event.Task{TID: 1}, Sys: &event.Syscall{Reported: true}}
	if v := handle(t, e, &ev); v.Resume != event.ResumeSkip {
		t.Errorf("verdict %v, want that the exit is spared", v.Resume)
	}
	ev.Kind = event.SyscallExit
	handle(t, e, &ev)
	if len(log) != 0 {
		t.Errorf("the rule acted: %q", log)
	}
	// Without an event at entry the whole call is decided at its exit.
	take := &follow.Rule{On: callKinds, Do: []follow.Action{recorder(&log)}}
	e = follow.New(&follow.Group{Rules: []*follow.Rule{refuse, take}})
	tree(t, e, "new 1 0")
	handle(t, e, &event.Event{Kind: event.SyscallExit, Task: event.Task{TID: 1}, Sys: &event.Syscall{}})
	if want := []string{"syscall.exit 1"}; !slices.Equal(log, want) {
		t.Errorf("saw %q, want %q", log, want)
	}
}

func TestFirstVerdictWins(t *testing.T) {
	verdict := func(r event.Resume) *follow.Rule {
		return &follow.Rule{On: []*event.Kind{event.Signal}, Do: []follow.Action{follow.ActionFunc(func(*follow.Context) (event.Verdict, error) {
			return event.Verdict{Resume: r}, nil
		})}}
	}
	e := follow.New(&follow.Group{Rules: []*follow.Rule{verdict(event.ResumeDefault), verdict(event.ResumeDetach), verdict(event.ResumeKill)}})
	tree(t, e, "new 1 0")
	if v := handle(t, e, &event.Event{Kind: event.Signal, Task: event.Task{TID: 1}}); v.Resume != event.ResumeDetach {
		t.Errorf("verdict %v, want the first that is not the default", v.Resume)
	}
}

func TestPaths(t *testing.T) {
	fdV := func(n uint64) event.Value { return event.Value{Form: event.FormFD, Num: n} }
	pathV := func(s string) event.Value {
		return event.Value{Form: event.FormString, Flags: event.FlagPath, Data: []byte(s)}
	}
	p := &follow.PathSet{
		Paths: map[string]bool{"/a": true},
		FD:    func(fd int32) bool { return fd == 9 },
		PathOf: func(dst []byte, _ event.Task, fd int32) ([]byte, bool) {
			return fmt.Appendf(dst, "%s", map[int32]string{3: "/a", 4: "/b"}[fd]), fd < 5
		},
	}
	for _, c := range []struct {
		name string
		args []event.Value
		want bool
	}{
		{"path", []event.Value{pathV("/a")}, true},
		{"other path", []event.Value{pathV("/b")}, false},
		{"a string that is no path", []event.Value{{Form: event.FormString, Data: []byte("/a")}}, false},
		{"descriptor of the path", []event.Value{fdV(3)}, true},
		{"other descriptor", []event.Value{fdV(4)}, false},
		{"descriptor by number", []event.Value{fdV(9)}, true},
		{"inside a structure", []event.Value{{Form: event.FormArray, Elem: []event.Value{{Form: event.FormStruct, Elem: []event.Value{fdV(3)}}}}}, true},
		{"AT_FDCWD", []event.Value{fdV(^uint64(99))}, false},
	} {
		if got := p.Match(&event.Event{Args: c.args}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestTamper(t *testing.T) {
	var set, other event.CallSet
	set.Add(event.NativeABI, 3)
	other.Add(event.NativeABI, 3)
	other.Add(event.NativeABI, 5)
	tm := follow.NewTamper()
	tm.Add(set, filter.When{}, event.Injection{Errno: 1})
	tm.Add(other, filter.When{First: 2, Step: 2}, event.Injection{Errno: 2})
	var got []int
	for range 4 {
		if in := tm.Tamper(&event.Event{Task: event.Task{TID: 1}}, event.NativeABI, 3); in != nil {
			got = append(got, in.Errno)
		} else {
			got = append(got, 0)
		}
	}
	// Only the last injection that names a call counts, hit or not.
	if want := []int{0, 2, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("errors %v, want %v", got, want)
	}
	if tm.Tamper(&event.Event{Task: event.Task{TID: 1}}, event.NativeABI, 5) != nil {
		t.Error("when= counts calls of different names together")
	}
	if tm.Tamper(&event.Event{Task: event.Task{TID: 2}}, event.NativeABI, 3) != nil {
		t.Error("when= does not count each task for itself")
	}
	if tm.Tamper(&event.Event{Task: event.Task{TID: 1}}, event.NativeABI, 4) != nil {
		t.Error("a call outside the set is tampered with")
	}
	// What Where refuses is neither tampered with nor counted.
	tm.Where = func(ev *event.Event) bool { return ev.Num == 1 }
	for i, want := range []bool{false, false, false, true} {
		ev := &event.Event{Task: event.Task{TID: 3}, Num: int64(i % 2)}
		if got := tm.Tamper(ev, event.NativeABI, 3) != nil; got != want {
			t.Errorf("call %d, taken by Where: %t: tampered with: %t", i, ev.Num == 1, got)
		}
	}
}

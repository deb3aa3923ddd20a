package follow

import (
	"bytes"
	"strings"
	"time"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// Builtin returns what rules may name without anybody's adding to it: system calls, signals
// and the life of tasks, timers, user events, and what is decided by the engine alone.
func Builtin() *Registry {
	r := &Registry{
		Kinds:  []*Kind{syscallKind(), signalKind(), stopKind()},
		Fields: append(taskFields(), eventFields()...),
		Funcs:  functions(),
	}
	r.Kinds = append(r.Kinds, lifeKinds()...)
	r.Kinds = append(r.Kinds, timerKind(), userKind())
	r.Actions = engineActions()
	return r
}

func syscallKind() *Kind {
	return &Kind{
		Spec: &filter.Event{
			Name: "syscall", Calls: true, Tasks: true, Stops: true, Fields: callFields(),
			Params: []filter.Param{{Name: "set", Kind: filter.ParamSyscalls, Optional: true}},
			Doc:    "a system call; .enter: its entry only",
		},
		Made: []*event.Kind{event.SyscallEnter, event.SyscallExit},
		Get:  callGetters(),
		nums: callNums(),
	}
}

func signalKind() *Kind {
	return &Kind{
		Spec: &filter.Event{
			Name: "signal", Tasks: true, Stops: true,
			Params: []filter.Param{{Name: "set", Kind: filter.ParamSignals, Optional: true}},
			Fields: []*filter.Field{
				{Name: "sig", Type: filter.Int, Doc: "the signal's number"},
				{Name: "code", Type: filter.Int, Doc: "si_code"},
				{Name: "sender", Type: filter.Int, Doc: "si_pid: the process that sent it"},
				{Name: "addr", Type: filter.Int, Doc: "si_addr: where a fault was"},
			},
			Doc: "a signal about to be delivered",
		},
		Made:  []*event.Kind{event.Signal},
		Takes: takesSignal,
		Get:   getters(signalField, "sig", "code", "sender", "addr"),
		Needs: func(_ []filter.Arg, n *event.Needs) { n.Signals = true },
	}
}

func stopKind() *Kind {
	return &Kind{
		Spec: &filter.Event{
			Name: "stop", Tasks: true, Stops: true,
			Params: []filter.Param{{Name: "set", Kind: filter.ParamSignals, Optional: true}},
			Fields: []*filter.Field{{Name: "sig", Type: filter.Int, Doc: "the signal that stopped the process"}},
			Doc:    "a group-stop, by SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU",
		},
		Made:  []*event.Kind{event.GroupStop},
		Takes: takesSignal,
		Get:   getters(signalField, "sig"),
		Needs: func(_ []filter.Arg, n *event.Needs) { n.Signals = true },
	}
}

func takesSignal(ev *event.Event, args []filter.Arg) bool {
	return len(args) == 0 || args[0].Signals == nil || args[0].Signals.Has(int(ev.Num))
}

// getters makes one Getter serve several fields.
func getters(get Getter, names ...string) map[string]Getter {
	m := make(map[string]Getter)
	for _, n := range names {
		m[n] = get
	}
	return m
}

// siginfoNames are the names of fields in a decoded siginfo.
var siginfoNames = map[string]string{"code": "si_code", "sender": "si_pid", "addr": "si_addr"}

func signalField(x *Env, r *filter.Ref, i int) filter.Val {
	if i > 0 {
		return filter.Val{}
	}
	if r.Field.Name == "sig" {
		return number(x.Event.Num)
	}
	if len(x.Event.Args) == 0 {
		return filter.Val{}
	}
	for j := range x.Event.Args[0].Elem {
		if v := &x.Event.Args[0].Elem[j]; v.Name == siginfoNames[r.Field.Name] {
			return number(int64(v.Num))
		}
	}
	return filter.Val{}
}

// lifeKinds are the beginnings and ends of tasks, and what changes them.
func lifeKinds() []*Kind {
	child := func() []*filter.Field {
		return []*filter.Field{{Name: "child", Type: filter.Int, Doc: "the new task's id"}}
	}
	num := func(x *Env, _ *filter.Ref, i int) filter.Val { return only(i, number(x.Event.Num)) }
	life := func(name, doc string, stops bool, fields []*filter.Field, get Getter, made ...*event.Kind) *Kind {
		k := &Kind{
			Spec: &filter.Event{Name: name, Tasks: true, Stops: stops, Fields: fields, Doc: doc},
			Made: made, Get: make(map[string]Getter),
		}
		for _, f := range fields {
			k.Get[f.Name] = get
		}
		return k
	}
	attach := life("attach", "a task is traced from now on", false, nil, nil, event.Attach)
	attach.Needs = func(_ []filter.Arg, n *event.Needs) { n.Attach = true }
	return []*Kind{
		life("fork", "a process has made another by fork", true, child(), num, event.Fork),
		life("vfork", "a process has made another by vfork", true, child(), num, event.Vfork),
		life("clone", "a task has made a thread, or a process by clone", true, child(), num, event.Clone),
		life("exec", "a task begins to run a program", true, execFields(), execField, event.Exec),
		life("exit", "a task has ended, by exit or by a signal", false, exitFields(), exitField, event.Exit, event.Killed),
		attach,
		life("detach", "a task is let go", false, nil, nil, event.Detach),
		life("superseded", "a thread that executes a program has taken the task's place", false, nil, nil, event.Superseded),
		life("personality", "a task makes calls of another ABI than before", true, nil, nil, event.Personality),
	}
}

func execFields() []*filter.Field {
	return []*filter.Field{
		{Name: "path", Type: filter.String, Many: true, Doc: "the program, as execve was given it, and its file"},
		{Name: "former", Type: filter.Int, Doc: "the task's id before: another than tid for a thread"},
		{Name: "launched", Type: filter.Int, Doc: "1: the program that gotrace was told to run begins"},
	}
}

func execField(x *Env, r *filter.Ref, i int) filter.Val {
	switch r.Field.Name {
	case "path":
		return execNames(x, r, i)
	case "former":
		return only(i, number(x.Event.Num))
	}
	return only(i, truth(x.Event.First))
}

func exitFields() []*filter.Field {
	return []*filter.Field{
		{Name: "code", Type: filter.Int, Doc: "what exit was given; absent where a signal killed the task"},
		{Name: "sig", Type: filter.Int, Doc: "the signal that killed it"},
		{Name: "core", Type: filter.Int, Doc: "1: and the kernel dumped core"},
	}
}

func exitField(x *Env, r *filter.Ref, i int) filter.Val {
	killed := x.Event.Kind == event.Killed
	switch name := r.Field.Name; {
	case name == "core":
		return only(i, truth(x.Event.Core))
	case killed == (name == "sig"):
		return only(i, number(x.Event.Num))
	}
	return filter.Val{}
}

func timerKind() *Kind {
	return &Kind{
		Spec: &filter.Event{
			Name: "timer", Params: []filter.Param{{Name: "every", Kind: filter.ParamDuration, Least: int64(time.Millisecond)}},
			Doc: "a time has passed, again and again while anything is traced",
		},
		Made:  []*event.Kind{event.Timer},
		Takes: func(ev *event.Event, args []filter.Arg) bool { return ev.Num == args[0].Num },
	}
}

func userKind() *Kind {
	return &Kind{
		Spec: &filter.Event{
			Name: "user", Tasks: true, Params: []filter.Param{{Name: "name", Kind: filter.ParamWord}},
			Fields: []*filter.Field{{Name: "arg", Type: filter.Any, Index: filter.ArgIndex, Free: true, Max: 64, Doc: "what emit was given, by its name"}},
			Doc:    "an event that emit, or a plugin, made",
		},
		Made:  []*event.Kind{event.User},
		Takes: func(ev *event.Event, args []filter.Arg) bool { return ev.Name == args[0].Str },
		Get:   getters(Argument, "arg"),
	}
}

// Argument is the getter of arg.N and arg.NAME where arguments are an event's Args, in order.
func Argument(x *Env, r *filter.Ref, i int) filter.Val {
	for j := range x.Event.Args {
		if v := &x.Event.Args[j]; i == 0 && (r.N == j+1 || r.Name != "" && strings.EqualFold(v.Name, r.Name)) {
			return ValueOf(v)
		}
	}
	return filter.Val{}
}

// maxString is how much of a tracee's memory a function of expressions reads.
const maxString = 4096

// functions are those of expressions: they read the tracee's memory, but for dir.
func functions() []*filter.Func {
	return []*filter.Func{
		{
			Name: "dir", Type: filter.String, Doc: "a path without its last element",
			Params: []filter.Param{{Name: "path", Type: filter.String}},
			Call: func(_ filter.Env, args []filter.Val) filter.Val {
				return text(parent(args[0].Str))
			},
		},
		{
			Name: "mem", Type: filter.String, Stops: true, Doc: "len bytes of the tracee's memory at addr",
			Params: []filter.Param{{Name: "addr", Type: filter.Int}, {Name: "len", Type: filter.Int}},
			Call: func(env filter.Env, args []filter.Val) filter.Val {
				return env.(*Env).read(uint64(args[0].Num), args[1].Num, false)
			},
		},
		{
			Name: "str", Type: filter.String, Stops: true, Doc: "the C string in the tracee's memory at addr",
			Params: []filter.Param{{Name: "addr", Type: filter.Int}},
			Call: func(env filter.Env, args []filter.Val) filter.Val {
				return env.(*Env).read(uint64(args[0].Num), maxString, true)
			},
		},
	}
}

// parent is the directory of a path, as dirname(1) has it.
func parent(path []byte) []byte {
	i := bytes.LastIndexByte(bytes.TrimRight(path, "/"), '/')
	if i < 0 && (len(path) == 0 || path[0] != '/') {
		return []byte(".")
	}
	return path[:max(1, len(bytes.TrimRight(path[:max(i, 0)], "/")))]
}

// read is a piece of the tracee's memory, all of it or up to a NUL; absent if it cannot be
// read, or is longer than maxString.
func (x *Env) read(addr uint64, n int64, str bool) filter.Val {
	if x.Event == nil || x.Event.State == nil || n < 0 || n > maxString {
		return filter.Val{}
	}
	if cap(x.mem) < int(n) {
		x.mem = make([]byte, maxString)
	}
	b := x.mem[:n]
	got, _ := x.Event.State.ReadAt(b, addr)
	if !str {
		return filter.Val{Str: b, OK: got == len(b)}
	}
	for i, c := range b[:got] {
		if c == 0 {
			return text(b[:i])
		}
	}
	return filter.Val{}
}

package follow

import (
	"bytes"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// taskFields are known of every task, and so of every event that happens to one.
func taskFields() []*Field {
	f := func(name string, t filter.Type, doc string, get Getter) *Field {
		return &Field{&filter.Field{Name: name, Type: t, Task: true, Doc: doc}, get}
	}
	many := func(f *Field) *Field { f.Spec.Many = true; return f }
	return []*Field{
		f("pid", filter.Int, "the process id", one(func(x *Env) filter.Val { return number(int64(x.Task.TGID)) })),
		f("tid", filter.Int, "the thread id", one(func(x *Env) filter.Val { return number(int64(x.Task.TID)) })),
		f("ppid", filter.Int, "the parent's process id", fromTasks("ppid")),
		f("uid", filter.Int, "the effective user id", fromTasks("uid")),
		f("comm", filter.String, "the command name, at most 15 bytes", textFromTasks("comm")),
		many(f("exec", filter.String, "the program that the task runs, as execve was given it, and its file", execNames)),
		many(f("argv", filter.String, "the program's arguments, argv[0] first", argv)),
		f("cwd", filter.String, "the working directory", textFromTasks("cwd")),
		f("cgroup", filter.String, "the path in the cgroup hierarchy", textFromTasks("cgroup")),
		many(f("ancestor", filter.String, "the programs of the traced processes that the task descends from", ancestors)),
		many(f("group", filter.String, "the groups that the task belongs to", groupNames)),
		f("depth", filter.Int, "how many forks the process is from the one that was launched or attached", one(depth)),
	}
}

// eventFields are known of every event.
func eventFields() []*Field {
	return []*Field{
		{&filter.Field{Name: "name", Type: filter.String, Doc: "the system call's name, the signal's, or the event's"}, one(func(x *Env) filter.Val { return x.text(Name(x.Event)) })},
		{&filter.Field{Name: "count", Type: filter.Int, Doc: "how many events of the task the rule has taken; in its condition: before this one"}, one(count)},
		{&filter.Field{Name: "reg", Type: filter.Int, Index: filter.RegIndex, Doc: "a register: reg.rip"}, register},
	}
}

// one is the getter of a field with a single value.
func one(get func(x *Env) filter.Val) Getter {
	return func(x *Env, _ *filter.Ref, i int) filter.Val {
		if i > 0 {
			return filter.Val{}
		}
		return get(x)
	}
}

func fromTasks(what string) Getter {
	return one(func(x *Env) filter.Val {
		if x.engine.reg.Tasks == nil {
			return filter.Val{}
		}
		n, ok := x.engine.reg.Tasks.Number(x.Task, what)
		return filter.Val{Num: n, OK: ok}
	})
}

func textFromTasks(what string) Getter {
	return one(func(x *Env) filter.Val { return x.ask(what) })
}

// ask is a text that the tree does not know.
func (x *Env) ask(what string) filter.Val {
	if x.engine.reg.Tasks == nil {
		return filter.Val{}
	}
	return x.answer(x.engine.reg.Tasks.Text(x.buf[:0], x.Task, what))
}

// answer keeps the memory that an answer was built on.
func (x *Env) answer(b []byte, ok bool) filter.Val {
	x.buf = b
	if !ok {
		return filter.Val{}
	}
	return text(b)
}

// execNames are the names of the task's program: those told at its exec, else that of its file.
func execNames(x *Env, _ *filter.Ref, i int) filter.Val {
	if x.member != nil && len(x.member.exec) > 0 {
		if i < len(x.member.exec) {
			return text(x.member.exec[i])
		}
		return filter.Val{}
	}
	return only(i, x.ask("exe"))
}

// argv reads the arguments once for all its values, which are asked for in order.
func argv(x *Env, _ *filter.Ref, i int) filter.Val {
	if x.engine.reg.Tasks == nil {
		return filter.Val{}
	}
	if i == 0 || i < x.argN {
		x.args, _ = x.engine.reg.Tasks.Text(x.args[:0], x.Task, "cmdline")
		x.argN, x.argAt = 0, 0
	}
	for rest := x.args[x.argAt:]; len(rest) > 0; {
		var arg []byte
		arg, rest, _ = bytes.Cut(rest, []byte{0})
		x.argAt = len(x.args) - len(rest)
		if x.argN++; x.argN > i {
			return text(arg)
		}
	}
	return filter.Val{}
}

// ancestors goes from the parent up.
func ancestors(x *Env, _ *filter.Ref, i int) filter.Val {
	if x.member == nil {
		return filter.Val{}
	}
	for m := x.member.parent; m != nil; m = m.parent {
		if m.task.TGID == x.Task.TGID {
			continue
		}
		if i < len(m.exec) {
			return text(m.exec[i])
		}
		i -= len(m.exec)
	}
	return filter.Val{}
}

func groupNames(x *Env, _ *filter.Ref, i int) filter.Val {
	if x.member == nil {
		return filter.Val{}
	}
	for g, group := range x.engine.groups {
		if x.member.in>>g&1 == 0 {
			continue
		}
		if i == 0 {
			return filter.Val{Str: group.label, OK: true}
		}
		i--
	}
	return filter.Val{}
}

func depth(x *Env) filter.Val {
	if x.member == nil {
		return filter.Val{}
	}
	return number(int64(x.member.depth))
}

func count(x *Env) filter.Val {
	counts := x.engine.tally
	if x.member != nil {
		counts = x.member.counts
	}
	return number(int64(counts[x.rule]))
}

// Name is what an event is called: the system call's name, the signal's, the user event's, what
// is at the place where it happened, or its kind's.
func Name(ev *event.Event) string {
	switch {
	case ev.Sys != nil:
		return ev.Sys.Name
	case ev.Kind == event.Signal || ev.Kind == event.GroupStop || ev.Kind == event.Killed:
		return arch.SignalName(int(ev.Num))
	case ev.Kind == event.User:
		return ev.Name
	case ev.Site != nil:
		return siteName(ev)
	}
	return ev.Kind.Name
}

// siteName is the function called, the static probe or the counter, or the function where the
// event happened; of what is nowhere, the place as the rule has it.
func siteName(ev *event.Event) string {
	switch s := ev.Site; {
	case ev.Name != "":
		return ev.Name
	case (ev.Kind == event.USDT || ev.Kind == event.Perf) && len(s.Probes) > 0:
		return s.Probes[0].Loc
	case s.Place.Func != "":
		return s.Place.Func
	case len(s.Probes) > 0 && s.Probes[0].Loc != "":
		return s.Probes[0].Loc
	}
	return ev.Kind.Name
}

func register(x *Env, r *filter.Ref, i int) filter.Val {
	if i > 0 || x.Event.State == nil {
		return filter.Val{}
	}
	regs, err := x.Event.State.Regs()
	if err != nil {
		return filter.Val{}
	}
	n, ok := regs.Get(r.Name)
	return filter.Val{Num: int64(n), OK: ok}
}

// callFields are known of system calls.
func callFields() []*filter.Field {
	return []*filter.Field{
		{Name: "ret", Type: filter.Int, At: filter.Exit, Doc: "what the call returned: -1 if it failed"},
		{Name: "errno", Type: filter.Int, At: filter.Exit, Doc: "why it failed; 0: it did not"},
		{Name: "dur", Type: filter.Duration, At: filter.Exit, Doc: "how long it took"},
		{Name: "status", Type: filter.String, At: filter.Exit, Doc: "successful, failed, unfinished, unavailable or detached"},
		{Name: "nr", Type: filter.Int, Doc: "the call's number"},
		{Name: "arg", Type: filter.Any, Index: filter.ArgIndex, Register: true, Doc: "an argument, by its position from 1 or its name"},
		{Name: "fd", Type: filter.Int, Many: true, Register: true, Doc: "the descriptors among the arguments"},
		{Name: "fds", Type: filter.Int, Many: true, Doc: "the same, also those inside structures that arguments point to, and where only another argument says so"},
		{Name: "path", Type: filter.String, Many: true, Doc: "the paths among the arguments, as given, and those that descriptors stand for"},
	}
}

// callGetters are the values of callFields that are not in callNums.
func callGetters() map[string]Getter {
	return map[string]Getter{
		"status": one(func(x *Env) filter.Val { return x.text(status(x.Event)) }),
		"arg":    argument,
		"fd":     declaredFD,
		"fds":    func(x *Env, _ *filter.Ref, i int) filter.Val { return descriptor(x.Event.Args, &i) },
		"path":   func(x *Env, _ *filter.Ref, i int) filter.Val { return x.path(x.Event.Args, &i) },
	}
}

// callNums are the values of callFields that are one number.
func callNums() map[string]func(x *Env) (int64, bool) {
	return map[string]func(x *Env) (int64, bool){
		"ret":   (*Env).result,
		"errno": (*Env).errno,
		"dur":   func(x *Env) (int64, bool) { return int64(x.Event.Dur), x.over() },
		"nr":    func(x *Env) (int64, bool) { return int64(x.Event.Sys.NR), true },
	}
}

// over reports whether the call has returned.
func (x *Env) over() bool { return x.Event.Kind == event.SyscallExit }

// returned reports whether the call has given a result to its caller.
func (x *Env) returned() bool {
	s := x.Event.Sys
	return x.over() && !s.NoReturn && !s.Detached && s.Errno < restartErrno
}

func (x *Env) result() (int64, bool) {
	if s := x.Event.Sys; s.Errno == 0 {
		return s.Ret, x.returned()
	}
	return -1, x.returned()
}

func (x *Env) errno() (int64, bool) { return int64(x.Event.Sys.Errno), x.returned() }

// restartErrno is the first of the kernel's own errors, which ask that the call be made again.
const restartErrno = 512

// status is how a call ended, in the words of -e status=.
func status(ev *event.Event) string {
	switch s := ev.Sys; {
	case ev.Kind != event.SyscallExit:
		return ""
	case s.Detached:
		return "detached"
	case s.NoReturn:
		return "unfinished"
	case s.Errno != 0: // strace counts those that are to be made again, too
		return "failed"
	}
	return "successful"
}

// argument is an argument: its register as the kernel takes it, and what it points to where
// that is a string.
func argument(x *Env, r *filter.Ref, i int) filter.Val {
	ev := x.Event
	if i > 0 {
		return filter.Val{}
	}
	a := x.engine.place(ev, r)
	if !a.ok {
		return filter.Val{}
	}
	v := number(a.reg.Value(&ev.Sys.Raw))
	if a.shown >= 0 && a.shown < len(ev.Args) && ev.Args[a.shown].Form == event.FormString {
		v.Str = ev.Args[a.shown].Data
	}
	return v
}

// place is where an argument that a condition names is in the calls of one declaration.
type place struct {
	decl  event.Decl
	abi   *arch.ABI
	reg   event.ArgReg
	shown int // its index among the decoded arguments; -1: none
	ok    bool
}

// place finds an argument, and remembers the answer for the next call of the same kind.
func (e *Engine) place(ev *event.Event, r *filter.Ref) *place {
	a := e.places[r]
	if a != nil && a.decl == ev.Sys.Decl && a.abi == ev.ABI {
		return a
	}
	if a == nil {
		a = &place{}
		e.places[r] = a
	}
	*a = place{decl: ev.Sys.Decl, abi: ev.ABI, shown: -1}
	if a.decl == nil {
		return a
	}
	if r.N > 0 {
		a.reg, a.ok = a.decl.RegArg(ev.ABI, r.N-1)
		a.shown = r.N - 1
		return a
	}
	if a.shown = a.decl.ArgIndex(r.Name); a.shown >= 0 {
		a.reg, a.ok = a.decl.ArgReg(ev.ABI, a.shown)
	}
	return a
}

// declaredFD is a descriptor among the arguments that are declared as such: those that the
// kernel can compare.
func declaredFD(x *Env, _ *filter.Ref, i int) filter.Val {
	d := x.Event.Sys.Decl
	for j := range x.Event.Args {
		v := &x.Event.Args[j]
		if v.Form != event.FormFD || int32(v.Num) < 0 || d == nil || !d.IsFD(j) {
			continue
		}
		if i == 0 {
			return number(int64(int32(v.Num)))
		}
		i--
	}
	return filter.Val{}
}

// descriptor is the nth descriptor among values and in them, counted down.
func descriptor(vs []event.Value, n *int) filter.Val {
	for j := range vs {
		v := &vs[j]
		if v.Form == event.FormFD && int32(v.Num) >= 0 {
			if *n == 0 {
				return number(int64(int32(v.Num)))
			}
			*n--
		} else if got := descriptor(v.Elem, n); got.OK {
			return got
		}
	}
	return filter.Val{}
}

// path is the nth path among values, counted down.
func (x *Env) path(vs []event.Value, n *int) filter.Val {
	for j := range vs {
		got := filter.Val{}
		switch v := &vs[j]; {
		case v.Form == event.FormFD:
			got = x.pathOf(int32(v.Num))
		case v.Form == event.FormString && v.Flags&event.FlagPath != 0:
			got = text(v.Data)
		case len(v.Elem) == 0:
			continue
		default:
			if got = x.path(v.Elem, n); got.OK {
				return got
			}
			continue
		}
		if !got.OK {
			continue
		}
		if *n == 0 {
			return got
		}
		*n--
	}
	return filter.Val{}
}

func (x *Env) pathOf(fd int32) filter.Val {
	if fd < 0 || x.engine.reg.Tasks == nil {
		return filter.Val{}
	}
	return x.answer(x.engine.reg.Tasks.Path(x.buf[:0], x.Task, fd))
}

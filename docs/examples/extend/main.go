// Extend shows how a program of its own adds to the rule language: a kind of event, a function
// for conditions, and an action. It tells which shared libraries a program loads:
//
//	go run ./docs/examples/extend ls
//
// The parser, the checker and the engine of rules learn of all three from a [follow.Registry];
// nothing of gotrace is changed.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"runtime"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// rules is what the program is for, in the extended language.
const rules = `
	on library where system(path) do note("is the system's")
	on library where not system(path) do note("comes from elsewhere")
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: extend PROGRAM [ARG]...")
		os.Exit(2)
	}
	code, err := trace(rules, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "extend:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// library happens when a task has opened a shared library. Its field may stand in conditions.
var library = &event.Kind{Name: "library", Stops: true, Fields: []event.Field{{Name: "path", Type: "string"}}}

// libraryKind is the event as rules name it. It is made of what openat opens, so that is what
// the kernel must report where a rule is on it.
func libraryKind(abis []*arch.ABI) *follow.Kind {
	k := follow.KindOf(library, "a shared library was opened")
	k.Needs = func(_ []filter.Arg, n *event.Needs) {
		for i, abi := range abis {
			if nr, ok := abi.SyscallNr("openat"); ok {
				n.Calls.Add(i, uint64(nr))
			}
		}
	}
	return k
}

// source makes the events: it stands between the session and the engine.
type source struct{ *follow.Engine }

func (s source) Handle(ev *event.Event) (event.Verdict, error) {
	v, err := s.Engine.Handle(ev)
	if err != nil || ev.Sys == nil || ev.Sys.Name != "openat" {
		return v, err
	}
	if ev.Kind == event.SyscallEnter {
		v.Resume = event.ResumeDefault // the exit is wanted here, if by no rule
		return v, nil
	}
	const pathname = 1
	if file := ev.Args[pathname].Data; ev.Sys.Errno == 0 && isLibrary(string(file)) {
		lib := *ev
		lib.Kind, lib.Sys = library, nil
		lib.Args = []event.Value{{Form: event.FormString, Name: "path", Data: file}}
		return s.Engine.Handle(&lib)
	}
	return v, nil
}

func isLibrary(file string) bool {
	base := []byte(path.Base(file))
	return bytes.HasPrefix(base, []byte("lib")) && bytes.Contains(base, []byte(".so"))
}

// system reports whether a path is below a directory of the system's libraries.
var system = &filter.Func{
	Name:   "system",
	Params: []filter.Param{{Name: "path", Type: filter.String}},
	Type:   filter.Bool,
	Doc:    "a file of the system's libraries",
	Call: func(_ filter.Env, args []filter.Val) filter.Val {
		v := filter.Val{OK: true}
		if bytes.HasPrefix(args[0].Str, []byte("/lib")) || bytes.HasPrefix(args[0].Str, []byte("/usr/lib")) {
			v.Num = 1
		}
		return v
	},
}

// noteAction writes what it is given about the library of the event.
func noteAction(w io.Writer) *follow.ActionKind {
	return &follow.ActionKind{
		Spec: &filter.ActionSpec{
			Name: "note", Doc: "write a line about the library",
			Params: []filter.Param{{Name: "text", Kind: filter.ParamString}},
		},
		New: func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			text := a.Args[0].Str
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				_, err := fmt.Fprintf(w, "%s %s\n", path.Base(string(c.Event.Args[0].Data)), text)
				return event.Verdict{}, err
			}), nil
		},
	}
}

// trace runs a program under rules and returns its exit code.
func trace(text string, argv []string, w io.Writer) (int, error) {
	abis := tracer.ABIs(ptrace.Native)
	reg := follow.Builtin()
	reg.ABIs, reg.Arch = abis, ptrace.Native
	reg.Kinds = append(reg.Kinds, libraryKind(abis))
	reg.Funcs = append(reg.Funcs, system)
	reg.Actions = append(reg.Actions, noteAction(w))

	universe := &filter.Universe{Errno: arch.ErrnoByName, Signal: arch.SignalByName}
	for _, abi := range abis {
		universe.ABIs = append(universe.ABIs, filter.ABI{Suffix: abi.Suffix, Names: abi.Syscalls})
	}
	checked, err := filter.Parse([]filter.Source{{Name: "rules", Text: text}}, reg.Schema(universe))
	if err != nil {
		return 0, err
	}
	engine, err := follow.New(checked, reg)
	if err != nil {
		return 0, err
	}
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, err
	}
	runtime.LockOSThread() // a session belongs to one thread
	defer runtime.UnlockOSThread()
	session := tracer.New(tracer.Config{
		Handler: source{engine}, Decode: decode.New(abis...), Options: decode.Options{StrLen: 4096}, Follow: true,
	})
	if _, err := session.Launch(&ptrace.Command{Path: program, Argv: argv, Env: os.Environ()}); err != nil {
		return 0, err
	}
	status, err := session.Run()
	return status.Code, err
}

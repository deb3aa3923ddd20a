package tracer_test

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// opens prints which files below /no a program opens. It needs only one system call of each task.
type opens struct{ needs event.Needs }

func (o *opens) Handle(ev *event.Event) (event.Verdict, error) {
	if ev.Kind == event.SyscallExit && strings.HasPrefix(string(ev.Args[1].Data), "/no") {
		fmt.Printf("%s of %s: failed %t\n", ev.Sys.Name, ev.Args[1].Data, ev.Sys.Errno != 0)
	}
	return event.Verdict{}, nil
}

func (o *opens) Needs(event.Task) *tracer.Needs                  { return &o.needs }
func (o *opens) Tamper(*event.Event) *event.Injection            { return nil }
func (o *opens) NewTask(_, _ event.Task, _ bool) *tracer.Needs   { return &o.needs }
func (o *opens) Exec(event.Task, int32, ...string) *tracer.Needs { return &o.needs }
func (o *opens) Drop(event.Task)                                 {}

// A program is launched and its calls of openat are shown. A session belongs to the
// thread that made it.
func Example() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	h := &opens{event.Needs{Syscalls: true}}
	abis := tracer.ABIs(ptrace.Native)
	nr, _ := abis[0].SyscallNr("openat")
	h.needs.Calls.Add(tracer.NativeABI, uint64(nr))

	s := tracer.New(tracer.Config{Handler: h, Decode: decode.New(abis...), Options: decode.Options{StrLen: 32}})
	cmd := &ptrace.Command{
		Path: "/bin/sh",
		Argv: []string{"sh", "-c", ": </no/such/file"},
		Env:  []string{"LC_ALL=C"},
	}
	if _, err := s.Launch(cmd); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := s.Run(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// openat of /no/such/file: failed true
}

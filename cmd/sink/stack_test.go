package sink

import (
	"bytes"
	"testing"

	"github.com/gotrace/gotrace/tracer/event"
)

// TestStack checks the forms of frames, and where they stand.
func TestStack(t *testing.T) {
	place := func(f string, off uint64, file string, line int) event.Place {
		return event.Place{Func: f, Off: off, File: file, Line: line}
	}
	frames := []event.Frame{
		{PC: 0x401010, Path: "/bin/a", Offset: 0x1010, Place: place("inner", 0, "a.h", 3), Inlined: true},
		{PC: 0x401010, Path: "/bin/a", Offset: 0x1010, Place: place("outer(int)", 16, "a.c", 7)},
		{PC: 0x7000, Place: place("", 0, "", 0)},
		{PC: 0x401020, Path: "/bin/b", Offset: 0x1020},
	}
	const symbol = " > /bin/a(outer(int)+0x10) [0x1010]\n > unexpected_backtracing_error [0x7000]\n > /bin/b() [0x1020]\n"
	const source = " > /bin/a(outer(int)+0x10) [0x1010] a.h:3\n > unexpected_backtracing_error [0x7000]\n > /bin/b() [0x1020]\n"
	const inline = " > /bin/a(inner) [0x1010] a.h:3 (inlined)\n > /bin/a(outer(int)+0x10) [0x1010] a.c:7\n" +
		" > unexpected_backtracing_error [0x7000]\n > /bin/b() [0x1020]\n > too many stack frames\n"
	for want, s := range map[string]*event.Stack{
		symbol: {Frames: frames},
		source: {Frames: frames, Lines: true},
		inline: {Frames: frames, Lines: true, Inline: true, More: true},
	} {
		if got := string(appendStack(nil, s)); got != want {
			t.Errorf("%+v:\n%swant\n%s", s, got, want)
		}
	}

	var out bytes.Buffer
	text := NewText(&out, TextOptions{Column: 8})
	exit := &event.Syscall{Name: "exit", Known: true, NoReturn: true}
	for _, ev := range []*event.Event{
		{Kind: event.GroupStop, Num: 19, Stack: &event.Stack{Frames: frames[3:]}},
		{Kind: event.SyscallExit, Sys: exit, Task: event.Task{TID: 1}, Stack: &event.Stack{Frames: frames[2:3]}},
		{Kind: event.Exit, Task: event.Task{TID: 2}},
		{Kind: event.Exit, Task: event.Task{TID: 1}},
	} {
		text.Write(ev)
	}
	text.Close()
	const want = "--- stopped by SIGSTOP ---\n > /bin/b() [0x1020]\nexit()  = ?\n+++ exited with 0 +++\n" +
		"+++ exited with 0 +++\n > unexpected_backtracing_error [0x7000]\n"
	if out.String() != want {
		t.Errorf("the trace is\n%swant\n%s", out.String(), want)
	}
}

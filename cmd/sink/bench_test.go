package sink

import (
	"io"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// openat is a call as the session hands it on.
func openat() (enter, exit *event.Event) {
	sys := &event.Syscall{Name: "openat", NR: 257, Known: true, Reported: true}
	args := []event.Value{
		{Form: event.FormFD, Num: ^uint64(99), Str: "AT_FDCWD"},
		{Form: event.FormString, Flags: event.FlagPath, Data: []byte("/etc/ld.so.cache")},
		{Form: event.FormFlags, Num: 3, Table: testTable},
	}
	base := event.Event{Task: event.Task{TID: 7, TGID: 7}, ABI: arch.ABIAMD64, Sys: sys, Args: args}
	in, out := base, base
	in.Kind, out.Kind = event.SyscallEnter, event.SyscallExit
	sys.RetVal = event.Value{Form: event.FormFD, Num: 3}
	return &in, &out
}

// The sinks allocate nothing per event once their buffers have grown.
func TestNoAllocation(t *testing.T) {
	enter, exit := openat()
	for name, s := range map[string]Sink{
		"text": NewText(io.Discard, TextOptions{Column: 40, PIDs: PIDColumn}),
		"json": NewJSON(io.Discard, TextOptions{}),
	} {
		n := testing.AllocsPerRun(1000, func() {
			if s.Write(enter) != nil || s.Write(exit) != nil {
				t.Error("write failed")
			}
		})
		if n > 0.01 {
			t.Errorf("%s: %v allocations per call", name, n)
		}
	}
}

func BenchmarkText(b *testing.B) { benchmarkSink(b, NewText(io.Discard, TextOptions{Column: 40})) }
func BenchmarkJSON(b *testing.B) { benchmarkSink(b, NewJSON(io.Discard, TextOptions{})) }

func benchmarkSink(b *testing.B, s Sink) {
	enter, exit := openat()
	b.ReportAllocs()
	for b.Loop() {
		if s.Write(enter) != nil || s.Write(exit) != nil {
			b.Fatal("write failed")
		}
	}
}

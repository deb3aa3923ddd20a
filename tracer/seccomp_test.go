package tracer_test

import (
	"runtime"
	"slices"
	"testing"

	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// calls keeps the names of all calls that stop, and the first arguments of write.
type calls struct {
	needs  event.Needs
	names  []string
	writes []uint64
}

func (c *calls) Handle(ev *event.Event) (event.Verdict, error) {
	if ev.Kind == event.SyscallEnter {
		c.names = append(c.names, ev.Sys.Name)
		if ev.Sys.Name == "write" {
			c.writes = append(c.writes, ev.Sys.Raw[0])
		}
	}
	return event.Verdict{}, nil
}

func (c *calls) Tamper(*event.Event) *event.Injection            { return nil }
func (c *calls) Needs(event.Task) *tracer.Needs                  { return &c.needs }
func (c *calls) NewTask(_, _ event.Task, _ bool) *tracer.Needs   { return &c.needs }
func (c *calls) Exec(event.Task, int32, ...string) *tracer.Needs { return &c.needs }
func (c *calls) Drop(event.Task)                                 {}

// TestPushDown holds that under a filter with a condition no other call stops: whatever
// stops would be an event, since all calls are of interest.
func TestPushDown(t *testing.T) {
	prog := compile(t, "writes")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	abis := tracer.ABIs(ptrace.Native)
	h := &calls{needs: event.Needs{Syscalls: true, Calls: event.CallSet{Rest: true}}}
	for i, a := range abis {
		for nr := range a.Syscalls {
			h.needs.Calls.Add(i, uint64(nr))
		}
	}
	plan := &tracer.SeccompPlan{}
	write, _ := abis[0].SyscallNr("write")
	plan.Calls.Add(tracer.NativeABI, uint64(write))
	plan.Preds.Set(tracer.NativeABI, uint64(write), &event.ArgPred{
		Op: event.ArgEQ, ArgReg: event.ArgReg{Bits: 32, Signed: true}, Mask: ^uint64(0), Num: 2,
	})

	s := tracer.New(tracer.Config{Handler: h, Decode: decode.New(abis...), Follow: true, ExitKill: true, Seccomp: plan})
	if _, err := s.Launch(&ptrace.Command{Path: prog, Argv: []string{"writes"}, Env: []string{"LC_ALL=C"}}); err != nil {
		t.Fatal(err)
	}
	st, err := s.Run()
	if err != nil || !st.Ended || st.Code != 0 {
		t.Fatal(st, err)
	}
	if want := []string{"execve", "write", "write"}; !slices.Equal(h.names, want) {
		t.Errorf("stopped for %v", h.names)
	}
	if want := []uint64{2, 0x700000002}; !slices.Equal(h.writes, want) {
		t.Errorf("writes to %#x", h.writes)
	}
}

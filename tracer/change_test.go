package tracer_test

import (
	"errors"
	"runtime"
	"syscall"
	"testing"

	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// changer does something at the entry of the write to descriptor 77.
type changer struct {
	needs event.Needs
	do    func(event.CallSetter) error
	err   error
	late  error // of a change at the exit
	exit  event.Syscall
}

func (c *changer) Handle(ev *event.Event) (event.Verdict, error) {
	if ev.Sys == nil || uint32(ev.Sys.Raw[0]) != 77 {
		return event.Verdict{}, nil
	}
	set := ev.State.(event.CallSetter)
	if ev.Kind == event.SyscallEnter {
		c.err = c.do(set)
		return event.Verdict{}, nil
	}
	c.exit = *ev.Sys
	c.late = set.SetArg(0, 1)
	return event.Verdict{}, nil
}

func (c *changer) Tamper(*event.Event) *event.Injection            { return nil }
func (c *changer) Needs(event.Task) *tracer.Needs                  { return &c.needs }
func (c *changer) NewTask(_, _ event.Task, _ bool) *tracer.Needs   { return &c.needs }
func (c *changer) Exec(event.Task, int32, ...string) *tracer.Needs { return &c.needs }
func (c *changer) Drop(event.Task)                                 {}

// TestChange changes arguments and the number of a call, by the kernel's own request and by
// registers.
func TestChange(t *testing.T) {
	through := func(s event.CallSetter) error { return errors.Join(s.SetArg(0, 50), s.SetArg(2, 3)) }
	nothing := func(event.CallSetter) error { return nil }
	none := func(s event.CallSetter) error { return s.SetNR(-1) }
	for _, c := range []struct {
		name   string
		abi    int
		old    bool
		do     func(event.CallSetter) error
		status int
		errno  syscall.Errno
	}{
		{"unchanged", tracer.NativeABI, false, nothing, 0, syscall.EBADF},
		{"arguments", tracer.NativeABI, false, through, 3, 0},
		{"arguments by registers", tracer.NativeABI, true, through, 3, 0},
		{"number", tracer.NativeABI, false, none, 0, syscall.ENOSYS},
		{"number by registers", tracer.NativeABI, true, none, 0, syscall.ENOSYS},
		{"arguments of 32 bits", tracer.CompatABI, false, through, 3, 0},
		{"arguments of 32 bits by registers", tracer.CompatABI, true, through, 3, 0},
		{"number of 32 bits", tracer.CompatABI, false, none, 0, syscall.ENOSYS},
		{"number of 32 bits by registers", tracer.CompatABI, true, none, 0, syscall.ENOSYS},
	} {
		t.Run(c.name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			argv := []string{"setarg"}
			if c.abi == tracer.CompatABI {
				skipOn(t, "no 32-bit ABI beside "+runtime.GOARCH+" is traced", runtime.GOARCH != "amd64")
				argv = append(argv, "i386")
			}
			prog := compile(t, "setarg")
			abis := tracer.ABIs(ptrace.Native)
			h := &changer{needs: event.Needs{Syscalls: true}, do: c.do}
			nr, _ := abis[c.abi].SyscallNr("write")
			h.needs.Calls.Add(c.abi, uint64(nr))

			s := tracer.New(tracer.Config{Handler: h, Decode: decode.New(abis...)})
			if c.old {
				s.OldKernel()
			}
			if _, err := s.Launch(&ptrace.Command{Path: prog, Argv: argv, Env: []string{"LC_ALL=C"}}); err != nil {
				t.Fatal(err)
			}
			st, err := s.Run()
			if err != nil || h.err != nil {
				t.Fatal(err, h.err)
			}
			if !st.Ended || st.Code != c.status || syscall.Errno(h.exit.Errno) != c.errno {
				t.Errorf("%+v, want status %d; errno %d, want %d", st, c.status, h.exit.Errno, c.errno)
			}
			if want := c.status > 0; h.exit.ArgsInjected != want {
				t.Errorf("marked as changed: %v", h.exit.ArgsInjected)
			}
			if h.late == nil {
				t.Error("an argument could be changed when the call was over")
			}
		})
	}
}

package tracer

import (
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

var planABIs = []*arch.ABI{arch.ABIAMD64, arch.ABII386}

// want is a rule on calls of both ABIs.
func want(rule string, exit bool, p *event.ArgPred, calls ...string) event.Want {
	w := event.Want{Rule: rule, Exit: exit, Kinds: []*event.Kind{event.SyscallEnter, event.SyscallExit}}
	for i, a := range planABIs {
		for _, name := range calls {
			if nr, ok := a.SyscallNr(name); ok {
				w.Calls.Add(i, uint64(nr))
				w.Preds.Set(i, uint64(nr), p)
			}
		}
	}
	return w
}

// everything is a rule on all calls.
func everything(p *event.ArgPred) event.Want {
	w := event.Want{Rule: "on syscall", Exit: true, Kinds: []*event.Kind{event.SyscallEnter, event.SyscallExit}}
	w.Calls.Rest = true
	for i := range w.Calls.Bits {
		for j := range w.Calls.Bits[i] {
			w.Calls.Bits[i][j] = ^uint64(0)
		}
		if p != nil {
			w.Preds.Set(i, 1, p)
		}
	}
	return w
}

var (
	fits  = Circumstances{Follow: true, Launched: true, Outlives: true}
	isTwo = arg1(event.ArgEQ, ^uint64(0), 2)
)

// TestForbids holds which circumstances rule a filter out, and that the first is told.
func TestForbids(t *testing.T) {
	write := want("on syscall(write)", true, nil, "write")
	with := func(change func(*Circumstances)) Circumstances {
		c := fits
		change(&c)
		return c
	}
	letsGo, signals := write, write
	letsGo.LetsGo, letsGo.Rule = true, "on syscall(write) do detach"
	signals.Signals, signals.Rule = true, "on syscall(write) do inject(signal=SIGUSR1)"
	exec := event.Want{Rule: "on exec", Kinds: []*event.Kind{event.Exec}}
	for _, c := range []struct {
		name  string
		c     Circumstances
		wants []event.Want
		why   string // part of it; "": there is a filter
	}{
		{"all is well", fits, []event.Want{write}, ""},
		{"a condition on one of all calls", fits, []event.Want{everything(isTwo)}, ""},
		{"no -f", with(func(c *Circumstances) { c.Follow = false }), []event.Want{write}, "no -f"},
		{"-p alone", with(func(c *Circumstances) { c.Launched, c.Attached = false, true }), []event.Want{write}, "only a program that gotrace starts"},
		{"-p too", with(func(c *Circumstances) { c.Attached = true }), []event.Want{write}, "(-p)"},
		{"-D", with(func(c *Circumstances) { c.Daemon = true }), []event.Want{write}, "(-D)"},
		{"-n", with(func(c *Circumstances) { c.Numbers = true }), []event.Want{write}, "(-n)"},
		{"groups", with(func(c *Circumstances) { c.Selective = true }), []event.Want{write}, "outside the groups"},
		{"mortal", with(func(c *Circumstances) { c.Outlives = false }), []event.Want{write}, "--kill-on-exit"},
		{"the first reason", with(func(c *Circumstances) { c.Follow, c.Outlives = false, false }), []event.Want{write}, "no -f"},
		{"detach", fits, []event.Want{write, letsGo}, "on syscall(write) do detach"},
		{"signal", fits, []event.Want{write, signals}, "inject(signal=SIGUSR1)"},
		{"every call", fits, []event.Want{write, everything(nil)}, "every system call is wanted"},
		{"a condition beside every call", fits, []event.Want{want("", true, isTwo, "write"), everything(nil)}, "every system call is wanted"},
	} {
		p := MakePlan(c.c, c.wants, planABIs)
		if (p.Seccomp != nil) != (c.why == "") || !strings.Contains(p.Why, c.why) || (p.Why == "") != (c.why == "") {
			t.Errorf("%s: filter %v, because %q, want %q", c.name, p.Seccomp != nil, p.Why, c.why)
		}
	}
	if p := MakePlan(fits, []event.Want{exec}, planABIs); p.Seccomp != nil || p.Why != "" {
		t.Errorf("without system calls: filter %v, because %q", p.Seccomp != nil, p.Why)
	}
}

// TestMechanisms holds what is told of each rule.
func TestMechanisms(t *testing.T) {
	mortal := Circumstances{Follow: true, Launched: true}
	big := &event.ArgPred{Op: event.ArgOr}
	for i := range int64(5000) {
		big.Sub = append(big.Sub, arg1(event.ArgEQ, ^uint64(0), 3*i))
	}
	life := event.Want{Rule: "on exec|exit", Kinds: []*event.Kind{event.Exec, event.Exit, event.Killed, event.Attach}}
	for _, c := range []struct {
		name  string
		c     Circumstances
		wants []event.Want
		text  string // of the first rule
	}{
		{"exit", fits, []event.Want{want("", true, nil, "write")},
			"seccomp filter: entry stop and exit stop of these calls, none of others (2 stops a call)"},
		{"entry", fits, []event.Want{want("", false, nil, "write")},
			"seccomp filter: entry stop of these calls, none of others (1 stop a call)"},
		{"condition", fits, []event.Want{want("", true, isTwo, "read", "write")},
			"seccomp filter: entry stop and exit stop of these calls, none of others (2 stops a call)\n" +
				"decided in the kernel: arg.1 == 2 (read, write)"},
		{"conditions of two rules", fits, []event.Want{want("", false, isTwo, "write"), want("", true, arg1(event.ArgEQ, ^uint64(0), 3), "write")},
			"seccomp filter: entry stop of these calls, none of others (1 stop a call)\n" +
				"decided in the kernel: arg.1 == 2 or arg.1 == 3 (write)"},
		{"condition that another rule undoes", fits, []event.Want{want("", false, isTwo, "write"), want("", true, nil, "write")},
			"seccomp filter: entry stop of these calls, none of others (1 stop a call)\n" +
				"nothing cheaper: another rule wants every write"},
		{"condition that is too long", fits, []event.Want{want("", false, big, "write")},
			"seccomp filter: entry stop of these calls, none of others (1 stop a call)\n" +
				"nothing cheaper: the condition on write does not fit into a seccomp filter"},
		{"many calls", fits, []event.Want{want("", false, isTwo, "read", "write", "close", "fsync", "dup", "fstat")},
			"seccomp filter: entry stop of these calls, none of others (1 stop a call)\n" +
				"decided in the kernel: arg.1 == 2 (read, write, close, fstat and 2 more)"},
		{"no filter", mortal, []event.Want{want("", false, isTwo, "write")},
			"entry stop and exit stop of every system call of its tasks, wanted or not (2 stops a call)\n" +
				"nothing cheaper: gotrace may end before the processes, which a seccomp filter leaves without system calls " +
				"(no -o, -I never, --kill-on-exit or --seccomp-bpf)"},
		{"events", fits, []event.Want{life}, "PTRACE_EVENT stop; report of a task's end, no stop; no stop of its own"},
		{"signals", mortal, []event.Want{{Kinds: []*event.Kind{event.Signal}}}, "signal-delivery stop"},
	} {
		p := MakePlan(c.c, c.wants, planABIs)
		m := p.Mechanism(&c.wants[0])
		if got := strings.Join(m.Lines(), "\n"); got != c.text {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.text)
		}
	}
}

// TestPlanReports holds that the plan's filter reports what the rules want together.
func TestPlanReports(t *testing.T) {
	p := MakePlan(fits, []event.Want{
		want("", false, isTwo, "write"),
		want("", true, arg1(event.ArgGT, ^uint64(0), 7), "write", "read"),
		want("", true, nil, "read", "close"),
	}, planABIs)
	for name, text := range map[string]string{"write": "arg.1 == 2 or arg.1 > 7", "read": "true", "close": "true", "open": ""} {
		nr, _ := arch.ABIAMD64.SyscallNr(name)
		q, ok := p.Seccomp.reported(NativeABI, arch.ABIAMD64, uint64(nr))
		if ok != (text != "") || ok && q.String() != text {
			t.Errorf("%s is reported %v, if %v; want %s", name, ok, q, text)
		}
	}
}

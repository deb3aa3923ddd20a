package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// Stepped is the name of the event of an instruction that the action step executes.
const Stepped = "stepped"

// Kinds are the events that rules may be on.
func Kinds() []*follow.Kind {
	loc := text("loc", checkLoc)
	hw := filter.Param{Name: "hw", Kind: filter.ParamWord, Optional: true, Words: []string{"hw"}}
	span := text("range", checkRange)
	span.Optional = true
	period := text("period", nil)
	period.Optional = true
	return []*follow.Kind{
		entry(stopped("bp", "control arrives at a place: a function, a line, an address; hw: by a debug register",
			breakpoint, []*event.Kind{event.Breakpoint}, []filter.Param{loc, hw}, arguments)),
		stopped("ret", "a function returns",
			at(event.Return), []*event.Kind{event.Return}, []filter.Param{text("func", checkFunc)}, arguments, result),
		stopped("watch", "memory, of a variable or at an address, is written (w, as without a word), or read or written (rw)",
			watch, []*event.Kind{event.Watch}, []filter.Param{text("addr", checkMemory), length(), access()}, memory),
		stopped("step", "an instruction was executed: of a function, a library, addresses LO-HI, or any",
			at(event.Step), []*event.Kind{event.Step}, []filter.Param{span}, instruction),
		steppedKind(),
		stopped("branch", "control went elsewhere: by a call, a return or a jump that was taken",
			at(event.Branch), []*event.Kind{event.Branch}, []filter.Param{span}, instruction, jump),
		entry(paired(stopped("call", "a library's function is called; .enter: before it runs only",
			at(event.CallEnter), []*event.Kind{event.CallEnter, event.CallExit}, []filter.Param{text("function", checkCalled)}, arguments, result, level))),
		stopped("usdt", "a static probe of the program is passed",
			at(event.USDT), []*event.Kind{event.USDT}, []filter.Param{text("probe", checkUSDT)}, arguments),
		running("perf", "a counter has counted its period; the task runs on",
			counter, event.Perf, []filter.Param{text("event", nil), checked(period, checkPeriod)}, sampled),
		running("uprobe", "control arrives at a place, or returns from FUNC%return, told by the kernel; the task runs on",
			at(event.Uprobe), event.Uprobe, []filter.Param{loc}, arguments, returned),
	}
}

// text is an argument that is anything up to the comma, or in quotes.
func text(name string, check func(*filter.Arg) (int, error)) filter.Param {
	return filter.Param{Name: name, Kind: filter.ParamText, Check: check}
}

func checked(p filter.Param, check func(*filter.Arg) (int, error)) filter.Param {
	p.Check = check
	return p
}

// probeOf is what the arguments of a rule's event ask for.
type probeOf func(args []filter.Arg) event.Probe

// stopped is an event at which its task stops. All have the fields of places.
func stopped(name, doc string, probe probeOf, made []*event.Kind, params []filter.Param, fields ...fieldSet) *follow.Kind {
	k := &follow.Kind{
		Spec: &filter.Event{Name: name, Params: params, Tasks: true, Stops: true, Doc: doc},
		Made: made,
		Get:  make(map[string]follow.Getter),
		Takes: func(ev *event.Event, args []filter.Arg) bool {
			return ev.Site != nil && slices.Contains(ev.Site.Probes, probe(args))
		},
		Needs: func(args []filter.Arg, n *event.Needs) { n.AddProbe(probe(args)) },
	}
	for _, set := range append([]fieldSet{places}, fields...) {
		for _, f := range set() {
			k.Spec.Fields = append(k.Spec.Fields, f.Spec)
			k.Get[f.Spec.Name] = f.Get
		}
	}
	return k
}

// running is an event that is told of a task which goes on.
func running(name, doc string, probe probeOf, made *event.Kind, params []filter.Param, fields ...fieldSet) *follow.Kind {
	k := stopped(name, doc, probe, []*event.Kind{made}, params, fields...)
	k.Spec.Stops = false
	return k
}

// entry marks an event that happens where a function begins.
func entry(k *follow.Kind) *follow.Kind {
	k.Spec.Entry = true
	return k
}

// paired marks one that has an entry and an exit.
func paired(k *follow.Kind) *follow.Kind {
	k.Spec.Pairs = true
	return k
}

// steppedKind is of the instructions that nothing but an action has asked for.
func steppedKind() *follow.Kind {
	k := stopped(Stepped, "an instruction was executed that the action step has asked for; it is shown if no rule is on them",
		nil, []*event.Kind{event.Step}, nil, instruction)
	k.Takes = func(ev *event.Event, _ []filter.Arg) bool { return ev.Site != nil && len(ev.Site.Probes) == 0 }
	k.Needs = nil
	return k
}

// at is a probe of which the first argument, where there is one, is all.
func at(k *event.Kind) probeOf {
	return func(args []filter.Arg) event.Probe {
		p := event.Probe{Kind: k}
		if len(args) > 0 {
			p.Loc = args[0].Str
		}
		return p
	}
}

func breakpoint(args []filter.Arg) event.Probe {
	return event.Probe{Kind: event.Breakpoint, Loc: args[0].Str, HW: len(args) > 1}
}

func watch(args []filter.Arg) event.Probe {
	p := event.Probe{Kind: event.Watch, Loc: args[0].Str, Access: event.Write}
	if len(args) > 1 {
		p.Len = uint64(args[1].Num)
	}
	if len(args) > 2 {
		p.Access = accesses[args[2].Str]
	}
	return p
}

var accesses = map[string]event.Access{"r": event.Read, "w": event.Write, "rw": event.Read | event.Write}

// Text is a probe as a rule has it.
func Text(p event.Probe) string {
	name, _, _ := strings.Cut(p.Kind.Name, ".")
	text := name + "(" + p.Loc
	if p.HW {
		text += ", hw"
	}
	if p.Len > 0 {
		text += fmt.Sprint(", ", p.Len)
	}
	return text + ")"
}

// counter is a probe of the kernel's performance events; checkPeriod has seen its period.
func counter(args []filter.Arg) event.Probe {
	period := ""
	if len(args) > 1 {
		period = args[1].Str
	}
	p, _ := event.PerfProbe(args[0].Str, period)
	return p
}

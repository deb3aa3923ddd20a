package follow_test

import (
	"fmt"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// A group of the tasks that run cc1. The engine is told of tasks and events by a session of
// package tracer, or here by hand.
func Example() {
	reg := follow.Builtin()
	reg.Actions = append(reg.Actions, &follow.ActionKind{
		Spec: &filter.ActionSpec{Name: "print"},
		New: func(*follow.Binder, *filter.Action) (follow.Action, error) {
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				fmt.Printf("%s: task %d gets signal %d\n", c.Rule.Spec.In, c.Event.Task.TID, c.Event.Num)
				return event.Verdict{}, nil
			}), nil
		},
	})
	schema := reg.Schema(&filter.Universe{Signal: arch.SignalByName, Errno: arch.ErrnoByName})
	rules, err := filter.Parse([]filter.Source{{Name: "example", Text: `
		group compilers = exec glob "cc1" follow threads
		on signal(TERM) in compilers do print
	`}}, schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := follow.New(rules, reg)
	if err != nil {
		fmt.Println(err)
		return
	}
	build, compiler := event.Task{TID: 1, TGID: 1}, event.Task{TID: 2, TGID: 2}
	e.NewTask(build, event.Task{}, false)
	e.NewTask(compiler, build, false)
	e.Exec(compiler, 2, "/usr/lib/gcc/cc1")
	for _, t := range []event.Task{build, compiler} {
		if _, err := e.Handle(&event.Event{Kind: event.Signal, Task: t, Num: 15}); err != nil {
			fmt.Println(err)
		}
	}
	// Output: compilers: task 2 gets signal 15
}

package follow_test

import (
	"fmt"
	"path"

	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

// A group of the tasks that run cc1. The engine is told of tasks and events by a session of
// package tracer, or here by hand.
func Example() {
	e := follow.New(&follow.Group{
		Name: "compilers",
		Admit: follow.Membership{Exec: func(names []string) (match, keep bool) {
			return path.Base(names[0]) == "cc1", false
		}},
		Rules: []*follow.Rule{{
			On: []*event.Kind{event.Signal},
			Do: []follow.Action{follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				fmt.Printf("%s: task %d gets signal %d\n", c.Group.Name, c.Event.Task.TID, c.Event.Num)
				return event.Verdict{}, nil
			})},
		}},
	})
	build, compiler := event.Task{TID: 1}, event.Task{TID: 2}
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

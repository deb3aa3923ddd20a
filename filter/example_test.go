package filter_test

import (
	"fmt"

	"github.com/gotrace/gotrace/filter"
)

// An expression is read against the calls, signals and errors that the caller knows.
func Example() {
	u := &filter.Universe{
		ABIs:   []filter.ABI{{Suffix: "64", Names: []string{"read", "write", "open", "close", "stat"}}},
		Signal: func(name string) (int, bool) { return 2, name == "INT" },
		Errno:  func(name string) (int, bool) { return 2, name == "ENOENT" },
	}
	q := filter.NewQualifiers(u)
	for _, e := range []string{"trace=%file,read", "signal=INT", "inject=open:error=ENOENT:when=3+", "exec=cc1"} {
		if err := q.Parse(e); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(q.Trace.Has(0, 0), q.Trace.Has(0, 1), q.Trace.Has(0, 2))
	fmt.Println(q.Parse("trace=opne"))
	// Output:
	// true false true
	// invalid system call 'opne'
}

package sink

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

var summaryDefault = []string{"time-percent", "total-time", "avg-time", "calls", "errors", "name"}

func TestSummary(t *testing.T) {
	calls := []struct {
		name  string
		nr    uint64
		spent time.Duration
		errno int
	}{
		{"openat", 257, 30 * time.Microsecond, 0},
		{"openat", 257, 10 * time.Microsecond, 2},
		{"close", 3, 0, 0},
		{"read", 0, 60 * time.Microsecond, 0},
		{"sched_get_priority_max", 146, 0, 0},
		{"", 9999, time.Second, 38},
	}
	for _, c := range []struct {
		o    SummaryOptions
		want string
	}{
		{SummaryOptions{Sort: "time-percent", Columns: summaryDefault}, `
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- -----------------------
 60.00    0.000060          60         1           read
 40.00    0.000040          20         2         1 openat
  0.00    0.000000           0         1           close
  0.00    0.000000           0         1           sched_get_priority_max
------ ----------- ----------- --------- --------- -----------------------
100.00    0.000100          20         5         1 total
`},
		{SummaryOptions{Sort: "name", Columns: []string{"name", "min-time", "max-time", "calls"}, Overhead: 10 * time.Microsecond}, `
syscall                 shortest  longest     calls
----------------------- -------- -------- ---------
close                   0.000000 0.000000         1
openat                  0.000000 0.000020         2
read                    0.000050 0.000050         1
sched_get_priority_max  0.000000 0.000000         1
----------------------- -------- -------- ---------
total                   0.000000 0.000050         5
`},
	} {
		var out strings.Builder
		s := NewSummary(&out, c.o)
		for i, k := range calls {
			ev := &event.Event{Seq: uint64(i + 1), Kind: event.SyscallExit, ABI: arch.ABIAMD64, Sys: &event.Syscall{
				Name: k.name, NR: k.nr, Class: k.nr, Known: k.name != "", CPUTime: k.spent, Errno: k.errno,
			}}
			// Two rules may want the same call counted.
			if err := errors.Join(s.Write(ev), s.Write(ev)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got := "\n" + out.String(); got != c.want {
			t.Errorf("sorted by %s: got%swant%s", c.o.Sort, got, c.want)
		}
	}
}

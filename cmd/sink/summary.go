package sink

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gotrace/gotrace/tracer/event"
)

// SummaryOptions say what a summary counts and how it is shown.
type SummaryOptions struct {
	Wall     bool          // -w: from entry to exit, not the system time
	Overhead time.Duration // -O: taken off each call
	Sort     string        // a column's name, or "nothing"
	Columns  []string
}

// Summary counts calls, their time and their errors, as -c shows them.
type Summary struct {
	o    SummaryOptions
	w    io.Writer
	abis []*abiCounts // in the order of their first call
	last uint64       // event counted
}

type abiCounts struct {
	name  string // of the ABI, as it is shown
	calls map[uint64]*callCount
}

// callCount is one row.
type callCount struct {
	nr              uint64
	name            string
	n, errors       uint64
	total, min, max time.Duration
}

// NewSummary returns a summary that is written to w when it is closed.
func NewSummary(w io.Writer, o SummaryOptions) *Summary { return &Summary{o: o, w: w} }

// Write counts a call that came to its end, once if it is written again. Like strace, it
// leaves out numbers that are no call's.
func (s *Summary) Write(ev *event.Event) error {
	if ev.Kind != event.SyscallExit || ev.Sys.NoReturn || ev.Sys.Detached || !ev.Sys.Known || ev.Seq == s.last {
		return nil
	}
	s.last = ev.Seq
	c := s.count(ev)
	d := ev.Sys.CPUTime
	if s.o.Wall {
		d = ev.Dur
	}
	d = max(d-s.o.Overhead, 0)
	if c.n == 0 || d < c.min {
		c.min = d
	}
	c.max = max(c.max, d)
	c.total += d
	c.n++
	if ev.Sys.Errno != 0 {
		c.errors++
	}
	return nil
}

// count finds the row of a call.
func (s *Summary) count(ev *event.Event) *callCount {
	var a *abiCounts
	for _, k := range s.abis {
		if k.name == ev.ABI.Name {
			a = k
		}
	}
	if a == nil {
		a = &abiCounts{name: ev.ABI.Name, calls: make(map[uint64]*callCount)}
		s.abis = append(s.abis, a)
	}
	c := a.calls[ev.Sys.Class]
	if c == nil {
		c = &callCount{nr: ev.Sys.Class, name: ev.Sys.Name}
		a.calls[ev.Sys.Class] = c
	}
	return c
}

// Flush does nothing: a summary is shown at its end.
func (s *Summary) Flush() error { return nil }

// Close writes the tables: one for each ABI, the native one's without a heading.
func (s *Summary) Close() error {
	var b []byte
	slices.SortStableFunc(s.abis, func(a, b *abiCounts) int { return -cmp.Compare(a.name, b.name) })
	for _, a := range s.abis {
		if a.name != "64 bit" {
			b = fmt.Appendf(b, "System call usage summary for %s mode:\n", a.name)
		}
		b = s.table(b, a)
	}
	if len(b) == 0 {
		return nil
	}
	_, err := s.w.Write(b)
	return err
}

// column is how one is shown: its heading, the width, and a cell.
type column struct {
	name, head string
	width      int
	cell       func(c *callCount, total time.Duration) string
	less       func(a, b *callCount) int
}

const nameWidth = 16

var summaryColumns = []column{
	{"time-percent", "% time", 6, func(c *callCount, total time.Duration) string {
		if total == 0 {
			return "0.00"
		}
		return fmt.Sprintf("%.2f", 100*c.total.Seconds()/total.Seconds())
	}, byTotal},
	{"total-time", "seconds", 11, func(c *callCount, _ time.Duration) string { return fmt.Sprintf("%.6f", c.total.Seconds()) }, byTotal},
	{"min-time", "shortest", 8, func(c *callCount, _ time.Duration) string { return fmt.Sprintf("%.6f", c.min.Seconds()) },
		func(a, b *callCount) int { return -cmp.Compare(a.min, b.min) }},
	{"max-time", "longest", 8, func(c *callCount, _ time.Duration) string { return fmt.Sprintf("%.6f", c.max.Seconds()) },
		func(a, b *callCount) int { return -cmp.Compare(a.max, b.max) }},
	{"avg-time", "usecs/call", 11, func(c *callCount, _ time.Duration) string { return fmt.Sprint(c.average().Microseconds()) },
		func(a, b *callCount) int { return -cmp.Compare(a.average(), b.average()) }},
	{"calls", "calls", 9, func(c *callCount, _ time.Duration) string { return fmt.Sprint(c.n) },
		func(a, b *callCount) int { return -cmp.Compare(a.n, b.n) }},
	{"errors", "errors", 9, func(c *callCount, _ time.Duration) string {
		if c.errors == 0 {
			return ""
		}
		return fmt.Sprint(c.errors)
	}, func(a, b *callCount) int { return -cmp.Compare(a.errors, b.errors) }},
	{"name", "syscall", nameWidth, func(c *callCount, _ time.Duration) string { return c.name },
		func(a, b *callCount) int { return cmp.Compare(a.name, b.name) }},
}

func byTotal(a, b *callCount) int { return -cmp.Compare(a.total, b.total) }

func (c *callCount) average() time.Duration {
	if c.n == 0 {
		return 0
	}
	return c.total / time.Duration(c.n)
}

func findColumn(name string) *column {
	for i := range summaryColumns {
		if summaryColumns[i].name == name {
			return &summaryColumns[i]
		}
	}
	return nil
}

// table appends one ABI's table.
func (s *Summary) table(b []byte, a *abiCounts) []byte {
	rows := make([]*callCount, 0, len(a.calls))
	sum := &callCount{name: "total"}
	width := nameWidth
	for _, c := range a.calls {
		rows = append(rows, c)
		width = max(width, len(c.name)+1)
		if sum.n == 0 || c.min < sum.min {
			sum.min = c.min
		}
		sum.max = max(sum.max, c.max)
		sum.total += c.total
		sum.n += c.n
		sum.errors += c.errors
	}
	slices.SortFunc(rows, func(x, y *callCount) int { return cmp.Compare(x.nr, y.nr) })
	if col := findColumn(s.o.Sort); col != nil {
		slices.SortStableFunc(rows, col.less)
	}
	var cols []column
	for _, name := range s.o.Columns {
		col := *findColumn(name)
		if name == "name" {
			col.width = width
		}
		cols = append(cols, col)
	}
	rule := func(col *column, _ bool) string { return strings.Repeat("-", col.width) }
	b = appendRow(b, cols, func(col *column, last bool) string { return pad(col, col.head, last) })
	b = appendRow(b, cols, rule)
	for _, c := range rows {
		b = appendRow(b, cols, func(col *column, last bool) string { return pad(col, col.cell(c, sum.total), last) })
	}
	b = appendRow(b, cols, rule)
	return appendRow(b, cols, func(col *column, last bool) string {
		if col.name == "time-percent" {
			return pad(col, "100.00", last)
		}
		return pad(col, col.cell(sum, sum.total), last)
	})
}

// pad fills a cell: names at the left, numbers at the right.
func pad(col *column, text string, last bool) string {
	switch {
	case col.name == "name" && last:
		return text
	case col.name == "name":
		return fmt.Sprintf("%-*s", col.width, text)
	}
	return fmt.Sprintf("%*s", col.width, text)
}

func appendRow(b []byte, cols []column, cell func(col *column, last bool) string) []byte {
	for i := range cols {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, cell(&cols[i], i == len(cols)-1)...)
	}
	return append(b, '\n')
}

// Followed is a sink behind whose output that of another one follows when both are closed: -C.
type Followed struct {
	Sink
	Tail Sink
}

// SetTasks tells the sink how many tasks are traced.
func (f *Followed) SetTasks(n int) {
	if x, ok := f.Sink.(interface{ SetTasks(int) }); ok {
		x.SetTasks(n)
	}
}

// Renumber tells the sink that a task goes on under another id.
func (f *Followed) Renumber(from, to int32) {
	if x, ok := f.Sink.(interface{ Renumber(from, to int32) }); ok {
		x.Renumber(from, to)
	}
}

// Close closes both.
func (f *Followed) Close() error {
	err := f.Sink.Close()
	if e := f.Tail.Close(); err == nil {
		err = e
	}
	return err
}

package follow

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/gotrace/gotrace/filter"
)

// Table is what a count or hist action has gathered.
type Table struct {
	Title string   // the rule
	Keys  []string // what it is counted by, as written
	Hist  bool     // the rows are ranges of values, [Low, Low*2)
	Type  filter.Type
	rows  map[string]*Row
}

// Row is one line of a Table.
type Row struct {
	Key   []string
	Low   int64 // Hist
	Count uint64
}

// maxRows bounds a table; what does not fit is counted in one last row.
const maxRows = 10000

// Rows lists the rows: the most frequent first, those of a histogram in order of value.
func (t *Table) Rows() []Row {
	var rows []Row
	for _, r := range t.rows {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		if t.Hist {
			return cmp.Compare(a.Low, b.Low)
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Key, b.Key))
	})
	return rows
}

// tally is a count action.
type tally struct {
	table *Table
	by    []*filter.Program
	key   []byte
}

// add counts the row of the context's event.
func (t *tally) add(c *Context) {
	t.key = t.key[:0]
	for _, p := range t.by {
		t.key = appendVal(t.key, p.Type(), c.Eval(p))
		t.key = append(t.key, 0)
	}
	row := t.table.rows[string(t.key)]
	if row == nil {
		if len(t.table.rows) >= maxRows {
			t.key = append(append(t.key[:0], "(others)"...), make([]byte, len(t.by))...)
			row = t.table.rows[string(t.key)]
		}
		if row == nil {
			row = &Row{Key: fieldsOf(t.key, len(t.by))}
			t.table.rows[string(t.key)] = row
		}
	}
	row.Count++
}

// fieldsOf splits a key whose parts end in a NUL.
func fieldsOf(key []byte, n int) []string {
	parts := make([]string, 0, n)
	for begin, i := 0, 0; i < len(key) && len(parts) < n; i++ {
		if key[i] == 0 {
			parts = append(parts, string(key[begin:i]))
			begin = i + 1
		}
	}
	return parts
}

// appendVal appends a value as people read it. A NUL in a string ends it.
func appendVal(b []byte, t filter.Type, v filter.Val) []byte {
	switch {
	case !v.OK:
		return append(b, '-')
	case v.Str != nil:
		for _, c := range v.Str {
			if c == 0 {
				break
			}
			b = append(b, c)
		}
		return b
	case t == filter.Duration:
		return append(b, time.Duration(v.Num).String()...)
	}
	return strconv.AppendInt(b, v.Num, 10)
}

// histogram is a hist action: rows are powers of two.
type histogram struct {
	table *Table
	of    *filter.Program
}

func (h *histogram) add(c *Context) {
	v := c.Eval(h.of)
	if !v.OK {
		return
	}
	low := int64(0)
	if v.Num != 0 {
		low = 1
		n := v.Num
		if n < 0 {
			low, n = -1, -n
		}
		for ; n > 1; n >>= 1 {
			low <<= 1
		}
	}
	key := strconv.AppendInt(make([]byte, 0, 20), low, 10)
	row := h.table.rows[string(key)]
	if row == nil {
		row = &Row{Low: low}
		h.table.rows[string(key)] = row
	}
	row.Count++
}

package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gotrace/gotrace/cmd/sink"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
)

// tables is what the count and hist actions have gathered, as text or as JSON lines.
func (r *run) tables() []byte {
	var b bytes.Buffer
	for _, t := range r.engine.Tables() {
		if r.o.JSON {
			jsonTable(&b, t)
		} else {
			textTable(&b, t)
		}
	}
	return b.Bytes()
}

func textTable(w io.Writer, t *follow.Table) {
	fmt.Fprintf(w, "%s:\n", t.Title)
	rows := t.Rows()
	if t.Hist {
		histText(w, t, rows)
		return
	}
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(tw, "%10s\t%s\n", "count", strings.Join(t.Keys, "\t"))
	for _, row := range rows {
		fmt.Fprintf(tw, "%10d\t%s\n", row.Count, strings.Join(row.Key, "\t"))
	}
	tw.Flush()
}

// histBar is the width of the longest bar.
const histBar = 40

func histText(w io.Writer, t *follow.Table, rows []follow.Row) {
	most := uint64(1)
	for _, row := range rows {
		most = max(most, row.Count)
	}
	fmt.Fprintf(w, "%24s  %10s\n", t.Keys[0], "count")
	for _, row := range rows {
		bar := strings.Repeat("*", int((row.Count*histBar+most-1)/most))
		fmt.Fprintf(w, "%24s  %10d  %s\n", histRange(t, row.Low), row.Count, bar)
	}
}

// histRange is the values that a row counts.
func histRange(t *follow.Table, low int64) string {
	show := func(n int64) string {
		if t.Type == filter.Duration {
			return time.Duration(n).String()
		}
		return fmt.Sprint(n)
	}
	switch {
	case low == 0:
		return show(0)
	case low < 0:
		return fmt.Sprintf("(%s, %s]", show(2*low), show(low))
	}
	return fmt.Sprintf("[%s, %s)", show(low), show(2*low))
}

// jsonTable writes one object a row.
func jsonTable(w io.Writer, t *follow.Table) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, row := range t.Rows() {
		o := map[string]any{"v": sink.SchemaVersion, "event": "table", "rule": t.Title, "count": row.Count}
		if t.Hist {
			o["of"], o["from"] = t.Keys[0], row.Low
		} else {
			by := make(map[string]string)
			for i, k := range t.Keys {
				by[k] = row.Key[i]
			}
			o["by"] = by
		}
		enc.Encode(o) // a map of numbers and strings, into memory
	}
}

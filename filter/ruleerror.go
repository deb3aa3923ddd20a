package filter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RuleError is what is wrong with a rule.
type RuleError struct {
	At   Pos
	Msg  string // one line, lower case
	Line string // the source line

	source, off int // for the order
}

// Error has the position and the message, the source line, and a line with a caret.
func (e *RuleError) Error() string {
	col := min(e.At.Col-1, len(e.Line))
	var caret strings.Builder
	for _, r := range e.Line[:col] {
		if r != '\t' {
			r = ' '
		}
		caret.WriteRune(r)
	}
	return fmt.Sprintf("%s: %s\n%s\n%s^", e.At, e.Msg, printable(e.Line), caret.String())
}

// printable puts a question mark in the place of what would move a terminal's cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) {
			return '?'
		}
		return r
	}, s)
}

// String is FILE:LINE:COL; of an option, which is one line, the line is left out.
func (p Pos) String() string {
	if strings.HasPrefix(p.Source, "-") && p.Line == 1 {
		return fmt.Sprintf("%s:%d", p.Source, p.Col)
	}
	return fmt.Sprintf("%s:%d:%d", p.Source, p.Line, p.Col)
}

// Errors is all that is wrong with the rules, in the order of the sources.
type Errors []*RuleError

func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap lists the errors, for package errors.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, err := range e {
		list[i] = err
	}
	return list
}

// source is text that is read, and its place in the order of all.
type source struct {
	Source
	index int
	via   string // of a canonical set: where it is used
}

// at is the position of an offset.
func (s *source) at(off int) Pos {
	before := s.Text[:off]
	return Pos{s.Name, strings.Count(before, "\n") + 1, off - strings.LastIndexByte(before, '\n')}
}

// line is the line around an offset.
func (s *source) line(off int) string {
	start := strings.LastIndexByte(s.Text[:off], '\n') + 1
	line, _, _ := strings.Cut(s.Text[start:], "\n")
	return strings.TrimSuffix(line, "\r")
}

// report adds an error at an offset, unless it is known.
func (c *checker) report(s *source, off int, format string, args ...any) {
	off = min(off, len(s.Text))
	e := &RuleError{At: s.at(off), Msg: printable(fmt.Sprintf(format, args...) + s.via), Line: s.line(off), source: s.index, off: off}
	if !slices.ContainsFunc(c.errs, func(o *RuleError) bool { return *o == *e }) {
		c.errs = append(c.errs, e)
	}
}

// err returns what was reported, in order.
func (c *checker) err() error {
	if len(c.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(c.errs, func(a, b *RuleError) int {
		if a.source != b.source {
			return a.source - b.source
		}
		return a.off - b.off
	})
	return c.errs
}

// Nearest returns "; did you mean X?" for the name most like a misspelt one, or "".
func Nearest(name string, names []string) string {
	best, bestDist := "", (len(name)+2)/3+1
	low := strings.ToLower(name)
	for _, n := range names {
		if diff := len(n) - len(name); diff >= bestDist || -diff >= bestDist {
			continue
		}
		if d := distance(low, strings.ToLower(n)); d < bestDist {
			best, bestDist = n, d
		}
	}
	if best == "" || best == name || bestDist >= utf8.RuneCountInString(name) {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance is the number of letters to insert, delete, change or swap with their
// neighbour (Damerau and Levenshtein's, of restricted edits).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// oneOf lists alternatives: 'a', 'b' or 'c'.
func oneOf(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + w + "'"
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}

package filter_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/filter"
)

// FuzzLex holds that every text is cut into lexemes, to its end.
func FuzzLex(f *testing.F) {
	for _, c := range cases(f, "testdata/rules/print.txt") {
		f.Add(c[0])
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n := len(filter.Lex(text)); n > 2*len(text)+1 {
			t.Errorf("%d lexemes in %q", n, text)
		}
	})
}

// FuzzRules holds that every text is rules that are written as what is read as the same
// rules, or is wrong at places inside of it.
func FuzzRules(f *testing.F) {
	for _, file := range []string{"print", "errors"} {
		for _, c := range cases(f, "testdata/rules/"+file+".txt") {
			f.Add(c[0])
		}
	}
	s := schema()
	read := func(text string) (*filter.Rules, error) {
		return filter.Parse([]filter.Source{{Name: "t.rules", Text: text}}, s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := read(text)
		if err != nil {
			positions(t, text, err)
			return
		}
		again, err := read(r.String())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, r, err)
		}
		if again.String() != r.String() {
			t.Fatalf("%q is written as %q and that as %q", text, r, again)
		}
	})
}

// positions holds that mistakes are inside of the text that they are in.
func positions(t *testing.T, text string, err error) {
	var list filter.Errors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("%q: %T without a position", text, err)
	}
	lines := strings.Split(text, "\n")
	for _, e := range list {
		if strings.Contains(e.Msg, "\n") || !strings.HasSuffix(e.Error(), "^") {
			t.Errorf("%q: %v", text, e)
		}
		if e.At.Source != "t.rules" {
			continue
		}
		if e.At.Line < 1 || e.At.Line > len(lines) || e.At.Col < 1 || e.At.Col > len(lines[e.At.Line-1])+1 {
			t.Errorf("%q: %v", text, e)
		}
	}
}

// chooser makes choices of a stream of bytes; when it is used up they are the first ones.
type chooser struct{ data []byte }

func (c *chooser) of(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return int(b) % n
}

func (c *chooser) pick(list ...string) string { return list[c.of(len(list))] }

// condition makes a condition on system calls.
func (c *chooser) condition(depth int) string {
	if depth == 0 {
		return c.comparison()
	}
	switch c.of(8) {
	case 0, 1:
		return c.comparison()
	case 2:
		return "not (" + c.condition(depth-1) + ")"
	case 3:
		return c.number(1)
	case 4, 5:
		return "(" + c.condition(depth-1) + ") and (" + c.condition(depth-1) + ")"
	default:
		return c.condition(depth-1) + " or " + c.condition(depth-1)
	}
}

func (c *chooser) comparison() string {
	switch c.of(9) {
	case 0, 1, 2:
		return c.number(2) + c.pick(" == ", " != ", " < ", " <= ", " > ", " >= ") + c.constant()
	case 3:
		return c.number(2) + c.pick(" == ", " != ", " < ", " >= ") + c.number(1)
	case 4, 5:
		lo := c.of(6) - 2
		return fmt.Sprintf("%s in (%s, %d..%d)", c.number(2), c.constant(), lo, lo+c.of(20))
	case 6:
		return c.text() + c.pick(" == ", " != ", " contains ", " startswith ", " endswith ") + c.pick(`"a"`, `"ab"`, `""`, "comm", "name")
	case 7:
		return c.text() + c.pick(" ~ /a/", " ~ /^a/", " ~ /b$/", " ~ /^ab$/", " ~ /(?i)A|b$/", ` glob "a*"`, ` glob "*b"`,
			` glob "a?"`, ` glob "/a/*"`, ` glob "[^b-c]b"`, ` glob "*"`, ` glob "*a*"`, ` glob "\\a[c-b]"`)
	}
	return c.text() + " in (" + c.pick(`"a"`, "comm") + ", " + c.pick(`"ab"`, "name", `"b"`) + ")"
}

func (c *chooser) constant() string {
	return c.pick("0", "1", "2", "3", "4", "7", "-1", "-2", "O_CREAT", "0x7fffffffffffffff", "-0x7fffffffffffffff - 1")
}

// number makes a number.
func (c *chooser) number(depth int) string {
	field := c.pick("arg.1", "arg.2", "arg.fd", "fd", "fd", "ret", "errno", "pid", "arg.flags")
	if depth == 0 {
		return field
	}
	switch c.of(7) {
	case 0:
		return field + " & " + c.pick("1", "3", "O_CREAT", "0xff", "-2", "0xffff", "0")
	case 1:
		return field + c.pick(" + ", " - ") + c.constant()
	case 2:
		return "-" + field
	case 3:
		return "max(" + c.number(depth-1) + ", " + c.constant() + ")"
	}
	return field
}

func (c *chooser) text() string { return c.pick("path", "comm", "name", "argv", "arg.1", "str(arg.1)") }

// event makes an event; of each field there may be nothing.
func (c *chooser) event() env {
	e := env{}
	num := func(name string, n int) {
		for range c.of(n + 1) {
			e[name] = append(e[name], []any{0, 1, 2, 3, 4, 7, 8, -1, -2, 0o100, -1 << 63, 1<<63 - 1}[c.of(12)])
		}
	}
	text := func(name string, n int) {
		for range c.of(n + 1) {
			e[name] = append(e[name], []any{"", "a", "ab", "b", "/a/ab", "/a/b/", "\xff"}[c.of(7)])
		}
	}
	for _, name := range []string{"arg.2", "arg.fd", "ret", "errno", "pid", "arg.flags"} {
		num(name, 1)
	}
	num("fd", 3)
	for _, name := range []string{"comm", "name", "arg.1"} {
		text(name, 1)
	}
	if c.of(2) == 1 {
		delete(e, "arg.1")
		num("arg.1", 1)
	}
	text("path", 3)
	text("argv", 2)
	return e
}

// agree makes a condition and events of the bytes and holds that Match, the second
// opinion, the predicate and the halves of the condition agree about them. It reports
// whether it was a condition, which decides something on registers.
func agree(t *testing.T, s *filter.Schema, data []byte) (ok, decides bool) {
	c := &chooser{data}
	expr := c.condition(c.of(4))
	p, err := filter.ParseExpr(expr, s, s.Event("syscall"))
	if err != nil {
		return false, false // two fields with several values
	}
	pred, exact := p.PredExact()
	entry, exit := p.Split()
	again, err := filter.ParseExpr(p.String(), s, s.Event("syscall"))
	if err != nil || again.String() != p.String() {
		t.Fatalf("%s is written as %s: %v", expr, p, err)
	}
	for range 4 {
		e := c.event()
		match := p.Match(e)
		if why := p.Never(); match && why != "" {
			t.Fatalf("%s\nholds of %v, but %s", expr, e, why)
		}
		if second := p.Interpret(e); match != second {
			t.Fatalf("%s\nof %v: %v, in the second opinion %v", expr, e, match, second)
		}
		if holds := pred.Match(e); match && !holds || exact && match != holds {
			t.Fatalf("%s\nof %v: %v, but %v (exact: %v) of the predicate %s", expr, e, match, holds, exact, pred)
		}
		if halves := (entry == nil || entry.Match(e)) && (exit == nil || exit.Match(e)); halves != match {
			t.Fatalf("%s\nof %v: %v, but %v of %v and %v", expr, e, match, halves, entry, exit)
		}
		if again.Match(e) != match {
			t.Fatalf("%s and %s differ of %v", expr, p, e)
		}
	}
	return true, pred.Op != filter.PredTrue
}

// TestAgree looks at many conditions; the fuzz target finds stranger ones.
func TestAgree(t *testing.T) {
	s := schema()
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 160)
	read, decided := 0, 0
	for range 5000 {
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		ok, decides := agree(t, s, data)
		if ok {
			read++
		}
		if decides {
			decided++
		}
	}
	if read < 3000 || decided < 1000 {
		t.Errorf("of 5000 conditions %d were read, %d decide something on registers", read, decided)
	}
}

func FuzzPred(f *testing.F) {
	s := schema()
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) { agree(t, s, data) })
}

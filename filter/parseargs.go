package filter

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// arguments reads what stands in parentheses, of which the first is the current lexeme.
func (p *parser) arguments(r *ruleStmt, what string, params, options []Param) []argStmt {
	pos := p.tok.pos
	var args []argStmt
	given := 0
	for more := p.peek() != ')'; more; more = p.tok.is(",") {
		param, name, ok := p.parameter(what, params, options, given)
		at := p.skipBlanks()
		if !ok {
			r.broken = true
			if _, _, ok := p.raw(true); !ok {
				p.fail(at, "expected ')'")
			}
			p.advance()
			continue
		}
		if name == "" || param.Kind == ParamPair {
			given++
		} else if slices.ContainsFunc(args, func(a argStmt) bool { return a.Param == param }) {
			p.c.report(p.src, at, "%s: %s= is given twice", what, name)
		}
		a := argStmt{Arg: Arg{Param: param, Name: name}, pos: at}
		p.argument(&a, r)
		p.verify(&a, r)
		args = append(args, a)
		if !p.tok.is(",") && !p.tok.is(")") {
			p.unexpected(",", ")")
		}
	}
	if len(args) == 0 && p.tok.is("(") {
		p.advance()
	}
	p.expect(")")
	p.required(r, what, pos, params, options, args)
	return args
}

// skipBlanks returns where the next argument begins.
func (p *parser) skipBlanks() int {
	p.peek()
	return p.off
}

// parameter finds what the next argument is for, by its name or by its position. It
// reads NAME=.
func (p *parser) parameter(what string, params, options []Param, given int) (*Param, string, bool) {
	at := p.skipBlanks()
	next := (*Param)(nil)
	if n := len(params); given < n {
		next = &params[given]
	} else if n > 0 && params[n-1].Repeat {
		next = &params[n-1]
	}
	pair := next != nil && next.Kind == ParamPair
	if pair || len(options) > 0 {
		if name := p.assignment(); name != "" {
			for i := range options {
				if options[i].Name == name {
					return &options[i], name, true
				}
			}
			if pair {
				return next, name, true
			}
			p.c.report(p.src, at, "%s has no option '%s'%s", what, name, Nearest(name, paramNames(options)))
			return nil, "", false
		}
	}
	switch {
	case next == nil && len(params) == 0 && len(options) > 0:
		p.c.report(p.src, at, "%s takes options: %s=", what, strings.Join(paramNames(options), "=, "))
	case next == nil && len(params) == 0:
		p.c.report(p.src, at, "%s takes no arguments", what)
	case next == nil:
		p.c.report(p.src, at, "too many arguments: %s takes %s", what, arity(paramNames(params)))
	case pair:
		p.c.report(p.src, at, "%s: expected NAME=VALUE", what)
	default:
		return next, "", true
	}
	return nil, "", false
}

// assignment reads NAME= if that is next.
func (p *parser) assignment() string {
	start := p.skipBlanks()
	end := p.nameEnd(start)
	eq := end + len(p.text[end:]) - len(strings.TrimLeft(p.text[end:], " \t"))
	rest := p.text[eq:]
	if end == start || !isLetter(p.text[start]) || !strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, "==") {
		return ""
	}
	p.off = eq + 1
	return p.text[start:end]
}

func paramNames(params []Param) []string {
	names := make([]string, len(params))
	for i := range params {
		names[i] = params[i].Name
	}
	return names
}

// required reports what is missing.
func (p *parser) required(r *ruleStmt, what string, pos int, params, options []Param, args []argStmt) {
	for i := range params {
		q := &params[i]
		if q.Optional || q.Repeat || slices.ContainsFunc(args, func(a argStmt) bool { return a.Param == q }) {
			continue
		}
		if !r.broken {
			p.c.report(p.src, pos, "%s needs %s", what, arity(paramNames(needed(params))))
		}
		r.broken = true
		return
	}
	if len(params) == 0 && len(options) > 0 && len(args) == 0 && !r.broken {
		p.c.report(p.src, pos, "%s needs an option: %s=", what, strings.Join(paramNames(options), "=, "))
	}
}

// needed lists the arguments that must be there.
func needed(params []Param) []Param {
	return slices.DeleteFunc(slices.Clone(params), func(q Param) bool { return q.Optional || q.Repeat })
}

// missing checks an event or action without parentheses.
func (p *parser) missing(r *ruleStmt, what string, pos int, params, options []Param) {
	p.required(r, what, pos, params, options, nil)
}

// skipArgs skips parentheses whose meaning is not known.
func (p *parser) skipArgs() {
	if _, pos, ok := p.raw(false); !ok {
		p.fail(pos, "expected ')'")
	}
	p.advance()
	p.expect(")")
}

// argument reads one; what is before it is the current lexeme, and then what is behind it.
func (p *parser) argument(a *argStmt, r *ruleStmt) {
	switch a.Param.Kind {
	case ParamSyscalls, ParamSignals, ParamPoke:
		p.setArgument(a, r)
	case ParamText:
		if c := p.peek(); c == '"' || c == '\'' {
			p.advance()
			a.Str = p.constText(a.Param.Name)
			return
		}
		a.Str, a.pos = p.rawText(true)
		p.advance()
	case ParamString:
		p.advance()
		a.Str = p.constText("a string for '" + a.Param.Name + "'")
	case ParamWord:
		p.advance()
		if p.tok.kind == lexString {
			a.Str = p.constText(a.Param.Name)
			return
		}
		a.Str, _ = p.name("a name or a string")
	case ParamRule, ParamGroup:
		p.advance()
		a.Str, _ = p.name("the name of a " + map[ParamKind]string{ParamRule: "rule", ParamGroup: "group"}[a.Param.Kind])
	case ParamErrno:
		p.advance()
		p.numbered(a, "an error", maxErrno, p.c.schema.Universe.Errno)
	case ParamSignal:
		p.advance()
		p.numbered(a, "a signal", maxSignal, p.c.schema.Universe.Signal)
	default:
		p.advance()
		a.pos = p.tok.pos
		a.expr = p.expr()
	}
}

// verify checks a text or a word as its owner has it.
func (p *parser) verify(a *argStmt, r *ruleStmt) {
	q := a.Param
	switch {
	case q.Words != nil && !slices.Contains(q.Words, a.Str):
		p.c.report(p.src, a.pos, "'%s' is %s, found '%s'%s", q.Name, oneOf(q.Words...), a.Str, Nearest(a.Str, q.Words))
		r.broken = true
		return
	case q.Check == nil || a.expr != nil:
		return
	}
	off, err := q.Check(&a.Arg)
	if err == nil {
		return
	}
	if at := p.text[a.pos:]; strings.HasPrefix(at, `"`) || strings.HasPrefix(at, "'") {
		off++
	}
	p.c.report(p.src, a.pos+off, "%v", err)
	r.broken = true
}

// rawText takes what ends with a parenthesis or a comma, and is not empty.
func (p *parser) rawText(comma bool) (string, int) {
	text, pos, ok := p.raw(comma)
	if !ok {
		p.fail(pos, "expected ')'")
	}
	if text == "" {
		p.fail(pos, "an argument is missing")
	}
	return text, pos
}

// numbered reads a name or a number from 1 to limit.
func (p *parser) numbered(a *argStmt, what string, limit int64, byName func(string) (int, bool)) {
	t := p.tok
	switch t.kind {
	case lexNumber:
		if a.Num = t.num; t.num < 1 || t.num > limit {
			p.c.report(p.src, t.pos, "%s is a number from 1 to %d, found %s", what, limit, t.text)
		}
	case lexName:
		n, ok := byName(t.text)
		if !ok {
			p.c.report(p.src, t.pos, "'%s' is not %s%s", t.text, what, Nearest(t.text, p.c.named(byName)))
		}
		a.Num, a.Str = int64(n), t.text
	default:
		p.fail(t.pos, "expected %s, found %s", what, t.describe())
	}
	p.advance()
}

// setArgument reads what is written as strace's options have it.
func (p *parser) setArgument(a *argStmt, r *ruleStmt) {
	text, pos := p.rawText(a.Param.Kind == ParamPoke)
	p.advance()
	for a.Param.Kind == ParamPoke && p.tok.is(",") && strings.HasPrefix(p.text[p.skipBlanks():], "@") {
		more, _ := p.rawText(true)
		text += "," + more
		p.advance()
	}
	set, offsets := compact(text)
	var err error
	switch a.Param.Kind {
	case ParamPoke:
		var ok bool
		if a.Pokes, ok = parsePokes(set); !ok {
			err = errorAt(set, 0, "expected @argN=HEX, found '%s'", text)
		}
	case ParamSyscalls:
		a.Calls, a.Unnamed, err = parseCalls(set, p.c.schema.Universe)
		if err == nil && a.Calls.Empty() && !a.Unnamed {
			err = errorAt(set, 0, "no system call is in the set '%s'", set)
		}
	case ParamSignals:
		var s SignalSet
		s, err = ParseSignals(set, p.c.schema.Universe)
		a.Signals, a.Str = &s, set
		if err == nil && s == (SignalSet{}) {
			err = errorAt(set, 0, "no signal is in the set '%s'", set)
		}
	}
	var e *Error
	if errors.As(err, &e) {
		p.c.report(p.src, pos+offsets[e.Pos], "%s%s", e.Msg, p.c.nearestIn(a.Param.Kind, set[e.Pos:]))
		r.broken = true
	}
}

// nearestIn suggests an element for a set that begins with one that is misspelt.
func (c *checker) nearestIn(kind ParamKind, set string) string {
	name, _, _ := strings.Cut(set, ",")
	switch kind {
	case ParamSyscalls:
		return Nearest(name, append(Values("trace", c.schema.Universe), "%unnamed"))
	case ParamSignals:
		return Nearest(name, c.named(c.schema.Universe.Signal))
	}
	return ""
}

// named lists the constants that a table of numbers knows, of signals also without SIG.
func (c *checker) named(byName func(string) (int, bool)) []string {
	var list []string
	for _, name := range c.consts() {
		if _, ok := byName(name); !ok {
			continue
		}
		if sig, ok := strings.CutPrefix(name, "SIG"); ok {
			list = append(list, sig)
		}
		list = append(list, name)
	}
	return list
}

// compact takes the blanks around commas out of a list. offsets says where its bytes
// were, and where it ended.
func compact(s string) (list string, offsets []int) {
	var b strings.Builder
	for start := 0; start <= len(s); {
		end := len(s)
		if n := strings.IndexByte(s[start:], ','); n >= 0 {
			end = start + n
		}
		elem := strings.TrimLeft(s[start:end], " \t\r\n")
		at := end - len(elem)
		elem = strings.TrimRight(elem, " \t\r\n")
		if start > 0 {
			b.WriteByte(',')
			offsets = append(offsets, start-1)
		}
		for i := range len(elem) {
			b.WriteByte(elem[i])
			offsets = append(offsets, at+i)
		}
		start = end + 1
	}
	return b.String(), append(offsets, len(s))
}

// unnamedCalls stands in a set for the numbers that have no name.
const unnamedCalls = "%unnamed"

// parseCalls reads a set of system calls in which %unnamed may stand.
func parseCalls(expr string, u *Universe) (set *SyscallSet, unnamed bool, err error) {
	rest, not := cutNot(expr)
	// Elements that are taken out keep their length, for the position of errors.
	kept := strings.Split(rest, ",")
	named := 0
	for i, e := range kept {
		switch e {
		case unnamedCalls:
			unnamed = true
		case "!" + unnamedCalls:
			unnamed = false
		default:
			named++
			continue
		}
		kept[i] = strings.Repeat(",", len(e))
	}
	if named == 0 {
		if not {
			return AllSyscalls(u), !unnamed, nil
		}
		return NoSyscalls(u), unnamed, nil
	}
	text := expr[:len(expr)-len(rest)] + strings.Join(kept, ",")
	if set, err = ParseSyscalls(text, u); err != nil {
		return nil, false, err
	}
	parts := slices.DeleteFunc(kept, func(e string) bool { return strings.Trim(e, ",") == "" })
	set.text = expr[:len(expr)-len(rest)] + strings.Join(parts, ",")
	return set, unnamed && !not, nil
}

// callsText writes a set so that parseCalls reads it. Behind an exclamation mark there is
// no place for %unnamed, so that such a set is written as what is left of all.
func callsText(set *SyscallSet, unnamed bool) string {
	text := set.String()
	if !unnamed {
		return text
	}
	rest, not := cutNot(text)
	switch {
	case not && rest == "none" || rest == "all" && !not:
		return "all," + unnamedCalls
	case not && rest == "all" || rest == "none" && !not:
		return unnamedCalls
	case not:
		return "all,!" + strings.ReplaceAll(rest, ",", ",!") + "," + unnamedCalls
	}
	return text + "," + unnamedCalls
}

// print writes the argument, and its name if it has one.
func (a *Arg) print(b *strings.Builder) {
	if a.Name != "" {
		b.WriteString(a.Name + "=")
	}
	switch a.Param.Kind {
	case ParamSyscalls:
		b.WriteString(callsText(a.Calls, a.Unnamed))
	case ParamSignals:
		b.WriteString(a.signals())
	case ParamPoke:
		for i, p := range a.Pokes {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "@arg%d=%s", p.Arg, hex.EncodeToString(p.Data))
		}
	case ParamString:
		b.WriteString(quote(a.Str))
	case ParamWord, ParamText:
		if isPlain(a.Str, a.Param.Kind == ParamText) {
			b.WriteString(a.Str)
		} else {
			b.WriteString(quote(a.Str))
		}
	default:
		b.WriteString(a.text())
	}
}

// text is an argument that is an expression, a number or a name.
func (a *Arg) text() string {
	switch {
	case a.Expr != nil:
		return a.Expr.String()
	case a.Str != "":
		return a.Str
	case a.Param.Kind == ParamDuration:
		return durationText(time.Duration(a.Num))
	}
	return fmt.Sprint(a.Num)
}

// signals is the set as it was written, or by numbers.
func (a *Arg) signals() string {
	if a.Str != "" {
		return a.Str
	}
	var list []string
	for sig := range 256 {
		if a.Signals.Has(sig) != a.Signals.Not {
			list = append(list, fmt.Sprint(sig))
		}
	}
	not := ""
	if a.Signals.Not {
		not = "!"
	}
	if len(list) == 0 {
		return map[string]string{"": "none", "!": "all"}[not]
	}
	return not + strings.Join(list, ",")
}

// isPlain reports whether a string needs no quotes: a name, or, where text is allowed,
// what raw takes.
func isPlain(s string, text bool) bool {
	if !text {
		sc := scanner{text: s}
		end := sc.nameEnd(0)
		for end > 0 && end < len(s) && s[end] == '-' && sc.nameEnd(end+1) > end+1 {
			end = sc.nameEnd(end + 1)
		}
		return s != "" && !isDigit(s[0]) && end == len(s)
	}
	sc := scanner{text: s + ")"}
	got, pos, ok := sc.raw(true)
	return s != "" && ok && got == s && pos == 0 && sc.off == len(s) && s[0] != '"' && s[0] != '\'' && !strings.ContainsRune(s, '\r')
}

// durationText writes a duration in the largest unit of which it is a whole number.
func durationText(d time.Duration) string {
	for i := len(timeUnits) - 1; i >= 0; i-- {
		if u := timeUnits[i]; d != 0 && int64(d)%u.length == 0 {
			return fmt.Sprint(int64(d)/u.length, u.suffix)
		}
	}
	return "0s"
}

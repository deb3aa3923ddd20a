package filter

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// statement is one that stays: a group, a rule or a let.
type statement struct {
	group *Group // without its condition
	rule  *ruleStmt
	let   *letStmt
	expr  *node // the group's condition
	name  string
	src   *source
	pos   int // of the statement
	at    int // of the name
}

type letStmt struct {
	expr  *node
	state letState
}

// letState says how far the check of a let is.
type letState uint8

const (
	letUnchecked letState = iota
	letChecking           // what uses it now is part of it
	letGood
	letBad // which was reported
)

// ruleStmt is a rule whose expressions are not checked.
type ruleStmt struct {
	on     []onStmt
	in     string
	inPos  int
	where  *node
	count  Count
	do     []actStmt
	broken bool // something in it is unknown, and was reported
}

type onStmt struct {
	On
	args []argStmt
	pos  int
}

type actStmt struct {
	spec *ActionSpec
	args []argStmt
	pos  int
}

// argStmt is an argument; what it holds beside an expression is final.
type argStmt struct {
	Arg
	expr *node
	pos  int
}

// parser reads one source.
type parser struct {
	scanner
	c       *checker
	src     *source
	tok     lexeme // the next one; what follows it is not read yet
	params  map[string]*node
	set     bool // the source is a canonical set, whose arguments are args
	args    []*node
	usedAt  func(format string, args ...any) // reports at the use of the set
	nesting int
	stmts   []*statement
}

// bailout is the panic that ends a statement with a syntax error.
type bailout struct{}

// statementWords begin statements.
var statementWords = strings.Fields("on rule group let use set")

// parse reads the statements of a source.
func (p *parser) parse() []*statement {
	p.text = p.src.Text
	p.tok = p.next()
	for first := true; p.tok.kind != lexEOF; {
		if p.tok.kind == lexEnd {
			p.tok = p.next()
			continue
		}
		p.statement(first)
		first = false
	}
	return p.stmts
}

// statement reads one, and after a mistake goes to the next.
func (p *parser) statement(first bool) {
	start := p.tok.pos
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(bailout); !ok {
				panic(r)
			}
			p.resync(start)
		}
	}()
	st := &statement{src: p.src, pos: start}
	switch {
	case p.tok.kind == lexBad:
		p.fail(start, "%s", p.tok.text)
	case p.take("on"):
		p.rule(st)
	case p.take("rule"):
		st.name, st.at = p.name("the rule's name")
		p.expect(":")
		p.expect("on")
		p.rule(st)
	case p.take("group"):
		p.group(st)
	case p.take("let"):
		st.name, st.at = p.ident("a name")
		p.expect("=")
		st.let = &letStmt{expr: p.expr()}
	case p.tok.is("use"):
		p.use()
		return
	case p.tok.is("set"):
		p.setHead(first)
		return
	default:
		p.unexpected(statementWords[:5]...)
	}
	p.end()
	p.stmts = append(p.stmts, st)
}

// resync goes to the next statement: the next line that is not part of this one, or a
// line that begins like a statement, of which the mistake may be the first word.
func (p *parser) resync(start int) {
	p.nesting, p.depth = 0, 0
	line := strings.LastIndexByte(p.text[:min(p.tok.pos, len(p.text))], '\n') + 1
	word := line + len(p.text[line:]) - len(strings.TrimLeft(p.text[line:], " \t"))
	if line > start && slices.Contains(statementWords, p.text[word:p.nameEnd(word)]) {
		p.off, p.last = line, lexeme{kind: lexEnd, end: line}
		p.tok = p.next()
		return
	}
	if p.tok.kind == lexBad { // what follows may be in quotes that do not end
		p.off = len(p.text)
		if n := strings.IndexByte(p.text[p.tok.pos:], '\n'); n >= 0 {
			p.off = p.tok.pos + n
		}
		p.last = lexeme{kind: lexEnd, end: p.off}
		p.tok = p.last
		return
	}
	for p.tok.kind != lexEOF && p.tok.kind != lexEnd {
		p.depth = 0
		p.tok = p.next()
	}
}

func (p *parser) advance() {
	p.tok = p.next()
	if p.tok.kind == lexBad {
		p.fail(p.tok.pos, "%s", p.tok.text)
	}
}

// take skips a word or an operator if it is next.
func (p *parser) take(text string) bool {
	if !p.tok.is(text) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text string) {
	if !p.take(text) {
		p.unexpected(text)
	}
}

func (p *parser) fail(pos int, format string, args ...any) {
	p.c.report(p.src, pos, format, args...)
	panic(bailout{})
}

// unexpected fails: one of the words was expected.
func (p *parser) unexpected(words ...string) {
	hint := ""
	if p.tok.kind == lexName {
		hint = Nearest(p.tok.text, words)
	}
	p.fail(p.tok.pos, "expected %s, found %s%s", oneOf(words...), p.tok.describe(), hint)
}

// end expects the end of the statement.
func (p *parser) end(words ...string) {
	if p.tok.kind == lexEnd || p.tok.kind == lexEOF {
		return
	}
	hint := ""
	switch {
	case p.tok.kind == lexName:
		hint = Nearest(p.tok.text, words)
	case p.tok.is("="):
		p.fail(p.tok.pos, "unexpected '=': write '==' to compare")
	}
	also := ""
	if len(words) > 0 {
		also = oneOf(words...) + ", or "
	}
	p.fail(p.tok.pos, "expected %sthe end of the statement, found %s%s", also, p.tok.describe(), hint)
}

// ident reads a name of letters, digits and underscores.
func (p *parser) ident(what string) (string, int) {
	if p.tok.kind != lexName {
		p.fail(p.tok.pos, "expected %s, found %s", what, p.tok.describe())
	}
	name, pos := p.tok.text, p.tok.pos
	p.advance()
	return name, pos
}

// name reads a name that may have hyphens in it.
func (p *parser) name(what string) (string, int) {
	if p.tok.kind != lexName {
		p.fail(p.tok.pos, "expected %s, found %s", what, p.tok.describe())
	}
	pos := p.tok.pos
	for p.off == p.tok.end && strings.HasPrefix(p.text[p.off:], "-") && p.nameEnd(p.off+1) > p.off+1 {
		p.tok.end = p.nameEnd(p.off + 1)
		p.off = p.tok.end
	}
	name := p.text[pos:p.off]
	p.last = lexeme{kind: lexString, end: p.off} // not a word that a line goes on after
	p.advance()
	return name, pos
}

// group reads what follows the word.
func (p *parser) group(st *statement) {
	st.name, st.at = p.name("the group's name")
	p.expect("=")
	st.group = &Group{Name: st.name, At: p.src.at(st.at)}
	st.expr = p.expr()
	if p.take("follow") {
		i := slices.Index(followNames[:], p.tok.text)
		if i < 0 || p.tok.kind != lexName {
			p.unexpected(followNames[:]...)
		}
		st.group.Follow = Follow(i)
		p.advance()
	}
	if p.take("depth") {
		st.group.Depth = p.number("the number of generations", 0)
	}
	st.group.Existing = p.take("existing")
	p.end("follow", "depth", "existing")
}

// followNames are the modes, by number.
var followNames = [...]string{"threads", "none", "children", "all"}

// number reads a constant of at least low.
func (p *parser) number(what string, low int) int {
	n, pos := p.tok.num, p.tok.pos
	if k := p.params[p.tok.text]; p.tok.kind == lexName && k != nil && k.op == opNum {
		n = k.num
	} else if p.tok.kind != lexNumber {
		p.fail(pos, "expected %s, found %s", what, p.tok.describe())
	}
	if n < int64(low) || n > math.MaxInt32 {
		p.fail(pos, "%s is from %d to %d, found %d", what, low, math.MaxInt32, n)
	}
	p.advance()
	return int(n)
}

// rule reads what follows on.
func (p *parser) rule(st *statement) {
	r := &ruleStmt{}
	st.rule = r
	p.on(r)
	for p.take("|") {
		p.on(r)
	}
	if p.tok.is("in") {
		p.advance()
		r.in, r.inPos = p.name("the group's name")
	}
	if p.take("where") {
		r.where = p.expr()
	}
	r.count = p.count()
	if p.take("do") || p.tok.kind == lexName && p.c.schema.Action(p.tok.text) != nil {
		p.action(r)
		for p.take(",") {
			p.action(r)
		}
		p.end(",")
		return
	}
	p.end("in", "where", "first", "from", "do")
}

// count reads which of the events are meant, if it is said.
func (p *parser) count() (c Count) {
	pos := p.tok.pos
	switch {
	case p.take("first"):
		c = Count{From: 1, To: p.number("the number of events", 1)}
	case p.take("from"):
		c.From = p.number("the number of the first event", 1)
		if p.take("to") {
			c.To = p.number("the number of the last event", 1)
		}
		if p.take("step") {
			c.Step = p.number("the step", 1)
		}
		if c.To != 0 && c.To < c.From {
			p.c.report(p.src, pos, "from %d to %d: no event is counted so; write from %d to %d", c.From, c.To, c.To, c.From)
		}
	default:
		return c
	}
	c.Each = p.take("each")
	return c
}

// on reads one event.
func (p *parser) on(r *ruleStmt) {
	name, pos := p.ident("an event")
	o := onStmt{pos: pos}
	o.Event = p.c.schema.Event(name)
	if o.Event == nil {
		p.c.report(p.src, pos, "no event '%s'%s", name, p.c.nearestEvent(name))
		r.broken = true
	}
	p.enter(&o)
	if p.tok.is("(") {
		if o.Event == nil {
			p.skipArgs()
		} else {
			o.args = p.arguments(r, "event "+name, o.Event.Params, nil)
		}
		p.enter(&o)
	} else if o.Event != nil {
		p.missing(r, "event "+name, pos, o.Event.Params, nil)
	}
	r.on = append(r.on, o)
}

// nearestEvent suggests an event, for a name that may be a system call's.
func (c *checker) nearestEvent(name string) string {
	for _, e := range c.schema.Events {
		for _, a := range c.schema.Universe.ABIs {
			if e.Calls && slices.Contains(a.Names, name) {
				return "; did you mean " + e.Name + "(" + name + ")?"
			}
		}
	}
	return Nearest(name, c.schema.eventNames())
}

// enter reads .enter.
func (p *parser) enter(o *onStmt) {
	if !p.take(".") {
		return
	}
	if !p.tok.is("enter") {
		p.unexpected("enter")
	}
	if o.Event != nil && !o.Event.paired() {
		p.c.report(p.src, p.tok.pos, "%s has no entry and exit: .enter is for %s", o.Event.Name, p.c.pairs())
	}
	p.advance()
	o.Enter = true
}

// pairs names the events that have an entry and an exit.
func (c *checker) pairs() string {
	var list []string
	for _, e := range c.schema.Events {
		switch {
		case e.Calls:
			list = append([]string{"system calls"}, list...)
		case e.Pairs:
			list = append(list, e.Name)
		}
	}
	return strings.Join(list, " and ")
}

// action reads one action.
func (p *parser) action(r *ruleStmt) {
	name, pos := p.ident("an action")
	a := actStmt{pos: pos, spec: p.c.schema.Action(name)}
	switch {
	case a.spec == nil:
		p.c.report(p.src, pos, "no action '%s'%s", name, Nearest(name, p.c.schema.actionNames()))
		r.broken = true
		if p.tok.is("(") {
			p.skipArgs()
		}
	case p.tok.is("("):
		a.args = p.arguments(r, name, a.spec.Params, a.spec.Options)
	default:
		p.missing(r, name, pos, a.spec.Params, a.spec.Options)
	}
	r.do = append(r.do, a)
}

// use reads the statements of a canonical set.
func (p *parser) use() {
	p.advance()
	name, pos := p.name("a rule set")
	var args []*node
	if p.tok.is("(") {
		args = p.constants()
	}
	p.end()
	text, ok := "", false
	if p.c.schema.Set != nil {
		text, ok = p.c.schema.Set(name)
	}
	if !ok {
		p.c.report(p.src, pos, "no rule set '%s'%s", name, Nearest(name, p.c.schema.SetNames))
		return
	}
	if slices.Contains(p.c.sets, name) {
		p.c.report(p.src, pos, "rule set '%s' uses itself", name)
		return
	}
	p.c.sets = append(p.c.sets, name)
	src, at := p.src, pos
	body := p.c.source(Source{"set " + name, text})
	body.via = fmt.Sprintf(" (used at %s)%s", src.at(at), src.via)
	set := &parser{c: p.c, src: body, set: true, args: args, usedAt: func(format string, args ...any) { p.c.report(src, at, format, args...) }}
	p.stmts = append(p.stmts, set.parse()...)
	p.c.sets = p.c.sets[:len(p.c.sets)-1]
	if set.params == nil && len(args) > 0 {
		set.usedAt("rule set '%s' takes no arguments", name)
	}
}

// constants reads the arguments of a set: numbers, durations, strings, and any other
// text, which is a string.
func (p *parser) constants() []*node {
	var list []*node
	if p.peek() == ')' {
		p.advance()
	} else {
		for more := true; more; more = p.tok.is(",") {
			list = append(list, p.constant())
		}
	}
	p.expect(")")
	return list
}

// constant reads one; the parenthesis or the comma before it is the current lexeme.
func (p *parser) constant() *node {
	save, last := p.off, p.last
	n := &node{op: opStr, src: p.src}
	if c := p.peek(); c == '"' || c == '\'' || isDigit(c) {
		t := p.next()
		if t.kind == lexBad && (c == '"' || c == '\'') {
			p.fail(t.pos, "%s", t.text)
		}
		if after := p.peek(); t.kind != lexBad && (after == ',' || after == ')') {
			n.op, n.text, n.num, n.pos = map[lexKind]op{lexNumber: opNum, lexDuration: opDur, lexString: opStr}[t.kind], t.text, t.num, t.pos
			p.advance()
			return n
		}
		p.off, p.last = save, last
	}
	text, pos, ok := p.raw(true)
	if !ok || text == "" {
		p.fail(pos, "expected an argument and ')'")
	}
	n.text, n.pos = text, pos
	if k := p.params[text]; k != nil {
		n = k
	}
	p.advance()
	return n
}

// setHead reads the first statement of a canonical set.
func (p *parser) setHead(first bool) {
	if !p.set || !first {
		p.fail(p.tok.pos, "'set' is the first statement of a canonical rule set, and nothing else")
	}
	p.advance()
	name, _ := p.name("the set's name")
	var names []string
	if p.take("(") {
		for more := true; more; more = p.take(",") {
			n, _ := p.ident("a parameter")
			names = append(names, n)
		}
		p.expect(")")
	}
	p.end()
	if len(names) != len(p.args) {
		p.usedAt("rule set '%s' takes %s, found %d", name, arity(names), len(p.args))
		p.tok = lexeme{kind: lexEOF}
		p.off = len(p.text)
	}
	p.params = map[string]*node{}
	for i, n := range names[:min(len(names), len(p.args))] {
		p.params[n] = p.args[i]
	}
}

// arity says how many arguments there must be.
func arity(names []string) string {
	switch len(names) {
	case 0:
		return "no arguments"
	case 1:
		return "an argument (" + names[0] + ")"
	}
	return fmt.Sprintf("%d arguments (%s)", len(names), strings.Join(names, ", "))
}

package filter

import (
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxNesting bounds the depth of an expression, which is read by recursion.
const maxNesting = 200

// comparisons maps the operators that do not chain.
var comparisons = map[string]op{
	"==": opEQ, "!=": opNE, "<": opLT, "<=": opLE, ">": opGT, ">=": opGE, "in": opIn,
	"contains": opContains, "startswith": opStartsWith, "endswith": opEndsWith, "~": opMatch, "glob": opGlob,
}

// expr reads an expression.
func (p *parser) expr() *node {
	if p.nesting++; p.nesting > maxNesting {
		p.fail(p.tok.pos, "the expression is nested too deeply")
	}
	n := p.binary(0)
	p.nesting--
	return n
}

// levels are the operators that chain, loosest first; between the second and the third
// are not and the comparisons.
var levels = [...]map[string]op{{"or": opOr}, {"and": opAnd}, {"+": opAdd, "-": opSub}, {"&": opMask}}

// operand reads what stands beside the operators of a level.
func (p *parser) operand(level int) *node {
	switch level {
	case 1:
		return p.not()
	case len(levels) - 1:
		return p.unary()
	}
	return p.binary(level + 1)
}

// binary reads operands and the operators of a level between them.
func (p *parser) binary(level int) *node {
	n := p.operand(level)
	for {
		o, ok := levels[level][p.tok.text]
		if !ok || !p.tok.is(p.tok.text) {
			return n
		}
		pos := p.tok.pos
		p.advance()
		n = &node{op: o, src: p.src, pos: pos, kids: []*node{n, p.operand(level)}}
	}
}

func (p *parser) not() *node {
	if pos := p.tok.pos; p.take("not") {
		if p.nesting++; p.nesting > maxNesting {
			p.fail(pos, "the expression is nested too deeply")
		}
		n := &node{op: opNot, src: p.src, pos: pos, kids: []*node{p.not()}}
		p.nesting--
		return n
	}
	return p.comparison()
}

func (p *parser) comparison() *node {
	n := p.binary(2)
	o, ok := comparisons[p.tok.text]
	if !ok || !p.tok.is(p.tok.text) {
		return n
	}
	n = &node{op: o, src: p.src, pos: p.tok.pos, kids: []*node{n}}
	switch o {
	case opMatch:
		p.pattern(n)
	case opGlob:
		p.glob(n)
	case opIn:
		p.list(n)
	default:
		p.advance()
		n.kids = append(n.kids, p.binary(2))
	}
	if o, again := comparisons[p.tok.text]; again && p.tok.is(p.tok.text) {
		p.fail(p.tok.pos, "comparisons do not chain: write 'and' between two of them, or parentheses around '%s'", opTexts[o])
	}
	return n
}

// list reads (a, b, c..d) after in.
func (p *parser) list(n *node) {
	p.advance()
	p.expect("(")
	for more := true; more; more = p.take(",") {
		k := p.expr()
		if pos := p.tok.pos; p.take("..") {
			k = &node{op: opRange, src: p.src, pos: pos, kids: []*node{k, p.expr()}}
		}
		n.kids = append(n.kids, k)
	}
	p.expect(")")
}

// text reads a constant string.
func (p *parser) constText(what string) string {
	t := p.tok
	if k := p.params[t.text]; t.kind == lexName && k != nil && k.op == opStr {
		t.text = k.text
	} else if t.kind != lexString {
		p.fail(t.pos, "expected %s, found %s", what, t.describe())
	}
	p.advance()
	return t.text
}

// pattern reads a regular expression after ~, which is the current lexeme.
func (p *parser) pattern(n *node) {
	var pos int
	if p.peek() == '/' {
		p.off++
		pos = p.off
		text, ok := p.regexp()
		if !ok {
			p.fail(pos-1, "the regular expression does not end: expected '/'")
		}
		n.text = unquoteRegexp(text)
		p.last = lexeme{kind: lexString, end: p.off}
		p.advance()
	} else {
		p.advance()
		pos = p.tok.pos + 1
		n.text = unquoteRegexp(p.constText("a regular expression, as in ~ /x$/"))
	}
	if n.text == "" {
		p.c.report(p.src, pos, "the regular expression is empty: it matches everything")
		n.bad = true
		return
	}
	re, err := regexp.Compile(n.text)
	if err != nil {
		at := 0
		if se, ok := err.(*syntax.Error); ok {
			at = max(strings.Index(n.text, se.Expr), 0)
			err = errorText(se.Code.String() + ": " + se.Expr)
		}
		p.c.report(p.src, pos+at, "invalid regular expression: %s", err)
		n.bad = true
		return
	}
	n.match = matchRegexp(re)
}

// errorText is an error that is only a text.
type errorText string

func (e errorText) Error() string { return string(e) }

// glob reads a pattern of the shell's after the word.
func (p *parser) glob(n *node) {
	p.advance()
	pos := p.tok.pos
	n.text = p.constText("a pattern in quotes")
	if _, err := path.Match(n.text, ""); err != nil || n.text == "" || !utf8.ValidString(n.text) {
		p.c.report(p.src, pos, "invalid pattern %s", quote(n.text))
		n.bad = true
		return
	}
	n.match = matchGlob(n.text)
}

func (p *parser) unary() *node {
	if pos := p.tok.pos; p.take("-") {
		if p.nesting++; p.nesting > maxNesting {
			p.fail(pos, "the expression is nested too deeply")
		}
		n := &node{op: opNeg, src: p.src, pos: pos, kids: []*node{p.unary()}}
		p.nesting--
		return n
	}
	return p.primary()
}

// reserved are words that are no names in expressions.
var reserved = strings.Fields("and or not in contains startswith endswith glob where do from first")

// primary reads a constant, a field, a call or an expression in parentheses.
func (p *parser) primary() *node {
	t := p.tok
	n := &node{src: p.src, pos: t.pos, text: t.text, num: t.num}
	switch {
	case t.kind == lexNumber:
		n.op = opNum
	case t.kind == lexDuration:
		n.op = opDur
	case t.kind == lexString:
		n.op = opStr
	case p.take("("):
		n = p.expr()
		p.expect(")")
		return n
	case t.is("="):
		p.fail(t.pos, "expected a value, found '=': write '==' to compare")
	case t.kind != lexName || slices.Contains(reserved, t.text):
		p.fail(t.pos, "expected a value, found %s", t.describe())
	case t.text == "true" || t.text == "false":
		n.op = opBool
		if t.text == "true" {
			n.num = 1
		}
	default:
		return p.named(n)
	}
	p.advance()
	return n
}

// named reads what may follow a name.
func (p *parser) named(n *node) *node {
	if k := p.params[n.text]; k != nil {
		p.advance()
		return k.clone()
	}
	n.op = opName
	p.advance()
	switch {
	case p.tok.is("."):
		p.index(n)
	case p.tok.is("("):
		n.op = opCall
		p.advance()
		if p.take(")") {
			break
		}
		for more := true; more; more = p.take(",") {
			n.kids = append(n.kids, p.expr())
		}
		p.expect(")")
	}
	return n
}

// index reads what follows the dot, which is the current lexeme.
func (p *parser) index(n *node) {
	end := p.nameEnd(p.off)
	if end == p.off {
		p.fail(p.off, "expected a number or a name after '%s.'", n.text)
	}
	n.index, n.hasIndex = strings.ToLower(p.text[p.off:end]), true
	p.off = end
	p.last = lexeme{kind: lexString, end: end}
	p.advance()
}

package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// op is what a node of an expression does.
type op uint8

const (
	opNum  op = iota // text as written, num
	opDur            // the same
	opStr            // text
	opBool           // num: 0 or 1
	opName           // text: a field, a constant or a let; resolved by the checker
	opRef            // ref
	opCall           // text(kids), fn
	opOr
	opAnd
	opNot
	opEQ
	opNE
	opLT
	opLE
	opGT
	opGE
	opIn    // kids[0] is one of the rest
	opRange // kids[0] .. kids[1], in a list
	opContains
	opStartsWith
	opEndsWith
	opMatch // kids[0] ~ /text/
	opGlob  // kids[0] glob text
	opAdd
	opSub
	opMask
	opNeg
	opTruth // kids[0] is there and not 0; not written
)

// binary operators as they are written.
var opTexts = map[op]string{
	opOr: "or", opAnd: "and", opEQ: "==", opNE: "!=", opLT: "<", opLE: "<=", opGT: ">", opGE: ">=", opIn: "in",
	opContains: "contains", opStartsWith: "startswith", opEndsWith: "endswith", opMatch: "~", opGlob: "glob",
	opAdd: "+", opSub: "-", opMask: "&",
}

// prec is how tightly an operator binds.
func (o op) prec() int {
	switch {
	case o == opOr:
		return 1
	case o == opAnd:
		return 2
	case o == opNot:
		return 3
	case o >= opEQ && o <= opGlob && o != opRange:
		return 4
	case o == opAdd || o == opSub:
		return 5
	case o == opMask:
		return 6
	case o == opNeg:
		return 7
	}
	return 8
}

// node is an expression.
type node struct {
	op       op
	kids     []*node
	text     string
	num      int64
	index    string // of an opName: what follows the dot
	hasIndex bool

	src *source
	pos int  // of the operand, or of the operator
	via *use // the let that the node comes from

	// The checker's.
	typ   Type
	bad   bool // wrong in a way that was reported
	con   *Val // what it is, if that is known
	ref   *Ref
	fn    *Func
	match func([]byte) bool // of opMatch and opGlob
}

// use is the place where a let is used.
type use struct {
	name string
	at   Pos
}

// clone copies the tree.
func (n *node) clone() *node {
	c := *n
	c.kids = make([]*node, len(n.kids))
	for i, k := range n.kids {
		c.kids[i] = k.clone()
	}
	return &c
}

// walk calls f for the node and everything below it.
func (n *node) walk(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.walk(f)
	}
}

// wrong reports whether a mistake was found in the expression.
func (n *node) wrong() bool {
	wrong := false
	n.walk(func(k *node) { wrong = wrong || k.bad })
	return wrong
}

// conjuncts lists what must all hold.
func (n *node) conjuncts() []*node { return n.flat(opAnd, nil) }

// flat lists the operands of nested operators of one kind.
func (n *node) flat(o op, list []*node) []*node {
	if n.op != o {
		return append(list, n)
	}
	for _, k := range n.kids {
		list = k.flat(o, list)
	}
	return list
}

// String is the expression in its canonical form.
func (n *node) String() string {
	var b strings.Builder
	n.print(&b, 0)
	return b.String()
}

// print writes the node as an operand of an operator that binds as tightly as prec says.
func (n *node) print(b *strings.Builder, prec int) {
	if n.op == opTruth {
		n.kids[0].print(b, prec)
		return
	}
	own := n.op.prec()
	if own < prec {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch {
	case n.op == opNot:
		b.WriteString("not ")
		n.kids[0].print(b, own)
	case n.op == opNeg:
		b.WriteByte('-')
		n.kids[0].print(b, own)
	case n.op == opIn:
		n.kids[0].print(b, own+1)
		b.WriteString(" in (")
		printList(b, n.kids[1:])
	case n.op == opMatch:
		n.kids[0].print(b, own+1)
		b.WriteString(" ~ /" + quoteRegexp(n.text) + "/")
	case n.op == opGlob:
		n.kids[0].print(b, own+1)
		b.WriteString(" glob " + quote(n.text))
	case opTexts[n.op] != "":
		left := own
		if own == 4 { // comparisons do not chain
			left++
		}
		n.kids[0].print(b, left)
		b.WriteString(" " + opTexts[n.op] + " ")
		n.kids[1].print(b, own+1)
	default:
		n.printOperand(b)
	}
}

func (n *node) printOperand(b *strings.Builder) {
	switch n.op {
	case opStr:
		b.WriteString(quote(n.text))
	case opBool:
		fmt.Fprint(b, n.num != 0)
	case opCall:
		b.WriteString(n.text + "(")
		printList(b, n.kids)
	case opRange:
		n.kids[0].print(b, 5)
		b.WriteString("..")
		n.kids[1].print(b, 5)
	default:
		b.WriteString(n.text)
		if n.hasIndex {
			b.WriteString("." + n.index)
		}
	}
}

// printList writes what stands in parentheses, and the one that closes.
func printList(b *strings.Builder, list []*node) {
	for i, k := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		k.print(b, 0)
	}
	b.WriteByte(')')
}

// quote writes a string so that it is read as the same bytes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && n == 1 || !unicode.IsPrint(r):
			for i := range n {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		default:
			b.WriteRune(r)
		}
		s = s[n:]
	}
	b.WriteByte('"')
	return b.String()
}

// quoteRegexp writes a regular expression so that it can stand between slashes.
func quoteRegexp(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteString(s[i-1 : i+1])
		case c == '/':
			b.WriteString(`\/`)
		case c == '\n':
			b.WriteString(`\n`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unquoteRegexp takes the backslashes off slashes.
func unquoteRegexp(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if s[i] != '/' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

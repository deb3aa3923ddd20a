package proto

import (
	"fmt"
	"strconv"
)

// SyntaxError is a mistake in a description, at a line and column counted from 1.
type SyntaxError struct {
	File      string
	Line, Col int
	Msg       string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokWord
	tokNumber
	tokString
	tokPunct
)

type token struct {
	kind      tokenKind
	text      string
	num       int64
	line, col int
}

func (t token) String() string {
	if t.kind == tokEOF {
		return "the end of the file"
	}
	return strconv.Quote(t.text)
}

// lexer cuts a description into tokens.
type lexer struct {
	src       string
	pos       int
	line, col int
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (l *lexer) advance() {
	if l.src[l.pos] == '\n' {
		l.line, l.col = l.line+1, 0
	}
	l.pos++
	l.col++
}

// blank skips white space and comments, which go from # to the end of a line.
func (l *lexer) blank() {
	for comment := false; l.pos < len(l.src); l.advance() {
		switch c := l.src[l.pos]; {
		case c == '\n':
			comment = false
		case comment || c == ' ' || c == '\t' || c == '\r':
		case c == '#':
			comment = true
		default:
			return
		}
	}
}

// next reads one token; msg says what is wrong with it.
func (l *lexer) next() (t token, msg string) {
	l.blank()
	t = token{line: l.line, col: l.col}
	if l.pos == len(l.src) {
		return t, ""
	}
	start := l.pos
	switch c := l.src[start]; {
	case isLetter(c):
		t.kind = tokWord
		l.while(func(c byte) bool { return isLetter(c) || isDigit(c) })
	case isDigit(c):
		t.kind = tokNumber
		l.while(func(c byte) bool { return isLetter(c) || isDigit(c) })
	case c == '"':
		return l.quoted(t)
	case l.src[start:min(start+3, len(l.src))] == "...":
		t.kind = tokPunct
		l.while(func(c byte) bool { return c == '.' && l.pos < start+3 })
	default:
		t.kind = tokPunct
		l.advance()
	}
	t.text = l.src[start:l.pos]
	if t.kind == tokNumber {
		n, err := strconv.ParseInt(t.text, 0, 64)
		if err != nil {
			return t, t.String() + " is no number"
		}
		t.num = n
	}
	return t, ""
}

func (l *lexer) while(ok func(byte) bool) {
	for l.pos < len(l.src) && ok(l.src[l.pos]) {
		l.advance()
	}
}

// quoted reads up to the second quote, on the same line.
func (l *lexer) quoted(t token) (token, string) {
	l.advance()
	start := l.pos
	l.while(func(c byte) bool { return c != '"' && c != '\n' })
	if l.pos == len(l.src) || l.src[l.pos] == '\n' {
		return t, `a " is missing`
	}
	t.kind, t.text = tokString, l.src[start:l.pos]
	l.advance()
	return t, ""
}

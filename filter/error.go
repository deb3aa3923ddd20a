package filter

import "fmt"

// Error is what is wrong with an expression.
type Error struct {
	Msg   string // strace's words
	Usage bool   // strace also points at -h
	Expr  string // the whole expression
	Pos   int    // where in Expr the offending part begins
}

func (e *Error) Error() string { return e.Msg }

// errorAt returns an error about the part of expr that begins at pos.
func errorAt(expr string, pos int, format string, args ...any) *Error {
	return &Error{Msg: fmt.Sprintf(format, args...), Expr: expr, Pos: pos}
}

// shift moves the error into a longer expression, which begins with prefix.
func (e *Error) shift(prefix string) *Error {
	e.Expr = prefix + e.Expr
	e.Pos += len(prefix)
	return e
}

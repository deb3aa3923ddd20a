package symbol

import (
	"fmt"
	"strconv"
	"strings"
)

// Loc is a place as a rule writes it, taken apart. It is comparable.
type Loc struct {
	Module  string // file name, path or pattern of the program or library; "" is any
	Name    string // function or pattern
	Off     uint64 // from the function's beginning
	File    string // source file, where the place is a line
	Line    int
	Addr    uint64 // where HasAddr: absolute, or within the file of Module, as nm shows it
	HasAddr bool
}

// SyntaxError says what is wrong with a place, and at which byte of it.
type SyntaxError struct {
	Text string
	Pos  int // offset of the byte
	Msg  string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at %d in place %q", e.Msg, e.Pos, e.Text)
}

// ParseLoc reads a place: func, func+0x10, file.c:42, 0xADDR or a pattern of shell's *, ?
// and [], each with lib! before it where wanted. The error is a *SyntaxError.
func ParseLoc(text string) (Loc, error) {
	var l Loc
	rest, pos := text, 0
	if i := moduleEnd(text); i >= 0 {
		l.Module, rest, pos = text[:i], text[i+1:], i+1
		if l.Module == "" {
			return Loc{}, &SyntaxError{text, 0, "no library before '!'"}
		}
	}
	if i := strings.IndexFunc(text, control); i >= 0 {
		return Loc{}, &SyntaxError{text, i, "control character"}
	}
	if strings.TrimSpace(rest) == "" {
		return Loc{}, &SyntaxError{text, pos, "no function, line or address"}
	}
	if rest != strings.TrimSpace(rest) {
		return Loc{}, &SyntaxError{text, pos, "space around the name"}
	}
	if err := l.parse(rest); err != nil {
		return Loc{}, &SyntaxError{text, pos + err.Pos, err.Msg}
	}
	return l, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// moduleEnd is where the '!' after a library is, or -1. The names operator! and operator!=
// have one of their own.
func moduleEnd(text string) int {
	i := strings.IndexByte(text, '!')
	if i < 0 || strings.HasSuffix(text[:i], "operator") {
		return -1
	}
	return i
}

// parse reads what follows the library.
func (l *Loc) parse(s string) *SyntaxError {
	if '0' <= s[0] && s[0] <= '9' && !strings.ContainsAny(s, "*?[") {
		v, err := strconv.ParseUint(s, 0, 64)
		if err == nil {
			l.Addr, l.HasAddr = v, true
			return nil
		}
		if strings.HasPrefix(s, "0x") {
			return &SyntaxError{Pos: badDigit(s), Msg: "not a hexadecimal number of 64 bits"}
		}
	}
	if file, line, ok := cutLine(s); ok {
		if line == 0 {
			return &SyntaxError{Pos: len(file) + 1, Msg: "lines count from 1"}
		}
		l.File, l.Line = file, line
		return nil
	}
	l.Name, l.Off = cutOffset(s)
	return nil
}

// badDigit is the first byte of 0x... that is not a digit, or the end of what fits.
func badDigit(s string) int {
	for i := 2; i < len(s); i++ {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return i
		}
	}
	return min(len(s), 18)
}

// cutLine takes file:42 apart. A name such as ns::42 is none.
func cutLine(s string) (file string, line int, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 || s[i-1] == ':' {
		return "", 0, false
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 31)
	if err != nil {
		return "", 0, false
	}
	return s[:i], int(n), true
}

// cutOffset takes name+0x10 apart. The names operator+ and operator++ end in no number.
func cutOffset(s string) (name string, off uint64) {
	i := strings.LastIndexByte(s, '+')
	if i <= 0 || i+1 == len(s) || s[i+1] < '0' || s[i+1] > '9' {
		return s, 0
	}
	n, err := strconv.ParseUint(s[i+1:], 0, 64)
	if err != nil {
		return s, 0
	}
	return s[:i], n
}

// Pattern reports whether the function is a pattern: it is taken for one only where no
// function has just that name, because operator* and main.(*T).F are names.
func (l Loc) Pattern() bool { return strings.ContainsAny(l.Name, "*?[") }

// String is the place in the way that it is written.
func (l Loc) String() string {
	var s string
	if l.Module != "" {
		s = l.Module + "!"
	}
	switch {
	case l.HasAddr:
		return s + "0x" + strconv.FormatUint(l.Addr, 16)
	case l.File != "":
		return s + l.File + ":" + strconv.Itoa(l.Line)
	case l.Off != 0:
		return s + l.Name + "+0x" + strconv.FormatUint(l.Off, 16)
	}
	return s + l.Name
}

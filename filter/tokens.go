package filter

import (
	"strconv"
	"strings"
)

// token is one element of a comma list and where it begins.
type token struct {
	text string
	pos  int
}

// split cuts a list; empty elements are dropped, as strace drops them.
func split(s string, sep byte, base int) []token {
	var toks []token
	for pos := 0; pos <= len(s); {
		end := strings.IndexByte(s[pos:], sep)
		if end < 0 {
			end = len(s)
		} else {
			end += pos
		}
		if end > pos {
			toks = append(toks, token{s[pos:end], base + pos})
		}
		pos = end + 1
	}
	return toks
}

// cutNot takes the leading exclamation marks off; an odd number inverts.
func cutNot(s string) (rest string, not bool) {
	rest = strings.TrimLeft(s, "!")
	return rest, (len(s)-len(rest))%2 != 0
}

// parseUint reads a decimal number as strace does: leading white space and a sign
// are allowed, minus only before zero, trailing characters are not.
func parseUint(s string, limit uint64) (uint64, bool) {
	t := strings.TrimLeft(s, " \t\n\v\f\r")
	neg := strings.HasPrefix(t, "-")
	if neg || strings.HasPrefix(t, "+") {
		t = t[1:]
	}
	if t == "" || t[0] < '0' || t[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseUint(t, 10, 64)
	if err != nil || n > limit || neg && n != 0 {
		return 0, false
	}
	return n, true
}

// ParseUint reads a decimal number no larger than limit, as strace reads the
// numbers of its options.
func ParseUint(s string, limit uint64) (uint64, bool) { return parseUint(s, limit) }

// parseNames reads a set of named flags: [!]all, [!]none or a list of names.
// what names the kind of set in an error.
func parseNames(expr, what string, names map[string]uint8, all uint8) (uint8, error) {
	s, not := cutNot(expr)
	var set uint8
	switch s {
	case "none":
	case "all":
		set = all
	default:
		toks := split(s, ',', len(expr)-len(s))
		if len(toks) == 0 {
			return 0, errorAt(expr, 0, "invalid %s '%s'", what, expr)
		}
		for _, t := range toks {
			bit, ok := names[t.text]
			if !ok {
				return 0, errorAt(expr, t.pos, "invalid %s '%s'", what, t.text)
			}
			set |= bit
		}
	}
	if not {
		set = all &^ set
	}
	return set, nil
}

// parseNumbers reads a set of numbers in the same form and calls add for each.
func parseNumbers(expr, what string, number func(string) (int, bool), add func(int)) (not bool, err error) {
	s, not := cutNot(expr)
	switch s {
	case "none":
		return not, nil
	case "all":
		return !not, nil
	}
	toks := split(s, ',', len(expr)-len(s))
	if len(toks) == 0 {
		return false, errorAt(expr, 0, "invalid %s '%s'", what, expr)
	}
	for _, t := range toks {
		n, ok := number(t.text)
		if !ok {
			return false, errorAt(expr, t.pos, "invalid %s '%s'", what, t.text)
		}
		add(n)
	}
	return not, nil
}

// ParseSignals reads a set of signals: numbers and names, with or without SIG.
func ParseSignals(expr string, u *Universe) (SignalSet, error) {
	var set SignalSet
	not, err := parseNumbers(expr, "signal", func(s string) (int, bool) {
		return parseSignal(s, 255, u)
	}, set.add)
	set.Not = not
	return set, err
}

// parseSignal reads the name of a signal or its number, which has no sign.
func parseSignal(s string, limit uint64, u *Universe) (int, bool) {
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		n, ok := parseUint(s, limit)
		return int(n), ok
	}
	return u.Signal(s)
}

// ParseFDs reads a set of descriptor numbers.
func ParseFDs(expr string) (*FDSet, error) {
	set := &FDSet{FDs: map[int]bool{}}
	not, err := parseNumbers(expr, "descriptor", func(s string) (int, bool) {
		n, ok := parseUint(s, 1<<31-1)
		return int(n), ok
	}, func(fd int) { set.FDs[fd] = true })
	if err != nil {
		return nil, err
	}
	set.Not = not
	return set, nil
}

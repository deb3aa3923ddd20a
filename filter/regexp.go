package filter

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// regexpErrors gives the C library's words for what Go's parser finds, where
// there is a counterpart.
var regexpErrors = map[syntax.ErrorCode]string{
	syntax.ErrMissingParen:          `Unmatched ( or \(`,
	syntax.ErrUnexpectedParen:       `Unmatched ) or \)`,
	syntax.ErrMissingBracket:        "Unmatched [, [^, [:, [., or [=",
	syntax.ErrInvalidCharRange:      "Invalid range end",
	syntax.ErrMissingRepeatArgument: "Invalid preceding regular expression",
	syntax.ErrInvalidRepeatSize:     "Invalid content of \\{\\}",
	syntax.ErrTrailingBackslash:     "Trailing backslash",
}

// compileRegexp compiles an extended regular expression.
func compileRegexp(pattern string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(fromPOSIX(pattern))
	if err == nil {
		if openBrace(pattern) {
			return nil, errors.New(pattern + `: Unmatched \{`)
		}
		return re, nil
	}
	var se *syntax.Error
	if errors.As(err, &se) {
		if words, ok := regexpErrors[se.Code]; ok {
			switch {
			case strings.HasPrefix(se.Expr, "[:"):
				words = "Invalid character class name"
			case se.Expr == "[" || se.Expr == "[^":
				words = "Invalid regular expression" // nothing follows
			}
			return nil, errors.New(pattern + ": " + words)
		}
	}
	return nil, errors.New(pattern + ": Invalid regular expression")
}

// fromPOSIX turns an extended regular expression, with the C library's operators, into Go's.
// References back have no counterpart.
func fromPOSIX(pattern string) string {
	var b strings.Builder
	again := false // a star goes before
	for i := 0; i < len(pattern); i++ {
		star := pattern[i] == '*'
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(posixEscape(pattern[i]))
		case c == '[':
			end := bracketEnd(pattern, i)
			// A backslash stands for itself in there.
			b.WriteString(strings.ReplaceAll(pattern[i:end], `\`, `\\`))
			i = end - 1
		case star && again: // as one would be
		default:
			b.WriteByte(c)
		}
		again = star
	}
	return b.String()
}

// posixEscape is what a backslash and a character mean: an operator, or the character itself.
func posixEscape(c byte) string {
	switch {
	case c == '<' || c == '>':
		return `\b`
	case c == '`':
		return `\A`
	case c == '\'':
		return `\z`
	case strings.IndexByte("wWsSbB", c) < 0 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'):
		return string(rune(c))
	}
	return `\` + string(rune(c))
}

// bracketEnd is the index behind the bracket expression that begins at i; a closing bracket
// that comes first is part of it.
func bracketEnd(pattern string, i int) int {
	j := i + 1
	if j < len(pattern) && pattern[j] == '^' {
		j++
	}
	if j < len(pattern) && pattern[j] == ']' {
		j++
	}
	for ; j < len(pattern); j++ {
		if strings.HasPrefix(pattern[j:], "[:") {
			if k := strings.Index(pattern[j:], ":]"); k > 0 {
				j += k + 1
			}
		} else if pattern[j] == ']' {
			return j + 1
		}
	}
	return len(pattern)
}

// openBrace reports whether a repetition count is not closed, as happens where the
// comma in it ends the pattern. Go would take the brace for itself.
func openBrace(pattern string) bool {
	open, bracket := false, false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case bracket:
			bracket = c != ']'
		case c == '[':
			bracket = true
		case c == '{':
			open = true
		case c == '}':
			open = false
		}
	}
	return open
}

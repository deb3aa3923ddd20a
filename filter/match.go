package filter

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// matchRegexp returns the test of a regular expression. What only looks for a text, at the
// start, at the end or anywhere, is done without the machine.
func matchRegexp(re *regexp.Regexp) func([]byte) bool {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return re.Match
	}
	text, start, end, ok := literal(tree.Simplify())
	if !ok {
		return re.Match
	}
	return matchText(text, start, end)
}

// matchText returns the test for a text, at the start, at the end, or anywhere.
func matchText(text []byte, start, end bool) func([]byte) bool {
	switch {
	case start && end:
		return func(b []byte) bool { return bytes.Equal(b, text) }
	case start:
		return func(b []byte) bool { return bytes.HasPrefix(b, text) }
	case end:
		return func(b []byte) bool { return bytes.HasSuffix(b, text) }
	}
	return func(b []byte) bool { return bytes.Contains(b, text) }
}

// literal reports whether the expression is a text and anchors at most. A character that
// does not encode itself is none: it also matches what is not UTF-8.
func literal(tree *syntax.Regexp) (text []byte, start, end, ok bool) {
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	if len(parts) > 1 && parts[0].Op == syntax.OpBeginText {
		start, parts = true, parts[1:]
	}
	if n := len(parts); n > 1 && parts[n-1].Op == syntax.OpEndText {
		end, parts = true, parts[:n-1]
	}
	if len(parts) != 1 || parts[0].Op != syntax.OpLiteral || parts[0].Flags&syntax.FoldCase != 0 {
		return nil, false, false, false
	}
	s := string(parts[0].Rune)
	return []byte(s), start, end, !strings.ContainsRune(s, utf8.RuneError)
}

// matchGlob returns the test of a pattern of path.Match, of the last element of a path if
// the pattern has no slash.
func matchGlob(pattern string) func([]byte) bool {
	if strings.Contains(pattern, "/") {
		return matchRegexp(regexp.MustCompile(globRegexp(pattern)))
	}
	match := matchElement(pattern)
	return func(b []byte) bool { return match(b[bytes.LastIndexByte(b, '/')+1:]) }
}

// matchElement returns the test of a pattern for what has no slash. Stars at its ends only
// need no machine.
func matchElement(pattern string) func([]byte) bool {
	text := []byte(strings.Trim(pattern, "*"))
	start, end := !strings.HasPrefix(pattern, "*"), !strings.HasSuffix(pattern, "*")
	if bytes.ContainsAny(text, `*?[\`) {
		return matchRegexp(regexp.MustCompile(globRegexp(pattern)))
	}
	return matchText(text, start, end)
}

// globRegexp translates a valid pattern of path.Match.
func globRegexp(pattern string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); {
		r, n := utf8.DecodeRuneInString(pattern[i:])
		i += n
		switch r {
		case '*':
			b.WriteString(`[^/]*`)
		case '?':
			b.WriteString(`[^/]`)
		case '[':
			i = globClass(&b, pattern, i)
		case '\\':
			r, n = utf8.DecodeRuneInString(pattern[i:])
			i += n
			fallthrough
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString(`\z`)
	return b.String()
}

// globClass translates a class from behind its bracket on and returns where it ends.
func globClass(b *strings.Builder, pattern string, i int) int {
	not := pattern[i] == '^'
	if not {
		i++
	}
	char := func() rune {
		if pattern[i] == '\\' {
			i++
		}
		r, n := utf8.DecodeRuneInString(pattern[i:])
		i += n
		return r
	}
	var ranges strings.Builder
	for first := true; first || pattern[i] != ']'; first = false {
		lo := char()
		hi := lo
		if pattern[i] == '-' {
			i++
			hi = char()
		}
		if lo <= hi {
			fmt.Fprintf(&ranges, `\x{%x}-\x{%x}`, lo, hi)
		}
	}
	switch {
	case ranges.Len() == 0 && not:
		b.WriteByte('.')
	case ranges.Len() == 0:
		b.WriteString(`[^\x{0}-\x{10ffff}]`)
	case not:
		b.WriteString("[^" + ranges.String() + "]")
	default:
		b.WriteString("[" + ranges.String() + "]")
	}
	return i + 1
}

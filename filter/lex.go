package filter

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lexKind is the kind of a lexeme.
type lexKind uint8

const (
	lexEOF lexKind = iota
	lexEnd         // of a statement: a semicolon, or the end of a line that does not go on
	lexName
	lexNumber
	lexDuration
	lexString
	lexOp
	lexBad // text is what is wrong
)

// lexeme is one word of the rule language.
type lexeme struct {
	kind     lexKind
	text     string // as written; of a lexString what it stands for
	num      int64  // of a lexNumber and a lexDuration
	pos, end int    // offsets in the source
}

// is reports whether the lexeme is a word or an operator that is written so.
func (t lexeme) is(text string) bool {
	return (t.kind == lexName || t.kind == lexOp) && t.text == text
}

// describe says what a reader sees there.
func (t lexeme) describe() string {
	switch t.kind {
	case lexEOF:
		return "the end"
	case lexEnd:
		return "the end of the statement"
	case lexString:
		return "the string " + quote(t.text)
	}
	return "'" + t.text + "'"
}

// Words at which a line may break: those that begin a line that belongs to the one
// before, and those that nothing ends with.
var (
	continues = strings.Fields("where do in from first follow depth and or")
	openEnded = strings.Fields("== != < <= > >= & + - ~ = : | , ( .. and or not in contains startswith endswith glob where do from first")
)

// operators are in the order in which they are tried.
var operators = strings.Fields("== != <= >= .. < > & + - ~ = : | , ( ) .")

// foreign are operators of other languages, and what to write instead.
var foreign = []struct{ text, instead string }{
	{"&&", "and"}, {"||", "or"}, {"!~", "not ... ~"}, {"!", "not"}, {"=~", "~"}, {"<>", "!="},
}

// scanner cuts a source into lexemes. Where the text is not in the rule language (sets of
// system calls, places in programs) the parser takes it with raw.
type scanner struct {
	text  string
	off   int
	depth int // of parentheses: inside of them lines do not end statements
	last  lexeme
}

// next returns the next lexeme. After the end of the text it returns lexEOF for ever.
func (s *scanner) next() lexeme {
	start, newline := s.blanks()
	switch {
	case newline && s.depth == 0 && s.last.end > 0 && s.last.kind != lexEnd &&
		!s.open() && !slices.Contains(continues, s.text[s.off:s.nameEnd(s.off)]):
		s.last = lexeme{kind: lexEnd, pos: start, end: start + 1}
	case s.off >= len(s.text):
		s.last = lexeme{pos: s.last.end, end: len(s.text)}
	default:
		s.last = s.lexeme()
		s.off = s.last.end
	}
	return s.last
}

// open reports whether the last lexeme lets nothing end.
func (s *scanner) open() bool {
	return (s.last.kind == lexName || s.last.kind == lexOp) && slices.Contains(openEnded, s.last.text)
}

// blanks skips white space and comments. start is where the first line ended.
func (s *scanner) blanks() (start int, newline bool) {
	for s.off < len(s.text) {
		switch s.text[s.off] {
		case '\n':
			if !newline {
				start, newline = s.off, true
			}
			s.off++
		case ' ', '\t', '\r':
			s.off++
		case '#':
			if n := strings.IndexByte(s.text[s.off:], '\n'); n >= 0 {
				s.off += n
			} else {
				s.off = len(s.text)
			}
		default:
			return start, newline
		}
	}
	return start, newline
}

// peek is the next byte that is not blank; 0 at the end.
func (s *scanner) peek() byte {
	s.blanks()
	if s.off < len(s.text) {
		return s.text[s.off]
	}
	return 0
}

// lexeme reads one at off, which is not blank.
func (s *scanner) lexeme() lexeme {
	c, rest := s.text[s.off], s.text[s.off:]
	switch {
	case c == ';':
		return lexeme{kind: lexEnd, text: ";", pos: s.off, end: s.off + 1}
	case isLetter(c):
		return s.upTo(lexName, s.nameEnd(s.off))
	case isDigit(c):
		return s.number()
	case c == '"' || c == '\'':
		return s.str()
	}
	for _, f := range foreign {
		if strings.HasPrefix(rest, f.text) && !strings.HasPrefix(rest, "!=") {
			return s.bad(len(f.text), "unexpected '%s': write '%s'", f.text, f.instead)
		}
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			switch op {
			case "(":
				s.depth++
			case ")":
				s.depth = max(s.depth-1, 0)
			}
			return s.upTo(lexOp, s.off+len(op))
		}
	}
	if c == '/' {
		return s.bad(1, "unexpected '/': texts are in quotes, and regular expressions stand after '~'")
	}
	r, n := utf8.DecodeRuneInString(rest)
	return s.bad(n, "unexpected character %q", r)
}

func (s *scanner) upTo(kind lexKind, end int) lexeme {
	return lexeme{kind: kind, text: s.text[s.off:end], pos: s.off, end: end}
}

func (s *scanner) bad(n int, format string, args ...any) lexeme {
	return lexeme{kind: lexBad, text: fmt.Sprintf(format, args...), pos: s.off, end: s.off + n}
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// nameEnd is where the letters and digits from off on end.
func (s *scanner) nameEnd(off int) int {
	for off < len(s.text) && (isLetter(s.text[off]) || isDigit(s.text[off])) {
		off++
	}
	return off
}

// number reads a number or a duration. A dot belongs to it before a digit only: 1..5.
func (s *scanner) number() lexeme {
	end := s.nameEnd(s.off)
	if end+1 < len(s.text) && s.text[end] == '.' && isDigit(s.text[end+1]) {
		end = s.nameEnd(end + 1)
	}
	t := s.upTo(lexNumber, end)
	if unit := unitOf(t.text); unit != 0 {
		t.kind = lexDuration
		n, ok := parseTime(t.text, unit)
		if !ok {
			return s.bad(len(t.text), "invalid duration '%s'", t.text)
		}
		t.num = n
		return t
	}
	n, err := parseNumber(t.text)
	if err != nil {
		return s.bad(len(t.text), "%s '%s'", err, t.text)
	}
	t.num = n
	return t
}

// timeUnits are in the order in which they are tried.
var timeUnits = []struct {
	suffix string
	length int64
}{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}

// unitOf is the length of the unit that a number ends with; 0: none.
func unitOf(s string) int64 {
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X") {
		return 0
	}
	for _, u := range timeUnits {
		if num, ok := strings.CutSuffix(s, u.suffix); ok && isDigit(num[len(num)-1]) {
			return u.length
		}
	}
	return 0
}

// parseTime reads a decimal number, which may have a fraction, of the unit that it ends with.
func parseTime(s string, unit int64) (int64, bool) {
	whole, frac, _ := strings.Cut(strings.TrimRight(s, "hmnsu"), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return 0, false
	}
	n *= unit
	for _, c := range []byte(frac) {
		if !isDigit(c) {
			return 0, false
		}
		unit /= 10
		if n > math.MaxInt64-int64(c-'0')*unit {
			return 0, false
		}
		n += int64(c-'0') * unit
	}
	return n, true
}

// parseNumber reads a number. In a base of the machine's it may have all 64 bits.
func parseNumber(s string) (int64, error) {
	digits, factor, base, bits := s, int64(1), 10, 63
	switch {
	case strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"):
		digits, base, bits = s[2:], 16, 64
	case strings.HasPrefix(s, "0o"):
		digits, base, bits = s[2:], 8, 64
	case len(s) > 1 && s[0] == '0' && isDigit(s[1]):
		digits, base, bits = s[1:], 8, 64
	}
	if i := strings.IndexByte("KMG", s[len(s)-1]); i >= 0 && base != 16 {
		digits, factor = digits[:len(digits)-1], 1<<(10*(i+1))
	}
	n, err := strconv.ParseUint(digits, base, bits)
	switch {
	case err != nil && err.(*strconv.NumError).Err == strconv.ErrRange, factor > 1 && n > uint64(math.MaxInt64/factor):
		return 0, fmt.Errorf("more than 64 bits in the number")
	case err != nil || strings.Contains(s, "_"):
		return 0, fmt.Errorf("invalid number")
	}
	return int64(n) * factor, nil
}

// str reads a string: "with \escapes" or 'without'.
func (s *scanner) str() lexeme {
	quote := s.text[s.off]
	var val []byte
	for i := s.off + 1; i < len(s.text) && s.text[i] != '\n'; i++ {
		c := s.text[i]
		switch {
		case c == quote:
			return lexeme{kind: lexString, text: string(val), pos: s.off, end: i + 1}
		case c != '\\' || quote == '\'':
			val = append(val, c)
		default:
			b, n := unescape(s.text[i+1:])
			if n == 0 {
				return lexeme{kind: lexBad, text: `unknown escape in a string: \\ \" \n \t \r \0 and \xHH are known`, pos: i, end: i + 1}
			}
			val = append(val, b)
			i += n
		}
	}
	return s.bad(1, "the string does not end")
}

// escapes maps what follows a backslash to the byte that it means.
var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '"': '"', '0': 0}

// unescape reads what follows a backslash; n is its length, 0 if it means nothing.
func unescape(s string) (b byte, n int) {
	if len(s) >= 3 && s[0] == 'x' {
		v, err := strconv.ParseUint(s[1:3], 16, 8)
		if err != nil {
			return 0, 0
		}
		return byte(v), 3
	}
	if s == "" {
		return 0, 0
	}
	b, ok := escapes[s[0]]
	if !ok {
		return 0, 0
	}
	return b, 1
}

// raw takes text up to the parenthesis that closes, or up to a comma if it is asked to.
// Parentheses inside count, but not those after a backslash. A line ends it, except
// after a comma.
func (s *scanner) raw(comma bool) (text string, pos int, ok bool) {
	s.peek()
	pos = s.off
	depth := 0
	for ; s.off < len(s.text); s.off++ {
		switch c := s.text[s.off]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ')' || c == ',' && comma && depth == 0:
			return strings.TrimRight(s.text[pos:s.off], " \t\r\n"), pos, true
		case c == '\\':
			s.off = min(s.off+1, len(s.text)-1)
		case c == '\n' && (comma || !strings.HasSuffix(strings.TrimRight(s.text[pos:s.off], " \t\r\n"), ",")):
			return "", pos, false
		}
	}
	return "", pos, false
}

// regexp takes a regular expression from behind its first slash up to the next one that
// has no backslash before it.
func (s *scanner) regexp() (text string, ok bool) {
	for i := s.off; i < len(s.text) && s.text[i] != '\n'; i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '/':
			text = s.text[s.off:i]
			s.off = i + 1
			return text, true
		}
	}
	return "", false
}

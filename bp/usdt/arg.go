package usdt

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gotrace/gotrace/arch"
)

// Arg is where an argument of a probe is, and what it is.
type Arg struct {
	Text   string // as the file has it: -4@%edi
	Size   int    // bytes: 1, 2, 4 or 8
	Signed bool
	Float  bool
	Err    error // why it cannot be read; nil otherwise

	op operand
}

// operand is a constant, a register or memory.
type operand struct {
	kind        operandKind
	disp        int64 // the constant; of memory what is added to the registers
	sym         string
	base, index register // of memory; base also the one register
	scale       uint64
	seg         string // a register that is added too: "fs_base"
}

type operandKind uint8

const (
	constant operandKind = iota
	inRegister
	inMemory
)

// register is a part of one.
type register struct {
	name   string // of arch.Regs; "": none
	size   int    // bytes
	shift  int    // in bits
	signed bool   // it is extended with its sign
}

// ArgError says what is wrong with an argument, and at which byte of it.
type ArgError struct {
	Text string
	Pos  int
	Msg  string
}

func (e *ArgError) Error() string {
	return fmt.Sprintf("%s at %d in argument %q", e.Msg, e.Pos, e.Text)
}

// ParseArgs reads the arguments of a probe, which blanks separate: each has a size in bytes,
// negative if it has a sign, with f behind it if it is a floating-point number, an @, and an
// operand. An argument that is not understood has an Err.
func ParseArgs(text string, a *arch.Arch) []Arg {
	var all []Arg
	for _, t := range split(text) {
		all = append(all, parseArg(t, a))
	}
	return all
}

// split cuts at blanks that are not within brackets: arm64 has them in [sp, 16].
func split(text string) []string {
	var all []string
	depth, start := 0, -1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' && depth <= 0:
			if start >= 0 {
				all = append(all, text[start:i])
			}
			start = -1
			continue
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			depth--
		}
		if start < 0 {
			start = i
		}
	}
	if start >= 0 {
		all = append(all, text[start:])
	}
	return all
}

func parseArg(text string, a *arch.Arch) Arg {
	arg := Arg{Text: text, Size: a.PtrSize}
	p := parser{text: text}
	if at := strings.IndexByte(text, '@'); at >= 0 {
		if arg.size(text[:at]) {
			p.pos = at + 1
		} else if strings.Trim(text[:at], "-0123456789f") == "" {
			arg.Err = p.fail("invalid size")
			return arg
		}
	}
	if a == arch.ARM64 {
		arg.op, arg.Err = p.arm64()
	} else {
		arg.op, arg.Err = p.x86(a)
	}
	if arg.Err == nil && p.pos < len(text) {
		arg.Err = p.fail("unexpected text")
	}
	return arg
}

// size reads what is before the @.
func (arg *Arg) size(s string) bool {
	s, arg.Float = strings.CutSuffix(s, "f")
	s, arg.Signed = strings.CutPrefix(s, "-")
	switch s {
	case "1", "2", "4", "8":
		arg.Size = int(s[0] - '0')
		return true
	}
	return false
}

// parser goes through an operand.
type parser struct {
	text string
	pos  int
}

func (p *parser) fail(msg string) error { return &ArgError{p.text, p.pos, msg} }

func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

// eat takes a text if it is next.
func (p *parser) eat(s string) bool {
	if strings.HasPrefix(p.text[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *parser) blanks() {
	for p.eat(" ") {
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// word takes letters, digits, points and underscores.
func (p *parser) word() string {
	start := p.pos
	for wordByte(p.peek()) {
		p.pos++
	}
	return p.text[start:p.pos]
}

// sum reads numbers and at most one symbol with plus and minus between: sym+8, 16-4.
func (p *parser) sum() (n int64, sym string, err error) {
	for first := true; ; first = false {
		neg := false
		switch {
		case p.eat("-"):
			neg = true
		case p.eat("+"):
		case !first:
			return n, sym, nil
		}
		start := p.pos
		term := p.word()
		if term == "" {
			return 0, "", p.fail("a number or a symbol is missing")
		}
		v, ok := number(term)
		switch {
		case ok && neg:
			n -= v
		case ok:
			n += v
		case neg || sym != "" || term[0] >= '0' && term[0] <= '9':
			p.pos = start
			return 0, "", p.fail("invalid number")
		default:
			sym = term
		}
	}
}

func number(s string) (int64, bool) {
	if strings.Contains(s, "_") {
		return 0, false
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n, true
	}
	n, err := strconv.ParseUint(s, 0, 64)
	return int64(n), err == nil
}

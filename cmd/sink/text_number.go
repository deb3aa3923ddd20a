package sink

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/gotrace/gotrace/tracer/event"
)

// appendFloat appends the shortest decimal that is read back as the same number. An exponent
// is used where %.17g has one.
func appendFloat(b []byte, v *event.Value) []byte {
	f := math.Float64frombits(v.Num)
	size := 64
	if v.Flags&event.FlagSingle != 0 {
		size = 32
	}
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case abs != 0 && (abs < 1e-4 || abs >= 1e17):
		return strconv.AppendFloat(b, f, 'e', -1, size)
	}
	return strconv.AppendFloat(b, f, 'f', -1, size)
}

// char appends a character in single quotes, escaped as in strings.
func (p *printer) char(b []byte, n uint64) []byte {
	b = append(b, '\'')
	switch {
	case n == '\'':
		b = append(b, `\'`...)
	case n == '"':
		b = append(b, '"')
	case n < 0x100:
		b = p.escape(b, []byte{byte(n)}, p.hex == HexAll)
	case n <= utf8.MaxRune:
		b = utf8.AppendRune(b, rune(n))
	default:
		b = appendHex(b, n)
	}
	return append(b, '\'')
}

// jsonFloat appends a number, or the name of what JSON has no number for.
func jsonFloat(b []byte, v *event.Value) []byte {
	if f := math.Float64frombits(v.Num); math.IsNaN(f) || math.IsInf(f, 0) {
		b = appendFloat(append(b, '"'), v)
		return append(b, '"')
	}
	return appendFloat(b, v)
}

// jsonChar appends a string of one character.
func jsonChar(b []byte, n uint64) []byte {
	switch {
	case n < 0x100:
		return appendBytes(b, []byte{byte(n)})
	case n <= utf8.MaxRune:
		return appendBytes(b, utf8.AppendRune(nil, rune(n)))
	}
	return strconv.AppendUint(b, n, 10)
}

package symbol

import (
	"bytes"
	"strings"

	"github.com/ianlancetaylor/demangle"
)

// names are what a mangled symbol is called.
type names struct {
	full  string // with parameters, as nm -C prints it
	bare  string // without
	plain string // and without the arguments of templates
}

// longest is the demangled name that is still made, as a power of two: hostile names of some
// hundred bytes demangle to megabytes.
var longest = demangle.MaxLength(16)

// mangled reports whether a name is one of C++ or Rust.
func mangled(raw string) bool {
	return strings.HasPrefix(raw, "_Z") || strings.HasPrefix(raw, "_R") || strings.HasPrefix(raw, "__Z")
}

// demangled gives the names of a symbol; they are the raw name where it is not mangled.
func demangled(raw string) (n names) {
	n = names{raw, raw, raw}
	defer func() {
		if recover() != nil {
			n = names{raw, raw, raw}
		}
	}()
	full, err := demangle.ToString(raw, longest)
	if err != nil {
		return n
	}
	n.full, n.bare = full, full
	if bare, err := demangle.ToString(raw, demangle.NoParams, longest); err == nil {
		n.bare = bare
	}
	n.plain = plain(n.bare)
	return n
}

// plain is a name without the arguments of templates: Box<int>::area is Box::area. The names
// of operators stay, and so do Rust's <T as Trait>::f, which begin with what they are of.
func plain(name string) string {
	if strings.HasPrefix(name, "<") || !strings.Contains(name, "<") {
		return name
	}
	out := make([]byte, 0, len(name))
	for depth, i := 0, 0; i < len(name); i++ {
		switch c := name[i]; {
		case depth == 0 && c == '<' && bytes.HasSuffix(out, []byte("operator")):
			n := len(name[i:]) - len(strings.TrimLeft(name[i:], "<=>"))
			out = append(out, name[i:i+min(n, 3)]...)
			i += min(n, 3) - 1
		case c == '<':
			if depth++; depth == 1 {
				out = bytes.TrimRight(bytes.TrimSuffix(out, []byte("::")), " ")
			}
		case c == '>' && depth > 0 && name[i-1] != '-':
			depth--
		case depth == 0:
			out = append(out, c)
		}
	}
	return string(out)
}

// vocabulary is what demangled names contain that mangled ones do not spell out.
var vocabulary = []string{
	"bool", "char", "char8_t", "char16_t", "char32_t", "short", "int", "long", "unsigned",
	"signed", "float", "double", "__float128", "__int128", "wchar_t", "void", "const",
	"volatile", "restrict", "operator", "new", "delete", "std", "string", "allocator",
	"basic_string", "basic_istream", "basic_ostream", "basic_iostream", "istream", "ostream",
	"iostream", "char_traits", "anonymous", "namespace", "lambda", "unnamed", "type", "clone",
	"vtable", "typeinfo", "guard", "variable", "thunk", "virtual", "non-virtual", "covariant",
	"return", "initializer", "decltype", "decltype(nullptr)", "nullptr", "true", "false",
	"sizeof", "alignof", "noexcept", "throw", "auto", "this", "complex", "imaginary",
	"transaction_safe", "impl", "dyn", "closure", "shim", "extern", "unsafe", "mut", "usize",
	"isize", "str", "u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128",
	"f32", "f64", "requires", "reinterpret_cast", "static_cast", "dynamic_cast", "for",
}

// literal is the longest identifier of a pattern that a mangled name has to contain if its
// demangled one matches; "" is none. It saves demangling every name to match a few.
func literal(pattern string) string {
	best := ""
	for _, w := range strings.FieldsFunc(outside(pattern), func(r rune) bool { return !identifier(r) }) {
		if len(w) > len(best) && len(w) > 2 && w[0] > '9' && !spoken(w) {
			best = w
		}
	}
	return best
}

// outside is a pattern without its classes, which need not match what they spell.
func outside(pattern string) string {
	for {
		i := strings.IndexByte(pattern, '[')
		if i < 0 {
			return pattern
		}
		j := strings.IndexByte(pattern[i:], ']')
		if j < 0 {
			return pattern
		}
		pattern = pattern[:i] + "*" + pattern[i+j+1:]
	}
}

// identifier reports whether a byte is written as it is in every mangled name.
func identifier(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// spoken reports whether a word may be part of the vocabulary.
func spoken(w string) bool {
	for _, v := range vocabulary {
		if strings.Contains(v, w) {
			return true
		}
	}
	return false
}

package filter

import (
	"slices"
	"strings"
)

// bareClasses are the classes that may be named without their %: those of the
// time before it. A name here wins over a call of the same name (signal, ipc).
var bareClasses = []string{"desc", "file", "ipc", "memory", "network", "process", "signal"}

// class returns the names in a class, given without its first %.
func class(name string) ([]string, bool) {
	if name == "network" {
		name = "net"
	}
	names, ok := classes[name]
	return names, ok
}

// ParseSyscalls reads a set of system calls in strace's form: an optional !, then
// all, none, or a list of calls, numbers, %classes and /regexes, each optionally
// after ? (no error if there is no such call) and before @64 or the like. Beyond strace,
// an element after ! takes its calls out of those before it: %file,!stat.
func ParseSyscalls(expr string, u *Universe) (*SyscallSet, error) {
	s, not := cutNot(expr)
	set := newSyscallSet(u)
	switch s {
	case "none":
	case "all":
		set = AllSyscalls(u)
	default:
		toks := split(s, ',', len(expr)-len(s))
		if len(toks) == 0 {
			return nil, errorAt(expr, 0, "invalid system call '%s'", expr)
		}
		for i, t := range toks {
			if err := set.parseElement(t, i > 0 && !not, u, expr); err != nil {
				return nil, err
			}
		}
	}
	if not {
		set = set.complement(u)
	}
	set.text = expr
	return set, nil
}

// parseElement adds the calls that one element of a list names, or takes them out if it
// begins with ! and may.
func (s *SyscallSet) parseElement(t token, mayRemove bool, u *Universe, expr string) error {
	text, remove := strings.CutPrefix(t.text, "!")
	if !remove || !mayRemove {
		return s.parseToken(t, u, expr)
	}
	out := newSyscallSet(u)
	if err := out.parseToken(token{text, t.pos + 1}, u, expr); err != nil {
		return err
	}
	for i := range s.abis {
		s.abis[i].andNot(out.abis[i])
	}
	return nil
}

// parseToken adds the calls that one element of a list names.
func (s *SyscallSet) parseToken(t token, u *Universe, expr string) error {
	text := strings.TrimLeft(t.text, "?")
	optional := len(text) < len(t.text)
	pos := t.pos + len(t.text) - len(text)
	name, suffix, qualified := text, "", false
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		name, suffix, qualified = text[:at], text[at+1:], true
		if suffix != "64" && suffix != "32" && suffix != "x32" {
			err := errorAt(expr, pos+at, "incorrect personality designator '%s' in qualification '%s'", suffix, text)
			err.Usage = true
			return err
		}
	}
	match, err := matcher(name)
	if err != nil {
		return errorAt(expr, pos, "regcomp: %s", err)
	}
	found := false
	for i, abi := range u.ABIs {
		// A machine without x32 programs still knows its calls: they are the
		// 64-bit ones, and selecting them selects nothing.
		known := qualified && suffix == "x32" && abi.Suffix == "64"
		if qualified && abi.Suffix != suffix && !known {
			continue
		}
		for nr, call := range abi.Names {
			if call != "" && match(nr, call) {
				found = true
				if !known {
					s.abis[i].add(nr)
				}
			}
		}
	}
	if !found && !optional {
		return errorAt(expr, pos, "invalid system call '%s'", text)
	}
	return nil
}

// matcher compiles what stands for calls in a list. The calls that the caller
// numbers from SocketcallBase on have no number that a user could know.
func matcher(name string) (func(nr int, call string) bool, error) {
	none := func(int, string) bool { return false }
	switch {
	case name == "":
		return none, nil
	case name == "all":
		return func(int, string) bool { return true }, nil
	case name[0] == '/':
		re, err := compileRegexp(name[1:])
		if err != nil {
			return nil, err
		}
		return func(_ int, call string) bool { return re.MatchString(call) }, nil
	case name[0] >= '0' && name[0] <= '9':
		n, ok := parseUint(name, SocketcallBase-1)
		if !ok {
			return none, nil
		}
		return func(nr int, _ string) bool { return nr == int(n) }, nil
	}
	names, ok := []string(nil), false
	if name[0] == '%' {
		if names, ok = class(name[1:]); !ok {
			return none, nil
		}
	} else if slices.Contains(bareClasses, name) {
		names, _ = class(name)
	} else {
		return func(_ int, call string) bool { return call == name }, nil
	}
	return func(_ int, call string) bool {
		_, in := slices.BinarySearch(names, call)
		return in
	}, nil
}

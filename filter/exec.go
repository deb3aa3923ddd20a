package filter

import (
	"path"
	"strings"
)

// ExecPattern selects programs by the path that is executed: by its last element,
// or by the whole path where the pattern has a slash.
type ExecPattern struct {
	Glob string // as path.Match has it
	Keep bool   // PAT+: descendants stay members whatever they execute
}

// ParseExec reads what follows -e exec=: a list of patterns, each optionally
// before a plus. Two pluses at the end belong to the name: g++ is the compiler,
// and g+++ keeps its descendants.
func ParseExec(expr string) ([]ExecPattern, error) {
	var pats []ExecPattern
	for _, t := range split(expr, ',', 0) {
		p := ExecPattern{Glob: t.text}
		pluses := len(t.text) - len(strings.TrimRight(t.text, "+"))
		if pluses%2 != 0 {
			p.Glob, p.Keep = t.text[:len(t.text)-1], true
		}
		if _, err := path.Match(p.Glob, ""); err != nil || p.Glob == "" {
			return nil, errorAt(expr, t.pos, "invalid exec pattern '%s'", t.text)
		}
		pats = append(pats, p)
	}
	if len(pats) == 0 {
		return nil, errorAt(expr, 0, "invalid exec pattern '%s'", expr)
	}
	return pats, nil
}

// Match reports whether the pattern selects the program with this path.
func (p ExecPattern) Match(file string) bool {
	if !strings.Contains(p.Glob, "/") {
		file = file[strings.LastIndexByte(file, '/')+1:]
	}
	ok, err := path.Match(p.Glob, file)
	return ok && err == nil
}

// String returns the pattern as it was written.
func (p ExecPattern) String() string {
	if p.Keep {
		return p.Glob + "+"
	}
	return p.Glob
}

package symbol

import (
	"cmp"
	"debug/elf"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Range reads the range of a rule: "" is every address, a function is its code, a library
// its executable segments, lib!func and patterns as in ParseLoc, and 0xLO-0xHI is itself.
// Spans come by address and do not overlap.
func (s *Space) Range(text string) ([]Span, error) {
	if text == "" {
		return []Span{{0, ^uint64(0)}}, nil
	}
	if sp, ok, err := addresses(text); ok {
		return []Span{sp}, err
	}
	l, err := codeLoc(text)
	if err != nil {
		return nil, err
	}
	if l.Name == "" {
		return s.code(l)
	}
	spans, err := s.functions(l)
	if errors.Is(err, ErrNone) && l.Module == "" {
		if code, lib := s.code(Loc{Module: l.Name}); lib == nil {
			return code, nil
		}
	}
	return spans, err
}

// CheckRange reports how the text of a range is wrong: a *SyntaxError.
func CheckRange(text string) error {
	if _, ok, err := addresses(text); ok || text == "" {
		return err
	}
	_, err := codeLoc(text)
	return err
}

// codeLoc reads the range that a function or, without a name, a library is.
func codeLoc(text string) (Loc, error) {
	if lib, ok := strings.CutSuffix(text, "!"); ok && lib != "" {
		return Loc{Module: lib}, nil
	}
	l, err := ParseLoc(text)
	if err == nil && (l.HasAddr || l.File != "" || l.Off != 0) {
		err = &SyntaxError{text, 0, "a range is a function, a library or 0xLO-0xHI"}
	}
	return l, err
}

// addresses reads 0xLO-0xHI.
func addresses(text string) (sp Span, ok bool, err error) {
	a, b, ok := strings.Cut(text, "-")
	if !ok || !strings.HasPrefix(a, "0x") {
		return sp, false, nil
	}
	lo, err1 := strconv.ParseUint(a, 0, 64)
	hi, err2 := strconv.ParseUint(b, 0, 64)
	switch {
	case err1 != nil:
		return sp, true, &SyntaxError{text, 0, "not an address"}
	case err2 != nil:
		return sp, true, &SyntaxError{text, len(a) + 1, "not an address"}
	case hi <= lo:
		return sp, true, &SyntaxError{text, len(a) + 1, "the range ends before it begins"}
	}
	return Span{lo, hi}, true, nil
}

// code is the executable segments of the modules that l.Module stands for.
func (s *Space) code(l Loc) ([]Span, error) {
	var out []Span
	for _, m := range s.matching(l.Module) {
		for _, p := range m.File.elf.Progs {
			if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && p.Memsz > 0 {
				out = append(out, Span{m.Bias + p.Vaddr, m.Bias + p.Vaddr + p.Memsz})
			}
		}
	}
	if out == nil {
		return nil, &NoneError{Loc: l, Module: true}
	}
	return merge(out), nil
}

// functions is the code of the functions that a place names.
func (s *Space) functions(l Loc) ([]Span, error) {
	points, err := s.Resolve(l)
	if err != nil {
		return nil, err
	}
	var out []Span
	for _, p := range points {
		if f, ok := s.Func(p.Addr); ok && f.Size > 0 {
			out = append(out, Span{f.Addr, f.Addr + f.Size})
		}
	}
	if out == nil {
		return nil, &NoneError{Loc: l}
	}
	return merge(out), nil
}

// merge sorts spans and joins those that touch.
func merge(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Lo, b.Lo) })
	out := spans[:0]
	for _, sp := range spans {
		if n := len(out); n > 0 && sp.Lo <= out[n-1].Hi {
			out[n-1].Hi = max(out[n-1].Hi, sp.Hi)
			continue
		}
		out = append(out, sp)
	}
	return out
}

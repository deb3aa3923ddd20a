package cmd

import (
	"slices"
	"strings"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
)

// isRule reports whether an expression of -e is in the rule language.
func isRule(expr string) bool {
	word, _, statement := strings.Cut(expr, " ")
	return strings.HasPrefix(expr, "where=") || statement && slices.Contains(filter.StatementNames(), word)
}

// completeRule proposes rules that go on from expr: what may stand where its last word begins.
func completeRule(expr string) []string {
	schema := bare("").registry().Schema(universe())
	if open := strings.LastIndex(expr, "syscall("); open >= 0 && !strings.Contains(expr[open:], ")") {
		return proposeAfter(expr, ",!(", filter.Values("trace", universe()))
	}
	if words, inside := eventArgument(schema, expr); inside {
		return proposeAfter(expr, ",( ", words)
	}
	return proposeAfter(expr, " ,|(;=:", ruleWords(schema, expr))
}

// eventArgument reports whether expr ends inside the parentheses of an event, and which words
// may stand there.
func eventArgument(s *filter.Schema, expr string) (words []string, inside bool) {
	open := strings.LastIndex(expr, "(")
	if open < 0 || strings.Contains(expr[open:], ")") || strings.Contains(expr[:open], " do ") || strings.Contains(expr[:open], " where ") {
		return nil, false
	}
	e := s.Event(expr[strings.LastIndexAny(expr[:open], " |")+1 : open])
	if e == nil {
		return nil, false
	}
	if n := strings.Count(expr[open:], ","); n < len(e.Params) {
		words = e.Params[n].Words
	}
	return words, true
}

// proposeAfter proposes the words for what follows the last of the separators.
func proposeAfter(expr, separators string, words []string) []string {
	last := strings.LastIndexAny(expr, separators) + 1
	var out []string
	for _, w := range words {
		if strings.HasPrefix(w, expr[last:]) {
			out = append(out, expr[:last]+w)
		}
	}
	return out
}

// ruleWords are the words that may stand behind the last separator of a rule.
func ruleWords(s *filter.Schema, expr string) []string {
	done := strings.TrimRight(expr[:strings.LastIndexAny(expr, " ,|(;=:")+1], " ")
	words := strings.FieldsFunc(done, func(r rune) bool { return strings.ContainsRune(" ,(;:", r) })
	doing := slices.Contains(words, "do")
	switch last := words[len(words)-1]; {
	case last == "on" || strings.HasSuffix(done, "|"):
		return names(s.Events, func(e *filter.Event) string { return e.Name })
	case last == "do" || doing && strings.HasSuffix(done, ","):
		return names(s.Actions, func(a *filter.ActionSpec) string { return a.Name })
	case last == "use":
		return follow.CanonicalSets()
	case last == "follow":
		return []string{"none", "threads", "children", "all"}
	case strings.HasSuffix(done, "=") || slices.Contains([]string{"where", "and", "or", "not"}, last) || strings.HasSuffix(done, "("):
		return conditionWords(s, words[0])
	case words[0] == "group":
		return []string{"and", "or", "follow", "depth", "existing"}
	case doing:
		return nil
	}
	return []string{"where", "in", "do", "first", "from", "and", "or"}
}

// conditionWords are the fields and functions; of tasks only in the condition of a group.
func conditionWords(s *filter.Schema, statement string) []string {
	var fields []*filter.Field
	for _, f := range s.Fields {
		if f.Task || statement != "group" {
			fields = append(fields, f)
		}
	}
	words := names(fields, func(f *filter.Field) string { return f.Name })
	if statement != "group" {
		for _, e := range s.Events {
			words = append(words, names(e.Fields, func(f *filter.Field) string { return f.Name })...)
		}
		words = append(words, names(s.Funcs, func(f *filter.Func) string { return f.Name + "(" })...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func names[T any](list []T, name func(T) string) []string {
	var out []string
	for _, x := range list {
		out = append(out, name(x))
	}
	return out
}

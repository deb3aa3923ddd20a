package filter

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// PredExact is Pred, and whether it holds only where the condition does.
func (p *Program) PredExact() (*Pred, bool) { return predOf(condition(p.root), false) }

// Never is why the condition holds of no event; "" if no reason is found.
func (p *Program) Never() string {
	_, why := never(condition(p.root))
	return why
}

// Lex cuts a text into lexemes and returns their texts; a mistake is after an exclamation mark.
func Lex(text string) []string {
	s := scanner{text: text}
	var list []string
	for {
		t := s.next()
		switch {
		case t.kind == lexEOF:
			return list
		case t.kind == lexBad:
			list = append(list, "!"+t.text)
		case t.kind == lexEnd:
			list = append(list, ";")
		case t.kind == lexString:
			list = append(list, quote(t.text))
		default:
			list = append(list, t.text)
		}
		if t.end < t.pos || t.end > len(text)+1 {
			panic("lexeme outside of the text")
		}
	}
}

// Interpret evaluates a condition as RULES has it, slowly: a second opinion about Match.
func (p *Program) Interpret(env Env) bool { return interpret(condition(p.root), env) }

func interpret(n *node, env Env) bool {
	switch n.op {
	case opBool:
		return n.num != 0
	case opAnd:
		return interpret(n.kids[0], env) && interpret(n.kids[1], env)
	case opOr:
		return interpret(n.kids[0], env) || interpret(n.kids[1], env)
	case opNot:
		return !interpret(n.kids[0], env)
	case opNE:
		return !anyOf(n, env, func(l, r Val) bool { return same(n.kids[0], l, r) })
	case opIn:
		for _, k := range n.kids[1:] {
			if k.op == opRange {
				lo, hi := values(k.kids[0], env), values(k.kids[1], env)
				for _, x := range values(n.kids[0], env) {
					if len(lo) > 0 && len(hi) > 0 && x.Num >= lo[0].Num && x.Num <= hi[0].Num {
						return true
					}
				}
			} else if anyOf(&node{kids: []*node{n.kids[0], k}}, env, func(l, r Val) bool { return same(k, l, r) }) {
				return true
			}
		}
		return false
	case opMatch, opGlob:
		for _, v := range values(n.kids[0], env) {
			if matches(n, string(v.Str)) {
				return true
			}
		}
		return false
	}
	if len(n.kids) == 2 && n.op >= opEQ && n.op <= opEndsWith {
		return anyOf(n, env, func(l, r Val) bool { return compares(n, l, r) })
	}
	if n.op == opTruth {
		n = n.kids[0]
	}
	for _, v := range values(n, env) {
		if v.Num != 0 {
			return true
		}
	}
	return false
}

// matches is done by the standard library alone.
func matches(n *node, s string) bool {
	if n.op == opMatch {
		return regexp.MustCompile(n.text).MatchString(s)
	}
	if !strings.Contains(n.text, "/") {
		s = s[strings.LastIndexByte(s, '/')+1:]
	}
	ok, _ := path.Match(n.text, s)
	return ok
}

func same(n *node, l, r Val) bool {
	if n.typ == String {
		return bytes.Equal(l.Str, r.Str)
	}
	return l.Num == r.Num
}

func compares(n *node, l, r Val) bool {
	switch n.op {
	case opEQ:
		return same(n.kids[0], l, r)
	case opLT:
		return l.Num < r.Num
	case opLE:
		return l.Num <= r.Num
	case opGT:
		return l.Num > r.Num
	case opGE:
		return l.Num >= r.Num
	case opContains:
		return bytes.Contains(l.Str, r.Str)
	case opStartsWith:
		return bytes.HasPrefix(l.Str, r.Str)
	}
	return bytes.HasSuffix(l.Str, r.Str)
}

// anyOf reports whether a comparison holds for some of the values.
func anyOf(n *node, env Env, holds func(l, r Val) bool) bool {
	for _, l := range values(n.kids[0], env) {
		for _, r := range values(n.kids[1], env) {
			if holds(l, r) {
				return true
			}
		}
	}
	return false
}

// values lists what an operand can be; nothing if it is absent.
func values(n *node, env Env) []Val {
	switch n.op {
	case opNum, opDur, opBool:
		return []Val{{Num: n.num, OK: true}}
	case opStr:
		return []Val{{Str: []byte(n.text), OK: true}}
	case opRef:
		return refValues(n, env)
	case opNeg, opAdd, opSub, opMask:
		zero := []Val{{}}
		lefts, rights := zero, values(n.kids[len(n.kids)-1], env)
		if n.op != opNeg {
			lefts = values(n.kids[0], env)
		}
		var list []Val
		for _, l := range lefts {
			for _, r := range rights {
				v := map[op]int64{opNeg: -r.Num, opAdd: l.Num + r.Num, opSub: l.Num - r.Num, opMask: l.Num & r.Num}[n.op]
				list = append(list, Val{Num: v, OK: true})
			}
		}
		return list
	case opCall:
		return callValues(n, env, nil)
	}
	if interpret(n, env) {
		return []Val{{Num: 1, OK: true}}
	}
	return []Val{{OK: true}}
}

func refValues(n *node, env Env) []Val {
	var list []Val
	for i := 0; i == 0 || n.ref.Field.Many; i++ {
		v := Val{OK: true}
		ok := false
		if n.typ == String {
			var b []byte
			b, ok = env.Str(n.ref, i)
			v.Str = bytes.Clone(b)
		} else {
			v.Num, ok = env.Num(n.ref, i)
		}
		if !ok {
			break
		}
		list = append(list, v)
	}
	return list
}

// callValues calls a function for all the values of its arguments.
func callValues(n *node, env Env, args []Val) []Val {
	if len(args) == len(n.kids) {
		v := n.fn.Call(env, args)
		if !v.OK {
			return nil
		}
		v.Str = bytes.Clone(v.Str)
		return []Val{v}
	}
	var list []Val
	for _, v := range values(n.kids[len(args)], env) {
		list = append(list, callValues(n, env, append(args[:len(args):len(args)], v))...)
	}
	return list
}

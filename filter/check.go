package filter

import (
	"slices"
	"strings"
)

// checker finds what names mean and whether rules can do what they say.
type checker struct {
	schema  *Schema
	errs    Errors
	sources int
	sets    []string // canonical sets that are being read
	lets    map[string]*statement
	groups  map[string]*statement
	rules   map[string]*statement
	refs    map[refKey]*Ref
	fields  map[string][]*Field // of the Schema, by name
	args    map[string][]string // names of arguments by set of calls
	nodes   int                 // that lets were expanded to
}

func newChecker(s *Schema) *checker {
	c := &checker{schema: s, lets: map[string]*statement{}, groups: map[string]*statement{},
		rules: map[string]*statement{}, refs: map[refKey]*Ref{}, fields: map[string][]*Field{}, args: map[string][]string{}}
	add := func(list []*Field) {
		for _, f := range list {
			if !slices.Contains(c.fields[f.Name], f) {
				c.fields[f.Name] = append(c.fields[f.Name], f)
			}
		}
	}
	add(s.Fields)
	for _, e := range s.Events {
		add(e.Fields)
	}
	return c
}

func (c *checker) source(s Source) *source {
	c.sources++
	return &source{Source: s, index: c.sources}
}

// Parse reads and checks rules. The error is of type [Errors] and has all that is wrong
// with all sources; then there are no rules.
func Parse(sources []Source, s *Schema) (*Rules, error) {
	c := newChecker(s)
	var stmts []*statement
	for _, src := range sources {
		p := &parser{c: c, src: c.source(src)}
		stmts = append(stmts, p.parse()...)
	}
	for _, st := range stmts {
		c.define(st)
	}
	for _, st := range stmts {
		if st.let != nil {
			c.let(st)
		}
	}
	rules := &Rules{}
	for _, st := range stmts {
		switch {
		case st.let != nil:
		case st.group != nil:
			rules.Groups = append(rules.Groups, c.group(st))
		default:
			rules.Rules = append(rules.Rules, c.rule(st))
		}
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return rules, nil
}

// ParseExpr reads one expression about events of a kind, or, without one, about events of
// any kind. The error is of type [Errors], as of a source that is named -e.
func ParseExpr(text string, s *Schema, on *Event) (*Program, error) {
	return parseExpr(Source{"-e", text}, s, on)
}

func parseExpr(src Source, s *Schema, on *Event) (*Program, error) {
	c := newChecker(s)
	p := &parser{c: c, src: c.source(src)}
	n := p.only()
	if n != nil {
		sc := scope{c: c, any: on == nil}
		if on != nil {
			sc.on = []onStmt{{On: On{Event: on}}}
		}
		sc.value(n)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return newProgram(n), nil
}

// only reads a source that is one expression; nil: there is something wrong with it.
func (p *parser) only() (n *node) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(bailout); !ok {
				panic(r)
			}
			n = nil
		}
	}()
	p.text = p.src.Text
	p.advance()
	n = p.expr()
	p.end("and", "or")
	if p.tok.kind != lexEOF {
		p.advance()
		p.end()
	}
	return n
}

// define enters the name of a statement.
func (c *checker) define(st *statement) {
	kind, names := "rule", c.rules
	switch {
	case st.let != nil:
		kind, names = "let", c.lets
		if slices.Contains(reserved, st.name) || st.name == "true" || st.name == "false" {
			c.report(st.src, st.at, "'%s' is a word of the language", st.name)
			return
		}
		if c.fields[st.name] != nil || c.schema.function(st.name) != nil {
			c.report(st.src, st.at, "'%s' is a field or a function already", st.name)
			return
		}
	case st.group != nil:
		kind, names = "group", c.groups
	}
	if st.name == "" {
		return
	}
	if o := names[st.name]; o != nil {
		c.report(st.src, st.at, "%s '%s' is defined already, at %s", kind, st.name, o.src.at(o.at))
		return
	}
	if st.group != nil && slices.Contains(c.schema.Groups, st.name) {
		c.report(st.src, st.at, "group '%s' exists already", st.name)
	}
	names[st.name] = st
}

// let checks a macro as far as it can be without an event that it is used of.
func (c *checker) let(st *statement) {
	if st.let.state != letUnchecked {
		return
	}
	st.let.state = letChecking
	sc := scope{c: c, any: true}
	n := st.let.expr.clone()
	sc.value(n)
	if st.let.state = letGood; n.wrong() {
		st.let.state = letBad
	}
}

// group checks the condition of a group.
func (c *checker) group(st *statement) *Group {
	sc := scope{c: c, tasks: true}
	if sc.condition(st.expr); !st.expr.wrong() {
		if st.expr.op != opBool { // false: only join admits anybody
			c.possible(st.expr)
		}
		st.group.Admit = newProgram(st.expr)
	}
	return st.group
}

// rule checks a rule.
func (c *checker) rule(st *statement) *Rule {
	r := st.rule
	rule := &Rule{Name: st.name, In: r.in, Count: r.count, At: st.src.at(st.pos)}
	if r.in != "" && !c.hasGroup(r.in) {
		c.report(st.src, r.inPos, "no group '%s'%s", r.in, Nearest(r.in, c.groupNames()))
	}
	if r.in != "" && r.in != AllGroup && len(r.on) > 0 && !slices.ContainsFunc(r.on, func(o onStmt) bool { return o.Event.Tasks }) {
		c.report(st.src, r.inPos, "%s happens to no task: no group has it", r.on[0].Event.Name)
	}
	sc := scope{c: c, on: r.on, silent: r.broken}
	if r.where != nil {
		sc.condition(r.where)
		if !r.broken && !r.where.wrong() {
			c.possible(r.where)
			rule.Where = newProgram(r.where)
		}
	}
	for i := range r.on {
		o := &r.on[i]
		fixed := scope{c: c, constant: true, silent: r.broken}
		o.Args = fixed.arguments(st, o.args)
		rule.On = append(rule.On, c.defaults(o.On))
	}
	for i := range r.do {
		a := &r.do[i]
		if a.spec == nil {
			continue
		}
		if !r.broken {
			c.action(st, a)
		}
		rule.Do = append(rule.Do, Action{Spec: a.spec, Args: sc.arguments(st, a.args), At: st.src.at(a.pos)})
	}
	if !r.broken {
		c.early(st, rule)
	}
	if print := c.schema.Action("print"); len(r.do) == 0 && print != nil {
		rule.Do = []Action{{Spec: print, At: rule.At}}
	}
	return rule
}

// defaults adds the sets that are not written: all.
func (c *checker) defaults(o On) On {
	if o.Event == nil || len(o.Args) > 0 || len(o.Event.Params) != 1 {
		return o
	}
	switch p := &o.Event.Params[0]; p.Kind {
	case ParamSyscalls:
		o.Args = []Arg{{Param: p, Calls: AllSyscalls(c.schema.Universe), Unnamed: true}}
	case ParamSignals:
		o.Args = []Arg{{Param: p, Signals: &SignalSet{Not: true}}}
	}
	return o
}

// arguments checks those of an event or an action.
func (sc *scope) arguments(st *statement, args []argStmt) []Arg {
	var list []Arg
	for i := range args {
		a := &args[i]
		if a.expr != nil {
			sc.argument(a)
		}
		switch a.Param.Kind {
		case ParamRule:
			if sc.c.rules[a.Str] == nil {
				sc.c.report(st.src, a.pos, "no rule '%s'%s", a.Str, Nearest(a.Str, names(sc.c.rules)))
			}
		case ParamGroup:
			if !sc.c.hasGroup(a.Str) {
				sc.c.report(st.src, a.pos, "no group '%s'%s", a.Str, Nearest(a.Str, sc.c.groupNames()))
			}
		}
		list = append(list, a.Arg)
	}
	return list
}

// argument checks one that is an expression.
func (sc *scope) argument(a *argStmt) {
	n := a.expr
	want := a.Param.Type
	switch a.Param.Kind {
	case ParamNum:
		want = Int
	case ParamDuration:
		want = Duration
	case ParamPair:
		want = Any
	}
	if want == Bool {
		sc.condition(n)
	} else {
		sc.value(n)
		sc.want(n, want)
	}
	if n.wrong() || sc.silent {
		return
	}
	if a.Param.NoString && n.typ == String {
		sc.errorf(n, "'%s' is a string, expected a number or a duration", n)
		return
	}
	if a.Param.Kind == ParamNum || a.Param.Kind == ParamDuration {
		if n.con == nil {
			sc.errorf(n, "'%s' must be a constant", a.Param.Name)
			return
		}
		a.Num = n.con.Num
		if least := a.Param.Least; least != 0 && a.Num < least {
			sc.errorf(n, "'%s' must be at least %s", a.Param.Name, (&Arg{Param: a.Param, Num: least}).text())
		}
		if a.Param.Check != nil && !n.bad {
			if _, err := a.Param.Check(&a.Arg); err != nil {
				sc.errorf(n, "%v", err)
			}
		}
	}
	a.Expr = newProgram(n)
}

// action checks that the events have what the action needs.
func (c *checker) action(st *statement, a *actStmt) {
	for _, o := range st.rule.on {
		switch e := o.Event; {
		case (a.spec.Calls || a.spec.Entry) && !(a.spec.Calls && e.Calls || a.spec.Entry && e.Entry):
			c.report(st.src, a.pos, "%s acts on %s, not on %s%s", a.spec.Name, c.actsOn(a.spec), e.Name, c.instead(a.spec, e))
		case a.spec.Stops && !e.Stops:
			c.report(st.src, a.pos, "%s needs a stopped task: at %s none is", a.spec.Name, e.Name)
		case a.spec.Tasks && !e.Tasks:
			c.report(st.src, a.pos, "%s needs a task: %s happens to none", a.spec.Name, e.Name)
		}
	}
	given := func(name string) bool {
		return slices.ContainsFunc(a.args, func(a argStmt) bool { return a.Name == name })
	}
	if given("error") && given("retval") {
		c.report(st.src, a.pos, "%s: a call either fails with error= or returns retval=, not both", a.spec.Name)
	}
	if given("syscall") && !given("error") && !given("retval") {
		c.report(st.src, a.pos, "%s: syscall= is the call to make instead: say with error= or retval= what it returns", a.spec.Name)
	}
}

// actsOn says what an action is limited to.
func (c *checker) actsOn(a *ActionSpec) string {
	var entries []string
	for _, e := range c.schema.Events {
		if e.Entry {
			entries = append(entries, e.Name)
		}
	}
	on := "the beginning of functions (" + strings.Join(entries, ", ") + ")"
	switch {
	case !a.Entry:
		return "system calls"
	case a.Calls:
		return "system calls and " + on
	}
	return on
}

// instead names the action to write in the place of one that does not act on the event.
func (c *checker) instead(a *ActionSpec, e *Event) string {
	if o := c.schema.Action(a.Instead); o != nil && (o.Calls && e.Calls || o.Entry && e.Entry) {
		return ": " + o.Name + " does"
	}
	return ""
}

// early checks that what acts at the entry of calls depends on nothing later.
func (c *checker) early(st *statement, rule *Rule) {
	if !slices.ContainsFunc(st.rule.on, func(o onStmt) bool { return o.Event.paired() }) {
		return
	}
	for i := range rule.Do {
		a := &rule.Do[i]
		what := a.Spec.Name
		isEarly := a.Spec.Early
		var late []string
		for _, arg := range a.Args {
			if arg.Param.Early && !isEarly {
				isEarly = true
				if arg.Name != "" {
					what += "(" + arg.Name + "=)"
				}
			}
		}
		if !isEarly {
			continue
		}
		if rule.Where != nil {
			late = append(late, rule.Where.late...)
		}
		for _, arg := range a.Args {
			if arg.Expr != nil && (a.Spec.Early || arg.Param.Early) {
				late = append(late, arg.Expr.late...)
			}
		}
		if len(late) > 0 {
			verb := " is"
			if slices.Sort(late); len(slices.Compact(late)) > 1 {
				verb = " are"
			}
			c.report(st.src, st.rule.do[i].pos,
				"%s acts at the entry of a call, where %s not known yet: put the condition on %s",
				what, strings.Join(slices.Compact(late), " and ")+verb, c.known())
		}
	}
}

// known names fields that are known at the entry of calls.
func (c *checker) known() string {
	var list []string
	for _, f := range []string{"path", "fd"} {
		if c.fields[f] != nil {
			list = append(list, f)
		}
	}
	list = append([]string{"arguments"}, list...)
	last := len(list) - 1
	return strings.TrimPrefix(strings.Join(list[:last], ", ")+" or "+list[last], " or ")
}

func (c *checker) hasGroup(name string) bool {
	return name == AllGroup || c.groups[name] != nil || slices.Contains(c.schema.Groups, name)
}

func (c *checker) groupNames() []string {
	return append(append(names(c.groups), AllGroup), c.schema.Groups...)
}

// names lists what is defined, in order.
func names(m map[string]*statement) []string {
	var list []string
	for n := range m {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// consts lists the symbolic constants.
func (c *checker) consts() []string {
	if c.schema.Consts == nil {
		return nil
	}
	return c.schema.Consts()
}

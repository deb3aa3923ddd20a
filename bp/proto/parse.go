package proto

import (
	"strconv"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// prototype is a function as a description has it.
type prototype struct {
	params   []Param
	results  []Param
	variadic bool
	noReturn bool
	fails    failure
	format   int
	scan     bool
	more     *Type
}

// library is the functions of one description, for one architecture.
type library struct {
	patterns []string
	funcs    map[string]*prototype
	aliases  map[string]string
	types    map[string]*Type
}

// parser reads one description.
type parser struct {
	lexer
	file   string
	arch   *arch.Arch
	ptr    int64
	tables func(string) *event.Table
	tok    token
	lib    *library
	// Of the function being read:
	fn    *prototype
	terms []pendingTerm
}

// pendingTerm is a parameter's name in a length, which may come before the parameter.
type pendingTerm struct {
	at   token
	term *term
}

// parse reads a description. Mistakes are panics of *SyntaxError within this package.
func parse(file, src string, a *arch.Arch, tables func(string) *event.Table, base *library) (lib *library, err error) {
	p := parser{lexer: lexer{src: src, line: 1, col: 1}, file: file, arch: a, ptr: int64(a.PtrSize), tables: tables}
	p.lib = &library{funcs: map[string]*prototype{}, aliases: map[string]string{}, types: map[string]*Type{}}
	if base != nil {
		for n, t := range base.types {
			p.lib.types[n] = t
		}
	} else {
		p.builtin()
	}
	defer func() {
		if e := recover(); e != nil {
			s, ok := e.(*SyntaxError)
			if !ok {
				panic(e)
			}
			lib, err = nil, s
		}
	}()
	p.read()
	for p.tok.kind != tokEOF {
		p.declaration()
	}
	return p.lib, nil
}

func (p *parser) fail(at token, msg string) {
	panic(&SyntaxError{p.file, at.line, at.col, msg})
}

// read goes to the next token.
func (p *parser) read() {
	t, msg := p.lexer.next()
	if msg != "" {
		p.fail(t, msg)
	}
	p.tok = t
}

// take goes past a word or sign if it is next.
func (p *parser) take(text string) bool {
	if p.tok.text != text || p.tok.kind == tokString || p.tok.kind == tokEOF {
		return false
	}
	p.read()
	return true
}

func (p *parser) want(text string) {
	if at := p.tok; !p.take(text) {
		p.fail(at, "\""+text+"\" is wanted, not "+at.String())
	}
}

func (p *parser) word(what string) token {
	t := p.tok
	if t.kind != tokWord {
		p.fail(t, what+" is wanted, not "+t.String())
	}
	p.read()
	return t
}

func (p *parser) number() int64 {
	neg := p.take("-")
	t := p.tok
	if t.kind != tokNumber {
		p.fail(t, "a number is wanted, not "+t.String())
	}
	p.read()
	if neg {
		return -t.num
	}
	return t.num
}

// declaration reads one declaration up to its semicolon or brace.
func (p *parser) declaration() {
	switch {
	case p.take("library"):
		for p.tok.kind == tokString {
			p.lib.patterns = append(p.lib.patterns, p.tok.text)
			p.read()
		}
		p.want(";")
	case p.take("alias"):
		p.alias()
	case p.take("type"):
		name := p.newType()
		p.want("=")
		p.lib.types[name] = p.typ()
		p.want(";")
	case p.take("enum"):
		p.names(Enum)
	case p.take("flags"):
		p.names(Flags)
	case p.take("struct"):
		p.structure()
	default:
		p.function()
	}
}

// alias reads other names of a function.
func (p *parser) alias() {
	for {
		name := p.word("a name")
		p.want("=")
		to := p.word("a function's name")
		if p.lib.funcs[to.text] == nil {
			p.fail(to, "no function "+to.String()+" is described before")
		}
		p.lib.aliases[name.text] = to.text
		if !p.take(",") {
			break
		}
	}
	p.want(";")
}

func (p *parser) newType() string {
	t := p.word("a type's name")
	if p.lib.types[t.text] != nil {
		p.fail(t, "there is a type "+t.String()+" already")
	}
	return t.text
}

// names reads an enumeration or the names of bits.
func (p *parser) names(k Kind) {
	name := p.newType()
	t := &Type{Kind: k, Name: name, Size: 4, Signed: k == Enum, Names: &event.Table{Name: name}}
	p.want("{")
	for next := int64(0); !p.take("}"); next++ {
		n := p.word("a constant's name")
		if p.take("=") {
			next = p.number()
		}
		t.Names.Entries = append(t.Names.Entries, event.Entry{Val: uint64(next), Name: n.text})
		if !p.take(",") {
			p.want("}")
			break
		}
	}
	p.take(";")
	p.lib.types[name] = t
}

// structure reads a structure laid out as C does.
func (p *parser) structure() {
	at := p.tok
	t := &Type{Kind: Struct, Name: p.newType()}
	p.lib.types[t.Name] = t
	p.want("{")
	align := int64(1)
	for !p.take("}") {
		f := Field{Type: p.typ()}
		name := p.word("a field's name")
		if f.Type.Size == 0 {
			p.fail(name, "the field's type has no size")
		}
		f.Name = name.text
		if p.take("[") {
			f.Type = p.array(f.Type)
		}
		a := f.Type.align(p.ptr)
		f.Off = roundUp(t.Size, a)
		t.Size = f.Off + f.Type.Size
		if t.Size > maxDatum {
			p.fail(name, "a structure has up to "+strconv.Itoa(maxDatum)+" bytes")
		}
		align = max(align, a)
		t.fields = append(t.fields, f)
		p.want(";")
	}
	if t.Size == 0 {
		p.fail(at, "the structure has no fields")
	}
	t.Size = roundUp(t.Size, align)
	p.take(";")
}

func (p *parser) array(elem *Type) *Type {
	at := p.tok
	n := p.number()
	p.want("]")
	if n < 1 || n > maxDatum {
		p.fail(at, "an array has 1 to "+strconv.Itoa(maxDatum)+" elements")
	}
	return &Type{Kind: Array, Count: n, Size: n * elem.Size, elem: elem}
}

// function reads a prototype.
func (p *parser) function() {
	p.fn, p.terms = &prototype{format: -1}, nil
	p.fn.noReturn = p.take("noreturn")
	if ret := p.typ(); ret.Kind != Void {
		p.fn.results = []Param{{Type: ret}}
	}
	name := p.word("a function's name")
	if p.lib.funcs[name.text] != nil {
		p.fail(name, "the function "+name.String()+" is described twice")
	}
	p.want("(")
	if !p.take(")") {
		p.params()
	}
	p.resolve()
	if p.take("fails") {
		p.failure()
	}
	p.want(";")
	p.lib.funcs[name.text], p.fn = p.fn, nil
}

// params reads parameters and the parenthesis behind them.
func (p *parser) params() {
	for {
		if p.take("...") {
			p.fn.variadic = true
			p.want(")")
			return
		}
		if p.param() {
			return
		}
		if p.take(")") {
			return
		}
		p.want(",")
	}
}

// param reads one parameter; end: it was the last, as "type ..." is.
func (p *parser) param() (end bool) {
	out := p.take("out")
	at := p.tok
	q := Param{Out: out}
	switch {
	case p.take("format"):
		p.fn.format = len(p.fn.params)
		q.Type = p.lib.types["string"]
	case p.take("scanformat"):
		p.fn.format, p.fn.scan = len(p.fn.params), true
		q.Type = p.lib.types["string"]
	default:
		q.Type = p.typ()
	}
	if p.take("...") {
		p.fn.variadic, p.fn.more = true, q.Type
		p.want(")")
		return true
	}
	if q.Type.Size == 0 {
		p.fail(at, "a parameter of this type cannot be passed")
	}
	if out && !q.Type.address() {
		p.fail(at, "only what an address points to can be output")
	}
	name := p.word("a parameter's name")
	if p.index(name.text) >= 0 {
		p.fail(name, "there are two parameters "+name.String())
	}
	q.Name = name.text
	if p.take("if") {
		q.When, q.Bits = p.condition()
	}
	p.fn.params = append(p.fn.params, q)
	return false
}

func (p *parser) condition() (int, uint64) {
	name := p.word("a parameter's name")
	i := p.index(name.text)
	if i < 0 {
		p.fail(name, "there is no parameter "+name.String()+" before")
	}
	p.want("&")
	return i, uint64(p.number())
}

func (p *parser) index(name string) int {
	for i := range p.fn.params {
		if p.fn.params[i].Name == name {
			return i
		}
	}
	return -1
}

// resolve finds the parameters that lengths name.
func (p *parser) resolve() {
	for _, t := range p.terms {
		i := p.index(t.at.text)
		if i < 0 {
			p.fail(t.at, "there is no parameter "+t.at.String())
		}
		t.term.n = int64(i)
	}
}

func (p *parser) failure() {
	at := p.word("negative, zero or nonzero")
	switch at.text {
	case "negative":
		p.fn.fails = failsNegative
	case "zero":
		p.fn.fails = failsZero
	case "nonzero":
		p.fn.fails = failsNonzero
	default:
		p.fail(at, "negative, zero or nonzero is wanted, not "+at.String())
	}
}

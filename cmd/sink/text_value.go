package sink

import (
	"bytes"
	"strconv"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Consts is how named constants are shown (-X).
type Consts uint8

const (
	ConstAbbrev  Consts = iota // O_RDONLY
	ConstRaw                   // 0
	ConstVerbose               // 0 /* O_RDONLY */
)

// Hex is which strings are shown in hexadecimal (-x).
type Hex uint8

const (
	HexNone  Hex = iota
	HexChars     // escapes are \x1b instead of octal
	HexASCII     // whole strings with a byte that is not ASCII
	HexAll
)

// printer appends values in strace's notation.
type printer struct {
	consts Consts
	hex    Hex
	paint  *palette // nil: no colour
}

const lowerHex = "0123456789abcdef"

func appendHex(b []byte, n uint64) []byte {
	b = append(b, '0', 'x')
	return strconv.AppendUint(b, n, 16)
}

// value appends v.
func (p *printer) value(b []byte, v *event.Value) []byte {
	b = p.bare(b, v)
	if v.Note != nil && v.Form != event.FormFD && (v.Flags&event.FlagNoted == 0 || p.consts != ConstRaw) {
		b = append(b, " /* "...)
		b = append(b, v.Note...)
		b = append(b, " */"...)
	}
	return b
}

// bare appends v without its note. A switch, since a table of methods that call one
// another would need an init function.
func (p *printer) bare(b []byte, v *event.Value) []byte {
	switch v.Form {
	case event.FormInt:
		return strconv.AppendInt(b, int64(v.Num), 10)
	case event.FormUint:
		return strconv.AppendUint(b, v.Num, 10)
	case event.FormHex:
		return alternateHex(b, v.Num)
	case event.FormHex0:
		return appendHex(b, v.Num)
	case event.FormOctal:
		return appendOctal(b, v.Num)
	case event.FormMode:
		return p.mode(b, v)
	case event.FormAddr:
		return appendAddr(b, v.Num)
	case event.FormEnum, event.FormEnumDec:
		return p.enum(b, v)
	case event.FormFlags:
		return p.flags(b, v)
	case event.FormSym:
		return p.sym(b, v)
	case event.FormString:
		return p.str(b, v)
	case event.FormFD:
		return p.fd(b, v)
	case event.FormPID:
		return p.decorate(strconv.AppendInt(b, int64(int32(v.Num)), 10), v)
	case event.FormStruct:
		return p.structure(b, v)
	case event.FormArray:
		return p.array(b, v)
	case event.FormSet:
		return p.set(b, v)
	case event.FormCall:
		return p.call(b, v)
	case event.FormOr:
		return p.or(b, v, "|")
	case event.FormAlt:
		return p.or(b, v, " or ")
	case event.FormAnd:
		return p.joined(b, v.Elem, " && ")
	case event.FormChange:
		return p.joined(b, v.Elem, " => ")
	case event.FormSeq:
		return p.seq(b, v)
	case event.FormTagged:
		return p.joined(append(b, v.Str...), v.Elem, "")
	case event.FormKilo:
		return p.kilo(b, v.Num)
	case event.FormHexPad:
		return hexPad(b, v.Num, 8)
	case event.FormHexPad16:
		return hexPad(b, v.Num, 16)
	case event.FormShift:
		return p.shift(b, v)
	case event.FormOrBlank:
		return p.joined(b, v.Elem, " | ")
	case event.FormThen:
		return p.joined(b, v.Elem, "")
	case event.FormKeyed:
		b = append(p.value(append(b, '['), &v.Elem[0]), "]="...)
		return p.value(b, &v.Elem[1])
	case event.FormRest:
		return p.rest(b, v)
	case event.FormMore:
		return append(b, "..."...)
	case event.FormFloat:
		return appendFloat(b, v)
	case event.FormChar:
		return p.char(b, v.Num)
	}
	return b
}

// kilo appends a number, as a product when it is a multiple of 1024 above that.
func (p *printer) kilo(b []byte, n uint64) []byte {
	if n <= 1024 || n%1024 != 0 {
		return strconv.AppendUint(b, n, 10)
	}
	if p.consts != ConstAbbrev {
		b = strconv.AppendUint(b, n, 10)
	}
	switch p.consts {
	case ConstRaw:
		return b
	case ConstVerbose:
		b = append(b, " /* "...)
	}
	b = append(strconv.AppendUint(b, n/1024, 10), "*1024"...)
	if p.consts == ConstVerbose {
		b = append(b, " */"...)
	}
	return b
}

// hexPad is printf's %#0*x of a width of 8 or 16.
func hexPad(b []byte, n uint64, width int) []byte {
	if n == 0 {
		return append(b, "0000000000000000"[:width]...)
	}
	b = append(b, "0x"...)
	for shift := 4 * (width - 3); shift > 0 && n>>shift == 0; shift -= 4 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, n, 16)
}

// or appends the parts of a number, or the number.
func (p *printer) or(b []byte, v *event.Value, sep string) []byte {
	names := *p
	names.consts = ConstAbbrev
	if v.Flags&event.FlagWord != 0 {
		return names.joined(b, v.Elem, sep)
	}
	if p.consts == ConstAbbrev || v.Flags&event.FlagParts != 0 || v.Num == 0 && v.Flags&event.FlagZero == 0 {
		if v.Flags&event.FlagBare != 0 && p.consts != ConstRaw && v.Elem[0].Table.Known(v.Elem[0].Num) == 0 {
			sep = ""
		}
		return p.joined(b, v.Elem, sep)
	}
	b = alternateHex(b, v.Num)
	if p.consts == ConstRaw {
		return b
	}
	b = names.joined(append(b, " /* "...), v.Elem, sep)
	return append(b, " */"...)
}

// shift appends a product with a power of two. What is said of a number without a
// name stands behind the whole.
func (p *printer) shift(b []byte, v *event.Value) []byte {
	e := &v.Elem[0]
	if v.Flags&event.FlagWhole == 0 || p.consts != ConstRaw && e.Table.Find(e.Num) != "" {
		return p.joined(b, v.Elem, "<<")
	}
	b = append(alternateHex(b, e.Num), "<<"...)
	return comment(p.value(b, &v.Elem[1]), unknownOf(e.Table))
}

// alternateHex is printf's %#x.
func alternateHex(b []byte, n uint64) []byte {
	if n == 0 {
		return append(b, '0')
	}
	return appendHex(b, n)
}

func appendAddr(b []byte, n uint64) []byte {
	if n == 0 {
		return append(b, "NULL"...)
	}
	return appendHex(b, n)
}

// appendOctal is printf's %#03o.
func appendOctal(b []byte, n uint64) []byte {
	switch {
	case n == 0:
		return append(b, "000"...)
	case n < 8:
		b = append(b, "00"...)
	default:
		b = append(b, '0')
	}
	return strconv.AppendUint(b, n, 8)
}

var fileTypes = [...]event.Entry{
	{Val: 0o140000, Name: "S_IFSOCK"}, {Val: 0o120000, Name: "S_IFLNK"}, {Val: 0o100000, Name: "S_IFREG"},
	{Val: 0o060000, Name: "S_IFBLK"}, {Val: 0o040000, Name: "S_IFDIR"}, {Val: 0o020000, Name: "S_IFCHR"},
	{Val: 0o010000, Name: "S_IFIFO"},
}

var modeBits = [...]event.Entry{{Val: 0o4000, Name: "S_ISUID"}, {Val: 0o2000, Name: "S_ISGID"}, {Val: 0o1000, Name: "S_ISVTX"}}

// call appends a macro with its arguments, or the number that it makes.
func (p *printer) call(b []byte, v *event.Value) []byte {
	number := v.Flags&event.FlagWhole != 0 && p.consts != ConstAbbrev
	if number {
		b = p.wholeNumber(b, v)
		if p.consts == ConstRaw {
			return b
		}
		if v.Flags&event.FlagParts == 0 {
			p = &printer{hex: p.hex}
		}
		b = append(b, " /* "...)
	}
	b = append(append(b, v.Str...), '(')
	b = p.joined(b, v.Elem, ", ")
	if p.fillsIn(v) && !number {
		b = append(append(b, ", &"...), v.Name...)
	}
	b = append(b, ')')
	if number {
		b = append(b, " */"...)
	}
	return b
}

// wholeNumber appends the number that a macro makes.
func (p *printer) wholeNumber(b []byte, v *event.Value) []byte {
	switch {
	case v.Data != nil:
		return append(p.escape(append(b, '"'), v.Data, true), '"')
	case v.Flags&event.FlagDecimal != 0:
		return strconv.AppendUint(b, v.Num, 10)
	}
	return p.number(b, v)
}

// fillsIn reports whether v is shown as a call that is given the address of its field.
func (p *printer) fillsIn(v *event.Value) bool {
	return v.Flags&event.FlagInto != 0 && p.consts == ConstAbbrev
}

// mode appends a whole st_mode: a number if its type has no name.
func (p *printer) mode(b []byte, v *event.Value) []byte {
	n := v.Num
	name := ""
	for i := range fileTypes {
		if t := &fileTypes[i]; n&0o170000 == t.Val {
			name = t.Name
			break
		}
	}
	if p.consts == ConstRaw || name == "" && n&0o170000 != 0 {
		return appendOctal(b, n)
	}
	if p.consts == ConstVerbose {
		b = append(appendOctal(b, n), " /* "...)
	}
	if name != "" {
		b = append(append(b, name...), '|')
		n &^= 0o170000
	}
	for i := range modeBits {
		if m := &modeBits[i]; n&m.Val != 0 {
			b = append(append(b, m.Name...), '|')
			n &^= m.Val
		}
	}
	b = appendOctal(b, n)
	if p.consts == ConstVerbose {
		b = append(b, " */"...)
	}
	return b
}

func (p *printer) number(b []byte, v *event.Value) []byte {
	switch {
	case v.Flags&event.FlagSigned != 0:
		return strconv.AppendInt(b, int64(v.Num), 10)
	case v.Form == event.FormEnumDec:
		return strconv.AppendUint(b, v.Num, 10)
	case v.Flags&event.FlagPointer != 0:
		return appendAddr(b, v.Num)
	}
	return alternateHex(b, v.Num)
}

func (p *printer) enum(b []byte, v *event.Value) []byte {
	if p.consts == ConstRaw && v.Flags&event.FlagVerbose == 0 {
		return p.number(b, v)
	}
	name := v.Str
	if name == "" {
		name = v.Table.Find(v.Num)
	}
	switch {
	case name == "":
		return comment(p.number(b, v), unknownOf(v.Table))
	case p.verbose(v):
		return comment(p.number(b, v), name)
	}
	return append(b, name...)
}

// verbose reports whether a number is shown beside its name.
func (p *printer) verbose(v *event.Value) bool {
	return p.consts == ConstVerbose || v.Flags&event.FlagVerbose != 0
}

func unknownOf(t *event.Table) string {
	if t == nil {
		return ""
	}
	return t.Unknown
}

func comment(b []byte, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, " /* "...)
	b = append(b, s...)
	return append(b, " */"...)
}

func (p *printer) flags(b []byte, v *event.Value) []byte {
	if v.Num == 0 && v.Flags&event.FlagEmpty != 0 {
		return b
	}
	if p.consts == ConstRaw && v.Flags&event.FlagVerbose == 0 {
		if v.Num == 0 && v.Flags&event.FlagBare != 0 {
			return b
		}
		return p.number(b, v)
	}
	if v.Num == 0 {
		name := ""
		if v.Flags&event.FlagZero != 0 {
			name = v.Table.Find(0)
		}
		switch {
		case name == "":
			return append(b, '0')
		case p.consts == ConstVerbose:
			return comment(append(b, '0'), name)
		}
		return append(b, name...)
	}
	if v.Table.Known(v.Num) == 0 {
		if v.Flags&event.FlagRest != 0 {
			return appendHex(b, v.Num)
		}
		return comment(appendHex(b, v.Num), unknownOf(v.Table))
	}
	if p.verbose(v) {
		b = append(appendHex(b, v.Num), " /* "...)
	}
	b = flagNames(b, v.Num, v.Table)
	if p.verbose(v) {
		b = append(b, " */"...)
	}
	return b
}

// flagNames appends the names of bits, and what is left as a number.
func flagNames(b []byte, rest uint64, t *event.Table) []byte {
	n := 0
	for i := range t.Entries {
		e := &t.Entries[i]
		if e.Val == 0 || rest&e.Val != e.Val {
			continue
		}
		if n++; n > 1 {
			b = append(b, '|')
		}
		b = append(b, e.Name...)
		if rest &^= e.Val; rest == 0 {
			return b
		}
	}
	return appendHex(append(b, '|'), rest)
}

func (p *printer) sym(b []byte, v *event.Value) []byte {
	if p.consts == ConstAbbrev || v.Flags&event.FlagWord != 0 {
		return append(append(b, v.Str...), v.Data...)
	}
	b = p.number(b, v)
	if p.consts == ConstVerbose {
		b = comment(b, v.Str)
	}
	return b
}

func (p *printer) fd(b []byte, v *event.Value) []byte {
	if v.Str == "" || p.consts != ConstAbbrev {
		b = strconv.AppendInt(b, int64(int32(v.Num)), 10)
		if v.Str != "" && p.consts == ConstVerbose {
			b = comment(b, v.Str)
		}
	} else {
		b = append(b, v.Str...)
	}
	return p.decorate(b, v)
}

// decorate appends <what a descriptor or process id stands for>.
func (p *printer) decorate(b []byte, v *event.Value) []byte {
	if v.Data == nil {
		return b
	}
	b = p.bracketed(append(b, '<'), v.Data)
	b = append(p.detail(b, v), '>')
	if v.Flags&event.FlagDeleted != 0 {
		b = append(b, "(deleted)"...)
	}
	return b
}

// detail appends what is said of a descriptor behind its path.
func (p *printer) detail(b []byte, v *event.Value) []byte {
	switch {
	case v.Form != event.FormFD: // a process id's note is a comment
		return b
	case len(v.Elem) == 0:
		return append(b, v.Note...)
	}
	name := &v.Elem[0]
	at := int(name.Num)
	b = append(b, v.Note[:at]...)
	if name.Flags&event.FlagBare != 0 {
		b = p.bracketed(b, name.Data)
	} else {
		b = p.escape(b, name.Data, p.hex == HexAll || p.hex == HexASCII && !plainASCII(name.Data))
	}
	return append(b, v.Note[at+len(name.Data):]...)
}

// bracketed appends a name that stands in angle brackets, which are escaped in it.
func (p *printer) bracketed(b, s []byte) []byte {
	if p.hex == HexAll || p.hex == HexASCII && !plainASCII(s) {
		return p.escape(b, s, true)
	}
	for len(s) > 0 {
		i := bytes.IndexAny(s, "<>")
		if i < 0 {
			return p.escape(b, s, false)
		}
		b = p.escape(b, s[:i], false)
		if p.hex == HexChars {
			b = hexEscape(b, s[i])
		} else {
			b = octalEscape(b, s[i], i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9')
		}
		s = s[i+1:]
	}
	return b
}

func (p *printer) structure(b []byte, v *event.Value) []byte {
	b = p.joined(append(b, '{'), v.Elem, ", ")
	if v.Flags&event.FlagOpen != 0 {
		return b
	}
	return append(p.cut(b, v), '}')
}

// rest appends the fields that go on with a structure shown before, the first of them
// what became of its last field.
func (p *printer) rest(b []byte, v *event.Value) []byte {
	for i := range v.Elem {
		e := &v.Elem[i]
		if e.Form == event.FormThen {
			b = p.named(append(b, " => "...), &e.Elem[0])
		} else {
			b = p.named(append(b, ", "...), e)
		}
	}
	if v.Flags&event.FlagCut != 0 {
		b = append(b, ", ..."...)
	}
	return append(b, '}')
}

// cut appends the sign that elements were left out at the end.
func (p *printer) cut(b []byte, v *event.Value) []byte {
	if v.Flags&event.FlagCut == 0 {
		return b
	}
	if len(v.Elem) > 0 {
		b = append(b, ", "...)
	}
	return append(b, "..."...)
}

// named appends name=value, or the value alone when it has no name.
func (p *printer) named(b []byte, e *event.Value) []byte {
	switch {
	case e.Name == "" || p.fillsIn(e):
	case e.Flags&event.FlagIndex != 0:
		b = append(b, '[')
		b = append(append(b, e.Name...), "]="...)
	case e.Flags&event.FlagEqual != 0:
		b = append(append(b, e.Name...), " == "...)
	default:
		b = append(append(b, e.Name...), '=')
	}
	return p.value(b, e)
}

func (p *printer) array(b []byte, v *event.Value) []byte {
	start := len(b)
	b = append(b, '[')
	for i := range v.Elem {
		e := &v.Elem[i]
		before := len(b)
		if i > 0 {
			b = append(b, ", "...)
		}
		if e.Flags&event.FlagMoreAddr != 0 {
			b = append(b, "... /* "...)
			b = append(appendAddr(b, e.Num), " */"...)
			continue
		}
		b = p.named(b, e)
		if v.Flags&event.FlagRoom != 0 && uint64(len(b)-start) > v.Num {
			return append(b[:before], ", ...]"...)
		}
	}
	return append(p.cut(b, v), ']')
}

func (p *printer) set(b []byte, v *event.Value) []byte {
	if v.Flags&event.FlagNot != 0 {
		b = append(b, '~')
	}
	b = p.joined(append(b, '['), v.Elem, " ")
	if v.Flags&event.FlagCut != 0 {
		if len(v.Elem) > 0 {
			b = append(b, ' ')
		}
		b = append(b, "..."...)
	}
	return append(b, ']')
}

func (p *printer) joined(b []byte, es []event.Value, sep string) []byte {
	for i := range es {
		if i > 0 {
			b = append(b, sep...)
		}
		b = p.named(b, &es[i])
	}
	return b
}

// seq appends a list whose names stand before a blank: in [3], left {...}.
func (p *printer) seq(b []byte, v *event.Value) []byte {
	for i := range v.Elem {
		e := &v.Elem[i]
		if i > 0 {
			b = append(b, ", "...)
		}
		if e.Name != "" {
			b = append(append(b, e.Name...), ' ')
		}
		b = p.value(b, e)
	}
	return b
}

// str appends a quoted string.
func (p *printer) str(b []byte, v *event.Value) []byte {
	if v.Flags&event.FlagMAC != 0 {
		return p.mac(b, v.Data)
	}
	s, cut := v.Data, v.Flags&event.FlagCut != 0
	hex := v.Flags&event.FlagHexStr != 0 || p.hex == HexAll || p.hex == HexASCII && !plainASCII(s)
	if n := len(s) - 1; v.Flags&event.FlagTrimNUL != 0 && n >= 0 && s[n] == 0 && !hex {
		s, cut = s[:n], false
	}
	quoted := v.Flags&event.FlagBare == 0
	if quoted {
		b = append(b, '"')
	}
	b = p.escape(b, s, hex)
	if quoted {
		b = append(b, '"')
	}
	if cut {
		b = append(b, "..."...)
	}
	return b
}

// mac appends a hardware address.
func (p *printer) mac(b, s []byte) []byte {
	if p.consts != ConstAbbrev {
		b = append(p.escape(append(b, '"'), s, true), '"')
		if p.consts == ConstRaw {
			return b
		}
		b = append(b, " /* "...)
	}
	for i, x := range s {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, lowerHex[x>>4], lowerHex[x&15])
	}
	if p.consts == ConstVerbose {
		b = append(b, " */"...)
	}
	return b
}

func (p *printer) escape(b, s []byte, hex bool) []byte {
	if hex {
		for _, c := range s {
			b = hexEscape(b, c)
		}
		return b
	}
	for i, c := range s {
		switch e := escapes[c]; {
		case e == 0:
			b = append(b, c)
		case e != 1:
			b = append(b, '\\', e)
		case p.hex == HexChars:
			b = hexEscape(b, c)
		default:
			b = octalEscape(b, c, i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '7')
		}
	}
	return b
}

func hexEscape(b []byte, c byte) []byte {
	return append(b, '\\', 'x', lowerHex[c>>4], lowerHex[c&15])
}

// octalEscape uses as few digits as can be told from an octal digit that follows.
func octalEscape(b []byte, c byte, octalNext bool) []byte {
	b = append(b, '\\')
	if octalNext || c >= 0o100 {
		b = append(b, '0'+c>>6)
	}
	if octalNext || c >= 0o10 {
		b = append(b, '0'+c>>3&7)
	}
	return append(b, '0'+c&7)
}

// escapes is 0 for a byte that stands for itself, 1 for one without a short escape.
var escapes = func() (t [256]byte) {
	for i := range t {
		if i < ' ' || i > '~' {
			t[i] = 1
		}
	}
	t['"'], t['\\'], t['\f'], t['\n'], t['\r'], t['\t'], t['\v'] = '"', '\\', 'f', 'n', 'r', 't', 'v'
	return t
}()

func plainASCII(s []byte) bool {
	for _, c := range s {
		if c > '~' || c < ' ' && (c < '\t' || c > '\r') {
			return false
		}
	}
	return true
}

// errnoText appends "ENOENT (No such file or directory)".
func errnoText(b []byte, n int) []byte {
	name := arch.ErrnoName(n)
	if name == "" {
		b = append(b, "(errno "...)
		return append(strconv.AppendInt(b, int64(n), 10), ')')
	}
	b = append(b, name...)
	return append(append(append(b, " ("...), arch.ErrnoText(n)...), ')')
}

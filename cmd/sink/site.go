package sink

import (
	"encoding/binary"
	"path/filepath"
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// siteKinds are the kinds that site shows.
var siteKinds = map[*event.Kind]bool{
	event.Breakpoint: true, event.Return: true, event.Watch: true, event.Step: true, event.Branch: true,
	event.CallEnter: true, event.CallExit: true, event.USDT: true, event.Perf: true, event.Uprobe: true,
}

// callLine is a call of a function whose entry was shown, and which is not over.
type callLine struct {
	depth int
	shown int // of its arguments
}

// site shows an event that happened at a place in a program, in the way of strace's lines:
// docs/RULES.md has the form of each.
func (t *Text) site(ev *event.Event) {
	switch ev.Kind {
	case event.CallEnter:
		t.functionEnter(ev)
		return
	case event.CallExit:
		t.functionExit(ev)
		return
	}
	t.begin(ev, ev.Wall)
	switch ev.Kind {
	case event.Return:
		t.returned(ev)
	case event.Watch:
		t.watched(ev)
	case event.Step:
		t.stepped(ev)
	case event.Branch:
		t.branch(ev)
	case event.USDT:
		t.buf = append(t.buf, "usdt "...)
		t.painted(probeName(ev))
		t.list(ev.Args, true)
	case event.Perf:
		t.buf = append(t.buf, "perf "...)
		t.painted(probeName(ev))
		t.buf = append(strconv.AppendInt(append(t.buf, ' '), ev.Num, 10), " at "...)
		t.buf = appendPlace(t.buf, &ev.Site.Place, ev.Site.PC)
		t.source(&ev.Site.Place)
	default:
		if ev.Kind == event.Uprobe && ev.Site.HasRet {
			t.returned(ev)
		} else {
			t.arrived(ev)
		}
	}
	t.newline()
}

// probeName is the static probe or the counter that an event is of, or what its rule calls it.
func probeName(ev *event.Event) string {
	if ev.Name == "" && len(ev.Site.Probes) > 0 {
		return ev.Site.Probes[0].Loc
	}
	return ev.Name
}

func (t *Text) painted(name string) {
	t.paintOn(t.pal.name)
	t.buf = append(t.buf, name...)
	t.paintOff(t.pal.name)
}

// list appends arguments in parentheses.
func (t *Text) list(args []event.Value, names bool) {
	t.buf = append(t.buf, '(')
	t.values(args, true, names)
	t.buf = append(t.buf, ')')
}

// values appends arguments; before all but the first there is a comma.
func (t *Text) values(args []event.Value, first, names bool) {
	for i := range args {
		v := args[i]
		if v.Absent() {
			continue
		}
		if !first {
			t.buf = append(t.buf, ", "...)
		}
		first = false
		if !names {
			v.Name = ""
		}
		t.buf = t.p.named(t.buf, &v)
	}
}

// arrived: >>> main(argc=1) at hello.c:12.
func (t *Text) arrived(ev *event.Event) {
	t.buf = append(t.buf, ">>> "...)
	t.paintOn(t.pal.name)
	t.buf = appendPlace(t.buf, &ev.Site.Place, ev.Site.PC)
	t.paintOff(t.pal.name)
	if ev.Args != nil {
		t.list(ev.Args, true)
	}
	switch p := &ev.Site.Place; {
	case p.File != "":
		t.buf = appendSource(append(t.buf, " at "...), p)
	case p.Module != "" && p.Func != "":
		t.buf = append(append(append(t.buf, " ["...), p.Module...), ']')
	}
}

// returned: <<< main = 0.
func (t *Text) returned(ev *event.Event) {
	t.buf = append(t.buf, "<<< "...)
	t.paintOn(t.pal.name)
	t.buf = appendPlace(t.buf, &ev.Site.Place, ev.Site.PC)
	t.paintOff(t.pal.name)
	t.buf = append(t.buf, ' ')
	t.padTo()
	t.given(ev)
}

// given appends what a function gave, and how long it ran.
func (t *Text) given(ev *event.Event) {
	switch v := &ev.Site.Ret; {
	case !ev.Site.HasRet:
		t.buf = append(t.buf, '?')
	case v.Absent():
		t.buf = append(t.buf, "<void>"...)
	default:
		bare := *v
		bare.Name = ""
		t.buf = t.p.value(t.buf, &bare)
	}
	if ev.Kind != event.Uprobe { // when the function began is not known
		t.spent(ev)
	}
}

// watched: *** counter: 1 => 2 at main+0x1c (hello.c:14).
func (t *Text) watched(ev *event.Event) {
	s := ev.Site
	t.paintOn(t.pal.signal)
	t.buf = append(append(append(t.buf, "*** "...), watchName(s)...), ": "...)
	if s.Old != nil && string(s.Old) != string(s.New) {
		t.buf = append(appendMemory(t.buf, s.Old), " => "...)
	}
	t.buf = append(appendMemory(t.buf, s.New), " at "...)
	t.buf = appendPlace(t.buf, &s.Place, s.PC)
	t.source(&s.Place)
	t.paintOff(t.pal.signal)
}

// watchName is what is watched, as the first rule has it.
func watchName(s *event.Site) string {
	for i := range s.Probes {
		if s.Probes[i].Kind == event.Watch {
			return s.Probes[i].Loc
		}
	}
	return "0x" + strconv.FormatUint(s.Addr, 16)
}

// wide is the number of bytes whose value may be an address.
const wide = 8

// appendMemory appends up to 8 bytes as a number: decimal, with its sign, unless it looks like an
// address; more as they are.
func appendMemory(b, mem []byte) []byte {
	v, ok := signed(mem)
	switch {
	case !ok:
		for _, c := range mem {
			b = append(b, lowerHex[c>>4], lowerHex[c&15])
		}
		return b
	case len(mem) == wide && v != int64(int32(v)):
		return appendHex(b, uint64(v))
	}
	return strconv.AppendInt(b, v, 10)
}

// signed is memory as a number, if it is small enough.
func signed(mem []byte) (int64, bool) {
	if len(mem) == 0 || len(mem) > wide {
		return 0, false
	}
	var b [wide]byte
	copy(b[wide-len(mem):], mem)
	return int64(binary.LittleEndian.Uint64(b[:])) >> (8 * (wide - len(mem))), true
}

// Columns of a step's line: where the instruction is, and how much of the line it has.
const insnWidth = 32

// stepped: 0x401136 <main+0x4> hello.c:12 mov %rsp,%rbp rbp=0x0=>0x7ffd8.
func (t *Text) stepped(ev *event.Event) {
	s := ev.Site
	t.buf = appendHex(append(t.buf, "    "...), s.PC)
	if s.Place.Func != "" || s.Place.Module != "" {
		t.buf = append(t.buf, " <"...)
		t.paintOn(t.pal.name)
		t.buf = appendPlace(t.buf, &s.Place, s.PC)
		t.paintOff(t.pal.name)
		t.buf = append(t.buf, '>')
	}
	if s.Place.File != "" {
		t.buf = appendSource(append(t.buf, ' '), &s.Place)
	}
	t.buf = append(t.buf, ' ')
	t.fill(t.o.Column)
	start := t.column()
	t.insn(ev)
	if len(s.Writes) == 0 {
		return
	}
	if t.buf = append(t.buf, ' '); t.o.Column > 0 {
		t.fill(start + insnWidth)
	}
	for i := range s.Writes {
		if i > 0 {
			t.buf = append(t.buf, ' ')
		}
		t.buf = appendChange(t.buf, &s.Writes[i])
	}
}

// fill appends blanks up to a column.
func (t *Text) fill(column int) {
	for n := column - t.column(); n > 0; n-- {
		t.buf = append(t.buf, ' ')
	}
}

// insn appends the text of an instruction, or its bytes where nobody makes that.
func (t *Text) insn(ev *event.Event) {
	text := ""
	if t.o.Insn != nil {
		text = t.o.Insn(ev.ABI, ev.Site.Insn, ev.Site.PC)
	}
	if text != "" {
		t.buf = append(t.buf, text...)
		return
	}
	for _, c := range ev.Site.Insn {
		t.buf = append(t.buf, lowerHex[c>>4], lowerHex[c&15])
	}
}

// appendChange appends what became of a register or memory, or what was read.
func appendChange(b []byte, c *event.Change) []byte {
	if c.Name != "" {
		b = append(b, c.Name...)
	} else {
		b = append(appendHex(append(b, '['), c.Addr), ']')
	}
	b = append(b, '=')
	if !c.Read {
		b = append(appendHex0(b, c.Old), "=>"...)
	}
	return appendHex0(b, c.New)
}

func appendHex0(b []byte, n uint64) []byte {
	return strconv.AppendUint(append(b, "0x"...), n, 16)
}

// branch: main+0x1c -> puts@plt (call).
func (t *Text) branch(ev *event.Event) {
	s := ev.Site
	for range s.Depth {
		t.buf = append(t.buf, "  "...)
	}
	t.paintOn(t.pal.name)
	t.buf = append(appendPlace(t.buf, &s.Place, s.PC), " -> "...)
	t.buf = appendPlace(t.buf, &s.Target, s.To)
	t.paintOff(t.pal.name)
	t.buf = append(append(append(t.buf, " ("...), s.Taken...), ')')
	t.source(&s.Place)
}

// source appends the line of a place, in parentheses.
func (t *Text) source(p *event.Place) {
	if p.File != "" {
		t.buf = append(appendSource(append(t.buf, " ("...), p), ')')
	}
}

// appendPlace appends main+0x1c, the module and the address in it where there is no function, or
// the address.
func appendPlace(b []byte, p *event.Place, addr uint64) []byte {
	name := p.Func
	if name == "" {
		name = p.Module
	}
	if name == "" {
		return appendHex0(b, addr)
	}
	b = append(b, name...)
	if p.Off == 0 {
		return b
	}
	return appendHex0(append(b, '+'), p.Off)
}

// appendSource appends hello.c:12, without the directory.
func appendSource(b []byte, p *event.Place) []byte {
	b = append(append(b, filepath.Base(p.File)...), ':')
	return strconv.AppendInt(b, int64(p.Line), 10)
}

// above forgets the calls of a task that are as deep as one that begins or ends now, or deeper, and
// returns the one that is just so deep.
func (t *Text) above(task event.Task, depth int) (line *callLine) {
	lines := t.calls[task]
	for n := len(lines); n > 0 && lines[n-1].depth >= depth; n-- {
		if line = nil; lines[n-1].depth == depth {
			line = lines[n-1]
		}
		lines = lines[:n-1]
	}
	if len(lines) == 0 {
		delete(t.calls, task)
	} else {
		t.calls[task] = lines
	}
	return line
}

// functionEnter begins the line of a library call, which ends when that returns.
func (t *Text) functionEnter(ev *event.Event) {
	s := ev.Site
	t.above(ev.Task, s.Depth)
	t.begin(ev, ev.Wall)
	t.functionName(s)
	t.buf = append(t.buf, '(')
	t.values(ev.Args, true, t.o.ArgNames)
	line := &callLine{depth: s.Depth, shown: len(ev.Args)}
	t.open, t.opener = line, ev.Task.TID
	if s.Only {
		t.interrupt()
		return
	}
	if t.calls == nil {
		t.calls = make(map[event.Task][]*callLine)
	}
	t.calls[ev.Task] = append(t.calls[ev.Task], line)
}

func (t *Text) functionName(s *event.Site) {
	t.paintOn(t.pal.name)
	t.buf = appendPlace(t.buf, &s.Place, s.PC)
	t.paintOff(t.pal.name)
}

// functionExit ends it.
func (t *Text) functionExit(ev *event.Event) {
	line := t.above(ev.Task, ev.Site.Depth)
	shown, first := 0, true
	switch {
	case line != nil && t.open == line:
		shown = line.shown
		first = !anyShown(ev.Args[:min(shown, len(ev.Args))])
	case line != nil:
		shown = line.shown
		t.begin(ev, ev.Wall)
		t.buf = append(t.buf, "<... "...)
		t.functionName(ev.Site)
		t.buf = append(t.buf, " resumed> "...)
	default:
		t.begin(ev, ev.Wall-int64(ev.Dur))
		t.functionName(ev.Site)
		t.buf = append(t.buf, '(')
	}
	t.open = nil
	t.values(ev.Args[min(shown, len(ev.Args)):], first, t.o.ArgNames)
	t.pad()
	t.given(ev)
	t.newline()
}

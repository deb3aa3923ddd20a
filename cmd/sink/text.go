// Package sink shows events: as strace's text, as JSON, as a summary. It is the only code
// that makes text of values. A sink never touches a tracee; it sees what decoders made.
package sink

import (
	"io"
	"strconv"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Sink takes events in order. It must not keep what an event points to.
type Sink interface {
	Write(*event.Event) error
	// Flush writes out what is buffered.
	Flush() error
	Close() error
}

// Clock says how a time is shown.
type Clock uint8

const (
	ClockOff  Clock = iota
	ClockDay        // 15:04:05
	ClockUnix       // 1700000000
)

// Times says which times a line has, each with a number of decimals: 0, 3, 6 or 9.
type Times struct {
	Absolute         Clock
	AbsoluteDecimals int
	Relative         bool
	RelativeDecimals int
	Spent            bool
	SpentDecimals    int
}

// PIDs says when a line begins with the task's id.
type PIDs uint8

const (
	PIDNever   PIDs = iota
	PIDBracket      // "[pid    12] ", while there is more than one task
	PIDColumn       // "12    ", always
)

// TextOptions are what the text of a trace depends on beside its events.
type TextOptions struct {
	Column                                       int // -a
	Consts                                       Consts
	Hex                                          Hex
	Times                                        Times
	PIDs                                         PIDs
	AlwaysPID                                    bool // PIDBracket even for one task
	Comm                                         bool // -Y: the command name behind the id
	IP                                           bool
	Number                                       bool
	ArgNames                                     bool
	Separate                                     bool // lines of different tasks do not share an output: no "unfinished"
	Prompt                                       bool // every part of a line is written at once: a terminal, standard error
	QuietExit, QuietSuperseded, QuietPersonality bool
	Color                                        bool
	// Insn is the text of an instruction; "" if the bytes are none. Without it they are shown.
	Insn func(abi *arch.ABI, code []byte, pc uint64) string
}

// Text writes strace's form.
type Text struct {
	o         TextOptions
	p         printer
	w         io.Writer
	buf       []byte
	line      int   // where the current line begins in buf, without its prefix's escapes
	col       int   // columns of the current line that are already written out
	open      any   // the call whose line is not ended: an *event.Syscall, a *callLine
	opener    int32 // the task that it is of
	calls     map[event.Task][]*callLine
	tasks     int   // live tasks, for PIDBracket
	prev      int64 // Wall of the last line, for -r
	err       error
	pal       palette
	invisible int // bytes of colour on the current line
	// last is the stacks of the calls that ended tasks, which are shown behind their end.
	last map[int32][]byte
}

// flushAt bounds the buffer of a sink that is not prompt.
const flushAt = 32 << 10

// NewText returns a sink that writes to w.
func NewText(w io.Writer, o TextOptions) *Text {
	t := &Text{o: o, w: w, p: printer{consts: o.Consts, hex: o.Hex}}
	if o.Color {
		t.pal = newPalette()
	}
	t.p.paint = &t.pal
	return t
}

// SetTasks tells how many tasks are traced.
func (t *Text) SetTasks(n int) { t.tasks = n }

// Write appends an event's text.
func (t *Text) Write(ev *event.Event) error {
	switch ev.Kind {
	case event.SyscallEnter:
		t.enter(ev)
	case event.SyscallExit:
		t.exit(ev)
	case event.Signal, event.GroupStop, event.Exit, event.Killed, event.Superseded, event.Personality:
		t.note(ev)
	default:
		if ev.Site != nil && siteKinds[ev.Kind] {
			t.site(ev)
		} else {
			t.other(ev)
		}
	}
	t.stack(ev)
	if t.o.Prompt || len(t.buf) >= flushAt {
		return t.Flush()
	}
	return t.err
}

// Flush writes out the buffer.
func (t *Text) Flush() error {
	if len(t.buf) == 0 || t.err != nil {
		return t.err
	}
	t.col += len(t.buf) - t.line
	t.line = 0
	_, t.err = t.w.Write(t.buf)
	t.buf = t.buf[:0]
	return t.err
}

// Close flushes. An open line is ended first.
func (t *Text) Close() error {
	if t.open != nil {
		t.interrupt()
	}
	return t.Flush()
}

// column is the width of the current line.
func (t *Text) column() int { return t.col + len(t.buf) - t.line - t.invisible }

// newline ends the current line.
func (t *Text) newline() {
	t.buf = append(t.buf, '\n')
	t.line, t.col, t.invisible = len(t.buf), 0, 0
}

// interrupt ends another task's open line.
func (t *Text) interrupt() {
	t.buf = append(t.buf, " <unfinished ...>"...)
	t.newline()
	t.open = nil
}

// Renumber ends the open line of a task that goes on under another id.
func (t *Text) Renumber(from, to int32) {
	if t.open == nil || t.opener != from {
		return
	}
	t.buf = append(t.buf, " <pid changed to "...)
	t.buf = append(strconv.AppendInt(t.buf, int64(to), 10), " ...>"...)
	t.newline()
	t.open = nil
}

// begin starts a line with its prefix.
func (t *Text) begin(ev *event.Event, wall int64) {
	// What one task does inside a system call it does not show; inside a function it may.
	if _, call := t.open.(*callLine); t.open != nil && (call || !t.o.Separate) {
		t.interrupt()
	}
	t.line, t.col, t.invisible = len(t.buf), 0, 0
	b := t.buf
	switch {
	case t.o.PIDs == PIDColumn:
		if t.o.Comm && len(ev.Comm) > 0 {
			b = strconv.AppendInt(b, int64(ev.Task.TID), 10)
			b = append(t.p.bracketed(append(b, '<'), ev.Comm), '>')
		} else {
			b = appendPadded(b, int64(ev.Task.TID), 5, false)
		}
		b = append(b, ' ')
	case t.o.PIDs == PIDBracket && (t.tasks > 1 || t.o.AlwaysPID):
		b = append(b, "[pid "...)
		b = appendPadded(b, int64(ev.Task.TID), 5, true)
		if t.o.Comm && len(ev.Comm) > 0 {
			b = append(t.p.bracketed(append(b, '<'), ev.Comm), '>')
		}
		b = append(b, "] "...)
	}
	b = t.times(b, wall)
	if t.o.Number {
		b = append(b, '[')
		b = append(appendPadded(b, int64(ev.NR), 4, true), "] "...)
	}
	if t.o.IP {
		b = appendIP(b, ev)
	}
	t.buf = b
}

func appendIP(b []byte, ev *event.Event) []byte {
	n := 16
	if ev.ABI != nil && ev.ABI.Bits == 32 {
		n = 8
	}
	b = append(b, '[')
	if !ev.HasIP {
		for range n {
			b = append(b, '?')
		}
	} else {
		for i := n - 1; i >= 0; i-- {
			b = append(b, lowerHex[ev.IP>>(4*i)&15])
		}
	}
	return append(b, "] "...)
}

// appendPadded appends n in at least width columns, padded at the left or right.
func appendPadded(b []byte, n int64, width int, right bool) []byte {
	var tmp [20]byte
	d := strconv.AppendInt(tmp[:0], n, 10)
	if right {
		for range width - len(d) {
			b = append(b, ' ')
		}
	}
	b = append(b, d...)
	if !right {
		for range width - len(d) {
			b = append(b, ' ')
		}
	}
	return b
}

// times appends the times of a line.
func (t *Text) times(b []byte, wall int64) []byte {
	o := &t.o.Times
	if o.Absolute != ClockOff {
		if o.Absolute == ClockDay {
			h, m, s := time.Unix(0, wall).Clock()
			b = append(appendTwo(b, h), ':')
			b = append(appendTwo(b, m), ':')
			b = appendTwo(b, s)
		} else {
			b = strconv.AppendInt(b, wall/1e9, 10)
		}
		b = appendFraction(b, wall%1e9, o.AbsoluteDecimals)
		if o.Relative {
			b = append(b, " (+"...)
		} else {
			b = append(b, ' ')
		}
	}
	if o.Relative {
		if t.prev == 0 {
			t.prev = wall
		}
		d := max(wall-t.prev, 0)
		t.prev = wall
		b = appendPadded(b, d/1e9, 6, true)
		b = appendFraction(b, d%1e9, o.RelativeDecimals)
		if o.Absolute != ClockOff {
			b = append(b, ')')
		}
		b = append(b, ' ')
	}
	return b
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// appendFraction appends the first decimals of a number of nanoseconds.
func appendFraction(b []byte, ns int64, decimals int) []byte {
	if decimals == 0 {
		return b
	}
	b = append(b, '.')
	for i, unit := 0, int64(1e8); i < decimals; i, unit = i+1, unit/10 {
		b = append(b, byte('0'+ns/unit%10))
	}
	return b
}

func (t *Text) enter(ev *event.Event) {
	t.begin(ev, ev.Wall)
	s := ev.Sys
	t.callName(ev)
	t.args(ev.Args, 0, ev)
	s.Shown, s.Printed = len(ev.Args), true
	t.open, t.opener = s, ev.Task.TID
	s.Separator = false
	if s.More && !s.Late && anyShown(ev.Args) {
		t.buf = append(t.buf, ", "...)
		s.Separator = true
	}
	if s.Only {
		t.interrupt()
	}
}

func anyShown(args []event.Value) bool {
	for i := range args {
		if !args[i].Absent() {
			return true
		}
	}
	return false
}

// callName appends name( as strace shows it: syscall_0x1f4( for a number without a name.
func (t *Text) callName(ev *event.Event) {
	t.paintOn(t.pal.name)
	if ev.Sys.Known {
		t.buf = append(t.buf, ev.Sys.Name...)
	} else {
		t.buf = append(t.buf, "syscall_"...)
		t.buf = appendHex(t.buf, ev.Sys.NR)
	}
	t.paintOff(t.pal.name)
	t.buf = append(t.buf, '(')
}

func (t *Text) paintOn(c paint) {
	t.buf = append(t.buf, c.on...)
	t.invisible += len(c.on)
}

func (t *Text) paintOff(c paint) {
	t.buf = append(t.buf, c.off...)
	t.invisible += len(c.off)
}

// args appends the arguments from the one given on.
func (t *Text) args(args []event.Value, from int, ev *event.Event) {
	first := !anyShown(args[:from]) || ev.Sys.Separator
	for i := from; i < len(args); i++ {
		v := &args[i]
		if v.Absent() {
			continue
		}
		switch {
		case v.Form == event.FormThen:
			if p := max(i-1, 0); args[p].Form != event.FormThen || p == i {
				t.buf = append(t.buf, " => "...)
			}
		case v.Form == event.FormRest:
		case !first:
			t.buf = append(t.buf, ", "...)
		}
		first = false
		if t.o.ArgNames && v.Name == "" && ev.Sys.Decl != nil {
			t.buf = append(append(t.buf, ev.Sys.Decl.ArgName(i)...), '=')
		}
		t.buf = t.p.named(t.buf, v)
	}
}

func (t *Text) exit(ev *event.Event) {
	s := ev.Sys
	switch {
	case s.Detached && t.open != s && ev.Resumed():
		return // its line ended before
	case t.open == s:
	case s.Shown >= 0 && ev.Resumed():
		t.begin(ev, ev.Wall)
		t.buf = append(t.buf, "<... "...)
		t.paintOn(t.pal.name)
		if s.Known {
			t.buf = append(t.buf, s.Name...)
		} else {
			t.buf = append(t.buf, "syscall_"...)
			t.buf = appendHex(t.buf, s.NR)
		}
		t.paintOff(t.pal.name)
		t.buf = append(t.buf, " resumed>"...)
	default:
		t.begin(ev, ev.Began)
		t.callName(ev)
		s.Shown = 0
	}
	t.open = nil
	t.args(ev.Args, s.Shown, ev)
	s.Shown = 0
	switch {
	case s.Detached:
		t.buf = append(t.buf, " <detached ...>"...)
		t.newline()
		return
	case s.NoReturn:
		if s.More {
			t.buf = append(t.buf, " <unfinished ...>"...)
		}
		t.pad()
		t.buf = append(t.buf, '?')
		t.newline()
		return
	}
	t.pad()
	t.result(ev)
	t.newline()
	t.dumps(ev)
}

// pad closes the arguments and moves to the column of results.
func (t *Text) pad() {
	t.buf = append(t.buf, ") "...)
	t.padTo()
}

// padTo moves to the column of results.
func (t *Text) padTo() {
	t.fill(t.o.Column)
	t.buf = append(t.buf, "= "...)
}

// restarts reports whether an error is one of the kernel's that start a call again.
func restarts(errno int) bool {
	const noioctlcmd = 515
	return errno >= 512 && errno <= 516 && errno != noioctlcmd
}

func (t *Text) result(ev *event.Event) {
	s := ev.Sys
	switch {
	case restarts(s.Errno) && !s.Undecoded:
		t.buf = append(t.buf, "? "...)
		t.buf = errnoText(t.buf, s.Errno)
	case s.Errno != 0:
		t.paintOn(t.pal.err)
		t.buf = append(t.buf, "-1 "...)
		if restarts(s.Errno) { // shown like any error that the C library does not know
			t.buf = append(append(t.buf, arch.ErrnoName(s.Errno)...), " (Unknown error "...)
			t.buf = append(strconv.AppendInt(t.buf, int64(s.Errno), 10), ')')
		} else {
			t.buf = errnoText(t.buf, s.Errno)
		}
		t.paintOff(t.pal.err)
	case s.RetVal.Absent():
		t.buf = append(t.buf, '?')
	default:
		t.buf = t.p.value(t.buf, &s.RetVal)
	}
	t.aux(&s.Aux)
	switch {
	case s.Injected && s.ArgsInjected:
		t.buf = append(t.buf, " (INJECTED: args, retval)"...)
	case s.ArgsInjected:
		t.buf = append(t.buf, " (INJECTED: args)"...)
	case s.Injected:
		t.buf = append(t.buf, " (INJECTED)"...)
	}
	if s.Delayed {
		t.buf = append(t.buf, " (DELAYED)"...)
	}
	t.spent(ev)
}

// spent appends how long a call took, where that is asked for.
func (t *Text) spent(ev *event.Event) {
	if !t.o.Times.Spent {
		return
	}
	d := max(int64(ev.Dur), 0)
	t.buf = append(t.buf, " <"...)
	t.buf = strconv.AppendInt(t.buf, d/1e9, 10)
	t.buf = append(appendFraction(t.buf, d%1e9, t.o.Times.SpentDecimals), '>')
}

// note appends a line that is not a system call.
func (t *Text) note(ev *event.Event) {
	switch ev.Kind {
	case event.Exit:
		if t.o.QuietExit {
			return
		}
	case event.Superseded:
		if t.o.QuietSuperseded {
			return
		}
	case event.Personality:
		if t.o.QuietPersonality {
			return
		}
	}
	t.begin(ev, ev.Wall)
	c := t.pal.signal
	if ev.Kind != event.Signal && ev.Kind != event.GroupStop {
		c = t.pal.life
	}
	t.paintOn(c)
	b := t.buf
	switch ev.Kind {
	case event.Signal:
		b = append(b, "--- "...)
		b = append(appendSignal(b, ev.Num), ' ')
		for i := range ev.Args {
			b = t.p.value(b, &ev.Args[i])
		}
		b = append(b, " ---"...)
	case event.GroupStop:
		b = append(b, "--- stopped by "...)
		b = append(appendSignal(b, ev.Num), " ---"...)
	case event.Exit:
		b = append(b, "+++ exited with "...)
		b = append(strconv.AppendInt(b, ev.Num, 10), " +++"...)
	case event.Killed:
		b = append(b, "+++ killed by "...)
		b = appendSignal(b, ev.Num)
		if ev.Core {
			b = append(b, " (core dumped)"...)
		}
		b = append(b, " +++"...)
	case event.Superseded:
		b = append(b, "+++ superseded by execve in pid "...)
		b = append(strconv.AppendInt(b, ev.Num, 10), " +++"...)
	case event.Personality:
		b = append(b, "[ Process PID="...)
		b = strconv.AppendInt(b, int64(ev.Task.TID), 10)
		b = append(b, " runs in "...)
		b = append(append(b, ev.ABI.Name...), " mode. ]"...)
	}
	t.buf = b
	t.paintOff(c)
	t.newline()
}

func appendSignal(b []byte, n int64) []byte {
	if name := arch.SignalName(int(n)); name != "" {
		return append(b, name...)
	}
	return strconv.AppendInt(b, n, 10)
}

// aux appends what a returned value means.
func (t *Text) aux(v *event.Value) {
	p := t.p
	if v.Flags&(event.FlagWord|event.FlagParts) == event.FlagWord && (v.Form == event.FormFlags || v.Form == event.FormOr) {
		if p.consts == ConstRaw {
			return
		}
		p.consts = ConstAbbrev
	}
	if v.Absent() || v.Form == event.FormCall && v.Flags&event.FlagWord != 0 && p.consts == ConstRaw {
		return
	}
	t.buf = append(t.buf, " ("...)
	if v.Name != "" {
		t.buf = append(append(t.buf, v.Name...), ' ')
	}
	t.buf = append(p.value(t.buf, v), ')')
}

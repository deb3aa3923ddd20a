package cmd

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/filter"
)

const maxInt = math.MaxInt32 - 1

// errHelp is returned for -h, which ends parsing.
var errHelp = errors.New("help")

// plainError is a mistake that -h would not have prevented.
type plainError struct{ msg string }

func (e plainError) Error() string { return e.msg }

func plainf(format string, args ...any) error { return plainError{fmt.Sprintf(format, args...)} }

// parser is the state of reading one command line: what must be known to judge it
// as a whole.
type parser struct {
	o    *Options
	warn func(string) // shows a warning at once

	follow, followLong, followOld int
	daemonize, daemonizeLong      int
	times, timesLong              int
	hex                           int
	hexLong                       bool
	fds                           int
	quiet                         int
	onlySuccess, onlyFailed       int
	separateLong                  bool
	outputGiven, userGiven        bool
	sortGiven, columnsGiven       bool
	version                       bool
	warned                        int // warnings of the filter that were shown
}

// parseOptions reads a command line. Warnings are shown as they come up, so that
// they stand before the error that ends parsing.
func parseOptions(argv []string, u *filter.Universe, warn func(string)) (*parser, error) {
	p := &parser{
		o: &Options{
			Program: argv[0], Filter: filter.NewQualifiers(u), Columns: 40, StringLimit: 32,
			SummarySort: "time-percent", Overhead: -1,
			SummaryColumns: []string{"time-percent", "total-time", "avg-time", "calls", "errors", "name"},
		},
		warn: warn,
	}
	rest, err := getopt(OptionTable(), argv[1:], func(o *Option, a arg) error { return o.set(p, a) })
	if err != nil {
		return p, err
	}
	p.o.Command = rest
	if p.version {
		return p, nil
	}
	if err := p.check(); err != nil {
		return p, err
	}
	p.finish()
	return p, p.checkLate()
}

// qualify shows what an expression warns of, and turns its error into ours.
func (p *parser) qualify(err error) error {
	for _, w := range p.o.Filter.Warnings[p.warned:] {
		p.warn(w)
	}
	p.warned = len(p.o.Filter.Warnings)
	var e *filter.Error
	if errors.As(err, &e) {
		if e.Usage {
			return usageError{e.Msg}
		}
		return plainError{e.Msg}
	}
	return err
}

const both = "%s and %s cannot be provided simultaneously"

// check refuses contradictions, in strace's order.
func (p *parser) check() error {
	o := p.o
	attach := len(o.PIDs)+len(o.PIDNames) > 0
	counting := o.Summary != SummaryNone
	switch {
	case len(o.Command) == 0 && !attach && !o.Explain:
		return usagef("must have PROG [ARGS] or -p PID")
	case len(o.Command) == 0 && p.daemonize+p.daemonizeLong > 0:
		return usagef("PROG [ARGS] must be specified with -D/--daemonize")
	case p.daemonize > 0 && p.daemonizeLong > 0:
		return plainf(both, "-D", "--daemonize")
	case p.daemonize > 3:
		return usagef("Too many -D's (%d), maximum supported -D count is 3", p.daemonize)
	case p.times > 0 && p.timesLong > 0:
		return plainf(both, "-t", "--absolute-timestamps")
	case p.hex > 0 && p.hexLong:
		return plainf(both, "-x", "--strings-in-hex")
	case p.fds > 0 && o.Filter.DecodeFDsGiven:
		return plainf(both, "-y", "--decode-fds")
	case p.follow > 0 && p.followLong > 0:
		return plainf(both, "-f", "--follow-forks")
	case p.follow > 1 && p.separateLong:
		return plainf(both, "-ff", "--output-separately")
	}
	if p.followOld > 0 {
		if p.follow+p.followLong > 0 {
			p.warn("deprecated option -F ignored")
		} else {
			p.warn("option -F is deprecated, please use -f/--follow-forks instead")
			p.followLong = 1
		}
	}
	switch {
	case counting && p.separate():
		return usagef("(-c/--summary-only or -C/--summary) and -ff/--output-separately are mutually exclusive")
	case o.WallClock && !counting:
		return usagef("-w/--summary-wall-clock must be given with (-c/--summary-only or -C/--summary)")
	case p.columnsGiven && !counting:
		return usagef("-U/--summary-columns must be given with (-c/--summary-only or -C/--summary)")
	}
	return nil
}

// separate reports whether each task is to have a file: -f, given once, has the last word.
func (p *parser) separate() bool {
	if p.follow > 0 {
		return p.follow > 1
	}
	return p.separateLong
}

// finish turns counts into settings.
func (p *parser) finish() {
	o := p.o
	o.Follow = p.follow+p.followLong > 0
	o.Separate = p.separate()
	o.Daemonize = max(p.daemonize, p.daemonizeLong)
	if p.times > 0 {
		o.Absolute = Clock{On: true, Unix: p.times > 2}
		if p.times > 1 {
			o.Absolute.Precision = Microseconds
		}
	}
	switch {
	case p.hex == 1:
		o.HexStrings = HexNonASCII
	case p.hex > 1:
		o.HexStrings = HexAll
	}
	switch {
	case p.fds == 1:
		o.Filter.DecodeFDs = filter.FDPath
	case p.fds > 1:
		o.Filter.DecodeFDs = filter.AllDecodeFDs
	}
	switch {
	case p.quiet > 2:
		o.Filter.Quiet = filter.AllQuiet
	case p.quiet > 1:
		o.Filter.Quiet = filter.QuietAttach | filter.QuietPersonality | filter.QuietExit
	case p.quiet > 0:
		o.Filter.Quiet = filter.QuietAttach | filter.QuietPersonality
	}
	p.warnIdle()
}

// warnIdle warns of options that have no effect.
func (p *parser) warnIdle() {
	o := p.o
	if o.Summary == SummaryOnly {
		for _, idle := range []struct {
			given bool
			name  string
		}{
			{o.PrintIP, "-i/--instruction-pointer"},
			{o.StackTraces > 0, "-k/--stack-traces"},
			{o.PrintNumber, "-n/--syscall-number"},
			{o.Relative.On, "-r/--relative-timestamps"},
			{o.Absolute.On, "-t/--absolute-timestamps"},
			{o.SyscallTimes.On, "-T/--syscall-times"},
			{o.Filter.DecodeFDs != 0, "-y/--decode-fds"},
		} {
			if idle.given {
				p.warn(idle.name + " has no effect with -c/--summary-only")
			}
		}
	}
	p.warnSeccomp()
	if p.sortGiven && o.Summary == SummaryNone {
		p.warn("-S/--summary-sort-by has no effect without (-c/--summary-only or -C/--summary)")
	}
	if p.separateLong && p.separate() && !p.outputGiven {
		p.warn("--output-separately has no effect without -o/--output")
	}
	if o.Append && !p.outputGiven {
		p.warn("-A/--output-append-mode has no effect without -o/--output")
	}
	if p.onlySuccess+p.onlyFailed > 1 {
		p.warn("Only the last of -z/--successful-only/-Z/--failed-only options will take effect. " +
			"See status qualifier for more complex filters.")
	}
}

// warnSeccomp drops --seccomp-bpf where it cannot be had.
func (p *parser) warnSeccomp() {
	o := p.o
	if !o.SeccompBPF {
		return
	}
	if len(o.PIDs)+len(o.PIDNames) > 0 {
		p.warn("--seccomp-bpf is not enabled for processes attached with -p")
	}
	switch {
	case !o.Follow:
		p.warn("--seccomp-bpf cannot be used without -f/--follow-forks, disabling")
	case o.DetachOnExecve:
		p.warn("--seccomp-bpf is not enabled because it is not compatible with -b")
	case !o.Filter.TraceGiven:
		p.warn("Seccomp filter is requested but there are no syscalls to filter.  See -e trace to filter syscalls.")
	default:
		return
	}
	o.SeccompBPF = false
}

// checkLate refuses what strace refuses after its warnings.
func (p *parser) checkLate() error {
	o := p.o
	switch {
	case p.quiet > 0 && o.Filter.QuietGiven:
		return plainf(both, "-q", "-e quiet/--quiet")
	case p.outputGiven && o.Output == "":
		return plainf("Can't fopen '': No such file or directory")
	case o.Separate && o.Output != "" && strings.ContainsRune("|!", rune(o.Output[0])):
		return usagef("piping the output and -ff/--output-separately are mutually exclusive")
	case p.userGiven && os.Geteuid() != 0:
		return plainf("You must be root to use the -u/--username option")
	case p.userGiven && o.User == "":
		return plainf("Cannot find user ''")
	}
	return nil
}

// keyword finds a word whose case does not matter.
func keyword[T any](s string, words map[string]T) (T, bool) {
	v, ok := words[strings.ToLower(s)]
	return v, ok
}

// number reads the argument of an option that is a number.
func number(a arg, to *int, least, most uint64) error {
	n, ok := filter.ParseUint(a.value, most)
	if !ok || n < least {
		return a.invalid()
	}
	*to = int(n)
	return nil
}

var precisions = map[string]Precision{"s": Seconds, "ms": Milliseconds, "us": Microseconds, "ns": Nanoseconds}

// clock reads the options of a time that is microseconds unless said otherwise.
func clock(a arg, to *Clock) error {
	*to = Clock{On: true, Precision: Microseconds}
	if !a.given {
		return nil
	}
	p, ok := keyword(a.value, precisions)
	if !ok {
		return a.invalid()
	}
	to.Precision = p
	return nil
}

// timestamps takes in -t, or --absolute-timestamps=[[format:]FORMAT][,[precision:]PRECISION].
func (p *parser) timestamps(a arg) error {
	if !a.long() {
		p.times++
		return nil
	}
	c := &p.o.Absolute
	if p.timesLong++; p.timesLong == 1 {
		c.On = true
	}
	for word := range strings.SplitSeq(strings.ToLower(a.value), ",") {
		format, isFormat := strings.CutPrefix(word, "format:")
		precision, isPrecision := strings.CutPrefix(word, "precision:")
		formats := map[string]Clock{"none": {}, "time": {On: true}, "unix": {On: true, Unix: true}}
		f, okFormat := formats[format]
		n, okPrecision := precisions[precision]
		switch {
		case word == "":
		case okFormat && !isPrecision:
			c.On, c.Unix = f.On, f.Unix
		case okPrecision && !isFormat:
			c.Precision = n
		default:
			return a.invalid()
		}
	}
	return nil
}

// attach takes in -p: a list of process IDs, and of name:NAME.
func (p *parser) attach(a arg) error {
	for list := a.value; list != ""; {
		word := list
		if i := strings.IndexAny(list, ", \t\n"); i >= 0 {
			word, list = list[:i], list[i+1:]
		} else {
			list = ""
		}
		if name, ok := strings.CutPrefix(word, "name:"); ok && name != "" {
			if !slices.Contains(p.o.PIDNames, name) {
				p.o.PIDNames = append(p.o.PIDNames, name)
			}
			continue
		}
		n, ok := filter.ParseUint(word, math.MaxInt32)
		if !ok || n == 0 {
			return plainf("Invalid process id: '%s'", word)
		}
		if int(n) == os.Getpid() {
			return plainf("I'm sorry, I can't let you do that, Dave.")
		}
		p.o.PIDs = append(p.o.PIDs, int(n))
	}
	return nil
}

// summaryNames maps every spelling of a column to its first one. An underscore
// stands for a hyphen.
var summaryNames = map[string]string{
	"time": "time-percent", "time-percent": "time-percent",
	"total-time": "total-time", "time-total": "total-time",
	"min-time": "min-time", "time-min": "min-time", "shortest": "min-time",
	"max-time": "max-time", "time-max": "max-time", "longest": "max-time",
	"avg-time": "avg-time", "time-avg": "avg-time",
	"calls": "calls", "count": "calls",
	"errors": "errors", "error": "errors",
	"name": "name", "syscall": "name", "syscall-name": "name",
}

func (p *parser) sortBy(a arg) error {
	p.sortGiven = true
	word := strings.ReplaceAll(a.value, "_", "-")
	if word == "nothing" || word == "none" {
		p.o.SummarySort = "nothing"
		return nil
	}
	name, ok := summaryNames[word]
	if !ok {
		return usagef("invalid sortby: '%s'", a.value)
	}
	p.o.SummarySort = name
	return nil
}

func (p *parser) summaryColumns(a arg) error {
	p.columnsGiven = true
	p.o.SummaryColumns = nil
	for rest, more := a.value, true; more; {
		var word string
		residual := rest
		word, rest, more = strings.Cut(rest, ",")
		name, ok := summaryNames[strings.ReplaceAll(word, "_", "-")]
		if !ok {
			return usagef("unknown column name: '%s'", word)
		}
		if slices.Contains(p.o.SummaryColumns, name) {
			return usagef("call summary column has been provided more than once: '%s' (-U option residual: '%s')", word, residual)
		}
		p.o.SummaryColumns = append(p.o.SummaryColumns, name)
	}
	return nil
}

// validTips reports whether strace would accept --tips=s.
func validTips(s string) bool {
	for word := range strings.SplitSeq(strings.ToLower(s), ",") {
		format, isFormat := strings.CutPrefix(word, "format:")
		id, isID := strings.CutPrefix(word, "id:")
		_, isNumber := filter.ParseUint(id, math.MaxInt32)
		switch {
		case word == "":
		case !isID && (format == "none" || format == "compact" || format == "full"):
		case !isFormat && (id == "random" || isNumber):
		default:
			return false
		}
	}
	return true
}

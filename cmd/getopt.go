package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// ArgKind says whether an option takes an argument.
type ArgKind uint8

// The kinds of arguments. An optional one is given as --name=ARG only.
const (
	NoArg ArgKind = iota
	RequiredArg
	OptionalArg
)

// Age says since when an option exists. An abbreviation means the oldest option
// that it can mean, so that new ones change no command line that works today.
type Age uint8

// The ages.
const (
	Strace61 Age = iota // strace 6.1
	Strace72            // strace 7.2
	Gotrace             // ours
)

// Option is one option in all its spellings.
type Option struct {
	Short    byte // 0: none
	ShortArg bool // the short form takes an argument
	Longs    []string
	LongArg  ArgKind
	ArgName  string
	Group    string
	Help     string
	Age      Age

	set func(p *parser, a arg) error
}

// arg is one occurrence of an option.
type arg struct {
	name  string // as written: -s, --string-limit
	value string
	given bool // there is a value; always so where it is required
}

// long reports whether the option was given by its long name.
func (a arg) long() bool { return strings.HasPrefix(a.name, "--") }

// usageError is a mistake in the command line that -h would have prevented.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// invalid is the error about an argument.
func (a arg) invalid() error { return usagef("invalid %s argument: '%s'", a.name, a.value) }

// getopt takes options off args as getopt_long does, calls each for every one in
// its order, and returns what follows them. It stops at the first argument that is
// no option and behind "--".
func getopt(table []Option, args []string, each func(*Option, arg) error) ([]string, error) {
	for len(args) > 0 {
		word := args[0]
		if word == "--" {
			return args[1:], nil
		}
		if len(word) < 2 || word[0] != '-' {
			return args, nil
		}
		args = args[1:]
		var err error
		if strings.HasPrefix(word, "--") {
			args, err = longOption(table, word, args, each)
		} else {
			args, err = shortOptions(table, word[1:], args, each)
		}
		if err != nil {
			return args, err
		}
	}
	return nil, nil
}

// longOption handles --NAME[=VALUE].
func longOption(table []Option, word string, args []string, each func(*Option, arg) error) ([]string, error) {
	name, value, given := strings.Cut(word[2:], "=")
	o, long, err := findLong(table, name, word)
	if err != nil {
		return args, err
	}
	a := arg{name: "--" + long, value: value, given: given}
	switch {
	case given && o.LongArg == NoArg:
		return args, usagef("option '%s' doesn't allow an argument", a.name)
	case !given && o.LongArg == RequiredArg:
		if len(args) == 0 {
			return args, usagef("option '%s' requires an argument", a.name)
		}
		a.value, a.given = args[0], true
		args = args[1:]
	}
	return args, each(o, a)
}

// longOrder is the order in which strace 6.1 names long options that an abbreviation may mean.
var longOrder = strings.Fields(`
	columns output-append-mode detach-on summary-only summary debug daemonize daemonised daemonized env
	follow-forks output-separately help instruction-pointer interruptible stack-traces syscall-number
	output summary-syscall-overhead attach trace-path relative-timestamps string-limit summary-sort-by
	absolute-timestamps timestamps syscall-times user summary-columns no-abbrev version
	summary-wall-clock strings-in-hex const-print-style pidns-translation successful-only failed-only
	failing-only seccomp-bpf tips trace abbrev verbose raw signals status read write fault inject kvm
	quiet silent silence decode-fds decode-pids secontext`)

// inLongOrder sorts options for a message.
func inLongOrder(names []string) {
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(slices.Index(longOrder, a), slices.Index(longOrder, b))
	})
}

// findLong finds a long option by its name or an unambiguous beginning of it.
func findLong(table []Option, name, word string) (*Option, string, error) {
	for age := Strace61; age <= Gotrace; age++ {
		var found *Option
		var long string
		var all []string
		ambiguous := false
		for i := range table {
			o := &table[i]
			if slices.Contains(o.Longs, name) {
				return o, name, nil
			}
			if o.Age != age {
				continue
			}
			for _, l := range o.Longs {
				if !strings.HasPrefix(l, name) {
					continue
				}
				if age != Strace61 || slices.Contains(longOrder, l) { // not a beginning that the manual names
					all = append(all, l)
				}
				if found == nil {
					found, long = o, l
				}
				ambiguous = ambiguous || found != o
			}
		}
		if ambiguous {
			inLongOrder(all)
			return nil, "", usagef("option '%s' is ambiguous; possibilities: '--%s'", word, strings.Join(all, "' '--"))
		}
		if found != nil {
			return found, long, nil
		}
	}
	return nil, "", usagef("unrecognized option '%s'", word)
}

// shortOptions handles a cluster such as tts32.
func shortOptions(table []Option, cluster string, args []string, each func(*Option, arg) error) ([]string, error) {
	for i := range len(cluster) {
		c := cluster[i]
		o := findShort(table, c)
		if o == nil {
			return args, usagef("invalid option -- '%c'", rune(c))
		}
		a := arg{name: "-" + cluster[i:i+1]}
		if !o.ShortArg {
			if err := each(o, a); err != nil {
				return args, err
			}
			continue
		}
		if a.value = cluster[i+1:]; a.value == "" {
			if len(args) == 0 {
				return args, usagef("option requires an argument -- '%c'", rune(c))
			}
			a.value, args = args[0], args[1:]
		}
		a.given = true
		return args, each(o, a)
	}
	return args, nil
}

func findShort(table []Option, c byte) *Option {
	for i := range table {
		if table[i].Short == c && c != 0 {
			return &table[i]
		}
	}
	return nil
}

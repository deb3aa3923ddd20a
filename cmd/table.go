package cmd

import (
	"strings"

	"github.com/gotrace/gotrace/filter"
)

// The groups of options.
const (
	groupTarget  = "What to trace"
	groupFilter  = "Which events"
	groupFormat  = "How they look"
	groupOutput  = "Where they go"
	groupSummary = "Counting"
	groupTamper  = "Tampering"
	groupOther   = "Other"
)

// OptionGroups returns the headings under which help text and man page show the options.
func OptionGroups() []string {
	return []string{groupTarget, groupFilter, groupFormat, groupOutput, groupSummary, groupTamper, groupOther}
}

// OptionTable returns the table of options: parser, help text, man page and shell
// completion are made of it.
func OptionTable() []Option {
	var all []Option
	all = append(all, otherOptions()...)
	all = append(all, targetOptions()...)
	all = append(all, filterOptions()...)
	all = append(all, formatOptions()...)
	all = append(all, outputOptions()...)
	return append(all, summaryOptions()...)
}

func targetOptions() []Option {
	return []Option{
		{
			Short: 'p', ShortArg: true, Longs: []string{"attach"}, LongArg: RequiredArg, ArgName: "PID", Group: groupTarget,
			Help: "attach to the process PID, or to a list of them; name:NAME stands for every process of that name; may be repeated",
			set:  (*parser).attach,
		},
		{
			Longs: []string{"tree"}, Group: groupTarget, Age: Gotrace,
			Help: "with -p: also attach to all descendants that the processes have already",
			set:  func(p *parser, _ arg) error { p.o.Tree = true; return nil },
		},
		{
			Short: 'f', Longs: []string{"follow-forks"}, Group: groupTarget,
			Help: "trace the processes and threads that traced ones create; -ff also writes a file for each (see --output-separately)",
			set: func(p *parser, a arg) error {
				if a.long() {
					p.followLong++
				} else {
					p.follow++
				}
				return nil
			},
		},
		{
			Short: 'F', Group: groupTarget, Help: "old name of -f",
			set: func(p *parser, _ arg) error { p.followOld++; return nil },
		},
		{
			Short: 'E', ShortArg: true, Longs: []string{"env"}, LongArg: RequiredArg, ArgName: "VAR[=VALUE]", Group: groupTarget,
			Help: "set a variable of PROG's environment, or remove it; may be repeated",
			set: func(p *parser, a arg) error {
				name, value, ok := strings.Cut(a.value, "=")
				p.o.Env = append(p.o.Env, EnvChange{Name: name, Value: value, Unset: !ok})
				return nil
			},
		},
		{
			Short: 'u', ShortArg: true, Longs: []string{"user"}, LongArg: RequiredArg, ArgName: "USER", Group: groupTarget,
			Help: "run PROG as USER, with the rights of a set-user-ID program; for root only",
			set:  func(p *parser, a arg) error { p.o.User, p.userGiven = a.value, true; return nil },
		},
		{
			Longs: []string{"argv0"}, LongArg: RequiredArg, ArgName: "NAME", Group: groupTarget, Age: Strace72,
			Help: "give NAME to PROG as its own name",
			set:  func(p *parser, a arg) error { p.o.Argv0 = &a.value; return nil },
		},
		{
			Short: 'D', Longs: []string{"daemonize", "daemonised", "daemonized"}, LongArg: OptionalArg, ArgName: "HOW", Group: groupTarget,
			Help: "trace from a grandchild, so that PROG is the child of the caller; -DD or pgroup: in a process group of its own; -DDD or session: in a session of its own",
			set: func(p *parser, a arg) error {
				if !a.long() {
					p.daemonize++
					return nil
				}
				n, ok := 1, true
				if a.given {
					n, ok = keyword(a.value, map[string]int{"grandchild": 1, "pgroup": 2, "pgrp": 2, "session": 3})
				}
				if !ok {
					return a.invalid()
				}
				p.daemonizeLong = n
				return nil
			},
		},
		{
			Short: 'b', ShortArg: true, Longs: []string{"detach-on"}, LongArg: RequiredArg, ArgName: "CALL", Group: groupTarget,
			Help: "let go of a process when it makes CALL, which can be execve only",
			set: func(p *parser, a arg) error {
				if a.value != "execve" {
					return plainf("Syscall '%s' for -b isn't supported", a.value)
				}
				p.o.DetachOnExecve = true
				return nil
			},
		},
		{
			Short: 'I', ShortArg: true, Longs: []string{"interruptible"}, LongArg: RequiredArg, ArgName: "WHEN", Group: groupTarget,
			Help: "when signals stop gotrace: 1 or anywhere; 2 or waiting: not while it reads a call (default); 3 or never (default with -o FILE PROG); 4 or never_tstp: not even ^Z",
			set: func(p *parser, a arg) error {
				levels := map[string]Interruptible{"anywhere": InterruptAnywhere, "waiting": InterruptWaiting,
					"never": InterruptNever, "never_tstp": InterruptNeverTSTP}
				if n, ok := filter.ParseUint(a.value, 4); ok && n > 0 {
					p.o.Interruptible = Interruptible(n)
					return nil
				}
				level, ok := keyword(a.value, levels)
				if !ok {
					return a.invalid()
				}
				p.o.Interruptible = level
				return nil
			},
		},
		{
			Longs: []string{"kill-on-exit"}, Group: groupTarget, Age: Strace72,
			Help: "kill every traced process when gotrace ends",
			set:  func(p *parser, _ arg) error { p.o.KillOnExit = true; return nil },
		},
		{
			Longs: []string{"seccomp-bpf"}, Group: groupTarget,
			Help: "insist on a kernel filter, so that other calls than those in the trace set do not stop; gotrace uses one by itself where that is safe",
			set:  func(p *parser, _ arg) error { p.o.SeccompBPF = true; return nil },
		},
		{
			Longs: []string{"pin"}, Group: groupTarget, Age: Gotrace,
			Help: "keep gotrace and a lone traced task on one CPU: twice as fast, but the task's CPU mask is narrowed meanwhile",
			set:  func(p *parser, _ arg) error { p.o.Pin = true; return nil },
		},
	}
}

func filterOptions() []Option {
	opts := []Option{
		{
			Short: 'e', ShortArg: true, ArgName: "EXPR", Group: groupFilter,
			Help: "NAME=SET for any NAME=SET of the long options below, or only SET for trace=SET; a SET is a comma list, all, or none, after ! all but those; or a rule: 'on EVENT where CONDITION do ACTION', or where=CONDITION for the calls that are traced",
			set:  func(p *parser, a arg) error { return p.qualify(p.o.Filter.Parse(a.value)) },
		},
		{
			Short: 'R', ShortArg: true, Longs: []string{"rules"}, LongArg: RequiredArg, ArgName: "FILE", Group: groupFilter, Age: Gotrace,
			Help: "read rules from FILE (- is standard input); may be repeated; see the rule language in the manual",
			set: func(p *parser, a arg) error {
				src, err := ruleSource(a.value)
				if err == nil {
					p.o.Filter.AddSource(src)
				}
				return err
			},
		},
		{
			Longs: []string{"plugin"}, LongArg: RequiredArg, ArgName: "CMD", Group: groupFilter, Age: Gotrace,
			Help: "run the shell command CMD and let it take part: it is sent the events that it asks for, and may answer and tell of others; may be repeated",
			set:  func(p *parser, a arg) error { p.o.Plugins = append(p.o.Plugins, a.value); return nil },
		},
		qualifier("trace", Strace61, "SET", groupFilter, "system calls to trace: names, numbers, /REGEX, or classes "+
			"(%file %desc %net %process %signal %memory %ipc %creds %clock %pure %stat %lstat %fstat %%stat %statfs %fstatfs %%statfs); "+
			"?NAME may not exist, NAME@64 and NAME@32 choose an ABI"),
		qualifier("signal", Strace61, "SET", groupFilter, "signals to show, by name or number", "signals"),
		qualifier("status", Strace61, "SET", groupFilter, "show calls that ended so: successful, failed, unfinished, unavailable, detached"),
		{
			Longs: []string{"exec"}, LongArg: RequiredArg, ArgName: "PAT[+][,PAT...]", Group: groupFilter, Age: Gotrace,
			Help: "with -f: only tasks running a program whose name (path, if PAT has a slash) matches; PAT+ keeps their descendants whatever they execute; others run at full speed",
			set:  func(p *parser, a arg) error { return p.qualify(p.o.Filter.Set("exec", a.value)) },
		},
		{
			Short: 'P', ShortArg: true, Longs: []string{"trace-path"}, LongArg: RequiredArg, ArgName: "PATH", Group: groupFilter,
			Help: "only calls that use PATH, by name or descriptor; may be repeated",
			set:  func(p *parser, a arg) error { p.o.TracePaths = append(p.o.TracePaths, a.value); return nil },
		},
		qualifier("trace-fds", Strace72, "SET", groupFilter, "only calls that use these descriptors"),
		{
			Short: 'z', Longs: []string{"successful-only"}, Group: groupFilter, Help: "only calls that did not fail",
			set: func(p *parser, _ arg) error { p.onlySuccess++; p.o.Filter.Status = filter.Successful; return nil },
		},
		{
			Short: 'Z', Longs: []string{"failed-only", "failing-only"}, Group: groupFilter, Help: "only calls that failed",
			set: func(p *parser, _ arg) error { p.onlyFailed++; p.o.Filter.Status = filter.Failed; return nil },
		},
		{
			Longs: []string{"syscall-limit"}, LongArg: RequiredArg, ArgName: "N", Group: groupFilter, Age: Strace72,
			Help: "let everything go after N calls",
			set:  func(p *parser, a arg) error { return number(a, &p.o.SyscallLimit, 1, maxInt) },
		},
		{
			Short: 'q', Longs: []string{"quiet", "silent", "silence"}, LongArg: OptionalArg, ArgName: "SET", Group: groupFilter,
			Help: "leave out messages: attach, personality (-q), exit (-qq), path-resolution, thread-execve (-qqq: all)",
			set: func(p *parser, a arg) error {
				if !a.long() {
					p.quiet++
					return nil
				}
				value := "attach,personality"
				if a.given {
					value = a.value
				}
				return p.qualify(p.o.Filter.Set("quiet", value))
			},
		},
		qualifier("kvm", Strace61, "vcpu", groupFilter, "show why a virtual CPU left the guest"),
	}
	for _, t := range []struct{ name, help string }{
		{"inject", "make calls fail or behave differently; CHANGE is error=ERRNO, retval=N, signal=SIG, syscall=CALL, delay_enter=TIME, delay_exit=TIME, poke_enter=@argN=HEX, poke_exit=@argN=HEX, when=FIRST[..LAST][+[STEP]]"},
		{"fault", "the same with error=ENOSYS unless another is given"},
	} {
		o := qualifier(t.name, Strace61, "SET[:CHANGE...]", groupTamper, t.help)
		opts = append(opts, o)
	}
	return opts
}

// qualifier is a long option that is also a name in -e.
func qualifier(name string, age Age, argName, group, help string, aliases ...string) Option {
	return Option{
		Longs: append([]string{name}, aliases...), LongArg: RequiredArg, ArgName: argName, Group: group, Help: help, Age: age,
		set: func(p *parser, a arg) error { return p.qualify(p.o.Filter.Set(name, a.value)) },
	}
}

func formatOptions() []Option {
	return []Option{
		{
			Short: 'a', ShortArg: true, Longs: []string{"columns"}, LongArg: RequiredArg, ArgName: "COLUMN", Group: groupFormat,
			Help: "column of the results (default 40)",
			set:  func(p *parser, a arg) error { return number(a, &p.o.Columns, 0, maxInt) },
		},
		{
			Short: 's', ShortArg: true, Longs: []string{"string-limit"}, LongArg: RequiredArg, ArgName: "SIZE", Group: groupFormat,
			Help: "how much of a string to show (default 32); paths are never cut",
			set:  func(p *parser, a arg) error { return number(a, &p.o.StringLimit, 0, 1<<30-1) },
		},
		{
			Short: 'v', Longs: []string{"no-abbrev"}, Group: groupFormat, Help: "show structures and environments in full",
			set: func(p *parser, _ arg) error { return p.qualify(p.o.Filter.Set("abbrev", "none")) },
		},
		qualifier("abbrev", Strace61, "SET", groupFormat, "calls whose structures are shortened (default all)"),
		qualifier("verbose", Strace61, "SET", groupFormat, "calls whose structures are read at all (default all)"),
		qualifier("raw", Strace61, "SET", groupFormat, "calls whose arguments are shown as numbers"),
		{
			Short: 'x', Longs: []string{"strings-in-hex"}, LongArg: OptionalArg, ArgName: "WHICH", Group: groupFormat,
			Help: "strings in hexadecimal: -x or non-ascii: those with other than ASCII; -xx or all; non-ascii-chars: only the bytes that need it",
			set: func(p *parser, a arg) error {
				if !a.long() {
					p.hex++
					return nil
				}
				p.hexLong, p.o.HexStrings = true, HexAll
				if !a.given {
					return nil
				}
				h, ok := keyword(a.value, map[string]HexStrings{"none": HexNone, "non-ascii-chars": HexNonASCIIChars,
					"non-ascii": HexNonASCII, "all": HexAll})
				if !ok {
					return a.invalid()
				}
				p.o.HexStrings = h
				return nil
			},
		},
		{
			Short: 'X', ShortArg: true, Longs: []string{"const-print-style"}, LongArg: RequiredArg, ArgName: "STYLE", Group: groupFormat,
			Help: "constants as raw numbers, as names (abbrev, default), or as both (verbose)",
			set: func(p *parser, a arg) error {
				style, ok := map[string]ConstStyle{"raw": ConstRaw, "abbrev": ConstAbbrev, "verbose": ConstVerbose}[a.value]
				if !ok {
					return a.invalid()
				}
				p.o.Consts = style
				return nil
			},
		},
		{
			Short: 'y', Longs: []string{"decode-fds"}, LongArg: OptionalArg, ArgName: "SET", Group: groupFormat,
			Help: "say what descriptors are: path (-y), socket, dev, pidfd, eventfd, signalfd (-yy: all)",
			set: func(p *parser, a arg) error {
				if !a.long() {
					p.fds++
					return nil
				}
				value := "path"
				if a.given {
					value = a.value
				}
				return p.qualify(p.o.Filter.Set("decode-fds", value))
			},
		},
		{
			Short: 'Y', Group: groupFormat, Help: "the same as --decode-pids=comm",
			set: func(p *parser, _ arg) error { p.o.Filter.DecodePIDs |= filter.PIDComm; return nil },
		},
		qualifier("decode-pids", Strace61, "SET", groupFormat, "beside process IDs show comm: the command's name; pidns: the ID as gotrace sees it"),
		{
			Longs: []string{"pidns-translation"}, Group: groupFormat, Help: "the same as --decode-pids=pidns",
			set: func(p *parser, _ arg) error { p.o.Filter.DecodePIDs |= filter.PIDNamespace; return nil },
		},
		{
			Short: 't', Longs: []string{"absolute-timestamps", "timestamps"}, LongArg: OptionalArg, ArgName: "FORMAT[,PRECISION]", Group: groupFormat,
			Help: "show the time; -tt with microseconds, -ttt as seconds since 1970; FORMAT is none, time or unix, PRECISION s, ms, us or ns",
			set:  (*parser).timestamps,
		},
		{
			Short: 'r', Longs: []string{"relative-timestamps"}, LongArg: OptionalArg, ArgName: "PRECISION", Group: groupFormat,
			Help: "show the time since the last line",
			set:  func(p *parser, a arg) error { return clock(a, &p.o.Relative) },
		},
		{
			Short: 'T', Longs: []string{"syscall-times"}, LongArg: OptionalArg, ArgName: "PRECISION", Group: groupFormat,
			Help: "show the time that each call took",
			set:  func(p *parser, a arg) error { return clock(a, &p.o.SyscallTimes) },
		},
		{
			Short: 'i', Longs: []string{"instruction-pointer"}, Group: groupFormat, Help: "show the address of the call",
			set: func(p *parser, _ arg) error { p.o.PrintIP = true; return nil },
		},
		{
			Short: 'n', Longs: []string{"syscall-number"}, Group: groupFormat, Help: "show the number of the call",
			set: func(p *parser, _ arg) error { p.o.PrintNumber = true; return nil },
		},
		{
			Short: 'N', Longs: []string{"arg-names", "argument-names"}, Group: groupFormat, Age: Strace72, Help: "show the names of the arguments",
			set: func(p *parser, _ arg) error { p.o.ArgNames = true; return nil },
		},
		{
			Short: 'k', Longs: []string{"stack-traces", "stack-trace"}, LongArg: OptionalArg, ArgName: "HOW", Group: groupFormat,
			Help: "show the stack below each call: symbol; -kk or source: with source lines",
			set: func(p *parser, a arg) error {
				if !a.given {
					p.o.StackTraces = min(p.o.StackTraces+1, 2)
					return nil
				}
				n, ok := keyword(a.value, map[string]int{"symbol": 1, "source": 2})
				if !ok {
					return a.invalid()
				}
				p.o.StackTraces = n
				return nil
			},
		},
		{
			Longs: []string{"stack-trace-frame-limit"}, LongArg: RequiredArg, ArgName: "N", Group: groupFormat, Age: Strace72,
			Help: "show at most N frames",
			set:  func(p *parser, a arg) error { return number(a, &p.o.StackLimit, 1, maxInt) },
		},
		{
			Longs: []string{"always-show-pid"}, Group: groupFormat, Age: Strace72, Help: "show the process ID even of a lone process",
			set: func(p *parser, _ arg) error { p.o.AlwaysShowPID = true; return nil },
		},
		{
			Longs: []string{"secontext"}, LongArg: OptionalArg, ArgName: "HOW", Group: groupFormat,
			Help: "show SELinux contexts; not supported",
			set: func(*parser, arg) error {
				return plainf("SELinux context printing (--secontext option) is not supported by this build of gotrace")
			},
		},
		qualifier("read", Strace61, "SET", groupFormat, "dump all data read from these descriptors"),
		qualifier("write", Strace61, "SET", groupFormat, "dump all data written to these descriptors"),
		{
			Longs: []string{"color"}, LongArg: OptionalArg, ArgName: "WHEN", Group: groupFormat, Age: Gotrace,
			Help: "colour: auto (default: on a terminal, unless NO_COLOR is set), always, never",
			set: func(p *parser, a arg) error {
				p.o.Color = ColorAlways
				if !a.given {
					return nil
				}
				c, ok := keyword(a.value, map[string]ColorMode{"auto": ColorAuto, "always": ColorAlways, "never": ColorNever})
				if !ok {
					return a.invalid()
				}
				p.o.Color = c
				return nil
			},
		},
	}
}

func outputOptions() []Option {
	return []Option{
		{
			Short: 'o', ShortArg: true, Longs: []string{"output"}, LongArg: RequiredArg, ArgName: "FILE", Group: groupOutput,
			Help: "write to FILE, or to the standard input of a command, as '|COMMAND'",
			set:  func(p *parser, a arg) error { p.o.Output, p.outputGiven = a.value, true; return nil },
		},
		{
			Short: 'A', Longs: []string{"output-append-mode"}, Group: groupOutput, Help: "add to the file instead of replacing it",
			set: func(p *parser, _ arg) error { p.o.Append = true; return nil },
		},
		{
			Longs: []string{"output-separately"}, Group: groupOutput, Help: "a file for each process, FILE.PID",
			set: func(p *parser, _ arg) error { p.separateLong = true; return nil },
		},
		{
			Longs: []string{"json"}, Group: groupOutput, Age: Gotrace, Help: "one JSON object a line, for programs",
			set: func(p *parser, _ arg) error { p.o.JSON = true; return nil },
		},
	}
}

func summaryOptions() []Option {
	summary := func(mode SummaryMode) func(*parser, arg) error {
		return func(p *parser, _ arg) error {
			if p.o.Summary != SummaryNone && p.o.Summary != mode {
				return usagef("-c/--summary-only and -C/--summary are mutually exclusive")
			}
			p.o.Summary = mode
			return nil
		}
	}
	return []Option{
		{
			Short: 'c', Longs: []string{"summary-only"}, Group: groupSummary, Help: "count calls, errors and time, and show nothing else",
			set: summary(SummaryOnly),
		},
		{
			Short: 'C', Longs: []string{"summary"}, Group: groupSummary, Help: "the same after the usual output",
			set: summary(SummaryAlso),
		},
		{
			Short: 'S', ShortArg: true, Longs: []string{"summary-sort-by"}, LongArg: RequiredArg, ArgName: "COLUMN", Group: groupSummary,
			Help: "order: time (default), min-time, max-time, avg-time, calls, errors, name, nothing",
			set:  (*parser).sortBy,
		},
		{
			Short: 'U', ShortArg: true, Longs: []string{"summary-columns"}, LongArg: RequiredArg, ArgName: "COLUMNS", Group: groupSummary,
			Help: "columns: time-percent, total-time, min-time, max-time, avg-time, calls, errors, name",
			set:  (*parser).summaryColumns,
		},
		{
			Short: 'w', Longs: []string{"summary-wall-clock"}, Group: groupSummary, Help: "count the time that passed, not the time of the system",
			set: func(p *parser, _ arg) error { p.o.WallClock = true; return nil },
		},
		{
			Short: 'O', ShortArg: true, Longs: []string{"summary-syscall-overhead"}, LongArg: RequiredArg, ArgName: "TIME", Group: groupSummary,
			Help: "take TIME off each call for the cost of tracing, in microseconds or with s, ms, us or ns",
			set: func(p *parser, a arg) error {
				d, ok := filter.ParseDuration(a.value)
				if !ok {
					return a.invalid()
				}
				p.o.Overhead = d
				return nil
			},
		},
	}
}

func otherOptions() []Option {
	return []Option{
		{
			Longs: []string{"explain"}, Group: groupOther, Age: Gotrace, Help: "show the rules that the options stand for, and do nothing",
			set: func(p *parser, _ arg) error { p.o.Explain = true; return nil },
		},
		{
			Short: 'd', Longs: []string{"debug"}, Group: groupOther, Help: "say on standard error what gotrace itself does",
			set: func(p *parser, _ arg) error { p.o.Debug = true; return nil },
		},
		{
			Short: 'h', Longs: []string{"help"}, Group: groupOther, Help: "show this text",
			set: func(*parser, arg) error { return errHelp },
		},
		{
			Short: 'V', Longs: []string{"version"}, Group: groupOther, Help: "show the version",
			set: func(p *parser, _ arg) error { p.version = true; return nil },
		},
		{
			Longs: []string{"tips"}, LongArg: OptionalArg, ArgName: "HOW", Group: groupOther, Help: "accepted for strace's sake",
			set: func(_ *parser, a arg) error {
				if a.given && !validTips(a.value) {
					return a.invalid()
				}
				return nil
			},
		},
	}
}

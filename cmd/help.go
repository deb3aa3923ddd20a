package cmd

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

const (
	helpIndent = 32 // column of the explanations
	helpWidth  = 80
)

// writeHelp writes the help text.
func writeHelp(w io.Writer, program string) {
	fmt.Fprintf(w, `Usage: %[1]s [OPTION]... PROG [ARG]...
       %[1]s [OPTION]... -p PID...
       %[1]s COMMAND [ARG]...

Show the system calls and signals of programs, as strace does.
Options end at the first word that is none, or at --.
A program named like a command runs with %[1]s -- NAME or %[1]s ./NAME.

Commands:
`, program)
	for _, c := range Commands() {
		writeEntry(w, c.Usage, c.Help)
	}
	table := OptionTable()
	for _, g := range OptionGroups() {
		fmt.Fprintf(w, "\n%s:\n", g)
		for i := range table {
			if o := &table[i]; o.Group == g {
				writeEntry(w, o.Spellings(), o.Help)
			}
		}
	}
}

// Command is one subcommand: how it is called and what for.
type Command struct{ Usage, Help string }

// Commands lists the subcommands, for the help text and the man page.
func Commands() []Command {
	return []Command{
		{"doctor [--json]", "try what this machine permits and say how to permit more"},
		{"rules list|show NAME|check FILE...", "list, show and check rule sets"},
		{"list syscalls|events|fields|actions", "list what rules may name"},
		{"insn FILE [SYMBOL|ADDR]", "show instructions, and how each would pass a breakpoint"},
		{"completion SHELL", "write a completion script for bash, zsh, fish or powershell"},
		{"help [COMMAND]", "show this text, or that of a command"},
	}
}

// Spellings returns an option as it may be written: "-s, --string-limit=SIZE".
func (o *Option) Spellings() string {
	var forms []string
	if o.Short != 0 {
		s := "-" + string(rune(o.Short))
		if o.ShortArg && len(o.Longs) == 0 {
			s += " " + o.ArgName
		}
		forms = append(forms, s)
	}
	if len(o.Longs) > 0 {
		s := "--" + o.Longs[0]
		switch o.LongArg {
		case RequiredArg:
			s += "=" + o.ArgName
		case OptionalArg:
			s += "[=" + o.ArgName + "]"
		}
		if o.Short == 0 {
			s = "    " + s
		}
		forms = append(forms, s)
	}
	return strings.Join(forms, ", ")
}

// writeEntry writes a term and its explanation, wrapped.
func writeEntry(w io.Writer, term, help string) {
	line := "  " + term
	if len(line) >= helpIndent-1 {
		fmt.Fprintln(w, line)
		line = ""
	}
	line += strings.Repeat(" ", helpIndent-len(line))
	room := false // there is a word on the line
	for word := range strings.FieldsSeq(help) {
		if room && len(line)+1+len(word) > helpWidth {
			fmt.Fprintln(w, line)
			line, room = strings.Repeat(" ", helpIndent), false
		}
		if room {
			line += " "
		}
		line += word
		room = true
	}
	fmt.Fprintln(w, line)
}

// Version is the version of this source, unless the build says otherwise.
const Version = "0.1.0"

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return Version
}

func writeVersion(w io.Writer) {
	fmt.Fprintf(w, "gotrace -- version %s\n%s %s/%s\nLicensed under the Apache License 2.0.\n",
		version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

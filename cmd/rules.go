package cmd

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
)

// bare is a run without options, of which rules can be checked only.
func bare(program string) *run {
	return &run{o: &Options{Program: program, Filter: filter.NewQualifiers(universe())}}
}

func rulesCommand(program string) *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "list, show and check rule sets",
		Long: "Rules lists the rule sets that are built in, shows one, or checks files of rules: every\n" +
			"mistake in them is reported, and the status is 1 if there is any.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "list the built-in rule sets", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { listSets(c.OutOrStdout()); return nil },
		},
		&cobra.Command{
			Use: "show NAME", Short: "show a built-in rule set", Args: cobra.ExactArgs(1), ValidArgs: follow.CanonicalSets(),
			RunE: func(c *cobra.Command, args []string) error {
				text, ok := follow.CanonicalSet(args[0])
				if !ok {
					return plainf("no rule set is called '%s': see %s rules list", args[0], program)
				}
				_, err := io.WriteString(c.OutOrStdout(), text)
				return err
			},
		},
		&cobra.Command{
			Use: "check FILE...", Short: "check files of rules", Args: cobra.MinimumNArgs(1),
			RunE: func(c *cobra.Command, files []string) error { return checkRules(program, files) },
		},
	)
	return c
}

// listSets lists the canonical rule sets, with what each is for: the comment that it begins with.
func listSets(w io.Writer) {
	for _, name := range follow.CanonicalSets() {
		text, _ := follow.CanonicalSet(name)
		use, about := name, []string{}
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if rest, ok := strings.CutPrefix(line, "# "); ok {
				about = append(about, rest)
			}
			if rest, ok := strings.CutPrefix(line, "set "); ok {
				use = rest
			}
		}
		writeEntry(w, use, strings.Join(about, " "))
	}
}

// checkRules checks each file by itself.
func checkRules(program string, files []string) error {
	reg := bare(program).registry()
	schema := reg.Schema(universe())
	var failed error
	for _, f := range files {
		src, err := ruleSource(f)
		if err != nil {
			return err
		}
		rules, err := filter.Parse([]filter.Source{src}, schema)
		if err == nil {
			if _, err = follow.New(rules, reg); err != nil {
				err = fmt.Errorf("%s: %w", src.Name, err)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed = errQuiet
		}
	}
	return failed
}

// ruleSource reads a file of rules; "-" is standard input.
func ruleSource(name string) (filter.Source, error) {
	var b []byte
	var err error
	if name == "-" {
		name = "<stdin>"
		b, err = io.ReadAll(os.Stdin)
	} else {
		b, err = os.ReadFile(name)
	}
	if err != nil {
		return filter.Source{}, plainf("Can't read rules from '%s': %s", name, errnoMessage(err))
	}
	text := strings.TrimPrefix(string(b), "\ufeff") // what some editors begin files with
	if strings.Contains(text, "\x00") {
		return filter.Source{}, plainf("Can't read rules from '%s': it is no text", name)
	}
	return filter.Source{Name: name, Text: text}, nil
}

// lists are what `gotrace list` lists.
var lists = []struct {
	name, about string
	write       func(io.Writer, *filter.Schema)
}{
	{"syscalls", "system calls, by ABI and number", listSyscalls},
	{"events", "events that rules may be on, and their fields", listEvents},
	{"fields", "fields of every event, and functions", listFields},
	{"actions", "actions of rules", listActions},
}

func listCommand(program string) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "list what rules may name", Args: cobra.NoArgs,
		Long: "List lists the system calls, or what the rule language knows.",
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, l := range lists {
		c.AddCommand(&cobra.Command{
			Use: l.name, Short: "list the " + l.about, Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				l.write(c.OutOrStdout(), bare(program).registry().Schema(universe()))
				return nil
			},
		})
	}
	return c
}

func listSyscalls(w io.Writer, s *filter.Schema) {
	for _, a := range s.Universe.ABIs {
		for nr, name := range a.Names {
			if name != "" && nr < filter.SocketcallBase {
				fmt.Fprintf(w, "%s@%s %d (%s)\n", name, a.Suffix, nr, strings.Join(argNames(s, name), ", "))
			}
		}
	}
}

func argNames(s *filter.Schema, call string) []string {
	var names []string
	for _, n := range s.ArgNames(call) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

func listEvents(w io.Writer, s *filter.Schema) {
	for i, e := range s.Events {
		name := e.Name + params(e.Params, nil)
		writeEntry(w, name, e.Doc)
		known := listed(s, i)
		var again []string
		for _, f := range e.Fields {
			if known[f.Name] == f.Doc {
				again = append(again, fieldUse(f))
				continue
			}
			writeEntry(w, "  "+fieldUse(f), f.Doc)
		}
		if len(again) > 0 {
			writeEntry(w, "  as above", strings.Join(again, " "))
		}
	}
}

// listed is the descriptions of the fields of events before one.
func listed(s *filter.Schema, before int) map[string]string {
	docs := make(map[string]string)
	for _, e := range s.Events[:before] {
		for _, f := range e.Fields {
			docs[f.Name] = f.Doc
		}
	}
	return docs
}

func listFields(w io.Writer, s *filter.Schema) {
	for _, f := range s.Fields {
		writeEntry(w, fieldUse(f), f.Doc)
	}
	for _, f := range s.Funcs {
		writeEntry(w, f.Name+params(f.Params, nil), f.Doc)
	}
}

func listActions(w io.Writer, s *filter.Schema) {
	for _, a := range s.Actions {
		writeEntry(w, a.Name+params(a.Params, a.Options), a.Doc)
	}
}

func fieldUse(f *filter.Field) string {
	switch f.Index {
	case filter.ArgIndex:
		return f.Name + ".N, " + f.Name + ".NAME"
	case filter.RegIndex:
		return f.Name + ".NAME"
	}
	return f.Name
}

// params writes what stands in parentheses behind a name.
func params(ps, options []filter.Param) string {
	var words []string
	for _, p := range ps {
		word := p.Name
		if p.Kind == filter.ParamPair {
			word += "=value"
		}
		if p.Repeat {
			word += "..."
		}
		if p.Optional || p.Repeat {
			word = "[" + word + "]"
		}
		words = append(words, word)
	}
	for _, p := range options {
		words = append(words, p.Name+"=")
	}
	if len(words) == 0 {
		return ""
	}
	return "(" + strings.Join(words, ", ") + ")"
}

package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Main runs the command line argv, whose first element is the program's own name,
// and returns the exit status.
func Main(argv []string) int {
	if len(argv) == 0 || argv[0] == "" {
		argv = append([]string{"gotrace"}, argv[min(1, len(argv)):]...)
	}
	m := &mainer{argv: argv, stdout: os.Stdout, stderr: os.Stderr, trace: trace}
	return m.main()
}

// mainer is Main with its surroundings.
type mainer struct {
	argv           []string
	stdout, stderr io.Writer
	trace          func(*Options) int
}

// main runs a subcommand only if the first word is exactly its name. Everything
// else is a command line of strace's kind, which cobra must not look into: there
// the first word that is no option is a program.
func (m *mainer) main() int {
	root := m.root()
	if len(m.argv) > 1 && isSubcommand(root, m.argv[1]) {
		root.SetArgs(m.argv[1:])
		if err := root.Execute(); err != nil {
			return m.fail(err)
		}
		return 0
	}
	return m.run()
}

func isSubcommand(root *cobra.Command, word string) bool {
	if word == cobra.ShellCompRequestCmd || word == cobra.ShellCompNoDescRequestCmd || word == "help" || word == "completion" {
		return true
	}
	for _, c := range root.Commands() {
		if c.Name() == word {
			return true
		}
	}
	return false
}

// root returns the tree of commands.
func (m *mainer) root() *cobra.Command {
	root := &cobra.Command{
		Use:                "gotrace [OPTION]... {PROG [ARG]... | -p PID}",
		Short:              "show the system calls and signals of programs",
		DisableFlagParsing: true,
		SilenceErrors:      true,
		SilenceUsage:       true,
		Args:               cobra.ArbitraryArgs,
		ValidArgsFunction:  complete,
		Run:                func(*cobra.Command, []string) {}, // makes it complete arguments
	}
	root.SetOut(m.stdout)
	root.SetErr(m.stderr)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		if c == root {
			writeHelp(m.stdout, m.argv[0])
			return
		}
		if c.Long != "" {
			fmt.Fprintf(m.stdout, "%s\n\n", strings.TrimSpace(c.Long))
		}
		fmt.Fprint(m.stdout, c.UsageString())
	})
	root.AddCommand(doctorCommand(), insnCommand(), rulesCommand(m.argv[0]), listCommand(m.argv[0]))
	return root
}

// run is a command line without a subcommand.
func (m *mainer) run() int {
	p, err := parseOptions(m.argv, universe(), func(w string) {
		if n, _ := stage(); n == 0 {
			fmt.Fprintf(m.stderr, "%s: %s\n", m.argv[0], w)
		}
	})
	switch {
	case errors.Is(err, errHelp):
		writeHelp(m.stdout, m.argv[0])
		return 0
	case err != nil:
		return m.fail(err)
	case p.version:
		writeVersion(m.stdout)
		return 0
	case p.o.Explain:
		if err := explain(m.stdout, p.o); err != nil {
			return m.fail(err)
		}
		return 0
	}
	for _, name := range p.o.PIDNames {
		pids := pidsOf(os.DirFS("/proc"), name, os.Getpid())
		if len(pids) == 0 {
			return m.fail(plainf("no process is named '%s'", name))
		}
		for _, pid := range pids {
			if !slices.Contains(p.o.PIDs, pid) {
				p.o.PIDs = append(p.o.PIDs, pid)
			}
		}
	}
	return m.trace(p.o)
}

// fail says what is wrong, under the name that the user typed, and returns the
// status for it.
func (m *mainer) fail(err error) int {
	if err == errQuiet {
		return 1
	}
	fmt.Fprintf(m.stderr, "%s: %v\n", m.argv[0], err)
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(m.stderr, "Try '%s -h' for more information.\n", m.argv[0])
	}
	return 1
}

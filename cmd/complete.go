package cmd

import (
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gotrace/gotrace/filter"
)

// complete proposes words for the shell: options, names behind -e, and elsewhere
// files, which the shell knows best.
func complete(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	table := OptionTable()
	rest, err := getopt(table, args, func(*Option, arg) error { return nil })
	if err == nil && len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveDefault // the words of PROG
	}
	if len(args) > 0 && args[len(args)-1] == "-e" {
		return completeExpr(word), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	if len(args) > 0 && args[len(args)-1] == "-p" {
		return completePID(os.DirFS("/proc"), word), cobra.ShellCompDirectiveNoFileComp
	}
	if !strings.HasPrefix(word, "-") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	if name, value, ok := strings.Cut(word, "="); ok {
		var full []string
		for _, v := range completeExpr(strings.TrimPrefix(name, "--") + "=" + value) {
			full = append(full, "--"+v)
		}
		return full, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	var words []string
	for i := range table {
		o := &table[i]
		for _, l := range o.Longs[:min(1, len(o.Longs))] {
			suffix := ""
			if o.LongArg == RequiredArg {
				suffix = "="
			}
			words = append(words, "--"+l+suffix+"\t"+o.Help)
		}
		if o.Short != 0 && word == "-" {
			words = append(words, "-"+string(rune(o.Short))+"\t"+o.Help)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeExpr proposes whole expressions that begin as expr does.
func completeExpr(expr string) []string {
	if isRule(expr) {
		return completeRule(expr)
	}
	name, value, ok := strings.Cut(expr, "=")
	if !ok {
		names := append(filter.StatementNames(), "where=")
		for _, n := range filter.QualifierNames() {
			names = append(names, n+"=")
		}
		return names
	}
	// Only the last element of the list is open.
	last := strings.LastIndexAny(value, ",!") + 1
	done := name + "=" + value[:last]
	var words []string
	for _, v := range filter.Values(name, universe()) {
		if strings.HasPrefix(done+v, expr) {
			words = append(words, done+v)
		}
	}
	return words
}

// completePID proposes processes, with the names of their commands.
func completePID(proc fs.FS, word string) []string {
	dirs, _ := fs.ReadDir(proc, ".")
	var words []string
	for _, d := range dirs {
		pid := d.Name()
		if _, err := strconv.Atoi(pid); err != nil || !strings.HasPrefix(pid, word) {
			continue
		}
		if comm, err := fs.ReadFile(proc, pid+"/comm"); err == nil {
			words = append(words, pid+"\t"+strings.TrimSpace(string(comm)))
		}
	}
	return words
}

// Command genman makes docs/gotrace.1 of docs/gotrace.1.in, an mdoc(7) page with the
// lines %commands%, %options% and %classes%, and of the tables that the parser and the
// help text are made of.
//
//	go run ./scripts/genman
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/gotrace/gotrace/cmd"
	"github.com/gotrace/gotrace/filter"
)

func main() {
	if err := run("docs/gotrace.1.in", "docs/gotrace.1"); err != nil {
		fmt.Fprintln(os.Stderr, "genman:", err)
		os.Exit(1)
	}
}

func run(source, target string) error {
	page, err := generate(source)
	if err != nil {
		return err
	}
	return os.WriteFile(target, page, 0o644)
}

// generate returns the page.
func generate(source string) ([]byte, error) {
	text, err := os.ReadFile(source)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(".\\\" Made by go run ./scripts/genman; edit docs/gotrace.1.in or cmd/table.go.\n")
	literal := false
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSuffix(line, "\n"); line {
		case "%options%":
			options(&b)
		case "%commands%":
			commands(&b)
		case "%classes%":
			fmt.Fprintf(&b, ".D1 %s\n", strings.Join(filter.ClassNames(), " "))
		default:
			literal = strings.HasPrefix(line, ".Bd -literal") || literal && line != ".Ed"
			if !literal && !strings.HasPrefix(line, ".") {
				line = wrap(line)
			}
			if strings.HasPrefix(line, ".Dl ") { // to be copied to a shell
				line = strings.ReplaceAll(line, "-", `\-`)
			}
			b.WriteString(line + "\n")
		}
	}
	return []byte(b.String()), nil
}

func commands(b *strings.Builder) {
	b.WriteString(".Bl -tag -width Ds\n")
	for _, c := range cmd.Commands() {
		name, args, _ := strings.Cut(c.Usage, " ")
		fmt.Fprintf(b, ".It Cm %s", name)
		for arg := range strings.FieldsSeq(args) {
			if opt, ok := strings.CutPrefix(arg, "[-"); ok {
				fmt.Fprintf(b, " Op Fl %s", strings.TrimSuffix(opt, "]"))
			} else {
				fmt.Fprintf(b, " Ar %s", arg)
			}
		}
		fmt.Fprintf(b, "\n%s\n", sentence(c.Help))
	}
	b.WriteString(".El\n")
}

func options(b *strings.Builder) {
	table := cmd.OptionTable()
	for _, g := range cmd.OptionGroups() {
		fmt.Fprintf(b, ".Ss %s\n.Bl -tag -width Ds\n", g)
		for i := range table {
			if o := &table[i]; o.Group == g {
				fmt.Fprintf(b, ".It %s\n%s\n", strings.Join(spellings(o), " , "), sentence(o.Help))
			}
		}
		b.WriteString(".El\n")
	}
}

// spellings returns all forms of an option as arguments of a macro.
func spellings(o *cmd.Option) []string {
	var forms []string
	if o.Short != 0 {
		f := "Fl " + string(rune(o.Short))
		if o.ShortArg {
			f += " Ar " + o.ArgName
		}
		forms = append(forms, f)
	}
	for _, l := range o.Longs {
		f := "Fl -" + l
		switch o.LongArg {
		case cmd.RequiredArg:
			f += " Ns = Ns Ar " + o.ArgName
		case cmd.OptionalArg:
			f += " Ns Oo Ns = Ns Ar " + o.ArgName + " Oc"
		}
		forms = append(forms, f)
	}
	return forms
}

// wrap breaks a line of text where it gets too long for mandoc's taste.
func wrap(text string) string {
	var b strings.Builder
	width := 0
	for word := range strings.FieldsSeq(text) {
		// No line may begin like a control line.
		if fits := width+1+len(word) <= lineWidth; width > 0 && (fits || word[0] == '.' || word[0] == '\'') {
			b.WriteByte(' ')
			width++
		} else if width > 0 {
			b.WriteByte('\n')
			width = 0
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String()
}

const lineWidth = 79

// sentence makes prose of a line of help: a capital unless it begins with a word to be
// typed, a full stop, and dashes that can be copied to a shell.
func sentence(help string) string {
	first, _, _ := strings.Cut(help, " ")
	if strings.Trim(first, "abcdefghijklmnopqrstuvwxyz:,;") == "" {
		help = strings.ToUpper(help[:1]) + help[1:]
	}
	help = strings.ReplaceAll(help, `\`, `\e`)
	help = strings.ReplaceAll(help, "-", `\-`)
	// A line that begins like a control line needs a guard.
	if strings.HasPrefix(help, ".") || strings.HasPrefix(help, "'") {
		help = `\&` + help
	}
	return wrap(help + ".")
}

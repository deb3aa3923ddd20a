package cmd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// recipe is one section of docs/RULES.md with the files and commands of its blocks.
type recipe struct {
	title string
	files map[string]string // by name: blocks with a second word behind the fence
	runs  []shellRun        // of its console blocks
}

// shellRun is a command behind "$ " and the lines below it.
type shellRun struct{ command, want string }

// recipes reads the sections of a document that have console blocks.
func recipes(t *testing.T, file string) []recipe {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []recipe
	r := recipe{files: map[string]string{}}
	end := func(title string) {
		if len(r.runs) > 0 {
			list = append(list, r)
		}
		r = recipe{title: title, files: map[string]string{}}
	}
	info, block := "", []string(nil)
	for line := range strings.Lines(string(data)) {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && info == "":
			info, block = strings.TrimSpace(fence)+" ", nil
		case isFence:
			r.add(info, block)
			info = ""
		case info != "":
			block = append(block, line)
		case strings.HasPrefix(line, "#"):
			end(strings.TrimSpace(strings.TrimLeft(line, "#")))
		}
	}
	end("")
	return list
}

// add takes in a block.
func (r *recipe) add(info string, block []string) {
	words := strings.Fields(info)
	switch {
	case len(words) == 2:
		r.files[words[1]] = strings.Join(block, "")
	case len(words) == 1 && words[0] == "console":
		for _, line := range block {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				r.runs = append(r.runs, shellRun{command: command})
			} else if n := len(r.runs); n > 0 && r.runs[n-1].want == "" && strings.HasSuffix(r.runs[n-1].command, "\\\n") {
				r.runs[n-1].command += line
			} else if n > 0 {
				r.runs[n-1].want += line
			}
		}
	}
}

// needs are the programs of recipes that a machine may lack.
var needs = regexp.MustCompile(`\b(gcc|make|nginx|curl|gdb|jq)\b`)

// missing is a program that the recipe calls for and that is not installed.
func (r *recipe) missing() string {
	text := ""
	for _, run := range r.runs {
		text += run.command
	}
	for _, f := range r.files {
		text += f
	}
	for _, name := range append(needs.FindAllString(text, -1), "bash") {
		if _, err := exec.LookPath(name); err != nil {
			return name
		}
	}
	return ""
}

// noise is what differs from one run or machine to the next: ids, addresses, times, the number
// of descriptors that a server has, the size of a program's buffer, the widths of columns.
var noise = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`0x[0-9a-f]+`), "0xADDR"},
	{regexp.MustCompile(`<[0-9]+\.[0-9]+>`), "<TIME>"},
	{regexp.MustCompile(`(\[pid +|[Pp]rocess |si_pid=|PID=)[0-9]+`), "${1}N"},
	{regexp.MustCompile(`(\]\+? +)[0-9]+( Stopped)`), "${1}N$2"},
	{regexp.MustCompile(`(\bconnect\()[0-9]+`), "${1}FD"},
	{regexp.MustCompile(`(\bread\(0, ".*", )[0-9]+`), "${1}SIZE"},
	{regexp.MustCompile(`[0-9]+#[0-9]+: `), "N#N: "},
	{regexp.MustCompile(`[0-9]{4}/[0-9/]+ [0-9:]+ `), "DATE "},
	{regexp.MustCompile(`[ \t]+`), " "},
}

func denoise(s string) string {
	for _, n := range noise {
		s = n.re.ReplaceAllString(s, n.to)
	}
	return strings.TrimSpace(s)
}

// shown makes of a document's output the pattern of what may come: a line of three dots stands
// for any lines, three dots in a line for anything.
func shown(want string) *regexp.Regexp {
	var b strings.Builder
	for line := range strings.Lines(want) {
		line = denoise(line)
		if line == "..." {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, `.*`) + `\n`)
	}
	return regexp.MustCompile(`\A` + b.String() + `\z`)
}

// TestRecipes runs the commands of docs/RULES.md and compares what they write with what is shown.
func TestRecipes(t *testing.T) {
	list := recipes(t, "../docs/RULES.md")
	if len(list) < 12 {
		t.Errorf("only %d recipes were found", len(list))
	}
	for _, r := range list {
		t.Run(r.title, func(t *testing.T) {
			if name := r.missing(); name != "" {
				t.Skipf("%s is not installed", name)
			}
			dir := t.TempDir()
			for name, text := range r.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, run := range r.runs {
				run.check(t, dir)
			}
		})
	}
}

// check runs the command as an interactive shell would: with jobs that can be stopped.
func (run *shellRun) check(t *testing.T, dir string) {
	c := exec.Command("bash", "-c", "set -m\n"+run.command)
	c.Dir = dir
	c.Env = append(os.Environ(), "LC_ALL=C", "HOME="+dir) // no configuration of a user
	out, err := c.CombinedOutput()
	if _, ok := err.(*exec.ExitError); err != nil && !ok { // any status: it is that of what is traced
		t.Fatal(err)
	}
	got := ""
	for line := range strings.Lines(string(out)) {
		if line = denoise(line); line != "" {
			got += line + "\n"
		}
	}
	if !shown(run.want).MatchString(got) {
		t.Errorf("$ %swrites\n%s\nand the document shows\n%s", run.command, out, run.want)
	}
}

package cmd_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// example is a command of the README and what it is said to print.
type example struct {
	command string
	output  []string
}

// examples are the lines of a text that are indented and begin with a prompt, and the
// indented ones behind each.
func examples(text string) []example {
	var list []example
	open := false
	for line := range strings.Lines(text) {
		s, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		command, prompt := strings.CutPrefix(s, "$ ")
		switch {
		case !indented:
			open = false
		case prompt:
			list = append(list, example{command: command})
			open = true
		case open:
			e := &list[len(list)-1]
			e.output = append(e.output, s)
		}
	}
	return list
}

// readmeFiles are what the README's commands work on.
var readmeFiles = map[string]string{
	"Makefile": "prog: main.c y.c x.h\n\tcc -o prog main.c y.c\n",
	"main.c":   "#include \"x.h\"\nint main(void) { return y(); }\n",
	"y.c":      "int y(void) { return 0; }\n",
	"x.h":      "int y(void);\n",
	"script":   "#!/no/such/interpreter\n",
}

// TestReadme runs the README's commands, one after the other in one folder. Each line
// that is said to come out must come out, but for numbers and the widths of columns; "..."
// stands for any lines, and at the end of a line for its rest.
func TestReadme(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the README shows what amd64 has")
	}
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range readmeFiles {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	list := examples(string(text))
	if len(list) < 8 {
		t.Fatalf("only %d commands found", len(list))
	}
	for _, e := range list {
		t.Run(e.command, func(t *testing.T) {
			skipExample(t, e.command)
			if name, ok := strings.CutPrefix(e.command, "cat "); ok { // for the commands to come
				if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(e.output, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			os.Remove(filepath.Join(dir, "prog")) // so that each make has something to do
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, "sh", "-c", e.command)
			c.Dir = dir
			c.Env = append(os.Environ(), "LC_ALL=en_US.UTF-8", "HOME="+dir)
			out, err := c.CombinedOutput()
			if _, failed := err.(*exec.ExitError); err != nil && !failed {
				t.Fatal(err)
			}
			for _, want := range e.output {
				if !comesOut(want, string(out)) {
					t.Errorf("no line like\n%s\nin\n%s", want, out)
				}
			}
		})
	}
}

func skipExample(t *testing.T, command string) {
	t.Helper()
	for word, needs := range map[string]string{"make": "gcc", "curl": "curl", "jq": "jq"} {
		_, err := exec.LookPath(needs)
		_, err2 := exec.LookPath(word)
		if (err != nil || err2 != nil) && strings.Contains(" "+command+" ", " "+word+" ") {
			t.Skip(word + " or what it needs is not installed")
		}
	}
	if _, err := os.Stat("/usr/lib/locale/locale-archive"); err == nil && strings.Contains(command, "locale-archive") {
		t.Skip("there is an archive of locales")
	}
	if _, err := exec.LookPath("gcc"); err != nil && strings.Contains(command, "./hello") {
		t.Skip("gcc is not installed")
	}
	if os.Geteuid() != 0 && strings.HasSuffix(command, " doctor") {
		t.Skip("what is permitted depends on the machine unless one is root")
	}
}

func comesOut(want, out string) bool {
	want, cut := strings.CutSuffix(want, "...")
	want = shape(want)
	for line := range strings.Lines(out) {
		s := shape(line)
		if s == want || cut && strings.HasPrefix(s, want) {
			return true
		}
	}
	return false
}

var (
	number = regexp.MustCompile(`0x[0-9a-f]+|\d+(\.\d+)?`)
	blanks = regexp.MustCompile(`\s+`)
)

// shape is a line without what differs from machine to machine.
func shape(s string) string {
	return strings.TrimSpace(blanks.ReplaceAllString(number.ReplaceAllString(s, "N"), " "))
}

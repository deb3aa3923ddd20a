package proto

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// alike are functions whose arguments ltrace 0.7.3 knows, too. Of others it shows words.
var alike = strings.Fields(`fopen setvbuf malloc free puts getenv snprintf pipe write read close lseek fwrite fputc
	toupper strerror setlocale strftime signal unlink fgetc`)

// differs are calls that are shown differently on purpose, and why.
var differs = map[string]string{
	"setvbuf":  "the mode has a name",
	"lseek":    "whence has a name",
	"pipe":     "the descriptors are shown",
	"strerror": "the error has a name",
	"strftime": "structures are shown",
	"write":    "ltrace ends text at a NUL",
	"read":     "ltrace ends text at a NUL, and fails on a result of -1",
	"signal":   "handlers are addresses",
	"fputc":    "the result is the character",
	"fgetc":    "EOF is -1",

	"setlocale": "the category has a name",
}

var (
	addresses = regexp.MustCompile(`0x[0-9a-f]+`)
	spaces    = regexp.MustCompile(`\) +=`)
)

// likeOurs writes a line of ltrace's as ours.
func likeOurs(s string) string {
	s = spaces.ReplaceAllString(addresses.ReplaceAllString(s, "ADDR"), ") =")
	return strings.ReplaceAll(s, "nil", "NULL")
}

// TestLtrace compares calls with what ltrace says of them.
func TestLtrace(t *testing.T) {
	if _, err := exec.LookPath("ltrace"); err != nil {
		t.Skip("needs ltrace")
	}
	bin := build(t, "lib.c", "-O0", "-fno-builtin", "-D_FORTIFY_SOURCE=0", "-no-pie", "-Wl,-z,lazy", "-w", "-lm")
	out := filepath.Join(t.TempDir(), "ltrace")
	cmd := exec.Command("ltrace", "-o", out, "-e", strings.Join(alike, "+"), bin)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=1")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("ltrace cannot run here: %v: %s", err, msg)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	theirs := byName(strings.Split(strings.ReplaceAll(string(text), "->", "!"), "\n"))
	l := startLive(t, arch.AMD64, "main", Options{}, bin)
	l.outer = true
	for _, f := range alike {
		l.plant("libc!" + f)
	}
	ours := byName(l.run())
	same := 0
	for _, f := range alike {
		if len(ours[f]) == 0 {
			t.Errorf("%s is not called", f)
		}
		if differs[f] != "" {
			continue
		}
		for i, line := range ours[f] {
			if i >= len(theirs[f]) {
				t.Errorf("ltrace has no %s", line)
			} else if want := likeOurs(theirs[f][i]); likeOurs(line) != want {
				t.Errorf("got    %s\nltrace %s", line, want)
			} else {
				same++
			}
		}
	}
	if same < 8 {
		t.Errorf("only %d calls were compared", same)
	}
}

// byName sorts calls by their functions. ltrace may put the caller's file before them.
func byName(lines []string) map[string][]string {
	out := map[string][]string{}
	for _, line := range lines {
		call := line
		if _, rest, ok := strings.Cut(line, "!"); ok {
			call = rest
		}
		if name, _, ok := strings.Cut(call, "("); ok {
			out[name] = append(out[name], call)
		}
	}
	return out
}

package difftest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stacked is a line of a trace and the stack below it, as module and offset of each frame.
type stacked struct {
	what   string
	frames []string
}

var (
	frameLine = regexp.MustCompile(`^ > ([^(]*)\(.*\) \[(0x[0-9a-f]+)\]$`)
	callName  = regexp.MustCompile(`^\d+ +(?:<\.\.\. )?(\w+|[-+]{3} \w+)`)
)

// readStacks reads the stacks of a trace, of its tasks in the order in which they appear.
func readStacks(t *testing.T, file string) []stacked {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	tasks := map[string][]stacked{}
	pid := ""
	for _, line := range splitLines(string(text)) {
		if strings.HasPrefix(line, " > ") {
			frame := "elsewhere"
			if m := frameLine.FindStringSubmatch(line); m != nil {
				frame = m[1] + " " + m[2]
			}
			last := &tasks[pid][len(tasks[pid])-1]
			last.frames = append(last.frames, frame)
			continue
		}
		m := callName.FindStringSubmatch(line)
		if m == nil || strings.HasSuffix(line, "<unfinished ...>") {
			continue
		}
		pid, _, _ = strings.Cut(line, " ")
		if tasks[pid] == nil {
			order = append(order, pid)
		}
		tasks[pid] = append(tasks[pid], stacked{what: m[1]})
	}
	var out []stacked
	for _, pid := range order {
		for _, s := range tasks[pid] {
			if s.frames != nil {
				out = append(out, s)
			}
		}
	}
	return out
}

// agree reports whether stacks are the same. strace may have lost its way: in programs without what its unwinder
// wants, its stacks end early.
func (s *stacked) agree(o *stacked) bool {
	return s.what == o.what && len(s.frames) <= len(o.frames) && slices.Equal(s.frames, o.frames[:len(s.frames)])
}

// TestStacks compares the stacks of -k with strace's: the modules and offsets of all frames. Names are not compared:
// strace takes the nearest symbol before an address.
func TestStacks(t *testing.T) {
	strace := strace61()
	skipOn(t, "strace 6.1 is not installed", strace == "")
	err := exec.Command("setarch", "-R", "true").Run()
	skipOn(t, "setarch cannot switch off address space randomisation", err != nil)
	gotrace, err := build()
	if err != nil {
		t.Fatal(err)
	}
	for name, argv := range map[string][]string{
		"ls":     {"ls", "-l", "/"},
		"bash":   {"bash", "-c", "for i in 1 2 3; do /bin/true; (echo $i); done; kill -USR1 $$"},
		"python": {"python3", "-c", "import json, subprocess; subprocess.run(['true'])"},
		"make":   {"make", "-p", "-n", "-f", "/dev/null"},
		"gcc":    {"gcc", "--help=target", "-v"},
		"perl":   {"perl", "-e", "print `true`; fork; wait"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := exec.LookPath(argv[0])
			skipOn(t, argv[0]+" is not installed", err != nil)
			tmp := filepath.Join(scratch, "stacks-"+name)
			if err := os.Mkdir(tmp, 0o755); err != nil {
				t.Fatal(err)
			}
			b := &bench{tmp: tmp, dir: filepath.Join(tmp, "work")}
			v := variant{options: []string{"-f", "-k"}}
			fa, _ := b.trace(t, &program{}, v, argv, strace)
			fb, _ := b.trace(t, &program{}, v, argv, gotrace)
			compareStacks(t, readStacks(t, fa), readStacks(t, fb))
		})
	}
}

func compareStacks(t *testing.T, a, b []stacked) {
	t.Helper()
	same, i, j := 0, 0, 0
	var report strings.Builder
	for _, e := range edits(len(a), len(b), func(i, j int) bool { return a[i].agree(&b[j]) }) {
		switch e {
		case keep:
			same, i, j = same+1, i+1, j+1
		case del:
			fmt.Fprintf(&report, "strace only:  %v\n", a[i])
			i++
		case ins:
			fmt.Fprintf(&report, "gotrace only: %v\n", b[j])
			j++
		}
	}
	if len(a) == 0 || float64(same) < least*float64(max(len(a), len(b))) {
		t.Errorf("%d of %d stacks are the same\n%.4000s", same, max(len(a), len(b)), report.String())
	}
	t.Logf("%d of %d stacks are the same", same, max(len(a), len(b)))
}

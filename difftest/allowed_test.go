package difftest

import (
	"os"
	"strings"
	"testing"
)

// difference is a way in which gotrace differs from strace on purpose, or must.
// docs/DIFFERENCES.md gives the reasons to users.
type difference struct {
	name  string
	match func(d pair) bool // nil: none of the programs compared shows it
}

var differences = []difference{
	{"newer-name", func(d pair) bool {
		return strings.Contains(d.a, "syscall_0x") && d.b != "" && !strings.Contains(d.b, "syscall_0x")
	}},
	{name: "untraced-clone"},
	{name: "trace-none"},
	{name: "lost-threads"},
	{name: "x32-number"},
	{name: "output-failure"},
	{name: "own-filter"},
	{name: "signal-delay"},
	{name: "hints"},
	{name: "stack-names"},
	{name: "stack-early"},
	{name: "stack-ends"},
	{name: "filtered-exec"},
}

// allowed is the name of the difference that explains the pair; empty if none does.
func allowed(d pair) string {
	for _, x := range differences {
		if x.match != nil && x.match(d) {
			return x.name
		}
	}
	return ""
}

func TestDifferencesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/DIFFERENCES.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Count(string(doc), "\n| `")
	if listed != len(differences) {
		t.Errorf("%d differences in the table, %d in the document", len(differences), listed)
	}
	for _, d := range differences {
		if !strings.Contains(string(doc), "\n| `"+d.name+"` |") {
			t.Errorf("%s is not documented", d.name)
		}
	}
}

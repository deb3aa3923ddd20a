package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/cmd"
)

const (
	source = "../../docs/gotrace.1.in"
	target = "../../docs/gotrace.1"
)

func TestStale(t *testing.T) {
	want, err := generate(source)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/gotrace.1 is stale: go run ./scripts/genman")
	}
}

// TestLint holds that the page is clean, and that every option and command can be read
// in it as it is typed.
func TestLint(t *testing.T) {
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("mandoc is not installed: the man page is not checked")
	}
	lint, _ := exec.Command(mandoc, "-Tlint", target).CombinedOutput()
	for line := range strings.Lines(string(lint)) {
		if !strings.Contains(line, "mandoc.db") { // whether other pages are installed
			t.Error(strings.TrimSpace(line))
		}
	}
	out, err := exec.Command(mandoc, "-Tascii", "-Owidth=500", target).Output()
	if err != nil {
		t.Fatal(err)
	}
	var plain []byte
	for _, c := range out { // bold and underlined characters are overstruck
		if c == '\b' {
			plain = plain[:len(plain)-1]
		} else {
			plain = append(plain, c)
		}
	}
	page := string(plain)
	table := cmd.OptionTable()
	for i := range table {
		o := &table[i]
		for _, l := range o.Longs {
			if !strings.Contains(page, "--"+l) {
				t.Errorf("--%s is not in the page", l)
			}
		}
		if o.Short != 0 && !strings.Contains(page, " -"+string(rune(o.Short))) {
			t.Errorf("-%c is not in the page", o.Short)
		}
	}
	for _, c := range cmd.Commands() {
		if !strings.Contains(page, c.Usage) {
			t.Errorf("%s is not in the page", c.Usage)
		}
	}
}

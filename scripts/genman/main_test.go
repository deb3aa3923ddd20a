package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/cmd"
)

func TestPageIsCurrent(t *testing.T) {
	got, err := os.ReadFile("../../" + output)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, page()) {
		t.Errorf("%s is stale: go run ./scripts/genman", output)
	}
}

// Every option of the table is on the page.
func TestPageIsComplete(t *testing.T) {
	text := string(page())
	for _, o := range cmd.OptionTable() {
		if len(o.Longs) > 0 && !strings.Contains(text, roff("--"+o.Longs[0])) {
			t.Errorf("--%s is missing", o.Longs[0])
		}
	}
}

// mandoc finds nothing worse than matters of style.
func TestLint(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skip("mandoc is not installed")
	}
	c := exec.Command("mandoc", "-Tlint", "-Wwarning")
	c.Stdin = bytes.NewReader(page())
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
}

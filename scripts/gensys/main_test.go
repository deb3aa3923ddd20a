package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The checked-in tables must be what this program writes.
func TestStale(t *testing.T) {
	src, err := sysDir()
	if err == nil {
		_, err = os.Stat(src)
	}
	if err != nil {
		t.Skip("the source of golang.org/x/sys is not here: ", err)
	}
	for _, tab := range tables {
		want, err := tab.generate(src)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", "..", "arch", tab.file()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("arch/%s is stale: run go run ./scripts/gensys", tab.file())
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"package unix\nconst (\n\tSYS_READ = 0\n\tSYS_WRITE = 0\n)\n", "0 is both read and write"},
		{"package unix\nconst SYS_READ = x\n", "SYS_READ is not a literal"},
		{"package unix\nconst SYS_READ = \"x\"\n", "SYS_READ"},
		{"package unix\nconst SYS_READ = 0\n", "only 1 calls"},
		{"package", "expected"},
	} {
		file := filepath.Join(t.TempDir(), "z.go")
		if err := os.WriteFile(file, []byte(c.src), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := parse(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("parse(%q) = %v, want %q", c.src, err, c.want)
		}
	}
}

package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestGenerated runs every class through strace again.
func TestGenerated(t *testing.T) {
	out, err := exec.Command("strace", "-V").Output()
	if err != nil {
		t.Skip("strace is not installed")
	}
	if !strings.HasPrefix(string(out), "strace -- version 6.1\n") || !strings.Contains(string(out), " m32-mpers") {
		t.Skip("strace is not version 6.1 with support for 32-bit programs")
	}
	if err := exec.Command("strace", "-o", "/dev/null", "true").Run(); err != nil {
		t.Skipf("strace does not work here: %v", err)
	}
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../filter/zclasses.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("filter/zclasses.go is stale: go run ./scripts/genclasses")
	}
}

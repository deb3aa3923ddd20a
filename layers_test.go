package main

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/gotrace/gotrace"

// layers is what the packages may import of this module, directly or not. A package that
// is not listed here must be added on purpose.
var layers = map[string][]string{
	"":                     nil, // main: everything
	"cmd":                  nil,
	"difftest":             {},
	"docs/examples/extend": nil,
	"cmd/stdfds":           {},
	"cmd/shell":            {},
	"cmd/plugin":           {"cmd/shell", "arch"},
	"cmd/probe":            {"bp/symbol", "follow", "filter", "disasm", "tracer/event", "arch"},
	"cmd/sink":             {"tracer/event", "arch"},
	"arch":                 {},
	"bp":                   {"bp/usdt", "bp/proto", "bp/symbol", "disasm/step", "disasm", "tracer/event", "arch"},
	"bp/symbol":            {"tracer/event", "arch"},
	"bp/usdt":              {"bp/symbol", "tracer/event", "arch"},
	"bp/unwind":            {"bp/symbol", "disasm", "tracer/event", "arch"},
	"disasm":               {"arch"},
	"disasm/step":          {"disasm", "arch"},
	"filter":               {},
	"follow":               {"filter", "tracer/event", "arch"},
	"internal/testenv":     {},
	"tracer/event":         {"arch"},
	"tracer/ptrace":        {"arch"},
	"bp/proto":             {"bp/symbol", "tracer/event", "arch"},
	"tracer/decode":        {"tracer/event", "arch"},
	"tracer/procfd":        {"tracer/decode", "tracer/event", "arch"},
	"tracer/corefile":      {"tracer/event", "arch"},
	"tracer/perf":          {"tracer/ptrace", "tracer/event", "arch"},
	"tracer/seccomp":       {"tracer/event", "arch"},
	"tracer":               {"tracer/corefile", "tracer/seccomp", "tracer/ptrace", "tracer/decode", "tracer/event", "arch"},
}

// TestLayers holds the import rules: libraries do not reach up, and only tracer/ptrace
// knows how to touch a process.
func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(f[0], module), "/")
		if strings.HasPrefix(pkg, "scripts") {
			continue
		}
		allowed, ok := layers[pkg]
		if !ok {
			t.Errorf("package %q is not in the table of layers", pkg)
			continue
		}
		seen++
		if allowed == nil {
			continue
		}
		for _, dep := range f[1:] {
			if d, ours := strings.CutPrefix(dep, module+"/"); ours && !contains(allowed, d) {
				t.Errorf("%s must not import %s", pkg, d)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// TestUnsafe holds that one package alone leaves the type system.
func TestUnsafe(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		f := strings.Fields(line)
		if contains(f[1:], "unsafe") && f[0] != module+"/tracer/ptrace" {
			t.Errorf("%s imports unsafe", f[0])
		}
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

package tracer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// prebuilt is the folder of programs that were built elsewhere, for a machine that has no
// compilers: gotrace, and the fixtures as NAME.64 and NAME.32; scripts/arm64vm makes it.
// Empty: tests build what they need.
var prebuilt = os.Getenv("GOTRACE_PREBUILT")

// copyPrebuilt gives a test a program of prebuilt under a name of its own.
func copyPrebuilt(t *testing.T, name, abi, to string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(prebuilt, name+"."+abi))
	skipOn(t, "not built for this machine: "+name, os.IsNotExist(err))
	if err == nil {
		err = os.WriteFile(to, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// needCompiler skips a test of C programs where there are none.
func needCompiler(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("gcc")
	skipOn(t, "no gcc to build fixtures with", prebuilt == "" && err != nil)
}

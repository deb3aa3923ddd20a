package cmd_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gotrace/gotrace/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gotrace": func() { os.Exit(cmd.Main(os.Args)) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true})
}

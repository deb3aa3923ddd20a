package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gotrace/gotrace/cmd"
	"github.com/gotrace/gotrace/internal/testenv"
)

func TestMain(m *testing.M) {
	const program = "gotrace" // what this binary is, too, under that name
	if filepath.Base(os.Args[0]) != program {
		testenv.Settle()
	}
	testscript.Main(m, map[string]func(){program: func() { os.Exit(cmd.Main(os.Args)) }})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, Condition: condition})
}

// condition adds to the conditions of scripts: [root].
func condition(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

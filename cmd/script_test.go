package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gotrace/gotrace/cmd"
	"github.com/gotrace/gotrace/internal/testenv"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/perf"
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

// condition adds to the conditions of scripts: [root]; [perf] and [uprobe] where the machine
// permits such events, [pmu] where its processor has counters.
func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "perf":
		return perf.Check([]event.Probe{{Kind: event.Perf, Loc: "context-switches", Period: 1}}) == nil, nil
	case "pmu":
		return perf.Check([]event.Probe{{Kind: event.Perf, Loc: "cycles", Rate: 1}}) == nil, nil
	case "uprobe":
		return perf.Check([]event.Probe{{Kind: event.Uprobe}}) == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

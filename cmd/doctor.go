package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gotrace/gotrace/tracer/ptrace"
)

func doctorCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "doctor",
		Short: "show what this machine permits, and how to permit more",
		Long: "Doctor tries on processes of its own what gotrace needs of the kernel, reads what the\n" +
			"kernel says about the rest, and names the remedy for what is not permitted.\n" +
			"It fails only if no program can be traced at all.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d := diagnose(os.DirFS("/"), ptrace.Probe())
			if err := d.write(c.OutOrStdout(), asJSON); err != nil {
				return err
			}
			if !d.CanTrace {
				return errQuiet
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "write one JSON object")
	return c
}

// The states of a finding.
const (
	stateOK      = "ok"
	stateLimited = "limited"
	stateNo      = "no"
	stateUnknown = "unknown"
)

// finding is one thing that gotrace may need.
type finding struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Why   string `json:"why"`             // what was found
	Means string `json:"means,omitempty"` // for gotrace; empty where all is well
	Fix   string `json:"fix,omitempty"`
}

// diagnosis is everything that was found out about a machine.
type diagnosis struct {
	Version  int       `json:"version"` // of this structure
	CanTrace bool      `json:"can_trace"`
	Now      []finding `json:"now"`     // what gotrace uses
	Planned  []finding `json:"planned"` // what sources that are planned will use
}

func (d *diagnosis) write(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(d)
	}
	var b strings.Builder
	b.WriteString("What gotrace uses:\n")
	writeFindings(&b, d.Now)
	b.WriteString("\nWhat is planned to be used:\n")
	writeFindings(&b, d.Planned)
	if !d.CanTrace {
		b.WriteString("\nNo program can be traced here.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFindings(w io.Writer, all []finding) {
	for _, f := range all {
		fmt.Fprintf(w, "  %-20s %-8s %s\n", f.Name, f.State, f.Why)
		if f.Means != "" {
			fmt.Fprintf(w, "%31s means: %s\n", "", f.Means)
		}
		if f.Fix != "" {
			fmt.Fprintf(w, "%31s fix: %s\n", "", f.Fix)
		}
	}
}

// outcome is a finding about something that was tried.
func outcome(name string, err error, works, means, fix string) finding {
	switch {
	case err == nil:
		return finding{Name: name, State: stateOK, Why: works}
	case errors.Is(err, ptrace.ErrUntried):
		return finding{Name: name, State: stateUnknown, Why: "could not be tried"}
	}
	return finding{Name: name, State: stateNo, Why: probeMessage(err), Means: means, Fix: fix}
}

// probeMessage is why a trial failed, without the number of the process that it was on.
func probeMessage(err error) string {
	var pe *ptrace.Error
	if errors.As(err, &pe) {
		return fmt.Sprintf("PTRACE_%s: %s", pe.Op, errnoMessage(pe.Err))
	}
	s := errnoMessage(err)
	return strings.ToLower(s[:1]) + s[1:]
}

package cmd

import (
	"fmt"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/follow"
	"github.com/gotrace/gotrace/tracer/event"
)

var disasmKind = &event.Kind{Name: "disasm"}

// maxInsns bounds what a disasm action shows.
const maxInsns = 1000

func (r *run) disasmAction() *follow.ActionKind {
	return &follow.ActionKind{
		Spec: &filter.ActionSpec{
			Name: "disasm", Tasks: true, Stops: true, Doc: "show the next n instructions, one if none is given: from the program counter on",
			Params: []filter.Param{{Name: "n", Kind: filter.ParamNum, Optional: true}},
		},
		New: func(_ *follow.Binder, a *filter.Action) (follow.Action, error) {
			n := 1
			if len(a.Args) > 0 {
				n = int(a.Args[0].Num)
			}
			if n < 1 || n > maxInsns {
				return nil, fmt.Errorf("disasm shows 1 to %d instructions", maxInsns)
			}
			return follow.ActionFunc(func(c *follow.Context) (event.Verdict, error) {
				if c.Event.State == nil {
					return event.Verdict{}, nil
				}
				regs, err := c.Event.State.Regs()
				if err != nil {
					return event.Verdict{}, nil // the task is dying
				}
				ev := about(c, disasmKind)
				ev.Args = instructions(c.Event, regs.PC(), n)
				return event.Verdict{}, r.write(ev)
			}), nil
		},
	}
}

// instructions is n instructions from pc on, or as many as there are, each named by its address.
func instructions(ev *event.Event, pc uint64, n int) []event.Value {
	a := arch.AMD64
	if ev.ABI != nil {
		a = ev.ABI.Arch
	}
	code := make([]byte, n*disasm.MaxLen)
	got, _ := ev.State.ReadAt(code, pc) // what is not there is not shown
	code = code[:got]
	p := disasm.Printer{Arch: a}
	var out []event.Value
	for range n {
		in, err := disasm.Decode(a, code, pc)
		if err != nil {
			break
		}
		out = append(out, event.Value{
			Form: event.FormString, Flags: event.FlagPath, Name: fmt.Sprintf("%#x", pc), Data: []byte(p.Text(in, code, pc)),
		})
		code = code[in.Len:]
		pc += uint64(in.Len)
	}
	return out
}

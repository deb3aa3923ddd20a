package bp

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/tracer/event"
)

// maxBlock is how many bytes of code are looked at for the end of a block.
const maxBlock = 1024

// takes says by class how control goes elsewhere.
var takes = map[disasm.Class]string{
	disasm.Jump: "jmp", disasm.CondJump: "jmp", disasm.LoopJump: "jmp", disasm.IndirectJump: "jmp",
	disasm.Call: "call", disasm.IndirectCall: "call", disasm.Ret: "ret", disasm.Far: "jmp", disasm.IRet: "ret",
}

// branched tells of a branch that was taken.
func (e *Engine) branched(th *thread, from, to uint64, v *event.Verdict) {
	taken := takes[th.in.Class]
	if taken == "" || len(th.space.ranges) == 0 {
		return
	}
	if (th.in.Class == disasm.CondJump || th.in.Class == disasm.LoopJump) && to == from+uint64(th.in.Len) {
		return
	}
	probes := th.space.ranges.of(e.site.Probes[:0], event.Branch, from)
	if e.site.Probes = probes; len(probes) == 0 {
		return
	}
	if taken == "ret" {
		th.depth = max(th.depth-1, 0)
	}
	sp := th.space
	e.site = event.Site{
		Probes: probes, PC: from, Place: sp.lined(sp.sym.Place(from), from), To: to, Target: sp.sym.Place(to),
		Taken: taken, Depth: th.depth, Insn: th.code[:th.in.Len],
	}
	if in, _ := sp.ranges.has(to); in && taken == "call" {
		th.depth++ // from elsewhere no return will be told of
	}
	merge(v, e.send(th, event.Event{Kind: event.Branch}))
}

// runBlock lets a task run to the end of the block that it is in. It reports false where no end
// is found: then it is stepped.
func (e *Engine) runBlock(th *thread, pc uint64) bool {
	sp := th.space
	end, known := sp.blocks[pc]
	if !known {
		end = sp.blockEnd(pc)
		if sp.blocks == nil {
			sp.blocks = make(map[uint64]uint64)
		}
		sp.blocks[pc] = end
	}
	if end == 0 {
		return false
	}
	if s := sp.spots[end]; s == nil || !s.end {
		s, err := sp.plant(end)
		if err != nil {
			return false
		}
		s.end = true
	}
	return true
}

// blockEnd is the first instruction from pc on behind which control may go elsewhere; 0: none was
// found.
func (sp *space) blockEnd(pc uint64) uint64 {
	var b [maxBlock]byte
	code := sp.readCode(b[:], pc)
	for len(code) > 0 {
		in, err := disasm.Decode(sp.arch, code, pc)
		if err != nil || in.Class == disasm.Unknown {
			return 0
		}
		if in.Has(disasm.WritesPC) || in.Class == disasm.Trap {
			return pc
		}
		code, pc = code[in.Len:], pc+uint64(in.Len)
	}
	return 0
}

// returns executes a near return, which no plan emulates, for a task whose branches are traced.
func (e *Engine) returns(th *thread, c event.Tracee, regs *arch.Regs) bool {
	if th.in.Class != disasm.Ret || th.space.arch == arch.ARM64 {
		return false
	}
	if _, size := th.in.Imm(); size != 0 {
		return false
	}
	to, after, ok := returnAddress(th.space.arch, c, regs)
	if !ok || to >= 1<<47 {
		return false
	}
	regs.SetPC(to)
	regs.SetSP(after)
	return c.SetRegs(regs) == nil
}

package follow

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// Bind turns what a condition says about arguments into a condition on the registers of one
// call of an ABI; nil: it says nothing. The result holds whenever p can. It is not for the
// calls that socketcall and ipc carry, whose arguments are elsewhere.
func Bind(p *filter.Pred, d event.Decl, abi *arch.ABI) *event.ArgPred {
	return bind(p, d, abi).Simplify()
}

var bindOps = map[filter.PredOp]event.ArgOp{
	filter.PredFalse: event.ArgFalse,
	filter.PredAnd:   event.ArgAnd,
	filter.PredOr:    event.ArgOr,
	filter.PredEQ:    event.ArgEQ,
	filter.PredNE:    event.ArgNE,
	filter.PredLT:    event.ArgLT,
	filter.PredLE:    event.ArgLE,
	filter.PredGT:    event.ArgGT,
	filter.PredGE:    event.ArgGE,
}

// opposite is what holds of a value of which the comparison does not.
var opposite = map[event.ArgOp]event.ArgOp{
	event.ArgLT: event.ArgGE,
	event.ArgLE: event.ArgGT,
	event.ArgGT: event.ArgLE,
	event.ArgGE: event.ArgLT,
}

func bind(p *filter.Pred, d event.Decl, abi *arch.ABI) *event.ArgPred {
	if p == nil {
		return nil
	}
	op, ok := bindOps[p.Op]
	switch {
	case p.Op == filter.PredNot:
		return bindNot(p.Sub[0], d, abi)
	case !ok:
		return nil
	case op == event.ArgFalse:
		return &event.ArgPred{Op: op}
	case op == event.ArgAnd || op == event.ArgOr:
		q := &event.ArgPred{Op: op}
		for _, s := range p.Sub {
			q.Sub = append(q.Sub, bind(s, d, abi))
		}
		return q
	case op == event.ArgNE:
		return compare(p, op, event.ArgAnd, d, abi)
	}
	return compare(p, op, event.ArgOr, d, abi)
}

// bindNot is for a comparison by size: of values that there are its opposite holds.
func bindNot(p *filter.Pred, d event.Decl, abi *arch.ABI) *event.ArgPred {
	op, ok := opposite[bindOps[p.Op]]
	if !ok {
		return nil
	}
	return compare(p, op, event.ArgAnd, d, abi)
}

// compare applies a comparison to each register that a reference stands for. A conjunction
// over none holds, a disjunction does not.
func compare(p *filter.Pred, op, join event.ArgOp, d event.Decl, abi *arch.ABI) *event.ArgPred {
	regs, ok := registers(p.Ref, d, abi)
	if !ok {
		return nil
	}
	q := &event.ArgPred{Op: join}
	for _, r := range regs {
		q.Sub = append(q.Sub, &event.ArgPred{Op: op, ArgReg: r, Mask: p.Mask, Num: p.Num})
	}
	return q
}

// registers are the argument registers that a reference stands for in a call; false: its
// values are something else.
func registers(ref *filter.Ref, d event.Decl, abi *arch.ABI) (regs []event.ArgReg, ok bool) {
	add := func(r event.ArgReg, ok bool) {
		if ok {
			regs = append(regs, r)
		}
	}
	switch {
	case ref.Field.Index == filter.ArgIndex && ref.Name == "":
		add(d.RegArg(abi, ref.N-1))
	case ref.Field.Index == filter.ArgIndex:
		add(d.ArgReg(abi, d.ArgIndex(ref.Name)))
	case ref.Field.Register:
		for i := range d.ArgCount() {
			if d.IsFD(i) {
				add(d.ArgReg(abi, i))
			}
		}
	default:
		return nil, false
	}
	return regs, true
}

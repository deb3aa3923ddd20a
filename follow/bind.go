package follow

import (
	"math"

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
		c := &event.ArgPred{Op: op, ArgReg: r, Mask: p.Mask, Num: p.Num}
		if p.Ref.Field.Index == filter.NoIndex {
			c = ofDescriptor(c, join)
		}
		q.Sub = append(q.Sub, c)
	}
	return q
}

// ofDescriptor makes a comparison say of a negative number what holds where there is no
// descriptor: nothing in a disjunction, everything in a conjunction.
func ofDescriptor(p *event.ArgPred, join event.ArgOp) *event.ArgPred {
	sign := &event.ArgPred{Op: event.ArgGE, ArgReg: p.ArgReg, Mask: math.MaxUint64}
	if join == event.ArgOr {
		if negatives(p, false) {
			return p
		}
		return &event.ArgPred{Op: event.ArgAnd, Sub: []*event.ArgPred{p, sign}}
	}
	if negatives(p, true) {
		return p
	}
	sign.Op = event.ArgLT
	return &event.ArgPred{Op: event.ArgOr, Sub: []*event.ArgPred{p, sign}}
}

// negatives reports whether a comparison is known to say this of all negative numbers.
func negatives(p *event.ArgPred, holds bool) bool {
	if p.Mask != math.MaxUint64 || (p.Op == event.ArgEQ || p.Op == event.ArgNE) && p.Num < 0 {
		return false
	}
	for _, v := range [...]int32{math.MinInt32, -1} {
		var args [6]uint64
		args[p.Arg] = uint64(v)
		if p.Eval(&args) != holds {
			return false
		}
	}
	return true
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

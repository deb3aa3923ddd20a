package follow

import (
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// bindPreds works out, for each call that the event of a rule is about, what the rule's
// condition says of its arguments.
func (e *Engine) bindPreds(r *Rule, o *on) {
	if r.Spec.Where == nil || e.reg.Decl == nil {
		return
	}
	pred := r.Spec.Where.Pred()
	if pred.Op == filter.PredTrue {
		return
	}
	for abi, a := range e.reg.ABIs {
		for nr, name := range a.Syscalls {
			if name == "" || !o.calls.Has(abi, uint64(nr)) {
				continue
			}
			if p := Bind(pred, e.reg.Decl(abi, name), a); p != nil {
				o.preds.Set(abi, uint64(nr), p)
			}
		}
	}
}

// addPreds adds to the needs that the calls of a rule's event are of interest under its
// condition; before are those that a rule before was about.
func addPreds(n *event.Needs, o *on, before *event.CallSet) {
	for abi := range o.calls.Bits {
		for id := range uint64(filter.SocketcallBase) {
			if !o.calls.Has(abi, id) {
				continue
			}
			p := o.preds.For(abi, id)
			if before.Has(abi, id) {
				old := n.Preds.For(abi, id)
				if old == nil {
					continue
				}
				if p != nil {
					p = event.AnyArgs(old, p)
				}
			}
			n.Preds.Set(abi, id, p)
		}
	}
}

package follow

import "github.com/gotrace/gotrace/tracer/event"

// Want is what a rule wants of the kernel, armed or not. Whether its actions let tasks go or
// send signals is for those to know who made the actions.
func (e *Engine) Want(r *Rule) event.Want {
	w := event.Want{Rule: r.Spec.String()}
	var n event.Needs
	for i := range r.ons {
		o := &r.ons[i]
		w.Kinds = append(w.Kinds, o.kind.Made...)
		if o.kind.Needs != nil {
			o.kind.Needs(o.args, &n)
		}
		if !o.kind.Spec.Calls {
			continue
		}
		addPreds(&n, o, &n.Calls)
		n.Calls = n.Calls.Union(&o.calls)
		w.Exit = w.Exit || !o.enter && (r.exit != nil || r.exits)
	}
	w.Calls, w.Preds, w.Probes = n.Calls, n.Preds, n.Probes
	return w
}

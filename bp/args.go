package bp

import (
	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/proto"
	"github.com/gotrace/gotrace/tracer/event"
)

// function is what is known of the function that begins at a spot; nil: none begins there.
func (e *Engine) function(sp *space, s *spot) *proto.Func {
	if s.fn == nil && s.place.Func != "" && s.place.Off == 0 {
		if sp.protos == nil {
			sp.protos = proto.New(sp.sym, e.opts.Values)
		}
		s.fn = sp.protos.LookupAs(s.addr, s.point)
	}
	return s.fn
}

// call reads the arguments of a function that a task has just entered; nil: it has not, or
// nobody wants them.
func (e *Engine) call(sp *space, c event.Tracee, s *spot, regs *arch.Regs) *proto.Call {
	if e.opts.Plain || len(s.probes) == 0 && len(s.enters) == 0 {
		return nil
	}
	if f := e.function(sp, s); f != nil {
		return f.Enter(regs, c)
	}
	return nil
}

// finish makes the arguments and the result of a call that has returned.
func (f *frame) finish(c event.Tracee, regs *arch.Regs) (args []event.Value, ret event.Value) {
	if f.call == nil {
		return nil, result(regs)
	}
	late, ret := f.call.Exit(regs, c)
	return append(f.args[:len(f.args):len(f.args)], late...), ret
}

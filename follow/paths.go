package follow

import "github.com/gotrace/gotrace/tracer/event"

// PathSet selects calls that name one of some paths, or one of some descriptors, among
// their arguments, as -P and -e trace-fds= do.
type PathSet struct {
	Paths map[string]bool
	FD    func(fd int32) bool // nil: none
	// PathOf is what a descriptor of a task stands for.
	PathOf func(dst []byte, t event.Task, fd int32) ([]byte, bool)

	buf []byte
}

// Match reports whether a call is selected by the arguments decoded so far.
func (p *PathSet) Match(ev *event.Event) bool {
	for i := range ev.Args {
		if p.value(ev.Task, &ev.Args[i]) {
			return true
		}
	}
	return false
}

func (p *PathSet) value(t event.Task, v *event.Value) bool {
	switch v.Form {
	case event.FormFD:
		return p.fd(t, int32(v.Num))
	case event.FormString:
		return v.Flags&event.FlagPath != 0 && p.Paths[string(v.Data)]
	}
	for i := range v.Elem {
		if p.value(t, &v.Elem[i]) {
			return true
		}
	}
	return false
}

func (p *PathSet) fd(t event.Task, fd int32) bool {
	if fd < 0 {
		return false
	}
	if p.FD != nil && p.FD(fd) {
		return true
	}
	if len(p.Paths) == 0 {
		return false
	}
	b, ok := p.PathOf(p.buf[:0], t, fd)
	p.buf = b
	return ok && p.Paths[string(b)]
}

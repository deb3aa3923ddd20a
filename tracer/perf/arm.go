package perf

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// commonBits: all events of a ring have one clock, and wake its reader when it is half full.
const commonBits = unix.PerfBitUseClockID | unix.PerfBitWatermark

// wanted is the counters that probes ask for of a task. Its places become those of the probes.
func (s *Source) wanted(t event.Task, probes []event.Probe) (w want) {
	w.counters = make(map[key]*armed)
	w.places = make(map[placeKey]*place)
	w.files = make(map[filePlace]bool)
	for _, p := range probes {
		switch p.Kind {
		case event.Perf:
			w.counters[key{counter: p}] = &armed{probes: []event.Probe{p}}
		case event.Uprobe:
			w.err = errors.Join(w.err, s.locate(w.places, w.files, t, p))
			w.uprobe = p
		}
	}
	if len(w.files) > 0 {
		var err *Error
		if w.defs, err = s.uprobes.define(w.files); err != nil {
			err.Probe = w.uprobe
			w.err = errors.Join(w.err, err)
		}
	}
	return w
}

// want is what is to be counted of a task.
type want struct {
	counters map[key]*armed
	places   map[placeKey]*place
	files    map[filePlace]bool // the places in their files, and whether they are some of many
	defs     []*definition
	uprobe   event.Probe // one of those that files are of, for errors
	err      error
}

// arm begins to count.
func (s *Source) arm(k *task, id key, a *armed) error {
	c, path, err := s.counter(id)
	if err != nil {
		return err
	}
	s.sampled(&c.attr, a)
	a.fd, err = openCounter(c, path, k.id.TID)
	if err != nil {
		return failure(a.probes[0], c.attr.Type, err)
	}
	n, err := unix.IoctlGetInt(a.fd, unix.PERF_EVENT_IOC_ID)
	if err == nil {
		err = unix.IoctlSetInt(a.fd, unix.PERF_EVENT_IOC_SET_OUTPUT, k.fd)
	}
	if err == nil {
		a.id, a.typ = uint64(n), c.attr.Sample_type
		k.armed[id], k.byID[a.id] = a, a
		err = unix.IoctlSetInt(a.fd, unix.PERF_EVENT_IOC_ENABLE, 0)
	}
	if err != nil {
		unix.Close(a.fd)
		return failure(a.probes[0], c.attr.Type, err)
	}
	return nil
}

// counter is what the kernel is asked for.
func (s *Source) counter(id key) (counter, string, error) {
	if id.def == nil {
		c, err := parseCounter(id.counter)
		return c, "", err
	}
	c := counter{attr: id.def.attr, kernel: true}
	c.attr.Sample = 1
	return c, id.def.path, nil
}

// sampled sets what the samples of a counter have.
func (s *Source) sampled(attr *unix.PerfEventAttr, a *armed) {
	attr.Sample_type = baseSample
	if a.def != nil {
		attr.Sample_type |= unix.PERF_SAMPLE_RAW
	}
	if s.cfg.Regs || s.cfg.Stack > 0 || a.def != nil {
		attr.Sample_type |= unix.PERF_SAMPLE_REGS_USER
		attr.Sample_regs_user = s.layout.mask
	}
	if s.cfg.Stack > 0 {
		attr.Sample_type |= unix.PERF_SAMPLE_STACK_USER
		attr.Sample_stack_user = uint32(s.cfg.Stack)
	}
	attr.Bits |= commonBits | unix.PerfBitDisabled
	attr.Clockid = unix.CLOCK_MONOTONIC
}

// openCounter opens a counter. Of one without modifiers what may not be counted is left out.
func openCounter(c counter, path string, tid int32) (int, error) {
	fd, err := open(c.attr, path, tid)
	if errors.Is(err, unix.EACCES) && c.plain && !c.kernel {
		c.attr.Bits |= onlyUser
		fd, err = open(c.attr, path, tid)
	}
	return fd, err
}

// open opens an event that knows, from Linux 6.0 on, how many of its samples were lost.
func open(attr unix.PerfEventAttr, path string, tid int32) (int, error) {
	attr.Read_format = unix.PERF_FORMAT_LOST
	fd, err := ptrace.PerfOpen(attr, path, int(tid))
	if errors.Is(err, unix.EINVAL) {
		attr.Read_format = 0
		return ptrace.PerfOpen(attr, path, int(tid))
	}
	return fd, err
}

// disarm ends counters of a task, after what they have told is handed over. It takes the kernel
// some time to be rid of a uprobe, which nobody has to wait for before Close.
func (s *Source) disarm(k *task, ids []key) {
	for _, id := range ids {
		unix.IoctlSetInt(k.armed[id].fd, unix.PERF_EVENT_IOC_DISABLE, 0)
	}
	if len(ids) > 0 {
		s.flush(k)
	}
	for _, id := range ids {
		a := k.armed[id]
		delete(k.armed, id)
		delete(k.byID, a.id)
		k.readLost += lostOf(a.fd)
		s.ending.Go(func() { unix.Close(a.fd) })
	}
}

// lostOf is how many samples of an event were lost, if the kernel tells.
func lostOf(fd int) uint64 {
	var b [16]byte // value, lost
	if n, err := unix.Read(fd, b[:]); err != nil || n < len(b) {
		return 0
	}
	return binary.NativeEndian.Uint64(b[8:])
}

// Check reports whether probes can be counted on this machine, before any task is there; the
// error is an *Error. Whether there are the places of uprobes is not known then.
func Check(probes []event.Probe) error {
	s := Source{layout: layoutOf(ptrace.Native)}
	for _, p := range probes {
		a := &armed{probes: []event.Probe{p}}
		id := key{counter: p}
		switch p.Kind {
		case event.Uprobe:
			d, err := pmuPlace()
			if err != nil {
				err.Probe = p
				return err
			}
			a.def, id.def = d, d
		case event.Perf:
		default:
			continue
		}
		if err := s.check(id, a); err != nil {
			return err
		}
	}
	return nil
}

// pmuPlace is a place in a folder, which has none.
func pmuPlace() (*definition, *Error) {
	u := uprobes{looked: true, known: make(map[filePlace]*definition)}
	defs, err := u.add([]filePlace{{path: "/"}}, false)
	if err != nil {
		return nil, err
	}
	return defs[0], nil
}

func (s *Source) check(id key, a *armed) error {
	c, path, err := s.counter(id)
	if err != nil {
		return err
	}
	s.sampled(&c.attr, a)
	fd, err := openCounter(c, path, 0)
	if err == nil {
		return unix.Close(fd)
	}
	// Who is told that a folder has no places may have uprobes.
	if a.def != nil && errors.Is(err, unix.EINVAL) {
		return nil
	}
	return failure(a.probes[0], c.attr.Type, err)
}

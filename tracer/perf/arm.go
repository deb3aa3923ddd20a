package perf

import (
	"encoding/binary"
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

const (
	// commonBits: all events of a ring have one clock, and wake its reader when it is half full.
	commonBits = unix.PerfBitUseClockID | unix.PerfBitWatermark
	// retProbe is bit 0 of a uprobe's number, refShift where the offset of its counter is; see
	// /sys/bus/event_source/devices/uprobe/format.
	retProbe = 1
	refShift = 32
)

// returnSuffix makes a uprobe one of the return from a function, as perf-probe(1) writes it.
const returnSuffix = "%return"

// wanted is the counters that probes ask for of a task.
func (s *Source) wanted(t event.Task, probes []event.Probe) (map[key]*armed, error) {
	want := make(map[key]*armed)
	var errs []error
	for _, p := range probes {
		switch p.Kind {
		case event.Perf:
			want[key{counter: p}] = &armed{probes: []event.Probe{p}}
		case event.Uprobe:
			errs = append(errs, s.locate(want, t, p))
		}
	}
	return want, errors.Join(errs...)
}

// locate adds the places of a uprobe. Where several rules have one place, its event is one.
func (s *Source) locate(want map[key]*armed, t event.Task, p event.Probe) error {
	if s.cfg.Locate == nil {
		return nil
	}
	loc, ret := strings.CutSuffix(p.Loc, returnSuffix)
	spots, err := s.cfg.Locate(t, loc)
	if err != nil {
		return &Error{Probe: p, Err: err}
	}
	for _, spot := range spots {
		place := spot.Place
		spot.Place = event.Place{}
		k := key{spot: spot, ret: ret}
		if a := want[k]; a != nil {
			a.probes = append(a.probes, p)
			continue
		}
		want[k] = &armed{uprobe: true, ret: ret, place: place, probes: []event.Probe{p}}
	}
	return nil
}

// arm begins to count.
func (s *Source) arm(k *task, id key, a *armed) error {
	c, path, err := s.counter(id, a)
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
func (s *Source) counter(id key, a *armed) (counter, string, error) {
	if !a.uprobe {
		c, err := parseCounter(id.counter)
		return c, "", err
	}
	typ, err := s.uprobeType(a.probes[0])
	c := counter{attr: unix.PerfEventAttr{Type: typ, Ext2: id.spot.Off, Config: id.spot.Ref << refShift, Sample: 1}}
	if id.ret {
		c.attr.Config |= retProbe
	}
	return c, id.spot.Path, err
}

// sampled sets what the samples of a counter have.
func (s *Source) sampled(attr *unix.PerfEventAttr, a *armed) {
	attr.Sample_type = baseSample
	if s.cfg.Regs || s.cfg.Stack > 0 || a.uprobe {
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

// uprobeType is the number by which the kernel knows events of uprobes.
func (s *Source) uprobeType(p event.Probe) (uint32, error) {
	if s.uprobe != 0 {
		return s.uprobe, nil
	}
	b, err := os.ReadFile("/sys/bus/event_source/devices/uprobe/type")
	if err != nil {
		return 0, &Error{Probe: p, Reason: NoUprobes, Err: err}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 32)
	if err != nil {
		return 0, &Error{Probe: p, Reason: NoUprobes, Err: err}
	}
	s.uprobe = uint32(n)
	return s.uprobe, nil
}

// Check reports whether probes can be counted on this machine, before any task is there; the
// error is an *Error. Whether there are the places of uprobes is not known then.
func Check(probes []event.Probe) error {
	s := Source{layout: layoutOf(ptrace.Native)}
	for _, p := range probes {
		a := &armed{probes: []event.Probe{p}, uprobe: p.Kind == event.Uprobe}
		if p.Kind != event.Perf && !a.uprobe {
			continue
		}
		c, path, err := s.counter(key{counter: p, spot: Spot{Path: "/"}}, a)
		if err != nil {
			return err
		}
		s.sampled(&c.attr, a)
		fd, err := openCounter(c, path, 0)
		if err == nil {
			unix.Close(fd)
			continue
		}
		// A folder has no places: who is told so may have uprobes.
		if a.uprobe && errors.Is(err, unix.EINVAL) {
			continue
		}
		return failure(p, c.attr.Type, err)
	}
	return nil
}

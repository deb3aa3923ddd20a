package perf

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// Config is what a Source does. Arch and ABIs must be set.
type Config struct {
	Arch *arch.Arch // of this machine's 64-bit programs
	ABIs []*arch.ABI
	// Emit is handed the events, which are valid until it returns; Start sets it. Their State has
	// the memory and, where they were sampled, the registers: to be read, not changed.
	Emit func(*event.Event)
	// Lost is told how many samples of a task did not fit into its ring; nil: nobody is.
	Lost func(t event.Task, n uint64)
	// Place names an address of a task's process; nil: nothing has a name.
	Place func(t event.Task, addr uint64) event.Place
	// Locate finds the places that a uprobe's Loc means in a task's process: none while none
	// is there. nil: there are no uprobes.
	Locate func(t event.Task, loc string) ([]Spot, error)
	Regs   bool // sample the registers of user space; those of uprobes are always sampled
	Stack  int  // and so many bytes of its stack, a multiple of 8 below 64 KiB
	Buffer int  // bytes of each task's ring, rounded down to a power of two pages; 0: 512 KiB
}

// Source makes events of what the kernel counts of tasks.
type Source struct {
	cfg     Config
	layout  *layout
	uprobes uprobes
	kernel  kernelSymbols
	free    []*batch
	state   state
	ev      event.Event
	site    event.Site
	lost    uint64

	epoll int
	wake  int // an eventfd

	mu     sync.Mutex // the rest, for Wait
	tasks  map[int32]*task
	closed bool
	ending sync.WaitGroup // counters that are being closed
}

// task is one whose events are counted.
type task struct {
	id     event.Task
	fd     int // the event that the ring belongs to; it counts nothing
	ring   *ring
	armed  map[key]*armed
	byID   map[uint64]*armed
	places map[placeKey]*place // of uprobes
	gone   bool
	// How many samples were lost as the ring tells, and as the counters do that are closed.
	toldLost, readLost uint64
}

// key tells the counters of a task apart.
type key struct {
	counter event.Probe
	def     *definition // of uprobes
}

// armed is one counter of a task.
type armed struct {
	fd     int
	id     uint64
	typ    uint64 // sample_type
	probes []event.Probe
	def    *definition // of uprobes: nil otherwise
}

// New makes a source without tasks.
func New(cfg Config) (*Source, error) {
	s := &Source{cfg: cfg, layout: layoutOf(cfg.Arch), tasks: make(map[int32]*task), epoll: -1, wake: -1}
	if s.cfg.Buffer == 0 {
		s.cfg.Buffer = 512 << 10
	}
	var err error
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err == nil {
		if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
			err = unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, s.wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.wake)})
		}
	}
	if err != nil {
		s.closeFDs()
		return nil, fmt.Errorf("perf events: %w", err)
	}
	return s, nil
}

// Start gives the events to a session.
func (s *Source) Start(h event.Host) {
	s.cfg.Emit = func(ev *event.Event) { h.Send(ev) }
}

func (s *Source) closeFDs() {
	for _, fd := range []int{s.epoll, s.wake} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// Attach counts from now on what probes ask for of a task, and no more what a former call for
// the task asked for besides. Probes of other kinds are not looked at. It is called again when
// more of a program is mapped, for uprobes whose places were not there. What can be counted is
// counted even if there is an error.
func (s *Source) Attach(t event.Task, probes []event.Probe) error {
	w := s.wanted(t, probes)
	k := s.tasks[t.TID]
	if k == nil {
		if len(w.counters)+len(w.defs) == 0 {
			return w.err
		}
		var err error
		if k, err = s.newTask(t, probes[0]); err != nil {
			return errors.Join(w.err, err)
		}
	}
	var out []key
	for id, a := range k.armed {
		if n := w.counters[id]; n != nil {
			a.probes = n.probes
			delete(w.counters, id)
		} else if id.def == nil || !slices.Contains(w.defs, id.def) {
			out = append(out, id)
		}
	}
	s.disarm(k, out)
	k.places = w.places
	for id, a := range w.counters {
		w.err = errors.Join(w.err, s.arm(k, id, a))
	}
	for _, d := range w.defs {
		if k.armed[key{def: d}] == nil {
			w.err = errors.Join(w.err, s.armUprobe(k, d, w.files, w.uprobe))
		}
	}
	return w.err
}

// flush hands over what a task's ring has, which may need counters that are about to go.
func (s *Source) flush(k *task) {
	b := s.newBatch()
	s.collect(b, k, ^uint64(0))
	s.hand(b)
}

// newTask makes the ring of a task, with an event that counts nothing.
func (s *Source) newTask(t event.Task, p event.Probe) (*task, error) {
	k := &task{id: t, armed: make(map[key]*armed), byID: make(map[uint64]*armed)}
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_DUMMY,
		Sample_type: baseSample, Bits: onlyUser | commonBits, Clockid: unix.CLOCK_MONOTONIC,
	}
	var err error
	if k.fd, err = open(attr, "", t.TID); err != nil {
		return nil, failure(p, attr.Type, err)
	}
	if k.ring, err = mapRing(k.fd, s.cfg.Buffer); err != nil {
		unix.Close(k.fd)
		return nil, &Error{Probe: p, Err: fmt.Errorf("map the ring: %w", err)}
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(k.fd)}
	if err = unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, k.fd, &ev); err != nil {
		k.ring.close()
		unix.Close(k.fd)
		return nil, &Error{Probe: p, Err: err}
	}
	s.mu.Lock()
	s.tasks[t.TID] = k
	s.mu.Unlock()
	if len(s.tasks) == 1 {
		s.Wake()
	}
	return k, nil
}

// Exec tells that a task runs a new program: what Attach is called with next holds for that.
// former is the tid that it had; it may have another now.
func (s *Source) Exec(t event.Task, former int32) {
	k := s.tasks[former]
	if k == nil {
		return
	}
	if other := s.tasks[t.TID]; other != nil && other != k {
		s.Drop(t.TID)
	}
	s.mu.Lock()
	delete(s.tasks, former)
	k.id = t
	s.tasks[t.TID] = k
	s.mu.Unlock()
	s.flush(k)
}

// Drop hands over what is left of a task's events, and counts nothing of it any more.
func (s *Source) Drop(tid int32) {
	k := s.tasks[tid]
	if k == nil || k.gone {
		return
	}
	s.disarm(k, slices.Collect(maps.Keys(k.armed)))
	k.gone = true
	if k.readLost > k.toldLost {
		s.tellLost(k, k.readLost-k.toldLost)
	}
	s.mu.Lock()
	delete(s.tasks, k.id.TID)
	k.ring.close()
	s.mu.Unlock()
	unix.Close(k.fd)
}

// Lost is how many samples of all tasks did not fit into their rings.
func (s *Source) Lost() uint64 { return s.lost }

// Close drops all tasks, and ends Wait. When it returns, the kernel counts nothing any more,
// and the places of uprobes are as they were.
func (s *Source) Close() {
	for tid := range s.tasks {
		s.Drop(tid)
	}
	s.ending.Wait()
	s.uprobes.close()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Wake()
}

// Wake makes Wait look again.
func (s *Source) Wake() {
	one := [8]byte{1}
	unix.Write(s.wake, one[:]) // it fails only if it is awake
}

// latency is how long a sample may lie in a ring that is not half full.
const latency = 10 * time.Millisecond

// Wait blocks until Drain would find something; false: the source is closed. It is called by one
// goroutine, which must not stop before it has been told that.
func (s *Source) Wait() bool {
	var evs [16]unix.EpollEvent
	for {
		found, idle, closed := s.look()
		if found || closed {
			return found
		}
		timeout := int(latency / time.Millisecond)
		if idle {
			timeout = -1
		}
		n, err := unix.EpollWait(s.epoll, evs[:], timeout)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return false
		}
		for i := range max(n, 0) {
			if evs[i].Fd == int32(s.wake) {
				var b [8]byte
				unix.Read(s.wake, b[:])
			}
		}
	}
}

// look reports what Wait wants to know. A source that is found closed is not used any more.
func (s *Source) look() (found, idle, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.closeFDs()
		return false, false, true
	}
	for _, k := range s.tasks {
		if k.ring.unread() {
			return true, false, false
		}
	}
	return false, len(s.tasks) == 0, false
}

// Drain hands over the events of all tasks that have happened before it was called, in the
// order of their time.
func (s *Source) Drain() {
	b := s.newBatch()
	until := monotonic()
	for _, k := range s.tasks {
		s.collect(b, k, until)
	}
	s.hand(b)
}

// DrainTask hands over the events of one task, as before another event of it. Nothing may be
// added while it does so: the task is stopped or gone.
func (s *Source) DrainTask(tid int32) {
	if k := s.tasks[tid]; k != nil && k.ring.unread() {
		s.flush(k)
	}
}

func monotonic() uint64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return uint64(ts.Nano())
}

// batch is samples on their way. Bytes of the samples are in its arena.
type batch struct {
	samples []queued
	arena   []byte
}

type queued struct {
	sample
	task  *task
	armed *armed
}

func (s *Source) newBatch() *batch {
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return &batch{}
}

func (b *batch) keep(p []byte) []byte {
	n := len(b.arena)
	b.arena = append(b.arena, p...)
	return b.arena[n:len(b.arena):len(b.arena)]
}

// collect takes the samples of a task up to a time.
func (s *Source) collect(b *batch, k *task, until uint64) {
	k.ring.read(func(typ uint32, misc uint16, body []byte) bool {
		switch typ {
		case unix.PERF_RECORD_SAMPLE:
			a := k.byID[sampleID(body)]
			if a == nil {
				return true
			}
			m, err := parseSample(body, misc, a.typ, len(s.layout.slots))
			if err != nil {
				return true
			}
			if m.time > until {
				return false
			}
			m.raw, m.regs, m.stack = b.keep(m.raw), b.keep(m.regs), b.keep(m.stack)
			b.samples = append(b.samples, queued{m, k, a})
		case unix.PERF_RECORD_LOST:
			w := words{b: body}
			w.next() // the id of the event that found room again
			s.tellLost(k, w.next())
		}
		return true
	})
}

func (s *Source) tellLost(k *task, n uint64) {
	if n == 0 {
		return
	}
	s.lost += n
	k.toldLost += n
	if s.cfg.Lost != nil {
		s.cfg.Lost(k.id, n)
	}
}

// hand makes events of samples and gives them away.
func (s *Source) hand(b *batch) {
	slices.SortStableFunc(b.samples, func(x, y queued) int { return cmp.Compare(x.time, y.time) })
	wall := time.Now().UnixNano() - int64(monotonic())
	for i := range b.samples {
		if q := &b.samples[i]; !q.task.gone {
			s.emit(q, wall)
		}
	}
	b.samples, b.arena = b.samples[:0], b.arena[:0]
	s.free = append(s.free, b)
}

func (s *Source) emit(q *queued, wall int64) {
	t := q.task.id
	s.site = event.Site{Probes: q.armed.probes, PC: q.ip, Addr: q.addr}
	s.state.set(s.layout, &q.sample)
	if q.armed.def == nil {
		s.site.Place = s.place(t, q)
	} else if !s.passed(q) {
		return
	}
	s.ev = event.Event{
		Kind: s.site.Probes[0].Kind, Task: t, ABI: s.cfg.ABIs[0], State: &s.state, Site: &s.site,
		Wall: wall + int64(q.time), Num: int64(q.period), IP: q.ip, HasIP: true,
	}
	if s.state.has && s.state.regs.Arch.PtrSize == 4 {
		s.ev.ABI = s.cfg.ABIs[len(s.cfg.ABIs)-1]
	}
	s.cfg.Emit(&s.ev)
}

// passed fills in the place that a uprobe's sample is of. It is in the raw data, behind a header
// of 8 bytes: the address, or the function that returns. A place that no rule of the task is
// about is another task's.
func (s *Source) passed(q *queued) bool {
	w := words{b: q.raw}
	w.next()
	ret := q.armed.def.places[0].ret
	pl := q.task.places[placeKey{w.next(), ret}]
	if pl == nil {
		return false
	}
	s.site.Probes, s.site.Place = pl.probes, pl.place
	if ret && s.state.has {
		v, _ := s.state.regs.Get(s.layout.ret)
		s.site.Ret, s.site.HasRet = event.Value{Form: event.FormInt, Num: v}, true
	}
	return true
}

func (s *Source) place(t event.Task, q *queued) event.Place {
	switch {
	case q.kernel:
		return s.kernel.place(q.ip)
	case s.cfg.Place != nil:
		return s.cfg.Place(t, q.ip)
	}
	return event.Place{}
}

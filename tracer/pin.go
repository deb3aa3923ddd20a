package tracer

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/ptrace"
)

// pinner keeps the tracer and its tracees on one CPU, where handing a stop from one to
// the other may cost a tenth of what it costs across CPUs, while a chooser says so; else
// tasks are let go to all the CPUs that they had. A tracee sees its own mask, and gets it
// back when it is let go. A tracer that has one CPU only changes nothing but its own
// priority.
type pinner struct {
	on      bool
	one     bool         // the tracer may run on one CPU only
	running atomic.Int32 // tasks that are not in a call that waits
	stops   atomic.Int64

	mu     sync.Mutex
	pinned bool
	cpu    int
	tracer int // the session's thread
	own    unix.CPUSet
	masks  map[int32]unix.CPUSet // what the tasks' masks are without us
	choice chooser
	nice   int // the tracer's own nice value
	renice bool
	done   chan struct{}
}

// pinnedNice is added to the tracer's nice value: it runs when its tracee waits, not before.
const pinnedNice = 10

// start begins pinning, if it is asked for or nothing is left to pin. It must be called on
// the session's thread.
func (p *pinner) start(asked bool) {
	p.tracer = unix.Gettid()
	prio, err := unix.Getpriority(unix.PRIO_PROCESS, p.tracer)
	if err != nil || unix.SchedGetaffinity(p.tracer, &p.own) != nil {
		return
	}
	p.one = p.own.Count() == 1
	p.nice = 20 - prio // what the kernel returns is never negative
	p.renice = ptrace.MayRaisePriority(p.nice)
	if p.one && !p.renice || !p.one && !asked {
		return
	}
	p.on = true
	p.choice.first = firstPinned
	if p.one {
		p.choice.first = firstOne
	}
	p.masks = make(map[int32]unix.CPUSet)
	p.done = make(chan struct{})
	for cpu := range len(p.own) * 64 {
		if p.own.IsSet(cpu) {
			p.cpu = cpu
		}
	}
	go p.watch()
}

// stop lets everything go.
func (p *pinner) stop() {
	if !p.on {
		return
	}
	close(p.done)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free()
	p.on = false
}

// added takes in a task; a child's mask is its parent's.
func (p *pinner) added(tid, parent int32) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	mask, ok := p.masks[parent]
	if !ok && unix.SchedGetaffinity(int(tid), &mask) != nil || p.one && mask != p.own {
		return
	}
	p.masks[tid] = mask
	p.running.Add(1)
	if p.pinned || p.running.Load() == 1 {
		p.pin(tid)
	} else if ok {
		p.move(int(tid), &mask)
	}
}

// dropped forgets a task, and gives it back its mask if it lives on.
func (p *pinner) dropped(t *task, alive bool) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	tid := t.id.TID
	if mask, ok := p.masks[tid]; ok && alive && p.pinned && mask.IsSet(p.cpu) {
		p.move(int(tid), &mask)
	}
	if _, ok := p.masks[tid]; ok && !t.waits {
		p.running.Add(-1)
	}
	delete(p.masks, tid)
}

// superseded forgets a leader whose tid another thread takes.
func (p *pinner) superseded(leader, t *task) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.masks[leader.id.TID]; ok && !leader.waits {
		p.running.Add(-1)
	}
	if mask, ok := p.masks[t.id.TID]; ok {
		p.masks[leader.id.TID] = mask
		delete(p.masks, t.id.TID)
	}
}

// pin moves a task, and the tracer, to the CPU. A task that may not run there is left alone.
func (p *pinner) pin(tid int32) {
	mask := p.masks[tid]
	if !mask.IsSet(p.cpu) {
		return
	}
	var one unix.CPUSet
	one.Set(p.cpu)
	p.move(int(tid), &one)
	if !p.pinned {
		p.pinned = true
		p.move(p.tracer, &one)
		if p.renice {
			unix.Setpriority(unix.PRIO_PROCESS, p.tracer, p.nice+pinnedNice)
		}
	}
}

func (p *pinner) move(tid int, mask *unix.CPUSet) {
	if !p.one {
		unix.SchedSetaffinity(tid, mask)
	}
}

// free restores every mask.
func (p *pinner) free() {
	if !p.pinned {
		return
	}
	p.pinned = false
	for tid, mask := range p.masks {
		p.move(int(tid), &mask)
	}
	p.move(p.tracer, &p.own)
	if p.renice {
		unix.Setpriority(unix.PRIO_PROCESS, p.tracer, p.nice)
	}
}

// watch moves between the states.
func (p *pinner) watch() {
	tick := time.NewTicker(pinTick)
	defer tick.Stop()
	var last int64
	begun := time.Now()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		n, now := p.stops.Load(), time.Now()
		p.decide(n-last, now.Sub(begun))
		last, begun = n, now
	}
}

// decide changes the state when a tick with so many stops, and of that length, says so.
func (p *pinner) decide(stops int64, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on {
		return
	}
	switch pin := p.choice.next(p.pinned, p.running.Load(), stops, took); {
	case pin == p.pinned:
		return
	case !pin:
		p.free()
		return
	}
	for tid := range p.masks {
		p.pin(tid)
	}
}

// waitingCalls are those in which a task mostly waits for another.
var waitingCalls = map[string]bool{
	"wait4": true, "waitid": true, "waitpid": true, "pause": true, "futex": true, "futex_time64": true,
	"poll": true, "ppoll": true, "select": true, "pselect6": true, "epoll_wait": true, "epoll_pwait": true,
	"epoll_pwait2": true, "nanosleep": true, "clock_nanosleep": true, "rt_sigsuspend": true,
	"rt_sigtimedwait": true, "accept": true, "accept4": true,
}

// callClass is what the pinner must know of a call.
type callClass uint8

const (
	callPlain callClass = iota
	callWaits
	callGetAffinity
	callSetAffinity
)

// classOf classifies a call of the ABI by name, once per number.
func classOf(name string) callClass {
	switch {
	case waitingCalls[name]:
		return callWaits
	case name == "sched_getaffinity":
		return callGetAffinity
	case name == "sched_setaffinity":
		return callSetAffinity
	}
	return callPlain
}

// entered notes the entry of a call.
func (p *pinner) entered(t *task, c callClass) {
	t.class = c
	if c == callWaits && !t.waits {
		t.waits = true
		p.running.Add(-1)
	}
}

// left notes the exit of a call, and keeps the tracee's view of its mask true.
func (p *pinner) left(t *task, args *[6]uint64, ret int64) {
	if t.waits {
		t.waits = false
		p.running.Add(1)
	}
	class := t.class
	t.class = callPlain
	if p.one {
		return
	}
	switch class {
	case callGetAffinity:
		p.answer(t, args, ret)
	case callSetAffinity:
		p.changed(t, args, ret)
	}
}

// target is the task that a call on affinity is about, if it is one of ours.
func target(t *task, args *[6]uint64) int32 {
	if pid := int32(args[0]); pid != 0 {
		return pid
	}
	return t.id.TID
}

// answer replaces what sched_getaffinity found by the mask that holds without us.
func (p *pinner) answer(t *task, args *[6]uint64, ret int64) {
	p.mu.Lock()
	mask, ok := p.masks[target(t, args)]
	ok = ok && p.pinned
	p.mu.Unlock()
	if !ok || ret <= 0 {
		return
	}
	buf := make([]byte, min(int(ret), len(mask)*8))
	for i := range buf {
		buf[i] = byte(mask[i/8] >> (i % 8 * 8))
	}
	t.mem.WriteAt(buf, args[2])
}

// changed takes over a mask that a tracee has set.
func (p *pinner) changed(t *task, args *[6]uint64, ret int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	tid := target(t, args)
	if _, ok := p.masks[tid]; !ok || ret != 0 {
		return
	}
	var mask unix.CPUSet
	if unix.SchedGetaffinity(int(tid), &mask) != nil {
		return
	}
	p.masks[tid] = mask
	if p.pinned {
		p.pin(tid)
	}
}

package tracer

import "time"

// chooser says, tick by tick, whether tasks are to be pinned. While one runs they are, and
// while several compute beside each other they are not; but what is faster where the tracer
// has much to do depends on the machine, and on what else runs there. So both states are
// tried from time to time, and the one with more stops in a tick is kept. It is a pure
// state machine.
//
//	              its time has come, or the other is known as better
//	settling ---> measuring -------------------------------------> settling in the other
//	    settleTicks       trialTicks
type chooser struct {
	mode   mode
	calm   int   // ticks in another mode
	ticks  int   // in this state, since it was entered or last measured
	sum    int64 // stops in the ticks that were measured
	pinned int64 // stops in trialTicks when pinned; negative: not known
	free   int64 // and when free
	wait   int   // ticks until the next trial
	period int   // ticks between trials
}

// mode is what tasks do.
type mode uint8

const (
	unknown mode = iota
	oneRuns      // the others wait
	compute      // several run, with few stops
	contend      // the tracer is what several wait for
)

const (
	pinTick = 10 * time.Millisecond
	// settleTicks keeps the state from flapping.
	settleTicks = 2
	trialTicks  = 3
	// Trials of a state that turns out to be the worse one become rare.
	minPeriod, maxPeriod = 100, 1600
	// busy is how many stops in a tick say that the tracer is what tasks wait for.
	busy = 120
)

// next returns whether to pin in the next tick, given how many tasks ran in the last one
// and how many stops there were.
func (c *chooser) next(pinned bool, running int32, stops int64) bool {
	m := oneRuns
	switch {
	case running > 1 && stops < busy:
		m = compute
	case running > 1:
		m = contend
	}
	if m == c.mode {
		c.calm = 0
		return m != compute && c.compare(pinned, stops)
	}
	if c.calm++; c.calm < settleTicks {
		return pinned
	}
	*c = chooser{mode: m, pinned: -1, free: -1, period: minPeriod}
	switch m {
	case oneRuns:
		c.wait = minPeriod
		return true
	case compute:
		return false
	}
	return pinned
}

// compare measures this state, and leaves it for a trial of the other or because the other
// is better.
func (c *chooser) compare(pinned bool, stops int64) bool {
	c.wait--
	if c.ticks++; c.ticks <= settleTicks {
		return pinned
	}
	c.sum += stops
	if c.ticks < settleTicks+trialTicks {
		return pinned
	}
	if pinned {
		c.pinned = c.sum
	} else {
		c.free = c.sum
	}
	c.ticks, c.sum = settleTicks, 0
	switch {
	case c.pinned >= 0 && c.free >= 0 && pinned == c.freeIsBetter():
	case c.wait <= 0:
		c.wait, c.period = c.period, min(2*c.period, maxPeriod)
	default:
		return pinned
	}
	c.ticks = 0
	return !pinned
}

// freeIsBetter compares what was measured. To be free must pay, since it keeps more CPUs
// busy; and few stops are no measure.
func (c *chooser) freeIsBetter() bool { return c.free > c.pinned+c.pinned/10+trialTicks }

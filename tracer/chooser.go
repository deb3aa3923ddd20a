package tracer

import "time"

// chooser says, tick by tick, whether tasks are to be pinned. While one runs they are, and
// while several compute beside each other they are not; but what is faster where the tracer
// has much to do depends on the machine, and on what else runs there. So both states are
// tried from time to time, and the one with more stops in a second is kept. It is a pure
// state machine.
//
//	              its time has come, or the other is known as better
//	settling ---> measuring -------------------------------------> settling in the other
//	    settleTicks       trialTicks
type chooser struct {
	first  int // ticks of one task until the first trial
	mode   mode
	calm   int           // ticks in another mode
	ticks  int           // in this state, since it was entered or last measured
	sum    int64         // stops in the ticks that were measured
	span   time.Duration // that these took
	pinned int64         // stops in a second when pinned; negative: not known
	free   int64         // and when free
	wait   int           // ticks until the next trial
	period int           // ticks between trials
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
	// A trial costs much where both states have their own CPUs, and little where they do not.
	firstPinned, firstOne = 100, 30
	// Trials of a state that turns out to be the worse one become rare.
	minPeriod, maxPeriod = 100, 1600
	// busy is how many stops in a tick say that the tracer is what tasks wait for; fewSeen,
	// how many in a second are no measure.
	busy, fewSeen = 120, 100
)

// next returns whether to pin in the next tick, given how many tasks ran in the last one,
// how many stops there were, and how long it was: more than pinTick on a CPU with much to do.
func (c *chooser) next(pinned bool, running int32, stops int64, took time.Duration) bool {
	m := oneRuns
	switch {
	case running > 1 && stops < busy:
		m = compute
	case running > 1:
		m = contend
	}
	if m == c.mode {
		c.calm = 0
		return m != compute && c.compare(pinned, stops, took)
	}
	if c.calm++; c.calm < settleTicks {
		return pinned
	}
	*c = chooser{first: c.first, mode: m, pinned: -1, free: -1, period: minPeriod}
	switch m {
	case oneRuns:
		c.wait = c.first
		return true
	case compute:
		return false
	}
	return pinned
}

// compare measures this state, and leaves it for a trial of the other or because the other
// is better.
func (c *chooser) compare(pinned bool, stops int64, took time.Duration) bool {
	c.wait--
	if c.ticks++; c.ticks <= settleTicks {
		return pinned
	}
	c.sum += stops
	c.span += took
	if c.ticks < settleTicks+trialTicks {
		return pinned
	}
	rate := c.sum * int64(time.Second) / int64(max(c.span, 1))
	if pinned {
		c.pinned = rate
	} else {
		c.free = rate
	}
	c.ticks, c.sum, c.span = settleTicks, 0, 0
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
// busy. One task is better off free only where other programs
// keep its CPU busy, and then by far.
func (c *chooser) freeIsBetter() bool {
	margin := c.pinned / 10
	if c.mode == oneRuns {
		margin = c.pinned / 3
	}
	return c.free > c.pinned+margin+fewSeen
}

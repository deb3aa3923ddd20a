package event

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// PerfProbe is the probe that perf(COUNTER, PERIOD) means. The period is a number, which may end
// in K, M or G, of 1024: an event whenever the counter has counted so many; a frequency, 99Hz
// or 1kHz: so many events a second of the task's running; or a duration, 1ms. The clocks count
// nanoseconds, so a duration is exact for them, and a frequency a duration; for other counters
// it is a frequency. Without a period it is 1ms for the clocks, 1kHz for what processors
// count, and every one for other events. Whether there is such a counter is not looked at.
func PerfProbe(counter, period string) (Probe, error) {
	p := Probe{Kind: Perf, Loc: counter}
	clock := isClock(counter)
	if period == "" {
		switch {
		case clock:
			p.Period = uint64(time.Millisecond)
		case everyOne(counter):
			p.Period = 1
		default:
			p.Rate = 1000
		}
		return p, nil
	}
	var ok bool
	if strings.HasSuffix(period, "Hz") {
		p.Rate, ok = perfFrequency(period)
	} else if p.Period, ok = perfNumber(period); !ok {
		var d time.Duration
		d, ok = perfDuration(period)
		p.Period = uint64(d)
		if ok && !clock {
			p.Period, p.Rate = 0, max(1, uint64(time.Second/d))
		}
	}
	if !ok || p.Period == 0 && p.Rate == 0 || p.Period > math.MaxInt64 || p.Rate > math.MaxInt32 {
		return p, fmt.Errorf("invalid period '%s': want a number, a frequency such as 99Hz or a duration such as 1ms", period)
	}
	if clock && p.Rate != 0 {
		p.Period, p.Rate = max(1, uint64(time.Second)/p.Rate), 0
	}
	return p, nil
}

// counterName is a counter's name without the modifiers behind it, as in cycles:u.
func counterName(counter string) string {
	name, _, _ := strings.Cut(counter, ":")
	return name
}

func isClock(counter string) bool {
	name := counterName(counter)
	return name == "cpu-clock" || name == "task-clock"
}

// everyOne reports whether a counter's events are few enough to tell of each: what the kernel
// counts itself, and tracepoints.
func everyOne(counter string) bool {
	switch name, rest, _ := strings.Cut(counter, ":"); name {
	case "page-faults", "faults", "minor-faults", "major-faults", "context-switches", "cs",
		"cpu-migrations", "migrations", "alignment-faults", "emulation-faults", "cgroup-switches", "bpf-output", "dummy":
		return true
	default:
		return len(rest) > 3 // longer than modifiers: SUBSYSTEM:NAME
	}
}

// perfNumber reads a number with a multiplier, as they are written elsewhere in rules.
func perfNumber(s string) (uint64, bool) {
	return scaled(s, []scale{{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}})
}

func perfFrequency(s string) (uint64, bool) {
	return scaled(s, []scale{{"kHz", 1e3}, {"MHz", 1e6}, {"Hz", 1}})
}

type scale struct {
	suffix string
	unit   uint64
}

func scaled(s string, scales []scale) (uint64, bool) {
	unit := uint64(1)
	for _, sc := range scales {
		if num, ok := strings.CutSuffix(s, sc.suffix); ok {
			s, unit = num, sc.unit
			break
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	over, product := bits.Mul64(n, unit)
	return product, err == nil && over == 0
}

func perfDuration(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

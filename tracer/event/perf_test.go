package event

import "testing"

func TestPerfProbe(t *testing.T) {
	for _, c := range []struct {
		counter, period string
		want            Probe
		ok              bool
	}{
		{"cpu-clock", "", Probe{Period: 1e6}, true},
		{"cpu-clock", "1ms", Probe{Period: 1e6}, true},
		{"task-clock:u", "250us", Probe{Period: 250e3}, true},
		{"cpu-clock", "99Hz", Probe{Period: 10101010}, true},
		{"cpu-clock", "1kHz", Probe{Period: 1e6}, true},
		{"cpu-clock", "5000", Probe{Period: 5000}, true},
		{"cpu-clock", "2M", Probe{Period: 2 << 20}, true},
		{"cycles", "", Probe{Rate: 1000}, true},
		{"cycles:ppp", "", Probe{Rate: 1000}, true},
		{"cycles", "1ms", Probe{Rate: 1000}, true},
		{"cycles", "10s", Probe{Rate: 1}, true},
		{"cycles", "99Hz", Probe{Rate: 99}, true},
		{"cycles", "1G", Probe{Period: 1 << 30}, true},
		{"r1c2", "", Probe{Rate: 1000}, true},
		{"page-faults", "", Probe{Period: 1}, true},
		{"sched:sched_switch", "", Probe{Period: 1}, true},
		{"sched:sched_switch", "10K", Probe{Period: 10240}, true},
		{"cycles", "2m", Probe{Rate: 1}, true},
		{"cycles", "10k", Probe{}, false},
		{"cycles", "0", Probe{}, false},
		{"cycles", "0Hz", Probe{}, false},
		{"cycles", "Hz", Probe{}, false},
		{"cycles", "-1", Probe{}, false},
		{"cycles", "-1ms", Probe{}, false},
		{"cycles", "1x", Probe{}, false},
		{"cycles", "99999999999G", Probe{}, false},
		{"cycles", "18446744073709551615", Probe{}, false},
		{"cycles", "10GHz", Probe{}, false},
	} {
		got, err := PerfProbe(c.counter, c.period)
		if (err == nil) != c.ok {
			t.Errorf("perf(%s, %s): %v", c.counter, c.period, err)
			continue
		}
		c.want.Kind, c.want.Loc = Perf, c.counter
		if c.ok && got != c.want {
			t.Errorf("perf(%s, %s): period %d, rate %d; want %d, %d", c.counter, c.period, got.Period, got.Rate, c.want.Period, c.want.Rate)
		}
	}
}

package tracer

import "testing"

// TestChooser plays ticks on machines where each state makes so many stops a tick, and
// holds which state is kept, and that the other is rare.
func TestChooser(t *testing.T) {
	for _, c := range []struct {
		name         string
		running      int32
		pinned, free int64
		want         bool
		most         int // ticks in the other state, of 1000
	}{
		{"one task", 1, 1000, 200, true, 30},
		{"one task, no worse when free", 1, 1000, 1300, true, 40},
		{"one task, nothing to do", 1, 0, 0, true, 30},
		{"one task, seldom in a call", 1, 0, 1, true, 30},
		{"one task, another program on the CPU", 1, 40, 400, false, 130},
		{"one task, many programs on the CPU", 1, 0, 30, false, 130},
		{"several compute", 3, 50, 50, false, 5},
		{"several wait for the tracer", 4, 1300, 700, true, 40},
		{"several wait for the tracer, as well when free", 4, 1300, 1350, true, 40},
		{"several wait for the tracer, better when free", 4, 1300, 1500, false, 40},
	} {
		for _, begin := range [...]bool{true, false} {
			ch := chooser{first: firstPinned}
			pin, other := begin, 0
			for range 1000 {
				stops := c.free
				if pin {
					stops = c.pinned
				}
				if pin = ch.next(pin, c.running, stops, pinTick); pin != c.want {
					other++
				}
			}
			if pin != c.want || other > c.most {
				t.Errorf("%s, begun with %v: ends with %v, other state in %d ticks", c.name, begin, pin, other)
			}
		}
	}
}

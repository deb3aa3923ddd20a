package bp_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gotrace/gotrace/tracer"
	"github.com/gotrace/gotrace/tracer/event"
)

// TestWatch is told of every write by any thread, with the values before and after.
func TestWatch(t *testing.T) {
	prog := build(t, "watched")
	p := &probing{}
	p.needs.Probes = []event.Probe{
		{Kind: event.Watch, Loc: "counter", Len: 8, Access: event.Write},
		{Kind: event.Watch, Loc: "pair", Access: event.Write},
	}
	last := uint64(0)
	p.handle = func(ev *event.Event) event.Verdict {
		if ev.Kind != event.Watch {
			return event.Verdict{}
		}
		switch s := ev.Site; s.Probes[0].Loc {
		case "counter":
			was, is := binary.LittleEndian.Uint64(s.Old), binary.LittleEndian.Uint64(s.New)
			if was != last || is != last+1 || s.Place.Func != "run" {
				t.Errorf("%d became %d behind %d in %s", was, is, last, s.Place.Func)
			}
			last = is
		case "pair":
			if !bytes.Contains(s.New, []byte{7}) || bytes.Contains(s.Old, []byte{7}) {
				t.Errorf("%v became %v", s.Old, s.New)
			}
		}
		return event.Verdict{}
	}
	out, stat := p.run(t, tracer.Config{}, prog, "4", "100")
	if out != "400\n" || stat.Code != 0 || stat.Sig != 0 {
		t.Fatalf("wrote %q and ended so: %+v", out, stat)
	}
	if p.counts["watch counter"] != 400 || p.counts["watch pair"] != 1 {
		t.Errorf("counted %v", p.counts)
	}
}

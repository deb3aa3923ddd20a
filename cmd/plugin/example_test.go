package plugin_test

import (
	"context"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/gotrace/gotrace/cmd/plugin"
)

// TestExample runs the plugin of the documentation.
func TestExample(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	h := &told{wake: make(chan struct{}, 1)}
	p, err := plugin.Start(context.Background(), "exec python3 ../../docs/plugins/example.py 80", plugin.Options{
		Say: h.say, Emit: h.emit, Handshake: time.Minute, Farewell: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.On(), []string{"syscall(connect)"}) || !p.Answers() {
		t.Errorf("it asks for %q, %v", p.On(), p.Answers())
	}
	refused := plugin.Answer{Verdict: plugin.Inject, Errno: 111}
	for _, c := range []struct {
		address string
		want    plugin.Answer
	}{
		{`{"sa_family":"AF_INET","sin_port":80,"sin_addr":{"inet_addr":["192.0.2.1"]}}`, plugin.Answer{}},
		{`{"sa_family":"AF_INET","sin_port":25,"sin_addr":{"inet_addr":["192.0.2.1"]}}`, refused},
		{`{"sa_family":"AF_INET6","sin6_port":25,"sin6_flowinfo":0,"sin6_addr":{"inet_pton":["AF_INET6","::1"]},"sin6_scope_id":0}`, refused},
		{`{"sa_family":"AF_UNIX","sun_path":"/run/socket"}`, plugin.Answer{}},
		{`null`, plugin.Answer{}},
		{`4096`, plugin.Answer{}},
	} {
		a, ok := p.Ask(0, []byte(`{"v":1,"event":"syscall.enter","name":"connect","args":{"fd":3,"uservaddr":`+c.address+`,"addrlen":16}}`))
		if !ok || a != c.want {
			t.Errorf("%s: %+v, %v", c.address, a, ok)
		}
	}
	h.await(2)
	p.Close()
	h.want(t, "plugin ports: port 25: refused 2 times")
	if !slices.Equal(h.events, []string{"denied[{port  25 true} {address 192.0.2.1 0 false}]", "denied[{port  25 true} {address ::1 0 false}]"}) {
		t.Errorf("user events: %v", h.events)
	}
}

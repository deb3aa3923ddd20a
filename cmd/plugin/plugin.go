// Package plugin runs a program that takes part in tracing: it is sent the events that it
// asks for, one JSON object a line, may answer what is to be done about each, and may tell of
// events of its own. docs/PLUGINS.md describes the protocol.
//
// It refuses to let the program hold up a trace: nothing waits for it longer than it said it
// would need, and a program that does not keep to the protocol is left alone. The package
// knows nothing of rules; conditions and events pass through as text.
package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/gotrace/gotrace/cmd/shell"
)

// Options is how a plugin is run. Say and Emit must be set; they are called from goroutines
// of the plugin's, and not any more when Close has returned. Emit may wait for the goroutine
// that calls Ask; neither may wait for one that calls Close.
type Options struct {
	GotraceVersion string
	// Say shows a message to people: one line, without the program's name before it.
	Say func(text string)
	// Emit takes a user event.
	Emit func(name string, fields []Field)
	// Handshake is how long the plugin may take to introduce itself, and Farewell to end
	// when there is nothing more for it; zero: 5 s and 1 s.
	Handshake, Farewell time.Duration
	// Queue is how many bytes of events may wait to be read by the plugin; zero: 1 MiB.
	Queue int
}

const (
	defaultHandshake = 5 * time.Second
	defaultFarewell  = time.Second
	defaultQueue     = 1 << 20
	userEvents       = 1 << 14 // that may wait for Emit
	longestLine      = 1 << 20 // from a plugin
	patience         = 3       // events in a row that a plugin may leave without an answer
	// afterlife is how long the end of a plugin that has closed a pipe is waited for, and output
	// of what it has left behind is read.
	afterlife = time.Second
)

// Plugin is a running plugin. Ask and Send may be called by one goroutine only.
type Plugin struct {
	hello
	opts  Options
	cmd   *exec.Cmd
	queue *queue
	out   *os.File // what the plugin prints
	lines *bufio.Reader

	answers chan answered // at most one, to the event that is wanted
	emits   chan userEvent
	emitted chan struct{} // closed when Emit is called no more
	gone    chan struct{} // closed when nothing more is expected of the plugin
	met     chan struct{} // closed when it has introduced itself, or failed to
	exited  chan struct{}
	read    chan struct{} // closed when its output is no longer read
	written chan struct{} // closed when nothing is written to it any more
	timer   *time.Timer

	mu      sync.Mutex
	last    uint64 // id of the last event
	wanted  uint64 // id of the event that Ask waits for; 0: none
	silent  int    // events without an answer in time, in a row
	slow    int    // and all
	bad     int    // answers that make no sense
	unheard int    // user events for which there was no room
	closing bool
	dead    bool
}

type userEvent struct {
	name   string
	fields []Field
}

type answered struct {
	Answer
	ok bool
}

// Start runs a shell command as a plugin and waits until it has introduced itself. ctx ends
// that early. The error is for people.
func Start(ctx context.Context, command string, opts Options) (*Plugin, error) {
	p := &Plugin{
		opts:    opts.filled(),
		answers: make(chan answered, 1),
		emits:   make(chan userEvent, userEvents),
		emitted: make(chan struct{}),
		gone:    make(chan struct{}),
		met:     make(chan struct{}),
		exited:  make(chan struct{}),
		read:    make(chan struct{}),
		written: make(chan struct{}),
		timer:   time.NewTimer(time.Hour),
	}
	p.timer.Stop()
	if err := p.start(command); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", strconv.Quote(command), err)
	}
	if err := p.handshake(ctx); err != nil {
		p.abandon()
		return nil, fmt.Errorf("plugin %s: %w", strconv.Quote(command), err)
	}
	close(p.met)
	go p.reader()
	go p.emitter()
	return p, nil
}

func (o Options) filled() Options {
	if o.Handshake == 0 {
		o.Handshake = defaultHandshake
	}
	if o.Farewell == 0 {
		o.Farewell = defaultFarewell
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	return o
}

// start starts the process, and the goroutines that write to it and wait for it.
func (p *Plugin) start(command string) error {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		theirIn.Close()
		in.Close()
		return err
	}
	p.cmd = shell.Command(command)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirIn, theirOut, os.Stderr
	// Signals of the terminal are for gotrace, which then says farewell.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = shell.Start(p.cmd)
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return err
	}
	p.out, p.lines = out, bufio.NewReader(out)
	p.queue = newQueue(in, p.opts.Queue)
	go func() {
		defer close(p.written)
		if err := p.queue.run(); err != nil {
			<-p.met
			p.die(errEnded)
		}
	}()
	go func() {
		p.cmd.Wait()
		close(p.exited)
		p.out.SetReadDeadline(time.Now().Add(afterlife))
	}()
	return nil
}

// errEnded says that the plugin has closed its end of a pipe: its exit status tells more.
var errEnded = errors.New("ended")

func (p *Plugin) handshake(ctx context.Context) error {
	hi, err := json.Marshal(struct {
		Type    string `json:"type"`
		Version int    `json:"version"`
		Gotrace string `json:"gotrace"`
	}{"hello", Version, p.opts.GotraceVersion})
	if err != nil {
		return err
	}
	p.queue.always(append(hi, '\n'))
	p.out.SetReadDeadline(time.Now().Add(p.opts.Handshake))
	stop := context.AfterFunc(ctx, func() { p.out.SetReadDeadline(time.Unix(1, 0)) })
	line, err := readLine(p.lines)
	stop()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded) && !p.hasExited():
		return fmt.Errorf("has not introduced itself within %v", p.opts.Handshake)
	case errors.Is(err, errLong):
		return err
	case err != nil:
		return fmt.Errorf("%s before it introduced itself", p.howEnded())
	}
	m, err := parse(line)
	if err != nil {
		return err
	}
	if p.hello, err = m.hello(); err != nil {
		return err
	}
	p.out.SetReadDeadline(time.Time{})
	if p.hasExited() {
		p.out.SetReadDeadline(time.Now().Add(afterlife))
	}
	return nil
}

// abandon ends a plugin that never became one.
func (p *Plugin) abandon() {
	p.closing = true
	close(p.met)
	p.queue.close()
	if !p.hasExited() {
		shell.KillGroup(p.cmd)
	}
	<-p.exited
	p.out.Close()
}

// Name is what the plugin calls itself.
func (p *Plugin) Name() string { return p.name }

// On is the events that the plugin asks for: the parts of rules between on and do.
func (p *Plugin) On() []string { return p.on }

// Answers reports whether the plugin answers its events: then they are for Ask, else for Send.
func (p *Plugin) Answers() bool { return p.hello.answers }

// Send tells of an event that matches condition number rule of On. It never waits: where
// the plugin reads too slowly, events are left out, and Close says how many.
func (p *Plugin) Send(rule int, event []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	p.queue.event(p.last, rule, event)
}

// Ask tells of an event, and waits for the answer no longer than the plugin said it would
// take; false: there is none.
func (p *Plugin) Ask(rule int, event []byte) (Answer, bool) {
	p.mu.Lock()
	if p.dead || p.closing {
		p.mu.Unlock()
		return Answer{}, false
	}
	p.last++
	p.wanted = p.last
	p.queue.event(p.last, rule, event)
	p.mu.Unlock()
	p.timer.Reset(p.timeout)
	select {
	case a := <-p.answers:
		p.timer.Stop()
		return a.Answer, a.ok
	case <-p.gone:
		p.timer.Stop()
		return p.unanswered(false)
	case <-p.timer.C:
		return p.unanswered(true)
	}
}

// unanswered is the end of a wait; an answer may have come at the last moment.
func (p *Plugin) unanswered(timedOut bool) (Answer, bool) {
	p.mu.Lock()
	if p.wanted == 0 {
		p.mu.Unlock()
		a := <-p.answers
		return a.Answer, a.ok
	}
	p.wanted = 0
	if timedOut {
		p.silent++
		p.slow++
	}
	row, all := p.silent, p.slow
	p.mu.Unlock()
	if timedOut && row == patience {
		p.die(fmt.Errorf("no answer to %d events in a row: it is asked no more", row))
	} else if timedOut && all == 1 {
		p.say("no answer within %v", p.timeout)
	}
	return Answer{}, false
}

// Close ends the plugin: it is told, has a moment to end by itself, and is killed then.
func (p *Plugin) Close() {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.queue.always([]byte("{\"type\":\"bye\"}\n"))
	p.queue.finish()
	farewell := time.NewTimer(p.opts.Farewell)
	defer farewell.Stop()
	select {
	case <-p.exited:
	case <-farewell.C:
		shell.KillGroup(p.cmd)
		<-p.exited
	}
	p.queue.close()
	<-p.written
	p.out.SetReadDeadline(time.Now().Add(afterlife))
	<-p.read
	<-p.emitted
	p.summary()
}

// summary says what was not said when it happened.
func (p *Plugin) summary() {
	p.mu.Lock()
	slow, bad, dead, unheard := p.slow, p.bad, p.dead, p.unheard
	p.mu.Unlock()
	if n := p.queue.lost(); n > 0 && !dead && !p.Answers() {
		p.say("%d events were left out: it did not read them in time", n)
	}
	if unheard > 0 {
		p.say("%d events of its own were left out: they came too fast", unheard)
	}
	if slow > 1 || bad > 1 {
		p.say("%d events were not answered in time, %d answers were bad", slow, bad)
	}
}

// die ends all dealings with the plugin, because of why.
func (p *Plugin) die(why error) {
	p.mu.Lock()
	if p.dead || p.closing {
		p.mu.Unlock()
		return
	}
	p.dead = true
	close(p.gone)
	p.mu.Unlock()
	p.queue.close()
	if errors.Is(why, errEnded) {
		// What it said at last may still be on its way.
		p.out.SetReadDeadline(time.Now().Add(afterlife))
		p.say("%s: tracing goes on without it", p.howEnded())
	} else {
		p.out.SetReadDeadline(time.Unix(1, 0))
		p.say("%v", why)
	}
}

// howEnded tells how the process ended, if it does soon.
func (p *Plugin) howEnded() string {
	t := time.NewTimer(afterlife)
	defer t.Stop()
	select {
	case <-p.exited:
		return "ended (" + p.cmd.ProcessState.String() + ")"
	case <-t.C:
		return "closed a pipe"
	}
}

func (p *Plugin) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *Plugin) say(format string, args ...any) {
	p.opts.Say("plugin " + p.name + ": " + fmt.Sprintf(format, args...))
}

package plugin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

var errLong = fmt.Errorf("a line is longer than %d bytes", longestLine)

// readLine reads a line, which is the caller's.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > longestLine:
			return nil, errLong
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// reader handles what the plugin prints until that ends.
func (p *Plugin) reader() {
	defer close(p.read)
	defer close(p.emits)
	defer p.out.Close()
	for {
		line, err := readLine(p.lines)
		if err == nil {
			err = p.handle(line)
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded):
			p.die(errEnded)
			return
		default:
			p.die(err)
			return
		}
	}
}

func (p *Plugin) handle(line []byte) error {
	m, err := parse(line)
	if err != nil {
		return err
	}
	switch m.Type {
	case "answer":
		p.answered(m)
		return nil
	case "emit":
		if err := m.emit(); err != nil {
			return err
		}
		p.emit(userEvent{m.Name, m.Fields})
		return nil
	case "log":
		for _, l := range strings.Split(strings.TrimRight(m.Text, "\n"), "\n") {
			p.say("%s", printable(l))
		}
		return nil
	}
	return fmt.Errorf("unknown type of message %s", excerpt([]byte(m.Type)))
}

// emit hands a user event on without waiting: an answer may be behind it that Ask waits for.
func (p *Plugin) emit(e userEvent) {
	select {
	case p.emits <- e:
	default:
		p.mu.Lock()
		p.unheard++
		p.mu.Unlock()
	}
}

func (p *Plugin) emitter() {
	defer close(p.emitted)
	for e := range p.emits {
		if !p.isClosing() {
			p.opts.Emit(e.name, e.fields)
		}
	}
}

func (p *Plugin) isClosing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closing
}

// printable replaces what a terminal might take for commands.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// answered hands an answer to Ask, if it is the one that Ask waits for.
func (p *Plugin) answered(m *message) {
	a, err := m.answer()
	p.mu.Lock()
	say := ""
	switch {
	case !p.hello.answers || m.ID == 0 || m.ID > p.last:
		err = fmt.Errorf("nothing with the id %d was asked", m.ID)
	case m.ID == p.wanted:
		p.wanted, p.silent = 0, 0
		p.answers <- answered{a, err == nil}
	default: // too late, which was noticed when it was
		err = nil
	}
	if err != nil {
		if p.bad++; p.bad == 1 {
			say = fmt.Sprintf("bad answer: %v", err)
		}
	}
	p.mu.Unlock()
	if say != "" {
		p.say("%s", say)
	}
}

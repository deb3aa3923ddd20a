package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gotrace/gotrace/arch"
)

// Version is the version of the protocol, gotrace.plugin.v1; docs/PLUGINS.md describes it.
const Version = 1

// Verdict is what a plugin wants done about an event.
type Verdict uint8

// The verdicts.
const (
	None   Verdict = iota // nothing: the other rules decide
	Print                 // show the event
	Skip                  // do not
	Inject                // act on the system call, or send the task a signal
)

var verdicts = map[string]Verdict{"none": None, "print": Print, "skip": Skip, "inject": Inject}

// Answer is a plugin's answer to an event.
type Answer struct {
	Verdict Verdict
	// Of Inject, at least one of:
	Errno  int    // the call fails with it; 0: it does not
	Retval *int64 // the call returns this without being made; never beside Errno
	Signal int    // for the task; 0: none
}

// Field is one datum of a user event: a string, or a number if IsNum.
type Field struct {
	Name  string
	Str   string
	Num   int64
	IsNum bool
}

// message is a line from a plugin.
type message struct {
	Type string `json:"type"`
	Name string `json:"name"` // hello, emit

	Version   int      `json:"version"`
	On        []string `json:"on"`
	Answer    bool     `json:"answer"`
	TimeoutMS *int     `json:"timeout_ms"`

	ID      uint64 `json:"id"`
	Verdict string `json:"verdict"`
	Error   word   `json:"error"`
	Retval  *int64 `json:"retval"`
	Signal  word   `json:"signal"`

	Fields fields `json:"fields"`

	Text string `json:"text"`
}

// parse reads a line. Members that are not known are ignored, as the protocol says.
func parse(line []byte) (*message, error) {
	m := new(message)
	if err := json.Unmarshal(line, m); err != nil {
		return nil, fmt.Errorf("not a message: %s (%w)", excerpt(line), err)
	}
	if m.Type == "" {
		return nil, fmt.Errorf("a message without a type: %s", excerpt(line))
	}
	return m, nil
}

// excerpt is the beginning of a line, for messages.
func excerpt(line []byte) string {
	const most = 60
	line = bytes.TrimSpace(line)
	if len(line) > most {
		return strconv.Quote(string(line[:most])) + "..."
	}
	return strconv.Quote(string(line))
}

// hello is what a plugin says of itself.
type hello struct {
	name    string
	on      []string
	answers bool
	timeout time.Duration
}

// The time that a plugin has for an answer.
const (
	defaultTimeout = 100 * time.Millisecond
	maxTimeout     = 10 * time.Second
)

// hello checks a first message.
func (m *message) hello() (hello, error) {
	h := hello{name: m.Name, on: m.On, answers: m.Answer, timeout: defaultTimeout}
	switch {
	case m.Type != "hello":
		return h, fmt.Errorf("its first message is %s, not hello", strconv.Quote(m.Type))
	case m.Version != Version:
		return h, fmt.Errorf("it speaks version %d of the protocol, not %d", m.Version, Version)
	case !isName(m.Name):
		return h, fmt.Errorf("%s is no name: letters, digits, - and _ are allowed", excerpt([]byte(m.Name)))
	}
	for i, on := range m.On {
		if strings.TrimSpace(on) == "" {
			return h, fmt.Errorf("the condition at place %d of \"on\" is empty", i)
		}
	}
	if m.TimeoutMS != nil {
		ms := *m.TimeoutMS
		if ms < 1 || ms > int(maxTimeout/time.Millisecond) {
			return h, fmt.Errorf("timeout_ms %d is not within 1 and %d", ms, maxTimeout/time.Millisecond)
		}
		h.timeout = time.Duration(ms) * time.Millisecond
	}
	return h, nil
}

// answer checks an answer.
func (m *message) answer() (Answer, error) {
	v, ok := verdicts[m.Verdict]
	if !ok {
		return Answer{}, fmt.Errorf("unknown verdict %s", excerpt([]byte(m.Verdict)))
	}
	a := Answer{Verdict: v, Retval: m.Retval}
	given := m.Error != "" || m.Signal != "" || m.Retval != nil
	if v != Inject {
		if given {
			return Answer{}, fmt.Errorf("verdict %q has no error, retval or signal", m.Verdict)
		}
		return a, nil
	}
	if !given {
		return Answer{}, errors.New("inject what: error, retval or signal")
	}
	if m.Error != "" && m.Retval != nil {
		return Answer{}, errors.New("inject either error or retval")
	}
	if m.Error != "" {
		if a.Errno, ok = m.Error.number(arch.ErrnoByName, maxErrno); !ok {
			return Answer{}, fmt.Errorf("unknown error %s", excerpt([]byte(m.Error)))
		}
	}
	if m.Signal != "" {
		if a.Signal, ok = m.Signal.number(arch.SignalByName, maxSignal); !ok {
			return Answer{}, fmt.Errorf("unknown signal %s", excerpt([]byte(m.Signal)))
		}
	}
	return a, nil
}

const (
	maxErrno  = 4095 // the kernel's MAX_ERRNO
	maxSignal = 64
)

// emit checks a user event.
func (m *message) emit() error {
	if !isName(m.Name) {
		return fmt.Errorf("an event cannot be named %s", excerpt([]byte(m.Name)))
	}
	return nil
}

// isName reports whether s is a name as rules have them, and no longer than a name should be.
func isName(s string) bool {
	const most = 64
	if s == "" || len(s) > most || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// word is a name, or a number that stands for one.
type word string

// UnmarshalJSON takes a string or an integer.
func (w *word) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(w))
	}
	var n int
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	if string(b) != "null" {
		*w = word(strconv.Itoa(n))
	}
	return nil
}

func (w word) number(named func(string) (int, bool), most int) (int, bool) {
	if n, ok := named(string(w)); ok {
		return n, true
	}
	n, err := strconv.Atoi(string(w))
	return n, err == nil && n > 0 && n <= most
}

// fields is the members of an object in their order.
type fields []Field

// UnmarshalJSON takes an object of strings, integers and booleans, which are 0 and 1.
func (f *fields) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	tok, err := d.Token()
	if err != nil || tok == nil {
		return err
	}
	if tok != json.Delim('{') {
		return errors.New("fields are not an object")
	}
	seen := make(map[string]bool)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if !isName(name) || seen[name] {
			return fmt.Errorf("a field cannot be named %s, or twice", excerpt([]byte(name)))
		}
		seen[name] = true
		value, err := d.Token()
		if err != nil {
			return err
		}
		one, err := field(name, value)
		if err != nil {
			return err
		}
		*f = append(*f, one)
	}
	return nil
}

func field(name string, value json.Token) (Field, error) {
	switch v := value.(type) {
	case string:
		return Field{Name: name, Str: v}, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return Field{Name: name, Num: n, IsNum: true}, nil
		}
	case bool:
		f := Field{Name: name, IsNum: true}
		if v {
			f.Num = 1
		}
		return f, nil
	}
	return Field{}, fmt.Errorf("field %s is no string, integer or boolean", name)
}

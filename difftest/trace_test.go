package difftest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// line is one line of a trace without its pid. A call that was shown in two parts is
// put together; its column is then not to be compared.
type line struct {
	text   string
	joined bool
	// canon is the text with marks in place of task ids, addresses and what differs from run
	// to run (noisy: there was some); loose is that without columns.
	canon, loose string
	noisy        bool
}

// trace is what a tracer wrote, by process in the order in which they were made: a
// process is known by its parent and how many the parent made before it.
type trace struct {
	keys []string
	of   map[string][]line
	pids map[string]bool // of all tasks
}

var (
	column    = regexp.MustCompile(`^(\d+)(<[^>]*>)? +`)
	prefix    = regexp.MustCompile(`^(<[^.>][^>]*> |\[[0-9a-f?]{16}\] |\[ *\d+\] |\((?:time|since)\) )+`)
	creation  = regexp.MustCompile(`^(?:clone|clone3|fork|vfork)\(.* = (\d+|0x[0-9a-f]+)`)
	resumed   = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)$`)
	spread    = regexp.MustCompile(` +(= (?:-?\d|0x|\?))`)
	dayTime   = regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{6} `)
	sinceLast = regexp.MustCompile(`^( *\d+\.\d{6}|\(\+ +\d+\.\d{6}\)) `)
	spent     = regexp.MustCompile(` <\d+\.\d{6}>$`)
)

const unfinished = "<unfinished ...>"

// parse reads a trace written with -f -o FILE, or the files of -ff.
func parse(file string, separate bool) (*trace, error) {
	raw := make(map[string][]string)
	var order []string
	add := func(pid, l string) {
		if _, ok := raw[pid]; !ok {
			order = append(order, pid)
		}
		raw[pid] = append(raw[pid], l)
	}
	if separate {
		names, err := filepath.Glob(file + ".*")
		if err != nil {
			return nil, err
		}
		slices.SortFunc(names, func(a, b string) int { return pidOf(a) - pidOf(b) })
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			for _, l := range splitLines(string(b)) {
				add(strconv.Itoa(pidOf(name)), l)
			}
		}
	} else {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, l := range splitLines(string(b)) {
			m := column.FindStringSubmatch(l)
			if m == nil {
				return nil, fmt.Errorf("%s: a line without a pid: %q", file, l)
			}
			comm := ""
			if m[2] != "" {
				comm = m[2] + " "
			}
			add(m[1], comm+l[len(m[0]):])
		}
	}
	return tree(order, raw), nil
}

func pidOf(name string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Ext(name), "."))
	return n
}

func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// addPID notes a task id, in both of the forms in which it is written.
func (t *trace) addPID(pid string) {
	n, _ := strconv.Atoi(pid)
	t.pids[pid] = true
	t.pids[fmt.Sprintf("%#x", n)] = true
}

// tree names the processes and puts their lines together.
func tree(order []string, raw map[string][]string) *trace {
	t := &trace{of: make(map[string][]line), pids: make(map[string]bool)}
	joined := make(map[string][]line)
	for _, pid := range order {
		t.addPID(pid)
		joined[pid] = join(raw[pid])
	}
	named := make(map[string]bool)
	var name func(pid, key string)
	name = func(pid, key string) {
		if named[pid] || joined[pid] == nil {
			return
		}
		named[pid] = true
		t.keys = append(t.keys, key)
		t.of[key] = joined[pid]
		n := 0
		for _, l := range joined[pid] {
			if m := creation.FindStringSubmatch(prefix.ReplaceAllString(l.text, "")); m != nil {
				n++
				child, _ := strconv.ParseInt(m[1], 0, 32) // a number of any form, by the expression
				name(strconv.FormatInt(child, 10), key+"."+strconv.Itoa(n))
			}
		}
	}
	for i, pid := range order {
		name(pid, strconv.Itoa(i+1))
	}
	return t
}

// join strips times and makes whole lines of calls in two parts.
func join(in []string) []line {
	var out []line
	pending := ""
	for _, s := range in {
		s = stripTimes(s)
		head := prefix.FindString(s)
		body := s[len(head):]
		if strings.HasSuffix(body, unfinished) {
			pending = head + strings.TrimSuffix(body, unfinished)
			continue
		}
		if m := resumed.FindStringSubmatch(body); m != nil && pending != "" {
			out = append(out, line{text: spread.ReplaceAllString(strings.TrimSuffix(pending, " ")+m[2], " $1"), joined: true})
			pending = ""
			continue
		}
		out = append(out, line{text: s})
	}
	if pending != "" {
		out = append(out, line{text: pending + unfinished, joined: true})
	}
	return out
}

// stripTimes puts a mark in place of each time, so that a missing one is seen.
func stripTimes(s string) string {
	if m := dayTime.FindString(s); m != "" {
		s = "(time) " + s[len(m):]
	}
	if m := sinceLast.FindString(strings.TrimPrefix(s, "(time) ")); m != "" {
		s = strings.Replace(s, m, "(since) ", 1)
	}
	if spent.MatchString(s) {
		s = spent.ReplaceAllString(s, " <spent>")
	}
	return s
}

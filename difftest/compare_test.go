package difftest

import (
	"regexp"
	"slices"
	"strings"
)

// comparer decides whether two lines, of two runs of a program, are the same.
type comparer struct {
	a, b  *trace
	noise []*regexp.Regexp // what differs from run to run
	drop  *regexp.Regexp   // lines that are not compared; nil: none
}

var token = regexp.MustCompile(`0x[0-9a-f]+|[0-9a-f]{16}|\d+|[^0-9]+?|.`)

// same compares texts; numbers may differ where both are task ids or addresses, and
// columns where a call was shown in parts by one of the two.
func (c *comparer) same(x, y *line) bool {
	if x.text == y.text {
		return true
	}
	c.canonical(c.a, x)
	c.canonical(c.b, y)
	switch {
	case x.joined || y.joined || x.noisy || y.noisy: // what was replaced may have been of another length
		return x.loose == y.loose
	}
	return x.canon == y.canon
}

// canonical fills in what a line of a trace is compared by.
func (c *comparer) canonical(t *trace, l *line) {
	if l.loose != "" {
		return
	}
	s := l.text
	for _, n := range c.noise {
		s = n.ReplaceAllString(s, "*")
	}
	l.noisy = s != l.text
	l.canon = t.unnumbered(s)
	l.loose = t.unnumbered(spread.ReplaceAllString(s, " $1"))
}

// unnumbered has marks in place of task ids and addresses.
func (t *trace) unnumbered(s string) string {
	return token.ReplaceAllStringFunc(s, func(p string) string {
		switch {
		case t.pids[p]:
			return "TASK"
		case isAddress(p):
			return "ADDRESS"
		}
		return p
	})
}

// isAddress reports whether a token is a pointer into the upper parts of an address space:
// no flag or size is that large.
func isAddress(s string) bool {
	return len(s) >= 2+9 && strings.HasPrefix(s, "0x") || len(s) == 16 && strings.HasPrefix(s, "0000")
}

// pair is lines that stand at the same place of both traces, or one that has no partner.
type pair struct {
	key, a, b string
}

// sequences compares the traces process by process. It returns how many lines are the
// same, how many there are, and those that differ.
func (c *comparer) sequences() (same, all int, diff []pair) {
	for _, k := range c.a.keys {
		n, d := c.align(k)
		same += n
		all += n + len(d)
		diff = append(diff, d...)
	}
	for _, k := range c.b.keys {
		if _, ok := c.a.of[k]; !ok {
			for _, l := range c.b.of[k] {
				all++
				diff = append(diff, pair{k, "", l.text})
			}
		}
	}
	return same, all, diff
}

// align compares two sequences; lines about signals, whose places vary, as a multiset.
func (c *comparer) align(key string) (int, []pair) {
	a, asig := c.split(c.a, key)
	b, bsig := c.split(c.b, key)
	n, d := c.multiset(key, asig, bsig)
	script := edits(len(a), len(b), func(i, j int) bool { return c.same(&a[i], &b[j]) })
	var onlyA, onlyB []line
	flush := func() {
		for i := range max(len(onlyA), len(onlyB)) {
			p := pair{key: key}
			if i < len(onlyA) {
				p.a = onlyA[i].text
			}
			if i < len(onlyB) {
				p.b = onlyB[i].text
			}
			d = append(d, p)
		}
		onlyA, onlyB = nil, nil
	}
	i, j := 0, 0
	for _, e := range script {
		switch e {
		case keep:
			flush()
			n++
			i++
			j++
		case del:
			onlyA = append(onlyA, a[i])
			i++
		case ins:
			onlyB = append(onlyB, b[j])
			j++
		}
	}
	flush()
	return n, d
}

func (c *comparer) split(t *trace, key string) (calls, signals []line) {
	for _, l := range t.of[key] {
		if c.drop != nil && c.drop.MatchString(prefix.ReplaceAllString(l.text, "")) {
			continue
		}
		if strings.Contains(l.text, "--- SIG") || strings.Contains(l.text, "--- stopped by") {
			signals = append(signals, l)
		} else {
			calls = append(calls, l)
		}
	}
	return calls, signals
}

// all is every line of a trace.
func (c *comparer) all(t *trace) []line {
	var out []line
	for _, k := range t.keys {
		calls, signals := c.split(t, k)
		out = append(append(out, calls...), signals...)
	}
	return out
}

// bags compares all lines of the traces wherever they stand.
func (c *comparer) bags() (same, all int, diff []pair) {
	same, diff = c.multiset("any", c.all(c.a), c.all(c.b))
	return same, same + len(diff), diff
}

// sets compares which lines the traces have, each weighted by how often it is there.
func (c *comparer) sets() (same, all int, diff []pair) {
	a, b := c.byLoose(c.a, c.all(c.a)), c.byLoose(c.b, c.all(c.b))
	for s, ls := range a {
		all += len(ls)
		if b[s] == nil {
			diff = append(diff, pair{key: "any", a: ls[0]})
		} else {
			same += len(ls)
		}
	}
	for s, ls := range b {
		all += len(ls)
		if a[s] == nil {
			diff = append(diff, pair{key: "any", b: ls[0]})
		} else {
			same += len(ls)
		}
	}
	return same, all, diff
}

func (c *comparer) byLoose(t *trace, ls []line) map[string][]string {
	m := make(map[string][]string)
	for _, l := range ls {
		c.canonical(t, &l)
		m[l.loose] = append(m[l.loose], l.text)
	}
	return m
}

// multiset pairs lines wherever they stand.
func (c *comparer) multiset(key string, a, b []line) (same int, diff []pair) {
	left := c.byLoose(c.b, b)
	for _, l := range a {
		c.canonical(c.a, &l)
		if n := len(left[l.loose]); n > 0 {
			left[l.loose] = left[l.loose][:n-1]
			same++
		} else {
			diff = append(diff, pair{key: key, a: l.text})
		}
	}
	for _, ls := range left {
		for _, s := range ls {
			diff = append(diff, pair{key: key, b: s})
		}
	}
	return same, diff
}

type edit uint8

const (
	keep edit = iota
	del
	ins
)

// maxEdits bounds the search of edits; traces further apart are not worth aligning.
const maxEdits = 1500

// edits is the shortest script that makes one sequence of the other (Myers, An O(ND)
// Difference Algorithm and Its Variations, 1986).
func edits(n, m int, same func(i, j int) bool) []edit {
	limit := min(n+m, maxEdits)
	v := make([]int, 2*limit+3)
	at := limit + 1 // where diagonal 0 is
	var trail [][]int
	for d := 0; d <= limit; d++ {
		for k := -d; k <= d; k += 2 {
			x := 0
			switch {
			case d == 0:
			case down(v[at+k-1], v[at+k+1], k, d):
				x = v[at+k+1]
			default:
				x = v[at+k-1] + 1
			}
			for x < n && x-k < m && same(x, x-k) {
				x++
			}
			v[at+k] = x
			if x >= n && x-k >= m {
				return backtrack(trail, n, m, d)
			}
		}
		trail = append(trail, slices.Clone(v[at-d:at+d+1]))
	}
	return positional(n, m, same)
}

// down reports whether the path to diagonal k in round d came from the diagonal above.
func down(below, above, k, d int) bool { return k == -d || k != d && below < above }

// backtrack walks from the end to the beginning; trail[d] has what each diagonal of -d to
// d reached in round d.
func backtrack(trail [][]int, x, y, d int) []edit {
	var out []edit
	for ; d > 0; d-- {
		v := func(k int) int {
			if i := k + d - 1; i >= 0 && i < 2*d-1 {
				return trail[d-1][i]
			}
			return 0
		}
		k := x - y
		e, from := del, v(k-1)+1
		if down(v(k-1), v(k+1), k, d) {
			e, from = ins, v(k+1)
		}
		for ; x > from; x, y = x-1, y-1 {
			out = append(out, keep)
		}
		out = append(out, e)
		if e == ins {
			y--
		} else {
			x--
		}
	}
	for ; x > 0; x-- {
		out = append(out, keep)
	}
	slices.Reverse(out)
	return out
}

// positional pairs lines by their numbers.
func positional(n, m int, same func(i, j int) bool) []edit {
	var out []edit
	for i := range max(n, m) {
		switch {
		case i >= n:
			out = append(out, ins)
		case i >= m:
			out = append(out, del)
		case same(i, i):
			out = append(out, keep)
		default:
			out = append(out, del, ins)
		}
	}
	return out
}

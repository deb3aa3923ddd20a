package follow

import (
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// Tamper chooses what is done to calls, as -e inject= and -e fault= say. Of several
// injections that name a call the last one that was given acts; when= counts, for each
// task, every call by itself.
type Tamper struct {
	// Where refuses calls, which are then not counted. Nil: none.
	Where  func(*event.Event) bool
	rules  []tamperRule
	counts map[int32]map[tampered]int // by tid
}

// tampered is a call as a task makes it.
type tampered struct {
	abi int
	id  uint64
}

type tamperRule struct {
	set  event.CallSet
	when filter.When
	do   event.Injection
}

// NewTamper returns a Tamper without rules.
func NewTamper() *Tamper { return &Tamper{counts: make(map[int32]map[tampered]int)} }

// Add adds an injection into the calls of a set.
func (t *Tamper) Add(set event.CallSet, when filter.When, do event.Injection) {
	t.rules = append(t.rules, tamperRule{set, when, do})
}

// Calls is every call that some injection is about.
func (t *Tamper) Calls() event.CallSet {
	var all event.CallSet
	for i := range t.rules {
		all = all.Union(&t.rules[i].set)
	}
	return all
}

// Tamper returns what is done to a call that a task enters; nil: nothing.
func (t *Tamper) Tamper(ev *event.Event, abi int, id uint64) *event.Injection {
	if t.Where != nil && !t.Where(ev) {
		return nil
	}
	for i := len(t.rules) - 1; i >= 0; i-- {
		r := &t.rules[i]
		if !r.set.Has(abi, id) {
			continue
		}
		n := t.counts[ev.Task.TID]
		if n == nil {
			n = make(map[tampered]int)
			t.counts[ev.Task.TID] = n
		}
		call := tampered{abi, id}
		n[call]++
		if !r.when.Hits(n[call]) {
			return nil
		}
		return &r.do
	}
	return nil
}

// Drop forgets a task's counts.
func (t *Tamper) Drop(task event.Task) { delete(t.counts, task.TID) }

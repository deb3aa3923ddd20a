package filter_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/filter"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// cases returns the blocks of a file: a source, a line of dashes and what comes out, which
// may be left out if it is the source; the blocks are divided by empty lines.
func cases(t testing.TB, file string) [][2]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list [][2]string
	for block := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n"), "\n\n") {
		src, want, ok := strings.Cut(block+"\n", "---\n")
		if !ok {
			want = src
		}
		list = append(list, [2]string{src, want})
	}
	return list
}

// golden compares what comes out of each source of a file with what the file says.
func golden(t *testing.T, file string, run func(src string) string) {
	t.Helper()
	var blocks []string
	for _, c := range cases(t, file) {
		got := run(c[0])
		if got != c[1] && !*update {
			t.Errorf("%s:\n%s\ngives:\n%s\nwant:\n%s", file, c[0], got, c[1])
		}
		if got == c[0] {
			blocks = append(blocks, c[0])
		} else {
			blocks = append(blocks, c[0]+"---\n"+got)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(blocks, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPrint holds how rules are written, and that they are read again as the same.
func TestPrint(t *testing.T) {
	golden(t, "testdata/rules/print.txt", func(src string) string {
		r, err := parse(src)
		if err != nil {
			return err.Error() + "\n"
		}
		again, err := parse(r.String())
		if err != nil {
			t.Errorf("%s\nis written as\n%s\nof which is said:\n%v", src, r, err)
		} else if again.String() != r.String() {
			t.Errorf("%s\nis written as\n%s\nand that as\n%s", src, r, again)
		}
		return r.String()
	})
}

// TestSources holds the order of rules, and of mistakes, of several sources.
func TestSources(t *testing.T) {
	read := func(texts ...string) (*filter.Rules, error) {
		var list []filter.Source
		for i, text := range texts {
			list = append(list, filter.Source{Name: []string{"-e", "-e", "b.rules"}[i], Text: text})
		}
		return filter.Parse(list, schema())
	}
	r, err := read("on exec where late do arm(x)", "let late = pid > 1", "rule x: on exit in g\ngroup g = true")
	if err != nil {
		t.Fatal(err)
	}
	want := "group g = true\non exec where pid > 1 do arm(x)\nrule x: on exit in g do print\n"
	if r.String() != want || r.Rules[1].At.String() != "b.rules:1:1" || r.Rules[0].At.String() != "-e:1" {
		t.Errorf("%s at %s and %s", r, r.Rules[0].At, r.Rules[1].At)
	}
	_, err = read("on exec where a; on exec where b", "on exec in g\n;on exec do arm(x)", "on exec where (\n\nc)")
	var list filter.Errors
	if !errors.As(err, &list) {
		t.Fatal(err)
	}
	var at []string
	for _, e := range list {
		at = append(at, e.At.String())
	}
	if got, want := strings.Join(at, " "), "-e:15 -e:32 -e:12 -e:2:17 b.rules:3:1"; got != want {
		t.Errorf("mistakes at %s, want %s", got, want)
	}
	if one := list[0]; !errors.Is(err, one) {
		t.Errorf("%v is not found in all of them", one)
	}
}

// TestLargeLets holds that lets which double each other are refused and do not fill the memory.
func TestLargeLets(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "let x%d = x%d or x%d\n", i, i+1, i+1)
	}
	b.WriteString("let x40 = pid == 1\non exec where x0")
	_, err := parse(b.String())
	if err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("%.200v", err)
	}
}

// TestBuilt holds that rules that are made by code are written so that they can be read.
func TestBuilt(t *testing.T) {
	s := schema()
	u := s.Universe
	read, err := filter.ParseSyscalls("read", u)
	if err != nil {
		t.Fatal(err)
	}
	syscall, signal := s.Event("syscall"), s.Event("signal")
	inject := s.Action("inject")
	on := func(set *filter.SyscallSet, unnamed bool) filter.On {
		return filter.On{Event: syscall, Args: []filter.Arg{{Param: &syscall.Params[0], Calls: set, Unnamed: unnamed}}}
	}
	sig := func(set filter.SignalSet) filter.On {
		return filter.On{Event: signal, Args: []filter.Arg{{Param: &signal.Params[0], Signals: &set}}}
	}
	option := func(name string, a filter.Arg) filter.Arg {
		a.Param, a.Name = inject.Param(name), name
		return a
	}
	rules := &filter.Rules{
		Groups: []*filter.Group{{Name: "all", Follow: filter.FollowAll}},
		Rules: []*filter.Rule{
			{On: []filter.On{on(filter.AllSyscalls(u), true), on(read, false), on(filter.NoSyscalls(u), true), {Event: syscall, Enter: true}},
				Do: []filter.Action{{Spec: s.Action("print")}}},
			{On: []filter.On{on(filter.AllSyscalls(u).Minus(read), true)}, Where: filter.True, Count: filter.Count{From: 2, Step: 3},
				Do: []filter.Action{{Spec: inject, Args: []filter.Arg{
					option("error", filter.Arg{Num: 2}), option("signal", filter.Arg{Num: 15}), option("delay_exit", filter.Arg{Num: 1_500_000}),
					option("delay_enter", filter.Arg{}), option("poke_exit", filter.Arg{Pokes: []filter.Poke{{Arg: 1, Data: []byte{0xab}}}})}},
				}},
			{On: []filter.On{sig(filter.SignalSet{Not: true}), sig(filter.SignalSet{Bits: [4]uint64{6}}), sig(filter.SignalSet{Bits: [4]uint64{6}, Not: true})}},
		},
	}
	want := `group all = true follow all
on syscall|syscall(read)|syscall(%unnamed)|syscall.enter do print
on syscall(all,!read,%unnamed) where true from 2 step 3 do inject(error=2, signal=15, delay_exit=1500us, delay_enter=0s, poke_exit=@arg1=ab)
on signal|signal(1,2)|signal(!1,2)
`
	if rules.String() != want {
		t.Fatalf("got:\n%s\nwant:\n%s", rules, want)
	}
	again, err := parse(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSuffix(again.String(), " do print\n") + "\n"; got != want {
		t.Errorf("read again:\n%s\nwant:\n%s", got, want)
	}
}

// TestHits holds which of the events are taken.
func TestHits(t *testing.T) {
	for text, want := range map[string]string{
		"": "1 2 3 4 5 6 7 8", "first 3": "1 2 3", "from 3": "3 4 5 6 7 8", "from 2 to 4": "2 3 4", "from 2 step 3": "2 5 8",
		"from 1 to 5 step 2": "1 3 5", "first 1": "1",
	} {
		r, err := parse("on exec " + text)
		if err != nil {
			t.Fatal(err)
		}
		var hits []string
		for n := 1; n <= 8; n++ {
			if r.Rules[0].Count.Hits(n) {
				hits = append(hits, fmt.Sprint(n))
			}
		}
		if got := strings.Join(hits, " "); got != want {
			t.Errorf("%s takes %s, want %s", text, got, want)
		}
	}
}

// TestRuleErrors holds what is said of mistakes, and where.
func TestRuleErrors(t *testing.T) {
	golden(t, "testdata/rules/errors.txt", func(src string) string {
		_, err := parse(src)
		if err == nil {
			t.Errorf("accepted:\n%s", src)
			return ""
		}
		var list filter.Errors
		if !errors.As(err, &list) {
			t.Fatalf("%T", err)
		}
		return err.Error() + "\n"
	})
}

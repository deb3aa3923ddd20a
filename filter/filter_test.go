package filter_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/filter"
)

func universe() *filter.Universe {
	return &filter.Universe{
		ABIs: []filter.ABI{
			{Suffix: "64", Names: arch.ABIAMD64.Syscalls},
			{Suffix: "32", Names: filter.WithSubcalls(arch.ABII386.Syscalls)},
		},
		Signal: arch.SignalByName,
		Errno:  arch.ErrnoByName,
	}
}

// lines returns the lines of a table in testdata, without comments.
func lines(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := s.Text(); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return all
}

// outcome is what the parser says of an expression, with strace's words.
func outcome(q *filter.Qualifiers, expr string) string {
	var b strings.Builder
	err := q.Parse(expr)
	for _, w := range q.Warnings {
		fmt.Fprintf(&b, "%s; ", w)
	}
	var e *filter.Error
	switch {
	case err == nil:
		b.WriteString("ok")
	case errors.As(err, &e) && e.Usage:
		b.WriteString(e.Msg + " (usage)")
	default:
		b.WriteString(err.Error())
	}
	return b.String()
}

func TestExpressions(t *testing.T) {
	u := universe()
	for _, line := range lines(t, "testdata/expr.txt") {
		expr, want, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("no tab in %q", line)
		}
		if got := outcome(filter.NewQualifiers(u), expr); got != want {
			t.Errorf("-e %q: %s, want %s", expr, got, want)
		}
	}
}

// strace finds the program that the tables come from.
func strace(t *testing.T) string {
	t.Helper()
	file, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	out, err := exec.Command(file, "-V").Output()
	if err != nil || !strings.HasPrefix(string(out), "strace -- version 6.1\n") || !strings.Contains(string(out), "m32-mpers") {
		t.Skip("strace is not version 6.1 with support for 32-bit programs")
	}
	if err := exec.Command(file, "-o", "/dev/null", "true").Run(); err != nil {
		t.Skipf("strace does not work here: %v", err)
	}
	return file
}

// TestExpressionsLikeStrace asks strace about every line of the table.
func TestExpressionsLikeStrace(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the table says what strace for amd64 says, of its three ABIs")
	}
	file := strace(t)
	said := 0
	for _, line := range lines(t, "testdata/expr.txt") {
		expr, want, _ := strings.Cut(line, "\t")
		if strings.HasPrefix(expr, "exec=") || strings.HasPrefix(expr, "trace-fds=") ||
			strings.Contains(expr, "eventfd") || strings.Contains(expr, "signalfd") || strings.HasPrefix(expr, "fds=") {
			continue // not in strace 6.1
		}
		// A program that does not start ends strace before it traces anything.
		cmd := exec.Command(file, "-o", "/dev/null", "-e", expr, "/no/such/program")
		cmd.Args[0] = "strace"
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("strace -e %q ran a program that does not exist", expr)
		}
		var parts []string
		usage := strings.Contains(string(out), "\nTry '")
		for l := range strings.Lines(string(out)) {
			l = strings.TrimSuffix(strings.TrimPrefix(l, "strace: "), "\n")
			switch {
			case strings.HasPrefix(l, "Can't stat"):
				l = "ok"
			case strings.HasPrefix(l, "Try '"):
				continue
			default:
				said++
				if usage {
					l += " (usage)"
				}
			}
			parts = append(parts, l)
		}
		if got := strings.Join(parts, "; "); got != want {
			t.Errorf("strace -e %q: %s, the table says %s", expr, got, want)
		}
	}
	if said < 100 {
		t.Errorf("strace complained about %d lines only", said)
	}
}

func TestSyscallSets(t *testing.T) {
	u := universe()
	for _, line := range lines(t, "testdata/sets.txt") {
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			t.Fatalf("%d fields in %q", len(f), line)
		}
		set, err := filter.ParseSyscalls(f[0], u)
		if err != nil {
			t.Errorf("%q: %v", f[0], err)
			continue
		}
		for i, want := range f[1:] {
			var names []string
			for _, nr := range set.Numbers(i) {
				if !set.Has(i, nr) {
					t.Errorf("%q: number %d is listed and not in the set", f[0], nr)
				}
				names = append(names, u.ABIs[i].Names[nr])
			}
			got := strings.Join(names, " ")
			if n := set.Len(i); n > 20 {
				got = fmt.Sprint(n)
			}
			if got != want {
				t.Errorf("%q, %s bit: %s, want %s", f[0], u.ABIs[i].Suffix, got, want)
			}
		}
	}
}

// TestRepeat holds what a second expression does to a first.
func TestRepeat(t *testing.T) {
	q := filter.NewQualifiers(universe())
	for _, e := range []string{"trace=open", "trace=read", "signal=HUP", "signal=INT", "read=3", "read=4",
		"inject=read:error=EPERM", "fault=write:when=2+", "exec=a", "exec=b+"} {
		if err := q.Parse(e); err != nil {
			t.Fatal(err)
		}
	}
	if got := q.Trace.Numbers(0); len(got) != 1 || got[0] != 0 {
		t.Errorf("trace set %v, want read alone", got)
	}
	if q.Signals.Has(1) || !q.Signals.Has(2) {
		t.Error("signal set is not INT alone")
	}
	if q.Read.Has(3) || !q.Read.Has(4) {
		t.Error("read set is not 4 alone")
	}
	if len(q.Injections) != 2 || len(q.Exec) != 2 {
		t.Errorf("%d injections and %d patterns, want 2 and 2", len(q.Injections), len(q.Exec))
	}
	rules, err := q.Rules(schema(), filter.StraceOptions{Show: "print", Calls: "print"})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(`
group exec = exec glob "a" follow children
group exec-tree = exec glob "b" follow all
group exec-any = group in ("exec", "exec-tree") follow children
on syscall(read,%unnamed) in exec-any do print
on syscall(read) in exec-any do inject(error=EPERM)
on signal(INT) in exec-any do print
`, "\n")
	// The write is not traced, so nothing is injected into it.
	if got := rules.String(); !strings.HasPrefix(got, want) {
		t.Errorf("rules:\n%s\nwant:\n%s", got, want)
	}
}

// TestStraceRules holds what options compile to.
func TestStraceRules(t *testing.T) {
	for _, c := range []struct {
		exprs string // separated by blanks
		o     filter.StraceOptions
		want  string // the rules about system calls, and of exits
	}{
		{"", filter.StraceOptions{}, "on syscall do print; on exit do print"},
		{"read status=failed", filter.StraceOptions{}, `on syscall(read,%unnamed) where status in ("failed") do print; on exit do print`},
		{"read status=none", filter.StraceOptions{}, `on syscall(read,%unnamed) where status in ("none") do print; on exit do print`},
		{"fds=1,5 read", filter.StraceOptions{Paths: []string{"/a", "/b"}},
			`on syscall(read,%unnamed) where path in ("/a", "/b") or fds in (1, 5) do print; on exit do print`},
		{"fds=!0,2 read", filter.StraceOptions{}, "on syscall(read,%unnamed) where fds in (1, 3..2147483646) do print; on exit do print"},
		{"fds=none read", filter.StraceOptions{}, "on syscall(read,%unnamed) where fds in (-1) do print; on exit do print"},
		{"signal=INT", filter.StraceOptions{Calls: "count"}, "on syscall do count; on exit where code >= 0 or sig in (2) do print"},
		{"signal=!INT", filter.StraceOptions{Calls: "print"}, "on syscall do print; on exit where not sig in (2) do print"},
		{"read,write inject=read:error=EPERM inject=%desc:retval=3:when=2..6+2", filter.StraceOptions{},
			"on syscall(read,write,%unnamed) do print; on syscall(read,write) from 2 to 6 step 2 each do inject(retval=3); on exit do print"},
		{"inject=read,close:error=EPERM:when=3 inject=read:retval=3:when=2+", filter.StraceOptions{},
			"on syscall do print; on syscall(read) from 2 each do inject(retval=3); " +
				"on syscall(close) from 3 to 3 each do inject(error=EPERM); on exit do print"},
		{"status=failed", filter.StraceOptions{Count: "count", DetachOnExec: true},
			`on syscall where status in ("failed") do print; on syscall do count; on exit do print; ` +
				"on exec where not launched do detach"},
	} {
		q := filter.NewQualifiers(universe())
		for _, e := range strings.Fields(c.exprs) {
			if err := q.Parse(e); err != nil {
				t.Fatal(err)
			}
		}
		c.o.Show = "print"
		if c.o.Calls == "" {
			c.o.Calls = "print"
		}
		rules, err := q.Rules(schema(), c.o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(rules.String()) {
			if strings.HasPrefix(line, "on syscall") || strings.HasPrefix(line, "on ex") {
				got = append(got, strings.TrimSpace(line))
			}
		}
		if g := strings.Join(got, "; "); g != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.exprs, g, c.want)
		}
	}
}

func TestWhen(t *testing.T) {
	for _, c := range []struct{ when, hits string }{
		{"2", "2"}, {"2+", "2 3 4 5 6 7"}, {"2+2", "2 4 6"}, {"2..4", "2 3 4"}, {"2..6+3", "2 5"}, {"1..1", "1"},
	} {
		in, err := filter.ParseInjection("read:error=1:when="+c.when, false, universe())
		if err != nil {
			t.Fatal(err)
		}
		var hits []string
		for n := 1; n <= 7; n++ {
			if in.When.Hits(n) {
				hits = append(hits, fmt.Sprint(n))
			}
		}
		if got := strings.Join(hits, " "); got != c.hits {
			t.Errorf("when=%s acts on %s, want %s", c.when, got, c.hits)
		}
	}
	if !(filter.When{}).Hits(1) || !(filter.When{}).Hits(1000) {
		t.Error("without when= some calls are left out")
	}
}

func TestInjection(t *testing.T) {
	in, err := filter.ParseInjection("%file,read:retval=0x10:signal=USR1:delay_enter=1.5ms:delay_exit=3:"+
		"poke_enter=@arg2=00ff:poke_exit=@arg1=0xab,@arg3=01:when=2..9+2:syscall=getpid", false, universe())
	if err != nil {
		t.Fatal(err)
	}
	retval := int64(16)
	want := filter.Injection{
		Set: in.Set, Retval: &retval, Signal: 10, SignalName: "USR1", Syscall: "getpid", DelayEnter: 1500 * time.Microsecond,
		DelayExit: 3 * time.Microsecond, PokeEnter: []filter.Poke{{Arg: 2, Data: []byte{0, 0xff}}},
		PokeExit: []filter.Poke{{Arg: 1, Data: []byte{0xab}}, {Arg: 3, Data: []byte{1}}},
		When:     filter.When{First: 2, Last: 9, Step: 2},
	}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("got  %+v\nwant %+v", in, want)
	}
	if !in.Set.Has(0, 0) || !in.Set.Has(0, 2) || in.Set.Has(0, 1) {
		t.Error("the set is not that of the expression")
	}
}

func TestErrorPosition(t *testing.T) {
	for _, c := range []struct{ expr, at string }{
		{"trace=open,foo,close", "foo,close"},
		{"trace=!?open,/(x", "/(x"},
		{"open,read@7", "@7"},
		{"signal=HUP,BAD", "BAD"},
		{"inject=read:when=0:error=1", "when=0:error=1"},
		{"exec=ok,[", "["},
	} {
		var e *filter.Error
		if err := filter.NewQualifiers(universe()).Parse(c.expr); !errors.As(err, &e) {
			t.Errorf("%q: %v is not an *Error", c.expr, err)
		} else if e.Expr != c.expr || e.Expr[e.Pos:] != c.at {
			t.Errorf("%q: error in %q at %q, want %q", c.expr, e.Expr, e.Expr[e.Pos:], c.at)
		}
	}
}

func TestExecPattern(t *testing.T) {
	for _, c := range []struct {
		pat, path   string
		match, keep bool
	}{
		{"cc1", "/usr/lib/gcc/cc1", true, false},
		{"cc1", "cc1", true, false},
		{"cc1", "/usr/lib/gcc/cc1plus", false, false},
		{"cc1*", "/usr/lib/gcc/cc1plus", true, false},
		{"/usr/bin/*", "/usr/bin/ls", true, false},
		{"/usr/bin/*", "/usr/bin/x/ls", false, false},
		{"/usr/bin/*", "/bin/ls", false, false},
		{"make+", "/usr/bin/make", true, true},
		{"g++", "/usr/bin/g++", true, false},
		{"g+++", "/usr/bin/g++", true, true},
		{"*", "/a/b", true, false},
		{"[ab]?", "/bin/ax", true, false},
	} {
		pats, err := filter.ParseExec(c.pat)
		if err != nil || len(pats) != 1 {
			t.Errorf("%q: %v, %v", c.pat, pats, err)
			continue
		}
		if got := pats[0].Match(c.path); got != c.match || pats[0].Keep != c.keep {
			t.Errorf("%q on %q: match %v keep %v, want %v %v", c.pat, c.path, got, pats[0].Keep, c.match, c.keep)
		}
		if pats[0].String() != c.pat {
			t.Errorf("%q is written as %q", c.pat, pats[0])
		}
	}
}

func BenchmarkHas(b *testing.B) {
	set, err := filter.ParseSyscalls("%file", universe())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := range b.N {
		set.Has(0, i&511)
	}
}

func FuzzParse(f *testing.F) {
	u := universe()
	data, err := os.ReadFile("testdata/expr.txt")
	if err != nil {
		f.Fatal(err)
	}
	for i, line := range strings.Split(string(data), "\n") {
		if expr, _, ok := strings.Cut(line, "\t"); ok && i%4 == 0 {
			f.Add(expr)
		}
	}
	f.Fuzz(func(t *testing.T, expr string) {
		q := filter.NewQualifiers(u)
		err := q.Parse(expr)
		var e *filter.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%q: error without a position: %v", expr, err)
		}
		if e != nil && (e.Expr != expr || e.Pos < 0 || e.Pos > len(expr)) {
			t.Fatalf("%q: error at %d in %q", expr, e.Pos, e.Expr)
		}
		rules, err := q.Rules(schema(), filter.StraceOptions{Show: "print", Calls: "print"})
		if err != nil && len(q.Where) == 0 {
			t.Fatalf("%q makes no rules: %v", expr, err)
		}
		if err == nil {
			_ = rules.String()
		}
	})
}

// TestClassesCoverARM64 holds that the classes, which were seen on amd64, know the
// calls of arm64: each is one of amd64's or i386's.
func TestClassesCoverARM64(t *testing.T) {
	for _, name := range arch.ABIARM64.Syscalls {
		if name == "" || name == "arch_specific_syscall" { // a placeholder
			continue
		}
		_, on64 := arch.ABIAMD64.SyscallNr(name)
		_, on32 := arch.ABII386.SyscallNr(name)
		if !on64 && !on32 {
			t.Errorf("%s is in no class", name)
		}
	}
}

// TestClasses holds that a class is something for every kind of program.
func TestClasses(t *testing.T) {
	u := universe()
	names := filter.ClassNames()
	if len(names) != 17 {
		t.Errorf("%d classes, want 17", len(names))
	}
	for _, c := range names {
		set, err := filter.ParseSyscalls(c, u)
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		for i, abi := range u.ABIs {
			if set.Len(i) == 0 {
				t.Errorf("%s is empty for %s-bit programs", c, abi.Suffix)
			}
			for _, nr := range set.Numbers(i) {
				if !filter.InClass(c, abi.Names[nr]) {
					t.Errorf("%s: InClass denies %s", c, abi.Names[nr])
				}
			}
		}
	}
}

func TestSyscallsTakenOut(t *testing.T) {
	u := universe()
	has := func(expr, call string) bool {
		s, err := filter.ParseSyscalls(expr, u)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		for i, a := range u.ABIs {
			for nr, name := range a.Names {
				if name == call && s.Has(i, nr) {
					return true
				}
			}
		}
		return false
	}
	for _, c := range []struct {
		expr, call string
		want       bool
	}{
		{"%file,!stat", "openat", true},
		{"%file,!stat", "stat", false},
		{"%file,!%stat,!%lstat,stat", "stat", true},
		{"%file,!%stat", "stat", false},
		{"all,!read", "read", false},
		{"all,!read", "write", true},
	} {
		if got := has(c.expr, c.call); got != c.want {
			t.Errorf("%s in %s: %v", c.call, c.expr, got)
		}
	}
	for _, bad := range []string{"%file,!nosuch", "!read,!write", "read,!"} {
		if _, err := filter.ParseSyscalls(bad, u); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

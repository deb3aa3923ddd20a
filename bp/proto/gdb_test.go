package proto

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// asOurs is what in gdb's text of a value is written otherwise in ours.
var asOurs = []struct {
	gdb  *regexp.Regexp
	ours string
}{
	{regexp.MustCompile(` = `), "="},
	{regexp.MustCompile(` \| `), "|"},
	{regexp.MustCompile(`^\((.*)\)$`), "$1"},
	{regexp.MustCompile(`0x[0-9a-f]+ L?"`), `"`},
	{regexp.MustCompile(`(\\000)+"`), `"`},
	{regexp.MustCompile(`(-1|255) '.*'`), "$1"}, // numbers, by their types
	{regexp.MustCompile(`\b[0-9]+ L?'`), "'"},
	{regexp.MustCompile(` <error: .*`), ""},
	{regexp.MustCompile(`^0x0$`), "NULL"},
	{regexp.MustCompile(` <(\w+)>`), " /* $1 */"},
	{regexp.MustCompile(`0x7f[0-9a-f]+`), "STACK"},
}

// notCompared are values that gdb shows in another way, by function and argument.
var notCompared = map[string]string{
	"t_doubles.b":  "gdb shows 17 digits",
	"t_doubles.e":  "gdb shows floats by 9 digits",
	"t_float.a":    "gdb shows floats by 9 digits",
	"t_ldouble.a":  "gdb knows more digits of a long double",
	"t_complex.a":  "gdb does not find it",
	"t_complex.b":  "gdb does not find it",
	"t_floats.s":   "gdb takes it for optimized out",
	"t_point.p":    "gdb does not show what an argument points to",
	"t_node.n":     "gdb does not show what an argument points to",
	"t_outer.o":    "gdb does not show what an argument points to",
	"t_outer.v":    "gdb shows every level",
	"t_wide.a":     "gdb does not find it",
	"t_vector.a":   "gdb puts arrays in braces",
	"t_pointers.f": "where the program is loaded differs",
}

// gdbArguments is what gdb shows of the arguments of a program's functions, by function and
// name, when each is called first.
func gdbArguments(t *testing.T, bin string) map[string]string {
	if _, err := exec.LookPath("gdb"); err != nil {
		t.Skip("needs gdb")
	}
	const script = `python
import gdb, re
class B(gdb.Breakpoint):
 def stop(self):
  f = gdb.newest_frame()
  out = [s.name + ' ' + str(s.value(f)) for s in f.block() if s.is_argument]
  print('CALL\t' + f.name() + '\t' + '\t'.join(out))
  return False
for n in re.findall(r'\b(t_\w+)\b', gdb.execute('info functions ^t_', to_string=True)): B('*' + n, internal=True)
end`
	out, err := exec.Command("gdb", "-nx", "-batch", "-ex", "set startup-with-shell off", "-ex", script, "-ex", "run", bin).CombinedOutput()
	if err != nil {
		t.Skipf("gdb cannot run here: %v: %s", err, out)
	}
	args := map[string]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if f[0] != "CALL" || len(f) < 2 {
			continue
		}
		for _, a := range f[2:] {
			name, v, _ := strings.Cut(a, " ")
			if key := f[1] + "." + name; args[key] == "" {
				args[key] = v
			}
		}
	}
	return args
}

// TestGDB compares arguments with those that gdb finds by location lists at the functions'
// first instructions.
func TestGDB(t *testing.T) {
	bin := build(t, "args.c", "-g", "-O1")
	theirs := gdbArguments(t, bin)
	l := startLive(t, arch.AMD64, "main", Options{}, bin)
	l.plant("t_*")
	same := 0
	l.entered = func(name string, args []event.Value) {
		for _, a := range args {
			key := name + "." + a.Name
			want := theirs[key]
			delete(theirs, key)
			if want == "" || notCompared[key] != "" {
				continue
			}
			for _, r := range asOurs {
				want = r.gdb.ReplaceAllString(want, r.ours)
			}
			got := strings.TrimSuffix(callText("", []event.Value{a}, event.Value{}), ") = <void>")
			got = asOurs[len(asOurs)-1].gdb.ReplaceAllString(strings.TrimPrefix(got, "("), "STACK")
			if got != want {
				t.Errorf("%s: got %s, gdb %s", key, got, want)
			}
			same++
		}
	}
	l.run()
	if same < 40 {
		t.Errorf("only %d arguments were compared", same)
	}
}

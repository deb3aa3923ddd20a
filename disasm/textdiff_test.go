package disasm

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// objdumpNotes are what objdump adds to the text: comments, and names of addresses.
var objdumpNotes = regexp.MustCompile(`\s+// .*$|\s+# 0x[0-9a-f]+( <.*>)?$|\s+<.*>$`)

// normal is text without what is layout alone.
func normal(s string) string {
	s = objdumpNotes.ReplaceAllString(s, "")
	s = strings.Join(strings.Fields(s), " ")
	return strings.ReplaceAll(strings.ToLower(s), ", ", ",")
}

// differences counts texts that are not objdump's, by kind.
type differences struct {
	all, unequal int
	kinds        map[string]int
	example      map[string]string
}

func (d *differences) add(ours, theirs string, code []byte) {
	d.all++
	a, b := normal(ours), normal(theirs)
	if a == b {
		return
	}
	d.unequal++
	if named(b) {
		return
	}
	kind := mnemonic(b) + " / " + mnemonic(a)
	if d.kinds == nil {
		d.kinds, d.example = map[string]int{}, map[string]string{}
	}
	d.kinds[kind]++
	d.example[kind] = fmt.Sprintf("% x\n\t\ttheirs %s\n\t\tours   %s", code, b, a)
}

// namedDifferences are the texts that are meant to differ, as patterns of objdump's text,
// with the reason.
var namedDifferences = map[string]*regexp.Regexp{
	"a branch cut to 16 bits goes where AMD's CPUs go":   regexp.MustCompile(`^((data16|bnd|repn?z|rex\S*|[c-gs]s) )*(j|call|loop|xbegin)`),
	"a displacement from rip has a sign in Intel syntax": regexp.MustCompile(`\[[er]ip\+0xf{8}[0-9a-f]{8}\]`),
	"an index without a register is not shown":           regexp.MustCompile(`\[[re]iz\*`),
	"data16 rather than a suffix w":                      regexp.MustCompile(`(push|pop|ret|enter|lret|retf|lcall|ljmp|call|jmp|iret|sysret|sysexit|bswap|fnsave|frstor|fldenv|fnstenv|movsxd)[a-z]* ?`),
	"prefixes that mean nothing":                         regexp.MustCompile(`^(data16|data32|addr16|addr32|rex\S*|repn?z|rep|[c-gs]s|xacquire|xrelease|lock|bnd|notrack) |^nop|%?[c-gs]s:|fword ptr`),
	"3DNow and VIA's instructions are not named":         regexp.MustCompile(`^(pf|pi2f|pavgusb|pmulhrw|pswapd|xcrypt)`),
	"bit b of EVEX where no element can be repeated":     regexp.MustCompile(`\{1to\d+\}|\{bad\}|bcst`),
	"GNU's suffixes of i386":                             regexp.MustCompile(`^([ls][gi]dt|cvtsi2s)`),
	"an absolute address of 16 bits has no sign":         regexp.MustCompile(`-0x[0-9a-f]{1,4}(,|$)|ds:0xf{4}`),
	"skinit has an operand, bounds a size":               regexp.MustCompile(`^skinit|^bnd`),
	"an operand that the instruction has not":            regexp.MustCompile(`only\)$`),
}

func named(theirs string) bool {
	for _, p := range namedDifferences {
		if p.MatchString(theirs) {
			return true
		}
	}
	return false
}

// report fails for differences that have no name.
func (d *differences) report(t *testing.T) {
	t.Helper()
	if d.all < 1000 {
		t.Errorf("only %d texts compared", d.all)
	}
	t.Logf("%d texts, %d not as objdump's: %.4f %% equal", d.all, d.unequal, 100-100*float64(d.unequal)/float64(d.all))
	var kinds []string
	for k := range d.kinds {
		kinds = append(kinds, k)
	}
	sort.Slice(kinds, func(i, j int) bool { return d.kinds[kinds[i]] > d.kinds[kinds[j]] })
	for _, k := range kinds[:min(len(kinds), 40)] {
		t.Errorf("%6d %s: %s", d.kinds[k], k, d.example[k])
	}
}

// textCases are the syntaxes that objdump has.
var textCases = []struct {
	name   string
	syntax Syntax
	opts   []string
}{{"gnu", GNU, nil}, {"intel", Intel, []string{"-M", "intel"}}}

// compareTexts holds the texts of code against objdump's, of every instruction, or of
// those at multiples of step.
func compareTexts(t *testing.T, a *arch.Arch, s Syntax, opts []string, code []byte, step int) {
	machine := map[*arch.Arch]string{arch.AMD64: "i386:x86-64", arch.I386: "i386", arch.ARM64: "aarch64"}[a]
	p := Printer{Arch: a, Syntax: s}
	var d differences
	objdump(t, machine, code, func(o theirs) {
		if o.off%step != 0 {
			return
		}
		in, err := Decode(a, code[o.off:], uint64(o.off))
		if err == nil && int(in.Len) == len(o.code) && !o.bad() && in.Has(Valid) && !strings.Contains(o.text, "undefined") {
			text := p.Text(in, code[o.off:], uint64(o.off))
			d.add(text, o.text, o.code)
		}
	}, opts...)
	d.report(t)
}

// TestTextObjdump holds whole lines against objdump.
func TestTextObjdump(t *testing.T) {
	const lib32 = "/lib32/libc.so.6"
	for _, c := range textCases {
		for _, program := range append(programs[:len(programs):len(programs)], lib32) {
			t.Run(c.name+program, func(t *testing.T) {
				code := textOf(t, program)
				if !*whole {
					code = code[:min(len(code), 300<<10)]
				}
				a := arch.AMD64
				if program == lib32 {
					a = arch.I386
				}
				compareTexts(t, a, c.syntax, c.opts, code, 1)
			})
		}
	}
}

// TestRandomText does the same with bytes that no compiler made.
func TestRandomText(t *testing.T) {
	for _, c := range textCases {
		for _, a := range []*arch.Arch{arch.AMD64, arch.I386} {
			t.Run(c.name+a.Name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(3, 4))
				var code []byte
				for range 40000 {
					code = appendRandom(code, r)
				}
				compareTexts(t, a, c.syntax, c.opts, code, 32)
			})
		}
	}
}

package disasm

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// classOfName tells the class from objdump's text of an x86 instruction; the first that
// matches counts. What matches none is Plain, or PCRel by its operand.
var classOfName = []struct {
	text  string
	class Class
}{
	{`^(data16 .*|addr32 )*(jmpw|callw|retw) `, InPlace},
	{`^(\S+ )*rep(z|nz)? (\S+ )*(movs|stos|lods|cmps|scas|ins|outs)[bwlq]? .*[(:]`, RepString},
	{`^(jmp|call)q? .*\*`, IndirectJump},
	{`^(ljmp|lcall|lret|lretw|lretq|jmpl? +\*?\$|retf)`, Far},
	{`^jmp`, Jump},
	{`^call`, Call},
	{`^(jr?e?cxz|jcxz|loop)`, LoopJump},
	{`^xbegin`, XBegin},
	{`^xabort`, XAbort},
	{`^j`, CondJump},
	{`^ret`, Ret},
	{`^(iret|uiret|eret)`, IRet},
	{`^(syscall|sysenter|int +\$0x80)`, Syscall},
	{`^(int3|int1|into|ud[012]|hlt|int +\$0x3$)`, Trap},
	{`^int `, Int},
	{`^pushf`, PushFlags},
	{`^popf`, PopFlags},
	{`^(mov .*,%ss$|pop +%ss$)`, LoadSS},
	{`^(sysret|sysexit|getsec|rsm|enclu|enclv|vmlaunch|vmresume|vmrun)`, InPlace},
	{`^endbr`, LandingPad},
	{`^(nop|pause|xchg +%r?ax,%r?ax)`, Nop},
	{`^push[lq]? +%r?e?([a-ds][xpi]|[0-9]+|bp)$`, PushReg},
	{`^pop[lq]? +%r?e?([a-ds][xpi]|[0-9]+|bp)$`, PopReg},
}

// armClassOfName is the same for arm64.
var armClassOfName = []struct {
	text  string
	class Class
}{
	{`^b(c?\.\w+) |^cb[nz]*z |^tbn?z `, CondJump},
	{`^b `, Jump},
	{`^bl `, Call},
	{`^(br|braa|brab|braaz|brabz) `, IndirectJump},
	{`^(blr|blraa|blrab|blraaz|blrabz) `, IndirectCall},
	{`^ret(aa|ab)?( |$)`, Ret},
	{`^(eret|eretaa|eretab|drps)$`, InPlace},
	{`^svc `, Syscall},
	{`^(hvc|smc|brk|hlt|dcps[123]|udf)( |$)`, Trap},
	{`^tcancel`, XAbort},
	{`^tstart`, InPlace},
	{`^(nop|yield)$`, Nop},
	{`^hint #0x27$`, InPlace}, // pacm, newer than binutils 2.40
	{`^bti`, LandingPad},
	{`^(pac|aut|xpac|ldraa|ldrab)`, PAC},
	{`^(adr|adrp) x|^(ldr|ldrsw|prfm) [^\[]*$`, PCRel},
	{`^(ldxr|ldaxr)[bh]? |^(ldxp|ldaxp) `, ExclLoad},
	{`^(stxr|stlxr)[bh]? |^(stxp|stlxp) `, ExclStore},
	{`^(cas|casp|swp)a?l?[bh]? |^(ld|st)(add|clr|eor|set|[su]max|[su]min)a?l?[bh]? |^(ld64b|st64b)`, Atomic},
	{`^(cpy|set[gpme]*[pme][tn]* )`, MemCopy},
	{`^(mrs|msr|sys|sysl|dmb|dsb|isb|sb|ssbb|pssbb|clrex|hint|wfe|wfi|wfet|wfit|sev|sevl|dgh|esb|psb|tsb|csdb|clearbhb|` +
		`at|dc|ic|tlbi|cfp|cpp|dvp|cosp|cfinv|xaflag|axflag|clrbhb|smstart|smstop|tcommit|ttest|bra|brb|gcsb?)( |$)`, System},
}

var armClassRes = func() (res []*regexp.Regexp) {
	for _, c := range armClassOfName {
		res = append(res, regexp.MustCompile(c.text))
	}
	return res
}()

var branchTarget = regexp.MustCompile(`0x([0-9a-f]+)( |$)`)

// armOtherNames are names of ours or arm64asm's for what objdump 2.40 calls otherwise.
var armOtherNames = map[string]string{"chkfeat": "hint", "pacm": "hint", "b.al": "b.nv", "bfm": "bfc"}

// TestClassesObjdumpARM64 does so for random words, half of them among branches, loads and
// system instructions.
func TestClassesObjdumpARM64(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var code []byte
	for range 300000 {
		w := r.Uint32()
		switch r.IntN(6) {
		case 0:
			w = w&0x03ffffff | 0xd4000000
		case 1:
			w = w&0xfff | 0xd5032000
		case 2:
			w = w&0xf7ffffff | 0x08000000
		}
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	n, bad := 0, 0
	p := Printer{Arch: arch.ARM64}
	objdump(t, "aarch64", code, func(o theirs) {
		text, _, _ := strings.Cut(strings.ReplaceAll(o.text, "\t", " "), " //")
		if strings.Contains(text, ".inst") || strings.Contains(text, "undefined") || bad > 40 {
			return
		}
		n++
		want := Plain
		for i, c := range armClassOfName {
			if armClassRes[i].MatchString(text) {
				want = c.class
				break
			}
		}
		w := code[o.off:][:4]
		in, err := Decode(arch.ARM64, w, uint64(o.off))
		if err != nil || in.Class != want {
			bad++
			t.Errorf("%08x %s: %v, %v", binary.LittleEndian.Uint32(w), text, in.Class, err)
		}
		m := branchTarget.FindAllStringSubmatch(text, -1)
		if in.Has(HasTarget) && (m == nil || m[len(m)-1][1] != strconv.FormatUint(in.Target, 16)) {
			bad++
			t.Errorf("%08x %s: target %#x", binary.LittleEndian.Uint32(w), text, in.Target)
		}
		ours := p.Text(in, w, uint64(o.off))
		name, _, _ := strings.Cut(ours, " ")
		if theirs := strings.Fields(text)[0]; name != ".inst" && name != theirs && armOtherNames[name] != theirs {
			bad++
			t.Errorf("%08x %s: %s", binary.LittleEndian.Uint32(w), text, ours)
		}
	})
	if n < 100000 {
		t.Errorf("only %d instructions compared", n)
	}
}

var classRes = func() (res []*regexp.Regexp) {
	for _, c := range classOfName {
		res = append(res, regexp.MustCompile(c.text))
	}
	return res
}()

func theirClass(text string) Class {
	text, comment, _ := strings.Cut(text, " #")
	text = strings.TrimSpace(text)
	if strings.Contains(text, "(%eip)") {
		return InPlace
	}
	bare := prefixWords.ReplaceAllString(text, "")
	for i, c := range classOfName {
		s := bare
		if c.class == RepString {
			s = text
		}
		if !classRes[i].MatchString(s) {
			continue
		}
		if c.class == IndirectJump && strings.HasPrefix(s, "call") {
			return IndirectCall
		}
		return c.class
	}
	if comment != "" {
		return PCRel
	}
	return Plain
}

var lastHex = regexp.MustCompile(`0x([0-9a-f]+)$`)

// sameClass compares the class and the target of one instruction.
func sameClass(in Inst, o theirs) string {
	want := theirClass(o.text)
	switch narrow := in.Has(OpSize) && !in.Has(W); {
	case narrow && (in.Has(HasTarget) || in.Class == InPlace):
		want = InPlace
	case want == Nop && in.Map() == 1 && in.Op() < 0x1e: // hints that may mean something
		want = Plain
		if in.Has(PCRelMem) {
			want = PCRel
		}
	case want == Nop && in.Op() == 0x90 && in.extBase() != 0: // pause with REX.B
		want = Plain
	case in.Class == Plain && narrow && (want == PushReg || want == PopReg):
		want = Plain
	}
	if in.Class != want {
		return fmt.Sprintf("class %v, want %v", in.Class, want)
	}
	if !in.Has(HasTarget) && in.Class != PCRel {
		return ""
	}
	m := lastHex.FindStringSubmatch(o.text)
	if m == nil {
		return "objdump tells no target"
	}
	if target, err := strconv.ParseUint(m[1], 16, 64); err != nil || target != in.Target {
		return fmt.Sprintf("target %#x, %v", in.Target, err)
	}
	return ""
}

// TestClassesObjdump holds classes and targets against objdump's text, on programs and on
// random bytes, whose prefixes it leaves alone.
func TestClassesObjdump(t *testing.T) {
	for _, program := range []string{"random", programs[1], programs[3], programs[6]} {
		t.Run(program[strings.LastIndex(program, "/")+1:], func(t *testing.T) {
			var code []byte
			if program == "random" {
				r := rand.New(rand.NewPCG(3, 4))
				for range 30000 {
					code = appendRandom(code, r)
				}
			} else {
				code = textOf(t, program)
			}
			n, bad := 0, 0
			objdump(t, "i386:x86-64", code, func(o theirs) {
				in, err := Decode(arch.AMD64, code[o.off:], uint64(o.off))
				if err != nil || !in.Has(Valid) || o.bad() || int(in.Len) != len(o.code) {
					return
				}
				n++
				if s := sameClass(in, o); s != "" && bad < 20 {
					bad++
					t.Errorf("%#x: % x %s: %s", o.off, o.code, o.text, s)
				}
			})
			if n < 10000 {
				t.Errorf("only %d instructions compared", n)
			}
		})
	}
}

package disasm

import (
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

// newLLVM are the names of an llvm-objdump that knows APX and AVX10.2, which binutils 2.40
// does not.
var newLLVM = []string{"llvm-objdump-22", "llvm-objdump-21", "llvm-objdump-20"}

// llvmObjdump disassembles pieces of 32 bytes and calls f for the first instruction of each.
func llvmObjdump(t *testing.T, code []byte, f func(theirs)) {
	t.Helper()
	program := ""
	for _, name := range newLLVM {
		if _, err := exec.LookPath(name); err == nil {
			program = name
			break
		}
	}
	skipOn(t, "no "+strings.Join(newLLVM, ", "), program == "")
	file := filepath.Join(t.TempDir(), "code.o")
	if err := os.WriteFile(file, objectFile(code), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-d", "-z", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		m := llvmLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue
		}
		off, err := strconv.ParseInt(m[1], 16, 64)
		raw, err2 := hex.DecodeString(strings.ReplaceAll(m[2], " ", ""))
		if err == nil && err2 == nil && off%32 == 0 {
			f(theirs{int(off), raw, m[3]})
		}
	}
}

var llvmLine = regexp.MustCompile(`^\s*([0-9a-f]+): ((?:[0-9a-f]{2} )+)\s*\t(.*)$`)

// objectFile is an ELF relocatable with nothing but code (gABI, chapter 4).
func objectFile(code []byte) []byte {
	names := "\x00.text\x00.shstrtab\x00"
	h := elf.Header64{Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1,
		Shoff: uint64(64 + len(code) + len(names)), Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	sections := []elf.Section64{{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC | elf.SHF_EXECINSTR), Off: 64, Size: uint64(len(code)), Addralign: 1},
		{Name: 7, Type: uint32(elf.SHT_STRTAB), Off: uint64(64 + len(code)), Size: uint64(len(names)), Addralign: 1},
	}
	b, _ := binary.Append(nil, binary.LittleEndian, &h)
	b = append(append(b, code...), names...)
	b, _ = binary.Append(b, binary.LittleEndian, sections)
	return b
}

// likeLLVM is text without what the two write differently: suffixes of size, and the
// form of numbers.
func likeLLVM(s string) string {
	s = normal(strings.ReplaceAll(s, "\t", " "))
	s, _, _ = strings.Cut(s, " #")
	s = strings.TrimPrefix(strings.ReplaceAll(s, ",1)", ")"), "{rex2} ")
	s = llvmNumber.ReplaceAllStringFunc(s, func(m string) string {
		v, _ := strconv.ParseUint(m[strings.IndexByte(m, 'x')+1:], 16, 64)
		if m[1] == '-' {
			v = -v
		}
		return fmt.Sprintf("$%#x", v&0xff)
	})
	s = strings.NewReplacer(" {%k0}", "", " {%k", "{%k", " {z}", "{z}").Replace(s)
	words := strings.Fields(s)
	for i, w := range words {
		if !strings.HasPrefix(w, "{") && w != "lock" {
			words[i] = strings.TrimRight(w, "bwlq")
			break
		}
	}
	return llvmZero.ReplaceAllString(strings.Join(words, " "), "$1(")
}

var llvmNumber = regexp.MustCompile(`\$-?0x[0-9a-f]+`)

var llvmZero = regexp.MustCompile(`(^|[ ,:*])-?0x0\(`)

// apxKinds make instructions of one encoding each: their first bytes.
var apxKinds = []struct {
	name string
	head func(r *rand.Rand) []byte
}{
	{"rex2", func(r *rand.Rand) []byte { return []byte{0xd5, byte(r.IntN(256)), byte(r.IntN(256))} }},
	{"apx", func(r *rand.Rand) []byte {
		return []byte{0x62, byte(r.IntN(32))<<3 | 4, byte(r.IntN(256))&^3 | byte(r.IntN(2)), byte(r.IntN(32)), evex4Op(r)}
	}},
	{"evex", func(r *rand.Rand) []byte {
		m := [...]byte{1, 2, 3, 5, 6}[r.IntN(5)]
		row := formMaps[EVEX][m][r.IntN(len(formMaps[EVEX][m]))]
		p1 := byte(r.IntN(256))&0x78 | 4 | byte(bits.TrailingZeros64(uint64(row.sel|p66<<2)))&3
		if row.sel&w1 != 0 {
			p1 |= 0x80
		}
		if r.IntN(3) > 0 && !strings.Contains(row.args, "H") {
			p1 |= 0x78
		}
		return []byte{0x62, byte(r.IntN(16))<<4 | m, p1, byte(r.IntN(256)) | byte(r.IntN(2)<<3), row.op}
	}},
}

// namedLLVM are texts that LLVM writes in another way, or that name registers which REX2
// does not reach.
var namedLLVM = regexp.MustCompile(`^(xchg|outs|xlat|wait|ls|lar|movs|prefetch|pmovmsk|movmsk|pinsr|pextr|cvt|nop|bsf|bsr|int3|mwaitx|monitor|invlpga|clzero|vm|skinit|fucompi|fcompi)|%dr\d|%xmm[123]\d|%mm`)

func evex4Op(r *rand.Rand) byte { return evex4[r.IntN(len(evex4))].op + byte(r.IntN(8))&^7 }

// TestTextLLVM compares what binutils does not know yet.
func TestTextLLVM(t *testing.T) {
	for _, k := range apxKinds {
		t.Run(k.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 8))
			var code []byte
			for range 12000 {
				start := len(code)
				code = append(code, k.head(r)...)
				for len(code) < start+14 {
					code = append(code, byte(r.IntN(256)))
				}
				for len(code) < start+32 {
					code = append(code, 0x90)
				}
			}
			p := Printer{Arch: arch.AMD64}
			var d differences
			llvmObjdump(t, code, func(o theirs) {
				in, err := Decode(arch.AMD64, code[o.off:], uint64(o.off))
				if err != nil || !in.Has(Valid) || strings.Contains(o.text, "<unknown>") {
					return
				}
				if int(in.Len) != len(o.code) {
					if m, ok := in.Mem(); !ok || m.Base != RegNone { // LLVM takes r21 and r29 for a base without displacement
						t.Errorf("% x: length %d, %s", o.code, in.Len, o.text)
					}
					return
				}
				if text := likeLLVM(o.text); k.name == "rex2" && namedLLVM.MatchString(text) {
					return
				}
				d.add(likeLLVM(p.Text(in, o.code, uint64(o.off))), likeLLVM(o.text), o.code)
			})
			d.report(t)
		})
	}
}

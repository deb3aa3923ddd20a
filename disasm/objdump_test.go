package disasm

import (
	"bufio"
	"debug/elf"
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
)

var whole = flag.Bool("whole", false, "compare every instruction of the programs with objdump, not samples")

func skipOn(t testing.TB, reason string, cond bool) {
	t.Helper()
	if cond {
		t.Skip("skipped: " + reason)
	}
}

// theirs is one instruction as objdump tells it.
type theirs struct {
	off  int
	code []byte
	text string
}

// objdump disassembles raw bytes at address 0 and calls f for each instruction.
func objdump(t *testing.T, machine string, code []byte, f func(theirs), opts ...string) {
	t.Helper()
	program := "objdump"
	if machine == "aarch64" {
		program = "aarch64-linux-gnu-objdump"
	}
	_, err := exec.LookPath(program)
	skipOn(t, program+" is not installed", err != nil)
	file := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(file, code, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-D", "-w", "-z", "-b", "binary", "-m", machine}, opts...)
	cmd := exec.Command(program, append(args, file)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(out)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		if in, ok := parseObjdump(s.Text()); ok {
			f(in)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// parseObjdump reads a line "  12:\t48 89 e5 \tmov    %rsp,%rbp".
func parseObjdump(line string) (theirs, bool) {
	addr, rest, ok := strings.Cut(line, ":\t")
	raw, text, ok2 := strings.Cut(rest, "\t")
	off, err := strconv.ParseInt(strings.TrimSpace(addr), 16, 64)
	if !ok || !ok2 || err != nil {
		return theirs{}, false
	}
	code, err := hex.DecodeString(strings.ReplaceAll(raw, " ", ""))
	return theirs{int(off), code, strings.TrimSpace(text)}, err == nil
}

// programs are what the machine may have; each is one file or a pattern.
var programs = []string{
	"/bin/bash",
	"/lib/x86_64-linux-gnu/libc.so.6",
	"/lib/x86_64-linux-gnu/libm.so.6",
	"/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
	"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
	"/usr/bin/python3",
	"GOROOT/bin/gofmt",
	"/usr/lib*/gcc/x86_64-linux-gnu/*/cc1",
}

// textOf finds a program and gives its code: all, or 48 pieces of it.
func textOf(t *testing.T, pattern string) []byte {
	t.Helper()
	skipOn(t, "programs of amd64 are not here", runtime.GOARCH != "amd64")
	if out, err := exec.Command("go", "env", "GOROOT").Output(); err == nil {
		pattern = strings.Replace(pattern, "GOROOT", strings.TrimSpace(string(out)), 1)
	}
	files, _ := filepath.Glob(pattern)
	skipOn(t, pattern+" is not installed", len(files) == 0)
	f, err := elf.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	code, err := f.Section(".text").Data()
	if err != nil {
		t.Fatal(err)
	}
	const pieces, size = 48, 24 << 10
	if *whole || len(code) <= pieces*size {
		return code
	}
	var sample []byte
	for i := range pieces {
		sample = append(sample, code[len(code)/pieces*i:][:size]...)
	}
	return sample
}

// TestLengthsObjdump holds the lengths of instructions against objdump.
func TestLengthsObjdump(t *testing.T) {
	const lib32 = "/lib32/libc.so.6"
	for _, p := range append(programs[:len(programs):len(programs)], lib32) {
		t.Run(strings.TrimPrefix(p, "/"), func(t *testing.T) {
			code := textOf(t, p)
			machine, a := "i386:x86-64", arch.AMD64
			if p == lib32 {
				machine, a = "i386", arch.I386
			}
			n, bad := 0, 0
			objdump(t, machine, code, func(o theirs) {
				n++
				if bad < 10 && !sameLength(t, a, code, o) {
					bad++
				}
			})
			if n < len(code)/16 {
				t.Errorf("objdump told only %d instructions of %d bytes", n, len(code))
			}
			t.Logf("%d instructions, %d bytes", n, len(code))
		})
	}
}

// sameLength compares one instruction that objdump knows. objdump prints a prefix that it
// thinks unused on a line of its own, and takes fwait for a prefix of what follows.
func sameLength(t *testing.T, a *arch.Arch, code []byte, o theirs) bool {
	in, err := Decode(a, code[o.off:], uint64(o.off))
	n := len(o.code)
	if o.bad() || err == nil && int(in.Len) < n && in.Op() == 0x9b {
		return true
	}
	if err != nil || int(in.Len) != n || !in.Has(Valid) && !o.undefined() {
		t.Errorf("%#x: % x %s: length %d, %v, valid %v", o.off, o.code, o.text, in.Len, err, in.Has(Valid))
		return false
	}
	return true
}

// bad tells whether objdump shows bytes or lone prefixes.
func (o theirs) bad() bool {
	return strings.Contains(o.text, "(bad)") || strings.Contains(o.text, ".byte") || lonePrefix.MatchString(o.text)
}

var lonePrefix = regexp.MustCompile(`^(rex\S*|data16|addr\d+|repn?z|lock|[c-gs]s| )+$`)

// undefined tells whether every CPU #UDs on what objdump names.
func (o theirs) undefined() bool {
	text, _, _ := strings.Cut(o.text, " #")
	if strings.Contains(text, "lock ") && !lockable.MatchString(strings.TrimSpace(text)) {
		return true
	}
	return undefined.MatchString(text)
}

// lockable has a destination in memory, which is objdump's last operand. xchg has it first
// or last.
var lockable = regexp.MustCompile(`lock (\S+ )*((add|or|adc|sbb|and|sub|xor|not|neg|inc|dec|bts|btr|btc|cmpxchg|cmpxchg8b|cmpxchg16b|xadd)[bwlq]? .*(\)|0x[0-9a-f]+)|xchg.*[()0-9].*)$`)

// undefined are texts of objdump for what #UDs on every CPU: loads of cs and of segment
// registers that do not exist, prefixes before VEX, or where they select nothing; test
// registers went with the 486. Data in .text has them.
var undefined = regexp.MustCompile(`^(\S+ )*mov .*%(cs|\?)( |$)|` +
	`^(\S+ )*(rex\S*|data16|repn?z|lock) (\S+ )*(v|kadd|fx|x|pmov)|%tr[0-7]`)

// TestRandomObjdump compares on bytes that no compiler made what objdump knows. They are drawn
//
//	so that all maps are reached.
func TestRandomObjdump(t *testing.T) {
	for _, m := range []struct {
		name string
		arch *arch.Arch
	}{{"i386:x86-64", arch.AMD64}, {"i386", arch.I386}} {
		t.Run(m.arch.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var code []byte
			for range 40000 {
				code = appendRandom(code, r)
			}
			n, bad := 0, 0
			objdump(t, m.name, code, func(o theirs) {
				if o.off%32 != 0 || bad > 40 {
					return
				}
				n++
				if !sameLength(t, m.arch, code, o) {
					bad++
				}
			})
			if n < 20000 {
				t.Errorf("only %d instructions compared", n)
			}
		})
	}
}

// appendRandom adds 32 bytes: one instruction, then nops that bring objdump back.
func appendRandom(code []byte, r *rand.Rand) []byte {
	start := len(code)
	for r.IntN(4) == 0 {
		code = append(code, []byte{0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x64, 0xf0}[r.IntN(7)])
	}
	if r.IntN(3) == 0 {
		code = append(code, 0x40|byte(r.IntN(16)))
	}
	switch r.IntN(8) {
	case 0, 1:
		code = append(code, 0x0f)
	case 2:
		code = append(code, 0x0f, 0x38)
	case 3:
		code = append(code, 0x0f, 0x3a)
	case 4:
		code = append(code, []byte{0xc4, 0xc5, 0x62, 0x8f}[r.IntN(4)])
	}
	for range 14 {
		code = append(code, byte(r.IntN(256)))
	}
	for len(code) < start+32 {
		code = append(code, 0x90)
	}
	return code
}

var prefixWords = regexp.MustCompile(`^((rex(\.\S*)?|data16|data32|addr32|addr64|repn?z?|lock|bnd|notrack|[c-gs]s) +)+`)

func mnemonic(text string) string {
	text = prefixWords.ReplaceAllString(text, "")
	name, _, _ := strings.Cut(text, " ")
	name, _, _ = strings.Cut(name, ",") // branch hints
	switch name {
	case "xchg":
		if strings.HasSuffix(text, " %ax,%ax") {
			return "nop"
		}
	case "movabs":
		return "mov"
	case "":
		return strings.TrimSpace(text)
	}
	return name
}

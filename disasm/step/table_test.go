package step

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata/*.txt")

var archByName = map[string]*arch.Arch{"amd64": arch.AMD64, "i386": arch.I386, "arm64": arch.ARM64}

// Where the instructions of the tables lie, and their slots.
const (
	tablePC  = 0x401000
	nearSlot = 0x10000000
	farSlot  = 0x700000000000
)

// tableCase is the left side of a line: architecture, bytes, and words that change
// registers (name=value), options (boost, hw, shadow, rseq) or the slot (far, noslot).
type tableCase struct {
	a    *arch.Arch
	code []byte
	r    arch.Regs
	slot uint64
	o    Options
}

func parseCase(line string) (c tableCase, err error) {
	f := strings.Fields(line)
	if len(f) < 2 || archByName[f[0]] == nil {
		return c, fmt.Errorf("no architecture and bytes")
	}
	c = tableCase{a: archByName[f[0]], slot: nearSlot}
	c.r = arch.Regs{Arch: c.a}
	if c.a != arch.ARM64 {
		c.r.R[slotCS] = user32CS
		for _, s := range slotsData {
			c.r.R[s] = userDS
		}
		c.r.R[slotFlags] = 0x246
	}
	c.r.SetSP(0x7ffe0000 + 0x100)
	c.r.SetPC(tablePC)
	for _, w := range f[2:] {
		name, value, assign := strings.Cut(w, "=")
		switch {
		case assign:
			v, err := strconv.ParseUint(value, 0, 64)
			if err != nil || !c.r.Set(name, v) {
				return c, fmt.Errorf("no register %s", w)
			}
		case w == "boost":
			c.o.Boost = true
		case w == "hw":
			c.o.Hardware = true
		case w == "shadow":
			c.o.ShadowStack = true
		case w == "rseq":
			c.o.Rseq = true
		case w == "far":
			c.slot = farSlot
		case w == "noslot":
			c.slot = 0
		default:
			return c, fmt.Errorf("what is %s", w)
		}
	}
	c.code, err = hex.DecodeString(f[1])
	return c, err
}

// words is memory of 8-byte words for the tables: every address holds a number made of
// it, and what is written is remembered in words.
type words struct{ log []string }

func (m *words) ReadAt(p []byte, addr uint64) (int, error) {
	for i := range p {
		p[i] = byte(0x10 * (i + 1))
	}
	if len(p) == 8 {
		p[6], p[7] = 0, 0
	}
	m.log = append(m.log, fmt.Sprintf("load%d %#x", len(p), addr))
	return len(p), nil
}

func (m *words) WriteAt(p []byte, addr uint64) (int, error) {
	m.log = append(m.log, fmt.Sprintf("store %x at %#x", p, addr))
	return len(p), nil
}

func (c *tableCase) describe() string {
	pc := c.r.PC()
	in, err := disasm.Decode(c.a, c.code, pc)
	if err != nil {
		return err.Error()
	}
	p, err := New(c.a, in, c.code, pc, &c.r, c.slot, c.o)
	if err != nil {
		return err.Error()
	}
	out := []string{p.Method.String()}
	if p.Boosted {
		out = append(out, "boosted")
	}
	if p.LeavesTF {
		out = append(out, "leaves TF")
	}
	if p.Method == Displaced {
		out = append(out, hex.EncodeToString(p.Code()))
	}
	var m words
	before := c.r
	switch p.Method {
	case Emulate:
		if err := p.Emulate(&c.r, &m); err != nil {
			out = append(out, err.Error())
		}
	case Displaced:
		p.Start(&c.r)
	}
	out = append(append(out, m.log...), c.changes(&before)...)
	for _, n := range p.Next() {
		out = append(out, fmt.Sprintf("next %#x", n))
	}
	return strings.Join(append(out, string(p.Why)), "; ")
}

// changes names the registers that differ from before, other than the program counter.
func (c *tableCase) changes(before *arch.Regs) (out []string) {
	for _, g := range c.a.Regs {
		if v := c.r.R[g.Index]; v != before.R[g.Index] && !strings.HasSuffix(g.Name, "ip") && g.Name != "pc" {
			out = append(out, fmt.Sprintf("%s=%#x", g.Name, v))
		}
	}
	return out
}

// TestTables plans each line of the tables: what parseCase reads | method, bytes at the
// slot, loads, stores, registers changed before the copy runs or by the emulation, next, why.
func TestTables(t *testing.T) {
	for _, file := range []string{"testdata/x86.txt", "testdata/arm64.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		n := 0
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || line[0] == '#' {
				fmt.Fprintln(&out, line)
				continue
			}
			n++
			key, want, _ := strings.Cut(line, " | ")
			c, err := parseCase(key)
			if err != nil {
				t.Fatalf("%s: %s: %v", file, line, err)
			}
			got := c.describe()
			fmt.Fprintf(&out, "%s | %s\n", key, got)
			if got != want && !*update {
				t.Errorf("%s: %s\n got %s\nwant %s", file, key, got, want)
			}
		}
		if n < 40 {
			t.Errorf("%s has only %d lines", file, n)
		}
		if *update {
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

package disasm

import (
	"fmt"
	"strconv"

	"github.com/gotrace/gotrace/arch"
)

// Syntax is a way to write instructions.
type Syntax uint8

// Syntaxes. arm64 has no Intel syntax: it is GNU's there.
const (
	GNU Syntax = iota
	Intel
	Go
)

// Printer makes the text of instructions. The zero value but for Arch writes GNU syntax
// and addresses without names.
type Printer struct {
	Arch   *arch.Arch
	Syntax Syntax
	// Symbol names what lies at an address and tells where that begins; "" where it
	// knows nothing. It may be nil.
	Symbol func(addr uint64) (name string, base uint64)
}

// Text is the text of the instruction in that Decode made of code at pc. What has no
// name here is described by its encoding, in parentheses.
func (p *Printer) Text(in Inst, code []byte, pc uint64) string {
	if int(in.Len) > len(code) || in.Len == 0 {
		return "(bad)"
	}
	if p.Arch == arch.ARM64 {
		return p.arm64Text(in, code, pc)
	}
	return p.x86Text(in, code[:in.Len], pc)
}

// appendSymbol adds " <name+0x10>" if there is a name for addr.
func (p *Printer) appendSymbol(b []byte, addr uint64) []byte {
	if p.Symbol == nil {
		return b
	}
	name, base := p.Symbol(addr)
	if name == "" {
		return b
	}
	b = append(append(b, " <"...), name...)
	if addr != base {
		b = strconv.AppendUint(append(b, "+0x"...), addr-base, 16)
	}
	return append(b, '>')
}

// target is a branch's destination in the printer's syntax.
func (p *Printer) target(addr uint64) string {
	b := strconv.AppendUint([]byte("0x"), addr, 16)
	if p.Syntax != Go {
		return string(p.appendSymbol(b, addr))
	}
	if p.Symbol != nil {
		if name, base := p.Symbol(addr); name != "" {
			if addr == base {
				return name + "(SB)"
			}
			return fmt.Sprintf("%s+%d(SB)", name, addr-base)
		}
	}
	return string(b)
}

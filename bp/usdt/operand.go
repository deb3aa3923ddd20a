package usdt

import (
	"strconv"
	"strings"

	"github.com/gotrace/gotrace/arch"
)

// x86 reads an operand in AT&T's syntax: $5, %eax, -8(%rbp), 8(%rax,%rcx,4), sym+4(%rip),
// %fs:16.
func (p *parser) x86(a *arch.Arch) (operand, error) {
	if p.eat("$") {
		return p.constant()
	}
	var op operand
	if p.eat("%") {
		start := p.pos
		name := p.word()
		if name == "fs" && a == arch.AMD64 && p.eat(":") {
			op.seg = "fs_base"
			return op, p.x86Memory(a, &op)
		}
		r, ok := x86Register(name, a)
		if !ok {
			p.pos = start
			return op, p.fail("a register that is not kept")
		}
		return operand{kind: inRegister, base: r}, nil
	}
	return op, p.x86Memory(a, &op)
}

func (p *parser) constant() (operand, error) {
	n, sym, err := p.sum()
	return operand{kind: constant, disp: n, sym: sym}, err
}

// x86Memory reads disp(base,index,scale), of which only one of disp and the parentheses must
// be there.
func (p *parser) x86Memory(a *arch.Arch, op *operand) error {
	op.kind, op.scale = inMemory, 1
	var err error
	if p.peek() != '(' {
		if op.disp, op.sym, err = p.sum(); err != nil {
			return err
		}
	}
	if !p.eat("(") {
		return nil
	}
	if p.peek() == '%' {
		if p.eat("%rip") {
			if op.sym == "" {
				return p.fail("an address without a symbol")
			}
			return p.want(")")
		}
		if op.base, err = p.x86Address(a); err != nil {
			return err
		}
	}
	if p.eat(",") {
		if op.index, err = p.x86Address(a); err != nil {
			return err
		}
		if p.eat(",") {
			scale, _ := strconv.Atoi(p.word())
			switch scale {
			case 1, 2, 4, 8:
				op.scale = uint64(scale)
			default:
				return p.fail("invalid scale")
			}
		}
	}
	return p.want(")")
}

func (p *parser) want(s string) error {
	if !p.eat(s) {
		return p.fail("'" + s + "' is missing")
	}
	return nil
}

// x86Address reads a register of an address.
func (p *parser) x86Address(a *arch.Arch) (register, error) {
	if !p.eat("%") {
		return register{}, p.fail("a register is missing")
	}
	start := p.pos
	r, ok := x86Register(p.word(), a)
	if !ok || r.size < 4 {
		p.pos = start
		return register{}, p.fail("not a register of addresses")
	}
	return r, nil
}

// x86Register is a general register or a part of one: rax, eax, ax, al, ah; r8, r8d, r8w, r8b.
func x86Register(name string, a *arch.Arch) (register, bool) {
	if len(name) > 1 && name[0] == 'r' && name[1] >= '0' && name[1] <= '9' {
		return extended(name, a)
	}
	size, shift, root := 0, 0, ""
	switch {
	case len(name) == 3 && name[0] == 'r':
		size, root = 8, name[1:]
	case len(name) == 3 && name[0] == 'e':
		size, root = 4, name[1:]
	case len(name) == 3 && name[2] == 'l': // sil
		size, root = 1, name[:2]
	case len(name) == 2 && name[1] == 'l':
		size, root = 1, name[:1]+"x"
	case len(name) == 2 && name[1] == 'h':
		size, shift, root = 1, 8, name[:1]+"x"
	case len(name) == 2:
		size, root = 2, name
	}
	if root == "" || !strings.Contains(" ax bx cx dx si di bp sp ", " "+root+" ") {
		return register{}, false
	}
	prefix := "r"
	if a == arch.I386 {
		prefix = "e"
	}
	return register{name: prefix + root, size: size, shift: shift}, size <= a.PtrSize
}

func extended(name string, a *arch.Arch) (register, bool) {
	sizes := map[byte]int{'d': 4, 'w': 2, 'b': 1}
	size, root := 8, name
	if n, ok := sizes[name[len(name)-1]]; ok {
		size, root = n, name[:len(name)-1]
	}
	switch root {
	case "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15":
		return register{name: root, size: size}, a == arch.AMD64
	}
	return register{}, false
}

// arm64 reads an operand as of the A64 assembler: 5, x0, w1, sp, [x0], [sp, 16], [x0, x1, lsl 3].
func (p *parser) arm64() (operand, error) {
	if !p.eat("[") {
		start := p.pos
		if r, ok := arm64Register(p.word()); ok {
			return operand{kind: inRegister, base: r}, nil
		}
		p.pos = start
		p.eat("#")
		op, err := p.constant()
		if err == nil && op.sym != "" {
			p.pos = start
			return op, p.fail("a register that is not kept")
		}
		return op, err
	}
	op := operand{kind: inMemory, scale: 1}
	start := p.pos
	r, ok := arm64Register(p.word())
	if !ok || r.size != 8 {
		p.pos = start
		return op, p.fail("not a register of addresses")
	}
	op.base = r
	if p.eat(",") {
		if err := p.arm64Offset(&op); err != nil {
			return op, err
		}
	}
	return op, p.want("]")
}

// arm64Offset reads what is added to the base: a number, or a register that may be extended
// and shifted.
func (p *parser) arm64Offset(op *operand) error {
	p.blanks()
	start := p.pos
	r, ok := arm64Register(p.word())
	if !ok {
		p.pos = start
		p.eat("#")
		var err error
		if op.disp, op.sym, err = p.sum(); err == nil && op.sym != "" {
			p.pos = start
			return p.fail("an offset that is no number")
		}
		return err
	}
	op.index = r
	if !p.eat(",") {
		return nil
	}
	p.blanks()
	switch how := p.word(); how {
	case "sxtw", "sxtx":
		op.index.signed = true
	case "uxtw", "uxtx", "lsl":
	default:
		return p.fail("unknown extension")
	}
	p.blanks()
	if p.eat("#") || p.peek() != ']' {
		n, err := strconv.Atoi(p.word())
		if err != nil || n < 0 || n > 4 {
			return p.fail("invalid shift")
		}
		op.scale = 1 << n
	}
	return nil
}

// arm64Register is x0, w0 and so on, sp, or the register that is zero.
func arm64Register(name string) (register, bool) {
	switch name {
	case "sp":
		return register{name: "sp", size: 8}, true
	case "wsp":
		return register{name: "sp", size: 4}, true
	case "xzr", "wzr":
		return register{name: zero, size: 8}, true
	case "fp":
		return register{name: "x29", size: 8}, true
	case "lr":
		return register{name: "x30", size: 8}, true
	}
	if len(name) < 2 || len(name) > 3 || name[1] == '0' && len(name) > 2 {
		return register{}, false
	}
	n, err := strconv.ParseUint(name[1:], 10, 8)
	sizes := map[byte]int{'x': 8, 'w': 4}
	size := sizes[name[0]]
	return register{name: "x" + name[1:], size: size}, err == nil && n <= 30 && size != 0
}

// zero is the name of a register that always is.
const zero = "zr"

package seccomp

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// label is a place in a program. Zero is none.
type label int

// The conditions of jumps, of which a filter has few.
const (
	jumpEqual          = bpf.JumpEqual
	jumpGreater        = bpf.JumpGreaterThan
	jumpGreaterOrEqual = bpf.JumpGreaterOrEqual
)

// content is what is known of the accumulator: (the word at off & mask) ^ flip.
type content struct {
	known           bool
	off, mask, flip uint32
}

// op is an instruction, or a jump whose distance is not known yet.
type op struct {
	ins         bpf.Instruction // nil: a jump
	cond        bpf.JumpTest
	val         uint32
	always      bool  // an unconditional jump to yes
	yes, no     label // of a jump
	farY, farNo bool  // a conditional jump reaches 255 instructions: farther by a second jump
}

// size is the number of instructions.
func (o *op) size() int {
	n := 1
	if o.farY {
		n++
	}
	if o.farNo {
		n++
	}
	return n
}

// place is what is known of a label.
type place struct {
	at     int     // index of the op that it is before
	jumped bool    // some jump goes there
	acc    content // at all those jumps
}

// asm collects a program with labels. Jumps go forward only, as the kernel wants it.
type asm struct {
	ops     []op
	places  []place // by label
	acc     content
	running bool // the next op can be reached from the one before it
}

func (a *asm) newLabel() label {
	if len(a.places) == 0 {
		a.places = append(a.places, place{}) // no label
	}
	a.places = append(a.places, place{})
	return label(len(a.places) - 1)
}

func (a *asm) emit(o op) {
	a.ops = append(a.ops, o)
	a.running = true
}

func (a *asm) load(off uint32) {
	a.acc = content{known: true, off: off, mask: ^uint32(0)}
	a.emit(op{ins: bpf.LoadAbsolute{Off: off, Size: 4}})
}

func (a *asm) and(v uint32) { a.emit(op{ins: bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: v}}) }
func (a *asm) xor(v uint32) { a.emit(op{ins: bpf.ALUOpConstant{Op: bpf.ALUOpXor, Val: v}}) }

func (a *asm) ret(v uint32) {
	a.emit(op{ins: bpf.RetConstant{Val: v}})
	a.running = false
}

func (a *asm) jump(cond bpf.JumpTest, val uint32, yes, no label) {
	a.emit(op{cond: cond, val: val, yes: yes, no: no})
	a.leads(yes)
	a.leads(no)
	a.running = false
}

func (a *asm) goTo(l label) {
	a.emit(op{always: true, yes: l})
	a.leads(l)
	a.running = false
}

// leads notes a jump to l from here.
func (a *asm) leads(l label) {
	p := &a.places[l]
	if p.jumped && p.acc != a.acc {
		p.acc = content{}
	} else if !p.jumped {
		p.acc = a.acc
	}
	p.jumped = true
}

// place puts a label here.
func (a *asm) place(l label) {
	if a.running {
		a.leads(l)
	}
	p := &a.places[l]
	p.at = len(a.ops)
	a.acc, a.running = p.acc, true
}

// assemble resolves the jumps: those that are too far get a second one, which may make
// others too far.
func (a *asm) assemble() ([]unix.SockFilter, error) {
	pos := make([]int, len(a.ops)+1)
	for again := true; again; {
		again = false
		for i := range a.ops {
			pos[i+1] = pos[i] + a.ops[i].size()
		}
		for i := range a.ops {
			o := &a.ops[i]
			if o.ins != nil || o.always {
				continue
			}
			tooFar := func(l label) bool { return pos[a.places[l].at]-pos[i]-1 > 255 }
			if !o.farY && tooFar(o.yes) {
				o.farY, again = true, true
			}
			if !o.farNo && tooFar(o.no) {
				o.farNo, again = true, true
			}
		}
	}
	var out []bpf.Instruction
	for i := range a.ops {
		out = a.ops[i].encode(out, func(l label) int { return pos[a.places[l].at] })
	}
	return raw(out)
}

// encode appends an op. A jump's distance counts from the instruction behind it.
func (o *op) encode(out []bpf.Instruction, at func(label) int) []bpf.Instruction {
	here := len(out) + 1
	switch {
	case o.ins != nil:
		return append(out, o.ins)
	case o.always:
		return append(out, bpf.Jump{Skip: uint32(at(o.yes) - here)})
	}
	j := bpf.JumpIf{Cond: o.cond, Val: o.val}
	var far []bpf.Instruction
	skip := func(l label, isFar bool) uint8 {
		if !isFar {
			return uint8(at(l) - here)
		}
		n := len(far)
		far = append(far, bpf.Jump{Skip: uint32(at(l) - here - n - 1)})
		return uint8(n)
	}
	j.SkipTrue, j.SkipFalse = skip(o.yes, o.farY), skip(o.no, o.farNo)
	return append(append(out, j), far...)
}

func raw(prog []bpf.Instruction) ([]unix.SockFilter, error) {
	ins, err := bpf.Assemble(prog)
	if err != nil {
		return nil, err
	}
	out := make([]unix.SockFilter, len(ins))
	for i, r := range ins {
		out[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return out, nil
}

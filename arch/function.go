package arch

// funcConv is how integers and pointers are passed to functions and back: System V psABI of
// x86-64, 3.2.3; of i386, 2.2.3; AAPCS64, 6.8. Floating point is passed elsewhere.
type funcConv struct {
	args  []int // slots of Regs.R; what follows is on the stack
	ret   int   // the slot of the result
	link  int   // the slot of the return address; -1: it is on the top of the stack
	stack uint64
}

var funcConvs = map[*Arch]*funcConv{
	AMD64: {args: []int{rdi, rsi, rdx, rcx, r8, r9}, ret: rax, link: -1, stack: 8},
	I386:  {ret: rax, link: -1, stack: 4},
	ARM64: {args: []int{0, 1, 2, 3, 4, 5, 6, 7}, ret: 0, link: 30},
}

// FuncArg tells where integer argument i, from 0, of a function is while the task is at the
// function's first instruction: in a register, with this value, or in memory at addr, in a slot of
// PtrSize bytes.
func (r *Regs) FuncArg(i int) (v, addr uint64, inReg bool) {
	c := funcConvs[r.Arch]
	if i < len(c.args) {
		return r.width(r.R[c.args[i]]), 0, true
	}
	return 0, r.width(r.SP() + c.stack + uint64((i-len(c.args))*r.Arch.PtrSize)), false
}

// SetFuncArg changes an argument that FuncArg finds in a register, and reports whether it is.
func (r *Regs) SetFuncArg(i int, v uint64) bool {
	c := funcConvs[r.Arch]
	if i >= len(c.args) {
		return false
	}
	r.R[c.args[i]] = r.width(v)
	return true
}

// FuncRet is the integer that a function has returned, while the task is at its return address.
func (r *Regs) FuncRet() uint64 { return r.width(r.R[funcConvs[r.Arch].ret]) }

// SetFuncRet changes it.
func (r *Regs) SetFuncRet(v uint64) { r.R[funcConvs[r.Arch].ret] = r.width(v) }

// ReturnAddr tells where the return address is at a function's first instruction, as FuncArg does.
// A signed one of arm64 is as it is.
func (r *Regs) ReturnAddr() (v, addr uint64, inReg bool) {
	if c := funcConvs[r.Arch]; c.link >= 0 {
		return r.R[c.link], 0, true
	}
	return 0, r.SP(), false
}

// Return leaves a function at its first instruction, as if it had returned to pc.
func (r *Regs) Return(pc uint64) {
	if funcConvs[r.Arch].link < 0 {
		r.SetSP(r.SP() + uint64(r.Arch.PtrSize))
	}
	r.SetPC(pc)
}

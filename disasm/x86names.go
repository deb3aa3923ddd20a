package disasm

// misnamed tells what x86asm takes for another instruction: it knows incssp as lfence,
// nothing of what came with CET, and has no names for hints.
func (in Inst) misnamed() bool {
	switch {
	case in.Enc() == VEX:
		return in.Map() == 1 && in.Op() == 0x77
	case in.Enc() != Legacy || in.Map() == 0:
		return false
	}
	return misnamedOps[in.Map()&3][in.Op()>>6]>>(in.Op()&63)&1 != 0
}

// misnamedOps has a bit for each opcode of the legacy maps.
var misnamedOps = func() (t [4][4]uint64) {
	for m, ops := range [4][]byte{
		1: {0x01, 0x09, 0x1c, 0x1d, 0x1e, 0xae, 0xc7},
		2: {0xcf, 0xf0, 0xf1, 0xf5, 0xf6, 0xf8, 0xf9, 0xfc},
		3: {0xce, 0xcf},
	} {
		for _, op := range ops {
			t[m][op>>6] |= 1 << (op & 63)
		}
	}
	return t
}()

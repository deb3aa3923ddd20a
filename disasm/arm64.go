package disasm

func decodeARM64(code []byte, pc uint64) (Inst, error) { return Inst{}, ErrArch }

package disasm

func (p *Printer) arm64Text(in Inst, code []byte, pc uint64) string { return "" }

package ptrace

func addressIn(code []byte, pc uintptr) (uintptr, bool) { return ripAddress(code, pc) }

package ptrace

func addressIn(code []byte, pc uintptr) (uintptr, bool) { return adrpAddress(code, pc) }

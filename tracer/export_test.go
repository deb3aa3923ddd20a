package tracer

// OldKernel makes a session do without PTRACE_SET_SYSCALL_INFO.
func (s *Session) OldKernel() { s.oldKernel = true }

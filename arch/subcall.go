package arch

// Subcall is one of the calls that share a number and are told apart by the
// first argument: socketcall and ipc of i386. Programs see separate functions,
// strace prints separate names and takes them in -e trace=.
type Subcall struct {
	Via  string // the call that carries it
	Code uint64 // the first argument; ipc has a version above the low 16 bits
	Name string
	// Args counts the words of its own. socketcall keeps them in an array at
	// the second argument; ipc passes them behind the first.
	Args int
}

// Subcall returns what the call nr means with the first argument code, or nil
// if that says nothing more than nr itself.
func (a *ABI) Subcall(nr, code uint64) *Subcall {
	if len(a.Subcalls) == 0 {
		return nil
	}
	via := a.SyscallName(nr)
	switch via {
	case "ipc":
		code &= 0xffff
	case "socketcall":
	default:
		return nil
	}
	for i := range a.Subcalls {
		if s := &a.Subcalls[i]; s.Code == code && s.Via == via {
			return s
		}
	}
	return nil
}

var subcallsI386 = [...]Subcall{
	{"socketcall", 1, "socket", 3},
	{"socketcall", 2, "bind", 3},
	{"socketcall", 3, "connect", 3},
	{"socketcall", 4, "listen", 2},
	{"socketcall", 5, "accept", 3},
	{"socketcall", 6, "getsockname", 3},
	{"socketcall", 7, "getpeername", 3},
	{"socketcall", 8, "socketpair", 4},
	{"socketcall", 9, "send", 4},
	{"socketcall", 10, "recv", 4},
	{"socketcall", 11, "sendto", 6},
	{"socketcall", 12, "recvfrom", 6},
	{"socketcall", 13, "shutdown", 2},
	{"socketcall", 14, "setsockopt", 5},
	{"socketcall", 15, "getsockopt", 5},
	{"socketcall", 16, "sendmsg", 3},
	{"socketcall", 17, "recvmsg", 3},
	{"socketcall", 18, "accept4", 4},
	{"socketcall", 19, "recvmmsg", 5},
	{"socketcall", 20, "sendmmsg", 4},
	{"ipc", 1, "semop", 4},
	{"ipc", 2, "semget", 3},
	{"ipc", 3, "semctl", 4},
	{"ipc", 4, "semtimedop", 5},
	{"ipc", 11, "msgsnd", 4},
	{"ipc", 12, "msgrcv", 5},
	{"ipc", 13, "msgget", 2},
	{"ipc", 14, "msgctl", 4},
	{"ipc", 21, "shmat", 4},
	{"ipc", 22, "shmdt", 4},
	{"ipc", 23, "shmget", 3},
	{"ipc", 24, "shmctl", 4},
}

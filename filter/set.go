package filter

import "math/bits"

// ABI is the system call table of one ABI that a tracee may use, as the caller
// knows it: this package has no tables of its own.
type ABI struct {
	Suffix string   // what follows @ in an expression: "64", "32", "x32"
	Names  []string // indexed by number; "" where there is no call
}

// Universe is what the names in an expression can mean in this session: every ABI
// that a tracee may use, signals and errors. The index of an ABI in it is the abi
// argument of [SyscallSet.Has].
type Universe struct {
	ABIs   []ABI
	Signal func(name string) (int, bool) // with or without SIG; no numbers
	Errno  func(name string) (int, bool) // no numbers
}

// Numbers at which a caller lists the calls that i386 multiplexes through
// socketcall and ipc: strace filters each by its own name, so each needs a
// number of its own in the i386 table of the Universe. socketcall's call N is
// SocketcallBase+N, ipc's call N is IPCBase+N.
const (
	SocketcallBase = 1024
	IPCBase        = 1056
)

// SocketcallNames and IPCNames name the multiplexed calls by their own number.
var (
	SocketcallNames = [...]string{1: "socket", "bind", "connect", "listen", "accept", "getsockname",
		"getpeername", "socketpair", "send", "recv", "sendto", "recvfrom", "shutdown",
		"setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg"}
	IPCNames = [...]string{1: "semop", 2: "semget", 3: "semctl", 4: "semtimedop", 11: "msgsnd",
		12: "msgrcv", 13: "msgget", 14: "msgctl", 21: "shmat", 22: "shmdt", 23: "shmget", 24: "shmctl"}
)

// WithSubcalls returns names extended by the calls of socketcall and ipc.
func WithSubcalls(names []string) []string {
	all := make([]string, IPCBase+len(IPCNames))
	copy(all, names)
	copy(all[SocketcallBase:], SocketcallNames[:])
	copy(all[IPCBase:], IPCNames[:])
	return all
}

// SyscallSet is a set of system calls, by ABI and number. The zero value and a
// nil set are empty.
type SyscallSet struct {
	abis []bitset
	text string
	u    *Universe // nil in the zero value
}

// String returns the set as it was written, or so that it can be read again.
func (s *SyscallSet) String() string {
	switch {
	case s == nil:
		return "none"
	case s.text != "":
		return s.text
	}
	return s.spell()
}

// Has reports whether the call nr of the ABI with this index in the Universe is
// in the set. A number without a name is in no set: strace shows such calls
// whatever the trace set is, and never tampers with them.
func (s *SyscallSet) Has(abi, nr int) bool {
	return s != nil && uint(abi) < uint(len(s.abis)) && s.abis[abi].has(nr)
}

// Empty reports whether no call of any ABI is in the set.
func (s *SyscallSet) Empty() bool {
	if s == nil {
		return true
	}
	for _, b := range s.abis {
		if b.len() > 0 {
			return false
		}
	}
	return true
}

// Len is the number of calls of an ABI in the set.
func (s *SyscallSet) Len(abi int) int {
	if s == nil || uint(abi) >= uint(len(s.abis)) {
		return 0
	}
	return s.abis[abi].len()
}

// Numbers lists the calls of an ABI in the set, in order.
func (s *SyscallSet) Numbers(abi int) []int {
	if s == nil || uint(abi) >= uint(len(s.abis)) {
		return nil
	}
	var nrs []int
	for i, w := range s.abis[abi] {
		for ; w != 0; w &= w - 1 {
			nrs = append(nrs, i*64+bits.TrailingZeros64(w))
		}
	}
	return nrs
}

func newSyscallSet(u *Universe) *SyscallSet {
	return &SyscallSet{abis: make([]bitset, len(u.ABIs)), u: u}
}

// AllSyscalls returns the set of every named call.
func AllSyscalls(u *Universe) *SyscallSet {
	all := newSyscallSet(u).complement(u)
	all.text = "all"
	return all
}

// NoSyscalls returns the empty set.
func NoSyscalls(u *Universe) *SyscallSet { return newSyscallSet(u) }

// complement returns the named calls that are not in s.
func (s *SyscallSet) complement(u *Universe) *SyscallSet {
	c := newSyscallSet(u)
	for i, a := range u.ABIs {
		for nr, name := range a.Names {
			if name != "" && !s.Has(i, nr) {
				c.abis[i].add(nr)
			}
		}
	}
	return c
}

type bitset []uint64

func (b bitset) has(n int) bool {
	w := uint(n) / 64
	return n >= 0 && w < uint(len(b)) && b[w]>>(uint(n)%64)&1 != 0
}

// Precondition: n >= 0.
func (b *bitset) add(n int) {
	for len(*b) <= n/64 {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (uint(n) % 64)
}

func (b bitset) andNot(o bitset) {
	for i := range b {
		if i < len(o) {
			b[i] &^= o[i]
		}
	}
}

func (b bitset) len() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// SignalSet is a set of signal numbers, 0 to 255. Not makes it the complement.
type SignalSet struct {
	Bits [4]uint64
	Not  bool
}

// Has reports whether the signal is in the set.
func (s *SignalSet) Has(sig int) bool {
	if uint(sig) >= 256 {
		return s.Not
	}
	return s.Bits[sig/64]>>(uint(sig)%64)&1 != 0 != s.Not
}

func (s *SignalSet) add(sig int) {
	if uint(sig) < 256 {
		s.Bits[sig/64] |= 1 << (uint(sig) % 64)
	}
}

// FDSet is a set of descriptor numbers. Not makes it the complement.
type FDSet struct {
	FDs map[int]bool
	Not bool
}

// Has reports whether the descriptor is in the set. A nil set is empty.
func (s *FDSet) Has(fd int) bool { return s != nil && s.FDs[fd] != s.Not }

// Empty reports whether the set holds no descriptor at all.
func (s *FDSet) Empty() bool { return s == nil || !s.Not && len(s.FDs) == 0 }

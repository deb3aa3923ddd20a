package event

// ArgReg is the register that an argument of a system call is in, and how much of it the
// kernel takes: an int is the low 32 bits with their sign, whatever a program leaves above
// them.
type ArgReg struct {
	Arg    int8  // 0 to 5
	Bits   uint8 // 16, 32 or 64
	Signed bool
	Pair   bool // the low half of 64 bits; the high half is in the next register
}

// Value is the argument as a number. Unsigned numbers of 64 bits are reinterpreted as signed.
func (r ArgReg) Value(args *[6]uint64) int64 {
	v := args[r.Arg]
	switch {
	case r.Pair && r.Arg < 5:
		return int64(v&0xffffffff | args[r.Arg+1]<<32)
	case r.Bits == 64:
		return int64(v)
	}
	shift := 64 - r.Bits
	if r.Signed {
		return int64(v<<shift) >> shift
	}
	return int64(v << shift >> shift)
}

// limits are the least and the greatest Value.
func (r ArgReg) limits() (lo, hi int64) {
	switch {
	case r.Pair || r.Bits == 64:
		return -1 << 63, 1<<63 - 1
	case r.Signed:
		return -1 << (r.Bits - 1), 1<<(r.Bits-1) - 1
	}
	return 0, 1<<r.Bits - 1
}

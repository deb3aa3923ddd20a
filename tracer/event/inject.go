package event

import "time"

// Injection is what is done to one call.
type Injection struct {
	Errno      int    // fail with it, without making the call
	Retval     *int64 // return it, without making the call
	Syscall    string // make this call instead of none when an error or a value is returned
	Signal     int    // deliver it at entry
	DelayEnter time.Duration
	DelayExit  time.Duration
	PokeEnter  []Poke
	PokeExit   []Poke
}

// Poke writes bytes to where argument Arg, from 0, points.
type Poke struct {
	Arg  int
	Data []byte
}

// Fakes reports whether the call is not to be made.
func (in *Injection) Fakes() bool { return in.Errno != 0 || in.Retval != nil }

// Result is what a call that is not made returns.
func (in *Injection) Result() (ret int64, errno int) {
	if in.Errno != 0 {
		return -int64(in.Errno), in.Errno
	}
	return *in.Retval, 0
}

package decode

import (
	"math/bits"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

var sigCalls = []Call{
	{Name: "rt_sigaction", Args: []Arg{in("sig", sigArg), in("act", sigactionArg), out("oact", sigactionArg), in("sigsetsize", ulongArg)}},
	{Name: "rt_sigprocmask", Args: []Arg{in("how", enumArg(xSigprocmaskHow)), in("nset", sigsetArg(3)), out("oset", sigsetArg(3)), in("sigsetsize", ulongArg)}},
	{Name: "rt_sigpending", Args: []Arg{out("uset", sigpendingArg), in("sigsetsize", ulongArg)}},
	{Name: "rt_sigsuspend", Args: []Arg{in("unewset", sigsetArg(1)), in("sigsetsize", ulongArg)}},
	{Name: "rt_sigtimedwait", Args: []Arg{in("uthese", sigsetArg(3)), in("uinfo", sigwaitInfoArg), in("uts", asEntry(timespecArg)), in("sigsetsize", ulongArg)}, Aux: sigRetAux},
	{Name: "rt_sigtimedwait_time64", Args: []Arg{in("uthese", sigsetArg(3)), in("uinfo", sigwaitInfoArg), in("uts", asEntry(timespec64Arg)), in("sigsetsize", ulongArg)}, Aux: sigRetAux},
	{Name: "rt_sigqueueinfo", Args: []Arg{in("pid", pidArg), in("sig", sigArg), in("uinfo", siginfoArg)}},
	{Name: "rt_tgsigqueueinfo", Args: []Arg{in("tgid", pidArg), in("pid", pidArg), in("sig", sigArg), in("uinfo", siginfoArg)}},
	{Name: "rt_sigreturn", Args: []Arg{in("frame", sigframeArg).reg(noReg)}, Flags: Sigreturn},
	{Name: "sigreturn", Args: []Arg{in("frame", sigframeArg).reg(noReg)}, Flags: Sigreturn},
	{Name: "restart_syscall", Args: []Arg{in("call", restartArg).reg(noReg)}, Flags: AllowRestart},
	{Name: "kill", Args: []Arg{in("pid", pidArg), in("sig", sigArg)}},
	{Name: "tkill", Args: []Arg{in("pid", pidArg), in("sig", sigArg)}},
	{Name: "tgkill", Args: []Arg{in("tgid", pidArg), in("pid", pidArg), in("sig", sigArg)}},
	{Name: "sigaltstack", Args: []Arg{in("uss", sigaltstackArg), out("uoss", sigaltstackArg)}},
	{Name: "signalfd", Args: []Arg{fd("ufd"), in("user_mask", sigsetArg(2)), in("sizemask", ulongArg)}, Ret: RetFD},
	{Name: "signalfd4", Args: []Arg{fd("ufd"), in("user_mask", sigsetArg(2)), in("sizemask", ulongArg), in("flags", flagsArg(xSignalfdFlags))}, Ret: RetFD},
	{Name: "pause"},

	{Name: "sigaction", Args: []Arg{in("sig", sigArg), in("act", oldSigactionArg), out("oact", oldSigactionArg)}},
	{Name: "sigprocmask", Args: []Arg{in("how", enumArg(xSigprocmaskHow)), in("nset", oldSigsetArg), out("oset", oldSigsetArg)}},
	{Name: "sigpending", Args: []Arg{out("uset", oldSigsetArg)}},
	{Name: "sigsuspend", Args: []Arg{in("unused1", hiddenArg), in("unused2", hiddenArg), in("mask", maskArg)}},
	{Name: "signal", Args: []Arg{in("sig", sigArg), in("handler", sighandlerArg)}, Ret: RetHex, Aux: sighandlerAux},
	{Name: "sgetmask", Ret: RetHex, Aux: maskAux("mask")},
	{Name: "ssetmask", Args: []Arg{in("newmask", maskArg)}, Ret: RetHex, Aux: maskAux("old mask")},
}

// signalV is a signal's number.
func signalV(n int32) event.Value {
	return event.Value{Form: event.FormEnumDec, Flags: event.FlagSigned, Num: uint64(int64(n)), Str: arch.SignalName(int(n))}
}

func sigArg(c *Ctx, i int) event.Value { return signalV(int32(c.Arg(i))) }

// hiddenArg is an argument that the kernel does not look at and strace does not show.
func hiddenArg(*Ctx, int) event.Value { return absent() }

// Sets of signals.

const sigsetMax = arch.NSIG / 8 // bytes

// sigsetV is a set of signals of size bytes. Sizes that the kernel could not mean
// leave the address; a word is the least for all calls but rt_sigpending.
func (c *Ctx) sigsetV(addr uint64, size int) event.Value {
	return c.sigsetMinV(addr, uint64(size), c.Word())
}

func (c *Ctx) sigsetMinV(addr, size uint64, least int) event.Value {
	if size < uint64(least) || size > sigsetMax || !c.canFollow(addr) {
		return addrV(addr)
	}
	b := c.rbuf[:size]
	if !c.ReadInto(b, addr) {
		return addrV(addr)
	}
	return c.sigmask(b)
}

// sigmask is a set of signals that has been read. It is shown as a complement when
// that is shorter: two thirds of the signals are in it.
func (c *Ctx) sigmask(b []byte) event.Value {
	var m uint64
	for i, x := range b {
		m |= uint64(x) << (8 * i)
	}
	n := (len(b) + 3) / 4 * 32
	v := event.Value{Form: event.FormSet, Num: m}
	if bits.OnesCount64(m) >= n*2/3 {
		m = ^m & (^uint64(0) >> (64 - n))
		v.Flags = event.FlagNot
	}
	v.Elem = c.Vals(bits.OnesCount64(m))
	for i := range v.Elem {
		s := signalV(int32(bits.TrailingZeros64(m) + 1))
		s.Str = s.Str[len("SIG"):]
		v.Elem[i] = s
		m &= m - 1
	}
	return v
}

// mask32 is a set in a register: what there was before real-time signals.
func (c *Ctx) mask32(m uint64) event.Value {
	return c.sigmask([]byte{byte(m), byte(m >> 8), byte(m >> 16), byte(m >> 24)})
}

// sigsetArg is a pointer to a set whose size is argument n.
func sigsetArg(n int) Decoder {
	return func(c *Ctx, i int) event.Value { return c.sigsetMinV(c.Arg(i), c.Arg(n), c.Word()) }
}

func sigpendingArg(c *Ctx, i int) event.Value { return c.sigsetMinV(c.Arg(i), c.Arg(1), 1) }

func oldSigsetArg(c *Ctx, i int) event.Value { return c.sigsetMinV(c.Arg(i), 4, 4) }

func maskArg(c *Ctx, i int) event.Value { return c.mask32(c.Arg(i)) }

func maskAux(name string) func(c *Ctx) event.Value {
	return func(c *Ctx) event.Value {
		if c.Failed() {
			return absent()
		}
		return c.Seq(event.F(name, c.mask32(uint64(c.Ret))))
	}
}

// sigRetAux is the signal that a call returned.
func sigRetAux(c *Ctx) event.Value {
	if c.Failed() || c.Ret == 0 {
		return absent()
	}
	v := signalV(int32(c.Ret))
	if v.Str == "" {
		return absent()
	}
	return wordV(v.Str, v.Num)
}

// wordV is a name that is shown as it is, whatever the notation of constants.
func wordV(name string, n uint64) event.Value {
	v := symV(name, n)
	v.Flags = event.FlagWord
	return v
}

// Handlers.

func (c *Ctx) sighandlerV(addr uint64) event.Value {
	switch {
	case addr == 0:
		return symV("SIG_DFL", addr)
	case addr == 1:
		return symV("SIG_IGN", addr)
	case addr == ^uint64(0):
		return symV("SIG_ERR", addr)
	}
	return addrV(addr)
}

func sighandlerArg(c *Ctx, i int) event.Value { return c.sighandlerV(c.Arg(i)) }

func sighandlerAux(c *Ctx) event.Value {
	if v := c.sighandlerV(uint64(c.Ret)); !c.Failed() && v.Form == event.FormSym {
		return wordV(v.Str, v.Num)
	}
	return absent()
}

// sigactionArg is a struct sigaction of the kernel. Like strace, it wants a mask of
// NSIG/8 longs to be readable, though the kernel's has 64 bits.
func sigactionArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 3*c.Word()+64, func(c *Ctx, r *Rd) event.Value {
		h, f, restorer := r.ULong(), r.ULong(), r.ULong()
		return c.sigaction(h, c.sigmask(r.Take(sigsetMax)), f, restorer)
	})
}

// oldSigactionArg is the structure of the system call sigaction.
func oldSigactionArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4*c.Word(), func(c *Ctx, r *Rd) event.Value {
		h, m, f, restorer := r.ULong(), r.ULong(), r.ULong(), r.ULong()
		return c.sigaction(h, c.mask32(m), f, restorer)
	})
}

func (c *Ctx) sigaction(handler uint64, mask event.Value, flags, restorer uint64) event.Value {
	const saRestorer = 0x04000000
	last := absent()
	if flags&saRestorer != 0 {
		last = event.F("sa_restorer", addrV(restorer))
	}
	return c.Struct(event.F("sa_handler", c.sighandlerV(handler)), event.F("sa_mask", mask),
		event.F("sa_flags", c.flagsV(xSigactionFlags, flags)), last)
}

func sigaltstackArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 3*c.Word(), func(c *Ctx, r *Rd) event.Value {
		sp, f := r.ULong(), r.U32()
		r.Align(c.Word())
		return c.Struct(event.F("ss_sp", addrV(sp)), event.F("ss_flags", c.flagsV(xSigaltstackFlags, f)),
			event.F("ss_size", uintV(r.ULong())))
	})
}

// sigwaitInfoArg is what rt_sigtimedwait fills in.
func sigwaitInfoArg(c *Ctx, i int) event.Value {
	if c.Arg(i) != 0 && !c.Exit {
		return c.later()
	}
	return siginfoArg(c, i)
}

// Calls about calls.

// sigframeArg shows the mask that a return from a signal handler restores: it is in
// the frame, on the stack, that the kernel made when it called the handler.
func sigframeArg(c *Ctx, _ int) event.Value {
	return c.Struct(event.F("mask", c.sigframeMask()))
}

func (c *Ctx) sigframeMask() event.Value {
	if c.Live == nil {
		return absent()
	}
	r, err := c.Live.Regs()
	if err != nil {
		return absent()
	}
	sp := r.SP()
	if !c.Is32() {
		off := uint64(8 + 8 + 24) // flags, link and stack of the ucontext
		if c.ABI.Arch.Name == "arm64" {
			off += 128 // the siginfo is before it
		} else {
			off += 256 // struct sigcontext
		}
		return c.sigsetV(sp+off, sigsetMax)
	}
	const (
		sigcontext = 88
		fpstate    = 624
		oldmask    = 80 // in the sigcontext
	)
	sp = uint64(uint32(sp))
	if c.Call.Name == "rt_sigreturn" {
		// signal number, two pointers, siginfo; flags, link, stack, sigcontext
		return c.sigsetV(sp+3*4+128+4+4+12+sigcontext, sigsetMax)
	}
	b := c.rbuf[:sigsetMax]
	if !c.Verbose || !c.ReadInto(b[:4], sp+oldmask) || !c.ReadInto(b[4:], sp+sigcontext+fpstate) {
		return addrV(sp + oldmask)
	}
	return c.sigmask(b)
}

// restartArg names the call that restart_syscall goes on with.
func restartArg(c *Ctx, _ int) event.Value {
	name := c.Prev
	if name == "" {
		name = "system call"
	}
	return wordV("<... resuming interrupted "+name+" ...>", 0)
}

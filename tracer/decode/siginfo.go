package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// siginfoSize is the size of a siginfo_t in every ABI.
const siginfoSize = 128

// The signals and codes whose siginfo_t has a layout of its own.
const (
	sigILL  = 4
	sigTRAP = 5
	sigBUS  = 7
	sigFPE  = 8
	sigSEGV = 11
	sigCHLD = 17
	sigIO   = 29
	sigSYS  = 31

	siUser  = 0
	siTimer = -2
	siSigio = -5
	siTkill = -6

	cldExited   = 1
	pollHup     = 6
	busMceerrAR = 4
	busMceerrAO = 5
	segvBnderr  = 3
	segvPkuerr  = 4
)

// siCodes names the codes, by signal, that are not those of any signal.
var siCodes = [...]*event.Table{
	sigILL: xSiCodesIll, sigTRAP: xSiCodesTrap, sigBUS: xSiCodesBus, sigFPE: xSiCodesFpe,
	sigSEGV: xSiCodesSegv, sigCHLD: xSiCodesCld, sigIO: xSiCodesPoll, sigSYS: xSiCodesSys,
}

// Siginfo decodes the siginfo_t of a delivered signal. It is the tracer's, so that of
// 64 bits even for a task that has 32.
func Siginfo(c *Ctx, raw []byte) event.Value {
	return c.siginfo(Rd{B: raw, Word: 8, Max64: 8})
}

// siginfoV is a pointer to a siginfo_t of the ABI.
func (c *Ctx) siginfoV(addr uint64) event.Value {
	return c.ptrV(addr, siginfoSize, func(c *Ctx, r *Rd) event.Value { return c.siginfo(*r) })
}

func siginfoArg(c *Ctx, i int) event.Value { return c.siginfoV(c.Arg(i)) }

func (c *Ctx) siginfo(r Rd) event.Value {
	signo, errno, code := int32(r.U32()), uint32(r.U32()), int32(r.U32())
	if signo == 0 {
		return c.Struct()
	}
	var buf [8]event.Value
	f := append(buf[:0], event.F("si_signo", signalV(signo)), event.F("si_code", siCodeV(signo, code)))
	if errno != 0 {
		f = append(f, event.F("si_errno", errnoV(errno)))
	}
	r.Align(r.Word) // the union has pointers
	return c.Struct(c.siginfoUnion(f, &r, signo, code)...)
}

// siCodeV is a code: its name is looked up among those of any signal first.
func siCodeV(signo, code int32) event.Value {
	v := event.Value{Form: event.FormEnum, Num: uint64(uint32(code))}
	v.Str = xSiCodes.Find(uint64(int64(code)))
	if v.Str == "" && signo > 0 && int(signo) < len(siCodes) {
		v.Str = siCodes[signo].Find(uint64(int64(code)))
	}
	return v
}

// errnoV is an error number.
func errnoV(n uint32) event.Value {
	return event.Value{Form: event.FormEnumDec, Num: uint64(n), Str: arch.ErrnoName(int(int32(n)))}
}

// siginfoUnion appends the fields that the signal and its origin have.
func (c *Ctx) siginfoUnion(f []event.Value, r *Rd, signo, code int32) []event.Value {
	switch {
	case code == siUser, code == siTkill:
		return c.siKill(f, r)
	case code == siTimer:
		f = append(f, event.F("si_timerid", hexV(r.U32())), event.F("si_overrun", intV(r.S32())))
		return siValue(f, r, true)
	case code == siSigio:
		return c.siPoll(f, r)
	case code < 0:
		return siValue(c.siKill(f, r), r, false)
	}
	switch signo {
	case sigILL, sigTRAP, sigBUS, sigFPE, sigSEGV:
		return siFault(f, r, signo, code)
	case sigCHLD:
		return c.siChild(f, r, code)
	case sigIO:
		if code >= 1 && code <= pollHup {
			return c.siPoll(f, r)
		}
		return f
	case sigSYS:
		addr, nr, audit := r.ULong(), r.U32(), r.U32()
		return append(f, event.F("si_call_addr", addrV(addr)), event.F("si_syscall", c.syscallNrV(nr, audit)),
			event.F("si_arch", c.enumV(xAuditArches, audit)))
	}
	sender := *r
	if pid, uid := sender.U32(), sender.U32(); pid == 0 && uid == 0 { // none: the kernel
		*r = sender
	} else {
		f = c.siKill(f, r)
	}
	return siValue(f, r, false)
}

func (c *Ctx) siKill(f []event.Value, r *Rd) []event.Value {
	pid, uid := r.S32(), r.U32()
	return append(f, event.F("si_pid", c.pidV(int32(pid))), event.F("si_uid", uidV(uint32(uid))))
}

// siValue appends a union sigval, which is both an int and a pointer.
func siValue(f []event.Value, r *Rd, always bool) []event.Value {
	p := r.ULong()
	if p == 0 && !always {
		return f
	}
	return append(f, event.F("si_int", intV(int64(int32(p)))), event.F("si_ptr", addrV(p)))
}

func (c *Ctx) siPoll(f []event.Value, r *Rd) []event.Value {
	band, fd := r.Long(), r.S32()
	return append(f, event.F("si_band", intV(band)), event.F("si_fd", c.fdV(int32(fd))))
}

func siFault(f []event.Value, r *Rd, signo, code int32) []event.Value {
	f = append(f, event.F("si_addr", addrV(r.ULong())))
	lsb := r.U16()
	r.Align(r.Word)
	switch {
	case signo == sigBUS && (code == busMceerrAR || code == busMceerrAO):
		f = append(f, event.F("si_addr_lsb", hexV(lsb)))
	case signo == sigSEGV && code == segvBnderr:
		lower, upper := r.ULong(), r.ULong()
		f = append(f, event.F("si_lower", addrV(lower)), event.F("si_upper", addrV(upper)))
	case signo == sigSEGV && code == segvPkuerr:
		f = append(f, event.F("si_pkey", uintV(r.U32())))
	}
	return f
}

func (c *Ctx) siChild(f []event.Value, r *Rd, code int32) []event.Value {
	f = c.siKill(f, r)
	status := intV(r.S32())
	if code != cldExited {
		status = signalV(int32(status.Num))
	}
	utime, stime := uint64(r.Long()), uint64(r.Long())
	return append(f, event.F("si_status", status), event.F("si_utime", c.clockV(utime)), event.F("si_stime", c.clockV(stime)))
}

// clockV is a clock_t: it counts hundredths of a second.
func (c *Ctx) clockV(n uint64) event.Value {
	v := uintV(n)
	if n == 0 {
		return v
	}
	var buf [32]byte
	b := strconv.AppendUint(buf[:0], n/100, 10)
	b = append(b, '.', byte('0'+n/10%10), byte('0'+n%10), ' ', 's')
	v.Note, v.Flags = c.Copy(b), event.FlagNoted
	return v
}

// syscallNrV is a call's number in the ABI that audit tells. Only one of the task's own
// ABI is a constant that its program could have written.
func (c *Ctx) syscallNrV(nr, audit uint64) event.Value {
	v := event.Value{Form: event.FormEnumDec, Num: nr}
	abi := arch.ABIByAudit(uint32(audit))
	if abi == nil || (abi.Arch == arch.ARM64) != (c.ABI.Arch == arch.ARM64) {
		return v
	}
	const x32 = 1 << 30 // the calls below 512 have the same names
	if abi == arch.ABIAMD64 && nr&x32 != 0 && nr&^x32 < 512 {
		v.Note, v.Flags = []byte(abi.SyscallName(nr&^x32)), event.FlagNoted
		return v
	}
	name := abi.SyscallName(nr)
	switch {
	case name == "":
	case abi == c.ABI:
		v.Str = "__NR_" + name
	default:
		v.Note, v.Flags = []byte(name), event.FlagNoted
	}
	return v
}

// sigeventV is a pointer to a struct sigevent.
func (c *Ctx) sigeventV(addr uint64) event.Value {
	return c.ptrV(addr, 3*c.Word()+8, (*Ctx).sigevent)
}

func (c *Ctx) sigevent(r *Rd) event.Value {
	const (
		sigevSignal   = 0
		sigevThread   = 2
		sigevThreadID = 4
	)
	p, signo, notify := r.ULong(), int32(r.U32()), r.U32()
	value, sig := absent(), uintV(uint64(uint32(signo)))
	if p != 0 {
		value = event.F("sigev_value", c.Struct(event.F("sival_int", intV(int64(int32(p)))), event.F("sival_ptr", addrV(p))))
	}
	if notify == sigevSignal || notify == sigevThread || notify == sigevThreadID {
		sig = signalV(signo)
	}
	fn, attr := absent(), absent()
	switch notify {
	case sigevThread:
		fn = event.F("sigev_notify_function", addrV(r.ULong()))
		attr = event.F("sigev_notify_attributes", addrV(r.ULong()))
	case sigevThreadID:
		fn = event.F("sigev_notify_thread_id", intV(r.S32()))
	}
	return c.Struct(value, event.F("sigev_signo", sig), event.F("sigev_notify", c.enumV(xSigeventKinds, notify)), fn, attr)
}

package decode

import "github.com/gotrace/gotrace/tracer/event"

var futexCalls = []Call{
	{Name: "futex", Args: []Arg{in("uaddr", addrArg), in("op", futexOpArg), in("val", futexValArg), in("utime", futexTimeArg(timespecArg)), in("uaddr2", futexAddr2Arg), in("val3", futexVal3Arg)}},
	{Name: "futex_time64", Args: []Arg{in("uaddr", addrArg), in("op", futexOpArg), in("val", futexValArg), in("utime", futexTimeArg(timespec64Arg)), in("uaddr2", futexAddr2Arg), in("val3", futexVal3Arg)}},
	{Name: "futex_waitv", Args: []Arg{in("waiters", futexWaitersArg), in("nr_futexes", uintArg), in("flags", hex32Arg), in("timeout", timespec64Arg), in("clockid", clockArg)}},
	{Name: "futex_wait", Args: []Arg{in("uaddr", addrArg), in("val", hexArg), in("mask", hexArg), in("flags", futex2FlagsArg), in("timeout", timespec64Arg), in("clockid", clockArg)}},
	{Name: "futex_wake", Args: []Arg{in("uaddr", addrArg), in("mask", hexArg), in("nr", intArg), in("flags", futex2FlagsArg)}},
	{Name: "futex_requeue", Args: []Arg{in("waiters", futexPairArg), in("flags", hex32Arg), in("nr_wake", intArg), in("nr_requeue", intArg)}},
}

// The operations of futex, without their flags.
const (
	futexWait          = 0
	futexWake          = 1
	futexFD            = 2
	futexRequeue       = 3
	futexCmpRequeue    = 4
	futexWakeOp        = 5
	futexLockPI        = 6
	futexUnlockPI      = 7
	futexTrylockPI     = 8
	futexWaitBitset    = 9
	futexWakeBitset    = 10
	futexWaitRequeuePI = 11
	futexCmpRequeuePI  = 12
	futexLockPI2       = 13
)

// futexForm says which arguments an operation has, and as what.
type futexForm struct {
	val    bool
	time   futexUse
	uaddr2 bool
	val3   futexUse
}

type futexUse uint8

const (
	futexNone    futexUse = iota
	futexTime             // a timeout
	futexCount            // a second number, in the place of the timeout
	futexPtr              // an address that is not followed
	futexNumber           // val3 that is compared
	futexBits             // val3 that is a set of bits
	futexProgram          // val3 of FUTEX_WAKE_OP
	futexHex
)

var futexForms = [...]futexForm{
	futexWait:          {val: true, time: futexTime},
	futexWake:          {val: true},
	futexFD:            {val: true},
	futexRequeue:       {val: true, time: futexCount, uaddr2: true},
	futexCmpRequeue:    {val: true, time: futexCount, uaddr2: true, val3: futexNumber},
	futexWakeOp:        {val: true, time: futexCount, uaddr2: true, val3: futexProgram},
	futexLockPI:        {time: futexTime},
	futexUnlockPI:      {},
	futexTrylockPI:     {},
	futexWaitBitset:    {val: true, time: futexTime, val3: futexBits},
	futexWakeBitset:    {val: true, val3: futexBits},
	futexWaitRequeuePI: {val: true, time: futexTime, uaddr2: true},
	futexCmpRequeuePI:  {val: true, time: futexCount, uaddr2: true, val3: futexNumber},
	futexLockPI2:       {time: futexTime},
}

// futexUnknown is how an operation is shown that is not in futexForms.
var futexUnknown = futexForm{val: true, time: futexPtr, uaddr2: true, val3: futexHex}

func (c *Ctx) futexForm() *futexForm {
	const mask = 127
	if op := c.Args[1] & mask; op < uint64(len(futexForms)) {
		return &futexForms[op]
	}
	return &futexUnknown
}

func futexOpArg(c *Ctx, i int) event.Value {
	return c.enumV(xFutexOps, uint64(uint32(c.Arg(i))))
}

func futexValArg(c *Ctx, i int) event.Value {
	if !c.futexForm().val {
		return absent()
	}
	return uintArg(c, i)
}

func futexTimeArg(timeout Decoder) Decoder {
	return func(c *Ctx, i int) event.Value {
		switch c.futexForm().time {
		case futexTime:
			return timeout(c, i)
		case futexCount:
			return uintArg(c, i)
		case futexPtr:
			return addrArg(c, i)
		}
		return absent()
	}
}

func futexAddr2Arg(c *Ctx, i int) event.Value {
	if !c.futexForm().uaddr2 {
		return absent()
	}
	return addrArg(c, i)
}

func futexVal3Arg(c *Ctx, i int) event.Value {
	switch c.futexForm().val3 {
	case futexNumber:
		return uintArg(c, i)
	case futexBits:
		return c.enumV(xFutexBitset, uint64(uint32(c.Arg(i))))
	case futexProgram:
		return c.futexWakeOpV(uint32(c.Arg(i)))
	case futexHex:
		return hex32Arg(c, i)
	}
	return absent()
}

// futexWakeOpV is what FUTEX_WAKE_OP does to the second word, and what it then compares.
func (c *Ctx) futexWakeOpV(n uint32) event.Value {
	const opargShift = 8
	op, cmp, oparg, cmparg := uint64(n>>28), uint64(n>>24&15), uint64(n>>12&0xfff), uint64(n&0xfff)
	shift := absent()
	if op&opargShift != 0 {
		shift = c.shiftV(symV("FUTEX_OP_OPARG_SHIFT", opargShift), 28)
	}
	opV := c.shiftV(c.enumV(xFutexWakeOps, op&^opargShift), 28)
	cmpV := c.shiftV(c.enumV(xFutexWakeCmps, cmp), 24)
	opV.Flags, cmpV.Flags = event.FlagWhole, event.FlagWhole
	v := c.Or(shift, opV, c.shiftV(hexV(oparg), 12), cmpV, hexV(cmparg))
	v.Num = uint64(n)
	v.Flags = event.FlagParts
	return v
}

func futexWaitersArg(c *Ctx, i int) event.Value {
	const most = 128 // FUTEX_WAITV_MAX
	n := uint64(uint32(c.Arg(i + 1)))
	v := c.arrayV(c.Arg(i), min(n, most), futexWaiterSize, readFutexWaiter)
	if n > most && len(v.Elem) == most && v.Elem[most-1].Flags&event.FlagMoreAddr == 0 {
		v.Flags |= event.FlagCut
	}
	return v
}

// futexPairArg is where futex_requeue takes from and puts to.
func futexPairArg(c *Ctx, i int) event.Value {
	return c.arrayV(c.Arg(i), 2, futexWaiterSize, readFutexWaiter)
}

const futexWaiterSize = 24

func readFutexWaiter(c *Ctx, r *Rd) event.Value {
	val, addr, flags, reserved := r.U64(), r.U64(), r.U32(), r.U32()
	return c.Struct(event.F("val", hexV(val)), event.F("uaddr", addrV(addr)), event.F("flags", c.flagsV(xFutex2Flags, flags)),
		unlessZero("__reserved", hexV(reserved)))
}

// futex2FlagsArg is a size in the low two bits and flags in the others.
func futex2FlagsArg(c *Ctx, i int) event.Value {
	const sizes = 3
	n := uint64(uint32(c.Arg(i)))
	size := c.enumV(xFutex2SizeFlags, n&sizes)
	if n&^sizes == 0 {
		return size
	}
	rest := c.flagsV(xFutex2MoreFlags, n&^sizes)
	rest.Flags = event.FlagRest
	return event.Value{Form: event.FormOr, Num: n, Elem: c.list2(size, rest)}
}

// unlessZero is a field that is shown only when it is not zero.
func unlessZero(name string, v event.Value) event.Value {
	if v.Num == 0 {
		return absent()
	}
	return event.F(name, v)
}

package decode

import "github.com/gotrace/gotrace/tracer/event"

// POSIX message queues.

var mqueueCalls = []Call{
	{Name: "mq_open", Args: []Arg{path("u_name"), in("oflag", openFlagsArg), in("mode", mqOpenModeArg), in("u_attr", mqOpenAttrArg)}, Ret: RetFD},
	{Name: "mq_unlink", Args: []Arg{path("u_name")}},
	{Name: "mq_timedsend", Args: []Arg{fd("mqdes"), in("u_msg_ptr", bufArg(2)), in("msg_len", ulongArg), in("msg_prio", uintArg), in("u_abs_timeout", timespecArg)}},
	{Name: "mq_timedsend_time64", Args: []Arg{fd("mqdes"), in("u_msg_ptr", bufArg(2)), in("msg_len", ulongArg), in("msg_prio", uintArg), in("u_abs_timeout", timespec64Arg)}},
	{Name: "mq_timedreceive", Args: []Arg{fd("mqdes"), out("u_msg_ptr", bufRetArg), in("msg_len", ulongArg), in("u_msg_prio", uintPtrArg), in("u_abs_timeout", asEntry(timespecArg))}},
	{Name: "mq_timedreceive_time64", Args: []Arg{fd("mqdes"), out("u_msg_ptr", bufRetArg), in("msg_len", ulongArg), in("u_msg_prio", uintPtrArg), in("u_abs_timeout", asEntry(timespec64Arg))}},
	{Name: "mq_notify", Args: []Arg{fd("mqdes"), in("u_notification", sigeventArg)}},
	{Name: "mq_getsetattr", Args: []Arg{fd("mqdes"), in("u_mqstat", mqAttrArg), out("u_omqstat", mqAttrArg)}},
}

// mqCreates reports that mq_open has a mode and attributes.
func (c *Ctx) mqCreates() bool { return c.Args[1]&oCreat != 0 }

func mqOpenModeArg(c *Ctx, i int) event.Value {
	if !c.mqCreates() {
		return absent()
	}
	return octArg(c, i)
}

// mqOpenAttrArg: the kernel ignores the flags here, which are shown as a number.
func mqOpenAttrArg(c *Ctx, i int) event.Value {
	if !c.mqCreates() {
		return absent()
	}
	return c.mqAttrV(c.Arg(i), func(c *Ctx, n uint64) event.Value { return hexV(n) })
}

func mqAttrArg(c *Ctx, i int) event.Value {
	return c.mqAttrV(c.Arg(i), func(c *Ctx, n uint64) event.Value { return c.flagsV(xMqAttrFlags, n) })
}

func (c *Ctx) mqAttrV(addr uint64, flags func(c *Ctx, n uint64) event.Value) event.Value {
	return c.ptrV(addr, 8*c.Word(), func(c *Ctx, r *Rd) event.Value {
		f, most, size, cur := r.ULong(), r.Long(), r.Long(), r.Long()
		return c.Struct(event.F("mq_flags", flags(c, f)), event.F("mq_maxmsg", intV(most)),
			event.F("mq_msgsize", intV(size)), event.F("mq_curmsgs", intV(cur)))
	})
}

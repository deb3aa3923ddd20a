package decode

import "github.com/gotrace/gotrace/tracer/event"

// Clocks, sleeping and timers.

var clockCalls = []Call{
	{Name: "time", Args: []Arg{out("tloc", timePtrArg)}, Aux: timeAux},
	{Name: "stime", Args: []Arg{out("tptr", timePtrArg)}},
	{Name: "gettimeofday", Args: []Arg{out("tv", timevalArg), out("tz", timezoneArg)}},
	{Name: "settimeofday", Args: []Arg{in("tv", timevalArg), in("tz", timezoneArg)}},
	{Name: "nanosleep", Args: []Arg{in("rqtp", timespecArg), out("rmtp", remainArg)}, Flags: AllowRestart},
	{Name: "alarm", Args: []Arg{in("seconds", uintArg)}},
	{Name: "getitimer", Args: []Arg{in("which", enumArg(xItimerWhich)), out("value", itimervalArg)}},
	{Name: "setitimer", Args: []Arg{in("which", enumArg(xItimerWhich)), in("value", itimervalArg), out("ovalue", itimervalArg)}},
	{Name: "adjtimex", Args: []Arg{out("txc_p", timexArg)}, Aux: timexAux},
	{Name: "sched_rr_get_interval", Args: []Arg{in("pid", pidArg), out("interval", timespecArg)}},
	{Name: "sched_rr_get_interval_time64", Args: []Arg{in("pid", pidArg), out("interval", timespec64Arg)}},

	{Name: "clock_gettime", Args: []Arg{in("which_clock", clockArg), out("tp", timespecArg)}},
	{Name: "clock_gettime64", Args: []Arg{in("which_clock", clockArg), out("tp", timespec64Arg)}},
	{Name: "clock_getres", Args: []Arg{in("which_clock", clockArg), out("tp", timespecArg)}},
	{Name: "clock_getres_time64", Args: []Arg{in("which_clock", clockArg), out("tp", timespec64Arg)}},
	{Name: "clock_settime", Args: []Arg{in("which_clock", clockArg), in("tp", timespecArg)}},
	{Name: "clock_settime64", Args: []Arg{in("which_clock", clockArg), in("tp", timespec64Arg)}},
	{Name: "clock_nanosleep", Args: []Arg{in("which_clock", clockArg), in("flags", flagsArg(xTimerFlags)), in("rqtp", timespecArg), out("rmtp", clockRemainArg)}, Flags: AllowRestart},
	{Name: "clock_nanosleep_time64", Args: []Arg{in("which_clock", clockArg), in("flags", flagsArg(xTimerFlags)), in("rqtp", timespec64Arg), out("rmtp", clockRemain64Arg)}, Flags: AllowRestart},
	{Name: "clock_adjtime", Args: []Arg{in("which_clock", clockArg), out("utx", timexArg)}, Aux: timexAux},
	{Name: "clock_adjtime64", Args: []Arg{in("which_clock", clockArg), out("utx", timex64Arg)}, Aux: timexAux},

	{Name: "timer_create", Args: []Arg{in("which_clock", clockArg), in("timer_event_spec", sigeventArg), out("created_timer_id", intPtrArg)}},
	{Name: "timer_settime", Args: []Arg{in("timer_id", intArg), in("flags", flagsArg(xTimerFlags)), in("new_setting", itimerspecArg), out("old_setting", itimerspecArg)}},
	{Name: "timer_settime64", Args: []Arg{in("timer_id", intArg), in("flags", flagsArg(xTimerFlags)), in("new_setting", itimerspec64Arg), out("old_setting", itimerspec64Arg)}},
	{Name: "timer_gettime", Args: []Arg{in("timer_id", intArg), out("setting", itimerspecArg)}},
	{Name: "timer_gettime64", Args: []Arg{in("timer_id", intArg), out("setting", itimerspec64Arg)}},
	{Name: "timer_getoverrun", Args: []Arg{in("timer_id", intArg)}},
	{Name: "timer_delete", Args: []Arg{in("timer_id", intArg)}},
	{Name: "timerfd_create", Args: []Arg{in("clockid", clockArg), in("flags", flagsArg(xTimerfdFlags))}, Ret: RetFD},
	{Name: "timerfd_settime", Args: []Arg{fd("ufd"), in("flags", flagsArg(xTimerfdFlags)), in("utmr", itimerspecArg), out("otmr", itimerspecArg)}},
	{Name: "timerfd_settime64", Args: []Arg{fd("ufd"), in("flags", flagsArg(xTimerfdFlags)), in("utmr", itimerspec64Arg), out("otmr", itimerspec64Arg)}},
	{Name: "timerfd_gettime", Args: []Arg{fd("ufd"), out("otmr", itimerspecArg)}},
	{Name: "timerfd_gettime64", Args: []Arg{fd("ufd"), out("otmr", itimerspec64Arg)}},
}

// clockArg is a clock's number. Those that stand for a task's or a descriptor's clock
// have no names.
func clockArg(c *Ctx, i int) event.Value { return c.enumV(xClockIds, uint64(uint32(c.Arg(i)))) }

// timePtrArg is a pointer to a time_t.
func timePtrArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), c.Word(), func(c *Ctx, r *Rd) event.Value { return c.Array(c.secV(r.Long())) })
}

// timeAux is the date that time returned.
func timeAux(c *Ctx) event.Value {
	if c.Failed() {
		return absent()
	}
	if d := c.timeNote(c.Ret, 0, 9); d != nil {
		return event.Value{Form: event.FormSym, Flags: event.FlagWord, Num: uint64(c.Ret), Data: d}
	}
	return absent()
}

func timezoneArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value {
		w, d := r.S32(), r.S32()
		return c.Struct(event.F("tz_minuteswest", intV(w)), event.F("tz_dsttime", intV(d)))
	})
}

// Restart codes of the kernel: what a call that a signal interrupts returns inside it.
const (
	eRestartSys          = 512
	eRestartNoIntr       = 513
	eRestartNoHand       = 514
	eRestartRestartBlock = 516
)

// restarting reports that a signal interrupted the call.
func (c *Ctx) restarting() bool {
	switch c.Errno {
	case eRestartSys, eRestartNoIntr, eRestartNoHand, eRestartRestartBlock:
		return c.Exit
	}
	return false
}

// remain decodes the time that is left, which the kernel stores only when the sleep
// is interrupted.
func (c *Ctx) remain(i int, n int, f func(c *Ctx, r *Rd) event.Value) event.Value {
	addr := c.Arg(i)
	if !c.restarting() || addr == 0 || !c.Verbose {
		return addrV(addr)
	}
	b, ok := c.Read(addr, n)
	if !ok {
		return addrV(addr)
	}
	r := c.Rd(b)
	return f(c, &r)
}

func remainArg(c *Ctx, i int) event.Value { return c.remain(i, 2*c.Word(), readTimespec) }

func clockRemainArg(c *Ctx, i int) event.Value {
	if c.Arg(1) != 0 {
		return addrV(c.Arg(i))
	}
	return remainArg(c, i)
}

func clockRemain64Arg(c *Ctx, i int) event.Value {
	if c.Arg(1) != 0 {
		return addrV(c.Arg(i))
	}
	return c.remain(i, 16, readTimespec64)
}

// interval is the pair of times of a timer.
func (c *Ctx) interval(r *Rd, f func(c *Ctx, r *Rd) event.Value) event.Value {
	i := f(c, r)
	return c.Struct(event.F("it_interval", i), event.F("it_value", f(c, r)))
}

func itimervalArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4*c.Word(), func(c *Ctx, r *Rd) event.Value { return c.interval(r, readTimeval) })
}

func itimerspecArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4*c.Word(), func(c *Ctx, r *Rd) event.Value { return c.interval(r, readTimespec) })
}

func itimerspec64Arg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 32, func(c *Ctx, r *Rd) event.Value { return c.interval(r, readTimespec64) })
}

func sigeventArg(c *Ctx, i int) event.Value { return c.sigeventV(c.Arg(i)) }

func timexArg(c *Ctx, i int) event.Value {
	if c.Is32() {
		return c.ptrV(c.Arg(i), 128, readTimex)
	}
	return timex64Arg(c, i)
}

// timex64Arg is the structure with 64-bit members, which all ABIs have alike.
func timex64Arg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 208, func(c *Ctx, r *Rd) event.Value {
		r.Word, r.Max64 = 8, 8
		return readTimex(c, r)
	})
}

func readTimex(c *Ctx, r *Rd) event.Value {
	f := c.Vals(20)
	n := 0
	add := func(name string, v event.Value) { f[n] = event.F(name, v); n++ }
	add("modes", c.flagsV(xAdjtimexModes, r.U32()))
	add("offset", intV(r.Long()))
	add("freq", intV(r.Long()))
	add("maxerror", intV(r.Long()))
	add("esterror", intV(r.Long()))
	add("status", c.flagsV(xAdjtimexStatus, r.U32()))
	add("constant", intV(r.Long()))
	add("precision", intV(r.Long()))
	add("tolerance", intV(r.Long()))
	add("time", readTimeval(c, r))
	add("tick", intV(r.Long()))
	add("ppsfreq", intV(r.Long()))
	add("jitter", intV(r.Long()))
	add("shift", intV(r.S32()))
	add("stabil", intV(r.Long()))
	add("jitcnt", intV(r.Long()))
	add("calcnt", intV(r.Long()))
	add("errcnt", intV(r.Long()))
	add("stbcnt", intV(r.Long()))
	add("tai", intV(r.S32()))
	return event.Value{Form: event.FormStruct, Elem: f}
}

// timexAux is the clock's state, shown where the structure is.
func timexAux(c *Ctx) event.Value {
	if n := len(c.vals); c.Failed() || n == 0 || c.vals[n-1].Form != event.FormStruct {
		return absent()
	}
	if s := xAdjtimexStates.Find(uint64(c.Ret)); s != "" {
		return wordV(s, uint64(c.Ret))
	}
	return absent()
}

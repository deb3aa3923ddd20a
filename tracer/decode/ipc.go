package decode

import "github.com/gotrace/gotrace/tracer/event"

// System V message queues, semaphores and shared memory. On i386 the calls also come
// through ipc, which has their arguments in an order of its own.

var ipcCalls = []Call{
	{Name: "msgget", Args: []Arg{in("key", ipcKeyArg), in("msgflg", ipcGetFlagsArg)}},
	{Name: "msgsnd", Args: []Arg{in("msqid", intArg), in("msgp", viaIPC(3, msgSndArg)), in("msgsz", viaIPC(1, ulongArg)), in("msgflg", viaIPC(2, flagsArg(xIpcMsgFlags)))}},
	{Name: "msgrcv", Args: []Arg{in("msqid", intArg), out("msgp", msgRcvArg), in("msgsz", viaIPC(1, ulongArg)), in("msgtyp", msgTypeArg), in("msgflg", viaIPC(2, flagsArg(xIpcMsgFlags)))}},
	{Name: "msgctl", Args: []Arg{in("msqid", intArg), in("cmd", ipcCmdArg(xMsgCommands)), in("buf", viaIPC(3, msgctlArg))}},
	{Name: "semget", Args: []Arg{in("key", ipcKeyArg), in("nsems", intArg), in("semflg", ipcGetFlagsArg)}},
	{Name: "semop", Args: []Arg{in("semid", intArg), in("tsops", viaIPC(3, sembufArg)), in("nsops", viaIPC(1, uintArg))}},
	{Name: "semtimedop", Args: []Arg{in("semid", intArg), in("tsops", viaIPC(3, sembufArg)), in("nsops", viaIPC(1, uintArg)), in("timeout", viaIPC(4, timespecArg))}},
	{Name: "semtimedop_time64", Args: []Arg{in("semid", intArg), in("tsops", sembufArg), in("nsops", uintArg), in("timeout", timespec64Arg)}},
	{Name: "semctl", Args: []Arg{in("semid", intArg), in("semnum", intArg), in("cmd", ipcCmdArg(xSemCommands)), in("arg", semctlArg)}},
	{Name: "shmget", Args: []Arg{in("key", ipcKeyArg), in("size", ulongArg), in("shmflg", shmGetFlagsArg)}},
	{Name: "shmat", Args: []Arg{in("shmid", intArg), in("shmaddr", viaIPC(3, addrArg)), in("shmflg", viaIPC(1, flagsArg(xShmFlags)))}, RetFn: shmatRet},
	{Name: "shmdt", Args: []Arg{in("shmaddr", viaIPC(3, addrArg))}},
	{Name: "shmctl", Args: []Arg{in("shmid", intArg), in("cmd", ipcCmdArg(xShmCommands)), in("buf", viaIPC(3, shmctlArg))}},
	{Name: "ipc", Args: []Arg{in("call", ipcCallArg), in("first", hexArg), in("second", hexArg), in("third", hexArg), in("ptr", hexArg), in("fifth", hexArg)}},
}

// viaIPC decodes the word n behind ipc's first, instead of the argument's register,
// when the call came through ipc.
func viaIPC(n int, d Decoder) Decoder {
	return func(c *Ctx, i int) event.Value {
		if c.Sub != nil {
			i = n
		}
		return d(c, i)
	}
}

// ipcCallArg is a number of a call that ipc does not have, with its version.
func ipcCallArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i)))
	if n>>16 == 0 {
		return uintV(n)
	}
	return c.Or(c.shiftV(uintV(n>>16), 16), uintV(n&0xffff))
}

func ipcKeyArg(c *Ctx, i int) event.Value { return c.enumV(xIpcKeys, uint64(uint32(c.Arg(i)))) }

const permBits = 0o777

// ipcGetFlagsArg is permissions with flags above them. Where no flag has a name,
// strace does not put a bar between the two.
func ipcGetFlagsArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i)))
	mode := octV(n & permBits)
	if n&^permBits == 0 {
		return mode
	}
	flags := c.flagsV(xIpcGetFlags, n&^permBits)
	flags.Flags = event.FlagRest
	return event.Value{Form: event.FormOr, Flags: event.FlagParts | event.FlagBare, Num: n, Elem: c.list2(flags, mode)}
}

// shmGetFlagsArg has the logarithm of the page size above the flags.
func shmGetFlagsArg(c *Ctx, i int) event.Value {
	n := uint64(uint32(c.Arg(i)))
	flags, size, names := n&^permBits&^(hugeMask<<hugeShift), c.hugeV("SHM_HUGE_SHIFT", n), absent()
	if flags != 0 {
		names = c.flagsV(xShmGetFlags, flags)
		names.Flags = event.FlagRest
	}
	v := c.Or(names, size, octV(n&permBits))
	if len(v.Elem) == 1 {
		return v.Elem[0]
	}
	v.Num, v.Flags = n, event.FlagParts
	return v
}

const ipc64 = 0x100

// ipcCmdArg is a command, with the flag that tells of a structure of 64-bit times.
func ipcCmdArg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value {
		n := uint64(uint32(c.Arg(i)))
		cmd := c.enumV(t, n&^ipc64)
		if n&ipc64 == 0 {
			return cmd
		}
		return event.Value{Form: event.FormOr, Flags: event.FlagParts, Num: n, Elem: c.list2(symV("IPC_64", ipc64), cmd)}
	}
}

// Messages.

// msgV is a message with n bytes of text. Like strace, it wants as many bytes to be
// readable as the C structure has, whose text is padded.
func (c *Ctx) msgV(addr, n uint64) event.Value {
	return c.ptrV(addr, 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		return c.Struct(event.F("mtype", intV(r.Long())), event.F("mtext", c.bytesV(addr+uint64(c.Word()), n)))
	})
}

func msgSndArg(c *Ctx, i int) event.Value {
	n := c.Arg(i + 1)
	if c.Sub != nil {
		n = c.Args[1]
	}
	return c.msgV(c.Arg(i), n)
}

// msgrcvPair is the message's address and type. The oldest form of ipc has them in
// memory; ok is false when they cannot be read there or the call failed.
func (c *Ctx) msgrcvPair() (addr uint64, typ int64, ok bool) {
	switch {
	case c.Sub == nil:
		return c.Args[1], c.signed(c.Args[3]), true
	case c.Args[5] != 0:
		return c.Args[3], c.signed(c.Args[4]), true
	}
	b, ok := c.Read(c.Args[3], 2*c.Word())
	if !ok || c.Args[3] == 0 || c.Failed() {
		return 0, 0, false
	}
	r := c.Rd(b)
	return r.ULong(), r.Long(), true
}

// signed is a long of the ABI.
func (c *Ctx) signed(n uint64) int64 {
	if c.Is32() {
		return int64(int32(n))
	}
	return int64(n)
}

func msgRcvArg(c *Ctx, _ int) event.Value {
	addr, _, ok := c.msgrcvPair()
	size := c.Args[2]
	if c.Sub != nil {
		size = c.Args[1]
	}
	switch {
	case !ok:
		return addrV(c.Args[3])
	case c.Failed():
		return addrV(addr)
	}
	return c.msgV(addr, size)
}

func msgTypeArg(c *Ctx, _ int) event.Value {
	_, typ, ok := c.msgrcvPair()
	if !ok {
		return absent()
	}
	return intV(typ)
}

// Semaphores.

func sembufArg(c *Ctx, i int) event.Value {
	n := c.Arg(i + 1)
	if c.Sub != nil {
		n = c.Args[1]
	}
	return c.arrayV(c.Arg(i), uint64(uint32(n)), 6, func(c *Ctx, r *Rd) event.Value {
		num, op, flags := r.U16(), int16(r.U16()), r.U16()
		return c.Struct(event.F("sem_num", uintV(num)), event.F("sem_op", intV(int64(op))), event.F("sem_flg", c.flagsV(xSemFlags, flags)))
	})
}

// shmatRet is the address; ipc stores it and returns zero.
func shmatRet(c *Ctx) event.Value {
	if c.Sub == nil {
		return c.plainRet(RetHex)
	}
	addr, ok := c.UWord(c.Args[2])
	if !ok {
		return absent()
	}
	return hexV(addr)
}

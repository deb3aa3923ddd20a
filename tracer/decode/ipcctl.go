package decode

import "github.com/gotrace/gotrace/tracer/event"

// The structures that msgctl, semctl and shmctl exchange. The kernel has old forms of
// some for calls without IPC_64; strace takes all to be new.

// Commands.
const (
	ipcSet     = 1
	ipcStat    = 2
	ipcInfo    = 3
	msgStat    = 11
	msgInfo    = 12
	msgStatAny = 13
	semStat    = 18
	semInfo    = 19
	semStatAny = 20
	shmStat    = 13
	shmInfo    = 14
	shmStatAny = 15
)

// ipcStruct is how a structure is read: its size in 64-bit and in 32-bit ABIs, and
// its fields.
type ipcStruct struct {
	size, size32 int
	read         func(c *Ctx, r *Rd) event.Value
}

func (s *ipcStruct) value(c *Ctx, addr uint64) event.Value {
	n := s.size
	if c.Is32() {
		n = s.size32
	}
	return c.ptrV(addr, n, s.read)
}

// ipcCommand is what a command does with its structure; the zero value: nothing.
type ipcCommand struct {
	set, get *ipcStruct
}

var msgctlCommands = [...]ipcCommand{
	ipcSet:     {set: &ipcStruct{120, 88, readMsqidSet}},
	ipcStat:    {get: &ipcStruct{120, 88, readMsqid}},
	ipcInfo:    {get: &ipcStruct{32, 32, readMsginfo}},
	msgStat:    {get: &ipcStruct{120, 88, readMsqid}},
	msgInfo:    {get: &ipcStruct{32, 32, readMsginfo}},
	msgStatAny: {get: &ipcStruct{120, 88, readMsqid}},
}

var shmctlCommands = [...]ipcCommand{
	ipcSet:     {set: &ipcStruct{112, 84, readShmidSet}},
	ipcStat:    {get: &ipcStruct{112, 84, readShmid}},
	ipcInfo:    {get: &ipcStruct{72, 36, readShminfo}},
	shmStat:    {get: &ipcStruct{112, 84, readShmid}},
	shmInfo:    {get: &ipcStruct{48, 24, readShmInfo}},
	shmStatAny: {get: &ipcStruct{112, 84, readShmid}},
}

var semctlCommands = [...]ipcCommand{
	ipcSet:     {set: &ipcStruct{104, 64, readSemidSet}},
	ipcStat:    {get: &ipcStruct{104, 64, readSemid}},
	ipcInfo:    {get: &ipcStruct{40, 40, readSeminfo}},
	semStat:    {get: &ipcStruct{104, 64, readSemid}},
	semInfo:    {get: &ipcStruct{40, 40, readSeminfo}},
	semStatAny: {get: &ipcStruct{104, 64, readSemid}},
}

// ipcCmd looks up a call's command.
func ipcCmd(cmds []ipcCommand, cmd uint64) (k ipcCommand) {
	if n := uint64(uint32(cmd)) &^ ipc64; n < uint64(len(cmds)) {
		k = cmds[n]
	}
	return k
}

// structV decodes what the command says is at addr. At entry, what the kernel stores
// is for later.
func (k ipcCommand) structV(c *Ctx, addr uint64) event.Value {
	switch {
	case k.set != nil:
		return k.set.value(c, addr)
	case k.get == nil:
		return addrV(addr)
	case !c.Exit:
		return c.later()
	}
	return k.get.value(c, addr)
}

func msgctlArg(c *Ctx, i int) event.Value {
	return ipcCmd(msgctlCommands[:], c.Args[1]).structV(c, c.Arg(i))
}

func shmctlArg(c *Ctx, i int) event.Value {
	return ipcCmd(shmctlCommands[:], c.Args[1]).structV(c, c.Arg(i))
}

// semctlArg is a union; ipc has a pointer to it.
func semctlArg(c *Ctx, i int) event.Value {
	k := ipcCmd(semctlCommands[:], c.Args[2])
	if c.Sub == nil {
		return k.structV(c, c.Arg(i))
	}
	if k.get != nil && !c.Exit {
		return c.later()
	}
	addr, ok := c.UWord(c.Args[3])
	if !ok || c.Args[3] == 0 {
		return addrV(c.Args[3])
	}
	v := k.structV(c, addr)
	cmd := uint32(c.Args[2]) &^ ipc64
	if v.Form == event.FormStruct || cmd == ipcInfo || cmd == semInfo {
		return v
	}
	return c.Array(v)
}

// readPerm is struct ipc64_perm. All of it is shown only of a structure that the
// kernel filled in.
func (c *Ctx) readPerm(r *Rd, all bool) event.Value {
	key, uid, gid, cuid, cgid := r.U32(), r.U32(), r.U32(), r.U32(), r.U32()
	var mode uint64
	if c.Is32() {
		mode = r.U16()
		r.Skip(6)
	} else {
		mode = r.U32()
		r.Skip(4)
	}
	r.ULong()
	r.ULong()
	owner, group, bits := event.F("uid", uidV(uint32(uid))), event.F("gid", uidV(uint32(gid))), event.F("mode", octV(mode))
	if !all {
		return c.Struct(owner, group, bits)
	}
	return c.Struct(owner, group, bits, event.F("key", uintV(key)), event.F("cuid", uidV(uint32(cuid))), event.F("cgid", uidV(uint32(cgid))))
}

// ipcTime is a time: in 32-bit ABIs its upper half follows, which is not shown.
func (c *Ctx) ipcTime(name string, r *Rd) event.Value {
	t := r.ULong()
	if c.Is32() {
		r.ULong()
	}
	return event.F(name, uintV(t))
}

func readMsqidSet(c *Ctx, r *Rd) event.Value {
	perm := c.readPerm(r, false)
	// Three times and the number of bytes in the queue; 32-bit ABIs have a word more for each time.
	r.Skip(5 * r.Word)
	if c.Is32() {
		r.Skip(3 * r.Word)
	}
	return c.Struct(event.F("msg_perm", perm), event.F("msg_qbytes", uintV(r.ULong())))
}

func readMsqid(c *Ctx, r *Rd) event.Value {
	perm := c.readPerm(r, true)
	s, rcv, ch := c.ipcTime("msg_stime", r), c.ipcTime("msg_rtime", r), c.ipcTime("msg_ctime", r)
	r.ULong() // msg_cbytes
	num, size := r.ULong(), r.ULong()
	lspid, lrpid := r.U32(), r.U32()
	return c.Struct(event.F("msg_perm", perm), s, rcv, ch, event.F("msg_qnum", uintV(num)), event.F("msg_qbytes", uintV(size)),
		event.F("msg_lspid", c.pidV(int32(lspid))), event.F("msg_lrpid", c.pidV(int32(lrpid))))
}

func readShmidSet(c *Ctx, r *Rd) event.Value {
	return c.Struct(event.F("shm_perm", c.readPerm(r, false)))
}

func readShmid(c *Ctx, r *Rd) event.Value {
	perm := c.readPerm(r, true)
	size := r.ULong()
	a, d, ch := c.ipcTime("shm_atime", r), c.ipcTime("shm_dtime", r), c.ipcTime("shm_ctime", r)
	cpid, lpid, n := r.U32(), r.U32(), r.ULong()
	return c.Struct(event.F("shm_perm", perm), event.F("shm_segsz", uintV(size)), event.F("shm_cpid", c.pidV(int32(cpid))),
		event.F("shm_lpid", c.pidV(int32(lpid))), event.F("shm_nattch", uintV(n)), a, d, ch)
}

func readSemidSet(c *Ctx, r *Rd) event.Value {
	return c.Struct(event.F("sem_perm", c.readPerm(r, false)))
}

func readSemid(c *Ctx, r *Rd) event.Value {
	perm := c.readPerm(r, true)
	// On x86 each time is two words.
	double := c.ABI.Arch.Name != "arm64"
	o := event.F("sem_otime", uintV(r.ULong()))
	if double {
		r.ULong()
	}
	ch := event.F("sem_ctime", uintV(r.ULong()))
	if double {
		r.ULong()
	}
	return c.Struct(event.F("sem_perm", perm), o, ch, event.F("sem_nsems", uintV(r.ULong())))
}

// ints reads numbers of four bytes.
func (c *Ctx) ints(r *Rd, names ...string) event.Value {
	f := c.Vals(len(names))
	for i, name := range names {
		f[i] = event.F(name, intV(r.S32()))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

func readMsginfo(c *Ctx, r *Rd) event.Value {
	v := c.ints(r, "msgpool", "msgmap", "msgmax", "msgmnb", "msgmni", "msgssz", "msgtql", "msgseg")
	v.Elem[7].Num &= 0xffff
	return v
}

func readSeminfo(c *Ctx, r *Rd) event.Value {
	return c.ints(r, "semmap", "semmni", "semmns", "semmnu", "semmsl", "semopm", "semume", "semusz", "semvmx", "semaem")
}

func readShminfo(c *Ctx, r *Rd) event.Value {
	f := c.Vals(5)
	for i, name := range [...]string{"shmmax", "shmmin", "shmmni", "shmseg", "shmall"} {
		f[i] = event.F(name, uintV(r.ULong()))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

func readShmInfo(c *Ctx, r *Rd) event.Value {
	f := c.Vals(6)
	f[0] = event.F("used_ids", intV(r.S32()))
	for i, name := range [...]string{"shm_tot", "shm_rss", "shm_swp", "swap_attempts", "swap_successes"} {
		f[i+1] = event.F(name, uintV(r.ULong()))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

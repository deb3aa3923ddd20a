package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// ptrace.
var ptraceCalls = []Call{
	{Name: "ptrace", Args: []Arg{in("request", enumLongArg(xPtraceRequests)), in("pid", ptracePidArg), in("addr", ptraceAddrArg), in("data", ptraceDataArg)}},
}

// ptraceReq says what addr and data are to a request. A nil decoder is an argument
// that is not shown.
type ptraceReq struct {
	code       uint64
	addr, data Decoder
	none       bool // no pid either
}

// ptraceReqs ascends by code.
var ptraceReqs = []ptraceReq{
	{code: 0, none: true},                                    // PTRACE_TRACEME
	{code: 1, addr: addrArg, data: outArg(addrPtrArg)},       // PTRACE_PEEKTEXT
	{code: 2, addr: addrArg, data: outArg(addrPtrArg)},       // PTRACE_PEEKDATA
	{code: 3, addr: ptraceUserArg, data: outArg(addrPtrArg)}, // PTRACE_PEEKUSER
	{code: 4, addr: addrArg, data: addrArg},                  // PTRACE_POKETEXT
	{code: 5, addr: addrArg, data: addrArg},                  // PTRACE_POKEDATA
	{code: 6, addr: ptraceUserArg, data: addrArg},            // PTRACE_POKEUSER
	{code: 7, addr: addrArg, data: ptraceSigArg},             // PTRACE_CONT
	{code: 8}, // PTRACE_KILL
	{code: 9, addr: addrArg, data: ptraceSigArg},                      // PTRACE_SINGLESTEP
	{code: 12, data: outArg(ptraceRegsArg)},                           // PTRACE_GETREGS
	{code: 13, data: ptraceRegsArg},                                   // PTRACE_SETREGS
	{code: 14, data: outArg(ptraceFPRegsArg)},                         // PTRACE_GETFPREGS
	{code: 15, data: ptraceFPRegsArg},                                 // PTRACE_SETFPREGS
	{code: 16},                                                        // PTRACE_ATTACH
	{code: 17, addr: addrArg, data: ptraceSigArg},                     // PTRACE_DETACH
	{code: 18, addr: addrArg, data: addrArg},                          // PTRACE_GETFPXREGS
	{code: 19, addr: addrArg, data: addrArg},                          // PTRACE_SETFPXREGS
	{code: 21, addr: addrArg, data: flagsLongArg(xPtraceOptions)},     // PTRACE_OLDSETOPTIONS
	{code: 24, addr: addrArg, data: ptraceSigArg},                     // PTRACE_SYSCALL
	{code: 31, addr: addrArg, data: ptraceSigArg},                     // PTRACE_SYSEMU
	{code: 32, addr: addrArg, data: ptraceSigArg},                     // PTRACE_SYSEMU_SINGLESTEP
	{code: 33, addr: addrArg, data: ptraceSigArg},                     // PTRACE_SINGLEBLOCK
	{code: 0x4200, addr: addrArg, data: flagsLongArg(xPtraceOptions)}, // PTRACE_SETOPTIONS
	{code: 0x4201, addr: addrArg, data: outArg(ptraceMsgArg)},         // PTRACE_GETEVENTMSG
	{code: 0x4202, addr: addrArg, data: outArg(siginfoArg)},           // PTRACE_GETSIGINFO
	{code: 0x4203, addr: addrArg, data: siginfoArg},                   // PTRACE_SETSIGINFO
	{code: 0x4204, addr: ptraceRegsetArg, data: ptraceGetIovArg},      // PTRACE_GETREGSET
	{code: 0x4205, addr: ptraceRegsetArg, data: ptraceSetIovArg},      // PTRACE_SETREGSET
	{code: 0x4206, addr: addrArg, data: flagsLongArg(xPtraceOptions)}, // PTRACE_SEIZE
	{code: 0x4207}, // PTRACE_INTERRUPT
	{code: 0x4208}, // PTRACE_LISTEN
	{code: 0x4209, addr: ptracePeekInfoArg, data: outArg(ptraceSiginfosArg)}, // PTRACE_PEEKSIGINFO
	{code: 0x420a, addr: ulongArg, data: outArg(ptraceMaskArg)},              // PTRACE_GETSIGMASK
	{code: 0x420b, addr: ulongArg, data: ptraceMaskArg},                      // PTRACE_SETSIGMASK
	{code: 0x420c, addr: ulongArg, data: outArg(ptraceFilterArg)},            // PTRACE_SECCOMP_GET_FILTER
	{code: 0x420d, addr: ulongArg, data: ptraceMetadataArg},                  // PTRACE_SECCOMP_GET_METADATA
	{code: 0x420e, addr: ulongArg, data: outArg(ptraceSyscallInfoArg)},       // PTRACE_GET_SYSCALL_INFO
}

func ptraceFind(c *Ctx) *ptraceReq {
	code := c.Arg(0)
	lo, hi := 0, len(ptraceReqs)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if ptraceReqs[m].code < code {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == len(ptraceReqs) || ptraceReqs[lo].code != code || xPtraceRequests.For(c.ABI.Arch.Name).Find(code) == "" {
		return nil
	}
	return &ptraceReqs[lo]
}

func ptracePidArg(c *Ctx, i int) event.Value {
	if r := ptraceFind(c); r != nil && r.none {
		return absent()
	}
	return pidArg(c, i)
}

func ptraceAddrArg(c *Ctx, i int) event.Value {
	r := ptraceFind(c)
	switch {
	case r == nil:
		return addrArg(c, i)
	case r.addr == nil:
		return absent()
	}
	return r.addr(c, i)
}

func ptraceDataArg(c *Ctx, i int) event.Value {
	r := ptraceFind(c)
	switch {
	case r == nil:
		return addrArg(c, i)
	case r.data == nil:
		return absent()
	}
	return r.data(c, i)
}

// ptraceSigArg is a signal to go on with.
func ptraceSigArg(c *Ctx, i int) event.Value { return signalV(int32(c.Arg(i))) }

func ptraceMsgArg(c *Ctx, i int) event.Value { return wordPtrArg(c, i) }

// ptraceUserArg is an offset into the kernel's struct user: fields have names.
func ptraceUserArg(c *Ctx, i int) event.Value {
	n := c.Arg(i)
	fields := ptraceUser(c.ABI)
	k := len(fields)
	for k > 0 && fields[k-1].Val > n {
		k--
	}
	if k == 0 || k == len(fields) && n > fields[k-1].Val {
		return addrV(n)
	}
	name := fields[k-1].Name
	if off := n - fields[k-1].Val; off != 0 {
		name += "+" + strconv.FormatUint(off, 10)
	}
	v := symV(name, n)
	v.Flags |= event.FlagPointer
	return v
}

func ptraceUser(a *arch.ABI) []event.Entry {
	switch a.Arch.Name {
	case "amd64":
		return ptraceUserAMD64[:]
	case "i386":
		return ptraceUserI386[:]
	}
	return nil
}

// The fields of struct user of <sys/user.h>, by offset.
var ptraceUserAMD64 = [...]event.Entry{
	{Val: 0, Name: "8*R15"}, {Val: 8, Name: "8*R14"}, {Val: 16, Name: "8*R13"}, {Val: 24, Name: "8*R12"},
	{Val: 32, Name: "8*RBP"}, {Val: 40, Name: "8*RBX"}, {Val: 48, Name: "8*R11"}, {Val: 56, Name: "8*R10"},
	{Val: 64, Name: "8*R9"}, {Val: 72, Name: "8*R8"}, {Val: 80, Name: "8*RAX"}, {Val: 88, Name: "8*RCX"},
	{Val: 96, Name: "8*RDX"}, {Val: 104, Name: "8*RSI"}, {Val: 112, Name: "8*RDI"}, {Val: 120, Name: "8*ORIG_RAX"},
	{Val: 128, Name: "8*RIP"}, {Val: 136, Name: "8*CS"}, {Val: 144, Name: "8*EFL"}, {Val: 152, Name: "8*RSP"},
	{Val: 160, Name: "8*SS"},
	{Val: 216, Name: "offsetof(struct user, u_fpvalid)"}, {Val: 224, Name: "offsetof(struct user, i387)"},
	{Val: 736, Name: "offsetof(struct user, u_tsize)"}, {Val: 744, Name: "offsetof(struct user, u_dsize)"},
	{Val: 752, Name: "offsetof(struct user, u_ssize)"}, {Val: 760, Name: "offsetof(struct user, start_code)"},
	{Val: 768, Name: "offsetof(struct user, start_stack)"}, {Val: 776, Name: "offsetof(struct user, signal)"},
	{Val: 784, Name: "offsetof(struct user, reserved)"}, {Val: 792, Name: "offsetof(struct user, u_ar0)"},
	{Val: 800, Name: "offsetof(struct user, u_fpstate)"}, {Val: 808, Name: "offsetof(struct user, magic)"},
	{Val: 816, Name: "offsetof(struct user, u_comm)"}, {Val: 848, Name: "offsetof(struct user, u_debugreg)"},
	{Val: 912, Name: "sizeof(struct user)"},
}

var ptraceUserI386 = [...]event.Entry{
	{Val: 0, Name: "4*EBX"}, {Val: 4, Name: "4*ECX"}, {Val: 8, Name: "4*EDX"}, {Val: 12, Name: "4*ESI"},
	{Val: 16, Name: "4*EDI"}, {Val: 20, Name: "4*EBP"}, {Val: 24, Name: "4*EAX"}, {Val: 28, Name: "4*DS"},
	{Val: 32, Name: "4*ES"}, {Val: 36, Name: "4*FS"}, {Val: 40, Name: "4*GS"}, {Val: 44, Name: "4*ORIG_EAX"},
	{Val: 48, Name: "4*EIP"}, {Val: 52, Name: "4*CS"}, {Val: 56, Name: "4*EFL"}, {Val: 60, Name: "4*UESP"},
	{Val: 64, Name: "4*SS"},
	{Val: 68, Name: "offsetof(struct user, u_fpvalid)"}, {Val: 72, Name: "offsetof(struct user, i387)"},
	{Val: 180, Name: "offsetof(struct user, u_tsize)"}, {Val: 184, Name: "offsetof(struct user, u_dsize)"},
	{Val: 188, Name: "offsetof(struct user, u_ssize)"}, {Val: 192, Name: "offsetof(struct user, start_code)"},
	{Val: 196, Name: "offsetof(struct user, start_stack)"}, {Val: 200, Name: "offsetof(struct user, signal)"},
	{Val: 204, Name: "offsetof(struct user, reserved)"}, {Val: 208, Name: "offsetof(struct user, u_ar0)"},
	{Val: 212, Name: "offsetof(struct user, u_fpstate)"}, {Val: 216, Name: "offsetof(struct user, magic)"},
	{Val: 220, Name: "offsetof(struct user, u_comm)"}, {Val: 252, Name: "offsetof(struct user, u_debugreg)"},
	{Val: 284, Name: "sizeof(struct user)"},
}

// ptraceRegsArg is the general registers, in the kernel's order.
func ptraceRegsArg(c *Ctx, i int) event.Value {
	regs := c.ABI.Arch.Regs
	return c.ptrV(c.Arg(i), len(regs)*c.Word(), func(c *Ctx, r *Rd) event.Value {
		if c.ABI.Arch.Name == "i386" {
			return ptraceRegsI386(c, r)
		}
		f := c.Vals(len(regs))
		for k := range regs {
			f[k] = event.F(regs[k].Name, hexV(r.ULong()))
		}
		return event.Value{Form: event.FormStruct, Elem: f}
	})
}

func ptraceRegsI386(c *Ctx, r *Rd) event.Value {
	f := c.Vals(len(ptraceRegNamesI386))
	for k, name := range ptraceRegNamesI386 {
		f[k] = event.F(name, hexV(r.U32()))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

var ptraceRegNamesI386 = [...]string{
	"ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "xds", "xes", "xfs", "xgs", "orig_eax", "eip", "xcs", "eflags", "esp", "xss",
}

// fpRegsSize is the size of amd64's struct user_fpregs_struct.
const fpRegsSize = 512

func ptraceFPRegsArg(c *Ctx, i int) event.Value {
	if c.ABI.Arch.Name != "amd64" {
		return addrArg(c, i)
	}
	return c.fpRegsetV(c.Arg(i), fpRegsSize)
}

// fpRegsetV is as much of struct user_fpregs_struct as lies within n bytes.
func (c *Ctx) fpRegsetV(addr, n uint64) event.Value {
	if n == 0 || n%8 != 0 || !c.canFollow(addr) {
		return addrV(addr)
	}
	b := c.Bytes(fpRegsSize)
	clear(b)
	if !c.ReadInto(b[:min(n, fpRegsSize)], addr) {
		return addrV(addr)
	}
	r := c.Rd(b)
	f := c.Vals(11)[:0]
	add := func(name string, end uint64, v event.Value) {
		if n >= end {
			f = append(f, event.F(name, v))
		}
	}
	add("cwd", 2, hexV(r.U16()))
	add("swd", 4, hexV(r.U16()))
	add("ftw", 6, hexV(r.U16()))
	add("fop", 8, hexV(r.U16()))
	add("rip", 16, hexV(r.U64()))
	add("rdp", 24, hexV(r.U64()))
	add("mxcsr", 28, hexV(r.U32()))
	add("mxcr_mask", 32, hexV(r.U32()))
	words := func(name string, count int) {
		if have := (int(min(n, fpRegsSize)) - r.Off) / 4; have > 0 {
			f = append(f, event.F(name, c.hexWordsV(&r, min(have, count))))
		}
	}
	words("st_space", 32)
	words("xmm_space", 64)
	words("padding", 24)
	v := event.Value{Form: event.FormStruct, Elem: f}
	if n > fpRegsSize {
		v.Flags |= event.FlagCut
	}
	return v
}

// hexWordsV is n words of 32 bits, limited by -s.
func (c *Ctx) hexWordsV(r *Rd, n int) event.Value {
	v := event.Value{Form: event.FormArray}
	shown := n
	if c.Abbrev && n > c.Opts.StrLen {
		shown = c.Opts.StrLen
		v.Flags |= event.FlagCut
	}
	v.Elem = c.Vals(shown)
	for k := range shown {
		v.Elem[k] = hexV(r.U32())
	}
	r.Skip(4 * (n - shown))
	return v
}

func ptraceRegsetArg(c *Ctx, i int) event.Value {
	return c.enumV(xPtraceRegsets, uint64(uint32(c.Arg(i))))
}

// ptraceSetIovArg is where a register set is taken from.
func ptraceSetIovArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		base, n := r.ULong(), r.ULong()
		return c.Struct(event.F("iov_base", c.regsetV(base, n)), event.F("iov_len", uintV(n)))
	})
}

// ptraceGetIovArg is where a register set is stored: the kernel shortens the length.
func ptraceGetIovArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	if !c.Exit {
		n, ok := c.UWord(addr + uint64(c.Word()))
		if !ok || !c.canFollow(addr) {
			return addrV(addr)
		}
		c.Save(0, n)
		return c.later()
	}
	was := c.Saved(0)
	return inV(c, addr, 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		base, n := r.ULong(), r.ULong()
		data := addrV(base)
		if !c.Failed() {
			data = c.regsetV(base, n)
		}
		size := uintV(was)
		if n != was {
			size = c.Change(size, uintV(n))
		}
		return c.Struct(event.F("iov_base", data), event.F("iov_len", size))
	})
}

// regsetV is n bytes of a register set.
func (c *Ctx) regsetV(addr, n uint64) event.Value {
	const prstatus, fpregset = 1, 2
	switch uint32(c.Arg(2)) {
	case prstatus:
		return c.prstatusV(addr, n)
	case fpregset:
		if c.ABI.Arch.Name == "amd64" {
			return c.fpRegsetV(addr, n)
		}
	}
	return addrV(addr)
}

// prstatusV is as many general registers as fit into n bytes.
func (c *Ctx) prstatusV(addr, n uint64) event.Value {
	regs := c.ABI.Arch.Regs
	w := c.Word()
	if n == 0 || n%uint64(w) != 0 || !c.canFollow(addr) {
		return addrV(addr)
	}
	count := min(int(min(n, 1<<12))/w, len(regs))
	b, ok := c.Read(addr, count*w)
	if !ok || count == 0 {
		return addrV(addr)
	}
	r := c.Rd(b)
	f := c.Vals(count)
	for k := range count {
		name := regs[k].Name
		if c.ABI.Arch.Name == "i386" && k < len(ptraceRegNamesI386) {
			name = ptraceRegNamesI386[k]
		}
		f[k] = event.F(name, hexV(r.ULong()))
	}
	v := event.Value{Form: event.FormStruct, Elem: f}
	if n > uint64(len(regs)*w) {
		v.Flags |= event.FlagCut
	}
	return v
}

// ptracePeekInfoArg is a struct ptrace_peeksiginfo_args.
func ptracePeekInfoArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 16, func(c *Ctx, r *Rd) event.Value {
		off, flags, nr := r.U64(), r.U32(), r.S32()
		return c.Struct(event.F("off", uintV(off)), event.F("flags", c.flagsV(xPtracePeeksiginfoFlags, flags)), event.F("nr", intV(nr)))
	})
}

func ptraceSiginfosArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	if c.Failed() || addr == 0 {
		return addrV(addr)
	}
	if c.Ret == 0 {
		return event.Value{Form: event.FormArray}
	}
	return c.arrayV(addr, uint64(c.Ret), siginfoSize, func(c *Ctx, r *Rd) event.Value {
		return c.siginfoV(c.siginfoAt(addr, r))
	})
}

// siginfoAt is the address of the next element of an array at addr.
func (c *Ctx) siginfoAt(addr uint64, _ *Rd) uint64 {
	k := c.Saved(5)
	c.Save(5, k+1)
	return addr + k*siginfoSize
}

func ptraceMaskArg(c *Ctx, i int) event.Value { return c.ptraceMaskV(c.Arg(i), c.Arg(2)) }

// ptraceMaskV is a set of signals, of exactly the kernel's size.
func (c *Ctx) ptraceMaskV(addr, size uint64) event.Value {
	const sigsetSize = 8
	if size != sigsetSize {
		return addrV(addr)
	}
	return c.sigsetV(addr, sigsetSize)
}

// ptraceFilterArg is a filter of Ret instructions.
func ptraceFilterArg(c *Ctx, i int) event.Value {
	if c.Failed() || c.Arg(i) == 0 {
		return addrArg(c, i)
	}
	return c.filterV(c.Arg(i), uint64(c.Ret), seccompK)
}

// ptraceMetadataArg is a struct seccomp_metadata of Ret bytes.
func ptraceMetadataArg(c *Ctx, i int) event.Value {
	if _, ok := c.U64(c.Arg(i)); ok && !c.Exit {
		return c.later()
	}
	const size = 16
	return inV(c, c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value {
		off := event.F("filter_off", uintV(r.U64()))
		if c.Failed() || c.Ret < size {
			return c.Struct(off)
		}
		flags, ok := c.U64(c.Arg(i) + 8)
		if !ok {
			return c.Struct(off, symV("???", 0))
		}
		v := c.Struct(off, event.F("flags", c.flagsV(xSeccompFilterFlags, flags)))
		if c.Ret > size {
			v.Flags |= event.FlagCut
		}
		return v
	})
}

// Offsets in struct ptrace_syscall_info.
const ptraceInfoHead = 24

// ptraceSyscallInfoArg is as much of a struct ptrace_syscall_info as the kernel stored.
func ptraceSyscallInfoArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	n := min(uint64(max(c.Ret, 0)), c.Arg(2), 88)
	if n == 0 || !c.canFollow(addr) {
		return addrV(addr)
	}
	b := c.Bytes(88)
	clear(b)
	if !c.ReadInto(b[:n], addr) {
		return addrV(addr)
	}
	r := c.Rd(b)
	r.Max64 = 8
	return c.syscallInfoV(&r, int(n))
}

// syscallInfoV shows the fields that lie within n bytes.
func (c *Ctx) syscallInfoV(r *Rd, n int) event.Value {
	const opEntry, opExit, opSeccomp = 1, 2, 3
	f := c.Vals(6)[:0]
	op := r.U8()
	f = append(f, event.F("op", c.enumV(xPtraceSyscallInfoOps, op)))
	r.Off = 4
	machine := r.U32()
	if n >= 8 {
		f = append(f, event.F("arch", c.enumV(xAuditArches, machine)))
	}
	if ip := r.U64(); n >= 16 {
		f = append(f, event.F("instruction_pointer", addrV(ip)))
	}
	if sp := r.U64(); n >= ptraceInfoHead {
		f = append(f, event.F("stack_pointer", addrV(sp)))
	}
	if n >= ptraceInfoHead+8 {
		switch op {
		case opEntry:
			f = append(f, event.F("entry", c.syscallInfoEntryV(r, n, machine, false)))
		case opSeccomp:
			f = append(f, event.F("seccomp", c.syscallInfoEntryV(r, n, machine, true)))
		case opExit:
			f = append(f, event.F("exit", c.syscallInfoExitV(r, n)))
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

func (c *Ctx) syscallInfoEntryV(r *Rd, n int, machine uint64, seccomp bool) event.Value {
	f := c.Vals(3)[:0]
	nr := r.U64()
	v := uintV(nr)
	if a := arch.ABIByAudit(uint32(machine)); a != nil {
		if s := a.SyscallName(nr); s != "" {
			v = symV("__NR_"+s, nr)
		}
	}
	f = append(f, event.F("nr", v))
	args := c.Vals(6)
	for k := range args {
		args[k] = hexV(r.U64())
	}
	if n >= ptraceInfoHead+7*8 {
		f = append(f, event.F("args", event.Value{Form: event.FormArray, Elem: args}))
	}
	if data := r.U32(); seccomp && n >= ptraceInfoHead+7*8+4 {
		f = append(f, event.F("ret_data", uintV(data)))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

func (c *Ctx) syscallInfoExitV(r *Rd, n int) event.Value {
	rval, failed := r.S64(), r.U8()
	v := intV(rval)
	if n < ptraceInfoHead+9 {
		return c.Struct(event.F("rval", v))
	}
	if failed != 0 && rval < 0 && rval >= -4095 {
		if s := arch.ErrnoName(int(-rval)); s != "" {
			v = symV("-"+s, uint64(rval))
		}
	}
	return c.Struct(event.F("rval", v), event.F("is_error", uintV(failed)))
}

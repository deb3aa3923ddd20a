package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Processes: creation, execution, end, and the ids of their groups.
var procCalls = []Call{
	{Name: "fork", Ret: RetPID, Flags: ForkLike},
	{Name: "vfork", Ret: RetPID, Flags: ForkLike},
	{Name: "clone", Args: cloneArgs(4, 3), Ret: RetPID, Flags: ForkLike | LateComma},
	// CONFIG_CLONE_BACKWARDS: tls and child_tidptr change places.
	{Name: "clone", Args: cloneArgs(3, 4), Ret: RetPID, Flags: ForkLike | LateComma, Only: "i386 arm64"},
	{Name: "clone3", Args: []Arg{in("uargs", clone3Arg), in("uargs", clone3ThenArg).reg(0), in("size", ulongArg).reg(1)}, Ret: RetPID, Flags: ForkLike | LateComma},
	{Name: "execve", Args: []Arg{path("filename"), in("argv", argvArg), in("envp", envpArg)}, Flags: ExecLike},
	{Name: "execveat", Args: []Arg{dirfd("dfd"), path("filename"), in("argv", argvArg), in("envp", envpArg), in("flags", flagsArg(xAtFlags))}, Flags: ExecLike},
	{Name: "exit", Args: []Arg{in("error_code", intArg)}, Flags: NoReturn},
	{Name: "exit_group", Args: []Arg{in("error_code", intArg)}, Flags: NoReturn},

	{Name: "getpid", Ret: RetPID},
	{Name: "getppid", Ret: RetPID},
	{Name: "gettid", Ret: RetPID},
	{Name: "getpgrp", Ret: RetPGID},
	{Name: "getpgid", Args: []Arg{in("pid", pidArg)}, Ret: RetPGID},
	{Name: "setpgid", Args: []Arg{in("pid", pidArg), in("pgid", pgidArg)}},
	{Name: "getsid", Args: []Arg{in("pid", pidArg)}, Ret: RetPGID},
	{Name: "setsid"},

	{Name: "setns", Args: []Arg{fd("fd"), in("nstype", flagsArg(xSetnsTypes))}},
	{Name: "unshare", Args: []Arg{in("unshare_flags", flagsLongArg(xUnshareFlags))}},
	{Name: "pidfd_open", Args: []Arg{in("pid", pidArg), in("flags", flagsArg(xPidfdOpenFlags))}, Ret: RetFD},
	{Name: "pidfd_getfd", Args: []Arg{fd("pidfd"), in("fd", pidfdGetfdArg), in("flags", hex32Arg)}, Ret: RetFD},
	{Name: "pidfd_send_signal", Args: []Arg{fd("pidfd"), in("sig", sigArg), in("info", siginfoArg), in("flags", hex32Arg)}},
	{Name: "process_madvise", Args: []Arg{fd("pidfd"), in("vec", iovAddrArg(2)), in("vlen", ulongArg), in("behavior", enumArg(xMadviseAdvice)), in("flags", hex32Arg)}},
	{Name: "process_mrelease", Args: []Arg{fd("pidfd"), in("flags", hex32Arg)}},
	{Name: "kcmp", Args: []Arg{in("pid1", pidArg), in("pid2", pidArg), in("type", enumArg(xKcmpTypes)), in("idx1", kcmpIdx1), in("idx2", kcmpIdx2)}},
	{Name: "set_tid_address", Args: []Arg{in("tidptr", hexArg)}},
}

// outArg puts d off to the exit: for an In argument that only some calls have filled in.
func outArg(d Decoder) Decoder {
	return func(c *Ctx, i int) event.Value {
		if !c.Exit {
			return c.later()
		}
		return d(c, i)
	}
}

// argvArg is an array of strings that ends with a null pointer.
func argvArg(c *Ctx, i int) event.Value { return c.argvV(c.Arg(i)) }

// argvMax bounds the strings shown of a hostile program's array.
const argvMax = 1 << 16

func (c *Ctx) argvV(addr uint64) event.Value {
	if !c.canFollow(addr) {
		return addrV(addr)
	}
	limit := argvMax
	if c.Abbrev {
		limit = min(limit, c.Opts.StrLen)
	}
	w := uint64(c.Word())
	n := c.countWords(addr, limit+1)
	v := event.Value{Form: event.FormArray}
	if n.words == 0 && n.unreadable {
		return addrV(addr)
	}
	shown := min(n.words, limit)
	extra := 0
	if n.unreadable && n.words <= limit {
		extra = 1
	}
	v.Elem = c.Vals(shown + extra)
	for k := range shown {
		p, _ := c.UWord(addr + uint64(k)*w)
		v.Elem[k] = c.strV(p)
	}
	if extra == 1 {
		e := addrV(addr + uint64(shown)*w)
		e.Flags |= event.FlagMoreAddr
		v.Elem[shown] = e
	} else if n.words > limit {
		v.Flags |= event.FlagCut
	}
	return v
}

// wordCount is the length of an array that ends with a zero word.
type wordCount struct {
	words      int
	unreadable bool // no zero was seen before memory ended
}

// countWords counts the words before the first zero one, at most limit.
func (c *Ctx) countWords(addr uint64, limit int) wordCount {
	w := c.Word()
	n := 0
	for n < limit {
		want := min(int(4096-addr&4095), len(c.rbuf), (limit-n)*w)
		if want < w {
			want = w
		}
		want -= want % w
		got, _ := c.Mem.ReadAt(c.rbuf[:want], addr)
		for k := 0; k+w <= got; k += w {
			if isZero(c.rbuf[k : k+w]) {
				return wordCount{words: n}
			}
			n++
		}
		if got < want {
			return wordCount{words: n, unreadable: true}
		}
		addr += uint64(want)
	}
	return wordCount{words: n}
}

func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// envMax bounds the counting of an environment: more pointers than the kernel accepts.
const envMax = 1 << 21

// envpArg is the environment: its size only, unless everything is asked for.
func envpArg(c *Ctx, i int) event.Value {
	addr := c.Arg(i)
	if !c.Abbrev || !c.canFollow(addr) {
		return c.argvV(addr)
	}
	n := c.countWords(addr, envMax)
	if n.words == 0 && n.unreadable {
		return addrV(addr)
	}
	b := strconv.AppendInt(c.Bytes(48)[:0], int64(n.words), 10)
	b = append(b, " var"...)
	if n.words != 1 {
		b = append(b, 's')
	}
	if n.unreadable {
		b = append(b, ", unterminated"...)
	}
	v := addrV(addr)
	v.Note = b
	return v
}

// pidfdGetfdArg is a descriptor of another process.
func pidfdGetfdArg(c *Ctx, i int) event.Value { return intArg(c, i) }

const (
	kcmpFile     = 0
	kcmpEpollTFD = 7
)

func kcmpIdx1(c *Ctx, i int) event.Value {
	switch t := uint32(c.Arg(2)); {
	case t == kcmpFile || t == kcmpEpollTFD:
		return c.fdOfV(int32(c.Arg(0)), int32(c.Arg(i)))
	case xKcmpTypes.Find(uint64(t)) != "":
		return absent()
	}
	return hexV(c.Arg(i))
}

func kcmpIdx2(c *Ctx, i int) event.Value {
	switch t := uint32(c.Arg(2)); {
	case t == kcmpFile:
		return c.fdOfV(int32(c.Arg(1)), int32(c.Arg(i)))
	case t == kcmpEpollTFD:
		return c.ptrV(c.Arg(i), 12, func(c *Ctx, r *Rd) event.Value {
			pid := int32(c.Arg(1))
			efd, tfd, off := c.fdOfV(pid, int32(r.S32())), c.fdOfV(pid, int32(r.S32())), uintV(r.U32())
			return c.Struct(event.F("efd", efd), event.F("tfd", tfd), event.F("toff", off))
		})
	case xKcmpTypes.Find(uint64(t)) != "":
		return absent()
	}
	return hexV(c.Arg(i))
}

// fdOfV is a descriptor of the process pid.
func (c *Ctx) fdOfV(pid, fd int32) event.Value {
	own := c.Task
	c.Task = event.Task{TID: pid, TGID: pid}
	v := c.fdV(fd)
	c.Task = own
	return v
}

package corefile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// layout is how an architecture's core files lie in bytes: struct elf_prstatus and
// elf_prpsinfo of <linux/elfcore.h>.
type layout struct {
	class      elf.Class
	machine    elf.Machine
	word       int // bytes in a long
	ehdr, phdr int // sizes of the headers
	gregs      int // size of NT_PRSTATUS's registers

	prstatus   int // size
	sigpend    int // offsets in it; cursig is 12 everywhere
	pid        int // and then ppid, pgrp, sid
	utime      int // and then stime, cutime, cstime: a struct timeval each
	reg        int
	prpsinfo   int // size
	flag, uid  int // offsets in it
	uidSize    int
	psPID      int
	fname, arg int
}

var layouts = []layout{
	{
		class: elf.ELFCLASS64, machine: elf.EM_X86_64, word: 8, ehdr: 64, phdr: 56, gregs: 216,
		prstatus: 336, sigpend: 16, pid: 32, utime: 48, reg: 112,
		prpsinfo: 136, flag: 8, uid: 16, uidSize: 4, psPID: 24, fname: 40, arg: 56,
	},
	{
		class: elf.ELFCLASS64, machine: elf.EM_AARCH64, word: 8, ehdr: 64, phdr: 56, gregs: 272,
		prstatus: 392, sigpend: 16, pid: 32, utime: 48, reg: 112,
		prpsinfo: 136, flag: 8, uid: 16, uidSize: 4, psPID: 24, fname: 40, arg: 56,
	},
	{
		class: elf.ELFCLASS32, machine: elf.EM_386, word: 4, ehdr: 52, phdr: 32, gregs: 68,
		prstatus: 144, sigpend: 16, pid: 24, utime: 40, reg: 72,
		prpsinfo: 124, flag: 4, uid: 8, uidSize: 2, psPID: 12, fname: 28, arg: 44,
	},
}

const (
	cursig    = 12
	fnameSize = 16
	argsSize  = 80
)

// layoutOf finds the layout by the size of the general registers; nil: none.
func layoutOf(gregs []byte) *layout {
	for i := range layouts {
		if layouts[i].gregs == len(gregs) {
			return &layouts[i]
		}
	}
	return nil
}

// regs is the general registers.
func (t *Thread) regs() []byte {
	for _, r := range t.Regsets {
		if r.Type == ntPRStatus {
			return r.Data
		}
	}
	return nil
}

// uint reads a long; putUint writes one.
func (l *layout) uint(b []byte) uint64 {
	if l.word == 4 {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

func (l *layout) putUint(b []byte, v uint64) {
	if l.word == 4 {
		binary.LittleEndian.PutUint32(b, uint32(v))
		return
	}
	binary.LittleEndian.PutUint64(b, v)
}

// notes makes the notes in the kernel's order: the first thread's status, what is about the
// process, the rest of the first thread, the other threads.
func (p *process) notes() []byte {
	var b []byte
	for i := range p.threads {
		t := &p.threads[i]
		b = note(b, ntPRStatus, p.status(t))
		if i == 0 {
			b = note(b, ntPRPSInfo, p.info())
			if t.Siginfo != nil {
				b = note(b, ntSiginfo, t.Siginfo)
			}
			b = note(b, ntAuxv, p.auxv)
			b = note(b, ntFile, p.files())
		}
		for _, r := range t.Regsets {
			if r.Type != ntPRStatus {
				b = note(b, r.Type, r.Data)
			}
		}
	}
	return b
}

// note appends one note. Whose it is goes by its type: registers that only some machines have
// are the kernel's own.
func note(b []byte, typ uint32, desc []byte) []byte {
	owner := "CORE\x00"
	if typ == ntPRXFPReg || typ >= nt386TLS && typ < ntFile {
		owner = "LINUX\x00"
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(owner)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(desc)))
	b = binary.LittleEndian.AppendUint32(b, typ)
	b = pad(append(b, owner...))
	return pad(append(b, desc...))
}

func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// status is a thread's struct elf_prstatus.
func (p *process) status(t *Thread) []byte {
	b := make([]byte, p.prstatus)
	le := binary.LittleEndian
	// The first thread's, in all: debuggers take any thread's for the process's.
	le.PutUint32(b, uint32(p.threads[0].Signal)) // pr_info.si_signo
	le.PutUint16(b[cursig:], uint16(p.threads[0].Signal))
	own, err := readStat(p.src, fmt.Sprintf("task/%d/", t.TID))
	if err != nil {
		own = p.stat // it has died since
	}
	p.putUint(b[p.sigpend:], own.pending)
	p.putUint(b[p.sigpend+p.word:], own.blocked)
	for i, v := range [...]uint32{uint32(t.TID), uint32(own.ppid), uint32(own.pgrp), uint32(own.sid)} {
		le.PutUint32(b[p.pid+4*i:], v)
	}
	for i, ticks := range own.times {
		at := b[p.utime+2*p.word*i:]
		p.putUint(at, ticks/clockTicks)
		p.putUint(at[p.word:], ticks%clockTicks*(1e6/clockTicks))
	}
	copy(b[p.reg:], t.regs())
	for _, r := range t.Regsets {
		if r.Type == ntPRFPReg {
			le.PutUint32(b[p.reg+p.gregs:], 1) // pr_fpvalid
		}
	}
	return b
}

// clockTicks is USER_HZ, in which procfs tells times.
const clockTicks = 100

// info is the process's struct elf_prpsinfo. Its state is that without a tracer.
func (p *process) info() []byte {
	b := make([]byte, p.prpsinfo)
	le := binary.LittleEndian
	b[1] = 'R'
	b[3] = byte(p.stat.nice)
	p.putUint(b[p.flag:], p.stat.flags)
	for i, id := range [...]uint32{p.stat.uid, p.stat.gid} {
		at := b[p.uid+p.uidSize*i:]
		if p.uidSize == 2 {
			le.PutUint16(at, uint16(id))
		} else {
			le.PutUint32(at, id)
		}
	}
	for i, v := range [...]uint32{uint32(p.stat.pid), uint32(p.stat.ppid), uint32(p.stat.pgrp), uint32(p.stat.sid)} {
		le.PutUint32(b[p.psPID+4*i:], v)
	}
	copy(b[p.fname:p.fname+fnameSize-1], p.stat.comm)
	copy(b[p.arg:p.arg+argsSize-1], p.psargs)
	return b
}

// files is NT_FILE: how many files are mapped, the unit of offsets, where each is, and then
// their names.
func (p *process) files() []byte {
	var n uint64
	var names []byte
	b := make([]byte, 2*p.word)
	for i := range p.maps {
		m := &p.maps[i]
		if !m.file() {
			continue
		}
		n++
		for _, v := range [...]uint64{m.start, m.end, m.offset / p.page} {
			b = append(b, make([]byte, p.word)...)
			p.putUint(b[len(b)-p.word:], v)
		}
		names = append(append(names, m.name...), 0)
	}
	p.putUint(b, n)
	p.putUint(b[p.word:], p.page)
	return append(b, names...)
}

// stat is what is taken from /proc/PID/stat and status.
type stat struct {
	pid, ppid, pgrp, sid int32
	comm                 string
	flags                uint64
	times                [4]uint64 // utime, stime, cutime, cstime, in clock ticks
	nice                 int64
	uid, gid             uint32
	pending, blocked     uint64 // signals
}

// readStat reads both files below dir, "" or "task/TID/"; proc_pid_stat(5), proc_pid_status(5).
func readStat(src Source, dir string) (s stat, err error) {
	b, err := src.File(dir + "stat")
	if err != nil {
		return s, err
	}
	open, shut := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || shut < open {
		return s, fmt.Errorf("core file: %sstat: %q", dir, b)
	}
	s.comm = string(b[open+1 : shut])
	f := strings.Fields(string(b[shut+1:]))
	const nice = 16 // the highest that is used, counted from the state
	if len(f) <= nice {
		return s, fmt.Errorf("core file: %sstat: %q", dir, b)
	}
	num := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
	s.pid = int32(num(strings.TrimSpace(string(b[:open]))))
	s.ppid, s.pgrp, s.sid = int32(num(f[1])), int32(num(f[2])), int32(num(f[3]))
	s.flags = uint64(num(f[6]))
	for i := range s.times {
		s.times[i] = uint64(num(f[11+i]))
	}
	s.nice = num(f[nice])
	if b, err = src.File(dir + "status"); err != nil {
		return s, err
	}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		v, _, _ := strings.Cut(strings.TrimSpace(value), "\t")
		switch key {
		case "Uid":
			s.uid = uint32(num(v))
		case "Gid":
			s.gid = uint32(num(v))
		case "SigPnd":
			s.pending, _ = strconv.ParseUint(v, 16, 64)
		case "SigBlk":
			s.blocked, _ = strconv.ParseUint(v, 16, 64)
		}
	}
	return s, nil
}

// Package corefile writes ELF core files of stopped processes, such as the kernel writes of
// those that die, for gdb, lldb, readelf and file. What goes into one is in core(5); the
// structures are those of <linux/elfcore.h>, <linux/elf.h> and <asm/ptrace.h>.
//
// It reads a process through a Source and touches none itself. It refuses to look into other
// processes that share the memory, and writes no more than the 65,534 mappings that fit into
// a core file's header.
package corefile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gotrace/gotrace/tracer/event"
)

// Source is a process whose threads are stopped, or as good as.
type Source interface {
	event.Memory
	// File is the content of a file below /proc/PID. "smaps" may be missing, since kernels
	// can be built without it: "maps" takes its place.
	File(name string) ([]byte, error)
	// Threads is the threads whose registers are known, the one that the core is about first.
	Threads() ([]Thread, error)
	// Resident finds, in anonymous memory from addr to end, the first run of pages that may
	// hold other than zeros; from is end if there is none.
	Resident(addr, end uint64) (from, to uint64)
}

// Thread is a stopped thread.
type Thread struct {
	TID     int32
	Signal  int    // of the first thread: about to be delivered; 0: none
	Siginfo []byte // of that signal: the kernel's siginfo_t; may be nil
	// Regsets is what PTRACE_GETREGSET gives. NT_PRSTATUS must be there: its size tells the
	// architecture.
	Regsets []Regset
}

// Regset is a set of registers.
type Regset struct {
	Type uint32 // NT_*
	Data []byte
}

// Notes of <linux/elf.h> that hold registers.
const (
	ntPRStatus   = 1
	ntPRFPReg    = 2
	ntPRPSInfo   = 3
	ntAuxv       = 6
	ntFile       = 0x46494c45
	ntSiginfo    = 0x53494749
	ntPRXFPReg   = 0x46e62b7f
	nt386TLS     = 0x200
	ntX86XState  = 0x202
	ntARMTLS     = 0x401
	ntARMSyscall = 0x404
	ntARMSVE     = 0x405
	ntARMPACMask = 0x406
	ntARMTagged  = 0x409
)

// RegsetTypes is the sets of registers that a core file may have. A task has only those of
// its architecture and machine.
var RegsetTypes = []uint32{
	ntPRStatus, ntPRFPReg, ntPRXFPReg, nt386TLS, ntX86XState,
	ntARMTLS, ntARMSyscall, ntARMSVE, ntARMPACMask, ntARMTagged,
}

// Write writes a core file. Of memory it has what /proc/PID/coredump_filter says; pages that
// are zero, or cannot be read, are holes. The error of a w that cannot be written to is
// passed on.
func Write(w io.WriterAt, src Source) error {
	threads, err := src.Threads()
	if err != nil {
		return err
	}
	p, err := readProcess(src, threads)
	if err != nil {
		return err
	}
	notes := p.notes()
	head, end, err := p.header(notes)
	if err != nil {
		return err
	}
	if _, err := w.WriteAt(append(head, notes...), 0); err != nil {
		return err
	}
	c := copier{w: w, src: src, page: p.page, buf: make([]byte, chunk)}
	for i := range p.maps {
		if err := c.copy(&p.maps[i]); err != nil {
			return err
		}
	}
	if c.end < end {
		_, err = w.WriteAt([]byte{0}, int64(end-1))
	}
	return err
}

// process is what is known before memory is written.
type process struct {
	*layout
	page    uint64
	maps    []mapping
	auxv    []byte
	stat    stat
	psargs  []byte
	threads []Thread
	src     Source
}

func readProcess(src Source, threads []Thread) (*process, error) {
	p := &process{src: src}
	for _, t := range threads {
		if l := layoutOf(t.regs()); l != nil && (p.layout == nil || p.layout == l) {
			p.layout = l
			p.threads = append(p.threads, t)
		}
	}
	if p.layout == nil {
		return nil, fmt.Errorf("core file: no registers are known")
	}
	smaps, err := src.File("smaps")
	if err != nil {
		if smaps, err = src.File("maps"); err != nil {
			return nil, err
		}
	}
	p.maps = parseMaps(smaps)
	if p.auxv, err = src.File("auxv"); err != nil {
		return nil, err
	}
	p.page = p.pageSize()
	if p.stat, err = readStat(src, ""); err != nil {
		return nil, err
	}
	args, err := src.File("cmdline")
	if err != nil {
		return nil, err
	}
	p.psargs = bytes.TrimSuffix(bytes.ReplaceAll(args, []byte{0}, []byte{' '}), []byte{' '})
	p.choose(readFilter(src))
	return p, nil
}

// pageSize is AT_PAGESZ of the auxiliary vector; see getauxval(3).
func (p *process) pageSize() uint64 {
	const atPageSize, usual = 6, 4096
	w := p.word
	for b := p.auxv; len(b) >= 2*w; b = b[2*w:] {
		if p.uint(b) == atPageSize {
			return p.uint(b[w:])
		}
	}
	return usual
}

// defaultFilter is the kernel's: anonymous memory, ELF headers, private huge pages.
const defaultFilter = 0x33

func readFilter(src Source) uint64 {
	b, err := src.File("coredump_filter")
	if err != nil {
		return defaultFilter
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 16, 64)
	if err != nil {
		return defaultFilter
	}
	return n
}

// header makes the ELF and program headers, places the mappings in the file, and returns
// where that ends.
func (p *process) header(notes []byte) (head []byte, end uint64, err error) {
	count := len(p.maps) + 1
	if count >= 0xffff { // PN_XNUM
		return nil, 0, fmt.Errorf("core file: too many mappings: %d", len(p.maps))
	}
	size := uint64(p.ehdr + count*p.phdr)
	end = roundUp(size+uint64(len(notes)), p.page)
	for i := range p.maps {
		p.maps[i].at = end
		end += p.maps[i].dump
	}
	var b bytes.Buffer
	p.elfHeader(&b, count)
	p.program(&b, elf.PT_NOTE, 0, size, 0, uint64(len(notes)), 0, 4)
	for i := range p.maps {
		m := &p.maps[i]
		p.program(&b, elf.PT_LOAD, m.prot, m.at, m.start, m.dump, m.end-m.start, p.page)
	}
	return b.Bytes(), end, nil
}

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }

func (p *process) elfHeader(b *bytes.Buffer, phnum int) {
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(p.class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	if p.class == elf.ELFCLASS32 {
		binary.Write(b, binary.LittleEndian, &elf.Header32{
			Ident: ident, Type: uint16(elf.ET_CORE), Machine: uint16(p.machine), Version: uint32(elf.EV_CURRENT),
			Phoff: uint32(p.ehdr), Ehsize: uint16(p.ehdr), Phentsize: uint16(p.phdr), Phnum: uint16(phnum),
		})
		return
	}
	binary.Write(b, binary.LittleEndian, &elf.Header64{
		Ident: ident, Type: uint16(elf.ET_CORE), Machine: uint16(p.machine), Version: uint32(elf.EV_CURRENT),
		Phoff: uint64(p.ehdr), Ehsize: uint16(p.ehdr), Phentsize: uint16(p.phdr), Phnum: uint16(phnum),
	})
}

func (p *process) program(b *bytes.Buffer, typ elf.ProgType, flags elf.ProgFlag, off, addr, filesz, memsz, align uint64) {
	if p.class == elf.ELFCLASS32 {
		binary.Write(b, binary.LittleEndian, &elf.Prog32{
			Type: uint32(typ), Off: uint32(off), Vaddr: uint32(addr),
			Filesz: uint32(filesz), Memsz: uint32(memsz), Flags: uint32(flags), Align: uint32(align),
		})
		return
	}
	binary.Write(b, binary.LittleEndian, &elf.Prog64{
		Type: uint32(typ), Flags: uint32(flags), Off: off, Vaddr: addr, Filesz: filesz, Memsz: memsz, Align: align,
	})
}

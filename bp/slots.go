package bp

import (
	"bytes"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm/step"
	"github.com/gotrace/gotrace/tracer/event"
)

// slots is memory of a process for copies of instructions: what is left of the last page of a
// module's code, and pages that the process was made to map.
type slots struct {
	regions []region
	padded  []uint64 // modules, by their lowest address, whose padding has been taken
	refused bool     // the process may not be made to map anything
}

// region is free from next to end.
type region struct{ next, end uint64 }

func (s slots) copy() slots {
	s.regions, s.padded = slices.Clone(s.regions), slices.Clone(s.padded)
	return s
}

// slotCopy is a slot and what has been written there.
type slotCopy struct {
	slot uint64
	size uint8
	code [step.MaxCode]byte
}

const (
	slotSize   = 32 // step.MaxCode, aligned
	regionSize = 64 << 10
	pageSize   = 4096
	// reach is how far an operand or a jump of 32 bits goes, less what a region takes.
	reach = 1<<31 - 2*regionSize
)

// slot finds room near an address; 0: there is none.
func (e *Engine) slot(sp *space, c event.Tracee, near uint64) uint64 {
	if a := sp.slots.take(near); a != 0 {
		return a
	}
	if sp.pad(near) {
		if a := sp.slots.take(near); a != 0 {
			return a
		}
	}
	if !sp.slots.refused && sp.mapNear(c, near) {
		return sp.slots.take(near)
	}
	return 0
}

func (s *slots) take(near uint64) uint64 {
	for i := range s.regions {
		r := &s.regions[i]
		if far := max(r.next, near) - min(r.next, near); far < reach && r.next+slotSize <= r.end {
			a := r.next
			r.next += slotSize
			return a
		}
	}
	return 0
}

// fill writes a copy to its slot, unless it is there.
func (sp *space) fill(k *slotCopy, p *step.Plan) bool {
	code := p.Code()
	if bytes.Equal(k.code[:k.size], code) {
		return true
	}
	if sp.write(code, k.slot) != nil {
		return false
	}
	k.size = uint8(copy(k.code[:], code))
	return true
}

// pad takes what the last page of code has behind the code of the module at an address.
func (sp *space) pad(addr uint64) bool {
	m := sp.sym.Module(addr)
	if m == nil || m.File == nil || slices.Contains(sp.slots.padded, m.Lo) {
		return false
	}
	sp.slots.padded = append(sp.slots.padded, m.Lo)
	found := false
	for _, p := range m.File.ELF().Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_X == 0 || p.Flags&elf.PF_W != 0 || p.Memsz != p.Filesz {
			continue
		}
		end := p.Vaddr + p.Memsz + m.Bias
		r := region{(end + slotSize - 1) &^ (slotSize - 1), (end + pageSize - 1) &^ (pageSize - 1)}
		if r.next+slotSize <= r.end && sp.sym.Module(r.end-1) == m {
			sp.slots.regions = append(sp.slots.regions, r)
			found = true
		}
	}
	return found
}

// mapNear makes the process map a region. One that has a seccomp filter is not made to: the
// filter might kill it.
func (sp *space) mapNear(c event.Tracee, near uint64) bool {
	sp.slots.refused = true
	if status := readProc(c.ID().TID, "status"); !strings.Contains(status, "\nSeccomp:\t0\n") {
		return false
	}
	at := sp.callSite()
	if at == 0 {
		return false
	}
	name := "mmap"
	if sp.arch == arch.I386 {
		name = "mmap2"
	}
	for _, addr := range sp.gaps(near) {
		got, err := c.Call(at, name, addr, regionSize, unix.PROT_READ|unix.PROT_EXEC,
			unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED_NOREPLACE, ^uint64(0), 0)
		if err != nil {
			return false
		}
		if uint64(got) == addr {
			sp.slots.refused = false
			sp.slots.regions = append(sp.slots.regions, region{addr, addr + regionSize})
			return true
		}
	}
	return false
}

// gaps are addresses near another at which there is room for a region: below what is mapped,
// where neither heap nor stacks grow, the nearest first.
func (sp *space) gaps(near uint64) []uint64 {
	var list []uint64
	end := uint64(1 << 20)
	for line := range strings.Lines(readProc(sp.tid, "maps")) {
		var lo, hi uint64
		if n, _ := fmt.Sscanf(line, "%x-%x", &lo, &hi); n != 2 {
			continue
		}
		if lo >= end+4*regionSize && !strings.Contains(line, "[stack") {
			list = append(list, lo-2*regionSize&^(pageSize-1))
		}
		end = hi
	}
	away := func(a uint64) uint64 { return max(a, near) - min(a, near) }
	list = slices.DeleteFunc(list, func(a uint64) bool { return away(a) >= reach })
	slices.SortFunc(list, func(a, b uint64) int { return int(int64(away(a) - away(b))) })
	return list[:min(len(list), 8)]
}

// calls are the bytes of system call instructions.
var calls = map[*arch.Arch]string{arch.AMD64: "\x0f\x05", arch.I386: "\xcd\x80", arch.ARM64: "\x01\x00\x00\xd4"}

// callSite is the address of a system call instruction; 0: none was found.
func (sp *space) callSite() uint64 {
	for _, m := range slices.Backward(sp.sym.Modules()) {
		for _, p := range m.File.ELF().Progs {
			if p.Type != elf.PT_LOAD || p.Flags&elf.PF_X == 0 {
				continue
			}
			lo := p.Vaddr + m.Bias
			if at := sp.callIn(sp.readCode(make([]byte, min(p.Filesz, maxSearch)), lo), lo); at != 0 {
				return at
			}
		}
	}
	return 0
}

// maxSearch is how many bytes of a module's code are looked at.
const maxSearch = 4 << 20

// callIn is the address of a system call instruction in code at lo, on which there is no breakpoint.
func (sp *space) callIn(code []byte, lo uint64) uint64 {
	call := []byte(calls[sp.arch])
	for i := 0; ; i++ {
		j := bytes.Index(code[i:], call)
		if j < 0 {
			return 0
		}
		i += j
		at := lo + uint64(i)
		if (sp.arch != arch.ARM64 || at%4 == 0) && sp.spots[at] == nil && sp.spots[at+1] == nil {
			return at
		}
	}
}

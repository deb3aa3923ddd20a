package usdt

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
)

// Probe is a static probe of a file. Its addresses are those that nm shows.
type Probe struct {
	Provider, Name string
	PC             uint64 // of the instruction that does nothing
	// Semaphore is a 16-bit word: how many watch the probe; 0: the program does not ask.
	Semaphore uint64
	Args      []Arg
}

func (p *Probe) String() string { return p.Provider + ":" + p.Name }

const (
	section     = ".note.stapsdt"
	baseSection = ".stapsdt.base"
	owner       = "stapsdt"
	version     = 3 // NT_STAPSDT: the only one there is
)

// List reads the probes of a file, in the order of its notes. The error is about the first that
// is malformed, which is left out.
func List(f *symbol.File) ([]Probe, error) {
	e := f.ELF()
	a := symbol.ArchOf(e.Machine)
	if a == nil {
		return nil, nil
	}
	var base uint64
	if s := e.Section(baseSection); s != nil {
		base = s.Addr
	}
	var all []Probe
	var first error
	for n := range f.Notes(section) {
		if n.Name != owner || n.Type != version {
			continue
		}
		p, err := parseNote(n.Desc, e.FileHeader, a, base)
		if err != nil {
			first = errors.Join(first, fmt.Errorf("%s: %w", f.Path(), err))
			continue
		}
		all = append(all, p)
	}
	return all, first
}

var errNote = errors.New("a static probe's note is too short")

// parseNote reads what a note describes: three addresses of the program's size (the place, the
// address that baseSection had when the note was made, the semaphore), then three strings that
// end in zero. What moved the base since then, prelink, has moved the others as far.
func parseNote(desc []byte, h elf.FileHeader, a *arch.Arch, base uint64) (Probe, error) {
	var addr [3]uint64
	for i := range addr {
		if len(desc) < a.PtrSize {
			return Probe{}, errNote
		}
		if a.PtrSize == 4 {
			addr[i] = uint64(h.ByteOrder.Uint32(desc))
		} else {
			addr[i] = h.ByteOrder.Uint64(desc)
		}
		desc = desc[a.PtrSize:]
	}
	var text [3]string
	for i := range text {
		b, rest, ok := bytes.Cut(desc, []byte{0})
		if !ok {
			return Probe{}, errNote
		}
		text[i], desc = string(b), rest
	}
	p := Probe{Provider: text[0], Name: text[1], PC: addr[0], Semaphore: addr[2]}
	if base != 0 && addr[1] != 0 {
		p.PC += base - addr[1]
		if p.Semaphore != 0 {
			p.Semaphore += base - addr[1]
		}
	}
	p.Args = ParseArgs(text[2], a)
	return p, nil
}

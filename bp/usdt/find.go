package usdt

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/tracer/event"
)

// Point is a probe of a process. Addresses are the process's.
type Point struct {
	Addr      uint64
	Semaphore uint64 // 0: none
	Probe     Probe  // as its file has it, but that symbols in arguments are resolved
	Module    *symbol.Module
}

// Args reads the arguments of a task that is at the point.
func (p *Point) Args(r *arch.Regs, m event.Memory) []event.Value {
	all := make([]event.Value, len(p.Probe.Args))
	for i := range p.Probe.Args {
		all[i] = p.Probe.Args[i].value(r, m)
	}
	return all
}

// Pattern names probes.
type Pattern struct{ Module, Provider, Name string }

// ParsePattern reads provider:name, each of which may have the wildcards of path.Match, and may
// be left out for any; before it may be lib!.
func ParsePattern(text string) (Pattern, error) {
	var p Pattern
	rest := text
	if module, after, ok := strings.Cut(text, "!"); ok {
		if p.Module, rest = module, after; module == "" {
			return p, fmt.Errorf("static probe '%s': no library before '!'", text)
		}
	}
	provider, name, ok := strings.Cut(rest, ":")
	if !ok || strings.Contains(name, ":") {
		return p, fmt.Errorf("static probe '%s': want PROVIDER:NAME, as in libstdcxx:throw or python:*", text)
	}
	p.Provider, p.Name = cmp.Or(provider, "*"), cmp.Or(name, "*")
	for _, part := range []string{p.Provider, p.Name} {
		if _, err := path.Match(part, ""); err != nil {
			return p, fmt.Errorf("static probe '%s': invalid pattern '%s'", text, part)
		}
	}
	return p, nil
}

// Match reports whether a probe has the provider and name.
func (p Pattern) Match(probe *Probe) bool {
	provider, _ := path.Match(p.Provider, probe.Provider)
	name, _ := path.Match(p.Name, probe.Name)
	return provider && name
}

// Find finds the probes of a process that a pattern names, see ParsePattern, by address. One
// probe may be at several places. The error is a symbol.ErrNone if there is none.
func Find(space *symbol.Space, pattern string) ([]Point, error) {
	p, err := ParsePattern(pattern)
	if err != nil {
		return nil, err
	}
	var all []Point
	for _, m := range space.Matching(p.Module) {
		probes, _ := List(m.File) // what is malformed is no probe
		for _, probe := range probes {
			if p.Match(&probe) {
				all = append(all, point(space, m, probe))
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("static probe %s: %w", pattern, symbol.ErrNone)
	}
	slices.SortStableFunc(all, func(a, b Point) int { return cmp.Compare(a.Addr, b.Addr) })
	return all, nil
}

func point(space *symbol.Space, m *symbol.Module, probe Probe) Point {
	pt := Point{Addr: probe.PC + m.Bias, Probe: probe, Module: m}
	if probe.Semaphore != 0 {
		pt.Semaphore = probe.Semaphore + m.Bias
	}
	for i := range probe.Args {
		op := &probe.Args[i].op
		if op.sym == "" {
			continue
		}
		found, err := space.Object(symbol.Loc{Module: m.Path, Name: op.sym})
		if err == nil {
			op.disp, op.sym = op.disp+int64(found[0].Addr), ""
		}
	}
	return pt
}

// Memory is that of a process, to be read and written.
type Memory interface {
	event.Memory
	WriteAt(p []byte, addr uint64) (int, error)
}

// Count changes by how many a probe's semaphore says that it is watched: by one when a watcher
// comes, by minus one when it goes. All watchers of a process, this one or others, share it.
func Count(m Memory, semaphore uint64, by int16) error {
	var b [2]byte
	if _, err := m.ReadAt(b[:], semaphore); err != nil {
		return err
	}
	binary.LittleEndian.PutUint16(b[:], binary.LittleEndian.Uint16(b[:])+uint16(by))
	_, err := m.WriteAt(b[:], semaphore)
	return err
}

package perf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
	"github.com/gotrace/gotrace/tracer/ptrace"
)

// ReturnSuffix, behind its place, makes a uprobe one of the return from a function, as perf-probe(1) writes it.
const ReturnSuffix = "%return"

// Spot is a place in a process, and in the file that is mapped there.
type Spot struct {
	Addr  uint64
	Path  string // by which this process reaches the file
	Off   uint64 // in the file
	Ref   uint64 // offset in the file of a 16-bit word that is not zero while the place is watched; 0: none
	Place event.Place
}

// filePlace is what the kernel is told of a spot.
type filePlace struct {
	path     string
	off, ref uint64
	ret      bool
}

// placeKey is where a task's uprobe is: at an address, or at the return from the function there.
type placeKey struct {
	addr uint64
	ret  bool
}

// place is a uprobe of a task. Where several rules have one place, its event is one.
type place struct {
	probes []event.Probe
	place  event.Place
}

// uprobes is the places that the kernel knows of, for all tasks. With tracefs many places are
// one event of the kernel's, which tasks share: to open it for a task costs the kernel 20 us,
// and when the last one has gone it waits once, for up to 100 ms, until no CPU is in it. Without
// tracefs each place of each task is an event of its own, with that wait.
type uprobes struct {
	looked bool
	dir    string // of tracefs; "": it cannot be used
	typ    uint32 // of events without it
	made   int
	known  map[filePlace]*definition
	code   map[codePlace][codeLen]byte // that was looked at
}

// codePlace is a place in a file.
type codePlace struct {
	path string
	off  uint64
}

// codeLen is how many bytes of code are looked at.
const codeLen = 6

// definition is an event of the kernel's.
type definition struct {
	attr   unix.PerfEventAttr
	path   string // of an event without tracefs
	name   string // of one with it
	keeper int    // keeps it registered while no task has it; -1: nothing does
	places []filePlace
	bad    bool // the instruction cannot be watched
	// doubtful: what cannot be watched is not one of the places, but all.
	doubtful bool
}

// fewPlaces is how many places are watched without tracefs.
const fewPlaces = 64

const (
	// retProbe is bit 0 of the number of an event without tracefs, refShift where the offset of
	// its counter is; see /sys/bus/event_source/devices/uprobe/format.
	retProbe = 1
	refShift = 32
)

// locate adds the places of a uprobe to those of a task.
func (s *Source) locate(places map[placeKey]*place, files map[filePlace]bool, t event.Task, p event.Probe) error {
	if s.cfg.Locate == nil {
		return nil
	}
	loc, ret := strings.CutSuffix(p.Loc, ReturnSuffix)
	spots, err := s.cfg.Locate(t, loc)
	if err != nil {
		return &Error{Probe: p, Err: err}
	}
	for _, spot := range spots {
		skip := s.uprobes.landingPad(spot)
		spot.Addr, spot.Off = spot.Addr+skip, spot.Off+skip
		k := placeKey{spot.Addr, ret}
		if pl := places[k]; pl != nil {
			pl.probes = append(pl.probes, p)
			continue
		}
		places[k] = &place{probes: []event.Probe{p}, place: spot.Place}
		files[filePlace{spot.Path, spot.Off, spot.Ref, ret}] = len(spots) > 1
	}
	return nil
}

// define returns the events of places, and makes those that are missing. The error is a Reason's.
func (u *uprobes) define(files map[filePlace]bool) ([]*definition, *Error) {
	u.look()
	var defs []*definition
	missing := make(map[group][]filePlace)
	for f := range files {
		switch d := u.known[f]; {
		case d == nil:
			g := group{ret: f.ret, doubtful: u.doubtful(f)}
			missing[g] = append(missing[g], f)
		case !slices.Contains(defs, d):
			defs = append(defs, d)
		}
	}
	for g, m := range missing {
		made, err := u.add(m, g.doubtful)
		if err != nil {
			return defs, err
		}
		defs = append(defs, made...)
	}
	return defs, nil
}

// group is places that may be one event.
type group struct{ ret, doubtful bool }

// doubtful reports whether the kernel may refuse to watch a place: on x86 it does so where the
// instruction has a VEX or EVEX prefix, one of a segment, or lock.
func (u *uprobes) doubtful(f filePlace) bool {
	b := u.read(f.path, f.off)
	return ptrace.Native != arch.ARM64 && bytes.IndexByte([]byte{0xc4, 0xc5, 0x62, 0x26, 0x2e, 0x36, 0x3e, 0xf0}, b[0]) >= 0
}

// landingPad is the length of an endbr64 at a spot which is better watched behind it: where the
// kernel emulates the instruction that follows, a push of a register, the task does not have to
// be stepped over one, which takes ten times as long.
func (u *uprobes) landingPad(s Spot) uint64 {
	const endbr = 4
	b := u.read(s.Path, s.Off)
	if ptrace.Native == arch.ARM64 || string(b[:endbr]) != "\xf3\x0f\x1e\xfa" {
		return 0
	}
	if push := b[endbr:]; push[0]&^7 == 0x50 || push[0] == 0x41 && push[1]&^7 == 0x50 {
		return endbr
	}
	return 0
}

// read is the code at a place in a file; zeros where it cannot be read.
func (u *uprobes) read(path string, off uint64) (b [codeLen]byte) {
	at := codePlace{path, off}
	if b, ok := u.code[at]; ok {
		return b
	}
	if f, err := os.Open(path); err == nil {
		f.ReadAt(b[:], int64(off)) // what is behind the end is zero
		f.Close()
	}
	if u.code == nil {
		u.code = make(map[codePlace][codeLen]byte)
	}
	u.code[at] = b
	return b
}

// look finds out once by which way places are told.
func (u *uprobes) look() {
	if u.looked {
		return
	}
	u.looked, u.known = true, make(map[filePlace]*definition)
	for _, dir := range tracefs {
		if unix.Access(filepath.Join(dir, "uprobe_events"), unix.W_OK) == nil {
			u.dir = dir
			u.sweep()
			return
		}
	}
}

// groupPrefix and a process's id are the name under which tracefs has that process's events.
const groupPrefix = "gotrace_"

// sweep removes what processes have left that died.
func (u *uprobes) sweep() {
	b, _ := os.ReadFile(filepath.Join(u.dir, "uprobe_events"))
	for line := range strings.Lines(string(b)) {
		name, _, _ := strings.Cut(line, " ")
		_, name, _ = strings.Cut(name, ":")
		group, _, _ := strings.Cut(name, "/")
		pid, err := strconv.Atoi(strings.TrimPrefix(group, groupPrefix))
		if strings.HasPrefix(group, groupPrefix) && err == nil && (pid == os.Getpid() || unix.Kill(pid, 0) == unix.ESRCH) {
			u.command("-:" + name)
		}
	}
}

// command writes a line to uprobe_events; see Documentation/trace/uprobetracer.rst.
func (u *uprobes) command(line string) error {
	f, err := os.OpenFile(filepath.Join(u.dir, "uprobe_events"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	return err
}

// add makes events for places of a group.
func (u *uprobes) add(all []filePlace, doubtful bool) ([]*definition, *Error) {
	if u.dir != "" && !slices.ContainsFunc(all, odd) {
		if d, err := u.share(all); err == nil {
			d.doubtful = doubtful
			return []*definition{d}, nil
		}
	}
	if len(all) > fewPlaces {
		return nil, &Error{Reason: TooMany, Err: fmt.Errorf("%d places", len(all))}
	}
	if u.typ == 0 {
		b, err := os.ReadFile("/sys/bus/event_source/devices/uprobe/type")
		n, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 32)
		if err != nil || n == 0 {
			return nil, &Error{Reason: NoUprobes, Err: err}
		}
		u.typ = uint32(n)
	}
	var defs []*definition
	for _, f := range all {
		d := &definition{path: f.path, keeper: -1, places: []filePlace{f}}
		d.attr = unix.PerfEventAttr{Type: u.typ, Ext2: f.off, Config: f.ref << refShift}
		if f.ret {
			d.attr.Config |= retProbe
		}
		u.known[f] = d
		defs = append(defs, d)
	}
	return defs, nil
}

// odd reports whether a path cannot be written in a line of uprobe_events.
func odd(f filePlace) bool { return strings.ContainsAny(f.path, " \t\r\n\v\f#:()\\\"'") }

// share makes one event of places, with tracefs.
func (u *uprobes) share(all []filePlace) (*definition, error) {
	u.made++
	d := &definition{name: fmt.Sprintf("%s%d/e%d", groupPrefix, os.Getpid(), u.made), places: all, keeper: -1}
	how := 'p'
	if all[0].ret {
		how = 'r'
	}
	err := error(nil)
	for _, f := range all {
		line := fmt.Sprintf("%c:%s %s:%#x", how, d.name, f.path, f.off)
		if f.ref != 0 {
			line += fmt.Sprintf("(%#x)", f.ref)
		}
		if err = u.command(line); err != nil {
			break
		}
	}
	var id uint64
	if err == nil {
		id, err = number(filepath.Join(u.dir, "events", d.name, "id"))
	}
	if err == nil {
		d.attr = unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id}
		d.keeper, err = ptrace.PerfOpen(unix.PerfEventAttr{Type: d.attr.Type, Config: id, Sample: 1, Bits: unix.PerfBitDisabled}, "", 0)
	}
	if err != nil {
		u.command("-:" + d.name)
		return nil, err
	}
	for _, f := range all {
		u.known[f] = d
	}
	return d, nil
}

// number reads a file that is one.
func number(path string) (uint64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
}

// split makes two events of one with an instruction that cannot be watched. A single place, and
// doubtful ones, are left out.
func (u *uprobes) split(d *definition) []*definition {
	if len(d.places) == 1 || d.doubtful {
		d.bad = true
		return nil
	}
	u.drop(d)
	var defs []*definition
	half := len(d.places) / 2
	for _, part := range [][]filePlace{d.places[:half], d.places[half:]} {
		made, err := u.add(part, false)
		if err == nil {
			defs = append(defs, made...)
		}
	}
	return defs
}

func (u *uprobes) drop(d *definition) {
	if d.keeper >= 0 {
		unix.Close(d.keeper)
		u.command("-:" + d.name)
	}
}

// close makes the kernel forget all places. The kernel waits for each event, so they go at once.
func (u *uprobes) close() {
	var wait sync.WaitGroup
	seen := make(map[*definition]bool)
	for _, d := range u.known {
		if !seen[d] {
			seen[d] = true
			wait.Go(func() { u.drop(d) })
		}
	}
	wait.Wait()
	*u = uprobes{}
}

// armUprobe begins to watch the places of an event, but for those that cannot be watched. many
// says of which that may be so without an error.
func (s *Source) armUprobe(k *task, d *definition, many map[filePlace]bool, p event.Probe) error {
	if d.bad {
		return nil
	}
	err := s.arm(k, key{def: d}, &armed{probes: []event.Probe{p}, def: d})
	if !errors.Is(err, errNotSupported) {
		return err
	}
	if len(d.places) == 1 && !many[d.places[0]] {
		d.bad = true
		return &Error{Probe: p, Reason: BadPlace, Err: err}
	}
	var errs []error
	for _, part := range s.uprobes.split(d) {
		errs = append(errs, s.armUprobe(k, part, many, p))
	}
	return errors.Join(errs...)
}

// errNotSupported is ENOTSUPP, which the kernel keeps to itself but for a few cases such as this.
const errNotSupported = unix.Errno(524)

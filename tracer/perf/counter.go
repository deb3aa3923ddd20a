package perf

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

// counter is what the kernel is to be told of a probe.
type counter struct {
	attr unix.PerfEventAttr
	// kernel: it counts in the kernel only, and is nothing without permission for that.
	kernel bool
	// plain: without modifiers; what is not permitted may be left out.
	plain bool
}

const (
	cgroupSwitches = 11 // PERF_COUNT_SW_CGROUP_SWITCHES, Linux 5.13
	onlyUser       = unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv
)

type named struct {
	name, alias string
	config      uint64
}

// softwareCounters and hardwareCounters have the names that perf(1) lists.
var softwareCounters = []named{
	{"cpu-clock", "", unix.PERF_COUNT_SW_CPU_CLOCK},
	{"task-clock", "", unix.PERF_COUNT_SW_TASK_CLOCK},
	{"page-faults", "faults", unix.PERF_COUNT_SW_PAGE_FAULTS},
	{"minor-faults", "", unix.PERF_COUNT_SW_PAGE_FAULTS_MIN},
	{"major-faults", "", unix.PERF_COUNT_SW_PAGE_FAULTS_MAJ},
	{"context-switches", "cs", unix.PERF_COUNT_SW_CONTEXT_SWITCHES},
	{"cpu-migrations", "migrations", unix.PERF_COUNT_SW_CPU_MIGRATIONS},
	{"alignment-faults", "", unix.PERF_COUNT_SW_ALIGNMENT_FAULTS},
	{"emulation-faults", "", unix.PERF_COUNT_SW_EMULATION_FAULTS},
	{"cgroup-switches", "", cgroupSwitches},
}

var hardwareCounters = []named{
	{"cycles", "cpu-cycles", unix.PERF_COUNT_HW_CPU_CYCLES},
	{"instructions", "", unix.PERF_COUNT_HW_INSTRUCTIONS},
	{"cache-references", "", unix.PERF_COUNT_HW_CACHE_REFERENCES},
	{"cache-misses", "", unix.PERF_COUNT_HW_CACHE_MISSES},
	{"branches", "branch-instructions", unix.PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
	{"branch-misses", "", unix.PERF_COUNT_HW_BRANCH_MISSES},
	{"bus-cycles", "", unix.PERF_COUNT_HW_BUS_CYCLES},
	{"stalled-cycles-frontend", "idle-cycles-frontend", unix.PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
	{"stalled-cycles-backend", "idle-cycles-backend", unix.PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
	{"ref-cycles", "", unix.PERF_COUNT_HW_REF_CPU_CYCLES},
}

// caches and cacheUses make the names of cache counters: L1-dcache-load-misses. A counter's
// number is cache | use.
var caches = []named{
	{"L1-dcache", "", unix.PERF_COUNT_HW_CACHE_L1D},
	{"L1-icache", "", unix.PERF_COUNT_HW_CACHE_L1I},
	{"LLC", "", unix.PERF_COUNT_HW_CACHE_LL},
	{"dTLB", "", unix.PERF_COUNT_HW_CACHE_DTLB},
	{"iTLB", "", unix.PERF_COUNT_HW_CACHE_ITLB},
	{"branch", "", unix.PERF_COUNT_HW_CACHE_BPU},
	{"node", "", unix.PERF_COUNT_HW_CACHE_NODE},
}

const (
	cacheWrite    = unix.PERF_COUNT_HW_CACHE_OP_WRITE << 8
	cachePrefetch = unix.PERF_COUNT_HW_CACHE_OP_PREFETCH << 8
	cacheMiss     = unix.PERF_COUNT_HW_CACHE_RESULT_MISS << 16
)

var cacheUses = []named{
	{"-loads", "", 0},
	{"-load-misses", "", cacheMiss},
	{"-stores", "", cacheWrite},
	{"-store-misses", "", cacheWrite | cacheMiss},
	{"-prefetches", "", cachePrefetch},
	{"-prefetch-misses", "", cachePrefetch | cacheMiss},
}

// Names lists the counters that have names of their own, whether the machine has them or not.
func Names() []string {
	var all []string
	for _, table := range [][]named{softwareCounters, hardwareCounters} {
		for _, n := range table {
			all = append(all, n.name)
			if n.alias != "" {
				all = append(all, n.alias)
			}
		}
	}
	for _, c := range caches {
		for _, u := range cacheUses {
			all = append(all, c.name+u.name)
		}
	}
	return all
}

func lookup(table []named, name string) (uint64, bool) {
	for _, n := range table {
		if name != "" && (n.name == name || n.alias == name) {
			return n.config, true
		}
	}
	return 0, false
}

func lookupCache(name string) (uint64, bool) {
	for _, c := range caches {
		if use, ok := strings.CutPrefix(name, c.name); ok {
			if config, ok := lookup(cacheUses, use); ok {
				return c.config | config, true
			}
		}
	}
	return 0, false
}

// parseCounter reads a counter's name: one of Names, rHEX for a number of the processor's
// manual, or SUBSYSTEM:NAME for a tracepoint; behind it may be a colon and modifiers as of
// perf-list(1): u, k and h for what is counted in, up to three p for precision.
func parseCounter(p event.Probe) (counter, error) {
	var c counter
	name, modifiers := p.Loc, ""
	base, rest, _ := strings.Cut(name, ":")
	c.attr.Type, c.attr.Config = numbered(base)
	switch {
	case c.attr.Type != noType:
		name, modifiers = base, rest
	case rest == "":
		return c, &Error{Probe: p, Reason: Unknown}
	default:
		event, mods, _ := strings.Cut(rest, ":")
		id, err := tracepoint(base, event)
		if err != nil {
			return c, &Error{Probe: p, Reason: err.reason, Err: err.err}
		}
		c.attr.Type, c.attr.Config, modifiers, c.kernel = unix.PERF_TYPE_TRACEPOINT, id, mods, true
	}
	c.kernel = c.kernel || slices.Contains(kernelOnly, name)
	if !c.modify(modifiers) {
		return c, &Error{Probe: p, Reason: BadModifier}
	}
	c.attr.Sample = p.Period
	if p.Rate != 0 {
		c.attr.Sample = p.Rate
		c.attr.Bits |= unix.PerfBitFreq
	}
	return c, nil
}

// kernelOnly are the counters of what happens in the kernel.
var kernelOnly = []string{"context-switches", "cs", "cpu-migrations", "migrations", "cgroup-switches"}

const noType = ^uint32(0)

// numbered is the type and number of a counter that is no tracepoint.
func numbered(name string) (uint32, uint64) {
	if config, ok := lookup(softwareCounters, name); ok {
		return unix.PERF_TYPE_SOFTWARE, config
	}
	if config, ok := lookup(hardwareCounters, name); ok {
		return unix.PERF_TYPE_HARDWARE, config
	}
	if config, ok := lookupCache(name); ok {
		return unix.PERF_TYPE_HW_CACHE, config
	}
	if hex, ok := strings.CutPrefix(name, "r"); ok {
		if config, err := strconv.ParseUint(hex, 16, 64); err == nil {
			return unix.PERF_TYPE_RAW, config
		}
	}
	return noType, 0
}

// modify applies modifiers, and reports whether they are some. Without u, k and h all that is
// permitted is counted.
func (c *counter) modify(modifiers string) bool {
	var in uint64
	precise := uint64(0)
	for _, m := range modifiers {
		switch m {
		case 'u':
			in |= unix.PerfBitExcludeUser
		case 'k':
			in |= unix.PerfBitExcludeKernel
		case 'h':
			in |= unix.PerfBitExcludeHv
		case 'p':
			precise++
		default:
			return false
		}
	}
	c.plain = in == 0
	if in != 0 {
		c.attr.Bits |= (unix.PerfBitExcludeUser | onlyUser) &^ in
	}
	c.attr.Bits |= precise * unix.PerfBitPreciseIPBit1
	return precise <= 3
}

// tracefs is where the kernel's tracing files may be mounted.
var tracefs = []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}

type tracepointError struct {
	reason Reason
	err    error
}

// tracepoint is the number of a tracepoint.
func tracepoint(subsystem, name string) (uint64, *tracepointError) {
	for _, part := range []string{subsystem, name} {
		if part == "" || strings.Contains(part, "/") || strings.HasPrefix(part, ".") {
			return 0, &tracepointError{reason: Unknown}
		}
	}
	for _, dir := range tracefs {
		if _, err := os.Stat(filepath.Join(dir, "events")); err != nil {
			continue
		}
		id, err := number(filepath.Join(dir, "events", subsystem, name, "id"))
		switch {
		case os.IsPermission(err):
			return 0, &tracepointError{NotPermitted, err}
		case err != nil:
			return 0, &tracepointError{Unknown, err}
		}
		return id, nil
	}
	return 0, &tracepointError{reason: NoTracefs}
}

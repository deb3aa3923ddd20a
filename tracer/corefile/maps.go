package corefile

import (
	"bytes"
	"debug/elf"
	"strconv"
	"strings"
)

// mapping is a line of /proc/PID/maps with what smaps adds.
type mapping struct {
	start, end uint64
	prot       elf.ProgFlag
	shared     bool
	offset     uint64 // in the file
	name       string // of the file, or in brackets
	// From smaps; without it they are what the line allows for.
	modified bool     // has pages that are the process's own
	flags    []string // VmFlags of proc_pid_smaps(5)

	dump uint64 // bytes that go into the core file
	at   uint64 // and where to
}

// file reports whether a file is mapped.
func (m *mapping) file() bool { return m.name != "" && m.name[0] != '[' }

// anonymous reports whether pages that are not there are zero.
func (m *mapping) anonymous() bool { return !m.file() && !m.shared && !m.special() }

// special is memory that the kernel lends: its code for user programs.
func (m *mapping) special() bool { return m.name == "[vdso]" || m.name == "[sigpage]" }

func (m *mapping) has(flag string) bool {
	for _, f := range m.flags {
		if f == flag {
			return true
		}
	}
	return false
}

// parseMaps reads /proc/PID/smaps or maps.
func parseMaps(text []byte) []mapping {
	var maps []mapping
	for line := range bytes.Lines(text) {
		s := strings.TrimSuffix(string(line), "\n")
		if m, ok := parseMapping(s); ok {
			maps = append(maps, m)
			continue
		}
		key, value, ok := strings.Cut(s, ":")
		if !ok || len(maps) == 0 {
			continue
		}
		m := &maps[len(maps)-1]
		switch key {
		case "Size": // the first: this is smaps
			m.modified = false
		case "Anonymous", "Swap":
			m.modified = m.modified || strings.TrimSpace(value) != "0 kB"
		case "VmFlags":
			m.flags = strings.Fields(value)
			m.shared = m.has("sh")
		}
	}
	return maps
}

// parseMapping reads "start-end perms offset dev inode name".
func parseMapping(s string) (m mapping, ok bool) {
	var f [5]string
	for i := range f {
		if f[i], s, ok = strings.Cut(strings.TrimLeft(s, " "), " "); !ok && i < 4 {
			return m, false
		}
	}
	lo, hi, ok := strings.Cut(f[0], "-")
	if !ok || len(f[1]) < 4 {
		return m, false
	}
	var err [3]error
	m.start, err[0] = strconv.ParseUint(lo, 16, 64)
	m.end, err[1] = strconv.ParseUint(hi, 16, 64)
	m.offset, err[2] = strconv.ParseUint(f[2], 16, 64)
	if err != [3]error{} || m.end < m.start {
		return m, false
	}
	for i, flag := range [...]elf.ProgFlag{elf.PF_R, elf.PF_W, elf.PF_X} {
		if f[1][i] == "rwx"[i] {
			m.prot |= flag
		}
	}
	m.shared = f[1][3] == 's'
	m.name = strings.ReplaceAll(strings.TrimLeft(s, " "), `\012`, "\n")
	m.modified = !m.file() || m.prot&elf.PF_W != 0
	return m, true
}

// The bits of coredump_filter; core(5).
const (
	privateAnonymous = 1 << iota
	sharedAnonymous
	privateFile
	sharedFile
	elfHeaders
	privateHuge
	sharedHuge
)

// choose says how much of each mapping goes into the core file.
func (p *process) choose(filter uint64) {
	for i := range p.maps {
		m := &p.maps[i]
		switch {
		case p.whole(m, filter):
			m.dump = m.end - m.start
		case filter&elfHeaders != 0 && p.hasELFHeader(m):
			m.dump = min(p.page, m.end-m.start)
		}
	}
}

// whole reports whether all of a mapping is written.
func (p *process) whole(m *mapping, filter uint64) bool {
	deleted := strings.HasSuffix(m.name, " (deleted)")
	switch {
	case m.special():
		return true
	case m.start >= 1<<63, strings.HasPrefix(m.name, "[vvar"):
		return false // [vsyscall] and the kernel's data: not the process's to read
	case m.has("dd"), m.has("io"):
		return false // MADV_DONTDUMP, devices
	case m.has("ht"):
		return filter&privateHuge != 0 && !m.shared || filter&sharedHuge != 0 && m.shared
	case m.shared && (deleted || !m.file()):
		return filter&sharedAnonymous != 0
	case m.shared:
		return filter&sharedFile != 0
	case m.modified && filter&privateAnonymous != 0:
		return true
	}
	return m.file() && filter&privateFile != 0
}

// hasELFHeader reports whether a mapping is the beginning of a program or library.
func (p *process) hasELFHeader(m *mapping) bool {
	if !m.file() || m.shared || m.offset != 0 || m.prot&elf.PF_R == 0 || m.has("io") {
		return false
	}
	var b [len(elf.ELFMAG)]byte
	n, _ := p.src.ReadAt(b[:], m.start)
	return n == len(b) && string(b[:]) == elf.ELFMAG
}

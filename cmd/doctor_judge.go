package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/ptrace"
)

// machine is what the files of a system say, and what was tried on it.
type machine struct {
	fsys fs.FS
	caps uint64 // of this process, a bit each
	p    *ptrace.Probes
}

// diagnose judges a system by its files, below the root directory fsys, and by trials.
func diagnose(fsys fs.FS, p *ptrace.Probes) *diagnosis {
	m := machine{fsys: fsys, p: p}
	m.caps, _ = strconv.ParseUint(m.status("CapEff"), 16, 64)
	return &diagnosis{
		Version:  1,
		CanTrace: p.Launch == nil && p.SyscallInfo == nil,
		Now: []finding{
			m.kernel(), m.self(), m.capabilities(), m.launch(), m.attach(), m.memory(), m.seccomp(), m.ia32(),
			m.perf(), m.counters(), m.uprobe(), m.tracefs(),
		},
		Planned: []finding{
			m.setSyscall(), m.notify(), m.step(), m.debugRegisters(), m.perfBreakpoint(), m.ebpf(),
		},
	}
}

// read returns a file without its last newline, or "" if there is none.
func (m *machine) read(name string) string {
	b, err := fs.ReadFile(m.fsys, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// status returns a field of the status of this process.
func (m *machine) status(name string) string { return field(m.read("proc/self/status"), name) }

// field returns a field of a status file.
func field(status, name string) string {
	for line := range strings.Lines(status) {
		if n, value, ok := strings.Cut(line, ":"); ok && n == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (m *machine) exists(name string) bool {
	_, err := fs.Stat(m.fsys, name)
	return err == nil
}

func (m *machine) can(capability uint) bool { return m.caps>>capability&1 != 0 }

// container names what this process runs inside, or is "".
func (m *machine) container() string {
	switch {
	case m.exists(".dockerenv"):
		return "a Docker container"
	case m.exists("run/.containerenv"):
		return "a Podman container"
	case strings.Contains(m.read("proc/1/cgroup"), "/kubepods"):
		return "a Kubernetes container"
	}
	return ""
}

// userNamespace reports whether this process's root is not the machine's.
func (m *machine) userNamespace() bool {
	f := strings.Fields(m.read("proc/self/uid_map"))
	return len(f) >= 3 && (f[0] != "0" || f[1] != "0" || f[2] != "4294967295")
}

// fixContainer is how to start a container in which more is permitted.
const fixContainer = "start the container with --cap-add SYS_PTRACE, and with --security-opt seccomp=unconfined if that is not enough"

// kernel: PTRACE_GET_SYSCALL_INFO is there since 5.3.
func (m *machine) kernel() finding {
	f := finding{Name: "kernel", State: stateOK, Why: m.read("proc/sys/kernel/osrelease")}
	var major, minor int
	if n, _ := fmt.Sscanf(f.Why, "%d.%d", &major, &minor); n < 2 {
		f.State, f.Why = stateUnknown, "no version in /proc/sys/kernel/osrelease"
	} else if major < 5 || major == 5 && minor < 3 {
		f.State, f.Means, f.Fix = stateNo, "it cannot describe a system call to a tracer", "use Linux 5.3 or later"
	}
	return f
}

// self: where this process runs, and what it has inherited.
func (m *machine) self() finding {
	f := finding{Name: "this process", State: stateOK}
	var why []string
	if c := m.container(); c != "" {
		why = append(why, "in "+c)
	}
	if m.userNamespace() {
		why = append(why, "in a user namespace")
	}
	if n := m.status("TracerPid"); n != "" && n != "0" {
		f.State = stateLimited
		f.Means = "what it starts may be traced by process " + n + " and then not by gotrace"
		why = append(why, "traced by process "+n)
	}
	if m.status("Seccomp") == "2" {
		f.State = stateLimited
		why = append(why, "under a seccomp filter")
		f.Means = "calls may fail that would work outside, here and in traced programs"
		f.Fix = m.inContainer("start the container with --security-opt seccomp=unconfined", "")
	}
	if m.status("NoNewPrivs") == "1" {
		f.State = stateLimited
		why = append(why, "without new privileges")
		if f.Means != "" {
			f.Means += "; "
		}
		f.Means += "set-user-ID programs run with the rights of their caller"
		if f.Fix == "" {
			f.Fix = m.inContainer("start the container without --security-opt no-new-privileges", "start it from a process that has not set no_new_privs")
		}
	}
	if f.Why = strings.Join(why, ", "); f.Why == "" {
		f.Why = "no container, no filter, not traced"
	}
	return f
}

func (m *machine) capabilities() finding {
	names := []struct {
		bit  uint
		name string
	}{{unix.CAP_SYS_PTRACE, "SYS_PTRACE"}, {unix.CAP_SYS_ADMIN, "SYS_ADMIN"}, {unix.CAP_PERFMON, "PERFMON"}, {unix.CAP_BPF, "BPF"}}
	var have, lack []string
	for _, c := range names {
		if m.can(c.bit) {
			have = append(have, c.name)
		} else {
			lack = append(lack, c.name)
		}
	}
	f := finding{Name: "capabilities", State: stateOK, Why: "have " + strings.Join(have, ", ")}
	if len(lack) > 0 {
		f.State, f.Why = stateLimited, "have "+strings.Join(have, ", ")+"; lack "+strings.Join(lack, ", ")
		if len(have) == 0 {
			f.State, f.Why = stateNo, "lack "+strings.Join(lack, ", ")
		}
		f.Means = "SYS_PTRACE: trace other users' processes; SYS_ADMIN: all below; PERFMON: perf events; BPF: eBPF"
		f.Fix = "run as root, or: setcap cap_sys_ptrace,cap_perfmon,cap_bpf+ep gotrace"
		if m.container() != "" {
			f.Fix = "start the container with --cap-add " + strings.Join(lack, " --cap-add ")
		}
	}
	return f
}

// launch: children can be traced, unless a filter or a security module forbids it.
func (m *machine) launch() finding {
	err := m.p.Launch
	if err == nil {
		err = m.p.SyscallInfo
	}
	f := outcome("trace own programs", err, "a child was seized and its system calls seen", "nothing can be traced", "")
	if f.State != stateNo {
		return f
	}
	switch {
	case m.yama() == "3":
		f.Fix = fixYama3
	case m.status("Seccomp") == "2" || m.container() != "":
		f.Fix = fixContainer
	default:
		f.Fix = "look whether a security module or a sandbox forbids ptrace"
	}
	return f
}

func (m *machine) yama() string { return m.read("proc/sys/kernel/yama/ptrace_scope") }

const (
	fixYama  = "run as root, or: sysctl kernel.yama.ptrace_scope=0"
	fixYama3 = "remove kernel.yama.ptrace_scope=3 from /etc/sysctl.d and boot again: it cannot be lowered before"
)

// attach: a process that is no descendant was seized; Yama's ptrace_scope may forbid that.
func (m *machine) attach() finding {
	f := outcome("attach with -p", m.p.Foreign, "a process that is no descendant was seized", "gotrace -p PID fails", "")
	scope := m.yama()
	if f.State == stateNo {
		switch {
		case scope == "3":
			f.Why, f.Fix = "kernel.yama.ptrace_scope is 3: nobody may", fixYama3
		case scope == "2":
			f.Why, f.Fix = "kernel.yama.ptrace_scope is 2: only with CAP_SYS_PTRACE", fixYama
		case scope == "1":
			f.Why, f.Fix = "kernel.yama.ptrace_scope is 1: own descendants only", fixYama
		case m.container() != "":
			f.Fix = fixContainer
		default:
			f.Fix = "run as root"
		}
		return f
	}
	if f.State == stateOK && !m.can(unix.CAP_SYS_PTRACE) {
		f.State = stateLimited
		f.Means = "gotrace -p works on processes of the same user, not on others' and not on set-user-ID programs"
		f.Fix = "run as root for the others"
	}
	return f
}

func (m *machine) memory() finding {
	return outcome("read memory", m.p.Memory, "process_vm_readv works",
		"strings and structures are read word by word, slowly", m.inContainer(fixContainer, "use a kernel with CONFIG_CROSS_MEMORY_ATTACH"))
}

func (m *machine) seccomp() finding {
	return outcome("seccomp filters", m.p.SeccompTrace, "a filter stopped a child: calls of no interest can be let through",
		"every call stops, also those that a filter would spare", m.inContainer(fixContainer, "use a kernel with CONFIG_SECCOMP_FILTER"))
}

func (m *machine) inContainer(inside, outside string) string {
	if m.container() != "" {
		return inside
	}
	return outside
}

func (m *machine) ia32() finding {
	f := outcome("32-bit programs", m.p.IA32, "one was executed", "they cannot run here, so they cannot be traced",
		"use a kernel with CONFIG_IA32_EMULATION, not booted with ia32_emulation=0")
	if f.State == stateNo {
		f.State = stateLimited
		f.Why = "the kernel does not execute them: " + f.Why
	}
	return f
}

func (m *machine) setSyscall() finding {
	return outcome("change calls", m.p.SetSyscallInfo, "PTRACE_SET_SYSCALL_INFO works",
		"injections write registers instead", "use Linux 6.16 or later")
}

func (m *machine) notify() finding {
	return outcome("seccomp notification", m.p.SeccompNotify, "SECCOMP_RET_USER_NOTIF is there",
		"calls cannot be answered without stopping their task", "use Linux 5.0 or later")
}

func (m *machine) step() finding {
	return outcome("single steps", m.p.Step, "one instruction was stepped", "no instruction traces", "use a processor or machine monitor with single steps")
}

func (m *machine) debugRegisters() finding {
	f := outcome("debug registers", m.p.Watch, "a hardware breakpoint was hit", "no watchpoints, breakpoints in code only",
		"use a machine whose debug registers work; many virtual machines have none")
	if errors.Is(m.p.Watch, ptrace.ErrNoHit) {
		f.Why = "a hardware breakpoint was accepted but never hit"
	}
	return f
}

// paranoid is the level of perf_event_paranoid in words.
func (m *machine) paranoid() string {
	if v := m.read("proc/sys/kernel/perf_event_paranoid"); v != "" {
		return "kernel.perf_event_paranoid is " + v
	}
	return "the kernel has no perf events"
}

// fixPerf: above 2, which Debian and Android know, unprivileged use is forbidden.
func (m *machine) fixPerf(level string) string {
	return m.inContainer("start the container with --cap-add PERFMON", "run as root, or: sysctl kernel.perf_event_paranoid="+level)
}

func (m *machine) perf() finding {
	f := outcome("perf events", m.p.PerfUser, m.paranoid(), "no perf(): no sampling", m.fixPerf("2"))
	if f.State == stateNo {
		f.Why += "; " + m.paranoid()
	}
	if f.State == stateOK && m.p.PerfKernel != nil {
		f.State, f.Means, f.Fix = stateLimited, "only the user space of own processes can be sampled", m.fixPerf("1")
	}
	return f
}

func (m *machine) counters() finding {
	f := outcome("hardware counters", m.p.PerfHardware, "the processor's cycles can be counted",
		"sampling is by time only, not by cycles or cache misses", "use a machine with a PMU; virtual ones may have to be given it")
	switch {
	case errors.Is(m.p.PerfHardware, unix.ENOENT) || errors.Is(m.p.PerfHardware, unix.EOPNOTSUPP):
		f.Why = "the processor offers none"
	case f.State == stateNo:
		f.Why, f.Fix = f.Why+"; "+m.paranoid(), m.fixPerf("2")
	}
	return f
}

func (m *machine) perfBreakpoint() finding {
	f := outcome("perf breakpoints", m.p.PerfBreakpoint, "one was opened", "data cannot be watched without stops", m.fixPerf("2"))
	if f.State == stateOK && errors.Is(m.p.Watch, ptrace.ErrNoHit) {
		f = m.debugRegisters()
		f.Name, f.Why, f.Means = "perf breakpoints", "one was opened, but debug registers do not work", "data cannot be watched without stops"
	}
	return f
}

func (m *machine) ebpf() finding {
	err := m.p.BPFProgram
	if err == nil {
		err = m.p.BPFMap
	}
	f := outcome("eBPF", err, "a map was made and a program loaded", "no tracing without stops",
		m.inContainer("start the container with --cap-add BPF --cap-add PERFMON", "run as root, or: setcap cap_bpf,cap_perfmon+ep gotrace"))
	if v := m.read("proc/sys/kernel/unprivileged_bpf_disabled"); f.State == stateNo && v != "" {
		f.Why += "; kernel.unprivileged_bpf_disabled is " + v
	}
	if f.State == stateOK && !m.exists("sys/kernel/btf/vmlinux") {
		f.State = stateLimited
		f.Why += ", but the kernel does not describe its types"
		f.Means, f.Fix = "programs that read the kernel's structures cannot be loaded", "use a kernel with CONFIG_DEBUG_INFO_BTF"
	}
	return f
}

func (m *machine) uprobe() finding {
	return outcome("uprobes", m.p.Uprobe, "one was opened", "no uprobe(): functions cannot be traced without stops",
		m.inContainer("start the container with --cap-add PERFMON", "run as root, on a kernel with CONFIG_UPROBE_EVENTS"))
}

func (m *machine) tracefs() finding {
	for _, dir := range []string{"sys/kernel/tracing", "sys/kernel/debug/tracing"} {
		if m.exists(dir + "/events") {
			return finding{Name: "tracefs", State: stateOK, Why: "/" + dir + " is readable"}
		}
	}
	return finding{
		Name: "tracefs", State: stateNo, Why: "not mounted, or not readable",
		Means: "no tracepoints of the kernel, and not more than 64 places of uprobe()", Fix: "as root: mount -t tracefs tracefs /sys/kernel/tracing",
	}
}

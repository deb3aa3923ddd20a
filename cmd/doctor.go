package cmd

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "show what this machine permits, and how to permit more",
		Long:  "Doctor reads what the kernel says about tracing here and names the remedy for what is not permitted.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			writeFindings(c.OutOrStdout(), diagnose(os.DirFS("/")))
			return nil
		},
	}
}

// finding is one thing that gotrace may need.
type finding struct {
	what  string
	state string // "yes", "no", "limited", "unknown"
	why   string
	fix   string // "" where nothing is wrong
}

func writeFindings(w io.Writer, all []finding) {
	for _, f := range all {
		fmt.Fprintf(w, "%-22s %-8s %s\n", f.what, f.state, f.why)
		if f.fix != "" {
			fmt.Fprintf(w, "%-22s %-8s fix: %s\n", "", "", f.fix)
		}
	}
}

// Capabilities, by their bit in CapEff.
const (
	capSysPtrace = 19
	capSysAdmin  = 21
	capPerfmon   = 38
	capBPF       = 39
)

// machine is what the files of a system say.
type machine struct {
	fsys fs.FS
	caps uint64
}

// diagnose judges a system by its files; fsys is its root directory.
func diagnose(fsys fs.FS) []finding {
	m := machine{fsys: fsys}
	m.caps, _ = strconv.ParseUint(m.status("CapEff"), 16, 64)
	return []finding{m.kernel(), m.launch(), m.attach(), m.seccomp(), m.perf(), m.ebpf(), m.tracefs()}
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
func (m *machine) status(field string) string {
	for line := range strings.Lines(m.read("proc/self/status")) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (m *machine) exists(name string) bool {
	_, err := fs.Stat(m.fsys, name)
	return err == nil
}

func (m *machine) can(caps ...int) bool {
	for _, c := range caps {
		if m.caps>>c&1 != 0 {
			return true
		}
	}
	return false
}

// kernel: PTRACE_GET_SYSCALL_INFO is there since 5.3.
func (m *machine) kernel() finding {
	f := finding{what: "kernel", state: "yes", why: m.read("proc/sys/kernel/osrelease")}
	var major, minor int
	if n, _ := fmt.Sscanf(f.why, "%d.%d", &major, &minor); n < 2 {
		f.state, f.why = "unknown", "no version in /proc/sys/kernel/osrelease"
	} else if major < 5 || major == 5 && minor < 3 {
		f.state, f.why, f.fix = "no", f.why+" cannot describe a system call to its tracer", "use Linux 5.3 or later"
	}
	return f
}

// launch: children can always be traced, unless a filter of a container forbids it.
func (m *machine) launch() finding {
	f := finding{what: "trace own programs", state: "yes", why: "ptrace works on children"}
	if m.status("Seccomp") == "2" && !m.can(capSysPtrace) {
		f.state, f.why = "limited", "a seccomp filter is in force here: it may forbid ptrace"
		f.fix = "run the container with --cap-add SYS_PTRACE or --security-opt seccomp=unconfined"
	}
	if n := m.status("TracerPid"); n != "" && n != "0" {
		f.why += "; this process is itself traced, by process " + n
	}
	return f
}

// attach: Yama's ptrace_scope restricts it.
func (m *machine) attach() finding {
	f := finding{what: "attach with -p", state: "yes"}
	scope := m.read("proc/sys/kernel/yama/ptrace_scope")
	switch {
	case scope == "3":
		f.state, f.why = "no", "kernel.yama.ptrace_scope is 3, until the next boot"
		f.fix = "boot with kernel.yama.ptrace_scope below 3 in /etc/sysctl.d"
	case m.can(capSysPtrace):
		f.why = "CAP_SYS_PTRACE is held"
	case scope == "1" || scope == "2":
		f.state, f.why = "limited", "kernel.yama.ptrace_scope is "+scope+": no other processes than children"
		if scope == "2" {
			f.state, f.why = "no", "kernel.yama.ptrace_scope is 2: for CAP_SYS_PTRACE only"
		}
		f.fix = "run as root, or: sysctl kernel.yama.ptrace_scope=0"
	default:
		f.state, f.why = "limited", "processes of the same user that have not changed their rights"
		f.fix = "run as root for others"
	}
	return f
}

func (m *machine) seccomp() finding {
	f := finding{what: "seccomp filters", state: "yes", why: "calls of no interest cost next to nothing"}
	if actions := strings.Fields(m.read("proc/sys/kernel/seccomp/actions_avail")); !slices.Contains(actions, "trace") {
		f.state, f.why = "no", "the kernel does not offer SECCOMP_RET_TRACE: every call stops"
		f.fix = "use a kernel with CONFIG_SECCOMP_FILTER"
	}
	return f
}

func (m *machine) perf() finding {
	f := finding{what: "perf events", state: "yes"}
	level, err := strconv.Atoi(m.read("proc/sys/kernel/perf_event_paranoid"))
	switch {
	case err != nil:
		f.state, f.why, f.fix = "no", "the kernel has none", "use a kernel with CONFIG_PERF_EVENTS"
	case m.can(capPerfmon, capSysAdmin):
		f.why = "CAP_PERFMON is held"
	case level > 2:
		f.state, f.why = "no", fmt.Sprintf("kernel.perf_event_paranoid is %d", level)
		f.fix = "run as root, or: sysctl kernel.perf_event_paranoid=2"
	case level > 1:
		f.state, f.why = "limited", fmt.Sprintf("kernel.perf_event_paranoid is %d: user space of own processes", level)
		f.fix = "run as root, or: sysctl kernel.perf_event_paranoid=1"
	default:
		f.why = fmt.Sprintf("kernel.perf_event_paranoid is %d", level)
	}
	return f
}

func (m *machine) ebpf() finding {
	f := finding{what: "eBPF", state: "yes"}
	switch {
	case !m.exists("sys/kernel/btf/vmlinux"):
		f.state, f.why = "no", "the kernel does not describe its types in /sys/kernel/btf/vmlinux"
		f.fix = "use a kernel with CONFIG_DEBUG_INFO_BTF"
	case m.can(capBPF, capSysAdmin):
		f.why = "CAP_BPF is held and the kernel describes its types"
	default:
		f.state, f.why, f.fix = "no", "CAP_BPF is not held", "run as root, or: setcap cap_bpf,cap_perfmon+ep gotrace"
	}
	return f
}

func (m *machine) tracefs() finding {
	f := finding{what: "tracefs", state: "yes", why: "/sys/kernel/tracing is mounted"}
	if !m.exists("sys/kernel/tracing/events") {
		f.state, f.why = "no", "/sys/kernel/tracing is not mounted or not readable: no uprobe events"
		f.fix = "mount -t tracefs tracefs /sys/kernel/tracing, as root"
	}
	return f
}

package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/ptrace"
)

const allCaps = "000001ffffffffff"

// newMachine makes files of a system: NAME=CONTENT, where ~ stands for the status of this process.
func newMachine(caps, status string, files ...string) fstest.MapFS {
	fsys := fstest.MapFS{
		"proc/sys/kernel/osrelease":   {Data: []byte("6.12.1-amd64\n")},
		"proc/self/status":            {Data: []byte("Name:\tgotrace\n" + status + "CapEff:\t" + caps + "\n")},
		"proc/self/uid_map":           {Data: []byte("         0          0 4294967295\n")},
		"sys/kernel/btf/vmlinux":      {},
		"sys/kernel/tracing/events/x": {},
	}
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		fsys[name] = &fstest.MapFile{Data: []byte(content + "\n")}
	}
	return fsys
}

func TestDiagnose(t *testing.T) {
	noPtrace := func(p *ptrace.Probes) {
		p.Launch = &ptrace.Error{Op: "SEIZE", TID: 1, Err: unix.EPERM}
		for _, e := range []*error{&p.SyscallInfo, &p.Memory, &p.Step, &p.Watch, &p.Registers, &p.SetSyscallInfo, &p.SeccompTrace} {
			*e = ptrace.ErrUntried
		}
		p.Foreign = p.Launch
	}
	noForeign := func(p *ptrace.Probes) { p.Foreign = &ptrace.Error{Op: "SEIZE", TID: 1, Err: unix.EPERM} }
	for _, c := range []struct {
		name     string
		fsys     fstest.MapFS
		break_   func(*ptrace.Probes)
		cannot   bool
		findings []string // NAME STATE: parts of the rest, in their order
	}{
		{name: "all well", fsys: newMachine(allCaps, ""), findings: []string{
			"kernel ok: 6.12.1", "capabilities ok: have SYS_PTRACE, SYS_ADMIN", "attach with -p ok:", "tracefs ok:", "this process ok: no container"}},
		{name: "an ordinary user", fsys: newMachine("0", ""), findings: []string{
			"capabilities no: lack SYS_PTRACE / setcap", "attach with -p limited: same user / run as root"}},
		{name: "old kernel", fsys: newMachine(allCaps, "", "proc/sys/kernel/osrelease=4.19.0"),
			break_: func(p *ptrace.Probes) { p.SyscallInfo = unix.EIO }, cannot: true,
			findings: []string{"kernel no: Linux 5.3", "trace own programs no: input/output error / nothing can be traced"}},
		{name: "yama 1", fsys: newMachine("0", "", "proc/sys/kernel/yama/ptrace_scope=1"), break_: noForeign,
			findings: []string{"trace own programs ok:", "attach with -p no: own descendants only / fails / sysctl kernel.yama.ptrace_scope=0"}},
		{name: "yama 3", fsys: newMachine(allCaps, "", "proc/sys/kernel/yama/ptrace_scope=3"), break_: noPtrace, cannot: true,
			findings: []string{"trace own programs no: PTRACE_SEIZE: Operation not permitted / boot again", "attach with -p no: nobody may / boot again",
				"read memory unknown: could not be tried"}},
		{name: "strict container", fsys: newMachine("00000000a80425fb", "Seccomp:\t2\nNoNewPrivs:\t1\n", ".dockerenv="), break_: noPtrace, cannot: true,
			findings: []string{"this process limited: in a Docker container, under a seccomp filter, without new privileges / set-user-ID / seccomp=unconfined",
				"trace own programs no: --cap-add SYS_PTRACE / seccomp=unconfined",
				"capabilities no: --cap-add SYS_PTRACE --cap-add SYS_ADMIN"}},
		{name: "traced", fsys: newMachine(allCaps, "TracerPid:\t77\n"), findings: []string{"this process limited: traced by process 77"}},
		{name: "no perf", fsys: newMachine("0", "", "proc/sys/kernel/perf_event_paranoid=3", "proc/sys/kernel/unprivileged_bpf_disabled=2"),
			break_: func(p *ptrace.Probes) {
				p.PerfUser, p.PerfKernel, p.PerfHardware, p.PerfBreakpoint = unix.EACCES, unix.EACCES, unix.EACCES, unix.EACCES
				p.BPFMap, p.BPFProgram, p.Uprobe = unix.EPERM, unix.EPERM, unix.EACCES
			},
			findings: []string{"perf events no: permission denied; kernel.perf_event_paranoid is 3 / perf_event_paranoid=2",
				"hardware counters no: permission denied / paranoid", "eBPF no: unprivileged_bpf_disabled is 2 / setcap cap_bpf", "uprobes no: run as root"}},
		{name: "perf for users", fsys: newMachine("0", "", "proc/sys/kernel/perf_event_paranoid=2"),
			break_:   func(p *ptrace.Probes) { p.PerfKernel = unix.EACCES },
			findings: []string{"perf events limited: paranoid is 2 / perf_event_paranoid=1"}},
		{name: "virtual machine", fsys: newMachine(allCaps, ""),
			break_: func(p *ptrace.Probes) { p.Watch, p.PerfHardware, p.IA32 = ptrace.ErrNoHit, unix.ENOENT, unix.ENOEXEC },
			findings: []string{"debug registers no: never hit / no watchpoints", "perf breakpoints no: do not work", "hardware counters no: offers none",
				"32-bit programs limited: CONFIG_IA32_EMULATION"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &ptrace.Probes{}
			if c.break_ != nil {
				c.break_(p)
			}
			d := diagnose(c.fsys, p)
			if d.CanTrace == c.cannot {
				t.Errorf("CanTrace is %v", d.CanTrace)
			}
			var lines []string
			for _, f := range slices.Concat(d.Now, d.Planned) {
				lines = append(lines, fmt.Sprintf("%s %s: %s / %s / %s", f.Name, f.State, f.Why, f.Means, f.Fix))
				if (f.State == stateNo || f.State == stateLimited) && f.Means == "" {
					t.Errorf("%s is %s and means nothing", f.Name, f.State)
				}
				if f.State == stateOK && f.Fix != "" {
					t.Errorf("%s is ok and has the remedy %q", f.Name, f.Fix)
				}
			}
			for _, want := range c.findings {
				if !slices.ContainsFunc(lines, func(l string) bool { return hasParts(l, want) }) {
					t.Errorf("no finding is %q in\n%s", want, strings.Join(lines, "\n"))
				}
			}
			var text, js bytes.Buffer
			if err := d.write(&text, false); err != nil || strings.Contains(text.String(), "No program can be traced") != c.cannot {
				t.Errorf("text: %v\n%s", err, &text)
			}
			if err := d.write(&js, true); err != nil || !json.Valid(js.Bytes()) {
				t.Errorf("JSON: %v\n%s", err, &js)
			}
		})
	}
}

// hasParts reports whether line begins as want does and holds its other parts in their order.
func hasParts(line, want string) bool {
	head, rest, _ := strings.Cut(want, ": ")
	line, ok := strings.CutPrefix(line, strings.TrimSuffix(head, ":")+": ")
	for part := range strings.SplitSeq(rest, " / ") {
		_, after, found := strings.Cut(line, part)
		ok = ok && found
		line = after
	}
	return ok
}

package perf

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/tracer/event"
)

// Reason is why a counter cannot be had.
type Reason uint8

// The reasons.
const (
	Failed       Reason = iota // as Err says
	Unknown                    // there is no counter of that name
	BadModifier                // what is behind the name is none of u, k, h, p
	NotPermitted               // perf_event_paranoid, or a container, forbids it
	NoPMU                      // the processor, or the virtual machine, offers no such counter
	NoTracefs                  // the kernel's tracing files are not mounted, or not readable
	NoUprobes                  // the kernel has none
	NoKernel                   // the kernel has no perf events
	BadPlace                   // the kernel cannot watch the instruction
	TooMany                    // more places than are watched without tracefs
)

// Error is why a probe cannot be counted.
type Error struct {
	Probe  event.Probe
	Reason Reason
	Err    error // of the kernel; may be nil
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	what := fmt.Sprintf("%s(%s)", e.Probe.Kind.Name, e.Probe.Loc)
	text := reasons[e.Reason].text
	if e.Reason == Failed {
		text = fmt.Sprint(e.Err)
	}
	if e.Reason == NotPermitted {
		text += "; kernel.perf_event_paranoid is " + paranoid()
	}
	return what + ": " + text
}

// Hint is what may help, or "".
func (e *Error) Hint() string { return reasons[e.Reason].hint }

var reasons = [...]struct{ text, hint string }{
	Unknown:      {"no such counter", "perf list shows the names"},
	BadModifier:  {"behind a counter's name may be u, k, h and p only", ""},
	NotPermitted: {"not permitted", "run as root, or: sysctl kernel.perf_event_paranoid=-1; in a container: --cap-add PERFMON"},
	NoPMU:        {"the processor offers no such counter", "use a machine with a PMU; virtual ones may have to be given it; cpu-clock counts time without"},
	NoTracefs:    {"the kernel's tracepoints cannot be read", "as root: mount -t tracefs tracefs /sys/kernel/tracing"},
	NoUprobes:    {"the kernel has no uprobes", "use a kernel with CONFIG_UPROBE_EVENTS"},
	BadPlace:     {"the kernel cannot watch the instruction there", "use bp, or the next instruction"},
	TooMany:      {"too many places for a system without tracefs", "as root: mount -t tracefs tracefs /sys/kernel/tracing; or use bp or call"},
	NoKernel:     {"the kernel has no perf events", "use a kernel with CONFIG_PERF_EVENTS"},
}

func paranoid() string {
	b, err := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// failure makes the kernel's error one about a probe. A task that is gone is no failure of the
// probe: its error stays as it is.
func failure(p event.Probe, typ uint32, err error) error {
	if errors.Is(err, unix.ESRCH) {
		return err
	}
	r := Failed
	hardware := typ == unix.PERF_TYPE_HARDWARE || typ == unix.PERF_TYPE_HW_CACHE || typ == unix.PERF_TYPE_RAW
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		r = NotPermitted
	case errors.Is(err, unix.ENOSYS):
		r = NoKernel
	case hardware && (errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL)):
		r = NoPMU
	}
	return &Error{Probe: p, Reason: r, Err: err}
}

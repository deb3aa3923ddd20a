package bp

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm/step"
	"github.com/gotrace/gotrace/tracer/event"
)

// si_code of SIGTRAP; include/uapi/asm-generic/siginfo.h.
const (
	siKernel   = 0x80 // int3
	trapBrkpt  = 1    // brk of arm64; on x86 a step that a system call ended
	trapTrace  = 2    // a step
	trapHwbkpt = 4    // a debug register
	siTkill    = -6
)

// info is what is read of a siginfo.
type info struct {
	code int32
	pid  int32 // of whoever sent it
}

func parse(b *[128]byte) info {
	return info{code: int32(binary.LittleEndian.Uint32(b[8:])), pid: int32(binary.LittleEndian.Uint32(b[16:]))}
}

// Stop implements tracer.StopReader.
func (e *Engine) Stop(c event.Tracee, sig int, b *[128]byte) event.Reading {
	th := e.threads[c.ID().TID]
	if th == nil || th.space.arch == nil {
		return event.Reading{}
	}
	th.running = false
	th.boosted(c)
	in := parse(b)
	if unix.Signal(sig) != unix.SIGTRAP {
		return e.other(th, c, sig, b, in)
	}
	a := th.space.arch
	switch {
	case in.code == siTkill && in.pid == int32(unix.Getpid()) && len(th.late) > 0:
		return th.nextLate()
	case isBreak(a, in.code):
		return e.breakpoint(th, c, sig, b)
	case in.code == trapTrace || in.code == trapBrkpt || in.code == trapHwbkpt:
		return e.trap(th, c, sig, b, in)
	}
	return e.other(th, c, sig, b, in)
}

// boosted notes that a task has left the slot that it was sent to.
func (th *thread) boosted(c event.Tracee) {
	if th.over.how != overBoost {
		return
	}
	if regs, err := c.Regs(); err != nil || th.over.plan.Original(regs.PC()) == regs.PC() {
		th.over.how = overNone
	}
}

func isBreak(a *arch.Arch, code int32) bool {
	if a == arch.ARM64 {
		return code == trapBrkpt
	}
	return code == siKernel
}

// breakpoint is a stop by a breakpoint instruction.
func (e *Engine) breakpoint(th *thread, c event.Tracee, sig int, b *[128]byte) event.Reading {
	sp := th.space
	regs, err := c.Regs()
	if err != nil {
		return event.Reading{Mine: true} // the task is dying
	}
	addr := regs.PC() + uint64(sp.arch.TrapPCAdj)
	s := sp.spots[addr]
	if th.over.how != overNone {
		// A copy or the instruction in its place is a breakpoint of the program's own.
		return e.fault(th, c, sig, b)
	}
	if s == nil {
		if sp.removed[addr] && !sp.isBreakpoint(addr) {
			regs.SetPC(addr)
			c.SetRegs(regs)
			return event.Reading{Mine: true}
		}
		return event.Reading{}
	}
	th.hideTF(c, regs)
	regs.SetPC(addr)
	if err := c.SetRegs(regs); err != nil {
		return event.Reading{Mine: true}
	}
	th.at = s
	return event.Reading{Mine: true, Verdict: e.hit(th, c, s, regs)}
}

// isBreakpoint reports whether memory holds a breakpoint, ours or the program's own.
func (sp *space) isBreakpoint(addr uint64) bool {
	var now [4]byte
	b := sp.arch.Breakpoint
	n, _ := sp.read(now[:len(b)], addr)
	return n == len(b) && string(now[:n]) == string(b)
}

// trap is a stop after a step, or by a debug register.
func (e *Engine) trap(th *thread, c event.Tracee, sig int, b *[128]byte, in info) event.Reading {
	var r event.Reading
	if th.over.how == overBoost {
		e.fixup(th, c, nil)
		th.over.how = overNone
	}
	if w, ok := e.fired(th, c); ok {
		r.Mine = true
		merge(&r.Verdict, w)
	}
	if th.over.how == overNone && th.from == 0 {
		if r.Mine || in.code == trapHwbkpt {
			return r
		}
		return e.other(th, c, sig, b, in) // its own trap flag
	}
	regs, err := c.Regs()
	if err != nil {
		return event.Reading{Mine: true}
	}
	th.hideTF(c, regs)
	if th.over.how != overNone {
		if th.over.plan.Again(regs) {
			return event.Reading{Mine: true}
		}
		e.overDone(th, c, regs)
	}
	r.Mine = true
	merge(&r.Verdict, e.stepped(th, c, regs))
	if len(th.late) > 0 {
		l := th.nextLate()
		l.Verdict = r.Verdict
		return l
	}
	return r
}

// merge adds what another handler wants done; what was wanted first stands.
func merge(v *event.Verdict, o event.Verdict) {
	if v.Resume == event.ResumeDefault {
		v.Resume = o.Resume
	}
	if v.Signal == 0 {
		v.Signal = o.Signal
	}
	v.Steps = max(v.Steps, o.Steps)
	v.Renew = v.Renew || o.Renew
}

// lateSignal is a signal that came while an instruction was executed away from its place.
type lateSignal struct {
	sig  int
	info [128]byte
}

// nextLate is the first of the signals that were put off. Another SIGTRAP fetches the next.
func (th *thread) nextLate() event.Reading {
	l := th.late[0]
	th.late = th.late[1:]
	if len(th.late) > 0 {
		unix.Tgkill(int(th.id.TGID), int(th.id.TID), unix.SIGTRAP) // if it fails the task is gone
	}
	return event.Reading{Mine: true, Sig: l.sig, Info: l.info}
}

// maxLate is how many signals are put off for one instruction.
const maxLate = 64

// other is a signal that is the program's. One that is not the doing of an instruction that is
// executed away from its place waits until that is done.
func (e *Engine) other(th *thread, c event.Tracee, sig int, b *[128]byte, in info) event.Reading {
	switch th.over.how {
	case overNone:
		e.brokenInto(th, c)
		th.signalled = true
		return event.Reading{}
	case overBoost:
		if raised(sig, in.code) {
			return e.fault(th, c, sig, b)
		}
		if e.settle(th, c); th.over.how == overNone {
			return event.Reading{}
		}
	}
	if raised(sig, in.code) || len(th.late) >= maxLate {
		return e.fault(th, c, sig, b)
	}
	th.late = append(th.late, lateSignal{sig, *b})
	return event.Reading{Mine: true}
}

// raised reports whether a signal is the doing of an instruction: sigaction(2).
func raised(sig int, code int32) bool { return code > 0 && addrSignals[unix.Signal(sig)] }

// addrSignals are those whose siginfo has the address of the instruction in si_addr.
var addrSignals = map[unix.Signal]bool{unix.SIGILL: true, unix.SIGFPE: true, unix.SIGTRAP: true, unix.SIGSEGV: true, unix.SIGBUS: true}

// fault is a signal that the instruction has raised: it is shown to the program as if it had
// been executed in its place.
//
// A fault of a boosted copy may be one of what came behind it, for which nothing changes.
func (e *Engine) fault(th *thread, c event.Tracee, sig int, b *[128]byte) event.Reading {
	r := event.Reading{Mine: true, Sig: sig, Info: *b}
	if p := th.over.plan; p.Method == step.Displaced && addrSignals[unix.Signal(sig)] {
		at := binary.LittleEndian.Uint64(b[16:])
		if th.space.arch.PtrSize == 4 {
			at = uint64(uint32(at))
		}
		binary.LittleEndian.PutUint64(r.Info[16:], p.Original(at))
	}
	e.fixup(th, c, nil)
	e.overEnd(th)
	return r
}

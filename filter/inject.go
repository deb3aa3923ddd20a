package filter

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxErrno is the largest error that a system call can return.
const maxErrno = 4095

// maxSignal is the largest signal number.
const maxSignal = 64

// maxWhen is the largest number in when=.
const maxWhen = 65535

// ParseInjection reads what follows -e inject= or, with fault, -e fault=: a set of
// calls, then options, each after a colon.
func ParseInjection(expr string, fault bool, u *Universe) (Injection, error) {
	var in Injection
	setText, opts, _ := strings.Cut(expr, ":")
	set, err := ParseSyscalls(setText, u)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			e.Expr = expr
		}
		return in, err
	}
	in.Set = set
	what := "inject"
	if fault {
		what = "fault"
	}
	seen := map[string]bool{}
	for _, t := range split(opts, ':', len(setText)+1) {
		name, value, ok := strings.Cut(t.text, "=")
		// Of one option only the last when= counts; to repeat any other, and to
		// ask for an error and a value, is a mistake.
		again := seen[name] && name != "when" || name == "error" && seen["retval"] || name == "retval" && seen["error"]
		allowed := !fault || name == "error" || name == "when" || name == "syscall"
		if !ok || again || !allowed || !in.option(name, value, u) {
			return in, errorAt(expr, t.pos, "invalid %s argument '%s'", what, expr)
		}
		seen[name] = true
	}
	if fault && in.Errno == 0 {
		in.Errno, _ = u.Errno("ENOSYS")
		in.ErrnoName = "ENOSYS"
	}
	if in.Errno == 0 && in.Retval == nil && in.Signal == 0 && !seen["delay_enter"] && !seen["delay_exit"] &&
		!seen["poke_enter"] && !seen["poke_exit"] {
		return in, errorAt(expr, len(setText), "invalid %s argument '%s'", what, expr)
	}
	return in, nil
}

// option takes in one NAME=VALUE and reports whether it is valid.
func (in *Injection) option(name, value string, u *Universe) (ok bool) {
	switch name {
	case "error":
		if n, isNum := parseUint(value, maxErrno); isNum {
			in.Errno = int(n)
			return in.Errno != 0
		}
		in.Errno, ok = u.Errno(value)
		in.ErrnoName = value
		return ok
	case "retval":
		n, ok := parseInt64(value)
		in.Retval = &n
		return ok
	case "signal":
		in.Signal, ok = parseSignal(value, maxSignal, u)
		if _, named := u.Signal(value); named {
			in.SignalName = value
		}
		return ok && in.Signal != 0
	case "syscall":
		in.Syscall = value
		return injectable(value, u)
	case "delay_enter":
		in.DelayEnter, ok = ParseDuration(value)
		return ok
	case "delay_exit":
		in.DelayExit, ok = ParseDuration(value)
		return ok
	case "poke_enter":
		in.PokeEnter, ok = parsePokes(value)
		return ok
	case "poke_exit":
		in.PokeExit, ok = parsePokes(value)
		return ok
	case "when":
		in.When, ok = parseWhen(value)
		return ok
	}
	return false
}

// injectable reports whether a call may be made in place of another: it must do
// nothing, and exist for every program.
func injectable(name string, u *Universe) bool {
	if _, ok := slices.BinarySearch(classes["pure"], name); !ok {
		return false
	}
	for _, abi := range u.ABIs {
		if !slices.Contains(abi.Names, name) {
			return false
		}
	}
	return true
}

// parseInt64 reads a number of C: decimal, octal or hexadecimal, with an optional
// sign, modulo 2^64.
func parseInt64(s string) (int64, bool) {
	t := strings.TrimLeft(s, " \t\n\v\f\r")
	neg := strings.HasPrefix(t, "-")
	if neg || strings.HasPrefix(t, "+") {
		t = t[1:]
	}
	base := 10
	if len(t) > 2 && (t[:2] == "0x" || t[:2] == "0X") {
		base, t = 16, t[2:]
	} else if len(t) > 1 && t[0] == '0' {
		base, t = 8, t[1:]
	}
	n, err := strconv.ParseUint(t, base, 64)
	if err != nil {
		return 0, false
	}
	if neg {
		n = -n
	}
	return int64(n), true
}

// units are the suffixes of a duration and their length in nanoseconds.
var units = map[string]float64{"": 1e3, "s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}

// ParseDuration reads a time as strace does: a number, which may have a fraction
// and an exponent, of microseconds or of the unit that follows. What is too long
// for a Duration becomes the longest one.
func ParseDuration(s string) (time.Duration, bool) {
	t := strings.TrimLeft(s, " \t\n\v\f\r")
	if strings.HasPrefix(t, "+") || strings.HasPrefix(t, "-") {
		t = t[1:]
	}
	neg := strings.Contains(s[:len(s)-len(t)], "-")
	end := len(t)
	for end > 0 && (t[end-1] < '0' || t[end-1] > '9') && t[end-1] != '.' {
		end--
	}
	unit, ok := units[t[end:]]
	num := t[:end]
	if !ok || num == "" || strings.Trim(num, "0123456789.eE+-") != "" || num[0] == '+' || num[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseFloat(num, 64)
	tiny := n == 0 && strings.Trim(strings.Split(strings.ToLower(num), "e")[0], "0.") != ""
	if err != nil || tiny || neg && n != 0 {
		return 0, false
	}
	if strings.Trim(num, "0123456789") == "" {
		i, err := strconv.ParseInt(num, 10, 64)
		if err != nil {
			return 0, false
		}
		if d := time.Duration(i) * time.Duration(unit); i == 0 || d/time.Duration(unit) == time.Duration(i) {
			return d, true
		}
		return math.MaxInt64, true
	}
	if n *= unit; n >= math.MaxInt64 {
		return math.MaxInt64, n < math.MaxInt64*1e9
	}
	return time.Duration(n), true
}

// parsePokes reads a list of @argN=HEX, where HEX may begin with 0x. As in strace
// a list of commas and a lone 0x are no mistakes, but say nothing.
func parsePokes(s string) ([]Poke, bool) {
	var pokes []Poke
	seen := map[int]bool{}
	for _, t := range split(s, ',', 0) {
		rest, ok := strings.CutPrefix(t.text, "@arg")
		if !ok || len(rest) < 2 || rest[0] < '1' || rest[0] > '7' || rest[1] != '=' {
			return nil, false
		}
		arg := int(rest[0] - '0')
		digits := rest[2:]
		if digits == "" || seen[arg] {
			return nil, false
		}
		if len(digits) > 1 && (digits[:2] == "0x" || digits[:2] == "0X") {
			digits = digits[2:]
		}
		data, err := hex.DecodeString(digits)
		if err != nil {
			return nil, false
		}
		seen[arg] = true
		pokes = append(pokes, Poke{Arg: arg, Data: data})
	}
	return pokes, s != ""
}

// parseWhen reads FIRST[..LAST][+[STEP]].
func parseWhen(s string) (w When, ok bool) {
	if w.First, s, ok = scanUint(s, maxWhen); !ok || w.First == 0 {
		return w, false
	}
	if rest, found := strings.CutPrefix(s, ".."); found {
		// The largest number stands for "without end".
		if w.Last, s, ok = scanUint(rest, maxWhen-1); !ok || w.Last < w.First {
			return w, false
		}
		w.Step = 1
	}
	if s == "" {
		return w, true
	}
	if s[0] != '+' {
		return w, false
	}
	if w.Step = 1; s == "+" {
		return w, true
	}
	w.Step, s, ok = scanUint(s[1:], maxWhen)
	return w, ok && w.Step > 0 && s == ""
}

// scanUint reads a number at the start of s and returns what follows it.
func scanUint(s string, limit uint64) (n int, rest string, ok bool) {
	end := len(s) - len(strings.TrimLeft(s, " \t\n\v\f\r"))
	if end < len(s) && (s[end] == '+' || s[end] == '-') {
		end++
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	v, ok := parseUint(s[:end], limit)
	return int(v), s[end:], ok
}

// retvalWarning returns what a user should know about an injected return value
// that programs may take for an error, or that does not fit. On machines whose
// programs are all 64-bit the half of it about others is left out.
func (in *Injection) retvalWarning(u *Universe) string {
	if in.Retval == nil {
		return ""
	}
	v := uint64(*in.Retval)
	if v > math.MaxUint64-maxErrno {
		return fmt.Sprintf("Inadvertent injection of error %d is possible for retval=%d", -v, v)
	}
	if !slices.ContainsFunc(u.ABIs, func(a ABI) bool { return a.Suffix == "32" }) {
		return ""
	}
	if low := uint32(v); low > math.MaxUint32-maxErrno {
		return fmt.Sprintf("Inadvertent injection of error %d is possible in compat personality for retval=%d", -low, v)
	} else if uint64(low) != v {
		return fmt.Sprintf("Injected return value %d will be clipped to %d in compat personality", v, low)
	}
	return ""
}

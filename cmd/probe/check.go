package probe

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gotrace/gotrace/bp/symbol"
	"github.com/gotrace/gotrace/filter"
	"github.com/gotrace/gotrace/tracer/event"
)

// checkLoc is for a function, a line or an address.
func checkLoc(a *filter.Arg) (int, error) { return placed(a, nil) }

// checkFunc is for a function as a whole, that returns or is called.
func checkFunc(a *filter.Arg) (int, error) { return placed(a, whole("a return")) }

func checkCalled(a *filter.Arg) (int, error) { return placed(a, whole("a call")) }

func whole(what string) func(symbol.Loc) string {
	return func(l symbol.Loc) string {
		switch {
		case l.File != "":
			return what + " is of a function, not of a line"
		case l.Off != 0:
			return what + " is of a whole function: leave out the offset"
		}
		return ""
	}
}

// checkMemory is for an address or a variable.
func checkMemory(a *filter.Arg) (int, error) {
	return placed(a, func(l symbol.Loc) string {
		if l.File != "" {
			return "memory is watched at an address or a variable, not at a line"
		}
		return ""
	})
}

// placed reads a place and says where it is wrong, or what more there is wrong with it.
func placed(a *filter.Arg, wrong func(symbol.Loc) string) (int, error) {
	l, err := symbol.ParseLoc(a.Str)
	if err == nil && wrong != nil {
		if why := wrong(l); why != "" {
			return 0, errors.New(why)
		}
	}
	return position(err)
}

// position takes the place of a mistake out of it.
func position(err error) (int, error) {
	var syntax *symbol.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Pos, errors.New(syntax.Msg)
	}
	return 0, err
}

// checkRange is for a function, a library or addresses.
func checkRange(a *filter.Arg) (int, error) { return position(symbol.CheckRange(a.Str)) }

// checkUSDT is for PROVIDER:NAME, with LIB! before it where wanted.
func checkUSDT(a *filter.Arg) (int, error) {
	i := strings.IndexByte(a.Str, '!') + 1
	provider, name, ok := strings.Cut(a.Str[i:], ":")
	switch {
	case !ok:
		return i, errors.New("expected PROVIDER:NAME")
	case provider == "":
		return i, errors.New("no provider before ':'")
	case name == "":
		return len(a.Str), errors.New("no probe's name behind ':'")
	}
	return 0, nil
}

// checkPeriod is for what perf counts to.
func checkPeriod(a *filter.Arg) (int, error) {
	_, err := event.PerfProbe("", a.Str)
	return 0, err
}

// maxWatch is what the four debug registers of x86 have room for together.
const maxWatch = 32

// length is how many bytes are watched; 0: what a variable has.
func length() filter.Param {
	return filter.Param{Name: "len", Kind: filter.ParamNum, Least: 1, Optional: true, Check: func(a *filter.Arg) (int, error) {
		if a.Num > maxWatch {
			return 0, fmt.Errorf("debug registers watch %d bytes at most", maxWatch)
		}
		return 0, nil
	}}
}

// access is how the memory is used.
func access() filter.Param {
	return filter.Param{Name: "access", Kind: filter.ParamWord, Optional: true, Words: []string{"r", "w", "rw"}}
}

package decode

import (
	"slices"
	"strings"

	"github.com/gotrace/gotrace/tracer/event"
)

// ioctl: the name of the request, and a table of those whose argument is decoded.

var ioctlCalls = []Call{
	{Name: "ioctl", Args: []Arg{fd("fd"), in("cmd", ioctlCmdArg), in("arg", ioctlArg), in("arg", ioctlThenArg).reg(noReg)}, RetFn: ioctlRet, Aux: ioctlAux},
}

// ioctlDec decodes the argument of a request. Dec runs at entry; where it returns later,
// again at exit. Then runs at exit, for what the kernel made of an argument that
// was shown at entry.
type ioctlDec struct {
	Code uint32
	Dec  Decoder
	Then Decoder
}

// ioctlDecs are all decoders, by code.
var ioctlDecs = mergeIoctls(
	termIoctls,
	sockIoctls,
	blockIoctls,
	sgIoctls,
	fsIoctls,
	devIoctls,
	dmIoctls,
	ptpIoctls,
	consoleIoctls,
	kvmIoctls,
	gpioIoctls,
	inputIoctls,
)

func mergeIoctls(tables ...[]ioctlDec) []ioctlDec {
	var all []ioctlDec
	for _, t := range tables {
		all = append(all, t...)
	}
	slices.SortStableFunc(all, func(a, b ioctlDec) int { return int(int64(a.Code) - int64(b.Code)) })
	return all
}

func findIoctl(code uint32) *ioctlDec {
	lo, hi := 0, len(ioctlDecs)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if ioctlDecs[m].Code < code {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(ioctlDecs) && ioctlDecs[lo].Code == code {
		return &ioctlDecs[lo]
	}
	return nil
}

// The parts of a request's code.
const (
	iocNRBits   = 8
	iocTypeBits = 8
	iocSizeBits = 14
	iocWrite    = 1
	iocRead     = 2
)

func iocType(code uint32) uint32 { return code >> iocNRBits & 0xff }
func iocNR(code uint32) uint32   { return code & 0xff }
func iocSize(code uint32) uint32 { return code >> (iocNRBits + iocTypeBits) & (1<<iocSizeBits - 1) }
func iocDir(code uint32) uint32  { return code >> (iocNRBits + iocTypeBits + iocSizeBits) }

func ioctlCmdArg(c *Ctx, i int) event.Value {
	code := uint32(c.Arg(i))
	macro, name := c.ioctlMacro(code), c.enumV(xIoctlCodes, uint64(code))
	switch named := name.Table.Find(name.Num) != ""; {
	case named && macro.Absent():
		return name
	case named:
		return event.Value{Form: event.FormAlt, Num: name.Num, Elem: c.list2(macro, name)}
	case !macro.Absent():
		return macro
	}
	return c.ioc(code, "_IOC", c.flagsZeroV(xIocDirs, uint64(iocDir(code))),
		hexV(uint64(iocType(code))), hexV(uint64(iocNR(code))), hexV(uint64(iocSize(code))))
}

// ioc is a request made by a macro.
func (c *Ctx) ioc(code uint32, macro string, args ...event.Value) event.Value {
	v := c.Macro(macro, uint64(code), args...)
	v.Flags |= event.FlagWhole
	return v
}

func ioctlArg(c *Ctx, i int) event.Value {
	code := uint32(c.Arg(1))
	c.lateComma = true
	if d := findIoctl(code); d != nil {
		v := d.Dec(c, i)
		switch v.Form {
		case event.FormAddr:
			c.Save(unread, 1)
		case formLater:
			c.lateComma = strings.IndexByte(earlyCommas, byte(iocType(code))) < 0
		}
		return v
	}
	if dir := iocDir(code); iocType(code) == 'E' && (dir == iocRead || dir == iocWrite) {
		if d := eviocArg(code); d != nil {
			return d(c, i)
		}
		return addrV(c.Arg(i))
	}
	if !c.Exit && strings.IndexByte(earlyIoctls, byte(iocType(code))) < 0 {
		return c.later()
	}
	return hexV(c.Arg(i))
}

// earlyIoctls are the types of requests that have decoders: the argument of one without
// is shown at entry, of one of another type at exit.
const earlyIoctls = "\x03\x12!\"$=>EIKLMORTVWXfiop\x89\x94\xa4\xaa\xab\xae\xb4\xb7\xfd"

// earlyCommas are the types of requests whose separator before an argument that the kernel
// fills in comes at entry.
const earlyCommas = "\x03!i"

// unread is the slot that says that the argument could not be read.
const unread = 5

func ioctlThenArg(c *Ctx, _ int) event.Value {
	d := findIoctl(uint32(c.Arg(1)))
	switch {
	case d == nil || d.Then == nil || c.Saved(unread) != 0:
		return absent()
	case !c.Exit:
		return c.later()
	}
	return d.Then(c, 2)
}

// Decoders that requests share.

// ioOut is an argument that the kernel fills in.
func ioOut(d Decoder) Decoder {
	return func(c *Ctx, i int) event.Value {
		if !c.Exit {
			return c.later()
		}
		return d(c, i)
	}
}

// ioThen is what the kernel made of an argument; a failed request has not touched it.
func ioThen(d Decoder) Decoder {
	return func(c *Ctx, i int) event.Value {
		if c.Failed() {
			return absent()
		}
		return c.Then(d(c, i))
	}
}

// noArg is the argument of a request that has none.
func noArg(*Ctx, int) event.Value { return absent() }

// ioctlRet is what a request returned: a descriptor, a number or nothing in particular.
func ioctlRet(c *Ctx) event.Value { return c.plainRet(RetUint) }

func ioctlAux(*Ctx) event.Value { return absent() }

// Requests whose code is made by a macro from a size or a number.

// ioctlMacro is such a request, or absent.
func (c *Ctx) ioctlMacro(code uint32) event.Value {
	for i := range ioctlMacros {
		m := &ioctlMacros[i]
		if iocType(code) == m.typ && m.dirs>>iocDir(code)&1 != 0 && iocNR(code)-m.first <= m.last-m.first {
			return m.args(c, m, code)
		}
	}
	return absent()
}

type ioctlMacro struct {
	name        string
	typ         uint32
	dirs        uint8 // bit n: direction n
	first, last uint32
	args        func(c *Ctx, m *ioctlMacro, code uint32) event.Value
}

const (
	dirR  = 1 << iocRead
	dirW  = 1 << iocWrite
	dirRW = 1 << (iocRead | iocWrite)
)

var ioctlMacros = [...]ioctlMacro{
	{"EVIOCGNAME", 'E', dirR, 0x06, 0x06, sizeMacro},
	{"EVIOCGPHYS", 'E', dirR, 0x07, 0x07, sizeMacro},
	{"EVIOCGUNIQ", 'E', dirR, 0x08, 0x08, sizeMacro},
	{"EVIOCGPROP", 'E', dirR, 0x09, 0x09, sizeMacro},
	{"EVIOCGMTSLOTS", 'E', dirR, 0x0a, 0x0a, sizeMacro},
	{"EVIOCGKEY", 'E', dirR, 0x18, 0x18, sizeMacro},
	{"EVIOCGLED", 'E', dirR, 0x19, 0x19, sizeMacro},
	{"EVIOCGSND", 'E', dirR, 0x1a, 0x1a, sizeMacro},
	{"EVIOCGSW", 'E', dirR, 0x1b, 0x1b, sizeMacro},
	{"EVIOCGBIT", 'E', dirR, 0x20, 0x3f, func(c *Ctx, m *ioctlMacro, code uint32) event.Value {
		ev := uintV(0)
		if n := iocNR(code) - m.first; n != 0 {
			ev = c.enumV(xInputEvents, uint64(n))
		}
		return c.ioc(code, m.name, ev, uintV(uint64(iocSize(code))))
	}},
	{"EVIOCGABS", 'E', dirR, 0x40, 0x7f, axisMacro},
	{"EVIOCSABS", 'E', dirW, 0xc0, 0xff, axisMacro},
	{"HIDIOCGRAWNAME", 'H', dirR, 0x04, 0x04, sizeMacro},
	{"HIDIOCGRAWPHYS", 'H', dirR, 0x05, 0x05, sizeMacro},
	{"HIDIOCSFEATURE", 'H', dirR | dirRW, 0x06, 0x06, sizeMacro},
	{"HIDIOCGFEATURE", 'H', dirRW, 0x07, 0x07, sizeMacro},
	{"HIDIOCGRAWUNIQ", 'H', dirR, 0x08, 0x08, sizeMacro},
	{"HIDIOCGPHYS", 'H', dirR, 0x12, 0x12, sizeMacro},
	{"MIXER_READ", 'M', dirR, 0x00, 0xff, numberMacro},
	{"MIXER_WRITE", 'M', dirW, 0x00, 0xff, numberMacro},
	{"UI_GET_SYSNAME", 'U', dirR, 0x2c, 0x2c, sizeMacro},
	{"JSIOCGNAME", 'j', dirR, 0x13, 0x13, sizeMacro},
	{"SPI_IOC_MESSAGE", 'k', dirW, 0x00, 0x00, sizeMacro},
}

func sizeMacro(c *Ctx, m *ioctlMacro, code uint32) event.Value {
	return c.ioc(code, m.name, uintV(uint64(iocSize(code))))
}

func numberMacro(c *Ctx, m *ioctlMacro, code uint32) event.Value {
	return c.ioc(code, m.name, uintV(uint64(iocNR(code))))
}

func axisMacro(c *Ctx, m *ioctlMacro, code uint32) event.Value {
	return c.ioc(code, m.name, c.enumV(xInputAbsolutes, uint64(iocNR(code)-m.first)))
}

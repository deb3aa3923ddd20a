package decode

import (
	"strconv"

	"github.com/gotrace/gotrace/tracer/event"
)

// Requests to the console, see linux/kd.h.

var consoleIoctls = []ioctlDec{
	{0x4b2f, soundArg, nil},                        // KIOCSOUND
	{0x4b30, toneArg, nil},                         // KDMKTONE
	{0x4b31, ioOut(one(1, flags8(xKdLeds))), nil},  // KDGETLED
	{0x4b32, flags8Arg(xKdLeds), nil},              // KDSETLED
	{0x4b33, ioOut(one(1, enum8(xKbTypes))), nil},  // KDGKBTYPE
	{0x4b36, noArg, nil},                           // KDENABIO
	{0x4b37, noArg, nil},                           // KDDISABIO
	{0x4b3a, enumArg(xKdModes), nil},               // KDSETMODE
	{0x4b3b, ioOut(one(4, enum32(xKdModes))), nil}, // KDGETMODE
	{0x4b3c, noArg, nil},                           // KDMAPDISP
	{0x4b3d, noArg, nil},                           // KDUNMAPDISP
	{0x4b40, ioOut(hexPtr(256)), nil},              // GIO_SCRNMAP
	{0x4b41, hexPtr(256), nil},                     // PIO_SCRNMAP
	{0x4b44, ioOut(one(4, keyboardMode)), nil},     // KDGKBMODE
	{0x4b45, keyboardModeArg, nil},                 // KDSKBMODE
	{0x4b4c, keycodeGet, keycodeRest},              // KDGETKEYCODE
	{0x4b4d, structArg(8, field{"scancode", x32}, field{"keycode", x32}), nil}, // KDSETKEYCODE
	{0x4b4e, ulongArg, nil},                                // KDSIGACCEPT
	{0x4b52, ptr(8, keyRepeat), ioThen(ptr(8, keyRepeat))}, // KDKBDREP
	{0x4b60, ioOut(hexPtr(8192)), nil},                     // GIO_FONT
	{0x4b61, hexPtr(8192), nil},                            // PIO_FONT
	{0x4b62, ioOut(one(4, enum32(xKdMetaModes))), nil},     // KDGKBMETA
	{0x4b63, enumArg(xKdMetaModes), nil},                   // KDSKBMETA
	{0x4b64, ioOut(one(1, flags8(xKdLockLeds))), nil},      // KDGKBLED
	{0x4b65, flags8Arg(xKdLockLeds), nil},                  // KDSKBLED
	{0x4b68, structArg(6, field{"advised_hashsize", u16}, field{"advised_hashstep", u16}, field{"advised_hashlevel", u16}), nil}, // PIO_UNIMAPCLR
	{0x4b69, ioOut(screenMapArg), nil}, // GIO_UNISCRNMAP
	{0x4b6a, screenMapArg, nil},        // PIO_UNISCRNMAP
	{0x4b6d, noArg, nil},               // PIO_FONTRESET
	{0x4b70, ioOut(hexPtr(48)), nil},   // GIO_CMAP
	{0x4b71, hexPtr(48), nil},          // PIO_CMAP
	{0x4bfa, ioOut(accentsArg), nil},   // KDGKBDIACRUC
	{0x4bfb, accentsArg, nil},          // KDSKBDIACRUC
}

const timerHz = 1193182 // of the PC's timer, which makes the sound

// soundArg is a divisor of the timer's frequency.
func soundArg(c *Ctx, i int) event.Value { return c.Note(uintV(c.Arg(i)), c.soundNote(c.Arg(i))) }

func (c *Ctx) soundNote(ticks uint64) []byte {
	if ticks == 0 || ticks > timerHz {
		return []byte("off")
	}
	return append(strconv.AppendUint(c.Bytes(32)[:0], timerHz/ticks, 10), " Hz"...)
}

// toneArg is such a divisor and, above it, for how long.
func toneArg(c *Ctx, i int) event.Value {
	n := c.Arg(i) & 0xffffffff
	ticks, ms := n&0xffff, n>>16
	if ms == 0 || ticks == 0 {
		return c.Note(uintV(n), []byte("off"))
	}
	note := append(c.soundNote(ticks), ", "...)
	note = append(strconv.AppendUint(note, ms, 10), " ms"...)
	return c.Note(c.Or(c.shiftV(uintV(ms), 16), uintV(ticks)), note)
}

// hexPtr is a pointer to n bytes, in hexadecimal.
func hexPtr(n uint64) Decoder {
	return func(c *Ctx, i int) event.Value {
		if !c.canFollow(c.Arg(i)) {
			return addrV(c.Arg(i))
		}
		return c.dataHex(c.Arg(i), n)
	}
}

func flags8(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.flagsV(t, r.U8()) }
}

func flags8Arg(t *event.Table) Decoder {
	return func(c *Ctx, i int) event.Value { return c.flagsV(t, c.Arg(i)&0xff) }
}

// keyboardMode is a number shown in decimal where it has no name.
func keyboardMode(c *Ctx, r *Rd) event.Value { return c.keyboardModeV(r.S32()) }

func keyboardModeArg(c *Ctx, i int) event.Value { return c.keyboardModeV(int64(int32(c.Arg(i)))) }

func (c *Ctx) keyboardModeV(n int64) event.Value {
	v := c.enumV(xKdKeyboardModes, uint64(n))
	v.Form, v.Flags = event.FormEnumDec, event.FlagSigned
	return v
}

// keycodeGet is a key on the keyboard and the code that it had.
var keycodeGet = open(structArg(8, field{"scancode", x32}, field{"keycode", x32}))

func keycodeRest(c *Ctx, i int) event.Value {
	return rest(8, at(4), field{"", func(c *Ctx, r *Rd) event.Value { return c.Then(hexV(r.U32())) }})(c, i)
}

var keyRepeat = structOf(0, field{"delay", i32}, field{"period", i32})

// screenMapArg is the Unicode of each character.
func screenMapArg(c *Ctx, i int) event.Value {
	return c.arrayV(c.Arg(i), 512/2, 2, x16)
}

// accentsArg is what becomes of a letter after an accent.
func accentsArg(c *Ctx, i int) event.Value {
	const most, size = 256, 12
	return c.ptrV(c.Arg(i), 4+most*size, func(c *Ctx, r *Rd) event.Value {
		n := r.U32()
		list := c.upto(r, min(n, most), structOf(0, field{"diacr", x32}, field{"base", x32}, field{"result", x32}))
		return c.Struct(event.F("kb_cnt", uintV(n)), event.F("kbdiacruc", list))
	})
}

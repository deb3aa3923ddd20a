package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to input devices.

var inputIoctls = []ioctlDec{
	{0x80044501, ioOut(one(4, x32)), nil}, // EVIOCGVERSION
	{0x80084502, ioOut(structArg(8, field{"bustype", u16}, field{"vendor", u16}, field{"product", u16}, field{"version", u16})), nil}, // EVIOCGID
	{0x80084503, ioOut(ptr(8, list(2, u32))), nil}, // EVIOCGREP
	{0x40084503, ptr(8, list(2, u32)), nil},        // EVIOCSREP
	{0x80084504, ioOut(ptr(8, keycode)), nil},      // EVIOCGKEYCODE
	{0x40084504, ptr(8, keycode), nil},             // EVIOCSKEYCODE
	{0x80284504, ioOut(ptr(40, keymapEntry)), nil}, // EVIOCGKEYCODE_V2
	{0x40284504, ptr(40, keymapEntry), nil},        // EVIOCSKEYCODE_V2
	{0x40304580, ptr(48, forceEffect), nil},        // EVIOCSFF
	{0x40044581, intArg, nil},                      // EVIOCRMFF
	{0x80044584, ioOut(one(4, u32)), nil},          // EVIOCGEFFECTS
	{0x40044590, ulongArg, nil},                    // EVIOCGRAB
	{0x40044591, ulongArg, nil},                    // EVIOCREVOKE
	{0x400445a0, one(4, u32), nil},                 // EVIOCSCLOCKID
}

// Requests to input devices whose code is made from a number or a size.

// eviocArg is how the argument of such a request looks, or nil.
func eviocArg(code uint32) Decoder {
	nr := iocNR(code)
	for i := range eviocArgs {
		if e := &eviocArgs[i]; nr >= e.first && nr <= e.last && iocDir(code) == e.dir {
			return e.dec
		}
	}
	return nil
}

var eviocArgs = [...]struct {
	dir, first, last uint32
	dec              Decoder
}{
	{iocRead, 0x06, 0x08, ioOut(bufRetArg)},
	{iocRead, 0x09, 0x09, ioOut(bitmapArg(xInputProps, 0x1f))},
	{iocRead, 0x0a, 0x0a, ioOut(slotsArg)},
	{iocRead, 0x18, 0x18, ioOut(bitmapArg(xInputKeys, 0x2ff))},
	{iocRead, 0x19, 0x19, ioOut(bitmapArg(xInputLeds, 0xf))},
	{iocRead, 0x1a, 0x1a, ioOut(bitmapArg(xInputSounds, 7))},
	{iocRead, 0x1b, 0x1b, ioOut(bitmapArg(xInputSwitches, 0x10))},
	{iocRead, 0x20, 0x20, ioOut(bitmapArg(xInputEvents, 0x1f))},
	{iocRead, 0x21, 0x21, ioOut(bitmapArg(xInputKeys, 0x2ff))},
	{iocRead, 0x22, 0x22, ioOut(bitmapArg(xInputRelatives, 0xf))},
	{iocRead, 0x23, 0x23, ioOut(bitmapArg(xInputAbsolutes, 0x3f))},
	{iocRead, 0x24, 0x24, ioOut(bitmapArg(xInputMisc, 7))},
	{iocRead, 0x25, 0x25, ioOut(bitmapArg(xInputSwitches, 0x10))},
	{iocRead, 0x31, 0x31, ioOut(bitmapArg(xInputLeds, 0xf))},
	{iocRead, 0x32, 0x32, ioOut(bitmapArg(xInputSounds, 7))},
	{iocRead, 0x34, 0x34, ioOut(bitmapArg(xInputRepeats, 1))},
	{iocRead, 0x35, 0x35, ioOut(bitmapArg(xInputFfTypes, 0x7f))},
	{iocRead, 0x36, 0x36, ioOut(one(4, i32))},
	{iocRead, 0x37, 0x37, ioOut(bitmapArg(xInputFfStatus, 1))},
	{iocRead, 0x40, 0x7f, ioOut(absinfoArg)},
	{iocWrite, 0xc0, 0xff, absinfoArg},
}

// bitmapArg is a set of numbers below limit, of as many bytes as the call returned.
func bitmapArg(t *event.Table, limit int) Decoder {
	return func(c *Ctx, i int) event.Value {
		if !c.canFollow(c.Arg(i)) || c.Ret <= 0 {
			return addrV(c.Arg(i))
		}
		// They are longs, read whole.
		w := c.Word()
		got := int(min(c.Ret, 1<<10))
		n := min(got*8, limit)
		b, ok := c.Read(c.Arg(i), (got+w-1)/w*w)
		if !ok {
			return addrV(c.Arg(i))
		}
		const few = 4
		v := event.Value{Form: event.FormSet}
		v.Elem = c.Vals(8)[:0]
		for k := range n {
			if b[k/8]>>(k%8)&1 == 0 {
				continue
			}
			if c.Abbrev && len(v.Elem) == few {
				v.Flags |= event.FlagCut
				break
			}
			v.Elem = append(v.Elem, c.enumV(t, uint64(k)))
		}
		return v
	}
}

// slotsArg is an axis and its value for each finger.
func slotsArg(c *Ctx, i int) event.Value {
	n := iocSize(uint32(c.Arg(1))) / 4
	if n == 0 {
		return addrV(c.Arg(i))
	}
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value {
		return c.Struct(event.F("code", c.enumV(xInputMtAxes, r.U32())), event.F("values", c.arrayV(c.Arg(2)+4, uint64(n-1), 4, i32)))
	})
}

func absinfoArg(c *Ctx, i int) event.Value {
	const size = 24
	if iocSize(uint32(c.Arg(1))) < size {
		return addrV(c.Arg(i))
	}
	return absinfo(c, i)
}

var absinfo = structCutArg(24, 2, field{"value", u32}, field{"minimum", u32}, field{"maximum", u32}, field{"fuzz", u32},
	field{"flat", u32}, field{"resolution", u32})

func keycode(c *Ctx, r *Rd) event.Value {
	scan, key := r.U32(), r.U32()
	return c.Array(uintV(scan), c.enumV(xInputKeys, key))
}

var keymapEntry = structOf(2, field{"flags", u8}, field{"len", u8}, field{"index", u16}, field{"keycode", enum32(xInputKeys)},
	field{"scancode", list(32, x8)})

var ffEnvelope = structOf(0, field{"attack_length", u16}, field{"attack_level", u16}, field{"fade_length", u16}, field{"fade_level", x16})

// forceEffect is an effect of a device that pushes back, whose end depends on its type.
func forceEffect(c *Ctx, r *Rd) event.Value {
	f := c.Vals(6)[:0]
	typ := r.U16()
	f = append(f, event.F("type", c.enumV(xInputFfTypes, typ)), event.F("id", i16(c, r)), event.F("direction", u16(c, r)))
	if c.Abbrev {
		return event.Value{Form: event.FormStruct, Flags: event.FlagCut, Elem: f}
	}
	f = c.fieldsV(r, f, []field{{"trigger", structOf(0, field{"button", u16}, field{"interval", u16})},
		{"replay", structOf(0, field{"length", u16}, field{"delay", u16})}})
	r.Align(8)
	for i := range ffKinds {
		if ffKinds[i].typ == typ {
			f = append(f, event.F(ffKinds[i].name, ffKinds[i].read(c, r)))
		}
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

var ffKinds = [...]struct {
	typ  uint64
	name string
	read reader
}{
	{0x50, "rumble", structOf(0, field{"strong_magnitude", u16}, field{"weak_magnitude", u16})},
	{0x51, "periodic", structOf(0, field{"waveform", u16}, field{"period", u16}, field{"magnitude", i16}, field{"offset", i16},
		field{"phase", u16}, field{"envelope", ffEnvelope}, field{"custom_len", u32}, field{"custom_data", adr})},
	{0x52, "constant", structOf(0, field{"level", i16}, field{"envelope", ffEnvelope})},
	{0x57, "ramp", structOf(0, field{"start_level", i16}, field{"end_level", i16}, field{"envelope", ffEnvelope})},
}

package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to lines of general-purpose input and output, see linux/gpio.h.

var gpioIoctls = []ioctlDec{
	{0x8044b401, ioOut(structArg(68, field{"name", text(32)}, field{"label", text(32)}, field{"lines", u32})), nil}, // GPIO_GET_CHIPINFO_IOCTL
	{0xc004b40c, structArg(4, field{"offset", u32}), nil},                                                           // GPIO_GET_LINEINFO_UNWATCH_IOCTL
	{0xc048b402, structArg(72, field{"line_offset", u32}), ioThen(gpioLineInfo)},                                    // GPIO_GET_LINEINFO_IOCTL
	{0xc048b40b, structArg(72, field{"line_offset", u32}), ioThen(gpioLineInfo)},                                    // GPIO_GET_LINEINFO_WATCH_IOCTL
	{0xc16cb403, ptr(364, gpioHandle), ioThen(structArg(364, at(360), field{"fd", dfd}))},                           // GPIO_GET_LINEHANDLE_IOCTL
	{0xc030b404, structArg(48, field{"lineoffset", u32}, field{"handleflags", flags32(xGpioHandleFlags)}, field{"eventflags", flags32(xGpioEventFlags)},
		field{"consumer_label", text(32)}), ioThen(structArg(48, at(44), field{"fd", dfd}))}, // GPIO_GET_LINEEVENT_IOCTL
	{0xc040b408, ioOut(structArg(64, field{"values", list(64, u8)})), nil},                                             // GPIOHANDLE_GET_LINE_VALUES_IOCTL
	{0xc040b409, structArg(64, field{"values", list(64, u8)}), nil},                                                    // GPIOHANDLE_SET_LINE_VALUES_IOCTL
	{0xc054b40a, structArg(84, field{"flags", flags32(xGpioHandleFlags)}, field{"default_values", list(64, u8)}), nil}, // GPIOHANDLE_SET_CONFIG_IOCTL
	{0xc100b405, structArg(256, at(64), field{"offset", u32}), ioThen(ptr(256, gpioV2Info))},                           // GPIO_V2_GET_LINEINFO_IOCTL
	{0xc100b406, structArg(256, at(64), field{"offset", u32}), ioThen(ptr(256, gpioV2Info))},                           // GPIO_V2_GET_LINEINFO_WATCH_IOCTL
	{0xc250b407, ptr(592, gpioV2Request), ioThen(structArg(592, at(588), field{"fd", dfd}))},                           // GPIO_V2_GET_LINE_IOCTL
	{0xc110b40d, ptr(272, gpioV2Config), nil},                                                                          // GPIO_V2_LINE_SET_CONFIG_IOCTL
	{0xc010b40e, structArg(16, at(8), field{"mask", x64}), ioThen(structArg(16, field{"bits", x64}))},                  // GPIO_V2_LINE_GET_VALUES_IOCTL
	{0xc010b40f, structArg(16, field{"bits", x64}, field{"mask", x64}), nil},                                           // GPIO_V2_LINE_SET_VALUES_IOCTL
}

const (
	gpioMaxLines = 64
	gpioMaxAttrs = 10
)

var gpioLineInfo = structArg(72, at(4), field{"flags", flags32(xGpioLineFlags)}, field{"name", text(32)}, field{"consumer", text(32)})

// upto is the first n elements of an array in a structure, limited by -s.
func (c *Ctx) upto(r *Rd, n uint64, read reader) event.Value { return list(int(n), read)(c, r) }

func gpioHandle(c *Ctx, r *Rd) event.Value {
	const flagsOff, valuesOff, labelOff, linesOff = 256, 260, 324, 356
	field := func(off int) *Rd { r.Off = off; return r }
	lines := field(linesOff).U32()
	n := min(lines, gpioMaxLines)
	offsets := c.upto(field(0), n, u32)
	flags := field(flagsOff).U32()
	values := c.upto(field(valuesOff), n, u8)
	return c.Struct(event.F("lines", uintV(lines)), event.F("lineoffsets", offsets), event.F("flags", c.flagsV(xGpioHandleFlags, flags)),
		event.F("default_values", values), event.F("consumer_label", c.cstrV(field(labelOff).Take(32))))
}

// gpioV2Attr is the name and the value of an attribute; without a name it is of a kind
// that is not known, or has something where nothing should be.
func gpioV2Attr(c *Ctx, r *Rd) event.Value {
	const flags, values, debounce = 1, 2, 3
	id, padding := r.U32(), r.U32()
	switch data := r.U64(); {
	case padding == 0 && id == flags:
		return event.F("flags", c.flagsV(xGpioV2LineFlags, data))
	case padding == 0 && id == values:
		return event.F("values", hexV(data))
	case padding == 0 && id == debounce:
		return event.F("debounce_period_us", uintV(data&0xffffffff))
	default:
		return c.Struct(event.F("id", uintV(id)), event.F("padding", nonzeroHexV(padding)), event.F("data", hexV(data)))
	}
}

func gpioV2InfoAttr(c *Ctx, r *Rd) event.Value {
	v := gpioV2Attr(c, r)
	if v.Name != "" {
		return c.Struct(v)
	}
	return v
}

func gpioV2ConfigAttr(c *Ctx, r *Rd) event.Value {
	v := gpioV2Attr(c, r)
	if v.Name == "" {
		v.Name = "attr"
	}
	return c.Struct(v, event.F("mask", hexV(r.U64())))
}

// gpioV2Attrs is attributes of which n count; none are not shown.
func (c *Ctx) gpioV2Attrs(r *Rd, n uint64, read reader) event.Value {
	if n == 0 {
		return absent()
	}
	return event.F("attrs", c.upto(r, min(n, gpioMaxAttrs), read))
}

func gpioV2Info(c *Ctx, r *Rd) event.Value {
	const paddingOff = 240
	name, consumer := c.cstrV(r.Take(32)), c.cstrV(r.Take(32))
	r.Skip(4)
	n, flags := r.U32(), r.U64()
	attrs := c.gpioV2Attrs(r, n, gpioV2InfoAttr)
	r.Off = paddingOff
	return c.Struct(event.F("name", name), event.F("consumer", consumer), event.F("flags", c.flagsV(xGpioV2LineFlags, flags)),
		event.F("num_attrs", uintV(n)), attrs, event.F("padding", optional(list(4, x32))(c, r)))
}

func gpioV2Config(c *Ctx, r *Rd) event.Value {
	flags, n := r.U64(), r.U32()
	padding := optional(list(5, x32))(c, r)
	return c.Struct(event.F("flags", c.flagsV(xGpioV2LineFlags, flags)), event.F("num_attrs", uintV(n)), event.F("padding", padding),
		c.gpioV2Attrs(r, n, gpioV2ConfigAttr))
}

func gpioV2Request(c *Ctx, r *Rd) event.Value {
	const consumerOff, configOff, linesOff = 256, 288, 560
	r.Off = linesOff
	n, size := r.U32(), r.U32()
	padding := optional(list(5, x32))(c, r)
	r.Off = 0
	offsets := c.upto(r, min(n, gpioMaxLines), u32)
	r.Off = consumerOff
	consumer := c.cstrV(r.Take(32))
	r.Off = configOff
	config := gpioV2Config(c, r)
	room := uintV(size)
	if size == 0 {
		room = absent()
	}
	return c.Struct(event.F("num_lines", uintV(n)), event.F("offsets", offsets), event.F("consumer", consumer), event.F("config", config),
		event.F("event_buffer_size", room), event.F("padding", padding))
}

package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to clocks that keep the time of a network, see linux/ptp_clock.h. Those whose
// names end in 2 show what is reserved.

var ptpIoctls = []ioctlDec{
	{0x40103d02, structArg(16, ptpExtts...), nil},                                               // PTP_EXTTS_REQUEST
	{0x40103d0b, structArg(16, append(ptpExtts, field{"rsv", optional(list(2, x32))})...), nil}, // PTP_EXTTS_REQUEST2
	{0x40383d03, ptr(56, ptpPerout), nil},                                                       // PTP_PEROUT_REQUEST
	{0x40383d0c, ptr(56, ptpPerout), nil},                                                       // PTP_PEROUT_REQUEST2
	{0x40603d07, structArg(96, ptpPin...), nil},                                                 // PTP_PIN_SETFUNC
	{0x40603d10, structArg(96, append(ptpPin, at(76), ptpPinRsv)...), nil},                      // PTP_PIN_SETFUNC2
	{0x80503d01, ioOut(structArg(80, ptpCaps...)), nil},                                         // PTP_CLOCK_GETCAPS
	{0x80503d0a, ioOut(structArg(80, ptpCaps...)), nil},                                         // PTP_CLOCK_GETCAPS2
	{0xc0403d08, ioOut(structArg(64, ptpPrecise...)), nil},                                      // PTP_SYS_OFFSET_PRECISE
	{0xc0403d11, ioOut(structArg(64, ptpPrecise...)), nil},                                      // PTP_SYS_OFFSET_PRECISE2
	inOut(0xc0603d06, 96, []field{at(64), {"index", u32}}, ptpPinAnswer),                        // PTP_PIN_GETFUNC
	inOut(0xc0603d0f, 96, []field{at(64), {"index", u32}, at(76), ptpPinRsv}, ptpPinAnswer),     // PTP_PIN_GETFUNC2
	inOut(0x43403d05, 832, ptpSamples, []field{{"ts", ptpOffsets}}),                             // PTP_SYS_OFFSET
	inOut(0x43403d0e, 832, ptpSamples, []field{{"ts", ptpOffsets}}),                             // PTP_SYS_OFFSET2
	inOut(0xc4c03d09, 1216, ptpSamples, []field{{"ts", ptpExtended}}),                           // PTP_SYS_OFFSET_EXTENDED
	inOut(0xc4c03d12, 1216, ptpSamples, []field{{"ts", ptpExtended}}),                           // PTP_SYS_OFFSET_EXTENDED2
}

var (
	ptpExtts     = []field{{"index", u32}, {"flags", flags32(xPtpFlags)}}
	ptpPin       = []field{at(64), {"index", u32}, {"func", enum32(xPtpPinFunctions)}, {"chan", u32}}
	ptpPinRsv    = field{"rsv", optional(list(5, x32))}
	ptpPinAnswer = []field{{"name", text(64)}, at(68), {"func", enum32(xPtpPinFunctions)}, {"chan", u32}}
	ptpSamples   = []field{{"n_samples", u32}, {"rsv", optional(list(3, x32))}}
	ptpCaps      = []field{{"max_adj", i32}, {"n_alarm", i32}, {"n_ext_ts", i32}, {"n_per_out", i32}, {"pps", i32}, {"n_pins", i32},
		{"cross_timestamping", i32}, {"adjust_phase", i32}, {"rsv", optional(list(12, x32))}}
	ptpPrecise = []field{{"device", ptpTime}, {"sys_realtime", ptpTime}, {"sys_monoraw", ptpDuration}, {"rsv", optional(list(4, x32))}}
)

// ptpDuration is a struct ptp_clock_time; ptpTime one that is a date.
func ptpDuration(c *Ctx, r *Rd) event.Value {
	sec, nsec, reserved := r.S64(), r.U32(), r.U32()
	return c.Struct(event.F("sec", intV(sec)), event.F("nsec", uintV(nsec)), event.F("reserved", nonzeroHexV(reserved)))
}

func ptpTime(c *Ctx, r *Rd) event.Value {
	v := ptpDuration(c, r)
	v.Note = c.timeNote(int64(v.Elem[0].Num), v.Elem[1].Num, 9)
	return v
}

// ptpPerout is a periodic output. Its flags say what two of the fields mean.
func ptpPerout(c *Ctx, r *Rd) event.Value {
	const dutyCycle, phase, perout2 = 2, 4, 0x0c
	first := *r
	r.Off = 32
	period := *r
	period.Off = 16
	index, flags := r.U32(), r.U32()
	f := append(c.Vals(5)[:0], event.F("start", ptpTime(c, &first)))
	if flags&phase != 0 {
		first.Off = 0
		f[0] = event.F("phase", ptpDuration(c, &first))
	}
	f = append(f, event.F("period", ptpDuration(c, &period)), event.F("index", uintV(index)), event.F("flags", c.flagsV(xPtpPeroutFlags, flags)))
	if flags&dutyCycle != 0 {
		f = append(f, event.F("on", ptpDuration(c, r)))
	} else if v := optional(list(4, x32))(c, r); !v.Absent() && iocNR(uint32(c.Arg(1))) == perout2 {
		f = append(f, event.F("rsv", v))
	}
	return event.Value{Form: event.FormStruct, Elem: f}
}

const ptpMaxSamples = 25

// ptpOffsets is times of the system and, between them, of the clock.
func ptpOffsets(c *Ctx, r *Rd) event.Value {
	n := r.U32()
	r.Off = 16
	return c.upto(r, 2*min(n, ptpMaxSamples)+1, ptpTime)
}

// ptpExtended is triples of times: of the system, of the clock, of the system.
func ptpExtended(c *Ctx, r *Rd) event.Value {
	n := r.U32()
	r.Off = 16
	return c.upto(r, min(n, ptpMaxSamples), list(3, ptpTime))
}

package decode

import (
	"encoding/binary"

	"github.com/gotrace/gotrace/tracer/event"
)

// Requests to clocks, random numbers, watchdogs, remote controls, flash and other devices.

var devIoctls = []ioctlDec{
	{0x3e01, noArg, nil},                                   // COUNTER_ENABLE_EVENTS_IOCTL
	{0x3e02, noArg, nil},                                   // COUNTER_DISABLE_EVENTS_IOCTL
	{0x5204, noArg, nil},                                   // RNDZAPENTCNT
	{0x5206, noArg, nil},                                   // RNDCLEARPOOL
	{0x5207, noArg, nil},                                   // RNDRESEEDCRNG
	{0x40045201, one(4, i32), nil},                         // RNDADDTOENTCNT
	{0x40085203, addEntropyArg, nil},                       // RNDADDENTROPY
	{0x80045200, ioOut(one(4, i32)), nil},                  // RNDGETENTCNT
	{0x7001, noArg, nil},                                   // RTC_AIE_ON
	{0x7002, noArg, nil},                                   // RTC_AIE_OFF
	{0x7003, noArg, nil},                                   // RTC_UIE_ON
	{0x7004, noArg, nil},                                   // RTC_UIE_OFF
	{0x7005, noArg, nil},                                   // RTC_PIE_ON
	{0x7006, noArg, nil},                                   // RTC_PIE_OFF
	{0x700f, noArg, nil},                                   // RTC_WIE_ON
	{0x7010, noArg, nil},                                   // RTC_WIE_OFF
	{0x7014, noArg, nil},                                   // RTC_VL_CLR
	{0x4008700c, ulongArg, nil},                            // RTC_IRQP_SET
	{0x4008700e, ulongArg, nil},                            // RTC_EPOCH_SET
	{0x8008700b, ioOut(wordPtr(ulong)), nil},               // RTC_IRQP_READ
	{0x8008700d, ioOut(wordPtr(ulong)), nil},               // RTC_EPOCH_READ
	{0x40247007, ptr(36, rtcTime), nil},                    // RTC_ALM_SET
	{0x4024700a, ptr(36, rtcTime), nil},                    // RTC_SET_TIME
	{0x80247008, ioOut(ptr(36, rtcTime)), nil},             // RTC_ALM_READ
	{0x80247009, ioOut(ptr(36, rtcTime)), nil},             // RTC_RD_TIME
	{0x4028700f, ptr(40, rtcAlarm), nil},                   // RTC_WKALM_SET
	{0x80287010, ioOut(ptr(40, rtcAlarm)), nil},            // RTC_WKALM_RD
	{0x40207012, ptr(32, rtcPLL), nil},                     // RTC_PLL_SET
	{0x80207011, ioOut(ptr(32, rtcPLL)), nil},              // RTC_PLL_GET
	{0x80047013, ioOut(one(4, flags32(xRtcVoltage))), nil}, // RTC_VL_READ
	{0x40187013, structArg(24, field{"param", enum64(xRtcParams)}, at(16), field{"index", u32}, field{"__pad", optional(x32)}), rtcParamThen},           // RTC_PARAM_GET
	{0x40187014, structArg(24, field{"param", enum64(xRtcParams)}, field{"uvalue", rtcValue}, field{"index", u32}, field{"__pad", optional(x32)}), nil}, // RTC_PARAM_SET

	{0x80045701, ioOut(one(4, i32)), nil}, // WDIOC_GETSTATUS
	{0x80045702, ioOut(one(4, i32)), nil}, // WDIOC_GETBOOTSTATUS
	{0x80045703, ioOut(one(4, i32)), nil}, // WDIOC_GETTEMP
	{0x80045705, noArg, nil},              // WDIOC_KEEPALIVE
	{0x80045707, ioOut(one(4, i32)), nil}, // WDIOC_GETTIMEOUT
	{0x80045709, ioOut(one(4, i32)), nil}, // WDIOC_GETPRETIMEOUT
	{0x8004570a, ioOut(one(4, i32)), nil}, // WDIOC_GETTIMELEFT
	{0xc0045706, one(4, i32), nil},        // WDIOC_SETTIMEOUT
	{0xc0045708, one(4, i32), nil},        // WDIOC_SETPRETIMEOUT

	{0x80046900, ioOut(one(4, flags32(xLircFeatures))), nil}, // LIRC_GET_FEATURES
	{0x80046901, ioOut(one(4, enum32(xLircModes))), nil},     // LIRC_GET_SEND_MODE
	{0x80046902, ioOut(one(4, enum32(xLircModes))), nil},     // LIRC_GET_REC_MODE
	{0x80046907, ioOut(one(4, u32)), nil},                    // LIRC_GET_REC_RESOLUTION
	{0x80046908, ioOut(one(4, u32)), nil},                    // LIRC_GET_MIN_TIMEOUT
	{0x80046909, ioOut(one(4, u32)), nil},                    // LIRC_GET_MAX_TIMEOUT
	{0x8004690f, ioOut(one(4, u32)), nil},                    // LIRC_GET_LENGTH
	{0x80046924, ioOut(one(4, u32)), nil},                    // LIRC_GET_REC_TIMEOUT
	{0x40046911, one(4, enum32(xLircModes)), nil},            // LIRC_SET_SEND_MODE
	{0x40046912, one(4, enum32(xLircModes)), nil},            // LIRC_SET_REC_MODE
	{0x40046913, one(4, u32), nil},                           // LIRC_SET_SEND_CARRIER
	{0x40046914, one(4, u32), nil},                           // LIRC_SET_REC_CARRIER
	{0x40046915, one(4, u32), nil},                           // LIRC_SET_SEND_DUTY_CYCLE
	{0x40046917, one(4, x32), nil},                           // LIRC_SET_TRANSMITTER_MASK
	{0x40046918, one(4, u32), nil},                           // LIRC_SET_REC_TIMEOUT
	{0x40046919, one(4, u32), nil},                           // LIRC_SET_REC_TIMEOUT_REPORTS
	{0x4004691d, one(4, u32), nil},                           // LIRC_SET_MEASURE_CARRIER_MODE
	{0x4004691f, one(4, u32), nil},                           // LIRC_SET_REC_CARRIER_RANGE
	{0x40046923, one(4, u32), nil},                           // LIRC_SET_WIDEBAND_RECEIVER

	{0x4f08, noArg, nil},           // UBI_IOCVOLRMBLK
	{0x40804f07, noArg, nil},       // UBI_IOCVOLCRBLK
	{0x40044f01, one(4, i32), nil}, // UBI_IOCEBER
	{0x40044f02, structArg(16, field{"lnum", i32}, field{"bytes", i32}, field{"dtype", enum8(xUbiDataTypes)}), nil}, // UBI_IOCEBCH
	{0x40084f03, structArg(8, field{"lnum", i32}, field{"dtype", enum8(xUbiDataTypes)}), nil},                       // UBI_IOCEBMAP
	{0x40044f04, one(4, i32), nil}, // UBI_IOCEBUNMAP
	{0x80044f05, one(4, i32), nil}, // UBI_IOCEBISMAP
	{0x40084f00, one(8, i64), nil}, // UBI_IOCVOLUP
	{0x40104f06, structArg(16, field{"property", enum8(xUbiVolumeProps)}, at(8), field{"value", x64}), nil}, // UBI_IOCSETVOLPROP
	{0x40046f01, one(4, i32), nil},                                              // UBI_IOCRMVOL
	{0x40046f04, one(4, i32), nil},                                              // UBI_IOCRPEB
	{0x40046f05, one(4, i32), nil},                                              // UBI_IOCSPEB
	{0x40046f41, one(4, i32), nil},                                              // UBI_IOCDET
	{0x400c6f02, structArg(12, field{"bytes", i64}, field{"vol_id", i32}), nil}, // UBI_IOCRSVOL
	{0x40186f40, structArg(24, field{"ubi_num", i32}, field{"mtd_num", i32}, field{"vid_hdr_offset", i32},
		field{"max_beb_per1024", i16}), ioThen(one(4, i32))}, // UBI_IOCATT
	{0x40986f00, structArg(152, field{"vol_id", i32}, field{"alignment", i32}, field{"bytes", i64},
		field{"vol_type", enum8(xUbiVolumeTypes)}, field{"flags", flags8(xUbiVolumeFlags)}, field{"name_len", i16}, skip(4), field{"name", ubiName}), ioThen(one(4, i32))}, // UBI_IOCMKVOL

	{0x4d13, enumLongArg(xMtdFileModes), nil},                                   // MTDFILEMODE
	{0x40084d02, ptr(8, mtdErase), nil},                                         // MEMERASE
	{0x40084d05, ptr(8, mtdErase), nil},                                         // MEMLOCK
	{0x40084d06, ptr(8, mtdErase), nil},                                         // MEMUNLOCK
	{0x80084d17, ptr(8, mtdErase), nil},                                         // MEMISLOCKED
	{0x40084d0b, one(8, u64), nil},                                              // MEMGETBADBLOCK
	{0x40084d0c, one(8, u64), nil},                                              // MEMSETBADBLOCK
	{0x40104d14, structArg(16, field{"start", x64}, field{"length", x64}), nil}, // MEMERASE64
	{0x40044d0e, ioOut(one(4, u32)), nil},                                       // OTPGETREGIONCOUNT
	{0x400c4d0f, ioOut(ptr(12, otpInfo)), nil},                                  // OTPGETREGIONINFO
	{0x800c4d10, ptr(12, otpInfo), nil},                                         // OTPLOCK
	{0x80044d07, ioOut(one(4, i32)), nil},                                       // MEMGETREGIONCOUNT
	{0x80044d0d, one(4, enum32(xMtdOtp)), nil},                                  // OTPSELECT
	{0x80104d12, ioOut(structArg(16, field{"corrected", x32}, field{"failed", x32}, field{"badblocks", x32}, field{"bbtblocks", x32})), nil}, // ECCGETSTATS
	{0x80204d01, ioOut(structArg(32, field{"type", enum8(xMtdTypes)}, at(4), field{"flags", flags32(xMtdFlags)}, field{"size", x32},
		field{"erasesize", x32}, field{"writesize", x32}, field{"oobsize", x32}, field{"padding", x64})), nil}, // MEMGETINFO
	{0xc0104d03, ptr(16, mtdOOB), nil},   // MEMWRITEOOB
	{0xc0104d04, ptr(16, mtdOOB), nil},   // MEMREADOOB
	{0xc0184d15, ptr(24, mtdOOB64), nil}, // MEMWRITEOOB64
	{0xc0184d16, ptr(24, mtdOOB64), nil}, // MEMREADOOB64
	inOut(0xc0104d08, 16, []field{at(12), {"regionindex", x32}}, []field{{"offset", x32}, {"erasesize", x32}, {"numblocks", x32}}), // MEMGETREGIONINFO
	{0xc0304d18, structArg(48, field{"start", x64}, field{"len", x64}, field{"ooblen", x64}, field{"usr_data", adr64}, field{"usr_oob", adr64},
		field{"mode", enum8(xMtdOobModes)}), nil}, // MEMWRITE

	{0x80c84d0a, ioOut(structArg(200, field{"useecc", enum32(xMtdNandecc)}, field{"eccbytes", x32}, field{"oobfree", list(8, list(2, x32))},
		field{"eccpos", list(32, x32)})), nil}, // MEMGETOOBSEL
	{0x81484d11, ioOut(structArg(328, field{"eccbytes", x32}, field{"eccpos", list(64, x32)}, field{"oobavail", x32},
		field{"oobfree", list(8, structOf(0, field{"offset", x32}, field{"length", x32}))})), nil}, // ECCGETLAYOUT

	{0xc010a401, structArg(16, teeShm...), ioThen(structArg(16, append(teeShm, field{"id", i32})...))}, // TEE_IOC_SHM_ALLOC
	{0xc018a409, structArg(24, field{"addr", adr64}, field{"length", x64}, field{"flags", flags32(xTeeShmFlags)}),
		ioThen(structArg(24, at(8), field{"length", x64}, field{"flags", flags32(xTeeShmFlags)}, field{"id", i32}))}, // TEE_IOC_SHM_REGISTER
	{0x8010a402, teeBuffer, nil},                                                    // TEE_IOC_OPEN_SESSION
	{0x8010a403, teeBuffer, nil},                                                    // TEE_IOC_INVOKE
	{0x8010a406, teeBuffer, nil},                                                    // TEE_IOC_SUPPL_RECV
	{0x8010a407, teeBuffer, nil},                                                    // TEE_IOC_SUPPL_SEND
	{0x8004a405, structArg(4, field{"session", x32}), nil},                          // TEE_IOC_CLOSE_SESSION
	{0x8008a404, structArg(8, field{"cancel_id", u32}, field{"session", x32}), nil}, // TEE_IOC_CANCEL
	{0x800ca400, ioOut(ptr(12, teeVersion)), nil},                                   // TEE_IOC_VERSION
}

func enum64(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.enumV(t, r.U64()) }
}

// addEntropyArg is a number of bits and a buffer with its size.
func addEntropyArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 8, func(c *Ctx, r *Rd) event.Value {
		count, size := r.S32(), r.S32()
		return c.Struct(event.F("entropy_count", intV(count)), event.F("buf_size", intV(size)),
			event.F("buf", c.bytesV(c.Arg(2)+8, uint64(size))))
	})
}

var rtcTime = structOf(6, field{"tm_sec", i32}, field{"tm_min", i32}, field{"tm_hour", i32}, field{"tm_mday", i32},
	field{"tm_mon", i32}, field{"tm_year", i32}, field{"tm_wday", i32}, field{"tm_yday", i32}, field{"tm_isdst", i32})

var rtcAlarm = structOf(0, field{"enabled", u8}, field{"pending", u8}, at(4), field{"time", rtcTime})

var rtcPLL = structOf(0, field{"pll_ctrl", i32}, field{"pll_value", i32}, field{"pll_max", i32}, field{"pll_min", i32},
	field{"pll_posmult", i32}, field{"pll_negmult", i32}, field{"pll_clock", long})

// rtcValue is the value of the parameter that the structure begins with.
func rtcValue(c *Ctx, r *Rd) event.Value {
	const backupSwitchMode = 2
	n := r.U64()
	if binary.LittleEndian.Uint64(r.B) == backupSwitchMode {
		return c.enumV(xRtcSwitchModes, n)
	}
	return hexV(n)
}

// rtcParamThen is the value of a parameter; that of a failed request is at its address.
func rtcParamThen(c *Ctx, i int) event.Value {
	return c.Then(structArg(24, at(8), field{"uvalue", rtcValue}, at(20), field{"__pad", optional(x32)})(c, i))
}

// ubiName is a volume's name, of as many bytes as the field before it said, and a NUL.
func ubiName(c *Ctx, r *Rd) event.Value {
	const most = 128
	n := int(int16(binary.LittleEndian.Uint16(r.B[18:])))
	return c.cstrV(r.Take(most)[:min(max(n, 0)+1, most)])
}

var (
	mtdErase = structOf(0, field{"start", x32}, field{"length", x32})
	otpInfo  = structOf(0, field{"start", x32}, field{"length", x32}, field{"locked", u32})
	mtdOOB   = structOf(0, field{"start", x32}, field{"length", x32}, field{"ptr", adr})
	mtdOOB64 = structOf(0, field{"start", x64}, at(12), field{"length", x32}, field{"usr_ptr", adr64})
)

func teeVersion(c *Ctx, r *Rd) event.Value {
	const optee = 1
	impl, caps, gen := r.U32(), r.U32(), r.U32()
	specific := hexV(caps)
	if impl == optee {
		specific = c.flagsV(xTeeOpteeCaps, caps)
	}
	return c.Struct(event.F("impl_id", c.enumV(xTeeImplIds, impl)), event.F("gen_caps", c.flagsV(xTeeGenCaps, gen)),
		event.F("impl_caps", specific))
}

var teeShm = []field{{"size", x64}, {"flags", flags32(xTeeShmFlags)}}

// teeBuffer is where the parameters of a request are.
func teeBuffer(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 16, func(c *Ctx, r *Rd) event.Value {
		ptr := addrV(r.U64())
		return c.Struct(event.F("buf_len", uintV(r.U64())), event.F("buf_ptr", ptr))
	})
}

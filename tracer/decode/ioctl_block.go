package decode

import "github.com/gotrace/gotrace/tracer/event"

// Requests to block devices.

var blockIoctls = []ioctlDec{
	{0x125d, one(4, i32), nil},                                         // BLKROSET
	{0x125e, ioOut(one(4, i32)), nil},                                  // BLKROGET
	{0x125f, noArg, nil},                                               // BLKRRPART
	{0x1260, ioOut(wordPtr(ulong)), nil},                               // BLKGETSIZE
	{0x1261, noArg, nil},                                               // BLKFLSBUF
	{0x1262, ulongArg, nil},                                            // BLKRASET
	{0x1263, ioOut(wordPtr(long)), nil},                                // BLKRAGET
	{0x1264, ulongArg, nil},                                            // BLKFRASET
	{0x1265, ioOut(wordPtr(long)), nil},                                // BLKFRAGET
	{0x1267, ioOut(one(2, u16)), nil},                                  // BLKSECTGET
	{0x1268, ioOut(one(4, i32)), nil},                                  // BLKSSZGET
	{0x1269, blkpgArg, nil},                                            // BLKPG
	{0x1274, noArg, nil},                                               // BLKTRACESTART
	{0x1275, noArg, nil},                                               // BLKTRACESTOP
	{0x1276, noArg, nil},                                               // BLKTRACETEARDOWN
	{0x1277, rangeArg, nil},                                            // BLKDISCARD
	{0x1278, ioOut(one(4, u32)), nil},                                  // BLKIOMIN
	{0x1279, ioOut(one(4, u32)), nil},                                  // BLKIOOPT
	{0x127a, ioOut(one(4, i32)), nil},                                  // BLKALIGNOFF
	{0x127b, ioOut(one(4, u32)), nil},                                  // BLKPBSZGET
	{0x127c, ioOut(one(4, u32)), nil},                                  // BLKDISCARDZEROES
	{0x127d, rangeArg, nil},                                            // BLKSECDISCARD
	{0x127e, ioOut(one(2, u16)), nil},                                  // BLKROTATIONAL
	{0x127f, rangeArg, nil},                                            // BLKZEROOUT
	{0x40081271, one(4, i32), nil},                                     // BLKBSZSET
	{0x80041284, ioOut(one(4, u32)), nil},                              // BLKGETZONESZ
	{0x80041285, ioOut(one(4, u32)), nil},                              // BLKGETNRZONES
	{0x80081270, ioOut(one(4, i32)), nil},                              // BLKBSZGET
	{0x80081272, ioOut(one(8, u64)), nil},                              // BLKGETSIZE64
	{0x80081280, ioOut(one(8, u64)), nil},                              // BLKGETDISKSEQ
	inOut(0xc0481273, 72, blktraceFields, []field{{"name", text(32)}}), // BLKTRACESETUP

	{0x0301, ioOut(structArg(16, field{"heads", u8}, field{"sectors", u8}, field{"cylinders", u16}, field{"start", ulong})), nil}, // HDIO_GETGEO
	{0x0302, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_UNMASKINTR
	{0x0304, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_MULTCOUNT
	{0x0307, ioOut(bytesPtr(142)), nil},                    // HDIO_OBSOLETE_IDENTITY
	{0x0308, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_KEEPSETTINGS
	{0x0309, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_32BIT
	{0x030a, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_NOWERR
	{0x030b, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_DMA
	{0x030c, ioOut(wordPtr(flagsLong(xIdeNice))), nil},     // HDIO_GET_NICE
	{0x030d, ioOut(bytesPtr(512)), nil},                    // HDIO_GET_IDENTITY
	{0x030e, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_WCACHE
	{0x030f, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_ACOUSTIC
	{0x0310, ioOut(wordPtr(ulong)), nil},                   // HDIO_GET_ADDRESS
	{0x031a, ioOut(wordPtr(enumLong(xIdeBusStates))), nil}, // HDIO_GET_BUSSTATE
	{0x031c, hwifArg, nil},                                 // HDIO_DRIVE_RESET
	{0x031f, ataCommandArg, ioThen(ataResultArg)},          // HDIO_DRIVE_CMD
	{0x0321, ulongArg, nil},                                // HDIO_SET_MULTCOUNT
	{0x0322, ulongArg, nil},                                // HDIO_SET_UNMASKINTR
	{0x0323, ulongArg, nil},                                // HDIO_SET_KEEPSETTINGS
	{0x0324, ulongArg, nil},                                // HDIO_SET_32BIT
	{0x0325, ulongArg, nil},                                // HDIO_SET_NOWERR
	{0x0326, ulongArg, nil},                                // HDIO_SET_DMA
	{0x0327, ulongArg, nil},                                // HDIO_SET_PIO_MODE
	{0x0328, hwifArg, nil},                                 // HDIO_SCAN_HWIF
	{0x0329, flagsLongArg(xIdeNice), nil},                  // HDIO_SET_NICE
	{0x032a, ulongArg, nil},                                // HDIO_UNREGISTER_HWIF
	{0x032b, ulongArg, nil},                                // HDIO_SET_WCACHE
	{0x032c, ulongArg, nil},                                // HDIO_SET_ACOUSTIC
	{0x032d, enumLongArg(xIdeBusStates), nil},              // HDIO_SET_BUSSTATE
	{0x032f, ulongArg, nil},                                // HDIO_SET_ADDRESS

	{0x4c00, fdArg, nil},                                  // LOOP_SET_FD
	{0x4c01, noArg, nil},                                  // LOOP_CLR_FD
	{0x4c02, ptr(loopInfoSize, loopInfo), nil},            // LOOP_SET_STATUS
	{0x4c03, ioOut(ptr(loopInfoSize, loopInfo)), nil},     // LOOP_GET_STATUS
	{0x4c04, ptr(loopInfo64Size, loopInfo64), nil},        // LOOP_SET_STATUS64
	{0x4c05, ioOut(ptr(loopInfo64Size, loopInfo64)), nil}, // LOOP_GET_STATUS64
	{0x4c06, fdArg, nil},                                  // LOOP_CHANGE_FD
	{0x4c07, noArg, nil},                                  // LOOP_SET_CAPACITY
	{0x4c08, ulongArg, nil},                               // LOOP_SET_DIRECT_IO
	{0x4c09, ulongArg, nil},                               // LOOP_SET_BLOCK_SIZE
	{0x4c0a, structArg(304, field{"fd", dfd}, field{"block_size", u32}, field{"info", loopInfo64}, field{"__reserved", optional(list(8, x64))}), nil}, // LOOP_CONFIGURE
	{0x4c80, intArg, nil}, // LOOP_CTL_ADD
	{0x4c81, intArg, nil}, // LOOP_CTL_REMOVE
	{0x4c82, noArg, nil},  // LOOP_CTL_GET_FREE

	{0xab00, fdArg, nil},               // NBD_SET_SOCK
	{0xab01, ulongArg, nil},            // NBD_SET_BLKSIZE
	{0xab02, ulongArg, nil},            // NBD_SET_SIZE
	{0xab03, noArg, nil},               // NBD_DO_IT
	{0xab04, noArg, nil},               // NBD_CLEAR_SOCK
	{0xab05, noArg, nil},               // NBD_CLEAR_QUE
	{0xab06, noArg, nil},               // NBD_PRINT_DEBUG
	{0xab07, ulongArg, nil},            // NBD_SET_SIZE_BLOCKS
	{0xab08, noArg, nil},               // NBD_DISCONNECT
	{0xab09, ulongArg, nil},            // NBD_SET_TIMEOUT
	{0xab0a, flagsArg(xNbdFlags), nil}, // NBD_SET_FLAGS
}

// wordPtr is a pointer to a long of the ABI, shown as [n].
func wordPtr(read reader) Decoder {
	return func(c *Ctx, i int) event.Value {
		return c.ptrV(c.Arg(i), c.Word(), func(c *Ctx, r *Rd) event.Value { return c.Array(read(c, r)) })
	}
}

func flagsLong(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.flagsV(t, r.ULong()) }
}

func enumLong(t *event.Table) reader {
	return func(c *Ctx, r *Rd) event.Value { return c.enumV(t, r.ULong()) }
}

// bytesPtr is a pointer to n bytes, shown as a string.
func bytesPtr(n uint64) Decoder {
	return func(c *Ctx, i int) event.Value {
		if !c.canFollow(c.Arg(i)) {
			return addrV(c.Arg(i))
		}
		return c.bytesV(c.Arg(i), n)
	}
}

// rangeArg is where a range of a device begins, and its length.
var rangeArg = ptr(16, list(2, u64))

var blktraceFields = []field{at(32), {"act_mask", u16}, {"buf_size", u32}, {"buf_nr", u32}, {"start_lba", u64},
	{"end_lba", u64}, {"pid", dpid}}

var blkpgPartition = structOf(0, field{"start", i64}, field{"length", i64}, field{"pno", i32},
	field{"devname", text(64)}, field{"volname", text(64)})

func blkpgArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 12+c.Word()+4*(c.Word()/8), func(c *Ctx, r *Rd) event.Value {
		op, flags, n, p := r.U32(), r.S32(), r.S32(), r.ULong()
		return c.Struct(event.F("op", c.enumV(xBlkpgOps, op)), event.F("flags", intV(flags)), event.F("datalen", intV(n)),
			event.F("data", c.ptrV(p, 152, blkpgPartition)))
	})
}

// hwifArg is three numbers of an interface's hardware.
func hwifArg(c *Ctx, i int) event.Value { return c.arrayV(c.Arg(i), 3, 4, x32) }

// ataCommandArg is the four registers of a command.
func ataCommandArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value {
		c.Save(0, uint64(r.B[3]))
		return ataCommand(c, r)
	})
}

var ataCommand = structOf(0, field{"command", enum8(xAtaCommands)}, field{"sector_number", u8},
	field{"feature", u8}, field{"sector_count", u8})

var ataResult = []field{{"status", x8}, {"error", u8}, {"nsector", u8}}

// ataResultArg is what came back, with the sectors that were asked for.
func ataResultArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4, func(c *Ctx, r *Rd) event.Value {
		f := c.fieldsV(r, c.Vals(len(ataResult) + 1)[:0], ataResult)
		if n := c.Saved(0); n != 0 {
			f = append(f, event.F("buf", c.dataHex(c.Arg(2)+4, n*512)))
		}
		return event.Value{Form: event.FormStruct, Elem: f}
	})
}

// Loop devices.

const (
	loopInfoSize   = 168
	loopInfo64Size = 232
	loopKeySize    = 32
	loCryptNone    = 0
)

// loopKey is a key of as many bytes as the field before it said.
func loopKey(r *Rd, size uint64) []byte {
	b := r.Take(loopKeySize)
	return b[:min(size, uint64(len(b)))]
}

func loopInfo(c *Ctx, r *Rd) event.Value {
	f := c.Vals(13)[:0]
	number := r.S32()
	var dev, inode, rdev uint64
	if r.Word == 8 {
		r.Align(8)
		dev, inode, rdev = r.U64(), r.U64(), r.U64()
	} else {
		dev, inode, rdev = r.U16(), r.U32(), r.U16()
	}
	f = append(f, event.F("lo_number", intV(number)))
	if !c.Abbrev {
		f = append(f, event.F("lo_device", c.devV(dev)), event.F("lo_inode", uintV(inode)), event.F("lo_rdevice", c.devV(rdev)))
	}
	off, enc, keySize, flags := r.U32(), r.U32(), r.U32(), r.U32()
	f = append(f, event.F("lo_offset", hexV(off)))
	crypt := enc != loCryptNone || !c.Abbrev
	if crypt {
		f = append(f, event.F("lo_encrypt_type", c.enumV(xLoopCryptTypes, enc)))
		f = append(f, event.F("lo_encrypt_key_size", uintV(keySize)))
	}
	f = append(f, event.F("lo_flags", c.flagsV(xLoopFlags, flags)), event.F("lo_name", c.cstrV(r.Take(64))))
	key := loopKey(r, keySize)
	if crypt {
		f = append(f, event.F("lo_encrypt_key", dataV(key)))
	}
	v := event.Value{Form: event.FormStruct, Flags: event.FlagCut}
	if !c.Abbrev {
		v.Flags = 0
		f = append(f, event.F("lo_init", list(2, xlong)(c, r)), event.F("reserved", list(4, x8)(c, r)))
	}
	v.Elem = f
	return v
}

func loopInfo64(c *Ctx, r *Rd) event.Value {
	end := r.Off + loopInfo64Size
	f := c.Vals(13)[:0]
	dev, inode, rdev, off, limit := r.U64(), r.U64(), r.U64(), r.U64(), r.U64()
	if !c.Abbrev {
		f = append(f, event.F("lo_device", c.devV(dev)), event.F("lo_inode", uintV(inode)), event.F("lo_rdevice", c.devV(rdev)))
	}
	f = append(f, event.F("lo_offset", hexV(off)))
	if !c.Abbrev {
		f = append(f, event.F("lo_sizelimit", uintV(limit)))
	}
	number, enc, keySize, flags := r.U32(), r.U32(), r.U32(), r.U32()
	f = append(f, event.F("lo_number", uintV(number)))
	crypt := enc != loCryptNone || !c.Abbrev
	if crypt {
		f = append(f, event.F("lo_encrypt_type", c.enumV(xLoopCryptTypes, enc)), event.F("lo_encrypt_key_size", uintV(keySize)))
	}
	f = append(f, event.F("lo_flags", c.flagsV(xLoopFlags, flags)), event.F("lo_file_name", c.cstrV(r.Take(64))))
	name, key := r.Take(64), loopKey(r, keySize)
	if crypt {
		f = append(f, event.F("lo_crypt_name", c.cstrV(name)), event.F("lo_encrypt_key", dataV(key)))
	}
	v := event.Value{Form: event.FormStruct, Flags: event.FlagCut}
	if !c.Abbrev {
		v.Flags = 0
		f = append(f, event.F("lo_init", list(2, x64)(c, r)))
	}
	v.Elem, r.Off = f, end
	return v
}
